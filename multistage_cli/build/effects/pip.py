"""pip: distributions, their manifests, and the cache of wheels and responses.

Source: pip's documentation, and `_handle_no_cache_dir` in its cmdoptions.py: any value of
PIP_NO_CACHE_DIR turns the cache off, `0` and `false` among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from multistage_cli.build.changes import Cache, CacheRemoval, DirectoryMade, Doubted, Installation
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments
from multistage_cli.build.effects.python_places import (
    Place,
    anywhere,
    home_of,
    installed,
    kept_cache,
    place_of,
    place_of_prefix,
    place_of_target,
    place_of_user,
    python_named,
    python_of_script,
    uninstalled,
)
from multistage_cli.build.effects.python_project import wanted
from multistage_cli.build.pythons import Interpreter, sees_system_packages
from multistage_cli.facts import python_commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.effects.python_project import Wanted

_SWITCHES = (
    "--no-cache-dir --user -U --upgrade -q --quiet -qq -v --verbose --no-deps --pre --no-build-isolation"
    " --no-compile --compile --force-reinstall --ignore-installed -I --require-hashes --no-index"
    " --disable-pip-version-check --no-input --break-system-packages --prefer-binary --no-clean --isolated"
    " --no-warn-script-location --no-python-version-warning --use-pep517 --no-use-pep517 --dry-run --debug"
    " -y --yes --no-warn-conflicts --ignore-requires-python --no-color --require-virtualenv --check-build-dependencies"
)
_WITH_VALUE = (
    "-r --requirement -c --constraint -e --editable -t --target --prefix --root -i --index-url"
    " --extra-index-url -f --find-links --cache-dir --trusted-host --no-binary --only-binary --platform"
    " --python-version --abi --implementation --timeout --retries --proxy --src --upgrade-strategy"
    " --progress-bar --root-user-action -w --wheel-dir -d --dest --config-settings -C --log --python --cert"
    " --client-cert --global-option --build-option --report --use-feature --use-deprecated --exists-action"
    " --build-constraint --group --keyring-provider --resume-retries"
)
_NAMES = ("pip", "pip3", *(f"pip3.{minor}" for minor in range(6, 16)))


@effect(*_NAMES)
def pip(call: Call) -> Iterator[Change]:
    """What `install`, `wheel`, `download` and `uninstall` do, and what `cache purge` deletes."""
    yield from pip_with(call, python_of_script(call))


def pip_with(call: Call, found: Interpreter | None) -> Iterator[Change]:
    """What pip does when an interpreter runs it; None for one that does not follow."""
    arguments = read_arguments(call.words, switches=_SWITCHES, with_value=_WITH_VALUE)
    action, *names = arguments.operands or ("",)
    if python := arguments.value("--python"):
        found = python_named(call, python)
    if action == "cache" and names[:1] in (["purge"], ["remove"]):
        yield CacheRemoval("pip", call.line, call.certain)
        folder = _cache_folder(call, arguments)
        yield Doubted("/root" if folder is UNKNOWN else folder, call.line, call.certain, adds=False)
    elif action == "uninstall":
        keeps = {"python", "python3", "activate", *(() if "pip" in names else ("pip", "pip3"))}
        if found is not None and found.version is not UNKNOWN:
            keeps |= {f"python{found.version}", *(() if "pip" in names else (f"pip{found.version}",))}
        if arguments.complete and not arguments.has("-r", "--requirement"):
            keeps |= python_commands.of_others(names)
        place = None if found is None else place_of(found)
        yield from uninstalled(call, place, frozenset(keeps))
    elif action == "config":
        home = home_of(call)
        path = "/" if home is UNKNOWN or "--global" in call.words else f"{home}/.config"
        if names[:1] != ["list"]:
            yield Doubted(path, call.line, call.certain, removes=False)
    if action not in {"install", "wheel", "download"}:
        return
    local = arguments.values("-e", "--editable")
    stored = action != "install"
    manifests = tuple(call.absolute(name) for name in arguments.values("-r", "--requirement"))
    cache = _cache(call, arguments)
    yield Installation(
        "pip",
        (*names, *local),
        manifests,
        call.line,
        call.certain,
        cache,
        complete=arguments.complete and not arguments.has("--group"),
        prefix=_stored_at(call, arguments, action) if stored else _prefix(call, arguments),
        stored=stored,
        leaves=(
            *kept_cache(call, cache, _cache_folder(call, arguments)),
            *_leaves(call, arguments, found, wanted(call, (*names, *local), manifests)),
        ),
    )


def _leaves(call: Call, arguments: Arguments, found: Interpreter | None, asked: Wanted) -> Iterator[Change]:
    if arguments.has("--dry-run"):
        return
    if arguments.has("--no-deps") or arguments.value("-c", "--constraint"):
        asked = replace(asked, constrained=True)
    action = arguments.operands[0]
    if action != "install":
        folder = _stored_at(call, arguments, action)
        yield DirectoryMade(folder, call.line, call.certain)
        for path in (folder, *asked.folders):
            yield Doubted(path, call.line, call.certain, removes=False, alters=False)
        return
    places = _places(call, arguments, found)
    for place in places or (None,):
        sure = len(places) == 1 and not _may_be_satisfied(call, arguments, found, place)
        certain = call.certain if sure else Claim.UNKNOWN
        yield from installed(call, place, asked, certain=certain)
    if not arguments.complete:
        # An option that is not known may be about the place.
        yield anywhere(call)


def _may_be_satisfied(
    call: Call, arguments: Arguments, found: Interpreter | None, place: Place | None
) -> bool:
    """Whether what is asked for may lie elsewhere already, so that nothing is installed.

    pip looks at all folders of its interpreter: those of the distribution's packages, and the system's where
    it is told of another place (`--user`, `--prefix`), but not with `--target`.
    """
    if arguments.has("-I", "--ignore-installed", "--force-reinstall"):
        return False
    if arguments.value("-t", "--target") or call.environment.get("PIP_TARGET"):
        return False
    if found is None or found.debian:
        return True
    if found.isolated:
        return sees_system_packages(call.state, found)
    return place != place_of(found) and _installed_before(call)


def _installed_before(call: Call) -> bool:
    """Whether a command before this one installed something into the system's Python."""
    node = call.state.installations
    for _ in range(_MOST_INSTALLATIONS):
        if node is None:
            return False
        installation, node = node
        if installation.manager in _PYTHON_MANAGERS and installation.prefix is None:
            return True
    return True


_MOST_INSTALLATIONS = 200
_PYTHON_MANAGERS = frozenset({"pip", "uv", "poetry", "pipenv", "conda"})


def _places(call: Call, arguments: Arguments, found: Interpreter | None) -> tuple[Place, ...]:
    """Where the packages may land; more than one place where that hangs on what is not known."""
    environment = call.environment
    if target := arguments.value("-t", "--target") or environment.get("PIP_TARGET"):
        return (place_of_target(found, call.absolute(target)),)
    if found is None:
        return ()
    if prefix := arguments.value("--prefix") or environment.get("PIP_PREFIX"):
        return (place_of_prefix(found, call.absolute(prefix)),)
    own = place_of(found)
    if root := arguments.value("--root") or environment.get("PIP_ROOT"):
        above = call.absolute(root).rstrip("/")
        packages = UNKNOWN if own.packages is UNKNOWN else f"{above}{own.packages}"
        return (
            replace(own, base=f"{above}{own.base}", packages=packages, commands=f"{above}{own.commands}"),
        )
    user = place_of_user(found, home_of(call), environment.get("PYTHONUSERBASE"))
    if arguments.has("--user") or environment.get("PIP_USER") in {"1", "yes", "true", "on"}:
        return () if user is None else (user,)
    if found.isolated:
        return (own,)
    # "Defaulting to user installation because normal site-packages is not writeable"
    folder = own.commands if own.packages is UNKNOWN else own.packages
    writable = Claim.UNKNOWN if call.user is UNKNOWN else call.state.can_write(call.user, folder)
    if writable is Claim.YES:
        return (own,)
    if user is None:
        return ()
    return (user,) if writable is Claim.NO else (own, user)


def _cache_folder(call: Call, arguments: Arguments) -> Known[str]:
    chosen = arguments.value("--cache-dir") or call.environment.get("PIP_CACHE_DIR")
    if chosen:
        return call.absolute(chosen)
    if base := call.environment.get("XDG_CACHE_HOME"):
        return f"{base}/pip"
    home = home_of(call)
    return UNKNOWN if home is UNKNOWN else f"{home.rstrip('/')}/.cache/pip"


def _cache(call: Call, arguments: Arguments) -> Cache:
    if arguments.has("--no-cache-dir") or call.environment.get("PIP_NO_CACHE_DIR"):
        return Cache.NEVER
    found = call.cache_at(_cache_folder(call, arguments))
    return Cache.KEPT if found is Cache.UNKNOWN and not call.mounts else found


def _prefix(call: Call, arguments: Arguments) -> Known[str] | None:
    if target := arguments.value("-t", "--target", "--prefix"):
        return call.absolute(target)
    if python := arguments.value("--python"):
        # An interpreter, or the virtual environment itself.
        path = call.absolute(python)
        folder, _, name = path.rpartition("/")
        return folder.rpartition("/")[0] if name.startswith("python") and folder.endswith("/bin") else path
    if arguments.has("--user"):
        home = call.home()
        return call.environment.get("PYTHONUSERBASE") or (UNKNOWN if home is UNKNOWN else f"{home}/.local")
    if "/" in call.path:
        prefix = call.absolute(call.path).rsplit("/", 2)[0]
        return None if prefix in {"", "/usr", "/usr/local"} else prefix  # the system's own Python
    return call.active_environment()


def _stored_at(call: Call, arguments: Arguments, action: str) -> str:
    options = ("-w", "--wheel-dir") if action == "wheel" else ("-d", "--dest")
    return call.absolute(arguments.value(*options) or ".")
