"""Commands that leave nothing behind that counts: a shell's own, and those that only show or check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.effects import Call, effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change


@effect(
    ":", ".", "[", "[[", "alias", "awk", "basename", "cat", "cd", "command", "corepack", "cut", "date", "dirname",
    "echo", "env", "exit", "export", "expr", "false", "file", "find", "getent", "grep", "head", "hash", "id",
    "java", "ldconfig", "ldd", "locale-gen", "ls", "mkdir", "node", "nproc", "printenv", "printf", "pwd", "read",
    "readlink", "realpath", "return", "seq", "set", "sha1sum", "sha256sum", "sha512sum", "shift", "shopt", "sleep",
    "sort", "source", "stat", "sync", "tail", "test", "tr", "trap", "true", "type", "ulimit", "umask", "uname",
    "uniq", "unset", "update-ca-certificates", "wait", "wc", "which", "whoami", "xargs",
)  # fmt: skip
def neutral(call: Call) -> Iterator[Change]:
    """Nothing: what a redirection writes is a few bytes."""
    yield from ()
