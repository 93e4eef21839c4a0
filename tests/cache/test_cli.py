"""The options of `multistage cache`, and the shape of its answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cache.contexts import BUILDER, FILES, ask, because, project, refused, results, run, write


def test_json_has_the_promised_shape(tmp_path: Path) -> None:
    answer = ask(project(tmp_path), "--changed", "src/app.py")
    assert list(answer) == ["version", "path", "target", "change", "instructions", "advice", "notes"]
    assert (answer["version"], answer["path"], answer["target"]) == (1, "Dockerfile", "2")
    assert answer["change"] == "src/app.py changes"
    assert [entry["line"] for entry in answer["instructions"]] == list(range(1, 15))
    for entry in answer["instructions"]:
        assert list(entry) == [
            "line", "end_line", "stage", "instruction", "result", "certain", "because", "follows",
        ]  # fmt: skip
        assert entry["result"] in {"re-run", "cached", "not-built", "metadata", "base"}
        assert entry["because"]
    kinds = {entry["line"]: entry["result"] for entry in answer["instructions"]}
    assert [kinds[line] for line in (1, 2, 8, 9, 14)] == [
        "base",
        "metadata",
        "not-built",
        "not-built",
        "metadata",
    ]
    follows = {entry["line"]: entry["follows"] for entry in answer["instructions"]}
    assert (follows[6], follows[7], follows[13]) == (None, 6, 6)


def test_one_file(tmp_path: Path) -> None:
    answer = ask(project(tmp_path), "--changed", "src/app.py")
    assert results(answer) == {
        3: "cached", 4: "cached", 5: "cached", 6: "re-run", 7: "re-run", 12: "cached", 13: "re-run?",
    }  # fmt: skip
    assert because(answer, 6) == "src/app.py is among the 5 files of this COPY"
    assert because(answer, 7) == "follows line 6, which re-runs"


@pytest.mark.parametrize("path", ["src", "src/", "./src", "src/**", "**/x.py", "src/new.py"])
def test_paths_folders_and_patterns(tmp_path: Path, path: str) -> None:
    assert results(ask(project(tmp_path), "--changed", path))[6] == "re-run"


def test_absolute_path_and_path_from_elsewhere(tmp_path: Path) -> None:
    root = project(tmp_path / "app")
    assert results(ask(root, "--changed", str(root / "src/app.py")))[6] == "re-run"
    assert results(ask(tmp_path, "app/Dockerfile", "--changed", "app/src/app.py"))[6] == "re-run"
    assert results(ask(tmp_path, "app/Dockerfile", "--changed", "src/app.py"))[6] == "re-run"
    message = refused(root, "--changed", "/somewhere/else")
    assert message == "/somewhere/else is not in the build context .; name a path in it"


def test_several_files(tmp_path: Path) -> None:
    answer = ask(project(tmp_path), "--changed", "src/app.py", "--changed", "README.md")
    assert because(answer, 6) == "2 of its 5 files differ: README.md, src/app.py"
    assert answer["change"] == "src/app.py, README.md change"


def test_ignored_file_is_explained(tmp_path: Path) -> None:
    root = project(tmp_path, files={**FILES, ".dockerignore": "docs\nREADME.md\n"})
    answer = ask(root, "--changed", "README.md")
    assert "re-run" not in results(answer).values()
    assert answer["notes"] == ['README.md is left out by line 2 of the ignore file, "README.md"']


def test_build_argument(tmp_path: Path) -> None:
    answer = ask(project(tmp_path), "--changed-arg", "VERSION")
    assert results(answer)[5] == "re-run"
    assert because(answer, 5) == "build argument VERSION has another value, and RUN depends on all in scope"
    assert results(ask(project(tmp_path), "--changed-arg", "VERSION=1"))[5] == "cached"


def test_base_image(tmp_path: Path) -> None:
    answer = ask(project(tmp_path), "--changed-image", "python:3.12-slim")
    assert set(results(answer).values()) == {"re-run"}
    assert because(answer, 1) == "python:3.12-slim has changed"


def test_earlier_build(tmp_path: Path) -> None:
    before = project(tmp_path / "before")
    after = project(tmp_path / "after", BUILDER.replace("pip install", "pip install --no-cache-dir"))
    answer = ask(after, "--before", str(before))
    assert because(answer, 5) == "its text changed"
    # The Dockerfile is in the build context as well.
    assert because(answer, 6) == "Dockerfile is among the 5 files of this COPY"
    assert results(ask(after, "--before", str(after))) == dict.fromkeys((3, 4, 5, 6, 7, 12, 13), "cached")


def test_earlier_dockerfile_alone(tmp_path: Path) -> None:
    root = write(
        project(tmp_path), {"Dockerfile.old": BUILDER.replace("WORKDIR /app\nCOPY r", "WORKDIR /srv\nCOPY r")}
    )
    answer = ask(root, "--before-dockerfile", "Dockerfile.old")
    assert because(answer, 4) == "its destination changed"
    # The last stage made the same folder on the same image, and stage names mean nothing.
    assert results(answer)[3] == "cached"


def test_earlier_build_arguments(tmp_path: Path) -> None:
    answer = ask(project(tmp_path), "--build-arg", "VERSION=2", "--before-build-arg", "VERSION=1")
    assert results(answer)[5] == "re-run"
    assert answer["change"] == "with other build arguments"


def test_earlier_dockerfile_lies_in_a_folder(tmp_path: Path) -> None:
    for name in ("before", "after"):
        write(tmp_path / name, {**FILES, "docker/Dockerfile": BUILDER})
    (tmp_path / "after/src/app.py").write_text("other", encoding="utf-8")
    answer = ask(tmp_path / "after", "docker/Dockerfile", "--context", ".", "--before", "../before")
    assert because(answer, 6) == "src/app.py is among the 5 files of this COPY"


def test_without_a_change_it_tells_what_steps_depend_on(tmp_path: Path) -> None:
    answer = ask(project(tmp_path))
    assert answer["change"] == ""
    assert set(results(answer).values()) == {"cached"}
    assert because(answer, 4) == "depends on requirements.txt of the build context"


def test_target(tmp_path: Path) -> None:
    answer = ask(project(tmp_path), "--target", "test", "--changed", "README.md")
    assert results(answer)[10] == "re-run?"
    assert next(entry for entry in answer["instructions"] if entry["line"] == 13)["result"] == "not-built"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--changed", "*.no"), 'no file of the build context matches "*.no"; patterns are those of .dockerignore'),
        (("--changed-arg", "VERSOIN"), 'no ARG declares "VERSOIN"; did you mean "VERSION"?'),
        (("--changed-image", "python:3-slim"), 'nothing comes from "python:3-slim"; did you mean "python:3.12-slim"?'),
        (("--since", "HEAD", "--before", "."), "--since and --before each name the earlier build; give one of them"),
        (
            ("--changed", "src", "--before", "."),
            "--before finds the changes by itself; leave out --changed, or leave out --before",
        ),
        (("--before-build-arg", "VERSION"), '--before-build-arg "VERSION" is not NAME=VALUE'),
        (("--before", "nowhere"), "no such file: nowhere/Dockerfile; check the path"),
    ],
)  # fmt: skip
def test_mistakes_say_what_to_do(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    assert refused(project(tmp_path), *arguments) == message


def test_standard_input_has_no_build_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BUILDER.encode())))
    message = refused(project(tmp_path), "-", "--changed", "src")
    assert message == "there is no build context to look in; name its folder with --context"


def test_file_without_stages(tmp_path: Path) -> None:
    code, output, _ = run(write(tmp_path, {"Dockerfile": "ARG A=1\n"}), "--format", "json")
    assert code == 0
    assert '"instructions": []' in output
