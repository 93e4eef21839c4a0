"""Views, and putting their results out."""

from __future__ import annotations

import os
import pkgutil
import sys
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct

from multistage_cli.errors import MultistageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

    from rich.console import Console, RenderableType

    from multistage_cli.terminal.options import Color


class Output(Struct, frozen=True):
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
    render: Callable[[Any], RenderableType] = view_module(room, known, name).render
    return render


def view_module(room: str, known: tuple[str, ...], name: str) -> ModuleType:
    """A view's module.

    Raises:
        MultistageError: the room has no view of that name.
    """
    if name not in known:
        near = did_you_mean(name, known) or f"; choose one of {', '.join(known)}"
        raise MultistageError(f'{room} has no format "{name}"{near}')
    return import_module(f"multistage_cli.{room}.views.{name}")


def emit(rendered: RenderableType, output: Output) -> None:
    """Put a view's result out: text as it is, anything else through Rich.

    Raises:
        MultistageError: the output file cannot be written.
    """
    emit_parts([rendered], output)


def emit_parts(parts: Iterable[RenderableType], output: Output) -> None:
    """Put a result out as its parts come; what is text already follows the part before on the same line.

    Raises:
        MultistageError: the output file cannot be written.
    """
    if output.path is None:
        for _ in _write_parts(parts, sys.stdout, output):
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
            for _ in _write_parts(parts, file, output):
                pass
        if not output.path.exists():
            umask = os.umask(0)
            os.umask(umask)
            Path(name).chmod(0o666 & ~umask)
        else:
            Path(name).chmod(output.path.stat().st_mode & 0o777)
        Path(name).replace(output.path)
        name = ""
    except OSError as error:
        raise MultistageError(f"cannot write {output.path}: {error.strerror or error}") from None
    finally:
        if name:
            Path(name).unlink(missing_ok=True)


def _write_parts(parts: Iterable[RenderableType], file: IO[str], output: Output) -> Iterator[None]:
    """Write each part, and a line's end behind the last one."""
    ended = True
    for rendered in parts:
        if isinstance(rendered, str):
            # Names in a Dockerfile may be no UTF-8; the view decides how to show them, and this never fails.
            file.write(rendered.encode("utf-8", "backslashreplace").decode("utf-8"))
            ended = rendered.endswith("\n") if rendered else ended
        else:
            _write(rendered, file, output)
            ended = True
        yield
    if not ended:
        file.write("\n")
        yield


def _write(rendered: RenderableType, file: IO[str], output: Output) -> None:
    target = console(file, color=output.color, width=output.width)
    if target.is_terminal:
        target.print(rendered)
        return
    # Tables fill their columns up with spaces, which nobody wants in a file.
    with target.capture() as capture:
        target.print(rendered)
    file.write("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()))


def console(file: IO[str], *, color: Color = "auto", width: int | None = None) -> Console:
    """A Rich console that reads no markup, no emoji codes and no numbers into what it is given."""
    from rich.console import Console

    return Console(
        file=file,
        width=width,
        force_terminal=True if color == "always" else None,
        no_color={"always": False, "never": True}.get(color),
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )
