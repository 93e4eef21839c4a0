"""A room's function -> its command, with the argument and the options that all commands share."""

from __future__ import annotations

import inspect
import os
from dataclasses import dataclass
from functools import wraps
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import typer

from multistage_cli.errors import MultistageError
from multistage_cli.printable import printable
from multistage_cli.terminal.options import (
    BuildArgOption,
    BuildContextOption,
    Color,
    ColorOption,
    ContextOption,
    DockerfileArgument,
    DockerfilesArgument,
    OutputOption,
    PlatformOption,
    TargetOption,
    WidthOption,
    format_option,
)
from multistage_cli.terminal.output import Output, emit, formats, view
from multistage_cli.terminal.reading import parsed_dockerfile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from multistage_cli.build.evaluate import Build


@dataclass(frozen=True, slots=True)
class Opened:
    """One of several Dockerfiles: its build, or why there is none."""

    path: str
    build: Build | None
    error: str = ""


def room_command(default_format: str) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Turn `room(build, **own options) -> result` into the command of its room.

    The command gets the Dockerfile argument and the options that all commands share; the view that
    `--format` names turns the result into text. A result with an `exit_code` ends the program with it.

    Args:
        default_format: the view that is used without `--format`.
    """

    def read(options: dict[str, Any]) -> Build:
        return open_build(options.pop("dockerfile"), **_build_options(options))

    return _command(default_format, _parameter("dockerfile", DockerfileArgument, None), read)


def rooms_command(default_format: str) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """The same for `room(opened, **own options) -> result`, which takes several Dockerfiles.

    With more than one, a file that cannot be read is an `Opened` with an error, which is also written to
    standard error; the rest are read all the same.
    """

    def read(options: dict[str, Any]) -> list[Opened]:
        paths = options.pop("dockerfile") or [None]
        shared = _build_options(options)
        if len(paths) == 1:
            build = open_build(paths[0], **shared)
            return [Opened(build.path, build)]
        return [_opened(path, shared) for path in paths]

    return _command(default_format, _parameter("dockerfile", DockerfilesArgument, None), read)


def _opened(path: Path, shared: dict[str, Any]) -> Opened:
    try:
        return Opened(str(path), open_build(path, **shared))
    except MultistageError as error:
        typer.echo(f"multistage: {printable(str(error))}", err=True)
        return Opened(str(path), None, str(error))


def _command(
    default_format: str, argument: inspect.Parameter, read: Callable[[dict[str, Any]], object]
) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    def decorate(function: Callable[..., Any]) -> Callable[..., None]:
        room = function.__module__.split(".")[1]
        known = formats(room, default_format)

        @wraps(function)
        def command(**options: Any) -> None:
            output = Output(
                options.pop("format"), options.pop("output"), options.pop("color"), options.pop("width")
            )
            render = view(room, known, output.format)
            result = function(read(options), **options)
            emit(render(result), output)
            if exit_code := getattr(result, "exit_code", 0):
                raise typer.Exit(exit_code)

        parameters = [argument, *_own_parameters(function), *_shared_parameters(known)]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {entry.name: entry.annotation for entry in parameters}
        return command

    return decorate


def _build_options(options: dict[str, Any]) -> dict[str, Any]:
    """Take the options of the build out of all that were read, under the names that `open_build` has."""
    names = {"target": "target", "build_arg": "build_args", "build_context": "build_contexts",
             "context": "context", "platform": "platform"}  # fmt: skip
    return {name: options.pop(read) for read, name in names.items()}


def _own_parameters(function: Callable[..., Any]) -> Iterator[inspect.Parameter]:
    """The options of a room's own; the types of the build and of the result need not be imported for them."""
    own = list(inspect.signature(function).parameters.values())[1:]
    written = SimpleNamespace(__annotations__={entry.name: entry.annotation for entry in own})
    hints = get_type_hints(written, globalns=function.__globals__, include_extras=True)
    for entry in own:
        yield _parameter(entry.name, hints[entry.name], entry.default)


def _parameter(name: str, annotation: Any, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _shared_parameters(known: tuple[str, ...]) -> Iterator[inspect.Parameter]:
    yield _parameter("target", TargetOption, None)
    yield _parameter("build_arg", BuildArgOption, None)
    yield _parameter("build_context", BuildContextOption, None)
    yield _parameter("context", ContextOption, None)
    yield _parameter("platform", PlatformOption, "linux/amd64")
    yield _parameter("format", format_option(known), known[0])
    yield _parameter("output", OutputOption, None)
    yield _parameter("color", ColorOption, get_args(Color)[0])
    yield _parameter("width", WidthOption, None)


def open_build(
    dockerfile: Path | None,
    *,
    target: str | None,
    build_args: list[str] | None,
    build_contexts: list[str] | None,
    context: Path | None,
    platform: str,
) -> Build:
    """Read, parse and evaluate the Dockerfile that the user named.

    Raises:
        MultistageError: something that the user named is not there.
    """
    from multistage_cli.build.context import open_context
    from multistage_cli.build.evaluate import evaluate

    source, parsed = parsed_dockerfile(dockerfile)
    folder = context or (source.path.parent if source.path else None)
    return evaluate(
        parsed,
        path=source.label,
        file=source.path,
        target=target,
        build_args=dict(_build_args(build_args or [])),
        build_contexts=dict(_build_contexts(build_contexts or [])),
        platform=platform,
        context=open_context(folder, source.path) if folder else None,
    )


def _build_args(given: list[str]) -> Iterator[tuple[str, str]]:
    for entry in given:
        name, equals, value = entry.partition("=")
        if not name:
            raise MultistageError(f'--build-arg "{entry}" has no name; write NAME=VALUE')
        if equals:
            yield name, value
        elif name in os.environ:  # as docker build does; a name that is not set there is left alone
            yield name, os.environ[name]


def _build_contexts(given: list[str]) -> Iterator[tuple[str, str]]:
    for entry in given:
        name, equals, place = entry.partition("=")
        if not (name and equals and place):
            raise MultistageError(f'--build-context "{entry}" is not NAME=WHERE, such as assets=./assets')
        yield name, place
