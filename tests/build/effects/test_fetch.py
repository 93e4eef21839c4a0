"""Files that curl, wget and git leave."""

from __future__ import annotations

import pytest

from multistage_cli.build.changes import Download
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

HEAD = "FROM scratch\nWORKDIR /w\n"
YES, NO, MAYBE = Claim.YES, Claim.NO, Claim.UNKNOWN

TABLE: dict[str, dict[str, Claim]] = {
    "curl -fsSL https://example.org/x": {"/w/x": NO},
    "curl -fsSL https://example.org/x -o y": {"/w/x": NO, "/w/y": YES},
    "curl -fsSLo y https://example.org/$VERSION/x": {"/w/y": YES, "/w/x": NO},
    "curl -O https://example.org/a/x?b=/c": {"/w/x": YES, "/w/c": NO},
    "curl -O https://example.org/a/": {"/w/x": MAYBE},
    "curl -OJ https://example.org/a/x": {"/w/x": MAYBE, "/v": NO},
    "curl --create-dirs --output-dir /a/b -o c/d https://example.org": {"/a/b/c/d": YES},
    "curl -z old -o y https://example.org": {"/w/y": MAYBE},
    "curl -o /dev/null -o - https://example.org": {"/w/null": NO, "/w/-": NO},
    "curl -o y https://example.org || true": {"/w/y": MAYBE},
    "curl --strange -o y https://example.org/x": {"/w/y": YES, "/w/x": MAYBE},
    "curl $OPTIONS https://example.org": {"/w/x": NO},
    "wget https://example.org/a/x.tar.gz": {"/w/x.tar.gz": YES},
    "wget -q -P /deep/er https://example.org/x": {"/deep/er/x": YES, "/w/x": NO},
    "wget -qO- https://example.org/x | tee y": {"/w/x": NO, "/w/y": YES},
    "wget -O y https://example.org/x": {"/w/x": NO, "/w/y": YES},
    "wget https://example.org": {"/w/index.html": YES},
    "wget https://example.org/$X": {"/w/x": MAYBE, "/v": NO},
    "wget -r https://example.org/x": {"/w/x": MAYBE, "/v": NO},
    "wget https://example.org/x": {"/root/.wget-hsts": MAYBE},
    "git clone https://example.org/a/b.git": {"/w/b": YES, "/w/b/.git": YES, "/w/b/x": MAYBE, "/w/a": NO},
    "git clone --depth 1 -b v1 git@example.org:b c": {"/w/c/.git": YES, "/w/b": NO},
    "git clone --bare https://example.org/b": {"/w/b.git": YES, "/w/b.git/.git": MAYBE, "/w/b": NO},
    "git -C /x clone https://example.org/b": {"/x/b": YES, "/w/b": NO},
    "git clone $URL": {"/w/b": MAYBE, "/v": NO},
    "git clone https://example.org/b && rm -rf b/.git": {"/w/b/.git": NO, "/w/b": YES},
    "git checkout v1": {"/w/x": MAYBE, "/v": NO},
    "git log && git rev-parse HEAD": {"/w/x": NO},
    "git config --global a.b c": {"/root/.gitconfig": MAYBE, "/w/x": NO},
    "scp host:x y": {"/v": MAYBE},
}


@pytest.mark.parametrize("script", TABLE)
def test_files(script: str) -> None:
    target = evaluate(parse(f"{HEAD}RUN {script}\n")).target
    assert target is not None
    assert {path: target.final.exists(path) for path in TABLE[script]} == TABLE[script]


def test_a_file_that_is_fetched_is_the_users_own() -> None:
    target = evaluate(
        parse(f"{HEAD}USER 5:6\nRUN curl -o /tmp/x https://example.org && wget -O /tmp/y -- https://e.org\n")
    )
    assert target.target is not None
    for path in ("/tmp/x", "/tmp/y"):
        entry = target.target.final.files.entry(path)
        assert (entry.mode, entry.uid, entry.gid, entry.content) == (0o644, 5, 6, None)


@pytest.mark.parametrize(
    ("script", "urls"),
    [
        ("curl https://a.example/x http://b.example", ["https://a.example/x", "http://b.example"]),
        ("wget $URL", [None]),
        ("git clone -q https://a.example/x", ["https://a.example/x"]),
        ("aria2c https://a.example/x", ["https://a.example/x"]),
    ],
)
def test_downloads(script: str, urls: list[str | None]) -> None:
    target = evaluate(parse(f"{HEAD}RUN {script}\n")).target
    assert target is not None
    assert [change.url for change in target.steps[-1].changes if isinstance(change, Download)] == urls


def test_an_unknown_folder_is_doubted_and_no_more() -> None:
    target = evaluate(parse("FROM scratch\nRUN touch /a && cd $X && curl -O https://example.org/x\n")).target
    assert target is not None
    assert target.final.exists("/a") is YES
    assert target.final.files.entry("/x").mode is UNKNOWN
