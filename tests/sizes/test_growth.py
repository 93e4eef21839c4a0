"""Work grows with the length of the Dockerfile, whatever its stages are strung up like."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from multistage_cli.build.evaluate import Build
from multistage_cli.sizes.estimate import estimate_sizes
from tests.sizes.built import build_of


def chain(count: int) -> str:
    stages = "".join(
        f"FROM s{index} AS s{index + 1}\nRUN apt-get install -y git && pip install flask && make\n"
        f"RUN pip install -r /app/requirements.txt\nCOPY <<E /d/{index}\nx\nE\n"
        for index in range(count)
    )
    return f"FROM python:3.12-slim AS s0\n{stages}"


def chain_with_copies(count: int) -> str:
    stages = "".join(
        f"FROM s{index} AS s{index + 1}\nCOPY <<E /d/{index}\nx\nE\nCOPY --from=s{index} /d/{index - 1} /e{index}\n"
        for index in range(count)
    )
    return f"FROM alpine:3.22 AS s0\n{stages}"


def fan(count: int) -> str:
    stages = "".join(f"FROM alpine:3.22 AS s{index}\nRUN curl -o /a{index} x\n" for index in range(count))
    return (
        stages + "FROM scratch\n" + "".join(f"COPY --from=s{index} /a{index} /\n" for index in range(count))
    )


def handed_on(count: int) -> str:
    stages = "".join(
        f"FROM alpine:3.22 AS s{index + 1}\nCOPY --from=s{index} /d /d/d\n" for index in range(count)
    )
    return f"FROM alpine:3.22 AS s0\nCOPY <<E /d/x\nx\nE\n{stages}"


def calls(work: Callable[[Build], object], build: Build) -> int:
    """How many functions a piece of work calls: the same on every machine."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work(build)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("text", [chain, chain_with_copies, fan, handed_on])
def test_twice_the_stages_are_twice_the_work(text: Callable[[int], str]) -> None:
    estimate_sizes(build_of(text(5)))  # what is read once is read now
    small, large = (calls(estimate_sizes, build_of(text(count))) for count in (50, 200))
    assert large < 5 * small
