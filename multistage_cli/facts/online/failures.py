"""Why something could not be had."""

from __future__ import annotations


class OnlineError(Exception):
    """The far side does not give what was asked; the message says what to do, in one sentence for people."""


class UnreachableError(OnlineError):
    """Nobody answers at that host: no network, no such name, or nothing that speaks the protocol.

    Attributes:
        host: as it was asked, with its port where that is not the usual one.
        passing: whether the next attempt may go better.
    """

    def __init__(self, host: str, why: str, *, passing: bool = True) -> None:
        super().__init__(f"cannot reach {host} ({why})")
        self.host = host
        self.passing = passing


class OutOfTimeError(OnlineError):
    """The time for the whole run is used up."""
