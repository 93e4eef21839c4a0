"""What the rules of all package managers ask: unpinned packages, questions to nobody, files that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.commands_of import Run, runs_of, ships
from multistage_cli.build.changes import Cache, CacheRemoval, IndexRefresh, Installation, Untracked
from multistage_cli.build.claims import Claim
from multistage_cli.build.effects import read_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from multistage_cli.analyze.commands_of import Invocation
    from multistage_cli.analyze.rule import Asked, Match
    from multistage_cli.build.evaluate import Build

_SHOWN = 3


def shipped_runs(build: Build, asked: Asked) -> Iterator[Run]:
    """The RUNs whose layers are in the image of a target."""
    for run in runs_of(build):
        if ships(asked, build, run):
            yield run


def unpinned(
    build: Build,
    asked: Asked,
    managers: str,
    is_pinned: Callable[[str], bool],
    how: str,
    *,
    alias: Callable[[Invocation | None], tuple[str, ...] | None] = lambda _: None,
    is_exempt: Callable[[Invocation], bool] = lambda _: False,
) -> Iterator[Match]:
    """Installations of packages without a version, in layers that ship.

    Args:
        build: the build.
        asked: what the analysis is about.
        managers: names of `Installation.manager`, separated by spaces.
        is_pinned: whether a package's word says which version, or names a file.
        how: the pinned form, such as `NAME=VERSION`.
        alias: other tools' names for it, by command; None for the rule's own.
        is_exempt: whether something else in the command pins them.
    """
    for run in shipped_runs(build, asked):
        for change, command in run.installed:
            if not isinstance(change, Installation) or change.manager not in managers.split():
                continue
            after = run.step.after
            loose = [
                name
                for name in change.packages
                # What the same RUN removes again, as a virtual package of build tools, is in no layer.
                if not is_pinned(name)
                and not (change.manager in _OF_SYSTEM and after.has_package(name) is Claim.NO)
            ]
            if not loose or (command is not None and (is_exempt(command) or _goes_again(run, command))):
                continue
            message = f"no version for {listed(loose)}, so each build may bring another: write {how}"
            yield run.match(command or change.line, message, aliases=alias(command))


def _goes_again(run: Run, command: Invocation) -> bool:
    """Whether `apk add --virtual NAME` adds what `apk del NAME` removes in the same RUN, however much that is."""
    if command.name != "apk":
        return False
    virtual = read_arguments(command.known, with_value=_APK_VALUES).value("-t", "--virtual")
    return virtual is not None and any(
        other.name == "apk" and "del" in other.known and virtual in other.known for other in run.commands
    )


_APK_VALUES = "-t --virtual -X --repository -p --root --arch --keys-dir"
_OF_SYSTEM = frozenset({"apk", "apt", "dnf", "yum", "zypper"})


def listed(names: list[str]) -> str:
    """The first names of a list."""
    shown = [name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..." for name in names[:_SHOWN]]
    rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(shown) + rest


_LONGEST = 60


def kept(
    build: Build, asked: Asked, managers: str, kind: type[Installation | IndexRefresh], *folders: str
) -> Iterator[tuple[Run, Installation | IndexRefresh, Invocation | None]]:
    """What leaves a manager's own files in a layer that ships; the first one in each RUN.

    Args:
        build: the build.
        asked: what the analysis is about.
        managers: names of managers, separated by spaces.
        kind: the change that may leave them.
        folders: where they lie; a RUN that names one otherwise is taken to clean up.
    """
    for run in shipped_runs(build, asked):
        for change, command in run.installed:
            if (
                isinstance(change, kind)
                and change.manager in managers.split()
                and change.cache is Cache.KEPT
                and not _may_clean(run, change, folders)
            ):
                yield run, change, command
                break


def _may_clean(run: Run, change: Installation | IndexRefresh, folders: tuple[str, ...]) -> bool:
    """Whether something in the RUN may delete the files, although that is not certain."""
    changes = run.step.changes
    place = next((index for index, other in enumerate(changes) if other is change), 0)
    for other in changes[place + 1 :]:
        if isinstance(other, CacheRemoval) and other.manager == change.manager:
            return True
        if isinstance(other, Untracked) and "clean" in other.name.casefold():
            return True
    return any(
        word.startswith(folders) for command in run.commands for word in command.known if word.startswith("/")
    )
