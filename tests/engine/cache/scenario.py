"""What a scenario is: a build context, a change, and what `multistage cache` is asked about it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

BASE = "multistage-cache-base"
"""The image that scenarios start from: made anew for each, so that no earlier build is in the way."""

ADDRESS = "http://127.0.0.1:1"
"""Stands for the server that gives out the build context while a scenario is recorded."""

BEFORE = ("--before", "{before}")

Files = Mapping[str, "str | tuple[str, ...] | None"]
"""Name to content; ("link", TARGET) is a link, a name with a final slash a folder, None deletes."""


@dataclass(frozen=True)
class Scenario:
    """Two builds.

    Attributes:
        family: the rule that it is about.
        name: unique.
        dockerfile: of the first build; `{base}`, `{nonce}` and `{address}` are filled in.
        files: the build context of the first build; `{nonce}` is filled in.
        edits: pairs of text and replacement that make the second Dockerfile out of the first.
        changes: what becomes of the files.
        acts: what else happens to them: ("chmod", PATH, MODE), ("chown", PATH), ("touch", PATH),
            ("rename", PATH, PATH), ("hardlink", PATH, PATH).
        arguments: build arguments; `other_arguments` those of the second build that differ.
        secrets: name to content; `other_secrets` those of the second build that differ.
        target: the stage to build.
        base: what becomes of the base image: "" for nothing, "files", "label" or "environment".
        options: more options of both builds, which `multistage cache` knows too.
        questions: options of `multistage cache`, each asked in the second folder.
    """

    family: str
    name: str
    dockerfile: str
    files: Files = field(default_factory=dict)
    edits: tuple[tuple[str, str], ...] = ()
    changes: Files = field(default_factory=dict)
    acts: tuple[tuple[str, ...], ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)
    other_arguments: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    other_secrets: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    base: str = ""
    options: tuple[str, ...] = ()
    questions: tuple[tuple[str, ...], ...] = (BEFORE,)

    @property
    def digest(self) -> str:
        """Changes with anything that could change a result; the questions cannot."""
        told = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "questions"}
        text = repr(
            {name: dict(value) if isinstance(value, Mapping) else value for name, value in told.items()}
        )
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def write(self, folder: Path, nonce: str, base: str, address: str = ADDRESS) -> tuple[Path, Path]:
        """Write both build contexts below a folder, and give them."""
        before, after = folder / "before", folder / "after"
        before.mkdir(parents=True)
        filled = {"{base}": base, "{nonce}": nonce, "{address}": address}
        text = _filled(self.dockerfile, filled)
        (before / "Dockerfile").write_text(text, encoding="utf-8", newline="")
        _write(before, self.files, nonce)
        shutil.copytree(before, after, symlinks=True)
        for edit in self.edits:
            old, new = (_filled(part, filled) for part in edit)
            assert old in text, (self.name, old)
            text = text.replace(old, new)
        if self.edits:
            (after / "Dockerfile").write_text(text, encoding="utf-8", newline="")
        _write(after, self.changes, nonce)
        for act in self.acts:
            _act(after, act)
        return before, after

    def asked(self, question: tuple[str, ...], before: Path, base: str) -> list[str]:
        """The arguments of `multistage` for one question, run in the second folder."""
        arguments = {**self.arguments, **self.other_arguments}
        filled = {"{before}": str(before), "{base}": base, "{address}": ADDRESS}
        words = [_filled(word, filled) for word in question]
        if "--before" in question or "--before-build-arg" in question:
            earlier = {name: self.arguments.get(name, "") for name in self.other_arguments}
            words += [f"--before-build-arg={name}={value}" for name, value in earlier.items()]
        elif "--changed-arg" in " ".join(question):
            arguments = dict(self.arguments)
        return [
            "cache", "Dockerfile", "--format", "json", *words,
            *(f"--build-arg={name}={value}" for name, value in arguments.items()),
            *((f"--target={self.target}",) if self.target else ()),
            *(_filled(option, filled) for option in self.options),
        ]  # fmt: skip


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def _write(root: Path, files: Files, nonce: str) -> None:
    for name, content in files.items():
        path = root / name
        if content is None:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        elif isinstance(content, tuple):
            path.unlink(missing_ok=True)
            path.symlink_to(content[1])
        else:
            if path.is_symlink():
                path.unlink()
            path.write_text(content.replace("{nonce}", nonce), encoding="utf-8", newline="")


def _act(root: Path, act: tuple[str, ...]) -> None:
    kind, name, *rest = act
    path = root / name
    match kind:
        case "chmod":
            path.chmod(int(rest[0], 8))
        case "chown":
            if os.geteuid() == 0:
                os.chown(path, 1234, 1234)
        case "touch":
            os.utime(path, (1_000_000_000, 1_000_000_000))
        case "rename":
            (root / rest[0]).parent.mkdir(parents=True, exist_ok=True)
            path.rename(root / rest[0])
        case "hardlink":
            (root / rest[0]).unlink(missing_ok=True)
            (root / rest[0]).hardlink_to(path)
        case "tar":
            _archive(path, rest[0])
        case _:
            raise ValueError(kind)


def _archive(path: Path, content: str) -> None:
    import io
    import tarfile

    data = content.encode()
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("unpacked.txt")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
