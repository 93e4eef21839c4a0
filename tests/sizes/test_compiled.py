"""What compilers and bundlers put out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from multistage_cli.sizes.model import Layer, Part
from tests.sizes.built import layers_of, sizes_of

WEB = 'package main\nimport "net/http"\nfunc main() { http.ListenAndServe(":80", nil) }\n'
PLAIN = 'package main\nimport "fmt"\nfunc main() { fmt.Println("x") }\n'


def built(
    image: str, run: str, tmp_path: Path, files: dict[str, str] | None = None, after: str = ""
) -> Layer:
    text = f"FROM {image} AS build\nWORKDIR /src\nCOPY . .\nRUN {run}\n{after}"
    return layers_of(sizes_of(text, tmp_path, files or {"x": "x"}))[-1]


def program(layer: Layer) -> Part:
    return next(part for part in layer.parts if part.kind == "program")


def cached(layer: Layer) -> list[str]:
    return [part.what for part in layer.parts if part.kind == "cache"]


def go_mod(count: int) -> str:
    lines = "".join(f"\texample.com/m{index} v1.0.0\n" for index in range(count))
    return f"module example.com/team/server/v2\n\ngo 1.24\n\nrequire (\n{lines})\n"


# Go. The bytes are of real builds: Go 1.24 on Debian 13, November 2026.


@pytest.mark.parametrize(
    ("run", "files", "size_bytes"),
    [
        ("go build -o /out/app .", {"go.mod": go_mod(0), "main.go": PLAIN}, 2_212_997),
        ("go build -ldflags='-s -w' -o /out/app .", {"go.mod": go_mod(0), "main.go": PLAIN}, 1_437_880),
        ("CGO_ENABLED=0 go build -o /out/app .", {"go.mod": go_mod(0), "main.go": WEB}, 8_400_484),
        ("go build -ldflags '-s -w' -o /out/app .", {"go.mod": go_mod(0), "main.go": WEB}, 5_755_172),
        ("go build -o /out/app .", {"go.mod": go_mod(13)}, 11_517_358),
        ("go build -ldflags='-w -s' -o /out/app .", {"go.mod": go_mod(13)}, 7_815_460),
        ("go build -o /out/app .", {"go.mod": go_mod(37)}, 52_482_632),
        ("go build -ldflags='-s -w' -o /out/app .", {"go.mod": go_mod(37)}, 36_122_916),
        ("go build -o /out/app .", {"go.mod": go_mod(70)}, 68_184_648),
    ],
)
def test_go_programs_that_were_built(
    run: str, files: dict[str, str], size_bytes: int, tmp_path: Path
) -> None:
    part = program(built("golang:1.24", run, tmp_path, files))
    assert part.path == "/out/app"
    assert part.size.low <= size_bytes <= part.size.high


def test_a_program_that_is_copied_out_is_all_that_comes(tmp_path: Path) -> None:
    layer = built(
        "golang:1.24",
        "go build -o /out/app .",
        tmp_path,
        {"go.mod": go_mod(3)},
        "FROM scratch\nCOPY --from=build /out/app /app\n",
    )
    assert 2_000_000 <= layer.size.low < layer.size.high <= 40_000_000


@pytest.mark.parametrize(
    ("run", "path"),
    [
        ("go build", "/src/server"),
        ("go build ./cmd/worker", "/src/worker"),
        ("go install ./cmd/worker", "/go/bin/worker"),
    ],
)
def test_programs_that_nobody_names(run: str, path: str, tmp_path: Path) -> None:
    part = program(built("golang:1.24", run, tmp_path, {"go.mod": go_mod(3)}))
    assert part.path == path
    assert part.size.low == 0  # a library leaves nothing


def test_packages_that_are_only_checked_leave_no_program(tmp_path: Path) -> None:
    layer = built("golang:1.24", "go build ./...", tmp_path, {"go.mod": go_mod(3)})
    assert [part.kind for part in layer.parts] == ["cache"]


@pytest.mark.parametrize(
    ("run", "kept"),
    [
        ("go build -o /a .", True),
        ("--mount=type=cache,target=/root/.cache/go-build go build -o /a .", False),
        ("go build -o /a . && go clean -cache", False),
    ],
)
def test_the_build_cache_stays_unless_it_is_a_mount(run: str, *, kept: bool, tmp_path: Path) -> None:
    assert bool(cached(built("golang:1.24", run, tmp_path))) is kept


def test_modules_are_counted_by_what_go_sum_has_of_them(tmp_path: Path) -> None:
    lines = "".join(f"m{index} v1.0.0 h1:x=\nm{index} v1.0.0/go.mod h1:x=\n" for index in range(30))
    files = {"go.mod": go_mod(30), "go.sum": lines + "only v1.0.0/go.mod h1:x=\n"}
    layer = built("golang:1.24", "go mod download", tmp_path, files)
    assert [part.what for part in layer.parts] == ["30 Go modules"]
    assert layer.parts[0].path == "/go/pkg/mod"
    mounted = built("golang:1.24", "--mount=type=cache,target=/go/pkg/mod go mod download", tmp_path, files)
    assert mounted.parts == ()
    assert built("golang:1.24", "go mod download", tmp_path / "none").unknown == (
        "the Go modules that line 4 downloads",
    )


# Rust. The bytes are of real builds with Rust 1.85 and 1.95, November 2026.


def lock(count: int) -> str:
    return "[[package]]\n" * count


MANIFEST = '[package]\nname = "app"\nversion = "0.1.0"\n'
STRIPS = "[profile.release]\nstrip = true\n"


@pytest.mark.parametrize(
    ("crates", "extra", "size_bytes"),
    [
        (1, "", 501_776),
        (1, STRIPS, 343_400),
        (25, "", 3_523_912),
        (25, STRIPS, 2_775_592),
        (64, "", 1_797_368),
        (126, "", 4_595_168),
        (126, STRIPS, 3_627_008),
    ],
)
def test_rust_programs_that_were_built(crates: int, extra: str, size_bytes: int, tmp_path: Path) -> None:
    files = {"Cargo.toml": MANIFEST + extra, "Cargo.lock": lock(crates), "src/main.rs": "fn main() {}"}
    part = program(built("rust:1.85", "cargo build --release", tmp_path, files))
    assert part.path == "/src/target/release/app"
    assert part.size.low <= size_bytes <= part.size.high


@pytest.mark.parametrize(
    ("crates", "size_bytes"), [(1, 0), (25, 55_403_188), (64, 124_572_032), (126, 203_993_645)]
)
def test_what_cargo_keeps_beside_its_program(crates: int, size_bytes: int, tmp_path: Path) -> None:
    files = {"Cargo.toml": MANIFEST, "Cargo.lock": lock(crates), "src/main.rs": "fn main() {}"}
    layer = built("rust:1.85", "cargo build --release", tmp_path, files)
    kept = next(part for part in layer.parts if part.kind == "cache")
    assert kept.size.low - 10_000 <= size_bytes <= kept.size.high
    assert not cached(built("rust:1.85", "cargo build --release && rm -rf target", tmp_path, files))
    mounted = built(
        "rust:1.85", "--mount=type=cache,target=/src/target cargo build --release", tmp_path, files
    )
    assert mounted.parts == ()


def test_a_program_that_is_copied_out_of_a_mount(tmp_path: Path) -> None:
    files = {"Cargo.toml": MANIFEST, "Cargo.lock": lock(25), "src/main.rs": "fn main() {}"}
    run = (
        "--mount=type=cache,target=/src/target cargo build --release && cp target/release/app /usr/local/bin/"
    )
    part = program(built("rust:1.85", run, tmp_path, files))
    assert part.path == "/usr/local/bin/app"
    assert part.size.low <= 3_523_912 <= part.size.high


def test_crates_are_counted_by_the_lock(tmp_path: Path) -> None:
    files = {"Cargo.toml": MANIFEST, "Cargo.lock": lock(57)}
    layer = built("rust:1.85", "cargo fetch", tmp_path, files)
    assert [part.what for part in layer.parts] == ["sources of 57 crates"]
    assert built("rust:1.85", "cargo fetch", tmp_path / "none").unknown != ()


def test_a_crate_by_name_is_not_the_project(tmp_path: Path) -> None:
    layer = built(
        "rust:1.85", "cargo install ripgrep", tmp_path, {"Cargo.toml": MANIFEST, "Cargo.lock": lock(9)}
    )
    part = program(layer)
    assert part.path == "/usr/local/cargo/bin/ripgrep"
    assert "9 crates" not in part.what


# Java, .NET, C and bundles: wide, and known to be.


def scripts(**lines: str) -> dict[str, str]:
    return {"package.json": json.dumps({"scripts": lines})}


@pytest.mark.parametrize(
    ("image", "run", "files", "what", "path"),
    [
        ("maven:3.9", "mvn package", {"pom.xml": "<spring-boot>"}, "a JAR with its libraries", "/src/target"),
        ("maven:3.9", "mvn package", {"pom.xml": "<project>"}, "a JAR", "/src/target"),
        ("gradle:8", "gradle bootJar", {"build.gradle": "x"}, "a JAR", "/src/build"),
        ("eclipse-temurin:21", "jlink --add-modules java.base --output /jre", {}, "a Java runtime", "/jre"),
        (
            "mcr.microsoft.com/dotnet/sdk:8.0",
            "dotnet publish -c Release -o /out",
            {},
            "a .NET application without its runtime",
            "/out",
        ),
        (
            "mcr.microsoft.com/dotnet/sdk:8.0",
            "dotnet publish --self-contained true -r linux-x64 -o /out",
            {},
            "a .NET application with its runtime",
            "/out",
        ),
        ("gcc:14", "gcc -O2 -o /hello hello.c", {}, "hello (a program by gcc)", "/hello"),
        ("gcc:14", "gcc -static -o /hello hello.c", {}, "hello (a static program by gcc)", "/hello"),
        ("node:20", "npm run build", scripts(build="tsc && vite build"), "what vite builds", "/src/dist"),
        ("node:20", "yarn build", scripts(build="next build"), "what next builds", "/src/.next"),
        ("node:20", "npm run build", scripts(build="npm run b", b="ng build"), "what Angular builds", "/src/dist"),
        ("node:20", "npx esbuild a.js --outfile=out/a.js", {}, "what a bundler builds", "/src/out/a.js"),
    ],
)  # fmt: skip
def test_what_a_build_leaves_where(  # noqa: PLR0917 - the columns of the table
    image: str, run: str, files: dict[str, str], what: str, path: str, tmp_path: Path
) -> None:
    part = program(built(image, run, tmp_path, files))
    assert (part.what, part.path) == (what, path)
    assert part.size.low < part.size.estimate < part.size.high


@pytest.mark.parametrize("run", ["npm test", "npm run lint"])
def test_checks_leave_nothing(run: str, tmp_path: Path) -> None:
    files = {"package.json": '{"scripts": {"test": "jest", "lint": "eslint ."}}'}
    layer = built("node:20", run, tmp_path, files)
    assert (layer.parts, layer.unknown) == ((), ())


@pytest.mark.parametrize(
    ("run", "text"),
    [
        ("make", "what make builds on line 4"),
        ("npm run build", "what npm builds on line 4"),
        ("mvn package", "what maven downloads on line 4"),
        ("dotnet restore", "the packages that dotnet restores on line 4"),
        ("mvn dependency:go-offline", "the libraries that maven downloads on line 4"),
    ],
)
def test_what_nobody_can_know_is_said(run: str, text: str, tmp_path: Path) -> None:
    assert text in built("debian:bookworm", run, tmp_path).unknown


def test_a_manifest_with_a_number_of_thousands_of_digits(tmp_path: Path) -> None:
    files = {"Cargo.toml": f"{MANIFEST}edition = {'9' * 5000}\n", "Cargo.lock": lock(2), "src/main.rs": ""}
    assert built("rust:1.85", "cargo build --release", tmp_path, files).size.high > 0
