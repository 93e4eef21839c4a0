"""Whatever the evaluation claims of a state, a really built image says too.

`pytest tests/engine/test_states.py` builds all cases of tests/engine/states, and prints the table of all
questions when it is run with `-s`. MULTISTAGE_STATES=quick asks only the cases that build in seconds.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.engine.state_questions import Case, Table, cases, compare, real_image, total

if TYPE_CHECKING:
    from tests.engine.conftest import Docker

pytestmark = pytest.mark.engine

MOST_UNKNOWN = 0.25
QUICK = ("scratch", "busybox", "alpine")


def chosen() -> list[Case]:
    """The cases of this run; the quick ones stand on small images alone."""
    if os.environ.get("MULTISTAGE_STATES") != "quick":
        return cases()
    return [case for case in cases() if all(base.startswith(QUICK) for base in bases(case))]


def bases(case: Case) -> list[str]:
    """The images that a case starts from."""
    named = re.findall(r"(?im)^FROM\s+(?:--platform=\S+\s+)?(\S+)(?:\s+AS\s+(\S+))?", case.text)
    stages = {name.lower() for _, name in named if name}
    return [base for base, _ in named if base.lower() not in stages]


@pytest.fixture(scope="module")
def tables() -> Iterator[list[Table]]:
    """The answers of all cases; the table is printed at the end."""
    found: list[Table] = []
    yield found
    sys.stdout.write(f"\n{total(found).shown()}\n")


@pytest.mark.parametrize("case", chosen(), ids=lambda case: case.name)
def test_no_claim_is_contradicted(case: Case, docker: Docker, tables: list[Table]) -> None:
    for base in bases(case):
        if base != "scratch" and docker.attempt("image", "inspect", base).returncode != 0:
            pytest.skip(f"the engine has no image {base}")
    for step in case.steps():
        build = case.evaluated()
        table = Table()
        compare(case, step, real_image(docker.executable, case, step), table)
        tables.append(table)
        assert not table.contradicted, (
            "\n".join(table.contradicted) + f"\nafter line {step.line} of {build.path}"
        )
        assert table.asked


def test_most_answers_are_known(tables: list[Table]) -> None:
    whole = total(tables)
    if not whole.asked:
        pytest.skip("nothing was asked")
    unknown = whole.unknown.total() / whole.asked
    assert unknown <= MOST_UNKNOWN, whole.shown()
