"""Which rules run and which findings stay: by code, prefix of a code, name, or another tool's name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from multistage_cli.analyze.rule import Rule, all_rules
from multistage_cli.errors import MultistageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from multistage_cli.analyze.findings import Finding, Severity

EVERYTHING = "ALL"


class Selection(Struct, frozen=True):
    """What runs and how grave it is; each word is a code, a prefix such as `MS2`, a name, an alias or `all`.

    Attributes:
        select: what runs; None for what runs by default.
        extend: what runs besides.
        ignore: what does not.
        severities: by word; the longest word that fits wins.
    """

    select: tuple[str, ...] | None = None
    extend: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)  # picklable: it travels to processes

    def over(self, other: Selection) -> Selection:
        """This one on top of another: its `select` replaces the other's, the rest adds to it."""
        return Selection(
            other.select if self.select is None else self.select,
            _each_once((*other.extend, *self.extend)),
            _each_once((*other.ignore, *self.ignore)),
            {**other.severities, **self.severities},
        )

    def rules(self) -> tuple[Rule, ...]:
        """The rules that run, by code."""
        return tuple(entry for entry in all_rules() if self._runs(entry))

    def _runs(self, entry: Rule) -> bool:
        # An alias may be one of several of its rule: findings are judged one by one, in `keeps`.
        if any(covers(word, entry.code, entry.name, ()) for word in self.ignore):
            return False
        chosen = entry.default if self.select is None else _any_covers(self.select, entry)
        return chosen or _any_covers(self.extend, entry)

    def keeps(self, finding: Finding) -> bool:
        """Whether a finding of a rule that runs stays."""
        if _any_covers(self.ignore, finding):
            return False
        return self.select is None or _any_covers((*self.select, *self.extend), finding)

    def severity(self, finding: Finding) -> Severity:
        """How grave a finding is."""
        fitting = [
            word for word in self.severities if covers(word, finding.code, finding.name, finding.aliases)
        ]
        return self.severities[max(fitting, key=len)] if fitting else finding.severity


def _each_once(words: Iterable[str]) -> tuple[str, ...]:
    """Each is compared with every rule and finding: what a long list repeats would cost as often."""
    return tuple(dict.fromkeys(words))


def _any_covers(words: Iterable[str], entry: Rule | Finding) -> bool:
    return any(covers(word, entry.code, entry.name, entry.aliases) for word in words)


def covers(word: str, code: str, name: str, aliases: tuple[str, ...]) -> bool:
    """Whether a word means a rule or a finding.

    An alias of letters alone, such as `SC`, stands for all of another tool's codes that start with it.
    """
    upper = word.upper()
    names = (code, *aliases)
    if upper in {EVERYTHING, name.upper(), *map(str.upper, names)}:
        return True
    if not _is_code(upper):
        return False
    return any(
        entry.startswith(upper) or (entry.isalpha() and entry.isupper() and upper.startswith(entry))
        for entry in names
    )


def _is_code(word: str) -> bool:
    return word[:2] in {"MS", "DL", "SC"} and (len(word) == _LETTERS or word[_LETTERS:].isdecimal())


_LETTERS = 2
_FAMILY = 3  # MS4


def check_words(words: Iterable[str], where: str) -> None:
    """Refuse words that mean no rule.

    Args:
        words: as written.
        where: what to call the place, such as `--select`.

    Raises:
        MultistageError: a word means no rule.
    """
    for word in _each_once(words):
        if not is_known(word):
            raise MultistageError(f'{where} has "{word}", which is no rule{suggestion(word)}')


def is_known(word: str) -> bool:
    """Whether a word means a rule, or a family of rules that may have one some day."""
    upper = word.upper()
    if upper == EVERYTHING or (upper.startswith("MS") and len(upper) <= _FAMILY and _is_code(upper)):
        return True
    return any(_any_covers((word,), entry) for entry in all_rules())


def suggestion(word: str) -> str:
    """`; did you mean ...?` for a word that means no rule."""
    known = [name for entry in all_rules() for name in (entry.code, entry.name, *entry.aliases)]
    lowered = {name.lower(): name for name in known}
    near = did_you_mean(word.lower(), lowered)
    for low, name in lowered.items():
        near = near.replace(f'"{low}"', f'"{name}"')
    return near or "; `multistage explain` lists them"


def split_words(texts: Iterable[str]) -> tuple[str, ...]:
    """The words of options that may be repeated and hold commas."""
    return tuple(word for text in texts for word in re.split(r"[,\s]+", text) if word)
