"""Builds every scenario twice with a Docker engine, and stores what was taken from the cache.

    python -m tests.engine.cache.record [NAME...]

It takes the engine that `docker` finds, and the image busybox:musl (about 2 MB) in its store. What it stores in
results.json holds for the engine's image store, `classic` or `containerd`: run it with both. Every scenario starts
from an image of its own, so that no earlier build is in the way, and removes it at the end.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse
from tests.engine.cache.scenario import BASE, Scenario
from tests.engine.cache.scenarios import SCENARIOS

RESULTS = Path(__file__).with_name("results.json")
BUILD_SECONDS = 300
_NAME = re.compile(r"\[(?:([^\s\]]+) +)?(\d+)/\d+\] (.*)", re.DOTALL)

Steps = dict[str, str]
"""Line of the second Dockerfile, as text, to `cached`, `run` or `unseen`."""


class Engine:
    """The `docker` command, and what it leaves behind."""

    def __init__(self) -> None:
        self.images: list[str] = []

    def run(self, *arguments: str, folder: Path | None = None) -> str:
        result = subprocess.run(
            ["docker", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            timeout=BUILD_SECONDS,
            env={**os.environ, "DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "rawjson"},
        )
        if result.returncode != 0:
            told = [line for line in (result.stdout + result.stderr).splitlines() if not line.startswith("{")]
            raise RuntimeError(f"docker {' '.join(arguments)}:\n" + "\n".join(told))
        return result.stdout + result.stderr

    def store(self) -> str:
        status = self.run("info", "--format", "{{json .DriverStatus}}")
        return "containerd" if "containerd.snapshotter" in status else "classic"

    def make_base(self, tag: str, nonce: str, kind: str = "") -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "nonce").write_text(nonce + (kind if kind == "files" else ""), encoding="utf-8")
            (folder / "same").write_text("same", encoding="utf-8")
            label = f"LABEL kind={kind}\n" if kind == "label" else ""
            text = f"FROM busybox:musl\nCOPY nonce /nonce\nCOPY same /same\n{label}"
            (folder / "Dockerfile").write_text(text, encoding="utf-8")
            self.run("build", "--tag", tag, ".", folder=folder)
        self.images.append(tag)

    def build(
        self, folder: Path, scenario: Scenario, arguments: dict[str, str], secrets: dict[str, str]
    ) -> str:
        options = [f"--build-arg={name}={value}" for name, value in arguments.items()]
        for name, content in secrets.items():
            file = folder.parent / f"secret-{uuid.uuid4().hex}"
            file.write_text(content, encoding="utf-8")
            options.append(f"--secret=id={name},src={file}")
        options += [option.replace("{base}", self.images[0]) for option in scenario.options]
        if scenario.target:
            options.append(f"--target={scenario.target}")
        return self.run(
            "build",
            "--network=host",
            "--progress=rawjson",
            "--output=type=cacheonly",
            *options,
            ".",
            folder=folder,
        )

    def clean(self) -> None:
        if self.images:
            self.run("image", "rm", "--force", *self.images)
        self.images.clear()


def statuses(folder: Path, output: str, scenario: Scenario, arguments: dict[str, str]) -> Steps:
    """What became of each step, by its line."""
    told: dict[tuple[str, int], str] = {}
    for vertex in vertexes(output):
        name = _NAME.fullmatch(vertex["name"])
        # LINK only puts a layer in its place; the step that makes it has a vertex of its own.
        if name is None or name[3].startswith(("LINK ", "FROM ")):
            continue
        place = (name[1] or "", int(name[2]))
        if vertex.get("cached"):
            told[place] = "cached"
        elif vertex.get("started"):
            told.setdefault(place, "run")
    found: Steps = {}
    found: Steps = {}
    dockerfile = parse((folder / "Dockerfile").read_text(encoding="utf-8"))
    build = evaluate(dockerfile, target=scenario.target or None, build_args=arguments)
    for entry in build.needed:
        stage = entry.stage
        name = (stage.name or f"stage-{stage.index}") if len(build.stages) > 1 else stage.name or ""
        other = f"stage-{stage.index}"
        # FROM has a place of its own where it is no stage.
        position = 1 if stage.base.stage is None and stage.base.label != "scratch" else 0
        for step in entry.steps:
            instruction = step.instruction
            root = instruction.name == "WORKDIR" and step.after.working_directory.value == "/"
            if instruction.name not in {"RUN", "COPY", "ADD", "WORKDIR"} or root:
                continue
            position += 1
            key = f"{step.line}" if not step.fired else f"{step.line}.{position}"
            # BuildKit counts what mounts and COPY name as stages, and so may name a single one.
            found[key] = told.pop((name, position), told.pop((other, position), "unseen"))
    if told:
        raise RuntimeError(f"{scenario.name}: steps that were not expected: {told}\n{output}")
    return found


def vertexes(output: str) -> Iterator[dict[str, Any]]:
    """The steps of a build as `--progress=rawjson` tells of them, each several times."""
    for line in output.splitlines():
        if line.startswith("{"):
            yield from json.loads(line).get("vertexes", [])


class Server(ThreadingHTTPServer):
    """Gives out one folder after the other, on loopback."""

    folder = Path()


class Handler(SimpleHTTPRequestHandler):
    """A file of the server's folder, and no word about it."""

    def translate_path(self, path: str) -> str:
        assert isinstance(self.server, Server)
        return str(self.server.folder / path.lstrip("/"))

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(handler: type[Handler] = Handler) -> Iterator[Server]:
    """A server for the length of a scenario."""
    with Server(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def record(engine: Engine, scenario: Scenario, folder: Path) -> Steps:
    """Two builds, and what the second one took from the first."""
    nonce = uuid.uuid4().hex
    base = f"{BASE}:{nonce}"
    engine.make_base(base, nonce)
    engine.run("tag", base, f"{base}-alias")
    engine.images.append(f"{base}-alias")
    with served() as server:
        return _record(engine, scenario, (folder, nonce, base), server)


def _record(engine: Engine, scenario: Scenario, place: tuple[Path, str, str], server: Server) -> Steps:
    folder, nonce, base = place
    before, after = scenario.write(folder, nonce, base, f"http://127.0.0.1:{server.server_port}")
    server.folder = before
    arguments = dict(scenario.arguments)
    output = engine.build(before, scenario, arguments, dict(scenario.secrets))
    stale = {
        line: status
        for line, status in statuses(before, output, scenario, arguments).items()
        if status == "cached"
    }
    if stale:
        raise RuntimeError(f"{scenario.name}: the first build was not fresh: {stale}\n{output}")
    server.folder = after
    if scenario.base:
        engine.make_base(base, nonce, scenario.base)
    arguments |= scenario.other_arguments
    output = engine.build(after, scenario, arguments, {**scenario.secrets, **scenario.other_secrets})
    return statuses(after, output, scenario, arguments)


def main(names: list[str]) -> int:
    engine = Engine()
    store = engine.store()
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    failed = 0
    for scenario in SCENARIOS:
        name = f"{scenario.family}/{scenario.name}"
        if names and not any(wanted in name for wanted in names):
            continue
        try:
            with tempfile.TemporaryDirectory() as folder:
                steps = record(engine, scenario, Path(folder))
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"FAILED {name}: {error}", file=sys.stderr)  # noqa: T201
            continue
        finally:
            engine.clean()
        stored = known.setdefault(name, {})
        if stored.get("scenario") != scenario.digest:
            stored.clear()
        stored["scenario"] = scenario.digest
        stored[store] = steps
        print(f"{store} {name}: {steps}")  # noqa: T201
        order = [f"{entry.family}/{entry.name}" for entry in SCENARIOS]
        kept = {key: known[key] for key in order if key in known}
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
