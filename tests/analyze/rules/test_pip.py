"""pip's rules: what counts as a version, and where the cache goes."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.rules.pip import pip_cache_kept, unpinned_python_package
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse


@pytest.mark.parametrize(
    ("words", "pinned"),
    [
        ("flask", False),
        ("'flask[async]'", False),
        ("flask==3", True),
        ("'flask>=3,<4'", True),
        ("'flask~=3.1'", True),
        ("'flask @ https://example.com/flask.whl'", True),
        (".", True),
        ("'.[extra]'", True),
        ("./wheels/app.whl", True),
        ("app-1.0.tar.gz", True),
        ("-e .", True),
        ("-r requirements.txt", True),
        ("-c constraints.txt flask", True),
        ("--constraint=constraints.txt flask", True),
        ("--upgrade pip setuptools wheel", True),
        ("$PACKAGES", True),
    ],
)
def test_versions(words: str, *, pinned: bool) -> None:
    for pip in ("pip", "pip3", "python -m pip", "/opt/venv/bin/pip"):
        build = evaluate(parse(f"FROM python:3.13-slim\nRUN {pip} install {words}\n"))
        assert (not list(unpinned_python_package.check(build))) is pinned


@pytest.mark.parametrize(
    ("before", "run", "kept"),
    [
        ("", "pip install a==1", True),
        ("", "pip --no-cache-dir install a==1", False),
        ("", "PIP_NO_CACHE_DIR=1 pip install a==1", False),
        ("", "pip install a==1 && pip cache purge", False),
        ("", "pip install a==1 && rm -rf /root/.cache/pip", False),
        ("ENV PIP_NO_CACHE_DIR=1\n", "pip install a==1", False),
        ("ONBUILD ENV PIP_NO_CACHE_DIR=1\n", "pip install a==1", True),
        ("", "--mount=type=cache,target=/root/.cache pip install a==1", False),
        ("USER app\n", "--mount=type=cache,target=/root/.cache pip install a==1", False),  # not known
    ],
)
def test_cache(before: str, run: str, *, kept: bool) -> None:
    build = evaluate(parse(f"FROM python:3.13-slim\n{before}RUN {run}\n"))
    assert bool(list(pip_cache_kept.check(build))) is kept


def test_an_onbuild_env_holds_for_the_triggers_behind_it() -> None:
    text = "FROM python:3.13-slim\nONBUILD ENV PIP_NO_CACHE_DIR=1\nONBUILD RUN pip install a==1\n"
    assert list(pip_cache_kept.check(evaluate(parse(text)))) == []
