"""The arguments of one instruction: flags, words, JSON form, key and value.

What BuildKit's `frontend/dockerfile/parser` does in `split_command.go` and `line_parsers.go`. It works on
bytes in places where Python has characters; where that shows, a comment says so.
"""

from __future__ import annotations

import json
import math
import re
from typing import Final

from msgspec import Struct

from multistage_cli.parser.model import Flag, KeyValue

SPACES: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What Go's `unicode.IsSpace` calls white space. `str.isspace` knows four control characters more."""

_ASCII_SPACES = re.compile(r"[\t\v\f\r ]+")
_NOT_SPACES = re.compile(f"[^{SPACES}]+")
_SHOWN_LENGTH = 60
_SURROGATE = re.compile("[\ud800-\udfff]")


class RefusalError(ValueError):
    """BuildKit's parser refuses an instruction; the message says why and what to do."""


class Arguments(Struct, frozen=True):
    """What `Instruction` keeps of the text behind keyword and flags."""

    words: tuple[str, ...] = ()
    json_form: bool = False
    pairs: tuple[KeyValue, ...] = ()


def valid_text(text: str) -> str:
    """The text with U+FFFD for every byte that is no UTF-8, as Go writes it where it copies by character."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def shortened(text: str) -> str:
    """A piece of the file short enough for a message."""
    return valid_text(text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}...")


def quoted(text: str) -> str:
    """A piece of the file as a message shows it: short, on one line, in double quotes."""
    return json.dumps(shortened(text), ensure_ascii=False)


# Keyword


def split_keyword(line: str, start: int = 0) -> tuple[str, int]:
    """The keyword at `line[start:]`, and the offset of what follows it and its white space."""
    gap = _ASCII_SPACES.search(line, start)
    if gap is None:
        return line[start:], len(line)
    return line[start : gap.start()], gap.end()


def instruction_name(keyword: str) -> str:
    """The name that a keyword stands for, in capitals.

    BuildKit lowers the keyword character by character, which turns the Kelvin sign and the dotted capital
    I into ASCII letters, but never a small letter such as the long s.
    """
    if keyword.isascii():
        return keyword.upper()
    lowered = "".join("i" if letter == "\u0130" else letter.lower() for letter in keyword)
    return "".join(letter.upper() if letter.isascii() else letter for letter in lowered)


# Flags

_GO_BYTE_SPACES = frozenset((0x85, 0xA0))
# ASCII only, and spelt out: a class that leaves out everything beyond ASCII takes 2 ms to compile.
_FLAG_RUN = {
    ("", "\\"): re.compile(r"[\x00-\x08\x0e-\x1f!#-&(-\[\]-\x7f]+"),
    ("", "`"): re.compile(r"[\x00-\x08\x0e-\x1f!#-&(-_a-\x7f]+"),
    ("'", "\\"): re.compile(r"[\x00-&(-\[\]-\x7f]+"),
    ("'", "`"): re.compile(r"[\x00-&(-_a-\x7f]+"),
    ('"', "\\"): re.compile(r"[\x00-!#-\[\]-\x7f]+"),
    ('"', "`"): re.compile(r"[\x00-!#-_a-\x7f]+"),
}


def split_flags(line: str, start: int, escape: str) -> tuple[tuple[Flag, ...], int]:
    """The flags at `line[start:]`, and the offset of the rest.

    Quotes and the escape character are taken out of a flag. BuildKit reads flags byte by byte and writes
    each byte as a character, so a letter beyond ASCII comes out as two or more; its bytes 0x85 and 0xA0
    even end the flag. `Flag.text` is what the file says.
    """
    flags: list[Flag] = []
    position = start
    while line.startswith("--", position):
        word, end, whole = _flag_word(line, position, escape)
        if word == "--" and end < len(line):
            return tuple(flags), end
        if word != "--":
            name, separator, value = word[2:].partition("=")
            flags.append(Flag(name, value if separator else None, line[position:end]))
        position = end
        if not whole:
            break
        gap = _ASCII_SPACES.match(line, position)
        if gap:
            position = gap.end()
    return tuple(flags), position


def _flag_word(line: str, start: int, escape: str) -> tuple[str, int, bool]:
    """One flag without quotes and escapes, its end, and whether it ended between characters."""
    parts: list[str] = []
    position, quote = start, ""
    while position < len(line):
        run = _FLAG_RUN[quote, escape].match(line, position)
        if run:
            parts.append(run.group())
            position = run.end()
            continue
        letter = line[position]
        escaped = letter == escape
        if escaped:
            position += 1
            if position == len(line):
                break
            letter = line[position]
        if letter > "\x7f":
            data = letter.encode(
                "utf-8", "surrogatepass" if "\ud800" <= letter < "\udc80" else "surrogateescape"
            )
            space = next(
                (at for at, byte in enumerate(data) if byte in _GO_BYTE_SPACES and at >= escaped), None
            )
            position += 1
            if space is not None and not quote:
                parts.append(data[:space].decode("latin-1"))
                return "".join(parts), position, all(byte in _GO_BYTE_SPACES for byte in data[space:])
            parts.append(data.decode("latin-1"))
            continue
        if not escaped and letter == quote:
            quote = ""
        elif not escaped and not quote and letter in "\"'":
            quote = letter
        elif not escaped and not quote and letter in "\t\n\v\f\r ":
            break
        else:
            parts.append(letter)
        position += 1
    return "".join(parts), position, True


# Words


def split_words(text: str, escape: str) -> list[str]:
    """Words between white space; quotes and escapes keep it in, and stay in the word."""
    if escape not in text and '"' not in text and "'" not in text:
        return _NOT_SPACES.findall(valid_text(text))
    words: list[str] = []
    word: list[str] = []
    for token in _WORD_TOKEN[escape].finditer(valid_text(text)):
        if token.lastgroup == "space":
            if word:
                words.append("".join(word))
                word.clear()
        elif token.lastgroup != "dropped":
            word.append(token.group())
    if word:
        words.append("".join(word))
    return words


def _word_token(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    # An escape character at the very end is dropped, in double quotes as outside.
    return re.compile(
        rf"(?P<space>[{SPACES}]+)|(?P<dropped>{mark}\Z)|(?P<plain>[^{SPACES}\"'{mark}]+|{mark}.|'[^']*'?)"
        rf"|(?P<quoted>\"(?:[^\"{mark}]++|{mark}.)*+\"?)",
        re.DOTALL,
    )


_WORD_TOKEN = {escape: _word_token(escape) for escape in ("\\", "`")}


def _pairs(name: str, text: str, escape: str) -> Arguments:
    """ENV and LABEL: `name=value ...`, or the legacy `name value`."""
    words = split_words(text, escape)
    if not words:
        return Arguments()
    if "=" not in words[0]:
        gap = _ASCII_SPACES.search(text)
        if gap is None:
            raise RefusalError(f"{name} {quoted(text)} has no value: write {name} {_shown_name(text)}=value")
        key, value = text[: gap.start()], text[gap.end() :]
        return Arguments((key, value), pairs=(KeyValue(key, value, " "),))
    for word in words:
        if "=" not in word:
            raise RefusalError(
                f"{name} has {quoted(word)} without a `=`: write every pair as name=value, and put quotes"
                " around a value with spaces"
            )
    return Arguments(tuple(words), pairs=tuple(_pair(word) for word in words))


def _shown_name(text: str) -> str:
    return text if text.isascii() and text.isidentifier() else "name"


def _pair(word: str) -> KeyValue:
    key, separator, value = word.partition("=")
    return KeyValue(key, value, "=") if separator else KeyValue(key, None, "")


# JSON form

_STRING = r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+"'
_GAP = r"[ \t\r\n]*+"
_STRINGS = re.compile(rf"\[{_GAP}(?:{_STRING}{_GAP}(?:,{_GAP}{_STRING}{_GAP})*+)?\]")
_TOKEN = re.compile(
    rf"{_GAP}(?:(?P<string>{_STRING})|(?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)"
    r"|(?P<literal>true|false|null)|(?P<mark>[][{},:]))"
)
_AFTER = {
    "[": frozenset(("value", "]")),
    "{": frozenset(("key", "}")),
    "key": frozenset(":"),
    ":": frozenset(("value",)),
    (",", "["): frozenset(("value",)),
    (",", "{"): frozenset(("key",)),
    ("value", "["): frozenset((",", "]")),
    ("value", "{"): frozenset((",", "}")),
}
_MAX_DEPTH = 10_000  # encoding/json gives up there, and the text is no JSON form any more


def json_words(text: str) -> tuple[str, ...] | None:
    """The members of a JSON array of strings; None where the text is no JSON array.

    Raises:
        RefusalError: a JSON array with other members.
    """
    text = text.lstrip(SPACES)
    if not text.startswith("["):
        return None
    if _STRINGS.fullmatch(text):
        members: list[str] = json.loads(text)
        if "\\u" in text or not text.isascii():
            members = [valid_text(member) for member in members]
        return tuple(members)
    if _is_json(text):
        raise RefusalError("a JSON array here may hold strings only: put double quotes around every member")
    return None


def _is_json(text: str) -> bool:
    """Whether Go's encoding/json reads the text. Without recursion, however deep the brackets."""
    open_marks: list[str] = []
    expected = frozenset(("value",))
    position = 0
    while True:
        token = _TOKEN.match(text, position)
        if token is None:
            return False
        position = token.end()
        mark = token.group("mark") or "value"
        if token.lastgroup == "string" and "key" in expected:
            mark = "key"
        elif token.lastgroup == "number" and math.isinf(float(token.group("number"))):
            return False
        elif mark in ("[", "{") and "value" in expected:
            open_marks.append(mark)
            if len(open_marks) > _MAX_DEPTH:
                return False
            expected = _AFTER[mark]
            continue
        if mark not in expected:
            return False
        if mark in ("]", "}"):
            open_marks.pop()
            if not open_marks:
                return not text[position:].strip(" \t\r\n")
            mark = "value"
        expected = _AFTER[mark, open_marks[-1]] if mark in ("value", ",") else _AFTER[mark]


# By instruction


def _shell_or_json(text: str) -> Arguments:
    if not text:
        return Arguments()
    members = json_words(text)
    return Arguments((text,)) if members is None else Arguments(members, json_form=True)


def _list_or_json(text: str) -> Arguments:
    members = json_words(text)
    return Arguments(_split(text)) if members is None else Arguments(members, json_form=True)


def _split(text: str) -> tuple[str, ...]:
    return tuple(_ASCII_SPACES.split(text)) if text else ()


_HEALTHCHECK_TYPE = re.compile(r"([^\t\n\v\f\r ]*)[\t\n\v\f\r ]*")


def _healthcheck(text: str) -> Arguments:
    head = _HEALTHCHECK_TYPE.match(text)
    if not head or not head.group(1):
        return Arguments()
    command = _shell_or_json(text[head.end() :])
    return Arguments((head.group(1), *command.words), json_form=command.json_form)


def arguments(name: str, text: str, escape: str) -> Arguments:
    """What BuildKit's parser makes of the text behind keyword and flags.

    Raises:
        RefusalError: it refuses the instruction.
    """
    match name:
        case "RUN" | "CMD" | "ENTRYPOINT" | "SHELL":
            return _shell_or_json(text)
        case "COPY" | "ADD" | "VOLUME":
            return _list_or_json(text)
        case "ENV" | "LABEL":
            return _pairs(name, text, escape)
        case "ARG":
            words = tuple(split_words(text, escape))
            return Arguments(words, pairs=tuple(_pair(word) for word in words))
        case "HEALTHCHECK":
            return _healthcheck(text)
        case "MAINTAINER" | "USER" | "WORKDIR" | "STOPSIGNAL" | "ONBUILD":
            return Arguments((text,) if text else ())
        case _:
            # FROM, EXPOSE, and unknown instructions, whose arguments BuildKit throws away.
            return Arguments(_split(text))
