"""Commands that run other commands, and shells that run scripts: what is really run, by whom, with what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.claims import UNKNOWN, Known

if TYPE_CHECKING:
    from collections.abc import Mapping

_POSIX_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh", "busybox"})
_WRAPPERS = {
    # Commands that run the rest of their words: the options of theirs that take a value.
    "command": "", "eatmydata": "", "env": "-u --unset -C --chdir -S --split-string", "exec": "-a", "gosu": "",
    "ionice": "-c -n", "nice": "-n", "nohup": "", "setarch": "", "su-exec": "",
    "sudo": "-u --user -g --group -h --host -p --prompt -C -D --chdir -T", "time": "-f -o", "timeout": "-k -s",
    "xargs": "-n -P -I -L -d -a -E -s --max-args --max-procs --delimiter --arg-file",
}  # fmt: skip


def is_shell(name: Known[str]) -> bool:
    """Whether a command is a POSIX shell."""
    return name is not UNKNOWN and name.rsplit("/", 1)[-1] in _POSIX_SHELLS


def is_posix(shell: tuple[str, ...]) -> bool:
    """Whether the words of SHELL, or of a `#!` line, name a POSIX shell."""
    return bool(shell) and shell[0].rsplit("/", 1)[-1] in _POSIX_SHELLS


def interpreter(body: str) -> tuple[str, ...]:
    """The words of the `#!` line that a script starts with, without `env`."""
    words = body[2:].split("\n", 1)[0].split()
    return tuple(words[1:] if words[:1] and words[0].endswith("/env") else words)


def unwrap(
    words: tuple[Known[str], ...], environment: Mapping[str, str], user: Known[str]
) -> tuple[tuple[Known[str], ...], Mapping[str, str], Known[str]]:
    """Take `sudo`, `env NAME=value`, `time` and the like off the front.

    Returns:
        The command's own words, and the environment and the user that it gets.
    """
    while words and words[0] is not UNKNOWN:
        wrapper = words[0].rsplit("/", 1)[-1]
        if wrapper not in _WRAPPERS:
            break
        with_value = _WRAPPERS[wrapper].split()
        rest = list(words[1:])
        user = "root" if wrapper == "sudo" else user
        while rest and rest[0] is not UNKNOWN and (rest[0].startswith("-") or "=" in rest[0]):
            option = str(rest.pop(0))
            value = rest.pop(0) if option in with_value and rest else None
            if option in {"-S", "--split-string"} and wrapper == "env":
                return (UNKNOWN,), environment, user
            if option in {"-u", "--user"} and wrapper == "sudo":
                user = UNKNOWN if value is None else value
            elif option in {"-u", "--unset"} and wrapper == "env":
                environment = {name: text for name, text in environment.items() if name != value}
            elif not option.startswith("-"):
                name, _, text = option.partition("=")
                environment = {**environment, name: text}
        if wrapper == "timeout" and rest:
            rest.pop(0)
        elif wrapper in {"gosu", "su-exec"} and rest:
            user = rest.pop(0)
        elif wrapper == "xargs":
            rest.append(UNKNOWN)  # what it reads from its standard input
        words = tuple(rest)
    return words, environment, user


def nested_script(name: str, words: tuple[Known[str], ...]) -> tuple[list[str], str] | None:
    """The flags and the script of `sh -c 'script'`, else None."""
    if name not in _POSIX_SHELLS:
        return None
    flags: list[str] = []
    for index, word in enumerate(words[1:], start=1):
        if word is UNKNOWN or not (word.startswith(("-", "+")) or word == "pipefail"):
            return None
        flags.append(word)
        if word.startswith("-") and not word.startswith("--") and "c" in word:
            text = words[index + 1] if index + 1 < len(words) else UNKNOWN
            return None if text is UNKNOWN else (flags, text)
    return None
