"""Where the program lies that a command starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import Kind

if TYPE_CHECKING:
    from multistage_cli.build.effects import Call

_FOR_ADMINISTRATORS: Final = ("/sbin", "/usr/sbin", "/usr/local/sbin")
"""No interpreter, compiler or package manager of a language lies there."""


def located(call: Call, name: str) -> Known[str] | None:
    """The path of a program as a shell finds it: in PATH, or where a name with a slash says.

    None where there surely is none, UNKNOWN where there may be another one before it.
    """
    if "/" in name:
        path = call.absolute(name)
        return path if path.startswith("/") else UNKNOWN
    folders = call.environment.get("PATH")
    if folders is None:
        known = call.state.path
        if known is UNKNOWN:
            return UNKNOWN
        folders = ":".join(known)
    for folder in folders.split(":"):
        path = f"{folder.rstrip('/')}/{name}"
        if not path.startswith("/") or folder.rstrip("/") in _FOR_ADMINISTRATORS:
            continue
        entry = call.state.files.entry(path)
        if entry.exists is Claim.NO or entry.kind is Kind.DIRECTORY:
            continue
        return UNKNOWN if entry.exists is Claim.UNKNOWN else path
    return None
