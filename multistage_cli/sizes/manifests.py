"""What a Python project's own files ask for: requirement files, pyproject.toml and lock files.

A lock file names all that is installed, so a lock goes before the project's own file where both are read.
"""

from __future__ import annotations

import json
import posixpath
import tomllib
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from multistage_cli.sizes.resolving import INDEX_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from multistage_cli.facts.requirements import Requirement

_MOST_INCLUDES = 20  # requirement files that include each other
_LOCKS = ("uv.lock", "poetry.lock", "Pipfile.lock")

Table = dict[str, Any]


class Asked(Struct, frozen=True):
    """What files ask for.

    Attributes:
        requirements: to install.
        only: names that are all there is, from a lock; None where dependencies come too.
        unknown: what could not be read, in words.
        own_index: whether a requirements file says where packages come from, or limits them by another file.
    """

    requirements: tuple[Requirement, ...] = ()
    only: frozenset[str] | None = None
    unknown: tuple[str, ...] = ()
    own_index: bool = False


def asked_by(
    manifests: Iterable[str], read: Callable[[str], str | None], *, python: str, development: bool
) -> Asked:
    """What manifests of one command ask for.

    Args:
        manifests: paths in the image.
        read: the text of a file at such a path, None where it cannot be had.
        python: the minor version, such as `3.12`, for markers.
        development: whether development dependencies come too.
    """
    names = list(manifests)
    reader = _Reader(read, python=python, development=development)
    locked = next((path for path in names if path.endswith(_LOCKS) and read(path) is not None), None)
    if locked is not None:
        projects = [path for path in names if path.endswith("pyproject.toml")]
        found = reader.lock(locked, projects)
        if found is not None:
            return found
    for path in names:
        if posixpath.basename(path) in {*_LOCKS, "Pipfile"}:
            continue
        reader.manifest(path, 0)
    if not reader.requirements and not reader.unknown and names:
        reader.unknown.append(f"what {posixpath.basename(names[-1])} asks for: it cannot be read from here")
    return Asked(tuple(reader.requirements), None, tuple(reader.unknown), reader.own_index)


class _Reader:
    def __init__(self, read: Callable[[str], str | None], *, python: str, development: bool) -> None:
        self.read = read
        self.python = python
        self.development = development
        self.requirements: list[Requirement] = []
        self.unknown: list[str] = []
        self.own_index = False
        self._done: set[str] = set()

    def manifest(self, path: str, depth: int) -> None:
        from multistage_cli.facts.requirements import parse_requirements

        path = posixpath.normpath(path)
        if path in self._done:
            return  # two files that include each other twice would double with every round
        self._done.add(path)
        text = self.read(path)
        if text is None:
            self.unknown.append(f"what {path} asks for: it is not in the build context")
        elif path.endswith("pyproject.toml"):
            self.project(path, text)
        elif not path.endswith((".txt", ".in")):
            self.unknown.append(f"what {path} asks for")
        else:
            parsed = parse_requirements(text, python=self.python)
            self.requirements.extend(parsed.requirements)
            self.own_index |= any(option.name in INDEX_OPTIONS for option in parsed.options)
            self.own_index |= any(include.constraint for include in parsed.includes)
            for include in parsed.includes:
                if not include.constraint and depth < _MOST_INCLUDES:
                    self.manifest(posixpath.join(posixpath.dirname(path), include.path), depth + 1)

    def project(self, path: str, text: str) -> None:
        project = _table(_toml(text), "project")
        dependencies = project.get("dependencies")
        if not isinstance(dependencies, list) or "dependencies" in _strings(project.get("dynamic")):
            self.unknown.append(f"what {path} asks for")
            return
        found = (self._wanted(entry) for entry in _strings(dependencies))
        self.requirements.extend(entry for entry in found if entry is not None)

    def _wanted(self, text: str) -> Requirement | None:
        from multistage_cli.facts.requirements import parse_requirement

        try:
            return parse_requirement(text, python=self.python)
        except ValueError:
            self.unknown.append(f'what "{text}" asks for')
            return None

    def lock(self, path: str, projects: list[str]) -> Asked | None:
        """What a lock asks for; None where it cannot be read."""
        text = self.read(path) or ""
        project = next((_toml(data) for name in projects if (data := self.read(name)) is not None), {})
        if path.endswith("Pipfile.lock"):
            pins = list(self._pipfile(text))
        elif path.endswith("uv.lock"):
            pins = list(self._uv(_toml(text), project))
        else:
            pins = list(self._poetry(_toml(text), project))
        wanted = [found for pin in pins if (found := self._wanted(pin)) is not None]
        if not wanted and "[[package]]" not in text and '"default"' not in text:
            return None
        return Asked(tuple(wanted), frozenset(entry.name for entry in wanted), tuple(self.unknown))

    def _pipfile(self, text: str) -> Iterator[str]:
        try:
            data = cast("object", json.loads(text))
        except ValueError:
            return
        for section in ("default", "develop") if self.development else ("default",):
            for name, entry in _table(data, section).items():
                pin = _table({"": entry}, "")
                yield _pin(name, str(pin.get("version", "")), pin.get("markers"))

    def _uv(self, lock: Table, project: Table) -> Iterator[str]:
        """Packages that uv.lock's root asks for, walked over its own edges; the project itself is none."""
        packages = _by_name(lock)
        roots = [
            entry
            for entry in _tables(lock.get("package"))
            if {"editable", "virtual"} & _table(entry, "source").keys()
        ]
        name = _table(project, "project").get("name")
        own = [
            entry for entry in roots if _canonical(str(entry.get("name"))) == _canonical(str(name))
        ] or roots
        waiting: list[Table] = []
        for root in own:
            waiting += _tables(root.get("dependencies"))
            if self.development:
                waiting += _tables(_table(root, "dev-dependencies").get("dev"))
            if root.get("optional-dependencies") or len(_table(root, "dev-dependencies")) > 1:
                self.unknown.append("extras and groups that uv.lock offers, where they are asked for")
        seen: set[tuple[str, str]] = set()
        while waiting:
            edge = waiting.pop()
            asked = _canonical(str(edge.get("name", "")))
            entry = packages.get(asked)
            if entry is None or not self._applies(asked, edge.get("marker")):
                continue
            for extra in ("", *_strings(edge.get("extra"))):
                if (asked, extra) in seen:
                    continue
                seen.add((asked, extra))
                options = _table(entry, "optional-dependencies")
                waiting += _tables(options.get(extra) if extra else entry.get("dependencies"))
            if entry not in roots:
                yield _pin(asked, f"=={entry.get('version', '')}", None)

    def _poetry(self, lock: Table, project: Table) -> Iterator[str]:
        """Packages that pyproject.toml asks for, walked over poetry.lock's edges."""
        packages = _by_name(lock)
        tool = _table(_table(project, "tool"), "poetry")
        asked: Table = dict.fromkeys(_named(_strings(_table(project, "project").get("dependencies"))), "*")
        asked |= _table(tool, "dependencies")
        if self.development:
            asked |= _table(tool, "dev-dependencies")
            for group in _table(tool, "group").values():
                asked |= _table({"": group}, "").get("dependencies", {})
        waiting = [asked]
        seen: set[str] = set()
        while waiting:
            for written, wanted in waiting.pop().items():
                name = _canonical(written)
                entry = packages.get(name)
                options = _table({"": wanted}, "")
                if entry is None or name in seen or options.get("optional") is True:
                    continue
                if not self._applies(name, options.get("markers")):
                    continue
                seen.add(name)
                waiting.append(_table(entry, "dependencies"))
                yield _pin(name, f"=={entry.get('version', '')}", None)

    def _applies(self, name: str, marker: object) -> bool:
        return not isinstance(marker, str) or self._wanted(_pin(name, "", marker)) is not None


def _pin(name: str, version: str, marker: object) -> str:
    return f"{name}{version}" + (f" ; {marker}" if isinstance(marker, str) else "")


def _named(requirements: Iterable[str]) -> Iterator[str]:
    from multistage_cli.facts.requirements import parse_requirement

    for text in requirements:
        try:
            found = parse_requirement(text)
        except ValueError:
            continue
        if found is not None:
            yield found.name


def _canonical(name: str) -> str:
    from multistage_cli.facts.markers import canonical_name

    return canonical_name(name)


def _by_name(lock: Table) -> dict[str, Table]:
    """The packages of a lock; of a name that it has in several versions the first."""
    found: dict[str, Table] = {}
    for entry in _tables(lock.get("package")):
        found.setdefault(_canonical(str(entry.get("name", ""))), entry)
    return found


def _toml(text: str) -> Table:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):  # no TOML, or a number of thousands of digits
        return {}


def _table(data: object, name: str) -> Table:
    """A table of a table; an empty one for anything else."""
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _tables(data: object) -> list[Table]:
    return [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []


def _strings(data: object) -> list[str]:
    return [entry for entry in data if isinstance(entry, str)] if isinstance(data, list) else []
