"""Another build to compare with: a Dockerfile, or a revision of a real repository, hostile ones among them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.errors import MultistageError
from multistage_cli.parser import parse
from multistage_cli.terminal.commands import BuildOptions
from multistage_cli.terminal.earlier_tree import paths_shown, write_tree
from multistage_cli.terminal.git import open_repository
from multistage_cli.terminal.revisions import other_build

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")

TEXT = "FROM alpine:3.22 AS one\nFROM alpine:3.22\nCOPY . /app\n"


def git(root: Path, *arguments: str, given: bytes | None = None) -> str:
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    words = ["git", *who, "-C", str(root), *arguments]
    done = subprocess.run(words, check=True, capture_output=True, env=environment, input=given)
    return done.stdout.decode().strip()


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "change")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    write(folder, {"Dockerfile": TEXT, "data/a.txt": "a" * 1000, "run.sh": "#!/bin/sh\n"})
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("data/a.txt")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    return folder


def built(folder: Path, name: str = "Dockerfile", context: Path | None = None) -> Build:
    file = folder / name
    return evaluate(
        parse(file.read_text()), path=name, file=file, context=open_context(context or folder, file)
    )


def test_revision_has_the_files_and_the_dockerfile_of_that_time(root: Path) -> None:
    write(root, {"Dockerfile": f"{TEXT}COPY new /new\n", "data/a.txt": "b", "new": "x"})
    with other_build(built(root), "HEAD", BuildOptions()) as other:
        context = other.build.context
        assert context is not None
        assert context.read_text("data/a.txt") == "a" * 1000
        assert not context.exists("new")
        assert context.stat("run.sh").mode & 0o111  # type: ignore[union-attr]
        assert context.stat("link").target == "data/a.txt"  # type: ignore[union-attr]
        assert len(other.build.stages[1].steps) == 1
        assert other.build.path == "Dockerfile at HEAD"
        assert other.build.file == root / "Dockerfile"
        place = context.root
        assert place.is_dir()
    assert not place.exists()
    assert other.label == f"HEAD ({git(root, 'rev-parse', 'HEAD')[:7]})"


def test_folder_is_gone_after_an_error_too(root: Path) -> None:
    places: list[Path] = []

    def fail() -> None:
        with other_build(built(root), "HEAD", BuildOptions()) as other:
            assert other.build.context is not None
            places.append(other.build.context.root)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not places[0].exists()


def test_file_goes_before_a_revision_of_that_name(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    git(root, "branch", "old")
    write(root, {"old": "FROM debian:bookworm-slim\n"})
    with other_build(built(root), "old", BuildOptions()) as other:
        assert (other.label, other.notes) == ("old", ())
        assert [entry.stage.base.label for entry in other.build.stages] == ["debian:bookworm-slim"]
    (root / "old").unlink()
    with other_build(built(root), "old", BuildOptions()) as other:
        assert other.label.startswith("old (")


def test_options_of_the_build_count_for_the_other_one(root: Path, tmp_path: Path) -> None:
    write(tmp_path, {"Dockerfile.b": "ARG V=1\nFROM alpine:$V AS one\nFROM scratch AS two\n"})
    options = BuildOptions(target="one", build_args=["V=3.22"], platform="linux/arm64")
    with other_build(built(root), str(tmp_path / "Dockerfile.b"), options) as other:
        assert other.build.target is not None
        assert other.build.target.stage.base.label == "alpine:3.22"
        assert other.build.platform == "linux/arm64"
        assert other.build.context is not None
        assert other.build.context.root == tmp_path


def test_ignore_files_are_those_of_the_revision(root: Path) -> None:
    write(root, {".dockerignore": "data\n"})
    commit(root)
    write(root, {".dockerignore": "", "Dockerfile.dockerignore": "run.sh\n"})
    with other_build(built(root), "HEAD", BuildOptions()) as other:
        context = other.build.context
        assert context is not None
        assert not context.exists("data")
        assert context.exists("run.sh")
    commit(root)
    with other_build(built(root), "HEAD", BuildOptions()) as other:
        context = other.build.context
        assert context is not None
        assert context.exists("data")
        assert not context.exists("run.sh")


def test_dockerfile_outside_of_the_build_context(root: Path) -> None:
    write(root, {"docker/Dockerfile": TEXT})
    commit(root)
    build = built(root, "docker/Dockerfile", root / "data")
    with other_build(build, "HEAD", BuildOptions()) as other:
        assert other.build.context is not None
        assert other.build.context.names("") == ("a.txt",)


def test_what_git_does_not_track_is_told(root: Path) -> None:
    write(root, {".gitignore": "secret\n", "secret/key": "x", "new.txt": "x", ".dockerignore": "hidden\n"})
    write(root, {"hidden": "x"})
    with other_build(built(root), "HEAD", BuildOptions()) as other:
        (note,) = other.notes
    for name in ("new.txt", "secret/", ".git/"):
        assert name in note or "more" in note
    assert "hidden" not in note
    assert note.endswith("left out of HEAD")


def test_nothing_of_the_repository_has_a_say(root: Path) -> None:
    """A filter, an attribute or a hook could run a program, or leave files out."""
    mark = root.parent / "ran"
    write(root, {".gitattributes": "*.txt filter=evil export-ignore\nrun.sh export-subst\n"})
    commit(root)
    git(root, "config", "filter.evil.smudge", f"touch {mark}; cat")
    git(root, "config", "core.fsmonitor", f"touch {mark}")
    git(root, "config", "core.pager", f"touch {mark}")
    with other_build(built(root), "HEAD", BuildOptions()) as other:
        assert other.build.context is not None
        assert other.build.context.read_text("data/a.txt") == "a" * 1000
    assert not mark.exists()


def tree_of(root: Path, entries: list[tuple[str, str, bytes]]) -> str:
    """A commit with a tree that git itself would not make."""
    raw = b""
    for mode, name, content in entries:
        oid = git(root, "hash-object", "-w", "--stdin", given=content)
        raw += f"{mode} {name}".encode() + b"\0" + bytes.fromhex(oid)
    tree = git(root, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", given=raw)
    return git(root, "commit-tree", tree, "-m", "hostile")


@pytest.mark.parametrize(
    "name", ["../outside", "..", ".", "a/../../outside", "/absolute", "a\\..\\..\\outside"]
)
def test_paths_that_lead_out_are_left_out(root: Path, tmp_path: Path, name: str) -> None:
    revision = tree_of(root, [("100644", "Dockerfile", b"FROM scratch\n"), ("100644", name, b"evil")])
    place = tmp_path / "deep" / "place"
    place.mkdir(parents=True)
    write_tree(open_repository(root, revision, option="x", otherwise="y"), place)
    assert [path.name for path in place.iterdir()] == ["Dockerfile"]
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "deep" / "outside").exists()


def test_nothing_is_written_through_a_link(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    inner = git(root, "hash-object", "-w", "--stdin", given=b"evil")
    below = git(root, "hash-object", "-w", "-t", "tree", "--literally", "--stdin",
                given=b"100644 file\0" + bytes.fromhex(inner))  # fmt: skip
    link = git(root, "hash-object", "-w", "--stdin", given=str(outside).encode())
    raw = b"120000 a\0" + bytes.fromhex(link) + b"40000 a\0" + bytes.fromhex(below)
    tree = git(root, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", given=raw)
    revision = git(root, "commit-tree", tree, "-m", "hostile")
    place = tmp_path / "place"
    place.mkdir()
    write_tree(open_repository(root, revision, option="x", otherwise="y"), place)
    assert list(outside.iterdir()) == []


def test_large_file_storage_counts_what_the_pointer_says(root: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 123456789\n"
    write(root, {"model.bin": pointer})
    commit(root)
    with other_build(built(root), "HEAD", BuildOptions()) as other:
        assert other.build.context is not None
        assert other.build.context.size_of(["model.bin"]).size_bytes == 123_456_789


def test_large_files_have_their_size(root: Path) -> None:
    with (root / "big").open("wb") as file:
        file.truncate(20_000_000)
    commit(root)
    with other_build(built(root), "HEAD", BuildOptions()) as other:
        assert other.build.context is not None
        assert other.build.context.size_of(["big"]).size_bytes == 20_000_000


def test_submodules_are_told(root: Path, tmp_path: Path) -> None:
    commit_name = git(root, "rev-parse", "HEAD")
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{commit_name},module")
    git(root, "commit", "--quiet", "--message", "module")
    with other_build(built(root), "HEAD", BuildOptions()) as other:
        assert "what the submodule module held is not known" in other.notes


@pytest.mark.parametrize(
    ("against", "message"),
    [
        ("nope", 'no such file: nope. As a revision: git knows no revision "nope" here'),
        ("--upload-pack=x", "git knows no revision"),
        ("\x1b[2J", "no such file: \\x1b[2J"),
        ("HEAD:Dockerfile", "git knows no revision"),
    ],
)
def test_what_is_neither(root: Path, against: str, message: str) -> None:
    with pytest.raises(MultistageError) as caught, other_build(built(root), against, BuildOptions()):
        pass
    assert message in str(caught.value)


def test_folder_is_no_dockerfile(root: Path) -> None:
    with (
        pytest.raises(MultistageError, match="is a folder"),
        other_build(built(root), str(root), BuildOptions()),
    ):
        pass


def test_dockerfile_that_was_not_there_yet(root: Path) -> None:
    write(root, {"Other": TEXT})
    with (
        pytest.raises(MultistageError, match="Other is not in HEAD; name another revision"),
        other_build(built(root, "Other"), "HEAD", BuildOptions()),
    ):
        pass


def test_standard_input_has_no_revisions(root: Path) -> None:
    build = evaluate(parse(TEXT), context=open_context(root))
    with (
        pytest.raises(MultistageError, match="must be on disk"),
        other_build(build, "HEAD", BuildOptions()),
    ):
        pass


def test_outside_of_a_repository(tmp_path: Path) -> None:
    write(tmp_path, {"Dockerfile": TEXT})
    with (
        pytest.raises(MultistageError, match="needs a git repository"),
        other_build(built(tmp_path), "main", BuildOptions()),
    ):
        pass


def test_long_lists_are_cut() -> None:
    assert paths_shown(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert paths_shown(["a"]) == "a"
