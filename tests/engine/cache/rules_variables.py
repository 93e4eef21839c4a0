"""ARG and ENV: all in scope count for a RUN, used or not."""

from __future__ import annotations

from tests.engine.cache.contexts import TREE
from tests.engine.cache.scenario import BEFORE, Scenario

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "variables", "env-that-nobody-uses", "FROM {base}\nENV A=1\nRUN echo one\n", edits=(("A=1", "A=2"),)
    ),
    Scenario(
        "variables",
        "env-below",
        "FROM {base}\nRUN echo one\nENV A=1\nRUN echo two\n",
        edits=(("A=1", "A=2"),),
    ),
    Scenario(
        "variables",
        "arg-that-nobody-uses",
        "FROM {base}\nARG A=1\nRUN echo one\n",
        arguments={"A": "1"},
        other_arguments={"A": "2"},
        questions=(BEFORE, ("--changed-arg", "A"), ("--changed-arg", "A=2")),
    ),
    Scenario("variables", "arg-default", "FROM {base}\nARG A=1\nRUN echo one\n", edits=(("A=1", "A=2"),)),
    Scenario(
        "variables",
        "arg-default-that-an-argument-hides",
        "FROM {base}\nARG A=1\nRUN echo one\n",
        arguments={"A": "3"},
        edits=(("A=1", "A=2"),),
    ),
    Scenario(
        "variables",
        "arg-below",
        "FROM {base}\nRUN echo one\nARG A=1\nRUN echo two\n",
        arguments={"A": "1"},
        other_arguments={"A": "2"},
        questions=(BEFORE, ("--changed-arg", "A")),
    ),
    Scenario(
        "variables",
        "arg-hidden-by-env",
        "FROM {base}\nARG A=1\nENV A=fixed\nRUN echo one\n",
        arguments={"A": "1"},
        other_arguments={"A": "2"},
        questions=(BEFORE, ("--changed-arg", "A")),
    ),
    Scenario(
        "variables",
        "arg-after-env",
        "FROM {base}\nENV A=fixed\nARG A=1\nRUN echo one\n",
        arguments={"A": "1"},
        other_arguments={"A": "2"},
        questions=(BEFORE, ("--changed-arg", "A")),
    ),
    Scenario(
        "variables", "arg-without-a-value", "FROM {base}\nRUN echo one\n", edits=(("RUN", "ARG A\nRUN"),)
    ),
    Scenario(
        "variables",
        "arg-of-another-stage",
        "FROM {base} AS one\nARG A=1\nRUN echo one > /one\nFROM {base}\nRUN echo two\nCOPY --from=one /one /one\n",
        arguments={"A": "1"},
        other_arguments={"A": "2"},
        questions=(BEFORE, ("--changed-arg", "A")),
    ),
    Scenario(
        "variables",
        "global-arg-not-declared-again",
        "ARG A=1\nFROM {base}\nRUN echo one\n",
        arguments={"A": "1"},
        other_arguments={"A": "2"},
        questions=(BEFORE, ("--changed-arg", "A")),
    ),
    Scenario(
        "variables",
        "global-arg-declared-again",
        "ARG A=1\nFROM {base}\nRUN echo one\nARG A\nRUN echo two\n",
        arguments={"A": "1"},
        other_arguments={"A": "2"},
        questions=(BEFORE, ("--changed-arg", "A")),
    ),
    Scenario(
        "variables",
        "env-made-of-an-arg",
        "FROM {base}\nARG A=1\nENV B=x$A\nRUN echo one\n",
        arguments={"A": "1"},
        other_arguments={"A": "2"},
        questions=(BEFORE, ("--changed-arg", "A")),
    ),
    Scenario(
        "variables",
        "arg-cut-to-the-same",
        "FROM {base}\nARG A=1.1\nCOPY a.txt /d${A%%.*}\nRUN true\n",
        TREE,
        arguments={"A": "1.1"},
        other_arguments={"A": "1.2"},
        questions=(BEFORE, ("--changed-arg", "A")),
    ),
    Scenario(
        "variables",
        "env-in-another-order",
        "FROM {base}\nENV A=1\nENV B=2\nRUN echo one\n",
        edits=(("ENV A=1\nENV B=2", "ENV B=2\nENV A=1"),),
    ),
    Scenario(
        "variables",
        "env-on-one-line",
        "FROM {base}\nENV A=1\nENV B=2\nRUN echo one\n",
        edits=(("ENV A=1\nENV B=2", "ENV A=1 B=2"),),
    ),
    Scenario(
        "variables",
        "env-set-twice-to-the-same",
        "FROM {base}\nENV A=1 B=2\nRUN echo one\n",
        edits=(("ENV A=1 B=2", "ENV A=1 B=2\nENV B=2"),),
    ),
    Scenario(
        "variables",
        "env-set-again-moves-to-the-end",
        "FROM {base}\nENV A=1 B=2\nRUN echo one\n",
        edits=(("ENV A=1 B=2", "ENV A=1 B=2\nENV A=1"),),
    ),
    Scenario(
        "variables",
        "env-spelled-otherwise",
        'FROM {base}\nENV A="1 2"\nRUN echo one\n',
        edits=(('A="1 2"', "A=1\\ 2"),),
    ),
    Scenario(
        "variables",
        "env-that-is-overridden",
        "FROM {base}\nENV A=1\nENV A=3\nRUN echo one\n",
        edits=(("A=1", "A=2"),),
    ),
    Scenario(
        "variables",
        "arg-and-env-of-the-same-value",
        "FROM {base}\nARG A=1\nRUN echo one\n",
        edits=(("ARG A=1", "ENV A=1"),),
    ),
    Scenario(
        "variables",
        "proxy",
        "FROM {base}\nRUN echo one\n",
        arguments={"HTTP_PROXY": "http://a.invalid"},
        other_arguments={"HTTP_PROXY": "http://b.invalid"},
    ),
    Scenario(
        "variables",
        "proxy-that-is-declared",
        "FROM {base}\nARG HTTP_PROXY\nRUN echo one\n",
        arguments={"HTTP_PROXY": "http://a.invalid"},
        other_arguments={"HTTP_PROXY": "http://b.invalid"},
        questions=(BEFORE, ("--changed-arg", "HTTP_PROXY")),
    ),
    Scenario(
        "variables",
        "inherited-arg",
        "FROM {base} AS one\nARG A=1\nFROM one\nRUN echo one\n",
        arguments={"A": "1"},
        other_arguments={"A": "2"},
        questions=(BEFORE, ("--changed-arg", "A")),
    ),
)
