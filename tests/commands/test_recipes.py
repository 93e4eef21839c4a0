"""The commands that a Dockerfile calls for, and that nothing in it can break out of them."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.commands.recipes import Recipe, collect_recipes
from multistage_cli.commands.views import json as json_view
from multistage_cli.commands.views import shell as shell_view
from multistage_cli.errors import MultistageError
from multistage_cli.parser import parse
from tests.corpus import Case, cases


def recipes(
    text: str,
    folder: Path | None = None,
    *,
    name: str = "Dockerfile",
    target: str | None = None,
    build_args: dict[str, str] | None = None,
    build_contexts: dict[str, str] | None = None,
    platform: str = "linux/amd64",
) -> dict[str, Recipe]:
    build = evaluate(
        parse(text),
        file=folder / name if folder else None,
        context=open_context(folder) if folder else None,
        target=target,
        build_args=build_args,
        build_contexts=build_contexts,
        platform=platform,
    )
    return {recipe.what: recipe for recipe in collect_recipes(build).recipes}


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
        "Look around in the builder stage": "docker run --rm -it --entrypoint sh app:builder",
        "Run the container": f"docker run {ports} app:v1",
        "Run it locked down (for a program that writes to /tmp at most)": (
            "docker run --rm --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges"
            f" {ports} app:v1"
        ),
        "Test the health endpoint": "curl 'http://localhost:8000/health?full=1'",
        "See what the health check says": (
            "docker ps --filter ancestor=app:v1 --format '{{.Names}}: {{.Status}}'"
        ),
    }


def test_root_is_not_locked_down(folder: Path) -> None:
    found = recipes(SERVICE.replace("USER 1000\n", ""), folder)
    assert not any(what.startswith("Run it locked down") for what in found)


def test_nothing_to_run_without_a_command(folder: Path) -> None:
    assert list(recipes("FROM scratch\nCOPY a /\n", folder)) == ["Build the image"]


def test_health_check_on_a_port_that_is_not_published(folder: Path) -> None:
    found = recipes(SERVICE.replace("8000/health", "7000/health"), folder)
    assert "Test the health endpoint" not in found
    assert "See what the health check says" in found


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
    assert list(recipes(text, folder)) == ["Build the image"]
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
    script = 'docker() { printf \'%s\\n\' "docker $#" >> "$NOTES"; }\n' + shell_view.render(result)
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
        assert set(entry) == {"what", "tool", "argv", "shell"}
        assert shlex.split(entry["shell"]) == entry["argv"]
        assert entry["argv"][0] == entry["tool"]
