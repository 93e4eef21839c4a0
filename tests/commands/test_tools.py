"""Command lines read back by the programs they are for, where these are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from multistage_cli.commands.recipes import Recipe, collect_recipes
from multistage_cli.commands.tools import ToolName
from tests.commands.plans import collected
from tests.corpus import cases
from tests.drawn import inside

EVERYTHING = """\
ARG TAG
FROM --platform=$BUILDPLATFORM golang:1.24 AS build
ARG VERSION=1.0
RUN --mount=type=secret,id=npmrc --mount=type=ssh,id=work true
RUN --network=host true
FROM scratch AS files
COPY --from=build /a /
FROM alpine:$TAG
COPY --from=build /a /a
VOLUME /data
USER 1000
EXPOSE 80 8080 9090-9095/udp
HEALTHCHECK CMD wget -q http://localhost:8080/up || exit 1
CMD ["/a"]
"""


def reason_without(tool: ToolName) -> str:
    """Why a tool cannot be asked; an empty string where it can."""
    program = shutil.which(tool)
    if program is None:
        return f"{tool} is not installed"
    if (
        tool is ToolName.DOCKER
        and subprocess.run([program, "buildx", "version"], capture_output=True, check=False).returncode
    ):
        return "docker has no buildx, without which it does not know half of the options"
    return ""


TOOLS = [
    pytest.param(tool, marks=pytest.mark.skipif(bool(reason_without(tool)), reason=reason_without(tool)))
    for tool in ToolName
]
NESTED = {("image", "inspect"), ("buildx", "build"), ("healthcheck", "run")}


def asking_for_help(argv: tuple[str, ...]) -> list[str]:
    """The same command, which reads all its options and then shows its help in the place of doing anything."""
    words = 3 if argv[1:3] in NESTED else 2
    return [*argv[:words], "--help", *argv[words:]]


def read_by_its_tool(recipe: Recipe) -> None:
    done = subprocess.run(
        asking_for_help(recipe.argv), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, (recipe.shell, done.stderr)
    assert "Usage" in done.stdout, (recipe.shell, done.stdout)


def shapes(recipes: tuple[Recipe, ...], seen: set[tuple[str, ...]]) -> list[Recipe]:
    """Those whose options were not seen yet: to read `-t a` and `-t b` says the same."""
    found = []
    for recipe in recipes:
        shape = tuple(word for word in recipe.argv if word.startswith("-")) + recipe.argv[:3]
        if recipe.tool not in {"curl", "tar"} and shape not in seen:
            seen.add(shape)
            found.append(recipe)
    return found


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_refuses_what_it_does_not_know(tool: ToolName) -> None:
    """What the tests below rest on: asked for help, it reads the options all the same."""
    words = (tool.value, "build", "--no-such-option", ".")
    done = subprocess.run(asking_for_help(words), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "unknown flag: --no-such-option" in done.stderr


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64"])
def test_every_kind_of_command(tool: ToolName, platform: str, tmp_path: Path) -> None:
    found = collected(
        EVERYTHING,
        tmp_path,
        name="app.Dockerfile",
        tool=tool,
        platform=platform,
        build_args={"A": "b c"},
        build_contexts={"assets": "./x"},
    )
    recipes = shapes(found.recipes, set())
    assert len(recipes) > 8
    for recipe in recipes:
        if shutil.which(recipe.argv[0]):
            read_by_its_tool(recipe)


@pytest.mark.parametrize("tool", TOOLS)
def test_dockerfiles_of_the_corpus(tool: ToolName) -> None:
    seen: set[tuple[str, ...]] = set()
    for found in cases()[::4]:
        with inside(found.name) as build:
            for recipe in shapes(collect_recipes(build, tool).recipes, seen):
                if shutil.which(recipe.argv[0]):
                    read_by_its_tool(recipe)
    assert len(seen) > 8


# Podman and buildah build without a daemon: what needs no base image can be tried for real.

FROM_SCRATCH = """\
ARG BASE
FROM scratch AS site
ARG NOTE=hello
ARG VERSION=1.0
COPY a.txt /$NOTE-$VERSION.txt
FROM $BASE
ARG TARGETARCH
COPY --from=site / /
COPY --from=assets b.txt /
LABEL version=$TARGETARCH
HEALTHCHECK CMD ["/a"]
USER 1000
CMD ["/a"]
"""


@pytest.mark.parametrize("tool", [param for param in TOOLS if param.values[0] in {"podman", "buildah"}])
def test_they_really_build(tool: ToolName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "app"
    (folder / "assets").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "assets" / "b.txt").write_text("b")
    (folder / "Containerfile").write_text(FROM_SCRATCH)
    monkeypatch.chdir(folder)
    storage = tmp_path / "storage.conf"
    storage.write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{tmp_path}/graph"\nrunroot = "{tmp_path}/run"\n',
        encoding="utf-8",
    )
    environment = {**os.environ, "CONTAINERS_STORAGE_CONF": str(storage), "BASE": "scratch"}

    def typed(*argv: str) -> str:
        done = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, (argv, done.stderr)
        return done.stdout

    try:
        typed(tool.value, "images")
    except AssertionError as error:
        pytest.skip(f"{tool} does not work here: {error}")
    found = collected(
        FROM_SCRATCH, Path(), name="Containerfile", tool=tool, build_contexts={"assets": "./assets"}
    )
    # Two platforms last: podman 4.3 now and then loses one of them, and then its `images` fails.
    for recipe in sorted(found.recipes, key=lambda recipe: "--manifest" in recipe.argv):
        words = {"build", "images", "history", "inspect", "image"}
        if recipe.tool == tool.value and recipe.argv[1] in words:
            typed(*recipe.argv)
    shown = {recipe.what for recipe in found.recipes}
    assert "Build it for linux/amd64 and linux/arm64" in shown
    assert "Get the files of the site stage into the folder out" in shown
    assert (folder / "out" / "hello-1.0.txt").read_text() == "a"
    assert "HealthCheck" in typed(tool.value, "inspect", "--type", "image", found.plan.target.image).replace(
        "Healthcheck", "HealthCheck"
    )
