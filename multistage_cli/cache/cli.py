"""`multistage cache`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from multistage_cli.errors import MultistageError
from multistage_cli.terminal import room_command

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build
    from multistage_cli.cache.invalidation import Question
    from multistage_cli.cache.model import CacheReport

CHANGE = "The change"

ChangedOption = Annotated[
    list[str] | None,
    typer.Option(
        "--changed",
        help="A file or folder of the build context that changes, or a pattern as in .dockerignore. Repeatable.",
        metavar="PATH",
        rich_help_panel=CHANGE,
    ),
]
ChangedArgOption = Annotated[
    list[str] | None,
    typer.Option(
        "--changed-arg",
        help="A build argument that gets another value: any, or the one given. Repeatable.",
        metavar="NAME[=VALUE]",
        rich_help_panel=CHANGE,
    ),
]
ChangedImageOption = Annotated[
    list[str] | None,
    typer.Option(
        "--changed-image",
        help="A base image, a named context or an address that holds something else. Repeatable.",
        metavar="REF",
        rich_help_panel=CHANGE,
    ),
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        help="All that git says has changed since this revision, the Dockerfile included.",
        metavar="GIT_REV",
        rich_help_panel=CHANGE,
    ),
]
BeforeOption = Annotated[
    Path | None,
    typer.Option(
        "--before",
        help="An earlier build context, with its Dockerfile, to compare with.",
        metavar="DIR",
        rich_help_panel=CHANGE,
    ),
]
BeforeDockerfileOption = Annotated[
    Path | None,
    typer.Option(
        "--before-dockerfile",
        help="The earlier Dockerfile, where it lies elsewhere.",
        metavar="FILE",
        rich_help_panel=CHANGE,
    ),
]
BeforeBuildArgOption = Annotated[
    list[str] | None,
    typer.Option(
        "--before-build-arg",
        help="A build argument of the earlier build, where it was another. Repeatable.",
        metavar="NAME=VALUE",
        rich_help_panel=CHANGE,
    ),
]


@room_command("text")
def cache(
    build: Build,
    *,
    changed: ChangedOption = None,
    changed_arg: ChangedArgOption = None,
    changed_image: ChangedImageOption = None,
    since: SinceOption = None,
    before: BeforeOption = None,
    before_dockerfile: BeforeDockerfileOption = None,
    before_build_arg: BeforeBuildArgOption = None,
) -> CacheReport:
    """Tell what a change rebuilds, instruction by instruction, and why.

    Example: multistage cache --changed src/app.py
    """
    from multistage_cli.cache.changes import Named, question_of_named, with_advice
    from multistage_cli.cache.invalidation import predict

    named = bool(changed or changed_arg or changed_image)
    earlier = bool(before or before_dockerfile or before_build_arg)
    _refuse_mixtures(named=named, since=since is not None, before=before is not None, earlier=earlier)
    history: tuple[frozenset[str], ...] = ()
    if since is not None:
        question, history = _since(build, since, before_dockerfile, before_build_arg or [])
    elif earlier:
        question = _before(build, before, before_dockerfile, before_build_arg or [])
    else:
        paths = tuple(_in_context(path, build) for path in changed or ())
        question = question_of_named(
            build, Named(paths, tuple(changed_arg or ()), tuple(changed_image or ()))
        )
    return with_advice(predict(question), question, history)


def _refuse_mixtures(*, named: bool, since: bool, before: bool, earlier: bool) -> None:
    if since and before:
        raise MultistageError("--since and --before each name the earlier build; give one of them")
    if named and (since or earlier):
        option = "--since" if since else "--before"
        raise MultistageError(
            f"{option} finds the changes by itself; leave out --changed, or leave out {option}"
        )


def _in_context(path: str, build: Build) -> str:
    """A path as the user typed it, relative to the build context."""
    if build.context is None:
        return path
    root = Path(os.path.abspath(build.context.root))  # noqa: PTH100 - resolve() would follow links
    if build.context.stat(path) is not None and not Path(path).is_absolute():
        return path
    place = Path(os.path.abspath(path))  # noqa: PTH100
    if place.is_relative_to(root) and (Path(path).is_absolute() or os.path.lexists(place)):
        return place.relative_to(root).as_posix()
    if Path(path).is_absolute():
        raise MultistageError(f"{path} is not in the build context {build.context.root}; name a path in it")
    return path


def _since(
    build: Build, revision: str, dockerfile: Path | None, arguments: list[str]
) -> tuple[Question, tuple[frozenset[str], ...]]:
    from multistage_cli.build.context import BuildContext, Change, Difference
    from multistage_cli.build.context.dockerignore import parse as parse_ignore
    from multistage_cli.cache.changes import question_of_builds, reevaluated
    from multistage_cli.parser import parse
    from multistage_cli.terminal.git import open_repository
    from multistage_cli.terminal.reading import parsed_dockerfile
    from multistage_cli.terminal.revisions import dockerfile_at, own_ignore_at

    if build.context is None or build.file is None:
        raise MultistageError("--since needs a Dockerfile and a build context on disk, not standard input")
    repository = open_repository(
        build.context.root, revision, option="--since", otherwise="use --changed or --before"
    )
    if dockerfile is not None:
        _, parsed = parsed_dockerfile(dockerfile)
    else:
        text = dockerfile_at(repository, build.file)
        if text is None:
            raise MultistageError(
                f"{build.path} is not in {revision}; name the earlier one with --before-dockerfile"
            )
        parsed = parse(text)
    ignore = own_ignore_at(repository, build.file)
    if ignore is None:
        ignore = repository.read(".dockerignore")
    context = build.context
    if (ignore or "") != _ignore_text(build):
        context = BuildContext(build.context.root, parse_ignore(ignore or ""), None)
    before = reevaluated(
        build, dockerfile=parsed, build_args=_earlier_arguments(build, arguments), context=context
    )
    touched = list(repository.touched())
    notes: tuple[str, ...] = ()
    if build.context.exists(".git"):
        # git tells nothing of its own files; a commit changes them for sure, and so may a mere git status.
        touched.append(Difference(".git", Change.CHANGED, folder=True, perhaps=repository.is_head()))
        notes = ("the build context holds .git, which every commit changes: leave it out in .dockerignore",)
    question = question_of_builds(before, build, touched, f"since {revision}", notes)
    return question, repository.history()


def _ignore_text(build: Build) -> str:
    place = build.context.ignore_file if build.context else None
    return Path(place).read_bytes().decode("utf-8", "surrogateescape") if place else ""


def _before(build: Build, folder: Path | None, dockerfile: Path | None, arguments: list[str]) -> Question:
    from multistage_cli.build.context import open_context
    from multistage_cli.cache.changes import question_of_builds, reevaluated
    from multistage_cli.terminal.reading import parsed_dockerfile

    path = dockerfile
    if path is None and folder is not None:
        if build.file is None:
            raise MultistageError("name the earlier Dockerfile with --before-dockerfile")
        path = folder / _relative_name(build)
    parsed = parsed_dockerfile(path)[1] if path is not None else None
    context = open_context(folder, path) if folder is not None else None
    before = reevaluated(
        build, dockerfile=parsed, build_args=_earlier_arguments(build, arguments), context=context
    )
    change = f"since {folder or dockerfile}" if folder or dockerfile else "with other build arguments"
    return question_of_builds(before, build, None, change)


def _relative_name(build: Build) -> Path:
    """Where the Dockerfile lies in its build context; its name where it lies outside."""
    if build.file is None or build.context is None:
        return Path("Dockerfile")
    file, root = Path(os.path.abspath(build.file)), Path(os.path.abspath(build.context.root))  # noqa: PTH100
    return file.relative_to(root) if file.is_relative_to(root) else Path(file.name)


def _earlier_arguments(build: Build, arguments: list[str]) -> dict[str, str]:
    found = dict(build.build_args)
    for entry in arguments:
        name, equals, value = entry.partition("=")
        if not (name and equals):
            raise MultistageError(f'--before-build-arg "{entry}" is not NAME=VALUE')
        found[name] = value
    return found
