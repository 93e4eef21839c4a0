"""The build context that most tests here look into."""

from __future__ import annotations

from pathlib import Path

import pytest

from multistage_cli.build.context import BuildContext, open_context
from tests.build.context.trees import SOURCES, make


@pytest.fixture
def sources(tmp_path: Path) -> BuildContext:
    return open_context(make(tmp_path, SOURCES), None)
