"""What a Python project's own files ask for: requirements files and pyproject.toml in the image."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from multistage_cli.build.effects import Call

_MOST_FILES = 16  # that include each other
_LOCAL = re.compile(r"(?P<path>[^\[\]]*)(?:\[(?P<extras>[^\[\]]*)\])?")


class Wanted(Struct, frozen=True):
    """What an installation asks for.

    Attributes:
        packages: requirements, as written.
        manifests: the texts of requirements files.
        commands: those of local projects.
        folders: of local projects, which are built in place.
        constrained: whether another file chooses among releases.
    """

    packages: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    constrained: bool = False


def wanted(call: Call, names: Iterable[str], files: Iterable[str]) -> Wanted:
    """What names on a command line and requirements files come to; the files with those they include.

    Args:
        call: the command.
        names: requirements and paths.
        files: absolute paths of requirements files.
    """
    packages: list[str] = []
    commands: list[str] = []
    folders: list[str] = []
    texts, inner, constrained = _texts(call, files)
    for name in (*names, *inner):
        if not is_local(name):
            packages.append(name)
            continue
        found = _LOCAL.fullmatch(name.removeprefix("file://"))
        path = call.absolute(found["path"]) if found else name
        if path.endswith((".whl", ".gz", ".zip", ".bz2")):
            continue
        folders.append(path)
        extras = frozenset((found["extras"] or "").replace(" ", "").split(",")) if found else frozenset()
        project = read_project(call, path, extras)
        packages += project.packages
        commands += project.commands
    return Wanted(tuple(packages), tuple(texts), tuple(commands), tuple(folders), constrained)


def is_local(name: str) -> bool:
    """Whether pip takes a word for a path."""
    return name.startswith((".", "/", "file:")) or name.endswith((".whl", ".tar.gz", ".zip"))


def _texts(call: Call, files: Iterable[str]) -> tuple[list[str], list[str], bool]:
    """The texts of requirements files, the local projects that they name, and whether they have constraints."""
    texts: list[str] = []
    local: list[str] = []
    constrained = False
    waiting, seen = list(files), set[str]()
    while waiting and len(seen) < _MOST_FILES:
        path = waiting.pop(0)
        text = text_of(call, path)
        if path in seen or text is UNKNOWN:
            continue
        seen.add(path)
        texts.append(text)
        if "-" not in text and "/" not in text and "." not in text:
            continue
        for line in text.splitlines():
            if line.startswith(("-", ".", "/")):
                from multistage_cli.facts.requirements import parse_requirements

                read = parse_requirements(line)
                folder = posixpath.dirname(path)
                for include in read.includes:
                    constrained = constrained or include.constraint
                    if not include.constraint:
                        waiting.append(posixpath.normpath(posixpath.join(folder, include.path)))
                local += [entry.url for entry in read.requirements if entry.url and is_local(entry.url)]
    return texts, local, constrained


def text_of(call: Call, path: str) -> Known[str]:
    """The whole text of a file in the image."""
    if not path.startswith("/"):
        return UNKNOWN
    entry = call.state.files.entry(path)
    if entry.exists is not Claim.YES or entry.content is None or entry.kind is Kind.DIRECTORY:
        return UNKNOWN
    return entry.content.text


def read_project(call: Call, folder: str, extras: frozenset[str] = frozenset()) -> Wanted:
    """What pyproject.toml says that the project needs, and the commands that it has."""
    table = toml_of(call, f"{folder}/pyproject.toml")
    project, poetry = _table(table, "project"), _table(_table(table, "tool"), "poetry")
    packages = _texts_in(project.get("dependencies"))
    optional = _table(project, "optional-dependencies")
    for extra in extras:
        packages += _texts_in(optional.get(extra))
    for name, constraint in _table(poetry, "dependencies").items():
        if name != "python" and isinstance(constraint, str):
            packages.append(f"{name}{_pep508(constraint)}")
    commands: list[str] = []
    if "build-system" in table:
        commands += [name for name, target in _table(project, "scripts").items() if isinstance(target, str)]
        commands += [
            name for name, target in _table(project, "gui-scripts").items() if isinstance(target, str)
        ]
        commands += [name for name, target in _table(poetry, "scripts").items() if isinstance(target, str)]
    return Wanted(tuple(packages), commands=tuple(commands))


def _pep508(constraint: str) -> str:
    """A version as Poetry writes it, after PEP 508."""
    if found := re.fullmatch(r"\^\s*(\d+)(?:\.(\d+))?((?:\.\d+)*)", constraint):
        major, minor, rest = int(found[1]), int(found[2] or 0), found[3]
        above = f"{major + 1}" if major or found[2] is None else f"0.{minor + 1}"
        return f">={major}.{minor}{rest},<{above}"
    if constraint == "*":
        return ""
    if re.fullmatch(r"\d[\w.]*", constraint):
        return f"=={constraint}"
    return constraint


def toml_of(call: Call, path: str) -> dict[str, Any]:
    """A file of TOML in the image; empty where it is not known or cannot be read."""
    text = text_of(call, path)
    if text is UNKNOWN:
        return {}
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):  # no TOML, or a number of thousands of digits
        return {}


def _table(table: dict[str, Any], name: str) -> dict[str, Any]:
    found = table.get(name)
    return found if isinstance(found, dict) else {}


def _texts_in(value: object) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []
