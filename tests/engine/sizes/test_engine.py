"""Small cases, built anew: what is stored of them is still what an engine builds."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.cache.record import Engine
from tests.engine.sizes.case import Case, all_cases
from tests.engine.sizes.record import measure
from tests.engine.sizes.truth import stored

pytestmark = pytest.mark.engine

# Without the network, and of the same bytes every time.
KINDS = {"copy", "rewritten", "configuration"}
WITH_PACKAGES = {"chown-earlier", "heredoc-script"}
CASES = [case for case in all_cases() if case.kind in KINDS and case.name not in WITH_PACKAGES]


@pytest.fixture
def engine(docker: object) -> Iterator[Engine]:
    found = Engine()
    yield found
    found.clean()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_an_engine_builds_what_is_stored(engine: Engine, case: Case, tmp_path: Path) -> None:
    known = stored(case)
    assert known is not None
    bases = {stage.base for stage in known.stages.values() if stage.base_bytes}
    docker = shutil.which("docker")
    assert docker is not None
    for base in bases:
        if subprocess.run([docker, "image", "inspect", base], capture_output=True, check=False).returncode:
            pytest.skip(f"the engine has no image {base}: docker pull {base}")
    built = measure(engine, case, tmp_path)
    for name, stage in built.stages.items():
        # A line of /etc/passwd has today's date in it, whose bytes may be more or fewer.
        assert stage.layers == pytest.approx(known.stages[name].layers, abs=300), name
