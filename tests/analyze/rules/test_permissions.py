"""Modes of files that only this checkout has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from multistage_cli.analyze.findings import Confidence, Severity
from multistage_cli.analyze.rules.permissions import started_program_out_of_reach
from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(os.name == "nt", reason="there are no such modes")
@pytest.mark.parametrize(
    ("mode", "flags", "severity"),
    [
        (0o755, "", None),
        (0o700, "", Severity.WARNING),
        (0o700, "--chmod=755 ", None),
        (0o700, "--chmod=700 ", Severity.ERROR),
        (0o700, "--chown=1000 ", None),
    ],
)
def test_a_mode_of_the_checkout(mode: int, flags: str, severity: Severity | None, tmp_path: Path) -> None:
    text = f'FROM debian:12-slim\nCOPY {flags}run.sh /usr/local/bin/\nUSER 1000\nENTRYPOINT ["run.sh"]\n'
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    (tmp_path / "run.sh").write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    (tmp_path / "run.sh").chmod(mode)
    build = evaluate(parse(text), context=open_context(tmp_path, tmp_path / "Dockerfile"))
    found = list(started_program_out_of_reach.check(build))
    assert len(found) == (severity is not None)
    if severity is Severity.WARNING:
        assert (found[0].severity, found[0].confidence) == (Severity.WARNING, Confidence.LIKELY)
        assert "this checkout's" in found[0].message
    elif found:
        assert found[0].severity is None
