"""ARG and ENV: scopes and expansion, as BuildKit's `frontend/dockerfile/shell` has them."""

from __future__ import annotations

from multistage_cli.build.expansion import Expansion, Scope, expand, expand_heredoc, expand_words

__all__ = ["Expansion", "Scope", "expand", "expand_heredoc", "expand_words", "predefined"]


def predefined(
    *, build_platform: str = "linux/amd64", target_platform: str = "linux/amd64", target_stage: str = ""
) -> dict[str, str]:
    """The platform ARGs that BuildKit sets in the global scope (BUILDPLATFORM, TARGETARCH and so on)."""
    raise NotImplementedError
