"""Dockerfiles and build contexts that several scenarios share."""

from __future__ import annotations

ONE = "FROM {base}\nCOPY a.txt /a.txt\nRUN cat /a.txt > /b\n"
ALL = 'FROM {base}\nRUN echo first > /first\nCOPY . /src\nRUN ls /src > /list\nCMD ["true"]\n'
TREE = {"a.txt": "a {nonce}", "src/app.py": "app {nonce}", "src/lib/x.py": "x {nonce}", "README.md": "readme"}
TEXT = "FROM {base}\nRUN echo one > /one\nRUN echo two > /two\n"


def changed(*paths: str) -> tuple[str, ...]:
    """The question that names these paths."""
    return tuple(word for path in paths for word in ("--changed", path))
