"""The network for `--online`: opened once for a run, and heard of on standard error."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import typer

from multistage_cli.facts.online.session import open_online
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from multistage_cli.facts.online.session import Online


@cache
def online_of_this_run() -> Online:
    """The one that all Dockerfiles of a run share, with what it has asked already."""
    return open_online(os.environ, _tell)


def _tell(message: str) -> None:
    typer.echo(f"multistage: {printable(message)}", err=True)
