"""The layered layout: what no picture may have, whatever the graph is."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multistage_cli.flow.layered import MOST_ACROSS, Layout, Link, lay_out

SIZE = (100.0, 50.0)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[tuple[float, float]], list[Link]]:
    count = draw(st.integers(1, 25))
    sizes = draw(
        st.lists(
            st.tuples(st.floats(20, 400, width=16), st.floats(20, 200, width=16)),
            min_size=count,
            max_size=count,
        )
    )
    ends = st.integers(0, count - 1)
    links = draw(st.lists(st.tuples(ends, ends, st.sampled_from("ab")), max_size=60))
    return sizes, [Link(*link) for link in links]


def overlap(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return first[0] < second[1] - 0.01 and second[0] < first[1] - 0.01


def sides(layout: Layout, sizes: list[tuple[float, float]], box: int) -> tuple[tuple[float, float], ...]:
    (x, y), (width, height) = layout.boxes[box], sizes[box]
    return (x, x + width), (y, y + height)


@settings(max_examples=200)
@given(graphs())
def test_no_boxes_overlap_and_no_line_crosses_a_box(
    graph: tuple[list[tuple[float, float]], list[Link]],
) -> None:
    sizes, links = graph
    layout = lay_out(sizes, links)
    places = [sides(layout, sizes, box) for box in range(len(sizes))]
    for (x, y), (other_x, other_y) in combinations(places, 2):
        assert not (overlap(x, other_x) and overlap(y, other_y))
    for x, y in places:
        assert -0.01 <= x[0] <= x[1] <= layout.width + 0.01
        assert -0.01 <= y[0] <= y[1] <= layout.height + 0.01
    for link, route in zip(links, layout.routes, strict=True):
        if link.source >= link.to:
            assert route is None
            continue
        assert route is not None
        (start_x, start_y), (end_x, end_y) = route[0], route[-1]
        assert start_y == pytest.approx(places[link.source][1][1])
        assert end_y == pytest.approx(places[link.to][1][0])
        assert places[link.source][0][0] <= start_x <= places[link.source][0][1]
        assert places[link.to][0][0] <= end_x <= places[link.to][0][1]
        for (x, y), (to_x, to_y) in pairwise(route):
            assert y <= to_y
            piece = (min(x, to_x), max(x, to_x) + 0.1), (y, to_y)
            assert not any(overlap(piece[0], box[0]) and overlap(piece[1], box[1]) for box in places)


@settings(max_examples=50)
@given(graphs())
def test_rows_are_of_a_width_that_fits_a_page(graph: tuple[list[tuple[float, float]], list[Link]]) -> None:
    layout = lay_out(*graph)
    tops = [y for _, y in layout.boxes]
    assert max(tops.count(top) for top in tops) <= MOST_ACROSS


def test_a_chain_is_straight() -> None:
    layout = lay_out([SIZE] * 5, [Link(number, number + 1, "a") for number in range(4)])
    assert len({x for x, _ in layout.boxes}) == 1
    assert layout.width == SIZE[0]


def test_lines_of_one_bundle_run_together() -> None:
    #  0 feeds 1, which feeds 2, which feeds 3 and 4; 0 feeds 3 and 4 as well, past 1 and 2
    links = [
        Link(0, 1, "a"),
        Link(1, 2, "a"),
        Link(2, 3, "a"),
        Link(2, 4, "a"),
        Link(0, 3, "b"),
        Link(0, 4, "b"),
    ]
    routes = lay_out([SIZE] * 5, links).routes
    left, right = routes[4], routes[5]
    assert left is not None
    assert right is not None
    assert left[:-1] == right[:-1]
    assert left[-1] != right[-1]


def test_what_nothing_feeds_stands_right_above_what_it_feeds() -> None:
    links = [Link(0, 1, "a"), Link(1, 2, "a"), Link(2, 4, "a"), Link(3, 4, "a")]
    layout = lay_out([SIZE] * 5, links)
    assert layout.boxes[3][1] == layout.boxes[2][1]


def test_order_avoids_crossings() -> None:
    #  0 feeds 3, 1 feeds 2: as numbered the lines would cross
    layout = lay_out([SIZE] * 4, [Link(0, 3, "a"), Link(1, 2, "a")])
    x = [corner[0] for corner in layout.boxes]
    assert (x[0] < x[1]) == (x[3] < x[2])


def test_nothing_at_all() -> None:
    assert lay_out([], []) == Layout((), (), 0.0, 0.0)


def test_thousands_of_long_lines_are_not_all_drawn() -> None:
    count = 3000
    links = [Link(number, number + 1, "a") for number in range(count - 1)]
    links += [Link(number, count - 1, "b") for number in range(0, count - 2, 2)]
    routes = lay_out([SIZE] * count, links).routes
    assert all(routes[: count - 1])
    assert routes.count(None) > 1000
    assert sum(len(route) for route in routes if route) < 20_000
