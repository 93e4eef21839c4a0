"""A room's function -> its command, with the argument and the options that all commands share."""

from __future__ import annotations

import inspect
import os
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import typer
from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.errors import MultistageError
from multistage_cli.printable import printable
from multistage_cli.terminal.configured import (
    ConfigOptions,
    Configured,
    config_options,
    configured_targets,
    find_config,
    read_config,
)
from multistage_cli.terminal.options import (
    BuildArgOption,
    BuildContextOption,
    Color,
    ColorOption,
    ConfigOption,
    ContextOption,
    DockerfileArgument,
    DockerfilesArgument,
    NoConfigOption,
    OnlineOption,
    OutputOption,
    PlatformOption,
    TargetOption,
    WidthOption,
    format_option,
)
from multistage_cli.terminal.output import Output, emit, emit_parts, formats, view, view_module
from multistage_cli.terminal.reading import Source, parsed_dockerfile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from multistage_cli.build.evaluate import Build
    from multistage_cli.parser import Dockerfile


class BuildOptions(Struct, frozen=True):
    """The options of the build that all commands share, as given."""

    target: str | None = None
    build_args: list[str] | None = None
    build_contexts: list[str] | None = None
    context: Path | None = None
    platform: str = "linux/amd64"
    online: bool = False


class Given(Struct, frozen=True):
    """What a command that takes several Dockerfiles was given.

    Attributes:
        paths: as written: files, folders, globs, `-`; empty for the Dockerfile here.
        build: the options of the build.
        config: which configuration counts.
        view: the view that shows the result.
        output: where it is shown.
    """

    paths: tuple[Path, ...]
    build: BuildOptions
    config: ConfigOptions
    view: ModuleType
    output: Output


def room_command(default_format: str) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Turn `room(build, **own options) -> result` into the command of its room.

    The command gets the Dockerfile argument and the options that all commands share; the view that
    `--format` names turns the result into text. A result with an `exit_code` ends the program with it.

    Args:
        default_format: the view that is used without `--format`.
    """

    def read(options: dict[str, Any]) -> tuple[Build]:
        return (_opened(options)[0],)

    return _command(default_format, read)


def configured_command(default_format: str) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Turn `room(build, configured, **own options) -> result` into a command, as `room_command` does.

    `configured` says which configuration counts for the Dockerfile: for rooms that heed more of it than the targets.
    """
    return _command(default_format, _opened)


def files_command(default_format: str) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Turn `room(given, **own options) -> result` into a command that takes several Dockerfiles.

    The room opens them itself, so that it may do so one by one or in several processes. Its result has `parts`,
    an iterator of renderables that are put out as they come, and then an `exit_code`.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., None]:
        room = function.__module__.split(".")[1]
        known = formats(room, default_format)

        @wraps(function)
        def command(**options: Any) -> None:
            output = _output(options)
            given = Given(
                paths=tuple(options.pop("dockerfile") or ()),
                build=BuildOptions(**_build_options(options)),
                config=_config_options(options),
                view=view_module(room, known, output.format),
                output=output,
            )
            result = function(given, **options)
            emit_parts(result.parts, output)
            if exit_code := result.exit_code:
                raise typer.Exit(exit_code)

        _describe(command, function, _parameter("dockerfile", DockerfilesArgument, None), known)
        return command

    return decorate


def plain_command(default_format: str) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Turn `room(argument, **own options) -> result` into a command that needs no Dockerfile.

    All parameters are the function's own, and those of the output.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., None]:
        room = function.__module__.split(".")[1]
        known = formats(room, default_format)

        @wraps(function)
        def command(**options: Any) -> None:
            output = _output(options)
            render = view(room, known, output.format)
            emit(render(function(**options)), output)

        parameters = [*_own_parameters(function), *_output_parameters(known)]
        _take(command, parameters)
        return command

    return decorate


def _command(
    default_format: str, read: Callable[[dict[str, Any]], tuple[object, ...]]
) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    def decorate(function: Callable[..., Any]) -> Callable[..., None]:
        room = function.__module__.split(".")[1]
        known = formats(room, default_format)

        @wraps(function)
        def command(**options: Any) -> None:
            output = _output(options)
            render = view(room, known, output.format)
            given = read(options)
            result = function(*given, **options)
            emit(render(result), output)
            if exit_code := getattr(result, "exit_code", 0):
                raise typer.Exit(exit_code)

        _describe(command, function, _parameter("dockerfile", DockerfileArgument, None), known)
        return command

    return decorate


def _describe(
    command: Callable[..., None],
    function: Callable[..., Any],
    argument: inspect.Parameter,
    known: tuple[str, ...],
) -> None:
    """Give a command the parameters that Typer reads: its argument, the room's own options, the shared ones."""
    _take(command, [argument, *_own_parameters(function), *_shared_parameters(known)])


def _take(command: Callable[..., None], parameters: list[inspect.Parameter]) -> None:
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {entry.name: entry.annotation for entry in parameters}


def _output(options: dict[str, Any]) -> Output:
    return Output(options.pop("format"), options.pop("output"), options.pop("color"), options.pop("width"))


def _build_options(options: dict[str, Any]) -> dict[str, Any]:
    """Take the options of the build out of all that were read, under the names that `open_build` has."""
    names = {"target": "target", "build_arg": "build_args", "build_context": "build_contexts",
             "context": "context", "platform": "platform", "online": "online"}  # fmt: skip
    return {name: options.pop(read) for read, name in names.items()}


def _config_options(options: dict[str, Any]) -> ConfigOptions:
    return config_options(options.pop("config"), no_config=options.pop("no_config"))


def _own_parameters(function: Callable[..., Any]) -> Iterator[inspect.Parameter]:
    """The options of a room's own; the types of the build and of the result need not be imported for them."""
    parameters = inspect.signature(function).parameters.values()
    own = [entry for entry in parameters if entry.name not in _HANDED_OVER]
    written = SimpleNamespace(__annotations__={entry.name: entry.annotation for entry in own})
    hints = get_type_hints(written, globalns=function.__globals__, include_extras=True)
    for entry in own:
        yield _parameter(entry.name, hints[entry.name], entry.default)


_HANDED_OVER = frozenset({"build", "configured", "given"})
"""Parameters of a room that are no options: what its decorator hands over."""


def _parameter(name: str, annotation: Any, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _shared_parameters(known: tuple[str, ...]) -> Iterator[inspect.Parameter]:
    yield _parameter("target", TargetOption, None)
    yield _parameter("build_arg", BuildArgOption, None)
    yield _parameter("build_context", BuildContextOption, None)
    yield _parameter("context", ContextOption, None)
    yield _parameter("platform", PlatformOption, "linux/amd64")
    yield _parameter("online", OnlineOption, default=False)
    yield _parameter("config", ConfigOption, None)
    yield _parameter("no_config", NoConfigOption, default=False)
    yield from _output_parameters(known)


def _output_parameters(known: tuple[str, ...]) -> Iterator[inspect.Parameter]:
    yield _parameter("format", format_option(known), known[0])
    yield _parameter("output", OutputOption, None)
    yield _parameter("color", ColorOption, get_args(Color)[0])
    yield _parameter("width", WidthOption, None)


def _opened(options: dict[str, Any]) -> tuple[Build, Configured]:
    """Read, parse and evaluate the Dockerfile that the user named, for the configured target if none is named.

    Raises:
        MultistageError: something that the user named is not there.
    """
    wanted = named = BuildOptions(**_build_options(options))
    config = _config_options(options)
    source, parsed = parsed_dockerfile(options.pop("dockerfile"))
    place = find_config(source.path.parent if source.path else Path.cwd(), config)
    found = None if place is None else read_config(place)
    if found is not None and found.targets and wanted.target is None:
        targets = configured_targets(parsed, found.targets, found.label)
        for missing in targets.missing:
            typer.echo(f"multistage: {source.label}: {printable(missing)}", err=True)
        wanted = replace(wanted, target=targets.main)
    return evaluate_source(source, parsed, wanted), Configured(found, named.target)


def evaluate_source(source: Source, parsed: Dockerfile, options: BuildOptions) -> Build:
    """Evaluate a Dockerfile that was read and parsed.

    Raises:
        MultistageError: something that the user named is not there.
    """
    from multistage_cli.build.context import open_context
    from multistage_cli.build.evaluate import evaluate

    online = None
    if options.online:  # nothing that can open a connection is imported without it
        from multistage_cli.terminal.online import online_of_this_run

        online = online_of_this_run()
    context = options.context
    folder = context or (source.path.parent if source.path else None)
    return evaluate(
        parsed,
        path=source.label,
        file=source.path,
        target=options.target,
        build_args=dict(_build_args(options.build_args or [])),
        build_contexts=dict(_build_contexts(options.build_contexts or [])),
        platform=options.platform,
        context=open_context(folder, source.path) if folder else None,
        online=online,
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
