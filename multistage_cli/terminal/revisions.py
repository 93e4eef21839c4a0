"""Another build to compare with: another Dockerfile, or the same one at a revision of git."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.errors import MultistageError
from multistage_cli.printable import printable
from multistage_cli.terminal.commands import BuildOptions, evaluate_source
from multistage_cli.terminal.reading import Source, parsed_dockerfile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build
    from multistage_cli.terminal.git import Repository

_OPTION = "--against"

AgainstOption = Annotated[
    str | None,
    typer.Option(
        _OPTION,
        help="Show what differs from another build: another Dockerfile, or this one at a git revision. A name that is"
        " both means the file.",
        metavar="OTHER",
        rich_help_panel="The comparison",
    ),
]


class OtherBuild(Struct, frozen=True):
    """The build to compare with.

    Attributes:
        label: how to name it to people: the file, or the revision with the start of its commit.
        build: evaluated with the same options.
        notes: what makes the comparison less than exact, in words.
    """

    label: str
    build: Build
    notes: tuple[str, ...] = ()


@contextmanager
def other_build(build: Build, against: str, options: BuildOptions) -> Iterator[OtherBuild]:
    """The build that `--against` names; its build context is there as long as the context manager is open.

    Args:
        build: the build that it is compared with.
        against: a file that exists, else a revision of git.
        options: of the build, which count for the other one too.

    Raises:
        MultistageError: it is neither a file nor a revision, or the other build cannot be evaluated.
    """
    options = replace(options, target=_target(build, options))
    if against == "-" or Path(against).is_file():
        source, parsed = parsed_dockerfile(Path(against))
        yield OtherBuild(source.label, evaluate_source(source, parsed, options))
        return
    import tempfile

    repository = _repository(build, against)
    with tempfile.TemporaryDirectory(prefix="multistage-", ignore_cleanup_errors=True) as name:
        yield _earlier(build, repository, Path(name), options)


def options_of(ctx: typer.Context) -> BuildOptions:
    """The options of the build that a command was given."""
    given = ctx.params
    context = given.get("context")  # as Click read it, before Typer makes a path of it
    return BuildOptions(
        target=given.get("target"),
        build_args=given.get("build_arg"),
        build_contexts=given.get("build_context"),
        context=None if context is None else Path(context),
        platform=given.get("platform") or BuildOptions().platform,
        online=bool(given.get("online")),
    )


def _target(build: Build, options: BuildOptions) -> str | None:
    """The target that was asked for, by an option or elsewhere; None for the last stage, whichever that is."""
    if options.target is not None or build.target is None:
        return options.target
    stage = build.target.stage
    return None if stage.index == len(build.graph.stages) - 1 else stage.key


def _repository(build: Build, against: str) -> Repository:
    from multistage_cli.terminal.git import open_repository

    shown = printable(against)
    if Path(against).is_dir():
        raise MultistageError(f"{shown} is a folder; name the Dockerfile in it, or a git revision")
    if build.file is None or build.context is None:
        raise MultistageError(
            f"no such file: {shown}; for a git revision the Dockerfile must be on disk, not standard input"
        )
    try:
        return open_repository(
            build.context.root,
            against,
            option=f"{_OPTION} {shown}",
            otherwise="name a Dockerfile that exists",
        )
    except MultistageError as error:
        raise MultistageError(f"no such file: {shown}. As a revision: {error}") from None


def _earlier(build: Build, repository: Repository, place: Path, options: BuildOptions) -> OtherBuild:
    from multistage_cli.build.context.build_context import IGNORE_FILE
    from multistage_cli.build.context.dockerignore import parse as parse_ignore
    from multistage_cli.parser import parse
    from multistage_cli.terminal.earlier_tree import write_tree

    if build.file is None or build.context is None:
        raise MultistageError("the Dockerfile must be on disk, not standard input")
    text = dockerfile_at(repository, build.file)
    if text is None:
        raise MultistageError(
            f"{build.path} is not in {printable(repository.revision)}; name another revision, or a Dockerfile"
        )
    tree, beside = place / "context", place / "dockerfile"
    tree.mkdir()
    beside.mkdir()
    # Beside the build context, since it may lie outside of it; its own ignore file goes before the other one.
    file = beside / build.file.name
    own = own_ignore_at(repository, build.file)
    ignore = parse_ignore((repository.read(IGNORE_FILE) if own is None else own) or "")
    notes = write_tree(repository, tree, lambda path: path == IGNORE_FILE or not ignore.excludes(path))
    if own is not None:
        file.with_name(f"{file.name}.dockerignore").write_bytes(own.encode("utf-8", "surrogateescape"))
    name, commit = printable(repository.revision), repository.commit[:7]
    label = name if name == commit else f"{name} ({commit})"
    source = Source(f"{build.path} at {repository.revision}", file, text)
    earlier = evaluate_source(source, parse(text), replace(options, context=tree))
    # Its place is that of now: what a configuration says of paths is about that one.
    earlier = replace(earlier, file=build.file)
    return OtherBuild(label, earlier, (*_untracked(build, repository), *notes))


def dockerfile_at(repository: Repository, file: Path) -> str | None:
    """The text of a Dockerfile in a revision; None where it was not there."""
    return repository.at(file.parent).read(file.name)


def own_ignore_at(repository: Repository, file: Path) -> str | None:
    """The text of a Dockerfile's own ignore file in a revision; None where there was none."""
    return repository.at(file.parent).read(f"{file.name}.dockerignore")


def _untracked(build: Build, repository: Repository) -> Iterator[str]:
    """What the build context holds and no revision can."""
    from multistage_cli.terminal.earlier_tree import paths_shown

    context = build.context
    if context is None:
        return
    found = [path for path in repository.untracked() if context.exists(path.rstrip("/"))]
    if context.exists(".git"):
        found.append(".git/")
    if found:
        yield (
            f"git does not track {printable(paths_shown(found))}: they are in the build context now, and left out of"
            f" {printable(repository.revision)}"
        )
