"""What is chosen for one Dockerfile: the configuration that holds for it, and the stages that are its targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.analyze.configuration import Configuration
from multistage_cli.analyze.engine import analyze_build
from multistage_cli.analyze.rule import named_stages
from multistage_cli.errors import MultistageError
from multistage_cli.terminal.nearby import text_of

if TYPE_CHECKING:
    from pathlib import Path

    from multistage_cli.analyze.engine import FileAnalysis
    from multistage_cli.build.evaluate import Build
    from multistage_cli.terminal.configured import ConfigFile, Configured

COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
BAKE_NAMES = ("docker-bake.hcl", "docker-bake.json")


def configuration_in(file: ConfigFile) -> Configuration:
    """What a file says: our own, or one of hadolint's.

    Raises:
        MultistageError: a key, a rule or a value in it is none.
    """
    if file.path.suffix in {".yaml", ".yml"}:
        from multistage_cli.analyze.config.hadolint import hadolint_configuration

        return hadolint_configuration(file.text, file.label)
    from multistage_cli.analyze.config.toml import configuration_of_table

    return configuration_of_table(file.table, file.label)


def configuration_for(configuration: Configuration, place: Path, dockerfile: Path | None) -> Configuration:
    """What of a configuration holds for one Dockerfile.

    Args:
        configuration: all of it.
        place: where the file lies that it comes from: paths in it are from there.
        dockerfile: where that lies; None for standard input.
    """
    if dockerfile is None:
        return replace(configuration, per_path=())
    folder = place.absolute().parent.resolve()
    resolved = dockerfile.absolute().parent.resolve() / dockerfile.name
    inside = resolved.relative_to(folder) if resolved.is_relative_to(folder) else dockerfile.absolute()
    return configuration.for_path(inside.as_posix())


class Chosen(Struct, frozen=True):
    """The targets of one Dockerfile.

    Attributes:
        configuration: with those of the targets that the Dockerfile has.
        indexes: of the stages that are built; None where nothing says so.
        main: the target to evaluate anew, because nothing builds what was evaluated; else None.
    """

    configuration: Configuration
    indexes: tuple[int, ...] | None
    main: str | None = None


def analyze_configured(build: Build, configured: Configured | None) -> FileAnalysis:
    """What `analyze` says of a build that was evaluated already, under the same configuration.

    Args:
        build: evaluated for the target that is named or configured, if any is.
        configured: which configuration counts; the defaults where None.

    Raises:
        MultistageError: a key, a rule or a value in the configuration is none.
    """
    file, target = (None, None) if configured is None else (configured.file, configured.target)
    configuration = Configuration()
    if file is not None:
        configuration = configuration_for(configuration_in(file), file.path, build.file)
    chosen = choose_targets(build, configuration, named=target is not None)
    analysis = analyze_build(build, configuration=chosen.configuration, targets=chosen.indexes)
    return replace(analysis, fail_on=configuration.fail_on, never_fails=configuration.never_fails)


def choose_targets(build: Build, configuration: Configuration, *, named: bool) -> Chosen:
    """The stages that are built: the one that the user named, those configured, those of files beside.

    Args:
        build: evaluated for the target that is named or configured, if any is.
        configuration: what holds for the Dockerfile.
        named: whether the user named the build's target.
    """
    graph = build.graph
    if named:
        return Chosen(configuration, () if graph.target is None else (graph.target,))
    settings = configuration.settings
    indexes = named_stages(build, settings.targets)
    if indexes:
        return Chosen(configuration, indexes)
    names, source = (frozenset[str](), "") if settings.targets else _targets_beside(build.file)
    indexes = named_stages(build, names)
    last = len(graph.stages) - 1
    if _LAST_STAGE in names and last >= 0:
        indexes = tuple(sorted({*indexes, last}))
    if not indexes:
        return Chosen(configuration, None)
    known = tuple(graph.stages[index].key for index in indexes)
    chosen = replace(configuration, settings=replace(settings, targets=known, targets_from=source))
    return Chosen(chosen, indexes, None if last in indexes else str(indexes[-1]))


_LAST_STAGE = ""  # a build that names no target; see analyze/config/targets.py


def _targets_beside(dockerfile: Path | None) -> tuple[frozenset[str], str]:
    """The targets that Bake and Compose files in the Dockerfile's folder build, and how to name those files.

    Empty where nothing is plain. A Compose file is often for development alone: a plain `docker build` of the last
    stage goes on beside it.
    """
    if dockerfile is None:
        return frozenset(), ""
    found: set[str] = set()
    read: list[str] = []
    for name in (*BAKE_NAMES, *COMPOSE_NAMES):
        place = dockerfile.parent / name
        if not place.is_file():
            continue
        from multistage_cli.analyze.config.targets import bake_targets, compose_targets

        try:
            text = text_of(place)
        except MultistageError:
            return frozenset(), ""
        bake = name in BAKE_NAMES
        own = dockerfile.name
        targets = bake_targets(text, name, own) if bake else compose_targets(text, own)
        if targets is None:
            # Whatever it builds may be any stage.
            return frozenset(), ""
        if targets:
            read.append(name)
            found |= targets if bake else {*targets, _LAST_STAGE}
    return frozenset(found), " and ".join(read)
