"""What `cargo build`, `cargo install` and `cargo fetch` add to a layer: programs, `target`, and sources of crates.

A program's size follows from what it uses, which only a build tells; the number of crates says something.
Sources: the programs written in Rust of Debian 12, which name the crates that are built in (65 of them, stripped;
X-Cargo-Built-Using and Installed-Size of its package index), and programs built with Rust 1.85 and 1.95
(November 2026, see `_TARGET`).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final

from multistage_cli.build.changes import Cache
from multistage_cli.build.claims import Claim
from multistage_cli.sizes.model import Outcome, Part
from multistage_cli.sizes.outputs import here, is_mounted, landings, sure, text_here, written
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from multistage_cli.build.changes import Compilation, Installation
    from multistage_cli.sizes.scene import Scene

_PROGRAMS: Final = (
    (1, Range(300_000, 400_000, 3_000_000)),
    (10, Range(340_000, 700_000, 5_200_000)),
    (20, Range(700_000, 1_400_000, 10_000_000)),
    (40, Range(900_000, 2_200_000, 10_000_000)),
    (80, Range(1_200_000, 3_000_000, 15_000_000)),
    (160, Range(2_000_000, 6_500_000, 40_000_000)),
    (300, Range(3_000_000, 12_000_000, 70_000_000)),
)
_LARGEST: Final = Range(4_000_000, 25_000_000, 150_000_000)
_ANY: Final = Range(400_000, 5_000_000, 60_000_000)
"""A stripped program of so many crates at most, then of more, then of nobody knows how many: 5th, 50th and 95th
percentile of Debian's, widened where those are few."""
_SYMBOLS: Final = Range(100, 130, 200)  # percent of a stripped one that a release build has with its symbols
_DEBUG: Final = Range(250, 800, 2_500)  # and a debug build
_TARGET: Final = Range(600_000, 1_900_000, 7_000_000)
"""What a release build keeps in `target` for each crate besides the program: 55 MB for 25, 125 MB for 64 and 204 MB
for 126 crates, next to nothing for the project's own."""
_OLD_LIBRARY: Final = Range(3_000_000, 11_200_000, 12_000_000)
"""What programs that are not stripped hold of the standard library's debugging information where Debian 12 compiled
them; up to Rust 1.76 from elsewhere 3 to 4 MB."""
_SOURCE: Final = Range(60_000, 260_000, 900_000)
"""A crate's source with its archive: Debian's 1,513 packages of crates weigh 87 kB in the median and 357 kB on
average."""
_INDEX: Final = Range(100_000, 1_500_000, 8_000_000)  # what cargo keeps of the registry's index
_PROFILES: Final = frozenset({"debug", "release"})
_STRIPS: Final = re.compile(r"\bstrip\b|-C\s?strip|link-arg=-s\b|\bupx\b|CARGO_PROFILE_RELEASE_STRIP")
_NEEDS: Final = re.compile(r"^\s*\[[^\]\n]*(?:dependencies|workspace)", re.MULTILINE)
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_STRIP_SETTING: Final = re.compile(r"^\s*strip\s*=\s*(?:true|\"(?:symbols|debuginfo)\")", re.MULTILINE)
_DROPS_TARGET: Final = re.compile(r"\bcargo\s+clean\b|\brm\s+-\w*r\w*\s[^&|;]{0,200}\btarget\b")


def cargo_program(scene: Scene, change: Compilation) -> Outcome:
    """The programs of one command, and what the compiler keeps beside them."""
    text = scene.step.instruction.text
    named = "cargo install" in text and "--path" not in text
    crates = None if named else _crates(scene)
    release = "--release" in text or " -r" in text or "cargo install" in text
    size = _program(scene, crates, release=release)
    known = "" if crates is None else f", {crates} crates"
    parts: list[Part] = []
    for path in _programs(scene, written(change)):
        inside = "target" in path.split("/")
        if inside and _DROPS_TARGET.search(text):
            continue
        name = posixpath.basename(path)
        what = "programs" if name in _PROFILES else name
        label, own = f"{what} (Rust{known})", sure(size, change.certain)
        parts += [Part(label, "program", own, place) for place in landings(scene, path)]
        if inside and not is_mounted(scene, path):
            parts.append(_target(path, crates, release=release, certain=change.certain))
    cooked = here(scene, "target/release") if "cargo chef cook" in text and not parts else None
    if cooked is not None and not is_mounted(scene, cooked):
        parts.append(_target(cooked, crates, release=True, certain=change.certain))
    return Outcome(tuple(_once(parts)))


def cargo_crates(scene: Scene, change: Installation) -> Outcome:
    """The sources of crates that cargo keeps below CARGO_HOME."""
    if change.cache in {Cache.MOUNTED, Cache.REMOVED, Cache.NEVER}:
        return Outcome()
    home = scene.step.before.variables.known("CARGO_HOME")
    path = f"{home}/registry" if isinstance(home, str) and home else None
    crates = _crates(scene) if change.manifests else None
    if crates is None:
        places = () if path is None else (path,)
        names = ", ".join(change.packages[:3])
        what = f"the sources of {names} and of what it needs" if names else "the sources of crates"
        return Outcome(unknown=(f"{what}, which cargo keeps, line {change.line}",), places=places)
    if crates <= 1:
        return Outcome()
    size = Range(*(each * crates for each in (_SOURCE.low, _SOURCE.estimate, _SOURCE.high))) + _INDEX
    return Outcome((Part(f"sources of {crates} crates", "cache", sure(size, change.certain), path),))


def _programs(scene: Scene, paths: tuple[str, ...]) -> list[str]:
    """A folder of programs gives way to the names that Cargo.toml has for them."""
    found: list[str] = []
    for path in paths:
        names = _names(scene) if posixpath.basename(path) in _PROFILES else ()
        found += [posixpath.join(path, name) for name in names] or [path]
    return found


def _names(scene: Scene) -> tuple[str, ...]:
    import tomllib

    try:
        data = tomllib.loads(text_here(scene, "Cargo.toml") or "")
    except (ValueError, RecursionError):  # no TOML, or a number of thousands of digits
        return ()
    listed = data.get("bin")
    tables = [data.get("package"), *(listed if isinstance(listed, list) else ())]
    names = [entry.get("name") for entry in tables if isinstance(entry, dict)]
    usable = [name for name in names if isinstance(name, str) and _NAME.fullmatch(name)]
    return tuple(dict.fromkeys(usable[1:] if len(usable) > 1 else usable))


def _program(scene: Scene, crates: int | None, *, release: bool) -> Range:
    found = _ANY
    if crates is not None:
        found = next((size for most, size in _PROGRAMS if crates <= most), _LARGEST)
    if release and _strips(scene):
        return found
    scale = _SYMBOLS if release else _DEBUG
    size = Range(
        found.low * scale.low // 100, found.estimate * scale.estimate // 100, found.high * scale.high // 100
    )
    return size + (_OLD_LIBRARY if _is_old(scene) else Range(0, 0, 4_000_000))


def _is_old(scene: Scene) -> bool:
    """Whether the compiler is Debian 12's, which is of 2022."""
    image = scene.image
    if image is None or image.os_version not in {"bookworm", "bullseye"}:
        return False
    return any(scene.step.before.has_package(name) is Claim.YES for name in ("cargo", "rustc"))


def _strips(scene: Scene) -> bool:
    known = scene.step.before.variables.known
    told = f"{scene.step.instruction.text} {known('RUSTFLAGS')} {known('CARGO_PROFILE_RELEASE_STRIP')}"
    manifest = text_here(scene, "Cargo.toml") or ""
    return _STRIPS.search(told) is not None or _STRIP_SETTING.search(manifest) is not None


def _target(path: str, crates: int | None, *, release: bool, certain: Claim) -> Part:
    factor = 1 if release else 2
    if crates is None:
        size = Range(10_000, 120_000_000, 3_000_000_000)
    else:
        others = factor * max(0, crates - 1)
        size = Range(
            5_000 + _TARGET.low * others, 50_000 + _TARGET.estimate * others, 500_000 + _TARGET.high * others
        )
    known = "" if crates is None else f" of {crates} crates"
    folder = path if posixpath.basename(path) in _PROFILES else posixpath.dirname(path)
    return Part(f"what cargo keeps{known} for the next build", "cache", sure(size, certain), f"{folder}/deps")


def _crates(scene: Scene) -> int | None:
    """How many packages Cargo.lock has; with none beside the project's own there is one."""
    text = text_here(scene, "Cargo.lock")
    if text is not None:
        return text.count("[[package]]")
    manifest = text_here(scene, "Cargo.toml")
    return 1 if manifest is not None and not _NEEDS.search(manifest) else None


def _once(parts: list[Part]) -> list[Part]:
    """Several programs of one build share what it keeps."""
    found: dict[tuple[str, str | None], Part] = {}
    for part in parts:
        found.setdefault((part.what, part.path), part)
    return list(found.values())
