"""What compilers and build tools leave among the files, asked of the state after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.build.files import Kind, Nature
from multistage_cli.parser import parse

if TYPE_CHECKING:
    from pathlib import Path

    from multistage_cli.build.files import Content
    from multistage_cli.build.state import State

YES, NO, MAYBE = Claim.YES, Claim.NO, Claim.UNKNOWN
HEAD = "FROM debian:bookworm-slim\nRUN mkdir -p /new/src && touch /new/src/main.c\nWORKDIR /new/src\n"


def after(script: str, folder: Path | None = None, head: str = HEAD) -> State:
    text = f"{head}{script}\n"
    context = None
    if folder is not None:
        (folder / "Dockerfile").write_text(text)
        context = open_context(folder, folder / "Dockerfile")
    target = evaluate(parse(text), context=context).target
    assert target is not None
    return target.steps[-1].after


def content(state: State, path: str) -> Content:
    found = state.files.entry(path).content
    assert found is not None
    return found


PATHS = {
    "gcc main.c": {"/new/src/a.out": YES, "/new/src/main.o": NO, "/new/src/main.c": YES},
    "gcc -c main.c": {"/new/src/main.o": YES, "/new/src/a.out": NO},
    "gcc -S -O2 main.c": {"/new/src/main.s": YES},
    "gcc -E main.c": {"/new/src/a.out": NO},
    "gcc -O2 -Wall -I inc -o ../app main.c -lm": {"/new/app": YES, "/new/src/a.out": NO},
    "gcc --version": {"/new/src/a.out": NO},
    "gcc main.c $FLAGS": {"/new/src/a.out": MAYBE, "/new/other": NO},
    "gcc -MD -o x main.c": {"/new/src/x": YES, "/new/src/x.d": MAYBE},
    "gcc main.c || true": {"/new/src/a.out": MAYBE},
    "make": {"/new/src/main.c": MAYBE, "/new/src/x": MAYBE, "/etc/x": MAYBE, "/usr/bin/tar": YES},
    "make install": {"/usr/bin/curl": MAYBE},
    "make all": {"/usr/bin/curl": NO},
    "go build -o /new/app .": {"/new/app": YES, "/new/src/main.c": YES, "/root/.cache/go-build": MAYBE},
    "go build -o /new/ ./cmd/tool": {"/new/tool": YES},
    "go build ./...": {"/new/src/x": MAYBE, "/new/x": NO},
    "go build -o app a.go b.go": {"/new/src/app": YES},
    "GOPATH=/new/go go install example.org/x/tool/v2@latest": {"/new/go/bin/tool": YES},
    "GOBIN=/new go install example.org/tool@v1": {"/new/tool": YES},
    "go mod download": {"/new/src/main.c": YES, "/new/src/x": NO},
    "go test ./...": {"/new/src/main.c": MAYBE, "/usr/bin/tar": YES},
    "cargo install --root /new/c cargo-chef": {"/new/c/bin/cargo-chef": YES},
    "cargo install --root /new/c ripgrep": {"/new/c/bin/rg": MAYBE},
    "cargo build --release --bin tool": {"/new/src/target/release/tool": YES, "/new/src/main.c": YES},
    "mvn package": {"/new/src/target/x.jar": MAYBE, "/usr/bin/tar": YES, "/root/.m2": MAYBE},
    "jlink --add-modules java.base --output /new/jre": {"/new/jre/bin/java": YES},
    "dotnet publish -c Release -o /new/out": {"/new/out": YES, "/usr/bin/tar": YES},
    "composer install --no-scripts": {"/new/src/vendor/autoload.php": YES, "/new/src/main.c": YES},
    "bundle install": {"/new/src/main.c": YES, "/usr/bin/tar": YES},
    "cmake -B /new/out": {"/new/out/Makefile": MAYBE, "/usr/bin/tar": YES},
    "rustup target add x86_64-unknown-linux-musl": {"/new/src/x": NO},
}  # fmt: skip


@pytest.mark.parametrize("script", PATHS)
def test_outputs_are_sure_and_the_rest_stays(script: str) -> None:
    state = after(f"RUN {script}")
    assert {path: state.exists(path) for path in PATHS[script]} == PATHS[script]


@pytest.mark.parametrize(
    "script", ["go build -o /new/app", "gcc main.c", "cargo build", "make all", "mvn package"]
)
def test_users_and_packages_stay_known(script: str) -> None:
    state = after(f"RUN {script}")
    assert state.has_user("app") is NO
    assert state.has_package("curl") is NO
    assert state.has_command("curl") is NO


@pytest.mark.parametrize(
    ("script", "static", "libc"),
    [
        ("gcc -o /new/app main.c", NO, "glibc"),
        ("gcc -static -o /new/app main.c", YES, UNKNOWN),
        ("musl-gcc -o /new/app main.c", NO, "musl"),
        ("CGO_ENABLED=0 go build -o /new/app", YES, UNKNOWN),
        ("go build -o /new/app", MAYBE, "glibc"),
        ("go build -ldflags '-extldflags \"-static\"' -o /new/app", YES, UNKNOWN),
    ],
)
def test_programs_stand_on_the_libc_of_the_image(script: str, static: Claim, libc: object) -> None:
    state = after(f"RUN {script}")
    entry = state.files.entry("/new/app")
    assert (entry.kind, entry.mode) == (Kind.FILE, 0o755)
    found = content(state, "/new/app")
    assert (found.nature, found.static, found.libc) == (Nature.BINARY, static, libc)


MUSL = "x86_64-unknown-linux-musl"
CARGO = '[package]\nname = "clock"\nversion = "1.0.0"\n'


@pytest.mark.parametrize(
    ("manifest", "command", "path", "static"),
    [
        (CARGO, "cargo build --release", "target/release/clock", NO),
        (CARGO, "cargo build", "target/debug/clock", NO),
        (CARGO, f"cargo build -r --target {MUSL}", f"target/{MUSL}/release/clock", YES),
        (CARGO + '[[bin]]\nname = "tick"\npath = "src/main.rs"\n', "cargo build --release", "target/release/tick", NO),
    ],
)  # fmt: skip
def test_names_in_cargo_toml(manifest: str, command: str, path: str, static: Claim, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.rs").write_text("fn main() {}\n")
    (tmp_path / "Cargo.toml").write_text(manifest)
    state = after(f"COPY Cargo.toml ./\nCOPY src src\nRUN {command}", tmp_path)
    assert state.exists(f"/new/src/{path}") is YES
    assert content(state, f"/new/src/{path}").static is static


@pytest.mark.parametrize("manifest", ["[", "[workspace]\n", 'bin = "x"\n[package]\nname = 3\n'])
def test_other_manifests_name_no_program(manifest: str, tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").write_text(manifest)
    state = after("COPY Cargo.toml ./\nRUN cargo build --release", tmp_path)
    assert state.exists("/new/src/target/release/clock") is MAYBE
