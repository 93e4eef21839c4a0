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

from multistage_cli.facts import debian
from multistage_cli.facts.debian_solver import Record, solve

ANSWERS: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "data/debian/apt-answers.json").read_text(encoding="utf-8")
)
SLIM = debian.base_packages("debian", "bookworm-slim") or frozenset()


def install(*names: str, suite: str = "bookworm", recommends: bool = False) -> debian.Closure:
    return debian.closure(names, suite=suite, installed=SLIM, recommends=recommends)


def answer_id(answer: dict[str, Any]) -> str:
    return f"{answer['image']}-{'with' if answer['recommends'] else 'without'}-{answer['arguments']}"


@pytest.mark.parametrize("answer", ANSWERS["answers"], ids=answer_id)
def test_closure_is_what_apt_answers(answer: dict[str, Any]) -> None:
    repository, _, tag = answer["image"].partition(":")
    installed = debian.base_packages(repository, tag)
    assert installed is not None
    found = debian.closure(
        answer["arguments"].split(),
        suite=answer["suite"],
        installed=installed,
        recommends=answer["recommends"],
    )
    if "refused" in answer:
        assert found.unknown
    else:
        assert found.unknown == ()
        assert " ".join(package.name for package in found.packages) == answer["new"]
        assert " ".join(found.removed) == answer["removed"]


def test_answers_and_facts_are_of_the_same_index() -> None:
    assert "; ".join(ANSWERS["indexes"].values()) == debian.source()


def test_suites() -> None:
    assert debian.suites() == ("bookworm", "trixie")


def test_package_has_version_and_bytes() -> None:
    found = debian.package("libpq5", "bookworm")
    assert found is not None
    assert found.version.startswith("15.")
    assert found.installed_bytes % 1024 == 0
    assert 100_000 < found.installed_bytes < 10_000_000


@pytest.mark.parametrize(
    ("name", "suite"),
    [
        ("no-such-package", "bookworm"),
        ("libpq5", "sid"),
        ("", "bookworm"),
        ("awk", "trixie"),
        ("é", "trixie"),
    ],
)
def test_package_that_the_facts_do_not_have(name: str, suite: str) -> None:
    assert debian.package(name, suite) is None


def test_closure_is_sorted_and_adds_up() -> None:
    found = install("curl", "git")
    names = [package.name for package in found.packages]
    assert names == sorted(names)
    assert found.installed_bytes == sum(package.installed_bytes for package in found.packages)
    assert not SLIM.intersection(names)


def test_repetition_of_a_name_does_not_matter() -> None:
    assert install("git", "curl", "git", "git+") == install("git", "curl")


def test_apt_solves_in_the_order_of_the_command_line() -> None:
    # python3-asgiref needs `python3-typing-extensions | python3`: whether python3 is there by then.
    extra = "python3-typing-extensions"
    first = install("python3-django-import-export", "python3-bip32utils")
    second = install("python3-bip32utils", "python3-django-import-export")
    assert extra in {package.name for package in first.packages}
    assert extra not in {package.name for package in second.packages}


def test_names_that_are_there_already() -> None:
    found = install("bash", "jq", "libc6:amd64")
    assert found.already == ("bash", "libc6")
    assert "jq" in {package.name for package in found.packages}


def test_what_the_image_has_is_not_installed_again() -> None:
    full = debian.base_packages("python", "3.12-trixie")
    assert full is not None
    found = debian.closure(["build-essential"], suite="trixie", installed=full, recommends=False)
    assert [package.name for package in found.packages] == ["build-essential"]


@pytest.mark.parametrize(
    "argument",
    [
        "jq=1.6*",
        "jq=1.6-2.1",
        "jq/bookworm",
        "jq/bookworm-security",
        "jq:amd64",
        "jq:amd64=1.6*",
        "jq+",
        "jq:any",
    ],
)
def test_forms_of_an_argument(argument: str) -> None:
    assert install(argument) == install("jq")


@pytest.mark.parametrize(
    "argument",
    [
        "no-such-package",
        "jq:i386",
        "jq/bookworm-backports",
        "jq/trixie",
        "lamp-server^",
        "./local.deb",
        "/tmp/local.deb",
        "lib[x]ml2-dev",
        "php8.*-cli",
        "?name(jq)",
        "~njq",
        "JQ",
        "$PACKAGES",
        "",
        "-",
        "+",
        "a",
        "awk",
        "mail-transport-agent",
        "bash-",
        "no-such-package-",
        "jq\n",
        "\ud800",
        "x" * 100_000,
    ],
)
def test_argument_without_an_answer_is_unknown_and_the_rest_is_answered(argument: str) -> None:
    found = install(argument, "jq")
    assert found.unknown == (argument,)
    assert found.packages == install("jq").packages


def test_virtual_package_with_one_provider_is_that_provider() -> None:
    # What Dockerfiles written for bookworm ask for, and trixie has under another name.
    assert debian.package("libglib2.0-0", "trixie") is None
    found = install("libglib2.0-0", suite="trixie")
    assert found.unknown == ()
    assert "libglib2.0-0t64" in {package.name for package in found.packages}
    assert found == install("libglib2.0-0t64", suite="trixie")


def test_packages_that_exclude_each_other_are_unknown_and_the_rest_is_answered() -> None:
    found = install("libcurl4-openssl-dev", "libcurl4-gnutls-dev", "jq")
    assert set(found.unknown) <= {"libcurl4-openssl-dev", "libcurl4-gnutls-dev"}
    assert found.unknown
    assert {package.name for package in install("jq").packages} <= {
        package.name for package in found.packages
    }


def test_kept_out_package_is_not_recommended_in() -> None:
    with_ssl = {package.name for package in install("wget", recommends=True).packages}
    without = {package.name for package in install("wget", "ca-certificates-", recommends=True).packages}
    assert "ca-certificates" in with_ssl
    assert "ca-certificates" not in without
    assert "wget" in without


def test_unknown_suite_knows_nothing() -> None:
    found = install("jq", "bash", suite="sid")
    assert found.packages == ()
    assert found.unknown == ("jq",)
    assert found.already == ("bash",)


def test_size_that_the_index_does_not_state_is_named() -> None:
    found = install("gcc-aarch64-linux-gnu")
    assert "libc6-arm64-cross" in found.unsized
    assert install("jq").unsized == ()


@pytest.mark.parametrize(
    ("dev_package", "suite", "libraries"),
    [
        ("libpq-dev", "bookworm", ("libpq5",)),
        ("libpq-dev", "trixie", ("libpq5",)),
        ("libssl-dev", "bookworm", ("libssl3",)),
        ("libssl-dev", "trixie", ("libssl3t64",)),
        ("libffi-dev", "bookworm", ("libffi8",)),
        ("libxml2-dev", "bookworm", ("libxml2",)),
        ("libxslt1-dev", "trixie", ("libxslt1.1",)),
        ("zlib1g-dev", "bookworm", ("zlib1g",)),
        ("libjpeg-dev", "bookworm", ("libjpeg62-turbo",)),
        ("default-libmysqlclient-dev", "bookworm", ("libmariadb3",)),
        ("libcurl4-openssl-dev", "bookworm", ("libcurl4",)),
        ("libgl1", "bookworm", ()),
        ("python3", "bookworm", ()),
        ("no-such-dev", "bookworm", ()),
        ("libpq-dev", "sid", ()),
    ],
)
def test_runtime_libraries(dev_package: str, suite: str, libraries: tuple[str, ...]) -> None:
    assert debian.runtime_libraries(dev_package, suite) == libraries


def test_base_packages() -> None:
    found = debian.base_packages("python", "3.12-slim-trixie")
    assert found is not None
    assert {"bash", "libc6", "ca-certificates"} <= found
    assert "curl" not in found
    assert debian.base_packages("python", "3.12-slim") is None
    assert debian.base_packages("no-such-image", "latest") is None


def record(name: str, *depends: str, conflicts: str = "", recommends: str = "") -> Record:
    return Record(
        name,
        "1",
        1,
        tuple(tuple(clause.split("|")) if clause else () for clause in depends),
        tuple(tuple(clause.split("|")) for clause in recommends.split()),
        tuple(conflicts.split()),
        (),
    )


def solved(
    *records: Record, names: str, installed: str = "", recommends: bool = False
) -> tuple[str, str, str]:
    index = {one.name: one for one in records}
    found = solve(names.split(), index.get, frozenset(installed.split()), recommends=recommends)
    return " ".join(sorted(found.new)), " ".join(sorted(found.removed)), " ".join(sorted(found.failed))


@pytest.mark.parametrize(
    ("records", "names", "installed", "expected"),
    [
        pytest.param([record("a", "b|c"), record("b"), record("c")], "a", "", ("a b", "", ""), id="first"),
        pytest.param([record("a", "b|c"), record("b"), record("c")], "a", "c", ("a", "", ""), id="installed"),
        pytest.param(
            [record("a", "b|c"), record("b"), record("c")], "a c", "", ("a c", "", ""), id="asked-for"
        ),
        pytest.param([record("a", "b"), record("b", "a")], "a", "", ("a b", "", ""), id="circle"),
        pytest.param(
            [record("a", "b|c"), record("b", ""), record("c")],
            "a",
            "",
            ("a c", "", ""),
            id="first-impossible",
        ),
        pytest.param(
            [record("a", "b|c"), record("b", "d", "e"), record("c"), record("d"), record("e", "")],
            "a",
            "",
            ("a c", "", ""),
            id="what-an-undone-choice-brought-goes-again",
        ),
        pytest.param([record("a", "b"), record("b", "")], "a", "", ("a b", "", "a"), id="impossible"),
        pytest.param(
            [record("a", "b"), record("b", conflicts="c"), record("c")],
            "a",
            "c",
            ("a b", "c", ""),
            id="removes",
        ),
        pytest.param(
            [record("a", conflicts="b"), record("c", "b|d"), record("b"), record("d")],
            "a c",
            "",
            ("a c d", "", ""),
            id="conflict-rules-out-an-alternative",
        ),
    ],
)
def test_solver(records: list[Record], names: str, installed: str, expected: tuple[str, str, str]) -> None:
    assert solved(*records, names=names, installed=installed) == expected


def test_recommendations_only_where_asked_for_and_never_needed() -> None:
    records = [record("a", recommends="b c"), record("b", recommends="d"), record("c", ""), record("d")]
    assert solved(*records, names="a") == ("a", "", "")
    assert solved(*records, names="a", recommends=True) == ("a b d", "", "")


def test_what_an_image_does_without_does_not_matter() -> None:
    records = [record("a", "b"), record("b", "c", conflicts="d"), record("c"), record("d")]
    assert solved(*records, names="a", installed="b d") == ("a", "", "")


def test_chain_longer_than_the_stack() -> None:
    length = sys.getrecursionlimit() * 5
    records = [record(f"p{number}", f"p{number + 1}") for number in range(length)]
    records.append(record(f"p{length}"))
    new, _, failed = solved(*records, names="p0")
    assert len(new.split()) == length + 1
    assert not failed


def test_importing_opens_no_database() -> None:
    code = "import sys, multistage_cli.facts.debian; print('sqlite3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_database_is_small_and_says_where_it_is_from() -> None:
    resource = files("multistage_cli.facts") / "data" / "debian.sqlite3"
    assert len(resource.read_bytes()) <= 5_000_000
    for suite in debian.suites():
        assert re.search(
            rf"Debian \d+\.\d+ {suite}, main amd64 Packages [^;]*, 20\d\d-\d\d-\d\d", debian.source()
        )


def test_threads_share_the_facts() -> None:
    names = ["ffmpeg", "git", "npm", "chromium", "php-cli", "ruby", "vim", "cmake"] * 4
    expected = [install(name, recommends=True) for name in names]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda name: install(name, recommends=True), names)) == expected
