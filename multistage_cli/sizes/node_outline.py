"""The text of yarn.lock and pnpm-lock.yaml as nested tables.

Both are lines of `key value` below each other, deeper ones indented by spaces. This reads that much and no
more: what else YAML has these files do not use. Time grows with the text alone, whatever it holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Table = dict[str, Any]

_DEEPEST = 12  # levels; a lock has six at most
_NOTHING = frozenset({"", "#", "---", "{}"})


def outline(text: str) -> Table:
    """Keys with their values: a text, a list of texts, or another table."""
    root: Table = {}
    open_tables: list[tuple[int, Table]] = [(-1, root)]
    last: tuple[Table, str] | None = None
    for line in text.splitlines():
        content = line.strip()
        if content in _NOTHING or content.startswith("#"):
            continue
        if content.startswith("- "):
            if last is not None:
                _append(*last, unquoted(content[2:].strip()))
            continue
        depth = len(line) - len(line.lstrip(" "))
        while depth <= open_tables[-1][0]:
            open_tables.pop()
        table = open_tables[-1][1]
        key, value = _pair(content, header=depth == 0)
        last = (table, key)
        if value:
            table[key] = _value(value)
        elif len(open_tables) < _DEEPEST:
            inner: Table = {}
            table[key] = inner
            open_tables.append((depth, inner))
    return root


def table(data: object, name: str) -> Table:
    """A table of a table; an empty one for anything else."""
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def texts(data: object) -> tuple[str, ...]:
    """The texts of a list; a text alone is a list of one."""
    if isinstance(data, str):
        return (data,)
    return tuple(entry for entry in data if isinstance(entry, str)) if isinstance(data, list) else ()


def unquoted(text: str) -> str:
    """Without the quotation marks around it."""
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


def _append(holder: Table, key: str, value: str) -> None:
    found = holder.get(key)
    if isinstance(found, list):
        found.append(value)
    elif found == {}:
        holder[key] = [value]


def _pair(content: str, *, header: bool) -> tuple[str, str]:
    if header and content.endswith(":"):
        # yarn writes several names before one colon, each in quotes or all together.
        return content[:-1].replace('"', "").strip("'"), ""
    if content[0] in "\"'":
        end = content.find(content[0], 1)
        if end > 0:
            return content[1:end], content[end + 1 :].lstrip(": ")
    key, space, value = content.partition(" ")
    return key.removesuffix(":"), value.strip() if space else ""


def _value(text: str) -> Any:
    if text.startswith("{") and text.endswith("}"):
        pairs = (_pair(part.strip(), header=False) for part in _split(text[1:-1]))
        return {key: unquoted(value) for key, value in pairs}
    if text.startswith("[") and text.endswith("]"):
        return [unquoted(part.strip()) for part in _split(text[1:-1])]
    return unquoted(text)


def _split(text: str) -> Iterator[str]:
    return (part for part in text.split(",") if part.strip())
