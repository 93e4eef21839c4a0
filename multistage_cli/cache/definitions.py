"""What a step is to BuildKit's cache, apart from what it is given: its definition.

Two steps with equal definitions and equal inputs have one cache key. A definition is a few named parts, so
that the reason for a difference can be told.

Sources, all of moby/buildkit 0.25 and tried on it (tests/engine/cache): frontend/dockerfile/dockerfile2llb/
convert.go (dispatchRun, dispatchCopy, dispatchWorkdir), convert_runmount.go, solver/llbsolver/ops/exec.go and
file.go (CacheMap).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.context import Selector
from multistage_cli.build.instructions import read_copy, read_mounts
from multistage_cli.build.variables import expand
from multistage_cli.parser import heredoc_word

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build, Step
    from multistage_cli.build.instructions import CopySources, Mount
    from multistage_cli.build.stages import Edge
    from multistage_cli.build.state import State
    from multistage_cli.parser import Instruction


class FromContext(Struct, frozen=True):
    """Content of the build context, or of a named context that is a folder."""

    selector: Selector


class FromStage(Struct, frozen=True):
    """What a stage's file system holds at some paths; wildcards as written."""

    stage: int
    paths: tuple[str, ...]
    exclude: tuple[str, ...] = ()


class FromElsewhere(Struct, frozen=True):
    """An image, a named context or an address: `name` says which, and `content` what of it counts.

    `pinned` is for an address whose content is known by its checksum.
    """

    name: str
    content: str
    address: bool = False
    pinned: bool = False


Input = FromContext | FromStage | FromElsewhere


class Definition(Struct, frozen=True):
    """A step without its inputs.

    Attributes:
        parts: by name for people ("text", "user", "working directory" ...), in a fixed order.
        inputs: what it is given besides the result of the step before it.
        environment: whether all variables in scope belong to the key.
        linked: whether the layer stands on nothing where the builder can merge layers.
    """

    parts: tuple[tuple[str, str], ...]
    inputs: tuple[Input, ...] = ()
    environment: bool = False
    linked: bool = False


class Settings:
    """Working directory, user and shell as a stage is walked.

    Args:
        build: the build.
        usual: what to take for granted of a base image whose configuration nobody knows: that it sets neither
            a folder nor a user, or else that it sets some folder, and root by name.
    """

    def __init__(self, build: Build, *, usual: bool = True) -> None:
        self._build = build
        self._usual = usual
        self.folder = "/" if usual else "unknown"
        self.user = "" if usual else "root"
        self.shell = ""

    def copy(self) -> Settings:
        """The same, to go on from in another stage."""
        found = Settings(self._build, usual=self._usual)
        found.folder, found.user, found.shell = self.folder, self.user, self.shell
        return found

    def start(self, state: State) -> None:
        """At the start of a stage that stands on no other."""
        folder, user = state.working_directory.value, state.user.value
        if folder is not UNKNOWN:
            self.folder = folder
        if user is not UNKNOWN:
            self.user = user
        self._take_shell(state)

    def apply(self, step: Step) -> None:
        """After an instruction."""
        name = step.instruction.name
        if name == "WORKDIR":
            self._take_folder(step)
        elif name == "USER":
            user = step.after.user.value
            self.user = f"unknown {step.instruction.text.strip()}" if user is UNKNOWN else user
        elif name == "SHELL":
            self._take_shell(step.after)

    def _take_folder(self, step: Step) -> None:
        text = step.instruction.text.strip()
        scope, escape = step.before.variables.scope, self._build.dockerfile.escape
        word = expand(text, scope, escape=escape).value
        if word is UNKNOWN:
            word = f"unknown {text}"
        # RUN gets an absolute path as it is written, `..` and slashes at its end included; a relative one is cleaned.
        self.folder = word if word.startswith("/") else posixpath.normpath(posixpath.join(self.folder, word))

    def _take_shell(self, state: State) -> None:
        shell = state.shell.value
        if shell is not UNKNOWN:
            self.shell = "\0".join(shell)


class Definitions:
    """Makes the definitions of one build's steps."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._edges: dict[tuple[int, int], list[Edge]] = {}
        for edge in build.graph.edges:
            self._edges.setdefault((edge.to, id(edge.instruction)), []).append(edge)

    def of(self, step: Step, settings: Settings) -> Definition | None:
        """The step's definition; None for an instruction that changes the image's configuration only.

        Args:
            step: evaluated.
            settings: before it.
        """
        name = step.instruction.name
        if name == "RUN":
            return self._run(step, settings)
        if name in {"COPY", "ADD"}:
            return self._copy(step, settings)
        return self._working_directory(step, settings) if name == "WORKDIR" else None

    # RUN

    def _run(self, step: Step, settings: Settings) -> Definition:
        instruction = step.instruction
        command = _command(instruction, settings, windows=step.before.windows)
        mounts: list[str] = []
        secrets: list[str] = []
        shown: list[tuple[str, Input]] = []
        edges = iter(self._edges.get((step.stage, id(instruction)), ()))
        for mount in read_mounts(instruction):
            edge = None if mount.from_ is None or "$" in mount.from_ else next(edges, None)
            described = self._mount(mount, step, settings.folder)
            if mount.type in {"secret", "ssh"}:
                secrets.append(described)
                continue
            mounts.append(described)
            if mount.type == "bind" or (mount.type == "cache" and mount.from_ is not None):
                source = self._expanded(mount.source, step) or "/"
                given: Input = (
                    FromContext(Selector((source,), wildcards=False))
                    if mount.from_ is None
                    else self._source(edge, mount.from_, (source,), ())
                )
                shown.append((described, given))
        flags = [
            f"{flag.name}={flag.value}"
            for flag in instruction.flags
            if flag.name != "mount" and flag.value not in _USUAL_FLAGS.get(flag.name, ())
        ]
        return Definition(
            (
                ("command", command),
                ("user", settings.user),
                ("working directory", settings.folder),
                # llb sorts mounts by their targets, so that their order in the file does not count.
                ("mounts", "\n".join([*sorted(mounts), *secrets])),
                ("flags", "\n".join(flags)),
                ("platform", self._platform(step)),
                ("BUILDKIT_SANDBOX_HOSTNAME", self._build.build_args.get("BUILDKIT_SANDBOX_HOSTNAME", "")),
            ),
            tuple(given for _, given in sorted(shown, key=lambda entry: entry[0])),
            environment=True,
        )

    def _platform(self, step: Step) -> str:
        platform = self._build.stages[step.stage].stage.platform
        return platform if isinstance(platform, str) else self._build.platform

    def _mount(self, mount: Mount, step: Step, folder: str) -> str:
        """What counts of a mount besides the content that it shows."""
        target = self._expanded(mount.target, step)
        # As for WORKDIR: only a relative path is cleaned.
        place = target if target.startswith("/") else posixpath.normpath(posixpath.join("/", folder, target))
        user, group = (self._expanded(entry, step) for entry in (mount.uid, mount.gid))
        mode = _mode(self._expanded(mount.mode, step))
        identity = self._expanded(mount.id, step)
        if mount.type in {"secret", "ssh"}:
            # What a secret holds is no part of the key; where it is put is.
            variable = self._expanded(mount.env, step)
            name = identity or posixpath.basename(target)
            file = target or (
                "" if variable else f"/run/secrets/{name}" if mount.type == "secret" else "agent"
            )
            usual = "400" if mount.type == "secret" else "600"
            return f"{mount.type} {name},{file},{variable},{user or 0},{group or 0},{mode or usual},{mount.required}"
        if mount.type == "tmpfs":
            return f"{place} tmpfs {_bytes(self._expanded(mount.size, step))}"
        owner = f"{mode},{user},{group}"
        if mount.type == "cache":
            sharing = self._expanded(mount.sharing, step)
            whole = f"{self._build.build_args.get('BUILDKIT_CACHE_MOUNT_NS', '')}/{identity or target}"
            # An id that is not made of the target is left out of the key, and so is the sharing then
            # (checkShouldClearCacheOpts).
            usual_id = place in (whole, whole.partition("/")[2]) and sharing in ("", "shared")
            return f"{place} cache {whole if usual_id else 'its own'} {mount.readonly} {owner}"
        return f"{place} {mount.type} {mount.readonly} {owner}"

    def _expanded(self, text: str | None, step: Step) -> str:
        if text is None:
            return ""
        value = expand(text, step.before.variables.scope, escape=self._build.dockerfile.escape).value
        return f"unknown {text}" if value is UNKNOWN else value

    def _source(
        self, edge: Edge | None, name: str, paths: tuple[str, ...], exclude: tuple[str, ...]
    ) -> Input:
        if edge is not None and edge.source.stage is not None:
            return FromStage(edge.source.stage, paths, exclude)
        reference = edge.source.reference if edge else name
        return FromElsewhere(reference, "\0".join((reference, *paths, *exclude)))

    # WORKDIR

    def _working_directory(self, step: Step, settings: Settings) -> Definition | None:
        after = settings.copy()
        after.apply(step)
        place = _cleaned(after.folder)
        if place == "/":
            return None  # dispatchWorkdir makes no folder there
        time = self._build.build_args.get("SOURCE_DATE_EPOCH", "")
        return Definition((("folder", place), ("user", settings.user), ("SOURCE_DATE_EPOCH", time)))

    # COPY and ADD

    def _copy(self, step: Step, settings: Settings) -> Definition:
        instruction = step.instruction
        read = read_copy(instruction)
        copied = step.copied
        if copied is None:  # evaluate gives every COPY and ADD one
            raise ValueError(f"line {step.line} copies nothing")
        words = [
            f"\0unknown {raw}" if value is UNKNOWN else value
            for raw, value in zip(read.sources, copied.sources, strict=True)
        ]
        addresses = [_address(word, read) if instruction.name == "ADD" else None for word in words]
        local = tuple(word for word, address in zip(words, addresses, strict=True) if address is None)
        inputs: list[Input] = [address for address in addresses if address is not None]
        if local and read.from_ is None:
            inputs.append(FromContext(Selector(local, read.exclude)))
        elif local and read.from_ is not None:
            edge = next(iter(self._edges.get((step.stage, id(instruction)), ())), None)
            inputs.append(self._source(edge, read.from_, local, read.exclude))
        bodies = [
            f"{name}\0{f'unknown {raw.body}' if value is UNKNOWN else value}"
            for (name, value), raw in zip(copied.heredocs, read.heredocs, strict=True)
        ]
        unknown_place = f"{settings.folder}\0{read.destination}"
        # BuildKit cleans a destination, and keeps `/.` at its end.
        dot = "." if read.destination.endswith("/.") else ""
        chown = self._expanded(read.chown, step)
        parts = (
            ("sources", "\0".join(_kept_name(word, parents=read.parents) for word in words)),
            ("here-documents", "\0".join(bodies)),
            ("destination", unknown_place if copied.destination is UNKNOWN else copied.destination + dot),
            ("--chown", chown),
            ("--chmod", _mode(self._expanded(read.chmod, step))),
            ("--exclude", "\0".join(read.exclude)),
            ("flags", f"{instruction.name == 'ADD' if read.unpack is None else read.unpack} {read.parents}"),
        )
        # --chmod keeps dispatchCopy from merging. A name in --chown is looked up in the layers below.
        by_id = all(part.isdecimal() for part in chown.split(":")) if chown else True
        return Definition(parts, tuple(inputs), linked=read.link and not read.chmod and by_id)


def _command(instruction: Instruction, settings: Settings, *, windows: bool) -> str:
    """The words that RUN starts, as dispatchRun puts them together: a text has its shell in front."""
    if instruction.json_form:
        return "\0".join(instruction.words)
    text = instruction.text.strip()
    if not instruction.heredocs:
        return f"{settings.shell}\0{text}"
    first = instruction.heredocs[0]
    if heredoc_word(text) is not None:
        if first.body.startswith("#!") and not windows:
            # A script that runs by itself, under the name of its here-document.
            return f"script\0{first.name}\0{first.body}"
        return f"{settings.shell}\0{first.body}"
    # `<<-` takes tabs off, and the body here has none any more: the text on disk tells.
    bodies = [
        (instruction.raw if heredoc.chomp else heredoc.body) + heredoc.name
        for heredoc in instruction.heredocs
    ]
    return "\n".join((f"{settings.shell}\0{text}", *bodies))


_USUAL_FLAGS = {"network": ("default",), "security": ("sandbox",)}
_SIZE = re.compile(r"(\d+)([kmgtp]?)i?b?", re.IGNORECASE)


def _cleaned(folder: str) -> str:
    found = posixpath.normpath(folder)
    return "/" + found.lstrip("/") if found.startswith("/") else found


def _mode(text: str) -> str:
    """An octal number without the noughts in front; anything else as it is."""
    return text.lstrip("0") or "0" if text.isdecimal() else text


def _bytes(text: str) -> str:
    """A size of tmpfs in bytes, as units.RAMInBytes reads it; anything else as it is."""
    found = _SIZE.fullmatch(text)
    return str(int(found[1]) << 10 * " kmgtp".index(found[2].lower() or " ")) if found else text


def _kept_name(word: str, *, parents: bool) -> str:
    """What the copy itself keeps of a source: its last name; the folders before it only select content."""
    return word if parents else posixpath.basename(posixpath.normpath("/" + word.lstrip("/")))


def _address(word: str, read: CopySources) -> FromElsewhere | None:
    """A remote source of ADD, or None for a path."""
    is_http = word.startswith(("http://", "https://"))
    git = word.split("#", 1)[0].endswith(".git") or word.startswith(("git://", "git@", "ssh://"))
    if not (is_http or git):
        return None
    if is_http and not git and read.checksum:
        # The file is known by its checksum then, wherever it comes from.
        name = posixpath.basename(urlsplit(word).path) or "__unnamed__"
        return FromElsewhere(name, f"checksum {read.checksum} {name}", address=True, pinned=True)
    return FromElsewhere(word, f"{word} {read.checksum} {read.keep_git_dir}", address=True)
