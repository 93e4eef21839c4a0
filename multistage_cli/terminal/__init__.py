"""What the rooms' commands share: options, reading the Dockerfile, and putting results out.

A room's command says only what is its own. `room_command` gives it the Dockerfile argument and the options
that all commands share, and evaluates the build for it.
"""

from multistage_cli.terminal.commands import (
    BuildOptions,
    Given,
    configured_command,
    evaluate_source,
    files_command,
    plain_command,
    room_command,
)
from multistage_cli.terminal.output import Output, console, emit, formats, view

__all__ = [
    "BuildOptions",
    "Given",
    "Output",
    "configured_command",
    "console",
    "emit",
    "evaluate_source",
    "files_command",
    "formats",
    "plain_command",
    "room_command",
    "view",
]
