"""What is in the image and need not be: what is said, with its bytes, and above all when nothing is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from multistage_cli.sizes.spare.starts import start_of
from tests.sizes.built import build_of, sizes_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from multistage_cli.sizes.model import Spare

MB = 1_000_000
SLIM = "FROM python:3.12-slim\n"
INSTALL = (
    "RUN apt-get update && apt-get install -y --no-install-recommends {} && rm -rf /var/lib/apt/lists/*\n"
)
START = 'CMD ["python", "/app/main.py"]\n'


def spare(text: str, folder: Path | None = None, files: Mapping[str, str] | None = None) -> dict[str, Spare]:
    return {entry.what: entry for entry in sizes_of(text, folder, files).spare}


# Packages of the distribution.


def test_compilers_and_headers_beside_a_program_that_compiles_nothing() -> None:
    found = spare(f"{SLIM}{INSTALL.format('gcc libpq-dev')}{START}")
    (entry,) = found.values()
    assert entry.what == "gcc, libpq-dev"
    assert (entry.stage, entry.line, entry.likely) == ("0", 2, True)
    assert entry.size is not None
    assert 100 * MB < entry.size.low < entry.size.estimate < entry.size.high < 400 * MB
    assert "python, which the image starts, builds nothing" in entry.because
    assert "COPY --from" in entry.instead


def test_libraries_of_a_header_package_are_needed_as_the_program_runs() -> None:
    headers = sizes_of(f"{SLIM}{INSTALL.format('libpq-dev')}{START}")
    library = sizes_of(f"{SLIM}{INSTALL.format('libpq5')}{START}")
    (entry,) = headers.spare
    assert library.spare == ()
    assert entry.size is not None
    layer = headers.stages[0].layers[0]
    weight = sum(part.size.estimate for part in layer.parts if part.kind == "apt")
    needed = sum(part.size.estimate for part in library.stages[0].layers[0].parts if part.kind == "apt")
    assert 0 < entry.size.estimate <= weight - needed


@pytest.mark.parametrize(
    "start",
    [
        "",  # python:3.12-slim starts an interpreter for people
        'CMD ["bash"]\n',
        'CMD ["sleep", "infinity"]\n',
        "CMD make serve\n",
        'ENTRYPOINT ["cargo", "watch"]\n',
        'CMD ["sh", "-c", "gcc -o /x /x.c && /x"]\n',
        'CMD ["/start.sh"]\n',  # nobody knows what is in it
        "CMD $PROGRAM\n",
        'CMD ["supervisord", "-n"]\n',
        "ARG X\nENTRYPOINT $X\n",
    ],
)
def test_image_that_may_compile_keeps_its_tools(start: str) -> None:
    text = f"{SLIM}{INSTALL.format('gcc')}COPY start.sh /start.sh\n{start}"
    assert start_of(build_of(text)) is None
    assert "gcc" not in spare(text)


def test_library_that_compiles_as_it_runs_keeps_the_compiler() -> None:
    assert spare(f"{SLIM}{INSTALL.format('gcc')}RUN pip install --no-cache-dir torch\n{START}") == {}


def test_script_of_the_build_context_is_read(tmp_path: Path) -> None:
    text = f'{SLIM}{INSTALL.format("gcc")}COPY start.sh /start.sh\nENTRYPOINT ["/start.sh"]\n{START}'
    plain = {"start.sh": '#!/bin/sh\nset -e\nmkdir -p /run/app\nexec "$@"\n'}
    assert list(spare(text, tmp_path / "plain", plain)) == ["gcc"]
    compiling = {"start.sh": '#!/bin/sh\ngcc -o /tool /tool.c\nexec "$@"\n'}
    assert spare(text, tmp_path / "compiling", compiling) == {}


def test_start_script_of_npm_is_read(tmp_path: Path) -> None:
    text = f'FROM node:22-slim\nWORKDIR /app\nCOPY package.json ./\n{INSTALL.format("gcc")}CMD ["npm", "start"]\n'
    runs = {"package.json": json.dumps({"scripts": {"start": "node server.js"}})}
    assert list(spare(text, tmp_path / "runs", runs)) == ["gcc"]
    makes = {"package.json": json.dumps({"scripts": {"start": "make && node server.js"}})}
    assert spare(text, tmp_path / "makes", makes) == {}


def test_base_images_own_entrypoint_runs_the_command() -> None:
    found = start_of(build_of('FROM node:22-slim\nCMD ["node", "server.js"]\n'))
    assert found is not None
    assert found.main == "node"


def test_tools_removed_in_the_same_run_are_in_no_layer() -> None:
    assert spare(f"{SLIM}RUN apt-get update && apt-get install -y --no-install-recommends gcc"
                 f" && apt-get purge -y --auto-remove gcc && rm -rf /var/lib/apt/lists/*\n{START}") == {}  # fmt: skip


def test_packages_that_a_later_run_removes_stay_in_the_image() -> None:
    found = spare(f"{SLIM}{INSTALL.format('gcc')}RUN make-it\nRUN apt-get purge -y gcc\n{START}")
    assert list(found) == ["gcc"]
    assert found["gcc"].because == "line 4 removes it, which takes nothing out of the image"
    assert not found["gcc"].likely


def test_tools_of_a_stage_that_stays_behind_are_not_in_the_image() -> None:
    text = f"{SLIM.strip()} AS build\n{INSTALL.format('gcc')}{SLIM}COPY --from=build /x /x\n{START}"
    assert spare(text) == {}


def test_what_fetched_files_for_the_build_only() -> None:
    text = f"{SLIM}{INSTALL.format('curl')}RUN curl -o /x https://example.com/x\n"
    assert spare(f"{text}{START}")["curl"].because.startswith("only line 3 uses it")
    assert spare(f"{text}HEALTHCHECK CMD curl -f http://localhost/\n{START}") == {}
    assert spare(f'{text}CMD ["sh", "-c", "curl https://example.com/y && exec python /app/main.py"]\n') == {}
    assert spare(f"{SLIM}{INSTALL.format('curl')}{START}") == {}  # somebody wanted it there


def test_recommended_packages() -> None:
    found = spare(
        f"{SLIM}RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n{START}"
    )
    (entry,) = found.values()
    assert "recommended packages (" in entry.what
    assert entry.instead.startswith("write apt-get install --no-install-recommends")


# Base images.


def test_full_base_image_where_the_slim_one_has_the_same_python() -> None:
    found = spare(f"FROM python:3.12\n{START}")
    entry = found["python:3.12 beyond python:3.12-slim"]
    assert entry.size is not None
    assert 700 * MB < entry.size.estimate < 1200 * MB
    assert (entry.line, entry.likely) == (1, True)
    assert spare(f"{SLIM}{START}") == {}
    assert spare("FROM python:3.12\n") == {}


def test_toolchain_under_a_program_that_is_compiled() -> None:
    text = 'FROM golang:1.25\nWORKDIR /src\nRUN CGO_ENABLED=0 go build -o /app .\nCMD ["/app"]\n'
    entry = spare(text)["golang:1.25 beyond gcr.io/distroless/static-debian12"]
    assert entry.size is not None
    assert entry.size.estimate > 800 * MB
    dynamic = spare(text.replace("CGO_ENABLED=0 ", ""))
    assert "golang:1.25 beyond debian:trixie-slim" in dynamic
    running = spare(text.replace('["/app"]', '["go", "run", "."]'))
    assert not any("beyond" in what for what in running)


def test_program_of_cargo_is_found_where_cargo_puts_it() -> None:
    text = 'FROM rust:1\nWORKDIR /src\nRUN cargo build --release\nCMD ["./target/release/app"]\n'
    assert "rust:1 beyond debian:trixie-slim" in spare(text)


def test_sdk_under_a_program_of_dotnet() -> None:
    text = "FROM mcr.microsoft.com/dotnet/sdk:8.0\nRUN dotnet publish -o /out\n"
    (entry, *_) = spare(f'{text}ENTRYPOINT ["dotnet", "/out/App.dll"]\n').values()
    assert entry.what.endswith(" beyond mcr.microsoft.com/dotnet/aspnet:8.0")
    assert not any("beyond" in what for what in spare(f'{text}ENTRYPOINT ["dotnet", "run"]\n'))


def test_toolchain_in_another_stage_is_no_matter() -> None:
    text = (
        "FROM golang:1.25 AS build\nRUN CGO_ENABLED=0 go build -o /app .\n"
        'FROM scratch\nCOPY --from=build /app /app\nCMD ["/app"]\n'
    )
    assert spare(text) == {}


# Files.


def test_package_lists_and_caches() -> None:
    found = spare("FROM python:3.12-slim\nRUN apt-get update\nRUN pip install django\n")
    assert list(found) == ["apt package lists", "pip cache"]
    assert [entry.line for entry in found.values()] == [2, 3]
    assert not any(entry.likely for entry in found.values())


FILES = {
    "main.py": "print()\n",
    ".git/objects/pack": "x" * 400_000,
    "tests/data.bin": "x" * 300_000,
    ".pytest_cache/v": "x" * 200_000,
    "docs/manual": "x" * 150_000,
    "src/app.py": "x" * 500_000,
}


def test_what_a_broad_copy_brings(tmp_path: Path) -> None:
    found = spare(f"{SLIM}COPY . /app\n{START}", tmp_path, FILES)
    assert [(entry.what, entry.size and entry.size.estimate, entry.likely) for entry in found.values()] == [
        (".git", 400_000, False),
        ("tests", 300_000, True),
        (".pytest_cache", 200_000, False),
        ("docs", 150_000, True),
    ]
    assert found[".git"].instead == "write .git into .dockerignore"


def test_what_the_ignore_file_names_is_not_there(tmp_path: Path) -> None:
    files = {**FILES, ".dockerignore": ".git\n.pytest_cache\ntests\ndocs\n"}
    assert spare(f"{SLIM}COPY . /app\n{START}", tmp_path, files) == {}


def test_what_the_dockerfile_names_may_be_used(tmp_path: Path) -> None:
    text = f'{SLIM}COPY . /app\nRUN python -m compileall /app/tests\nCMD ["python", "/app/docs/serve.py"]\n'
    assert list(spare(text, tmp_path, FILES)) == [".git", ".pytest_cache"]


def test_what_comes_along_with_a_copy_from_a_stage(tmp_path: Path) -> None:
    text = f"{SLIM.strip()} AS build\nCOPY . /app\n{SLIM}COPY --from=build /app /app\n{START}"
    found = spare(text, tmp_path, FILES)
    assert [(entry.what, entry.line) for entry in found.values()][:2] == [(".git", 4), ("tests", 4)]
    assert found[".git"].because == "the history of the source, and comes along with COPY --from"
    gone = text.replace("COPY . /app\n", "COPY . /app\nRUN rm -rf /app/.git /app/tests\n")
    assert list(spare(gone, tmp_path / "gone", FILES)) == [".pytest_cache", "docs"]
    part = text.replace("--from=build /app /app", "--from=build /app/src /app")
    assert spare(part, tmp_path / "part", FILES) == {}


def test_stages_that_copy_from_each_other_do_not_multiply(tmp_path: Path) -> None:
    copies = "".join(f"COPY --from={{0}} / /d{index}/\n" for index in range(8))
    stages = [f"{SLIM.strip()} AS s0\nCOPY . /app\n"]
    stages += [f"{SLIM.strip()} AS s{index}\n{copies.format(f's{index - 1}')}" for index in range(1, 12)]
    found = spare("".join(stages) + START, tmp_path, FILES)
    assert len(found) <= 4


def test_file_that_a_later_run_deletes(tmp_path: Path) -> None:
    text = f"{SLIM}COPY data.tar /tmp/\nRUN tar -xf /tmp/data.tar -C /srv && rm /tmp/data.tar\n{START}"
    found = spare(text, tmp_path, {"data.tar": "x" * 250_000})
    entry = found["/tmp/data.tar"]
    assert entry.size is not None
    assert (entry.line, entry.size.estimate, entry.likely) == (2, 250_000, False)
    assert entry.because == "line 3 deletes it, which takes nothing out of the image"


def test_files_that_chown_writes_again(tmp_path: Path) -> None:
    text = f"{SLIM}COPY src /app/\nRUN chown -R 1000:1000 /app\n{START}"
    entry = spare(text, tmp_path, FILES)["/app, a second time"]
    assert entry.size is not None
    assert (entry.line, entry.size.estimate, entry.instead) == (3, 500_000, "write --chown there instead")
    own = text.replace("COPY src", "COPY --chown=1000:1000 src")
    assert spare(own, tmp_path, FILES) == {}


def test_development_dependencies_of_node() -> None:
    build = "FROM node:22-slim AS build\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci{}\n"
    text = f"{build}FROM node:22-slim\nCOPY --from=build /app/node_modules /app/node_modules\n"
    start = 'CMD ["node", "/app/server.js"]\n'
    entry = spare(text.format("") + start)["development dependencies of Node"]
    assert (entry.line, entry.likely) == (6, True)
    assert entry.instead.startswith("install with --omit=dev")
    for way in (" --omit=dev", " && npm prune --omit=dev"):
        assert "development dependencies of Node" not in spare(text.format(way) + start)
    for other in ('CMD ["nodemon", "/app/server.js"]\n', 'CMD ["node", "-r", "ts-node/register", "x.ts"]\n'):
        assert "development dependencies of Node" not in spare(text.format("") + other)


def test_development_dependencies_weigh_what_the_lock_file_says(tmp_path: Path) -> None:
    lock = {
        "lockfileVersion": 3,
        "packages": {
            "": {"dependencies": {"express": "5"}, "devDependencies": {"typescript": "5"}},
            "node_modules/express": {"version": "5.1.0"},
            "node_modules/typescript": {"version": "5.9.3", "dev": True},
        },
    }
    manifest = {"dependencies": {"express": "5"}, "devDependencies": {"typescript": "5"}}
    files = {"package.json": json.dumps(manifest), "package-lock.json": json.dumps(lock)}
    text = 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "server.js"]\n'
    entry = spare(text, tmp_path, files)["development dependencies of Node"]
    assert entry.size is not None
    assert 10 * MB < entry.size.estimate < 40 * MB  # TypeScript takes about 23 MB
    assert "development dependencies of Node" not in spare(
        text.replace("npm ci", "npm ci --omit=dev"), tmp_path, files
    )


def test_sources_of_a_program_in_the_image(tmp_path: Path) -> None:
    files = {"main.go": "x" * 150_000, "web/index.html": "x" * 200_000}
    text = 'FROM golang:1.25\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\nCMD ["/app"]\n'
    entry = spare(text, tmp_path, files)["source (go files)"]
    assert entry.size is not None
    assert (entry.line, entry.size.estimate) == (3, 150_000)


def test_windows_image_has_nothing_to_say_of_tools() -> None:
    text = 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCMD ["app.exe"]\n'
    assert spare(text) == {}
