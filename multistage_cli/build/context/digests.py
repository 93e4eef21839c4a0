"""Digests of what an instruction selects from the build context, equal where BuildKit's own are.

BuildKit decides by them whether a COPY, an ADD or a bind mount may be taken from its cache. They take in
content, permission bits, links' targets and names; not times, and not owners, which the client sends as 0.

Sources, all of moby/buildkit: cache/contenthash/filehash.go and tarsum.go (what is hashed of one file),
checksum.go (folders, wildcards, `--exclude`), solver/llbsolver/ops/file.go and opsutils/contenthash.go (how
sources come together). Ours have other values: only whether two are equal means anything.
"""

from __future__ import annotations

import os
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from multistage_cli.build.context.dockerignore import from_words
from multistage_cli.build.context.folders import join
from multistage_cli.build.context.go_paths import PatternError
from multistage_cli.build.context.sources import resolve, select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from hashlib import _Hash

    from multistage_cli.build.context.build_context import BuildContext
    from multistage_cli.build.context.coverage import Selector
    from multistage_cli.build.context.folders import Row

_CHUNK_BYTES: Final = 1 << 20
_ROOT_HEADER: Final = b"root"


class ContextDigests:
    """The digests of one build context; every file is read once at most."""

    def __init__(self, context: BuildContext) -> None:
        self._context = context
        self._folders = context.folders
        self._files: dict[str, bytes] = {}
        self._below: dict[str, bytes] = {}

    def of(self, selector: Selector) -> bytes:
        """The digest of all that a selector takes; 32 bytes.

        A source that is missing, which stops a build, counts as nothing.
        """
        found = _sha256()
        for fixed, pattern in sorted(set(selector.patterns())):
            word = join(fixed, pattern) if pattern else fixed
            if pattern or selector.exclude:
                found.update(self._by_names(word, selector.exclude, literal=not pattern))
            else:
                found.update(self._at(word))
        return found.digest()

    def file(self, real: str, row: Row) -> bytes:
        """The digest of one thing that is no folder; `real` leads through no links."""
        known = self._files.get(real)
        if known is None:
            known = self._files[real] = self._hashed(real, row)
        return known

    def _at(self, path: str) -> bytes:
        """What a plain source names: links are followed, and its own name does not count."""
        real = resolve(self._folders, path)
        if real is None:
            real = resolve(self._folders, path, last=False)
            row = self._folders.row(real) if real else None
            return b"" if real is None or row is None else self.file(real, row)
        row = self._folders.row(real) if real else None
        if row is None or row.kind == "directory":
            return self._folder(real, row)
        return self.file(real, row)

    def _folder(self, real: str, row: Row | None) -> bytes:
        known = self._below.get(real)
        if known is None:
            found = _sha256(_header(row))
            for item in self._folders.walk(real, ""):
                found.update(_named(item.path.encode("utf-8", "surrogateescape")))
                is_folder = item.row.kind == "directory"
                found.update(_header(item.row) if is_folder else self.file(item.real, item.row))
            known = self._below[real] = found.digest()
        return known

    def _by_names(self, word: str, exclude: tuple[str, ...], *, literal: bool) -> bytes:
        """Wildcards and `--exclude`: last names and digests in the order of the walk, as checksum.go has them."""
        excluded = from_words(exclude)
        found = _sha256()
        try:
            matches = list(select(self._folders, word))
        except PatternError:
            return b""
        for match in matches:
            name = match.path.rpartition("/")[2] or match.real.rpartition("/")[2]
            is_folder = match.row is None or match.row.kind == "directory"
            if not is_folder and match.row is not None:
                found.update(_named(b"" if literal else _bytes(name)))
                found.update(self.file(match.real, match.row))
            elif not exclude:
                found.update(_named(_bytes(name)))
                found.update(self._folder(match.real, match.row))
            else:
                for below, row, real in self._kept(match.real, match.row, excluded.excludes):
                    found.update(_named(_bytes(below.rpartition("/")[2] if below else name)))
                    found.update(_header(row) if real is None or row is None else self.file(real, row))
        return found.digest()

    def _kept(
        self, root: str, row: Row | None, excludes: Callable[[str], bool]
    ) -> Iterator[tuple[str, Row | None, str | None]]:
        """A folder's contents but for what is excluded: path below it, row, and where a file really lies."""
        yield "", row, None
        for item in self._folders.walk(root, ""):
            if not excludes(item.path):
                yield item.path, item.row, None if item.row.kind == "directory" else item.real

    def _hashed(self, real: str, row: Row) -> bytes:
        found = _sha256(_header(row))
        if row.kind == "file" and row.size_bytes:
            for chunk in chunks(self._folders.on_disk(real), row.size_bytes):
                found.update(chunk)
        return found.digest()


def _sha256(start: bytes = b"") -> _Hash:
    from hashlib import sha256  # brings OpenSSL, and most commands hash nothing

    return sha256(start)


_FLAGS: Final = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
)


def chunks(path: str, size_bytes: int) -> Iterator[bytes]:
    """A regular file's bytes in pieces; never follows a link, never waits. One that cannot be read has none."""
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError):
        return
    try:
        left = size_bytes
        # One byte more than there should be, so that a small file takes one call.
        while chunk := os.read(descriptor, min(left + 1, _CHUNK_BYTES)):
            yield chunk
            left = max(left - len(chunk), 0)
            if not left and len(chunk) < _CHUNK_BYTES:
                break
    except OSError:
        return
    finally:
        os.close(descriptor)


def same_content(first: str, second: str, size_bytes: int) -> bool:
    """Whether two regular files of that size hold the same bytes."""
    if size_bytes < _CHUNK_BYTES:
        return _small(first, size_bytes) == _small(second, size_bytes)
    return all(
        one == other for one, other in zip_longest(chunks(first, size_bytes), chunks(second, size_bytes))
    )


def _small(path: str, size_bytes: int) -> bytes:
    """The bytes of a file that one call reads: most files are of this kind, and nothing may be spent on them."""
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError):
        return b""
    try:
        return os.read(descriptor, size_bytes + 1)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _header(row: Row | None) -> bytes:
    """What counts of a thing besides its content."""
    if row is None:
        return _ROOT_HEADER
    mode = 0o777 if row.kind == "link" else row.mode
    return f"{row.kind} {mode:o} {row.size_bytes} {row.target or ''}\0".encode("utf-8", "surrogateescape")


def _named(name: bytes) -> bytes:
    return len(name).to_bytes(4, "big") + name


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
