"""The text of RUN."""

from __future__ import annotations

from tests.engine.cache.contexts import TEXT
from tests.engine.cache.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("run", "another-text", TEXT, edits=(("echo one", "echo uno"),)),
    Scenario("run", "the-last-text", TEXT, edits=(("echo two", "echo due"),)),
    Scenario("run", "more-spaces", TEXT, edits=(("echo two", "echo  two"),)),
    Scenario("run", "spaces-at-the-end", TEXT, edits=(("/two\n", "/two  \n"),)),
    Scenario("run", "keyword-in-small-letters", TEXT, edits=(("RUN echo two", "run   echo two"),)),
    Scenario("run", "a-comment-above", TEXT, edits=(("RUN echo two", "# why\n\nRUN echo two"),)),
    Scenario(
        "run",
        "a-comment-inside",
        "FROM {base}\nRUN echo one && \\\n    echo two\nRUN true\n",
        edits=(("&& \\\n", "&& \\\n# why\n"),),
    ),
    Scenario(
        "run",
        "a-line-broken-elsewhere",
        "FROM {base}\nRUN echo one && \\\n    echo two\nRUN true\n",
        edits=(("&& \\\n    echo", "&& echo"),),
    ),
    Scenario(
        "run",
        "lines-broken-with-the-same-text",
        "FROM {base}\nRUN echo one && \\\necho two\nRUN true\n",
        edits=(("&& \\\necho", "&& echo"),),
    ),
    Scenario(
        "run",
        "json-form-of-the-same",
        "FROM {base}\nRUN echo one\nRUN true\n",
        edits=(("RUN echo one", 'RUN ["/bin/sh", "-c", "echo one"]'),),
    ),
    Scenario(
        "run",
        "here-document",
        "FROM {base}\nRUN <<EOF\necho one\nEOF\nRUN true\n",
        edits=(("echo one", "echo two"),),
    ),
    Scenario(
        "run",
        "here-document-of-another-name",
        "FROM {base}\nRUN <<EOF\necho one\nEOF\nRUN true\n",
        edits=(("EOF", "END"),),
    ),
    Scenario(
        "run",
        "script-of-another-name",
        "FROM {base}\nRUN <<EOF\n#!/bin/sh\necho one\nEOF\nRUN true\n",
        edits=(("EOF", "END"),),
    ),
    Scenario(
        "run",
        "script-with-another-text",
        "FROM {base}\nRUN <<EOF\n#!/bin/sh\necho one\nEOF\nRUN true\n",
        edits=(("echo one", "echo two"),),
    ),
    Scenario(
        "run",
        "here-document-for-a-command",
        "FROM {base}\nRUN cat <<EOF > /x\none\nEOF\nRUN true\n",
        edits=(("EOF", "END"),),
    ),
    Scenario(
        "run",
        "a-here-document-says-the-same-as-a-line",
        "FROM {base}\nRUN echo one\nRUN true\n",
        edits=(("RUN echo one\n", "RUN <<EOF\necho one\nEOF\n"),),
    ),
    Scenario(
        "run",
        "two-lines-swap",
        TEXT,
        edits=(("RUN echo one > /one\nRUN echo two > /two", "RUN echo two > /two\nRUN echo one > /one"),),
    ),
    Scenario(
        "run",
        "a-line-is-taken-out",
        "FROM {base}\nRUN echo 1\nRUN echo 2\nRUN echo 3\n",
        edits=(("RUN echo 2\n", ""),),
    ),
    Scenario(
        "run",
        "the-last-line-is-taken-out",
        "FROM {base}\nRUN echo 1\nRUN echo 2\nRUN echo 3\n",
        edits=(("RUN echo 3\n", ""),),
    ),
    Scenario(
        "run",
        "network",
        "FROM {base}\nRUN echo 1\nRUN true\n",
        edits=(("RUN echo", "RUN --network=none echo"),),
    ),
    Scenario(
        "run",
        "line-ends-of-windows",
        "FROM {base}\nRUN echo one && \\\n  echo two\nWORKDIR /w\nRUN true\n",
        edits=(("\n", "\r\n"),),
    ),
    Scenario(
        "run",
        "line-ends-of-windows-in-a-here-document",
        "FROM {base}\nRUN <<EOF\necho one\nEOF\nRUN true\n",
        edits=(("\n", "\r\n"),),
    ),
    Scenario(
        "run",
        "tabs-in-a-here-document",
        "FROM {base}\nRUN <<-EOF\n\techo one\nEOF\nRUN true\n",
        edits=(("\techo", "\t\techo"),),
    ),
    Scenario(
        "run",
        "tabs-in-a-here-document-for-a-command",
        "FROM {base}\nRUN cat <<-EOF > /x\n\techo one\nEOF\nRUN true\n",
        edits=(("\techo", "\t\techo"),),
    ),
    Scenario(
        "run",
        "the-usual-network",
        "FROM {base}\nRUN echo 1\nRUN true\n",
        edits=(("RUN echo", "RUN --network=default echo"),),
    ),
)
