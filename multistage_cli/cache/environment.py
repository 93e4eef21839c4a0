"""The environment that RUN gets, in BuildKit's own order: each variable stands where it was last set.

ARG and ENV write into one list, and RUN's cache key holds all of it, used or not. A variable that is set
again moves to the end, so that even the order of two ENV lines counts.

Source: moby/buildkit, client/llb/meta.go (EnvList), frontend/dockerfile/dockerfile2llb/convert.go
(dispatchEnv, dispatchArg, and the stage's start, which sets the image's variables once more).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.variables import declare_argument, expand
from multistage_cli.cache.inputs import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.variables import Variables

_NAME = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_ALONE = re.compile(r'"?\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?"?')
UNKNOWN_VALUE = "\0unknown "
"""How the text for an unknown value starts."""


class Environment:
    """The variables as a stage is walked: name to value, in order.

    An unknown value is its text with the values that it is made of, so that two are equal only where they
    must come out the same.

    Args:
        build: the build.
        values: what a stage goes on from.
        usual: whether a base image that nobody knows sets nothing but PATH.
    """

    def __init__(self, build: Build, values: Mapping[str, str] | None = None, *, usual: bool = True) -> None:
        self._build = build
        self._usual = usual
        self.values: dict[str, str] = {}
        # The order as a list that is linked both ways, and a sum over its neighbours: it is the same number for
        # the same list, and a variable that is set changes it in no time, however many there are.
        self._before: dict[str, str] = {}
        self._behind: dict[str, str] = {"": ""}
        self._last = ""
        self._sum = 0
        for name, value in (values or {}).items():
            self._set(name, value)

    @property
    def signature(self) -> str:
        """Equal for the same variables in the same order."""
        return f"{self._sum:x}"

    def start(self, variables: Variables) -> None:
        """At the start of a stage: what the image keeps is set once more, in the image's order."""
        for name, value in variables.environment.items():
            if value is UNKNOWN:
                self._set(name, self.values.get(name, f"{UNKNOWN_VALUE}{name}"))
            else:
                self._set(name, value)
        if variables.open and not self._usual and f"{UNKNOWN_VALUE}others" not in self.values:
            # Others that the base image may set stand between its own and what is set later.
            self._set(f"{UNKNOWN_VALUE}others", "")

    def apply(self, step: Step) -> bool:
        """After an instruction; whether it set anything."""
        if step.instruction.name == "ENV":
            self._env(step)
        elif step.instruction.name == "ARG":
            self._arg(step)
        else:
            return False
        return True

    def _env(self, step: Step) -> None:
        scope = step.before.variables.scope
        before = {
            name: self.values.get(name, "") for pair in step.instruction.pairs for name in _used(pair.value)
        }
        for pair in step.instruction.pairs:
            expansion = expand(pair.name, scope, escape=self._build.dockerfile.escape)
            name = f"{UNKNOWN_VALUE}{pair.name}" if expansion.value is UNKNOWN else expansion.value
            value = step.after.variables.known(name)
            known = isinstance(value, str)
            self._set(name, value if known and isinstance(value, str) else _unknown(pair.value, before))

    def _arg(self, step: Step) -> None:
        variables = step.before.variables
        build = self._build
        for pair in step.instruction.pairs:
            variables, declaration = declare_argument(
                variables, pair, build.graph.global_scope, build.build_args, escape=build.dockerfile.escape
            )
            value = declaration.value
            # BuildKit keeps two names of its own from the environment: those are declared and not set.
            if value is None or variables.known(pair.name) is None:
                continue
            before = {name: self.values.get(name, "") for name in _used(pair.value)}
            self._set(pair.name, _unknown(pair.value, before) if value is UNKNOWN else value)

    def _set(self, name: str, value: str) -> None:
        """Set a variable, which moves it to the end."""
        name = name or f"{UNKNOWN_VALUE}empty"
        if name in self.values:
            self._take_out(name)
        self._sum += self._link(self._last, name, value)
        self.values[name] = value
        self._before[name], self._behind[self._last], self._behind[name] = self._last, name, ""
        self._last = name

    def _take_out(self, name: str) -> None:
        before, behind = self._before.pop(name), self._behind.pop(name)
        self._sum -= self._link(before, name, self.values.pop(name))
        self._behind[before] = behind
        if behind:
            self._sum -= self._link(name, behind, self.values[behind])
            self._sum += self._link(before, behind, self.values[behind])
            self._before[behind] = before
        else:
            self._last = before

    @staticmethod
    def _link(before: str, name: str, value: str) -> int:
        return int(digest(before, name, value), 16)


def environment_at(build: Build, stage: EvaluatedStage, position: int) -> dict[str, str]:
    """The environment before the step at that position of a stage."""
    chain = [build.stages[index] for index in build.graph.chain(stage.stage.index)]
    environment = Environment(build)
    for entry in reversed(chain):
        environment.start(entry.start.variables)
        for step in entry.steps[: position if entry is stage else None]:
            environment.apply(step)
    return environment.values


def _used(text: str | None) -> list[str]:
    return _NAME.findall(text or "")


def _unknown(text: str | None, before: Mapping[str, str]) -> str:
    alone = _ALONE.fullmatch(text or "")
    if alone is not None and before.get(alone[1]):
        return before[alone[1]]
    used = "\0".join(f"{name}={before.get(name, '')}" for name in dict.fromkeys(_used(text)))
    return f"{UNKNOWN_VALUE}{text or ''}\0{used}"
