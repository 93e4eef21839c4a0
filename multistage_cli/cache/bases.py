"""What a stage starts from, as BuildKit's cache sees it: an image by its content, whatever it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.stages import BaseKind
from multistage_cli.facts.references import InvalidReference, parse_reference

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build, EvaluatedStage

_SEPARATOR = "\0"


def base_key(entry: EvaluatedStage, build: Build, changed: frozenset[str]) -> str:
    """A text that is equal for the same base: a tag names the same image until somebody says it changed."""
    base = entry.stage.base
    platform = entry.stage.platform if isinstance(entry.stage.platform, str) else build.platform
    if base.kind is BaseKind.SCRATCH:
        return "scratch"
    name = base.written if base.reference is UNKNOWN else base.reference
    news = "changed" if changed & {name, base.written, base.label} else ""
    if base.kind is BaseKind.CONTEXT:
        place = next((build.build_contexts[key] for key in build.build_contexts if key == name), "")
        return _SEPARATOR.join(("context", name, place, news))
    if base.reference is UNKNOWN:
        return _SEPARATOR.join(("unknown", name, platform, news))
    try:
        reference = parse_reference(name)
    except InvalidReference:
        return _SEPARATOR.join(("image", name, "", platform, news))
    if reference.digest:
        return _SEPARATOR.join(("digest", reference.digest, platform, news))
    path = f"{reference.domain}/{reference.path}"
    return _SEPARATOR.join(("image", path, reference.tag or "latest", platform, news))


def may_be_same(earlier: str, later: str) -> bool:
    """Whether two different keys may still name one image: two tags of a repository, or a mirror of it."""
    first, second = earlier.split(_SEPARATOR), later.split(_SEPARATOR)
    if "changed" in (first[-1], second[-1]) or "scratch" in (earlier, later):
        return False
    if "unknown" in (first[0], second[0]) or first[0] != second[0]:
        return True
    if first[0] == "digest":
        return False
    if first[0] == "context":
        return True
    return first[1].rpartition("/")[2] == second[1].rpartition("/")[2] and first[3] == second[3]


def is_folder(place: str | None) -> bool:
    """Whether a named context is a folder on disk, whose content may change at any time."""
    return place is not None and "://" not in place and not place.endswith(".git")
