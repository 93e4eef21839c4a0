"""Which stages a Bake or Compose file beside a Dockerfile builds.

Only what stands there plainly is taken: with a variable, a matrix or more of the language than is read here
the answer is None, and each last stage of the Dockerfile stays a target.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.analyze.config.yaml import YamlError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

LAST_STAGE = ""
"""Stands for a build that names no target."""

_DOCKERFILE = "Dockerfile"
_MOST_INHERITED = 20


class _Built(Struct, frozen=True):
    """One build: its context and Dockerfile as paths from the file's folder, and its target."""

    context: str
    dockerfile: str
    target: str

    def is_of(self, dockerfile: str) -> bool:
        return posixpath.normpath(posixpath.join(self.context, self.dockerfile)) == dockerfile


class _UnclearError(ValueError):
    """More than is read here."""


def compose_targets(text: str, dockerfile: str) -> frozenset[str] | None:
    """The targets that a Compose file builds of one Dockerfile; None where that is not plain.

    Args:
        text: the Compose file.
        dockerfile: the Dockerfile's path from the Compose file's folder.
    """
    try:
        return _targets(_compose_builds(text), dockerfile)
    except (YamlError, _UnclearError):
        return None


def bake_targets(text: str, name: str, dockerfile: str) -> frozenset[str] | None:
    """The targets that a Bake file builds of one Dockerfile; None where that is not plain.

    Args:
        text: the Bake file.
        name: of the file: what ends in `.json` is JSON, the rest HCL.
        dockerfile: the Dockerfile's path from the Bake file's folder.
    """
    try:
        blocks = _json_blocks(text) if name.endswith(".json") else dict(_hcl_blocks(text))
        return _targets(_bake_builds(blocks), dockerfile)
    except (ValueError, RecursionError):  # JSON's errors are ValueErrors, and so is ours
        return None


def _targets(builds: Iterator[_Built], dockerfile: str) -> frozenset[str]:
    return frozenset(found.target for found in builds if found.is_of(posixpath.normpath(dockerfile)))


def _compose_builds(text: str) -> Iterator[_Built]:
    document = parse(text)
    services = document.get("services") if isinstance(document, dict) else None
    for service in services.values() if isinstance(services, dict) else ():
        build = service.get("build") if isinstance(service, dict) else None
        if isinstance(build, str):
            yield _Built(_plain(build), _DOCKERFILE, LAST_STAGE)
        elif isinstance(build, dict):
            yield _Built(
                _plain(build.get("context") or "."),
                _plain(build.get("dockerfile") or _DOCKERFILE),
                _plain(build.get("target") or LAST_STAGE),
            )


def _bake_builds(blocks: dict[str, dict[str, object]]) -> Iterator[_Built]:
    for name in blocks:
        found: dict[str, object] = {}
        for parent in _with_parents(blocks, name):
            found |= {key: value for key, value in blocks[parent].items() if key not in found}
        if "matrix" in found:
            raise _UnclearError
        yield _Built(
            _plain(found.get("context") or "."),
            _plain(found.get("dockerfile") or _DOCKERFILE),
            _plain(found.get("target") or LAST_STAGE),
        )


def _with_parents(blocks: dict[str, dict[str, object]], name: str) -> list[str]:
    """The target and what it inherits from, what counts most first: of several parents the last one."""
    order: list[str] = []
    waiting = [name]
    while waiting:
        current = waiting.pop(0)
        if current in order:
            continue
        if current not in blocks or len(order) > _MOST_INHERITED:
            raise _UnclearError
        order.append(current)
        parents = blocks[current].get("inherits", [])
        if not isinstance(parents, list):
            raise _UnclearError
        waiting = [_plain(parent) for parent in reversed(parents)] + waiting
    return order


def _plain(value: object) -> str:
    """A text without variables.

    Raises:
        _UnclearError: it is none.
    """
    if not isinstance(value, str) or "$" in value or "://" in value:
        raise _UnclearError
    return value


def _json_blocks(text: str) -> dict[str, dict[str, object]]:
    document = json.loads(text)
    blocks = document.get("target", {}) if isinstance(document, dict) else {}
    if not isinstance(blocks, dict) or not all(isinstance(block, dict) for block in blocks.values()):
        raise _UnclearError
    return blocks


_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)|(?P<text>"(?:[^"\\\n]|\\.)*")"""
    r"""|(?P<word>[A-Za-z_][\w.-]*)|(?P<sign>[{}\[\]=,])|(?P<line>\n)|(?P<other>[^\s])"""
)


def _hcl_blocks(text: str) -> Iterator[tuple[str, dict[str, object]]]:
    """The `target` blocks of a Bake file, with the attributes that are plain texts or lists of them."""
    tokens = [
        (str(found.lastgroup), found.group())
        for found in _TOKEN.finditer(text)
        if found.lastgroup not in {None, "comment"}
    ]
    depth = 0
    at = 0
    while at < len(tokens):
        kind, word = tokens[at]
        header = [entry for _, entry in tokens[at : at + 3]]
        if depth == 0 and word == "target" and len(header) == _HEADER and header[2] == "{":
            end = _closing(tokens, at + 2)
            yield header[1].strip('"'), dict(_attributes(tokens[at + 3 : end]))
            at = end + 1
            continue
        if kind == "sign":
            depth += (word in "{[") - (word in "}]")
        at += 1


_HEADER = 3


def _closing(tokens: list[tuple[str, str]], at: int) -> int:
    depth = 0
    for index in range(at, len(tokens)):
        kind, word = tokens[index]
        if kind == "sign":
            depth += (word in "{[") - (word in "}]")
            if depth == 0:
                return index
    raise _UnclearError


def _attributes(tokens: list[tuple[str, str]]) -> Iterator[tuple[str, object]]:
    """`name = value` of one block; what is no plain text or list of texts is None, which nobody takes."""
    at = 0
    while at + 1 < len(tokens):
        (kind, name), (_, sign) = tokens[at], tokens[at + 1]
        if kind != "word" or sign not in {"=", "{"}:
            at += 1
            continue
        start = at + 2 if sign == "=" else at + 1
        end = start
        while end < len(tokens) and tokens[end][0] != "line":
            opens = tokens[end][0] == "sign" and tokens[end][1] in "{["
            end = (_closing(tokens, end) if opens else end) + 1
        yield name, _value(tokens[start:end])
        at = end
    return


def _value(tokens: list[tuple[str, str]]) -> object:
    kinds = [kind for kind, _ in tokens]
    if kinds == ["text"]:
        return tokens[0][1][1:-1]
    if tokens and tokens[0][1] == "[" and set(kinds) <= {"text", "sign", "line"}:
        return [word[1:-1] for kind, word in tokens if kind == "text"]
    return True  # neither a text nor a list: no plain value of any attribute
