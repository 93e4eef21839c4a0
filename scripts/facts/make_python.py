"""Pack `data/python-distributions.json` into what the package ships: `multistage_cli/facts/data/python.json`.

    python scripts/facts/make_python.py            # writes the file
    python scripts/facts/make_python.py --check    # exits with 1 where the file is not what would be written

Markers are worked out for CPython 3.12 on Linux x86-64, and what no wheel says (system packages, wheels for
musl) is added from the tables below.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from multistage_cli.facts.requirements import Requirement, parse_requirement

HERE = Path(__file__).parent
COLLECTED = HERE / "data" / "python-distributions.json"
PACKED = HERE.parents[1] / "multistage_cli" / "facts" / "data" / "python.json"

# Extras that a project keeps for its own tests, documentation and checks; nobody ships an image with them.
_DEVELOPMENT = re.compile(
    r"(?:.*-)?(?:dev|devel|develop|development|tests?|testing|docs?|documentation|lint|linting|typing|types|mypy|"
    r"check|checks|checking|type|pytest|tox|nox|ci|qa|cover|coverage|enabler|examples?|doctest|benchmarks?|bench|"
    r"build|release|style|formatting|ruff|black|flake8|pre-commit|sphinx|tutorials?|notebooks?)(?:-.*)?"
)

# Distributions without any Linux wheel. Built here on Debian 12 with CPython 3.12; the libraries to run are
# those in the DT_NEEDED entries of what came out (libpq.so.5, libmariadb.so.3).
# psycopg2: https://www.psycopg.org/docs/install.html#build-prerequisites (a compiler, libpq's headers).
# mysqlclient: its README (default-libmysqlclient-dev, which is MariaDB's; build-essential, pkg-config).
# uwsgi: https://uwsgi-docs.readthedocs.io/en/latest/Install.html (a compiler, Python's headers); on Alpine
# linux-headers too. What it runs on hangs on which other headers the builder happens to have: not told.
BUILD_NEEDS = {
    "psycopg2": ("apk:gcc", "apk:libpq-dev", "apk:musl-dev", "apt:gcc", "apt:libc6-dev", "apt:libpq-dev"),
    "mysqlclient": (
        "apk:gcc", "apk:mariadb-connector-c-dev", "apk:musl-dev", "apk:pkgconf",
        "apt:default-libmysqlclient-dev", "apt:gcc", "apt:libc6-dev", "apt:pkg-config",
    ),
    "uwsgi": ("apk:gcc", "apk:linux-headers", "apk:musl-dev", "apt:gcc", "apt:libc6-dev"),
}  # fmt: skip
# Shared libraries that a wheel's modules cannot load without, and the packages that have them.
# Only for distributions looked at one by one: elsewhere a missing library can be an optional plug-in's.
RUN_NEEDS = {
    "psycopg2": {"libpq.so.5": ("apk:libpq", "apt:libpq5")},
    "mysqlclient": {"libmariadb.so.3": ("apk:mariadb-connector-c", "apt:libmariadb3")},
    "lightgbm": {"libgomp.so.1": ("apk:libgomp", "apt:libgomp1")},
    "pyodbc": {"libodbc.so.2": ("apk:unixodbc", "apt:libodbc2")},
    "opencv-python": {
        "libGL.so.1": ("apk:mesa-gl", "apt:libgl1"),
        "libgthread-2.0.so.0": ("apk:glib", "apt:libglib2.0-0"),
    },
}
# Compiled distributions with a musllinux x86-64 wheel for CPython 3.12 (or for every CPython 3). The first
# group was seen among PyPI's files on the day of collection, the second in lock files and install logs of
# public repositories, of this or an earlier release. A name in neither is unknown, not without one.
MUSL_WHEELS = frozenset((
    "aiohttp", "fastar", "gevent", "lxml", "numpy", "pandas", "pillow", "pydantic-core", "pyyaml", "sqlalchemy", "uv",
    "asyncpg", "bcrypt", "cffi", "charset-normalizer", "cryptography", "greenlet", "markupsafe", "multidict",
    "psycopg2-binary", "ruff", "scipy", "uvloop", "watchfiles", "websockets", "wrapt",
))  # fmt: skip
# And those without: the three that Linux has no wheel of, and
# onnxruntime: microsoft/onnxruntime#2909 (August 2026, "from versions: none" on Alpine);
# opencv-python and -headless: opencv/opencv-python#1099 (open), maziggy/bambuddy#2655 (July 2026);
# torch: pytorch/pytorch#71381 (open), alpine-wheels/index#700.
NO_MUSL_WHEELS = frozenset([*BUILD_NEEDS, "onnxruntime", "opencv-python", "opencv-python-headless", "torch"])


def written(requirement: Requirement) -> str:
    """A requirement in one spelling, without its marker."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    if requirement.url is not None:
        return f"{requirement.name}{extras} @ {requirement.url}"
    return f"{requirement.name}{extras}{requirement.specifier}"


def evaluated(lines: list[str], extra: str) -> list[str]:
    """The requirements that apply with an extra; a marker that hangs on something unknown applies."""
    found = (parse_requirement(line, extra=extra) for line in lines)
    return sorted({written(requirement) for requirement in found if requirement is not None})


def wheel_tag(file_name: str) -> str:
    """The tag of a wheel, with the first of its platforms: `cp312-cp312-manylinux_2_27_x86_64`."""
    interpreter, abi, platforms = file_name.removesuffix(".whl").split("-")[-3:]
    if platforms.startswith("linux_"):
        return "built"  # no index takes such a wheel, so it was made by whoever collected
    return f"{interpreter}-{abi}-{platforms.split('.')[0]}"


def packed(name: str, measured: dict[str, Any]) -> dict[str, Any]:
    """One distribution as it ships; what is empty is left out."""
    plain = evaluated(measured["requires_dist"], "")
    extras = {
        extra: [text for text in evaluated(measured["requires_dist"], extra) if text not in plain]
        for extra in measured["extras"]
        if not _DEVELOPMENT.fullmatch(extra)
    }
    row = {
        key: measured[key] for key in ("version", "source_bytes", "bytecode_bytes", "files", "wheel_bytes")
    }
    row["wheel"] = wheel_tag(measured["wheel"])
    row |= {
        "requires": plain,
        "extras": extras,
        "commands": measured["commands"],
        "imports": measured["imports"],
    }
    needed = RUN_NEEDS.get(name, {})
    if not set(needed) <= set(measured["libraries"]):
        raise ValueError(f"{name} no longer loads {sorted(set(needed) - set(measured['libraries']))}")
    row["run_needs"] = sorted(package for packages in needed.values() for package in packages)
    row["build_needs"] = list(BUILD_NEEDS.get(name, ()))
    row = {key: value for key, value in row.items() if value or isinstance(value, int)}
    if measured["pure"] or name in MUSL_WHEELS | NO_MUSL_WHEELS:
        row["musl_wheel"] = measured["pure"] or name in MUSL_WHEELS
    return row


def pack(collected: dict[str, Any]) -> str:
    """The text of the packed file."""
    distributions = {
        name: packed(name.partition("+")[0], measured)
        for name, measured in collected["distributions"].items()
    }
    data = {
        "source": collected["source"],
        "collected": collected["collected"],
        "distributions": distributions,
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n"


def main() -> int:
    text = pack(json.loads(COLLECTED.read_text(encoding="utf-8")))
    if "--check" in sys.argv[1:]:
        return int(not PACKED.exists() or PACKED.read_text(encoding="utf-8") != text)
    PACKED.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
