"""cargo: crates, built programs and their caches.

Source: the Cargo book, the official images' CARGO_HOME (/usr/local/cargo), and cargo-chef's README.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from multistage_cli.build.changes import CacheRemoval, Compilation, Doubted, FileWritten, Installation
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments
from multistage_cli.build.effects.compilers import linked
from multistage_cli.build.effects.leftovers import added, caches, scripts
from multistage_cli.build.effects.python_places import home_of
from multistage_cli.build.effects.python_project import toml_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.files import Content

_SWITCHES = (
    "--release -r --locked --frozen --offline -q --quiet -v --verbose -vv --all-features --no-default-features"
    " --bins --workspace --all --all-targets -f --force --lib --no-track --examples --tests --keep-going"
)
_WITH_VALUE = (
    "--target --bin -p --package --features -F --profile --manifest-path --recipe-path --target-dir --root"
    " --git --tag --rev --branch --path --version -j --jobs --config --out-dir --artifact-dir --color"
    " --exclude --registry --index"
)
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@effect("cargo")
def cargo(call: Call) -> Iterator[Change]:
    """The crates that are fetched, and the programs that are built."""
    words = call.words[1:] if call.words[:1] and str(call.words[0]).startswith("+") else call.words
    arguments = read_arguments(words, switches=_SWITCHES, with_value=_WITH_VALUE)
    action, *rest = arguments.operands or ("",)
    home = call.environment.get("CARGO_HOME", "/usr/local/cargo")
    kept = call.cache_at(f"{home}/registry", "/root/.cargo/registry")
    line, certain = call.line, call.certain
    fetched = tuple(_registry(call))
    match action:
        case "fetch" | "vendor" | "update" | "generate-lockfile" | "add":
            files = tuple(call.absolute(name) for name in ("Cargo.toml", "Cargo.lock"))
            leaves = (*fetched, *added(call, "."), *_lock(call))
            yield Installation(
                "cargo", (), files, line, certain, kept, complete=arguments.complete, leaves=leaves
            )
        case "chef":
            if rest[:1] == ["cook"]:
                recipe = call.absolute(arguments.value("--recipe-path") or "recipe.json")
                yield Installation("cargo", (), (recipe,), line, certain, kept, leaves=fetched)
                # It writes empty sources in the place of the real ones, and builds those.
                yield Compilation("cargo", (), line, certain, tuple(scripts(call)))
            else:
                recipe = call.absolute(arguments.value("--recipe-path") or "recipe.json")
                yield FileWritten(recipe, line, certain)
        case "install":
            yield from _install(call, arguments, rest, fetched)
        case "build" | "b" | "rustc" | "zigbuild":
            folder = _folder(call, arguments)
            names = arguments.values("--bin")
            outputs = tuple(f"{folder}/{name}" for name in names) or (folder,)
            leaves = (*fetched, *_built(call, arguments, folder))
            yield Compilation("cargo", outputs, line, certain, leaves)
        case "clean":
            yield CacheRemoval("cargo", line, Claim.UNKNOWN)
            yield Doubted(_folder(call, arguments).rpartition("/")[0], line, certain, adds=False)
        case "run" | "test" | "t" | "bench" | "leptos" | "make" | "xtask" | "tauri" | "sqlx" | "nextest":
            yield from (*fetched, *scripts(call))
        case "check" | "c" | "clippy" | "doc" | "fmt" | "init" | "new" | "metadata" | "tree":
            yield from (*fetched, *added(call, "."), *_lock(call))
        case _:
            return


@effect("rustup", "rustup-init")
def rustup(call: Call) -> Iterator[Change]:
    """Toolchains and targets, below RUSTUP_HOME and CARGO_HOME."""
    for name, default in (("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")):
        if folder := call.environment.get(name):
            yield from added(call, folder)
        else:
            yield from caches(call, default)
    yield from caches(call, ".profile", ".bashrc", ".zshenv")


def _folder(call: Call, arguments: Arguments) -> str:
    profile = "release" if arguments.has("--release", "-r") else arguments.value("--profile") or "debug"
    profile = "debug" if profile == "dev" else profile
    base = arguments.value("--target-dir") or call.environment.get("CARGO_TARGET_DIR") or "target"
    triple = arguments.value("--target") or call.environment.get("CARGO_BUILD_TARGET")
    return call.absolute("/".join(part for part in (base, triple, profile) if part))


def _built(call: Call, arguments: Arguments, folder: str) -> Iterator[Change]:
    """Programs by the names in Cargo.toml; whatever else lies in the folder for it is not sure."""
    yield from added(call, ".")
    yield from _lock(call)
    target = folder if not folder.startswith("/") else folder.rpartition("/")[0]
    yield Doubted(target if target.startswith("/") else "/", call.line, call.certain, removes=False)
    if not arguments.complete or not folder.startswith("/") or arguments.has("--lib", "--artifact-dir"):
        return
    project = call.absolute((arguments.value("--manifest-path") or "Cargo.toml").rpartition("/")[0] or ".")
    hidden = call.state.exists(f"{project}/.cargo/config.toml") is not Claim.NO
    if hidden or call.state.exists(f"{project}/.cargo/config") is not Claim.NO:
        return  # it may choose another folder or target
    named = arguments.values("--bin")
    names = named or (
        () if arguments.has("-p", "--package", "--examples", "--tests") else _programs(call, project)
    )
    for name in names:
        if _NAME.fullmatch(name):
            content = _content(call, arguments)
            yield FileWritten(f"{folder}/{name}", call.line, call.certain, content, mode=0o755)


def _programs(call: Call, project: str) -> tuple[str, ...]:
    """What a package of its own builds: its binaries, by `[[bin]]` and by src/main.rs."""
    table = toml_of(call, f"{project}/Cargo.toml")
    package: Any = table.get("package")
    if not isinstance(package, dict):
        return ()
    listed = table.get("bin")
    found = (
        [entry.get("name") for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    )
    if (
        package.get("autobins", True) is True
        and not found
        and call.state.exists(f"{project}/src/main.rs") is Claim.YES
    ):
        found.append(package.get("name"))
    features = any(isinstance(entry, dict) and "required-features" in entry for entry in listed or ())
    return () if features else tuple(name for name in found if isinstance(name, str))


def _content(call: Call, arguments: Arguments) -> Content:
    """For musl a program is static unless it is told otherwise; for glibc it is not."""
    triple = arguments.value("--target") or call.environment.get("CARGO_BUILD_TARGET") or ""
    flags = call.environment.get("RUSTFLAGS", "")
    if "crt-static" in flags or (not triple and call.state.libc != "glibc"):
        return linked(call, static=Claim.UNKNOWN)
    if triple.endswith("-musl"):
        return linked(call, static=Claim.YES)
    return linked(call, static=Claim.NO, libc="glibc" if triple else None)


def _install(
    call: Call, arguments: Arguments, rest: list[str], fetched: tuple[Change, ...]
) -> Iterator[Change]:
    """`cargo install`: programs in `bin` below the root, by names that only the crates know."""
    home = call.environment.get("CARGO_HOME", "/usr/local/cargo")
    root = arguments.value("--root") or home
    line, certain = call.line, call.certain
    folder = _cargo_home(call)
    place: Known[str] = arguments.value("--root") or call.environment.get("CARGO_INSTALL_ROOT") or folder
    leaves = [*fetched, *added(call, place)]
    path = arguments.value("--path")
    if place is not UNKNOWN and certain is Claim.YES and arguments.complete:
        names = [name.partition("@")[0] for name in rest if name.startswith("cargo-")]
        if path is not None:
            names += arguments.values("--bin") or _programs(call, call.absolute(path))
            leaves += added(call, path)
        for name in names:
            if _NAME.fullmatch(name):
                file = f"{call.absolute(place).rstrip('/')}/bin/{name}"
                leaves.append(FileWritten(file, line, certain, _content(call, arguments), mode=0o755))
    kept = call.cache_at(f"{home}/registry", "/root/.cargo/registry")
    yield Installation("cargo", tuple(rest), (), line, certain, kept, complete=arguments.complete)
    yield Compilation("cargo", tuple(f"{root}/bin/{name}" for name in rest), line, certain, tuple(leaves))


def _cargo_home(call: Call) -> Known[str]:
    home = home_of(call)
    return call.environment.get("CARGO_HOME") or (
        UNKNOWN if home is UNKNOWN else f"{home.rstrip('/')}/.cargo"
    )


def _registry(call: Call) -> Iterator[Change]:
    folder = _cargo_home(call)
    yield from added(call, folder if folder is UNKNOWN else f"{folder}/registry")
    if folder is not UNKNOWN:
        yield from added(call, f"{folder}/git", f"{folder}/.global-cache", f"{folder}/.package-cache")


def _lock(call: Call) -> Iterator[Change]:
    path = call.absolute("Cargo.lock")
    if path.startswith("/"):
        yield FileWritten(path, call.line, Claim.UNKNOWN)
