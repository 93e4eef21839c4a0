"""Python distributions: what each weighs once pip has installed it, and what it needs.

Every figure is of one wheel, really measured: the one that `Distribution.version` and `Distribution.wheel`
name. It fits CPython 3.12 on Linux x86-64 where that tag says so; where the tag says `cp311`, the same
release's build for CPython 3.11 was measured, whose compiled modules differ by a few percent. The bytecode is
CPython 3.12's throughout. `scripts/facts/collect_python.py` measures, `scripts/facts/make_python.py` packs.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from multistage_cli.facts.markers import canonical_name
from multistage_cli.facts.requirements import (
    Include,
    Option,
    Problem,
    Requirement,
    RequirementsFile,
    parse_requirement,
    parse_requirements,
)
from multistage_cli.facts.versions import admits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "Distribution",
    "Include",
    "Option",
    "Problem",
    "Requirement",
    "RequirementsFile",
    "Resolution",
    "closure",
    "commands",
    "distribution",
    "parse_requirement",
    "parse_requirements",
    "source",
]

_DATA: Final = Path(__file__).parent / "data" / "python.json"


class Distribution(Struct, frozen=True):
    """One release of a distribution, installed by pip into CPython 3.12 on Linux x86-64.

    Attributes:
        name: Normalised after PEP 503.
        version: The release that was measured.
        source_bytes: All files that pip installs but bytecode: the wheel's, RECORD, INSTALLER and commands.
        bytecode_bytes: What compiling adds: the `.pyc` files and their rows in RECORD. Not there after
            `pip install --no-compile`.
        files: How many files `source_bytes` is of.
        wheel_bytes: The download.
        wheel: Tag of the wheel measured; `built` where Linux has none and one was built from source.
        pure: Whether the wheel holds no compiled code and so fits any platform.
        requires: What it depends on without extras, markers worked out.
        extras: What each extra adds to that. Extras for its own development and tests are left out.
        commands: Names put on PATH.
        imports: Top-level names that can be imported.
        musl_wheel: Whether there is a wheel for Alpine (musl on x86-64), so that nothing is compiled there;
            None where that is unknown.
        build_needs: Packages that building it from source needs besides Python, such as `apt:libpq-dev` and
            `apk:libpq-dev`; given where Linux has no wheel at all.
        run_needs: Packages with the shared libraries that it loads and that neither it nor a slim image has.
        collected: Day of measuring, YYYY-MM-DD.
        source: Where the figures are from, in words.
    """

    name: str
    version: str
    source_bytes: int
    bytecode_bytes: int
    files: int
    wheel_bytes: int
    wheel: str
    pure: bool
    requires: tuple[str, ...]
    extras: Mapping[str, tuple[str, ...]]
    commands: tuple[str, ...]
    imports: tuple[str, ...]
    musl_wheel: bool | None
    build_needs: tuple[str, ...]
    run_needs: tuple[str, ...]
    collected: str
    source: str


class Resolution(Struct, frozen=True):
    """Requirements with everything that they depend on.

    Attributes:
        distributions: Those known, each once, by name.
        unknown: Names of which nothing is known, as `name`, as `name[extra]` where only the extra is not, or
            as written where there is no name; what they depend on is missing too.
        approximate: Names among `distributions` whose figures are of another release than the one asked for,
            or of one that came from a URL or path.
    """

    distributions: tuple[Distribution, ...]
    unknown: tuple[str, ...]
    approximate: tuple[str, ...] = ()


def source() -> str:
    """Where the figures come from, and when."""
    data = _catalogue()
    return f"{data['source']}, {data['collected']}"


def distribution(name: str, *, local: str = "") -> Distribution | None:
    """What is known of a distribution, under any spelling of its name.

    Args:
        name: The distribution.
        local: A local version label, such as `cpu` for PyTorch's builds without CUDA, if it has such a build.
    """
    data = _catalogue()
    name = canonical_name(name)
    rows = data["distributions"]
    row = rows.get(f"{name}+{local}" if local else name) or rows.get(name)
    if row is None or "+" in name:
        return None
    return Distribution(
        name=name,
        version=row["version"],
        source_bytes=row["source_bytes"],
        bytecode_bytes=row["bytecode_bytes"],
        files=row["files"],
        wheel_bytes=row["wheel_bytes"],
        wheel=row["wheel"],
        pure=row["wheel"].endswith("-none-any"),
        requires=tuple(row.get("requires", ())),
        extras={extra: tuple(added) for extra, added in row.get("extras", {}).items()},
        commands=tuple(row.get("commands", ())),
        imports=tuple(row.get("imports", ())),
        musl_wheel=row.get("musl_wheel"),
        build_needs=tuple(row.get("build_needs", ())),
        run_needs=tuple(row.get("run_needs", ())),
        collected=data["collected"],
        source=f"{data['source']}, {name} {row['version']}, wheel {row['wheel']}, measured {data['collected']}",
    )


def commands() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The name of each distribution that brings commands, with those."""
    for name, row in _catalogue()["distributions"].items():
        if row.get("commands"):
            yield name.partition("+")[0], tuple(row["commands"])


def closure(requirements: Iterable[Requirement], *, local: str = "") -> Resolution:
    """Requirements and what they depend on, extras honoured.

    Args:
        requirements: What is asked for; specifiers do not choose among releases, since one of each is known.
        local: The local version label to prefer wherever a distribution has it, such as `cpu` where the
            packages come from PyTorch's index for CPUs. A pin like `torch==2.13.0+cpu` says so itself.
    """
    known: dict[str, Distribution] = {}
    unknown: set[str] = set()
    approximate: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = list(requirements)
    while waiting:
        wanted = waiting.pop()
        if not wanted.name:
            unknown.add(wanted.text)
            continue
        found = known.get(wanted.name) or distribution(wanted.name, local=_label(wanted.specifier) or local)
        if found is None:
            unknown.add(wanted.name)
            continue
        known[found.name] = found
        if wanted.url is not None or admits(found.version, wanted.specifier) is not True:
            approximate.add(found.name)
        for extra in ("", *wanted.extras):
            if (found.name, extra) in seen:
                continue
            seen.add((found.name, extra))
            added = found.extras.get(extra) if extra else found.requires
            if added is None:
                unknown.add(f"{found.name}[{extra}]")
                continue
            waiting.extend(_parsed(text) for text in added)
    return Resolution(
        tuple(known[name] for name in sorted(known)), tuple(sorted(unknown)), tuple(sorted(approximate))
    )


def _label(specifier: str) -> str:
    """The local label that a pin names: `cpu` in `==2.13.0+cpu`."""
    return specifier.partition("+")[2] if specifier.startswith("==") and "," not in specifier else ""


@cache
def _parsed(text: str) -> Requirement:
    """A requirement out of the catalogue, of which there are only so many."""
    wanted = parse_requirement(text)
    if wanted is None:
        raise ValueError(f"the catalogue holds a requirement that never applies: {text}")
    return wanted


@cache
def _catalogue() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_DATA.read_bytes())
    return data
