"""Measure wheels: what each Python distribution weighs and needs once pip has installed it.

    python scripts/facts/collect_python.py --python python3.12 --date 2026-11-24 WHEELS... > FILE

`WHEELS` are folders of wheel files as PyPI serves them to pip on Linux x86-64; fill them with
`pip download --no-deps`. Nothing is fetched here. Of each distribution the newest release is measured, and
of that the wheel that pip likes best under CPython 3.12 on Debian 13, or else one for CPython 3.11; a release
with a local label (`torch 2.13.0+cpu`) is kept beside it under `name+label`. Bytecode is really compiled,
with the interpreter that `--python` names.

Needs the `packaging` distribution. Where pip writes or changes files (RECORD, INSTALLER, scripts), what it
writes is worked out from pip 26.2's own `pip/_internal/operations/install/wheel.py`.
"""

from __future__ import annotations

import argparse
import configparser
import csv
import email.parser
import email.policy
import io
import json
import re
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from zipfile import ZipFile

from packaging.tags import Tag, compatible_tags, cpython_tags, parse_tag
from packaging.utils import canonicalize_name, parse_wheel_filename

if TYPE_CHECKING:
    from packaging.version import Version

# Where the official python:3.12 images keep things. A .pyc holds its source's path, so the path has a size.
PREFIX = "/usr/local"
SITE_PACKAGES = f"{PREFIX}/lib/python3.12/site-packages"
SHEBANG = f"#!{PREFIX}/bin/python3.12\n"
SCHEMES = {
    "purelib": SITE_PACKAGES,
    "platlib": SITE_PACKAGES,
    "data": PREFIX,
    "scripts": f"{PREFIX}/bin",
    "headers": f"{PREFIX}/include/python3.12",
}

# Debian 13 has glibc 2.41; of several wheels pip takes the one that asks for the newest glibc there is.
_DEBIAN_GLIBC_MINOR = 41
_FORMER_PLATFORMS = {17: "manylinux2014_x86_64", 12: "manylinux2010_x86_64", 5: "manylinux1_x86_64"}

# Numbers of the ELF format (elf(5)): sizes in bytes, kinds of segments, tags of dynamic entries.
_ELF_HEADER, _PROGRAM_HEADER = 64, 56
_LOAD, _DYNAMIC = 1, 2
_NEEDED, _STRING_TABLE = 1, 5

# Not one of those that a wheel carries deeper inside, with the distributions that it bundles.
METADATA = re.compile(r"[^/]+\.dist-info/METADATA")

# A RECORD row is "path,sha256=<43 characters>,<size>" and ends in CR LF, as csv writes it.
_DIGEST_CHARACTERS = len(",sha256=") + 43 + len(",") + len("\r\n")
_BLANK_ROW_CHARACTERS = len(",,\r\n")

# In every Debian image that has apt and dpkg, and so no fact about a distribution.
_EVERYWHERE = (
    "ld-linux", "libc.so", "libm.so", "libdl.so", "libpthread.so", "librt.so", "libutil.so", "libresolv.so",
    "libgcc_s.so", "libstdc++.so", "libz.so.1", "libpython3",
)  # fmt: skip

# Run by the interpreter whose bytecode is wanted, one JSON list of [path, source] in, {path: size} out.
_COMPILE = """
import json, sys, warnings, zipfile
from importlib.machinery import SourceFileLoader
from importlib._bootstrap_external import _code_to_timestamp_pyc
warnings.simplefilter("ignore")
wheel, members = json.load(sys.stdin)
loader, sizes = SourceFileLoader("<py_compile>", ""), {}
with zipfile.ZipFile(wheel) as archive:
    for member, path in members:
        try:
            code = loader.source_to_code(archive.read(member), path)
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
            continue  # pip leaves a file that does not compile without bytecode, and goes on
        sizes[member] = len(_code_to_timestamp_pyc(code))
json.dump(sizes, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel file and what its name says."""

    path: Path
    key: str
    version: Version
    tags: frozenset[Tag]

    @property
    def rank(self) -> tuple[bool, Version, int]:
        """The higher, the rather it is measured; as for pip, a pre-release serves only where there is no release."""
        place = min((_PLACES[tag] for tag in self.tags if tag in _PLACES), default=len(_PLACES))
        return (not self.version.is_prerelease, self.version, -place)


def _places() -> dict[Tag, int]:
    """Tags that pip takes, best first: those of CPython 3.12 on the glibc of Debian 13, then those of 3.11."""
    platforms = [
        name
        for minor in range(_DEBIAN_GLIBC_MINOR, 4, -1)
        for name in (f"manylinux_2_{minor}_x86_64", _FORMER_PLATFORMS.get(minor))
        if name
    ] + ["linux_x86_64"]
    tags: list[Tag] = []
    for minor in (12, 11):
        tags += cpython_tags((3, minor), [f"cp3{minor}"], platforms)
        tags += compatible_tags((3, minor), f"cp3{minor}", platforms)
    return {tag: place for place, tag in reversed(list(enumerate(tags)))}


_PLACES = _places()


def wheels(folders: list[Path]) -> dict[str, Wheel]:
    """The wheel to measure for each distribution."""
    best: dict[str, Wheel] = {}
    for path in sorted(path for folder in folders for path in folder.glob("*.whl")):
        name, version, _, _ = parse_wheel_filename(path.name)
        key = f"{name}+{version.local}" if version.local else str(name)
        tags = parse_tag("-".join(path.stem.split("-")[-3:]))
        wheel = Wheel(path, key, version, tags)
        if key not in best or best[key].rank < wheel.rank:
            best[key] = wheel
    return dict(sorted(best.items()))


def destination(member: str) -> str:
    """Absolute path of a wheel's member once installed."""
    first, _, rest = member.partition("/")
    if not first.endswith(".data"):
        return f"{SITE_PACKAGES}/{member}"
    scheme, _, rest = rest.partition("/")
    if scheme == "headers":
        return f"{SCHEMES[scheme]}/{first.split('-', 1)[0]}/{rest}"
    return f"{SCHEMES[scheme]}/{rest}"


def record_path(path: str) -> str:
    """A path as RECORD writes it: relative to site-packages."""
    if path.startswith(f"{SITE_PACKAGES}/"):
        return path.removeprefix(f"{SITE_PACKAGES}/")
    return f"../../../{path.removeprefix(f'{PREFIX}/')}"


def record_row_bytes(path: str, size_bytes: int) -> int:
    return len(_csv_field(record_path(path)).encode()) + _DIGEST_CHARACTERS + len(str(size_bytes))


def _csv_field(text: str) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([text])
    return line.getvalue().removesuffix("\r\n")


class _EntryPoints(configparser.ConfigParser):
    """Keeps the case of names, which ConfigParser folds."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def entry_points(text: str) -> dict[str, str]:
    """Console and GUI scripts, name to `module:function`."""
    parser = _EntryPoints(delimiters=("=",), interpolation=None, strict=False)
    parser.read_string(text)
    found: dict[str, str] = {}
    for section in ("console_scripts", "gui_scripts"):
        if parser.has_section(section):
            found |= dict(parser.items(section))
    if "pip" in found:
        # pip makes its own wrappers anew, under the version of the Python that it is installed into.
        found = {"pip": found["pip"], "pip3": found["pip"], "pip3.12": found["pip"]}
    return found


def wrapper(target: str) -> str:
    """The script that pip writes for an entry point."""
    module, _, function = target.partition("[")[0].strip().partition(":")
    return (
        f"{SHEBANG}import sys\nfrom {module} import {function.split('.')[0]}\nif __name__ == '__main__':\n"
        f"    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n    sys.exit({function}())\n"
    )


def needed_libraries(elf: bytes) -> set[str]:
    """Sonames in the DT_NEEDED entries of a 64-bit little-endian ELF file; empty for anything else."""
    if elf[:6] != b"\x7fELF\x02\x01" or len(elf) < _ELF_HEADER:
        return set()
    start, count = struct.unpack_from("<Q", elf, 32)[0], struct.unpack_from("<H", elf, 56)[0]
    headers = [struct.unpack_from("<IIQQQQ", elf, start + _PROGRAM_HEADER * index) for index in range(count)]
    dynamic = next(((offset, size) for kind, _, offset, _, _, size in headers if kind == _DYNAMIC), None)
    if dynamic is None:
        return set()
    entries = list(struct.iter_unpack("<QQ", elf[dynamic[0] : sum(dynamic) - dynamic[1] % 16]))
    table = next((value for tag, value in entries if tag == _STRING_TABLE), 0)
    for kind, _, offset, address, _, size in headers:
        if kind == _LOAD and address <= table < address + size:
            table += offset - address
            break
    names = (elf[table + value : elf.index(b"\0", table + value)] for tag, value in entries if tag == _NEEDED)
    return {name.decode() for name in names}


def libraries(archive: ZipFile, members: list[str]) -> list[str]:
    """Shared libraries that extension modules ask for and that neither the wheel nor every image has."""
    shared = [name for name in members if ".so" in PurePosixPath(name).name]
    shipped = {PurePosixPath(name).name for name in shared}
    needed: set[str] = set()
    for name in shared:
        needed |= needed_libraries(archive.read(name))
    return sorted(name for name in needed - shipped if not name.startswith(_EVERYWHERE))


def import_names(paths: list[str]) -> list[str]:
    """Top-level names that `import` finds once the files are in site-packages."""
    names: set[str] = set()
    for path in paths:
        if path.startswith(f"{SITE_PACKAGES}/") and path.endswith((".py", ".so")):
            first = record_path(path).split("/")[0]
            stem = first.split(".")[0]
            if stem.isidentifier() and not first.endswith((".libs", ".data", ".dist-info")):
                names.add(stem)
    return sorted(names)


def bytecode(python: str, wheel: Path, members: list[str]) -> dict[str, int]:
    """Size in bytes of the .pyc file of each member that compiles."""
    pairs = [(name, destination(name)) for name in members if name.endswith(".py")]
    done = subprocess.run(
        [python, "-c", _COMPILE],
        input=json.dumps([str(wheel), pairs]),
        capture_output=True,
        text=True,
        check=True,
    )
    return {str(name): int(size) for name, size in json.loads(done.stdout).items()}


def measure(wheel: Wheel, python: str) -> dict[str, object]:
    """Everything the catalogue keeps of one wheel."""
    with ZipFile(wheel.path) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist() if not info.is_dir()}
        info = next(name for name in sizes if METADATA.fullmatch(name)).removesuffix("METADATA")
        text = archive.read(f"{info}entry_points.txt").decode() if f"{info}entry_points.txt" in sizes else ""
        metadata = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(
            archive.read(f"{info}METADATA")
        )
        needs = libraries(archive, list(sizes))
    scripts = entry_points(text)
    sizes.pop(f"{info}RECORD")
    installed = {destination(name): (size, name) for name, size in sizes.items()}
    in_bin = f"{SCHEMES['scripts']}/"
    # A wrapper that setuptools put into the wheel gives way to the one that pip writes.
    installed = {path: held for path, held in installed.items() if path.removeprefix(in_bin) not in scripts}
    commands = {path.removeprefix(in_bin) for path in installed if path.startswith(in_bin)} | set(scripts)
    written = {path: size for path, (size, _) in installed.items()}
    written |= {f"{in_bin}{name}": len(wrapper(target).encode()) for name, target in scripts.items()}
    written[f"{SITE_PACKAGES}/{info}INSTALLER"] = len("pip\n")
    record = sum(record_row_bytes(path, size) for path, size in written.items())
    record += len(f"{info}RECORD") + _BLANK_ROW_CHARACTERS
    compiled = bytecode(python, wheel.path, [name for _, name in installed.values()])
    # "x/y.py" becomes "x/__pycache__/y.cpython-312.pyc"; pip gives it a RECORD row without hash and size.
    extra = len("__pycache__/") + len(".cpython-312.pyc") - len(".py")
    rows = sum(len(record_path(destination(name))) + extra + _BLANK_ROW_CHARACTERS for name in compiled)
    pure = all(tag.platform == "any" for tag in wheel.tags)
    return {
        "version": str(wheel.version),
        "wheel": wheel.path.name,
        "wheel_bytes": wheel.path.stat().st_size,
        "source_bytes": sum(written.values()) + record,
        "bytecode_bytes": sum(compiled.values()) + rows,
        "files": len(written) + 1,
        "pure": pure,
        "requires_dist": sorted({" ".join(value.split()) for value in metadata.get_all("Requires-Dist", [])}),
        "extras": sorted({canonicalize_name(value) for value in metadata.get_all("Provides-Extra", [])}),
        "commands": sorted(commands),
        "imports": import_names(list(installed)),
        "libraries": needs,
    }


def main() -> int:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--python", required=True, help="a CPython 3.12, which compiles the bytecode")
    arguments.add_argument("--date", required=True, help="day of collection, YYYY-MM-DD")
    arguments.add_argument("folders", nargs="+", type=Path, metavar="WHEELS")
    options = arguments.parse_args()
    found = wheels(options.folders)
    measured: dict[str, dict[str, object]] = {}
    for key, wheel in found.items():
        print(key, file=sys.stderr)
        measured[key] = measure(wheel, options.python)
    data = {"source": "PyPI", "collected": options.date, "distributions": measured}
    json.dump(data, sys.stdout, indent=1, sort_keys=True, ensure_ascii=False)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
