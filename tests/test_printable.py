"""Text of unknown origin is harmless once it is shown."""

from __future__ import annotations

import pytest

from multistage_cli.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, ünïcode and 日本", "plain text, ünïcode and 日本"),
        ("two\nlines\ttab\r", r"two\nlines\ttab\r"),
        ("\x1b[2J\x07\x00", r"\x1b[2J\x07\x00"),
        ("\x9b31m", r"\x9b31m"),
        ("caf\udce9", r"caf\xe9"),
        ("\ud800", r"\ud800"),
        ("gnp.\u202eexe", r"gnp.\u202eexe"),
        ("a\u200bb\ufeff\u2028", r"a\u200bb\ufeff\u2028"),
        ("\ud7fc \U0001fbff\U000e0001", r"\ud7fc \U0001fbff\U000e0001"),
        ("[red]markup[/] stays", "[red]markup[/] stays"),
    ],
)
def test_active_characters_are_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).encode("utf-8")
    assert printable(text).isprintable()
