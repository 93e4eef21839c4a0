"""A rule's docstring -> its page: what is wrong, why, bad and good examples, and how to mend it."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.rule import Rule

DOCKERFILE = "Dockerfile"


class Example(Struct, frozen=True):
    """A Dockerfile that a rule finds something in, or nothing.

    Attributes:
        lines: the first lines of what it finds, in order; empty for a good example.
        files: name to text; the Dockerfile is the first one.
    """

    lines: tuple[int, ...]
    files: tuple[tuple[str, str], ...]

    @property
    def dockerfile(self) -> str:
        """The Dockerfile's text."""
        return self.files[0][1]


class Page(Struct, frozen=True):
    """A rule explained.

    Attributes:
        summary: the fault in one sentence.
        why: paragraphs, each on one line.
        bad: examples that the rule finds.
        good: examples in which it is silent.
        fix: what to do.
    """

    summary: str
    why: tuple[str, ...]
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    fix: str


def page_of(rule: Rule) -> Page:
    """The page of a rule.

    Raises:
        ValueError: its docstring has not the form that `multistage_cli.analyze.rule` tells. Our bug.
    """
    summary, _, rest = rule.docstring.partition("\n")
    why: list[str] = []
    bad: list[Example] = []
    good: list[Example] = []
    fix: list[str] = []
    for head, block in _sections(rest):
        if head.startswith("Bad"):
            bad.append(Example(_line_numbers(rule, head), _files(block)))
        elif head == "Good:":
            good.append(Example((), _files(block)))
        elif head.startswith("Fix:"):
            fix.append(head.removeprefix("Fix:").strip())
        else:
            why.append(head)
    exempt = rule.by_engine and not bad and not good  # nobody can write a file that makes a rule crash
    if not (summary and len(fix) == 1 and (exempt or (bad and good))):
        raise ValueError(f"the page of {rule.code} lacks a summary, a bad or good example, or one fix")
    return Page(summary, tuple(why), tuple(bad), tuple(good), fix[0])


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Each paragraph on one line, with the indented block below it."""
    lines = text.split("\n")
    position = 0
    while position < len(lines):
        if not lines[position].strip():
            position += 1
            continue
        start = position
        while position < len(lines) and lines[position].strip() and not lines[position].startswith(" "):
            position += 1
        head = " ".join(lines[start:position])
        start = position
        while position < len(lines) and (not lines[position].strip() or lines[position].startswith(" ")):
            position += 1
        yield head, dedent("\n".join(lines[start:position])).strip("\n")


def _line_numbers(rule: Rule, head: str) -> tuple[int, ...]:
    found = re.fullmatch(r"Bad, found on lines? ((?:\d+(?:, | and )?)+):", head)
    if found is None:
        raise ValueError(f'the page of {rule.code} has "{head}" for "Bad, found on line N:"')
    return tuple(int(number) for number in re.findall(r"\d+", found[1]))


def _files(block: str) -> tuple[tuple[str, str], ...]:
    parts = re.split(r"^==> (.+) <==\n", f"{block}\n", flags=re.MULTILINE)
    named = zip(parts[1::2], parts[2::2], strict=True)
    return ((DOCKERFILE, parts[0]), *((name, text.strip("\n") + "\n") for name, text in named))


def plain_of(page: Page) -> str:
    """A page as plain text, without its examples."""
    return "\n\n".join((page.summary, *page.why, f"Fix: {page.fix}"))


def markdown_of(rule: Rule, heading: str = "##") -> str:
    """A rule's page as Markdown.

    Args:
        rule: the rule.
        heading: the number signs of its headline.
    """
    page = page_of(rule)
    known = f", also known as {', '.join(rule.aliases)}" if rule.aliases else ""
    off = "" if rule.default else "; off unless it is selected"
    parts = [
        f"{heading} {rule.code} {rule.name}",
        f"{page.summary} *{rule.severity.value}{known}{off}*",
        *page.why,
    ]
    for example in page.bad:
        parts.append(f"Bad, found on {lines_of(example)}:")
        parts.extend(_blocks(example))
    for example in page.good:
        parts.append("Good:")
        parts.extend(_blocks(example))
    return "\n\n".join((*parts, f"Fix: {page.fix}")) + "\n"


def lines_of(example: Example) -> str:
    """`line 2`, `lines 2 and 5`."""
    *most, last = map(str, example.lines)
    return f"lines {', '.join(most)} and {last}" if most else f"line {last}"


def _blocks(example: Example) -> Iterator[str]:
    for name, text in example.files:
        language = {DOCKERFILE: "dockerfile", "multistage.toml": "toml"}.get(name, "text")
        title = "" if name == DOCKERFILE else f"with `{name}`:\n\n"
        yield f"{title}```{language}\n{text}```"


_WORD_START = "(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"


def page_url(aliases: tuple[str, ...]) -> str | None:
    """What is written elsewhere about the same check, at the tool that had it first; None where nothing is."""
    for alias in aliases:
        if alias.startswith("DL") and alias[2:].isdecimal():
            return f"https://github.com/hadolint/hadolint/wiki/{alias}"
        if alias.startswith("SC") and alias[2:].isdecimal():
            return f"https://www.shellcheck.net/wiki/{alias}"
        if alias[:1].isupper() and alias != "InvalidBaseImagePlatform" and not alias.isupper():
            # JSONArgsRecommended -> json-args-recommended
            return (
                f"https://docs.docker.com/reference/build-checks/{re.sub(_WORD_START, '-', alias).lower()}/"
            )
    return None
