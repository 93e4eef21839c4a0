"""go: modules, built programs and their caches.

Source: `go help environment`, `go help build`. The official images set GOPATH to /go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import CacheRemoval, Compilation, Installation
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Call, effect, read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Cache, Change

_SWITCHES = "-v -x -a -race -n -trimpath -json -u -t -d -cover -work -msan -asan -linkshared -modcacherw -i"
_WITH_VALUE = (
    "-o -ldflags -tags -gcflags -asmflags -buildmode -mod -modfile -p -installsuffix -pkgdir -compiler"
    " -buildvcs -overlay -pgo -exec -run -count -timeout -C -coverprofile"
)


@effect("go")
def go(call: Call) -> Iterator[Change]:
    """The modules that are downloaded, and the programs that are built."""
    arguments = read_arguments(call.words, switches=_SWITCHES, with_value=_WITH_VALUE, bundled=False)
    action, *rest = arguments.operands or ("",)
    line, certain = call.line, call.certain
    match action:
        case "mod" if rest[:1] in (["download"], ["vendor"], ["tidy"]):
            files = tuple(call.absolute(name) for name in ("go.mod", "go.sum"))
            yield Installation("go", (), files, line, certain, _modules(call), complete=arguments.complete)
        case "get":
            yield Installation("go", tuple(rest), (), line, certain, _modules(call))
        case "install":
            named = [name for name in rest if "@" in name]
            if named:
                yield Installation("go", tuple(named), (), line, certain, _modules(call))
            folder = call.environment.get("GOBIN") or f"{call.environment.get('GOPATH', '/go')}/bin"
            names = tuple(f"{folder}/{name.split('@')[0].rsplit('/', 1)[-1]}" for name in named)
            yield Compilation("go", names, line, certain)
        case "build":
            output = arguments.value("-o")
            yield Compilation("go", (call.absolute(output),) if output else (), line, certain)
        case "clean" if arguments.has("-modcache", "-cache"):
            yield CacheRemoval("go", line, certain)
        case _:
            return


def _modules(call: Call) -> Cache:
    folder = call.environment.get("GOMODCACHE") or f"{call.environment.get('GOPATH', '/go')}/pkg/mod"
    home = call.home()
    return call.cache_at(folder, UNKNOWN if home is UNKNOWN else f"{home}/go/pkg/mod")
