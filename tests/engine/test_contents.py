"""Debian, Python and Node.js images: what the facts say is inside, held against what is.

A stand-in made of the distribution's own packages serves as well as the real image, so that what only the
publisher adds (pip's and npm's neighbours, patch releases) is not asked for.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from multistage_cli.facts.contents import Account, Contents, contents, has_command
from multistage_cli.facts.images import Image, resolve

if TYPE_CHECKING:
    from conftest import Docker

pytestmark = pytest.mark.engine

# As it may lie in an engine's store -> the tag to look up, with the release that the image itself tells.
IMAGES = {
    "debian:bookworm-slim": "debian:{release}-slim",
    "debian:trixie-slim": "debian:{release}-slim",
    "python:3.12-slim": "python:3.12-slim-{release}",
    "python:3.13-slim": "python:3.13-slim-{release}",
    "node:20-slim": "node:20-{release}-slim",
}
# Nothing that a publisher adds, and in every one of these images.
COMMON = (
    "apt-get awk bash cat chmod chown dpkg find groupadd grep perl sed sh sort su tar useradd usermod xargs"
)
ADDED = ("/usr/local/bin/", "/usr/local/lib/", "/usr/local/include/")
KINDS = {
    "directory": "directory",
    "regular file": "file",
    "regular empty file": "file",
    "symbolic link": "link",
}


@pytest.fixture(params=IMAGES)
def name(request: pytest.FixtureRequest, docker: Docker) -> str:
    """An image of the engine's store."""
    name = str(request.param)
    if docker.attempt("image", "inspect", name).returncode != 0:
        pytest.skip(f"the engine has no image {name}")
    return name


@pytest.fixture
def image(name: str, docker: Docker) -> Image:
    """What the catalogue has of it."""
    release = run(docker, name, ". /etc/os-release; echo $VERSION_CODENAME").strip()
    found = resolve(IMAGES[name].format(release=release)).image
    assert found is not None
    return found


@pytest.fixture
def known(image: Image) -> Contents:
    """What the facts say of it."""
    found = contents(image)
    assert found is not None
    return found


def run(docker: Docker, name: str, script: str) -> str:
    return docker.run("run", "--rm", "--network=none", "--entrypoint=/bin/sh", name, "-c", script)


def lines(docker: Docker, name: str, path: str) -> list[list[str]]:
    return [line.split(":") for line in run(docker, name, f"cat {path}").splitlines()]


def test_accounts(docker: Docker, name: str, known: Contents) -> None:
    found = {
        Account(fields[0], int(fields[2]), int(fields[3]), fields[5], fields[6])
        for fields in lines(docker, name, "/etc/passwd")
    }
    assert known.accounts_complete
    assert set(known.accounts) == found


def test_groups(docker: Docker, name: str, known: Contents) -> None:
    found = {(fields[0], int(fields[2])) for fields in lines(docker, name, "/etc/group")}
    assert known.groups_complete
    assert set(known.groups) == found


def test_commands(docker: Docker, name: str, image: Image, known: Contents) -> None:
    script = f"for one in {shlex.join(known.absent)}; do command -v $one; done; true"
    assert run(docker, name, script) == ""
    assert [one for one in COMMON.split() if has_command(image, one) is not True] == []
    assert run(docker, name, f"for one in {COMMON}; do command -v $one >/dev/null || echo $one; done") == ""


def test_paths(docker: Docker, name: str, known: Contents) -> None:
    # Docker mounts the first three over; below /usr/local a stand-in may lack what the publisher adds.
    paths = [path for path in known.paths if path not in {"/proc", "/sys", "/dev"}]
    debians = [path for path in paths if not path.startswith(ADDED)]
    output = run(docker, name, f"stat -c '%n|%F|%a|%u|%g' {shlex.join(sorted(debians))}")
    found = {}
    for line in output.splitlines():
        path, kind, mode, owner, group = line.split("|")
        found[path] = (KINDS[kind], int(mode, 8), int(owner), int(group))
    assert found == {path: known.paths[path] for path in debians}


def test_links(docker: Docker, name: str, known: Contents) -> None:
    debians = {path: target for path, target in known.links.items() if not path.startswith(ADDED)}
    script = f"for one in {shlex.join(debians)}; do echo $one $(readlink $one); done"
    assert dict(line.split() for line in run(docker, name, script).splitlines()) == debians


def test_what_is_not_there(docker: Docker, name: str, known: Contents) -> None:
    # Docker itself makes .dockerenv; an old name of a library folder may be missing.
    assert set(run(docker, name, "ls -A /").split()) - {".dockerenv"} <= known.top_level
    assert known.top_level_complete
    script = f"for one in {shlex.join(known.absent_paths)}; do [ ! -e $one ] || echo $one; done"
    assert run(docker, name, script) == ""


def test_packages(docker: Docker, name: str, known: Contents) -> None:
    found = set(run(docker, name, "dpkg-query --show --showformat='${Package}\\n'").split())
    assert known.packages is not None
    # The interpreter of a stand-in may link to other libraries than the publisher's does.
    assert {one for one in found ^ known.packages if not one.startswith("lib")} <= {
        "readline-common",
        "adduser",
    }


def test_c_library(docker: Docker, name: str, known: Contents) -> None:
    assert run(docker, name, "getconf GNU_LIBC_VERSION").split() == [known.libc, known.libc_version]


def test_certificates_and_time_zones(docker: Docker, name: str, known: Contents) -> None:
    there = run(
        docker, name, "ls -d /etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo 2>/dev/null; true"
    ).split()
    assert known.certificates is ("/etc/ssl/certs/ca-certificates.crt" in there)
    assert known.timezones is ("/usr/share/zoneinfo" in there)


def test_interpreters(docker: Docker, name: str, known: Contents) -> None:
    if known.python is not None:
        assert run(docker, name, "command -v python3").strip() == known.python[0]
        assert run(docker, name, "python3 --version").split()[1].startswith(f"{known.python[1]}.")
    if known.node is not None:
        assert run(docker, name, "command -v node").strip() == known.node[0]
        assert run(docker, name, "node --version").startswith(f"v{known.node[1]}.")


def test_environment(docker: Docker, name: str, known: Contents) -> None:
    found = docker.inspect(name)["Config"].get("Env") or []
    path = next((value for value in found if value.startswith("PATH=")), None)
    # Images made without PATH get Docker's own, which is what their Dockerfiles would say.
    assert path in {None, f"PATH={dict(known.environment)['PATH']}"}
