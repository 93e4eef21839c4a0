"""What to type next, for this Dockerfile: argument lists that no name or path in it can break out of."""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.evaluate import DEFAULT_PLATFORM
from multistage_cli.errors import MultistageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage
    from multistage_cli.build.state import Port, State

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*\Z")
"""What BuildKit takes as the name of a stage, and so of a target (instructions/parse.go)."""
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")
_LOCAL_URL = re.compile(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d{1,5}))?(/[\w./?=&%-]*)?"
)
_PRIVILEGED_BELOW = 1024
_MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Recipe:
    """One thing to do.

    Attributes:
        what: in words, for a person; it names stages as they are written.
        tool: the program that is called.
        argv: its arguments, itself first.
        stage: the stage that it looks into, None for what is about the image itself.
    """

    what: str
    tool: str
    argv: tuple[str, ...]
    stage: str | None = None

    @property
    def shell(self) -> str:
        """The same as one line for a POSIX shell, each argument quoted where it needs to be."""
        return shlex.join(self.argv)


@dataclass(frozen=True, slots=True)
class Recipes:
    """All that there is to do, in the order in which a person would."""

    recipes: tuple[Recipe, ...]

    def shortened(self, most_stages: int) -> tuple[Recipes, int]:
        """Those about the image and about that many stages only, and how many are left out."""
        stages = dict.fromkeys(recipe.stage for recipe in self.recipes if recipe.stage is not None)
        kept = {None, *list(stages)[:most_stages]}
        recipes = tuple(recipe for recipe in self.recipes if recipe.stage in kept)
        return Recipes(recipes), len(self.recipes) - len(recipes)


def collect_recipes(build: Build) -> Recipes:
    """The commands that build, look into, run and test what this Dockerfile makes.

    Raises:
        MultistageError: the Dockerfile has no stage.
    """
    if build.target is None:
        raise MultistageError(f"{build.path} has no FROM, so there is nothing to build; add one")
    return Recipes(tuple(_Writer(build, build.target).write()))


class _Writer:
    def __init__(self, build: Build, target: EvaluatedStage) -> None:
        self.build = build
        self.target = target
        self.name = _image_name(build, target.final)
        self.image = f"{self.name}:{_version(target.final)}"

    def write(self) -> Iterator[Recipe]:
        target = self.target.stage
        is_last = target.index == len(self.build.stages) - 1
        if is_last or _is_target_name(target.name):
            what = "Build the image" if is_last else f"Build the image of stage {target.label}"
            yield self._docker_build(what, self.image, None if is_last else target.name)
        for entry in self.build.needed:
            name = entry.stage.name
            if entry is self.target or name != entry.stage.key or not _is_target_name(name):
                continue
            image = f"{self.name}:{name}"
            what = f"Build only the {entry.stage.label} stage (for debugging)"
            yield replace(self._docker_build(what, image, name), stage=name)
        yield from self._look_inside()
        yield from self._run()
        yield from self._test_health()

    def _docker_build(self, what: str, image: str, target: str | None) -> Recipe:
        context, dockerfile = self._places()
        argv = ["docker", "build"]
        if dockerfile:
            argv += ["--file", dockerfile]
        if self.build.platform != DEFAULT_PLATFORM:
            argv += ["--platform", self.build.platform]
        for name, value in self.build.build_args.items():
            argv += ["--build-arg", f"{name}={value}"]
        for name, place in self.build.build_contexts.items():
            argv += ["--build-context", f"{name}={place}"]
        if target:
            argv += ["--target", target]
        return Recipe(what, "docker", (*argv, "-t", image, context))

    def _places(self) -> tuple[str, str | None]:
        """The build context and, unless Docker finds it there by itself, the Dockerfile."""
        if self.build.file is None:  # standard input: Docker reads it from there too
            return (".", "-")
        file = self.build.file
        folder = self.build.context.root if self.build.context else file.parent
        context = _argument_path(folder)
        return (context, None) if file == folder / "Dockerfile" else (context, _argument_path(file))

    def _look_inside(self) -> Iterator[Recipe]:
        for entry in self.build.needed:
            name = entry.stage.name
            is_debuggable = entry is not self.target and name == entry.stage.key and _is_target_name(name)
            if is_debuggable and entry.final.shell_exists is Claim.YES:
                yield Recipe(
                    f"Look around in the {entry.stage.label} stage",
                    "docker",
                    ("docker", "run", "--rm", "-it", "--entrypoint", "sh", f"{self.name}:{name}"),
                    name,
                )

    def _run(self) -> Iterator[Recipe]:
        final = self.target.final
        if final.entrypoint.value == () and final.command.value == ():
            return
        ports = [part for port in final.ports for part in ("-p", _published(port))]
        yield Recipe("Run the container", "docker", ("docker", "run", *ports, self.image))
        low_ports = any(port.first < _PRIVILEGED_BELOW for port in final.ports)
        if final.runs_as_root is Claim.NO and not low_ports and not final.windows:
            hardened = (
                "--read-only",
                "--tmpfs",
                "/tmp",  # noqa: S108 - inside of the container
                "--cap-drop=ALL",
                "--security-opt=no-new-privileges",
            )
            yield Recipe(
                "Run it locked down (for a program that writes to /tmp at most)",
                "docker",
                ("docker", "run", "--rm", *hardened, *ports, self.image),
            )

    def _test_health(self) -> Iterator[Recipe]:
        check = self.target.final.healthcheck.value
        if check is UNKNOWN or check is None:
            return
        match = _LOCAL_URL.search(" ".join(check.words))
        port = _port_of(match.group(1), self.target.final) if match else None
        if match and port:
            scheme = match.group().partition("://")[0]
            default = {"http": "80", "https": "443"}[scheme]
            where = "localhost" if port == default else f"localhost:{port}"
            url = f"{scheme}://{where}{match.group(2) or '/'}"
            yield Recipe("Test the health endpoint", "curl", ("curl", url))
        yield Recipe(
            "See what the health check says",
            "docker",
            ("docker", "ps", "--filter", f"ancestor={self.image}", "--format", "{{.Names}}: {{.Status}}"),
        )


def _port_of(number: str | None, state: State) -> str | None:
    """The port that the health check asks, where it is published."""
    number = number or "80"
    return number if any(port.first <= int(number) <= port.last for port in state.ports) else None


def _published(port: Port) -> str:
    numbers = str(port.first) if port.first == port.last else f"{port.first}-{port.last}"
    return f"{numbers}:{numbers}" + ("" if port.protocol == "tcp" else f"/{port.protocol}")


def _is_target_name(name: str | None) -> bool:
    return name is not None and _STAGE_NAME.match(name) is not None


def _image_name(build: Build, final: State) -> str:
    """The title label, else the name of the build context's folder, as far as either makes a name."""
    title = final.labels.get("org.opencontainers.image.title")
    if title is not None and title.value is not UNKNOWN and (name := _as_name(title.value)):
        return name
    folder = build.context.root if build.context else build.file.parent if build.file else Path()
    return _as_name(folder.resolve().name) or "app"


def _as_name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()[:_MAX_NAME]).strip("-")


def _version(final: State) -> str:
    label = final.labels.get("org.opencontainers.image.version")
    value = label.value if label else UNKNOWN
    return value if value is not UNKNOWN and _TAG.match(value) else "v1"


def _argument_path(path: Path) -> str:
    """A path that no program takes for an option."""
    text = path.as_posix()
    return posixpath.join(".", text) if text.startswith("-") else text
