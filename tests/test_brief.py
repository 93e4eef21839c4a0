"""The small example that this project grew from still gives its facts."""

from __future__ import annotations

import shutil
from pathlib import Path

from multistage_cli.analyze.practices import Status, judge, score_of
from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.commands.recipes import collect_recipes
from multistage_cli.flow.graph import collect_flow
from multistage_cli.parser import parse
from multistage_cli.sizes.estimate import estimate_sizes
from tests.corpus import DATA


def brief(tmp_path: Path) -> Build:
    """The example in a folder of the service's name, which names the image."""
    folder = tmp_path / "ml-service"
    shutil.copytree(DATA / "dockerfiles" / "brief", folder)
    file = folder / "Dockerfile"
    return evaluate(parse(file.read_text()), file=file, context=open_context(folder, file))


def test_two_stages_and_what_they_do(tmp_path: Path) -> None:
    flow = collect_flow(brief(tmp_path))
    assert [(stage.label, stage.base) for stage in flow.stages] == [
        ("builder", "python:3.11-slim"),
        ("runtime", "python:3.11-slim"),
    ]
    assert flow.stages[0].instructions == ("WORKDIR", "RUN", "COPY")
    # The example's printed list ends before HEALTHCHECK and CMD, though its own check finds the former.
    assert flow.stages[1].instructions[:6] == ("WORKDIR", "RUN", "COPY", "ENV", "USER", "EXPOSE")
    assert [(edge.source, edge.to, edge.paths) for edge in flow.edges] == [
        ("builder", "runtime", ("/root/.local",))
    ]


def test_seven_of_seven(tmp_path: Path) -> None:
    practices = judge(brief(tmp_path))
    assert [practice.name for practice in practices] == [
        "Multistage Build",
        "Slim Base Image",
        "Non-root User",
        "Layer Caching",
        "Health Check",
        "Pip Cache",
        "Stage Copying",
    ]
    assert {practice.status for practice in practices} == {Status.PASSED}
    score = score_of(practices)
    assert (score.passed, score.total) == (7, 7)


def test_its_commands(tmp_path: Path) -> None:
    found = {recipe.what: recipe.shell for recipe in collect_recipes(brief(tmp_path)).recipes}
    context = tmp_path / "ml-service"
    assert found["Build the image"] == f"docker build -t ml-service:v1 {context}"
    assert found["Build only the builder stage (for debugging)"] == (
        f"docker build --target builder -t ml-service:builder {context}"
    )
    assert found["Run the container"] == "docker run -p 8000:8000 ml-service:v1"
    assert found["Test the health endpoint"] == "curl http://localhost:8000/health"


def test_its_sizes(tmp_path: Path) -> None:
    sizes = estimate_sizes(brief(tmp_path))
    full, slim, written = sizes.comparison
    assert full.size.estimate > slim.size.estimate > written.size.estimate
    assert [entry.label for entry in (slim, written)] == ["one stage, python:3.11-slim", "as written"]
    assert full.label.startswith("one stage, python:3.11")
    assert 100_000_000 < written.size.estimate < 200_000_000
    assert sizes.saving_percent >= 80
    heaviest = sizes.excluded[0]
    assert (heaviest.what, heaviest.stage, heaviest.line) == ("build-essential", "builder", 6)
