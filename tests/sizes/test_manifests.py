"""What requirement files, pyproject.toml and lock files ask for."""

from __future__ import annotations

import json

import pytest

from multistage_cli.sizes.manifests import Asked, asked_by


def asked(files: dict[str, str], *names: str, development: bool = False) -> Asked:
    return asked_by(names or tuple(files), files.get, python="3.12", development=development)


def names_of(found: Asked) -> list[str]:
    return sorted(requirement.name for requirement in found.requirements)


def test_requirements_with_what_they_include() -> None:
    files = {
        "/app/requirements/prod.txt": "-r base.txt\n-c limits.txt\nflask==3.1.0\nnothing ; python_version < '3'\n",
        "/app/requirements/base.txt": "idna>=3  # a comment\n",
        "/app/requirements/limits.txt": "werkzeug==3.1\n",
    }
    found = asked(files, "/app/requirements/prod.txt")
    assert names_of(found) == ["flask", "idna"]
    assert (found.only, found.unknown) == (None, ())


def test_includes_in_a_circle_end() -> None:
    assert set(names_of(asked({"/a.txt": "-r a.txt\nidna\n"}, "/a.txt"))) == {"idna"}


def test_file_that_is_not_there() -> None:
    assert asked({}, "/a.txt").unknown == ("what /a.txt asks for: it is not in the build context",)


@pytest.mark.parametrize(
    "text",
    [
        "[project]\nname = 'x'\n",
        "[project]\nname = 'x'\ndynamic = ['dependencies']\ndependencies = []\n",
        "[project\n",
        "[tool.poetry]\n",
    ],
)
def test_project_that_does_not_say(text: str) -> None:
    found = asked({"/app/pyproject.toml": text})
    assert (found.requirements, found.unknown) == ((), ("what /app/pyproject.toml asks for",))


def test_project_that_does() -> None:
    text = '[project]\ndependencies = ["idna>=3", "colorama ; sys_platform == \'win32\'", "!!"]\n'
    found = asked({"/app/pyproject.toml": text})
    assert names_of(found) == ["idna"]
    assert found.unknown == ('what "!!" asks for',)


UV_PROJECT = '[project]\nname = "tides"\ndependencies = ["idna"]\n'
UV_LOCK = """\
version = 1
[[package]]
name = "tides"
source = { editable = "." }
dependencies = [
  { name = "Idna" },
  { name = "rich", extra = ["jupyter"] },
  { name = "colorama", marker = "sys_platform == 'win32'" },
]
[package.dev-dependencies]
dev = [{ name = "pytest" }]
[[package]]
name = "idna"
version = "3.10"
[[package]]
name = "rich"
version = "13.9.4"
dependencies = [{ name = "pygments" }]
[package.optional-dependencies]
jupyter = [{ name = "ipywidgets" }]
[[package]]
name = "pygments"
version = "2.18.0"
[[package]]
name = "ipywidgets"
version = "8.1.5"
[[package]]
name = "colorama"
version = "0.4.6"
[[package]]
name = "pytest"
version = "8.3.4"
[[package]]
name = "unasked"
version = "1"
"""


def test_uv_lock_goes_before_the_project() -> None:
    files = {"/app/pyproject.toml": UV_PROJECT, "/app/uv.lock": UV_LOCK}
    found = asked(files)
    assert names_of(found) == ["idna", "ipywidgets", "pygments", "rich"]
    assert found.only == {"idna", "ipywidgets", "pygments", "rich"}
    assert {entry.specifier for entry in found.requirements} >= {"==3.10", "==13.9.4"}
    assert found.unknown == ()
    assert "pytest" in names_of(asked(files, development=True))


def test_uv_lock_that_offers_more_says_so() -> None:
    lock = UV_LOCK.replace("dev = [", "docs = []\ndev = [")
    found = asked({"/app/uv.lock": lock})
    assert found.unknown == ("extras and groups that uv.lock offers, where they are asked for",)


def test_uv_without_its_lock_falls_back_on_the_project() -> None:
    found = asked({"/app/pyproject.toml": UV_PROJECT}, "/app/pyproject.toml", "/app/uv.lock")
    assert (names_of(found), found.only) == (["idna"], None)


POETRY_PROJECT = """\
[tool.poetry.dependencies]
python = "^3.12"
idna = "^3"
httpx = { version = "*", optional = true }
colorama = { version = "*", markers = "sys_platform == 'win32'" }
[tool.poetry.group.dev.dependencies]
pytest = "*"
"""
POETRY_LOCK = """\
[[package]]
name = "idna"
version = "3.10"
[package.dependencies]
certifi = ">=1"
[[package]]
name = "certifi"
version = "2024.8.30"
[[package]]
name = "httpx"
version = "0.28.1"
[[package]]
name = "colorama"
version = "0.4.6"
[[package]]
name = "pytest"
version = "8.3.4"
"""


def test_poetry_lock() -> None:
    files = {"/app/pyproject.toml": POETRY_PROJECT, "/app/poetry.lock": POETRY_LOCK}
    assert names_of(asked(files)) == ["certifi", "idna"]
    assert names_of(asked(files, development=True)) == ["certifi", "idna", "pytest"]


def test_poetry_lock_of_a_project_after_pep_621() -> None:
    project = '[project]\ndependencies = ["idna (>=3)"]\n'
    found = asked({"/app/pyproject.toml": project, "/app/poetry.lock": POETRY_LOCK})
    assert names_of(found) == ["certifi", "idna"]


def test_pipfile_lock() -> None:
    lock = json.dumps(
        {
            "default": {"idna": {"version": "==3.10"}, "pywin32": {"markers": "sys_platform == 'win32'"}},
            "develop": {"pytest": {"version": "==8.3.4"}},
        }
    )
    files = {"/app/Pipfile": "[packages]\n", "/app/Pipfile.lock": lock}
    assert names_of(asked(files)) == ["idna"]
    assert names_of(asked(files, development=True)) == ["idna", "pytest"]


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "Pipfile.lock"])
@pytest.mark.parametrize("text", ["", "[", "{", "[[package]]\n", "[]", '{"default": 3}', "package = 3\n"])
def test_broken_locks_are_no_crash(name: str, text: str) -> None:
    found = asked({f"/app/{name}": text})
    assert found.requirements == ()


def test_project_whose_lock_cannot_be_read_says_so() -> None:
    assert asked({}, "/app/Pipfile", "/app/Pipfile.lock").unknown == (
        "what Pipfile.lock asks for: it cannot be read from here",
    )


@pytest.mark.parametrize("name", ["/a/pyproject.toml", "/a/uv.lock", "/a/poetry.lock"])
def test_a_number_of_thousands_of_digits(name: str) -> None:
    found = asked({name: f"version = {'9' * 5000}\n"}, name)
    assert found.requirements == ()
    assert found.unknown


def test_includes_that_would_double_with_every_round_are_read_once() -> None:
    reads: list[str] = []
    files = {"/a.txt": "-r b.txt\n" * 3 + "idna\n", "/b.txt": "-r a.txt\n-r ./a.txt\nflask\n"}

    def read(path: str) -> str | None:
        reads.append(path)
        return files.get(path)

    found = asked_by(("/a.txt",), read, python="3.12", development=False)
    assert sorted(entry.name for entry in found.requirements) == ["flask", "idna"]
    assert sorted(reads) == ["/a.txt", "/b.txt"]
