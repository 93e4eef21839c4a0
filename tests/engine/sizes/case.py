"""Dockerfiles whose real sizes are known, with the files that they copy.

A case is a folder in `cases`: `case.toml` says what it is, `context` is its build context. Large files are not
stored; they are made when the case is used, and hold the same bytes every time.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.parser import parse

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent.parent
CASES = HERE / "cases"
TRUTH = HERE / "truth"
_BLOCK = bytes(range(256)) * 4096


@dataclass(frozen=True, slots=True)
class Case:
    """One Dockerfile.

    Attributes:
        name: its folder.
        kind: such as `apt`.
        what: it shows, in a few words.
        calibrated: whether estimators may be tuned with it. The others are only ever measured.
        made: files of the build context that are made, with their bytes.
        archives: tar files that are made, with the files in them; the name tells the compression.
        project: whether it is the project's own top-level Dockerfile, with the project as its build context.
        index: what its pip installs, where that comes from an index of our own while it is built: one whose answers
            may be kept, as those of the Python Package Index may. A mirror's may not, and then pip has no cache.
        why: the estimate is off by what it is, in words, where somebody looked.
    """

    name: str
    kind: str
    what: str
    calibrated: bool
    made: Mapping[str, int]
    archives: Mapping[str, Mapping[str, int]]
    project: bool
    index: tuple[str, ...] = ()
    why: str = ""

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return CASES / self.name

    def write(self, folder: Path) -> Path:
        """The build context, in a folder that may be empty or missing; the project's own as it is."""
        if self.project:
            return PROJECT
        shutil.copytree(self.folder / "context", folder, dirs_exist_ok=True)
        for path, size_bytes in self.made.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content(size_bytes))
        for path, members in self.archives.items():
            _write_archive(folder / path, members)
        return folder

    def digest(self) -> str:
        """Changes when the Dockerfile or a file beside it does; of the project's own with what it copies."""
        found = hashlib.sha256(json.dumps([dict(self.made), {**self.archives}], sort_keys=True).encode())
        for path, file in sorted(self._files()):
            found.update(path.encode() + b"\0" + file.read_bytes() + b"\0")
        return found.hexdigest()[:16]

    def _files(self) -> Iterator[tuple[str, Path]]:
        if self.project:
            service = PROJECT / "sample_service"
            copied = (PROJECT / "Dockerfile", service / "requirements.txt", service / "model.json")
            for file in (*copied, *service.glob("*.py")):
                yield file.relative_to(PROJECT).as_posix(), file
            return
        root = self.folder / "context"
        yield from ((file.relative_to(root).as_posix(), file) for file in root.rglob("*") if file.is_file())


def content(size_bytes: int) -> bytes:
    """So many bytes, the same every time."""
    return (_BLOCK * (size_bytes // len(_BLOCK) + 1))[:size_bytes]


def _write_archive(file: Path, members: Mapping[str, int]) -> None:
    suffix = file.suffix.removeprefix(".")
    mode = {"tar": "w:", "gz": "w:gz", "xz": "w:xz", "bz2": "w:bz2"}[suffix]
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, mode) as archive:  # type: ignore[call-overload]
        for name, size_bytes in members.items():
            member = tarfile.TarInfo(name)
            member.size = size_bytes
            archive.addfile(member, io.BytesIO(content(size_bytes)))


def all_cases() -> tuple[Case, ...]:
    """Every case, by name."""
    return tuple(_read(folder) for folder in sorted(CASES.iterdir()) if (folder / "case.toml").is_file())


def _read(folder: Path) -> Case:
    told = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    return Case(
        name=folder.name,
        kind=told["kind"],
        what=told["what"],
        calibrated=told["calibrated"],
        made=told.get("made", {}),
        archives=told.get("archives", {}),
        project=told.get("project", False),
        index=tuple(told.get("index", ())),
        why=told.get("why", ""),
    )


def build_of(context: Path) -> Build:
    """The evaluated build of a build context with a Dockerfile at its top."""
    file = context / "Dockerfile"
    dockerfile = parse(file.read_text(encoding="utf-8"))
    return evaluate(dockerfile, file=file, context=open_context(context, file))
