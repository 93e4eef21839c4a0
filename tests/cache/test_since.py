"""`--since`: what git says has changed, with real repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cache.contexts import BUILDER, FILES, ask, because, project, refused, results, write

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(
        ["git", *who, "-C", str(root), *arguments], check=True, capture_output=True, env=environment
    )


def commit(root: Path, message: str = "change") -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = project(tmp_path / "repository", files={**FILES, ".dockerignore": ".git\n"})
    git(root, "init", "--quiet")
    commit(root)
    return root


def test_nothing_changed(repository: Path) -> None:
    answer = ask(repository, "--since", "HEAD")
    assert set(results(answer).values()) == {"cached"}
    assert answer["change"] == "since HEAD"


def test_work_tree_index_and_unknown_files_count(repository: Path) -> None:
    write(repository, {"src/app.py": "other\n", "src/new.py": "new\n", "docs/a b\u00e9.md": "new\n"})
    git(repository, "add", "src/app.py")
    (repository / "README.md").unlink()
    answer = ask(repository, "--since", "HEAD")
    assert (
        because(answer, 6) == "4 of its 7 files differ: README.md, docs/a b\u00e9.md, src/app.py and 1 more"
    )


def test_earlier_commit(repository: Path) -> None:
    write(repository, {"requirements.txt": "django\n"})
    commit(repository)
    assert results(ask(repository, "--since", "HEAD"))[4] == "cached"
    assert results(ask(repository, "--since", "HEAD~1"))[4] == "re-run"


def test_dockerfile_was_another(repository: Path) -> None:
    write(
        repository,
        {
            "Dockerfile": BUILDER.replace("WORKDIR /app", "WORKDIR /srv", 1),
            ".dockerignore": ".git\nDockerfile\n",
        },
    )
    answer = ask(repository, "--since", "HEAD")
    assert because(answer, 3) == "its folder changed"


def test_ignore_file_was_another(repository: Path) -> None:
    write(repository, {".dockerignore": ".git\nDockerfile\n.dockerignore\n"})
    commit(repository)
    write(repository, {".dockerignore": ".git\nDockerfile\n.dockerignore\nREADME.md\n"})
    answer = ask(repository, "--since", "HEAD")
    assert because(answer, 6) == "README.md is left out by the ignore file now"
    write(repository, {".dockerignore": "# the same\n.git\nDockerfile\n.dockerignore\n"})
    assert results(ask(repository, "--since", "HEAD"))[6] == "cached"


def test_files_that_git_ignores_are_not_known(repository: Path) -> None:
    write(repository, {".gitignore": "*.log\n", "debug.log": "0\n"})
    commit(repository)
    write(repository, {"debug.log": "1\n"})
    assert results(ask(repository, "--since", "HEAD"))[6] == "cached"


def test_git_itself_is_in_the_build_context(repository: Path) -> None:
    (repository / ".dockerignore").unlink()
    commit(repository)
    answer = ask(repository, "--since", "HEAD")
    assert results(answer)[6] == "re-run?"
    assert answer["notes"] == [
        "the build context holds .git, which every commit changes: leave it out in .dockerignore"
    ]
    assert results(ask(repository, "--since", "HEAD~1"))[6] == "re-run"


def test_build_context_is_part_of_the_repository(tmp_path: Path) -> None:
    project(tmp_path / "repository/service")
    write(tmp_path / "repository", {"other/file": "1"})
    git(tmp_path / "repository", "init", "--quiet")
    commit(tmp_path / "repository")
    write(tmp_path / "repository", {"other/file": "2"})
    service = tmp_path / "repository/service"
    assert set(results(ask(service, "--since", "HEAD")).values()) == {"cached"}
    write(service, {"src/app.py": "2"})
    assert because(ask(service, "--since", "HEAD"), 6) == "src/app.py is among the 5 files of this COPY"


def test_file_that_moved_is_not_certain(repository: Path) -> None:
    text = "FROM python:3.12-slim\nCOPY one/x.txt /x\nRUN true\n"
    write(repository, {"Dockerfile": text, "one/x.txt": "same\n"})
    commit(repository)
    write(repository, {"Dockerfile": text.replace("one", "two"), "two/x.txt": "same\n"})
    (repository / "one/x.txt").unlink()
    assert results(ask(repository, "--since", "HEAD")) == {2: "re-run?", 3: "re-run?"}


def test_advice_counts_the_last_commits(repository: Path) -> None:
    text = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
    write(repository, {"Dockerfile": text, ".dockerignore": ".git\nDockerfile\n.dockerignore\n"})
    commit(repository)
    for number in range(3):
        write(repository, {"src/app.py": f"{number}\n"})
        commit(repository)
    write(repository, {"requirements.txt": "django\n"})
    commit(repository)
    [advice] = ask(repository, "--since", "HEAD")["advice"]
    assert advice["action"] == "split"
    # The first commit and the last touch requirements.txt; three touch the source alone, one nothing.
    assert advice["steps_saved"] == 0.2


def test_hooks_and_programs_of_the_repository_are_not_run(repository: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {witness}\n", encoding="utf-8")
    program.chmod(0o755)
    write(repository, {".gitattributes": "*.py diff=evil\n"})
    commit(repository)
    for name, value in (
        ("core.fsmonitor", str(program)),
        ("diff.external", str(program)),
        ("diff.evil.textconv", str(program)),
        ("diff.evil.command", str(program)),
        ("core.pager", str(program)),
    ):
        git(repository, "config", name, value)
    write(repository, {"src/app.py": "other\n"})
    assert results(ask(repository, "--since", "HEAD"))[6] == "re-run"
    assert not witness.exists()


def test_revision_that_is_none(repository: Path) -> None:
    assert (
        refused(repository, "--since", "nowhere")
        == 'git knows no revision "nowhere" here; see git log --oneline'
    )
    assert refused(repository, "--since=--output=x").startswith("git knows no revision")
    assert not (repository / "x").exists()


def test_no_repository(tmp_path: Path) -> None:
    message = refused(project(tmp_path / "plain"), "--since", "HEAD")
    assert message == "--since needs a git repository, and . is in none; use --changed or --before"


def test_dockerfile_is_new(repository: Path) -> None:
    write(repository, {"Dockerfile.new": BUILDER})
    message = refused(repository, "Dockerfile.new", "--since", "HEAD")
    assert message == "Dockerfile.new is not in HEAD; name the earlier one with --before-dockerfile"
    assert (
        results(ask(repository, "Dockerfile.new", "--since", "HEAD", "--before-dockerfile", "Dockerfile"))[3]
        == "cached"
    )


def test_no_git(repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    message = refused(repository, "--since", "HEAD")
    assert message == "--since needs git, which is not installed; use --changed or --before"
