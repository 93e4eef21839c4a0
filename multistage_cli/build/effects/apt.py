"""apt-get and apt: packages, package lists and downloaded archives.

Source: apt-get(8), and the `docker-clean` settings of the official Debian and Ubuntu images, which delete
downloaded archives after each install: only the package lists stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Cache, CacheRemoval, IndexRefresh, Installation, Removal
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_LISTS = "/var/lib/apt/lists"
_SWITCHES = (
    "-y --yes --assume-yes -q --quiet -qq --no-install-recommends --install-recommends -f --fix-broken"
    " --install-suggests --no-install-suggests --no-upgrade --only-upgrade --allow-unauthenticated"
    " --allow-downgrades --allow-remove-essential --allow-change-held-packages --fix-missing -m --reinstall"
    " --purge --auto-remove --autoremove --force-yes -u -V --verbose-versions --no-remove -b"
    " --allow-releaseinfo-change --allow-insecure-repositories"
)
_WITH_VALUE = "-o --option -c --config-file -t --target-release --default-release -a --host-architecture"


@effect("apt-get", "apt", "aptitude")
def apt(call: Call) -> Iterator[Change]:
    """Packages that `install` and `remove` ask for, the lists that `update` fetches, what `clean` deletes."""
    arguments = read_arguments(call.words, switches=_SWITCHES, with_value=_WITH_VALUE)
    action, *names = arguments.operands or ("",)
    line, certain = call.line, call.certain
    match action:
        case "update":
            yield IndexRefresh("apt", line, certain, call.cache_at(_LISTS))
        case "install" | "reinstall":
            wanted = tuple(name for name in names if not name.endswith("-"))
            yield Installation(
                "apt",
                wanted,
                (),
                line,
                certain,
                # Archives only: the lists are IndexRefresh's.
                Cache.NEVER,
                complete=arguments.complete,
                recommends=_with_recommends(arguments) is not False,
                recommends_known=not call.apt_configured or _with_recommends(arguments) is not None,
            )
        case "remove" | "purge" | "autoremove" | "autopurge":
            autoremove = action.startswith("auto") or arguments.has("--auto-remove", "--autoremove")
            yield Removal("apt", tuple(names), line, certain, autoremove)
        case "build-dep" | "upgrade" | "dist-upgrade" | "full-upgrade":
            yield Installation("apt", (), (), line, certain, Cache.NEVER, complete=False)
        case "clean" | "distclean":
            # `clean` deletes archives, which are not there; `distclean` the lists too.
            if action == "distclean":
                yield CacheRemoval("apt", line, certain)
        case _:
            return


def _with_recommends(arguments: Arguments) -> bool | None:
    """What the command itself says of recommended packages; None where apt's own configuration decides."""
    if arguments.has("--no-install-recommends"):
        return False
    for setting in reversed(arguments.values("-o", "--option")):
        name, _, value = setting.partition("=")
        if name.casefold() == "apt::install-recommends":
            return value.casefold() in {"1", "true", "yes", "on", "with", "enable"}
    return True if arguments.has("--install-recommends") else None
