"""The program as a person runs it, in one folder, and what may never come out of it."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from multistage_cli.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.whole_path.projects import Project

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_VOID = {"meta", "link", "br", "hr", "img", "input", "col", "wbr"}
_XML = {"svg", "junit", "checkstyle"}
_JSON = {"json", "sarif", "gitlab"}


@dataclass(frozen=True)
class Answer:
    """What one run gave."""

    code: int
    out: str
    err: str
    seconds: float


def run(project: Project) -> Answer:
    """Run the program on a project, in a folder of its own."""
    before, stdin = Path.cwd(), sys.stdin
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n") for _ in range(2))
    with tempfile.TemporaryDirectory(prefix="whole-path-") as folder:
        project.write(Path(folder))
        os.chdir(folder)
        sys.stdin = io.TextIOWrapper(io.BytesIO(project.stdin), encoding="utf-8")
        started = time.process_time()
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = main(project.arguments)
        finally:
            sys.stdin = stdin
            os.chdir(before)
        seconds = time.process_time() - started
    return Answer(code, *(_text(stream) for stream in (out, err)), seconds)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


def faults(project: Project, answer: Answer) -> list[str]:
    """All that is wrong with an answer, whatever the project."""
    room = project.arguments[0]
    view = project.arguments[1].removeprefix("--format=")
    if answer.code not in (0, 1, 2):
        return [f"exit code {answer.code}: {answer.err[-600:]}"]
    found = []
    if answer.code == 1 and room not in ("analyze", "sizes"):
        found.append("exit code 1 without findings or a budget")
    out = _COLOUR.sub("", answer.out) if "--color=always" in project.arguments else answer.out
    for name, text in (("standard output", out), ("standard error", answer.err)):
        raw = {letter for letter in text if not letter.isprintable()} - {"\n"}
        if raw:
            found.append(f"raw {raw} on {name}")
    if answer.code == 2 and not answer.err.startswith("multistage: "):
        found.append(f"no message: {answer.err[:200]!r}")
    if any(not line.startswith("multistage: ") for line in answer.err.splitlines()):
        found.append(f"a stray line on standard error: {answer.err[:300]!r}")
    if answer.out:
        found += _broken(view, out, project.dockerfile.count(b"\n") + 1)
    elif answer.code != 2:
        found.append("an empty answer") if view not in ("text", "github", "markdown") else None
    return found


def _broken(view: str, out: str, lines: int) -> Iterator[str]:
    """What is wrong with the form of an answer."""
    if view in _XML:
        try:
            ET.fromstring(out)
        except ET.ParseError as error:
            yield f"{view} is not well-formed: {error}"
    elif view == "html":
        page = _Page()
        page.feed(out)
        page.close()
        yield from page.faults
        if page.open:
            yield f"html leaves {page.open} open"
    elif view in _JSON:
        try:
            data = json.loads(out, parse_constant=_refuse)
        except ValueError as error:
            yield f"{view} is no JSON: {error}"
            return
        if view == "json" and data["version"] != 1:
            yield "no version"
        yield from _wrong_numbers(data, lines, ())


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _wrong_numbers(data: Any, lines: int, where: tuple[str, ...]) -> Iterator[str]:
    if isinstance(data, list):
        for entry in data:
            yield from _wrong_numbers(entry, lines, where)
    if not isinstance(data, dict):
        return
    if "high" in data and data["high"] is not None:
        middle = data.get("estimate", data.get("bytes"))
        if not data["low"] <= middle <= data["high"]:
            yield f"{'/'.join(where)}: {data['low']} <= {middle} <= {data['high']} does not hold"
        if data["low"] < 0 and "difference" not in where:
            yield f"{'/'.join(where)}: {data['low']} is less than nothing"
    first, last = data.get("line"), data.get("end_line")
    if "fixed" in where:
        return  # in the other Dockerfile
    for number in (first, last, data.get("startLine"), data.get("endLine")):
        if isinstance(number, int) and not 1 <= number <= lines:
            yield f"{'/'.join(where)}: line {number} of {lines}"
    if isinstance(first, int) and isinstance(last, int) and first > last:
        yield f"{'/'.join(where)}: from line {first} to line {last}"
    for key, value in data.items():
        yield from _wrong_numbers(value, lines, (*where, str(key)))


class _Page(HTMLParser):
    """Reads a page and notes tags that do not close, and what could run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "img" or any(name.startswith("on") for name, _ in attrs):
            self.faults.append(f"html has {tag} with {attrs}")

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"html closes {tag} in {self.open[-3:]}, line {self.getpos()[0]}")
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script" and data.strip() == "alert(1)":
            self.faults.append("html runs a name")
