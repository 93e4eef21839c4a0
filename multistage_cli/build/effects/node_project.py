"""What package.json asks for: in the image, as far as its text is known."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects.python_project import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multistage_cli.build.effects import Call

_NAME = re.compile(r"(?:@[a-z0-9~][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*", re.IGNORECASE)
_LOCAL = ("file:", "link:", "portal:", "workspace:", ".", "/", "~")
INSTALL_SCRIPTS = frozenset(
    {"preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"}
)


class NodeProject(Struct, frozen=True):
    """A package.json.

    Attributes:
        name: of the package.
        dependencies: names that are needed to run, without those that are links to folders.
        development: names that are needed to develop.
        scripts: name to command line.
        workspaces: whether there are packages in the project's folders.
        local: whether dependencies are links to folders.
    """

    name: str = ""
    dependencies: tuple[str, ...] = ()
    development: tuple[str, ...] = ()
    scripts: Mapping[str, str] = field(default_factory=dict)
    workspaces: bool = False
    local: bool = False


def node_project(call: Call, folder: str) -> NodeProject | None:
    """The project in a folder; None where its package.json is not known or cannot be read."""
    text = text_of(call, f"{folder.rstrip('/')}/package.json")
    if text is UNKNOWN:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    name = found.get("name")
    needed, local = _names(found.get("dependencies"))
    development, local_too = _names(found.get("devDependencies"))
    scripts = found.get("scripts")
    return NodeProject(
        name if isinstance(name, str) else "",
        needed,
        development,
        {key: value for key, value in scripts.items() if isinstance(value, str)}
        if isinstance(scripts, dict)
        else {},
        bool(found.get("workspaces")),
        local or local_too,
    )


def package_name(text: str) -> str | None:
    """The name in `react`, `react@18` and `@scope/name@1.2`; None for a path, an address and an alias."""
    name, _, rest = text.partition("@") if not text.startswith("@") else _scoped(text)
    if not _NAME.fullmatch(name) or "/" in rest or ":" in rest:
        return None
    return name


def _scoped(text: str) -> tuple[str, str, str]:
    name, at, rest = text[1:].partition("@")
    return f"@{name}", at, rest


def _names(table: object) -> tuple[tuple[str, ...], bool]:
    if not isinstance(table, dict):
        return (), False
    links = {
        name for name, wanted in table.items() if not isinstance(wanted, str) or wanted.startswith(_LOCAL)
    }
    return tuple(name for name in table if name not in links and _NAME.fullmatch(name)), bool(links)
