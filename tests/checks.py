"""Dockerfiles for BuildKit's build checks, and what a real BuildKit said of them.

The Dockerfiles are the tables in tests/data/checks/*.txt and those that `_generated` makes here. The answers
are in tests/data/checks/answers.json; to ask an engine again and write them anew:

    UPDATE_CHECKS=1 pytest tests/engine/test_checks.py
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parent / "data" / "checks"
ANSWERS = DATA / "answers.json"
DOCKERFILE = "Dockerfile"


@dataclass(frozen=True)
class Warned:
    """One warning of BuildKit: rule, line and what it said."""

    rule: str
    line: int
    detail: str


@dataclass(frozen=True)
class Answer:
    """What BuildKit said of a file: its warnings, and the error that ended its checks or None."""

    warnings: tuple[Warned, ...]
    error: str | None

    @property
    def lines(self) -> set[tuple[str, int]]:
        return {(entry.rule, entry.line) for entry in self.warnings}


@dataclass(frozen=True)
class Check:
    """A Dockerfile to check.

    Attributes:
        targets: to ask for besides the last stage, whose answers are put together: triggers fire only in
            stages that the target needs, and each last stage is a target of ours.
        newer: whether BuildKit 0.25 answers otherwise than later versions, which we follow.
        unasked: whether the engine would need a registry to answer.
    """

    name: str
    files: tuple[tuple[str, str], ...]
    build_args: tuple[tuple[str, str], ...] = field(default=())
    targets: tuple[str, ...] = ()
    newer: bool = False
    unasked: bool = False

    @property
    def text(self) -> str:
        return self.files[0][1]

    @property
    def directed(self) -> bool:
        """Whether a directive in the file chooses the checks; otherwise all of them run."""
        return re.search(r"^# *check *=", self.text, re.MULTILINE) is not None

    def write(self, folder: Path) -> None:
        for name, text in self.files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(text.encode())

    def build(self, folder: Path) -> Build:
        self.write(folder)
        file = folder / DOCKERFILE
        context = open_context(folder, file)
        return evaluate(parse(self.text), file=file, context=context, build_args=dict(self.build_args))


@cache
def checks() -> tuple[Check, ...]:
    """All of them; no name twice."""
    found = [check for path in sorted(DATA.glob("*.txt")) for check in _table(path)] + list(_generated())
    names = [check.name for check in found]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})
    return tuple(found)


@cache
def answers() -> dict[str, Answer]:
    """What the engine said, by name."""
    return {
        name: Answer(tuple(Warned(*entry) for entry in answer["warnings"]), answer["error"])
        for name, answer in json.loads(ANSWERS.read_text(encoding="utf-8")).items()
    }


def _table(path: Path) -> Iterator[Check]:
    for block in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, body = block.partition("\n")
        name, _, options = head.partition(" | ")
        dockerfile, *others = re.split(r"^--- ", body, flags=re.MULTILINE)
        files = [(DOCKERFILE, dockerfile)]
        files += [(other.partition("\n")[0], other.partition("\n")[2]) for other in others]
        yield Check(
            name,
            tuple(files),
            build_args=tuple(re.findall(r"--build-arg (\S+?)=(\S+)", options)),
            targets=tuple(re.findall(r"--target (\S+)", options)),
            newer=options == "newer",
            unasked=options == "unasked",
        )


_SECRET_NAMES = (
    "apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token",
    "GITHUB_TOKEN", "NPM_TOKEN_READ", "AWS_SECRET_ACCESS_KEY", "SECRET_KEY_BASE", "DB_PASSWORD", "MyPassword",
    "my_PassWord", "SSH_KEY", "KEYS", "KEYBOARD", "MONKEY", "TOKENS", "TOKENIZER", "AUTHOR", "AUTHORS", "OAUTH",
    "BASIC_AUTH", "PUBLIC_KEY", "PUBLIC_TOKEN", "KEYFILE", "TOKEN2",
    "_token", "token_", "a__key__b", "secretive", "API_KEY_ID", "DOCKER_CONTENT_TRUST", "CREDENTIALS_PATH", "PWD",
    "passphrase", "private", "x_public_y_key", "Key", "kEy_x",
)  # fmt: skip
_HARMLESS_NAMES = ("PASSWORD_FILE", "KEY_VERSION", "FILE_KEY", "version_secret")


def _generated() -> Iterator[Check]:
    for start in range(0, len(_SECRET_NAMES), 6):
        yield _secrets(f"secret names from {_SECRET_NAMES[start]} on", _SECRET_NAMES[start : start + 6])
    # BuildKit 0.25 knows no other harmless word than "public".
    yield replace(_secrets("secret names of files and versions", _HARMLESS_NAMES), newer=True)
    yield _check("secret name from a variable", "FROM busybox:musl\nENV n=TOKEN\nENV MY_$n=1 ${n}_X=2\n")
    yield _check(
        "line ends of Windows", "FROM busybox:musl as a\r\nCMD sleep 1\r\nENV a b\r\nRUN x \\\r\n\r\n y\r\n"
    )
    yield _check("no line end at the end", "FROM busybox:musl\nCMD sleep 1")
    yield _check("byte order mark", "\ufeffFROM busybox:musl as a\nCMD sleep 1\n")
    yield _check("indented with tabs", "FROM busybox:musl\n\tCMD sleep 1\n\t\tENV a b\n")
    yield _check("spaces at the ends", "FROM busybox:musl as a  \nCMD sleep 1  \nENV a b \t\nWORKDIR app \n")
    yield _check("comments and blank lines above", "\n\n# x\n\nFROM busybox:musl\n\n# y\n\nCMD sleep 1\n")
    for count in (2, 3, 5):
        body = "".join(f"{'run' if index % 2 else 'RUN'} true\n" for index in range(count))
        yield _check(f"casing of {count} alternating instructions", f"FROM busybox:musl\n{body}")
        commands = "".join(f'CMD ["{index}"]\n' for index in range(count))
        yield _check(
            f"{count} commands in two stages", f"FROM busybox:musl AS a\n{commands}FROM a\n{commands}"
        )
    for name in ("CMD", "ENTRYPOINT"):
        for form in (
            "a b",
            '["a", "b"]',
            "[ 'a' ]",
            '"a b"',
            "$x",
            "a && b",
            "[a]",
            '["a"] b',
            '{"a": 1}',
            "\\\n  a",
        ):
            yield _check(f"{name} {form!r}", f"FROM scratch\n{name} {form}\n")
    for path in (
        "a",
        "/a",
        "./a",
        "../a",
        "~/a",
        ".",
        "/",
        "C:/a",
        "\\a",
        "$HOME/a",
        "${x:-/a}",
        "${x:-a}",
        '"/a"',
    ):
        yield _check(f"WORKDIR {path}", f"FROM scratch\nWORKDIR {path}\nWORKDIR b\n")


def _secrets(name: str, variables: tuple[str, ...]) -> Check:
    body = "".join(
        f"ARG {name}\nENV {name}=x\nARG b {name}=y c\nENV d=1 {name}=2\nONBUILD ARG {name}\n"
        f"ONBUILD ENV {name}=x\nRUN echo ${name}\nLABEL {name}=z\n"
        for name in variables
    )
    outside = "".join(f"ARG {name}\n" for name in variables)
    return _check(name, f"{outside}FROM busybox:musl AS a\n{body}FROM a\n")


def _check(name: str, dockerfile: str) -> Check:
    return Check(name, ((DOCKERFILE, dockerfile),))
