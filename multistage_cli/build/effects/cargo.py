"""cargo: crates, built programs and their caches.

Source: the Cargo book, the official images' CARGO_HOME (/usr/local/cargo), and cargo-chef's README.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Compilation, Installation
from multistage_cli.build.effects import Call, effect, read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_SWITCHES = (
    "--release -r --locked --frozen --offline -q --quiet -v --verbose -vv --all-features --no-default-features"
    " --bins --workspace --all --all-targets -f --force --lib --no-track --examples --tests"
)
_WITH_VALUE = (
    "--target --bin -p --package --features -F --profile --manifest-path --recipe-path --target-dir --root"
    " --git --tag --rev --branch --path --version -j --jobs --config --out-dir --artifact-dir --color"
    " --exclude --registry --index"
)


@effect("cargo")
def cargo(call: Call) -> Iterator[Change]:
    """The crates that are fetched, and the programs that are built."""
    words = call.words[1:] if call.words[:1] and str(call.words[0]).startswith("+") else call.words
    arguments = read_arguments(words, switches=_SWITCHES, with_value=_WITH_VALUE)
    action, *rest = arguments.operands or ("",)
    home = call.environment.get("CARGO_HOME", "/usr/local/cargo")
    kept = call.cache_at(f"{home}/registry", "/root/.cargo/registry")
    line, certain = call.line, call.certain
    match action:
        case "fetch" | "vendor":
            files = tuple(call.absolute(name) for name in ("Cargo.toml", "Cargo.lock"))
            yield Installation("cargo", (), files, line, certain, kept, complete=arguments.complete)
        case "chef":
            if rest[:1] == ["cook"]:
                recipe = call.absolute(arguments.value("--recipe-path") or "recipe.json")
                yield Installation("cargo", (), (recipe,), line, certain, kept)
                yield Compilation("cargo", (), line, certain)
        case "install":
            root = arguments.value("--root") or home
            yield Installation("cargo", tuple(rest), (), line, certain, kept, complete=arguments.complete)
            yield Compilation("cargo", tuple(f"{root}/bin/{name}" for name in rest), line, certain)
        case "build" | "b" | "rustc" | "zigbuild":
            profile = (
                "release" if arguments.has("--release", "-r") else arguments.value("--profile") or "debug"
            )
            base = arguments.value("--target-dir") or call.environment.get("CARGO_TARGET_DIR") or "target"
            triple = arguments.value("--target")
            folder = call.absolute("/".join(part for part in (base, triple, profile) if part))
            names = arguments.values("--bin")
            outputs = tuple(f"{folder}/{name}" for name in names) or (folder,)
            yield Compilation("cargo", outputs, line, certain)
        case _:
            return
