"""What one instruction adds to its stage."""

from __future__ import annotations

from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, field

from multistage_cli.build.changes import (
    Cache,
    Compilation,
    DirectoryMade,
    Doubted,
    Download,
    FileWritten,
    IndexRefresh,
    Installation,
    LinkMade,
    ModeChanged,
    OwnerChanged,
    PathsCopied,
    Removal,
    ScriptsInstalled,
    Unmeasured,
    Untracked,
    UsersChanged,
    VirtualEnvironment,
)
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.sizes.accounts import account_files
from multistage_cli.sizes.apt import AptRun, lists_size, packages_of
from multistage_cli.sizes.bytecode import first_bytecode
from multistage_cli.sizes.compiled import compiled
from multistage_cli.sizes.contents import Contents, Held
from multistage_cli.sizes.copies import CopyReader
from multistage_cli.sizes.installations import SYSTEM_MANAGERS, installed, stays_behind
from multistage_cli.sizes.ledger import Ledger
from multistage_cli.sizes.model import Layer, Part
from multistage_cli.sizes.origins import bytes_in_context, mounted
from multistage_cli.sizes.packages import PYTHON_MANAGERS, PipInstallation, seed_size
from multistage_cli.sizes.places import below
from multistage_cli.sizes.ranges import total
from multistage_cli.sizes.rewritten import FileChange, FileCommands
from multistage_cli.sizes.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from multistage_cli.build.changes import Change
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.facts.images import Image
    from multistage_cli.sizes.apt import Installed
    from multistage_cli.sizes.model import Outcome

_Estimable = TypeVar("_Estimable", Installation, Compilation)

QUIET_COMMANDS = frozenset(
    {"a2dismod", "a2enconf", "a2enmod", "a2ensite", "adduser", "addgroup", "apt-mark", "chpasswd", "ln", "npx",
     "passwd", "sed", "touch", "usermod", "groupmod", "update-alternatives"}
)  # fmt: skip
"""Commands that are not followed and yet write next to nothing: links, and lines of configuration."""
CHANGING_COMMANDS = frozenset({"chgrp", "chmod", "chown", "setfacl"})
"""Commands that write nothing new; but a file of an earlier layer is in this one again once it is changed."""
COPYING_COMMANDS = frozenset({"cp", "install", "mv"})
"""Commands that copy paths which their words name."""
_LONGEST_INSTRUCTION = 60


class StageState(Struct, frozen=True):
    """What a stage holds, for the stages that continue it or copy from it.

    Attributes:
        image: that it starts from at last, as far as the facts know it.
        contents: what lies where.
        python: distributions with their places.
        packages: of Debian; None as long as nobody asked.
        compiled: what Python has written bytecode of, see bytecode.py.
    """

    image: Image | None
    contents: Contents
    python: frozenset[tuple[str, str | None]] = field(default_factory=frozenset)
    packages: Installed | None = None
    compiled: frozenset[str] = frozenset()


class LayerReader:
    """Estimates one stage's layers, one after the other: later ones build on what earlier ones hold.

    Args:
        build: the evaluated build.
        entry: the stage.
        start: what it starts from.
        before: the stages before it, as they are at their end.
    """

    def __init__(
        self, build: Build, entry: EvaluatedStage, start: StageState, before: Mapping[int, StageState]
    ) -> None:
        self.build = build
        self.entry = entry
        self.before = before
        self.image = start.image
        self.contents = start.contents
        self.python = start.python
        self.packages = start.packages
        self.compiled = start.compiled
        self.measure = partial(bytes_in_context, build)
        self.unknown: list[str] = []
        self.ledger = Ledger()
        self.explained: set[int] = set()

    @property
    def state(self) -> StageState:
        """What the stage holds after the layers that were read."""
        return StageState(self.image, self.contents, self.python, self.packages, self.compiled)

    def read(self, step: Step) -> Layer:
        """The layer of one step; empty for an instruction that adds none."""
        self.unknown = []
        self.ledger = Ledger()
        self.explained = set()
        parts = tuple(self._copied(step) if step.copied else self._run(step))
        return Layer(
            line=step.line,
            instruction=one_line(step),
            size=total(part.size for part in parts),
            parts=parts,
            unknown=tuple(dict.fromkeys(self.unknown)),
        )

    def _copied(self, step: Step) -> Iterator[Part]:
        if step.copied is None:
            return
        reader = CopyReader(self.build, step, step.copied, self.contents, self._of_stage)
        yield from reader.parts()
        self.contents = reader.contents
        self.unknown += reader.unknown

    def _of_stage(self, index: int) -> tuple[Contents, Image | None]:
        found = self.before.get(index)
        if found is None:  # a stage that comes later, which BuildKit refuses
            return Contents(None, anywhere=("the stage comes later",)), None
        return found.contents, found.image

    # RUN.

    def _run(self, step: Step) -> Iterator[Part]:
        self.ledger = Ledger()
        files = FileCommands(step, self.ledger, self.contents, self.measure)
        written = first_bytecode(step, self.image, self.compiled)
        self.compiled |= written.keys()
        for part in (*dict.fromkeys(written.values()), *account_files(step)):
            self.ledger.add(part)
        apt: AptRun | None = None
        for change, following in zip_longest(step.changes, step.changes[1:]):
            if isinstance(change, FileChange):
                files.contents = self.contents
                files.take(change, explained=change.line in self.explained)
                self.contents = files.contents
            elif isinstance(change, Installation) and change.manager == "apt":
                apt = apt or AptRun(step.changes, self.packages or packages_of(self.image))
                self._add(apt.parts(change))
                self.packages = apt.installed
                self.contents = self.contents.packaged(f"what apt installs on line {change.line}")
            else:
                self._add(self._change(step, change, following))
        for text in apt.unknown if apt else ():
            self._doubt(text, packaged=True)
        hidden = tuple(mounted(step))
        self.unknown += self.ledger.unknown
        return (
            part for part in self.ledger.parts if not any(below(part.path or "", path) for path in hidden)
        )

    def _add(self, parts: Iterable[Part]) -> None:
        for part in parts:
            self.ledger.add(part)

    def _change(self, step: Step, change: Change, following: Change | None) -> Iterator[Part]:
        match change:
            case Installation(manager=manager) if manager in PYTHON_MANAGERS:
                yield from self._python(step, change)
            case Installation() if not stays_behind(step, change):
                yield from self._estimated(step, change, installed)
            case VirtualEnvironment(seeded=True):
                size = seed_size(None if change.version is UNKNOWN else change.version)
                self._put(change.path, Held(size, environment=True))
                yield Part("pip of the virtual environment", "pip", size, change.path)
            case IndexRefresh(manager="apt", cache=Cache.KEPT):
                size = lists_size() if change.certain is Claim.YES else lists_size().from_nothing()
                self._put("/var/lib/apt/lists", Held(size))
                yield Part("apt package lists", "lists", size, "/var/lib/apt/lists")
            case Compilation():
                yield from self._estimated(step, change, compiled)
            case Download():
                source = f": {change.url}" if change.url else ""
                self._doubt(f"what {change.tool} fetches on line {change.line}{source}", _place(following))
                self.explained.add(change.line)
            case Untracked(name=name) | Unmeasured(name=name) if name in CHANGING_COMMANDS:
                if not isinstance(following, ModeChanged | OwnerChanged) and not _writes(step):
                    self.ledger.doubt(
                        f"files of earlier layers that {name} changes on line {change.line}, once more"
                    )
            case Unmeasured(name=name) if name in COPYING_COMMANDS and isinstance(
                following, DirectoryMade | PathsCopied
            ):
                return
            case Untracked() | Unmeasured() if change.name not in QUIET_COMMANDS:
                place = _place(following) if isinstance(change, Unmeasured) else None
                self._doubt(f"what {change.name} writes on line {change.line}", place)
                self.explained.add(change.line)
            case _:
                return

    def _python(self, step: Step, change: Installation) -> Iterator[Part]:
        pip = PipInstallation(self.build, self.entry, step, change, image=self.image, present=self.python)
        parts = tuple(pip.parts())
        found = {(part.what, part.path) for part in parts if part.kind == "pip"}
        self.python = self.python | found if found else self.python
        path = pip.landing()
        if path is not None and found:
            size = total(part.size for part in parts if part.kind == "pip")
            self._put(path, Held(size, environment=not change.stored))
        yield from parts
        for text in pip.unknown:
            self.ledger.doubt(text, path)
            self.contents = self.contents.downloaded() if path is None else self.contents.doubt(path, text)
        if path is None and parts:
            # It is there, nobody knows where.
            self.contents = self.contents.downloaded()

    def _estimated(
        self, step: Step, change: _Estimable, estimate: Callable[[Scene, _Estimable], Outcome]
    ) -> Iterator[Part]:
        outcome = estimate(Scene(self.build, self.entry, step, self.image), change)
        for part in outcome.parts:
            if part.path is not None:
                self._put(part.path, Held(part.size))
        yield from outcome.parts
        for text in outcome.unknown:
            self.ledger.doubt(text, outcome.places[0] if len(outcome.places) == 1 else None)
        packaged = isinstance(change, Installation) and change.manager in SYSTEM_MANAGERS
        for text in outcome.unknown:
            if packaged:
                self.contents = self.contents.packaged(text)
            for path in outcome.places:
                self.contents = self.contents.doubt(path, text)
            if not packaged and not outcome.places and isinstance(change, Compilation):
                self.contents = self.contents.doubt(None, text)
        if isinstance(change, Installation) and not packaged and not outcome.places and outcome.unknown:
            self.contents = self.contents.downloaded()

    def _put(self, path: str, held: Held) -> None:
        if path.startswith("/"):
            self.contents = self.contents.put(path, held)

    def _doubt(self, text: str, path: str | None = None, *, packaged: bool = False) -> None:
        self.ledger.doubt(text, path)
        self.contents = self.contents.packaged(text) if packaged else self.contents.doubt(path, text)


def _place(change: Change | None) -> str | None:
    """Where a command writes, by the change that comes with it; None for anywhere."""
    match change:
        case DirectoryMade(path=path) | Doubted(path=path) | FileWritten(path=path):
            return path if path.startswith("/") and path != "/" else None
        case _:
            return None


_QUIET_CHANGES = (
    DirectoryMade, Doubted, LinkMade, ModeChanged, OwnerChanged, PathsCopied, Removal, ScriptsInstalled, Unmeasured,
    Untracked, UsersChanged,
)  # fmt: skip


def _writes(step: Step) -> bool:
    """Whether a RUN makes files of its own, so that what it does to files may be done to those."""
    return any(not isinstance(change, _QUIET_CHANGES) for change in step.changes)


def one_line(step: Step) -> str:
    """The instruction as a label: on one line, cut where it is long."""
    instruction = step.instruction
    flags = "".join(f"{flag.text} " for flag in instruction.flags if flag.name == "from")
    text = " ".join(f"{instruction.name} {flags}{instruction.text}".split())
    return text if len(text) <= _LONGEST_INSTRUCTION else f"{text[: _LONGEST_INSTRUCTION - 3]}..."
