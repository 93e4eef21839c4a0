"""What FROM, RUN mounts, COPY, ADD and HEALTHCHECK say, as typed values.

Words stay as they were written: variables are expanded later. A reader never fails; what BuildKit refuses
is told by `multistage_cli.build.instructions.problems`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.parser import Heredoc, Span, heredoc_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.parser import Instruction


class From(Struct, frozen=True):
    """What FROM names; `base` is empty where it names nothing."""

    base: str
    stage_name: str | None
    platform: str | None


_WORDS_WITH_NAME = 3


def read_from(instruction: Instruction) -> From:
    """The base, stage name and platform of a FROM instruction, as written."""
    words = instruction.words
    named = len(words) == _WORDS_WITH_NAME and words[1].lower() == "as"
    return From(
        base=words[0] if words else "",
        stage_name=words[2] if named else None,
        platform=instruction.flag("platform") or None,
    )


# RUN --mount


class Mount(Struct, frozen=True):
    """One `--mount` of RUN.

    Attributes:
        type: `bind`, `cache`, `tmpfs`, `secret`, `ssh`, or what was written instead.
        target: None where the default holds: the working directory for bind, cache and tmpfs.
        from_: a stage, image or named context; None for the build context (bind) or nothing (others).
        env: the variable that a secret is put into.
        readonly: by its own key, else as the type has it: cache and tmpfs may be written.
        mode, uid, gid, size: as written.
        raw: the flag's value, quotes and escapes removed.
    """

    type: str = "bind"
    target: str | None = None
    source: str | None = None
    from_: str | None = None
    id: str | None = None
    sharing: str | None = None
    env: str | None = None
    readonly: bool = True
    required: bool = False
    mode: str | None = None
    uid: str | None = None
    gid: str | None = None
    size: str | None = None
    raw: str = ""


MOUNT_KEYS: Final = {
    "type": "type",
    "from": "from_",
    "source": "source",
    "src": "source",
    "target": "target",
    "dst": "target",
    "destination": "target",
    "id": "id",
    "sharing": "sharing",
    "env": "env",
    "mode": "mode",
    "uid": "uid",
    "gid": "gid",
    "size": "size",
    "readonly": "readonly",
    "ro": "readonly",
    "readwrite": "readwrite",
    "rw": "readwrite",
    "required": "required",
}
"""What each key of `--mount` sets, in any case. Source: commands_runmount.go."""

_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}


def boolean(value: str) -> bool | None:
    """What Go's `strconv.ParseBool` reads; None for what it refuses."""
    return _BOOLEANS.get(value)


def mount_fields(value: str) -> Iterator[tuple[str, str | None, str]]:
    """Key in lower case, value (None without `=`) and the written field, one for each field of a mount."""
    for text in csv_fields(value) or ():
        key, separator, content = text.partition("=")
        yield key.lower(), content if separator else None, text


_CSV_QUOTED = re.compile(r'"((?:[^"]|"")*+)"(?=,|\Z)')


def csv_fields(value: str) -> list[str] | None:
    """The fields of one CSV record as Go's encoding/csv reads it; None for what it refuses."""
    if '"' not in value:
        return value.split(",") if value else None
    found: list[str] = []
    position = 0
    while position <= len(value):
        quoted = _CSV_QUOTED.match(value, position)
        if quoted:
            found.append(quoted.group(1).replace('""', '"'))
            position = quoted.end() + 1
            continue
        end = value.find(",", position)
        text = value[position : len(value) if end < 0 else end]
        if '"' in text:
            return None
        found.append(text)
        position += len(text) + 1
    return found


def read_mounts(instruction: Instruction) -> tuple[Mount, ...]:
    """The mounts of a RUN instruction, in order."""
    return tuple(_mount(flag.value) for flag in instruction.flags if flag.name == "mount" and flag.value)


def _mount(value: str) -> Mount:
    texts: dict[str, str] = {}
    readonly: bool | None = None
    required = False
    for key, written, _ in mount_fields(value):
        name = MOUNT_KEYS.get(key)
        flag = True if written is None else boolean(written)
        if name in ("readonly", "readwrite") and flag is not None:
            readonly = flag if name == "readonly" else not flag
        elif name == "required" and flag is not None:
            required = flag
        elif name in _MOUNT_TEXTS and written is not None:
            texts[name] = written.lower() if name in ("type", "sharing") else written
    kind = texts.get("type", "bind")
    return Mount(
        **{name: text for name, text in texts.items() if text},
        readonly=kind not in ("cache", "tmpfs") if readonly is None else readonly,
        required=required,
        raw=value,
    )


_MOUNT_TEXTS = frozenset(Mount.__struct_fields__) - {"readonly", "required", "raw"}


# COPY and ADD


class CopySources(Struct, frozen=True):
    """What COPY or ADD takes, and where to.

    Attributes:
        sources: paths and, for ADD, addresses; without here-documents.
        destination: empty where none was written.
        from_: of COPY: a stage, image or named context; None for the build context.
        exclude: the patterns of `--exclude`.
        heredocs: the here-documents among the sources.
        checksum, keep_git_dir, unpack: of ADD; `unpack` is None where the type of the source decides.
    """

    sources: tuple[str, ...]
    destination: str
    from_: str | None
    chown: str | None
    chmod: str | None
    link: bool
    parents: bool
    exclude: tuple[str, ...]
    heredocs: tuple[Heredoc, ...]
    checksum: str | None = None
    keep_git_dir: bool = False
    unpack: bool | None = None


def read_copy(instruction: Instruction) -> CopySources:
    """The sources and the destination of a COPY or ADD instruction, as written."""
    *sources, destination = instruction.words or ("",)
    bodies = {heredoc.name: heredoc for heredoc in instruction.heredocs}
    paths: list[str] = []
    heredocs: list[Heredoc] = []
    for source in sources:
        opening = heredoc_word(source)
        if opening is None:
            paths.append(source)
        else:
            # In JSON form a here-document has no body: BuildKit copies an empty file of that name.
            span = Span(instruction.span.last, instruction.span.last)
            empty = Heredoc(opening.name, "", opening.expand, opening.chomp, opening.descriptor, span)
            heredocs.append(bodies.get(opening.name, empty))
    unpack = instruction.flag("unpack")
    return CopySources(
        sources=tuple(paths),
        destination=destination,
        from_=instruction.flag("from") or None,
        chown=instruction.flag("chown") or None,
        chmod=instruction.flag("chmod") or None,
        link=_switch(instruction, "link"),
        parents=_switch(instruction, "parents"),
        exclude=tuple(flag.value for flag in instruction.flags if flag.name == "exclude" and flag.value),
        heredocs=tuple(heredocs),
        checksum=instruction.flag("checksum") or None,
        keep_git_dir=_switch(instruction, "keep-git-dir"),
        unpack=None if unpack is None else unpack.lower() in ("", "true"),
    )


def _switch(instruction: Instruction, name: str) -> bool:
    value = instruction.flag(name)
    return value is not None and value.lower() in ("", "true")


# HEALTHCHECK


class Healthcheck(Struct, frozen=True):
    """A HEALTHCHECK CMD. A time or count that is not set, or 0, is None: the default or the base's holds.

    Attributes:
        words: the command: one string for a shell form, the members for a JSON form.
        offset: where the command starts in the instruction's `text`.
    """

    words: tuple[str, ...]
    json_form: bool
    offset: int
    interval_seconds: float | None = None
    timeout_seconds: float | None = None
    start_period_seconds: float | None = None
    start_interval_seconds: float | None = None
    retries: int | None = None


_HEALTHCHECK_TYPE = re.compile(r"[^\t\n\v\f\r ]*[\t\n\v\f\r ]*")
_COUNT = re.compile(r"[+-]?[0-9]{1,10}")


def read_healthcheck(instruction: Instruction) -> Healthcheck | None:
    """The check of a HEALTHCHECK instruction; None for `NONE` and for what is no check."""
    if not instruction.words or instruction.words[0].upper() != "CMD":
        return None
    head = _HEALTHCHECK_TYPE.match(instruction.text)
    retries = instruction.flag("retries") or ""
    return Healthcheck(
        words=instruction.words[1:],
        json_form=instruction.json_form,
        offset=head.end() if head else 0,
        interval_seconds=duration_seconds(instruction.flag("interval") or "") or None,
        timeout_seconds=duration_seconds(instruction.flag("timeout") or "") or None,
        start_period_seconds=duration_seconds(instruction.flag("start-period") or "") or None,
        start_interval_seconds=duration_seconds(instruction.flag("start-interval") or "") or None,
        retries=(int(retries) or None) if _COUNT.fullmatch(retries) else None,
    )


_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_MAX_SECONDS = (2**63 - 1) / 1e9


def duration_seconds(text: str) -> float | None:
    """What Go's `time.ParseDuration` reads, such as `1m30s`; None for what it refuses."""
    sign = -1.0 if text.startswith("-") else 1.0
    unsigned = text[1:] if text[:1] in ("+", "-") else text
    if unsigned == "0":
        return 0.0
    total = 0.0
    position = 0
    while position < len(unsigned):
        part = _DURATION_PART.match(unsigned, position)
        if part is None:
            return None
        total += float(part.group(1)) * _SECONDS[part.group(2)]
        position = part.end()
    return sign * total if unsigned and total <= _MAX_SECONDS else None
