"""What holds for any Dockerfile: of the corpus, and for hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from multistage_cli.build.context import Change, Difference, open_context
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.cache.changes import Named, question_of_builds, question_of_named, with_advice
from multistage_cli.cache.invalidation import predict
from multistage_cli.cache.model import CacheReport, Result
from multistage_cli.parser import parse
from tests.corpus import cases
from tests.drawn import inside

NAMES = [found.name for found in cases()]
STEPS = {"ADD", "COPY", "RUN", "WORKDIR"}


def built(text: str, **arguments: str) -> Build:
    return evaluate(parse(text), build_args=arguments)


def between(before: str, after: str) -> dict[int, str]:
    """Line to result of the steps between two Dockerfiles, a question mark behind what is not certain."""
    report = predict(question_of_builds(built(before), built(after), None, "edit"))
    return {
        entry.line: entry.result + ("" if entry.certain else "?")
        for entry in report.verdicts
        if entry.result in (Result.CACHED, Result.RE_RUN)
    }


@pytest.mark.parametrize("name", NAMES)
def test_without_a_change_nothing_re_runs(name: str) -> None:
    with inside(name) as build:
        report = predict(question_of_named(build, Named()))
        again = predict(question_of_builds(build, build, (), "nothing"))
    for found in (report, again):
        assert found.count(Result.RE_RUN) == 0
        assert [entry.line for entry in found.verdicts if entry.breaks] == []
    assert all(entry.certain for entry in report.verdicts)


@pytest.mark.parametrize("name", NAMES)
def test_every_instruction_has_a_verdict(name: str) -> None:
    with inside(name) as build:
        report = predict(question_of_named(build, Named()))
    expected = sum(1 + len(list(stage.body())) for stage in build.graph.stages)
    assert len(list(report.verdicts)) == expected
    for entry in report.verdicts:
        assert entry.because
        if entry.result in (Result.CACHED, Result.RE_RUN):
            assert entry.instruction.split()[0].upper() in STEPS


@pytest.mark.parametrize("name", NAMES)
def test_another_base_re_runs_all_that_stands_on_it(name: str) -> None:
    with inside(name) as build:
        images = tuple(
            stage.base.label
            for stage in build.graph.stages
            if stage.base.kind == "image" and not stage.replaced
        )
        report = predict(question_of_named(build, Named(images=images)))
    on_images = {
        stage.key
        for stage in build.graph.stages
        if build.graph.stages[build.graph.chain(stage.index)[-1]].base.kind == "image"
    }
    for entry in report.verdicts:
        if entry.stage in on_images and "--link" not in entry.instruction:
            assert entry.result is not Result.CACHED, entry


def test_addition_with_a_checksum_is_known_by_it() -> None:
    one = f"FROM debian:bookworm-slim\nADD --checksum=sha256:{'1' * 64} https://one.example/f.tgz /f\nRUN true\n"
    assert between(one, one.replace("one.example", "two.example")) == {2: "cached", 3: "cached"}
    assert between(one, one.replace("111", "222")) == {2: "re-run", 3: "re-run"}
    plain = "FROM debian:bookworm-slim\nADD https://one.example/f.tgz /f\nRUN true\n"
    assert between(plain, plain.replace("one.example", "two.example")) == {2: "re-run?", 3: "re-run?"}
    assert between(plain, plain.replace("f.tgz", "g.tgz")) == {2: "re-run", 3: "re-run"}


def test_image_by_its_digest() -> None:
    digest, other = f"@sha256:{'1' * 64}", f"@sha256:{'2' * 64}"
    text = f"FROM example.com/app:1{digest}\nRUN true\n"
    assert between(text, text.replace("app:1", "mirror/app:2")) == {2: "cached"}
    assert between(text, text.replace(digest, other)) == {2: "re-run"}
    assert between(text, text.replace(digest, "")) == {2: "re-run?"}


@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        ("example.com/app:1", "example.com/app:2", "re-run?"),
        ("example.com/app:1", "mirror.example/copies/app:1", "re-run?"),
        ("example.com/app", "example.com/app:latest", "cached"),
        ("app", "docker.io/library/app:latest", "cached"),
        ("example.com/app:1", "example.com/other:1", "re-run"),
        ("scratch", "example.com/app:1", "re-run"),
    ],
)
def test_images_by_their_names(before: str, after: str, result: str) -> None:
    assert between(f"FROM {before}\nWORKDIR /x\n", f"FROM {after}\nWORKDIR /x\n") == {2: result}


def test_what_facts_tell_of_two_images_is_certain() -> None:
    text = "FROM python:3.12-slim\nRUN true\n"
    # PYTHON_VERSION is part of RUN's environment, and the two differ in it.
    assert between(text, text.replace("3.12", "3.13")) == {2: "re-run"}


def test_unknown_variables_are_equal_where_they_must_be() -> None:
    text = "FROM example.com/app:1\nENV PATH=/opt/bin:$PATH\nRUN true\n"
    assert between(text, text) == {3: "cached"}
    assert between(text, text.replace("/opt/bin", "/srv/bin")) == {3: "re-run"}
    assert between(text, "# a comment\n" + text) == {4: "cached"}


def test_stage_that_is_new() -> None:
    before = "FROM debian:bookworm-slim\nRUN echo 1\n"
    after = "FROM debian:bookworm-slim AS one\nRUN echo 1\nFROM one\nRUN echo 2\n"
    assert between(before, after) == {2: "cached", 4: "re-run"}


def test_folder_in_place_of_a_file_that_is_gone(tmp_path: Path) -> None:
    context = open_context(tmp_path)
    touched = (Difference("missing", Change.CHANGED, folder=True),)
    build = evaluate(parse("FROM scratch\nCOPY missing/file /\n"), context=context)
    report = predict(question_of_builds(build, build, touched, "x"))
    assert [entry.result for entry in report.verdicts] == [Result.BASE, Result.RE_RUN]


GROWING = {
    "RUN": "RUN echo {}\n",
    "ENV": "ENV A{}=1\n",
    "ENV and RUN": "ENV A{0}=1\nRUN echo {0}\n",
    "COPY": "COPY a{} /a\n",
    "stages": "FROM scratch AS s{}\nCOPY a /a\n",
}


def answered(text: str, root: Path) -> CacheReport:
    build = evaluate(parse(text), context=open_context(root))
    question = question_of_named(build, Named(paths=("a1",)))
    return with_advice(predict(question), question)


@pytest.mark.parametrize("name", GROWING)
def test_large_files_are_answered(tmp_path: Path, name: str) -> None:
    text = "FROM debian:bookworm-slim\n" + "".join(GROWING[name].format(number) for number in range(500))
    report = answered(text, tmp_path)
    assert len(list(report.verdicts)) >= 500


def test_chain_of_copies_between_stages(tmp_path: Path) -> None:
    text = "FROM debian:bookworm-slim AS s0\nCOPY a1 /f\n" + "".join(
        f"FROM debian:bookworm-slim AS s{number}\nCOPY --from=s{number - 1} /f /f\n"
        for number in range(1, 300)
    )
    report = answered(text, tmp_path)
    assert {entry.result for entry in report.verdicts} == {Result.BASE, Result.RE_RUN}
