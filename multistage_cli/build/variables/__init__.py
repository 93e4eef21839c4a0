"""ARG and ENV: scopes and expansion, as BuildKit has them."""

from __future__ import annotations

from multistage_cli.build.variables.expansion import (
    expand,
    expand_heredoc,
    expand_words,
    expands,
    expands_flag,
    expansion_limit,
)
from multistage_cli.build.variables.global_scope import (
    ArgumentSource,
    Declaration,
    GlobalArgument,
    GlobalScope,
    global_scope,
)
from multistage_cli.build.variables.predefined import (
    PLATFORM_ARGUMENTS,
    PROXY_ARGUMENTS,
    predefined,
    proxy_environment,
)
from multistage_cli.build.variables.scope import (
    DEFAULT_LIMIT,
    Expansion,
    Scope,
)
from multistage_cli.build.variables.stage_variables import (
    ExpandedPair,
    Variables,
    declare_argument,
    expand_pairs,
    set_environment,
)

__all__ = [
    "DEFAULT_LIMIT",
    "PLATFORM_ARGUMENTS",
    "PROXY_ARGUMENTS",
    "ArgumentSource",
    "Declaration",
    "ExpandedPair",
    "Expansion",
    "GlobalArgument",
    "GlobalScope",
    "Scope",
    "Variables",
    "declare_argument",
    "expand",
    "expand_heredoc",
    "expand_pairs",
    "expand_words",
    "expands",
    "expands_flag",
    "expansion_limit",
    "global_scope",
    "predefined",
    "proxy_environment",
    "set_environment",
]
