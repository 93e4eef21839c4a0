"""The parser and the refusals against the engine's own BuildKit: `docker build --call`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from multistage_cli.build.instructions import problems, read_from
from multistage_cli.parser import Problem, ProblemKind, parse
from tests.build.instructions.test_refusals import ACCEPTED, REFUSED
from tests.engine.conftest import Docker
from tests.test_parser_refusals import REFUSALS

pytestmark = pytest.mark.engine

Ask = Callable[[str, str], dict[str, Any]]


@pytest.fixture(scope="session")
def ask(docker: Docker, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """What `docker build --call` answers about a file, without building it."""
    folder = tmp_path_factory.mktemp("parser")

    def asked(question: str, text: str) -> dict[str, Any]:
        path = folder / "Dockerfile"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        result = docker.attempt("build", f"--call={question},format=json", "--file", str(path), str(folder))
        if "unknown flag: --call" in result.stderr:
            pytest.skip("this buildx has no --call")
        assert result.stdout, result.stderr
        return dict(json.loads(result.stdout))

    return asked


def refused_lines(answer: dict[str, Any]) -> list[int] | None:
    """The lines that BuildKit points at, empty where at none; None where it reads the file."""
    error = answer.get("buildError")
    if error is None:
        return None
    ranges = (error.get("location") or {}).get("ranges", [])
    # The serialised form leaves out a line 0.
    return [entry["start"].get("line", 0) for entry in ranges]


def ours(text: str) -> list[Problem]:
    """Our refusals in the order in which BuildKit meets them: its parser reads the whole file first."""
    file = parse(text)
    return [entry for entry in (*file.problems, *problems(file)) if entry.kind is ProblemKind.REFUSED]


HEAD = "FROM scratch\n"

# The first line that BuildKit refuses, or None; each is a file of its own.
FILES = [
    # Lines, continuations and escapes.
    ("FROM scratch\nRUN a \\\n\n# c\n  b\nFOO c\n", 6),
    ("FROM scratch\nRUN a \\\\\nFOO b\n", 3),
    ("FROM scratch\nRUN a \\ \t\n  FOO\nFOO b\n", 4),
    ("\ufeffFROM scratch\r\nRUN a \\\r\n FOO b\r\nFOO c\r\n", 4),
    ("FROM scratch\r\r\nRUN a \\\r\r\n FOO b\nFOO c\n", 4),
    ("# escape=`\nFROM scratch\nRUN a `\n FOO b\nRUN \\\nFOO c\n", 6),
    ("# escape=`\nFROM scratch\nRUN --fo\\o=a b\n", 3),
    ("# check=skip=all\n# escape=`\nFROM scratch\nRUN a `\n FOO\nFOO b\n", 6),
    ("#\u00a0escape=`\nFROM scratch\nRUN a `\n FOO\nFOO b\n", 4),
    ("\u00a0#\fescape =\t` \nFROM scratch\nRUN a `\n FOO\nFOO b\n", 5),
    ("  # escape=`\n FROM scratch\n RUN a `\n FOO\n FOO b\n", 5),
    ("# c\n# escape=`\nFROM scratch\nRUN a `\nFOO b\n", 5),
    ("#!a\n# escape=`\nFROM scratch\nRUN a `\nFOO b\n", 5),
    ("\\\nFROM scratch\n\\\n", 3),
    ("FROM scratch\nRUN\u00a0a\n", 2),
    ("FROM scratch\n\u2003RUN a\n\x1cRUN b\n", 3),
    ("FROM scratch\nWOR\u212aDIR /a\nU\u017fER b\n", 3),
    ("FROM scratch\nRUN a\0b\nFOO\n", 3),
    # Here-documents.
    (HEAD + "RUN <<E\nFOO\nE\nFOO a\n", 5),
    (HEAD + "RUN << E\nFOO\nE\nFOO a\n", 5),
    (HEAD + "RUN <<-E <<'F'\nFOO\n\tE\nFOO\nF\nFOO a\n", 7),
    (HEAD + "COPY <<a <<b /c/\nFOO\na\nFOO\nb\nFOO a\n", 7),
    (HEAD + "ONBUILD RUN --foo <<E\nFOO\nE\nFOO a\n", 5),
    (HEAD + "RUN <<${a:-b}\nFOO\n", 3),
    (HEAD + "RUN x${a:-b}<<E\nFOO\n", 3),
    (HEAD + "RUN ${a:-b <<E}\nFOO\nE}\nFOO a\n", 5),
    (HEAD + "RUN ${a/b/c} <<E\nFOO\nE\nFOO a\n", 5),
    (HEAD + "RUN <<E it's\nFOO\n", 3),
    (HEAD + "RUN <<E ${\nFOO\n", 3),
    (HEAD + "RUN <<E ${a:#b}\nFOO\n", 3),
    (HEAD + "RUN <<<E\nFOO\n", 3),
    (HEAD + "RUN <<- E\nFOO\n", 3),
    (HEAD + "RUN a<<E\nFOO\n", 3),
    (HEAD + "RUN '<<E'\nFOO\n", 3),
    (HEAD + "RUN \\<<E\nFOO\n", 3),
    (HEAD + 'RUN "<<E\\"" <<\\E\nFOO\nE\nFOO a\n', 5),
    (HEAD + "CMD <<E\nFOO\n", 3),
    (HEAD + 'RUN ["<<E"]\nFOO\n', 3),
    (HEAD + 'RUN ["a"] <<E\nFOO\nE\nFOO a\n', 5),
    (HEAD + "RUN <<\u00e9\nFOO\n\u00e9\nFOO a\n", 5),
    # JSON form: SHELL takes no other.
    (HEAD + 'SHELL ["a", "\\u00e9\\ud800", "\x7f"]\n', None),
    (HEAD + 'SHELL ["a"]\u00a0\n', None),
    (HEAD + 'SHELL ["a"] b\n', 2),
    (HEAD + 'SHELL ["a",]\n', 2),
    (HEAD + 'SHELL ["a\tb"]\n', 2),
    (HEAD + "SHELL [1e999]\n", 2),
    (HEAD + "SHELL [NaN]\n", 2),
    (HEAD + "SHELL ['a']\n", 2),
    (HEAD + "RUN [ -f a ] && b\nRUN [1e999]\nRUN [1] && b\n", None),
    (HEAD + "RUN b\nRUN [1e99]\n", 3),
    # Flags.
    (HEAD + "RUN -- --foo\nRUN -a --foo\nRUN a --foo\n", None),
    (HEAD + "COPY --from='scratch' --chown=\"a:b\" --link c d\n", None),
    (HEAD + "COPY --from='a b\n", 2),
    (HEAD + "RUN --f\u00e9 a\n", 2),
    # Names and values.
    (HEAD + "ENV a b=c\nENV a=b c=d\\ e\nENV 'a b'=c\nLABEL a=\"b c\" d=\nARG a b='c d'\n", None),
    (HEAD + "ENV a=b c\n", 2),
    (HEAD + "ENV a\u00a0b=c\n", 2),
    ("", None),
    ("# a\n\n", 2),
]


@pytest.mark.parametrize(("text", "line"), FILES)
def test_first_refused_line_is_buildkits(text: str, line: int | None, ask: Ask) -> None:
    found = [problem.span.first for problem in ours(text)]
    theirs = refused_lines(ask("check", text))
    if not text:
        # BuildKit points at no line of an empty file, and neither does it read it.
        assert (theirs, found) == ([], [1])
    else:
        assert (theirs or [None])[0] == line == (found or [None])[0]


@pytest.mark.parametrize(("lines", "end", "message"), REFUSED)
def test_refused_instruction_is_refused_by_buildkit(lines: str, end: int, message: str, ask: Ask) -> None:
    answer = ask("check", f"{HEAD}{lines}\n")
    theirs = refused_lines(answer)
    assert theirs is not None, message
    # A few refusals of a build's later steps come without a place.
    assert theirs in ([], list(range(2, end + 1))), answer["buildError"]


@pytest.mark.parametrize("lines", ACCEPTED)
def test_accepted_instruction_is_accepted_by_buildkit(lines: str, ask: Ask) -> None:
    assert refused_lines(ask("check", f"{HEAD}{lines}\n")) is None


# The engine would pull the frontend that a syntax directive names.
READABLE = [entry for entry in REFUSALS if entry[0] and "syntax=" not in entry[0]]


@pytest.mark.parametrize(("text", "lines", "message"), READABLE)
def test_what_our_parser_refuses_buildkit_refuses(
    text: str, lines: tuple[int, int], message: str, ask: Ask
) -> None:
    theirs = refused_lines(ask("check", text))
    assert theirs is not None, message
    # BuildKit counts a directive's line, and one that is too long, from the line before.
    before = "directive" in message or "is longer than" in message
    assert (theirs[0], theirs[-1]) == ((lines[0] - 1,) * 2 if before else lines)


@pytest.mark.parametrize(
    "text",
    [
        "FROM scratch\n",
        "FROM scratch AS a\nFROM a AS b\nFROM b\n",
        "ARG A=scratch\nFROM ${A} AS Upper\nFROM --platform=linux/amd64 scratch as c.d-e_f\n",
        "# escape=`\nFROM `\n  scratch AS `\n# c\n  a\nRUN <<E\nFROM scratch AS no\nE\nfrom scratch\n",
        "\ufeffFROM scratch AS a\r\nCOPY <<x /y\r\nFROM no\r\nx\r\nFROM scratch AS b\r\n",
        "FROM scratch AS a\nRUN b \\\nFROM c\nFROM scratch AS d\n",
        "FROM scratch AS a\nONBUILD RUN <<E\nFROM b AS c\nE\nFROM scratch AS d\n",
    ],
)
def test_stages_are_buildkits(text: str, ask: Ask) -> None:
    targets = [
        (entry.get("name") or None, entry.get("base"), entry["location"]["ranges"][0]["start"]["line"])
        for entry in ask("targets", text)["targets"]
    ]
    heads = [
        (read_from(entry), entry.span.first) for entry in parse(text).instructions if entry.name == "FROM"
    ]
    assert [(name, line) for name, _, line in targets] == [
        (head.stage_name.lower() if head.stage_name else None, line) for head, line in heads
    ]


def test_every_file_on_disk_is_read_as_buildkit_reads_it(ask: Ask) -> None:
    folder = Path(__file__).parent.parent / "data" / "dockerfiles"
    for path in sorted(folder.glob("*/Dockerfile")):
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        file = parse(text)
        if file.directive("syntax") is not None:
            continue  # the engine would pull that frontend
        stages = [entry for entry in file.instructions if entry.name == "FROM"]
        targets = ask("targets", text)
        assert [entry["location"]["ranges"][0]["start"]["line"] for entry in targets["targets"]] == [
            entry.span.first for entry in stages
        ], path
