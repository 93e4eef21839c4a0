"""dart and flutter: packages and compiled programs.

Source: `dart pub get`, `dart compile`; packages lie in ~/.pub-cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Compilation, Installation
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Call, effect, read_arguments

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
            yield Installation("dart", (), files, call.line, call.certain, kept)
        case ("compile" | "build", *_):
            output = arguments.value("-o", "--output")
            yield Compilation("dart", (call.absolute(output),) if output else (), call.line, call.certain)
        case _:
            return
