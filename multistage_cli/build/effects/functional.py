"""mix and cabal: dependencies that are fetched and built before the project.

Source: `mix help deps.get`, `mix help release`, the Cabal user guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Compilation, Installation
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Call, effect
from multistage_cli.build.effects.leftovers import caches, scripts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change


@effect("mix")
def mix(call: Call) -> Iterator[Change]:
    """What `deps.get` fetches, and what the other tasks build."""
    action = call.words[0] if call.words else ""
    home = call.environment.get("MIX_HOME", "/root/.mix")
    if action == "deps.get":
        files = tuple(call.absolute(name) for name in ("mix.exs", "mix.lock"))
        kept = call.cache_at(call.environment.get("HEX_HOME", "/root/.hex"), home)
        yield Installation(
            "mix",
            (),
            files,
            call.line,
            call.certain,
            kept,
            prefix=call.absolute("deps"),
            leaves=tuple(_built(call)),
        )
    elif action in {"compile", "release", "assets.deploy", "deps.compile", "escript.build", "phx.digest"}:
        yield Compilation("mix", (), call.line, call.certain, tuple(_built(call)))
    elif action:
        yield from _built(call)


def _built(call: Call) -> Iterator[Change]:
    yield from scripts(call)
    yield from caches(call, ".mix", ".hex", ".cache", ".cabal", ".local", ".config", ".ghcup")


@effect("cabal")
def cabal(call: Call) -> Iterator[Change]:
    """What `build --only-dependencies` fetches and builds, and that `install` makes programs."""
    words = [word for word in call.words if word is not UNKNOWN]
    action = next((word for word in words if not word.startswith("-")), "")
    if "--only-dependencies" in words or "--dependencies-only" in words:
        kept = call.cache_at("/root/.cabal", "/root/.local/state/cabal", "/root/.cache/cabal")
        yield Installation(
            "cabal", (), (call.absolute("."),), call.line, call.certain, kept, leaves=tuple(_built(call))
        )
    elif action in {"build", "install", "v2-build", "v2-install"}:
        yield Compilation("cabal", (), call.line, call.certain, tuple(_built(call)))
    elif action:
        yield from _built(call)
