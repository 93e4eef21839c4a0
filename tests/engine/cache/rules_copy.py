"""What of COPY and ADD counts besides the content."""

from __future__ import annotations

from tests.engine.cache.contexts import ALL, ONE, TREE
from tests.engine.cache.scenario import BEFORE, Scenario

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "copy",
        "another-destination",
        ONE,
        {"a.txt": "1 {nonce}"},
        edits=(("/a.txt\n", "/c.txt\n"), ("cat /a.txt", "cat /c.txt")),
    ),
    Scenario(
        "copy",
        "a-slash-at-the-destination",
        "FROM {base}\nCOPY a.txt /d\nRUN true\n",
        TREE,
        edits=(("/d\n", "/d/\n"),),
    ),
    Scenario(
        "copy",
        "the-same-destination-relative",
        "FROM {base}\nWORKDIR /app\nCOPY a.txt /app/a\nRUN true\n",
        TREE,
        edits=(("a.txt /app/a", "a.txt a"),),
    ),
    Scenario(
        "copy",
        "another-owner",
        "FROM {base}\nCOPY --chown=1:1 a.txt /a\nRUN true\n",
        TREE,
        edits=(("1:1", "2:2"),),
    ),
    Scenario(
        "copy",
        "another-mode",
        "FROM {base}\nCOPY --chmod=644 a.txt /a\nRUN true\n",
        TREE,
        edits=(("644", "600"),),
    ),
    Scenario(
        "copy",
        "chmod-and-the-mode-of-the-file",
        "FROM {base}\nCOPY --chmod=644 a.txt /a\nRUN true\n",
        TREE,
        acts=(("chmod", "a.txt", "755"),),
    ),
    Scenario(
        "copy",
        "json-form",
        "FROM {base}\nCOPY a.txt /a\nRUN true\n",
        TREE,
        edits=(("COPY a.txt /a", 'COPY ["a.txt", "/a"]'),),
    ),
    Scenario(
        "copy",
        "add-in-the-place-of-copy",
        "FROM {base}\nCOPY a.txt /a\nRUN true\n",
        TREE,
        edits=(("COPY a.txt", "ADD a.txt"),),
    ),
    Scenario(
        "copy",
        "an-env-above",
        "FROM {base}\nENV A={nonce}1\nCOPY a.txt /a\nWORKDIR /w\n",
        TREE,
        edits=(("{nonce}1", "{nonce}2"),),
    ),
    Scenario(
        "copy",
        "a-user-above",
        "FROM {base}\nUSER 1\nCOPY a.txt /a\nWORKDIR /w\nRUN true\n",
        TREE,
        edits=(("USER 1", "USER 2"),),
    ),
    Scenario(
        "copy",
        "here-document",
        "FROM {base}\nCOPY <<EOF /x\n{nonce}\none\nEOF\nRUN true\n",
        edits=(("one", "two"),),
    ),
    Scenario(
        "copy",
        "here-document-of-another-name",
        "FROM {base}\nCOPY <<EOF /x\n{nonce}\none\nEOF\nRUN true\n",
        edits=(("EOF", "END"),),
    ),
    Scenario(
        "copy",
        "here-document-with-a-variable",
        "FROM {base}\nARG A=1\nCOPY <<EOF /x\n{nonce}\n$A\nEOF\nRUN true\n",
        arguments={"A": "1"},
        other_arguments={"A": "2"},
        questions=(BEFORE, ("--changed-arg", "A")),
    ),
    Scenario(
        "copy",
        "a-new-copy-between",
        ALL,
        {**TREE, ".dockerignore": "Dockerfile"},
        edits=(("COPY . /src", "COPY a.txt /a\nCOPY . /src"),),
    ),
)
