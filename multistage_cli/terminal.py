"""What the rooms' commands share: options, reading the Dockerfile, and putting results out.

A room's command says only what is its own. `room_command` gives it the Dockerfile argument and the options
that all commands share, and evaluates the build for it.
"""

from __future__ import annotations

import inspect
import os
import pkgutil
import sys
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_type_hints

import typer

from multistage_cli.errors import MultistageError, did_you_mean
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

    from rich.console import Console, RenderableType

    from multistage_cli.build.evaluate import Build
    from multistage_cli.parser import Dockerfile

DOCKERFILE_NAMES = ("Dockerfile", "Containerfile")
"""Tried in this order where no file is named."""

Color = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True)
class Output:
    """Where and how a result is put out.

    Attributes:
        format: the name of a view.
        path: a file, or None for standard output.
        color: whether to use colour.
        width: columns, or None for the terminal's own.
    """

    format: str
    path: Path | None
    color: Color
    width: int | None


@dataclass(frozen=True, slots=True)
class Source:
    """A Dockerfile that was read.

    Attributes:
        label: how to name it to people: its path as given, or `<stdin>`.
        path: where it lies, or None for standard input.
        text: decoded with `surrogateescape`, so that nothing of it is lost.
    """

    label: str
    path: Path | None
    text: str


# Reading.


def read_dockerfile(path: Path | None) -> Source:
    """Read the Dockerfile that the user named, or the one in this folder, or standard input for `-`.

    Raises:
        MultistageError: there is none, or it is no text.
    """
    if path is None:
        path = next((Path(name) for name in DOCKERFILE_NAMES if Path(name).is_file()), None)
        if path is None:
            looked = " and ".join(f"./{name}" for name in DOCKERFILE_NAMES)
            raise MultistageError(
                f"no Dockerfile here (looked for {looked}); name one: multistage report PATH"
            )
    if str(path) == "-":
        return Source("<stdin>", None, _decode(sys.stdin.buffer.read(), "standard input"))
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MultistageError(f"no such file: {path}{_nearby(path)}") from None
    except IsADirectoryError:
        raise MultistageError(_folder_message(path)) from None
    except PermissionError:
        if path.is_dir():  # what Windows says of a folder
            raise MultistageError(_folder_message(path)) from None
        raise MultistageError(f"may not read {path}: check its permissions") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        raise MultistageError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    return Source(str(path), path, _decode(data, str(path)))


def _nearby(path: Path) -> str:
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if "file" in entry.name.lower())
    except OSError:
        return "; check the path"
    return did_you_mean(path.name, names) or "; check the path"


def _folder_message(path: Path) -> str:
    found = next((path / name for name in DOCKERFILE_NAMES if (path / name).is_file()), None)
    return f"{path} is a folder; name the Dockerfile in it" + (f": {found}" if found else "")


def _decode(data: bytes, label: str) -> str:
    if not data.strip():
        raise MultistageError(f"{label} is empty; a Dockerfile starts with FROM")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise MultistageError(f"{label} is UTF-16, which Docker cannot read; save it as UTF-8")
    if b"\0" in data[:8192]:
        raise MultistageError(f"{label} is not a text file; name a Dockerfile")
    return data.decode("utf-8", "surrogateescape")


def parsed_dockerfile(path: Path | None) -> tuple[Source, Dockerfile]:
    """Read and parse the Dockerfile that the user named.

    Raises:
        MultistageError: as for `read_dockerfile`.
    """
    from multistage_cli.parser import parse

    source = read_dockerfile(path)
    return source, parse(source.text)


# Options.

BUILD = "The build"
OUTPUT = "The output"


def _complete_target(ctx: typer.Context, incomplete: str) -> list[str]:
    """Stage names of the Dockerfile already on the command line: nothing where it cannot be read."""
    from multistage_cli.build.instructions import read_from

    given = ctx.params.get("dockerfile")
    first = given[0] if isinstance(given, (list, tuple)) and given else given
    try:
        _, dockerfile = parsed_dockerfile(Path(str(first)) if first else None)
    except MultistageError:
        return []
    heads = (read_from(entry) for entry in dockerfile.instructions if entry.name == "FROM")
    names = dict.fromkeys(head.stage_name for head in heads if head.stage_name)
    return [printable(name) for name in names if name.lower().startswith(incomplete.lower())]


DockerfileArgument = Annotated[
    Path | None,
    typer.Argument(help="The Dockerfile; `-` reads standard input.", show_default="./Dockerfile"),
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        help="The stage to build.",
        metavar="NAME",
        show_default="the last stage",
        autocompletion=_complete_target,
        rich_help_panel=BUILD,
    ),
]
BuildArgOption = Annotated[
    list[str] | None,
    typer.Option(
        "--build-arg",
        help="A build argument; without a value it comes from the environment. Repeatable.",
        metavar="NAME[=VALUE]",
        rich_help_panel=BUILD,
    ),
]
BuildContextOption = Annotated[
    list[str] | None,
    typer.Option(
        "--build-context",
        help="A named context that stands for a stage or an image. Repeatable.",
        metavar="NAME=WHERE",
        rich_help_panel=BUILD,
    ),
]
ContextOption = Annotated[
    Path | None,
    typer.Option(
        "--context",
        help="The folder that is the build context.",
        metavar="DIR",
        show_default="the Dockerfile's folder",
        rich_help_panel=BUILD,
    ),
]
PlatformOption = Annotated[
    str,
    typer.Option("--platform", help="The target platform.", metavar="OS/ARCH", rich_help_panel=BUILD),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        help="Write to a file instead of standard output.",
        metavar="FILE",
        rich_help_panel=OUTPUT,
    ),
]
ColorOption = Annotated[
    Color,
    typer.Option("--color", help="Colour the output (also NO_COLOR).", rich_help_panel=OUTPUT),
]
WidthOption = Annotated[
    int | None,
    typer.Option(
        "--width",
        help="Columns to write in.",
        metavar="N",
        min=20,
        max=1000,
        show_default="the terminal's",
        rich_help_panel=OUTPUT,
    ),
]


def format_option(formats: tuple[str, ...]) -> Any:
    """The `--format` option of a room, its first format the default."""
    return Annotated[
        str,
        typer.Option(
            "--format",
            help=f"How to show it: {', '.join(formats)}.",
            metavar="FORMAT",
            autocompletion=lambda incomplete: [name for name in formats if name.startswith(incomplete)],
            rich_help_panel=OUTPUT,
        ),
    ]


# Views.


def formats(room: str, default: str) -> tuple[str, ...]:
    """The names of a room's views, which are the modules of its `views` folder; the default first."""
    package = import_module(f"multistage_cli.{room}.views")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return (default, *(name for name in names if name != default))


def view(room: str, known: tuple[str, ...], name: str) -> Callable[[Any], RenderableType]:
    """The function `render` of a view's module.

    Raises:
        MultistageError: the room has no view of that name.
    """
    if name not in known:
        near = did_you_mean(name, known) or f"; choose one of {', '.join(known)}"
        raise MultistageError(f'{room} has no format "{name}"{near}')
    render: Callable[[Any], RenderableType] = import_module(f"multistage_cli.{room}.views.{name}").render
    return render


def emit(rendered: RenderableType, output: Output) -> None:
    """Put a view's result out: text as it is, anything else through Rich.

    Raises:
        MultistageError: the output file cannot be written.
    """
    if output.path is None:
        _write(rendered, sys.stdout, output)
        sys.stdout.flush()
        return
    import tempfile

    # Written beside its final place and then moved, so that nobody ever sees half a file.
    folder = output.path.parent
    name = ""
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=folder, prefix=f".{output.path.name}.", delete=False, encoding="utf-8", newline="\n"
        ) as file:
            name = file.name
            _write(rendered, file, output)
        if not output.path.exists():
            umask = os.umask(0)
            os.umask(umask)
            Path(name).chmod(0o666 & ~umask)
        else:
            Path(name).chmod(output.path.stat().st_mode & 0o777)
        Path(name).replace(output.path)
    except OSError as error:
        if name:
            Path(name).unlink(missing_ok=True)
        raise MultistageError(f"cannot write {output.path}: {error.strerror or error}") from None


def _write(rendered: RenderableType, file: IO[str], output: Output) -> None:
    if isinstance(rendered, str):
        # Names in a Dockerfile may be no UTF-8; the view decides how to show them, and this never fails.
        file.write(rendered.encode("utf-8", "backslashreplace").decode("utf-8"))
        file.write("" if rendered.endswith("\n") else "\n")
        return
    console(file, color=output.color, width=output.width).print(rendered)


def console(file: IO[str], *, color: Color = "auto", width: int | None = None) -> Console:
    """A Rich console that reads no markup, no emoji codes and no numbers into what it is given."""
    from rich.console import Console

    return Console(
        file=file,
        width=width,
        force_terminal=True if color == "always" else None,
        no_color=True if color == "never" else None,
        color_system="auto" if color != "never" else None,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )


# Commands.


def room_command(default_format: str) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Turn `room(build, **own options) -> result` into the command of its room.

    The command gets the Dockerfile argument and the options that all commands share; the view that
    `--format` names turns the result into text. A result with an `exit_code` ends the program with it.

    Args:
        default_format: the view that is used without `--format`.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., None]:
        room = function.__module__.split(".")[1]
        known = formats(room, default_format)

        @wraps(function)
        def command(**options: Any) -> None:
            output = Output(
                options.pop("format"), options.pop("output"), options.pop("color"), options.pop("width")
            )
            render = view(room, known, output.format)
            build = open_build(
                options.pop("dockerfile"),
                target=options.pop("target"),
                build_args=options.pop("build_arg"),
                build_contexts=options.pop("build_context"),
                context=options.pop("context"),
                platform=options.pop("platform"),
            )
            result = function(build, **options)
            emit(render(result), output)
            if exit_code := getattr(result, "exit_code", 0):
                raise typer.Exit(exit_code)

        parameters = [*_shared_before(), *_own_parameters(function), *_shared_after(known)]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {entry.name: entry.annotation for entry in parameters}
        return command

    return decorate


def _own_parameters(function: Callable[..., Any]) -> Iterator[inspect.Parameter]:
    """The options of a room's own; the types of the build and of the result need not be imported for them."""
    own = list(inspect.signature(function).parameters.values())[1:]
    written = SimpleNamespace(__annotations__={entry.name: entry.annotation for entry in own})
    hints = get_type_hints(written, globalns=function.__globals__, include_extras=True)
    for entry in own:
        yield _parameter(entry.name, hints[entry.name], entry.default)


def _parameter(name: str, annotation: Any, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _shared_before() -> Iterator[inspect.Parameter]:
    yield _parameter("dockerfile", DockerfileArgument, None)


def _shared_after(known: tuple[str, ...]) -> Iterator[inspect.Parameter]:
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
