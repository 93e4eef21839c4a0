"""What Python's tools leave among the files, asked of the state after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.build.files import Kind, Nature
from multistage_cli.parser import parse

if TYPE_CHECKING:
    from pathlib import Path

    from multistage_cli.build.state import State

BASE = "FROM python:3.13-slim-bookworm\nRUN mkdir /new\n"
YES, NO, MAYBE = Claim.YES, Claim.NO, Claim.UNKNOWN


def after(script: str, base: str = BASE, folder: Path | None = None) -> State:
    text = f"{base}{script}\n"
    context = None
    if folder is not None:
        (folder / "Dockerfile").write_text(text)
        context = open_context(folder, folder / "Dockerfile")
    target = evaluate(parse(text), context=context).target
    assert target is not None
    return target.steps[-1].after


def test_environment_has_links_to_the_interpreter_it_was_made_with() -> None:
    state = after("RUN python3 -m venv /new/env")
    environment = state.files.entry("/new/env")
    assert environment.content is not None
    assert environment.content.nature is Nature.VIRTUAL_ENVIRONMENT
    assert (environment.content.interpreter, environment.content.version) == (
        "/usr/local/bin/python3",
        "3.13",
    )
    assert (environment.mode, environment.uid, environment.gid) == (0o755, 0, 0)
    links = {
        name: state.files.entry(f"/new/env/bin/{name}", follow=False).target
        for name in ("python", "python3", "python3.13")
    }
    assert links == {"python": "python3", "python3": "/usr/local/bin/python3", "python3.13": "python3"}
    script = state.files.entry("/new/env/bin/pip")
    assert script.mode == 0o755
    assert script.content is not None
    assert script.content.interpreter == "/new/env/bin/python3"
    assert state.exists("/new/env/lib/python3.13/site-packages/pip") is YES
    assert state.exists("/new/env/bin/flask") is NO


@pytest.mark.parametrize(
    ("command", "pip", "first"),
    [
        ("python -m venv --without-pip /new/env", NO, "/usr/local/bin/python"),
        ("python -m venv --upgrade-deps /new/env", YES, "/usr/local/bin/python"),
        ("pip install uv && uv venv /new/env", MAYBE, "/usr/local/bin/python"),
        ("pip install uv && uv venv --seed -p 3.13 /new/env", YES, "/usr/local/bin/python3.13"),
        ("pip install virtualenv && virtualenv /new/env", YES, "/usr/local/bin/python3"),
    ],
)
def test_pip_is_seeded_or_not(command: str, pip: Claim, first: str) -> None:
    state = after(f"RUN {command}")
    assert state.exists("/new/env/bin/pip") is pip
    assert state.files.entry("/new/env/bin/python", follow=False).target == first


def test_copied_interpreters_are_files() -> None:
    state = after("RUN python -m venv --copies /new/env")
    entry = state.files.entry("/new/env/bin/python", follow=False)
    assert (entry.kind, entry.mode) == (Kind.FILE, 0o755)


def test_environment_of_an_environment_stands_on_the_first_interpreter() -> None:
    state = after("RUN python3 -m venv /new/a && /new/a/bin/python3 -m venv /new/b")
    content = state.files.entry("/new/b").content
    assert content is not None
    assert content.interpreter == "/usr/local/bin/python3"


COMMANDS = {
    "pip install flask": ("/usr/local/bin/flask", YES),
    "pip install flask==3.0.0": ("/usr/local/bin/flask", YES),
    "pip install 'flask<2'": ("/usr/local/bin/flask", YES),
    "pip install fastapi==0.100": ("/usr/local/bin/fastapi", MAYBE),
    "pip install fastapi==0.115.0": ("/usr/local/bin/fastapi", YES),
    "pip install not-a-known-name": ("/usr/local/bin/gunicorn", MAYBE),
    "pip install -c limits.txt gunicorn": ("/usr/local/bin/gunicorn", MAYBE),
    "pip install -r unknown.txt": ("/usr/local/bin/curl", NO),
    "pip install --user flask": ("/root/.local/bin/flask", YES),
    "PYTHONUSERBASE=/new/u pip install --user flask": ("/new/u/bin/flask", YES),
    "pip install --target /new/t flask": ("/new/t/bin/flask", YES),
    "pip install --prefix /new/p flask": ("/new/p/bin/flask", YES),
    "pip install --root /new/r flask": ("/new/r/usr/local/bin/flask", YES),
    "pip install --dry-run flask": ("/usr/local/bin/flask", NO),
    "pip install --unheard-of flask": ("/new/bin/flask", MAYBE),
    "pip install flask && pip install --user flask": ("/root/.local/bin/flask", MAYBE),
    "pip install flask && pip install --prefix /new/p flask": ("/new/p/bin/flask", MAYBE),
    "pip install flask && pip install -I --prefix /new/p flask": ("/new/p/bin/flask", YES),
    "pip install flask && pip install --target /new/t flask": ("/new/t/bin/flask", YES),
    "python -m venv --system-site-packages /new/v && /new/v/bin/pip install flask": (
        "/new/v/bin/flask",
        MAYBE,
    ),
    "pip download -d /new/d flask": ("/usr/local/bin/flask", NO),
    "pip wheel -w /new/w flask": ("/new/w", YES),
    "pip install flask || true": ("/usr/local/bin/flask", MAYBE),
    "pip install flask && pip uninstall -y flask": ("/usr/local/bin/flask", MAYBE),
    "pip install flask alembic && pip uninstall -y alembic": ("/usr/local/bin/flask", YES),
    "pip uninstall -y flask": ("/usr/local/bin/python3", YES),
    "python -m pip install gunicorn": ("/usr/local/bin/gunicorn", YES),
    "pip install uv && uv pip install --system gunicorn": ("/usr/local/bin/gunicorn", YES),
    "pip install uv && uv venv /new/e && VIRTUAL_ENV=/new/e uv pip install flask": ("/new/e/bin/flask", YES),
    "pip install uv && uv pip install --target /new/t flask": ("/new/t", YES),
    "pip install poetry && poetry install --no-root": ("/usr/local/bin/poetry", YES),
    "python -m venv /new/v && . /new/v/bin/activate && pip install flask": ("/new/v/bin/flask", YES),
    "python -m venv /new/v && /new/v/bin/pip install flask": ("/new/v/bin/flask", YES),
    "python -m venv /new/v && /new/v/bin/python -m pip install flask ": ("/usr/local/bin/flask", NO),
    "python -c 'import os; print(os.name)'": ("/usr/local/bin/flask", NO),
    'python -c \'open("/x", "w")\'': ("/x", MAYBE),
    "conda install -y x": ("/usr/local/bin/curl", NO),
}


@pytest.mark.parametrize("script", COMMANDS)
def test_commands_land_where_their_interpreter_has_them(script: str) -> None:
    path, expected = COMMANDS[script]
    assert after(f"RUN {script}").exists(path) is expected


def test_script_names_the_interpreter_that_installed_it() -> None:
    state = after("RUN python -m venv /new/v && /new/v/bin/pip install gunicorn==23.0.0")
    entry = state.files.entry("/new/v/bin/gunicorn")
    assert (entry.kind, entry.mode, entry.uid) == (Kind.FILE, 0o755, 0)
    assert entry.content is not None
    assert entry.content.interpreter == "/new/v/bin/python"


def test_long_interpreter_stands_in_no_script() -> None:
    folder = "/new/" + "x" * 130
    state = after(f"RUN python -m venv {folder} && {folder}/bin/pip install flask")
    content = state.files.entry(f"{folder}/bin/flask").content
    assert content is not None
    assert content.interpreter is UNKNOWN


def test_requirements_of_the_context_are_read_with_those_they_include(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r base.txt\n# more\nalembic==1.13.3\n")
    (tmp_path / "base.txt").write_text("gunicorn>=21\n")
    state = after("COPY *.txt /new/\nRUN pip install -r /new/requirements.txt", folder=tmp_path)
    assert [state.has_command(name) for name in ("alembic", "gunicorn")] == [YES, YES]


def test_requirements_that_include_themselves_end(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r requirements.txt\nflask\n")
    state = after("COPY requirements.txt /new/\nRUN pip install -r /new/requirements.txt", folder=tmp_path)
    assert state.has_command("flask") is YES


PROJECT = """\
[build-system]
requires = ["hatchling"]

[project]
name = "shop"
dependencies = ["gunicorn>=21"]

[project.scripts]
shop-serve = "shop:main"
"""


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("pip install /new", "/usr/local/bin/shop-serve"),
        ("pip install /new", "/usr/local/bin/gunicorn"),
        ("pip install -e '/new[extra]'", "/usr/local/bin/shop-serve"),
        ("pip install uv && uv sync --project /new", "/new/.venv/bin/shop-serve"),
        ("pip install uv && uv sync --project /new", "/new/.venv/bin/python"),
        (
            "pip install uv && UV_PROJECT_ENVIRONMENT=/usr/local uv sync --project /new",
            "/usr/local/bin/shop-serve",
        ),
        (
            "python -m venv /new/v && . /new/v/bin/activate && cd /new && poetry install",
            "/new/v/bin/shop-serve",
        ),
    ],
)
def test_commands_of_a_project_come_from_its_own_file(command: str, path: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    state = after(f"COPY pyproject.toml /new/\nRUN {command}", folder=tmp_path)
    assert state.exists(path) is YES


def test_project_installed_into_the_system_makes_no_environment(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    command = "pip install uv && UV_PROJECT_ENVIRONMENT=/usr/local uv sync --project /new"
    state = after(f"COPY pyproject.toml /new/\nRUN {command}", folder=tmp_path)
    assert state.exists("/usr/local/pyvenv.cfg") is not YES
    assert state.exists("/new/.venv") is not YES


@pytest.mark.parametrize("text", ["[", "a = " + "[" * 20_000, "project = 3\n[tool]\npoetry = 1\n", "\0"])
def test_broken_project_files_say_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    state = after("COPY pyproject.toml /new/\nRUN pip install /new", folder=tmp_path)
    assert state.exists("/usr/local/bin/shop-serve") is MAYBE


def test_users_and_packages_stay_known() -> None:
    state = after("RUN pip install flask && python -m venv /new/v && /new/v/bin/pip install x")
    assert state.has_user("app") is NO
    assert state.has_package("curl") is NO
    assert [state.has_command(name) for name in ("curl", "gcc", "tar")] == [NO, NO, YES]


def test_environment_of_uv_brings_no_system_command() -> None:
    state = after(
        "RUN pip install uv && uv venv /new/v && uv pip install -p /new/v x\nENV PATH=/new/v/bin:$PATH"
    )
    assert [state.has_command(name) for name in ("curl", "python", "x")] == [NO, YES, MAYBE]


def test_packages_of_the_distribution_may_be_enough() -> None:
    base = "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y python3-pip python3-flask\n"
    assert (
        after("RUN pip install --break-system-packages flask", base).exists("/usr/local/bin/flask") is MAYBE
    )


def test_unknown_interpreter_leaves_the_system_alone() -> None:
    state = after("RUN pip install flask", base="FROM somebody/image\nRUN touch /new\n")
    assert state.exists("/new") is YES
    assert state.exists("/usr/local/bin/flask") is MAYBE


@pytest.mark.parametrize("command", ["pip install .", "uv sync", "poetry install"])
def test_a_project_with_a_number_of_thousands_of_digits(tmp_path: Path, command: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[project]\nname = 'a'\nversion = {'9' * 5000}\n")
    assert after(f"COPY . /new/\nWORKDIR /new\nRUN {command}", folder=tmp_path).files.exists("/new") is YES
