"""`.hadolint.yaml` as a Configuration: rules, severities, trusted registries and the label schema."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from multistage_cli.analyze.config.yaml import Value, YamlError, parse
from multistage_cli.analyze.configuration import Configuration
from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.selection import Selection, is_known
from multistage_cli.analyze.settings import LabelFormat, Settings
from multistage_cli.errors import MultistageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

_THRESHOLDS = {
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "info": Severity.INFO,
    "style": Severity.STYLE,
}


def hadolint_configuration(text: str, label: str) -> Configuration:
    """Read hadolint's configuration; what it says about output is none of ours, unknown rules neither.

    Args:
        text: of the file.
        label: how to name the file to people.

    Raises:
        MultistageError: it cannot be read.
    """
    try:
        data = parse(text)
    except YamlError as error:
        raise MultistageError(f"{label}, {error}; or write a multistage.toml instead") from None
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise MultistageError(f"{label} is no mapping of keys to values")
    override = data.get("override")
    schema = data.get("label-schema")
    threshold = data.get("failure-threshold")
    return Configuration(
        settings=Settings(
            # Its README has the one spelling, and some of its versions read the other.
            trusted_registries=tuple(_texts(data.get("trustedRegistries", data.get("trusted-registries")))),
            required_labels=MappingProxyType(
                {name: _format(name, kind, label) for name, kind in schema.items()}
                if isinstance(schema, dict)
                else {}
            ),
            strict_labels=data.get("strict-labels") is True,
        ),
        selection=Selection(
            ignore=_rules(data.get("ignored")),
            severities={
                rule: severity
                for name, severity in _THRESHOLDS.items()
                for rule in _rules(override.get(name) if isinstance(override, dict) else None)
            },
        ),
        fail_on=_THRESHOLDS.get(str(threshold)),
        never_fails=data.get("no-fail") is True or threshold in {"ignore", "none"},
        source=label,
    )


def _rules(value: Value) -> tuple[str, ...]:
    return tuple(word for word in dict.fromkeys(_texts(value)) if is_known(word))


def _texts(value: Value) -> Iterator[str]:
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            yield entry


_FORMATS = {"": LabelFormat.TEXT} | {
    str(form): form for form in LabelFormat if form is not LabelFormat.RAW_TEXT
}
"""What it takes (readEitherLabelType in src/Hadolint/Rule.hs)."""


def _format(name: str, kind: Value, label: str) -> LabelFormat:
    found = _FORMATS.get("" if kind is None else str(kind))
    if found is None:
        near = did_you_mean(str(kind), _FORMATS) or f"; known are {', '.join(filter(None, _FORMATS))}"
        raise MultistageError(f'{label}: label-schema.{name} is "{kind}", which hadolint refuses{near}')
    return found
