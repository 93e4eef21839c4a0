"""The Typer app: hangs up each room's command, and turns errors into exit codes."""

from __future__ import annotations

import os
import pkgutil
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command as click_command

import multistage_cli
from multistage_cli.errors import MultistageError, did_you_mean
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    Command = Any

PROGRAM = "multistage"
DEFAULT_COMMAND = "report"

# Newer Typers carry their own Click, older ones use Click's; this is the class that both raise.
_UsageError: Any = typer.BadParameter.__bases__[0]


class Rooms(TyperGroup):
    """The rooms' commands, each imported when it is asked for.

    A room is a folder of the package with a `cli.py`, whose function of the room's name is the command.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all rooms."""
        return _rooms()

    def get_command(self, ctx: Any, cmd_name: str) -> Command | None:
        """The command of one room, or None."""
        if cmd_name not in _rooms():
            return None
        module = import_module(f"{multistage_cli.__name__}.{cmd_name}.cli")
        app = typer.Typer(add_completion=False, rich_markup_mode="rich")
        app.command(cmd_name)(getattr(module, cmd_name))
        command = click_command(app)
        command.name = cmd_name
        return command

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Without a command it is `report`, with that command's options."""
        own = {option for parameter in self.get_params(ctx) for option in parameter.opts}
        # Completion parses resiliently, and after the bare program it is to offer the commands.
        bare = not args and not ctx.resilient_parsing
        if bare or (args and args[0].startswith("-") and args[0].partition("=")[0] not in own):
            args = [DEFAULT_COMMAND, *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Find the command that the first word names.

        Raises:
            MultistageError: there is none.
        """
        if args and args[0] not in _rooms() and not ctx.resilient_parsing:
            if Path(args[0]).is_file():
                raise MultistageError(
                    f"{args[0]} is a file, not a command; write: {PROGRAM} {DEFAULT_COMMAND} {args[0]}"
                )
            known = did_you_mean(args[0], _rooms()) or f"; the commands are {', '.join(_rooms())}"
            raise MultistageError(f'there is no command "{args[0]}"{known}')
        found: tuple[Any, Any, list[str]] = super().resolve_command(ctx, args)
        return found


def _rooms() -> list[str]:
    folder = Path(multistage_cli.__path__[0])
    names = (module.name for module in pkgutil.iter_modules([str(folder)]) if module.ispkg)
    return sorted(name for name in names if (folder / name / "cli.py").is_file())


app = typer.Typer(
    cls=Rooms,
    name=PROGRAM,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(show: bool) -> None:  # noqa: FBT001  (a Typer callback)
    if show:
        typer.echo(f"{PROGRAM} {multistage_cli.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def multistage(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Explain a multi-stage Dockerfile without Docker.

    How its stages feed each other, what is wrong and why, how big the image will be, and what to type
    next. Without a command: the whole report on ./Dockerfile.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program: results on standard output, all else on standard error.

    Returns:
        The exit code: 0 done, 1 findings, 2 something that the user can mend, 3 a bug of ours, 130
        after Ctrl-C.
    """
    _settle_streams()
    try:
        code = app(
            args=None if arguments is None else list(arguments), standalone_mode=False, prog_name=PROGRAM
        )
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except MultistageError as error:
        return _complain(str(error))
    except _UsageError as error:
        command = error.ctx.command_path if error.ctx else PROGRAM
        message = error.format_message().strip().rstrip(".")
        return _complain(f"{message}; see {command} --help")
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:
        # The reader has gone (`| head`): nothing more to say, and nothing to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        traceback.print_exc()
        place = traceback.extract_tb(error.__traceback__)[-1]
        name = Path(place.filename).name
        return _complain(
            f"this is a bug: {type(error).__name__} in {name}, line {place.lineno}; please report it with the"
            " Dockerfile and the lines above",
            3,
        )


def _complain(message: str, code: int = 2) -> int:
    print(f"{PROGRAM}: {printable(message)}", file=sys.stderr)  # noqa: T201
    return code


def _settle_streams() -> None:
    """Make standard output never fail on a character, and stay with ASCII where the user's locale is C."""
    chosen = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    plain = chosen in {"C", "POSIX"} and "PYTHONIOENCODING" not in os.environ
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            if plain:
                stream.reconfigure(encoding="ascii", errors="replace")
            else:
                stream.reconfigure(errors="replace")
