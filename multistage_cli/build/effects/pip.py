"""pip: distributions, their manifests, and the cache of wheels and responses.

Source: pip's documentation, and `_handle_no_cache_dir` in its cmdoptions.py: any value of
PIP_NO_CACHE_DIR turns the cache off, `0` and `false` among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Cache, CacheRemoval, Installation, VirtualEnvironment
from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_SWITCHES = (
    "--no-cache-dir --user -U --upgrade -q --quiet -qq -v --verbose --no-deps --pre --no-build-isolation"
    " --no-compile --compile --force-reinstall --ignore-installed -I --require-hashes --no-index"
    " --disable-pip-version-check --no-input --break-system-packages --prefer-binary --no-clean --isolated"
    " --no-warn-script-location --no-python-version-warning --use-pep517 --no-use-pep517 --dry-run --debug"
    " --no-warn-conflicts --ignore-requires-python --no-color --require-virtualenv --check-build-dependencies"
)
_WITH_VALUE = (
    "-r --requirement -c --constraint -e --editable -t --target --prefix --root -i --index-url"
    " --extra-index-url -f --find-links --cache-dir --trusted-host --no-binary --only-binary --platform"
    " --python-version --abi --implementation --timeout --retries --proxy --src --upgrade-strategy"
    " --progress-bar --root-user-action -w --wheel-dir -d --dest --config-settings -C --log --python --cert"
    " --client-cert --global-option --build-option --report --use-feature --use-deprecated --exists-action"
    " --build-constraint --group --keyring-provider --resume-retries"
)
_PYTHONS = ("python", "python3", *(f"python3.{minor}" for minor in range(6, 16)))


@effect("pip", "pip3", *(f"pip3.{minor}" for minor in range(6, 16)))
def pip(call: Call) -> Iterator[Change]:
    """What `install`, `wheel` and `download` bring, and what `cache purge` deletes."""
    arguments = read_arguments(call.words, switches=_SWITCHES, with_value=_WITH_VALUE)
    action, *names = arguments.operands or ("",)
    if action == "cache" and names[:1] == ["purge"]:
        yield CacheRemoval("pip", call.line, call.certain)
    if action not in {"install", "wheel", "download"}:
        return
    local = arguments.values("-e", "--editable")
    stored = action != "install"
    yield Installation(
        "pip",
        (*names, *local),
        tuple(call.absolute(name) for name in arguments.values("-r", "--requirement")),
        call.line,
        call.certain,
        _cache(call, arguments),
        complete=arguments.complete and not arguments.has("--group"),
        prefix=_stored_at(call, arguments, action) if stored else _prefix(call, arguments),
        stored=stored,
    )


@effect(*_PYTHONS, "pypy3")
def python(call: Call) -> Iterator[Change]:
    """`python -m pip` is pip; of other programs in Python nothing is known."""
    from dataclasses import replace

    from multistage_cli.build.changes import Untracked

    words = call.words
    if words[:1] == ("-m",) and len(words) > 1 and words[1] in {"pip", "pip3"}:
        # The Python that runs pip is the one that gets the packages, and pip lies beside it.
        folder = call.path.rpartition("/")[0]
        yield from pip(replace(call, name="pip", path=f"{folder}/pip" if folder else "pip", words=words[2:]))
    elif words[:2] in {("-m", "venv"), ("-m", "virtualenv")}:
        yield from virtualenv(replace(call, words=words[2:]))
    elif words[:2] in {("-m", "compileall"), ("-m", "ensurepip")}:
        return
    elif words[:1] not in {("--version",), ("-V",)}:
        yield Untracked(call.name, call.line, call.certain)


@effect("virtualenv")
def virtualenv(call: Call) -> Iterator[Change]:
    """The virtual environment that the last operand names."""
    arguments = read_arguments(
        call.words,
        switches="--system-site-packages --copies --symlinks --clear --upgrade --without-pip --upgrade-deps --no-pip"
        " --no-download --always-copy --no-seed --no-setuptools --no-wheel",
        with_value="--prompt -p --python",
    )
    seeded = not arguments.has("--without-pip", "--no-pip", "--no-seed")
    for path in arguments.operands[-1:]:
        yield VirtualEnvironment(call.absolute(path), seeded, call.line, call.certain)


def _cache(call: Call, arguments: Arguments) -> Cache:
    if arguments.has("--no-cache-dir") or call.environment.get("PIP_NO_CACHE_DIR"):
        return Cache.NEVER
    home = call.home()
    default: Known[str] = UNKNOWN if home is UNKNOWN else f"{home}/.cache/pip"
    if base := call.environment.get("XDG_CACHE_HOME"):
        default = f"{base}/pip"
    chosen = arguments.value("--cache-dir") or call.environment.get("PIP_CACHE_DIR") or default
    found = call.cache_at(chosen)
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
