"""What BuildKit refuses about a `--mount` of RUN. Source: commands_runmount.go."""

from __future__ import annotations

import re
from typing import Final

from multistage_cli.build.instructions.readers import MOUNT_KEYS, boolean, csv_fields, mount_fields
from multistage_cli.errors import did_you_mean
from multistage_cli.parser import quoted, shortened

_TYPES: Final = ("bind", "cache", "secret", "ssh", "tmpfs")
_SHARING: Final = ("shared", "private", "locked")
_BARE_KEYS = frozenset(("readonly", "ro", "readwrite", "rw", "required"))
_SIZE = re.compile(
    r"(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:e[+-]?[0-9]++)? ?(?:[kmgtp](?:i?b)?|b)?", re.IGNORECASE
)
_VARIABLE = re.compile(r"\$.")


def mount_refusal(value: str) -> str | None:
    """Why BuildKit refuses the value of a `--mount`, or None. Values with a variable are not judged."""
    if not value:
        return "--mount has no value: write type=cache,target=/path or the like"
    if csv_fields(value) is None:
        return (
            f"--mount={shortened(value)} cannot be read: write key=value pairs with commas between, no quotes"
        )
    seen: dict[str, str] = {}
    kind = "bind"
    for key, content, written in mount_fields(value):
        name = MOUNT_KEYS.get(key)
        if not written:
            return "--mount has a comma with nothing behind it: delete the comma, or the white space after it"
        if content is None and key not in _BARE_KEYS:
            return f"--mount has {quoted(written)}: write key=value, or delete it"
        if name is None:
            near = did_you_mean(key, MOUNT_KEYS) or ": delete it"
            return f"--mount has no key {shortened(key)}{near}"
        if content is not None and "$" in content and name != "from_":
            if name == "type":
                return None
            seen[name] = content
            continue
        message = _field_refusal(kind, key, name, content)
        if message is not None:
            return message
        if name == "type" and content is not None:
            kind = content.lower()
        seen[name] = content or ""
    return _mount_refusal(kind, {name for name, content in seen.items() if content}, seen)


def _field_refusal(kind: str, key: str, name: str, content: str | None) -> str | None:
    value = content or ""
    message = None
    match name:
        case "type" if value.lower() not in _TYPES:
            near = did_you_mean(value, _TYPES) or f": write one of {', '.join(_TYPES)}"
            message = f"--mount has no type {quoted(value)}{near}"
        case "sharing" if value.lower() not in _SHARING:
            message = f"--mount has sharing={shortened(value)}: write one of {', '.join(_SHARING)}"
        case "from_" if _VARIABLE.search(value):
            message = (
                f"--mount has from={shortened(value)}, which cannot hold a variable: add a stage"
                f" `FROM {shortened(value)} AS name` and mount from name"
            )
        case "required" if kind not in ("secret", "ssh"):
            message = f"--mount has `required`, which needs type=secret or type=ssh before it, not {kind}"
        case "size" if kind != "tmpfs":
            message = f"--mount has `size`, which needs type=tmpfs before it, not {kind}"
        case "size" if not _SIZE.fullmatch(value):
            message = f"--mount has size={shortened(value)}: write a number and a unit, such as 512m"
        case "readonly" | "readwrite" | "required" if content is not None and boolean(content) is None:
            message = f"--mount has {key}={shortened(value)}: write true or false"
        case "mode" if not _is_number(value, 8):
            message = f"--mount has mode={shortened(value)}: write an octal number such as 0700"
        case "uid" | "gid" if not _is_number(value, 10):
            message = f"--mount has {key}={shortened(value)}: write a number"
        case _:
            pass
    return message


def _mount_refusal(kind: str, given: set[str], seen: dict[str, str]) -> str | None:
    if kind not in ("secret", "ssh", "cache"):
        owner = next((name for name in ("mode", "uid", "gid") if name in seen), None)
        if owner is not None:
            return f"--mount of type {kind} takes no {owner}: delete it"
    if "sharing" in given and kind != "cache":
        return f"--mount of type {kind} takes no sharing: delete it, or write type=cache"
    if kind == "secret":
        if "from_" in given:
            return "--mount of type secret takes no `from`: delete it"
        if not given & {"source", "target", "id"}:
            return "--mount of type secret names no secret: add id=NAME"
        if {"source", "id"} <= given:
            return "--mount of type secret has both source and id: keep one of the two"
    if kind in ("bind", "cache", "tmpfs") and seen.get("target") == "/":
        return f"--mount of type {kind} cannot take the place of /: write another target"
    return None


def _is_number(value: str, base: int) -> bool:
    """Whether Go's `strconv.ParseUint` reads it into 32 bits."""
    digits = value.lstrip("0")
    plain = bool(value) and set(value) <= set("0123456789"[:base]) and len(digits) <= _MAX_DIGITS
    return plain and int(digits or "0", base) < _LIMIT


_MAX_DIGITS = 11
_LIMIT = 2**32
