"""The build as a Bake file: `docker buildx bake`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from multistage_cli.commands.recipes import csv_field, missing
from multistage_cli.commands.tools import ToolName
from multistage_cli.errors import MultistageError
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from multistage_cli.commands.plan import Plan, StageTarget
    from multistage_cli.commands.recipes import Recipes

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TEMPLATE = re.compile(r"[$%](?=\{)")
_MOST_BASIC = 0xFFFF


def render(recipes: Recipes) -> str:
    """A target for the image, one for each other stage with a name, and those that write files.

    Raises:
        MultistageError: another program than docker is to read it, or there is nothing to build.
    """
    if recipes.tool is not ToolName.DOCKER:
        raise MultistageError(f"docker reads Bake files, {recipes.tool} does not; leave --tool away")
    plan = recipes.plan
    if not plan.can_build and not plan.stages:
        raise MultistageError(f"stage {plan.target.label} has no name to build it by; give it one with AS")
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    names = _names(plan)
    own = [plan.target] if plan.can_build else []
    targets = [*own, *plan.stages]
    default = targets[0]
    yield "# docker buildx bake          " + _comment(f"builds {default.image}")
    yield "# docker buildx bake NAME     builds a target below"
    required = [argument.name for argument in plan.arguments if argument.required]
    for name in required:
        yield from _variable(name)
    yield ""
    yield f'group "default" {{\n  targets = [{_string(names[default.image])}]\n}}'
    yield ""
    yield 'target "_common" {'
    yield from _common(plan)
    yield "}"
    for target in targets:
        yield ""
        if target is not plan.target:
            note = "for debugging" if target.needed else "the image does not need it"
            yield f"# {_comment(f'The {target.label} stage: {note}')}"
        yield f"target {_string(names[target.image])} {{"
        yield '  inherits = ["_common"]'
        yield from _target(plan, target)
        yield "}"
        if target.files_only:
            yield ""
            yield "# " + _comment(f"Writes the files of {target.label} into the folder out")
            yield f"target {_string(names[target.image] + '-files')} {{"
            yield f"  inherits = [{_string(names[target.image])}]"
            yield '  output = ["type=local,dest=out"]'
            yield "}"
    if plan.platforms and own:
        yield ""
        yield "# Needs the containerd image store, or --push: the classic store holds one platform"
        yield f"target {_string(names[plan.target.image] + '-platforms')} {{"
        yield f"  inherits = [{_string(names[plan.target.image])}]"
        yield f"  platforms = [{', '.join(map(_string, plan.platforms))}]"
        yield "}"


def _names(plan: Plan) -> dict[str, str]:
    """A target's name for each image: letters, digits, dashes; none twice, nor one that means something."""
    found: dict[str, str] = {}
    taken = {"default", "_common"}
    for target in (plan.target, *plan.stages):
        wanted = _NO_NAME.sub("-", target.name or "image")
        name, number = wanted, 2
        while taken & {name, f"{name}-files", f"{name}-platforms"}:
            name = f"{wanted}-{number}"
            number += 1
        taken |= {name, f"{name}-files", f"{name}-platforms"}
        found[target.image] = name
    return found


def _variable(name: str) -> Iterator[str]:
    yield ""
    if not _IDENTIFIER.match(name):
        yield f"# {_comment(f'The build needs {name}: add --set *.args.{name}=VALUE')}"
        return
    yield "# The build needs it: set it in the environment"
    yield f'variable "{name}" {{'
    yield '  default = ""'
    yield "  validation {"
    yield f'    condition = {name} != ""'
    yield f'    error_message = "Set {name}: the build needs it."'
    yield "  }"
    yield "}"


def _common(plan: Plan) -> Iterator[str]:
    yield f"  context = {_string(plan.context)}"
    if plan.dockerfile is None:
        yield f"  dockerfile-inline = {_string(plan.text)}"
    elif plan.dockerfile_in_context != "Dockerfile":
        yield f"  dockerfile = {_string(plan.dockerfile_in_context)}"
    if plan.platform:
        yield f"  platforms = [{_string(plan.platform)}]"
    yield from _map("args", plan.build_args.items())
    yield from _map("contexts", plan.build_contexts.items())


def _target(plan: Plan, target: StageTarget) -> Iterator[str]:
    if target is not plan.target or not plan.is_last:
        yield f"  target = {_string(target.name or target.label)}"
    yield f"  tags = [{_string(target.image)}]"
    asks = target.asks
    needed = [(name, name) for name in missing(plan, asks) if _IDENTIFIER.match(name)]
    defaults = [(name, _string(value)) for name, value in plan.defaults] if target is plan.target else []
    yield from _entries("args", [*needed, *defaults])
    secrets = [f"{csv_field(f'id={name}')},env={variable}" for name, variable in sorted(asks.secrets)]
    if secrets:
        yield f"  secret = [{', '.join(map(_string, secrets))}]"
    if asks.ssh:
        yield f"  ssh = [{', '.join(map(_string, sorted(asks.ssh)))}]"
    if asks.host_network:
        yield '  entitlements = ["network.host"]'


def _map(name: str, items: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield from _entries(name, [(key, _string(value)) for key, value in items])


def _entries(name: str, entries: list[tuple[str, str]]) -> Iterator[str]:
    if entries:
        yield f"  {name} = {{"
        for key, value in entries:
            yield f"    {key if _IDENTIFIER.match(key) else _string(key)} = {value}"
        yield "  }"


def _comment(text: str) -> str:
    """Text that ends with its line."""
    return printable(text)


def _string(text: str) -> str:
    """A string of HCL.

    What would start a template gets its first character as a code, which HCL looks at only after it has
    looked for templates: doubled signs, its own way, depend on what stands before them.
    """
    return (
        '"' + _TEMPLATE.sub(lambda found: f"\\u{ord(found.group()):04x}", "".join(map(_escaped, text))) + '"'
    )


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004 - a byte that was no UTF-8, which HCL cannot hold
        code = 0xFFFD
    return f"\\u{code:04x}" if code <= _MOST_BASIC else f"\\U{code:08x}"
