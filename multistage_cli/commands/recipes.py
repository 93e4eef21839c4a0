"""What to type next, for this Dockerfile: argument lists that no name or path in it can break out of."""

from __future__ import annotations

import re
import shlex
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.claims import Claim
from multistage_cli.commands.plan import PRIVILEGED_BELOW, Plan, collect_plan
from multistage_cli.commands.tools import TOOLS, Tool, ToolName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build
    from multistage_cli.build.state import Port
    from multistage_cli.commands.asks import Asks
    from multistage_cli.commands.plan import StageTarget

_HARDENED = (
    "--read-only",
    "--tmpfs",
    "/tmp",  # noqa: S108 - inside of the container
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
)
_LISTED = "/tmp"  # noqa: S108 - not in the build context, where the next COPY would find it
_ORDINARY_USER = "1000:1000"
_UNPRIVILEGED_SHIFT = 8000  # 80 is published as 8080, 443 as 8443


class Recipe(Struct, frozen=True):
    """One thing to do.

    Attributes:
        what: in words, for a person; it names stages as they are written.
        tool: the program that is called.
        argv: its arguments, itself first.
        stage: the stage that it is about, None for what is about the image itself.
        notes: what must be there before it works.
    """

    what: str
    tool: str
    argv: tuple[str, ...]
    stage: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def shell(self) -> str:
        """The same as one line for a POSIX shell, each argument quoted where it needs to be."""
        return " ".join(map(quoted, self.argv))


class Recipes(Struct, frozen=True):
    """All that there is to do, in the order in which a person would.

    Attributes:
        recipes: one after the other.
        tool: the program that they are for.
        plan: what they follow from.
    """

    recipes: tuple[Recipe, ...]
    tool: ToolName
    plan: Plan

    def shortened(self, most_stages: int) -> tuple[Recipes, int]:
        """Those about the image and about that many stages only, and how many are left out."""
        stages = dict.fromkeys(recipe.stage for recipe in self.recipes if recipe.stage is not None)
        kept = {None, *list(stages)[:most_stages]}
        recipes = tuple(recipe for recipe in self.recipes if recipe.stage in kept)
        return Recipes(recipes, self.tool, self.plan), len(self.recipes) - len(recipes)


def collect_recipes(build: Build, tool: ToolName = ToolName.DOCKER) -> Recipes:
    """The commands that build, look into, run and test what this Dockerfile makes.

    Raises:
        MultistageError: the Dockerfile has no stage.
    """
    plan = collect_plan(build)
    return Recipes(tuple(_Writer(plan, TOOLS[tool]).write()), tool, plan)


class _Writer:
    def __init__(self, plan: Plan, tool: Tool) -> None:
        self.plan = plan
        self.tool = tool

    def write(self) -> Iterator[Recipe]:
        plan = self.plan
        if plan.can_build:
            what = "Build the image" if plan.is_last else f"Build the image of stage {plan.target.label}"
            yield self._build(what, plan.target)
            yield from self._with_arguments()
            yield from self._for_platforms()
            yield from self._without_a_shell()
        yield from self._stages()
        yield from self._artefacts()
        if plan.can_build:
            yield from self._look_inside()
            yield from self._run()
            yield from self._check_health()
            yield from self._measure()

    # Building.

    def _build(
        self,
        what: str,
        target: StageTarget,
        *extra: str,
        words: tuple[str, ...] = ("build",),
        named: bool = True,
        stage: str | None = None,
        notes: tuple[str, ...] = (),
    ) -> Recipe:
        """A build of one stage.

        Args:
            what: it is for.
            target: the stage.
            extra: options that only this build has.
            words: of the command.
            named: whether the result is an image with a name.
            stage: as in `Recipe`.
            notes: beside those about what the stage asks for.
        """
        plan, asks = self.plan, target.asks
        argv = [self.tool.name.value, *words]
        if (file := self._dockerfile()) is not None:
            argv += ["--file", file]
        if plan.platform and "--platform" not in extra:
            argv += ["--platform", plan.platform]
        if self.tool.oci_by_default and plan.keeps_docker_format and target is plan.target and named:
            argv += ["--format", "docker"]
        argv += [*self._given(asks), *extra]
        if target is not plan.target or not plan.is_last:
            argv += ["--target", target.name or target.label]
        if named:
            several = "--platform" in extra and self.tool.manifest
            # A manifest list cannot have the name of an image that is there.
            argv += ["--manifest", f"{target.image}-all"] if several else ["-t", target.image]
        return Recipe(what, self.tool.name.value, (*argv, plan.context), stage, (*self._notes(asks), *notes))

    def _given(self, asks: Asks) -> Iterator[str]:
        """The options for what a stage asks for, and for what the user gave."""
        for name, value in self.plan.build_args.items():
            yield from ("--build-arg", f"{name}={value}")
        for name in missing(self.plan, asks):
            yield from ("--build-arg", name)  # taken from the environment
        for name, place in self.plan.build_contexts.items():
            yield from ("--build-context", f"{name}={place}")
        for secret, variable in sorted(asks.secrets):
            if self._can_name(secret):
                yield from ("--secret", f"{csv_field(f'id={secret}')},env={variable}")
        for agent in sorted(asks.ssh):
            yield from ("--ssh", agent)
        if asks.host_network and self.tool.allows_host_network:
            yield from ("--allow", "network.host")

    def _dockerfile(self) -> str | None:
        """The Dockerfile, unless the program finds it by itself."""
        plan = self.plan
        if plan.dockerfile is None:
            return "-"  # standard input
        names = self.tool.dockerfile_names
        first = next((name for name in names if name in plan.beside), names[-1])
        return None if plan.dockerfile_in_context == first else plan.dockerfile

    def _notes(self, asks: Asks) -> Iterator[str]:
        for name in missing(self.plan, asks):
            yield f"Needs the build argument {name}: export {name}=VALUE before"
        for secret, variable in sorted(asks.secrets):
            if self._can_name(secret):
                yield f"Needs the secret {secret}: put it into the variable {variable} before"
            else:
                yield f"Needs the secret {secret}, whose name {self.tool.name} cannot be given here"
        for agent in sorted(asks.ssh):
            yield f"Needs an SSH agent for {agent}: ssh-add -l lists its keys"

    def _can_name(self, secret: str) -> bool:
        """Whether the secret's name survives in `--secret`: podman splits it at commas, quoted or not."""
        return csv_field(secret) == secret or not self.tool.manifest

    def _with_arguments(self) -> Iterator[Recipe]:
        defaults = self.plan.defaults
        if defaults:
            words = [word for name, value in defaults for word in ("--build-arg", f"{name}={value}")]
            what = "Set the build arguments (these are their defaults)"
            yield self._build(what, self.plan.target, *words)

    def _for_platforms(self) -> Iterator[Recipe]:
        platforms = self.plan.platforms
        if platforms:
            notes: tuple[str, ...] = ()
            if self.tool.name is ToolName.DOCKER:
                notes = ("Needs the containerd image store, or --push: the classic store holds one platform",)
            yield self._build(
                f"Build it for {' and '.join(platforms)}",
                self.plan.target,
                "--platform",
                ",".join(platforms),
                words=self.tool.several_platforms,
                notes=notes,
            )

    def _stages(self) -> Iterator[Recipe]:
        for target in self.plan.stages:
            what = f"Build only the {target.label} stage (for debugging)"
            if not target.needed:
                what = f"Build the {target.label} stage, which the image does not need"
            yield self._build(what, target, stage=target.name)

    def _artefacts(self) -> Iterator[Recipe]:
        own = [self.plan.target] if self.plan.can_build else []
        for target in (*own, *self.plan.stages):
            if target.files_only:
                what = (
                    "Get the files of the image"
                    if target is self.plan.target
                    else f"Get the files of the {target.label} stage"
                )
                stage = None if target is self.plan.target else target.name
                yield self._build(
                    f"{what} into the folder out",
                    target,
                    "--output",
                    "type=local,dest=out",
                    named=False,
                    stage=stage,
                )

    # Looking inside.

    def _without_a_shell(self) -> Iterator[Recipe]:
        target = self.plan.target
        if target.shell is Claim.NO and not target.windows and not target.files_only:
            place = f"{_LISTED}/{self.plan.name}.tar"
            what = "Put the files of the image into an archive: it has no shell to look around in"
            yield self._build(what, target, "--output", f"type=tar,dest={place}", named=False)
            yield Recipe("List them", "tar", ("tar", "-tvf", place))

    def _look_inside(self) -> Iterator[Recipe]:
        plan = self.plan
        for target in (plan.target, *plan.stages):
            if target.shell is not Claim.YES:
                continue
            shell = "cmd" if target.windows else "sh"
            own = target is plan.target
            where = "the image" if own else f"the {target.label} stage"
            argv = ("run", "--rm", "-it", "--entrypoint", shell, target.image)
            yield self._runner(f"Look around in {where}", *argv, stage=None if own else target.name)

    def _runner(self, what: str, *words: str, stage: str | None = None) -> Recipe:
        program = self.tool.runner.value
        return Recipe(what, program, (program, *words), stage)

    # Running.

    def _run(self) -> Iterator[Recipe]:
        plan = self.plan
        if not plan.target.runs:
            return
        options = self._ports_and_volumes()
        yield self._runner("Run the container", "run", *options, plan.target.image)
        if plan.target.may_be_locked_down:
            what = "Run it locked down (for a program that writes to /tmp at most)"
            if plan.target.volumes:
                what = "Run it locked down (for a program that writes to /tmp and its volumes at most)"
            yield self._runner(what, "run", "--rm", *_HARDENED, *options, plan.target.image)
        elif plan.target.root is Claim.YES and not plan.target.low_ports and not plan.target.windows:
            what = "Run it as an ordinary user (it runs as root; this works if it needs no rights of root)"
            yield self._runner(what, "run", "--rm", "--user", _ORDINARY_USER, *options, plan.target.image)

    def _ports_and_volumes(self) -> list[str]:
        words = [word for port in self.plan.target.ports for word in ("-p", self._published(port))]
        for path, name in volume_names(self.plan, self.plan.target).items():
            words += ["-v", f"{name}:{path}"]
        return words

    def _published(self, port: Port) -> str:
        return published(port, low_ports=self.tool.low_ports)

    def _check_health(self) -> Iterator[Recipe]:
        plan, probe = self.plan, self.plan.probe
        if probe is None:
            return
        if probe.url is not None:
            yield Recipe("Test the health endpoint", "curl", ("curl", self._outside(probe.url)))
        if not plan.target.runs:
            return
        options = self._ports_and_volumes()
        yield self._runner(
            "Run it in the background", "run", "-d", "--name", plan.name, *options, plan.target.image
        )
        yield self._runner("Run the health check once", "exec", plan.name, *probe.argv)
        if self.tool.runner is ToolName.DOCKER:
            words = ("inspect", "--format", "{{json .State.Health}}", plan.name)
            yield self._runner("See what the health check said so far", *words)
        elif self.tool.runner is ToolName.PODMAN:
            yield self._runner("See what the health check says", "healthcheck", "run", plan.name)
        yield self._runner("Stop it and remove it", "rm", "-f", plan.name)

    def _outside(self, url: str) -> str:
        """The address where a port is published under another number."""
        scheme, _, rest = url.partition("://localhost")
        number, slash, path = rest.removeprefix(":").partition("/")
        inside = int(number or {"http": "80", "https": "443"}[scheme])
        if self.tool.low_ports or inside >= PRIVILEGED_BELOW:
            return url
        return f"{scheme}://localhost:{inside + _UNPRIVILEGED_SHIFT}{slash}{path}"

    def _measure(self) -> Iterator[Recipe]:
        program, image = self.tool.name, self.plan.target.image
        yield Recipe("See how large it is", program.value, (program.value, "images", image))
        if program is ToolName.BUILDAH:
            look = (program.value, "inspect", "--type", "image", image)
            yield Recipe("See its layers and its configuration", program.value, look)
            return
        yield self._runner("See what each layer adds", "history", image)
        words = ("image", "inspect", "--format", "{{json .Config}}", image)
        yield self._runner("See its configuration", *words)


def quoted(word: str) -> str:
    """A word as a POSIX shell reads it back, in the quotes that leave most of it readable.

    What does not show is written in octal: as it is, it would drive the terminal of whoever looks at the script.
    """
    return "".join(
        _in_quotes(run) if shows else f"\"$(printf '{_octal(run)}')\""
        for shows, run in ((shows, "".join(run)) for shows, run in groupby(word, key=_shows))
    ) or shlex.quote(word)


def _shows(letter: str) -> bool:
    return letter.isprintable() or letter == "\n"


def _octal(text: str) -> str:
    data = b"".join(
        bytes([ord(letter) & _BYTE]) if letter in _NO_UTF8 else letter.encode("utf-8", "surrogatepass")
        for letter in text
    )
    return "".join(f"\\{byte:03o}" for byte in data)


_BYTE = 0xFF
_NO_UTF8 = frozenset(map(chr, range(0xDC80, 0xDD00)))
"""What stands for bytes of a name that is no UTF-8."""


def _in_quotes(word: str) -> str:
    if "'" in word and not _MEANS_SOMETHING.search(word):
        return f'"{word}"'
    return shlex.quote(word)


_MEANS_SOMETHING = re.compile(r'["$`\\!\n]')
"""What a shell looks at between double quotes; an exclamation mark calls up an interactive one's history."""


def missing(plan: Plan, asks: Asks) -> tuple[str, ...]:
    """Required build arguments without a value, in the order of the file."""
    return tuple(argument.name for argument in plan.arguments if argument.name in asks.required)


def published(port: Port, *, low_ports: bool = True) -> str:
    """A port as `-p` and Compose publish it."""
    shift = 0 if low_ports or port.first >= PRIVILEGED_BELOW else _UNPRIVILEGED_SHIFT
    if port.last + shift > _MOST_PORT:
        shift = 0
    inside = str(port.first) if port.first == port.last else f"{port.first}-{port.last}"
    outside = (
        f"{port.first + shift}" if port.first == port.last else f"{port.first + shift}-{port.last + shift}"
    )
    return f"{outside}:{inside}" + ("" if port.protocol == "tcp" else f"/{port.protocol}")


_MOST_PORT = 65_535


def volume_names(plan: Plan, target: StageTarget) -> dict[str, str]:
    """For each volume's path a name made of it, no two the same."""
    found: dict[str, str] = {}
    counts: dict[str, int] = {}
    for path in target.volumes:
        if not path.startswith("/") or ":" in path:  # on Windows, or nothing that `-v` could tell apart
            continue
        name = f"{plan.name}-{_NO_VOLUME.sub('-', path).strip('-') or 'data'}"[:_MAX_VOLUME]
        counts[name] = count = counts.get(name, 0) + 1
        # A dot is in no name that was counted up: two volumes never end up with the same.
        found[path] = name if count == 1 else f"{name}.{count}"
    return found


_NO_VOLUME = re.compile(r"[^A-Za-z0-9_-]+")
_MAX_VOLUME = 100


def csv_field(text: str) -> str:
    """A field of the comma-separated lists that `--secret` and the like are."""
    return '"' + text.replace('"', '""') + '"' if any(letter in text for letter in ',"\r\n') else text
