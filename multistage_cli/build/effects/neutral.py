"""Commands that leave nothing behind: a shell's own, and those that only show, compare or check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multistage_cli.build.changes import Untracked
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Call, effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_QUESTIONS: Final = frozenset({"--version", "-version", "-v", "-V", "version", "--help", "-h", "help", "-vV"})
_SETTINGS: Final = frozenset({
    "activate", "os-release", "lsb-release", "env", ".bashrc", ".bash_profile", ".profile", "profile", "nvm.sh",
    "environment", ".env", "envvars", "setup.bash", "bash_completion", "conda.sh",
})  # fmt: skip
"""Scripts that are read for the variables and functions that they set."""


@effect(
    ":", "[", "[[", "alias", "arch", "b2sum", "base32", "base64", "basename", "bc", "break", "bzcat", "cal", "cat",
    "cd", "cksum", "cmp", "column", "comm", "command", "continue", "corepack", "cut", "date", "declare", "df",
    "diff", "dig", "dirname", "dirs", "dmesg", "dpkg-architecture", "dpkg-query", "du", "echo", "egrep", "env",
    "envsubst", "exit", "expand", "export", "expr", "factor", "false", "fgrep", "file", "fmt", "fold", "free",
    "fuser", "getconf", "getent", "getopt", "getopts", "grep", "groups", "gzcat", "hadolint", "hash", "head",
    "hexdump", "host", "hostid", "hostname", "id", "ifconfig", "ip", "jobs", "join", "jq", "kill", "killall", "ldd",
    "less", "let", "local", "locale", "logger", "logname", "ls", "lsb_release", "lscpu", "lsof", "md5sum", "more",
    "mountpoint", "nc", "ncat", "netcat", "netstat", "nl", "nm", "nproc", "nslookup", "numfmt", "objdump", "od",
    "paste", "pathchk", "pgrep", "pidof", "ping", "pkg-config", "pkill", "popd", "pr", "printenv", "printf", "ps",
    "pushd", "pwd", "read", "readelf", "readlink", "readonly", "realpath", "return", "rev", "seq", "set", "sha1sum",
    "sha224sum", "sha256sum", "sha384sum", "sha512sum", "shellcheck", "shift", "shopt", "size", "sleep", "ss",
    "stat", "strings", "stty", "sum", "sync", "sysctl", "tac", "tail", "telnet", "test", "times", "top", "tput",
    "tr", "tree", "true", "tsort", "tty", "type", "typeset", "ulimit", "umask", "unalias", "uname", "unexpand",
    "unset", "uptime", "users", "vmstat", "w", "wait", "wc", "whereis", "which", "who", "whoami", "xargs",
    "xmllint", "xzcat", "yes", "zcat", "zgrep", "zstdcat",
)  # fmt: skip
def neutral(call: Call) -> Iterator[Change]:
    """Nothing: what a redirection writes is the shell's doing."""
    yield from ()


@effect("java", "node", "ruby", "perl", "php", "lua", "tclsh", "R", "Rscript", "julia", "erl", "elixir")
def interpreters(call: Call) -> Iterator[Change]:
    """Nothing where they are asked for their version; a program of theirs may do anything."""
    if call.words and all(word is not UNKNOWN and word in _QUESTIONS for word in call.words):
        return
    yield Untracked(call.name, call.line, call.certain)


@effect(".", "source")
def source(call: Call) -> Iterator[Change]:
    """Nothing where the script only sets variables, as by its name; any other may do anything."""
    path = call.words[0] if call.words else UNKNOWN
    if path is UNKNOWN or path.rsplit("/", 1)[-1] not in _SETTINGS:
        yield Untracked(call.name, call.line, call.certain)


@effect("awk", "gawk", "mawk", "nawk")
def awk(call: Call) -> Iterator[Change]:
    """Nothing, unless the program may write a file or run a command."""
    for word in call.words:
        if word is UNKNOWN:
            continue
        if word in {"-f", "--file", "inplace", "-i"} or "system(" in word or "getline" in word:
            yield Untracked(call.name, call.line, call.certain)
            return
        if "print" in word and (">" in word.partition("print")[2] or "|" in word.partition("print")[2]):
            yield Untracked(call.name, call.line, call.certain)
            return


@effect("trap", "eval")
def later(call: Call) -> Iterator[Change]:
    """What a word says that is a script of its own is not looked into."""
    if call.name == "trap" and (len(call.words) < 2 or call.words[0] in {"-", "", ":"}):  # noqa: PLR2004
        return
    yield Untracked(call.name, call.line, call.certain)
