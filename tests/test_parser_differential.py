"""Our parser and BuildKit's on the same files: whatever hypothesis writes, they agree.

BuildKit's parser comes from the PyPI package `dockerfile`, which has the one of mid-2023. Where today's
(BuildKit 0.25, Dockerfile syntax 1.19) reads a file otherwise, KNOWN_DIFFERENCES says so, and ours follows
today's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import dockerfile
import pytest
from hypothesis import given

from multistage_cli.parser import Dockerfile, Instruction, ProblemKind, parse
from tests.strategies import dockerfiles, rubbish

DATA = Path(__file__).parent / "data"
NOT_UTF_8 = {"binary.Dockerfile", "utf-16.Dockerfile"}  # `dockerfile` cannot hand out what it read there
CORPUS = sorted([*DATA.glob("dockerfiles/*/Dockerfile*"), *DATA.glob("broken/*.Dockerfile")])
CORPUS = [path for path in CORPUS if path.name not in NOT_UTF_8]


@dataclass(frozen=True)
class Difference:
    """What BuildKit reads otherwise today than in mid-2023, and which files may show it."""

    reason: str
    example: str
    may_show: re.Pattern[str]


KNOWN_DIFFERENCES = {
    "space-before-heredoc-name": Difference(
        "since Dockerfile syntax 1.7 white space may stand between << and the name (lex.go, processPossibleHeredoc)",
        "FROM a\nRUN cat << EOF\nx\nEOF\n",
        re.compile(r"<<(?:[\t\r ]|[\\`][\t ]*\r*\n)"),
    ),
    "one-word-buffer": Difference(
        "since mid-2024 the lexer has one word buffer for all levels: a word in ${} throws away what is before it",
        "FROM a\nRUN <<${x:-y}\nRUN z\n${x:-y}\n",
        re.compile(r"<<.*\$\{|\$\{.*<<", re.DOTALL),
    ),
    "check-directive": Difference(
        "since Dockerfile syntax 1.8 `check` is a directive, so that directives below it count too",
        "# check=skip=all\n# escape=`\nFROM a\nRUN b `\n c\n",
        re.compile(r"^\ufeff?\s*#\s*check\s*=", re.IGNORECASE | re.MULTILINE),
    ),
    "escape-in-flags": Difference(
        "since mid-2023 the escape directive holds in flags; before it was always a backslash (split_command.go)",
        "# escape=`\nFROM a\nCOPY --from=C:\\b a b\n",
        re.compile(r"^\ufeff?\s*#\s*escape\s*=\s*`.*--", re.IGNORECASE | re.MULTILINE | re.DOTALL),
    ),
    "text-behind-json": Difference(
        "since 2024 nothing may follow the array; before, the rest of the line was dropped (line_parsers.go)",
        'FROM a\nRUN ["a"] && b\n',
        re.compile(r"\](?![\t\r ]*$)", re.MULTILINE),
    ),
    "half-a-character": Difference(
        "BuildKit reads flags and the word behind HEALTHCHECK byte by byte and ends them at the bytes 0x85 and 0xA0,"
        " be it inside a character; what follows starts with the rest of it. Ours holds whole characters only",
        "FROM a\nCOPY --from=\u5168 a b\n",
        re.compile(r"(?:--|HEALTHCHECK).*[^\x00-\x7f]", re.DOTALL | re.IGNORECASE),
    ),
}
"""`dockerfile` also drops flags and here-documents of an ONBUILD trigger, cuts strings at NUL, has no directives."""

HALF = "half a character"

REFUSALS = {
    "file with no instructions": "no instructions",
    "must have two arguments": "has no value",
    "can't find =": "without a `=`",
    "arrays must be comprised of strings only": "strings only",
    "unterminated heredoc": "has no end",
    "failed to process": "cannot read the name of the here-document",
    "dockerfile line greater than max": "is longer than",
    "invalid escape token": "the escape directive takes",
    "parser directive can be used": "stands here again",
}
"""What BuildKit's parser says, and what we say."""


def buildkit(text: str, folder: Path) -> tuple[dockerfile.Command, ...] | str:
    """BuildKit's instructions, or its refusal."""
    path = folder / "Dockerfile"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    try:
        return dockerfile.parse_file(str(path))
    except dockerfile.GoParseError as error:
        return str(error)
    except UnicodeDecodeError as error:
        return f"{HALF}: {error}"


def refusal(file: Dockerfile) -> str | None:
    """Our first refusal, named as REFUSALS does."""
    first = next((entry.message for entry in file.problems if entry.kind is ProblemKind.REFUSED), None)
    if first is None:
        return None
    return next((ours for ours in REFUSALS.values() if ours in first), first)


def visible(text: str) -> str:
    """As it passes through the C strings of `dockerfile`."""
    return text.split("\0", maxsplit=1)[0]


def flattened(instruction: Instruction) -> tuple[str, ...]:
    """The arguments as a flat list, as BuildKit hands them to its instructions package."""
    if instruction.name == "ONBUILD":
        return flattened(instruction.trigger) if instruction.trigger else ("",) if instruction.words else ()
    if instruction.name in {"ENV", "LABEL"}:
        return tuple(part for pair in instruction.pairs for part in (pair.name, pair.value or ""))
    if instruction.name not in KNOWN_NAMES:
        return ("",)
    return instruction.words


KNOWN_NAMES = frozenset(
    (
        *(
            "ADD",
            "ARG",
            "CMD",
            "COPY",
            "ENTRYPOINT",
            "ENV",
            "EXPOSE",
            "FROM",
            "HEALTHCHECK",
            "LABEL",
            "MAINTAINER",
        ),
        *("ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
    )
)


def ours(instruction: Instruction) -> dict[str, object]:
    trigger = instruction.trigger
    inner = trigger if trigger is not None else instruction
    return {
        "keyword": visible(instruction.keyword),
        "trigger": visible(trigger.keyword) if trigger else "",
        "lines": (instruction.span.first, instruction.span.last),
        "flags": tuple(
            visible(f"--{flag.name}" + ("" if flag.value is None else f"={flag.value}"))
            for flag in instruction.flags
        ),
        "words": tuple(visible(word) for word in flattened(instruction)),
        "json": inner.json_form,
        "heredocs": tuple(
            (visible(heredoc.name), heredoc.descriptor, visible(heredoc.body))
            for heredoc in (() if trigger else instruction.heredocs)
        ),
    }


def theirs(command: dockerfile.Command, mine: Instruction) -> dict[str, object]:
    chomps = [heredoc.chomp for heredoc in mine.heredocs] + [False] * len(command.heredocs)
    return {
        "keyword": command.cmd or "",
        "trigger": command.sub_cmd or "",
        "lines": (command.start_line, command.end_line),
        "flags": command.flags,
        "words": command.value,
        "json": command.json,
        "heredocs": tuple(
            (
                entry.name,
                entry.file_descriptor,
                re.sub(r"(?m)^\t+", "", entry.content) if chomp else entry.content,
            )
            for entry, chomp in zip(command.heredocs, chomps, strict=False)
        ),
    }


def disagreement(text: str, folder: Path) -> str | None:
    """Where the two parsers part, or None."""
    mine = parse(text)
    other = buildkit(text, folder)
    if isinstance(other, str):
        expected = next((ours for theirs, ours in REFUSALS.items() if theirs in other), other)
        return None if refusal(mine) == expected else f"BuildKit: {other!r}; we: {refusal(mine)!r}"
    if refusal(mine) is not None:
        return f"BuildKit reads it; we: {refusal(mine)!r}"
    if len(mine.instructions) != len(other):
        return f"BuildKit has {len(other)} instructions; we {len(mine.instructions)}"
    for instruction, command in zip(mine.instructions, other, strict=True):
        left, right = ours(instruction), theirs(command, instruction)
        if left != right:
            return "\n".join(
                f"{key}: BuildKit {right[key]!r}; we {left[key]!r}" for key in left if left[key] != right[key]
            )
    return None


def explained(text: str, found: str) -> bool:
    """Whether a known difference may have shown; half characters name themselves."""
    known = any(difference.may_show.search(text) for difference in KNOWN_DIFFERENCES.values())
    return known or HALF in found


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("differential")


@given(text=dockerfiles())
def test_any_file_is_read_as_buildkit_reads_it(text: str, folder: Path) -> None:
    found = disagreement(text, folder)
    assert found is None or explained(text, found), found


@given(text=rubbish)
def test_any_rubbish_is_read_as_buildkit_reads_it(text: str, folder: Path) -> None:
    found = disagreement(text, folder)
    assert found is None or explained(text, found), found


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: str(path.relative_to(DATA)))
def test_corpus_is_read_as_buildkit_reads_it(path: Path, folder: Path) -> None:
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    found = disagreement(text, folder)
    assert found is None or explained(text, found), found


@pytest.mark.parametrize("difference", KNOWN_DIFFERENCES.values(), ids=KNOWN_DIFFERENCES.keys())
def test_known_difference_is_still_one(difference: Difference, folder: Path) -> None:
    assert difference.may_show.search(difference.example)
    assert disagreement(difference.example, folder) is not None
