"""What git says has changed since a revision, and how files were then.

git is run as a program, without a shell and without anything that a repository could make it start: no hooks,
no file system monitor, no external diff and no text conversion.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from threading import Timer
from typing import IO, TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.build.context import Change, Difference
from multistage_cli.errors import MultistageError
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_SECONDS: Final = 120
_QUIET: Final = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false",
    "-c", "log.showSignature=false", "--no-pager", "--literal-pathspecs",
)  # fmt: skip
_CHANGES: Final = {"A": Change.NEW, "D": Change.GONE}


class TreeEntry(Struct, frozen=True):
    """Something that a revision holds.

    Attributes:
        path: relative to the folder that was asked about.
        mode: as git has it: 0o100644 and 0o100755 for files, 0o120000 for links, 0o160000 for submodules.
        name: of the object.
        size_bytes: of its content; 0 for a submodule.
    """

    path: str
    mode: int
    name: str
    size_bytes: int


class Repository(Struct, frozen=True):
    """A folder of a git work tree, and a revision that was found in it.

    Attributes:
        folder: where git runs; all paths are relative to it.
        revision: as the user named it.
        commit: its full name.
    """

    folder: Path
    revision: str
    commit: str

    def touched(self) -> tuple[Difference, ...]:
        """The files below the folder that differ from the revision, those that git does not know included."""
        listed = self._run(
            "diff", "--name-status", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--relative",
            self.commit, "--",
        )  # fmt: skip
        fields = [field for field in listed.split("\0") if field]
        found = {
            path: Difference(path, _CHANGES.get(letter[:1], Change.CHANGED))
            for letter, path in zip(fields[::2], fields[1::2], strict=False)
        }
        for path in self._run("ls-files", "--others", "--exclude-standard", "-z").split("\0"):
            if path:
                # A folder that is a repository of its own comes with a slash at its end.
                name = path.rstrip("/")
                found.setdefault(name, Difference(name, Change.NEW, folder=path.endswith("/")))
        return tuple(found[path] for path in sorted(found))

    def is_head(self) -> bool:
        """Whether the revision is the commit that the work tree stands on."""
        return self._run("rev-parse", "HEAD").strip() == self.commit

    def read(self, name: str) -> str | None:
        """The text of a file in the revision, by its name relative to the folder; None where there was none."""
        result = _git(self.folder, "cat-file", "blob", f"{self.commit}:./{name}")
        return result.stdout.decode("utf-8", "surrogateescape") if result.returncode == 0 else None

    def history(self, most: int = 100) -> tuple[frozenset[str], ...]:
        """The files below the folder that each of the last commits changed, the newest first; merges left out."""
        listed = self._run(
            "log", f"--max-count={most}", "--no-merges", "--format=%x01", "--name-only", "-z", "--no-renames",
            "--no-ext-diff", "--no-textconv", "--relative", "HEAD", "--", ".",
        )  # fmt: skip
        commits = listed.split("\x01")[1:]
        return tuple(
            frozenset(path.strip("\n") for path in commit.split("\0") if path.strip("\n"))
            for commit in commits
        )

    def tree(self) -> Iterator[TreeEntry]:
        """All that the revision holds below the folder, by path."""
        listed = _git(self.folder, "ls-tree", "-r", "-l", "-z", self.commit)
        if listed.returncode != 0:
            raise MultistageError(f"git ls-tree failed: {_last_line(listed.stderr)}")
        for line in listed.stdout.split(b"\0"):
            about, tab, path = line.partition(b"\t")
            if tab:
                mode, _, name, size = about.split()
                shown = path.decode("utf-8", "surrogateescape")
                yield TreeEntry(shown, int(mode, 8), name.decode("ascii"), int(size) if size.isdigit() else 0)

    @contextmanager
    def blobs(self, names: Iterable[str]) -> Iterator[IO[bytes]]:
        """The stream of `git cat-file --batch` for objects: a line, the content and a line's end for each.

        Raises:
            MultistageError: git cannot be run.
        """
        with tempfile.TemporaryFile() as wanted:
            # From a file: a pipe that both sides fill would make both wait.
            wanted.writelines(f"{name}\n".encode("ascii") for name in names)
            wanted.seek(0)
            process = _started(self.folder, wanted, "cat-file", "--batch", "--buffer")
            late = Timer(_SECONDS, process.kill)
            late.start()
            try:
                if process.stdout is not None:
                    yield process.stdout
            finally:
                late.cancel()
                process.kill()
                process.wait()
                if process.stdout is not None:
                    process.stdout.close()

    def untracked(self) -> tuple[str, ...]:
        """What lies below the folder now and git does not track, what it ignores included; folders end in a slash."""
        listed = self._run("ls-files", "--others", "--directory", "--no-empty-directory", "-z")
        return tuple(path for path in listed.split("\0") if path)

    def at(self, folder: Path) -> Repository:
        """The same revision seen from another folder of the work tree."""
        return Repository(folder, self.revision, self.commit)

    def _run(self, *arguments: str) -> str:
        result = _git(self.folder, *arguments)
        if result.returncode != 0:
            raise MultistageError(f"git {arguments[0]} failed: {_last_line(result.stderr)}")
        return result.stdout.decode("utf-8", "surrogateescape")


def open_repository(folder: Path, revision: str, *, option: str, otherwise: str) -> Repository:
    """Find a revision in the work tree that a folder belongs to.

    Args:
        folder: of the work tree.
        revision: as the user named it.
        option: that the user named it with, such as `--since`.
        otherwise: what to do where there is no git, for people.

    Raises:
        MultistageError: there is no git, no repository, or no such revision.
    """
    if shutil.which("git") is None:
        raise MultistageError(f"{option} needs git, which is not installed; {otherwise}")
    inside = _git(folder, "rev-parse", "--is-inside-work-tree")
    if inside.returncode != 0 or inside.stdout.strip() != b"true":
        shown = printable(str(folder))
        reason = _last_line(inside.stderr)
        why = f" (git: {reason})" if "dubious" in reason else ""
        raise MultistageError(f"{option} needs a git repository, and {shown} is in none{why}; {otherwise}")
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    commit = found.stdout.decode("ascii", "replace").strip()
    if found.returncode != 0 or not commit:
        raise MultistageError(f'git knows no revision "{printable(revision)}" here; see git log --oneline')
    return Repository(folder, revision, commit)


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - no shell, and the revision was verified by git itself
            _words(folder, arguments),
            capture_output=True,
            check=False,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise MultistageError(f"git {arguments[0]} did not finish in {_SECONDS} s") from None
    except OSError as error:
        raise MultistageError(f"git cannot be run: {error.strerror or error}") from None


def _started(folder: Path, given: IO[bytes], *arguments: str) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - as above
            _words(folder, arguments),
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
    except OSError as error:
        raise MultistageError(f"git cannot be run: {error.strerror or error}") from None


def _words(folder: Path, arguments: tuple[str, ...]) -> list[str]:
    return ["git", *_QUIET, "-C", str(folder), *arguments]


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        # What would turn git to another repository, or make it start a program.
        if not name.startswith("GIT_")
    }
    # Nothing is fetched either: a clone may have left contents away.
    return kept | {
        "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C",
    }  # fmt: skip


def _last_line(text: bytes) -> str:
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return printable(lines[-1]) if lines else "no reason given"
