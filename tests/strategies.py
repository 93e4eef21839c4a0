"""Dockerfiles that hypothesis writes: valid ones, odd ones, broken ones."""

from __future__ import annotations

from hypothesis import strategies as st

SPICE = [
    *(
        "\\",
        "\\\n",
        "\\\\\n",
        "\\ \n",
        "\\\t\n",
        "\\\r\n",
        "`",
        "`\n",
        "``\n",
        "\n",
        "\n\n",
        " \n",
        "\r",
        "\r\n",
        "\r\r\n",
    ),
    *(
        " ",
        "  ",
        "\t",
        "\v",
        "\f",
        "\x85",
        "\u00a0",
        "\u2003",
        "\u2028",
        "\u3000",
        "\ufeff",
        "\0",
        "\x1c",
        "\x1f",
        "\x7f",
    ),
    *(
        "#",
        "# c",
        "\n#",
        "\n# d\n",
        "\n  # e\n",
        "#\n",
        "# syntax=a/b\n",
        "# escape=`\n",
        "# escape=\\\n",
        "# check=x\n",
    ),
    *(
        '"',
        "'",
        '\\"',
        "\\'",
        "$",
        "$a",
        "${",
        "}",
        "${a}",
        "${a:-b}",
        "${a#b}",
        "${a/b/c}",
        "${a:+",
        "$(",
        ")",
        "$'",
    ),
    *(
        "<<",
        "<",
        "<<<",
        "<<E\n",
        "<<-E\n",
        "<<'E'\n",
        '<<"E"\n',
        "2<<E\n",
        "<<E <<F\n",
        "E\n",
        "\nE\n",
        "\tE\n",
        "F\n",
        "<< E\n",
        "<<\\E\n",
    ),
    *(
        "[",
        "]",
        ",",
        '["a"]',
        '["a", "b"]',
        "[]",
        "[1]",
        '[["a"]]',
        '{"a": 1}',
        '["a" ]',
        '["\\u00e9"]',
        '["\\ud800"]',
        "[1e999]",
        '["a",]',
    ),
    *(
        "--",
        "-",
        "--a",
        "--a=b",
        "--from=x ",
        "--mount=type=cache,target=/x ",
        '--a="b c" ',
        "--a='b' ",
        "-- ",
        "--a=\\ b ",
        "--é=à ",
    ),
    *(
        "=",
        "==",
        "a=b",
        "a=",
        "=b",
        "a='b c'",
        'a="b c"',
        "a=b\\ c",
        "a b",
        " AS ",
        ":",
        ";",
        "&&",
        "|",
        "%",
        "@",
        "/",
        "*",
    ),
    *(
        "é",
        "à",
        "ß",
        "İ",
        "\u212a",
        "\u017f",
        "全",
        "🐳",
        "RUN ",
        "run ",
        "ONBUILD ",
        "COPY ",
        "ENV ",
        "FROM ",
        "HEALTHCHECK ",
        "CMD ",
        "FOO ",
    ),
]

words = st.sampled_from(
    [
        *(
            "a",
            "b.txt",
            "/app/",
            ".",
            "x=y",
            "$HOME",
            "${A}",
            "'b c'",
            '"d e"',
            "a\\ b",
            "-x",
            "*.py",
            "é",
            "<<EOF",
            "<<-'EOF'",
            "1",
            "a:b",
        ),
        *(
            "&&",
            "||",
            "|",
            ">",
            "python:3.12-slim",
            "AS",
            "as",
            "builder",
            "alpine",
            "0.0.0.0",
            "80/tcp",
            "https://a.b/c?d=e&f",
            "{}",
            "'",
        ),
    ]
)
gaps = st.sampled_from(
    [
        " ",
        " ",
        " ",
        "  ",
        "\t",
        " \\\n",
        " \\\n  ",
        " \\\n# c\n  ",
        " \\\n\n",
        " \\ \n",
        " \\\r\n",
        "\\\n",
        " \\\n\t#\n",
    ]
)
names = st.sampled_from(
    [
        *(
            "FROM",
            "FROM",
            "RUN",
            "RUN",
            "RUN",
            "COPY",
            "COPY",
            "ADD",
            "ENV",
            "ENV",
            "LABEL",
            "ARG",
            "CMD",
            "ENTRYPOINT",
        ),
        *(
            "SHELL",
            "VOLUME",
            "EXPOSE",
            "USER",
            "WORKDIR",
            "STOPSIGNAL",
            "MAINTAINER",
            "HEALTHCHECK",
            "ONBUILD",
        ),
        *("ONBUILD", "run", "Copy", "from", "FOO"),
    ]
)
flags = st.sampled_from(
    [
        "--from=builder",
        "--chown=a:b",
        "--link",
        "--mount=type=cache,target=/root/.cache",
        "--platform=$BUILDPLATFORM",
        '--a="b c"',
        "--interval=3s",
        "--x=\\a",
        "--",
    ]
)
json_forms = st.lists(st.sampled_from(["a", "b c", "\\", '"', "é", "\n", ""]), max_size=4).map(
    lambda members: (
        "["
        + ", ".join(
            '"' + member.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
            for member in members
        )
        + "]"
    )
)
pairs = st.builds(
    "{}={}".format,
    st.sampled_from(["A", "b.c", '"d"', "e"]),
    st.sampled_from(["", "1", "'x y'", '"z w"', "a\\ b", "$A"]),
)
heredoc_names = st.sampled_from(["EOF", "E", "file.txt", "a-b", "EOT"])


@st.composite
def instructions(draw: st.DrawFn, depth: int = 0) -> str:
    name = draw(names)
    if name == "ONBUILD" and depth < 3:
        return name + draw(gaps) + draw(instructions(depth + 1))
    given = draw(st.lists(flags, max_size=2))
    kind = draw(st.sampled_from(["words", "words", "words", "json", "pairs", "heredoc", "check"]))
    if kind == "json":
        rest = [draw(json_forms)]
    elif kind == "pairs":
        rest = draw(st.lists(pairs, min_size=1, max_size=3))
    elif kind == "check":
        rest = ["CMD", *draw(st.lists(words, max_size=3))]
    else:
        rest = draw(st.lists(words, max_size=4))
    text = name
    for part in [*given, *rest]:
        text += draw(gaps) + part
    if kind == "heredoc":
        text += draw(heredocs())
    return text + draw(st.sampled_from(["\n", "\n", "\n", "\r\n", " \n", "\n\n"]))


@st.composite
def heredocs(draw: st.DrawFn) -> str:
    opened = draw(st.lists(heredoc_names, min_size=1, max_size=2))
    line, body = "", ""
    for name in opened:
        dash = draw(st.sampled_from(["", "", "-"]))
        quote = draw(st.sampled_from(["", "", "'", '"']))
        line += f" {draw(st.sampled_from(['', '', '3']))}<<{dash}{quote}{name}{quote}"
        for _ in range(draw(st.integers(0, 3))):
            body += draw(st.sampled_from(["", "\t", "\t\t", " "])) + draw(
                st.one_of(words, st.sampled_from(["# x", "RUN y", "z \\", ""]))
            )
            body += draw(st.sampled_from(["\n", "\n", "\r\n"]))
        body += ("\t" if dash and draw(st.booleans()) else "") + name + "\n"
    return line + draw(st.sampled_from(["", " /dest/", " && x", " \\\n  y"])) + "\n" + body.removesuffix("\n")


comments = st.sampled_from(["# a\n", "#\n", "  # b\n", "\n", " \n", "#!x\n", "# a=b\n"])
heads = st.sampled_from(
    [
        "",
        "",
        "",
        "# syntax=docker/dockerfile:1\n",
        "# escape=`\n",
        "#escape=\\\n# syntax = x\n",
        "# Escape = ` \n",
        "\ufeff",
        "\ufeff# escape=`\n",
        "# syntax=a\n# syntax=b\n",
        "# escape=x\n",
        " # escape=`\n",
    ]
)


@st.composite
def dockerfiles(draw: st.DrawFn) -> str:
    """A file of a few instructions, into which up to five odd things fall at odd places."""
    parts = draw(st.lists(st.one_of(instructions(), instructions(), instructions(), comments), max_size=6))
    text = draw(heads) + "".join(parts)
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3, 5]))):
        at = draw(st.integers(0, len(text)))
        drop = draw(st.sampled_from([0, 0, 0, 1, 3, 10]))
        text = text[:at] + draw(st.sampled_from(SPICE)) + text[at + drop :]
    return text.removesuffix("\n") if draw(st.booleans()) else text


rubbish = st.lists(st.sampled_from(SPICE), max_size=25).map("".join)
"""Files that are nothing but odd things."""
