from __future__ import annotations

import importlib.util
import json
import py_compile
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement as Reference
from packaging.utils import canonicalize_name

from multistage_cli.facts import python
from multistage_cli.facts.python import (
    Requirement,
    closure,
    distribution,
    parse_requirement,
    parse_requirements,
)

if TYPE_CHECKING:
    from types import ModuleType

SCRIPTS = Path(__file__).parents[2] / "scripts" / "facts"
PACKED = Path(python.__file__).parent / "data" / "python.json"
NAMES = sorted(name for name in json.loads(PACKED.read_bytes())["distributions"] if "+" not in name)
EXPECTED = """
    aiohttp alembic anyio argon2-cffi asyncpg attrs bcrypt beautifulsoup4 black blinker boto3 botocore celery certifi
    cffi charset-normalizer click cryptography dash django djangorestframework duckdb fastapi flask gevent greenlet
    grpcio gunicorn h11 httpcore httptools httpx huggingface-hub idna itsdangerous jinja2 joblib jsonschema
    jupyterlab kombu lightgbm loguru lxml markupsafe marshmallow matplotlib msgpack mypy mysqlclient notebook numpy
    onnxruntime opencv-python-headless opentelemetry-api opentelemetry-sdk orjson packaging pandas paramiko passlib
    pillow pip plotly polars prometheus-client protobuf psycopg psycopg-binary psycopg2 psycopg2-binary pyarrow
    pydantic pydantic-core pyjwt pymysql pynacl pytest python-dateutil python-dotenv pytz pyyaml redis requests rich
    ruff s3transfer scikit-learn scipy sentry-sdk setuptools simplejson six sqlalchemy starlette streamlit structlog
    threadpoolctl tokenizers torch tqdm transformers typer typing-extensions tzdata ujson urllib3 uv uvicorn uvloop
    uwsgi virtualenv watchfiles websockets werkzeug wheel
"""


def wanted(*texts: str) -> list[Requirement]:
    found = [parse_requirement(text) for text in texts]
    return [requirement for requirement in found if requirement is not None]


def names(*texts: str) -> list[str]:
    return [found.name for found in closure(wanted(*texts)).distributions]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module


@pytest.mark.parametrize("name", EXPECTED.split())
def test_the_most_used_are_known(name: str) -> None:
    found = distribution(name)
    assert found is not None
    assert found.name == name


def test_every_entry_is_whole() -> None:
    assert len(NAMES) > 800
    for name in NAMES:
        found = distribution(name)
        assert found is not None
        assert found.name == canonicalize_name(name)
        check(found)


def check(found: python.Distribution) -> None:
    assert found.version
    assert found.files > 0
    assert min(found.source_bytes, found.wheel_bytes) > 0
    assert found.bytecode_bytes >= 0
    assert found.musl_wheel is True or not found.pure
    assert found.collected in found.source
    for text in (*found.requires, *(text for added in found.extras.values() for text in added)):
        reference = Reference(text)
        assert reference.marker is None
        assert reference.name == canonicalize_name(reference.name)
    for kept in (found.requires, found.commands, found.imports, found.build_needs, found.run_needs):
        assert list(kept) == sorted(set(kept))


def test_any_spelling_of_a_name() -> None:
    assert distribution("PyYAML") == distribution("pyyaml")
    assert distribution("Typing_Extensions") == distribution("typing.extensions")
    assert distribution("Typing_Extensions") is not None
    assert distribution("no-such-distribution") is None
    assert distribution("torch+cpu") is None


def test_what_is_known_of_one() -> None:
    found = distribution("flask")
    assert found is not None
    assert found.pure
    assert found.commands == ("flask",)
    assert found.imports == ("flask",)
    assert {"click", "jinja2", "werkzeug"} <= {Reference(text).name for text in found.requires}
    assert Reference(found.extras["async"][0]).name == "asgiref"
    assert "PyPI" in python.source()
    assert found.collected in python.source()


@pytest.mark.parametrize(
    ("name", "build", "run"),
    [
        ("psycopg2", {"apt:libpq-dev", "apk:libpq-dev"}, {"apt:libpq5", "apk:libpq"}),
        ("mysqlclient", {"apt:default-libmysqlclient-dev", "apt:pkg-config"}, {"apt:libmariadb3"}),
        ("uwsgi", {"apt:gcc", "apk:linux-headers"}, set()),
        ("psycopg2-binary", set(), set()),
        ("opencv-python", set(), {"apt:libgl1", "apt:libglib2.0-0"}),
        ("lightgbm", set(), {"apt:libgomp1"}),
        ("requests", set(), set()),
    ],
)
def test_system_packages(name: str, build: set[str], run: set[str]) -> None:
    found = distribution(name)
    assert found is not None
    assert build <= set(found.build_needs)
    assert run <= set(found.run_needs)
    assert bool(found.build_needs) == (found.wheel == "built") == bool(build)
    assert bool(found.run_needs) == bool(run)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("requests", True),
        ("numpy", True),
        ("cryptography", True),
        ("psycopg2", False),
        ("onnxruntime", False),
        ("cartopy", None),
    ],
)
def test_wheels_for_alpine(name: str, verdict: bool | None) -> None:
    found = distribution(name)
    assert found is not None
    assert found.musl_wheel is verdict


def test_closure_reaches_everything_once_and_in_order() -> None:
    found = names("fastapi", "uvicorn", "starlette")
    assert {"fastapi", "starlette", "pydantic", "pydantic-core", "anyio", "idna", "h11", "click"} <= set(
        found
    )
    assert found == sorted(set(found))
    assert "uvloop" not in found
    assert closure([]) == python.Resolution((), ())


@pytest.mark.parametrize(
    ("text", "adds"),
    [
        ("uvicorn[standard]", {"uvloop", "httptools", "watchfiles", "websockets", "pyyaml", "python-dotenv"}),
        ("psycopg[binary]", {"psycopg-binary"}),
        ("celery[redis]", {"redis"}),
        ("httpx[http2]", {"h2", "hpack", "hyperframe"}),
        ("pyjwt[crypto]", {"cryptography", "cffi", "pycparser"}),
        ("sqlalchemy[asyncio]", {"greenlet"}),
    ],
)
def test_extras_add_what_they_name(text: str, adds: set[str]) -> None:
    plain = names(text.partition("[")[0])
    assert adds <= set(names(text))
    assert not adds & set(plain)
    assert closure(wanted(text)).unknown == ()


def test_one_distribution_asked_for_twice_gets_the_extras_of_both() -> None:
    assert names("httpx", "httpx[http2]", "httpx[socks]") == names("httpx[http2,socks]")


def test_markers_are_worked_out_for_linux() -> None:
    assert "colorama" not in names("click", "tqdm", "uvicorn[standard]", "pytest")
    assert "tzdata" not in names("django")


def test_unknown_is_named_and_not_guessed() -> None:
    found = closure(wanted("requests[no-such-extra]", "no-such-thing[x]>=1", "./local", "${PACKAGE}"))
    assert found.unknown == ("${PACKAGE}", "./local", "no-such-thing", "requests[no-such-extra]")
    assert [item.name for item in found.distributions] == names("requests")


def test_figures_of_another_release_are_marked() -> None:
    requests = distribution("requests")
    assert requests is not None
    assert closure(wanted(f"requests=={requests.version}")).approximate == ()
    assert closure(wanted("requests>=2,<3")).approximate == ()
    for text in ("requests<1", "requests==${VERSION}", "requests @ git+https://example.com/requests.git"):
        assert closure(wanted(text)).approximate == ("requests",)


def test_torch_without_cuda_where_it_is_asked_for() -> None:
    assert any(name.startswith("nvidia-") for name in names("torch"))
    for found in (closure(wanted("torch"), local="cpu"), closure(wanted("torch==2.13.0+cpu"))):
        (torch,) = [item for item in found.distributions if item.name == "torch"]
        assert torch.version.endswith("+cpu")
        assert not [item.name for item in found.distributions if item.name.startswith("nvidia-")]


def test_closure_of_a_requirements_file() -> None:
    parsed = parse_requirements("flask==3.1.3\ngunicorn>=20\ncolorama ; sys_platform == 'win32'\n")
    found = closure(parsed.requirements)
    assert {"flask", "gunicorn", "werkzeug"} <= {item.name for item in found.distributions}
    assert found.unknown == ()


def test_nothing_is_read_before_it_is_asked_for() -> None:
    program = (
        "import sys\nopened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "import multistage_cli.facts.python as python\n"
        "assert not [name for name in opened if name.endswith('python.json')], opened\n"
        "python.distribution('requests')\n"
        "assert [name for name in opened if name.endswith('python.json')], opened\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_shipped_file_is_what_the_script_makes_of_the_collected_one() -> None:
    make = script("make_python")
    assert make.pack(json.loads(make.COLLECTED.read_text(encoding="utf-8"))) == PACKED.read_text(
        encoding="utf-8"
    )


def test_shipped_file_is_small_enough_to_read_whole() -> None:
    assert PACKED.stat().st_size < 300_000


INIT = "def main():\n    return 0\n"
METADATA = "Name: Tiny.Thing\nProvides-Extra: Fast\nRequires-Dist: six>=1 ; extra == 'fast'\n"
FILES = {
    "tiny_thing/__init__.py": INIT,
    "tiny_thing/broken.py": "this does not compile\n",
    "tiny_thing/data.txt": "x" * 1000,
    "tiny_thing-1.0.dist-info/METADATA": METADATA,
    "tiny_thing-1.0.dist-info/entry_points.txt": "[console_scripts]\nTiny = tiny_thing:main\n",
    "tiny_thing-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n",
}


def tiny_wheel(folder: Path, version: str, tag: str = "py3-none-any") -> None:
    with ZipFile(folder / f"tiny_thing-{version}-{tag}.whl", "w") as archive:
        for path, text in FILES.items():
            archive.writestr(path.replace("-1.0.", f"-{version}."), text)
        archive.writestr(f"tiny_thing-{version}.data/scripts/tiny-shell", "#!/bin/sh\n")
        archive.writestr(f"tiny_thing-{version}.dist-info/RECORD", "")
        archive.writestr("tiny_thing/vendored-1.dist-info/METADATA", "Name: vendored\n")


def test_collecting_takes_the_newest_release_and_the_nearest_wheel(tmp_path: Path) -> None:
    for version in ("0.9", "0.10", "2.0rc1"):
        tiny_wheel(tmp_path, version)
    tiny_wheel(tmp_path, "0.10", "cp311-cp311-manylinux2014_x86_64")
    tiny_wheel(tmp_path, "0.10", "cp312-cp312-manylinux2014_x86_64")
    tiny_wheel(tmp_path, "0.10+cpu")
    found = script("collect_python").wheels([tmp_path])
    assert {key: wheel.path.name for key, wheel in found.items()} == {
        "tiny-thing": "tiny_thing-0.10-cp312-cp312-manylinux2014_x86_64.whl",
        "tiny-thing+cpu": "tiny_thing-0.10+cpu-py3-none-any.whl",
    }


def test_collecting_measures_what_pip_would_leave(tmp_path: Path) -> None:
    tiny_wheel(tmp_path, "1.0")
    collect = script("collect_python")
    measured = collect.measure(collect.wheels([tmp_path])["tiny-thing"], sys.executable)
    wrapper = (
        "#!/usr/local/bin/python3.12\nimport sys\nfrom tiny_thing import main\nif __name__ == '__main__':\n"
        "    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n    sys.exit(main())\n"
    )
    written = FILES | {
        "tiny_thing/vendored-1.dist-info/METADATA": "Name: vendored\n",
        "../../../bin/tiny-shell": "#!/bin/sh\n",
        "../../../bin/Tiny": wrapper,
        "tiny_thing-1.0.dist-info/INSTALLER": "pip\n",
    }
    record = "".join(f"{path},sha256={'d' * 43},{len(text)}\r\n" for path, text in written.items())
    record += "tiny_thing-1.0.dist-info/RECORD,,\r\n"
    assert measured["files"] == len(written) + 1
    assert measured["source_bytes"] == sum(map(len, written.values())) + len(record)

    (tmp_path / "init.py").write_text(INIT)
    installed = f"{collect.SITE_PACKAGES}/tiny_thing/__init__.py"
    compiled = py_compile.compile(str(tmp_path / "init.py"), str(tmp_path / "init.pyc"), dfile=installed)
    assert compiled is not None
    row = "tiny_thing/__pycache__/__init__.cpython-312.pyc,,\r\n"
    assert measured["bytecode_bytes"] == Path(compiled).stat().st_size + len(row)

    assert measured["commands"] == ["Tiny", "tiny-shell"]
    assert measured["imports"] == ["tiny_thing"]
    assert measured["extras"] == ["fast"]
    assert measured["requires_dist"] == ["six>=1 ; extra == 'fast'"]
    assert measured["libraries"] == []
    assert measured["pure"] is True


def test_packing_works_out_extras_and_leaves_out_development() -> None:
    make = script("make_python")
    measured = {
        "version": "1.0",
        "wheel": "tiny_thing-1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "wheel_bytes": 1,
        "source_bytes": 2,
        "bytecode_bytes": 0,
        "files": 4,
        "pure": False,
        "requires_dist": [
            "Six >= 1",
            "tomli; python_version<'3.11'",
            "h2[Fast]; extra == 'http2'",
            "x; extra=='dev'",
        ],
        "extras": ["dev", "http2"],
        "commands": [],
        "imports": ["tiny_thing"],
        "libraries": [],
    }
    assert make.packed("tiny-thing", measured) == {
        "version": "1.0",
        "wheel": "cp312-cp312-manylinux_2_17_x86_64",
        "wheel_bytes": 1,
        "source_bytes": 2,
        "bytecode_bytes": 0,
        "files": 4,
        "requires": ["six>=1"],
        "extras": {"http2": ["h2[fast]"]},
        "imports": ["tiny_thing"],
    }
