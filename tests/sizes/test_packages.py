"""What Python's package managers add to a layer."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from statistics import quantiles

import pytest

from multistage_cli.facts.images import resolve
from multistage_cli.facts.python import distribution
from multistage_cli.sizes.packages import ANY_DISTRIBUTION, seed_size, site_packages
from tests.sizes.built import layers_of, parts_of, sizes_of

QUIET = "ENV PYTHONDONTWRITEBYTECODE=1\n"  # which Python and pip write of themselves
SITE = "/usr/local/lib/python3.12/site-packages"


def run(script: str, before: str = "") -> str:
    return f"FROM python:3.12-slim\n{QUIET}{before}RUN {script}\n"


def installed(name: str) -> int:
    found = distribution(name)
    assert found is not None
    return found.source_bytes + found.bytecode_bytes


def test_any_distribution_is_the_percentiles_of_the_known_ones() -> None:
    data = json.loads((files("multistage_cli.facts") / "data" / "python.json").read_bytes())
    sizes = [
        row["source_bytes"] + row["bytecode_bytes"]
        for name, row in data["distributions"].items()
        if "+" not in name
    ]
    found = quantiles(sizes, n=20, method="inclusive")
    assert found[0] == pytest.approx(ANY_DISTRIBUTION.low, rel=0.05)
    assert found[9] == pytest.approx(ANY_DISTRIBUTION.estimate, rel=0.05)
    assert found[18] == pytest.approx(ANY_DISTRIBUTION.high, rel=0.05)


def test_names_with_all_that_they_need() -> None:
    sizes = sizes_of(run("pip install --no-cache-dir flask"))
    parts = parts_of(sizes)
    assert {"flask", "werkzeug", "jinja2", "click"} <= parts.keys()
    assert parts["flask"].size.estimate == installed("flask")
    assert {part.path for part in parts.values()} == {SITE}
    assert sizes.unknown == ()


def test_extras_add_to_it() -> None:
    plain = parts_of(sizes_of(run("pip install --no-cache-dir uvicorn")))
    more = parts_of(sizes_of(run("pip install --no-cache-dir 'uvicorn[standard]'")))
    assert plain.keys() < more.keys()


def test_what_is_there_already_is_left_alone() -> None:
    sizes = sizes_of(run("pip install --no-cache-dir flask") + "RUN pip install --no-cache-dir flask\n")
    assert layers_of(sizes)[1].parts == ()


def test_another_environment_gets_its_own() -> None:
    sizes = sizes_of(run("pip install --no-cache-dir idna") + "RUN pip install --no-cache-dir --user idna\n")
    assert [part.path for layer in layers_of(sizes) for part in layer.parts] == [SITE, "/root/.local"]


def test_the_cache_stays_unless_told_otherwise() -> None:
    parts = parts_of(sizes_of(run("pip install idna")))
    found = distribution("idna")
    assert found is not None
    assert parts["pip cache"].size.estimate == found.wheel_bytes
    assert parts["pip cache"].kind == "cache"
    for quiet in ("pip install --no-cache-dir idna", "pip install idna && rm -rf /root/.cache/pip"):
        assert "pip cache" not in parts_of(sizes_of(run(quiet)))


def test_wheels_are_only_stored() -> None:
    part = parts_of(sizes_of(run("pip wheel --no-cache-dir --wheel-dir /wheels idna")))["idna"]
    found = distribution("idna")
    assert found is not None
    assert (part.size.estimate, part.path) == (found.wheel_bytes, "/wheels")


def test_another_release_is_only_about_as_large() -> None:
    exact, other = (
        parts_of(sizes_of(run(f"pip install --no-cache-dir idna=={version}")))["idna"].size
        for version in (getattr(distribution("idna"), "version", ""), "2.0")
    )
    assert other.high - other.low > exact.high - exact.low


def test_unknown_distribution_is_a_guess_and_is_named() -> None:
    sizes = sizes_of(run("pip install --no-cache-dir surely-nobody-has-this"))
    part = parts_of(sizes)["surely-nobody-has-this"]
    assert (part.size, part.guessed) == (ANY_DISTRIBUTION, True)
    assert sizes.unknown == ("what surely-nobody-has-this weighs, which pip installs on line 3",)


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("pip install /wheels/*.whl", "what /wheels/*.whl is, which pip installs on line 3"),
        ("pip install $MORE", "what else pip installs on line 3"),
        ("pip install 'a b c'", "what a b c is, which pip installs on line 3"),
        (
            "pip install -r /nowhere.txt",
            "what /nowhere.txt asks for: it is not in the build context, which pip installs on line 3",
        ),
    ],
)
def test_what_cannot_be_read_is_said(script: str, text: str) -> None:
    assert text in sizes_of(run(script)).unknown


def test_virtual_environment_has_a_pip_of_its_own() -> None:
    sizes = sizes_of(run("python -m venv /venv && /venv/bin/pip install --no-cache-dir idna"))
    parts = parts_of(sizes)
    assert parts["pip of the virtual environment"].size == seed_size("3.12")
    assert parts["idna"].path == "/venv"
    assert "pip of the virtual environment" not in parts_of(
        sizes_of(run("python -m venv --without-pip /venv"))
    )


def test_uv_compiles_when_it_is_told_to() -> None:
    script = "uv pip install --system idna"
    found = distribution("idna")
    assert found is not None
    plain = parts_of(sizes_of(run(script)))["idna"].size
    assert plain.estimate == found.source_bytes
    assert plain.high >= installed("idna")
    told = parts_of(sizes_of(run(script, "ENV UV_COMPILE_BYTECODE=1\n")))["idna"].size
    assert told.estimate == installed("idna")


def test_the_project_itself(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "tides"\nversion = "1"\ndependencies = ["idna", "tzdata"]\n'
    }
    text = run("pip install --no-cache-dir .", "WORKDIR /app\nCOPY . .\n")
    sizes = sizes_of(text, tmp_path, files)
    assert {"idna", "tzdata"} <= parts_of(sizes).keys()
    assert sizes.unknown == ("the project itself, which pip installs on line 5",)


def test_requirements_and_names_together(tmp_path: Path) -> None:
    text = run("pip install --no-cache-dir -r requirements.txt idna", "COPY requirements.txt .\n")
    files = {"requirements.txt": "tzdata\n"}
    for lines in (text, text.replace("COPY", "WORKDIR /app\nCOPY")):
        parts = parts_of(sizes_of(lines, tmp_path, files))
        assert {part for part in parts if not part.startswith("bytecode")} == {
            "idna",
            "tzdata",
            "requirements.txt",
        }
    # Where the working directory is not known, neither is where the file lies.
    unsure = text.replace("COPY", "ARG WHERE\nWORKDIR ${WHERE:-$UNHEARD_OF}\nCOPY").replace(
        "FROM ", "FROM example.test/"
    )
    assert sizes_of(unsure, tmp_path, files).unknown


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ("POETRY_VIRTUALENVS_IN_PROJECT=1", "/app/.venv"),
        ("POETRY_VIRTUALENVS_IN_PROJECT=true", "/app/.venv"),
        ("POETRY_VIRTUALENVS_CREATE=false", SITE),
        ("OTHER=1", None),
    ],
)
def test_where_poetry_installs(environment: str, path: str | None, tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.12"\nidna = "3.10"\n',
        "poetry.lock": '[[package]]\nname = "idna"\nversion = "3.10"\n',
    }
    before = f"ENV {environment}\nWORKDIR /app\nCOPY pyproject.toml poetry.lock ./\n"
    parts = parts_of(sizes_of(run("poetry install --no-root", before), tmp_path, files))
    assert parts["idna"].path == path
    assert ("pip of the virtual environment" in parts) == (path == "/app/.venv")


@pytest.mark.parametrize(
    ("reference", "folder"),
    [
        ("python:3.12-slim", SITE),
        ("python:3.13", "/usr/local/lib/python3.13/site-packages"),
        ("node:22", None),
        ("example.com/team/tool:3.12", None),
    ],
)
def test_site_packages_of_official_images(reference: str, folder: str | None) -> None:
    assert site_packages(resolve(reference).image) == folder


def test_command_that_may_not_run_may_add_nothing() -> None:
    part = parts_of(sizes_of(run("test -f /x && pip install --no-cache-dir idna || true")))["idna"]
    assert part.size.low == 0 < part.size.estimate


@pytest.mark.parametrize(("python", "measured"), [("3.12", 13_746_031), ("3.13", 10_937_342)])
def test_virtual_environments_that_were_really_made(python: str, measured: int) -> None:
    parts = parts_of(sizes_of(f"FROM python:{python}-slim\nRUN python -m venv /v\n"))
    size = parts["pip of the virtual environment"].size
    assert size.low < measured < size.high


def test_old_pythons_put_setuptools_into_a_virtual_environment() -> None:
    assert seed_size("3.11").estimate > seed_size("3.12").estimate + 1_000_000


@pytest.mark.parametrize("script", ["pip install --no-compile flask", "PIP_NO_COMPILE=1"])
def test_bytecode_is_left_out_where_pip_is_told_so(script: str) -> None:
    env = "ENV PIP_NO_COMPILE=1\n" if "=" in script else ""
    command = "pip install flask" if env else script
    with_it = parts_of(sizes_of("FROM python:3.12-slim\nRUN pip install flask\n"))["flask"].size
    without = parts_of(sizes_of(f"FROM python:3.12-slim\n{env}RUN {command}\n"))["flask"].size
    assert without.high < with_it.low


def test_the_farther_a_release_the_wider_its_range() -> None:
    version = distribution_version("django")
    major, minor, *_ = version.split(".")
    pins = [version, f"{major}.{minor}.999", f"{major}.99.1", "1.2.3"]
    widths = []
    for pin in pins:
        size = parts_of(sizes_of(run(f"pip install --no-cache-dir django=={pin}")))["django"].size
        widths.append(size.high - size.low)
    assert widths == sorted(set(widths))


def test_what_only_another_major_release_brings_may_not_come_at_all() -> None:
    far = parts_of(sizes_of(run("pip install --no-cache-dir flask==0.1")))
    near = parts_of(sizes_of(run("pip install --no-cache-dir flask")))
    assert near["werkzeug"].size.low > 0 == far["werkzeug"].size.low


def distribution_version(name: str) -> str:
    found = distribution(name)
    assert found is not None
    return found.version
