from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from multistage_cli.facts import debian, debian_files

ANSWERS: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "data/debian/dpkg-answers.json").read_text(encoding="utf-8")
)
SUITES = ("bookworm", "trixie")


@pytest.mark.parametrize(
    "answer", ANSWERS["answers"], ids=lambda answer: f"{answer['suite']}-{answer['package']}"
)
def test_files_are_what_dpkg_finds_in_the_package(answer: dict[str, Any]) -> None:
    found = debian_files.files(answer["package"], answer["suite"])
    assert found == tuple(answer["paths"].split())


def test_answers_cover_both_suites() -> None:
    counts = [sum(answer["suite"] == suite for answer in ANSWERS["answers"]) for suite in SUITES]
    assert min(counts) >= 60


def test_suites() -> None:
    assert debian_files.suites() == SUITES == debian.suites()


def test_source_names_suites_and_days() -> None:
    *lists, scripts = debian_files.source().split("; ")
    for suite, text in zip(SUITES, lists, strict=True):
        assert re.match(rf"Contents of Debian .*\b{suite} main, amd64 and all, .*\d{{4}}-\d\d-\d\d", text)
    assert re.fullmatch(
        r"Maintainer scripts of \d+ packages of Debian .*, run by dpkg on \d{4}(-\d\d){2}", scripts
    )


@pytest.mark.parametrize(
    ("package", "suite", "paths"),
    [
        ("curl", "bookworm", "/usr/bin/curl"),
        ("curl", "trixie", "/usr/bin/curl /usr/bin/wcurl"),
        (
            "bash",
            "bookworm",
            "/usr/bin/bash /usr/bin/bashbug /usr/bin/clear_console /usr/bin/rbash",
        ),  # /bin there
        ("ca-certificates", "trixie", "/usr/sbin/update-ca-certificates"),
        ("cowsay", "bookworm", "/usr/games/cowsay /usr/games/cowthink"),
        ("build-essential", "trixie", ""),
        ("fonts-dejavu-core", "bookworm", ""),
        ("libssl3", "bookworm", ""),
    ],
)
def test_commands(package: str, suite: str, paths: str) -> None:
    assert debian_files.commands(package, suite) == tuple(paths.split())


@pytest.mark.parametrize(
    ("package", "suite"), [("libssl3", "trixie"), ("libssl3t64", "bookworm"), ("no-such-package", "trixie")]
)
def test_package_that_the_suite_does_not_have(package: str, suite: str) -> None:
    assert debian_files.files(package, suite) is None
    assert debian_files.commands(package, suite) is None
    assert debian_files.libraries(package, suite) is None


def test_libraries_are_those_that_programs_load() -> None:
    assert debian_files.libraries("libpq5", "trixie") == (
        "/usr/lib/x86_64-linux-gnu/libpq.so.5",
        "/usr/lib/x86_64-linux-gnu/libpq.so.5.17",
    )
    assert "/usr/lib/x86_64-linux-gnu/libpq.so" in (debian_files.files("libpq-dev", "trixie") or ())
    assert debian_files.libraries("libpq-dev", "trixie") == ()
    assert debian_files.libraries("curl", "trixie") == ()


@pytest.mark.parametrize("suite", SUITES)
def test_dynamic_loader(suite: str) -> None:
    loader = "/usr/lib64/ld-linux-x86-64.so.2"
    assert loader in (debian_files.files("libc6", suite) or ())
    assert debian_files.providers("/lib64/ld-linux-x86-64.so.2", suite) == ("libc6",)
    assert loader not in (debian_files.commands("libc6", suite) or ())


@pytest.mark.parametrize(
    "dev",
    [
        "libpq-dev", "zlib1g-dev", "libssl-dev", "libffi-dev", "libxml2-dev", "libxslt1-dev", "libjpeg-dev",
        "libpng-dev", "libfreetype-dev", "libcurl4-openssl-dev", "default-libmysqlclient-dev", "libsqlite3-dev",
        "libyaml-dev", "libsasl2-dev", "libldap2-dev", "unixodbc-dev", "libgmp-dev", "libbz2-dev",
        "liblzma-dev", "libreadline-dev", "libzmq3-dev", "libgeos-dev", "libwebp-dev", "libtiff-dev",
    ],
)  # fmt: skip
@pytest.mark.parametrize("suite", SUITES)
def test_runtime_libraries_of_dev_packages_have_libraries(dev: str, suite: str) -> None:
    runtime = debian.runtime_libraries(dev, suite)
    assert runtime
    for package in runtime:
        assert debian_files.libraries(package, suite), package


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(
    ("path", "packages"),
    [
        ("/usr/bin/curl", ("curl",)),
        ("/bin/ls", ("coreutils",)),
        ("/usr/bin/ls", ("coreutils",)),
        ("/usr/bin/[", ("coreutils",)),
        ("/sbin/iptables-save", ()),  # an alternative
        ("/usr/sbin/sendmail", None),
        ("/usr/bin/curl/", ()),
        ("curl", ()),
        ("/usr/local/bin/curl", ()),
        ("/opt/bin/curl", ()),
        ("/etc/passwd", ()),
        ("/", ()),
        ("", ()),
    ],
)
def test_providers(path: str, packages: tuple[str, ...] | None, suite: str) -> None:
    found = debian_files.providers(path, suite)
    if packages is None:
        assert {"postfix", "exim4-daemon-light", "msmtp-mta"} <= set(found)
        assert found == tuple(sorted(found))
    else:
        assert found == packages


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(
    ("name", "packages"),
    [
        ("curl", ("curl",)),
        ("useradd", ("passwd",)),  # in /usr/sbin
        ("cowsay", ("cowsay",)),  # in /usr/games
        ("sh", ("dash",)),
        ("no-such-command", ()),
    ],
)
def test_command_packages(name: str, packages: tuple[str, ...], suite: str) -> None:
    assert debian_files.command_packages(name, suite) == packages


def test_command_of_several_packages() -> None:
    assert debian_files.command_packages("busybox", "bookworm") == ("busybox", "busybox-static")


@pytest.mark.parametrize("suite", SUITES)
def test_what_a_package_ships_it_provides(suite: str) -> None:
    for package in ("git", "coreutils", "util-linux", "libc6", "passwd", "busybox", "openssl"):
        for path in debian_files.files(package, suite) or ():
            assert package in debian_files.providers(path, suite)
        for path in debian_files.commands(package, suite) or ():
            assert package in debian_files.command_packages(path.rpartition("/")[2], suite)


@pytest.mark.parametrize("suite", SUITES)
def test_shipped_commands_are_as_in_the_base_images(suite: str) -> None:
    installed = debian.base_packages("debian", f"{suite}-slim")
    assert installed is not None
    for name in ("sh", "bash", "tar", "apt-get", "useradd", "sed", "grep", "perl", "getent"):
        assert installed.intersection(debian_files.command_packages(name, suite)), name
    for name in ("curl", "wget", "python3", "gcc", "git", "ps", "ping", "vim", "sudo", "less", "jq"):
        assert not installed.intersection(debian_files.command_packages(name, suite)), name


ALTERNATIVES = """
    awk nawk cc c++ c89 c99 f77 f95 editor vi vim view ex pager java javac jar keytool jshell nc netcat telnet ftp
    php phar phar.phar which rsh mt lzma lzcat fakeroot pinentry x-www-browser www-browser gnuplot
    iptables ip6tables traceroute yacc automake aclocal convert identify mvn lua rename locate mail
"""


@pytest.mark.parametrize("name", ALTERNATIVES.split())
def test_alternatives(name: str) -> None:
    assert debian_files.is_alternative(name)


@pytest.mark.parametrize("name", ["curl", "git", "bash", "python3", "ls", "", "/usr/bin/vi", "vi\n", "é"])
def test_not_alternatives(name: str) -> None:
    assert not debian_files.is_alternative(name)


@pytest.mark.parametrize(
    ("package", "suite", "path"),
    [
        ("vim-tiny", "bookworm", "/usr/bin/vi"),
        ("vim", "trixie", "/usr/bin/vim"),
        ("mawk", "bookworm", "/usr/bin/awk"),
        ("gcc", "trixie", "/usr/bin/cc"),
        ("g++", "trixie", "/usr/bin/c++"),
        ("netcat-openbsd", "bookworm", "/usr/bin/nc"),
        ("openjdk-17-jre-headless", "bookworm", "/usr/bin/java"),
        ("openjdk-21-jdk-headless", "trixie", "/usr/bin/javac"),
        ("php8.4-cli", "trixie", "/usr/bin/php"),
        ("libblas3", "bookworm", "/usr/lib/x86_64-linux-gnu/libblas.so.3"),
    ],
)
def test_made_by_maintainer_scripts(package: str, suite: str, path: str) -> None:
    assert path in debian_files.made(package, suite)
    assert path not in (debian_files.files(package, suite) or ())


@pytest.mark.parametrize("package", ["curl", "no-such-package"])
def test_nothing_made(package: str) -> None:
    assert debian_files.made(package, "bookworm") == ()


HOSTILE = ["", " ", "=", "-", "\t", "\n", "curl\n", "curl\t", ":useradd", "!cowsay", "*libpq.so.5", "@", "é", "\x00",
           "\ud800", "../curl", "x" * 1_000_000, "~" * 300, "\U0010ffff"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_names_are_unknown(text: str) -> None:
    assert debian_files.files(text, "bookworm") is None
    assert debian_files.commands(text, "trixie") is None
    assert debian_files.libraries(text, "trixie") is None
    assert debian_files.providers(text, "bookworm") == ()
    assert debian_files.providers(f"/usr/bin/{text}", "bookworm") == ()
    assert debian_files.command_packages(text, "trixie") == ()
    assert debian_files.made(text, "trixie") == ()
    assert not debian_files.is_alternative(text)
    assert debian_files.files("curl", text) is None
    assert debian_files.providers("/usr/bin/curl", text) == ()
    assert debian_files.command_packages("curl", text) == ()


@pytest.mark.parametrize("suite", ["sid", "bullseye", "Bookworm", "bookworm trixie"])
def test_other_suites_are_unknown(suite: str) -> None:
    assert debian_files.files("curl", suite) is None
    assert debian_files.commands("curl", suite) is None
    assert debian_files.command_packages("curl", suite) == ()


def test_package_of_the_security_archive_alone_is_unknown_not_empty() -> None:
    # Came with a security update of Firefox; choose another one when main has it.
    assert debian.package("clang-22", "bookworm") is not None
    assert debian_files.files("clang-22", "bookworm") is None


def test_threads_may_share_the_facts() -> None:
    packages = ["curl", "git", "bash", "coreutils", "openssl", "vim", "nginx", "redis-server"] * 20
    alone = [debian_files.commands(package, "trixie") for package in packages]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda package: debian_files.commands(package, "trixie"), packages)) == alone


def test_nothing_is_opened_at_import() -> None:
    program = (
        "import sys; from multistage_cli.facts import debian_files as d;"
        "before = {'zlib', 'sqlite3'} & set(sys.modules);"
        "d.commands('curl', 'bookworm');"
        "print(d._store.cache_info().currsize, sorted(before), 'sqlite3' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        check=True, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parent.parent.parent,
    )  # fmt: skip
    assert done.stdout == "1 [] False\n"


def test_file_is_small_enough_to_ship() -> None:
    data = files("multistage_cli.facts") / "data" / "debian-files.blocks"
    assert len(data.read_bytes()) <= 2_200_000
