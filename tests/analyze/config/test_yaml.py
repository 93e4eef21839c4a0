"""The part of YAML that is read: as PyYAML reads it, or refused."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from multistage_cli.analyze.config.yaml import YamlError, parse

READ = [
    "", "a: b", "a: 'b c'", 'a: "b # c"', "a: b # c", "# only\n# comments\n", "---\na: b", "a:\n  b: c\n  d: e",
    "a:\n- b\n- c", "a:\n  - b\n  - c\n", "- a\n- b", "- a: b\n  c: d\n- e: f", "a: [b, c]", "a: []", "a: {}",
    "a: {b: c, d: [e, f]}", "a: ['b', \"c\"]", "a: true\nb: false\nc: null\nd: ~\ne:\n", "a: |\n  x\n  y\nb: c",
    "'a': b", '"a b": c', "a.b/c-d_e: f", "a: b:c", "a: http://x/y", "a:\n\n  b: c\n",
    "a:\n  - b: c\n    d: [e]\n  - f",
    "a: it''s", "a: -x", "a: 'it''s'", "a: \"x\\\"y\"", "- - a\n  - b\n- c", "a:\n    - b\n    -   c", "a: b   ",
    "a : b",
    "a: {b, c: d}", "a: [ b , c ]", "a: b#c", "key with spaces: x", "a: x, y", "a: >-\n  folded\n",
]  # fmt: skip
REFUSED = [
    "a: &b c", "a: *b", "a: !tag b", "a\tb: c\n\tx: y", "a: b\n---\nc: d", "a: b\n  c: d", "a: [b", "a: {b: c", "a: 'b",
    "a: b\nb", "a: b\na: c", "- a\nb: c", "a: @b", "a: %b", "a: [b] c", "a:\n  b: c\n d: e", "a:\n" + " b:\n" * 2,
    "[" * 200, "a: " + "[" * 200, "a: `b`",
]  # fmt: skip


def texts(value: Any) -> Any:
    """PyYAML's document with numbers and dates as they were written, which is how we read them."""
    if isinstance(value, dict):
        return {str(key): texts(entry) for key, entry in value.items()}
    return [texts(entry) for entry in value] if isinstance(value, list) else value


@pytest.mark.parametrize("text", READ)
def test_as_another_reader(text: str) -> None:
    expected = texts(yaml.load(text, Loader=yaml.SafeLoader))
    found = parse(text)
    if "|" in text or ">" in text:  # what stands in a block of text nobody needs here
        assert isinstance(found, dict)
        assert found.keys() == expected.keys()
    else:
        assert found == expected


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_refused_with_its_line(text: str) -> None:
    with pytest.raises(YamlError, match=r"^line \d+: "):
        parse(text)


def test_deep_nesting_is_refused() -> None:
    text = "\n".join(f"{' ' * depth}a{depth}:" for depth in range(500))
    with pytest.raises(YamlError, match="nested too deeply"):
        parse(text)


@given(st.text(alphabet="ab:- \n#'\"[]{},&*|>\t", max_size=80))
def test_any_text_is_read_as_it_is_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except YamlError:
        return
    try:
        expected = texts(yaml.load(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, ValueError):
        return  # we may be more lenient where YAML is strict
    if (
        "|" not in text
        and ">" not in text
        and isinstance(found, dict | list)
        and isinstance(expected, dict | list)
    ):
        assert type(found) is type(expected)
