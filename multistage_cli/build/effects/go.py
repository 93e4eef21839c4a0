"""go: modules, built programs and their caches.

Source: `go help environment`, `go help build`, `go help install`. The official images set GOPATH to /go.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final

from multistage_cli.build.changes import (
    CacheRemoval,
    Compilation,
    DirectoryMade,
    Doubted,
    FileWritten,
    Installation,
)
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments
from multistage_cli.build.effects.compilers import linked
from multistage_cli.build.effects.leftovers import added, scripts
from multistage_cli.build.effects.python_places import home_of
from multistage_cli.build.effects.python_project import text_of
from multistage_cli.build.files import Content, Kind, Nature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Cache, Change

_SWITCHES = (
    "-v -x -a -race -n -trimpath -json -u -t -d -cover -work -msan -asan -linkshared -modcacherw -i -short"
    " -fuzzcache -testcache -modcache -cache -m -w -e -failfast -benchmem"
)
_WITH_VALUE = (
    "-o -ldflags -tags -gcflags -asmflags -buildmode -mod -modfile -p -installsuffix -pkgdir -compiler"
    " -buildvcs -overlay -pgo -exec -run -count -timeout -C -coverprofile -bench -parallel"
)
_MODULE: Final = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)
_MAJOR: Final = re.compile(r"v[0-9]+")


@effect("go")
def go(call: Call) -> Iterator[Change]:
    """The modules that are downloaded, and the programs that are built."""
    arguments = read_arguments(call.words, switches=_SWITCHES, with_value=_WITH_VALUE, bundled=False)
    action, *rest = arguments.operands or ("",)
    line, certain = call.line, call.certain
    fetched = tuple(_caches(call))
    match action:
        case "mod" if rest[:1] in (["download"], ["vendor"], ["tidy"], ["init"], ["edit"]):
            files = tuple(call.absolute(name) for name in ("go.mod", "go.sum"))
            leaves = (*fetched, *_module_files(call), *(added(call, ".") if rest[0] != "download" else ()))
            if rest[0] in {"init", "edit"}:
                yield from leaves
                return
            yield Installation(
                "go", (), files, line, certain, _modules(call), complete=arguments.complete, leaves=leaves
            )
        case "get":
            leaves = (*fetched, *_module_files(call), *added(call, *_bin(call)))
            yield Installation("go", tuple(rest), (), line, certain, _modules(call), leaves=leaves)
        case "install":
            yield from _install(call, arguments, rest)
        case "build":
            output = arguments.value("-o")
            leaves = (*fetched, *_built(call, arguments, output, rest))
            yield Compilation("go", (call.absolute(output),) if output else (), line, certain, leaves)
        case "clean" if arguments.has("-modcache", "-cache"):
            yield CacheRemoval("go", line, certain)
            for folder in (*_module_folders(call), *_build_folders(call)):
                if folder is not UNKNOWN:
                    yield Doubted(folder, line, certain, adds=False)
        case "generate" | "run" | "test" | "tool" | "clean" | "work":
            # They run programs of the project.
            yield from (*fetched, *scripts(call))
        case "vet" | "list" | "fmt":
            yield from (*fetched, *added(call, "."))
        case "env" if arguments.has("-w", "-u"):
            home = home_of(call)
            yield from added(call, UNKNOWN if home is UNKNOWN else f"{home}/.config")
        case _:
            return


def _install(call: Call, arguments: Arguments, rest: list[str]) -> Iterator[Change]:
    named = [name for name in rest if "@" in name]
    line, certain = call.line, call.certain
    folder, *others = _bin(call)
    names = tuple(f"{folder}/{_program(name.split('@')[0])}" for name in named)
    leaves: list[Change] = [*_caches(call), *added(call, *others)]
    if folder is UNKNOWN or not folder.startswith("/") or len(names) != len(rest):
        leaves += added(call, folder)
    elif call.environment.get("GOOS", "linux") == "linux" and not others and "..." not in "".join(rest):
        for path in names:
            leaves.append(FileWritten(path, line, certain, _program_content(call, arguments), mode=0o755))
    else:
        leaves += added(call, folder)
    if named:
        yield Installation("go", tuple(named), (), line, certain, _modules(call))
    yield Compilation("go", names, line, certain, tuple(leaves))


def _built(call: Call, arguments: Arguments, output: str | None, packages: list[str]) -> Iterator[Change]:
    """The program: where `-o` says, or in the working directory by the name of its package."""
    folder = call.absolute(arguments.value("-C") or ".")
    if not arguments.complete or not folder.startswith("/"):
        yield from scripts(call)
        return
    line, certain = call.line, call.certain
    content = _program_content(call, arguments)
    many = len(packages) > 1 and not all(name.endswith(".go") for name in packages)
    if output is not None:
        path = output if output.startswith("/") else posixpath.normpath(f"{folder}/{output}")
        yield DirectoryMade(posixpath.dirname(path), line, certain)
        entry = call.state.files.entry(path)
        is_folder = output.endswith("/") or entry.kind is Kind.DIRECTORY
        if is_folder or many or "..." in " ".join(packages):
            name = _default_name(call, folder, packages)
            if is_folder and not many and name is not None:
                yield FileWritten(f"{path.rstrip('/')}/{name}", line, certain, content, mode=0o755)
            yield from added(call, path)
        elif entry.exists is Claim.UNKNOWN and entry.kind is UNKNOWN and path.count("/") == 1:
            yield from added(call, path)  # /app may be a folder of the base image
            yield FileWritten(path, line, Claim.UNKNOWN, content, mode=0o755)
        else:
            yield FileWritten(path, line, certain, content, mode=0o755)
        return
    # Only a main package leaves a file behind, and only where it is built alone.
    yield from added(call, folder)


def _default_name(call: Call, folder: str, packages: list[str]) -> str | None:
    """The name of a program: its folder's, the module's for the module's own, a file's without `.go`."""
    if any("..." in name for name in packages):
        return None
    if packages and packages[0].endswith(".go"):
        return posixpath.basename(packages[0]).removesuffix(".go")
    place = posixpath.normpath(f"{folder}/{packages[0] if packages else '.'}")
    if place != folder:
        return posixpath.basename(place)
    text = text_of(call, f"{folder}/go.mod")
    found = None if text is UNKNOWN else _MODULE.search(text)
    return None if found is None else _program(found[1])


def _program(path: str) -> str:
    """The last part of an import path that is no major version."""
    parts = path.split("/")
    if len(parts) > 1 and _MAJOR.fullmatch(parts[-1]):
        parts.pop()
    return parts[-1]


def _program_content(call: Call, arguments: Arguments) -> Content | None:
    """Without cgo a program is static; with it, that hangs on what it imports."""
    if (arguments.value("-buildmode") or "exe") not in {"exe", "default"}:
        return Content(Nature.BINARY)
    if call.environment.get("GOOS", "linux") != "linux":
        return Content(Nature.BINARY, static=Claim.UNKNOWN)
    static = "-extldflags" in (arguments.value("-ldflags") or "") and "-static" in (
        arguments.value("-ldflags") or ""
    )
    off = call.environment.get("CGO_ENABLED") == "0"
    return linked(call, static=Claim.YES if off or static else Claim.UNKNOWN)


def _bin(call: Call) -> tuple[Known[str], ...]:
    """GOBIN, or `bin` below GOPATH; more than one where that hangs on what is not known."""
    if folder := call.environment.get("GOBIN"):
        return (folder.rstrip("/"),)
    return tuple(UNKNOWN if path is UNKNOWN else f"{path}/bin" for path in _gopath(call))


def _gopath(call: Call) -> tuple[Known[str], ...]:
    if path := call.environment.get("GOPATH"):
        return (path.split(":")[0].rstrip("/"),)
    home = home_of(call)
    if call.state.variables.open:
        return ("/go", UNKNOWN if home is UNKNOWN else f"{home}/go")
    return (UNKNOWN if home is UNKNOWN else f"{home}/go",)


def _module_folders(call: Call) -> tuple[Known[str], ...]:
    if folder := call.environment.get("GOMODCACHE"):
        return (folder,)
    return tuple(UNKNOWN if path is UNKNOWN else f"{path}/pkg" for path in _gopath(call))


def _build_folders(call: Call) -> tuple[Known[str], ...]:
    if folder := call.environment.get("GOCACHE"):
        return (folder,)
    home = home_of(call)
    return (UNKNOWN if home is UNKNOWN else f"{home.rstrip('/')}/.cache",)


def _caches(call: Call) -> Iterator[Change]:
    for folder in (*_module_folders(call), *_build_folders(call)):
        if folder is UNKNOWN or not call.is_mounted(folder):
            yield from added(call, folder)
    home = home_of(call)
    yield from added(call, UNKNOWN if home is UNKNOWN else f"{home.rstrip('/')}/.config")  # telemetry


def _module_files(call: Call) -> Iterator[Change]:
    for name in ("go.mod", "go.sum"):
        path = call.absolute(name)
        if path.startswith("/"):
            yield FileWritten(path, call.line, Claim.UNKNOWN)


def _modules(call: Call) -> Cache:
    folder = call.environment.get("GOMODCACHE") or f"{call.environment.get('GOPATH', '/go')}/pkg/mod"
    home = call.home()
    return call.cache_at(folder, UNKNOWN if home is UNKNOWN else f"{home}/go/pkg/mod")
