"""The variables of a RUN, without a copy of them."""

from __future__ import annotations

import pytest

from multistage_cli.build.evaluate import evaluate
from multistage_cli.build.run_environment import RunEnvironment
from multistage_cli.build.variables import Variables
from multistage_cli.parser import parse


def variables() -> Variables:
    text = "FROM scratch\nENV A=1 B=2\nARG C=3\nARG UNSET\nRUN true\n"
    return evaluate(parse(text)).stages[0].steps[-1].before.variables


def test_what_is_set_and_what_the_script_sets() -> None:
    found = RunEnvironment(variables(), frozenset({"B"}))
    assert {name: found[name] for name in "AC"} == {"A": "1", "C": "3"}
    for name in ("B", "UNSET", "HOME"):
        assert name not in found
    found["B"] = "9"
    found["HOME"] = "/root"
    found["A"] = "7"
    own = {name: found[name] for name in ("A", "B", "HOME")}
    assert own == {"A": "7", "B": "9", "HOME": "/root"}
    assert sorted(name for name in found if name != "PATH") == ["A", "B", "C", "HOME"]
    assert len(found) == len(set(found))


def test_what_is_taken_away() -> None:
    found = RunEnvironment(variables())
    found["A"] = "7"
    del found["A"]
    assert "A" not in found
    with pytest.raises(KeyError):
        found["A"]
    assert "A" not in set(found)
