"""Base images: by what they hold, not by what they are called."""

from __future__ import annotations

from tests.engine.cache.contexts import TREE
from tests.engine.cache.scenario import BEFORE, Scenario

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "base",
        "other-files",
        "FROM {base}\nRUN echo 1\nCOPY a.txt /a\n",
        TREE,
        base="files",
        questions=(("--changed-image", "{base}"),),
    ),
    Scenario(
        "base",
        "copied-from-and-the-same-file",
        "FROM busybox:musl\nRUN echo {nonce}\nCOPY --from={base} /same /b\nRUN true\n",
        TREE,
        base="files",
        questions=(("--changed-image", "{base}"),),
    ),
    Scenario(
        "base",
        "copied-from-and-another-file",
        "FROM busybox:musl\nRUN echo {nonce}\nCOPY --from={base} /nonce /b\nRUN true\n",
        TREE,
        base="files",
        questions=(("--changed-image", "{base}"),),
    ),
    Scenario(
        "base",
        "only-a-label",
        "FROM {base}\nRUN echo 1\nCOPY a.txt /a\n",
        TREE,
        base="label",
        questions=((),),
    ),
    Scenario("base", "nothing", "FROM {base}\nRUN echo 1\nCOPY a.txt /a\n", TREE, questions=(BEFORE, ())),
    Scenario(
        "base",
        "another-tag-of-the-same-image",
        "FROM {base}\nRUN echo 1\nCOPY a.txt /a\n",
        TREE,
        edits=(("FROM {base}", "FROM {base}-alias"),),
    ),
    Scenario(
        "base",
        "another-image",
        "FROM {base}\nRUN echo {nonce}\nCOPY a.txt /a\n",
        TREE,
        edits=(("FROM {base}", "FROM busybox:musl"),),
    ),
    Scenario(
        "base",
        "of-one-stage-only",
        "FROM {base} AS one\nRUN mkdir /out && echo same > /out/x\n"
        "FROM busybox:musl\nRUN echo {nonce}\nCOPY --from=one /out /out\n"
        "RUN true\n",
        base="files",
        questions=(("--changed-image", "{base}"),),
    ),
    Scenario(
        "base",
        "chosen-by-an-argument",
        "ARG TAG=\nFROM {base}$TAG\nRUN echo 1\n",
        arguments={"TAG": ""},
        other_arguments={"TAG": "-alias"},
        questions=(BEFORE, ("--changed-arg", "TAG")),
    ),
)
