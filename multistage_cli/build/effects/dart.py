"""dart and flutter: packages and compiled programs.

Source: `dart pub get`, `dart compile`; packages lie in ~/.pub-cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Compilation, Installation
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Call, effect, read_arguments
from multistage_cli.build.effects.leftovers import added, caches, scripts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change


@effect("dart", "flutter")
def dart(call: Call) -> Iterator[Change]:
    """What `pub get` fetches, and the program that `compile` makes."""
    arguments = read_arguments(call.words, switches="--offline --enforce-lockfile", with_value="-o --output")
    match arguments.operands:
        case ("pub", "get", *_):
            files = tuple(call.absolute(name) for name in ("pubspec.yaml", "pubspec.lock"))
            home = call.home()
            default = UNKNOWN if home is UNKNOWN else f"{home}/.pub-cache"
            kept = call.cache_at(call.environment.get("PUB_CACHE") or default)
            leaves = (*_caches(call), *added(call, "."))
            yield Installation("dart", (), files, call.line, call.certain, kept, leaves=leaves)
        case ("compile" | "build", *_):
            output = arguments.value("-o", "--output")
            leaves = (*_caches(call), *scripts(call), *([] if output is None else added(call, output)))
            outputs = (call.absolute(output),) if output else ()
            yield Compilation("dart", outputs, call.line, call.certain, leaves)
        case ("--version",) | ():
            return
        case _:
            yield from (*_caches(call), *scripts(call))


def _caches(call: Call) -> Iterator[Change]:
    yield from caches(call, ".pub-cache", ".dart-tool", ".dart", ".config", ".flutter", ".cache")
    for name in ("PUB_CACHE", "FLUTTER_HOME", "FLUTTER_ROOT"):
        if folder := call.environment.get(name):
            yield from added(call, folder)
