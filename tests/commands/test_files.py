"""Bake and Compose files: golden files, what their readers make of them, and text that tries to break out."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import socket
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from multistage_cli.commands.recipes import Recipes, collect_recipes
from multistage_cli.commands.tools import ToolName
from multistage_cli.commands.views import bake, compose
from multistage_cli.errors import MultistageError
from tests.commands.plans import collected
from tests.corpus import cases
from tests.drawn import HOSTILE, inside
from tests.golden import check

GOLDEN = Path(__file__).parent / "golden"
NAMES = [found.name for found in cases()]
FEW = settings(max_examples=max(50, settings().max_examples // 5))
SHOWN = ["brief", "multi-target-python", "arg-unknown-base", "run-mounts", "ports-volumes", "cross-per-arch"]


@cache
def corpus_recipes(name: str) -> Recipes:
    with inside(name) as build:
        return collect_recipes(build)


@pytest.mark.parametrize("name", SHOWN)
def test_golden(name: str) -> None:
    check(GOLDEN / f"{name}.bake.hcl", bake.render(corpus_recipes(name)))
    check(GOLDEN / f"{name}.compose.yaml", compose.render(corpus_recipes(name)))


EVERYTHING = """\
ARG TAG
FROM --platform=$BUILDPLATFORM golang:1.24 AS build
ARG VERSION=1.0 NOTE="a 'b' \\${x}"
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=token,env=API_TOKEN --mount=type=ssh,id=work true
RUN --network=host true
FROM build AS test
CMD ["go", "test"]
EXPOSE 9999
FROM scratch AS files
COPY --from=build /a /
FROM alpine:$TAG AS app
COPY --from=build /a /a
COPY --from=assets /b /b
USER 1000
VOLUME /data
EXPOSE 8080 9090/udp
CMD ["/a"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "app"
    found.mkdir()
    monkeypatch.chdir(found)
    return Path()


def test_everything(folder: Path) -> None:
    found = collected(EVERYTHING, folder, build_contexts={"assets": "./my assets"}, build_args={"X": "$HOME"})
    check(GOLDEN / "everything.bake.hcl", bake.render(found))
    check(GOLDEN / "everything.compose.yaml", compose.render(found))


def read_compose(found: Recipes) -> dict[str, Any]:
    text = compose.render(found)
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    document = yaml.safe_load(text)
    assert document.keys() <= {"services", "secrets", "volumes"}
    for service in document["services"].values():
        assert service.keys() <= {
            *("image", "build", "platform", "ports", "volumes", "profiles", "extends"),
            *("read_only", "tmpfs", "cap_drop", "security_opt"),
        }
        assert service.get("build", {}).keys() <= {
            *("context", "dockerfile", "dockerfile_inline", "target", "args", "additional_contexts"),
            *("secrets", "ssh", "entitlements"),
        }
    return dict(document)


HCL_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*\n|[A-Za-z_][A-Za-z0-9_-]*|[{}\[\]=,!\s]')
HCL_WORDS = {
    *(
        "group",
        "target",
        "variable",
        "default",
        "targets",
        "validation",
        "condition",
        "error_message",
        "inherits",
    ),
    *("context", "dockerfile", "dockerfile-inline", "platforms", "args", "contexts", "tags", "secret", "ssh"),
    *("entitlements", "output"),
}


def read_bake(found: Recipes) -> list[str]:
    """The strings of a Bake file, once nothing but ours stands outside of them."""
    text = bake.render(found)
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    strings, words, at = [], [], 0
    while at < len(text):
        token = HCL_TOKEN.match(text, at)
        assert token, text[at : at + 40]
        at = token.end()
        if token.group().startswith('"'):
            assert not re.search(r"[$%]\{", token.group()), "a template"
            strings.append(
                re.sub(
                    r"\\(u[0-9a-f]{4}|U[0-9a-f]{8}|.)", lambda part: _unescaped(part[1]), token.group()[1:-1]
                )
            )
        elif token.group()[0].isalpha():
            words.append(token.group())
    plan = found.plan
    names = {argument.name for argument in plan.arguments} | set(plan.build_args) | set(plan.build_contexts)
    assert set(words) <= HCL_WORDS | names
    return strings


def _unescaped(code: str) -> str:
    return {"n": "\n", "r": "\r", "t": "\t"}.get(code) or (
        chr(int(code[1:], 16)) if code[0] in "uU" else code
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_dockerfile_of_the_corpus(name: str) -> None:
    found = corpus_recipes(name)
    document = read_compose(found)
    strings = read_bake(found)
    plan = found.plan
    assert document["services"][plan.name]["image"] == plan.target.image
    assert {plan.target.image, *(target.image for target in plan.stages)} <= set(strings)


SPICE = st.lists(
    st.sampled_from(
        [
            *(
                '"',
                "'",
                "\\",
                "\\n",
                "$",
                "$$",
                "${",
                "${HOME}",
                "%{",
                "%%{",
                "}",
                "{",
                "#",
                "\n",
                "\r",
                "\t",
                "\0",
            ),
            *(
                "\x1b[2J",
                "\x85",
                "\u2028",
                "\u202e",
                "\ufeff",
                "\ud800",
                "\udcff",
                "é",
                "日本",
                "💾",
                ": ",
                "- ",
                "|",
                ">",
            ),
            *(
                "&a",
                "*a",
                "!!x",
                "@",
                "`",
                "<<EOT",
                "true",
                "null",
                "1e3",
                "0x1",
                "~",
                ",",
                "[",
                "]",
                "a",
                " ",
                "=",
                "//",
            ),
        ]
    ),
    max_size=10,
).map("".join)


@FEW
@given(SPICE, SPICE | st.text(max_size=20))
def test_any_text_stays_text(name: str, value: str) -> None:
    arguments = {f"A{name}": value, "B": name}
    found = collected(EVERYTHING, build_args=arguments, build_contexts={f"c{name}": f"./{value}"})
    whole = {
        name: value.encode("utf-8", "replace").decode().replace("?", "\ufffd")
        for name, value in arguments.items()
    }
    strings = [text.replace("?", "\ufffd") for text in read_bake(found)]
    assert set(whole.values()) <= set(strings)
    shown = read_compose(found)["services"][found.plan.name]["build"]["args"]
    assert shown["B"].replace("$$", "$").replace("?", "\ufffd") == whole["B"]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_stage_names(name: str) -> None:
    word = re.sub(r"\s", "", name)
    found = collected(
        f"FROM scratch AS {word}x\nCOPY a /\nFROM scratch\nCOPY --from=0 /a /\nLABEL a='{name}'\n"
    )
    read_bake(found)
    read_compose(found)


def test_standard_input_is_in_the_file() -> None:
    found = collected("FROM scratch\nCOPY a /${B}\n")
    assert "FROM scratch\nCOPY a /${B}\n" in read_bake(found)
    service = read_compose(found)["services"][found.plan.name]
    assert service["build"]["dockerfile_inline"] == "FROM scratch\nCOPY a /$${B}\n"


def test_dockerfile_is_seen_from_the_build_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker").mkdir()
    monkeypatch.chdir(tmp_path)
    found = collected("FROM scratch\nCOPY a /\n", Path("docker"), name="app.Dockerfile")
    assert read_compose(found)["services"]["docker"]["build"] == {
        "context": "docker",
        "dockerfile": "app.Dockerfile",
    }


def test_names_that_mean_something_to_bake(folder: Path) -> None:
    text = "FROM scratch AS default\nCOPY a /\nFROM scratch AS a.b\nCOPY a /\nFROM scratch AS a-b\nCOPY a /\n"
    shown = bake.render(collected(text, folder))
    assert re.findall(r'^target "(.*)"', shown, re.MULTILINE) == [
        *("_common", "a-b", "a-b-files", "default-2", "default-2-files", "a-b-2", "a-b-2-files")
    ]


@pytest.mark.parametrize(
    ("view", "tool", "message"),
    [
        (bake, ToolName.PODMAN, "docker reads Bake files, podman does not; leave --tool away"),
        (bake, ToolName.BUILDAH, "docker reads Bake files, buildah does not; leave --tool away"),
        (compose, ToolName.BUILDAH, "buildah runs no Compose files; choose --tool podman"),
    ],
)
def test_tools_that_do_not_read_it(view: Any, tool: ToolName, message: str) -> None:
    with pytest.raises(MultistageError, match=re.escape(message)):
        view.render(collected("FROM scratch\n", tool=tool))


@pytest.mark.parametrize("view", [bake, compose])
def test_nothing_to_build(view: Any) -> None:
    found = collected("FROM scratch\nCOPY a /\nFROM scratch\nCOPY a /\n", target="0")
    with pytest.raises(MultistageError, match="stage 0 has no name to build it by; give it one with AS"):
        view.render(found)


def test_compose_of_other_tools(folder: Path) -> None:
    text = 'FROM alpine\nEXPOSE 80\nCMD ["x"]\n'
    podman = compose.render(collected(text, folder, tool=ToolName.PODMAN))
    assert podman.startswith("# podman compose up --build\n")
    assert '- "8080:80"' in podman
    assert compose.render(collected(text, folder, tool=ToolName.NERDCTL)).startswith("# nerdctl compose up")


# The readers themselves: they need no engine.


def docker_has(plugin: str) -> bool:
    docker = shutil.which("docker")
    return (
        docker is not None
        and not subprocess.run(
            [docker, plugin, "version"], capture_output=True, timeout=30, check=False
        ).returncode
    )


needs_compose = pytest.mark.skipif(not docker_has("compose"), reason="docker compose is not installed")
needs_bake = pytest.mark.skipif(not docker_has("buildx"), reason="docker buildx is not installed")


@cache
def agent() -> str:
    """The path of a socket: nobody asks it for a key, but it has to be one."""
    folder = tempfile.mkdtemp(prefix="agent")
    atexit.register(shutil.rmtree, folder)
    path = f"{folder}/socket"
    with socket.socket(socket.AF_UNIX) as place:
        place.bind(path)
    return path


def answer(folder: Path, *words: str, **variables: str) -> dict[str, Any]:
    done = subprocess.run(
        ["docker", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "SSH_AUTH_SOCK": agent(), **variables},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(yaml.safe_load(done.stdout))  # JSON is YAML


def asked(found: Recipes, value: str = "given") -> dict[str, str]:
    """The variables that the environment has to hold."""
    asks = found.plan.target.asks
    for target in found.plan.stages:
        asks |= target.asks
    return dict.fromkeys([*asks.required, *(variable for _, variable in asks.secrets)], value)


def of_argv(argv: tuple[str, ...], option: str) -> list[str]:
    return [argv[place + 1] for place, word in enumerate(argv) if word == option]


def check_with_compose(found: Recipes, folder: Path) -> None:
    (folder / "compose.yaml").write_text(compose.render(found), encoding="utf-8")
    project = answer(folder, "compose", "--profile", "*", "config", **asked(found))
    service = project["services"][found.plan.name]
    build = service["build"]
    argv = found.recipes[0].argv
    assert service["image"] == found.plan.target.image
    given = dict(word.partition("=")[::2] for word in of_argv(argv, "--build-arg"))
    # Compose writes its answer so that it can be read again: with each dollar sign twice.
    arguments = {name: value.replace("$$", "$") for name, value in build.get("args", {}).items()}
    assert arguments == {
        **dict(found.plan.defaults),
        **{name: value or "given" for name, value in given.items()},
    }
    assert len(build.get("secrets", [])) == len(of_argv(argv, "--secret"))
    assert [re.split("[=:]", entry)[0] for entry in build.get("ssh", [])] == of_argv(argv, "--ssh")
    ports = {port["target"] for port in service.get("ports", [])}
    assert ports == {n for port in found.plan.target.ports for n in range(port.first, port.last + 1)}


def check_with_bake(found: Recipes, folder: Path) -> None:
    (folder / "docker-bake.hcl").write_text(bake.render(found), encoding="utf-8")
    names = re.findall(r'^target "((?!_common").*)" \{', bake.render(found), re.MULTILINE)
    printed = answer(folder, "buildx", "bake", "--print", *names, **asked(found))
    by_tag = {
        target["tags"][0]: target
        for name, target in printed["target"].items()
        if "output" not in target and not name.endswith("-platforms")
    }
    builds = [recipe.argv for recipe in found.recipes if recipe.argv[:2] == ("docker", "build")]
    for argv in builds:
        if not of_argv(argv, "-t") or "these are their defaults" in argv:
            continue
        target = by_tag[of_argv(argv, "-t")[0]]
        assert target.get("target") == next(iter(of_argv(argv, "--target")), None)
        given = dict(word.partition("=")[::2] for word in of_argv(argv, "--build-arg"))
        # Bake writes its answer so that it can be read again: with templates doubled.
        shown = {
            name: re.sub(r"([$%])\1(?=\{)", r"\1", value) for name, value in target.get("args", {}).items()
        }
        assert {name: value or "given" for name, value in given.items()}.items() <= shown.items()
        assert len(target.get("secret", [])) == len(of_argv(argv, "--secret"))
        assert [entry["id"] for entry in target.get("ssh", [])] == of_argv(argv, "--ssh")
        assert target["context"] == found.plan.context


READ = sorted(
    {*SHOWN, *NAMES[::5], "secrets-in-args", "named-contexts", "duplicate-names", "windows-nanoserver"}
)
"""Enough: each takes its reader half a second. All of them were read once."""


@needs_compose
@pytest.mark.parametrize("name", READ)
def test_compose_reads_dockerfiles_of_the_corpus(name: str, tmp_path: Path) -> None:
    check_with_compose(corpus_recipes(name), tmp_path)


@needs_bake
@pytest.mark.parametrize("name", READ)
def test_bake_reads_dockerfiles_of_the_corpus(name: str, tmp_path: Path) -> None:
    check_with_bake(corpus_recipes(name), tmp_path)


STRANGE = [
    "a$b ${HOME} $$",
    "$${HOME}$$${HOME}$$$${HOME}%%{if}%%%{x}$\"$'",
    '"quoted" \\ and \\n',
    "line\nbreak\ttab",
    "%{if x} #{y}",
    "日本 💾 é",
    ": - # &a *b !c",
    "yes",
]


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize(
    "reader",
    [pytest.param(check_with_compose, marks=needs_compose), pytest.param(check_with_bake, marks=needs_bake)],
)
def test_readers_read_strange_values_as_they_are(
    reader: Any, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "some folder").mkdir()
    monkeypatch.chdir(tmp_path)
    arguments = {"A": value, "B": value * 2}
    found = collected(
        EVERYTHING,
        Path("some folder"),
        build_args=arguments,
        build_contexts={"assets": "docker-image://alpine"},
    )
    reader(found, tmp_path)
    reader(
        collected(EVERYTHING.replace("1.0", f"'{value}'".replace("\n", " ")), build_args=arguments), tmp_path
    )


@needs_bake
def test_bake_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "docker-bake.hcl").write_text(bake.render(collected(EVERYTHING)), encoding="utf-8")
    done = subprocess.run(
        ["docker", "buildx", "bake", "--print"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        env={**os.environ, "SSH_AUTH_SOCK": agent(), "TAG": ""},
        check=False,
    )
    assert done.returncode != 0
    assert "Set TAG: the build needs it." in done.stderr


@needs_compose
def test_compose_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(compose.render(collected(EVERYTHING)), encoding="utf-8")
    done = subprocess.run(
        ["docker", "compose", "config"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        env={name: value for name, value in os.environ.items() if name != "TAG"},
        check=False,
    )
    assert done.returncode != 0
    assert "required variable TAG is missing a value: the build needs it" in done.stderr
