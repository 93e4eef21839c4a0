"""What BuildKit refuses, in files that are hardly Dockerfiles."""

from __future__ import annotations

from multistage_cli.analyze.engine import analyze_build
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse


def aliases(text: str) -> list[tuple[str, tuple[str, ...]]]:
    findings = analyze_build(evaluate(parse(text))).findings
    return [(found.code, found.aliases) for found in findings if found.code in {"MS001", "MS901"}]


def test_a_copy_above_the_first_stage_copies_from_no_stage() -> None:
    assert aliases("ARG A\nCOPY a b /c\n") == [("MS001", ("DL3021",))]
    assert aliases("ARG A\nCOPY --from=0 a /c\nFROM scratch\n")[0] == ("MS001", ())
