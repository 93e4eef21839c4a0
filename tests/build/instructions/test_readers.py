"""Readers of FROM, COPY, ADD, mounts and HEALTHCHECK."""

from __future__ import annotations

import pytest

from multistage_cli.build.instructions import (
    CopySources,
    From,
    Healthcheck,
    Mount,
    read_copy,
    read_from,
    read_healthcheck,
    read_mounts,
)
from multistage_cli.parser import Heredoc, Instruction, Span, parse


def last(line: str) -> Instruction:
    return parse(f"FROM scratch\n{line}\n").instructions[-1]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("FROM a:1", From("a:1", None, None)),
        ("from --platform=$BUILDPLATFORM $A as Builder", From("$A", "Builder", "$BUILDPLATFORM")),
        ("FROM --platform= a AS b", From("a", "b", None)),
        ("FROM a b c", From("a", None, None)),
        ("FROM a AS", From("a", None, None)),
        ("FROM", From("", None, None)),
    ],
)
def test_from(line: str, expected: From) -> None:
    assert read_from(last(line)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("type=cache,target=/x", Mount("cache", "/x", readonly=False)),
        ("target=/x", Mount("bind", "/x")),
        ("TYPE=Bind,dst=/x,src=y,from=z,RW", Mount("bind", "/x", "y", "z", readonly=False)),
        ("type=cache,destination=/x,id=a,sharing=Locked,ro", Mount("cache", "/x", id="a", sharing="locked")),
        ("type=cache,target=/x,ro=0", Mount("cache", "/x", readonly=False)),
        ("type=bind,target=/x,readwrite=false", Mount("bind", "/x")),
        ("type=secret,id=a,env=B,required", Mount("secret", id="a", env="B", required=True)),
        ("type=secret,id=a,required=false", Mount("secret", id="a")),
        (
            "type=ssh,id=a,mode=0600,uid=1,gid=2",
            Mount("ssh", id="a", mode="0600", uid="1", gid="2"),
        ),
        ("type=tmpfs,target=/x,size=1g", Mount("tmpfs", "/x", size="1g", readonly=False)),
        ("type=$A,target=${B}/x,from=", Mount("$a", "${B}/x")),
        ("target=/x,target=/y", Mount("bind", "/y")),
        ("type=foo,bar=1,baz,target=/x", Mount("foo", "/x")),
    ],
)
def test_mount(value: str, expected: Mount) -> None:
    [mount] = read_mounts(last(f"RUN --network=none --mount={value} a"))
    assert mount.raw == value
    assert mount == Mount(
        **{name: getattr(expected, name) for name in Mount.__struct_fields__ if name != "raw"}, raw=value
    )


def test_mount_in_quotes() -> None:
    csv, flag = read_mounts(last('RUN --mount=\\"target=/a,b\\",source=c --mount=target="/d e" f'))
    assert (csv.target, csv.source, flag.target) == ("/a,b", "c", "/d e")


def test_mounts_that_cannot_be_read_are_empty() -> None:
    assert read_mounts(last("RUN --mount --mount= a")) == ()
    assert read_mounts(last('RUN --mount=target=/a\\"b c')) == (Mount(raw='target=/a"b'),)


def test_copy() -> None:
    flags = "--from=a --chown=b:c --chmod=755 --link --parents --exclude=d --exclude=*.e"
    assert read_copy(last(f"COPY {flags} $F g* /h/")) == CopySources(
        sources=("$F", "g*"),
        destination="/h/",
        from_="a",
        chown="b:c",
        chmod="755",
        link=True,
        parents=True,
        exclude=("d", "*.e"),
        heredocs=(),
    )


def test_add() -> None:
    read = read_copy(last("ADD --checksum=a --keep-git-dir=true --link=false --unpack=false https://b/c /d"))
    assert (read.checksum, read.keep_git_dir, read.link, read.unpack) == ("a", True, False, False)
    assert (read.sources, read.destination, read.from_) == (("https://b/c",), "/d", None)


def test_copy_of_heredocs() -> None:
    read = read_copy(last("COPY <<-'A' b <<C /d/\n\tx\n\tA\ny\nC"))
    assert read.sources == ("b",)
    assert read.heredocs == (
        Heredoc("A", "x\n", expand=False, chomp=True, descriptor=0, span=Span(3, 4)),
        Heredoc("C", "y\n", expand=True, chomp=False, descriptor=0, span=Span(5, 6)),
    )


def test_heredoc_in_json_form_is_an_empty_file() -> None:
    read = read_copy(last('COPY ["<<A", "/b"]'))
    assert [(heredoc.name, heredoc.body) for heredoc in read.heredocs] == [("A", "")]


def test_copy_without_words() -> None:
    read = read_copy(last("COPY --link"))
    assert (read.sources, read.destination, read.link) == ((), "", True)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("HEALTHCHECK CMD a b", Healthcheck(("a b",), json_form=False, offset=4)),
        ('healthcheck cmd  ["a", "b"]', Healthcheck(("a", "b"), json_form=True, offset=5)),
        (
            "HEALTHCHECK --interval=1m30s --timeout=.5s --start-period=2h --start-interval=250ms --retries=3 CMD a",
            Healthcheck(
                ("a",),
                json_form=False,
                offset=4,
                interval_seconds=90,
                timeout_seconds=0.5,
                start_period_seconds=7200,
                start_interval_seconds=0.25,
                retries=3,
            ),
        ),
        (
            "HEALTHCHECK --interval=0 --timeout= --retries=0 CMD a",
            Healthcheck(("a",), json_form=False, offset=4),
        ),
        ("HEALTHCHECK --interval=foo --retries=x CMD a", Healthcheck(("a",), json_form=False, offset=4)),
        ("HEALTHCHECK NONE", None),
        ("HEALTHCHECK", None),
        ("HEALTHCHECK curl", None),
    ],
)
def test_healthcheck(line: str, expected: Healthcheck | None) -> None:
    instruction = last(line)
    assert read_healthcheck(instruction) == expected
    if expected is not None and not expected.json_form:
        assert instruction.text[expected.offset :] == expected.words[0]
