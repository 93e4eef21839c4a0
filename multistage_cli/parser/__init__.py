"""Dockerfile text -> instructions with spans: the one shared parser.

Reads a Dockerfile exactly as BuildKit's own parser does, and remembers where every character came from,
so that a finding can point and a fix can edit in place.
"""

from __future__ import annotations

from multistage_cli.parser.heredocs import heredoc_word
from multistage_cli.parser.model import (
    Comment,
    Directive,
    Dockerfile,
    Flag,
    Heredoc,
    Instruction,
    KeyValue,
    Position,
    Problem,
    ProblemKind,
    Segment,
    Span,
)
from multistage_cli.parser.reading import parse
from multistage_cli.parser.words import SPACES, quoted, shortened

__all__ = [
    "SPACES",
    "Comment",
    "Directive",
    "Dockerfile",
    "Flag",
    "Heredoc",
    "Instruction",
    "KeyValue",
    "Position",
    "Problem",
    "ProblemKind",
    "Segment",
    "Span",
    "heredoc_word",
    "parse",
    "quoted",
    "shortened",
]
