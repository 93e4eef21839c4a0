"""Layers beside instructions, by histories as builders write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from multistage_cli.sizes.estimate import estimate_sizes
from multistage_cli.sizes.measured.archive import HistoryEntry, Image
from multistage_cli.sizes.measured.layers import read_layer
from multistage_cli.sizes.measured.measure import measured_beside
from multistage_cli.sizes.measured.streams import ChunkStream
from tests.sizes.built import build_of
from tests.sizes.measured.archives import tar_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from multistage_cli.sizes.measured.model import Measured

SHELL = "/bin/sh -c"
BASE = (f"{SHELL} #(nop) ADD file:0123 in / ", 'CMD ["bash"]!')


def measured(
    text: str, *created_by: str, platform: str = "linux/amd64", target: str | None = None
) -> Measured:
    """An image beside the Dockerfile: layer number n weighs n + 1 bytes; `!` ends an entry without a layer."""
    entries, layers = [], 0
    for entry in created_by:
        if entry.endswith("!"):
            entries.append(HistoryEntry(entry.removesuffix("!"), None))
        else:
            entries.append(HistoryEntry(entry, layers))
            layers += 1
    return beside(text, entries, layers, platform=platform, target=target)


def beside(
    text: str,
    entries: Sequence[HistoryEntry],
    layers: int,
    *,
    platform: str = "linux/amd64",
    target: str | None = None,
) -> Measured:
    contents = [read_layer(ChunkStream(iter([tar_of({f"f{n}": n + 1})]))) for n in range(layers)]
    build = build_of(text, target=target)
    sizes = estimate_sizes(build)
    found = measured_beside(
        build, sizes, Image(platform, tuple(contents), tuple(entries)), "image.tar"
    ).measured
    assert found is not None
    assert found.size_bytes == layers * (layers + 1) // 2
    known = [line.size_bytes or 0 for line in found.lines] + [entry.size_bytes for entry in found.unmatched]
    assert found.size_bytes == (found.base_bytes or 0) + sum(known)  # nothing is lost or counted twice
    return found


def truths(found: Measured) -> dict[int, int | None]:
    return {line.line: line.size_bytes for line in found.lines}


ONE = "FROM debian:trixie-slim\n"


@pytest.mark.parametrize(
    ("instruction", "created_by"),
    [
        ("RUN make", "RUN /bin/sh -c make # buildkit"),
        ("RUN make", f"{SHELL} make"),
        ("RUN make   all && \\\n    # why\n    make", "RUN /bin/sh -c make   all &&     make # buildkit"),
        ("ARG A=1\nARG B\nRUN make", "RUN |2 A=1 B=x y /bin/sh -c make # buildkit"),
        ("ARG A=1\nRUN make", f"|1 A=1 {SHELL} make"),
        ('SHELL ["/bin/bash", "-ec"]\nRUN make', "RUN /bin/bash -ec make # buildkit"),
        ('RUN ["make", "-j", "2"]', "RUN make -j 2 # buildkit"),
        ("RUN --mount=type=cache,target=/x make", "RUN /bin/sh -c make # buildkit"),
        ("RUN <<EOF\nset -e\nmake\nEOF", "RUN /bin/sh -c set -e\nmake\n # buildkit"),
        ("RUN <<EOF\n#!/usr/bin/env python3\nprint()\nEOF", "RUN /dev/pipes/EOF # buildkit"),
        ("RUN <<-EOF cat > /f\n\ttext\n\tEOF", "RUN /bin/sh -c <<-EOF cat > /f\n\ttext\nEOF # buildkit"),
        ("COPY a b/ /dst/", "COPY a b/ /dst/ # buildkit"),
        ("COPY ./a ./", "COPY ./a ./ # buildkit"),
        ("COPY . .", "COPY . . # buildkit"),
        ("COPY --chown=1:1 --chmod=644 --link a /dst", "COPY --chown=1:1 --chmod=644 a /dst # buildkit"),
        ("COPY --from=alpine:3.22 /etc/os-release /x", "COPY /etc/os-release /x # buildkit"),
        ("ENV D=/data\nCOPY a ${D}/a", "COPY a /data/a # buildkit"),
        ('COPY ["a b", "/c d/"]', "COPY a b /c d/ # buildkit"),
        ("COPY <<EOF /here\ntext\nEOF", "COPY <<EOF /here # buildkit"),
        ("ADD https://example.org/a.tar.gz /opt/", "ADD https://example.org/a.tar.gz /opt/ # buildkit"),
        ("COPY a /dst/", f"{SHELL} #(nop) COPY file:00ff in /dst/ "),
        ("COPY a b /dst/", f"{SHELL} #(nop) COPY multi:00ff in /dst/ "),
        ("ADD a /dst", f"{SHELL} #(nop) ADD dir:00ff in /dst "),
        ("WORKDIR /app", "WORKDIR /app"),
        ("WORKDIR /app/", f"{SHELL} #(nop) WORKDIR /app"),
    ],
)  # fmt: skip
def test_every_instruction_is_found_as_builders_write_it(instruction: str, created_by: str) -> None:
    found = measured(ONE + instruction, *BASE, created_by, 'CMD ["x"]!')
    assert found.base_bytes == 1
    assert found.lines[-1].size_bytes == 2
    if len(found.lines) == 1:
        assert (found.unmatched, found.notes) == ((), ())


@pytest.mark.parametrize(
    ("instruction", "created_by"),
    [
        ("RUN make", "RUN /bin/sh -c cmake # buildkit"),
        ("RUN make", "RUN /bin/sh -c make all # buildkit"),
        ("COPY a /dst", "COPY b /dst # buildkit"),
        ("COPY a /dst", "COPY a /other # buildkit"),
        ("COPY a b /dst/", "COPY a /dst/ # buildkit"),
        ("COPY a /dst", "ADD a /dst # buildkit"),
        ("WORKDIR /app", "WORKDIR /srv"),
        ("COPY a /dst/", f"{SHELL} #(nop) COPY file:00ff in /other/ "),
        ("RUN make", 'CMD ["make"]'),
        ("RUN make", "crafted by hand"),
    ],
)
def test_another_instruction_is_not_taken_for_it(instruction: str, created_by: str) -> None:
    found = measured(ONE + instruction, *BASE, created_by)
    assert found.lines[0].size_bytes is None
    assert found.lines[0].difference_bytes is None
    assert found.base_bytes is None
    assert [entry.size_bytes for entry in found.unmatched] == [1, 2]
    assert found.notes == (
        "no instruction fits the image's history: it was built from another Dockerfile or target",
    )


STAGES = """\
FROM debian:trixie-slim AS base
WORKDIR /app
RUN one
FROM base AS builder
RUN two
FROM base
COPY --from=builder /x /y
ENV A=b
RUN three
"""


def test_stages_that_continue_each_other_are_one_image() -> None:
    found = measured(
        STAGES, *BASE, "WORKDIR /app", "RUN /bin/sh -c one # buildkit", "COPY /x /y # buildkit", "ENV A=b!",
        "RUN /bin/sh -c three # buildkit",
    )  # fmt: skip
    assert truths(found) == {2: 2, 3: 3, 7: 4, 9: 5}
    assert [line.stage for line in found.lines] == ["base", "base", "2", "2"]
    assert (found.base_bytes, found.unmatched, found.notes) == (1, (), ())


def test_a_line_that_was_changed_is_told_and_the_others_are_found() -> None:
    found = measured(
        STAGES, *BASE, "WORKDIR /app", "RUN /bin/sh -c old # buildkit", "COPY /x /y # buildkit",
        "RUN /bin/sh -c three # buildkit",
    )  # fmt: skip
    assert truths(found) == {2: 2, 3: None, 7: 4, 9: 5}
    assert [(entry.created_by, entry.size_bytes) for entry in found.unmatched] == [("RUN /bin/sh -c old", 3)]
    assert found.base_bytes == 1
    [note] = found.notes
    assert note.startswith("line 3: nothing in the image's history fits; build the image again if")


def test_without_the_first_instruction_nobody_knows_where_the_base_ends() -> None:
    found = measured(STAGES, *BASE, "RUN /bin/sh -c one # buildkit", "RUN /bin/sh -c three # buildkit")
    assert truths(found) == {2: None, 3: 2, 7: None, 9: 3}
    assert found.base_bytes is None
    assert [entry.size_bytes for entry in found.unmatched] == [1]
    assert "where the base image ends cannot be told" in found.notes[-1]


def test_a_base_image_that_was_built_with_the_same_lines() -> None:
    found = measured(
        ONE + "RUN make\nRUN make\n",
        *BASE,
        "RUN /bin/sh -c make",
        "RUN /bin/sh -c make",
        "RUN /bin/sh -c make",
    )
    assert truths(found) == {2: 3, 3: 4}
    assert found.base_bytes == 3


def test_layers_on_top_of_the_image_are_told() -> None:
    found = measured(ONE + "RUN make\n", *BASE, "RUN /bin/sh -c make", "bash")
    assert truths(found) == {2: 2}
    assert [entry.created_by for entry in found.unmatched] == ["bash"]


def test_an_instruction_without_a_layer_weighs_nothing() -> None:
    found = measured(ONE + "RUN make\nRUN true\nWORKDIR /\n", *BASE, "RUN make", "RUN true", "WORKDIR /!")
    assert truths(found) == {2: 2, 3: 3, 4: 0}


def test_nothing_on_top_of_the_base_image() -> None:
    found = measured(ONE + "CMD bash\n", *BASE)
    assert (found.base_bytes, found.lines, found.unmatched) == (1, (), ())


def test_places_are_relative_to_the_working_directory() -> None:
    text = ONE + "WORKDIR /w\nCOPY a sub/\nWORKDIR sub\nCOPY a .\n"
    found = measured(
        text, *BASE, "WORKDIR /w", "COPY a sub/ # buildkit", "WORKDIR /w/sub", "COPY a . # buildkit"
    )
    assert truths(found) == {2: 2, 3: 3, 4: 4, 5: 5}
    found = measured(
        text, *BASE, "WORKDIR /w", "COPY a /sub/ # buildkit", "WORKDIR /w/sub", "COPY a /w # buildkit"
    )
    assert truths(found) == {2: 2, 3: None, 4: 4, 5: None}


def test_what_no_file_says_fits_anything_of_its_kind() -> None:
    text = "FROM example.org/unknown\nCOPY $WHERE/a $THERE/\n"
    assert truths(measured(text, *BASE, "COPY /x/a /y/ # buildkit")) == {2: 2}


def test_scratch_has_no_layers() -> None:
    found = measured("FROM scratch\nCOPY a /\n", "COPY a / # buildkit")
    assert (found.base_bytes, truths(found)) == (0, {2: 1})
    found = measured("FROM scratch\nCOPY a /\n", "ADD rootfs.tar / # buildkit", "COPY a / # buildkit")
    assert (found.base_bytes, len(found.unmatched), truths(found)) == (0, 1, {2: 2})


def test_merged_layers_are_told() -> None:
    text = ONE + "COPY a /\nRUN one\nRUN two\n"
    found = measured(text, f"{SHELL} #(nop) COPY file:1 in /!", f"{SHELL} one!", f"{SHELL} two")
    assert truths(found) == {2: None, 3: None, 4: None}
    assert found.base_bytes is None
    assert found.notes == ("the image's layers were merged into one, so only the sum can be compared",)


def test_no_history() -> None:
    found = beside(STAGES, (), 3)
    assert set(truths(found).values()) == {None}
    assert found.notes == (
        "the image's history does not say which layer is whose, so only the sum can be compared",
    )


def test_another_platform_is_told() -> None:
    found = measured(ONE + "RUN make", *BASE, "RUN make", platform="linux/arm64")
    assert found.notes == (
        "the image is for linux/arm64, the estimate for linux/amd64; estimate for the same with --platform linux/arm64",
    )


def test_estimate_less_truth() -> None:
    found = measured(ONE + "COPY <<EOF /here\ntext\nEOF\n", *BASE, "COPY <<EOF /here")
    [line] = found.lines
    assert (line.estimate.estimate, line.size_bytes, line.difference_bytes, line.is_within) == (
        5,
        2,
        3,
        False,
    )


def test_very_long_histories() -> None:
    text = ONE + "".join(f"RUN make {number}\n" for number in range(200))
    created = [f"RUN /bin/sh -c make {number} # buildkit" for number in range(200)]
    found = measured(text, *BASE, *(["RUN x!"] * 3000), *created)
    assert all(line.size_bytes for line in found.lines)
