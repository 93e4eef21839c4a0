"""Images: interpreters, certificates, paths, environment, and the packaged files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
from msgspec.structs import replace

from multistage_cli.facts import catalogue
from multistage_cli.facts.contents import contents, has_command
from multistage_cli.facts.images import Image, repositories
from tests.facts.known_images import USUAL, image, inside

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "facts" / "make_contents.py"
PACKAGED = ROOT / "multistage_cli" / "facts" / "data" / "contents"
MOST_BYTES = 500_000


# reference, interpreter of Python, of Node.js
INTERPRETERS = [
    ("python:3.12-slim", ("/usr/local/bin/python3", "3.12"), None),
    ("python:3.9-slim", ("/usr/local/bin/python3", "3.9"), None),
    ("python", ("/usr/local/bin/python3", "3.14"), None),
    ("gcr.io/distroless/python3-debian12", ("/usr/bin/python3", "3.11"), None),
    ("gcr.io/distroless/python3-debian13", ("/usr/bin/python3", "3.13"), None),
    ("node:20-alpine", None, ("/usr/local/bin/node", "20")),
    ("node:lts-slim", None, None),  # which line that is, the catalogue does not say
    ("gcr.io/distroless/nodejs22-debian12", None, ("/nodejs/bin/node", "22")),
    ("debian:bookworm", None, None),
]


@pytest.mark.parametrize(("reference", "python", "node"), INTERPRETERS)
def test_interpreters(reference: str, python: tuple[str, str] | None, node: tuple[str, str] | None) -> None:
    known = inside(reference)
    assert (known.python, known.node) == (python, node)


# reference, CA certificates, time zones
CERTIFICATES = [
    ("debian:bookworm-slim", False, True),
    ("node:20-slim", False, True),
    ("node:20", True, True),
    ("python:3.12-slim", True, True),
    ("ubuntu:24.04", False, False),
    ("alpine:3.22", True, False),
    ("golang:1.24-alpine", True, False),
    ("python:3.12-alpine", True, True),
    ("nginx:alpine", True, True),
    ("busybox", False, False),
    ("scratch", False, False),
    ("gcr.io/distroless/static", True, True),
    ("rust:1-slim", True, True),
    ("jenkins/jenkins", None, None),
]


@pytest.mark.parametrize(("reference", "certificates", "timezones"), CERTIFICATES)
def test_certificates_and_time_zones(
    reference: str, certificates: bool | None, timezones: bool | None
) -> None:
    known = inside(reference)
    assert (known.certificates, known.timezones) == (certificates, timezones)
    if certificates is False:
        assert "/etc/ssl/certs/ca-certificates.crt" in known.absent_paths
    if timezones is False:
        assert "/usr/share/zoneinfo" in known.absent_paths


@pytest.mark.parametrize(
    ("reference", "directory"),
    [
        ("golang:1.24", "/go"),
        ("php:8.3-fpm", "/var/www/html"),
        ("php:8.3-cli", "/"),
        ("redis:7", "/data"),
        ("gradle:8-jdk21", "/home/gradle"),
        ("gcr.io/distroless/static", "/"),
        ("gcr.io/distroless/static:nonroot", "/home/nonroot"),
        ("python:3.12-slim", "/"),
        ("jenkins/jenkins", None),
    ],
)
def test_working_directory(reference: str, directory: str | None) -> None:
    assert inside(reference).working_directory == directory


# reference, path, what it is
PATHS = [
    ("debian:bookworm-slim", "/tmp", ("directory", 0o1777, 0, 0)),
    ("debian:bookworm-slim", "/root", ("directory", 0o700, 0, 0)),
    ("debian:bookworm-slim", "/etc/shadow", ("file", 0o640, 0, 42)),
    ("debian:bookworm-slim", "/bin", ("link", 0o777, 0, 0)),
    ("debian:bullseye-slim", "/bin", ("directory", 0o755, 0, 0)),
    ("node:20-slim", "/home/node", ("directory", 0o755, 1000, 1000)),
    ("node:24-trixie", "/home/node", ("directory", 0o700, 1000, 1000)),
    ("node:20-alpine", "/home/node", ("directory", 0o2755, 1000, 1000)),
    ("golang:1.24", "/go", ("directory", 0o1777, 0, 0)),
    ("rust:1-slim", "/usr/local/cargo", ("directory", 0o777, 0, 0)),
    ("ruby:3.4-slim", "/usr/local/bundle", ("directory", 0o1777, 0, 0)),
    ("php:8.3-fpm", "/var/www/html", ("directory", 0o1777, 33, 33)),
    ("gcr.io/distroless/static", "/home/nonroot", ("directory", 0o700, 65532, 65532)),
    ("python:3.12-slim", "/usr/local/lib/python3.12/site-packages", ("directory", 0o755, 0, 0)),
]


@pytest.mark.parametrize(("reference", "path", "what"), PATHS)
def test_path(reference: str, path: str, what: tuple[str, int, int, int]) -> None:
    assert inside(reference).paths[path] == what


def test_links_have_targets() -> None:
    assert inside("debian:bookworm-slim").links["/bin"] == "usr/bin"
    assert inside("python:3.12-slim").links["/usr/local/bin/python3"] == "python3.12"
    assert inside("nginx").links["/var/log/nginx/access.log"] == "/dev/stdout"


def test_absent_paths() -> None:
    assert "/opt/venv" in inside("python:3.12-slim").absent_paths
    assert "/usr/local/etc/php/php.ini" in inside("php:8.3-fpm").absent_paths
    # Debian's images have no /var/www, PHP's have.
    assert "/var/www" in inside("debian:bookworm-slim").absent_paths
    assert "/var/www" not in inside("php:8.3-fpm").absent_paths


def test_top_level() -> None:
    known = inside("golang:1.25")
    assert known.top_level_complete
    assert "go" in known.top_level
    assert not {"app", "src", "target", "workspace"} & known.top_level
    assert not inside("golang:1.24").top_level_complete


def test_environment_has_the_values_of_the_very_build() -> None:
    known = dict(inside("python:3.12-slim").environment)
    assert known["LANG"] == "C.UTF-8"
    assert known["PYTHON_VERSION"].startswith("3.12.")
    assert dict(inside("golang:1.24").environment)["GOTOOLCHAIN"] == "local"
    assert "GOLANG_VERSION" not in dict(inside("golang:1.24").environment)


@pytest.mark.parametrize(
    ("reference", "complete"),
    [
        ("debian:bookworm-slim", True),
        ("node:22-bookworm-slim", True),
        ("gcr.io/distroless/static", True),
        ("golang:1.25", True),
        ("golang:1.24", False),  # GOLANG_VERSION is set, to a value that is not known
        ("python:3.12-slim", False),  # checksums and keys
        ("jenkins/jenkins", False),
    ],
)
def test_whether_this_is_the_whole_environment(reference: str, complete: bool) -> None:
    assert inside(reference).environment_complete is complete


def test_a_tag_that_is_not_known_keeps_to_what_its_distribution_has() -> None:
    shared = replace(image("node:20-slim"), tag=None, canonical_tag=None)
    known = contents(shared)
    assert known is not None
    assert known.node is None
    assert "curl" not in known.absent


@pytest.mark.parametrize(
    "tag", ["3.12.999999999999999999999-slim", "", "3" * 100_000, "{major}", "*", "[", "3.12\n"]
)
def test_odd_tags_end_well(tag: str) -> None:
    odd = replace(image("python:3.12-slim"), tag=tag, canonical_tag=tag, environment=())
    assert has_command(odd, "no-such-command") is None


def every_image() -> list[Image]:
    """One image of each kind that the catalogue tells apart."""
    kinds: dict[tuple[object, ...], Image] = {}
    for name in repositories():
        repository = catalogue.find(name)
        assert repository is not None
        for tag, record in repository.tags.items():
            found = repository.image(tag, record)
            words = tuple(word for word in ("slim", "alpine", "fpm", "apache", "jre", "debug") if word in tag)
            kinds.setdefault((name, found.os_version, words, found.canonical_tag is None), found)
    return list(kinds.values())


@pytest.mark.parametrize("found", every_image(), ids=lambda found: found.reference)
def test_agrees_with_the_catalogue_and_with_itself(found: Image) -> None:
    known = contents(found)
    if known is None:
        assert found.os_family not in {"debian", "ubuntu", "alpine", "busybox", "rhel"}
        return
    ids = {line.name: line.uid for line in known.accounts}
    assert len(ids) == len(known.accounts)
    for name, uid in found.users:
        assert uid is None or ids.get(name, uid) == uid, name
        assert name in ids or not known.accounts_complete, name
    assert known.libc in {None, found.libc}
    assert not known.commands.keys() & known.absent
    if found.shell is not None and found.shell.startswith("/bin/"):
        assert "sh" not in known.absent
        assert PurePosixPath(found.shell).name not in known.absent
    if found.shell is None:
        assert "sh" not in known.commands
    path = dict(known.environment).get("PATH", USUAL).split(":")
    assert {str(PurePosixPath(command).parent) for command in known.commands.values()} <= set(path)
    assert known.links.keys() <= known.paths.keys()
    assert not known.absent_paths & known.paths.keys()
    assert all(text.startswith("/") and "{" not in text for text in (*known.paths, *known.commands.values()))
    assert "?" not in dict(known.environment).values()
    if known.top_level_complete:
        assert {one.split("/")[1] for one in known.paths if one != "/"} <= known.top_level
        assert {one.split("/")[1] for one in known.commands.values()} <= known.top_level
    if known.commands_complete and known.suite is not None:
        assert known.packages is not None or not known.commands
    assert known.source


@pytest.mark.parametrize("path", sorted(PACKAGED.glob("*.json")), ids=lambda path: path.stem)
def test_every_source_tells_its_day(path: Path) -> None:
    if path.stem == "index":
        return
    data = json.loads(path.read_bytes())
    for part in (data, *data.get("entries", ())):
        assert "2026-11-24" in part.get("source", data["source"])


def test_the_facts_are_small() -> None:
    assert sum(path.stat().st_size for path in PACKAGED.glob("*.json")) <= MOST_BYTES


def test_the_packaged_files_are_what_the_script_makes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SCRIPT), "--output", str(tmp_path)], check=True, cwd=ROOT)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in PACKAGED.glob("*.json")}


def test_only_what_is_asked_for_is_read() -> None:
    code = """
import sys
from multistage_cli.facts import contents, contents_layers
from multistage_cli.facts.images import resolve
assert contents_layers._read.cache_info().currsize == 0
contents.contents(resolve("busybox").image)
assert contents_layers._read.cache_info().currsize == 2, contents_layers._read.cache_info()
assert "sqlite3" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
