"""dotnet: packages that are restored, and what is published.

Source: the documentation of `dotnet restore` and `dotnet publish`; packages lie in ~/.nuget/packages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Compilation, Installation
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Call, effect, read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change


@effect("dotnet")
def dotnet(call: Call) -> Iterator[Change]:
    """What `restore` fetches, and the folder that `publish -o` fills."""
    arguments = read_arguments(
        call.words,
        switches="--no-restore --no-cache --self-contained --no-self-contained --nologo --locked-mode --no-build",
        with_value="-c --configuration -o --output -r --runtime -a --arch --os -f --framework -v --verbosity -s",
        bundled=False,
    )
    action, *rest = arguments.operands or ("",)
    home = call.home()
    folder = call.environment.get("NUGET_PACKAGES") or (UNKNOWN if home is UNKNOWN else f"{home}/.nuget")
    kept = call.cache_at(folder)
    if action == "restore":
        files = tuple(call.absolute(name) for name in rest) or (call.absolute("."),)
        yield Installation("dotnet", (), files, call.line, call.certain, kept)
    elif action in {"build", "publish", "pack"}:
        output = arguments.value("-o", "--output")
        yield Compilation("dotnet", (call.absolute(output),) if output else (), call.line, call.certain)
