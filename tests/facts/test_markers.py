from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker

from multistage_cli.facts.markers import applies, canonical_name

LINUX = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "implementation_name": "cpython",
    "implementation_version": "3.12.5",
    "python_version": "3.12",
    "python_full_version": "3.12.5",
    "extra": "",
}


@pytest.mark.parametrize(
    ("marker", "verdict"),
    [
        ("python_version < '3.9'", False),
        ('python_version >= "3.8"', True),
        ('"3.8" <= python_version', True),
        ("python_version in '3.11 3.12'", True),
        ("python_version not in '2.7'", True),
        ("python_version == '3.*'", True),
        ("sys_platform == 'win32' or os_name == 'posix'", True),
        ("sys_platform == 'win32' and python_version > '3'", False),
        ("(sys_platform != 'win32') and (python_version > '3' or os_name == 'nt')", True),
        ("sys.platform == 'linux'", True),
        ("platform_python_implementation != 'PyPy'", True),
        ("extra == 'dev'", False),
        ("platform_machine != 'aarch64'", True),
        ("'linux' in sys_platform", True),
    ],
)
def test_marker_on_linux(marker: str, verdict: bool) -> None:
    assert applies(marker) is verdict


@pytest.mark.parametrize(
    ("marker", "verdict"),
    [
        ("platform_release >= '5'", None),
        ("platform_release >= '5' and sys_platform == 'win32'", False),
        ("platform_release >= '5' or sys_platform == 'linux'", True),
        ("platform_release >= '5' or sys_platform == 'win32'", None),
        ("python_full_version >= '3.12.4'", None),
        ("python_full_version >= '3.11.9'", True),
        ("python_full_version < '3.12'", False),
        ("no_such_variable == 'x'", None),
    ],
)
def test_what_is_not_known_stays_unknown(marker: str, verdict: bool | None) -> None:
    assert applies(marker) is verdict


def test_python_and_extra_are_the_askers() -> None:
    assert applies("python_version < '3.9'", python="3.8") is True
    assert applies("extra == 'All_Extras'", extra="all-extras") is True
    assert applies("extra == 'dev' and python_version > '3'", extra="docs") is False


NO_MARKERS = [
    *("", "python_version", "python_version >", "'a' == 'b'", "python_version > 3.8", "os_name == 'nt"),
    *(
        "(os_name == 'nt'",
        "os_name == 'nt')",
        "os_name == 'nt' and",
        "os_name ~ 'nt'",
        "os_name == 'nt' or or",
    ),
    *("(" * 100_000, "and" * 1000),
]


@pytest.mark.parametrize("marker", NO_MARKERS)
def test_no_marker(marker: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        applies(marker)


def test_long_marker_is_read() -> None:
    assert applies(" or ".join(["os_name == 'nt'"] * 20_000)) is False


NAMES = [
    "os_name",
    "sys_platform",
    "platform_machine",
    "platform_system",
    "implementation_name",
    "python_version",
]
WORDS = ["linux", "posix", "win32", "CPython", "3.12", "3.8", "x86_64 aarch64"]
by_word = st.builds(
    "{} {} '{}'".format,
    st.sampled_from(NAMES),
    st.sampled_from(["==", "!=", "in", "not in"]),
    st.sampled_from(WORDS),
)
by_version = st.builds(
    "python_version {} '3.{}'".format, st.sampled_from(["<", "<=", ">", ">=", "~="]), st.integers(0, 15)
)
markers = st.recursive(
    by_word | by_version,
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
    max_leaves=6,
)


@given(markers)
def test_markers_hold_where_the_reference_says_so(marker: str) -> None:
    assert applies(marker) is Marker(marker).evaluate(LINUX)


@pytest.mark.parametrize(
    ("name", "canonical"), [("Zope.Interface", "zope-interface"), ("a__b-.c", "a-b-c"), ("NumPy", "numpy")]
)
def test_canonical_name(name: str, canonical: str) -> None:
    assert canonical_name(name) == canonical
