"""Times the graph of Dockerfiles with many stages: python benchmarks/stages_growth.py."""

from __future__ import annotations

import time

from multistage_cli.build.stages import build_graph
from multistage_cli.parser import parse

COUNTS = (100, 1_000, 5_000, 20_000)


def chain(count: int) -> str:
    """Each stage starts from the one before and copies from one half as far."""
    lines = ["FROM scratch AS s0"]
    for index in range(1, count):
        lines += [f"FROM s{index - 1} AS s{index}", f"COPY --from=s{index // 2} /f /"]
    return "\n".join(lines) + "\n"


def circle(count: int) -> str:
    """Each stage copies from the next, and the last from the first."""
    return "".join(
        f"FROM scratch AS s{index}\nCOPY --from=s{(index + 1) % count} /f /\n" for index in range(count)
    )


def main() -> None:
    print(f"{'stages':>8}{'chain, ms':>12}{'circle, ms':>12}")
    for count in COUNTS:
        cells = []
        for text in (chain(count), circle(count)):
            dockerfile = parse(text)
            start = time.perf_counter()
            build_graph(dockerfile)
            cells.append((time.perf_counter() - start) * 1000)
        print(f"{count:8}{cells[0]:12.0f}{cells[1]:12.0f}")


if __name__ == "__main__":
    main()
