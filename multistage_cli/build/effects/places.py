"""Words of a command as paths: `~`, braces, and words that nobody can read.

A word that is unknown becomes UNREAD, which is no path: every change takes a path that is not absolute for one
that may lie anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.effects import Call, absolute, read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.claims import Known
    from multistage_cli.build.effects import Arguments
    from multistage_cli.build.state import State

UNREAD: Final = "\0"
_MOST_WORDS: Final = 1_000
_BRACED: Final = frozenset({"bash", "zsh", "ksh"})
_PLAIN: Final = frozenset({"ash", "dash", "busybox"})


def read_paths(call: Call, *, switches: str = "", with_value: str = "") -> Arguments:
    """The arguments of a command whose operands are paths, with UNREAD for words that are unknown.

    `complete` is False only after an option that is not among the known ones.
    """
    return read_arguments(expanded(call), switches=switches, with_value=with_value)


def expanded(call: Call) -> tuple[str, ...]:
    """The words after brace expansion, which bash does and dash and BusyBox do not."""
    found: list[str] = []
    for word in call.words:
        if word is UNKNOWN:
            found.append(UNREAD)
        elif "{" not in word or "," not in word or word.startswith("-"):
            found.append(word)
        else:
            found += _braced(word, expands_braces(call))
    return tuple(found)


def _braced(word: str, expands: Claim) -> list[str]:
    if expands is Claim.NO:
        return [word]
    words = list(_alternatives(word, _MOST_WORDS))
    if words == [word]:
        return words
    return words if expands is Claim.YES and len(words) < _MOST_WORDS else [UNREAD]


def _alternatives(word: str, most: int) -> Iterator[str]:
    """The words that `a{b,c}d` stands for; nested braces too."""
    opening = word.find("{")
    while opening >= 0:
        parts, closing = _parts(word, opening)
        if len(parts) > 1:
            count = 0
            for part in parts:
                for text in _alternatives(f"{word[:opening]}{part}{word[closing + 1 :]}", most):
                    count += 1
                    if count > most:
                        return
                    yield text
            return
        opening = word.find("{", opening + 1)
    yield word


def _parts(word: str, opening: int) -> tuple[list[str], int]:
    """What stands between commas inside of a brace, and where that is closed."""
    parts, depth, start = [], 0, opening + 1
    for index in range(opening, len(word)):
        character = word[index]
        if character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
        if (character == "," and depth == 1) or depth == 0:
            parts.append(word[start:index])
            start = index + 1
        if depth == 0:
            return parts, index
    return [], opening


def expands_braces(call: Call) -> Claim:
    """Whether the shell that reads the command makes several words of `a{b,c}`."""
    if call.shell in _BRACED:
        return Claim.YES
    if call.shell in _PLAIN or call.state.packages.manager in {"apt", "apk"}:
        return Claim.NO
    if call.state.packages.manager == "dnf":
        return Claim.YES  # /bin/sh is bash there
    return Claim.NO if is_busybox(call.state) is Claim.YES else Claim.UNKNOWN


def is_busybox(state: State) -> Claim:
    """Whether `cp`, `tar` and so on are BusyBox's, and not GNU's."""
    if state.packages.manager in {"apt", "dnf"} or state.has_package("coreutils") is Claim.YES:
        return Claim.NO
    if state.has_command("busybox") is Claim.YES and state.has_package("coreutils") is Claim.NO:
        return Claim.YES
    return Claim.UNKNOWN


def place(call: Call, word: str) -> str:
    """The absolute path that a word names; something that is not absolute where nobody can tell."""
    if UNREAD in word:
        return UNREAD
    if word.startswith("~"):
        name, slash, rest = word.partition("/")
        home: Known[str] = home_of(call) if name == "~" else call.state.accounts.home(name[1:])
        return UNREAD if home is UNKNOWN else absolute(f"{home}{slash}{rest}", "/")
    if not word:
        return UNREAD
    return call.absolute(word)


def home_of(call: Call) -> Known[str]:
    """The HOME of whom the command runs as: the variable's, or the one of /etc/passwd."""
    found = call.home()
    return found if found is not UNKNOWN else call.state.accounts.home(call.user)


def places(call: Call, words: tuple[str, ...]) -> tuple[str, ...]:
    """The paths that words name."""
    return tuple(place(call, word) for word in words)
