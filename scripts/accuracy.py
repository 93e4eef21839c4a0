"""Writes docs/accuracy.md: today's estimates beside the sizes of images that were built.

python -m scripts.accuracy            `--check` to compare only. It needs no engine: the sizes are stored, and
python -m tests.engine.sizes.record   measures them again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from multistage_cli.facts.images import resolve
from tests.engine.sizes.proof import CaseCompared, Compared, cases_compared, single_layers, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PAGE = Path(__file__).resolve().parent.parent / "docs" / "accuracy.md"
LEAST_BYTES = 1_000_000
"""Of what is compared without its base image: a few bytes off a few bytes say nothing in percent."""
WORST = 5

HEAD = """\
# How good the estimates are

`multistage sizes` beside what an engine builds: {cases} Dockerfiles, built on {dates} with Docker {engines}, each
layer measured as `docker history` tells it. This page is made from the stored sizes and today's estimates:
`python -m scripts.accuracy`. `python -m tests.engine.sizes.record` builds everything again; the Dockerfiles are in
`tests/engine/sizes/cases`.

- **Held out** are cases that no estimator was ever tuned with; the others were open to whoever wrote one. Every kind
  of Dockerfile is in both halves. What counts is the held-out half.
- The engine had stand-ins of the base images, a few percent off the published ones (below). So here an image is
  the size that its base really had plus the estimate of every layer: an error is the layers' error alone, in percent of
  the whole image. *What is added* is the same without the base, which is harder: errors in percent of the layers.
- Nothing is fitted by regression. What was measured for the estimators (bytecode, what dpkg writes down, package lists)
  and how wide they make their ranges was set on the open half and the 44 single layers, so the held-out half stands
  where one would leave one out.
- Packages come from a mirror. Where it forbids to keep its answers pip has no cache, so two cases install from an index
  on loopback that allows what the Python Package Index allows.
- Estimates see no engine and no network: what packages weigh comes from the shipped facts, and packages move on.
- **Inside** means low <= truth <= high, to the byte. The width is high minus low, in percent of the truth.
- Sizes are MB (1,000,000 bytes), uncompressed. A `+` behind the high end: the estimate says in words that
  something of unknown size comes on top.
"""


def accuracy_page() -> str:
    """The whole page."""
    cases = cases_compared()
    head = HEAD.format(
        cases=len(cases),
        dates=" and ".join(sorted({case.truth.date for case in cases})),
        engines=" and ".join(sorted({case.truth.engine.partition("+")[0] for case in cases})),
    )
    parts = [head, *_summaries(cases), *_worst(cases), *_images(cases), *_single_layers(), *_bases(cases)]
    parts += _layers(cases)
    return "\n".join(parts)


def _summaries(cases: Sequence[CaseCompared]) -> Iterator[str]:
    held_out = [case for case in cases if not case.case.calibrated]
    open_ones = [case for case in cases if case.case.calibrated]
    rows = {
        "**images, held out**": [case.image for case in held_out],
        "images, open": [case.image for case in open_ones],
        "images, all": [case.image for case in cases],
        "what is added, held out": _large(case.added for case in held_out),
        "what is added, open": _large(case.added for case in open_ones),
        "layers of all stages, held out": _large(_compared_layers(held_out)),
        "layers of all stages, open": _large(_compared_layers(open_ones)),
        "44 single layers, open": list(single_layers()),
    }
    yield "## In short\n"
    yield "| what | number | median error | 90th percentile | inside the range | mean width |"
    yield "|---|---:|---:|---:|---:|---:|"
    for name, compared in rows.items():
        found = summary(compared)
        yield (
            f"| {name} | {found.count} | {found.median_error:.2%} | {found.ninetieth_error:.2%} |"
            f" {found.share_inside:.0%} | {found.mean_width:.1%} |"
        )
    yield (
        "\nThe aim, for images that were held out: a median error of at most 3 % and a 90th percentile of at most 10 %,"
        "\nat least 90 % inside, and a mean width of at most 20 %. Rows without a base image leave out what weighs less"
        "\nthan 1 MB.\n"
    )


def _large(compared: Iterable[Compared]) -> list[Compared]:
    return [entry for entry in compared if entry.true_bytes >= LEAST_BYTES]


def _compared_layers(cases: Iterable[CaseCompared]) -> Iterator[Compared]:
    for case in cases:
        yield from (layer.compared for layer in case.layers)


def worst(cases: Sequence[CaseCompared]) -> list[CaseCompared]:
    """The cases whose images are furthest off, the furthest first."""
    return sorted(cases, key=lambda case: (-abs(case.image.error), case.case.name))[:WORST]


def _worst(cases: Sequence[CaseCompared]) -> Iterator[str]:
    yield f"## The worst {WORST}\n"
    for case in worst(cases):
        image = case.image
        told = case.case.why or "Nobody has looked into it yet."
        yield (
            f"- **{case.case.name}** ({_set(case)}): {_mb(image.size.estimate)} MB instead of"
            f" {_mb(image.true_bytes)} MB, {_percent(image.error)}. {told}"
        )
    yield ""


def _images(cases: Sequence[CaseCompared]) -> Iterator[str]:
    yield "## Images\n"
    yield "| case | kind | set | truth | low | estimate | high | error | inside | width | error of what is added |"
    yield "|---|---|---|---:|---:|---:|---:|---:|---|---:|---:|"
    for case in cases:
        image = case.image
        added = _percent(case.added.error) if case.added.true_bytes >= LEAST_BYTES else ""
        yield (
            f"| [{case.case.name}](#{case.case.name}) | {case.case.kind} | {_set(case)} | {_numbers(image)}"
            f" | {image.width:.1%} | {added} |"
        )
    yield ""


def _layers(cases: Sequence[CaseCompared]) -> Iterator[str]:
    yield "## Layers\n"
    yield "Of every stage that the target needs; a star marks what is in the image.\n"
    for case in cases:
        yield f"### {case.case.name}\n"
        yield f"{case.case.what}; {_set(case)}.\n"
        yield "| stage | line | instruction | truth | low | estimate | high | error | inside |"
        yield "|---|---:|---|---:|---:|---:|---:|---:|---|"
        for layer in case.layers:
            star = " *" if layer.shipped else ""
            yield f"| {layer.stage}{star} | {layer.line} | {_code(layer.compared.what)} | {_numbers(layer.compared)} |"
        yield ""


def _single_layers() -> Iterator[str]:
    yield "## Single layers\n"
    yield (
        "Each the only RUN on `debian:bookworm-slim` (apt) or `python:3.11-slim` (pip), without the update of the\n"
        "package lists and their removal. Estimators were calibrated on these. The Python that built them had the\n"
        "bytecode of its library and of pip already, which published images lack, so these estimates leave it out.\n"
    )
    yield "| instruction | truth | low | estimate | high | error | inside |"
    yield "|---|---:|---:|---:|---:|---:|---|"
    for compared in single_layers():
        text = compared.what.removeprefix("apt-get update && ").removesuffix(
            " && rm -rf /var/lib/apt/lists/*"
        )
        yield f"| {_code(text)} | {_numbers(compared)} |"
    yield ""


def _bases(cases: Sequence[CaseCompared]) -> Iterator[str]:
    yield "## Base images\n"
    yield "What the engine had in place of each published image, and what the shipped catalogue says of that one.\n"
    yield "| image | stand-in | published | difference | as built on | source of the published size |"
    yield "|---|---:|---:|---:|---|---|"
    found = {
        stage.base: stage.base_bytes
        for case in cases
        for stage in case.truth.stages.values()
        if stage.base_bytes
    }
    for base, stand_in in sorted(found.items()):
        image = resolve(base).image
        size_bytes = image.size_bytes if image else None
        if image is None or size_bytes is None:
            yield f"| `{base}` | {_mb(stand_in)} | not known | | | |"
            continue
        difference = _percent((stand_in - size_bytes) / size_bytes)
        built = (image.created or "").partition("T")[0]
        yield f"| `{base}` | {_mb(stand_in)} | {_mb(size_bytes)} | {difference} | {built} | {image.source} |"
    yield ""


def _set(case: CaseCompared) -> str:
    return "open" if case.case.calibrated else "held out"


def _numbers(compared: Compared) -> str:
    size = compared.size
    more = "+" if compared.unknown else ""
    # Of a few kilobytes a percentage says nothing.
    error = _percent(compared.error) if compared.true_bytes >= LEAST_BYTES // 100 else ""
    inside = "yes" if compared.inside else "**no**"
    ends = f"{_mb(size.low)} | {_mb(size.estimate)} | {_mb(size.high)}{more}"
    return f"{_mb(compared.true_bytes)} | {ends} | {error} | {inside}"


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:,.2f}"


def _percent(share: float) -> str:
    return f"{100 * share:+.2f} %"


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence}{text.replace('|', chr(92) + '|')}{fence}"


def main() -> int:
    page = accuracy_page()
    if sys.argv[1:] == ["--check"]:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page
        if not same:
            print("docs/accuracy.md is not what the estimates say: run python -m scripts.accuracy")
        return int(not same)
    PAGE.write_text(page, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
