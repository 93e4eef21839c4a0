"""Python in another stage: virtual environments and packages whose interpreter is elsewhere, or another one."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.analyze.findings import Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.changes import Installation
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.files import Kind, Nature
from multistage_cli.build.pythons import interpreter_at
from multistage_cli.build.stages import SourceKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.files import Content, Entry
    from multistage_cli.build.state import State


def copies_into(
    build: Build, asked: Asked
) -> Iterator[tuple[EvaluatedStage, EvaluatedStage, Step, EvaluatedStage, str]]:
    """Each COPY --from of a stage in what a target ships, once for each path.

    Yields:
        The target, the stage in which the COPY stands, the COPY, the stage that it copies from, and the path there.
    """
    for index in asked.targets:
        for number in build.graph.chain(index):
            owner = build.stages[number]
            for step in owner.steps:
                copied = step.copied
                if copied is None or copied.source is None or copied.source.kind is not SourceKind.STAGE:
                    continue
                source = copied.source.stage
                if source is None or source >= number or copied.destination is UNKNOWN:
                    continue
                for path in copied.sources:
                    if path is not UNKNOWN and not set(path) & set("*?["):
                        yield (
                            build.stages[index],
                            owner,
                            step,
                            build.stages[source],
                            posixpath.normpath(f"/{path.lstrip('/')}"),
                        )


def landed(step: Step, source: EvaluatedStage, path: str, below: str) -> str | None:
    """Where something at or below a copied path lies afterwards; None where it is not copied."""
    copied = step.copied
    if copied is None or copied.destination is UNKNOWN:
        return None
    base = path.rstrip("/")
    if below != path and not below.startswith(f"{base}/"):
        return None
    rest = below[len(base) :]
    destination = copied.destination.rstrip("/")
    is_file = not rest and source.final.files.entry(path).kind is not Kind.DIRECTORY
    if is_file and (copied.destination.endswith("/") or len(copied.sources) > 1):
        return f"{destination}/{posixpath.basename(path)}"
    return f"{destination}{rest}" or "/"


class Named:
    """The paths of a kind that commands have named in each stage; each stage is looked through once."""

    def __init__(self, wanted: Callable[[str, Entry], bool]) -> None:
        self._wanted = wanted
        self._found: dict[int, list[str]] = {}

    def below(self, source: EvaluatedStage, path: str) -> list[str]:
        """Those at a path and below it, sorted."""
        index = source.stage.index
        if index not in self._found:
            files = source.final.files
            named = [found for found, _ in zip(files.touched(), range(_MOST_PATHS), strict=False)]
            self._found[index] = sorted(found for found in named if self._wanted(found, files.entry(found)))
        paths = self._found[index]
        base = path.rstrip("/")
        # "0" comes right after "/".
        inside = paths[bisect_left(paths, f"{base}/") : bisect_left(paths, f"{base}0")]
        at = bisect_left(paths, path)
        return [path, *inside] if path != "/" and at < len(paths) and paths[at] == path else inside


_MOST_PATHS = 5_000
"""Paths of a stage that are looked at: a hostile file could name many more."""


class _Environment(Struct, frozen=True):
    """A virtual environment that is copied into what a target ships."""

    target: EvaluatedStage
    owner: EvaluatedStage
    step: Step
    source: EvaluatedStage
    made_at: str
    lies_at: str
    content: Content

    @property
    def related(self) -> tuple[Related, ...]:
        writer = self.source.final.files.entry(f"{self.made_at}/pyvenv.cfg").writer
        return () if writer is None else (Related(writer.line, f"{self.made_at} is made here"),)


def _environments(build: Build, asked: Asked) -> Iterator[_Environment]:
    known: dict[int, list[str]] = {}
    for target, owner, step, source, path in copies_into(build, asked):
        if source.stage.index not in known:
            known[source.stage.index] = sorted(source.final.virtual_environments)
        made = known[source.stage.index]
        for made_at in made[bisect_left(made, path) : bisect_left(made, f"{path.rstrip('/')}0")]:
            lies_at = landed(step, source, path, made_at)
            content = source.final.files.entry(made_at).content
            if lies_at is None or content is None or content.nature is not Nature.VIRTUAL_ENVIRONMENT:
                continue
            if target.final.files.exists(f"{lies_at}/pyvenv.cfg") is Claim.YES:
                yield _Environment(target, owner, step, source, made_at, lies_at, content)


def _is_on_python_path(state: State, folder: str) -> bool:
    """Whether the environment names the packages in the folder by themselves."""
    value = state.variables.known("PYTHONPATH")
    return value is UNKNOWN or (value is not None and folder in value)


@rule("MS450", "virtual-environment-moved", Severity.INFO)
def virtual_environment_moved(build: Build, asked: Asked) -> Iterator[Match]:
    """Virtual environment that is copied to another path than it was made at.

    The commands in its `bin` name its Python by the old path and do not start; `activate` and `VIRTUAL_ENV` name it,
    too. `python -m NAME` works all the same.

    Bad, found on line 4:
        FROM python:3.12-slim AS build
        RUN python -m venv /opt/build-env && /opt/build-env/bin/pip install --no-cache-dir gunicorn
        FROM python:3.12-slim
        COPY --from=build /opt/build-env /opt/venv
        CMD ["/opt/venv/bin/python", "-m", "gunicorn", "app:app"]

    Good:
        FROM python:3.12-slim AS build
        RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir gunicorn
        FROM python:3.12-slim
        COPY --from=build /opt/venv /opt/venv
        CMD ["/opt/venv/bin/gunicorn", "app:app"]

    Fix: make it at the path where it will lie.
    """
    for found in _environments(build, asked):
        if (
            found.lies_at == found.made_at
            or found.target.final.exists(f"{found.made_at}/bin/python") is not Claim.NO
        ):
            continue
        if any("--relocatable" in step.instruction.text for step in found.source.steps):
            continue
        message = f"the commands in {found.lies_at}/bin look for Python in {found.made_at}/bin: make it there"
        yield Match.on(found.owner, found.step, message, word=found.made_at, related=found.related)


@rule("MS451", "environment-without-interpreter", Severity.ERROR)
def environment_without_interpreter(build: Build, asked: Asked) -> Iterator[Match]:
    """Virtual environment that is copied to an image without the Python that it stands on.

    `bin/python` is a link to the interpreter it was made with. In another image that may lie elsewhere
    (/usr/bin/python3 instead of /usr/local/bin/python3), or not be there at all.

    Bad, found on line 4:
        FROM python:3.12-slim AS build
        RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir gunicorn
        FROM debian:bookworm-slim
        COPY --from=build /opt/venv /opt/venv
        ENTRYPOINT ["sh"]

    Good:
        FROM python:3.12-slim AS build
        RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir gunicorn
        FROM python:3.12-slim
        COPY --from=build /opt/venv /opt/venv
        ENTRYPOINT ["sh"]

    Fix: start both stages from the same image, or make the environment with the interpreter of the other one.
    """
    for found in _environments(build, asked):
        state = found.target.final
        python = f"{found.lies_at}/bin/python"
        if (
            state.files.entry(python, follow=False).exists is not Claim.YES
            or state.exists(python) is not Claim.NO
        ):
            continue
        if _is_on_python_path(state, found.lies_at):
            continue
        where = found.content.interpreter
        named = "its Python" if where is UNKNOWN else where
        message = f"{found.lies_at} stands on {named}, which {found.target.stage.title} does not have"
        yield Match.on(
            found.owner, found.step, f"{message}: start both from one image", related=found.related
        )


@rule("MS452", "environment-of-another-python", Severity.ERROR)
def environment_of_another_python(build: Build, asked: Asked) -> Iterator[Match]:
    """Virtual environment that is copied to an image with another minor version of Python.

    Its packages lie in lib/python3.12; Python 3.13 looks in lib/python3.13 and finds none of them.

    Bad, found on line 4:
        FROM python:3.12-slim AS build
        RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir gunicorn
        FROM python:3.13-slim
        COPY --from=build /opt/venv /opt/venv
        CMD ["/opt/venv/bin/python", "-m", "gunicorn", "app:app"]

    Good:
        FROM python:3.13-slim AS build
        RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir gunicorn
        FROM python:3.13-slim
        COPY --from=build /opt/venv /opt/venv
        CMD ["/opt/venv/bin/python", "-m", "gunicorn", "app:app"]

    Fix: use the same tag for both stages, best by an ARG before the first FROM.
    """
    for found in _environments(build, asked):
        state, base, made_with = found.target.final, found.content.interpreter, found.content.version
        if base is UNKNOWN or made_with is UNKNOWN or state.exists(base) is not Claim.YES:
            continue
        version = interpreter_at(state, base).version
        if version is UNKNOWN or version == made_with or _is_on_python_path(state, found.lies_at):
            continue
        message = (
            f"{found.lies_at} has packages for Python {made_with}, {found.target.stage.title} has Python {version}:"
            " start both from one tag"
        )
        yield Match.on(found.owner, found.step, message, related=found.related)


_PACKAGES = re.compile(r"(.*)/lib/python(3\.[0-9]{1,2})(?:/|$)")


@rule("MS453", "packages-of-another-python", Severity.ERROR)
def packages_of_another_python(build: Build, asked: Asked) -> Iterator[Match]:
    """Python packages that are copied to where the image's Python does not look.

    Each minor version has a folder of its own, lib/python3.12/site-packages. Another version finds nothing there.

    Bad, found on line 4:
        FROM python:3.12-slim AS build
        RUN pip install --no-cache-dir gunicorn
        FROM python:3.13-slim
        COPY --from=build /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
        CMD ["python", "-m", "gunicorn", "app:app"]

    Bad, found on line 4:
        FROM python:3.12-slim AS build
        RUN pip install --no-cache-dir --prefix=/install gunicorn
        FROM python:3.13-slim
        COPY --from=build /install /usr/local
        CMD ["python", "-m", "gunicorn", "app:app"]

    Good:
        FROM python:3.13-slim AS build
        RUN pip install --no-cache-dir --prefix=/install gunicorn
        FROM python:3.13-slim
        COPY --from=build /install /usr/local
        CMD ["python", "-m", "gunicorn", "app:app"]

    Fix: use the same tag for both stages, best by an ARG before the first FROM.
    """
    for target, owner, step, source, path in copies_into(build, asked):
        state = target.final
        for prefix, version, folder in _package_folders(step, source, path):
            interpreter = f"{prefix}/bin/python3"
            alone = state.exists(f"{prefix}/bin/python{version}") is Claim.NO or _is_pip_prefix(source, path)
            if state.exists(interpreter) is not Claim.YES or not alone:
                continue
            other = interpreter_at(state, interpreter).version
            if other is UNKNOWN or other == version or _is_on_python_path(state, folder):
                continue
            message = (
                f"{folder} is for Python {version}, {target.stage.title} has {other}: start both from one tag"
            )
            yield Match.on(owner, step, message, word=path)


def _package_folders(step: Step, source: EvaluatedStage, path: str) -> Iterator[tuple[str, str, str]]:
    """Prefix, version and path of each folder for packages of a Python that a COPY fills."""
    destination = (
        ""
        if step.copied is None or step.copied.destination is UNKNOWN
        else step.copied.destination.rstrip("/")
    )
    if (named := _PACKAGES.match(f"{destination}/")) is not None:
        yield named[1], named[2], destination
        return
    if destination not in {"/usr", "/usr/local"}:
        return
    for minor in range(6, 20):
        below = f"{path.rstrip('/')}/lib/python3.{minor}/site-packages"
        if source.final.exists(below) is Claim.YES:
            yield destination, f"3.{minor}", f"{destination}/lib/python3.{minor}"


def _is_pip_prefix(source: EvaluatedStage, path: str) -> bool:
    """Whether a folder is what `pip install --prefix` fills, and so holds no Python of its own."""
    return any(isinstance(change, Installation) and change.prefix == path for _, change in source.changes())
