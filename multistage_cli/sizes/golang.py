"""What `go build`, `go install` and `go mod download` add to a layer.

A program's size follows from what it imports, which only a build tells; the number of modules says something.
Sources: the programs written in Go of Debian 12, which name the libraries that are built in (343 of them;
Static-Built-Using and Installed-Size of its package index), and fourteen programs that were built with Go 1.24
(November 2026): `net/http` 8.5 MB, with gin 11.5, with grpc 14.9, with client-go 52.5 MB; with `-s -w` 0.68 of
each, for `CGO_ENABLED=0` the same within one percent.
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

_STRIPPED: Final = (
    (0, Range(1_200_000, 4_500_000, 9_000_000)),
    (5, Range(2_000_000, 6_000_000, 15_000_000)),
    (10, Range(2_200_000, 6_500_000, 20_000_000)),
    (20, Range(4_600_000, 9_800_000, 35_000_000)),
    (40, Range(6_500_000, 11_500_000, 40_000_000)),
    (80, Range(7_000_000, 18_000_000, 60_000_000)),
    (160, Range(12_000_000, 40_000_000, 120_000_000)),
)
_LARGEST: Final = Range(20_000_000, 70_000_000, 250_000_000)
_ANY: Final = Range(1_900_000, 9_000_000, 70_000_000)
"""For so many modules at most, then for more, then for nobody knows how many: 5th, 50th and 95th percentile of
Debian's programs, widened to hold the fourteen."""
_PLAIN: Final = Range(1_100_000, 1_400_000, 3_500_000)
_NETWORK: Final = Range(4_000_000, 5_200_000, 9_000_000)
"""Without modules, stripped: 1.2 MB and 1.4 MB for little more than `fmt` with Go 1.19 and 1.24, 4.5 MB and 5.7 MB
with `net/http`."""
_SYMBOLS: Final = 1.47  # what symbols and debugging information make of it: 1.35 to 1.54 for the fourteen
_PACKAGE: Final = re.compile(
    r"\bgo\s+(?:build|install)\b[^&|;\n]{0,300}?\s\./(?:[\w.-]{1,60}/){0,9}([\w-]{1,60})\b"
)
_MODULE_LINE: Final = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)
_MAJOR: Final = re.compile(r"v\d+")
_STRIPS: Final = re.compile(r"-ldflags[= ][^&|;]{0,200}-s\b|\bstrip\b|\bupx\b")
_FEW: Final = Range(40_000, 700_000, 5_000_000)
_MANY: Final = Range(200_000, 1_600_000, 4_000_000)
"""A module's source with its archive, which is a quarter of it, as one of few and as one of more than twenty,
whose average lies closer together: Debian's 1,929 packages of Go libraries weigh 72 kB in the median and 1.3 MB on
average, the largest hundredth more than 15 MB."""
_FEW_MODULES: Final = 20
_COMPILED: Final = (
    (0, Range(28_000_000, 80_000_000, 110_000_000)),
    (10, Range(32_000_000, 100_000_000, 220_000_000)),
    (20, Range(60_000_000, 140_000_000, 350_000_000)),
    (40, Range(80_000_000, 190_000_000, 800_000_000)),
)
_COMPILED_LARGEST: Final = Range(90_000_000, 350_000_000, 2_500_000_000)
_COMPILED_ANY: Final = Range(30_000_000, 140_000_000, 900_000_000)
"""Go's build cache after one build without one, by modules like the programs: 32 MB for nothing but `fmt`, 85 MB for
`net/http`, 135 MB with gin; half a megabyte for each Go package that is compiled."""
_CLEANS: Final = re.compile(r"\bgo\s+clean\b[^&|;]{0,100}-cache|\brm\s+-\w*r\w*\s[^&|;]{0,200}cache")
_LEAST_SUM_LINE: Final = 3


def go_program(scene: Scene, change: Compilation) -> Outcome:
    """The programs of one command, and what the compiler keeps."""
    text = scene.step.instruction.text
    stripped = _STRIPS.search(text) is not None
    modules = _modules(scene)
    size = _program(scene, modules, stripped=stripped)
    more = (", stripped" if stripped else "") + ("" if modules is None else f", {modules} modules")
    parts = []
    for path in written(change):
        name = posixpath.basename(path.rstrip("/")) or "program"
        # Several programs may go into a folder.
        whole = Range(size.low, size.estimate, size.high * 3) if path.endswith("/") else size
        label, own = f"{name} (a Go program{more})", sure(whole, change.certain)
        parts += [Part(label, "program", own, place) for place in landings(scene, path)]
    if not written(change) and "./..." not in text:
        # A library leaves nothing behind, a program a file of its own name.
        default = _default_path(scene, text)
        parts.append(Part(f"a Go program{more}", "program", size.from_nothing(), default))
    cache = _cached(scene, change.line)
    return Outcome(tuple(parts) if cache is None else (*parts, cache))


def go_modules(scene: Scene, change: Installation) -> Outcome:
    """The modules that `go mod download` fetches, or that `go get` and `go install` do by name."""
    if change.cache in {Cache.MOUNTED, Cache.REMOVED, Cache.NEVER}:
        return Outcome()
    path = _module_folder(scene)
    count = _downloaded(scene, change)
    if count is None:
        places = () if path is None else (path,)
        return Outcome(unknown=(f"the Go modules that line {change.line} downloads",), places=places)
    if count == 0:
        return Outcome()
    size = _sum_of_modules(count)
    if change.cache is not Cache.KEPT:
        size = size.from_nothing()
    return Outcome((Part(f"{count} Go modules", "go", sure(size, change.certain), path),))


def _without_modules(scene: Scene) -> Range:
    """A program of Go's own library: nearly all of it is the network's part, where main.go asks for that."""
    found = _PACKAGE.search(scene.step.instruction.text)
    name = found[1] if found else ""
    texts = [text_here(scene, path) for path in ("main.go", f"cmd/{name}/main.go", f"{name}/main.go")]
    text = next((text for text in texts if text is not None), None)
    if text is None:
        return _STRIPPED[0][1]
    if '"net/http"' in text:
        return _NETWORK
    module = _MODULE_LINE.search(text_here(scene, "go.mod") or "")
    own = module is not None and f'"{module[1]}/' in text
    return _STRIPPED[0][1] if own or '"net' in text or '"crypto' in text else _PLAIN


def _default_path(scene: Scene, text: str) -> str | None:
    """Where a program goes that nobody names: its folder's name, or the module's, here or in GOBIN."""
    found = _PACKAGE.search(text)
    name = found[1] if found else None
    if name is None:
        module = _MODULE_LINE.search(text_here(scene, "go.mod") or "")
        parts = module[1].split("/") if module else []
        parts = parts[:-1] if len(parts) > 1 and _MAJOR.fullmatch(parts[-1]) else parts
        name = parts[-1] if parts else None
    if re.search(r"\bgo\s+install\b", text):
        known = scene.step.before.variables.known
        folder = known("GOBIN") or (f"{known('GOPATH')}/bin" if known("GOPATH") else None)
        return f"{folder}/{name}" if isinstance(folder, str) and name else None
    return here(scene, name or "")


def _program(scene: Scene, modules: int | None, *, stripped: bool) -> Range:
    found = _ANY
    if modules == 0:
        found = _without_modules(scene)
    elif modules is not None:
        found = next((size for most, size in _STRIPPED if modules <= most), _LARGEST)
    if stripped:
        return found
    # Debian's are stripped.
    return Range(found.low, round(found.estimate * _SYMBOLS), round(found.high * _SYMBOLS))


def _modules(scene: Scene) -> int | None:
    """How many modules go.mod requires, directly and indirectly."""
    text = text_here(scene, "go.mod")
    if text is None:
        return None
    count = 0
    inside = False
    for line in text.splitlines():
        words = line.partition("//")[0].split()
        if words[:1] == ["require"] and words[1:2] == ["("]:
            inside = True
        elif inside and words[:1] == [")"]:
            inside = False
        elif (inside and len(words) > 1) or (words[:1] == ["require"] and len(words) >= _LEAST_SUM_LINE):
            count += 1
    return count


def _downloaded(scene: Scene, change: Installation) -> int | None:
    """How many modules go.sum has the content of; of those that it only has go.mod of nothing is fetched."""
    if not change.manifests:
        return None
    text = text_here(scene, "go.sum")
    if text is None:
        return 0 if _modules(scene) == 0 else None
    lines = (line.split() for line in text.splitlines())
    return sum(1 for words in lines if len(words) == _LEAST_SUM_LINE and not words[1].endswith("/go.mod"))


def _sum_of_modules(count: int) -> Range:
    each = _FEW if count <= _FEW_MODULES else _MANY
    return Range(each.low * count, each.estimate * count, each.high * count)


def _cached(scene: Scene, line: int) -> Part | None:
    """The build cache, unless it is a mount or goes again; only the first build of a stage fills it."""
    earlier = any(
        getattr(found, "tool", "") == "go" and getattr(found, "line", line) < line
        for found in scene.step.changes
    )
    folder = scene.step.before.variables.known("GOCACHE")
    path = folder if isinstance(folder, str) and folder else None
    if path is None and scene.step.before.runs_as_root is Claim.YES:
        path = "/root/.cache/go-build"
    if (path is not None and is_mounted(scene, path)) or _CLEANS.search(scene.step.instruction.text):
        return None
    modules = _modules(scene)
    size = _COMPILED_ANY
    if modules is not None:
        size = next((found for most, found in _COMPILED if modules <= most), _COMPILED_LARGEST)
    if _library_is_compiled(scene):
        size = Range(300_000, max(12_000_000, size.estimate - 68_000_000), size.high - 70_000_000)
    size = size.from_nothing() if earlier else size
    return Part("Go's build cache", "cache", size, path)


def _library_is_compiled(scene: Scene) -> bool:
    """Whether Go brings its own library compiled, as it did up to 1.19: Debian 12's is that one.

    Three builds with it left 0.6, 17 and 23 MB, the former with the default settings.
    """
    image = scene.image
    if image is None or image.repository == "golang":
        return False
    known = scene.step.before.has_package("golang-go") is Claim.YES
    return known and image.os_version in {"bookworm", "bullseye"}


def _module_folder(scene: Scene) -> str | None:
    known = scene.step.before.variables.known
    if isinstance(folder := known("GOMODCACHE"), str):
        return folder
    path = known("GOPATH")
    return f"{path.split(':')[0]}/pkg/mod" if isinstance(path, str) and path else None
