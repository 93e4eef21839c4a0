"""apk: Alpine's packages, virtual groups and the index that an installation leaves behind.

Source: apk-add(8), apk-cache(5): without `--no-cache` the package index stays in /var/cache/apk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Cache, CacheRemoval, IndexRefresh, Installation, Removal
from multistage_cli.build.effects import Call, effect, read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_INDEX = "/var/cache/apk"
_SWITCHES = (
    "--no-cache -U --update --update-cache -u --upgrade -q --quiet -v --verbose --no-progress --no-scripts -l"
    " --latest --allow-untrusted --no-network -f --force -y --purge --force-overwrite --initdb -a --available"
    " --force-broken-world --no-interactive --clean-protected --no-check-certificate --simulate -s --usermode"
)
_WITH_VALUE = (
    "-t --virtual -X --repository -p --root --arch --repositories-file --keys-dir --cache-dir --wait"
)


@effect("apk")
def apk(call: Call) -> Iterator[Change]:
    """What `add` and `del` bring and take, and the index that stays."""
    arguments = read_arguments(call.words, switches=_SWITCHES, with_value=_WITH_VALUE)
    action, *names = arguments.operands or ("",)
    line, certain = call.line, call.certain
    kept = Cache.NEVER if arguments.has("--no-cache") else call.cache_at(_INDEX, "/etc/apk/cache")
    match action:
        case "add":
            yield Installation(
                "apk",
                tuple(name for name in names if not name.startswith("!")),
                (),
                line,
                certain,
                kept,
                complete=arguments.complete,
                group=arguments.value("-t", "--virtual"),
            )
        case "del":
            yield Removal("apk", tuple(names), line, certain, autoremove=True)
        case "update":
            yield IndexRefresh("apk", line, certain, kept)
        case "upgrade":
            yield Installation("apk", (), (), line, certain, kept, complete=False)
        case "cache":
            if names[:1] in (["clean"], ["purge"]):
                yield CacheRemoval("apk", line, certain)
        case _:
            return
