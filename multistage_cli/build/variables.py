"""ARG and ENV: scopes and expansion, as BuildKit's `frontend/dockerfile/shell` has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multistage_cli.build.claims import Known

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Scope:
    """The variables that an instruction may see.

    Attributes:
        values: name to value; UNKNOWN where it is set to something that the file does not tell.
        open: whether names that are not in `values` may be set all the same (by a base image that the
            facts do not know). In an open scope an unset name expands to UNKNOWN, else to nothing.
    """

    values: Mapping[str, Known[str]] = field(default_factory=lambda: _NOTHING)
    open: bool = False


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a word became.

    Attributes:
        value: the text, UNKNOWN where a part of it cannot be known.
        used: names that were looked up and were set.
        unset: names that were looked up and are certainly not set, without a default in the word.
        error: BuildKit's refusal in words (`${x:?message}`, a bad substitution), or None. The value is
            then UNKNOWN.
    """

    value: Known[str]
    used: frozenset[str] = frozenset()
    unset: frozenset[str] = frozenset()
    error: str | None = None


def expand(word: str, scope: Scope, *, escape: str = "\\") -> Expansion:
    """Expand one word: quotes and escapes removed, variables replaced (ProcessWord of BuildKit)."""
    raise NotImplementedError


def expand_words(word: str, scope: Scope, *, escape: str = "\\") -> tuple[Known[tuple[str, ...]], Expansion]:
    """Expand one argument that may split into several words at unquoted spaces (ProcessWords)."""
    raise NotImplementedError


def predefined(
    *, build_platform: str = "linux/amd64", target_platform: str = "linux/amd64", target_stage: str = ""
) -> dict[str, str]:
    """The platform ARGs that BuildKit sets in the global scope (BUILDPLATFORM, TARGETARCH and so on)."""
    raise NotImplementedError
