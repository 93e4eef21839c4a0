"""Files that commands change, copy, move and delete: every figure was measured on an overlay2 engine.

Two files of 1,000,000 and 500,000 bytes were copied to /d, then each command ran in a layer of its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from multistage_cli.sizes.ranges import Range
from tests.sizes.built import layers_of, sizes_of

FILES = {"d/a": "a" * 1_000_000, "d/b": "b" * 500_000}
COPIED = "FROM debian:bookworm-slim\nCOPY d /d\n"


def layer(script: str, tmp_path: Path, before: str = COPIED) -> tuple[Range, tuple[str, ...]]:
    found = layers_of(sizes_of(f"{before}RUN {script}\n", tmp_path, FILES))[-1]
    return found.size, found.unknown


@pytest.mark.parametrize(
    ("script", "size"),
    [
        ("chown -R root:root /d", 1_500_000),
        ("chmod -R u+r /d", 1_500_000),
        ("chgrp -R 1000 /d", 1_500_000),
        ("chown 1000 /d/b", 500_000),
        ("chown -h 1000 /d", 0),
        ("chmod 755 /d/a", 1_000_000),
        ("chmod 755 /d/a /d/b", 1_500_000),
        ("chmod 755 /d/*", 1_500_000),
        ("chmod 755 /d/a && chown -R 1000 /d", 1_500_000),
        ("chown -R 1000 /d && chmod -R g=u /d", 1_500_000),
        ("find /d -type f -exec chmod 644 {} +", 1_500_000),
        ("find /d -type d -exec chmod 755 {} +", 0),
        ("touch /d/a", 1_000_000),
        ("mv /d/a /d/c", 1_000_000),
        ("mv /d /e", 1_500_000),
        ("mv /d /e && chown -R 1000 /e", 1_500_000),
        ("cp -r /d /e", 1_500_000),
        ("cp /d/a /d/b /usr/local/", 1_500_000),
        ("cp -r /d /e && mv /e /f", 1_500_000),
        ("cp -r /d/. /e", 1_500_000),
        ("cp /d/a /d/e && rm /d/e", 0),
        ("cp -r /d /e && rm /e/a", 500_000),
        ("ln /d/b /h", 500_000),
        ("ln -s /d/b /h", 0),
        ("rm -rf /d", 0),
        ("rm /d/a && chown -R 1000 /d", 500_000),
        ("echo hi >> /d/a", 1_000_003),
        ("echo hi > /d/a", 3),
        ("mkdir -p /q && chown 1000 /q", 0),
        ("cat /d/a > /dev/null", 0),
    ],
)
def test_an_overlay_file_system_copies_whole_files(script: str, size: int, tmp_path: Path) -> None:
    assert layer(script, tmp_path) == (Range.exactly(size), ())


def test_an_edited_file_is_about_as_large_as_before(tmp_path: Path) -> None:
    size, unknown = layer("sed -i s/a/b/ /d/b", tmp_path)
    assert (size.estimate, unknown) == (500_000, ())
    assert size.high < 700_000


@pytest.mark.parametrize(
    ("script", "size"),
    [
        ("echo a > /b", 2),
        ("echo a > /b && echo bc > /b", 3),
        ("echo a > /b && echo bc >> /b", 5),
        ("printf %s abc > /tmp/x && rm /tmp/x", 0),
        ("printf abc > /tmp/x.txt && printf ab > /tmp/y && rm /tmp/*.txt", 2),
        ("echo a > /b && mv /b /c && rm /b", 2),
        ("echo a > /b && mv /b /c && rm /c", 0),
    ],
)
def test_what_the_same_run_deletes_or_moves_is_not_in_the_layer(
    script: str, size: int, tmp_path: Path
) -> None:
    assert layer(script, tmp_path) == (Range.exactly(size), ())


@pytest.mark.parametrize(
    "script",
    [
        "curl -fsSLo /tmp/x.tgz https://example.com/x.tgz && rm /tmp/x.tgz",
        "git clone https://example.com/x.git /src && rm -rf /src",
        "pip download -d /tmp/w nothing-known && rm -rf /tmp/w",
    ],
)
def test_downloads_that_the_same_run_deletes_are_no_doubt(script: str, tmp_path: Path) -> None:
    assert layer(script, tmp_path) == (Range(), ())


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (
            "curl -fsSLo /x https://example.com/x && rm /y",
            "what curl fetches on line 3: https://example.com/x",
        ),
        ("chown -R 1000 /usr/share/doc", "files of earlier layers that chown changes on line 3, once more"),
        ("cp /etc/services /x", "what cp copies on line 3"),
        ("seq 9 > /x", "what is written to /x on line 3"),
    ],
)
def test_what_is_not_known_is_said(script: str, text: str, tmp_path: Path) -> None:
    assert layer(script, tmp_path) == (Range(), (text,))


def test_what_may_not_run_counts_from_nothing(tmp_path: Path) -> None:
    size, _ = layer("test -e /y && chown -R 1000 /d || true", tmp_path)
    assert size == Range(0, 1_500_000, 1_500_000)


def test_mounted_folders_are_in_no_layer(tmp_path: Path) -> None:
    assert layer("--mount=type=cache,target=/cache cp -r /d /cache/d", tmp_path) == (Range(), ())


@pytest.mark.parametrize(
    ("mount", "source", "size"),
    [
        ("type=bind,target=/src", "/src/d/a", 1_000_000),
        ("type=bind,target=/src", "/src/d", 1_500_000),
        ("target=/src,source=d", "/src/b", 500_000),
        ("type=tmpfs,target=/out", "/d", 0),
    ],
)
def test_mounts_show_the_build_context_or_take_what_is_lost(
    mount: str, source: str, size: int, tmp_path: Path
) -> None:
    assert layer(f"--mount={mount} cp -r {source} /out/x", tmp_path) == (Range.exactly(size), ())


def test_changed_files_are_copied_to_other_stages_once(tmp_path: Path) -> None:
    text = f"{COPIED}RUN chown -R 1000 /d && rm /d/b\nFROM scratch\nCOPY --from=0 /d /d\n"
    sizes = sizes_of(text, tmp_path, FILES)
    assert (layers_of(sizes)[-1].size, sizes.unknown) == (Range.exactly(1_000_000), ())


def test_moved_files_are_found_where_they_are(tmp_path: Path) -> None:
    text = f"{COPIED}RUN mv /d/a /e\nFROM scratch\nCOPY --from=0 /e /e\nCOPY --from=0 /d /d\n"
    sizes = sizes_of(text, tmp_path, FILES)
    assert [entry.size.estimate for entry in layers_of(sizes)] == [1_000_000, 500_000]


@pytest.mark.parametrize(
    ("script", "measured"),
    [
        ("useradd app", 4_336),
        ("groupadd grp", 1_656),
        ("groupadd -r g2 && useradd -r -g g2 app2", 4_493),
        ("useradd -m -s /bin/bash app3", 9_308),
        ("usermod -aG mail games", 3_382),
    ],
)
def test_files_of_accounts_are_written_anew(script: str, measured: int, tmp_path: Path) -> None:
    size, unknown = layer(script, tmp_path)
    assert size.low <= measured <= size.high
    assert unknown == ()
