"""What the build context does not have, by who makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.rules.copied_paths import copied_path_not_in_context
from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("ignore", "severity"),
    [
        ("", None),
        ("target/\n", Severity.INFO),
        ("*.jar\n", Severity.INFO),
        ("/target/*\n!/target/app.jar\n", None),
        ("target/app.jar/\n", None),
        ("build/\n", None),
    ],
)
def test_what_git_ignores_is_made_before_the_build(
    ignore: str, severity: Severity | None, tmp_path: Path
) -> None:
    text = "FROM eclipse-temurin:21-jre\nCOPY target/app.jar /app/\n"
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    (tmp_path / ".gitignore").write_text(ignore, encoding="utf-8")
    build = evaluate(parse(text), context=open_context(tmp_path, tmp_path / "Dockerfile"))
    (match,) = copied_path_not_in_context.check(build)
    assert match.severity is severity
    assert match.message.endswith("make it before the build")
