"""What pip's own resolver would install, asked of the indexes that the user's pip is set up with.

pip runs as a program of its own, installs nothing, and never builds: `--only-binary=:all:`, so that no code of
any package runs. What it is asked for are names and versions that were read and written out anew, never a
line of the Dockerfile or of the project, never a path, a URL or an option.

Source: pip's documentation of `pip install --report` (format 1) and of `--platform`.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from multistage_cli.facts.markers import canonical_name
from multistage_cli.facts.online.failures import OnlineError
from multistage_cli.facts.requirements import Requirement, parse_requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_REQUIREMENTS: Final = 1_000

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_CLAUSE = re.compile(r"(?:===|==|~=|!=|<=|>=|<|>)[A-Za-z0-9][A-Za-z0-9.*+!_-]{0,127}")
_PYTHON = re.compile(r"3\.[0-9]{1,2}")
_MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64"}
_OLDEST_GLIBC: Final = 5
_NEWEST_GLIBC: Final = 44
_USUAL_GLIBC: Final = "2.36"  # of Debian 12; older than what most images have by now
_LEGACY: Final = ("manylinux2014", "manylinux2010", "manylinux1")
_MUSL: Final = ("musllinux_1_2", "musllinux_1_1")
_LARGEST_REPORT_BYTES: Final = 50_000_000
_MOST_ROUNDS: Final = 3
_LONGEST_REASON: Final = 160


@dataclass(frozen=True, slots=True)
class Place:
    """Where packages are installed.

    Attributes:
        python: minor version, such as `3.12`.
        architecture: Docker's name, such as `amd64`.
        libc: `glibc` or `musl`; None where that is not known, which is taken for glibc.
        libc_version: such as `2.36`.
    """

    python: str = "3.12"
    architecture: str = "amd64"
    libc: str | None = None
    libc_version: str | None = None

    def platforms(self) -> tuple[str, ...]:
        """The platforms of wheels that run there, the best first; empty where none are known."""
        machine = _MACHINES.get(self.architecture)
        if machine is None or not _PYTHON.fullmatch(self.python):
            return ()
        if self.libc == "musl":
            return tuple(f"{name}_{machine}" for name in _MUSL)
        version = self.libc_version or _USUAL_GLIBC
        found = re.fullmatch(r"2\.([0-9]{1,3})", version)
        newest = min(int(found[1]), _NEWEST_GLIBC) if found else _OLDEST_GLIBC
        oldest = _OLDEST_GLIBC if machine == "x86_64" else 17
        names = [f"manylinux_2_{minor}" for minor in range(newest, oldest - 1, -1)]
        legacy = _LEGACY if machine == "x86_64" else _LEGACY[:1]
        return tuple(f"{name}_{machine}" for name in (*names, *legacy))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What pip chose: a release of a distribution, and where its wheel lies.

    Attributes:
        name: Normalised.
        version: Of the release.
        url: Of the wheel.
        digest: Of the wheel, as `sha256:...`; empty where the index tells none.
        needs: What its metadata asks for, with markers.
    """

    name: str
    version: str
    url: str
    digest: str
    needs: tuple[str, ...]


def written_out(requirement: Requirement) -> str | None:
    """A requirement as a line for pip; None for one that is no plain name with versions.

    Nothing but letters, digits and the signs of versions comes through, so that no line can be an option, a
    path or a URL to pip.
    """
    if requirement.url is not None or requirement.editable or not _NAME.fullmatch(requirement.name):
        return None
    extras = sorted(requirement.extras)
    clauses = requirement.specifier.split(",") if requirement.specifier else []
    if not all(_NAME.fullmatch(extra) for extra in extras):
        return None
    if not all(_CLAUSE.fullmatch(clause) for clause in clauses):
        return None
    return requirement.name + (f"[{','.join(extras)}]" if extras else "") + ",".join(clauses)


def resolve(
    requirements: Sequence[Requirement], place: Place, *, seconds: float, alone: bool = False
) -> dict[str, Chosen]:
    """What pip would install, by name.

    Markers are worked out by pip for the machine it runs on; what that leaves out or brings in by mistake is
    set right here, from the metadata that pip reports.

    Args:
        requirements: plain ones, see `written_out`.
        place: where they are to run.
        seconds: that it may take altogether.
        alone: whether the requirements are all there is, as out of a lock file.

    Raises:
        OnlineError: pip is not there, finds no answer, or takes too long.
    """
    platforms = place.platforms()
    if not platforms:
        raise OnlineError(f"pip knows no wheels for {place.architecture} and Python {place.python}")
    lines = [line for entry in requirements if (line := written_out(entry)) is not None]
    if len(lines) != len(requirements) or len(lines) > MOST_REQUIREMENTS:
        raise OnlineError("there are requirements that pip is not asked about")
    import time

    until = time.monotonic() + seconds
    for _ in range(_MOST_ROUNDS):
        left = until - time.monotonic()
        if left <= 0:
            break
        found = dict(_chosen(_report(lines, place, platforms, seconds=left, alone=alone)))
        wanted, missing = _walk(requirements, found, place.python)
        if alone or not missing:
            return found if alone else {name: found[name] for name in wanted}
        lines += missing
    raise OnlineError("pip did not come to an end with the requirements")


def _report(
    lines: Iterable[str], place: Place, platforms: tuple[str, ...], *, seconds: float, alone: bool
) -> dict[str, Any]:
    """The report of one run of pip."""
    with tempfile.TemporaryDirectory(prefix="multistage-pip-") as folder:
        top = Path(folder)
        asked, report = top / "requirements.txt", top / "report.json"
        asked.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
        command = [
            *_program(),
            "install",
            "--dry-run",
            "--report",
            str(report),
            "--quiet",
            "--ignore-installed",
            "--no-input",
            "--retries=1",
            "--timeout=15",
            "--disable-pip-version-check",
            "--only-binary=:all:",
            f"--python-version={place.python}",
            "--implementation=cp",
            *(f"--platform={name}" for name in platforms),
            f"--target={top / 'target'}",
            *(["--no-deps"] if alone else []),
            f"--requirement={asked}",
        ]
        try:
            # In an empty folder, so that no folder of the project is taken for a package of that name.
            done = subprocess.run(  # noqa: S603 - a fixed program, and no words but those above
                command, cwd=top, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            raise OnlineError("pip took too long to find what would be installed") from None
        except OSError as error:
            raise OnlineError(f"pip cannot be started ({error.strerror})") from None
        if done.returncode:
            raise OnlineError(f"pip does not find what would be installed: {_reason(done.stderr)}")
        try:
            if report.stat().st_size > _LARGEST_REPORT_BYTES:
                raise OnlineError("pip's report is too long")
            found = json.loads(report.read_bytes())
        except (OSError, ValueError, RecursionError):
            raise OnlineError("pip's report cannot be read") from None
    return found if isinstance(found, dict) else {}


def _program() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-P", "-m", "pip"]  # -P: no module out of the folder that it runs in
    found = shutil.which("pip3") or shutil.which("pip")
    if found is None:
        raise OnlineError("there is no pip here to ask")
    return [found]


def _reason(text: bytes) -> str:
    lines = [line for line in text.decode("utf-8", "replace").splitlines() if line.startswith("ERROR: ")]
    found = lines[-1].removeprefix("ERROR: ") if lines else "it ended with an error"
    return found if len(found) <= _LONGEST_REASON else f"{found[:_LONGEST_REASON]}..."


def _chosen(report: dict[str, Any]) -> Iterator[tuple[str, Chosen]]:
    entries = report.get("install")
    for entry in entries if isinstance(entries, list) else []:
        metadata, download = _table(entry, "metadata"), _table(entry, "download_info")
        name, version, url = metadata.get("name"), metadata.get("version"), download.get("url")
        if not (isinstance(name, str) and isinstance(version, str) and isinstance(url, str)):
            raise OnlineError("pip's report cannot be read")
        sha = _table(_table(download, "archive_info"), "hashes").get("sha256")
        needs = metadata.get("requires_dist")
        needs = [text for text in needs if isinstance(text, str)] if isinstance(needs, list) else []
        digest = f"sha256:{sha}" if isinstance(sha, str) else ""
        yield canonical_name(name), Chosen(canonical_name(name), version, url, digest, tuple(needs))


def _walk(
    requirements: Iterable[Requirement], found: dict[str, Chosen], python: str
) -> tuple[set[str], list[str]]:
    """The names that are really needed under that Python on Linux, and lines for those that are missing."""
    seen: set[tuple[str, str]] = set()
    missing: dict[str, str] = {}
    waiting = list(requirements)
    while waiting:
        wanted = waiting.pop()
        chosen = found.get(wanted.name)
        if chosen is None:
            if (line := written_out(wanted)) is not None:
                missing.setdefault(wanted.name, line)
            continue
        for extra in ("", *wanted.extras):
            if (wanted.name, extra) in seen:
                continue
            seen.add((wanted.name, extra))
            waiting += _needed(chosen.needs, python, extra)
    return {name for name, _ in seen}, list(missing.values())


def _needed(texts: Iterable[str], python: str, extra: str) -> Iterator[Requirement]:
    for text in texts:
        try:
            wanted = parse_requirement(text, python=python, extra=extra)
        except ValueError:
            continue
        if wanted is not None:
            yield wanted


def _table(data: object, name: str) -> dict[str, Any]:
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
