"""The picture for machines, to the letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from multistage_cli.flow.graph import collect_flow
from multistage_cli.flow.views.json import render
from tests import golden
from tests.corpus import case

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", ["brief", "named-contexts", "onbuild-chain"])
def test_golden(name: str) -> None:
    golden.check(GOLDEN / f"{name}.json", render(collect_flow(case(name).build())) + "\n")
