"""ARG: where its value comes from, and the scope of the ARGs before the first FROM.

Source: moby/buildkit, frontend/dockerfile/dockerfile2llb/convert.go (`buildMetaArgs`, `dispatchArg`).
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct, field

from multistage_cli.build.variables.expansion import expand
from multistage_cli.build.variables.scope import DEFAULT_LIMIT, Expansion, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from multistage_cli.build.claims import Known
    from multistage_cli.parser import Instruction, KeyValue


class ArgumentSource(StrEnum):
    """Where the value of an ARG comes from."""

    BUILD_ARGUMENT = "build argument"
    DEFAULT = "default"
    GLOBAL = "global"
    """An ARG before the first FROM, or a platform argument."""
    UNSET = "unset"


class Declaration(Struct, frozen=True):
    """What one name of an ARG came to.

    Attributes:
        name: as it is written; BuildKit expands no variables in it.
        value: None where nothing sets it. A value from before stays then.
        source: where the value comes from.
        expansion: of the default, None where it was not used. Its `error` refuses the build.
    """

    name: str
    value: Known[str] | None
    source: ArgumentSource
    expansion: Expansion | None = None

    @property
    def error(self) -> str | None:
        """Why BuildKit refuses the default, or None."""
        return self.expansion.error if self.expansion else None


class GlobalArgument(Struct, frozen=True):
    """A name that an ARG before the first FROM declares, with its instruction."""

    declaration: Declaration
    instruction: Instruction


class GlobalScope(Struct, frozen=True):
    """What FROM lines see, and what `ARG NAME` inside a stage takes its value from.

    Attributes:
        scope: the platform arguments and the ARGs before the first FROM.
        arguments: those ARGs, in the order of the file.
    """

    scope: Scope = field(default_factory=Scope)
    arguments: tuple[GlobalArgument, ...] = ()

    @property
    def errors(self) -> tuple[tuple[Instruction, str], ...]:
        """Defaults that BuildKit refuses: the instruction and why."""
        return tuple(
            (argument.instruction, argument.declaration.error)
            for argument in self.arguments
            if argument.declaration.error is not None
        )


def global_scope(
    arguments: Iterable[Instruction],
    build_args: Mapping[str, Known[str]],
    predefined: Mapping[str, Known[str]],
    *,
    escape: str = "\\",
    limit: int = DEFAULT_LIMIT,
) -> GlobalScope:
    """Evaluate the ARGs before the first FROM (`buildMetaArgs` of BuildKit).

    Args:
        arguments: the ARG instructions.
        build_args: from the command line; one wins over the default, also for a platform argument.
        predefined: see `predefined`; needs no ARG here.
        escape: the Dockerfile's escape character.
        limit: see `Scope`.
    """
    values: dict[str, Known[str]] = {name: build_args.get(name, value) for name, value in predefined.items()}
    scope = Scope(MappingProxyType(values), limit=limit)
    found: list[GlobalArgument] = []
    for instruction in arguments:
        for pair in instruction.pairs:
            declaration = declaration_of(pair, scope, build_args, {}, escape)
            if declaration.value is not None:
                values[declaration.name] = declaration.value
            found.append(GlobalArgument(declaration, instruction))
    return GlobalScope(scope, tuple(found))


def declaration_of(
    pair: KeyValue,
    scope: Scope,
    build_args: Mapping[str, Known[str]],
    outer: Mapping[str, Known[str]],
    escape: str,
) -> Declaration:
    """What one pair of an ARG comes to, in a stage (`dispatchArg`) or before the first one.

    Args:
        pair: the name and its default.
        scope: what the default may use.
        build_args: from the command line.
        outer: the global values, which an ARG in a stage without a default takes.
        escape: the Dockerfile's escape character.
    """
    name = pair.name
    if name in build_args:
        return Declaration(name, build_args[name], ArgumentSource.BUILD_ARGUMENT)
    if pair.value is not None:
        expansion = expand(pair.value, scope, escape=escape)
        return Declaration(name, expansion.value, ArgumentSource.DEFAULT, expansion)
    if name in outer:
        return Declaration(name, outer[name], ArgumentSource.GLOBAL)
    return Declaration(name, None, ArgumentSource.UNSET)
