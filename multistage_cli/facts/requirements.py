"""requirements.txt, read as pip reads it (pip 26.2, `pip/_internal/req/req_file.py` and `constructors.py`).

Nothing is opened, fetched or expanded: `${TOKEN}` stays as written, and files named with `-r` are only
named. What depends on the disk in pip (a name that is also a folder) is decided here by its look alone.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.facts.markers import applies, canonical_name
from multistage_cli.facts.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_HEAD: Final = re.compile(rf"(?P<name>{_NAME})\s*(?:\[(?P<extras>[^\[\]]*)\])?\s*")
_NAME_ALONE: Final = re.compile(_NAME)
_CLAUSE: Final = re.compile(r"(===|==|~=|!=|<=|>=|<|>)\s*([^\s;,()]+)")
_EXTRAS_AT_END: Final = re.compile(r"\[([^\[\]]*)\]$")
_EGG: Final = re.compile(rf"[#&]egg=(?P<name>{_NAME})(?:\[(?P<extras>[^\[\]]*)\])?(?![^&])")
_SCHEME: Final = re.compile(r"(?:(?:https?|ftp|file):|[a-z][a-z0-9]*(?:\+[a-z0-9]+)+:)", re.IGNORECASE)
_PATH_START: Final = re.compile(r"[\w./~$\\-]")
_WHEEL_NAME_PARTS: Final = (5, 6)
_ARCHIVES: Final = (".whl", ".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz")

_FLAGS: Final = frozenset(
    {"--no-index", "--prefer-binary", "--require-hashes", "--no-require-hashes", "--pre"}
)
_SHORT: Final = {"-i": "--index-url", "-r": "--requirement", "-c": "--constraint", "-e": "--editable"} | {
    "-f": "--find-links",
    "-C": "--config-settings",
}
_SAME: Final = {"--pypi-url": "--index-url", "--config-setting": "--config-settings"}
_WITH_VALUE: Final = frozenset(
    ("--extra-index-url", "--no-binary", "--only-binary", "--trusted-host", "--use-feature", "--all-releases")
) | {"--only-final", "--hash", "--global-option", *_SHORT.values(), *_SAME}
_LONGEST_SHOWN: Final = 60


class Requirement(Struct, frozen=True):
    """One thing to install.

    Attributes:
        name: Normalised after PEP 503; empty for a path, URL or `${VARIABLE}` that does not tell.
        extras: Normalised likewise.
        specifier: Version clauses, such as `>=2,<3`; empty for any version.
        url: Where it comes from when not from an index: a URL, or a path as written.
        text: As written, without comment and options.
        line: 1-based line that it starts on; 0 where it comes from no file.
        editable: Whether `-e` stood before it.
    """

    name: str
    extras: frozenset[str] = frozenset()
    specifier: str = ""
    url: str | None = None
    text: str = ""
    line: int = 0
    editable: bool = False


class Include(Struct, frozen=True):
    """Another file that pip reads in this place (`-r`) or takes limits from (`-c`)."""

    path: str
    constraint: bool
    line: int


class Option(Struct, frozen=True):
    """An option of the whole file, under its long name; `value` is empty for a switch."""

    name: str
    value: str
    line: int


class Problem(Struct, frozen=True):
    """A line that pip refuses, and why."""

    line: int
    message: str


class RequirementsFile(Struct, frozen=True):
    """What a requirements file asks for, in its order; what a marker rules out is left out."""

    requirements: tuple[Requirement, ...] = ()
    includes: tuple[Include, ...] = ()
    options: tuple[Option, ...] = ()
    problems: tuple[Problem, ...] = ()


def parse_requirements(text: str, *, python: str = "3.12") -> RequirementsFile:
    """Read a requirements file for Linux x86-64 and CPython `python`, given as major and minor version.

    A marker that hangs on something unknown keeps its requirement.
    """
    requirements: list[Requirement] = []
    includes: list[Include] = []
    options: list[Option] = []
    problems: list[Problem] = []
    for number, line in _logical_lines(text):
        asked, rest = _split_options(line)
        try:
            given = list(_options(rest))
            if not asked and (
                editable := next((value for name, value in given if name == "--editable"), None)
            ):
                wanted = parse_requirement(editable, python=python, line=number, editable=True)
            else:
                wanted = parse_requirement(asked, python=python, line=number) if asked else None
        except ValueError as error:
            problems.append(Problem(number, str(error)))
            continue
        if wanted is not None:
            requirements.append(wanted)
        # Beside a requirement pip heeds only that requirement's own options, and none changes what it is.
        for name, value in given if not asked and wanted is None else ():
            if name in ("--requirement", "--constraint"):
                includes.append(Include(value, name == "--constraint", number))
            elif name not in ("--hash", "--config-settings", "--editable"):
                options.append(Option(name, value, number))
    return RequirementsFile(tuple(requirements), tuple(includes), tuple(options), tuple(problems))


def parse_requirement(
    text: str, *, python: str = "3.12", extra: str = "", line: int = 0, editable: bool = False
) -> Requirement | None:
    """One requirement, as pip takes it on its command line; None where its marker rules it out.

    Raises:
        ValueError: pip refuses it; the message says why.
    """
    text = text.strip()
    is_url = _SCHEME.match(text) is not None
    body, separator, marker = text.partition("; " if is_url else ";")
    body = body.strip()
    if not body:
        raise ValueError("there is a marker, and no requirement before it")
    if separator and marker.strip():
        try:
            holds = applies(marker, python=python, extra=extra)
        except ValueError as error:
            raise ValueError(f"the marker of {_shown(body)} cannot be read: {error}") from None
        if holds is False:
            return None
    head = _HEAD.match(body)
    if not is_url and head is not None and body.startswith("@", head.end()):
        url = body[head.end() + 1 :].strip()
        if not url or any(character.isspace() for character in url):
            raise ValueError(f"{_shown(body)} has no single URL after @")
        return Requirement(
            canonical_name(head["name"]), _extras(head["extras"]), "", url, text, line, editable
        )
    if is_url or editable or _is_path(body):
        return _located(body, text, line, editable=editable)
    if "${" in body and (head is None or body.startswith("${", head.end())):
        return Requirement("", text=text, line=line)  # what it names is known to the environment alone
    if head is None:
        raise ValueError(f"{_shown(body)} is no requirement: a name, a path or a URL is expected")
    specifier = _specifier(body[head.end() :], body)
    return Requirement(canonical_name(head["name"]), _extras(head["extras"]), specifier, None, text, line)


def _located(body: str, text: str, line: int, *, editable: bool) -> Requirement:
    """A requirement that says where it is and may not say what it is."""
    extras = _EXTRAS_AT_END.search(body) if _SCHEME.match(body) is None else None
    place = body[: extras.start()] if extras else body
    file_name = place.partition("#")[0].partition("?")[0].rpartition("/")[2]
    named = _EGG.search(body)
    if file_name.lower().endswith(".whl"):
        # name-version(-build)?-python-abi-platform.whl; no part can hold a dash.
        parts = file_name.split("-")
        if len(parts) not in _WHEEL_NAME_PARTS:
            raise ValueError(f"{_shown(file_name)} is no name of a wheel")
        name, wanted = canonical_name(parts[0]), _extras(extras[1] if extras else None)
    elif named is not None:
        place, name, wanted = body, canonical_name(named["name"]), _extras(named["extras"])
    else:
        name, wanted = "", _extras(extras[1] if extras else None)
    return Requirement(name, wanted, "", place, text, line, editable)


def _specifier(text: str, body: str) -> str:
    text = text.strip()
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    if not text:
        return ""
    clauses = [clause.strip() for clause in text.removesuffix(",").split(",")]
    for clause in clauses:
        if not _is_clause(clause):
            hint = " (one = is no operator, == is)" if re.match(r"=[^=]", clause) else ""
            raise ValueError(f"{_shown(body)} has a version part that cannot be read: {_shown(clause)}{hint}")
    return ",".join(re.sub(r"\s+", "", clause) for clause in clauses)


def _is_clause(text: str) -> bool:
    found = _CLAUSE.fullmatch(text)
    if found is None:
        return False
    operator, version = found.groups()
    if operator == "===" or "${" in version:
        return True
    if operator in ("==", "!="):
        version = version.removesuffix(".*")
    return parse_version(version) is not None and (operator != "~=" or "." in version)


def _extras(text: str | None) -> frozenset[str]:
    names = [name.strip() for name in (text or "").split(",")]
    if any(_NAME_ALONE.fullmatch(name) is None for name in names if name):
        raise ValueError(f"[{text}] is no list of extras")
    return frozenset(canonical_name(name) for name in names if name)


def _is_path(body: str) -> bool:
    # pip looks whether such a folder or file exists; by its look alone it can be nothing else.
    if _PATH_START.match(body) is None:
        return False
    return body.startswith(".") or "/" in body or _EXTRAS_AT_END.sub("", body).lower().endswith(_ARCHIVES)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, continuations joined, blank ones left out; with the number of the first."""
    parts: list[str] = []
    first = 1
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        if not parts:
            first = number
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            parts.append(line.strip("\\"))
            continue
        # A blank before a comment, so that it is still one behind the line that it continues.
        parts.append(f" {line}" if is_comment else line)
        whole = _without_comment("".join(parts)).strip()
        parts = []
        if whole:
            yield first, whole
    whole = _without_comment("".join(parts)).strip()
    if whole:
        yield first, whole


def _without_comment(line: str) -> str:
    # Not pip's own (^|\s+)#.*$, which takes quadratic time over a long run of blanks.
    at = line.find("#")
    while at > 0 and not line[at - 1].isspace():
        at = line.find("#", at + 1)
    return line if at < 0 else line[:at]


def _split_options(line: str) -> tuple[str, str]:
    """Requirement and options of a line: the options start at the first word that starts with a dash."""
    if line.startswith("-"):
        return "", line
    at = line.find(" -")
    return (line, "") if at < 0 else (line[:at].strip(), line[at:])


def _options(text: str) -> Iterator[tuple[str, str]]:
    """Options with their values, under their long names.

    Raises:
        ValueError: an option that pip does not know here, or one without its value.
    """
    words = iter(_words(text))
    for word in words:
        if not word.startswith("-") or word == "-":
            continue
        name, equals, value = word.partition("=")
        if not word.startswith("--"):
            name, value = _SHORT.get(word[:2], word[:2]), word[2:]
            equals = value
        name = _long_name(name)
        if name in _FLAGS:
            if equals:
                raise ValueError(f"{name} takes no value")
            yield name, ""
            continue
        if not equals:
            following = next(words, None)
            if following is None:
                raise ValueError(f"{name} has no value")
            value = following
        yield name, value


def _words(text: str) -> list[str]:
    if text.isascii() and not any(mark in text for mark in "'\"\\"):
        return (
            text.split()
        )  # what shlex would say, in a tenth of the time: lock files have a hash on every line
    try:
        return shlex.split(text)
    except ValueError:
        raise ValueError(f"a quote in {_shown(text)} is not closed") from None


def _long_name(name: str) -> str:
    """The full name of a long option, which may be cut short as long as it is no other's beginning."""
    known = _FLAGS | _WITH_VALUE
    if name not in known:
        meant = sorted(option for option in known if name.startswith("--") and option.startswith(name))
        if len(meant) != 1:
            raise ValueError(f"pip does not take {_shown(name)} in a requirements file")
        name = meant[0]
    return _SAME.get(name, name)


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}...")
