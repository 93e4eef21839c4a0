"""cpanm, cpan and carton: Perl distributions.

Source: App::cpanminus: sources and logs stay in ~/.cpanm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Installation
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments
from multistage_cli.build.effects.leftovers import added, caches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change


@effect("cpanm", "cpan", "carton")
def perl(call: Call) -> Iterator[Change]:
    """What is asked for by name, or by cpanfile with `--installdeps`."""
    arguments = read_arguments(
        call.words,
        switches="-n --notest -q --quiet -v --verbose --installdeps --force -f -i -T --deployment --skip-satisfied",
        with_value="-l -L --local-lib --local-lib-contained --mirror --cpanfile",
    )
    from_file = arguments.has("--installdeps") or (call.name == "carton" and "install" in arguments.operands)
    home = call.home()
    folder = UNKNOWN if home is UNKNOWN else f"{home}/{'.cpanm' if call.name == 'cpanm' else '.cpan'}"
    cpanfile = call.absolute(arguments.value("--cpanfile") or "cpanfile")
    yield Installation(
        "cpan",
        () if from_file else arguments.operands,
        (cpanfile,) if from_file else (),
        call.line,
        call.certain,
        call.cache_at(folder),
        complete=arguments.complete,
        leaves=tuple(_modules(call, arguments)),
    )


def _modules(call: Call, arguments: Arguments) -> Iterator[Change]:
    """Modules and their commands; they build in the home folder."""
    yield from caches(call, ".cpanm", ".cpan", "perl5", ".perl-cpm")
    if folder := arguments.value("-l", "-L", "--local-lib", "--local-lib-contained"):
        yield from added(call, folder)
        return
    yield from added(call, ".", "/usr/local", "/usr/share/perl", "/usr/lib")
