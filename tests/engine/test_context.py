"""The build context as an engine takes it in, file by file, beside ours.

Each case is a build of `FROM scratch` and one COPY, and the files of the result come back as a tar archive.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from multistage_cli.build.claims import Claim
from multistage_cli.build.context import open_context

pytestmark = pytest.mark.engine

ANSWER_SECONDS = 30
BUILD_SECONDS = 120

Files = set[tuple[str, str, int, str | None]]
"""Path, kind, bytes and a link's target."""


class BuildFailedError(Exception):
    """What the engine said."""


BuildFiles = Callable[..., Files]


@pytest.fixture(scope="session")
def build_files() -> BuildFiles:
    """Builds a folder and gives the files of the image.

    Not the `docker` fixture of this folder's conftest.py, which also wants a base image: none is needed here.
    """
    executable = shutil.which("docker")
    if executable is None:
        unavailable("there is no docker command")
    try:
        info = subprocess.run(
            [executable, "info", "--format", "{{.ServerVersion}}"],
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        unavailable("the Docker engine does not answer")
    if info.returncode != 0:
        unavailable(f"no Docker engine: {info.stderr.strip()}")

    def build(root: Path, instruction: str, dockerfile: str = "Dockerfile") -> Files:
        path = root / dockerfile
        path.write_text(f"FROM scratch\n{instruction}\n", encoding="utf-8")
        # Not from the cache: a wildcard whose folder is missing passes where an earlier copy of nothing is kept.
        options = ("--quiet", "--no-cache", "--file", path, "--output", "type=tar,dest=-")
        result = subprocess.run(
            [executable, "build", *options, root],
            capture_output=True,
            timeout=BUILD_SECONDS,
            check=False,
            env={**os.environ, "DOCKER_BUILDKIT": "1"},
        )
        if result.returncode != 0:
            raise BuildFailedError(result.stderr.decode(errors="replace"))
        with tarfile.open(fileobj=io.BytesIO(result.stdout)) as archive:
            return {(member.name, *described(member)) for member in archive}

    return build


def unavailable(reason: str) -> NoReturn:
    if os.environ.get("MULTISTAGE_REQUIRE_ENGINE") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def described(member: tarfile.TarInfo) -> tuple[str, int, str | None]:
    if member.isdir():
        return "directory", 0, None
    if member.issym():
        return "link", 0, member.linkname
    return ("file", member.size, None) if member.isfile() else ("other", 0, None)


def ours(root: Path, dockerfile: str = "Dockerfile") -> Files:
    entries = open_context(root, root / dockerfile).entries()
    return {(entry.path, entry.kind, entry.size_bytes, entry.target) for entry in entries}


def make(root: Path, tree: dict[str, str | tuple[str]]) -> None:
    """Write files; a tuple holds the target of a link, and a name with a final slash is an empty folder."""
    for name, content in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        elif isinstance(content, tuple):
            path.symlink_to(content[0])
        else:
            path.write_text(content, encoding="utf-8", newline="")


PROJECT: dict[str, str | tuple[str]] = {
    "README.md": "readme",
    "src/app.py": "app",
    "src/lib/x.py": "x",
    "src/lib/x.pyc": "xx",
    "src/lib/deep/er/y.pyc": "y",
    "docs/index.md": "index",
    "docs/api.md": "api",
    "docs/img/a.png": "png",
    "node_modules/a/index.js": "js",
    "web/node_modules/b/index.js": "js",
    "empty/": "",
    "link": ("src",),
    "nowhere": ("missing",),
    "out": ("/etc/hostname",),
    "a b": "space",
    "[": "bracket",
    "]": "bracket",
    "a^b": "hat",
    "x1": "digit",
    "xd": "letter",
    "é": "accent",
    ".hidden/f": "hidden",
}

IGNORES = {
    "nothing": "",
    "names": "docs\nnode_modules\n",
    "wildcards": "*.md\n*/*.md\n?1\n",
    "any depth": "**/node_modules\n**/*.pyc\n",
    "everything but": "*\n!src\n!README.md\n",
    "everything but a deep file": "*\n!src/lib/deep/er/y.pyc\n",
    "exceptions by wildcard": "**\n!**/*.py\n!docs/*.md\n",
    "last match wins": "docs\n!docs/api.md\ndocs/*.md\n!docs/index.md\n",
    "contents only": "docs/**\nsrc/lib/*\n",
    "repeated line": "docs\n!docs/api.md\ndocs\n",
    "exception behind its folder": "docs/api.md\n!docs\n",
    "plain exception with wildcards behind": "src/lib\n!src/*/**\n",
    "the same beside another exception": "src/lib\n!src/*/**\n!q*\n",
    "suffix and prefix": "**js\nsrc**\n",
    "spelling": "/docs/\n./src//lib\n!src/../src/lib/x.py\n  README.md  \n",
    "comments and line ends": "\ufeffdocs\r\n# src\r\n #README.md\r\n\\#x\r\n",
    "sets": "[a-d]ocs\n[[]\nsrc[^a]app.py\n",
    "sets with wildcards in them": "[*]\n",
    "hats": "a^*\n",
    "hat without wildcards": "a^b\n",
    "escapes": "x\\d\na\\ b\n",
    "windows separators": "src\\app.py\ndocs\\*\n",
    "no ASCII": "?\n!é\n",
    "links": "link\nsrc/lib\n",
    "the root": ".\n/\n..\n../src\n",
    "all": "**\n",
    "a line that is never tried": "*\n[z-a]\n!src\n",
}


@pytest.mark.parametrize("name", IGNORES)
def test_context_holds_the_same_files(build_files: BuildFiles, tmp_path: Path, name: str) -> None:
    make(tmp_path, {**PROJECT, ".dockerignore": IGNORES[name]})
    built = build_files(tmp_path, "COPY . /")
    assert ours(tmp_path) == built


REFUSED = {
    "exception of nothing": "!\n",
    "open set": "src\n[a\n",
    "backwards range": "[z-a]\n",
    "escape that Go does not know": "src\\lib\\output\n",
    "trailing backslash": "src\\\n",
    "line too long": "x" * 65_536 + "\n",
    "control character": "a\rb\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_engine_refuses_what_we_report(build_files: BuildFiles, tmp_path: Path, name: str) -> None:
    make(tmp_path, {**PROJECT, ".dockerignore": REFUSED[name]})
    assert open_context(tmp_path, None).ignore.problems
    with pytest.raises(BuildFailedError):
        build_files(tmp_path, "COPY . /")


@pytest.mark.parametrize(
    ("dockerfile", "files"),
    [
        ("Dockerfile", {".dockerignore": "src", "Dockerfile.dockerignore": "docs"}),
        ("Dockerfile", {".dockerignore": "src", "Dockerfile.dockerignore": ""}),
        ("Dockerfile", {".dockerignore": "src", "Dockerfile.dockerignore/x": ""}),
        ("docker/web.Dockerfile", {".dockerignore": "src", "docker/web.Dockerfile.dockerignore": "docs"}),
        ("docker/web.Dockerfile", {".dockerignore": "src", "web.Dockerfile.dockerignore": "docs"}),
        ("Dockerfile", {".dockerignore": ("conf/ignore",), "conf/ignore": "docs"}),
        ("Dockerfile", {".dockerignore": ("/conf/ignore",), "conf/ignore": "docs"}),
        ("Dockerfile", {".dockerignore": ("/etc/hostname",)}),
    ],
)
def test_same_ignore_file_is_in_force(
    build_files: BuildFiles, tmp_path: Path, dockerfile: str, files: dict[str, str | tuple[str]]
) -> None:
    make(tmp_path, {**PROJECT, dockerfile: "", **files})
    built = build_files(tmp_path, "COPY . /", dockerfile)
    assert ours(tmp_path, dockerfile) == built


def test_special_files_arrive_as_such(build_files: BuildFiles, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    built = build_files(tmp_path, "COPY . /")
    assert ("pipe", "other", 0, None) in built
    assert ours(tmp_path) == built


def test_name_that_is_not_utf8_stops_the_build(build_files: BuildFiles, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9")).write_text("x", encoding="utf-8")
    context = open_context(tmp_path, None)
    list(context.entries())
    assert [problem.fails for problem in context.problems] == [True]
    with pytest.raises(BuildFailedError):
        build_files(tmp_path, "COPY . /")


SOURCES: dict[str, str | tuple[str]] = {
    "src/app.py": "12345",
    "src/lib/x.py": "1",
    "src/lib/y.txt": "22",
    "a.txt": "a",
    "b.txt": "bb",
    "real/f": "f",
    "real/in": ("../a.txt",),
    "empty/": "",
    "ln": ("real",),
    "lf": ("real/f",),
    "abs": ("/real/f",),
    "up": ("../../../real/f",),
    "far": ("ln/../src",),
    "out": ("../../../etc/hostname",),
    "dang": ("nowhere",),
    "loop": ("loop",),
    ".dockerignore": "Dockerfile\n.dockerignore\nb.txt\n",
}


@pytest.mark.parametrize(
    "word",
    [
        *("src", "src/", "./src", "/src", "../src", "src/../a.txt", "src//lib", "a.txt/", ".", "/", "empty"),
        *("b.txt", "missing", "a.txt/x", "SRC", "*.txt", "?.txt", "[a-b].txt", "[^a].txt", "src/*", "src/*/"),
        *(
            "../s*",
            "*/f",
            "*/lib/x.py",
            "**/*.py",
            "src/**/*.py",
            "*.nope",
            "*/*.nope",
            "nowhere/*",
            "[",
            "[]",
        ),
        *("src[^a]app.py", "src[.-0]lib", "ln", "ln/", "ln/f", "ln/in", "ln/*", "l[nf]", "l[n]/f"),
        *("lf", "abs", "up", "far", "out", "dang", "dan*", "loop", "lo*", "*"),
    ],
)
def test_copy_takes_what_is_selected(build_files: BuildFiles, tmp_path: Path, word: str) -> None:
    make(tmp_path, SOURCES)
    context = open_context(tmp_path, None)
    expected: Files = set()
    for entry in context.select(word):
        if entry.kind == "directory":
            expected.update(
                (f"o/{Path(inner.path).relative_to(entry.path)}", inner.kind, inner.size_bytes, inner.target)
                for inner in context.entries(entry.path)
            )
        else:
            expected.add((f"o/{Path(entry.path).name}", entry.kind, entry.size_bytes, None))
    if context.missing(word) is Claim.YES:
        with pytest.raises(BuildFailedError):
            build_files(tmp_path, f"COPY {word} /o/")
        return
    assert context.missing(word) is Claim.NO
    assert expected == build_files(tmp_path, f"COPY {word} /o/") - {("o", "directory", 0, None)}


def test_sizes_are_those_of_the_layer(build_files: BuildFiles, tmp_path: Path) -> None:
    make(tmp_path, SOURCES)
    (tmp_path / "src/again.py").hardlink_to(tmp_path / "src/app.py")
    context = open_context(tmp_path, None)
    built = build_files(tmp_path, "COPY src a.txt /o/")
    assert context.size_of(["src", "a.txt"]).size_bytes == sum(size for _, _, size, _ in built) == 9
