"""Our own configuration: what it says, and what is refused with a suggestion."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.config.toml import KEYS, configuration_of
from multistage_cli.analyze.configuration import Configuration
from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.selection import Selection
from multistage_cli.analyze.settings import LabelFormat, Settings
from multistage_cli.errors import MultistageError

WHOLE = """\
select = ["MS", "DL3008"]
extend-select = ["MS108"]
ignore = ["MS4"]
fail-on = "error"
targets = ["app", "test"]
trusted-registries = ["docker.io", "*.example.com"]
secret-names = ["pin"]
strict-labels = true

[required-labels]
"org.opencontainers.image.source" = "url"
team = "text"

[severity]
MS501 = "info"
DL4003 = "error"

[per-path."services/*"]
ignore = ["MS5"]
severity = { MS2 = "style" }

[per-stage."build*"]
ignore = ["MS205"]
select = ["MS2"]
"""


def test_everything() -> None:
    text = WHOLE.replace('"DL3008"', '"DL3025"')
    assert configuration_of(text, "multistage.toml") == Configuration(
        settings=Settings(
            trusted_registries=("docker.io", "*.example.com"),
            required_labels={"org.opencontainers.image.source": LabelFormat.URL, "team": LabelFormat.TEXT},
            strict_labels=True,
            secret_names=("pin",),
            targets=("app", "test"),
        ),
        selection=Selection(
            ("MS", "DL3025"), ("MS108",), ("MS4",), {"MS501": Severity.INFO, "DL4003": Severity.ERROR}
        ),
        per_path=(("services/*", Selection(ignore=("MS5",), severities={"MS2": Severity.STYLE})),),
        per_stage=(("build*", Selection(select=("MS2",), ignore=("MS205",))),),
        fail_on=Severity.ERROR,
        source="multistage.toml",
    )


def test_nothing() -> None:
    assert configuration_of("", "x") == Configuration(source="x")
    assert configuration_of('[project]\nname = "a"\n', "x", pyproject=True) == Configuration(source="x")
    assert configuration_of("fail-on = 'never'", "x") == Configuration(never_fails=True, source="x")


def test_table_of_a_pyproject() -> None:
    text = '[project]\nname = "a"\n[tool.multistage]\nignore = ["MS5"]\n[tool.multistage.severity]\nMS2 = "info"\n'
    found = configuration_of(text, "pyproject.toml", pyproject=True).selection
    assert found == Selection(ignore=("MS5",), severities={"MS2": Severity.INFO})


def test_labels_may_be_a_list() -> None:
    found = configuration_of('required-labels = ["a", "b"]', "x").settings.required_labels
    assert found == {"a": LabelFormat.TEXT, "b": LabelFormat.TEXT}


def test_what_holds_for_a_path() -> None:
    found = configuration_of(WHOLE.replace(', "DL3008"', ""), "x")
    assert found.for_path("services/web/Dockerfile").selection.ignore == ("MS4", "MS5")
    assert found.for_path("Dockerfile").selection.ignore == ("MS4",)
    assert [entry.ignore for entry in found.for_stage("build-amd64")] == [("MS205",)]
    assert found.for_stage("app") == ()
    assert found.for_stage(None) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ignores = []", 'x has an unknown key "ignores"; did you mean "ignore"?'),
        ("nonsense = 1", f'x has an unknown key "nonsense"; known are {", ".join(KEYS)}'),
        ('[per-path."a"]\ntargets = []', 'x has an unknown key "per-path."a".targets"'),
        ('ignore = ["MS299"]', 'x has "MS299", which is no rule; did you mean "MS'),
        ('ignore = ["unreachable-stages"]', 'no rule; did you mean "unreachable-stage"?'),
        ('[severity]\nMS299 = "info"', 'x has "MS299", which is no rule'),
        (
            '[severity]\nMS204 = "warn"',
            'x: severity.MS204 must be one of error, warning, info, style; did you mean "war',
        ),
        ('ignore = "MS204"', 'x: ignore must be a list of texts, such as ["one", "two"]'),
        ("ignore = [1]", "x: ignore must be a list of texts"),
        ("strict-labels = 1", "x: strict-labels must be true or false"),
        ('fail-on = "all"', "x: fail-on must be one of error, warning, info, style, never"),
        ('required-labels = { a = "uri" }', "x: required-labels.a must be one of text, rawtext, url"),
        ("severity = 1", "x: severity must be a table"),
        ("per-stage = 1", "x: per-stage must be a table"),
        ("per-stage = { a = 1 }", 'x: per-stage."a" must be a table'),
        ("a = ", "x is no TOML: "),
        ("a = " + "[" * 5_000, "x cannot be read: "),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(MultistageError) as caught:
        configuration_of(text, "x")
    assert str(caught.value).startswith(message) or message in str(caught.value)
