"""Output that follows from the Dockerfile: BuildKit finds what a step writes again by its content.

These start from an image that the catalogue knows: whose user, folders and tools are known.
"""

from __future__ import annotations

from dataclasses import replace

from tests.engine.cache.contexts import TREE, changed
from tests.engine.cache.scenario import BEFORE, Scenario

_TWO = (
    "FROM {debian} AS builder\nCOPY a.txt /a.txt\nRUN mkdir /out && {make}\n"
    "FROM {debian}\nRUN echo {nonce}\nCOPY --from=builder /out /out\nRUN ls /out > /list\n"
)
_BOTH = (BEFORE, changed("a.txt"))


def _two(make: str) -> str:
    return _TWO.replace("{make}", make)


_SCENARIOS = (
    Scenario(
        "exact", "the-same", _two("echo {nonce} > /out/x"), TREE,
        changes={"a.txt": "other {nonce}"}, questions=_BOTH,
    ),
    Scenario(
        "exact", "several-files-and-a-link",
        _two("echo {nonce} > /out/x && printf 'a\\nb' > /out/y && ln -s x /out/z && mkdir /out/d"), TREE,
        changes={"a.txt": "other {nonce}"}, questions=_BOTH,
    ),
    Scenario(
        "exact", "another-text-of-the-command", _two("echo {nonce} > /out/x"), TREE,
        edits=(("mkdir /out", "mkdir -p /out"),),
    ),
    Scenario(
        "exact", "another-mode", _two("echo {nonce} > /out/x"), TREE,
        edits=(("> /out/x", "> /out/x && chmod 600 /out/x"),),
    ),
    Scenario(
        "exact", "the-same-mode", _two("echo {nonce} > /out/x"), TREE,
        edits=(("> /out/x", "> /out/x && chmod 644 /out/x"),),
    ),
    Scenario(
        "exact", "another-content", _two("echo {nonce} > /out/x"), TREE,
        edits=(("> /out/x", "> /out/x && echo more >> /out/x"),),
    ),
    Scenario(
        "exact", "a-copy-of-the-changed-file", _two("cp /a.txt /out/x"), TREE,
        changes={"a.txt": "other {nonce}"}, questions=_BOTH,
    ),
    Scenario(
        "exact", "a-copy-of-another-file", _two("cp /README.md /out/x").replace("COPY a.txt /a.txt", "COPY . /"), TREE,
        changes={"a.txt": "other {nonce}"}, questions=_BOTH,
    ),
    Scenario(
        "exact", "a-folder-with-a-new-file",
        _two("cp -r /src/lib /out/lib").replace("COPY a.txt /a.txt", "COPY src /src"), TREE,
        changes={"src/lib/new.txt": "new {nonce}"}, questions=(BEFORE, changed("src/lib/new.txt")),
    ),
    Scenario(
        "exact", "hidden-by-a-later-copy",
        "FROM {debian} AS one\nCOPY a.txt /d/a.txt\nCOPY README.md /d/a.txt\nFROM {debian}\n"
        "RUN echo {nonce}\nCOPY --from=one /d /d\nRUN true\n",
        {**TREE, "README.md": "readme {nonce}"},
        changes={"a.txt": "other {nonce}"}, questions=_BOTH,
    ),
    Scenario(
        "exact", "another-path",
        "FROM {debian} AS one\nRUN mkdir /a /b && echo {nonce} > /a/x && echo {nonce} > /b/x\nFROM {debian}\n"
        "RUN echo {nonce}\nCOPY --from=one /a/x /x\nRUN true\n",
        edits=(("/a/x /x", "/b/x /x"),),
    ),
    Scenario(
        "exact", "another-name",
        "FROM {debian} AS one\nRUN mkdir /a /b && echo {nonce} > /a/x && echo {nonce} > /b/y\nFROM {debian}\n"
        "RUN echo {nonce}\nCOPY --from=one /a/x /d/\nRUN true\n",
        edits=(("/a/x /d/", "/b/y /d/"),),
    ),
    Scenario(
        "exact", "an-argument-that-does-not-matter",
        "FROM {debian} AS one\nARG A=1\nRUN echo {nonce} > /one\nFROM {debian}\nRUN echo two {nonce}\n"
        "COPY --from=one /one /one\nRUN true\n",
        arguments={"A": "1"}, other_arguments={"A": "2"}, questions=(BEFORE, ("--changed-arg", "A")),
    ),
    Scenario(
        "exact", "an-argument-that-matters",
        "FROM {debian} AS one\nARG A=1\nRUN echo $A {nonce} > /one\nFROM {debian}\nRUN echo two {nonce}\n"
        "COPY --from=one /one /one\nRUN true\n",
        arguments={"A": "1"}, other_arguments={"A": "2"}, questions=(BEFORE, ("--changed-arg", "A")),
    ),
    Scenario(
        "exact", "another-owner", _two("echo {nonce} > /out/x"), TREE,
        edits=(("> /out/x", "> /out/x && chown 7:7 /out/x"),),
    ),
    Scenario(
        "exact", "bind-mount",
        "FROM {debian} AS one\nCOPY a.txt /a.txt\nRUN mkdir /out && echo {nonce} > /out/x\n"
        "FROM {debian}\nRUN --mount=from=one,source=/out,target=/m cat /m/x > /x\n",
        TREE, changes={"a.txt": "other {nonce}"}, questions=_BOTH,
    ),
    Scenario(
        "exact", "to-scratch",
        "FROM {debian} AS one\nCOPY a.txt /a\nRUN mkdir /out && echo {nonce} > /out/x\n"
        "FROM scratch\nCOPY --from=one /out /\nCOPY README.md /\n",
        TREE, changes={"a.txt": "other {nonce}"}, questions=_BOTH,
    ),
)  # fmt: skip

SCENARIOS: tuple[Scenario, ...] = tuple(
    replace(scenario, dockerfile=scenario.dockerfile.replace("{debian}", "debian:bookworm-slim"))
    for scenario in _SCENARIOS
)
