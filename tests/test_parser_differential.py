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
from hypothesis import strategies as st

from multistage_cli.parser import Dockerfile, Instruction, ProblemKind, parse

CORPUS = sorted((Path(__file__).parent / "data").glob("**/Dockerfile*"))


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
    "space-in-directive": Difference(
        "since Dockerfile syntax 1.5 any Unicode white space may follow the # of a directive",
        "#\u00a0escape=`\nFROM a\nRUN b `\n c\n",
        re.compile(r"#\s*[\x0b\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"),
    ),
    "text-behind-json": Difference(
        "since 2024 nothing may follow the array; before, the rest of the line was dropped (json.Unmarshal for a decoder)",
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
    path.write_bytes(text.encode())
    try:
        return dockerfile.parse_file(str(path))
    except dockerfile.GoParseError as error:
        return str(error)
    except UnicodeDecodeError as error:
        return f"half a character: {error}"


def refusal(file: Dockerfile) -> str | None:
    """Our first refusal, named as REFUSALS does."""
    first = next((entry.message for entry in file.problems if entry.kind is ProblemKind.REFUSED), None)
    if first is None:
        return None
    return next((ours for ours in REFUSALS.values() if ours in first), first)


def visible(text: str) -> str:
    """As it passes through the C strings of `dockerfile`."""
    return text.split("\0")[0]


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
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER"
    " VOLUME WORKDIR".split()
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


def explained(text: str) -> bool:
    return any(difference.may_show.search(text) for difference in KNOWN_DIFFERENCES.values())


# Dockerfiles: valid ones, odd ones, broken ones

SPICE = [
    *(
        "\\",
        "\\\n",
        "\\\\\n",
        "\\ \n",
        "\\\t\n",
        "\\\r\n",
        "`",
        "`\n",
        "``\n",
        "\n",
        "\n\n",
        " \n",
        "\r",
        "\r\n",
        "\r\r\n",
    ),
    *(
        " ",
        "  ",
        "\t",
        "\v",
        "\f",
        "\x85",
        "\u00a0",
        "\u2003",
        "\u2028",
        "\u3000",
        "\ufeff",
        "\0",
        "\x1c",
        "\x1f",
        "\x7f",
    ),
    *(
        "#",
        "# c",
        "\n#",
        "\n# d\n",
        "\n  # e\n",
        "#\n",
        "# syntax=a/b\n",
        "# escape=`\n",
        "# escape=\\\n",
        "# check=x\n",
    ),
    *(
        '"',
        "'",
        '\\"',
        "\\'",
        "$",
        "$a",
        "${",
        "}",
        "${a}",
        "${a:-b}",
        "${a#b}",
        "${a/b/c}",
        "${a:+",
        "$(",
        ")",
        "$'",
    ),
    *(
        "<<",
        "<",
        "<<<",
        "<<E\n",
        "<<-E\n",
        "<<'E'\n",
        '<<"E"\n',
        "2<<E\n",
        "<<E <<F\n",
        "E\n",
        "\nE\n",
        "\tE\n",
        "F\n",
        "<< E\n",
        "<<\\E\n",
    ),
    *(
        "[",
        "]",
        ",",
        '["a"]',
        '["a", "b"]',
        "[]",
        "[1]",
        '[["a"]]',
        '{"a": 1}',
        '["a" ]',
        '["\\u00e9"]',
        '["\\ud800"]',
        "[1e999]",
        '["a",]',
    ),
    *(
        "--",
        "-",
        "--a",
        "--a=b",
        "--from=x ",
        "--mount=type=cache,target=/x ",
        '--a="b c" ',
        "--a='b' ",
        "-- ",
        "--a=\\ b ",
        "--é=à ",
    ),
    *(
        "=",
        "==",
        "a=b",
        "a=",
        "=b",
        "a='b c'",
        'a="b c"',
        "a=b\\ c",
        "a b",
        " AS ",
        ":",
        ";",
        "&&",
        "|",
        "%",
        "@",
        "/",
        "*",
    ),
    *(
        "é",
        "à",
        "ß",
        "İ",
        "\u212a",
        "ſ",
        "全",
        "🐳",
        "RUN ",
        "run ",
        "ONBUILD ",
        "COPY ",
        "ENV ",
        "FROM ",
        "HEALTHCHECK ",
        "CMD ",
        "FOO ",
    ),
]

words = st.sampled_from(
    [
        *(
            "a",
            "b.txt",
            "/app/",
            ".",
            "x=y",
            "$HOME",
            "${A}",
            "'b c'",
            '"d e"',
            "a\\ b",
            "-x",
            "*.py",
            "é",
            "<<EOF",
            "<<-'EOF'",
            "1",
            "a:b",
        ),
        *(
            "&&",
            "||",
            "|",
            ">",
            "python:3.12-slim",
            "AS",
            "as",
            "builder",
            "alpine",
            "0.0.0.0",
            "80/tcp",
            "https://a.b/c?d=e&f",
            "{}",
            "'",
        ),
    ]
)
gaps = st.sampled_from(
    [
        " ",
        " ",
        " ",
        "  ",
        "\t",
        " \\\n",
        " \\\n  ",
        " \\\n# c\n  ",
        " \\\n\n",
        " \\ \n",
        " \\\r\n",
        "\\\n",
        " \\\n\t#\n",
    ]
)
names = st.sampled_from(
    "FROM FROM RUN RUN RUN COPY COPY ADD ENV ENV LABEL ARG CMD ENTRYPOINT SHELL VOLUME EXPOSE USER WORKDIR STOPSIGNAL"
    " MAINTAINER HEALTHCHECK ONBUILD run Copy from FOO ONBUILD".split()
)
flags = st.sampled_from(
    [
        "--from=builder",
        "--chown=a:b",
        "--link",
        "--mount=type=cache,target=/root/.cache",
        "--platform=$BUILDPLATFORM",
        '--a="b c"',
        "--interval=3s",
        "--x=\\a",
        "--",
    ]
)
json_forms = st.lists(st.sampled_from(["a", "b c", "\\", '"', "é", "\n", ""]), max_size=4).map(
    lambda members: (
        "["
        + ", ".join(
            '"' + member.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
            for member in members
        )
        + "]"
    )
)
pairs = st.builds(
    "{}={}".format,
    st.sampled_from(["A", "b.c", '"d"', "e"]),
    st.sampled_from(["", "1", "'x y'", '"z w"', "a\\ b", "$A"]),
)
heredoc_names = st.sampled_from(["EOF", "E", "file.txt", "a-b", "EOT"])


@st.composite
def instructions(draw: st.DrawFn, depth: int = 0) -> str:
    name = draw(names)
    if name == "ONBUILD" and depth < 3:
        return name + draw(gaps) + draw(instructions(depth + 1))
    given = draw(st.lists(flags, max_size=2))
    kind = draw(st.sampled_from(["words", "words", "words", "json", "pairs", "heredoc", "check"]))
    if kind == "json":
        rest = [draw(json_forms)]
    elif kind == "pairs":
        rest = draw(st.lists(pairs, min_size=1, max_size=3))
    elif kind == "check":
        rest = ["CMD", *draw(st.lists(words, max_size=3))]
    else:
        rest = draw(st.lists(words, max_size=4))
    text = name
    for part in [*given, *rest]:
        text += draw(gaps) + part
    if kind == "heredoc":
        text += draw(heredocs())
    return text + draw(st.sampled_from(["\n", "\n", "\n", "\r\n", " \n", "\n\n"]))


@st.composite
def heredocs(draw: st.DrawFn) -> str:
    opened = draw(st.lists(heredoc_names, min_size=1, max_size=2))
    line, body = "", ""
    for name in opened:
        dash = draw(st.sampled_from(["", "", "-"]))
        quote = draw(st.sampled_from(["", "", "'", '"']))
        line += f" {draw(st.sampled_from(['', '', '3']))}<<{dash}{quote}{name}{quote}"
        for _ in range(draw(st.integers(0, 3))):
            body += draw(st.sampled_from(["", "\t", "\t\t", " "])) + draw(
                st.one_of(words, st.sampled_from(["# x", "RUN y", "z \\", ""]))
            )
            body += draw(st.sampled_from(["\n", "\n", "\r\n"]))
        body += ("\t" if dash and draw(st.booleans()) else "") + name + "\n"
    return line + draw(st.sampled_from(["", " /dest/", " && x", " \\\n  y"])) + "\n" + body.removesuffix("\n")


comments = st.sampled_from(["# a\n", "#\n", "  # b\n", "\n", " \n", "#!x\n", "# a=b\n"])
heads = st.sampled_from(
    [
        "",
        "",
        "",
        "# syntax=docker/dockerfile:1\n",
        "# escape=`\n",
        "#escape=\\\n# syntax = x\n",
        "# Escape = ` \n",
        "\ufeff",
        "\ufeff# escape=`\n",
        "# syntax=a\n# syntax=b\n",
        "# escape=x\n",
        " # escape=`\n",
    ]
)


@st.composite
def dockerfiles(draw: st.DrawFn) -> str:
    """A file of a few instructions, into which up to five odd things fall at odd places."""
    parts = draw(st.lists(st.one_of(instructions(), instructions(), instructions(), comments), max_size=6))
    text = draw(heads) + "".join(parts)
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3, 5]))):
        at = draw(st.integers(0, len(text)))
        drop = draw(st.sampled_from([0, 0, 0, 1, 3, 10]))
        text = text[:at] + draw(st.sampled_from(SPICE)) + text[at + drop :]
    return text.removesuffix("\n") if draw(st.booleans()) else text


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("differential")


@given(text=dockerfiles())
def test_any_file_is_read_as_buildkit_reads_it(text: str, folder: Path) -> None:
    found = disagreement(text, folder)
    assert found is None or explained(text), found


@given(text=st.lists(st.sampled_from(SPICE), max_size=25).map("".join))
def test_any_rubbish_is_read_as_buildkit_reads_it(text: str, folder: Path) -> None:
    found = disagreement(text, folder)
    assert found is None or explained(text), found


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.parent.name)
def test_corpus_is_read_as_buildkit_reads_it(path: Path, folder: Path) -> None:
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    found = disagreement(text, folder)
    assert found is None or explained(text), found


@pytest.mark.parametrize("difference", KNOWN_DIFFERENCES.values(), ids=KNOWN_DIFFERENCES.keys())
def test_known_difference_is_still_one(difference: Difference, folder: Path) -> None:
    assert difference.may_show.search(difference.example)
    assert disagreement(difference.example, folder) is not None
