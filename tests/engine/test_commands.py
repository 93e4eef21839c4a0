"""The commands that we show, typed: each is run by a Docker engine, in the order in which they are shown."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.commands.recipes import Recipe, Recipes, collect_recipes
from multistage_cli.commands.views import bake, compose
from multistage_cli.parser import parse
from tests.engine.conftest import ROOT, Docker

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        shutil.which("curl") is None, reason="curl is not installed, and is among the commands"
    ),
]

SERVER = """\
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"well")
http.server.HTTPServer(("", int(sys.argv[1])), Answer).serve_forever()
"""


@dataclass(frozen=True, slots=True)
class Example:
    """A Dockerfile with what lies beside it.

    `lacks` names what its commands must not hold, `shows` what they must.
    """

    text: str
    files: dict[str, str] = field(default_factory=dict)
    name: str = "Dockerfile"
    target: str | None = None
    build_args: dict[str, str] = field(default_factory=dict)
    build_contexts: dict[str, str] = field(default_factory=dict)
    shows: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


EXAMPLES = {
    "static-site": Example(
        "FROM busybox:musl\nCOPY site /www\nUSER 1000\nEXPOSE 18471\n"
        "HEALTHCHECK --interval=1s CMD wget -q -O /dev/null http://127.0.0.1:18471/ || exit 1\n"
        'CMD ["httpd", "-f", "-p", "18471", "-h", "/www"]\n',
        {"site/index.html": "well"},
        shows=("Run it locked down", "Test the health endpoint", "See what the health check said"),
    ),
    "python-service": Example(
        "FROM python:3.12-slim AS base\nENV PYTHONUNBUFFERED=1\n"
        "FROM base AS test\nCOPY server.py .\nRUN python -m py_compile server.py\nCMD python -m unittest\n"
        "FROM base AS app\nWORKDIR /app\nCOPY server.py .\nUSER 10001:10001\nEXPOSE 18472\n"
        'HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen(\'http://localhost:18472/up\')"]\n'
        'ENTRYPOINT ["python", "server.py"]\nCMD ["18472"]\n',
        {"server.py": SERVER},
        shows=("Build the test stage, which the image does not need", "Run the health check once"),
    ),
    "virtual-environment": Example(
        "FROM python:3.12-slim AS builder\nRUN python -m venv --without-pip /opt/venv\n"
        "FROM python:3.12-slim\nCOPY --from=builder /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n"
        'CMD ["python", "-c", "import sys; print(sys.prefix)"]\n',
        shows=("Run it as an ordinary user", "Look around in the builder stage"),
        lacks=("Test the health endpoint", "Run it locked down"),
    ),
    "artefacts": Example(
        "FROM busybox:musl AS make\nRUN mkdir /out && echo report > /out/report.txt\n"
        "FROM scratch AS report\nCOPY --from=make /out/ /\n"
        'FROM busybox:musl\nCOPY --from=make /out/report.txt /\nCMD ["cat", "/report.txt"]\n',
        shows=("Get the files of the report stage",),
    ),
    "files-only": Example(
        "FROM scratch\nCOPY a.txt b.txt /\n",
        {"a.txt": "a", "b.txt": "b"},
        shows=("Get the files of the image",),
        lacks=("Run the container", "Look around"),
    ),
    "build-arguments": Example(
        "ARG FLAVOUR\nARG BASE=busybox\nFROM $BASE:$FLAVOUR AS tools\n"
        "FROM $BASE:$FLAVOUR\nARG VERSION=1.2 CHANNEL\n"
        'RUN test "${CHANNEL:?say which}" = given && echo $VERSION > /version\nCMD ["cat", "/version"]\n',
        build_args={"FLAVOUR": "musl"},
        shows=("Set the build arguments",),
    ),
    "required-base": Example(
        'ARG BASE_TAG\nFROM busybox:$BASE_TAG\nCMD ["true"]\n', lacks=("Set the build arguments",)
    ),
    "secrets": Example(
        "FROM busybox:musl\n"
        "RUN --mount=type=secret,id=npmrc,target=/run/npmrc test $(cat /run/npmrc) = given\n"
        "RUN --mount=type=secret,id=token,env=API_TOKEN test $API_TOKEN = given\n"
        'RUN --mount=type=ssh test -S $SSH_AUTH_SOCK\nCMD ["true"]\n',
    ),
    "named-context": Example(
        'FROM busybox:musl\nCOPY --from=assets logo.svg /\nCMD ["cat", "/logo.svg"]\n',
        {"brand assets/logo.svg": "<svg/>"},
        build_contexts={"assets": "brand assets"},
    ),
    "volumes": Example(
        "FROM busybox:musl\nRUN mkdir -p /var/lib/shop && chown 1000 /var/lib/shop\nVOLUME /var/lib/shop\nUSER 1000\n"
        'CMD ["touch", "/var/lib/shop/here", "/tmp/there"]\n',
        shows=("Run it locked down (for a program that writes to /tmp and its volumes at most)",),
    ),
    "other-name": Example(
        "FROM busybox:musl AS base\nFROM base AS dev\nCMD echo dev\nFROM base AS prod\nCMD echo prod\n",
        name="deploy.Dockerfile",
        target="dev",
        shows=("Build the image of stage dev", "Build the prod stage, which the image does not need"),
    ),
    "platforms": Example(
        "FROM --platform=$BUILDPLATFORM busybox:musl AS build\nARG TARGETARCH\nRUN echo $TARGETARCH > /arch\n"
        "FROM scratch\nCOPY --from=build /arch /arch\n"
        'COPY --from=build /bin/busybox /busybox\nENTRYPOINT ["/busybox", "cat", "/arch"]\n',
        shows=("Build it for linux/amd64 and linux/arm64", "List them"),
        lacks=("Look around in the image",),
    ),
}


@pytest.fixture
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A socket that an SSH agent might listen on."""
    path = tmp_path_factory.mktemp("a") / "agent"
    os.chdir(path.parent)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as place:
        place.bind("agent")
        place.listen()
        yield str(path)


@dataclass(slots=True)
class Typist:
    """Types commands in a folder, with what this kind of engine wants added and with names of its own."""

    docker: Docker
    network: str
    folder: Path
    agent: str
    name: str
    images: set[str] = field(default_factory=set)
    volumes: set[str] = field(default_factory=set)

    def type(self, *argv: str, fails: bool = False, **variables: str) -> str:
        """The output of a command."""
        done = subprocess.run(
            argv,
            cwd=self.folder,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
            check=False,
            env={**os.environ, "SSH_AUTH_SOCK": self.agent, **variables},
        )
        assert (done.returncode != 0) is fails, f"{argv}:\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def recipe(self, recipe: Recipe, ours: str) -> str:
        """The output of a command that we show; the image's name is exchanged for one that nobody else has."""
        argv = [word.replace(ours, self.name) for word in recipe.argv]
        argv[0] = self.docker.executable if argv[0] == "docker" else argv[0]
        if "build" in argv[1:3]:
            argv.insert(argv.index("build") + 1, "--network=host")
            self.images |= {argv[at + 1] for at, word in enumerate(argv) if word == "-t"}
        elif argv[1] == "run":
            argv = ["-i" if word == "-it" else word for word in argv]
            argv[2:2] = [f"--network={self.network}"]
            self.volumes |= {argv[at + 1].partition(":")[0] for at, word in enumerate(argv) if word == "-v"}
            if "-d" not in argv and "-i" not in argv:
                argv = [word for word in argv if word != "--rm"]  # to ask afterwards how it ended
                argv[2:2] = ["-d", "--name", f"{self.name}-once"]
        output = self.type(*argv, CHANNEL="given", BASE_TAG="musl", NPMRC="given", API_TOKEN="given")
        if argv[1] == "run" and f"{self.name}-once" in argv:
            self._ran(wait=not recipe.what.startswith("Run the container"))
        return output

    def _ran(self, *, wait: bool) -> None:
        """The container that was started runs, or ended well; it is removed."""
        once = f"{self.name}-once"
        time.sleep(1.0 if wait else 0.3)
        state = self.docker.inspect(once)["State"]
        logs = self.type(self.docker.executable, "logs", once)
        self.type(self.docker.executable, "rm", "--force", "--volumes", once)
        assert state["Running"] or state["ExitCode"] == 0, logs

    def clean_up(self) -> None:
        for container in (self.name, f"{self.name}-once"):
            self.docker.attempt("rm", "--force", container)
        if self.images:
            self.docker.attempt("image", "rm", "--force", *self.images)
        if self.volumes:
            self.docker.attempt("volume", "rm", "--force", *self.volumes)


@pytest.fixture
def typist(docker: Docker, network: str, tmp_path: Path, agent: str) -> Iterator[Typist]:
    found = Typist(docker, network, tmp_path, agent, f"multistage-test-{uuid.uuid4().hex[:12]}")
    yield found
    found.clean_up()


def recipes_of(example: Example, folder: Path) -> Recipes:
    for path, content in example.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    (folder / example.name).write_text(example.text)
    os.chdir(folder)  # as their owner would: no path needs to name it
    file = Path(example.name)
    build = evaluate(
        parse(example.text),
        file=file,
        context=open_context(Path(), file),
        target=example.target,
        build_args=example.build_args,
        build_contexts=example.build_contexts,
    )
    return collect_recipes(build)


@pytest.fixture(autouse=True)
def back_again() -> Iterator[None]:
    before = Path.cwd()
    yield
    os.chdir(before)


def type_all(found: Recipes, typist: Typist) -> None:
    ours = found.plan.name
    for recipe in found.recipes:
        if recipe.argv[1] == "buildx" or recipe.tool == "curl":
            continue  # two platforms at once need another image store; curl has its turn below
        if recipe.what == "Run the health check once":
            until_it_succeeds(typist, recipe, ours)
            continue
        output = typist.recipe(recipe, ours)
        if recipe.what == "Run it in the background":
            asking = next((entry for entry in found.recipes if entry.tool == "curl"), None)
            if asking is not None:
                assert until_it_answers(typist, *asking.argv)
        elif recipe.what.startswith("Get the files"):
            assert list((typist.folder / "out").iterdir())
            shutil.rmtree(typist.folder / "out")
        elif recipe.what == "See what the health check said so far":
            assert '"Status":' in output
        elif recipe.what == "See how large it is":
            assert len(output.splitlines()) == 2
    for entry in found.recipes:
        if entry.argv[1] == "buildx":
            one = tuple("linux/amd64" if word == "linux/amd64,linux/arm64" else word for word in entry.argv)
            typist.recipe(Recipe(entry.what, entry.tool, one), ours)


def until_it_succeeds(typist: Typist, recipe: Recipe, ours: str) -> None:
    """The service was started a moment ago: its health check may well fail at first."""
    end = time.monotonic() + 30
    while True:
        try:
            typist.recipe(recipe, ours)
        except AssertionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)
        else:
            return


def until_it_answers(typist: Typist, *argv: str) -> str:
    """The answer of a service that has just been started."""
    end = time.monotonic() + 30
    while True:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode == 0:
            return done.stdout
        assert time.monotonic() < end, typist.docker.attempt("logs", typist.name).stdout + done.stderr
        time.sleep(0.2)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_command_works(name: str, typist: Typist) -> None:
    example = EXAMPLES[name]
    found = recipes_of(example, typist.folder)
    shown = [recipe.what for recipe in found.recipes]
    for what in example.shows:
        assert any(line.startswith(what) for line in shown), (what, shown)
    for what in example.lacks:
        assert not any(line.startswith(what) for line in shown), (what, shown)
    type_all(found, typist)


def test_every_command_of_our_own_dockerfile_works(typist: Typist) -> None:
    os.chdir(ROOT)
    file = Path("Dockerfile")
    build = evaluate(parse(file.read_text(encoding="utf-8")), file=file, context=open_context(Path(), file))
    typist.folder = ROOT
    type_all(collect_recipes(build), typist)


@pytest.mark.parametrize("name", ["build-arguments", "required-base", "secrets"])
def test_a_build_without_what_is_asked_for_fails(name: str, typist: Typist) -> None:
    found = recipes_of(EXAMPLES[name], typist.folder)
    build = found.recipes[0]
    assert build.notes
    typist.type(
        *(typist.docker.executable, "build", "--network=host", "--no-cache"),
        *(word.replace(found.plan.name, typist.name) for word in build.argv[2:]),
        fails=True,
        **dict.fromkeys(("CHANNEL", "BASE_TAG", "NPMRC", "API_TOKEN"), ""),
    )


def test_bake_builds_it(typist: Typist) -> None:
    found = recipes_of(EXAMPLES["static-site"], typist.folder)
    text = bake.render(found).replace(f"{found.plan.name}:", f"{typist.name}:")
    (typist.folder / "docker-bake.hcl").write_text(text)
    typist.images.add(f"{typist.name}:v1")
    typist.type(typist.docker.executable, "buildx", "bake")
    assert typist.docker.inspect(f"{typist.name}:v1")["Config"]["User"] == "1000"


def test_bake_writes_files(typist: Typist) -> None:
    found = recipes_of(EXAMPLES["files-only"], typist.folder)
    (typist.folder / "docker-bake.hcl").write_text(bake.render(found))
    typist.type(typist.docker.executable, "buildx", "bake", "image-files")
    assert sorted(path.name for path in (typist.folder / "out").iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("profile", [None, "locked-down"])
def test_compose_builds_and_runs_it(profile: str | None, typist: Typist) -> None:
    found = recipes_of(EXAMPLES["static-site"], typist.folder)
    (typist.folder / "compose.yaml").write_text(compose.render(found).replace(found.plan.name, typist.name))
    typist.images.add(f"{typist.name}:v1")
    words = (typist.docker.executable, "compose", "--project-name", typist.name)
    service = typist.name if profile is None else f"{typist.name}-{profile}"
    options = () if profile is None else ("--profile", profile)
    try:
        typist.type(*words, *options, "up", "--build", "--detach", service)
        assert until_it_answers(typist, "curl", "--silent", "--fail", "http://localhost:18471/") == "well"
        [container] = typist.type(*words, *options, "ps", "--quiet").split()
        assert typist.docker.inspect(container)["HostConfig"]["ReadonlyRootfs"] is (profile is not None)
    finally:
        typist.type(*words, *options, "down", "--volumes")
