"""The cache folder: where it is, and what it survives."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest

from multistage_cli.facts.online.store import HOUR_SECONDS, Store, cache_folder


def only_file(folder: Path) -> Path:
    (found,) = (path for path in folder.rglob("*") if path.is_file())
    return found


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "new" / "folder")
    assert store.get("tags", "a") is None
    store.put("tags", "a", {"b": [1, None]})
    assert store.get("tags", "a") == {"b": [1, None]}
    assert store.get("layers", "a") is None
    assert Store(None).get("tags", "a") is None
    Store(None).put("tags", "a", 1)


def test_what_is_old_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    store.put("tags", "a", 1)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + HOUR_SECONDS - 10)
    assert store.get("tags", "a", within_seconds=HOUR_SECONDS) == 1
    monkeypatch.setattr(time, "time", lambda: now + HOUR_SECONDS + 10)
    assert store.get("tags", "a", within_seconds=HOUR_SECONDS) is None
    assert store.get("tags", "a") == 1
    monkeypatch.setattr(time, "time", lambda: now - 10)  # a clock that was set back
    assert store.get("tags", "a", within_seconds=HOUR_SECONDS) is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"format": 1, "key": "other", "at": 0, "value": 1}', "[" * 100_000, "\0"]
)
def test_files_that_hold_something_else(tmp_path: Path, text: str) -> None:
    store = Store(tmp_path)
    store.put("tags", "a", 1)
    only_file(tmp_path).write_text(text)
    assert store.get("tags", "a") is None
    store.put("tags", "a", 2)
    assert store.get("tags", "a") == 2


def test_a_file_that_is_far_too_large(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("tags", "a", "x" * 5_000_000)
    assert list(tmp_path.rglob("*.json")) == []
    store.put("tags", "a", 1)
    only_file(tmp_path).write_bytes(b" " * 5_000_000)
    assert store.get("tags", "a") is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    Store(tmp_path / "multistage").put("tags", "a", 1)
    assert Store(tmp_path / "multistage").get("tags", "a") is None


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    place = tmp_path / "multistage"
    place.write_text("")
    Store(place).put("tags", "a", 1)
    Store(place).tidy()
    assert Store(place).get("tags", "a") is None


def test_several_writers_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    seen: list[object] = []

    def work(number: int) -> None:
        for _ in range(50):
            store.put("tags", "a", [number] * 2_000)
            seen.append(store.get("tags", "a"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = [[number] * 2_000 for number in range(4)]
    assert all(found in whole for found in seen)
    assert json.loads(only_file(tmp_path).read_text())["value"] in whole


def test_a_great_many_answers_are_thinned_out(tmp_path: Path) -> None:
    folder = tmp_path / "npm"
    folder.mkdir()
    for number in range(8_001):
        (folder / f"{number}.json").touch()
        os.utime(folder / f"{number}.json", (number, number))
    Store(tmp_path).tidy()
    left = {int(path.stem) for path in folder.iterdir()}
    assert left == set(range(4_000, 8_001))


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({"HOME": "/home/ada"}, "linux", "/home/ada/.cache/multistage"),
        ({"HOME": "/home/ada", "XDG_CACHE_HOME": "/var/c"}, "linux", "/var/c/multistage"),
        ({"HOME": "/home/ada", "XDG_CACHE_HOME": "c"}, "linux", "/home/ada/.cache/multistage"),
        ({"HOME": "/Users/ada"}, "darwin", "/Users/ada/Library/Caches/multistage"),
        ({"LOCALAPPDATA": "/Users/ada/AppData/Local"}, "win32", "/Users/ada/AppData/Local/multistage/Cache"),
        ({}, "linux", None),
        ({}, "win32", None),
    ],
)
def test_where_the_cache_is(environment: dict[str, str], platform: str, expected: str | None) -> None:
    found = cache_folder(environment, platform)
    assert found == (None if expected is None else Path(expected))
