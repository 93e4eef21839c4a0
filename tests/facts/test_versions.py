from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, Specifier
from packaging.version import InvalidVersion
from packaging.version import Version as Reference

from multistage_cli.facts.versions import admits, parse_version

VERSIONS = [
    *("1", "1.0", "1.0.0", "v1.2.3", "2.0.0rc1", "2.0.0a3", "2.0b2", "1.0.dev4", "1.0a1.dev2", "1.0.post1"),
    *(
        "1.0-1",
        "1.0.post2.dev3",
        "1!0.5",
        "2024.10.3",
        "2.13.0+cpu",
        "1.0+ubuntu.1",
        "1.0+ubuntu-10",
        "0.0.1",
    ),
    *("1.10", "1.9", "10", "1.0-preview2", "1.0_rev3", "1.0c1", "1.4.5", "1.4.5.1", "1.5", "2"),
]
release = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
suffix = st.sampled_from(
    ["", "a1", "b2", "rc1", ".post1", ".dev1", "a1.dev3", "rc2.post1", "+cpu", ".post2+x.1"]
)
version = st.builds("{}{}".format, release, suffix)
operator = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "~=", "==="])


@pytest.mark.parametrize("one", VERSIONS)
@pytest.mark.parametrize("other", VERSIONS)
def test_versions_compare_as_the_reference_does(one: str, other: str) -> None:
    ours, theirs = parse_version(one), parse_version(other)
    assert ours is not None
    assert theirs is not None
    assert (ours < theirs, ours == theirs) == (
        Reference(one) < Reference(other),
        Reference(one) == Reference(other),
    )


@given(version, operator, version, st.booleans())
def test_specifiers_admit_what_the_reference_admits(
    candidate: str, sign: str, limit: str, wildcard: bool
) -> None:
    clause = f"{sign}{limit}.*" if wildcard else f"{sign}{limit}"
    try:
        expected = Specifier(clause, prereleases=True).contains(candidate, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return
    assert admits(candidate, clause) in (expected, None)
    if not wildcard:
        assert admits(candidate, clause) is expected


@given(st.text(max_size=40))
def test_any_text_is_a_version_where_the_reference_says_so(text: str) -> None:
    try:
        Reference(text)
    except InvalidVersion:
        assert parse_version(text) is None
    else:
        assert parse_version(text) is not None


@pytest.mark.parametrize(
    ("specifier", "verdict"),
    [
        ("", True),
        (">=2,<3", True),
        (">=2, <2.5", False),
        ("==2.*", True),
        ("!=2.5.*", False),
        ("==${VERSION}", None),
        (">=3,==${VERSION}", False),
        ("2.5", None),
        ("===2.5.1", True),
        (">=" + "9" * 5000, None),
    ],
)
def test_specifier(specifier: str, verdict: bool | None) -> None:
    assert admits("2.5.1", specifier) is verdict
