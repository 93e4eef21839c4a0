"""What BuildKit refuses about instructions; tests/engine/test_parser.py asks it the same."""

from __future__ import annotations

import pytest

from multistage_cli.build.instructions import problems
from multistage_cli.parser import ProblemKind, Span, parse

REFUSED = [
    # Below FROM scratch on line 1: the lines, the last one's number, and what we say.
    ("ENV", 2, "ENV is empty: write ENV name=value, or delete the line"),
    ("LABEL", 2, "LABEL is empty: write LABEL name=value, or delete the line"),
    ("ARG", 2, "ARG is empty: write ARG name=value, or delete the line"),
    ("EXPOSE", 2, "EXPOSE is empty: write EXPOSE 8080, or delete the line"),
    ("VOLUME", 2, "VOLUME is empty: write VOLUME /data, or delete the line"),
    ("VOLUME []", 2, "VOLUME is empty: write VOLUME /data, or delete the line"),
    ("USER", 2, "USER is empty: write USER 1000, or delete the line"),
    ("WORKDIR", 2, "WORKDIR is empty: write WORKDIR /app, or delete the line"),
    ("STOPSIGNAL", 2, "STOPSIGNAL is empty: write STOPSIGNAL SIGTERM, or delete the line"),
    (
        "MAINTAINER",
        2,
        "MAINTAINER is empty: write LABEL org.opencontainers.image.authors=name, or delete the line",
    ),
    ("ONBUILD", 2, "ONBUILD is empty: write ONBUILD RUN command, or delete the line"),
    ("SHELL", 2, 'SHELL is empty: write SHELL ["/bin/sh", "-c"], or delete the line'),
    ("SHELL []", 2, 'SHELL is empty: write SHELL ["/bin/sh", "-c"], or delete the line'),
    ("SHELL a b", 2, 'SHELL takes a JSON array only: write SHELL ["/bin/sh", "-c"]'),
    ("FROM", 2, "FROM takes a base image, or a base image AS a name: write `FROM image AS name`"),
    ("FROM a b", 2, "FROM takes a base image, or a base image AS a name: write `FROM image AS name`"),
    ("FROM a AS", 2, "FROM takes a base image, or a base image AS a name: write `FROM image AS name`"),
    ("FROM a is b", 2, "FROM takes a base image, or a base image AS a name: write `FROM image AS name`"),
    (
        "FROM a AS 1b",
        2,
        '"1b" cannot name a stage: start with a letter, and use letters, digits, `-`, `_` and `.` only',
    ),
    (
        "FROM a AS b@c",
        2,
        '"b@c" cannot name a stage: start with a letter, and use letters, digits, `-`, `_` and `.` only',
    ),
    (
        "FROM a AS $b",
        2,
        '"$b" cannot name a stage: start with a letter, and use letters, digits, `-`, `_` and `.` only',
    ),
    ("COPY", 2, "COPY needs a source and a destination: write `COPY source destination`"),
    ("COPY a", 2, "COPY needs a source and a destination: write `COPY source destination`"),
    ('COPY ["a"]', 2, "COPY needs a source and a destination: write `COPY source destination`"),
    ("ADD --link a", 2, "ADD needs a source and a destination: write `ADD source destination`"),
    ("COPY a <<EOF\nEOF", 3, "COPY cannot copy to a here-document: add a destination behind <<EOF"),
    ("ENV =a", 2, "ENV has a pair without a name: write name=value, without white space before `=`"),
    ("ENV a=b =c", 2, "ENV has a pair without a name: write name=value, without white space before `=`"),
    ("LABEL =a", 2, "LABEL has a pair without a name: write name=value, without white space before `=`"),
    ("ARG a =b", 2, "ARG has a pair without a name: write name=value, without white space before `=`"),
    ('VOLUME ["a", " "]', 2, "VOLUME has an empty path: write the path, or delete the empty member"),
    ("ONBUILD ONBUILD RUN a", 2, "ONBUILD cannot follow ONBUILD: write it once"),
    ("onbuild from a", 2, "ONBUILD cannot trigger FROM: delete the line"),
    ("ONBUILD MAINTAINER a", 2, "ONBUILD cannot trigger MAINTAINER: delete the line"),
    ("HEALTHCHECK", 2, "HEALTHCHECK is empty: write `HEALTHCHECK CMD command` or `HEALTHCHECK NONE`"),
    ("HEALTHCHECK NONE a", 2, "HEALTHCHECK NONE takes nothing behind it: delete the rest of the line"),
    ("HEALTHCHECK a", 2, 'HEALTHCHECK takes CMD or NONE, not "a": write `HEALTHCHECK CMD command`'),
    ("HEALTHCHECK CMD", 2, "HEALTHCHECK CMD has no command: add one, or write `HEALTHCHECK NONE`"),
    ("HEALTHCHECK CMD []", 2, "HEALTHCHECK CMD has no command: add one, or write `HEALTHCHECK NONE`"),
    (
        "HEALTHCHECK --interval=1 CMD a",
        2,
        "--interval=1 is no duration: write a number and a unit, such as 30s or 1m30s",
    ),
    (
        "HEALTHCHECK --timeout=1x CMD a",
        2,
        "--timeout=1x is no duration: write a number and a unit, such as 30s or 1m30s",
    ),
    (
        "HEALTHCHECK --start-period=1us CMD a",
        2,
        "--start-period=1us is shorter than 1ms: write a longer one, or 0 for the default",
    ),
    (
        "HEALTHCHECK --start-interval=-1s CMD a",
        2,
        "--start-interval=-1s is shorter than 1ms: write a longer one, or 0 for the default",
    ),
    (
        "HEALTHCHECK --interval=9999999h CMD a",
        2,
        "--interval=9999999h is no duration: write a number and a unit, such as 30s or 1m30s",
    ),
    ("HEALTHCHECK --retries=-1 CMD a", 2, "--retries=-1 is no count: write a whole number from 0 up"),
    ("HEALTHCHECK --retries=1_0 CMD a", 2, "--retries=1_0 is no count: write a whole number from 0 up"),
    (
        "HEALTHCHECK --retries=2147483648 CMD a",
        2,
        "--retries=2147483648 is no count: write a whole number from 0 up",
    ),
    (
        "FOO a",
        2,
        "FOO is no instruction: correct the word, or end the line above with `\\` if it goes on here",
    ),
    ("RUNN a", 2, "RUNN is no instruction; did you mean RUN?"),
    (
        "&& a",
        2,
        '"&&" is no instruction: correct the word, or end the line above with `\\` if it goes on here',
    ),
    ("\\\n", 3, "a line with nothing but a continuation character: delete it"),
    ("COPY --form=a b c", 2, "COPY has no flag --form; did you mean --from?"),
    ("ADD --from=a b c", 2, "ADD has no flag --from: delete it"),
    ("RUN --foo a", 2, "RUN has no flag --foo: delete it, or put -- before the command"),
    ("CMD --foo a", 2, "CMD has no flag --foo: delete it, or put -- before the command"),
    ("USER --foo a", 2, "USER has no flag --foo: delete it"),
    ("ONBUILD --foo RUN a", 2, "ONBUILD has no flag --foo: delete it"),
    ("FROM --platform a", 2, "--platform has no value: write --platform=VALUE"),
    ("COPY --from a b", 2, "--from has no value: write --from=VALUE"),
    ("COPY --link=1 a b", 2, '--link takes true or false, not "1"'),
    ("COPY --link= a b", 2, '--link takes true or false, not ""'),
    ("COPY --chown=a --chown=b c d", 2, "--chown is written twice: keep one of the two"),
    ("RUN --network=none --network=none a", 2, "--network is written twice: keep one of the two"),
    (
        "RUN --security=insecure a",
        2,
        "--security needs the labs syntax: start the file with `# syntax=docker/dockerfile:1-labs`, or delete the flag",
    ),
    (
        "RUN --device=a b",
        2,
        "--device needs the labs syntax: start the file with `# syntax=docker/dockerfile:1-labs`, or delete the flag",
    ),
    ("RUN --network=foo a", 2, '--network takes default, none or host, not "foo"'),
    (
        "COPY --from=$a b c",
        2,
        "--from=$a cannot hold a variable: add a stage `FROM $a AS name` and copy from name",
    ),
    ("COPY --chmod=999 a b", 2, "--chmod=999 is no mode: write an octal number up to 7777, such as 755"),
    ("COPY --chmod=10000 a b", 2, "--chmod=10000 is no mode: write an octal number up to 7777, such as 755"),
    ("COPY --chmod=abc a b", 2, "--chmod=abc is no mode: write an octal number such as 755, or one like u+x"),
    ("ADD --checksum=a b c", 2, '--checksum does not hold for the file "b": delete it, or add an address'),
    (
        "ADD --checksum=a https://b/c d",
        2,
        "--checksum=a is no digest: write sha256: and 64 hexadecimal digits",
    ),
    (
        "ADD --checksum=a https://b/c https://d/e f/",
        2,
        "--checksum holds for one source: write one ADD for each",
    ),
    ("EXPOSE a", 2, 'EXPOSE cannot read "a": write a port from 0 to 65535, such as 8080 or 53/udp'),
    ("EXPOSE 80/foo", 2, 'EXPOSE cannot read "80/foo": write a port from 0 to 65535, such as 8080 or 53/udp'),
    ("EXPOSE 90-80", 2, 'EXPOSE cannot read "90-80": write a port from 0 to 65535, such as 8080 or 53/udp'),
    ("EXPOSE 65536", 2, 'EXPOSE cannot read "65536": write a port from 0 to 65535, such as 8080 or 53/udp'),
    ("EXPOSE 80:", 2, 'EXPOSE cannot read "80:": write a port from 0 to 65535, such as 8080 or 53/udp'),
    ("STOPSIGNAL FOO", 2, 'STOPSIGNAL does not know "FOO": write a signal such as SIGTERM, or its number'),
    ("STOPSIGNAL 0", 2, 'STOPSIGNAL does not know "0": write a signal such as SIGTERM, or its number'),
    (
        "STOPSIGNAL RTMAX-15",
        2,
        'STOPSIGNAL does not know "RTMAX-15": write a signal such as SIGTERM, or its number',
    ),
    ("RUN --mount a", 2, "--mount has no value: write --mount=VALUE"),
    ("RUN --mount= a", 2, "--mount has no value: write type=cache,target=/path or the like"),
    (
        'RUN --mount=target=/a\\"b c',
        2,
        '--mount=target=/a"b cannot be read: write key=value pairs with commas between, no quotes',
    ),
    (
        "RUN --mount=type=cache, target=/a b",
        2,
        "--mount has a comma with nothing behind it: delete the comma, or the white space after it",
    ),
    ("RUN --mount=foo a", 2, '--mount has "foo": write key=value, or delete it'),
    ("RUN --mount=foo=a b", 2, "--mount has no key foo: delete it"),
    ("RUN --mount=tpye=cache a", 2, '--mount has no key tpye; did you mean "type"?'),
    ("RUN --mount=type=cach a", 2, '--mount has no type "cach"; did you mean "cache"?'),
    ("RUN --mount=type=foo a", 2, '--mount has no type "foo": write one of bind, cache, secret, ssh, tmpfs'),
    (
        "RUN --mount=target=/a,from=$b c",
        2,
        "--mount has from=$b, which cannot hold a variable: add a stage `FROM $b AS name` and mount from name",
    ),
    (
        "RUN --mount=type=cache,target=/a,sharing=foo b",
        2,
        "--mount has sharing=foo: write one of shared, private, locked",
    ),
    (
        "RUN --mount=target=/a,required b",
        2,
        "--mount has `required`, which needs type=secret or type=ssh before it, not bind",
    ),
    ("RUN --mount=target=/a,ro=b c", 2, "--mount has ro=b: write true or false"),
    ("RUN --mount=target=/a,size=1g b", 2, "--mount has `size`, which needs type=tmpfs before it, not bind"),
    (
        "RUN --mount=type=tmpfs,target=/a,size=b c",
        2,
        "--mount has size=b: write a number and a unit, such as 512m",
    ),
    (
        "RUN --mount=type=cache,target=/a,mode=8 b",
        2,
        "--mount has mode=8: write an octal number such as 0700",
    ),
    ("RUN --mount=type=cache,target=/a,uid=b c", 2, "--mount has uid=b: write a number"),
    ("RUN --mount=type=cache,target=/a,gid=4294967296 b", 2, "--mount has gid=4294967296: write a number"),
    ("RUN --mount=target=/a,mode=0700 b", 2, "--mount of type bind takes no mode: delete it"),
    (
        "RUN --mount=target=/a,sharing=locked b",
        2,
        "--mount of type bind takes no sharing: delete it, or write type=cache",
    ),
    ("RUN --mount=type=secret a", 2, "--mount of type secret names no secret: add id=NAME"),
    (
        "RUN --mount=type=secret,id=a,source=b c",
        2,
        "--mount of type secret has both source and id: keep one of the two",
    ),
    ("RUN --mount=type=secret,id=a,from=b c", 2, "--mount of type secret takes no `from`: delete it"),
    (
        "RUN --mount=type=secret,id=a,sharing=locked c",
        2,
        "--mount of type secret takes no sharing: delete it, or write type=cache",
    ),
    (
        "RUN --mount=type=tmpfs,target=/ a",
        2,
        "--mount of type tmpfs cannot take the place of /: write another target",
    ),
]


@pytest.mark.parametrize(("lines", "end", "message"), REFUSED)
def test_refusal_says_where_and_what_to_do(lines: str, end: int, message: str) -> None:
    [problem] = problems(parse(f"FROM scratch\n{lines}\n"))
    assert (problem.kind, problem.span, problem.message) == (ProblemKind.REFUSED, Span(2, end), message)


ACCEPTED = [
    "FROM scratch AS Foo-1_2.bar",
    "FROM --platform=linux/amd64 scratch",
    "RUN",
    "CMD",
    "RUN []",
    "ENTRYPOINT",
    "RUN -- --foo",
    "CMD [] && a",
    "ENV a=",
    'ENV "a b"=c',
    "ARG a b=c",
    "ARG --foo a",
    "STOPSIGNAL 99",
    "STOPSIGNAL sigterm",
    "STOPSIGNAL SIGRTMIN+3",
    'STOPSIGNAL "SIGTERM"',
    "EXPOSE 0 80/TCP 80-90/udp 8080:80 080 80/",
    "EXPOSE $a",
    "USER $a",
    'WORKDIR ""',
    'SHELL [""]',
    "ONBUILD FOO a",
    "ONBUILD RUN --foo a",
    "ONBUILD COPY a",
    "HEALTHCHECK --foo NONE",
    "HEALTHCHECK --interval=+1.5s --retries=+3 CMD a",
    "COPY --exclude=a --exclude=b c d",
    "COPY --link=TRUE --chmod=u=rwX,go+rX a b",
    "COPY --chmod=000755 --chown=a:b:c a b",
    "COPY --chmod=$a b c",
    "COPY << EOF /a\nEOF",
    "ADD --unpack=true --keep-git-dir a b",
    "ADD --checksum=a https://b/c.git d",
    "ADD --checksum=$a b c",
    "RUN --mount=type=cache,target=/a,sharing=LOCKED,uid=1,gid=2,mode=0700,ro=t b",
    "RUN --mount=type=secret,id=a,env=B,required a",
    "RUN --mount=type=ssh,required=true,mode=0600 a",
    "RUN --mount=type=tmpfs,target=/a,size=1.5gib b",
    "RUN --mount=type=cache,target=/a,from= b",
    "WORKDIR /a\nRUN --mount=type=bind b",
    "RUN --network=none --mount=target=/a --mount=target=/b c",
]


@pytest.mark.parametrize("lines", ACCEPTED)
def test_what_buildkit_accepts_is_no_problem(lines: str) -> None:
    assert problems(parse(f"FROM scratch\n{lines}\n")) == ()


def messages(text: str) -> list[tuple[int, str]]:
    return [(problem.span.first, problem.message) for problem in problems(parse(text))]


def test_only_arg_stands_before_from() -> None:
    assert messages("ARG a\nRUN b\nENV c=d\nFROM e\nRUN f\n") == [
        (2, "RUN before the first FROM belongs to no stage: move it below a FROM"),
        (3, "ENV before the first FROM belongs to no stage: move it below a FROM"),
    ]


def test_file_needs_a_stage() -> None:
    assert messages("ARG a\nARG b\n") == [(2, "the file has no stage: add a FROM with a base image")]
    assert messages("") == []


def test_what_the_parser_refuses_is_not_said_twice() -> None:
    assert messages("FROM a\nENV b\nRUN --foo <<EOF\n") == []
    assert messages("FROM [1] b\nRUN c\n") == [
        (1, "FROM takes a base image, or a base image AS a name: write `FROM image AS name`")
    ]


@pytest.mark.parametrize(
    ("syntax", "accepted"),
    [
        ("docker/dockerfile:1-labs", True),
        ("docker/dockerfile:1.19-labs", True),
        ("registry.example/frontend:1", True),
        ("docker/dockerfile:1", False),
        ("docker/dockerfile", False),
        ("docker.io/docker/dockerfile:1.19 a", False),
    ],
)
def test_labs_flags_need_the_labs_syntax(syntax: str, accepted: bool) -> None:
    assert (messages(f"# syntax={syntax}\nFROM a\nRUN --security=insecure b\n") == []) is accepted
    assert messages(f"# syntax={syntax}\nFROM a\nRUN --security=foo b\n")


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("skip=all", True),
        ("skip=A,B;error=true", True),
        (" skip=A ; error=0 ", True),
        ("experimental=all", True),
        ("foo", False),
        ("error=maybe", False),
        ("foo=bar", False),
    ],
)
def test_check_directive(value: str, accepted: bool) -> None:
    found = messages(f"# check={value}\nFROM a\n")
    assert [line for line, _ in found] == ([] if accepted else [1])


def test_file_that_is_no_text() -> None:
    text = "FROM a\n".encode("utf-16").decode("utf-8", "surrogateescape")
    assert messages(text)[0] == (1, "the file is not UTF-8 text here, UTF-16 perhaps: save it as UTF-8")


@pytest.mark.parametrize(
    "words",
    [
        "RUN --mount=type=tmpfs,target=/a,size={}! b".format("1" * 50_000),
        "RUN --mount=type=cache,target=/a,mode={}8 b".format("0" * 50_000),
        'RUN --mount={}" a'.format('\\"b\\",' * 6_000),
        "RUN --mount={}=a b".format("k" * 50_000),
        "COPY --chmod={}! a b".format("u+," * 20_000),
        "COPY --chmod={}! a b".format("+-" * 25_000),
        "COPY --from={}a b c".format("$" * 50_000),
        "EXPOSE {}".format("1:" * 25_000),
        "HEALTHCHECK --interval={} CMD a".format("1" * 50_000),
        "HEALTHCHECK --retries={} CMD a".format("1" * 50_000),
        "STOPSIGNAL {}".format("1" * 50_000),
        "FROM a AS {}@".format("b" * 50_000),
        "{} a".format("R" * 50_000),
    ],
    ids=lambda words: words[:30],
)
def test_long_values_are_no_trouble(words: str) -> None:
    [problem] = problems(parse(f"FROM scratch\n{words}\n"))
    assert len(problem.message) < 300
