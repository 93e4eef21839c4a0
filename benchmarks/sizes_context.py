"""How long `multistage sizes` takes for a large build context, beside `du` on the same files.

    python benchmarks/sizes_context.py [--files 200000] [--repeat 5]

Makes the files in a folder of its own, removes them afterwards, and prints the table of benchmarks/README.md. All
are programs of their own, started anew each time and in turn; the disk's cache is warm for everyone.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from context_walk import SHORT, TEMPLATE, make_files

DOCKERFILE = "FROM debian:bookworm-slim\nWORKDIR /app\nCOPY . .\n"
SIZES = (sys.executable, "-m", "multistage_cli", "sizes", "--format", "json")
HALF = "package1*\n"


@dataclass(frozen=True, slots=True)
class Row:
    """A program, with what lies in .dockerignore while it runs."""

    what: str
    command: tuple[str, ...]
    ignore: str = ""
    empty: bool = False


ROWS = (
    Row("`du -sb`", ("du", "-sb", ".")),
    Row("`du -s --apparent-size`", ("du", "-s", "--apparent-size", ".")),
    Row("`multistage sizes`, an empty folder", SIZES, empty=True),
    Row("`multistage sizes`, no .dockerignore", SIZES),
    Row("`multistage sizes`, 3 patterns", SIZES, SHORT),
    Row("`multistage sizes`, 28 patterns of a template", SIZES, TEMPLATE),
    Row("`multistage sizes`, half of the files left out", SIZES, HALF),
)


def timed(row: Row, folder: Path) -> tuple[float, float]:
    """Seconds on the clock and of the processor, for one start of the program."""
    (folder / ".dockerignore").write_text(row.ignore, encoding="utf-8")
    before, start = os.times(), time.perf_counter()
    subprocess.run(row.command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    clock, after = time.perf_counter() - start, os.times()
    used = after.children_user - before.children_user + after.children_system - before.children_system
    return clock, used


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="sizes-context-"))
    full, empty = work / "full", work / "empty"
    found: dict[str, list[tuple[float, float]]] = {row.what: [] for row in ROWS}
    try:
        make_files(full, options.files)
        empty.mkdir()
        for folder in (full, empty):
            (folder / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
        for row in ROWS:  # warms the cache, and compiles what Python has not compiled yet
            timed(row, empty if row.empty else full)
        for _ in range(options.repeat):
            for row in ROWS:
                found[row.what].append(timed(row, empty if row.empty else full))
    finally:
        shutil.rmtree(work)
    print(f"{options.files:,} files; medians of {options.repeat}; {platform.python_version()}\n")
    print("| what | seconds | of `du -sb` | processor s | of `du -sb` |")
    print("|---|---:|---:|---:|---:|")
    medians = {
        what: tuple(statistics.median(values) for values in zip(*times, strict=True))
        for what, times in found.items()
    }
    clock_of_du, processor_of_du = medians[ROWS[0].what]
    for what, (clock, processor) in medians.items():
        print(
            f"| {what} | {clock:.2f} | {clock / clock_of_du:.1f} | {processor:.2f} |"
            f" {processor / processor_of_du:.1f} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
