"""hadolint's own configuration files."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.config.hadolint import hadolint_configuration
from multistage_cli.analyze.configuration import Configuration
from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.selection import Selection
from multistage_cli.analyze.settings import LabelFormat, Settings
from multistage_cli.errors import MultistageError

WHOLE = """\
# as in its README
failure-threshold: error
format: tty
ignored:
  - DL3025
  - DL9999   # no rule of ours
override:
  error:
    - DL4003
  info: [DL3024, NoSuchRule]
  style: []
label-schema:
  author: text
  contact: email
  created: rfc3339
strict-labels: true
trustedRegistries:
  - docker.io
  - my-company.com:5000
  - "*.gcr.io"
"""


def test_everything() -> None:
    assert hadolint_configuration(WHOLE, ".hadolint.yaml") == Configuration(
        settings=Settings(
            trusted_registries=("docker.io", "my-company.com:5000", "*.gcr.io"),
            required_labels={
                "author": LabelFormat.TEXT, "contact": LabelFormat.EMAIL, "created": LabelFormat.RFC3339,
            },
            strict_labels=True,
        ),
        selection=Selection(
            ignore=("DL3025",), severities={"DL4003": Severity.ERROR, "DL3024": Severity.INFO}
        ),
        fail_on=Severity.ERROR,
        source=".hadolint.yaml",
    )  # fmt: skip


def test_nothing() -> None:
    assert hadolint_configuration("", "x") == Configuration(source="x")
    assert hadolint_configuration("no-fail: true", "x").never_fails
    assert hadolint_configuration("failure-threshold: none", "x").never_fails


@pytest.mark.parametrize("text", ["- a", "ignored: &x [DL3025]", "a: ["])
def test_refused(text: str) -> None:
    with pytest.raises(MultistageError, match=r"^x"):
        hadolint_configuration(text, "x")
