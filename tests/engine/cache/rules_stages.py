"""Stages: `COPY --from` by content, branches apart, what the target does not need."""

from __future__ import annotations

from tests.engine.cache.contexts import TREE, changed
from tests.engine.cache.scenario import BEFORE, Scenario

TWO = (
    "FROM {base} AS builder\nCOPY a.txt /a.txt\nRUN mkdir /out && {make}\n"
    "FROM {base}\nRUN echo runtime\nCOPY --from=builder /out /out\nRUN ls /out > /list\n"
)

SOURCES = (
    "FROM {base} AS files\nCOPY src /src\nCOPY a.txt /other/a.txt\n"
    "FROM {base}\nCOPY --from=files /src/app.py /app.py\nRUN true\n"
)

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "stages",
        "output-is-the-same",
        TWO.replace("{make}", "echo same > /out/x"),
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "stages",
        "output-is-another",
        TWO.replace("{make}", "cp /a.txt /out/x"),
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "stages",
        "output-of-another-text-is-the-same",
        TWO.replace("{make}", "echo same > /out/x"),
        TREE,
        edits=(("mkdir /out", "mkdir -p /out"),),
    ),
    Scenario(
        "stages",
        "a-copied-file-that-changes",
        SOURCES,
        TREE,
        changes={"src/app.py": "other {nonce}"},
        questions=(BEFORE, changed("src/app.py")),
    ),
    Scenario(
        "stages",
        "a-file-beside-the-copied-one",
        SOURCES,
        TREE,
        changes={"src/lib/x.py": "other {nonce}"},
        questions=(BEFORE, changed("src/lib/x.py")),
    ),
    Scenario(
        "stages",
        "a-copy-elsewhere-in-the-stage",
        SOURCES,
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "stages",
        "branches",
        "FROM {base} AS one\nCOPY a.txt /one\nRUN true\nFROM {base} AS two\nCOPY README.md /two\nRUN true\n"
        "FROM {base}\nCOPY --from=one /one /one\nCOPY --from=two /two /two\n",
        TREE,
        changes={"README.md": "other"},
        questions=(BEFORE, changed("README.md")),
    ),
    Scenario(
        "stages",
        "not-needed",
        "FROM {base} AS one\nCOPY a.txt /one\nFROM {base} AS spare\nCOPY README.md /x\nRUN exit 1\n"
        "FROM {base}\nCOPY --from=one /one /one\n",
        TREE,
        changes={"README.md": "other"},
        questions=(BEFORE, changed("README.md")),
    ),
    Scenario(
        "stages",
        "another-target",
        "FROM {base} AS one\nCOPY a.txt /one\nRUN true\nFROM one AS two\nCOPY README.md /x\nRUN true\n",
        TREE,
        target="one",
        changes={"README.md": "other"},
        questions=(BEFORE, changed("README.md")),
    ),
    Scenario(
        "stages",
        "continued",
        "FROM {base} AS one\nRUN true\nCOPY a.txt /one\nFROM one AS two\nCOPY README.md /x\nRUN true\n",
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "stages",
        "continued-from-an-unchanged-one",
        "FROM {base} AS one\nRUN true\nCOPY a.txt /one\nFROM one AS two\nCOPY README.md /x\nRUN true\n",
        TREE,
        changes={"README.md": "other"},
        questions=(BEFORE, changed("README.md")),
    ),
    Scenario(
        "stages",
        "another-name",
        TWO.replace("{make}", "echo same > /out/x"),
        TREE,
        edits=(("AS builder", "AS maker"), ("--from=builder", "--from=maker")),
    ),
    Scenario(
        "stages",
        "by-its-index",
        TWO.replace("{make}", "echo same > /out/x"),
        TREE,
        edits=(("--from=builder", "--from=0"),),
    ),
    Scenario(
        "stages",
        "cut-in-two",
        "FROM {base}\nRUN echo 1\nRUN echo 2\n",
        edits=(
            ("RUN echo 2", "FROM 0-base\nRUN echo 2"),
            ("FROM {base}\n", "FROM {base} AS a0-base\n"),
            ("FROM 0-base", "FROM a0-base"),
        ),
    ),
    Scenario(
        "stages",
        "in-another-order",
        "FROM {base} AS one\nRUN echo 1 > /o\nFROM {base} AS two\nRUN echo 2 > /t\n"
        "FROM {base}\nCOPY --from=one /o /o\nCOPY --from=two /t /t\n",
        edits=(
            (
                "FROM {base} AS one\nRUN echo 1 > /o\nFROM {base} AS two\nRUN echo 2 > /t\n",
                "FROM {base} AS two\nRUN echo 2 > /t\nFROM {base} AS one\nRUN echo 1 > /o\n",
            ),
        ),
    ),
    Scenario(
        "stages",
        "other-path-same-content",
        "FROM {base} AS one\nRUN mkdir /a /b && echo 1 > /a/x && echo 1 > /b/x\nFROM {base}\n"
        "COPY --from=one /a/x /x\nRUN true\n",
        edits=(("/a/x /x", "/b/x /x"),),
    ),
    Scenario(
        "stages",
        "scratch",
        "FROM {base} AS one\nCOPY a.txt /a\nRUN mkdir /out && echo {nonce} > /out/x\n"
        "FROM scratch\nCOPY --from=one /out /\nCOPY README.md /\n",
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "stages",
        "copied-on-and-on",
        "FROM {base} AS one\nCOPY a.txt /a\nFROM {base} AS two\nCOPY --from=one /a /b\n"
        "FROM {base}\nCOPY --from=two /b /c\nRUN true\n",
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "stages",
        "hidden-by-a-later-copy",
        "FROM {base} AS one\nCOPY a.txt /d/a.txt\nCOPY README.md /d/a.txt\nFROM {base}\nCOPY --from=one /d /d\n"
        "RUN true\n",
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "stages",
        "onbuild",
        "FROM {base} AS one\nRUN true\nONBUILD COPY a.txt /a\nONBUILD RUN echo 1\nFROM one\nRUN echo 2\n",
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "stages",
        "onbuild-text",
        "FROM {base} AS one\nRUN true\nONBUILD RUN echo 1\nFROM one\nRUN echo 2\n",
        TREE,
        edits=(("ONBUILD RUN echo 1", "ONBUILD RUN echo 3"),),
    ),
    Scenario(
        "stages",
        "from-an-image",
        "FROM {base}\nCOPY a.txt /a\nCOPY --from=busybox:musl /bin/busybox /b\nRUN true\n",
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "stages",
        "over-a-link-of-the-distribution",
        "FROM {base} AS one\nRUN mkdir -p /usr/bin && ln -s /usr/bin /tools\nCOPY a.txt /usr/bin/tool\n"
        "FROM {base}\nCOPY --from=one /tools/tool /tool\nRUN true\n",
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "stages",
        "below-a-copied-folder-with-exclusions",
        "FROM {base} AS one\nCOPY --exclude=lib/x.py src /src\nCOPY README.md /src/lib/r\n"
        "FROM {base}\nCOPY --from=one /src/lib /lib2\nRUN true\n",
        TREE,
        changes={"src/lib/x.py": "other {nonce}"},
        questions=(BEFORE, changed("src/lib/x.py")),
    ),
    Scenario(
        "stages",
        "a-folder-that-a-working-directory-makes",
        "FROM {base} AS one\nCOPY a.txt /w/a.txt\nFROM {base}\nCOPY --from=one /w /w\nRUN true\n",
        TREE,
        edits=(("COPY a.txt", "WORKDIR /w/empty\nCOPY a.txt"),),
    ),
    Scenario(
        "stages",
        "a-wildcard-of-a-stage",
        "FROM {base} AS one\nCOPY src /src\nCOPY a.txt /a.txt\nFROM {base}\nCOPY --from=one /src/*.py /p/\nRUN true\n",
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "stages",
        "the-same-stage-twice",
        "FROM {base} AS one\nRUN echo 1 > /o\nFROM {base}\nRUN echo 2\nCOPY --from=one /o /o\n",
        edits=(("FROM {base}\nRUN echo 2", "FROM {base}\nRUN echo 1 > /o"),),
    ),
)
