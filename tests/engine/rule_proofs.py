"""Pairs of Dockerfiles for rules: one that really fails, leaks or bloats, and its mended twin.

A pair is a folder of tests/engine/rules with `bad/` and `good/` (a Dockerfile and its build context each) and
`proof.toml`:

    rule = "copied-path-never-made"   # the only rule that finds something grave in the bad one
    lines = [4]                       # where
    proof = "build-fails"             # what the engine shows; see `PROOFS`
    text = "not found"                # what it says, or holds
"""

from __future__ import annotations

import io
import json
import posixpath
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
import tomllib
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from multistage_cli.analyze.engine import analyze_build
from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse
from tests.engine.conftest import BASE_IMAGE

if TYPE_CHECKING:
    from multistage_cli.analyze.findings import Finding
    from tests.engine.conftest import Docker

PAIRS = Path(__file__).parent / "rules"
BUILD_SECONDS = 300
RUN_SECONDS = 30
START_SECONDS = 2.0
HEALTH_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Pair:
    """A folder of tests/engine/rules.

    Attributes:
        name: of the folder.
        rule: its name.
        lines: first lines of what the rule finds in the bad one.
        proof: what the engine shows.
        text: what it says, or what lies in the image.
        path: in the image.
        command: to run in the image, for the proofs that do.
        least_bytes: how much larger the bad image is.
        run: further options of `docker run`.
        build: further options of `docker build`.
        also: further rules that may find an error in the bad one.
        made: files of both build contexts that git would not keep, with what they hold.
    """

    name: str
    rule: str
    lines: tuple[int, ...]
    proof: str
    text: str = ""
    path: str = ""
    command: tuple[str, ...] = ()
    least_bytes: int = 0
    run: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    made: dict[str, str] = field(default_factory=dict, hash=False)

    def folder(self, half: str) -> Path:
        return PAIRS / self.name / half

    @contextmanager
    def context(self, half: str) -> Iterator[Path]:
        """The build context of one half: its folder, or a copy with the files that git would not keep."""
        if not self.made:
            yield self.folder(half)
            return
        with tempfile.TemporaryDirectory() as name:
            copy = Path(name) / "context"
            shutil.copytree(self.folder(half), copy)
            for path, text in self.made.items():
                (copy / path).parent.mkdir(parents=True, exist_ok=True)
                (copy / path).write_text(text, encoding="utf-8")
            yield copy

    def findings(self, half: str) -> tuple[Finding, ...]:
        """All that the default rules find in one half, whose build context is its folder."""
        with self.context(half) as folder:
            file = folder / "Dockerfile"
            build = evaluate(
                parse(file.read_text(encoding="utf-8")), file=file, context=open_context(folder, file)
            )
            return analyze_build(build).findings


def pairs() -> list[Pair]:
    found = []
    for file in sorted(PAIRS.glob("*/proof.toml")):
        read: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        lists = {key: tuple(value) if isinstance(value, list) else value for key, value in read.items()}
        found.append(Pair(file.parent.name, **lists))
    return found


@dataclass(slots=True)
class Engine:
    """Builds and runs the two halves of one pair, and removes what it made."""

    docker: Docker
    pair: Pair
    images: list[str] = field(default_factory=list)
    containers: list[str] = field(default_factory=list)

    def build(self, half: str, *options: str) -> tuple[str, subprocess.CompletedProcess[str]]:
        image = f"multistage-rules-{uuid.uuid4().hex[:12]}"
        with self.pair.context(half) as folder:
            result = self.build_folder(folder, image, *options)
        if result.returncode == 0:
            self.images.append(image)
        return image, result

    def build_folder(self, folder: Path, image: str, *options: str) -> subprocess.CompletedProcess[str]:
        return self.docker.attempt(
            *("build", "--network=host", "--progress=plain", "--tag", image, *self.pair.build, *options),
            str(folder),
            timeout_seconds=BUILD_SECONDS,
        )

    def built(self, half: str) -> str:
        image, result = self.build(half)
        assert result.returncode == 0, result.stdout + result.stderr
        return image

    def start(self, image: str, *options: str) -> subprocess.CompletedProcess[str]:
        name = f"multistage-rules-{uuid.uuid4().hex[:12]}"
        self.containers.append(name)
        return self.docker.attempt("run", "--detach", "--name", name, *self.pair.run, *options, image)

    def output(self, image: str, *command: str) -> str:
        """All that a command prints in the image; it must end by itself."""
        name = f"multistage-rules-{uuid.uuid4().hex[:12]}"
        self.containers.append(name)
        entrypoint = ("--entrypoint", command[0]) if command else ()
        result = self.docker.attempt(
            *("run", "--name", name, "--network=none", *self.pair.run, *entrypoint, image, *command[1:]),
            timeout_seconds=RUN_SECONDS,
        )
        return result.stdout + result.stderr

    def clean(self) -> None:
        if self.containers:
            self.docker.attempt("rm", "--force", *self.containers)
        if self.images:
            self.docker.attempt("image", "rm", "--force", *self.images)


@contextmanager
def engine_for(docker: Docker, pair: Pair) -> Iterator[Engine]:
    engine = Engine(docker, pair)
    try:
        yield engine
    finally:
        engine.clean()


def _build_fails(engine: Engine) -> None:
    """The bad one does not build, and the builder says `text`; the good one does."""
    _, result = engine.build("bad")
    output = result.stdout + result.stderr
    assert result.returncode != 0, output
    assert engine.pair.text in output, output
    engine.built("good")


def _build_says(engine: Engine) -> None:
    """The builder says `text` while it builds the bad one, and not while it builds the good one."""
    for half in ("bad", "good"):
        # What a step prints is not told again where it is cached.
        _, result = engine.build(half, "--no-cache")
        output = result.stdout + result.stderr
        assert result.returncode == 0, output
        assert (engine.pair.text in output) is (half == "bad"), output


def _build_lacks(engine: Engine) -> None:
    """The builder says `text` while it builds the good one alone: the bad one never runs it."""
    for half in ("bad", "good"):
        # What a step prints is not told again where it is cached.
        _, result = engine.build(half, "--no-cache")
        output = result.stdout + result.stderr
        assert result.returncode == 0, output
        assert (engine.pair.text in output) is (half == "good"), output


def _start_fails(engine: Engine) -> None:
    """A container of the bad one ends at once with an error that says `text`; the good one's runs or ends well."""
    for half in ("bad", "good"):
        result = engine.start(engine.built(half), "--network=none")
        name = engine.containers[-1]
        code = result.returncode
        if code == 0:
            end = time.monotonic() + START_SECONDS
            while time.monotonic() < end and _state(engine, name)["Running"]:
                time.sleep(0.1)
            state = _state(engine, name)
            code = 0 if state["Running"] else int(state["ExitCode"])
        logs = engine.docker.attempt("logs", name)
        said = result.stderr + logs.stdout + logs.stderr
        if half == "bad":
            assert code != 0, said
            assert engine.pair.text in said, said
        else:
            assert code == 0, said


def _state(engine: Engine, name: str) -> dict[str, Any]:
    return dict(engine.docker.inspect(name)["State"])


def _unhealthy(engine: Engine) -> None:
    """The bad one's health check fails, the good one's succeeds."""
    for half, wanted in (("bad", "unhealthy"), ("good", "healthy")):
        result = engine.start(
            engine.built(half),
            *("--network=none", "--health-interval=1s", "--health-retries=3", "--health-start-period=1ms"),
        )
        assert result.returncode == 0, result.stderr
        name = engine.containers[-1]
        end = time.monotonic() + HEALTH_SECONDS
        while (state := _state(engine, name))["Health"]["Status"] == "starting" or (
            half == "good" and state["Health"]["Status"] == "unhealthy"
        ):
            assert state["Running"], engine.docker.attempt("logs", name)
            assert time.monotonic() < end, state["Health"]
            time.sleep(0.2)
        assert state["Health"]["Status"] == wanted, state["Health"]


def _layers(engine: Engine, image: str) -> Iterator[tuple[str, bytes]]:
    """Path and content of each file in each layer of an image, the base's included."""
    saved = subprocess.run(
        [engine.docker.executable, "save", image], capture_output=True, timeout=RUN_SECONDS * 2, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        for layer in json.load(manifest)[0]["Layers"]:
            blob = archive.extractfile(layer)
            assert blob is not None
            with tarfile.open(fileobj=io.BytesIO(blob.read())) as files:
                for member in files:
                    content = files.extractfile(member) if member.isfile() else None
                    yield posixpath.normpath(f"/{member.name}"), b"" if content is None else content.read()


def _in_layer(engine: Engine) -> None:
    """A layer of the bad image holds `path`, with `text` in it; no layer of the good one does."""
    for half in ("bad", "good"):
        held = any(
            (not engine.pair.path or path == engine.pair.path) and engine.pair.text.encode() in content
            for path, content in _layers(engine, engine.built(half))
        )
        assert held is (half == "bad")


def _twice(engine: Engine) -> None:
    """Two layers of the bad image hold `path`, one of the good one does."""
    for half, wanted in (("bad", 2), ("good", 1)):
        held = [path for path, _ in _layers(engine, engine.built(half)) if path == engine.pair.path]
        assert len(held) == wanted


def _in_history(engine: Engine) -> None:
    """The bad image's history or configuration holds `text`; the good one's does not."""
    for half in ("bad", "good"):
        image = engine.built(half)
        history = engine.docker.run("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
        config = json.dumps(engine.docker.inspect(image)["Config"])
        assert (engine.pair.text in history + config) is (half == "bad")


def _config_lacks(engine: Engine) -> None:
    """The configuration of the good image alone has `text`."""
    for half in ("bad", "good"):
        config = json.dumps(engine.docker.inspect(engine.built(half))["Config"])
        assert (engine.pair.text in config) is (half == "good"), config


def _larger(engine: Engine) -> None:
    """The bad image is larger, by `least_bytes` or more."""
    sizes = [int(engine.docker.inspect(engine.built(half))["Size"]) for half in ("bad", "good")]
    assert sizes[0] - sizes[1] >= engine.pair.least_bytes


def _prints(engine: Engine) -> None:
    """`command`, or what the image starts by itself, prints `text` in the bad image and not in the good one."""
    for half in ("bad", "good"):
        said = engine.output(engine.built(half), *engine.pair.command)
        assert (engine.pair.text in said) is (half == "bad"), said


def _unreachable(engine: Engine) -> None:
    """Another container gets an answer at port `text` from the good one alone."""
    network = f"multistage-rules-{uuid.uuid4().hex[:12]}"
    engine.docker.run("network", "create", network)
    try:
        for half in ("bad", "good"):
            image = engine.built(half)
            result = engine.start(image, f"--network={network}")
            assert result.returncode == 0, result.stderr
            name = engine.containers[-1]
            answered = False
            end = time.monotonic() + (HEALTH_SECONDS if half == "good" else 5)
            while not answered and time.monotonic() < end:
                code = (
                    f"import urllib.request as u; u.urlopen('http://{name}:{engine.pair.text}/', timeout=2)"
                )
                asked = engine.docker.attempt(
                    *("run", "--rm", f"--network={network}", BASE_IMAGE, "python", "-c", code)
                )
                answered = asked.returncode == 0
            assert answered is (half == "good")
            engine.docker.attempt("rm", "--force", name)
    finally:
        engine.docker.attempt("network", "rm", network)


def _re_runs(engine: Engine) -> None:
    """After a change of the file `path`, the bad one runs the step `text` again, and the good one does not."""
    for half in ("bad", "good"):
        image = f"multistage-rules-{uuid.uuid4().hex[:12]}"
        engine.images.append(image)
        with tempfile.TemporaryDirectory() as name:
            copy = Path(name) / "context"
            shutil.copytree(engine.pair.folder(half), copy)
            changed = copy / engine.pair.path
            text = changed.read_text(encoding="utf-8")
            mark = "#" if changed.suffix == ".py" else "//"
            output = ""
            for _ in range(2):
                # New each time: an earlier run of this test left its steps in the engine's cache.
                changed.write_text(f"{text}{mark} {uuid.uuid4().hex}\n", encoding="utf-8")
                result = engine.build_folder(copy, image)
                output = result.stdout + result.stderr
                assert result.returncode == 0, output
        [number] = re.findall(rf"^(#\d+) \[.*\] {re.escape(engine.pair.text)}", output, re.MULTILINE)
        cached = f"\n{number} CACHED" in output
        assert cached is (half == "good"), output


PROOFS: dict[str, Callable[[Engine], None]] = {
    "build-fails": _build_fails,
    "build-says": _build_says,
    "build-lacks": _build_lacks,
    "start-fails": _start_fails,
    "unhealthy": _unhealthy,
    "in-layer": _in_layer,
    "twice": _twice,
    "in-history": _in_history,
    "config-lacks": _config_lacks,
    "larger": _larger,
    "prints": _prints,
    "unreachable": _unreachable,
    "re-runs": _re_runs,
}
