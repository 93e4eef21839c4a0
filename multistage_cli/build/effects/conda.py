"""conda, mamba and micromamba: packages below a prefix, and their cache.

Source: conda's command reference; the images of Anaconda and Miniforge have it at /opt/conda.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Cache, CacheRemoval, Doubted, Installation, Untracked
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments
from multistage_cli.build.effects.leftovers import added, caches
from multistage_cli.build.effects.python_places import anywhere
from multistage_cli.build.programs import located

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_ROOTS = ("/opt/conda", "/opt/miniconda3", "/opt/miniforge3", "/opt/anaconda3")


@effect("conda", "mamba", "micromamba")
def conda(call: Call) -> Iterator[Change]:
    """What is installed into an environment; everything in its prefix may change."""
    arguments = read_arguments(
        call.words,
        switches="-y --yes -q --quiet -v --verbose --freeze-installed --no-deps --only-deps --override-channels"
        " --strict-channel-priority --update-all --all --force-reinstall --copy --offline -a --json --prune",
        with_value="-n --name -p --prefix -c --channel -f --file --solver -r --root-prefix",
    )
    action, *names = arguments.operands or ("",)
    roots = tuple(_roots(call, arguments))
    if action == "env":
        action, *names = names or [""]
    if action == "clean":
        yield CacheRemoval("conda", call.line, call.certain)
        for root in roots:
            yield Doubted(f"{root}/pkgs", call.line, call.certain, adds=False)
    elif action in {"install", "create", "update", "upgrade", "remove", "uninstall"}:
        places = _prefixes(call, arguments, roots)
        leaves: list[Change] = [*caches(call, ".conda", ".condarc", ".cache", ".mamba", ".config")]
        leaves += [Doubted(place, call.line, call.certain, inside=True) for place in places]
        leaves += added(call, *(f"{root}/pkgs" for root in roots))
        if not places or not arguments.complete:
            leaves.append(anywhere(call))
        files = tuple(call.absolute(name) for name in arguments.values("-f", "--file"))
        yield Installation(
            "conda",
            tuple(names),
            files,
            call.line,
            call.certain,
            call.cache_at(*(f"{root}/pkgs" for root in roots)) if roots else Cache.UNKNOWN,
            complete=arguments.complete,
            prefix=UNKNOWN if len(places) != 1 else places[0],
            leaves=tuple(leaves),
        )
    elif action == "run":
        yield Untracked("conda run", call.line, call.certain)
    elif action in {"config", "init"}:
        yield from caches(call, ".condarc", ".conda", ".bashrc", ".zshrc", ".config")
        yield from added(call, *(f"{root}/.condarc" for root in roots), "/etc/profile.d")
        if "--system" in call.words:
            yield Doubted("/", call.line, call.certain, removes=False)


def _roots(call: Call, arguments: Arguments) -> Iterator[str]:
    """The base environment's prefix, or those of the known images where it does not follow."""
    named = arguments.value("-r", "--root-prefix") or call.environment.get("MAMBA_ROOT_PREFIX")
    path = located(call, call.path)
    if named:
        yield call.absolute(named)
    elif path is not None and path is not UNKNOWN and path.startswith("/opt/"):
        yield path.rsplit("/", 2)[0]
    else:
        yield from _ROOTS


def _prefixes(call: Call, arguments: Arguments, roots: tuple[str, ...]) -> tuple[str, ...]:
    if prefix := arguments.value("-p", "--prefix"):
        path = call.absolute(prefix)
        return (path,) if path.startswith("/") else ()
    name = arguments.value("-n", "--name")
    if name is not None and name != "base":
        return tuple(f"{root}/envs/{name}" for root in roots)
    if "env" in call.words or call.environment.get("CONDA_DEFAULT_ENV", "base") != "base":
        return tuple(f"{root}/envs" for root in roots)  # the name stands in a file
    return roots
