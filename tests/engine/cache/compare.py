"""What `multistage cache` says about the scenarios, beside what an engine did.

    python -m tests.engine.cache.compare

prints the table of scenarios.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from multistage_cli.cli import main
from tests.engine.cache.scenario import BASE, Scenario
from tests.engine.cache.scenarios import SCENARIOS

RESULTS = Path(__file__).with_name("results.json")
STORES = ("classic", "containerd")
NONCE = "0"


@dataclass(frozen=True, slots=True)
class Line:
    """One step: what we say and what each image store did (`cached` or `run`)."""

    line: int
    said: str
    certain: bool
    because: str
    real: tuple[str, ...]

    @property
    def wrong_and_certain(self) -> bool:
        return self.certain and any(done != self.said for done in self.real)


def stored() -> dict[str, Any]:
    """The results of the engines, by scenario."""
    return dict(json.loads(RESULTS.read_text(encoding="utf-8")))


def answers(scenario: Scenario, folder: Path) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """What we say to each question of a scenario."""
    base = f"{BASE}:{NONCE}"
    before, after = scenario.write(folder, NONCE, base)
    here = Path.cwd()
    os.chdir(after)
    try:
        for question in scenario.questions:
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                code = main(scenario.asked(question, before, base))
            assert code == 0, (scenario.name, question)
            yield question, json.loads(output.getvalue())
    finally:
        os.chdir(here)


def lines(answer: dict[str, Any], results: dict[str, Any]) -> list[Line]:
    """Each step that an engine has, beside ours."""
    said = [entry for entry in answer["instructions"] if entry["result"] in {"re-run", "cached"}]
    real = [list(results[store].items()) for store in STORES if store in results]
    for steps in real:
        assert [entry["line"] for entry in said] == [int(key.split(".")[0]) for key, _ in steps]
    return [
        Line(
            entry["line"],
            "run" if entry["result"] == "re-run" else "cached",
            entry["certain"],
            entry["because"],
            # A step that never started did not run.
            tuple("run" if steps[index][1] == "run" else "cached" for steps in real),
        )
        for index, entry in enumerate(said)
    ]


def table() -> str:
    """Scenarios, questions and steps of each family, and how many of the steps are right."""
    results = stored()
    rows = [
        "| rule | scenarios | questions | steps | certain, right | certain, wrong | not certain | of those as likely |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    total = [0] * 7
    for family in dict.fromkeys(scenario.family for scenario in SCENARIOS):
        counts = [0] * 7
        for scenario in (entry for entry in SCENARIOS if entry.family == family):
            counts[0] += 1
            with tempfile.TemporaryDirectory() as folder:
                for _, answer in answers(scenario, Path(folder)):
                    found = lines(answer, results[f"{family}/{scenario.name}"])
                    counts[1] += 1
                    counts[2] += len(found)
                    counts[3] += sum(line.certain and not line.wrong_and_certain for line in found)
                    counts[4] += sum(line.wrong_and_certain for line in found)
                    counts[5] += sum(not line.certain for line in found)
                    counts[6] += sum(not line.certain and line.said in line.real for line in found)
        rows.append(f"| {family} | " + " | ".join(map(str, counts)) + " |")
        total = [one + other for one, other in zip(total, counts, strict=True)]
    rows.append("| all | " + " | ".join(map(str, total)) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
