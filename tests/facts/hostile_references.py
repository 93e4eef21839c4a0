"""Texts after FROM that are no plain reference, or a very odd one."""

from __future__ import annotations

SHA = "sha256:" + "c0ffee00" * 8

HOSTILE = [
    "",
    " ",
    "Python",
    "../../../etc/passwd",
    "a/../../b",
    "..",
    "/etc/passwd",
    "a//b",
    ":tag",
    "@sha256:",
    "python:",
    "python@",
    "a" * 5000,
    "a/" * 2500 + "a",
    "library/" * 30 + "python",
    "example.com/" + "mirror/" * 40 + "python",
    "python:" + "9." * 60 + "9",
    "python:" + "-".join(["slim"] * 25),
    "python\x00",
    "python\n:3",
    "\x1b[2J",
    "pуthon",  # noqa: RUF001 - the Cyrillic letter is the point
    "ＰＹＴＨＯＮ",  # noqa: RUF001 - as above
    "\u202egnp.nohtyp",
    "\ud800",
    "${BASE}",
    "con",
    "nul",
    "com1",
    "aux.example.com/x",
    "C:\\Windows",
    "mcr.microsoft.com__dotnet__sdk",
    "gcr.io__distroless__static",
    "scratch@" + SHA,
]
