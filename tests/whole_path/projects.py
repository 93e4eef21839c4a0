"""A choice of chances -> a folder to run the program in, and what to type there: mostly broken somewhere."""

from __future__ import annotations

import os
import random
import re
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from multistage_cli.terminal.output import formats
from tests.corpus import cases
from tests.sizes.measured.archives import LAYOUTS, LINK, PACKERS, Packed, tar_of
from tests.whole_path.parts import CONFIGS, IGNORES, PROJECTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COMMANDS = ("analyze", "cache", "commands", "flow", "inspect", "report", "sizes")
FORMATS = {room: formats(room, "json") for room in COMMANDS}
_CORPUS = [case.text for case in cases() if len(case.text) < 6000]
_SPICE = [
    "\x1b[31m", "\x1b]0;t\x07", "[red]", "[/]", "\u202e", "\u2066", "\n", "\r", "\r\n", "\t", "\0", "\x7f", "\x85",
    "\u2028", "\ufeff", "é", "日本", "\udcff", "💾", "\\\n", "`", "'", '"', "$", "${", "}", "${A:-", "<<EOF\n",
    "<<-'E'\n", "--from=", "--mount=type=cache,target=/", "FROM ", "FROM scratch AS a\n", "RUN ",
    "COPY --from=0 / /\n",
    "COPY . .\n", "ONBUILD ", "ARG A\n", "ENV A=$A$A\n", "EXPOSE 99999-1/udp ", "WORKDIR ..\n", "&&", "||", ";", "|",
    "(", ")", "{", "[", "]", ",", ":", "=", "==", "#", "# escape=`\n", "<script>alert(1)</script>", "</script>", "<!--",
    "<img src=x onerror=alert(1)>", "]]>", "&amp;", "../" * 9, "-", "- ", "  ", "*", "**", "!", "npm ci ", "rm -rf / ",
    "pip install -r requirements.txt ", "go build -o /a ./... ", "cargo build ", "mvn package ", "bundle install ",
]  # fmt: skip
_VALUES = [
    "-1", "0", "1e999", "9" * 40, "9" * 5000, "NaN", "Infinity", "null", "true", "[]", "{}", "[[]]", '""', '"\\ud800"',
    '"\\u0000"', '"\\u001b[2J"', "[" * 3000, "{" * 3000, '"../../../../etc/passwd"', '"file:../.."', '"^"', '"*"',
    '">=1 <2 || ~"', '"1.2.3.4.5"', '"v0.0.0-20190101000000-abcdef"', '"linux"', "''", "'a", "~", "&a", "*a", "<<: *a",
    "!!python/object:os.system x", "2024-13-41", "0x", "1_000", "--", '["x"]', '{"a": "b"}', "nan", "inf", "٣", "½",
]  # fmt: skip
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|\d+(?:\.\d+)*|[\w@/.-]+')
_NAMES = [
    "Dockerfile", ".dockerignore", "package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock",
    "pnpm-lock.yaml", "pnpm-workspace.yaml", "go.mod", "go.sum", "Cargo.lock", "Cargo.toml", "pom.xml",
    "requirements.txt", "uv.lock", "poetry.lock", "pyproject.toml", "Gemfile.lock", "multistage.toml", ".hadolint.yaml",
    "setup.py", "composer.lock", "sub/a b", "\x1b[31mred", "line\nbreak", "\u202eright", "<b>", "-x", "byte\udcff",
]  # fmt: skip


@dataclass
class Project:
    """A folder and a command line.

    Attributes:
        files: what lies in the folder, by path: bytes, or a way to make something that is no file.
        arguments: what is typed there.
        stdin: what is piped in.
    """

    files: dict[str, bytes]
    arguments: list[str]
    stdin: bytes = b""
    odd: dict[str, str] = field(default_factory=dict)

    @property
    def dockerfile(self) -> bytes:
        """What the command reads."""
        return self.stdin if "-" in self.arguments else self.files.get("Dockerfile", b"")

    def write(self, folder: Path) -> None:
        """Lay the files out; what the file system refuses is left away."""
        for name, content in self.files.items():
            try:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
            except (OSError, ValueError):
                continue
        for name, kind in self.odd.items():
            path = folder / name
            path.unlink(missing_ok=True)
            match kind:
                case "folder":
                    path.mkdir(parents=True)
                case "loop":
                    path.symlink_to(path.name)
                case "outside":
                    path.symlink_to("../../../../..")
                case "pipe" if hasattr(os, "mkfifo"):
                    os.mkfifo(path)


def project(chance: random.Random) -> Project:
    """A project of a few files with faults in them, and a command to run on it."""
    files = dict(chance.choice(PROJECTS))
    if chance.random() < 0.25:
        files["Dockerfile"] = chance.choice(_CORPUS)
    if chance.random() < 0.4:
        files[".dockerignore"] = chance.choice(IGNORES)
    if chance.random() < 0.3:
        name = chance.choice(list(CONFIGS))
        files[name] = chance.choice(CONFIGS[name])
    if chance.random() < 0.1:
        files[chance.choice(_NAMES)] = chance.choice(_SPICE)
    written = {name: text.encode("utf-8", "surrogatepass") for name, text in files.items()}
    for name, text in files.items():
        if chance.random() < 0.6:
            written[name] = mutated(chance, text)
    found = Project(written, [])
    if chance.random() < 0.1:
        kinds = ["folder", "loop", "outside", "pipe"]
        kind = chance.choice(kinds)
        # A pipe as Dockerfile or configuration is one that somebody names on purpose, and then has to feed.
        named = {"Dockerfile", *(CONFIGS if kind == "pipe" else ())}
        found.odd = {chance.choice([name for name in files if name not in named] or ["x"]): kind}
    found.arguments = [str(word) for word in _arguments(chance, found)]
    return found


def mutated(chance: random.Random, text: str) -> bytes:
    """A text after a few cuts, copies, insertions and other values, now and then in another encoding."""
    roll = chance.random()
    if roll < 0.04:
        return chance.randbytes(chance.randint(0, 300))
    for _ in range(chance.randint(1, 5)):
        if chance.random() < 0.45:
            text = _other_value(chance, text)
            continue
        start = chance.randint(0, len(text))
        end = min(len(text), start + chance.choice([0, 1, 3, 20, 200]))
        piece = chance.choice([*_SPICE, text[chance.randint(0, len(text)) :][:60]])
        text = text[:start] + chance.choice([piece, piece * 3, text[start:end] + piece, ""]) + text[end:]
    if roll < 0.07:
        return text.encode("utf-16", "surrogatepass")
    data = text.encode("utf-8", "surrogatepass")
    if roll < 0.15 and data:
        at = chance.randrange(len(data))
        data = data[:at] + chance.randbytes(1) + data[at + 1 :]
    return data


def _other_value(chance: random.Random, text: str) -> str:
    """The text with one word, number or quoted text of it replaced."""
    tokens = list(_TOKEN.finditer(text))
    if not tokens:
        return text
    token = chance.choice(tokens)
    value = chance.choice([*_VALUES, chance.choice(tokens).group(), chance.choice(tokens).group()])
    return text[: token.start()] + value + text[token.end() :]


def _hostile(chance: random.Random) -> str:
    return "".join(chance.choice(_SPICE) for _ in range(chance.randint(1, 3))).replace("\0", "")


def _arguments(chance: random.Random, found: Project) -> list[object]:
    room = chance.choice(COMMANDS)
    view = chance.choice(FORMATS[room])
    words: list[object] = [room, f"--format={view}"]
    stages = ["build", "runtime", "0", "1", "99", "-1", "BUILD", "", _hostile(chance)]
    platforms = [
        "linux/arm64",
        "windows/amd64",
        "linux/arm/v7",
        "linux",
        "",
        "a/b/c/d",
        "/",
        _hostile(chance),
    ]
    shared = [
        lambda: f"--target={chance.choice(stages)}",
        lambda: f"--platform={chance.choice(platforms)}",
        lambda: f"--build-arg=VERSION={chance.choice([*_VALUES, *_SPICE, '3.11'])}".replace("\0", ""),
        lambda: f"--build-arg={_hostile(chance)}",
        lambda: (
            f"--build-context={chance.choice(['build', 'assets', _hostile(chance)])}={chance.choice(['.', 'x', 'docker-image://a'])}"
        ),
        lambda: f"--context={chance.choice(['.', 'missing', 'Dockerfile', 'sub', _hostile(chance)])}",
        lambda: (
            f"--config={chance.choice(['multistage.toml', '.hadolint.yaml', 'pyproject.toml', '.', 'Dockerfile', 'x'])}"
        ),
        lambda: "--no-config",
    ]
    words += [option() for option in shared if chance.random() < 0.05]
    words.append(f"--width={chance.choice([20, 40, 72, 80, 200, 1000])}")
    if chance.random() < 0.05:
        words.append("--color=always")
    words += _own_options(chance, room, found)
    if chance.random() < 0.08:
        found.stdin = found.files["Dockerfile"]
        words.append("-")
    return [re.sub(r"[\ud800-\udbff\ude00-\udfff]", "", str(word)) for word in words]


def _own_options(chance: random.Random, room: str, found: Project) -> Sequence[object]:
    paths = [*found.files, "src/app.py", "/etc/passwd", "..", "", ".", "*", _hostile(chance)]
    match room:
        case "analyze":
            words = ["--select=all", "--select=MS2,SC", f"--ignore={_hostile(chance)}", "--fail-on=never",
                     "--fail-on=style", ".", "Dockerfile"]  # fmt: skip
            return [*(word for word in words if chance.random() < 0.15), "--jobs=1"]
        case "cache":
            words = [f"--changed={chance.choice(paths)}", f"--changed={chance.choice(paths)}",
                     f"--changed-arg={chance.choice(['VERSION', 'A', _hostile(chance)])}", "--before=.",
                     "--before=sub",
                     f"--changed-image={chance.choice(['node:20-bookworm-slim', 'x', _hostile(chance)])}"]  # fmt: skip
            return [word for word in words if chance.random() < 0.3]
        case "inspect":
            words = [f"--line={chance.choice([1, 2, 5, 9, 14, 99, 10**30, 0, -1])}", f"--exists={chance.choice(paths)}",
                     f"--has-command={chance.choice(['sh', 'curl', 'node', '', _hostile(chance)])}",
                     f"--has-user={chance.choice(['app', '0', _hostile(chance)])}",
                     f"--has-package={chance.choice(['libc6', 'git', _hostile(chance)])}"]  # fmt: skip
            return [word for word in words if chance.random() < 0.4]
        case "report":
            return [_against(chance, found)] if chance.random() < 0.4 else []
        case "sizes":
            return list(_size_options(chance, found))
    return []


def _against(chance: random.Random, found: Project) -> str:
    if chance.random() < 0.8:
        found.files["Other"] = mutated(chance, chance.choice(PROJECTS)["Dockerfile"])
    return (
        f"--against={chance.choice(['Other', 'Other', 'Other', 'Dockerfile', '.', 'HEAD', _hostile(chance)])}"
    )


def _size_options(chance: random.Random, found: Project) -> Sequence[str]:
    words = []
    if chance.random() < 0.3:
        budgets = ["200MB", "1.5GiB", "0", "1", "-1", "", "1e9", "nanMB", "½MB", "٣MB", "9" * 5000, "9" * 5000 + "GB",
                   "1.0000000000001TB", ".5kB", "5 MB", _hostile(chance)]  # fmt: skip
        words.append(f"--budget={chance.choice(budgets)}")
    if chance.random() < 0.3:
        words.append(_against(chance, found))
    if chance.random() < 0.4:
        found.files["image.tar"] = archive(chance, found.files["Dockerfile"].decode("utf-8", "replace"))
        words.append("--archive=image.tar")
        if chance.random() < 0.1:
            words.append(f"--image={chance.choice(['app:latest', 'x', _hostile(chance)])}")
    return words


def archive(chance: random.Random, dockerfile: str = "") -> bytes:
    """An image's archive with hostile names in it, whose bytes or JSON may be broken."""
    lines = [line for line in dockerfile.split("\n") if line.strip()] or ["RUN a"]
    history, layers = [], []
    for line in lines[: chance.randint(1, 8)]:
        odd = [*_NAMES, "a/b", "a/.wh.b", ".wh..wh..opq", "/etc/../x", _hostile(chance) or "x"]
        names = {chance.choice(odd) for _ in range(chance.randint(0, 4))}
        contents = {name: chance.choice([0, 5, 3000, (LINK, "/"), "folder"]) for name in sorted(names)}
        history.append((f"/bin/sh -c #(nop) {line}" if chance.random() < 0.3 else line, True))
        pack = PACKERS[chance.choice(list(PACKERS))]
        layers.append(pack(tar_of(contents, format=chance.choice([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))))
    platform = chance.choice(["linux/amd64", "linux/amd64", "linux/arm64", "/", _hostile(chance)])
    packed = Packed(
        layers, [(text.encode("utf-8", "replace").decode(), is_layer) for text, is_layer in history], platform
    )
    files = LAYOUTS[chance.choice(list(LAYOUTS))](packed)
    if chance.random() < 0.5:
        name = chance.choice(list(files))
        if name.endswith(".json") or len(files[name]) < 2000:
            files[name] = mutated(chance, files[name].decode("utf-8", "replace"))
    data = tar_of(files)
    for _ in range(chance.choice([0, 0, 0, 1, 4])):
        at = chance.randrange(len(data))
        data = data[:at] + chance.randbytes(chance.choice([0, 1, 8])) + data[at + 1 :]
    return data[: chance.choice([len(data)] * 5 + [chance.randrange(len(data))])]
