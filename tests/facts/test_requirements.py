from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Reference
from packaging.utils import canonicalize_name

from multistage_cli.facts.requirements import (
    Include,
    Option,
    Requirement,
    parse_requirement,
    parse_requirements,
)


def names(text: str) -> list[str]:
    return [requirement.name for requirement in parse_requirements(text).requirements]


def test_a_whole_file() -> None:
    parsed = parse_requirements(
        "\ufeff# what the service needs\n"
        "-i https://pypi.example.com/simple\n"
        "--extra-index-url=https://more.example.com --trusted-host more.example.com\n"
        "\n"
        "-r base.txt\n"
        "-cconstraints.txt\n"
        "Flask[async, Dotenv] >= 3.0, <4  # the web\n"
        "uvicorn[standard]==0.54.0 \\\n"
        "    --hash=sha256:aaaa \\\n"
        "    --hash=sha256:bbbb\n"
        "tomli>=2 ; python_version < '3.11'\n"
        "tzdata ; sys_platform == 'linux'\n"
        "psycopg (>=3.1)\n"
        "--no-binary :all:\n"
    )
    assert parsed.problems == ()
    assert parsed.requirements == (
        Requirement(
            "flask", frozenset({"async", "dotenv"}), ">=3.0,<4", None, "Flask[async, Dotenv] >= 3.0, <4", 7
        ),
        Requirement("uvicorn", frozenset({"standard"}), "==0.54.0", None, "uvicorn[standard]==0.54.0", 8),
        Requirement("tzdata", frozenset(), "", None, "tzdata ; sys_platform == 'linux'", 12),
        Requirement("psycopg", frozenset(), ">=3.1", None, "psycopg (>=3.1)", 13),
    )
    assert parsed.includes == (Include("base.txt", False, 5), Include("constraints.txt", True, 6))
    assert parsed.options == (
        Option("--index-url", "https://pypi.example.com/simple", 2),
        Option("--extra-index-url", "https://more.example.com", 3),
        Option("--trusted-host", "more.example.com", 3),
        Option("--no-binary", ":all:", 14),
    )


@pytest.mark.parametrize(
    ("line", "name", "extras", "url"),
    [
        ("pip @ https://example.com/pip.zip", "pip", set(), "https://example.com/pip.zip"),
        ("My_Lib[fast]@file:///src/lib ; os_name == 'posix'", "my-lib", {"fast"}, "file:///src/lib"),
        ("git+https://${TOKEN}@example.com/x.git@v1#egg=Some.Thing[extra]", "some-thing", {"extra"}, None),
        ("https://example.com/wheels/demo_app-1.0-py3-none-any.whl", "demo-app", set(), None),
        ("https://example.com/demo-1.0.tar.gz ; python_version > '3'", "", set(), "https://example.com/demo-1.0.tar.gz"),
        ("./vendor/demo_app-1.0-py3-none-any.whl[cli]", "demo-app", {"cli"}, "./vendor/demo_app-1.0-py3-none-any.whl"),
        ("demo-1.0.tar.gz", "", set(), "demo-1.0.tar.gz"),
        (".[test]", "", {"test"}, "."),
        ("-e .", "", set(), "."),
        ("--editable=git+ssh://git@example.com/x.git#egg=x&subdirectory=py", "x", set(), None),
        ("-e ./packages/api[all]", "", {"all"}, "./packages/api"),
    ],
)  # fmt: skip
def test_a_place_instead_of_an_index(line: str, name: str, extras: set[str], url: str | None) -> None:
    (found,) = parse_requirements(line).requirements
    assert (found.name, found.extras) == (name, extras)
    assert found.url is not None
    assert url is None or found.url == url
    assert found.editable == line.startswith("-")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a\n# b\nc", ["a", "c"]),
        ("a#b", []),
        ("a #b", ["a"]),
        ("a \\\n>=1", ["a"]),
        ("a \\\n# still a comment\nb", ["a", "b"]),
        ("# comment \\\nb", ["b"]),
        ("a \\", ["a"]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("a ; python_version < '3' \\\n --hash=sha256:0", []),
        ("   \n\t\n", []),
        ("-e git+https://example.com/x#egg=x -r other.txt", ["x"]),
        ("${PACKAGE}\n${NAME}[x]==1\nb==${VERSION}", ["", "", "b"]),
    ],
)
def test_lines_are_joined_and_cut_as_in_pip(text: str, found: list[str]) -> None:
    assert names(text) == found


def test_continued_line_has_the_number_of_its_first() -> None:
    parsed = parse_requirements("a\n\nb \\\n  >=1 \\\n  --hash=sha256:0\nc\n")
    assert [(item.name, item.line) for item in parsed.requirements] == [("a", 1), ("b", 3), ("c", 6)]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("flask=1.0", "== is"),
        ("flask 1.0", "version part"),
        ("flask>=", "version part"),
        ("flask~=1", "version part"),
        ("flask>=1.*", "version part"),
        ("flask>=latest", "version part"),
        ("flask>=1,,<2", "version part"),
        ("flask ; python_version", "marker"),
        ("flask[a b]", "extras"),
        ("flask @ ", "URL"),
        ("!flask", "no requirement"),
        ("@ https://example.com/x.zip", "no requirement"),
        ("; os_name == 'nt'", "no requirement"),
        ("./demo.whl", "wheel"),
        ("-x", "'-x'"),
        ("--no-such-option x", "'--no-such-option'"),
        ("--index-url", "has no value"),
        ("--pre=yes", "takes no value"),
        ("--find-links 'x", "quote"),
        ("flask --install-option=x", "'--install-option'"),
    ],
)
def test_what_pip_refuses_is_a_problem_with_its_line(line: str, says: str) -> None:
    parsed = parse_requirements(f"ok\n{line}\n")
    (problem,) = parsed.problems
    assert problem.line == 2
    assert says in problem.message
    assert [requirement.name for requirement in parsed.requirements] == ["ok"]


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("--pre", Option("--pre", "", 1)),
        ("--prefer-bin", Option("--prefer-binary", "", 1)),
        ("--extra=https://example.com", Option("--extra-index-url", "https://example.com", 1)),
        ("--pypi-url x", Option("--index-url", "x", 1)),
        ("-f'wheel house'", Option("--find-links", "wheel house", 1)),
    ],
)
def test_spellings_of_options(line: str, option: Option) -> None:
    parsed = parse_requirements(line)
    assert (parsed.options, parsed.problems) == ((option,), ())


def test_marker_of_unknown_outcome_keeps_its_requirement() -> None:
    assert names("a ; platform_release > '5'\nb ; platform_release > '5' and os_name == 'nt'") == ["a"]


def test_markers_are_for_the_python_asked_about() -> None:
    parsed = parse_requirements("tomli ; python_version < '3.11'", python="3.10")
    assert [requirement.name for requirement in parsed.requirements] == ["tomli"]


def test_requirement_ruled_out_is_none() -> None:
    assert parse_requirement("a ; extra == 'x'") is None
    assert parse_requirement("a ; extra == 'x'", extra="x") == Requirement("a", text="a ; extra == 'x'")


spelled = st.builds(
    "{}{}{}{}".format,
    st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{0,6}[a-z]", fullmatch=True),
    st.sampled_from(["", "[x]", " [x,Y_z] ", "[]"]),
    st.sampled_from(["", ">=1", " == 1.0.* ", "<2,>1", "(>=1)", "~=1.4", "!=1", "=1", "1", ">=1;", "===any"]),
    st.sampled_from(["", " ; os_name == 'posix'", ";os_name=='posix'", " ; os_name"]),
)


@given(spelled)
def test_requirements_read_as_the_reference_reads_them(text: str) -> None:
    try:
        expected = Reference(text)
    except InvalidRequirement:
        if ";;" in text.replace(" ", "") or text.endswith(";"):
            return  # pip splits the marker off itself, and so lets an empty one pass
        with pytest.raises(ValueError, match=r".+"):
            parse_requirement(text)
        return
    found = parse_requirement(text)
    assert found is not None
    assert found.name == canonicalize_name(expected.name)
    assert found.extras == {canonicalize_name(extra) for extra in expected.extras}
    assert sorted(found.specifier.split(",") if found.specifier else []) == sorted(
        map(str, expected.specifier)
    )


@given(st.text(alphabet=st.sampled_from("ab -#\\\n\t;=<>[]()@/.'\"${}e:r\x0c\u2028"), max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    parsed = parse_requirements(text)
    lines = len(text.splitlines())
    assert all(1 <= item.line <= lines for item in (*parsed.requirements, *parsed.problems, *parsed.options))


HOSTILE = [
    " " * 200_000 + "x",
    "a" + "-" * 200_000,
    "a" + " \t" * 100_000 + "#",
    "\\\n" * 100_000,
    "a[" * 100_000,
    "[" * 100_000,
    "@" * 100_000,
    "." * 200_000,
    " #" * 100_000,
    "'" * 100_001,
    "-r x " * 50_000,
    "#egg=a" * 50_000,
    "git+x:" + "#egg=a-" * 50_000,
    "a>=" + "1," * 100_000,
    "a ; " + "(" * 100_000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_read_to_its_end(text: str) -> None:
    assert names(f"{text}\nlast\n")[-1] == "last"
