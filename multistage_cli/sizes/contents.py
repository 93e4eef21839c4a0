"""What a stage's own instructions put where in its image, as far as that is known; kept in versions.

A trie over folders that shares what did not change, so that a stage may keep its version and a chain of
thousands of stages costs no more than its instructions.
"""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from multistage_cli.sizes.places import WILDCARDS, below, is_shared, package_of
from multistage_cli.sizes.ranges import Range, summed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeAlias

    Measure: TypeAlias = Callable[[str], int | None]

_DEEPEST = 40  # folders; whatever lies deeper counts for the one at that depth
_MOST_TEXTS = 3  # that are kept of what is unknown at one place: one is shown, more say so
_MOST_ABOVE = 20  # things in one folder whose pieces are looked for
_MOST_GONE = 20  # pieces of one folder that are told apart once they are deleted


class Held(Struct, frozen=True):
    """Something at a path.

    Attributes:
        size: of all of it.
        source: the folder of the build context that it is a copy of, or None.
        file: whether it is one file, so that the next one at this path takes its place.
        environment: whether it is in folders as Python lays them out: `lib` holds nearly all.
        gone: of what has a source, the paths in it that were deleted since; `size` is without them.
    """

    size: Range
    source: str | None = None
    file: bool = False
    environment: bool = False
    gone: frozenset[str] = frozenset()

    def piece(self, rest: str, measure: Measure) -> Held | None:
        """What of a copied folder lies at a path in it; None for nothing."""
        if self.source is None or any(below(f"/{rest}", f"/{path}") for path in self.gone):
            return None
        whole = measure(posixpath.join(self.source, rest))
        if whole is None:
            return None
        inside = [path for path in self.gone if below(f"/{path}", f"/{rest}")]
        lost = sum(measure(posixpath.join(self.source, path)) or 0 for path in inside)
        return Held(
            Range.exactly(max(0, whole - lost)),
            posixpath.join(self.source, rest),
            gone=frozenset(posixpath.relpath(path, rest) for path in inside),
        )

    def without(self, rest: str, measure: Measure) -> Held:
        """The same after something in it was deleted; `rest` may hold wildcards in its last name."""
        if self.source is None or len(self.gone) >= _MOST_GONE or any(sign in rest for sign in WILDCARDS):
            return replace(self, size=self.size.from_nothing())
        found = self.piece(rest, measure)
        if found is None:
            return self
        inside = {path for path in self.gone if below(f"/{path}", f"/{rest}")}
        return replace(self, size=self.size.less(found.size.estimate), gone=(self.gone - inside) | {rest})


class _Node(Struct, frozen=True):
    children: Mapping[str, _Node] = field(default_factory=dict)
    held: tuple[Held, ...] = ()
    total: Range = field(default_factory=Range)
    count: int = 0
    unknown: tuple[str, ...] = ()
    unknown_below: tuple[str, ...] = ()

    def resettled(self, before: _Node) -> _Node:
        """The same with its sums corrected for what is new in it and was not in the node before."""
        return replace(
            self,
            total=_exchanged(
                before.total, summed(e.size for e in before.held), summed(e.size for e in self.held)
            ),
            count=before.count - len(before.held) + len(self.held),
            unknown_below=_joined(self.unknown, before.unknown_below),
        )


_EMPTY = _Node()


class Found(Struct, frozen=True):
    """What lies at a path and below.

    Attributes:
        size: of what is known to lie there; None for nothing.
        unknown: why that may not be all, the most telling first; empty where it is all.
        node: the same for another place to take over.
    """

    size: Range | None
    unknown: tuple[str, ...]
    node: _Node

    @property
    def is_file(self) -> bool:
        """Whether one file lies there and nothing else."""
        held = self.node.held
        return len(held) == 1 and held[0].file and not self.node.children


class Contents(Struct, frozen=True):
    """One version.

    Attributes:
        base: how to name the base image, None for scratch.
        base_known: whether the facts know that image.
        root: what is known to lie where.
        anywhere: what was written, nobody knows where.
        downloads: whether project managers fetched things, nobody knows where; not into system folders.
        packages: lines about what packages of the distribution put into its folders.
    """

    base: str | None
    base_known: bool = True
    root: _Node = _EMPTY
    anywhere: tuple[str, ...] = ()
    downloads: bool = False
    packages: tuple[str, ...] = ()

    @property
    def base_text(self) -> str:
        """The doubt that the base image is."""
        return f"what {self.base} has there"

    def put(self, path: str, held: Held) -> Contents:
        """With something at a path."""

        def change(node: _Node) -> _Node:
            kept = () if held.file and not node.children else node.held
            return replace(node, held=(*kept, held)).resettled(node)

        return replace(self, root=_changed(self.root, _parts(path), change))

    def graft(self, path: str, found: Found) -> Contents:
        """With what lay at another place, at a path."""

        def change(node: _Node) -> _Node:
            return _merged(node, found.node)

        return replace(self, root=_changed(self.root, _parts(path), change))

    def doubt(self, path: str | None, text: str) -> Contents:
        """With something unknown at a path, or anywhere for None."""
        if path is None or not path.startswith("/"):
            return replace(self, anywhere=_joined((text,), self.anywhere))
        return replace(
            self,
            root=_changed(
                self.root,
                _parts(path),
                lambda node: replace(node, unknown=_joined((text,), node.unknown)).resettled(node),
            ),
        )

    def downloaded(self) -> Contents:
        """With what a project manager fetched, nobody knows where."""
        return replace(self, downloads=True)

    def packaged(self, text: str) -> Contents:
        """With packages of the distribution in its folders."""
        return replace(self, packages=_joined((text,), self.packages))

    def removed(self, path: str, measure: Measure) -> Contents:
        """Without what lay at a path and below; its last name may hold wildcards."""
        parts = _parts(path)
        if not parts:
            return replace(self, root=_EMPTY)
        root, last = self.root, parts[-1]
        pattern = any(sign in last for sign in WILDCARDS)
        parent = _at(root, parts[:-1])
        if parent is not None:
            matching = [
                name for name in parent.children if name == last or (pattern and fnmatchcase(name, last))
            ]
            for name in matching:
                root = _changed(root, [*parts[:-1], name], lambda _: _EMPTY)
        for depth in range(len(parts)):
            node = _at(root, parts[:depth])
            if node is None:
                break
            everything = last == "*" and depth == len(parts) - 1
            rest = "/".join(parts[depth:])
            kept = () if everything else tuple(entry.without(rest, measure) for entry in node.held)
            if kept != node.held:
                root = _changed(root, parts[:depth], partial(_holding, kept))
        return replace(self, root=root)

    def is_folder(self, path: str) -> bool:
        """Whether something is known to lie below the path."""
        node = _at(self.root, _parts(path))
        return node is not None and bool(node.children)

    def at(self, path: str, measure: Measure) -> Found:
        """What lies at an absolute path and below.

        Args:
            path: in the image.
            measure: the size of a path of the build context, None where nothing is there.
        """
        parts = _parts(path)
        found = _at(self.root, parts) or _EMPTY
        pieces, doubts = self._pieces(parts, measure)
        node = replace(found, held=(*found.held, *pieces)).resettled(found) if pieces else found
        unknown = (*doubts, *node.unknown_below, *self._wide_doubts(path, nothing=node.count == 0))
        return Found(node.total if node.count else None, tuple(dict.fromkeys(unknown)), node)

    def _pieces(self, parts: list[str], measure: Measure) -> tuple[list[Held], list[str]]:
        """What of the things that lie higher up belongs to the path."""
        pieces: list[Held] = []
        doubts: list[str] = []
        node: _Node | None = self.root
        for depth in range(len(parts)):
            if node is None:
                break
            doubts += node.unknown
            rest = parts[depth:]
            if len(node.held) > _MOST_ABOVE:
                doubts.append("")
            for held in node.held[:_MOST_ABOVE]:
                if held.source is not None:
                    piece = held.piece("/".join(rest), measure)
                    if piece is not None:
                        pieces.append(piece)
                elif held.environment and rest[0] in {"lib", "lib64"}:
                    pieces.append(held)
                elif held.environment:
                    doubts.append("")
            node = node.children.get(parts[depth])
        return pieces, doubts

    def _wide_doubts(self, path: str, *, nothing: bool) -> Iterator[str]:
        """Why something else may lie at the path: an empty text where there is no telling what."""
        package = package_of(path)
        if package != "" and (nothing or is_shared(path)):
            yield from self.packages
        yield from self.anywhere
        if self.downloads and package == "":
            yield ""
        if self.base is not None and (is_shared(path) or package or not self.base_known):
            yield self.base_text
        elif nothing:
            yield ""


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part][:_DEEPEST]


def _at(node: _Node, parts: list[str]) -> _Node | None:
    found: _Node | None = node
    for part in parts:
        if found is None:
            return None
        found = found.children.get(part)
    return found


def _changed(root: _Node, parts: list[str], change: Callable[[_Node], _Node]) -> _Node:
    """The trie with one node changed; nodes beside the way to it are shared."""
    way = [root]
    for part in parts:
        way.append(way[-1].children.get(part, _EMPTY))
    old = way[-1]
    new = change(old)
    for node, part in zip(reversed(way[:-1]), reversed(parts), strict=True):
        # Sums by difference: adding all children up again would make a wide folder quadratic.
        parent = replace(
            node,
            children={**node.children, part: new},
            total=_exchanged(node.total, old.total, new.total),
            count=node.count - old.count + new.count,
            unknown_below=_joined(node.unknown_below, new.unknown_below),
        )
        old, new = node, parent
    return new


def _merged(one: _Node, other: _Node) -> _Node:
    """Both nodes' things in one: what is the same in both is there once, and files take the place of files."""
    if one is other or one is _EMPTY:
        return other
    children = dict(one.children)
    changed: list[tuple[_Node, _Node]] = []
    for name, node in other.children.items():
        before = children.get(name, _EMPTY)
        if before is not node:
            children[name] = _merged(before, node)
            changed.append((before, children[name]))
    held = other.held if other.held and other.held[-1].file and not one.children else (*one.held, *other.held)
    unknown = _joined(other.unknown, one.unknown)
    # Sums by difference, as everywhere: most of two large folders may well be the same.
    sums = summed(entry.size for entry in held)
    whole = _exchanged(one.total, summed(entry.size for entry in one.held), sums)
    for before, after in changed:
        whole = _exchanged(whole, before.total, after.total)
    return _Node(
        children,
        held,
        whole,
        one.count - len(one.held) + len(held) + sum(after.count - before.count for before, after in changed),
        unknown,
        _joined(unknown, one.unknown_below, *(after.unknown_below for _, after in changed)),
    )


def _holding(held: tuple[Held, ...], node: _Node) -> _Node:
    return replace(node, held=held).resettled(node)


def _exchanged(whole: Range, old: Range, new: Range) -> Range:
    return Range(
        whole.low - old.low + new.low,
        whole.estimate - old.estimate + new.estimate,
        whole.high - old.high + new.high,
    )


def _joined(*texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for some in texts for text in some))[:_MOST_TEXTS]
