"""`multistage.toml`, or `[tool.multistage]` of `pyproject.toml`, as a Configuration."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from multistage_cli.analyze.configuration import Configuration
from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.selection import Selection, check_words
from multistage_cli.analyze.settings import LabelFormat, Settings
from multistage_cli.errors import MultistageError, did_you_mean
from multistage_cli.terminal.configured import KEYS, as_table, check_keys, table_of, texts_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

_SCOPED = ("extend-select", "ignore", "select", "severity")
_NEVER = "never"

Choice = TypeVar("Choice", bound="StrEnum")


def configuration_of(text: str, label: str, *, pyproject: bool = False) -> Configuration:
    """Read a configuration.

    Args:
        text: of the file.
        label: how to name the file to people.
        pyproject: whether it is a `pyproject.toml`, of which one table counts.

    Raises:
        MultistageError: it is no TOML, or a key or a rule in it is unknown, or a value is none for its key.
    """
    return configuration_of_table(table_of(text, label, pyproject=pyproject), label)


def configuration_of_table(table: Mapping[str, Any], label: str) -> Configuration:
    """Read a configuration whose keys and values were read.

    Raises:
        MultistageError: a key or a rule in it is unknown, or a value is none for its key.
    """
    return _Reader(label).read(table)


class _Reader:
    def __init__(self, label: str) -> None:
        self.label = label

    def read(self, data: Mapping[str, Any]) -> Configuration:
        check_keys(data, KEYS, self.label)
        fail_on = data.get("fail-on")
        severities = (*Severity, _NEVER)
        if fail_on is not None and fail_on not in severities:
            raise self._wrong("fail-on", f"one of {', '.join(severities)}")
        return Configuration(
            settings=Settings(
                trusted_registries=self._texts(data, "trusted-registries"),
                required_labels=self._labels(data.get("required-labels", {})),
                strict_labels=self._switch(data, "strict-labels"),
                secret_names=self._texts(data, "secret-names"),
                targets=self._texts(data, "targets"),
            ),
            selection=self._selection(data, ""),
            per_path=self._scoped(data, "per-path"),
            per_stage=self._scoped(data, "per-stage"),
            fail_on=None if fail_on in {None, _NEVER} else Severity(fail_on),
            never_fails=fail_on == _NEVER,
            source=self.label,
        )

    def _selection(self, data: Mapping[str, Any], before: str) -> Selection:
        severities = as_table(data.get("severity", {}), f"{self.label}: {before}severity")
        found = Selection(
            self._texts(data, "select", before) if "select" in data else None,
            self._texts(data, "extend-select", before),
            self._texts(data, "ignore", before),
            {
                word: self._choice(Severity, value, f"{before}severity.{word}")
                for word, value in severities.items()
            },
        )
        check_words((*(found.select or ()), *found.extend, *found.ignore, *found.severities), self.label)
        return found

    def _scoped(self, data: Mapping[str, Any], key: str) -> tuple[tuple[str, Selection], ...]:
        found = []
        for pattern, inner in as_table(data.get(key, {}), f"{self.label}: {key}").items():
            before = f'{key}."{pattern}".'
            table = as_table(inner, f"{self.label}: {before[:-1]}")
            check_keys(table, _SCOPED, self.label, before)
            found.append((pattern, self._selection(table, before)))
        return tuple(found)

    def _labels(self, value: object) -> Mapping[str, LabelFormat]:
        if isinstance(value, list) and all(isinstance(name, str) for name in value):
            return MappingProxyType(dict.fromkeys(value, LabelFormat.TEXT))
        table = as_table(value, f"{self.label}: required-labels")
        return MappingProxyType(
            {name: self._choice(LabelFormat, kind, f"required-labels.{name}") for name, kind in table.items()}
        )

    def _texts(self, data: Mapping[str, Any], key: str, before: str = "") -> tuple[str, ...]:
        return texts_of(data, key, self.label, before)

    def _switch(self, data: Mapping[str, Any], key: str) -> bool:
        value = data.get(key, False)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def _choice(self, kind: type[Choice], value: object, key: str) -> Choice:
        names = [str(entry) for entry in kind]
        if value not in names:
            near = did_you_mean(str(value), names) if isinstance(value, str) else ""
            raise self._wrong(key, f"one of {', '.join(names)}{near}")
        return kind(value)

    def _wrong(self, key: str, wanted: str) -> MultistageError:
        return MultistageError(f"{self.label}: {key} must be {wanted}")
