"""The build context on disk: real folders, links, pipes and names, and what COPY selects from them."""

from __future__ import annotations

import os
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from multistage_cli.build.context import BuildContext, Entry, open_context
from multistage_cli.errors import MultistageError
from multistage_cli.printable import printable
from tests.build.context.trees import NOBODY, POSIX, Link, Tree, make, paths


class TestEntries:
    def test_come_by_name_folder_by_folder(self, tmp_path: Path) -> None:
        make(tmp_path, {"b": "", "a/z": "", "a/b/c": "", "a.txt": "", "a-b": "", "B": "", "é": "", "~": ""})
        assert paths(open_context(tmp_path, None).entries()) == [
            *("B", "a", "a/b", "a/b/c", "a/z", "a-b", "a.txt", "b", "~", "é"),
        ]

    def test_tell_kind_size_mode_and_target(self, tmp_path: Path) -> None:
        make(tmp_path, {"d/f": "hello", "l": Link("d/f"), "x": ""})
        (tmp_path / "x").chmod(0o750)
        (tmp_path / "d/f").chmod(0o644)
        (tmp_path / "d").chmod(0o755)
        mode = 0o777 if sys.platform.startswith("linux") else stat.S_IMODE((tmp_path / "l").lstat().st_mode)
        assert list(open_context(tmp_path, None).entries()) == [
            Entry("d", "directory", 0, 0o755),
            Entry("d/f", "file", 5, 0o644),
            Entry("l", "link", 0, mode, "d/f"),
            Entry("x", "file", 0, 0o750),
        ]

    @POSIX
    def test_pipes_and_sockets_are_others(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # Bound by a relative name: a socket's path may have a hundred characters at most.
        monkeypatch.chdir(tmp_path)
        os.mkfifo("pipe")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket")
            found = list(open_context(Path(), None).entries())
        assert [(entry.path, entry.kind, entry.size_bytes) for entry in found] == [
            ("pipe", "other", 0),
            ("socket", "other", 0),
        ]

    def test_ignore_file_applies_to_itself_and_the_dockerfile(self, tmp_path: Path) -> None:
        make(tmp_path, {".dockerignore": "Dockerfile\n*.log\n", "Dockerfile": "", "a.log": "", "b": ""})
        assert paths(open_context(tmp_path, None).entries()) == [".dockerignore", "b"]

    def test_folder_that_is_left_out_comes_with_what_comes_back(self, tmp_path: Path) -> None:
        make(tmp_path, {"a/b/c/d": "", "a/b/e": "", "a/x": "", "z": "", ".dockerignore": "*\n!a/b/c\n!z\n"})
        assert paths(open_context(tmp_path, None).entries()) == ["a", "a/b", "a/b/c", "a/b/c/d", "z"]

    def test_folder_that_is_left_out_stays_away_where_nothing_comes_back(self, tmp_path: Path) -> None:
        make(tmp_path, {"a/b": "", "c/d": "", "z": "", ".dockerignore": "*\n!a/missing\n!**/d\n"})
        context = open_context(tmp_path, None)
        assert paths(context.entries()) == ["c", "c/d"]
        assert not context.exists("a")
        assert context.exists("c")

    def test_below_a_folder(self, sources: BuildContext) -> None:
        assert paths(sources.entries("src")) == ["src/app.py", "src/lib", "src/lib/x.py", "src/lib/y.txt"]
        assert paths(sources.entries("./src/../src/lib/")) == ["src/lib/x.py", "src/lib/y.txt"]

    def test_below_a_link_keeps_its_name(self, sources: BuildContext) -> None:
        assert paths(sources.entries("ln")) == ["ln/f", "ln/in"]

    @pytest.mark.parametrize("below", ["missing", "a.txt", "lf", "dang", "loop", "out", "a.txt/x"])
    def test_below_anything_else_is_nothing(self, sources: BuildContext, below: str) -> None:
        assert list(sources.entries(below)) == []

    def test_below_what_is_left_out_is_nothing(self, tmp_path: Path) -> None:
        make(tmp_path, {"a/b": "", ".dockerignore": "a"})
        assert list(open_context(tmp_path, None).entries("a")) == []

    def test_links_are_not_followed(self, sources: BuildContext) -> None:
        assert "ln/f" not in paths(sources.entries())

    def test_are_read_when_they_are_asked_for(self, tmp_path: Path) -> None:
        make(tmp_path, {"a/b": "", "c": ""})
        entries = open_context(tmp_path, None).entries()
        assert paths(islice(entries, 1)) == ["a"]
        # Not read yet, so that what appears there now is found.
        make(tmp_path, {"a/new": ""})
        assert paths(entries) == ["a/b", "a/new", "c"]

    def test_folders_are_read_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        make(tmp_path, {"a/b/c": "", "d": ""})
        context = open_context(tmp_path, None)
        before = paths(context.entries())
        monkeypatch.setattr("os.scandir", None)
        assert paths(context.entries()) == before
        assert paths(context.select("a/*")) == ["a/b"]
        assert context.size_of(["."]).files == 2

    def test_folder_that_disappears_is_reported(self, tmp_path: Path) -> None:
        make(tmp_path, {"a/b/c": "", "d": ""})
        context = open_context(tmp_path, None)
        entries = context.entries()
        assert paths(islice(entries, 2)) == ["a", "a/b"]
        (tmp_path / "a/b/c").unlink()
        (tmp_path / "a/b").rmdir()
        assert paths(entries) == ["d"]
        assert [problem.path for problem in context.problems] == ["a/b"]

    def test_deep_folders(self, tmp_path: Path) -> None:
        make(tmp_path, {"/".join("d" * 400) + "/f": "x"})
        assert sum(1 for _ in open_context(tmp_path, None).entries()) == 401

    def test_many_names(self, tmp_path: Path) -> None:
        make(tmp_path, {f"d/{number:05}": "" for number in range(3_000)})
        context = open_context(tmp_path, None)
        assert paths(context.entries("d")) == [f"d/{number:05}" for number in range(3_000)]


class TestProblems:
    @pytest.fixture
    def open_folder(self) -> Iterator[Path]:
        """A folder that everybody can reach, and the user's own rights again at the end."""
        if os.name == "nt":
            pytest.skip("Windows has other rights")
        user = os.geteuid()
        with tempfile.TemporaryDirectory(prefix="multistage-test-") as name:
            root = Path(name)
            root.chmod(0o755)
            yield root
            os.seteuid(user)
            for folder in [root, *root.iterdir()]:
                folder.chmod(0o700)

    @staticmethod
    def drop_rights() -> None:
        """Root may read everything, so it turns into nobody."""
        if os.geteuid() == 0:
            os.seteuid(NOBODY)

    def test_unreadable_folder_stops_the_build(self, open_folder: Path) -> None:
        make(open_folder, {"a/b": "", "c": ""})
        (open_folder / "a").chmod(0)
        self.drop_rights()
        context = open_context(open_folder, None)
        assert paths(context.entries()) == ["a", "c"]
        [problem] = context.problems
        assert (problem.path, problem.fails) == ("a", True)
        assert problem.message == (
            "a cannot be read (permission denied); Docker stops the build: "
            "make it readable or leave it out in .dockerignore"
        )
        assert context.stat("a/b") is None
        assert context.read_text("a/b") is None

    def test_unreadable_folder_that_is_left_out_is_no_problem(self, open_folder: Path) -> None:
        make(open_folder, {"a/b": "", "c": "", ".dockerignore": "a"})
        (open_folder / "a").chmod(0)
        self.drop_rights()
        context = open_context(open_folder, None)
        assert paths(context.entries()) == [".dockerignore", "c"]
        assert context.problems == ()

    def test_unreadable_file_arrives_empty(self, open_folder: Path) -> None:
        make(open_folder, {"a": "secret", "b": "x"})
        (open_folder / "a").chmod(0)
        self.drop_rights()
        context = open_context(open_folder, None)
        assert [(entry.path, entry.size_bytes) for entry in context.entries()] == [("a", 0), ("b", 1)]
        assert context.read_text("a") == ""
        [problem] = context.problems
        assert (problem.path, problem.fails) == ("a", False)

    def test_unreadable_ignore_file_ignores_nothing(self, open_folder: Path) -> None:
        make(open_folder, {"a": "", ".dockerignore": "a"})
        (open_folder / ".dockerignore").chmod(0)
        self.drop_rights()
        assert open_context(open_folder, None).exists("a")

    def test_unreadable_context_is_the_users_mistake(self, open_folder: Path) -> None:
        open_folder.chmod(0)
        self.drop_rights()
        with pytest.raises(MultistageError, match=r"permission denied; name a folder with --context$"):
            open_context(open_folder, None)

    def test_file_whose_content_is_lost_is_reported(self, tmp_path: Path) -> None:
        make(tmp_path, {"dir/file": "hello", "dir/other": "", ".dockerignore": "dir\n!dir/file\ndir\n"})
        context = open_context(tmp_path, None)
        assert [(entry.path, entry.size_bytes) for entry in context.entries("dir")] == [("dir/file", 0)]
        assert context.read_text("dir/file") == ""
        [problem] = context.problems
        assert problem.message.startswith(
            'dir/file arrives without its content because of line 3 of the ignore file, "dir";'
        )

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the file system wants Unicode")
    def test_name_that_is_not_utf8_is_kept_and_reported(self, tmp_path: Path) -> None:
        name = os.fsdecode(b"caf\xe9")
        make(tmp_path, {name: "x", f"{name}.d/y": ""})
        context = open_context(tmp_path, None)
        found = paths(context.entries())
        assert found == [name, f"{name}.d", f"{name}.d/y"]
        assert [printable(path) for path in found] == ["caf\\xe9", "caf\\xe9.d", "caf\\xe9.d/y"]
        assert context.read_text(name) == "x"
        assert [(problem.path, problem.fails) for problem in context.problems] == [
            (name, True),
            (f"{name}.d", True),
        ]
        assert all(problem.message.isprintable() for problem in context.problems)
        assert all(problem.message.encode() for problem in context.problems)

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the file system wants Unicode")
    def test_there_is_an_end_to_problems(self, tmp_path: Path) -> None:
        make(tmp_path, {os.fsdecode(b"\xe9%d" % number): "" for number in range(1_100)})
        context = open_context(tmp_path, None)
        assert sum(1 for _ in context.entries()) == 1_100
        assert len(context.problems) == 1_000


class TestLookingUp:
    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("a.txt", "file"),
            ("./src//app.py", "file"),
            ("/src/lib/", "directory"),
            ("../a.txt", "file"),
            ("ln", "link"),
            ("ln/f", "file"),
            ("ln/in", "link"),
            ("far/app.py", "file"),
            ("dang", "link"),
            ("loop", "link"),
            ("a b", "file"),
            ("", "directory"),
            (".", "directory"),
            ("src/..", "directory"),
            ("b.txt", None),
            ("missing", None),
            ("a.txt/x", None),
            ("dang/x", None),
            ("loop/x", None),
            ("lf/x", None),
            ("SRC", None),
            ("a.txt\0", None),
            ("x" * 300, None),
        ],
    )
    def test_stat_does_not_follow_the_last_link(
        self, sources: BuildContext, path: str, kind: str | None
    ) -> None:
        found = sources.stat(path)
        assert (found and found.kind) == kind
        assert sources.exists(path) is (kind is not None)

    def test_stat_spells_the_path_as_asked(self, sources: BuildContext) -> None:
        assert sources.stat("/ln/../ln/f") == Entry(
            "ln/f", "file", 1, stat.S_IMODE((sources.root / "real/f").stat().st_mode)
        )
        assert sources.stat("src/..") == Entry(".", "directory", 0, 0o755)

    def test_ignored_needs_no_file(self, sources: BuildContext) -> None:
        assert sources.ignored("b.txt")
        assert sources.ignored("/b.txt/x")
        assert not sources.ignored("a.txt")
        assert not sources.ignored("missing")

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("crlf", "a\r\nb\n"),
            ("unicode", "\ufeffé"),
            ("empty", ""),
            ("link", "a\r\nb\n"),
            ("absolute", "a\r\nb\n"),
            ("folder/link", "a\r\nb\n"),
            ("exactly", "x" * 100),
            ("larger", None),
            ("latin1", None),
            ("binary", None),
            ("ignored", None),
            ("to_ignored", None),
            ("outside", None),
            ("outside_absolute", None),
            ("folder", None),
            ("missing", None),
            ("", None),
            (".", None),
        ],
    )
    def test_text_is_read_as_it_arrives(self, tmp_path: Path, path: str, text: str | None) -> None:
        (tmp_path / "secret").write_text("secret", encoding="utf-8")
        tree: Tree = {
            "crlf": "a\r\nb\n",
            "unicode": "\ufeffé",
            "empty": "",
            "link": Link("crlf"),
            "absolute": Link("/crlf"),
            "folder/link": Link("../../../crlf"),
            "exactly": "x" * 100,
            "larger": "x" * 101,
            "latin1": b"caf\xe9",
            "binary": b"a\0b",
            "ignored": "x",
            "to_ignored": Link("ignored"),
            "outside": Link("../secret"),
            "outside_absolute": Link(str(tmp_path / "secret")),
            ".dockerignore": "ignored\n",
        }
        context = open_context(make(tmp_path / "context", tree), None)
        assert context.read_text(path, limit_bytes=100) == text

    @POSIX
    def test_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        os.mkfifo(tmp_path / ".dockerignore")
        context = open_context(tmp_path, None)
        assert context.read_text("pipe") is None
        assert context.ignore_file is None


class TestOpening:
    def test_no_ignore_file(self, tmp_path: Path) -> None:
        context = open_context(tmp_path, tmp_path / "Dockerfile")
        assert context.ignore_file is None
        assert context.ignore.patterns == ()

    def test_ignore_file_of_the_context(self, tmp_path: Path) -> None:
        make(tmp_path, {".dockerignore": "a", "docker/Dockerfile": ""})
        context = open_context(tmp_path, tmp_path / "docker/Dockerfile")
        assert context.ignore_file == str(tmp_path / ".dockerignore")
        assert context.ignored("a")

    def test_dockerfile_has_one_of_its_own(self, tmp_path: Path) -> None:
        make(tmp_path, {".dockerignore": "a", "docker/web.Dockerfile.dockerignore": "b"})
        context = open_context(tmp_path, tmp_path / "docker/web.Dockerfile")
        assert context.ignore_file == str(tmp_path / "docker/web.Dockerfile.dockerignore")
        assert context.ignored("b")
        assert not context.ignored("a")

    @pytest.mark.parametrize("content", ["", "# nothing\n"])
    def test_own_file_goes_first_even_if_it_ignores_nothing(self, tmp_path: Path, content: str) -> None:
        make(tmp_path, {".dockerignore": "a", "Dockerfile.dockerignore": content})
        context = open_context(tmp_path, tmp_path / "Dockerfile")
        assert context.ignore_file == str(tmp_path / "Dockerfile.dockerignore")
        assert not context.ignored("a")

    def test_folder_of_that_name_is_none(self, tmp_path: Path) -> None:
        make(tmp_path, {".dockerignore": "a", "Dockerfile.dockerignore": None})
        assert open_context(tmp_path, tmp_path / "Dockerfile").ignored("a")

    @pytest.mark.parametrize("target", ["conf/ignore", "/conf/ignore", "./conf/../conf/ignore"])
    def test_ignore_file_may_be_a_link(self, tmp_path: Path, target: str) -> None:
        make(tmp_path, {".dockerignore": Link(target), "conf/ignore": "a"})
        assert open_context(tmp_path, None).ignored("a")

    def test_but_not_out_of_the_context(self, tmp_path: Path) -> None:
        make(tmp_path, {"outside": "a", "context/.dockerignore": Link("../outside")})
        assert open_context(tmp_path / "context", None).ignore_file is None

    def test_ignore_file_beside_a_linked_dockerfile(self, tmp_path: Path) -> None:
        make(
            tmp_path,
            {
                "real/Dockerfile": "",
                "real/Dockerfile.dockerignore": "a",
                "Dockerfile": Link("real/Dockerfile"),
            },
        )
        assert open_context(tmp_path, tmp_path / "Dockerfile").ignore_file is None

    def test_ignore_file_that_is_no_text(self, tmp_path: Path) -> None:
        make(tmp_path, {".dockerignore": b"\xff\xfea\0\nb\n"})
        context = open_context(tmp_path, None)
        assert context.ignored("b")
        assert context.ignore.problems == ()

    def test_faults_of_the_ignore_file_are_at_hand(self, tmp_path: Path) -> None:
        make(tmp_path, {".dockerignore": "a\n[\n"})
        [problem] = open_context(tmp_path, None).ignore.problems
        assert problem.line == 2

    @pytest.mark.parametrize("name", ["missing", "file", "missing\0"])
    def test_missing_context_is_the_users_mistake(self, tmp_path: Path, name: str) -> None:
        make(tmp_path, {"file": ""})
        with pytest.raises(MultistageError, match=r"^build context .*; name a folder with --context$"):
            open_context(tmp_path / name, None)

    def test_context_may_be_a_link(self, tmp_path: Path) -> None:
        make(tmp_path, {"real/a": "", "link": Link("real")})
        assert paths(open_context(tmp_path / "link", None).entries()) == ["a"]

    def test_context_may_be_relative(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        make(tmp_path, {"a": "", ".dockerignore": "b"})
        monkeypatch.chdir(tmp_path)
        context = open_context(Path(), Path("Dockerfile"))
        assert context.ignore_file == ".dockerignore"
        assert context.exists("a")
