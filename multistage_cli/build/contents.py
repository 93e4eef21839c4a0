"""What a file is, from its name, its first bytes or its text."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from multistage_cli.build.binaries import START_BYTES, content_of_bytes
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files.model import Content, Nature

if TYPE_CHECKING:
    from multistage_cli.build.context import BuildContext

_LONGEST_LINE: Final = 255  # BINPRM_BUF_SIZE of Linux, without the newline
_MOST_CHARACTERS: Final = 65_536

_SECRET_NAMES: Final = (
    ".env", ".env.local", ".env.production", ".env.*.local", ".netrc", "_netrc", ".git-credentials", ".pgpass",
    ".htpasswd", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx",
)  # fmt: skip
"""Names of files that hold secrets and nothing else."""

_SECRET_TEXTS: Final = (
    (".npmrc", re.compile(r"(?m)^[^#;\n]*(?:_authToken|_auth|_password)\s*=")),
    (".yarnrc.yml", re.compile(r"(?m)^\s*npmAuth(?:Token|Ident)\s*:")),
    (".pypirc", re.compile(r"(?m)^\s*password\s*[:=]")),
    ("pip.conf", re.compile(r"://[^/\s:@]+:[^/\s@]+@")),
    ("credentials", re.compile(r"(?im)^\s*(?:aws_secret_access_key|token|password|secret)\s*=")),
    ("credentials.json", re.compile(r'"(?:private_key|client_secret|refresh_token)"')),
    ("*.json", re.compile(r'"type"\s*:\s*"service_account"')),
    ("config.json", re.compile(r'"auths"\s*:[\s\S]{0,2000}?"auth"\s*:')),
    ("kubeconfig", re.compile(r"(?m)^\s*(?:client-key-data|token)\s*:")),
)
"""Names of files that may hold secrets, and what their text has then."""

_PRIVATE_KEY: Final = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")


def content_of_text(text: str) -> Content:
    """The content of a text whose every character is known; only small ones are kept."""
    kept: Known[str] = text if len(text) <= _MOST_CHARACTERS else UNKNOWN
    return _text(text, kept, Claim.YES if "\r\n" in text else Claim.NO)


def content_of_file(context: BuildContext, path: str) -> Content | None:
    """The content of a file of the build context; None where it is neither text nor a known binary.

    At most 64 KiB are read, and of a file that is larger only its first 4 KiB.
    """
    name = path.rpartition("/")[2]
    start = context.read_start(path, START_BYTES)
    if start is None:
        return Content(Nature.SECRET) if _is_secret_name(name) else None
    found = content_of_bytes(name, start)
    if found is None or _is_secret_name(name):
        text = context.read_text(path, _MOST_CHARACTERS) if len(start) == START_BYTES else _decoded(start)
        if is_secret(name, text or ""):
            return Content(Nature.SECRET)
        if text is not None:
            return content_of_text(text)
        found = _large(start) if found is None else found
    return found


def is_secret(name: str, text: str) -> bool:
    """Whether a file of that name with that text is a secret: a private key, a token, a password file."""
    if _is_secret_name(name) or _PRIVATE_KEY.search(text):
        return True
    return any(fnmatchcase(name, pattern) and wanted.search(text) for pattern, wanted in _SECRET_TEXTS)


def _is_secret_name(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in _SECRET_NAMES)


def _text(text: str, kept: Known[str], carriage_returns: Claim) -> Content:
    first, _, _ = text.partition("\n")
    if first.startswith("#!"):
        # The carriage return of a first line is part of the interpreter's name: that is what breaks it.
        interpreter = first[2:_LONGEST_LINE].strip(" \t")
        return Content(Nature.SCRIPT, interpreter=interpreter, carriage_returns=carriage_returns, text=kept)
    return Content(Nature.TEXT, carriage_returns=carriage_returns, text=kept)


def _large(start: bytes) -> Content | None:
    """The content of a text of which only the first bytes were read; None where they are no text."""
    if b"\0" in start:
        return None
    text = start.decode("utf-8", "ignore")
    if len(text.encode()) < len(start) - 3:  # more than one character that the end cut off
        return None
    return _text(text, UNKNOWN, Claim.YES if "\r\n" in text else Claim.UNKNOWN)


def _decoded(content: bytes) -> str | None:
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
