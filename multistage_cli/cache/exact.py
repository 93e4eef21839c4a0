"""Files whose whole content follows from the Dockerfile, whatever the changed files of the build context hold.

`RUN echo 1 > /version` writes the same however often it runs, and BuildKit finds what is copied from there by
its content. The evaluated build knows such files with owner and mode; for a change that was named it is evaluated
once more with the changed files unread, so that nothing is taken as known that follows from one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multistage_cli.build.changes import Deletion, DirectoryMade, FileWritten, LinkMade, ModeChanged
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.context import Change, PartlyUnread
from multistage_cli.build.evaluate import evaluate
from multistage_cli.build.files import Kind
from multistage_cli.cache.inputs import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from multistage_cli.build.context import Difference, Differences
    from multistage_cli.build.evaluate import Build
    from multistage_cli.build.files import Entry, Files

_PLAIN: Final = (Deletion, DirectoryMade, FileWritten, LinkMade, ModeChanged)
"""Changes that leave users and owners alone."""
_WILDCARDS: Final = frozenset("*?[")
_MOST_ENTRIES: Final = 200  # that are looked at for one path


class ExactFiles:
    """What is surely at the paths of a build's stages.

    Args:
        build: one of the two that are compared.
        differences: of the build context; None where nothing in it differs.
        images: base images that are others than they were.
        sealed: the same build with no file of its build context read: what is known even there needs no
            evaluation of its own for these differences.
    """

    def __init__(
        self,
        build: Build,
        differences: Differences | None,
        images: frozenset[str] = frozenset(),
        sealed: Sealed | None = None,
    ) -> None:
        self._build = build
        self._sealed = sealed
        self._images = images
        self._touched: Mapping[str, Difference] = {} if differences is None else differences.touched
        self._known: Build | None = None
        self._found: dict[tuple[int, str], str | None] = {}

    def of(self, stage: int, path: str) -> str | None:
        """A text that is equal for equal content, owner and mode; None where those are not all known.

        Args:
            stage: its index.
            path: absolute in the stage.
        """
        key = stage, path
        if key not in self._found:
            self._found[key] = self._look(stage, path)
        return self._found[key]

    def _look(self, stage: int, path: str) -> str | None:
        if _WILDCARDS & set(path):
            return None
        folders = not self._names_change()
        if self._touched and self._look_at(self._build, stage, path, folders=folders) is None:
            return None  # with less of it read, no more is known
        if self._sealed is not None and self._known is None and self._touched and folders:
            found = self._look_at(self._sealed.build, stage, path, folders=True)
            if found is not None:
                return found
        if self._known is None:
            self._known = _unread(self._build, self._touched) if self._touched else self._build
        return self._look_at(self._known, stage, path, folders=folders)

    def _look_at(self, build: Build, stage: int, path: str, *, folders: bool) -> str | None:
        files = build.stages[stage].final.files
        return _Look(build, files, self._base_user(build, stage), folders=folders).exact(
            f"/{path.strip('/')}"
        )

    def _base_user(self, build: Build, index: int) -> str | None:
        """A name for the owner of what commands make, where the base image's user is not known.

        It is the same in both builds where the image is, and where nothing changes users or owners. None where that
        is not sure.
        """
        chain = [build.stages[number] for number in build.graph.chain(index)]
        first = chain[-1]
        base = first.stage.base
        if base.label in self._images or base.written in self._images:
            return None
        steps = [step for entry in chain for step in entry.steps]
        plain = all(isinstance(change, _PLAIN) for step in steps for change in step.changes)
        user = first.start.user
        same_user = all(step.after.user == user for step in steps)
        accounts = chain[0].final.files.entry("/etc/passwd").writer
        return f"user of {base.label}" if plain and same_user and accounts is None else None

    def _names_change(self) -> bool:
        """Whether a changed path may come or go, so that no folder's names are known."""
        context = self._build.context
        return any(
            entry.folder or entry.change is not Change.CHANGED or context is None or not context.exists(path)
            for path, entry in self._touched.items()
        )


class Sealed:
    """A build with no file of its build context read, evaluated when it is first asked for."""

    def __init__(self, build: Build) -> None:
        self._whole = build
        self._found: Build | None = None

    @property
    def build(self) -> Build:
        """What holds whatever the files hold; their names are known."""
        if self._found is None:
            self._found = _unread(self._whole, ("",))
        return self._found


def _unread(build: Build, paths: Iterable[str]) -> Build:
    """The build with some files unread, and all that is in a folder; an empty path stands for all."""
    if build.context is None:
        return build
    target = build.target
    return evaluate(
        build.dockerfile,
        path=build.path,
        file=build.file,
        target=None if target is None else str(target.stage.index),
        build_args=build.build_args,
        build_contexts=build.build_contexts,
        platform=build.platform,
        context=PartlyUnread(build.context, paths),
        online=build.online,
    )


class _Look:
    """One look at the files of a stage.

    Args:
        build: evaluated.
        files: at the stage's end.
        base_user: stands for an owner that is not known; None for none.
        folders: whether the names in folders are known.
    """

    def __init__(self, build: Build, files: Files, base_user: str | None, *, folders: bool) -> None:
        self._build = build
        self._files = files
        self._base_user = base_user
        self._folders = folders
        self._left = _MOST_ENTRIES

    def exact(self, path: str) -> str | None:
        """See `ExactFiles.of`."""
        self._left -= 1
        entry = self._files.entry(path, follow=False)
        owner = self._owner(entry)
        if self._left < 0 or entry.exists is not Claim.YES or entry.kind is UNKNOWN or owner is None:
            return None
        about = f"{entry.kind} {owner}"
        if entry.kind is Kind.LINK:
            return None if entry.target is UNKNOWN else digest(about, entry.target)
        if entry.mode is UNKNOWN:
            return None
        about = f"{about} {entry.mode:o}"
        if entry.kind is Kind.FILE:
            text = UNKNOWN if entry.content is None else entry.content.text
            return None if text is UNKNOWN else digest(about, text)
        names = self._files.names(path)
        if not self._folders or names is UNKNOWN:
            return None
        parts = [about]
        for name in names:
            found = self.exact(f"{path.rstrip('/')}/{name}")
            if found is None:
                return None
            parts += [name, found]
        return digest(*parts)

    def _owner(self, entry: Entry) -> str | None:
        if entry.uid is not UNKNOWN and entry.gid is not UNKNOWN:
            return f"{entry.uid} {entry.gid}"
        by = entry.writer
        if by is None or entry.uid is not UNKNOWN or entry.gid is not UNKNOWN:
            return None
        step = self._build.stages[by.stage].steps[by.step]
        return self._base_user if step.instruction.name == "RUN" else None
