"""Files beside a Dockerfile and in the folders above it, such as its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.errors import MultistageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_MOST_BYTES = 4_000_000


def nearest(folder: Path, names: Iterable[str], accept: Callable[[Path], bool]) -> Path | None:
    """The first file of one of these names, in the folder or in one above it, up to the repository's top.

    Args:
        folder: where to start; the search ends at a folder with `.git`, or at the file system's root.
        names: in the order in which they count within one folder.
        accept: whether a file of that name is the right one.
    """
    wanted = tuple(names)
    for place in _upward(folder):
        for name in wanted:
            if (place / name).is_file() and accept(place / name):
                return place / name
        if (place / ".git").exists():
            break
    return None


def _upward(folder: Path) -> Iterator[Path]:
    start = folder.resolve()
    yield start
    yield from start.parents


def text_of(path: Path) -> str:
    """The text of a small file.

    Raises:
        MultistageError: it cannot be read, or is no UTF-8 text, or too large for what it is.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise MultistageError(f"cannot read {path}: {error.strerror or error}") from None
    if len(data) > _MOST_BYTES:
        raise MultistageError(
            f"{path} is larger than {_MOST_BYTES // 1_000_000} MB, which no configuration is"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MultistageError(f"{path} is not UTF-8 text; save it as UTF-8") from None
