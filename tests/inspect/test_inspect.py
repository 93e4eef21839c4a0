"""What is known after a line, as it is asked for and as it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from multistage_cli.build.claims import Claim
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.errors import MultistageError
from multistage_cli.inspect.knowledge import Questions, look
from multistage_cli.inspect.views import json as json_view
from multistage_cli.inspect.views import text as text_view
from multistage_cli.parser import parse
from tests import golden
from tests.corpus import cases
from tests.drawn import HOSTILE, drawn, is_harmless, too_wide

GOLDEN = Path(__file__).parent / "golden"
TEXT = """\
# what a team writes
ARG BASE=debian:bookworm-slim
FROM ${BASE} AS base
RUN apt-get update && apt-get install -y --no-install-recommends curl \\
    && rm -rf /var/lib/apt/lists/*

FROM base AS app
ENV MODE=production PORT=8000
RUN useradd --uid 1500 --create-home app && mkdir -p /data && chown app:app /data
COPY --chmod=0755 <<EOF /usr/local/bin/start
#!/bin/sh
exec sleep inf
EOF
EXPOSE ${PORT}
USER app
CMD ["start"]
"""
ASKED = Questions(("/data", "/nowhere"), ("curl", "wget"), ("app", "nobody", "stranger"), ("libcurl4", "git"))


def built(text: str = TEXT) -> Build:
    return evaluate(parse(text))


def test_without_a_line_it_is_the_end_of_the_target() -> None:
    found = look(built(), None, Questions())
    assert (found.line, found.stage, found.instruction) == (16, "app", 'CMD ["start"]')


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (3, (3, "base", "FROM ${BASE} AS base")),
        (4, (4, "base", "RUN apt-get update")),
        (5, (4, "base", "RUN apt-get update")),
        (6, (4, "base", "RUN apt-get update")),
        (7, (7, "app", "FROM base AS app")),
        (12, (10, "app", "COPY <<EOF")),
    ],
)
def test_a_line_means_the_last_instruction_that_has_begun(line: int, expected: tuple[int, str, str]) -> None:
    found = look(built(), line, Questions())
    assert (found.line, found.stage) == expected[:2]
    assert found.instruction.startswith(expected[2])


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (TEXT, 1, "no stage has begun on line 1; the first FROM is on line 3"),
        (TEXT, 99, "Dockerfile has 16 lines; --line 99 is behind its end"),
        ("ARG A=1\n", 1, "Dockerfile has no stage; start with a FROM line"),
    ],
)
def test_a_line_that_means_nothing_says_what_to_do(text: str, line: int, message: str) -> None:
    with pytest.raises(MultistageError) as error:
        look(built(text), line, Questions())
    assert str(error.value) == message


def test_a_relative_path_is_no_question() -> None:
    with pytest.raises(MultistageError, match="--exists data is not absolute; write it from / on"):
        look(built(), None, Questions(paths=("data",)))


def test_answers_have_three_values_and_say_where_they_come_from() -> None:
    found = look(built(), None, ASKED)
    told = {(answer.kind, answer.name): (answer.claim, answer.origin.line) for answer in found.answers}
    assert told == {
        ("path", "/data"): (Claim.YES, 9),
        ("path", "/nowhere"): (Claim.NO, None),
        ("command", "curl"): (Claim.YES, 4),
        ("command", "wget"): (Claim.NO, None),
        ("user", "app"): (Claim.YES, 9),
        ("user", "nobody"): (Claim.YES, None),
        ("user", "stranger"): (Claim.NO, None),
        ("package", "libcurl4"): (Claim.YES, 4),
        ("package", "git"): (Claim.NO, None),
    }


def test_of_an_unknown_image_nothing_is_denied() -> None:
    found = look(built("FROM example.test/unheard-of:1\nRUN mkdir /app\n"), None, ASKED)
    assert {answer.claim for answer in found.answers} == {Claim.UNKNOWN}
    assert not found.users_complete
    assert not found.packages_complete
    assert not found.environment_complete


@pytest.mark.parametrize("width", [40, 80, 120])
def test_golden_text(width: int) -> None:
    golden.check(GOLDEN / f"team.{width}.txt", drawn(text_view.render(look(built(), None, ASKED)), width))


def test_golden_json() -> None:
    golden.check(GOLDEN / "team.json", json_view.render(look(built(), None, ASKED)) + "\n")


@pytest.mark.parametrize("name", [case.name for case in cases()])
def test_every_line_of_the_corpus_can_be_looked_at(name: str) -> None:
    build = next(case for case in cases() if case.name == name).build()
    for entry in build.stages:
        for line in range(entry.stage.head.span.first, entry.stage.span.last + 1):
            found = look(build, line, Questions(("/app",), ("sh",), ("app",), ("libc6",)))
            assert json.loads(json_view.render(found))["version"] == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_harmlessly(name: str) -> None:
    word = name.replace("\n", " ").replace("'", "")
    text = f"FROM scratch AS app\nCOPY 'a' '/{word}/'\nLABEL 'x{word}'='{word}'\n"
    found = look(built(text), None, Questions((f"/{name}",), (name,), (name,), (name,)))
    for width in (20, 80):
        shown = drawn(text_view.render(found), width)
        assert is_harmless(shown)
        assert not too_wide(shown, width)
    json.loads(json_view.render(found))


def test_a_file_that_names_many_paths_is_cut_short() -> None:
    lines = "".join(f"COPY a /p{number}/\n" for number in range(600))
    found = look(built(f"FROM scratch\n{lines}"), None, Questions())
    assert (len(found.paths), found.more_paths) == (500, True)
    assert "and more than 460 others" in drawn(text_view.render(found))
