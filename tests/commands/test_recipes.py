"""The commands that a Dockerfile calls for, and that nothing in it can break out of them."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.commands.recipes import Recipe, collect_recipes, quoted, volume_names
from multistage_cli.commands.tools import ToolName
from multistage_cli.commands.views import json as json_view
from multistage_cli.commands.views import shell as shell_view
from multistage_cli.errors import MultistageError
from multistage_cli.parser import parse
from tests.commands.plans import collected
from tests.corpus import Case, cases


def recipes(text: str, folder: Path | None = None, **options: Any) -> dict[str, Recipe]:
    return {recipe.what: recipe for recipe in collected(text, folder, **options).recipes}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder called `app`, and the working directory inside of it, so that it is `.`."""
    found = tmp_path / "app"
    found.mkdir()
    monkeypatch.chdir(found)
    return Path()


SERVICE = """\
FROM python:3.12-slim AS builder
RUN true
FROM python:3.12-slim
COPY --from=builder /a /a
USER 1000
EXPOSE 8000 9000-9002/udp
HEALTHCHECK CMD ["curl", "http://127.0.0.1:8000/health?full=1"]
CMD ["python"]
"""


def test_service(folder: Path) -> None:
    found = {what: recipe.shell for what, recipe in recipes(SERVICE, folder).items()}
    ports = "-p 8000:8000 -p 9000-9002:9000-9002/udp"
    assert found == {
        "Build the image": "docker build -t app:v1 .",
        "Build only the builder stage (for debugging)": "docker build --target builder -t app:builder .",
        "Look around in the image": "docker run --rm -it --entrypoint sh app:v1",
        "Look around in the builder stage": "docker run --rm -it --entrypoint sh app:builder",
        "Run the container": f"docker run {ports} app:v1",
        "Run it locked down (for a program that writes to /tmp at most)": (
            "docker run --rm --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges"
            f" {ports} app:v1"
        ),
        "Test the health endpoint": "curl 'http://localhost:8000/health?full=1'",
        "Run it in the background": f"docker run -d --name app {ports} app:v1",
        "Run the health check once": "docker exec app curl 'http://127.0.0.1:8000/health?full=1'",
        "See what the health check said so far": "docker inspect --format '{{json .State.Health}}' app",
        "Stop it and remove it": "docker rm -f app",
        "See how large it is": "docker images app:v1",
        "See what each layer adds": "docker history app:v1",
        "See its configuration": "docker image inspect --format '{{json .Config}}' app:v1",
    }


def test_root_is_not_locked_down(folder: Path) -> None:
    found = recipes(SERVICE.replace("USER 1000\n", ""), folder)
    assert not any(what.startswith("Run it locked down") for what in found)
    [argv] = [recipe.argv for what, recipe in found.items() if what.startswith("Run it as an ordinary user")]
    assert argv[:5] == ("docker", "run", "--rm", "--user", "1000:1000")


MEASURED = ["See how large it is", "See what each layer adds", "See its configuration"]


def test_nothing_to_run_without_a_command(folder: Path) -> None:
    assert list(recipes("FROM scratch\nCOPY a /\n", folder)) == [
        "Build the image",
        "Get the files of the image into the folder out",
        *MEASURED,
    ]


def test_health_check_on_a_port_that_is_not_published(folder: Path) -> None:
    found = recipes(SERVICE.replace("8000/health", "7000/health"), folder)
    assert "Test the health endpoint" not in found
    assert "Run the health check once" in found


def test_dockerfile_of_another_name(folder: Path) -> None:
    found = recipes(SERVICE, folder, name="Dockerfile.prod")
    assert found["Build the image"].shell == "docker build --file Dockerfile.prod -t app:v1 ."


def test_standard_input() -> None:
    argv = recipes(SERVICE)["Build the image"].argv
    assert argv[:4] == ("docker", "build", "--file", "-")


def test_options_of_the_build(folder: Path) -> None:
    found = recipes(
        SERVICE,
        folder,
        target="builder",
        build_args={"VERSION": "1 2"},
        build_contexts={"assets": "./my assets"},
        platform="linux/arm64",
    )
    assert found["Build the image of stage builder"].shell == (
        "docker build --platform linux/arm64 --build-arg 'VERSION=1 2'"
        " --build-context 'assets=./my assets' --target builder -t app:v1 ."
    )


def test_a_stage_without_a_name_cannot_be_a_target(folder: Path) -> None:
    text = "FROM scratch\nCOPY a /\nFROM scratch\nCOPY --from=0 /a /\n"
    assert list(recipes(text, folder)) == [
        "Build the image",
        "Get the files of the image into the folder out",
        *MEASURED,
    ]
    assert list(recipes(text, folder, target="0")) == []


def test_labels_name_the_image(folder: Path) -> None:
    text = (
        "FROM scratch\nARG V=2.1\n"
        'LABEL org.opencontainers.image.title="My Service!" org.opencontainers.image.version=$V\n'
    )
    assert recipes(text, folder)["Build the image"].argv[-2] == "my-service:2.1"


def test_no_stage() -> None:
    with pytest.raises(MultistageError, match="has no FROM"):
        recipes("ARG A\n")


HOSTILE_NAMES = ["x;touch hacked", "$(touch hacked)", "`touch hacked`", "-rf", "a'b", 'a"b', "a\nb", "[red]"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_stay_one_argument(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "inside" / name
    inside.mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "inside")
    text = f'FROM scratch AS {name.replace(chr(10), " ")}\nCOPY a /\nFROM scratch\nCOPY --from=0 /a /\nCMD ["x"]\n'
    found = recipes(text, Path(name), build_args={"A": name})
    for recipe in found.values():
        assert tuple(shlex.split(recipe.shell)) == recipe.argv
    assert found["Build the image"].argv[-1] in {name, f"./{name}"}


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a POSIX shell")
@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_the_script_runs_nothing_but_its_commands(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real shell reads the script, with programs in the place of docker and curl that only note their words."""
    inside = tmp_path / "inside" / name
    inside.mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "inside")
    text = f"FROM python:3.12-slim AS builder\nRUN true\nFROM scratch\nCOPY --from=builder /a /\nLABEL a='{name}'\n"
    build = evaluate(
        parse(text), file=Path(name) / "Dockerfile", context=open_context(Path(name)), build_args={"A": name}
    )
    result = collect_recipes(build)
    note = '() { printf \'%s\\n\' "docker $#" >> "$NOTES"; }\n'
    script = f"docker{note}tar{note}{shell_view.render(result)}"
    notes = tmp_path / "notes"
    subprocess.run(
        ["sh", "-eu", "-c", script],
        check=True,
        env={"NOTES": str(notes), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path / "inside",
        timeout=30,
    )
    assert notes.read_text().split("\n")[:-1] == [f"docker {len(r.argv) - 1}" for r in result.recipes]
    assert not list(tmp_path.rglob("hacked"))


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases()])
def test_every_dockerfile_of_the_corpus(case: Case) -> None:
    result = collect_recipes(case.build())
    data = json.loads(json_view.render(result))
    assert data["version"] == 1
    assert data["commands"]
    for entry in data["commands"]:
        assert set(entry) == {"what", "tool", "argv", "shell", "stage", "notes"}
        assert shlex.split(entry["shell"]) == entry["argv"]
        assert entry["argv"][0] == entry["tool"]


# What this Dockerfile asks for.

ASKING = """\
ARG TAG
ARG FLAVOUR=slim
FROM --platform=$BUILDPLATFORM golang:1.24-$FLAVOUR AS build
ARG TARGETARCH
ARG VERSION=0.0
ARG CHANNEL
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=token,env=API_TOKEN true
RUN --mount=type=ssh echo ${CHANNEL:?set it} $TARGETARCH
FROM alpine:$TAG
ARG UNUSED
COPY --from=build /a /a
VOLUME /var/lib/data /var/log
CMD ["/a"]
"""


def test_build_arguments_secrets_and_agents(folder: Path) -> None:
    found = recipes(ASKING, folder)
    build = found["Build the image"]
    assert build.shell == (
        "docker build --build-arg TAG --build-arg CHANNEL --secret id=npmrc,env=NPMRC"
        " --secret id=token,env=API_TOKEN --ssh default -t app:v1 ."
    )
    assert build.notes == (
        "Needs the build argument TAG: export TAG=VALUE before",
        "Needs the build argument CHANNEL: export CHANNEL=VALUE before",
        "Needs the secret npmrc: put it into the variable NPMRC before",
        "Needs the secret token: put it into the variable API_TOKEN before",
        "Needs an SSH agent for default: ssh-add -l lists its keys",
    )
    assert "--build-arg FLAVOUR=slim --build-arg VERSION=0.0 -t" in (
        found["Set the build arguments (these are their defaults)"].shell
    )
    # Each stage is asked for what it needs: TAG is of the last one alone.
    stage = found["Build only the build stage (for debugging)"]
    assert "--build-arg CHANNEL" in stage.shell
    assert "TAG" not in stage.shell
    shown = found["Build it for linux/amd64 and linux/arm64"]
    assert shown.argv[:3] == ("docker", "buildx", "build")
    assert "--platform linux/amd64,linux/arm64" in shown.shell
    assert found["Run the container"].shell == (
        "docker run -v app-var-lib-data:/var/lib/data -v app-var-log:/var/log app:v1"
    )


def test_given_build_arguments_are_no_longer_asked_for(folder: Path) -> None:
    found = recipes(ASKING, folder, build_args={"TAG": "3.22", "CHANNEL": "x", "VERSION": "2"})
    assert found["Build the image"].shell.startswith(
        "docker build --build-arg TAG=3.22 --build-arg CHANNEL=x --build-arg VERSION=2 --secret"
    )
    assert not any("build argument" in note for note in found["Build the image"].notes)
    assert "VERSION=0.0" not in found["Set the build arguments (these are their defaults)"].shell


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("ARG A\nFROM $A\n", ["A"]),
        ("ARG A\nFROM alpine:$A\n", ["A"]),
        ("ARG A\nFROM alpine$A\n", []),
        ("ARG A\nFROM ${A:-alpine}\n", []),
        ("ARG A\nFROM ${A:?say which} AS x\n", ["A"]),
        ("FROM $A\n", []),
        ("FROM scratch\nARG A\nENV B=$A\n", []),
        ("FROM scratch\nARG A\nENV B=${A:?}\n", ["A"]),
        ("FROM alpine\nARG A\nRUN test ${A?}\n", ["A"]),
        ("FROM alpine\nRUN test ${A?}\nARG A\n", []),
        ("ARG A=1\nFROM alpine\nARG A\nRUN test ${A?}\n", []),
        ("FROM alpine\nENV A=1\nARG A\nRUN test ${A?}\n", []),
        ("ARG A\nFROM $A AS spare\nFROM scratch\nCOPY a /\n", []),
    ],
)
def test_required_build_arguments(text: str, required: list[str], folder: Path) -> None:
    found = collected(text, folder)
    assert sorted(found.plan.target.asks.required) == required
    argv = found.recipes[0].argv
    assert [argv[place + 1] for place, word in enumerate(argv) if word == "--build-arg"] == required


def test_defaults_that_differ_are_not_set_to_one(folder: Path) -> None:
    text = "FROM alpine AS a\nARG V=1\nARG W=1\nFROM alpine\nCOPY --from=a /a /\nARG V=2\nARG W=1\n"
    [recipe] = [r for what, r in recipes(text, folder).items() if what.startswith("Set the")]
    assert "V=" not in recipe.shell
    assert "--build-arg W=1" in recipe.shell


@pytest.mark.parametrize(
    ("mount", "secret"),
    [
        ("id=npmrc", "id=npmrc,env=NPMRC"),
        ("source=a.b-c", "id=a.b-c,env=A_B_C"),
        ("target=/root/.netrc", "id=.netrc,env=NETRC"),
        ("id=1", "id=1,env=SECRET_1"),
        ("id=x,env=MY_X", "id=x,env=MY_X"),
        ("id=$NAME", "id=known,env=KNOWN"),
    ],
)
def test_secrets(mount: str, secret: str, folder: Path) -> None:
    text = f"FROM alpine\nARG NAME=known\nRUN --mount=type=secret,{mount} true\n"
    argv = recipes(text, folder)["Build the image"].argv
    assert argv[argv.index("--secret") + 1] == secret


def test_an_agent_for_sources_over_ssh(folder: Path) -> None:
    text = "FROM scratch\nADD git@git.example.com:team/app.git /src\n"
    assert "--ssh default" in recipes(text, folder)["Build the image"].shell


def test_network_of_the_host(folder: Path) -> None:
    text = "FROM alpine\nRUN --network=host true\n"
    assert "--allow network.host" in recipes(text, folder)["Build the image"].shell
    podman = recipes(text, folder, tool=ToolName.PODMAN)
    assert "--allow" not in podman["Build the image"].shell


def test_stages_per_architecture_that_are_not_there_are_not_offered(folder: Path) -> None:
    both = "FROM scratch AS b-amd64\nFROM scratch AS b-arm64\nFROM b-$TARGETARCH\nCOPY a /\n"
    one = both.replace("FROM scratch AS b-arm64\n", "")
    assert "Build it for linux/amd64 and linux/arm64" in recipes(both, folder)
    assert not any(what.startswith("Build it for") for what in recipes(one, folder))


def test_files_of_a_stage(folder: Path) -> None:
    text = "FROM alpine AS t\nRUN t\nFROM scratch AS report\nCOPY --from=t /r /\nFROM alpine\nCMD x\n"
    found = recipes(text, folder)
    assert found["Get the files of the report stage into the folder out"].shell == (
        "docker build --output type=local,dest=out --target report ."
    )
    assert "Get the files of the image into the folder out" not in found


def test_an_image_without_a_shell(folder: Path) -> None:
    found = recipes('FROM gcr.io/distroless/static-debian12\nCOPY a /a\nCMD ["/a"]\n', folder)
    assert found["List them"].argv == ("tar", "-tvf", "/tmp/app.tar")
    assert not any(what.startswith("Look around") for what in found)


@pytest.mark.parametrize(
    ("check", "argv"),
    [
        ('HEALTHCHECK CMD ["a", "b c"]', ("docker", "exec", "app", "a", "b c")),
        ("HEALTHCHECK CMD a || exit 1", ("docker", "exec", "app", "/bin/sh", "-c", "a || exit 1")),
        ('SHELL ["/bin/bash", "-ec"]\nHEALTHCHECK CMD a', ("docker", "exec", "app", "/bin/bash", "-ec", "a")),
    ],
)
def test_health_check_by_hand(check: str, argv: tuple[str, ...], folder: Path) -> None:
    assert recipes(f"FROM alpine\n{check}\nCMD x\n", folder)["Run the health check once"].argv == argv


# The other programs.


@pytest.mark.parametrize("tool", ToolName)
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases()])
def test_every_tool_on_every_dockerfile(case: Case, tool: ToolName) -> None:
    found = collect_recipes(case.build(), tool).recipes
    runner = ToolName.PODMAN if tool is ToolName.BUILDAH else tool
    assert {recipe.tool for recipe in found} <= {tool.value, runner.value, "curl", "tar"}
    assert len({recipe.what for recipe in found}) == len(found)


def test_podman_keeps_what_an_oci_image_would_lose(folder: Path) -> None:
    found = recipes(SERVICE.replace("8000", "80", 1), folder, tool=ToolName.PODMAN)
    assert found["Build the image"].shell == "podman build --format docker -t app:v1 ."
    assert found["Build only the builder stage (for debugging)"].shell == (
        "podman build --target builder -t app:builder ."
    )
    assert "-p 8080:80 -p 9000-9002:9000-9002/udp" in found["Run the container"].shell
    assert found["See what the health check says"].shell == "podman healthcheck run app"
    assert recipes("FROM alpine\n", folder, tool=ToolName.PODMAN)["Build the image"].shell == (
        "podman build -t app:v1 ."
    )


def test_podman_publishes_low_ports_as_high_ones(folder: Path) -> None:
    text = "FROM alpine\nEXPOSE 80 443 64000-65000\nHEALTHCHECK CMD curl http://localhost/up\nCMD x\n"
    podman, docker = recipes(text, folder, tool=ToolName.PODMAN), recipes(text, folder)
    assert podman["Test the health endpoint"].shell == "curl http://localhost:8080/up"
    assert "-p 8080:80 -p 8443:443 -p 64000-65000:64000-65000" in podman["Run the container"].shell
    assert docker["Test the health endpoint"].shell == "curl http://localhost/up"
    assert "-p 80:80" in docker["Run the container"].shell


def test_buildah_builds_and_podman_runs(folder: Path) -> None:
    found = recipes(SERVICE, folder, tool=ToolName.BUILDAH)
    assert found["Build the image"].argv[0] == "buildah"
    assert found["Run the container"].argv[0] == "podman"
    assert found["See its layers and its configuration"].shell == "buildah inspect --type image app:v1"


def test_several_platforms_are_a_manifest_for_podman(folder: Path) -> None:
    found = recipes(ASKING, folder, tool=ToolName.PODMAN)
    assert "--platform linux/amd64,linux/arm64 --manifest app:v1-all" in (
        found["Build it for linux/amd64 and linux/arm64"].shell
    )
    assert found["Build it for linux/amd64 and linux/arm64"].argv[:2] == ("podman", "build")


def test_names_that_each_program_finds_by_itself(folder: Path) -> None:
    Path("Dockerfile").write_text("FROM alpine\n")
    Path("Containerfile").write_text("FROM alpine\n")
    for tool, dockerfile, containerfile in (
        (ToolName.DOCKER, "", "--file Containerfile "),
        (ToolName.PODMAN, "--file Dockerfile ", ""),
    ):
        first = recipes("FROM alpine\n", folder, tool=tool)["Build the image"]
        second = recipes("FROM alpine\n", folder, name="Containerfile", tool=tool)["Build the image"]
        assert first.shell == f"{tool} build {dockerfile}-t app:v1 ."
        assert second.shell == f"{tool} build {containerfile}-t app:v1 ."


def test_secrets_that_podman_cannot_name(folder: Path) -> None:
    text = "FROM alpine\nRUN --mount='type=secret,\"id=a,b\"' true\n"
    docker, podman = recipes(text, folder), recipes(text, folder, tool=ToolName.PODMAN)
    assert docker["Build the image"].argv[2:4] == ("--secret", '"id=a,b",env=A_B')
    assert "--secret" not in podman["Build the image"].argv
    assert podman["Build the image"].notes == (
        "Needs the secret a,b, whose name podman cannot be given here",
    )


def test_volumes_have_names_of_their_own() -> None:
    found = collected('FROM alpine\nVOLUME ["/a/b", "/a-b", "/a b", "/", "C:/x"]\nCMD x\n')
    names = volume_names(found.plan, found.plan.target)
    assert list(names) == ["/a/b", "/a-b", "/a b", "/"]
    assert len(set(names.values())) == 4


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("A=\x1b]0;t\x07 b", """A="$(printf '\\033')"']0;t'"$(printf '\\007')"' b'"""),
        ("\u202eA's", """"$(printf '\\342\\200\\256')""A's\""""),
        ("a\udcff", """a"$(printf '\\377')\""""),
        ("two\nlines\t", "'two\nlines'\"$(printf '\\011')\""),
        ("", "''"),
    ],
)
def test_what_does_not_show_reaches_the_program_and_not_the_terminal(word: str, written: str) -> None:
    assert quoted(word) == written
    done = subprocess.run(["sh", "-c", f"printf %s {written}"], capture_output=True, check=True)
    assert done.stdout == word.encode("utf-8", "surrogateescape")
