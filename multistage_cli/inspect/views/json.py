"""What is known, for machines; the shape is a promise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from multistage_cli.build.claims import UNKNOWN

if TYPE_CHECKING:
    from multistage_cli.inspect.knowledge import Knowledge, Origin, PathFact


def render(knowledge: Knowledge) -> str:
    """What is known, as JSON; a value that cannot be known is `{"unknown": true}`."""
    return json.dumps(as_data(knowledge), indent=2)


def as_data(knowledge: Knowledge) -> dict[str, object]:
    """What is known, as dictionaries and lists."""
    return {
        "version": 1,
        "path": knowledge.path,
        "line": knowledge.line,
        "stage": knowledge.stage,
        "instruction": knowledge.instruction,
        "configuration": [
            {"name": fact.name, "value": _known(fact.value), "from": _origin(fact.origin)}
            for fact in knowledge.configuration
        ],
        "environment": {
            "complete": knowledge.environment_complete,
            "variables": {name: _known(value) for name, value in knowledge.environment},
        },
        "libc": {"name": _known(knowledge.libc), "version": _known(knowledge.libc_version)},
        "users": {
            "complete": knowledge.users_complete,
            "of_base_image": knowledge.base_users,
            "made": [
                {
                    "name": user.name,
                    "exists": user.claim.value,
                    "uid": _known(user.uid),
                    "gid": _known(user.gid),
                    "home": _known(user.home),
                    "from": _origin(user.origin),
                }
                for user in knowledge.users
            ],
        },
        "packages": {
            "complete": knowledge.packages_complete,
            "count": knowledge.packages,
            "installed": [
                {
                    "manager": entry.manager,
                    "packages": list(entry.packages),
                    "manifests": list(entry.manifests),
                    "complete": entry.complete,
                    "certain": entry.claim.value,
                    "from": _origin(entry.origin),
                }
                for entry in knowledge.installations
            ],
        },
        "paths": [_path(fact) for fact in knowledge.paths],
        "more_paths": knowledge.more_paths,
        "answers": [
            {
                "kind": answer.kind,
                "name": answer.name,
                "answer": answer.claim.value,
                "detail": answer.detail,
                "from": _origin(answer.origin),
            }
            for answer in knowledge.answers
        ],
    }


def _path(fact: PathFact) -> dict[str, object]:
    return {
        "path": fact.path,
        "exists": fact.claim.value,
        "kind": _known(fact.kind),
        "mode": f"{fact.mode:04o}" if isinstance(fact.mode, int) else _known(fact.mode),
        "uid": _known(fact.uid),
        "gid": _known(fact.gid),
        "target": _known(fact.target),
        "content": fact.content,
        "from": _origin(fact.origin),
    }


def _known(value: object) -> object:
    return {"unknown": True} if value is UNKNOWN else value


def _origin(origin: Origin) -> dict[str, object] | None:
    """Null for the base image."""
    return None if origin.line is None else {"stage": origin.stage, "line": origin.line}
