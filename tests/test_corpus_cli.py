"""Every command on every Dockerfile of the corpus, as a person types it: by path and on standard input."""

from __future__ import annotations

import io
import json
import sys

import pytest

from multistage_cli.cli import main
from tests.corpus import Case, cases

COMMANDS = ("analyze", "cache", "commands", "flow", "inspect", "report", "sizes")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = main(arguments)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert code in {0, 1}, arguments
    return captured.out


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases()])
def test_every_command_answers(
    case: Case, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = case.expected.get("options", {})
    given = [f"--build-arg={name}={value}" for name, value in options.get("build_args", {}).items()]
    given += [f"--build-context={name}={place}" for name, place in options.get("build_contexts", {}).items()]
    for command in COMMANDS:
        assert run(capsys, command, str(case.dockerfile), *given).strip()
        by_path = json.loads(run(capsys, command, str(case.dockerfile), "--format", "json", *given))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(case.dockerfile.read_bytes())))
        on_input = json.loads(run(capsys, command, "-", "--format", "json", *given))
        assert by_path["version"] == on_input["version"] == 1
        assert by_path.keys() == on_input.keys()
    assert run(capsys, "flow", str(case.dockerfile), "--format", "tree", *given).strip()
