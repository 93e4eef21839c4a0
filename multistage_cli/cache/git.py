"""What git says has changed since a revision, and how files were then.

git is run as a program, without a shell and without anything that a repository could make it start: no hooks,
no file system monitor, no external diff and no text conversion.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from multistage_cli.build.context import Change, Difference
from multistage_cli.errors import MultistageError
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS: Final = 120
_QUIET: Final = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false",
    "-c", "log.showSignature=false", "--no-pager", "--literal-pathspecs",
)  # fmt: skip
_CHANGES: Final = {"A": Change.NEW, "D": Change.GONE}


@dataclass(frozen=True, slots=True)
class Repository:
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

    def at(self, folder: Path) -> Repository:
        """The same revision seen from another folder of the work tree."""
        return Repository(folder, self.revision, self.commit)

    def _run(self, *arguments: str) -> str:
        result = _git(self.folder, *arguments)
        if result.returncode != 0:
            raise MultistageError(f"git {arguments[0]} failed: {_last_line(result.stderr)}")
        return result.stdout.decode("utf-8", "surrogateescape")


def open_repository(folder: Path, revision: str) -> Repository:
    """Find a revision in the work tree that a folder belongs to.

    Raises:
        MultistageError: there is no git, no repository, or no such revision.
    """
    inside = _git(folder, "rev-parse", "--is-inside-work-tree")
    if inside.returncode != 0 or inside.stdout.strip() != b"true":
        shown = printable(str(folder))
        reason = _last_line(inside.stderr)
        why = f" (git: {reason})" if "dubious" in reason else ""
        raise MultistageError(
            f"--since needs a git repository, and {shown} is in none{why}; use --changed or --before"
        )
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    commit = found.stdout.decode("ascii", "replace").strip()
    if found.returncode != 0 or not commit:
        raise MultistageError(f'git knows no revision "{printable(revision)}" here; see git log --oneline')
    return Repository(folder, revision, commit)


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {
        name: value
        for name, value in os.environ.items()
        # What would turn git to another repository, or make it start a program.
        if not name.startswith("GIT_")
    }
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        return subprocess.run(  # noqa: S603 - no shell, and the revision was verified by git itself
            ["git", *_QUIET, "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
        )
    except FileNotFoundError:
        raise MultistageError(
            "--since needs git, which is not installed; use --changed or --before"
        ) from None
    except subprocess.TimeoutExpired:
        raise MultistageError(f"git {arguments[0]} did not finish in {_SECONDS} s") from None
    except OSError as error:
        raise MultistageError(f"git cannot be run: {error.strerror or error}") from None


def _last_line(text: bytes) -> str:
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return printable(lines[-1]) if lines else "no reason given"
