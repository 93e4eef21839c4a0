"""What each file would rebuild: asked once for all that are alike, and the same as `cache` says of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.cache.changes import Named, question_of_named
from multistage_cli.cache.invalidation import predict
from multistage_cli.cache.model import Result
from multistage_cli.parser import parse
from multistage_cli.report import changes
from multistage_cli.report.changes import NAME, Changes, Outcome, Thing, collect_changes
from tests.corpus import cases

if TYPE_CHECKING:
    from collections.abc import Iterable

DOCKERFILE = """\
ARG VERSION=3.22
FROM alpine:${VERSION} AS build
COPY deps.txt .
RUN make deps
COPY src/ src/
COPY *.md docs/
RUN make
FROM scratch
COPY --from=build /out /out
"""


def built(folder: Path, text: str = DOCKERFILE, files: Iterable[str] = ()) -> Build:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    file = folder / "Dockerfile"
    file.write_text(text)
    return evaluate(parse(text), file=file, context=open_context(folder, file))


def outcome_of(found: Changes, name: str) -> Outcome:
    thing = next(thing for thing in found.named() if thing.name == name)
    assert thing.outcome is not None
    return found.outcomes[thing.outcome]


def lines_again(found: Changes, name: str) -> list[int]:
    return [found.steps[entry.place].line for entry in outcome_of(found, name).again if entry.certain]


FILES = ["deps.txt", "src/a.c", "src/deep/b.c", "README.md", "unused.txt"]


def test_files_that_the_same_steps_take_share_an_answer(tmp_path: Path) -> None:
    found = collect_changes(built(tmp_path, files=FILES))
    assert [thing.name for thing in found.files] == [
        "README.md", "deps.txt", "unused.txt", "src/a.c", "src/deep/b.c",
    ]  # fmt: skip
    assert lines_again(found, "deps.txt") == [3, 4, 5, 6, 7]
    assert lines_again(found, "README.md") == [6, 7]
    assert lines_again(found, "unused.txt") == []
    assert outcome_of(found, "src/a.c") is outcome_of(found, "src/deep/b.c")


def test_dockerfile_and_its_ignore_file_are_not_listed(tmp_path: Path) -> None:
    found = collect_changes(built(tmp_path, files=[*FILES, ".dockerignore"]))
    assert not {"Dockerfile", ".dockerignore"} & {thing.name for thing in found.files}


def test_reason_fits_every_file_of_its_group(tmp_path: Path) -> None:
    found = collect_changes(built(tmp_path, files=FILES))
    first = outcome_of(found, "src/deep/b.c").again[0]
    assert first.because == f"{NAME} is among the 2 files of this COPY"
    assert outcome_of(found, "deps.txt").again[0].because == f"{NAME} changed"


def test_arguments_and_images(tmp_path: Path) -> None:
    found = collect_changes(built(tmp_path, files=FILES))
    assert [thing.name for thing in found.arguments] == ["VERSION"]
    assert [thing.name for thing in found.images] == ["alpine:3.22"]
    assert lines_again(found, "alpine:3.22")[:2] == [2, 3]
    assert lines_again(found, "VERSION")


def test_without_a_context() -> None:
    found = collect_changes(evaluate(parse(DOCKERFILE)))
    assert not found.has_context
    assert found.files == found.folders == ()
    assert [thing.name for thing in found.images] == ["alpine:3.22"]


def test_large_folder_is_listed_in_part_and_as_a_whole(tmp_path: Path) -> None:
    many = [f"src/{number:04}.c" for number in range(changes.MOST_IN_FOLDER + 50)]
    found = collect_changes(built(tmp_path, files=["deps.txt", *many]))
    assert found.is_cut
    assert len(found.files) == 1 + changes.MOST_IN_FOLDER
    assert [thing.name for thing in found.folders] == ["src/"]
    assert lines_again(found, "src/") == [5, 6, 7]


def test_names_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_FILES", 10)
    many = [f"src/{folder}/{number}" for folder in range(20) for number in range(5)]
    found = collect_changes(built(tmp_path, files=many))
    assert len(found.files) == 10
    assert found.is_cut
    assert [thing.name for thing in found.folders][:2] == ["src/10/", "src/11/"]


def test_too_much_work_is_left_out_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_MOST_WORK", 10)
    found = collect_changes(built(tmp_path, files=FILES))
    assert len(found.outcomes) == 1
    assert Thing("deps.txt", None) in found.files


@pytest.mark.parametrize("case", cases()[::6], ids=lambda case: case.name)
def test_every_answer_is_the_one_of_cache(case: object) -> None:
    build = case.build()  # type: ignore[attr-defined]
    found = collect_changes(build)
    for thing in found.files[:20]:
        report = predict(question_of_named(build, Named(paths=(thing.name,))))
        touched = [
            (place, verdict.certain, verdict.because)
            for place, verdict in enumerate(report.verdicts)
            if verdict.result is Result.RE_RUN or not verdict.certain or verdict.breaks
        ]
        again = outcome_of(found, thing.name).again if thing.outcome is not None else ()
        assert [
            (entry.place, entry.certain, entry.because.replace(NAME, thing.name)) for entry in again
        ] == touched
