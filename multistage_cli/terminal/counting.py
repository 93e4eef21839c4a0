"""A sign of life on standard error while a large build context is read."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, TaskID

    from multistage_cli.build.context import BuildContext
    from multistage_cli.terminal.options import Color

_SILENT_SECONDS = 0.5
"""What is done sooner needs no sign, and does not pay for loading one."""
_BETWEEN_SECONDS = 0.1


@contextmanager
def counted_files(context: BuildContext | None, *, color: Color = "auto") -> Iterator[None]:
    """Counts the files that are read meanwhile, on standard error where that is a terminal; nothing stays there."""
    if context is None or not sys.stderr.isatty():
        yield
        return
    counter = _Counter(color)
    context.tell = counter.add
    try:
        yield
    finally:
        context.tell = None
        counter.close()


class _Counter:
    """How many files there were so far, shown once that takes long."""

    def __init__(self, color: Color) -> None:
        self._color = color
        self._files = 0
        self._next = time.monotonic() + _SILENT_SECONDS
        self._shown: tuple[Progress, TaskID] | None = None

    def add(self, files: int) -> None:
        self._files += files
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _BETWEEN_SECONDS
        progress, task = self._shown or self._start()
        progress.update(task, files=self._files)

    def close(self) -> None:
        if self._shown is not None:
            self._shown[0].stop()

    def _start(self) -> tuple[Progress, TaskID]:
        from rich.progress import BarColumn, Progress, TextColumn

        from multistage_cli.terminal.output import console

        columns = (
            TextColumn("reading the build context"),
            BarColumn(),
            TextColumn("{task.fields[files]:,} files"),
        )
        progress = Progress(*columns, console=console(sys.stderr, color=self._color), transient=True)
        # Nobody knows how many there will be: the bar moves to and fro.
        self._shown = progress, progress.add_task("", total=None, files=self._files)
        progress.start()
        return self._shown
