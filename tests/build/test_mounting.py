"""What a RUN sees in its mounts and what is left of them; tests/engine/states compares with real images."""

from __future__ import annotations

from pathlib import Path

import pytest

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.build.files import Kind, Writer
from multistage_cli.build.instructions import read_mounts
from multistage_cli.build.mounting import Mounted, target_of, with_mounts, without_mounts
from multistage_cli.build.state import State
from multistage_cli.parser import parse

SETUP = "FROM scratch\nCOPY <<E /etc/passwd\nroot:x:0:0:root:/root:/bin/sh\nE\n"


def states(run: str, before: str = "", folder: Path | None = None) -> tuple[State, State]:
    """What a RUN of mounts sees, and what it leaves where its command does nothing."""
    context = None if folder is None else open_context(folder)
    build = evaluate(parse(f"{SETUP}{before}\n{run} true\n"), context=context)
    assert build.target is not None
    step = build.target.steps[-1]
    stamps = iter(range(1_000_000, 2_000_000))

    def writer() -> Writer:
        return Writer(next(stamps), 0, 1)

    folder_of = step.before.working_directory.value
    mounts = [
        Mounted(mount, target_of(mount, mount.target, folder_of, 0))
        for mount in read_mounts(step.instruction)
    ]
    seen = with_mounts(step.before, mounts, writer)
    return seen, without_mounts(seen, step.before, mounts, writer)


def final(text: str, folder: Path | None = None) -> State:
    build = evaluate(parse(text), context=None if folder is None else open_context(folder))
    assert build.target is not None
    return build.target.final


@pytest.mark.parametrize(
    ("mount", "target"),
    [
        ("type=cache,target=/a/b", "/a/b"),
        ("type=cache,target=a/b/", "/w/a/b"),
        ("type=bind,target=.", "/w"),
        ("type=bind", "/w"),
        ("type=tmpfs,target=/a/../b", "/b"),
        ("type=secret,id=token", "/run/secrets/token"),
        ("type=secret,id=team/token", "/run/secrets/token"),
        ("type=secret,source=other", "/run/secrets/other"),
        ("type=secret,id=x,target=/etc/x", "/etc/x"),
        ("type=secret,id=x,env=X", None),
        ("type=secret,id=x,env=X,target=/etc/x", "/etc/x"),
        ("type=ssh", "/run/buildkit/ssh_agent.0"),
        ("type=cache,target=/", None),
    ],
)
def test_targets(mount: str, target: str | None) -> None:
    instruction = parse(f"FROM scratch\nRUN --mount={mount} true\n").instructions[-1]
    found = read_mounts(instruction)[0]
    assert target_of(found, found.target, "/w", 0) == target


def test_a_target_that_nobody_knows() -> None:
    instruction = parse("FROM scratch\nRUN --mount=type=cache,target=x true\n").instructions[-1]
    found = read_mounts(instruction)[0]
    assert target_of(found, UNKNOWN, "/w", 0) is None
    assert target_of(found, "x", UNKNOWN, 0) is None


def test_a_missing_target_goes_with_all_folders_that_were_made_for_it() -> None:
    seen, left = states("RUN --mount=type=cache,target=/a/b/c")
    assert seen.files.entry("/a/b").kind is Kind.DIRECTORY
    assert seen.exists("/a/b/c") is Claim.YES
    assert seen.exists("/a/b/c/x") is Claim.UNKNOWN
    assert [left.exists(path) for path in ("/a", "/a/b", "/a/b/c", "/a/b/c/x")] == [Claim.NO] * 4


def test_what_was_hidden_is_there_again() -> None:
    before = "COPY --chown=5:6 --chmod=700 <<E /cache/original\nx\nE"
    seen, left = states("RUN --mount=type=cache,target=/cache,mode=0711,uid=7,gid=8", before)
    inside = seen.files.entry("/cache")
    assert (inside.mode, inside.uid, inside.gid) == (0o711, 7, 8)
    assert seen.exists("/cache/original") is Claim.UNKNOWN
    entry = left.files.entry("/cache/original")
    assert (entry.exists, entry.mode, entry.uid, entry.gid) == (Claim.YES, 0o700, 5, 6)
    assert left.files.entry("/cache").mode == 0o700 & ~0o022
    assert left.exists("/cache/other") is Claim.NO


@pytest.mark.parametrize(
    ("mount", "exists"),
    [
        ("type=secret,id=t", Claim.UNKNOWN),
        ("type=secret,id=t,required=true", Claim.YES),
        ("type=secret,id=t,env=T", Claim.NO),
    ],
)
def test_secrets_are_files_while_the_command_runs(mount: str, exists: Claim) -> None:
    seen, left = states(f"RUN --mount={mount}")
    entry = seen.files.entry("/run/secrets/t")
    assert entry.exists is exists
    if exists is Claim.YES:
        assert (entry.kind, entry.mode, entry.uid) == (Kind.FILE, 0o400, 0)
    assert left.exists("/run/secrets/t") is left.exists("/run") is Claim.NO


def test_an_inner_mount_vanishes_with_the_outer_one() -> None:
    run = "RUN --mount=type=cache,target=/o/in/ner --mount=type=tmpfs,target=/o"
    seen, left = states(run)
    assert seen.exists("/o/in/ner") is Claim.YES
    assert left.exists("/o") is left.exists("/o/in") is Claim.NO


def test_a_target_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "root" / "real").mkdir(parents=True)
    (tmp_path / "root" / "real" / "kept").write_text("k")
    (tmp_path / "root" / "link").symlink_to("real")
    seen, left = states("RUN --mount=type=tmpfs,target=/link/x/y", "COPY root /", tmp_path)
    assert seen.exists("/real/x/y") is Claim.YES
    assert (left.exists("/real/x"), left.exists("/real/kept")) == (Claim.NO, Claim.YES)


def test_in_an_unknown_image_nothing_is_sure_of_the_folders() -> None:
    text = "FROM example.org/a:1\nRUN --mount=type=cache,target=/root/.cache/x touch /root/.cache/x/y\n"
    state = final(text)
    assert state.exists("/root/.cache") is state.exists("/root/.cache/x/y") is Claim.UNKNOWN


RUNS = "FROM debian:bookworm-slim\n"


def test_what_commands_write_into_mounts_is_in_no_layer() -> None:
    text = f"{RUNS}RUN --mount=type=cache,target=/c/d touch /c/d/x && touch /c/kept\n"
    state = final(text)
    assert (state.exists("/c/d/x"), state.exists("/c/d"), state.exists("/c/kept"), state.exists("/c")) == (
        Claim.NO,
        Claim.NO,
        Claim.YES,
        Claim.YES,
    )


def test_what_is_copied_out_of_a_mount_stays(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "a.ini").write_text("a")
    text = (
        f"{RUNS}ARG WHERE=/mnt/in\nRUN --mount=type=bind,source=conf,target=${{WHERE}} cp /mnt/in/a.ini /copied\n"
        "RUN --mount=type=bind,source=conf/a.ini,target=/one cp /one /from-file\n"
    )
    state = final(text, tmp_path)
    for path in ("/copied", "/from-file"):
        entry = state.files.entry(path)
        assert (entry.kind, entry.mode, entry.uid) == (Kind.FILE, 0o644, 0)
        assert entry.content is not None
        assert entry.content.text == "a"
    assert state.exists("/one") is Claim.NO


def test_a_mount_shows_a_stage() -> None:
    text = (
        "FROM scratch AS tools\nCOPY --chmod=755 <<E /bin/tool\n#!/bin/sh\nE\n"
        f"{RUNS}RUN --mount=from=tools,source=/bin,target=/t cp /t/tool /usr/local/bin/tool\n"
    )
    assert final(text).files.entry("/usr/local/bin/tool").mode == 0o755
