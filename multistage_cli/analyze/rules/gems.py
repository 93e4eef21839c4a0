"""gem: versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.installing import unpinned
from multistage_cli.analyze.rule import Asked, Match, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.commands_of import Invocation
    from multistage_cli.build.evaluate import Build


@rule("MS435", "unpinned-gem", Severity.INFO, aliases=("DL3028",))
def unpinned_gem(build: Build, asked: Asked) -> Iterator[Match]:
    """Gem without a version, in a layer that ships.

    The same Dockerfile then gives another image tomorrow. What Gemfile.lock names is fine.

    Bad, found on line 2:
        FROM ruby:3.4-slim
        RUN gem install puma

    Good:
        FROM ruby:3.4-slim
        RUN gem install puma:6.5.0

    Good:
        FROM ruby:3.4-slim
        RUN gem install puma --version 6.5.0

    Fix: write NAME:VERSION, or use a Gemfile and its lock file.
    """
    yield from unpinned(
        build,
        asked,
        "gem",
        lambda name: ":" in name or name.endswith(".gem") or "/" in name,
        "NAME:VERSION",
        is_exempt=_has_version,
    )


def _has_version(command: Invocation) -> bool:
    return any(word == "--version" or word.startswith(("-v", "--version=")) for word in command.known)
