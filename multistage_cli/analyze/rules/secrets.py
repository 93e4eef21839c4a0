"""Secrets that would stay in the image or its history."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from multistage_cli.analyze.commands_of import written_steps
from multistage_cli.analyze.findings import Confidence, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.variables import expand_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.claims import Known
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step

_SECRET = (
    "apikey",
    "auth",
    "credential",
    "credentials",
    "key",
    "password",
    "pword",
    "passwd",
    "secret",
    "token",
)
_HARMLESS = ("public", "file", "version")


@rule(
    "MS601",
    "secret-in-variable",
    Severity.WARNING,
    aliases=("SecretsUsedInArgOrEnv", "DL3064"),
    confidence=Confidence.LIKELY,
)
def secret_in_variable(build: Build, asked: Asked) -> Iterator[Match]:
    """ARG or ENV whose name says that it holds a secret.

    Whoever has the image reads ENV with `docker inspect`, and with `docker history` each ARG that was set when a
    RUN ran. In a stage whose layers do not ship it stays on the machine that builds, and in its cache.

    Bad, found on lines 2 and 3:
        FROM alpine:3.22
        ARG NPM_TOKEN
        ENV DATABASE_PASSWORD=example

    Bad, found on line 2:
        FROM alpine:3.22
        ONBUILD ARG NPM_TOKEN

    Good:
        FROM alpine:3.22
        ARG TOKEN_FILE=/run/secrets/token
        ENV PUBLIC_KEY=example
        RUN --mount=type=secret,id=npm,env=NPM_TOKEN test -n "$NPM_TOKEN"

    Bad, found on line 2:
        FROM alpine:3.22
        ENV VAULT_PIN=0000
        ==> multistage.toml <==
        secret-names = ["pin"]

    Fix: hand it over with RUN --mount=type=secret while building, and with the container's environment or a
    file while running.
    """
    secret = _words((*_SECRET, *map(re.escape, asked.settings.secret_names)))
    harmless = _words(_HARMLESS)
    for entry in build.stages:
        ships = asked.ships(entry)
        for step, trigger in _settings_of(build, entry):
            for name, value in _names(build, step):
                if name is UNKNOWN or not secret.search(name) or harmless.search(name):
                    continue
                kind = step.instruction.name
                where = "in the image" if ships else "in the build's cache"
                where = "in images that start from this one" if trigger else where
                message = f"{kind} {name} keeps what looks like a secret {where}: use RUN --mount=type=secret instead"
                # An empty ENV is a promise of a value at run time, which is where it belongs.
                harm = ships and not (kind == "ENV" and value == "")
                severity = None if harm else Severity.INFO
                yield Match.on(entry, step, message, word=name, severity=severity)


def _settings_of(build: Build, entry: EvaluatedStage) -> Iterator[tuple[Step, bool]]:
    """The ARG and ENV of a stage, fired ones included, and triggers that fire in no stage here (True)."""
    fired = {step.instruction.span.first for other in build.stages for step in other.steps if step.fired}
    yield from ((step, False) for step in entry.steps if step.instruction.name in {"ARG", "ENV"})
    for step, trigger in written_steps(build, entry):
        instruction = step.instruction
        if trigger and instruction.name in {"ARG", "ENV"} and instruction.span.first not in fired:
            yield step, True


def _words(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:_|^)(?:{'|'.join(words)})(?:_|$)", re.IGNORECASE)


def _names(build: Build, step: Step) -> Iterator[tuple[Known[str], Known[str]]]:
    pairs = step.instruction.pairs
    if step.instruction.name == "ARG":
        yield from ((pair.name, pair.value or "") for pair in pairs)
        return
    expanded = expand_pairs(pairs, step.before.variables.scope, escape=build.dockerfile.escape)
    yield from ((pair.name.value, pair.value.value) for pair in expanded)
