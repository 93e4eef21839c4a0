"""The build and the run as a Compose file: `docker compose up --build`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from multistage_cli.commands.recipes import missing, published, volume_names
from multistage_cli.commands.tools import TOOLS, ToolName
from multistage_cli.errors import MultistageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from multistage_cli.commands.plan import Plan, StageTarget
    from multistage_cli.commands.recipes import Recipes

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*\Z")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "."}
"""Plain words that YAML 1.1 or 1.2 reads as something else than text."""
_NO_KEY = re.compile(r"[^A-Za-z0-9._-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MOST_BYTE, _MOST_BASIC = 0xFF, 0xFFFF


def render(recipes: Recipes) -> str:
    """A service for the image, one locked down, and one for each other stage that runs something.

    Raises:
        MultistageError: nothing of the program's family runs containers, or there is nothing to build.
    """
    tool, plan = TOOLS[recipes.tool], recipes.plan
    if tool.name is ToolName.BUILDAH:
        raise MultistageError("buildah runs no Compose files; choose --tool podman")
    if not plan.can_build:
        raise MultistageError(f"stage {plan.target.label} has no name to build it by; give it one with AS")
    services = _services(plan, low_ports=tool.low_ports)
    document: dict[str, object] = {"services": services}
    secrets = dict(sorted({pair for target in _shown(plan) for pair in target.asks.secrets}))
    if secrets:
        document["secrets"] = {_key(name): {"environment": variable} for name, variable in secrets.items()}
    volumes = {name for target in _shown(plan) for name in volume_names(plan, target).values()}
    if volumes:
        document["volumes"] = {name: {} for name in sorted(volumes)}
    program = tool.runner.value
    head = [f"# {program} compose up --build"]
    for name, service in services.items():
        profiles = service.get("profiles")
        if isinstance(profiles, list):
            head.append(f"# {program} compose --profile {profiles[0]} up --build {name}")
    return "\n".join([*head, *_yaml(document)]) + "\n"


def _shown(plan: Plan) -> tuple[StageTarget, ...]:
    """The stages that are services: the image, and those that are not for it but run something."""
    return (plan.target, *(target for target in plan.stages if target.runs and not target.needed))


def _services(plan: Plan, *, low_ports: bool) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    own, *others = _shown(plan)
    found[plan.name] = _service(plan, own, low_ports=low_ports)
    if own.may_be_locked_down:
        found[f"{plan.name}-locked-down"] = {
            "extends": {"service": plan.name},
            "profiles": ["locked-down"],
            "read_only": True,
            "tmpfs": ["/tmp"],  # noqa: S108 - inside of the container
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
        }
    for target in others:
        name = str(target.name)
        while name in found:
            name += "-stage"
        profile = {"profiles": [name]}
        found[name] = {**profile, **_service(plan, target, low_ports=low_ports)}
    return found


def _service(plan: Plan, target: StageTarget, *, low_ports: bool) -> dict[str, object]:
    service: dict[str, object] = {"image": _literal(target.image), "build": _build(plan, target)}
    if plan.platform:
        service["platform"] = _literal(plan.platform)
    if target.ports:
        service["ports"] = [published(port, low_ports=low_ports) for port in target.ports]
    volumes = volume_names(plan, target)
    if volumes:
        service["volumes"] = [
            {"type": "volume", "source": name, "target": _literal(path)} for path, name in volumes.items()
        ]
    return service


def _build(plan: Plan, target: StageTarget) -> dict[str, object]:
    asks = target.asks
    build: dict[str, object] = {"context": _literal(plan.context)}
    if plan.dockerfile is None:
        build["dockerfile_inline"] = _literal(plan.text)
    elif plan.dockerfile_in_context != "Dockerfile":
        build["dockerfile"] = _literal(plan.dockerfile_in_context)
    if target is not plan.target or not plan.is_last:
        build["target"] = target.name or target.label
    arguments = {name: _literal(value) for name, value in plan.build_args.items()}
    arguments |= {name: f"${{{name}:?the build needs it}}" for name in missing(plan, asks)}
    if target is plan.target:
        arguments |= {name: _literal(value) for name, value in plan.defaults}
    if arguments:
        build["args"] = arguments
    if plan.build_contexts:
        build["additional_contexts"] = {name: _literal(place) for name, place in plan.build_contexts.items()}
    if asks.secrets:
        build["secrets"] = [_secret(name) for name, _ in sorted(asks.secrets)]
    if asks.ssh:
        # Compose wants a socket or a key for every agent but the default one.
        build["ssh"] = [
            agent if agent == "default" else f"{_literal(agent)}=${{SSH_AUTH_SOCK}}"
            for agent in sorted(asks.ssh)
        ]
    if asks.host_network:
        build["entitlements"] = ["network.host"]
    return build


def _secret(name: str) -> object:
    key = _key(name)
    return key if key == name else {"source": key, "target": _literal(name)}


def _key(name: str) -> str:
    return _NO_KEY.sub("-", name) or "secret"


def _literal(text: str) -> str:
    """Text in which Compose replaces no variable."""
    return text.replace("$", "$$")


# YAML, as much of it as this needs.


def _yaml(value: Mapping[str, object], indent: str = "") -> Iterator[str]:
    for key, entry in value.items():
        name = f"{indent}{_scalar(key)}:"
        if isinstance(entry, dict):
            if entry:
                yield name
                yield from _yaml(entry, f"{indent}  ")
            else:
                yield f"{name} {{}}"
        elif isinstance(entry, list):
            yield name
            yield from _items(entry, f"{indent}  ")
        else:
            yield f"{name} {_scalar(entry)}"


def _items(entries: Sequence[object], indent: str) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, dict):
            first, *rest = _yaml(entry)
            yield f"{indent}- {first}"
            yield from (f"{indent}  {line}" for line in rest)
        else:
            yield f"{indent}- {_scalar(entry)}"


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if _PLAIN.match(text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004 - a byte that was no UTF-8, which YAML cannot hold
        code = 0xFFFD
    if code <= _MOST_BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _MOST_BASIC else f"\\U{code:08x}"
