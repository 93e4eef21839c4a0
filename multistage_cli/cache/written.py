"""What lies at a path of a stage, named by who may have written it.

BuildKit compares the content that `COPY --from` and bind mounts show, not the steps that made it. What the
content is nobody knows before the build; but it is the same for sure where everything that may have written it
has the same result as before.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.context import Selector
from multistage_cli.cache.definitions import FromContext
from multistage_cli.cache.inputs import Token, digest

if TYPE_CHECKING:
    from multistage_cli.cache.simulation import Record, Simulation

_WILDCARDS = frozenset("*?[")


def content_of(simulation: Simulation, stage: int, path: str) -> Token:
    """The content of a path, which may have wildcards, in a stage that was walked."""
    fixed = _settled(_fixed(path))
    chain = simulation.chain(stage)
    if not chain:
        return Token(f"nothing\0{path}")
    first = chain[0]
    texts = [first.base]
    line = None if first.base_same else first.stage.stage.head.span.first
    sure: Token | None = None
    for walked in chain:
        for record in walked.records:
            written = _written(simulation, record, fixed)
            if written is None:
                continue
            texts.append(written.token.text)
            # What comes later may hide what came before, so that only the last word is sure.
            is_sure = written.whole and written.token.differences and not written.token.maybe
            sure = written.token if is_sure else None
            if written.token.new and line is None:
                line = record.step.line
    return Token(digest(path, *texts), differences=sure.differences if sure else (), line=line)


class _Written(Struct, frozen=True):
    """What a step writes at a path; `whole` where all of its content is there."""

    token: Token
    whole: bool


def _written(simulation: Simulation, record: Record, path: str) -> _Written | None:
    definition = record.definition
    if definition is None:
        return None
    name = record.step.instruction.name
    if name == "RUN":
        return _Written(Token(record.key, new=not record.cached), whole=False)
    if name == "WORKDIR":
        place = dict(definition.parts)["folder"]
        token = Token(record.signature, new=not record.known)
        return _Written(token, whole=False) if _is_in(place, path) else None
    return _copied(simulation, record, path)


def _copied(simulation: Simulation, record: Record, path: str) -> _Written | None:
    destination = record.step.copied.destination if record.step.copied else UNKNOWN
    if destination is UNKNOWN:
        return _whole(record, whole=False)
    place = _settled(destination.rstrip("/") or "/")
    if _is_in(place, path):
        return _whole(record, whole=True)
    if not _is_in(path, place):
        # One may be a link to the other: `/bin` of most distributions is one to `/usr/bin`.
        linked = simulation.assumptions.links and _may_be_linked(simulation, record, place, path)
        return _whole(record, whole=False) if linked else None
    given = record.definition.inputs if record.definition else ()
    plain = len(given) == 1 and isinstance(given[0], FromContext) and not given[0].selector.exclude
    if plain and isinstance(given[0], FromContext) and len(given[0].selector.words) == 1:
        word = given[0].selector.words[0]
        if not _WILDCARDS & set(word):
            return _below(simulation, record, given[0].selector, path[len(place) :].lstrip("/"))
    return _whole(record, whole=False)


def _below(simulation: Simulation, record: Record, selector: Selector, rest: str) -> _Written | None:
    """A path below the destination of a COPY of one file or folder of the build context."""
    context = simulation.world.build.context
    word = selector.words[0]
    entries = context.select(word) if context is not None else ()
    unpacks = dict(record.definition.parts)["flags"].startswith("True") if record.definition else True
    if len(entries) != 1 or (entries[0].kind != "directory" and unpacks):
        return _whole(record, whole=False)
    if entries[0].kind != "directory":
        name = posixpath.basename(word.rstrip("/"))
        return _whole(record, whole=True) if rest == name else None
    part = Selector((f"{word.rstrip('/')}/{rest}",), selector.exclude, wildcards=False)
    token = simulation.context_token(part)
    return _Written(_owned(record, (token,)), whole=True)


def _whole(record: Record, *, whole: bool) -> _Written:
    return _Written(_owned(record, record.tokens), whole=whole)


def _owned(record: Record, tokens: tuple[Token, ...]) -> Token:
    """The content with the definition of the copy: owner, mode and name count as well."""
    differences = tuple(entry for token in tokens for entry in token.differences)
    text = digest(record.signature, *(token.text for token in tokens))
    new = not record.known or any(token.new for token in tokens)
    # A definition that the earlier build does not have may still write the same.
    return Token(text, new, any(token.maybe for token in tokens) or not record.known, differences)


_LINKS = {
    "bin": "/usr/bin", "sbin": "/usr/sbin", "lib": "/usr/lib", "lib32": "/usr/lib32", "lib64": "/usr/lib64",
}  # fmt: skip
"""Links at the root of most distributions (merged /usr)."""

_SYSTEM = frozenset(
    {*_LINKS, "etc", "home", "media", "mnt", "opt", "root", "run", "srv", "tmp", "usr", "var"}
)
_LINKING = re.compile(r"\bln\b|\bcp\s+-\w*[asr]|link|tar\b|rsync")


def _settled(path: str) -> str:
    """A path over the usual links of a distribution."""
    top, slash, rest = path.lstrip("/").partition("/")
    return f"{_LINKS[top]}{slash}{rest}" if top in _LINKS else path


def _may_be_linked(simulation: Simulation, record: Record, place: str, path: str) -> bool:
    """Whether something may make a link of one of the places to the other."""
    tops = {entry.lstrip("/").partition("/")[0] for entry in (place, path)}
    if tops <= _SYSTEM:
        return True
    return any(
        other.step.instruction.name == "RUN" and _LINKING.search(other.step.instruction.raw)
        for walked in simulation.chain(record.step.stage)
        for other in walked.records
    )


def _is_in(place: str, folder: str) -> bool:
    return folder in ("/", place) or place.startswith(folder + "/")


def _fixed(path: str) -> str:
    """The folders before the first wildcard, absolute."""
    kept = []
    for part in posixpath.normpath("/" + path.lstrip("/")).split("/"):
        if _WILDCARDS & set(part):
            break
        kept.append(part)
    return "/".join(kept) or "/"
