"""Builds every case with a Docker engine, and stores what its layers weigh.

    python -m tests.engine.sizes.record [NAME...]

It takes the engine that `docker` finds, and the base images of the cases in its store. Every stage that a case needs
is built and its layers are read from `docker history`, one build at a time; images are removed at the end. A name
stands for the cases whose names hold it. All cases take about a quarter of an hour on two cores and want the network,
for packages that are not there from an earlier build.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from multistage_cli.build.evaluate import Build, EvaluatedStage
from tests.engine.cache.record import Engine, Handler, served
from tests.engine.sizes.case import Case, all_cases, build_of
from tests.engine.sizes.truth import TrueStage, Truth, store

PREFIX = "szproof-"


def measure(engine: Engine, case: Case, folder: Path) -> Truth:
    """Builds the stages of one case."""
    context = case.write(folder / "context")
    if not case.project:
        restore_hosts(context)
    build = build_of(context)
    with _index(engine, case, build, folder / "index") as options:
        stages = {entry.stage.key: _stage(engine, build, entry, context, options) for entry in build.needed}
    assert build.target is not None
    return Truth(
        case=case.digest(),
        date=dt.datetime.now(tz=dt.UTC).date().isoformat(),
        engine=engine.run("version", "--format", "{{.Server.Version}}").strip(),
        target=build.target.stage.key,
        stages=stages,
    )


def restore_hosts(folder: Path) -> None:
    """Put the public indexes, whose names pip and npm know, in the place of those in the cases' lock files.

    The names there are as long as the real ones, so that the files weigh the same.
    """
    from pip._internal.models.index import PyPI

    hosts = {"pip.test": PyPI.netloc, "files.pip-package.test": PyPI.file_storage_domain}
    for file in folder.rglob("*"):
        if file.suffix not in {".json", ".lock", ".toml"}:
            continue
        text = found = file.read_text(encoding="utf-8")
        if "https://registry.np" in text:
            hosts |= dict.fromkeys(("registry.npms.test", "registry.npm-js.test"), _npm_host())
        for name, host in hosts.items():
            found = found.replace(f"https://{name}/", f"https://{host}/")
        if found != text:
            file.write_text(found, encoding="utf-8")


def _npm_host() -> str:
    command = ["npm", "config", "get", "registry"]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    return found.strip().removeprefix("https://").rstrip("/")


class IndexHandler(Handler):
    """Files that may be kept, as the Python Package Index gives them out; a folder's listing is a project's page."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "max-age=365000000, immutable, public")
        super().end_headers()


@contextmanager
def _index(engine: Engine, case: Case, build: Build, folder: Path) -> Iterator[list[str]]:
    """A package index on loopback with what the case's pip installs: the options that make a build use it."""
    if not case.index:
        yield []
        return
    folder.mkdir()
    image = build.stages[0].stage.base.label
    mounted = f"--volume={folder}:/index"
    engine.run(
        "run", "--rm", "--network=host", mounted, image, "pip", "download", "-qd", "/index", *case.index
    )
    for wheel in list(folder.iterdir()):
        project = folder / wheel.name.partition("-")[0].lower().replace("_", "-")
        project.mkdir(exist_ok=True)
        wheel.rename(project / wheel.name)
    with served(IndexHandler) as server:
        server.folder = folder
        host = f"127.0.0.1:{server.server_port}"
        # Without TLS pip keeps only what a host that it was told to trust says.
        yield [f"--build-arg=PIP_INDEX_URL=http://{host}", f"--build-arg=PIP_TRUSTED_HOST={host}"]


def _stage(
    engine: Engine, build: Build, entry: EvaluatedStage, context: Path, options: list[str]
) -> TrueStage:
    tag = f"{PREFIX}{uuid.uuid4().hex}"
    engine.images.append(tag)
    # The last stage need not have a name, and BuildKit takes no index for a target.
    target = [f"--target={entry.stage.name}"] if entry.stage.name else []
    engine.run("build", "--network=host", "--tag", tag, *target, *options, ".", folder=context)
    layers: dict[int, int] = {}
    # Layers of the base image and of stages before come first in the history.
    sizes = _history(engine, tag)
    lines = [(step.instruction.name, step.line) for step in entry.steps if step.may_add_layer]
    own = sizes[len(sizes) - len(lines) :]
    if [name for name, _ in lines] != [name for name, _ in own]:
        raise RuntimeError(f"{entry.stage.label}: {lines} is not what the engine tells: {own}")
    for (_, line), (_, size) in zip(lines, own, strict=True):
        layers[line] = size
    root = entry.stage
    while root.base.stage is not None:
        root = build.graph.stages[root.base.stage]
    base = root.base.label
    return TrueStage(
        base=base,
        base_bytes=0 if base == "scratch" else _size(engine, base),
        image_bytes=_size(engine, tag),
        layers=layers,
    )


def _history(engine: Engine, tag: str) -> list[tuple[str, int]]:
    """Instructions that may add a layer, the first one first, with their bytes."""
    told = engine.run(
        "history", "--no-trunc", "--human=false", "--format", "{{.Size}} {{json .CreatedBy}}", tag
    )
    found = []
    for line in reversed(told.splitlines()):
        size, _, text = line.partition(" ")
        name = json.loads(text).partition(" ")[0]
        if name in {"RUN", "COPY", "ADD", "WORKDIR"}:
            found.append((name, int(size)))
    return found


def _size(engine: Engine, image: str) -> int:
    return int(engine.run("image", "inspect", "--format", "{{.Size}}", image))


def main(names: list[str]) -> int:
    engine = Engine()
    failed = 0
    for case in all_cases():
        if names and not any(wanted in case.name for wanted in names):
            continue
        start = time.monotonic()
        try:
            with tempfile.TemporaryDirectory() as folder:
                truth = measure(engine, case, Path(folder))
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"FAILED {case.name}: {error}", file=sys.stderr)  # noqa: T201
            continue
        finally:
            engine.clean()
        store(case, truth)
        spent = time.monotonic() - start
        print(f"{case.name}: {truth.image.image_bytes:,} bytes, {spent:.0f} s", flush=True)  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
