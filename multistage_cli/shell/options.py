"""`set -e` and `set -o pipefail`: whether they are on for sure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONG = frozenset({"errexit", "pipefail"})


class Options:
    """The options of a shell while its script is read; off where nobody can tell."""

    __slots__ = ("errexit", "pipefail", "unsettled")

    def __init__(self, *, errexit: bool, pipefail: bool) -> None:
        self.errexit = errexit
        self.pipefail = pipefail
        # Whether they may have been switched off: from there on nothing tells whether they are on.
        self.unsettled = False

    def unsettle(self) -> None:
        """Something may switch them off."""
        self.unsettled, self.errexit, self.pipefail = True, False, False

    def set(self, words: Sequence[str | None], *, surely: bool) -> bool:
        """Follow `set` with those words; true where it may switch `errexit` on.

        Args:
            words: its arguments; None for one that is not literal.
            surely: whether the command is reached, in the shell itself.
        """
        switched_on = False
        for names, on in _switches(words):
            if names is None:
                self.unsettle()
                return True
            switched_on = switched_on or (on and "errexit" in names)
            if not names & _LONG or self.unsettled:
                continue
            if not surely:
                if not on:
                    self.unsettle()
                continue
            self.errexit = on if "errexit" in names else self.errexit
            self.pipefail = on if "pipefail" in names else self.pipefail
        return switched_on


def shell_options(words: Sequence[str]) -> tuple[bool, bool]:
    """Whether a shell that is started with these words has `errexit` and `pipefail` on."""
    options = Options(errexit=False, pipefail=False)
    options.set([word for word in words if not word.startswith("--")], surely=True)
    return options.errexit, options.pipefail


def _switches(words: Sequence[str | None]) -> Iterable[tuple[set[str] | None, bool]]:
    """The names that each word switches, and whether on; None for names that nobody can tell."""
    rest = iter(words)
    for word in rest:
        if word is None:
            yield None, False
            return
        if word[:1] not in {"-", "+"} or word in {"-", "--"}:
            return
        names = {"errexit"} if "e" in word else set[str]()
        for _ in range(word.count("o")):
            name = next(rest, "")
            if name is None:
                yield None, False
                return
            names.add(name)
        yield names, word[0] == "-"
