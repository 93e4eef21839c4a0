"""pip's resolver, the directories of wheels, and npm's registry."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from multistage_cli.facts.online import pip
from multistage_cli.facts.online.failures import OnlineError
from multistage_cli.facts.online.npm import DEFAULT_REGISTRY, MOST_PACKAGES, npm_registry
from multistage_cli.facts.online.transport import Transport
from multistage_cli.facts.online.wheels import WheelFacts, read_wheel
from multistage_cli.facts.requirements import Requirement, parse_requirement
from tests.facts.online.servers import QUICK, Asked, Reply, Server, World

Open = Callable[..., World]


def wheel(name: str, version: str, needs: list[str], files: dict[str, bytes]) -> bytes:
    """A wheel of pure Python."""
    folder = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {text}\n" for text in needs)
    own = {
        f"{folder}/METADATA": metadata.encode(),
        f"{folder}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{folder}/RECORD": b"",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in (files | own).items():
            archive.writestr(path, data)
    return buffer.getvalue()


class Index:
    """A package index, as PEP 503 has it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.files: dict[str, bytes] = {}
        server.answer = self.answer

    def add(self, name: str, version: str, *needs: str, files: dict[str, bytes] | None = None) -> bytes:
        data = wheel(name, version, list(needs), files or {f"{name}/__init__.py": b"x = 1\n" * 1_000})
        self.files[f"{name}-{version}-py3-none-any.whl"] = data
        return data

    def answer(self, asked: Asked) -> Reply:
        last = asked.path.strip("/").rpartition("/")[2]
        if asked.path.startswith("/files/"):
            return ranged(asked, self.files[last])
        links = "".join(
            f'<a href="/files/{name}#sha256={hashlib.sha256(data).hexdigest()}">{name}</a>\n'
            for name, data in self.files.items()
            if name.partition("-")[0] == last.replace("-", "_")
        )
        page = f"<!DOCTYPE html><html><body>{links}</body></html>"
        return Reply(200 if links else 404, page.encode(), {"Content-Type": "text/html"})


def ranged(asked: Asked, data: bytes) -> Reply:
    """What a server that knows ranges answers."""
    wanted = asked.headers.get("Range", "").removeprefix("bytes=")
    if not wanted:
        return Reply(200, data)
    first, _, last = wanted.partition("-")
    start = int(first) if first else max(0, len(data) - int(last))
    end = int(last) if first else len(data) - 1
    part = data[start : end + 1]
    return Reply(206, part, {"Content-Range": f"bytes {start}-{start + len(part) - 1}/{len(data)}"})


@pytest.fixture
def index(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Index:
    """An index that the user's pip is set up with, and nothing else of this machine's."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return Index(server)


def requirements(*texts: str) -> list[Requirement]:
    found = [parse_requirement(text) for text in texts]
    return [entry for entry in found if entry is not None]


def test_what_pip_would_install(index: Index, world: Open) -> None:
    files = {
        "shop/__init__.py": b"x = 1\n" * 20_000,
        "shop/data.bin": bytes(50_000),
        "shop/sub/a.py": b"#" * 10,
    }
    data = index.add("shop", "1.0", "tides>=2", files=files)
    index.add("shop", "2.0", "tides>=2")
    index.add("tides", "1.0")
    index.add("tides", "2.5")
    run = world()
    found = run.online.distributions(requirements("shop<2"), pip.Place())
    assert run.told == []
    assert [(entry.name, entry.version) for entry in found.distributions] == [
        ("shop", "1.0"),
        ("tides", "2.5"),
    ]
    assert (found.unknown, found.approximate) == ((), ())
    shop = found.distributions[0]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    assert shop.source_bytes == unpacked + 4
    assert shop.wheel_bytes == len(data)
    assert shop.bytecode_bytes == round(120_010 * 1.27) + 2 * 90
    assert (shop.wheel, shop.pure) == ("py3-none-any", True)


def test_markers_are_those_of_the_image(index: Index, world: Open) -> None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    there = "3.12" if here != "3.12" else "3.13"
    index.add(
        "shop", "1.0", f'onlyhere; python_version == "{here}"', f'onlythere; python_version == "{there}"'
    )
    index.add("onlyhere", "1.0")
    index.add("onlythere", "1.0", "deeper")
    index.add("deeper", "1.0")
    found = world().online.distributions(requirements("shop"), pip.Place(python=there))
    assert [entry.name for entry in found.distributions] == ["deeper", "onlythere", "shop"]


def test_extras(index: Index, world: Open) -> None:
    index.add("shop", "1.0", 'tides; extra == "sea"', 'hills; extra == "land"')
    index.add("tides", "1.0")
    index.add("hills", "1.0")
    found = world().online.distributions(requirements("shop[sea]"), pip.Place())
    assert [entry.name for entry in found.distributions] == ["shop", "tides"]


def test_a_lock_is_all_there_is(index: Index, world: Open) -> None:
    index.add("shop", "1.0", "tides")
    index.add("tides", "1.0")
    found = world().online.distributions(requirements("shop==1.0"), pip.Place(), alone=True)
    assert [entry.name for entry in found.distributions] == ["shop"]


def test_nothing_is_built_and_nothing_runs(index: Index, world: Open, tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        script = f"open({str(witness)!r}, 'w').close()\n".encode()
        entry = tarfile.TarInfo("evil-1.0/setup.py")
        entry.size = len(script)
        archive.addfile(entry, io.BytesIO(script))
    index.files["evil-1.0.tar.gz"] = buffer.getvalue()
    run = world()
    found = run.online.distributions(requirements("evil"), pip.Place())
    assert found.unknown == ("evil",)
    assert not witness.exists()
    assert len(run.told) == 1
    assert run.told[0].startswith("--online: pip does not find what would be installed: ")


def test_a_package_that_the_index_lacks_leaves_the_shipped_facts(index: Index, world: Open) -> None:
    run = world()
    found = run.online.distributions(requirements("flask", "no-such-thing"), pip.Place())
    assert "flask" in {entry.name for entry in found.distributions}
    assert found.unknown == ("no-such-thing",)
    assert len(run.told) == 1


def test_the_shipped_figures_of_the_very_wheel_are_taken(index: Index, world: Open) -> None:
    from multistage_cli.facts.python import distribution

    known = distribution("click")
    assert known is not None
    index.add("click", known.version)
    found = world().online.distributions(requirements("click"), pip.Place())
    assert found.distributions == (known,)


def test_a_wheel_is_looked_into_once(index: Index, world: Open) -> None:
    index.add("shop", "1.0")
    assert world().online.distributions(requirements("shop"), pip.Place()).distributions
    before = len([path for path in index.server.paths() if "/files/" in path])
    again = world()
    assert again.online.distributions(requirements("shop"), pip.Place()).distributions
    after = [path for path in index.server.paths() if "/files/" in path][before:]
    assert len(after) < before  # pip reads the metadata again, and nobody the directory


@pytest.mark.parametrize(
    "requirement",
    [
        Requirement("shop", url="https://x.example/shop.whl"),
        Requirement("shop", url="."),
        Requirement("shop", editable=True),
        Requirement(""),
        Requirement("--index-url=https://evil.example"),
        Requirement("-r"),
        Requirement("shop\n--pre"),
        Requirement("shop", specifier="==1.0 --hash=x"),
        Requirement("shop", specifier="==1\n-r /etc/passwd"),
        Requirement("shop", specifier="==${HOME}"),
        Requirement("shop", specifier="@ file:///etc"),
        Requirement("shop", extras=frozenset({"a]\n--pre"})),
        Requirement("../shop"),
        Requirement("Shop"),
    ],
)
def test_requirements_that_pip_never_sees(requirement: Requirement) -> None:
    assert pip.written_out(requirement) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Flask", "flask"),
        ("a.b_C[Z,y] >= 1.0, != 1.5.*", "a-b-c[y,z]>=1.0,!=1.5.*"),
        ("torch==2.1.0+cpu", "torch==2.1.0+cpu"),
        ("x~=1.4; python_version >= '3'", "x~=1.4"),
    ],
)
def test_requirements_are_written_out_anew(text: str, expected: str) -> None:
    (requirement,) = requirements(text)
    assert pip.written_out(requirement) == expected


@pytest.mark.parametrize(
    ("place", "first", "last"),
    [
        (pip.Place(), "manylinux_2_36_x86_64", "manylinux1_x86_64"),
        (pip.Place(libc="glibc", libc_version="2.31"), "manylinux_2_31_x86_64", "manylinux1_x86_64"),
        (
            pip.Place(architecture="arm64", libc_version="2.41"),
            "manylinux_2_41_aarch64",
            "manylinux2014_aarch64",
        ),
        (pip.Place(libc="musl"), "musllinux_1_2_x86_64", "musllinux_1_1_x86_64"),
        (pip.Place(libc_version="9999"), "manylinux_2_5_x86_64", "manylinux1_x86_64"),
    ],
)
def test_platforms(place: pip.Place, first: str, last: str) -> None:
    assert (place.platforms()[0], place.platforms()[-1]) == (first, last)


@pytest.mark.parametrize(
    "place", [pip.Place(architecture="s390x"), pip.Place(python="3.12; rm -rf /"), pip.Place(python="")]
)
def test_places_without_wheels(place: pip.Place) -> None:
    assert place.platforms() == ()
    with pytest.raises(OnlineError, match="pip knows no wheels"):
        pip.resolve(requirements("flask"), place, seconds=5)


def test_pip_may_not_take_for_ever(index: Index) -> None:
    index.add("shop", "1.0")
    with pytest.raises(OnlineError, match="pip took too long"):
        pip.resolve(requirements("shop"), pip.Place(), seconds=0.01)


def test_without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(OnlineError, match="there is no pip here to ask"):
        pip.resolve(requirements("shop"), pip.Place(), seconds=5)


# Wheels.


def read(server: Server, data: bytes, change: Callable[[Reply], Reply] = lambda reply: reply) -> WheelFacts:
    server.answer = lambda asked: change(ranged(asked, data))
    return read_wheel(Transport(QUICK), f"{server.url}/shop.whl")


def many(count: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("folder/", b"")
        for number in range(count):
            archive.writestr(f"shop/module_{number:05}.py", b"x" * 100)
        archive.writestr("shop/data", b"y" * 7)
    return buffer.getvalue()


def test_the_directory_of_a_small_wheel(server: Server) -> None:
    data = many(3)
    assert read(server, data) == WheelFacts(len(data), 4, 307, 300, 3)
    assert len(server.asked) == 1


def test_the_directory_of_a_large_wheel(server: Server) -> None:
    data = many(3_000)
    assert read(server, data) == WheelFacts(len(data), 3_001, 300_007, 300_000, 3_000)
    assert len(server.asked) == 2


def test_a_server_without_ranges(server: Server) -> None:
    small, large = many(3), many(3_000)
    server.answer = lambda asked: Reply(200, small)
    assert read_wheel(Transport(QUICK), f"{server.url}/a.whl").files == 4
    server.answer = lambda asked: Reply(200, large)
    with pytest.raises(OnlineError, match="does not hand out parts of files"):
        read_wheel(Transport(QUICK), f"{server.url}/a.whl")


@pytest.mark.parametrize(
    "span", ["", "bytes */*", "bytes 0-1/x", "bytes 0-1/-5", "bytes 0-1/3", "bytes 0-1/" + "9" * 30]
)
def test_ranges_that_lie(server: Server, span: str) -> None:
    server.answer = lambda asked: Reply(206, many(3), {"Content-Range": span})
    with pytest.raises(OnlineError):
        read_wheel(Transport(QUICK), f"{server.url}/a.whl")


@pytest.mark.parametrize(
    "data", [b"", b"PK\5\6", b"x" * 100, many(3)[:-10], b"PK\5\6" + b"\xff" * 18], ids=range(5)
)
def test_wheels_that_are_none(server: Server, data: bytes) -> None:
    with pytest.raises(OnlineError):
        read(server, data)


def test_a_wheel_in_a_folder_of_the_user(tmp_path: Path) -> None:
    path = tmp_path / "a b%20c.whl"
    path.write_bytes(many(3))
    assert read_wheel(Transport(QUICK), path.as_uri()).files == 4
    with pytest.raises(OnlineError, match="cannot be read"):
        read_wheel(Transport(QUICK), (tmp_path / "none.whl").as_uri())


# npm.


@pytest.fixture
def packages(server: Server) -> dict[str, object]:
    """What an npm registry has, by path."""
    found: dict[str, object] = {}

    def answer(asked: Asked) -> Reply:
        return Reply(200, json.dumps(found[asked.path]).encode()) if asked.path in found else Reply(404)

    server.answer = answer
    return found


def test_sizes_of_npm_packages(server: Server, packages: dict[str, object], world: Open) -> None:
    packages["/left-pad/1.3.0"] = {"dist": {"unpackedSize": 9_000}}
    packages["/@types%2Fnode/22.0.0"] = {"dist": {"unpackedSize": 2_000_000}}
    packages["/old/0.0.1"] = {"dist": {}}
    wanted = [("left-pad", "1.3.0"), ("@types/node", "22.0.0"), ("old", "0.0.1"), ("none", "1.0.0")]
    run = world(npm_registry=server.url)
    expected = {("left-pad", "1.3.0"): 9_000, ("@types/node", "22.0.0"): 2_000_000}
    assert run.online.npm_sizes([*wanted, *wanted]) == expected
    assert len(server.asked) == 4
    assert run.told == []
    assert world(npm_registry=server.url).online.npm_sizes(wanted[:2]) == expected
    assert len(server.asked) == 4


def package(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def test_a_registry_that_tells_no_sizes(server: Server, world: Open) -> None:
    noise = random.Random(1)
    small = package({"index.js": b"x" * 1_000, "package.json": b"{}"})
    large = package({f"{number}.js": noise.randbytes(50_000) for number in range(60)})
    assert len(large) > 2_000_000
    archives = {"/small.tgz": small, "/large.tgz": large, "/odd.tgz": b"x" * 1_000, "/cut.tgz": small[:50]}

    def answer(asked: Asked) -> Reply:
        if asked.path in archives:
            return ranged(asked, archives[asked.path])
        name = asked.path.split("/")[1]
        return Reply(200, json.dumps({"dist": {"tarball": f"{server.url}/{name}.tgz"}}).encode())

    server.answer = answer
    names = ("small", "large", "odd", "cut", "none")
    found = world(npm_registry=server.url).online.npm_sizes((name, "1.0.0") for name in names)
    assert found.keys() == {("small", "1.0.0"), ("large", "1.0.0")}
    assert found["small", "1.0.0"] == 1_002
    assert abs(found["large", "1.0.0"] - 3_000_000) < 3_000_000 * 0.05


@pytest.mark.parametrize("size", [-1, 0, True, "9000", 1 << 60, 1.5, [1]])
def test_sizes_that_are_none(server: Server, packages: dict[str, object], world: Open, size: object) -> None:
    packages["/a/1.0.0"] = {"dist": {"unpackedSize": size}}
    assert world(npm_registry=server.url).online.npm_sizes([("a", "1.0.0")]) == {}


@pytest.mark.parametrize(
    "pair",
    [("../../etc", "1.0.0"), ("a", "../1.0.0"), ("a", "latest"), ("a b", "1.0.0"), ("a?x", "1.0.0"), ("", "1.0.0"),
     ("@a", "1.0.0"), ("@a/b/c", "1.0.0"), ("a", "^1.0.0"), (".", "1.0.0"), ("a", "1.0.0#x")],
)  # fmt: skip
def test_names_that_no_registry_has_are_not_asked_for(
    server: Server, world: Open, pair: tuple[str, str]
) -> None:
    assert world(npm_registry=server.url).online.npm_sizes([pair]) == {}
    assert server.asked == []


def test_no_more_than_so_many_are_asked_for(server: Server, world: Open) -> None:
    run = world(npm_registry=server.url)
    run.online.npm_sizes((f"a{number}", "1.0.0") for number in range(MOST_PACKAGES + 50))
    assert len(server.asked) == MOST_PACKAGES


@pytest.mark.parametrize(
    ("environment", "npmrc", "expected"),
    [
        ({}, "", DEFAULT_REGISTRY),
        ({"npm_config_registry": "https://npm.example/x/"}, "", "https://npm.example/x"),
        (
            {"NPM_CONFIG_REGISTRY": "https://npm.example"},
            "registry=https://other.example",
            "https://npm.example",
        ),
        ({}, "; registry=no\nregistry = https://npm.example/\n", "https://npm.example"),
        ({}, "@shop:registry=https://npm.example/", DEFAULT_REGISTRY),
        ({"npm_config_registry": "https://ada:secret@npm.example"}, "", DEFAULT_REGISTRY),
        ({"npm_config_registry": "file:///etc"}, "", DEFAULT_REGISTRY),
        ({"npm_config_registry": "http://[bad"}, "", DEFAULT_REGISTRY),
    ],
)
def test_the_registry_of_the_users_npm(
    tmp_path: Path, environment: dict[str, str], npmrc: str, expected: str
) -> None:
    (tmp_path / ".npmrc").write_text(npmrc)
    assert npm_registry({**environment, "HOME": str(tmp_path)}) == expected
