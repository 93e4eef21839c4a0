"""Files whose whole content follows from the Dockerfile, whatever the changed files of the build context hold.

`RUN echo 1 > /version` writes the same however often it runs, and BuildKit finds what is copied from there by
its content. The evaluated build knows such files with owner and mode; for a change that was named it is evaluated
once more with the changed files unread, so that nothing is taken as known that follows from one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.context import Change, PartlyUnread
from multistage_cli.build.evaluate import evaluate
from multistage_cli.build.files import Kind
from multistage_cli.cache.inputs import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multistage_cli.build.context import Difference, Differences
    from multistage_cli.build.evaluate import Build
    from multistage_cli.build.files import Files

_WILDCARDS: Final = frozenset("*?[")
_MOST_ENTRIES: Final = 200  # that are looked at for one path


class ExactFiles:
    """What is surely at the paths of a build's stages.

    Args:
        build: one of the two that are compared.
        differences: of the build context; None where nothing in it differs.
    """

    def __init__(self, build: Build, differences: Differences | None) -> None:
        self._build = build
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
        if self._known is None:
            self._known = self._evaluated()
        files = self._known.stages[stage].final.files
        return _exact(files, f"/{path.strip('/')}", [_MOST_ENTRIES], folders=not self._names_change())

    def _names_change(self) -> bool:
        """Whether a changed path may come or go, so that no folder's names are known."""
        context = self._build.context
        return any(
            entry.folder or entry.change is not Change.CHANGED or context is None or not context.exists(path)
            for path, entry in self._touched.items()
        )

    def _evaluated(self) -> Build:
        build = self._build
        if not self._touched or build.context is None:
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
            context=PartlyUnread(build.context, frozenset(self._touched)),
            online=build.online,
        )


def _exact(files: Files, path: str, left: list[int], *, folders: bool) -> str | None:
    left[0] -= 1
    entry = files.entry(path, follow=False)
    if left[0] < 0 or entry.exists is not Claim.YES or UNKNOWN in {entry.kind, entry.uid, entry.gid}:
        return None
    about = f"{entry.kind} {entry.uid} {entry.gid}"
    if entry.kind is Kind.LINK:
        return None if entry.target is UNKNOWN else digest(about, entry.target)
    if entry.mode is UNKNOWN:
        return None
    about = f"{about} {entry.mode:o}"
    if entry.kind is Kind.FILE:
        text = UNKNOWN if entry.content is None else entry.content.text
        return None if text is UNKNOWN else digest(about, text)
    names = files.names(path)
    if not folders or names is UNKNOWN:
        return None
    parts = [about]
    for name in names:
        found = _exact(files, f"{path.rstrip('/')}/{name}", left, folders=folders)
        if found is None:
            return None
        parts += [name, found]
    return digest(*parts)
