"""What a Docker engine makes of the same stages: refused or not, which it builds, what words stand for.

Every Dockerfile starts from `scratch`, so that no base image is needed. Each stage copies the file `f`, and
BuildKit's plain output names the stages whose copies it really made.
"""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.errors import MultistageError
from multistage_cli.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Docker

pytestmark = pytest.mark.engine

_RAN = re.compile(r"^#\d+ \[(?:(\S+) +)?\d+/\d+\]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `docker build` did."""

    refused: bool
    output: str
    ran: frozenset[str]
    labels: dict[str, str] | None


Try = Callable[..., Outcome]


@pytest.fixture
def attempt(docker: Docker, tmp_path: Path) -> Iterator[Try]:
    """Builds a Dockerfile, which may be refused."""
    name = f"multistage-test-{uuid.uuid4().hex}"

    def build(dockerfile: str, *options: str) -> Outcome:
        # A content of its own: what BuildKit has cached it prints just the same, but never of another test.
        tmp_path.joinpath("f").write_text(uuid.uuid4().hex, encoding="utf-8")
        tmp_path.joinpath("Dockerfile").write_text(dockerfile, encoding="utf-8")
        result: subprocess.CompletedProcess[str] = docker.attempt(
            "build", "--progress=plain", "--network=host", "--tag", name, *options, str(tmp_path)
        )
        output = result.stdout + result.stderr
        labels = None
        if result.returncode == 0:
            labels = json.loads(docker.run("image", "inspect", "--format", "{{json .Config.Labels}}", name))
        # A stage that is alone has no name in the output.
        ran = frozenset(stage or "stage-0" for stage in _RAN.findall(output))
        return Outcome(result.returncode != 0, output, ran, labels)

    yield build
    docker.attempt("image", "rm", "--force", name)


def ours(dockerfile: str, **options: object) -> Build:
    return evaluate(parse(dockerfile), **options)  # type: ignore[arg-type]


def engine_name(build: Build, index: int) -> str:
    """How BuildKit prints a stage."""
    return build.graph.stages[index].name or f"stage-{index}"


TWO = "FROM scratch AS one\nCOPY f /1\nFROM scratch AS Two\nCOPY --from=one 1 /2\n"
STAGES: dict[str, tuple[str, dict[str, object]]] = {
    "one stage after another": (TWO, {}),
    "target in capitals": (TWO, {"target": "ONE"}),
    "target in lower case": (f"{TWO}FROM scratch\nCOPY f /\n", {"target": "two"}),
    "a stage that nobody needs": (f"FROM scratch AS idle\nCOPY f /\n{TWO}", {}),
    "copy by index": ("FROM scratch\nCOPY f /1\nFROM scratch\nCOPY --from=0 1 /\n", {}),
    "copy by index with zeros": ("FROM scratch AS a\nCOPY f /1\nFROM scratch\nCOPY --from=00 1 /\n", {}),
    "copy by index with a sign": ("FROM scratch AS a\nCOPY f /1\nFROM scratch\nCOPY --from=-0 1 /\n", {}),
    "copy by name in capitals": ("FROM scratch AS a\nCOPY f /1\nFROM scratch\nCOPY --from=A 1 /\n", {}),
    "index out of range": ("FROM scratch\nCOPY f /\nFROM scratch\nCOPY --from=2 f /\n", {}),
    "index out of range where nobody looks": (
        "FROM scratch AS a\nCOPY --from=9 f /\nFROM scratch\nCOPY f /\n",
        {},
    ),
    "negative index": ("FROM scratch\nCOPY f /\nFROM scratch\nCOPY --from=-1 f /\n", {}),
    "duplicates, copy": (
        "FROM scratch AS x\nCOPY f /a\nFROM scratch AS x\nCOPY f /b\nFROM scratch\nCOPY --from=x b /\n",
        {},
    ),
    "duplicates, from": (
        "FROM scratch AS x\nCOPY f /a\nFROM x\nCOPY f /c\nFROM scratch AS x\nCOPY f /b\n",
        {"target": "x"},
    ),
    "duplicates, copy from the last, which is later": (
        "FROM scratch AS x\nCOPY f /a\nFROM scratch AS y\nCOPY --from=x a /\nFROM scratch AS x\nCOPY f /a\nFROM y\n",
        {},
    ),
    "a later stage": ("FROM scratch AS a\nCOPY --from=b f /\nFROM scratch AS b\nCOPY f /\nFROM a\n", {}),
    "a later stage where nobody looks": (
        "FROM scratch AS a\nCOPY --from=b f /\nFROM scratch AS b\nCOPY f /\n",
        {},
    ),
    "a later stage by mount": (
        "FROM scratch AS a\nRUN --mount=from=b,target=/m x\nFROM scratch AS b\nCOPY f /\nFROM a\nCOPY f /\n",
        {},
    ),
    "a later stage by mount where nobody looks": (
        "FROM scratch AS a\nRUN --mount=from=b,target=/m x\nFROM scratch AS b\nCOPY f /\n",
        {},
    ),
    "itself": ("FROM scratch AS a\nCOPY --from=a f /\n", {}),
    "itself where nobody looks": ("FROM scratch AS a\nCOPY --from=a f /\nFROM scratch\nCOPY f /\n", {}),
    "itself by index": ("FROM scratch\nCOPY --from=0 f /\nFROM scratch\nCOPY f /\n", {}),
    "itself by mount": (
        "FROM scratch AS a\nRUN --mount=from=a,target=/m x\nFROM scratch\nCOPY f /\n",
        {},
    ),
    "a circle where nobody looks": (
        "FROM scratch AS a\nCOPY --from=b f /\nFROM scratch AS b\nCOPY --from=a f /\nFROM scratch\nCOPY f /\n",
        {},
    ),
    "a circle by way of FROM": ("FROM scratch AS a\nCOPY --from=b f /\nFROM a AS b\nCOPY f /\n", {}),
    "a circle by way of FROM where nobody looks": (
        "FROM scratch AS a\nCOPY --from=b f /\nFROM a AS b\nFROM scratch\nCOPY f /\n",
        {},
    ),
    "a variable in --from": ("ARG x=a\nFROM scratch AS a\nCOPY f /\nFROM scratch\nCOPY --from=$x f /\n", {}),
    "a variable in --from where nobody looks": (
        "ARG x=a\nFROM scratch AS a\nCOPY f /\nFROM scratch AS b\nCOPY --from=$x f /\nFROM a\n",
        {},
    ),
    "a named context for a stage": (
        "FROM scratch AS a\nCOPY f /\nFROM a AS b\nCOPY f /\nFROM scratch\nCOPY --from=b f /\n",
        {"build_contexts": {"b": "."}},
    ),
    "a named context for a later stage": (
        "FROM scratch AS a\nCOPY --from=b f /\nFROM scratch AS b\nCOPY f /\n",
        {"build_contexts": {"b": "."}, "target": "a"},
    ),
    "a named context hides no circle": (
        "FROM scratch AS a\nCOPY --from=b f /\nFROM scratch AS b\nCOPY --from=a f /\n",
        {"build_contexts": {"b": "."}},
    ),
    "a named context still reads what it replaces": (
        "FROM scratch AS c\nCOPY --from=d f /\nFROM d AS b\nCOPY --from=c f /\nFROM scratch AS d\nCOPY --from=b f /\n",
        {"build_contexts": {"b": "."}},
    ),
    "a named context for a base": (
        "FROM scratch AS p\nCOPY f /\nFROM foo AS a\nCOPY --from=p f /t/\nFROM scratch AS b\nCOPY --from=a f /\n",
        {"build_contexts": {"docker.io/library/foo": "."}},
    ),
    "a named context for a copy": (
        "FROM scratch\nCOPY --from=foo f /\n",
        {"build_contexts": {"foo": "."}},
    ),
    "a trigger": (
        "FROM scratch AS s\nCOPY f .\nFROM s AS a\nCOPY f a\nONBUILD COPY --from=s f t\nFROM a AS b\nFROM b\nCOPY f q",
        {},
    ),
    "a trigger with a stage below": (
        "FROM scratch AS a\nONBUILD COPY --from=c f /\nFROM scratch AS c\nCOPY f /\nFROM a\n",
        {},
    ),
    "a trigger with a stage that comes too late": (
        "FROM scratch AS a\nCOPY f /\nONBUILD COPY --from=c f /\nFROM a AS b\nFROM scratch AS c\nCOPY f /\n",
        {"target": "b"},
    ),
    "a trigger with a bad index": (
        "FROM scratch AS a\nCOPY f /\nONBUILD COPY --from=9 f /\nFROM a AS b\n",
        {},
    ),
    "a trigger with a bad index where nobody looks": (
        "FROM scratch AS a\nCOPY f /\nONBUILD COPY --from=9 f /\nFROM a AS b\nFROM scratch\nCOPY f /\n",
        {},
    ),
    "a trigger of a replaced stage": (
        "FROM scratch AS b\nONBUILD COPY f /t\nFROM b\nCOPY f /\n",
        {"build_contexts": {"b": "."}},
    ),
    "an empty base": ("ARG x\nFROM $x AS a\nFROM scratch\nCOPY f /\n", {}),
    "a base by argument": (
        "ARG x=nowhere\nFROM scratch AS a\nCOPY f /\nFROM $x\nCOPY f /2\n",
        {"build_args": {"x": "a"}},
    ),
    "an empty platform": ("FROM --platform=$x scratch\nCOPY f /\n", {}),
    "a platform by argument": ("FROM --platform=$TARGETPLATFORM scratch\nCOPY f /\n", {}),
}


def words(options: dict[str, object]) -> list[str]:
    found: list[str] = []
    for name, flag in (("build_args", "--build-arg"), ("build_contexts", "--build-context")):
        values = options.get(name, {})
        assert isinstance(values, dict)
        found += [word for key, value in values.items() for word in (flag, f"{key}={value}")]
    return found + (["--target", str(options["target"])] if "target" in options else [])


@pytest.mark.parametrize("title", STAGES)
def test_the_engine_refuses_and_builds_the_same_stages(attempt: Try, title: str, tmp_path: Path) -> None:
    dockerfile, options = STAGES[title]
    build = ours(dockerfile, **options)
    found = attempt(dockerfile, *[word.replace("=.", f"={tmp_path}") for word in words(options)])
    problems = [problem.message for problem in build.problems]
    assert bool(problems) == found.refused, (problems, found.output)
    if found.refused:
        return
    made = {
        engine_name(build, entry.stage.index)
        for entry in build.needed
        if any(step.copied is not None for step in entry.steps)
    }
    assert made == found.ran, found.output


@pytest.mark.parametrize("target", ["nobody", "3"])
def test_the_engine_knows_no_such_target_either(attempt: Try, target: str) -> None:
    with pytest.raises(MultistageError):
        ours(TWO, target=target)
    assert attempt(TWO, "--target", target).refused


def test_words_stand_for_the_same(attempt: Try) -> None:
    dockerfile = (
        'ARG v=1\nARG w=$v-2\nFROM scratch AS base\nARG v\nENV e=$v kept=yes\nLABEL a=$v b=$e c=${w:-none} d="$e x"\n'
        "FROM base AS child\nARG w\nLABEL e=$w f=$e g=$v h=${kept:+set} i=$TARGETARCH\nCOPY f /\n"
    )
    build = ours(dockerfile, build_args={"v": "7"})
    assert build.target is not None
    labels = attempt(dockerfile, "--build-arg", "v=7").labels
    assert labels == {name: setting.value for name, setting in build.target.final.labels.items()}
