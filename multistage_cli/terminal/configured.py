"""The configuration file: where it is found, and the part of it that every command heeds, the targets.

What it says of rules and findings is the business of `analyze`, which reads on from here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from multistage_cli.errors import MultistageError, did_you_mean
from multistage_cli.printable import printable
from multistage_cli.terminal.nearby import nearest, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from multistage_cli.parser import Dockerfile

OWN_NAMES = ("multistage.toml", "pyproject.toml")
HADOLINT_NAMES = (".hadolint.yaml", ".hadolint.yml")
KEYS = (
    "extend-select", "fail-on", "ignore", "per-path", "per-stage", "required-labels", "secret-names", "select",
    "severity", "strict-labels", "targets", "trusted-registries",
)  # fmt: skip
"""All keys of the configuration."""


class ConfigOptions(Struct, frozen=True):
    """`--config` and `--no-config`.

    Attributes:
        file: the one that the user named, or None.
        look: whether one is looked for where none is named.
    """

    file: Path | None = None
    look: bool = True


class ConfigFile(Struct, frozen=True):
    """A configuration file that was read.

    Attributes:
        path: where it lies.
        label: how to name it to people.
        text: all of it.
        table: our own keys with their values; empty for hadolint's, which is YAML.
        targets: the stages that it says are built, as written.
    """

    path: Path
    label: str
    text: str
    table: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = ()


class Configured(Struct, frozen=True):
    """What was asked for a build besides the build itself.

    Attributes:
        file: the configuration that counts for its Dockerfile, or None.
        target: the one that the user named, whatever is configured, or None.
    """

    file: ConfigFile | None = None
    target: str | None = None


def config_options(config: Path | None, *, no_config: bool) -> ConfigOptions:
    """The two options together.

    Raises:
        MultistageError: both are given.
    """
    if config is not None and no_config:
        raise MultistageError("--config and --no-config exclude each other; write one of them")
    return ConfigOptions(config, look=not no_config)


def find_config(folder: Path, options: ConfigOptions) -> Path | None:
    """The configuration that counts for a Dockerfile in a folder; None for none."""
    if options.file is not None:
        return options.file
    if not options.look:
        return None
    return nearest(folder, OWN_NAMES, _is_ours) or nearest(folder, HADOLINT_NAMES, lambda _: True)


def _is_ours(path: Path) -> bool:
    return path.name != "pyproject.toml" or "tool.multistage" in text_of(path)


def read_config(path: Path) -> ConfigFile:
    """Read a configuration.

    Raises:
        MultistageError: it cannot be read, has an unknown key, or its targets are no list of names.
    """
    text, label = text_of(path), _shown(path)
    if path.suffix in {".yaml", ".yml"}:
        return ConfigFile(path, label, text)
    table = table_of(text, label, pyproject=path.name == "pyproject.toml")
    check_keys(table, KEYS, label)
    return ConfigFile(path, label, text, table, texts_of(table, "targets", label))


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def table_of(text: str, label: str, *, pyproject: bool) -> dict[str, Any]:
    """The keys and values of a TOML file of ours.

    Args:
        text: of the file.
        label: how to name the file to people.
        pyproject: whether it is a `pyproject.toml`, of which one table counts.

    Raises:
        MultistageError: it is no TOML.
    """
    import tomllib

    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MultistageError(f"{label} is no TOML: {str(error).lower()}") from None
    except (ValueError, RecursionError):  # Python reads no number of more than 4,300 digits
        raise MultistageError(f"{label} cannot be read: a number is too long or nested too deeply") from None
    if not pyproject:
        return data
    tool = data.get("tool")
    found = tool.get("multistage", {}) if isinstance(tool, dict) else {}
    return as_table(found, f"{label}: tool.multistage")


def as_table(value: object, where: str) -> dict[str, Any]:
    """A value that must be a table.

    Raises:
        MultistageError: it is none.
    """
    if not isinstance(value, dict):
        raise MultistageError(f"{where} must be a table")
    return value


def check_keys(table: Iterable[str], keys: tuple[str, ...], label: str, before: str = "") -> None:
    """Refuse a key that nobody knows.

    Args:
        table: the keys that are there.
        keys: those that may be.
        label: how to name the file to people.
        before: the tables around it.

    Raises:
        MultistageError: there is such a key.
    """
    for key in table:
        if key not in keys:
            near = did_you_mean(key, keys) or f"; known are {', '.join(keys)}"
            raise MultistageError(f'{label} has an unknown key "{before}{key}"{near}')


def texts_of(table: Mapping[str, Any], key: str, label: str, before: str = "") -> tuple[str, ...]:
    """The texts of a list; none where it is not there.

    Raises:
        MultistageError: it is no list of texts.
    """
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise MultistageError(f'{label}: {before}{key} must be a list of texts, such as ["one", "two"]')
    return tuple(value)


class Targets(Struct, frozen=True):
    """The configured targets, as one Dockerfile has them.

    Attributes:
        main: the one that a question about a single image is about: the last stage where it is configured, else
            the first one of the list; None where the Dockerfile has none of them.
        missing: those that it lacks, each with what to say of it.
    """

    main: str | None
    missing: tuple[str, ...] = ()


def configured_targets(dockerfile: Dockerfile, names: tuple[str, ...], label: str) -> Targets:
    """Which of the configured targets a Dockerfile has.

    Args:
        dockerfile: the parsed one.
        names: names or indexes of stages, as configured.
        label: how to name the configuration to people.
    """
    from multistage_cli.build.instructions import read_from

    heads = [read_from(entry) for entry in dockerfile.instructions if entry.name == "FROM"]
    stages = [(head.stage_name or "").lower() for head in heads]
    known = {*filter(None, stages), *map(str, range(len(stages)))}
    there = [name for name in names if name.lower() in known]
    last = {stages[-1], str(len(stages) - 1)} if stages else set()
    main = next((name for name in there if name.lower() in last), next(iter(there), None))
    missing = tuple(
        f'there is no stage "{name}", which {label} lists as a target{_stages_there(name, stages)}'
        for name in dict.fromkeys(names)
        if name.lower() not in known
    )
    return Targets(main, missing)


_MOST_STAGES = 6


def _stages_there(name: str, stages: list[str]) -> str:
    named = [printable(stage) for stage in dict.fromkeys(stages) if stage]
    near = did_you_mean(name.lower(), named)
    if near or not named:
        return near or "; no stage has a name"
    more = ", ..." if len(named) > _MOST_STAGES else ""
    return f"; the stages are {', '.join(named[:_MOST_STAGES])}{more}"
