"""Views as a terminal or a pipe gets them, and names that try to break out of them."""

from __future__ import annotations

import os
import shlex
from contextlib import contextmanager
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import category

from rich.cells import cell_len
from rich.console import Console

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.parser import parse
from multistage_cli.terminal import console
from tests.corpus import DATA, case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

WIDTHS = (20, 60, 80, 200)
HOSTILE = [
    "[red]bold[/red]",
    "line\nbreak\r\ttab",
    "\x1b[2J\x1b]0;title\x07",
    "\u202egnirts\u2066",
    "日本語のステージ名",
    "👩‍👩‍👧‍👦🇩🇪❤\ufe0f",
    "x" * 3000,
    "漢" * 3000,
    "byte\udcff",
    "",
    ":smile: {braces} %s",
    "image with spaces " * 30,
]


def drawn(rendered: RenderableType, width: int = 80, encoding: str = "utf-8") -> str:
    """What a pipe of that encoding gets, without colour."""
    if isinstance(rendered, str):
        return rendered
    data = BytesIO()
    file = TextIOWrapper(data, encoding=encoding, newline="\n", write_through=True)
    target = console(file, color="never", width=width)
    with target.capture() as capture:
        target.print(rendered)
    # A stream that lacks a letter shows a question mark for it (cli.py).
    text = "".join(f"{line.rstrip()}\n" for line in capture.get().split("\n"))[:-1]
    return text.encode(encoding, "replace").decode(encoding)


def uncropped(rendered: RenderableType, width: int, encoding: str = "utf-8") -> list[str]:
    """The lines for a width as they are before Rich would crop them."""
    file = TextIOWrapper(BytesIO(), encoding=encoding)
    wide = Console(file=file, width=20_000, color_system=None, markup=False, emoji=False, highlight=False)
    segments = wide.render(rendered, wide.options.update_width(width))
    return [line.rstrip() for line in "".join(segment.text for segment in segments).split("\n")]


def coloured(rendered: RenderableType, width: int = 80) -> str:
    """What a terminal of sixteen colours gets."""
    data = BytesIO()
    file = TextIOWrapper(data, encoding="utf-8", newline="\n", write_through=True)
    target = Console(
        file=file, width=width, force_terminal=True, color_system="standard", no_color=False, highlight=False
    )
    target.print(rendered)
    return data.getvalue().decode()


def too_wide(rendered: RenderableType, width: int) -> list[str]:
    """Lines that do not fit."""
    return [line for line in uncropped(rendered, width) if cell_len(line) > width]


def too_wide_to_break(line: str) -> bool:
    """Whether a line is one word of a command, or one option with its value, which nobody may break."""
    try:
        words = shlex.split(line.strip().removesuffix(" \\"))
    except ValueError:
        return False
    return len(words) == 1 or (len(words) == 2 and words[0].startswith("-"))


def is_harmless(text: str) -> bool:
    """Whether nothing in it can drive a terminal or turn the reading direction around."""
    driving = {letter for letter in text if category(letter) in {"Cc", "Cs"}} - {"\n"}
    return not driving and not set("\u202e\u2066\u2028\u2029") & set(text)


@contextmanager
def inside(name: str) -> Iterator[Build]:
    """A build of the corpus as its owner starts it: in its folder, which no path needs to name."""
    found = case(name)
    before = Path.cwd()
    os.chdir(DATA / "dockerfiles" / name)
    try:
        file = Path("Dockerfile")
        yield evaluate(
            parse(found.text),
            path="Dockerfile",
            file=file,
            build_args=found.expected.get("options", {}).get("build_args", {}),
            build_contexts=found.expected.get("options", {}).get("build_contexts", {}),
            context=open_context(Path(), file),
        )
    finally:
        os.chdir(before)
