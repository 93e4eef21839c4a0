"""Environment markers (`; python_version < "3.9"`), after PEP 508, for Linux on x86-64 with CPython.

Source of the grammar and of which comparisons are by version:
https://packaging.python.org/en/latest/specifications/dependency-specifiers/
"""

from __future__ import annotations

import re
from typing import Final

from multistage_cli.facts.versions import admits, parse_version

_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<parenthesis>[()])
    |(?P<operator>===|==|~=|!=|<=|>=|<|>|in\b|not\s+in\b)
    |(?P<join>(?:and|or)\b)
    |(?P<variable>[A-Za-z][A-Za-z0-9_.]*)
    |(?P<string>'[^']*'|"[^"]*")
    )""",
    re.VERBOSE,
)
# Markers that people write hold two or three; a limit keeps a hostile one off Python's recursion limit.
_DEEPEST: Final = 40

# The interpreter's patch level is not known, so a comparison must come out alike for both to count.
_PATCHES: Final = (".0", ".99")
_BY_PATCH: Final = frozenset({"python_full_version", "implementation_version"})
_BY_VERSION: Final = _BY_PATCH | {"python_version"}
_LINUX: Final = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "implementation_name": "cpython",
}
# From before PEP 508; pip still reads them.
_FORMER_NAMES: Final = {
    "os.name": "os_name",
    "sys.platform": "sys_platform",
    "platform.version": "platform_version",
    "platform.machine": "platform_machine",
    "platform.python_implementation": "platform_python_implementation",
    "python_implementation": "platform_python_implementation",
}


def canonical_name(name: str) -> str:
    """A distribution's or an extra's name as indexes compare it: `Zope.Interface` is `zope-interface`.

    Source: PEP 503.
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def applies(marker: str, *, python: str = "3.12", extra: str = "") -> bool | None:
    """Whether a marker holds on Linux x86-64 under CPython `python` (major and minor) with an extra.

    None where it hangs on something unknown, such as the kernel's release.

    Raises:
        ValueError: the text is no marker.
    """
    return _Parser(marker, python, canonical_name(extra)).whole()


class _Parser:
    """Reads a marker from left to right and works it out on the way."""

    def __init__(self, marker: str, python: str, extra: str) -> None:
        self._tokens = _tokens(marker)
        self._index = 0
        self._python = python
        self._extra = extra

    def whole(self) -> bool | None:
        verdict = self._any_of(0)
        if self._kind() != "end":
            raise ValueError(f"{self._text()!r} stands where the marker should end")
        return verdict

    def _any_of(self, depth: int) -> bool | None:
        verdicts = [self._all_of(depth)]
        while self._text() == "or":
            self._index += 1
            verdicts.append(self._all_of(depth))
        if True in verdicts:
            return True
        return None if None in verdicts else False

    def _all_of(self, depth: int) -> bool | None:
        verdicts = [self._one(depth)]
        while self._text() == "and":
            self._index += 1
            verdicts.append(self._one(depth))
        if False in verdicts:
            return False
        return None if None in verdicts else True

    def _one(self, depth: int) -> bool | None:
        if self._text() != "(":
            return self._comparison()
        if depth == _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} parentheses inside each other")
        self._index += 1
        verdict = self._any_of(depth + 1)
        if self._text() != ")":
            raise ValueError("a parenthesis is not closed")
        self._index += 1
        return verdict

    def _comparison(self) -> bool | None:
        left = self._take("variable", "string")
        operator = " ".join(self._take("operator")[1].split())
        right = self._take("variable", "string")
        names = {text for kind, text in (left, right) if kind == "variable"}
        if not names:
            raise ValueError("a marker compares a variable with a string, not two strings")
        verdicts = set()
        for patch in _PATCHES if names & _BY_PATCH else _PATCHES[:1]:
            values = [self._value(kind, text, patch) for kind, text in (left, right)]
            verdicts.add(_holds(values[0], operator, values[1], names))
        return verdicts.pop() if len(verdicts) == 1 else None

    def _value(self, kind: str, text: str, patch: str) -> str | None:
        if kind == "string":
            return text
        if text == "python_version":
            return self._python
        if text in _BY_PATCH:
            return self._python + patch
        return self._extra if text == "extra" else _LINUX.get(text)

    def _take(self, *kinds: str) -> tuple[str, str]:
        kind, text = self._tokens[self._index]
        if kind not in kinds:
            raise ValueError(
                f"{text!r} stands where a {' or '.join(kinds)} should" if text else "the marker ends early"
            )
        self._index += 1
        if kind == "string":
            text = text[1:-1]
        return kind, _FORMER_NAMES.get(text, text) if kind == "variable" else text

    def _kind(self) -> str:
        return self._tokens[self._index][0]

    def _text(self) -> str:
        return self._tokens[self._index][1]


def _tokens(marker: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    marker = marker.rstrip()
    index = 0
    while index < len(marker):
        token = _TOKEN.match(marker, index)
        if token is None or token.lastgroup is None:
            raise ValueError(f"{marker[index : index + 20].strip()!r} is no part of a marker")
        found.append((token.lastgroup, token[token.lastgroup]))
        index = token.end()
    return [*found, ("end", "")]


def _holds(left: str | None, operator: str, right: str | None, names: set[str]) -> bool | None:
    if left is None or right is None:
        return None
    if names == {"extra"}:
        left, right = canonical_name(left), canonical_name(right)
    elif names & _BY_VERSION and operator not in ("in", "not in") and parse_version(right.removesuffix(".*")):
        return admits(left, f"{operator}{right}")
    match operator:
        case "==" | "===":
            return left == right
        case "!=":
            return left != right
        case "in":
            return left in right
        case "not in":
            return left not in right
        case _:
            # Order among words: which way the reader of the marker takes it differs from tool to tool.
            return None
