"""rm: deleted paths, among them what package managers keep for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import CacheRemoval, Deletion, Doubted
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Call, absolute, effect
from multistage_cli.build.effects.places import home_of, places, read_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_LISTS = "/var/lib/apt/lists"
_KEPT_AT = {
    "apt": (_LISTS,),
    "apk": ("/var/cache/apk", "/etc/apk/cache"),
    "dnf": ("/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5"),
    "pip": ("/root/.cache/pip",),
    "uv": ("/root/.cache/uv",),
    "npm": ("/root/.npm",),
    "yarn": ("/usr/local/share/.cache", "/root/.cache/yarn", "/root/.yarn/cache", "/root/.yarn/berry/cache"),
    "pnpm": ("/root/.local/share/pnpm", "/root/.cache/pnpm", "/pnpm/store"),
    "go": ("/root/.cache/go-build", "/go/pkg/mod"),
    "cargo": ("/usr/local/cargo/registry", "/root/.cargo/registry"),
    "maven": ("/root/.m2",),
    "gradle": ("/root/.gradle", "/home/gradle/.gradle"),
    "composer": ("/root/.composer/cache", "/root/.cache/composer"),
    "bundler": ("/usr/local/bundle/cache", "/root/.bundle/cache"),
    "poetry": ("/root/.cache/pypoetry",),
    "conda": ("/opt/conda/pkgs",),
}
"""Where managers keep downloads, as root in the images that they come with."""


_SWITCHES = (
    "-r -R -f -v -d -i -I --recursive --force --verbose --dir --interactive --one-file-system --no-preserve-root"
    " --preserve-root"
)


@effect("rm", "unlink")
def remove(call: Call) -> Iterator[Change]:
    """Paths that are deleted, and the managers whose cache that empties."""
    arguments = read_paths(call, switches=_SWITCHES)
    # `~` is the shell's: HOME.
    home = home_of(call)
    at_home = [path[1:] for path in arguments.operands if path == "~" or path.startswith("~/")]
    paths = places(call, arguments.operands)
    if not arguments.complete or arguments.has("-i", "-I", "--interactive"):
        # Asked for, nobody answers: nothing goes.
        for path in paths:
            yield Doubted(path, call.line, call.certain, adds=False, alters=False)
        return
    known = tuple(path for path in paths if path.startswith("/"))
    if known:
        recursive = arguments.has("-r", "-R", "--recursive")
        yield Deletion(known, call.line, call.certain, recursive)
    if len(known) < len(paths):
        yield Doubted("/", call.line, call.certain, adds=False, alters=False)
    # Wherever the home of another user is, its caches lie in it as root's do in /root.
    in_root = {*paths, *(f"/root{path}" for path in at_home)}
    if home is not UNKNOWN and home != "/root":
        in_root |= {f"/root{path.removeprefix(home)}" for path in paths if f"{path}/".startswith(f"{home}/")}
    for manager, folders in _KEPT_AT.items():
        if any(_empties(path, folder) for path in in_root for folder in folders):
            yield CacheRemoval(manager, call.line, call.certain)


def _empties(path: str, folder: str) -> bool:
    """Whether deleting `path` deletes all that is in `folder`."""
    if folder == _LISTS:
        path = path.removesuffix("_*")  # every list's name has one: HOST_debian_dists_...
    path = absolute(path.removesuffix("*").removesuffix("/."), "/")
    return folder == path or folder.startswith(f"{path.rstrip('/')}/")
