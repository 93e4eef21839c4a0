"""What is known of the insides of base images, and what is left open."""

from __future__ import annotations

import pytest

from multistage_cli.facts import debian, debian_files
from multistage_cli.facts.contents import Account, contents, has_command
from multistage_cli.facts.contents_layers import commands_of_packages
from multistage_cli.facts.images import Confidence
from tests.facts.known_images import USUAL, account, image, inside

PYTHON = "/usr/local/bin:" + USUAL
GO = "/go/bin:/usr/local/go/bin:" + USUAL
RUST = "/usr/local/cargo/bin:" + USUAL
JAVA = "/opt/java/openjdk/bin:" + USUAL
RUBY = "/usr/local/bundle/bin:" + USUAL


# reference, commands that are there, commands that are not, C library, PATH
IMAGES = [
    (
        "debian:bookworm-slim",
        "bash sh apt-get useradd adduser addgroup groupadd perl tar gzip su",
        "curl wget git gcc make sudo ps nc ping gosu tini apk python3 node openssl unzip xz jq psql vim gpg",
        ("glibc", "2.36"),
        USUAL,
    ),
    (
        "debian:trixie-slim",
        "bash sh apt-get useradd groupadd perl tar sqv",
        "adduser addgroup curl wget git gcc make sudo ps nc ping gosu tini apk python3 openssl unzip xz jq psql gpgv",
        ("glibc", "2.41"),
        USUAL,
    ),
    (
        "debian:bullseye-slim",
        "bash sh apt-get useradd adduser groupadd cat perl",
        "curl wget git gcc make sudo ps nc gosu tini apk python3 openssl unzip xz jq psql",
        ("glibc", "2.31"),
        USUAL,
    ),
    (
        "ubuntu:24.04",
        "bash sh apt-get useradd groupadd ps top",
        "adduser addgroup curl wget git gcc make sudo nc ping gosu tini apk python3 openssl unzip xz jq psql",
        ("glibc", "2.39"),
        USUAL,
    ),
    (
        "ubuntu:22.04",
        "bash sh apt-get useradd adduser addgroup groupadd ps",
        "curl wget git gcc make sudo nc ping gosu tini apk python3 openssl unzip xz jq psql",
        ("glibc", "2.35"),
        USUAL,
    ),
    (
        "alpine:3.22",
        "sh ash apk wget adduser addgroup ps nc ping unzip vi busybox ldd getent su",
        "bash curl git gcc make sudo useradd groupadd gosu tini apt-get python3 node openssl xz jq psql gpg",
        ("musl", "1.2.5"),
        USUAL,
    ),
    (
        "busybox",
        "sh wget nc ping adduser addgroup vi unzip",
        "bash curl git gcc make sudo useradd groupadd gosu tini apt-get apk python3 node openssl jq psql",
        ("glibc", None),
        USUAL,
    ),
    ("scratch", "", "sh bash ls cat anything-at-all", (None, None), None),
    (
        "python:3.12-slim",
        "python3 python python3.12 pip pip3 2to3 idle pydoc bash apt-get openssl adduser useradd",
        "curl wget git gcc make sudo ps nc ping gosu tini apk node unzip xz jq psql uvicorn poetry uv wheel",
        ("glibc", "2.41"),
        PYTHON,
    ),
    (
        "python:3.11-slim-bookworm",
        "python3.11 pip bash openssl adduser",
        "curl wget git gcc make sudo ps nc ping gosu tini apk node unzip xz jq psql",
        ("glibc", "2.36"),
        PYTHON,
    ),
    (
        "python:3.12",
        "python3 pip curl wget git gcc g++ make bash ps openssl unzip xz hg svn ssh pkg-config file patch cc",
        "sudo nc ping gosu tini apk node jq psql vim nano cmake rsync zip",
        ("glibc", "2.41"),
        PYTHON,
    ),
    (
        "python:3.12-alpine",
        "python3 python pip sh wget apk adduser ps",
        "bash curl git gcc make sudo useradd groupadd gosu tini apt-get node jq psql",
        ("musl", "1.2.6"),
        PYTHON,
    ),
    (
        "node:22-bookworm-slim",
        "node nodejs npm npx yarn yarnpkg corepack docker-entrypoint.sh bash useradd",
        "curl wget git gcc make sudo ps nc ping gosu tini dumb-init apk python3 openssl unzip xz jq psql pnpm",
        ("glibc", "2.36"),
        USUAL,
    ),
    (
        "node:22",
        "node npm yarn curl wget git gcc g++ make python3 bash ps openssl unzip xz ssh",
        "sudo nc ping gosu tini apk jq psql pnpm",
        ("glibc", "2.36"),
        USUAL,
    ),
    (
        "node:20-alpine",
        "node npm npx yarn corepack sh wget adduser addgroup",
        "bash curl git gcc make python3 sudo useradd groupadd gosu tini dumb-init apt-get openssl xz jq psql pnpm",
        ("musl", "1.2.5"),
        USUAL,
    ),
    (
        "golang:1.25",
        "go gofmt git curl wget gcc g++ make bash ps openssl svn hg ssh",
        "sudo nc ping gosu tini apk node unzip xz jq psql golangci-lint",
        ("glibc", "2.41"),
        GO,
    ),
    (
        "golang:1.24-alpine",
        "go gofmt sh wget apk update-ca-certificates",
        "bash curl git gcc make sudo useradd gosu tini apt-get python3 node openssl xz jq psql",
        ("musl", "1.2.5"),
        GO,
    ),
    (
        "rust:1-slim",
        "cargo rustc rustup gcc cc ld bash openssl",
        "curl wget git g++ make pkg-config sudo ps nc ping gosu tini apk python3 node unzip xz jq psql protoc",
        ("glibc", "2.41"),
        RUST,
    ),
    (
        "nginx",
        "nginx curl envsubst bash openssl",
        "wget git gcc make sudo ps nc ping gosu tini apk python3 node unzip xz jq psql",
        ("glibc", "2.41"),
        USUAL,
    ),
    (
        "nginx:alpine",
        "nginx curl envsubst sh wget ps adduser",
        "bash git gcc make sudo useradd gosu tini apt-get python3 node openssl jq psql",
        ("musl", "1.2.6"),
        USUAL,
    ),
    (
        "eclipse-temurin:21-jre-noble",
        "java keytool curl wget openssl bash ps useradd",
        "javac jar mvn gradle git gcc make sudo nc ping gosu tini apk python3 node unzip xz jq psql",
        ("glibc", "2.39"),
        JAVA,
    ),
    (
        "eclipse-temurin:21-jdk-alpine",
        "java javac jlink jshell sh wget apk",
        "curl git gcc make sudo useradd gosu tini apt-get python3 node jq psql mvn",
        ("musl", "1.2.4"),
        JAVA,
    ),
    (
        "ruby:3.4-slim",
        "ruby gem bundle irb rake bash openssl",
        "curl wget git gcc make sudo nc gosu tini apk python3 node yarn unzip xz jq psql",
        ("glibc", "2.41"),
        RUBY,
    ),
    (
        "php:8.3-fpm",
        "php php-fpm docker-php-ext-install pecl curl gcc make xz openssl bash",
        "composer wget git unzip sudo ps nc ping gosu tini apk python3 node jq psql",
        ("glibc", "2.41"),
        USUAL,
    ),
    (
        "php:8.3-fpm-alpine",
        "php php-fpm pecl curl openssl xz sh wget apk",
        "composer bash git gcc make sudo useradd gosu tini apt-get python3 node jq psql",
        ("musl", "1.2.6"),
        USUAL,
    ),
    (
        "mcr.microsoft.com/dotnet/aspnet:8.0",
        "dotnet bash openssl",
        "curl wget git gcc make sudo ps nc ping gosu tini apk python3 node unzip xz jq psql",
        ("glibc", "2.36"),
        USUAL,
    ),
    (
        "mcr.microsoft.com/dotnet/sdk:8.0",
        "dotnet bash curl git wget",
        "gcc make sudo ps nc ping gosu tini apk python3 node unzip xz jq psql",
        ("glibc", "2.36"),
        USUAL,
    ),
    (
        "gcr.io/distroless/static-debian12:nonroot",
        "",
        "sh bash ls cat curl wget openssl apt-get adduser anything-at-all",
        (None, None),
        USUAL,
    ),
    (
        "gcr.io/distroless/static-debian12:debug",
        "sh busybox ls cat wget",
        "bash curl git apt-get python3",
        (None, None),
        USUAL + ":/busybox",
    ),
    (
        "gcr.io/distroless/python3-debian12",
        "python3 python3.11",
        "bash ls cat curl wget pip apt-get useradd",
        ("glibc", "2.36"),
        USUAL,
    ),
    (
        "postgres:16",
        "psql pg_isready pg_dump gosu docker-entrypoint.sh bash postgres",
        "curl wget git gcc make sudo nc ping tini apk node unzip jq",
        ("glibc", "2.41"),
        USUAL + ":/usr/lib/postgresql/16/bin",
    ),
]


@pytest.mark.parametrize(
    ("reference", "there", "absent", "libc", "path"), IMAGES, ids=[row[0] for row in IMAGES]
)
def test_image(
    reference: str, there: str, absent: str, libc: tuple[str | None, str | None], path: str | None
) -> None:
    known = inside(reference)
    answers = {name: has_command(image(reference), name) for name in (*there.split(), *absent.split())}
    assert answers == {**dict.fromkeys(there.split(), True), **dict.fromkeys(absent.split(), False)}
    assert (known.libc, known.libc_version) == libc
    assert dict(known.environment).get("PATH") == path


# reference, the whole line of passwd
ACCOUNTS = [
    ("debian:bookworm-slim", Account("root", 0, 0, "/root", "/bin/bash")),
    ("debian:bookworm-slim", Account("www-data", 33, 33, "/var/www", "/usr/sbin/nologin")),
    ("debian:trixie-slim", Account("_apt", 42, 65534, "/nonexistent", "/usr/sbin/nologin")),
    ("debian:bullseye-slim", Account("_apt", 100, 65534, "/nonexistent", "/usr/sbin/nologin")),
    ("debian:bookworm-slim", Account("nobody", 65534, 65534, "/nonexistent", "/usr/sbin/nologin")),
    ("ubuntu:24.04", Account("ubuntu", 1000, 1000, "/home/ubuntu", "/bin/bash")),
    ("ubuntu:26.04", Account("ubuntu", 1000, 1000, "/home/ubuntu", "/bin/bash")),
    ("alpine:3.22", Account("root", 0, 0, "/root", "/bin/sh")),
    ("alpine:3.22", Account("nobody", 65534, 65534, "/", "/sbin/nologin")),
    ("node:20-slim", Account("node", 1000, 1000, "/home/node", "/bin/bash")),
    ("node:20-alpine", Account("node", 1000, 1000, "/home/node", "/bin/sh")),
    ("nginx", Account("nginx", 101, 101, "/nonexistent", "/bin/false")),
    ("nginx:alpine", Account("nginx", 101, 101, "/var/cache/nginx", "/sbin/nologin")),
    ("mcr.microsoft.com/dotnet/aspnet:8.0", Account("app", 1654, 1654, "/home/app", "/bin/sh")),
    ("gcr.io/distroless/static", Account("nonroot", 65532, 65532, "/home/nonroot", "/sbin/nologin")),
    ("postgres:16", Account("postgres", 999, 999, "/var/lib/postgresql", "/bin/bash")),
    ("postgres:16-alpine", Account("postgres", 70, 70, "/var/lib/postgresql", "/bin/sh")),
    ("php:8.3-fpm-alpine", Account("www-data", 82, 82, "/home/www-data", "/sbin/nologin")),
    ("gradle:jdk21-alpine", Account("gradle", 1000, 1000, "/home/gradle", "")),
]


@pytest.mark.parametrize(("reference", "line"), ACCOUNTS)
def test_account(reference: str, line: Account) -> None:
    assert account(reference, line.name) == line


@pytest.mark.parametrize(
    ("reference", "complete"),
    [
        ("debian:bookworm-slim", True),
        ("python:3.12-slim", True),
        ("python:3.12", True),
        ("node:20-alpine", True),
        ("golang:1.25", True),
        ("ubuntu:22.04", True),
        ("gcr.io/distroless/static", True),
        ("scratch", True),
        # the release is not known
        ("golang:1.24", False),
        ("eclipse-temurin:21-jre", False),
        # something is installed whose accounts are not known
        ("postgres:16", False),
        ("nginx:alpine", True),
        ("mcr.microsoft.com/dotnet/aspnet:8.0", False),
        ("redis:7-alpine", False),
        ("jenkins/jenkins", False),
    ],
)
def test_whether_these_are_all_accounts(reference: str, complete: bool) -> None:
    assert inside(reference).accounts_complete is complete


def test_ubuntus_own_user_is_gone_where_the_dockerfile_renames_it() -> None:
    assert account("gradle:8-jdk21", "ubuntu") is None
    assert account("gradle:8-jdk21", "gradle") == Account("gradle", 1000, 1000, "/home/gradle", "/bin/bash")


def test_groups() -> None:
    known = inside("node:22-bookworm-slim")
    assert known.groups_complete
    assert ("node", 1000) in known.groups
    assert ("docker", 999) not in known.groups
    # openssh-client makes a group of its own, whose number is not told
    assert not inside("node:22").groups_complete


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("golang:1.24", "ping"),  # there until Debian 10, and the release is not known
        ("golang:1.15", "python3"),  # Mercurial was written for Python 2 then
        ("ruby:3.3-slim", "ps"),  # some builds kept procps
        ("python:3.12-alpine", "xz"),  # a library's package may bring it
        ("nginx", "adduser"),
        ("gcr.io/distroless/base-debian12", "openssl"),
        ("gcr.io/distroless/python3-debian12", "sh"),
        ("debian:bookworm-slim", "no-such-command"),  # the distribution's file lists could tell
        ("jenkins/jenkins", "curl"),
        ("mysql", "curl"),
        ("hello-world", "sh"),
    ],
)
def test_what_is_left_open(reference: str, name: str) -> None:
    assert has_command(image(reference), name) is None


def test_nothing_is_known_of_a_distribution_without_facts() -> None:
    assert contents(image("archlinux")) is None
    assert has_command(image("archlinux"), "sh") is None


def test_an_image_that_only_the_catalogue_knows_has_what_every_debian_has() -> None:
    known = inside("jenkins/jenkins")
    assert known.confidence is Confidence.LOW
    assert {"bash", "apt-get", "useradd"} <= known.commands.keys()
    assert not known.commands_complete
    assert known.paths["/tmp"] == ("directory", 0o1777, 0, 0)


# reference, the image whose packages docker-library/repo-info lists
RECORDED = [
    ("debian:bookworm", ("debian", "bookworm-slim")),
    ("debian:trixie", ("debian", "trixie-slim")),
    ("node:20-slim", ("node", "22-bookworm-slim")),
    ("python:3.12-trixie", ("python", "3.12-trixie")),
    ("python:3.13-slim", ("python", "3.12-slim-trixie")),
    ("python:3.10-slim-bookworm", ("python", "3.11-slim-bookworm")),
    ("ubuntu:24.04", ("ubuntu", "24.04")),
    ("alpine:3.24", ("alpine", "3.24")),
]


@pytest.mark.parametrize(("reference", "record"), RECORDED)
def test_packages(reference: str, record: tuple[str, str]) -> None:
    """Those of python:3.12 are computed from three Dockerfiles, and are the very ones that were counted."""
    assert inside(reference).packages == debian.base_packages(*record)


def test_a_newer_interpreter_needs_fewer_libraries() -> None:
    older, newer = inside("python:3.12-slim-bookworm").packages, inside("python:3.13-slim-bookworm").packages
    assert older is not None
    assert newer is not None
    assert newer < older
    assert {"libnsl2", "libtirpc3"} <= older - newer


@pytest.mark.parametrize(
    "reference", ["php:8.3-fpm", "nginx", "golang:1.24", "postgres:16", "debian:bullseye"]
)
def test_packages_that_are_not_all_known_are_none(reference: str) -> None:
    known = inside(reference)
    assert known.packages is None
    assert not known.commands_complete


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_common_commands_are_those_of_debians_file_lists(suite: str) -> None:
    """Packages that have a command and are not in the table would let it be called absent."""
    made = {
        (path.rpartition("/")[2], package)
        for _, packages in commands_of_packages().values()
        for package in packages
        for path in debian_files.made(package, suite)
    }
    for name, (_, packages) in commands_of_packages().items():
        assert set(debian_files.command_packages(name, suite)) <= packages, name
        for package in packages & (debian.base_packages("debian", f"{suite}-slim") or frozenset()):
            assert package in debian_files.command_packages(name, suite) or (name, package) in made, name


@pytest.mark.parametrize(
    "reference", ["python:3.12", "node:22", "golang:1.25", "rust:1-slim", "ubuntu:24.04"]
)
def test_answers_agree_with_debians_file_lists(reference: str) -> None:
    known = inside(reference)
    assert known.packages is not None
    suite = known.suite or "trixie"
    brought = {
        path.rpartition("/")[2]
        for package in known.packages
        for path in (debian_files.commands(package, suite) or ()) + debian_files.made(package, suite)
    }
    for name in commands_of_packages():
        answer = has_command(image(reference), name)
        assert answer is (name in brought or name in known.commands), name


def test_commands_of_packages_are_left_out_where_they_can_be_looked_up() -> None:
    known = inside("python:3.12-slim")
    assert known.suite == "trixie"
    assert "bash" not in known.commands
    assert known.commands["python3.12"] == "/usr/local/bin/python3.12"
    assert known.commands["awk"] == "/usr/bin/awk"
    # Ubuntu's file lists are nowhere to be looked up.
    assert inside("ubuntu:24.04").commands["bash"] == "/bin/bash"
