"""What the rooms' commands share: options, reading the Dockerfile, and putting results out.

A room's command says only what is its own. `room_command` gives it the Dockerfile argument and the options
that all commands share, and evaluates the build for it.
"""

from multistage_cli.terminal.commands import Opened, room_command, rooms_command
from multistage_cli.terminal.output import Output, console, emit, formats, view

__all__ = ["Opened", "Output", "console", "emit", "formats", "room_command", "rooms_command", "view"]
