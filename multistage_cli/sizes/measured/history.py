"""Whether an entry of an image's history is what an instruction leaves there.

BuildKit writes `RUN |1 A=b /bin/sh -c make # buildkit` and `COPY --chown=1 src /dst # buildkit`, with variables
expanded and without `--from`; the classic builder, podman and buildah write `/bin/sh -c make` and
`/bin/sh -c #(nop) COPY file:0123 in /dst `. Source: commitToHistory in BuildKit's
frontend/dockerfile/dockerfile2llb/convert.go, and images built to see.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN

if TYPE_CHECKING:
    from multistage_cli.build.claims import Known
    from multistage_cli.build.steps import Step

_BUILDKIT = "# buildkit"
_NOT_RUN = "#(nop)"
_KEYWORDS = frozenset({"ADD", "COPY", "RUN", "WORKDIR"})
_OTHER_KEYWORDS = frozenset(
    {"ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "SHELL",
     "STOPSIGNAL", "USER", "VOLUME"}
)  # fmt: skip


class Written(Struct, frozen=True):
    """An entry of the history, taken apart.

    Attributes:
        keyword: ADD, COPY, RUN or WORKDIR; None for what adds no layer, or was made by something else.
        text: what follows, on one line.
        classic: whether sources are checksums.
    """

    keyword: str | None
    text: str
    classic: bool = False


def written(created_by: str) -> Written:
    """Take an entry apart."""
    text = " ".join(created_by.removesuffix(_BUILDKIT).split())
    before, nop, after = text.partition(_NOT_RUN)
    if nop and " " not in before.removesuffix(" -c ").strip():
        keyword, _, rest = after.strip().partition(" ")
        return Written(keyword if keyword in _KEYWORDS else None, rest, classic=True)
    keyword, _, rest = text.partition(" ")
    if keyword in _KEYWORDS:
        return Written(keyword, rest)
    if keyword in _OTHER_KEYWORDS or not text:
        return Written(None, text)
    return Written("RUN", text, classic=True)


def fits(step: Step, entry: Written) -> bool:
    """Whether the instruction leaves such an entry."""
    if step.instruction.name != entry.keyword:
        return False
    if entry.keyword == "RUN":
        return _fits_run(step, entry.text)
    if entry.keyword == "WORKDIR":
        return _same_place(step.after.working_directory.value, entry.text, step)
    return _fits_copy(step, entry)


def _fits_run(step: Step, text: str) -> bool:
    instruction = step.instruction
    if instruction.json_form:
        script = " ".join(instruction.words)
        return _ends_with(text, script)
    if not instruction.heredocs:
        return _ends_with(text, instruction.text)
    body = instruction.heredocs[0].body
    if body.startswith("#!"):
        return _ends_with(text, f"/dev/pipes/{instruction.heredocs[0].name}")
    command, _, _ = instruction.text.partition("\n")
    return _ends_with(text, body) or (_squashed(command) in text and _squashed(body) in text)


@lru_cache(maxsize=4096)
def _squashed(text: str) -> str:
    """On one line; remembered, because each instruction is compared with each entry."""
    return " ".join(text.split())


def _ends_with(text: str, script: str) -> bool:
    """Whether a command is that script, after a shell and build arguments at most."""
    script = _squashed(script)
    return bool(script) and (text == script or text.endswith(f" {script}"))


def _fits_copy(step: Step, entry: Written) -> bool:
    copied = step.copied
    if copied is None:
        return False
    if entry.classic:
        return _same_place(copied.destination, entry.text.rpartition(" in ")[2].strip(), step)
    words = entry.text.split()
    while words and words[0].startswith("--"):
        del words[0]
    if not words:
        return False
    if not _same_place(copied.destination, words[-1], step) and " " not in str(copied.destination):
        return False
    # BuildKit names the files of the build context first, then those that the Dockerfile itself holds.
    sources = (*copied.sources, *(f"<<{name}" for name, _ in copied.heredocs))
    if any(source is UNKNOWN for source in sources):
        return True
    wanted = [_plain(word) for source in sources for word in str(source).split()]
    if " " in str(copied.destination):
        return [_plain(word) for word in words[: len(wanted)]] == wanted
    return sorted(_plain(word) for word in words[:-1]) == sorted(wanted)


def _plain(source: str) -> str:
    """A source as both sides may write it: `./src/` is `src`."""
    if "://" in source or source.startswith("<<"):
        return source
    return posixpath.normpath(source).strip("/") or "."


def _same_place(known: Known[str], path: str, step: Step) -> bool:
    """Whether a path in the history, perhaps relative, is the one that the instruction names."""
    folder = step.before.working_directory.value
    if known is UNKNOWN or (folder is UNKNOWN and not path.startswith("/")):
        return True
    absolute = path if folder is UNKNOWN else posixpath.join(folder, path)
    return posixpath.normpath(absolute) == posixpath.normpath(known)
