"""dotnet: packages that are restored, and what is published.

Source: the documentation of `dotnet restore` and `dotnet publish`; packages lie in ~/.nuget/packages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Compilation, DirectoryMade, Installation
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Call, effect, read_arguments
from multistage_cli.build.effects.leftovers import added, caches, scripts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change


@effect("dotnet")
def dotnet(call: Call) -> Iterator[Change]:
    """What `restore` fetches, and the folder that `publish -o` fills."""
    arguments = read_arguments(
        call.words,
        switches="--no-restore --no-cache --self-contained --no-self-contained --nologo --locked-mode --no-build"
        " -g --global --no-dependencies --force --use-current-runtime --ucr",
        with_value="-c --configuration -o --output -r --runtime -a --arch --os -f --framework -v --verbosity -s"
        " --source --tool-path --version -p --os --add-source --configfile",
        bundled=False,
    )
    action, *rest = arguments.operands or ("",)
    home = call.home()
    folder = call.environment.get("NUGET_PACKAGES") or (UNKNOWN if home is UNKNOWN else f"{home}/.nuget")
    kept = call.cache_at(folder)
    if action == "restore":
        files = tuple(call.absolute(name) for name in rest) or (call.absolute("."),)
        leaves = (*_caches(call), *added(call, "."))
        yield Installation("dotnet", (), files, call.line, call.certain, kept, leaves=leaves)
    elif action in {"build", "publish", "pack"}:
        output = arguments.value("-o", "--output")
        leaves = (*_caches(call), *scripts(call))
        if output is not None and call.absolute(output).startswith("/"):
            made = DirectoryMade(call.absolute(output), call.line, call.certain)
            leaves = (*leaves, made, *added(call, output))
        outputs = (call.absolute(output),) if output else ()
        yield Compilation("dotnet", outputs, call.line, call.certain, leaves)
    elif action == "tool":
        where = arguments.value("--tool-path")
        yield from (*_caches(call), *(added(call, where) if where else added(call, ".")))
    elif action:
        yield from (*_caches(call), *scripts(call))


def _caches(call: Call) -> Iterator[Change]:
    yield from caches(call, ".nuget", ".dotnet", ".local", ".aspnet", ".templateengine")
    for name in ("NUGET_PACKAGES", "DOTNET_CLI_HOME"):
        if folder := call.environment.get(name):
            yield from added(call, folder)
