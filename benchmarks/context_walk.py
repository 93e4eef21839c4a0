"""How long the walk over a large build context takes, beside `find` and `du`.

Makes 200,000 files in a folder of its own and removes them afterwards:

    python benchmarks/context_walk.py [--files 200000] [--repeat 3]

Each row is the best of the repeats, with the disk's cache warm for everyone. Processor seconds tell more than
those on the clock where other programs run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from multistage_cli.build.context import open_context

if TYPE_CHECKING:
    from collections.abc import Callable

FILES_PER_FOLDER = 40
KINDS = (".py", ".pyc", ".js", ".map", ".txt", ".log", ".md", ".json")

# A short list, and one as long as those that project templates bring along.
SHORT = "node_modules\n.git\n*.log\n"
TEMPLATE = """\
**/.DS_Store
**/__pycache__
**/.venv
**/.classpath
**/.dockerignore
**/.env
**/.git
**/.gitignore
**/.project
**/.settings
**/.toolstarget
**/.vs
**/.vscode
**/*.*proj.user
**/*.dbmdl
**/*.jfm
**/bin
**/charts
**/docker-compose*
**/compose.y*ml
**/Dockerfile*
**/node_modules
**/npm-debug.log
**/obj
**/secrets.dev.yaml
**/values.dev.yaml
LICENSE
README.md
"""
EXCEPTIONS = "**/*.log\n**/*.map\n*.txt\npackage1*\n!package1*/**/module*.py\n!package10/**\n"


def make_files(root: Path, files: int) -> None:
    """Packages with folders and files in them, three levels deep."""
    made = 0
    while made < files:
        number = made // FILES_PER_FOLDER
        folder = root / f"package{number // 20}" / f"part{number % 20}"
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(min(FILES_PER_FOLDER, files - made)):
            descriptor = os.open(
                folder / f"module{index}{KINDS[index % len(KINDS)]}", os.O_CREAT | os.O_WRONLY
            )
            os.write(descriptor, b"x" * index)
            os.close(descriptor)
        made += FILES_PER_FOLDER


def best(action: Callable[[], object], repeat: int) -> tuple[float, float, object]:
    """The fewest seconds of the repeats, by the clock and of the processor, and what came of it."""
    clock: list[float] = []
    processor: list[float] = []
    result: object = None
    for _ in range(repeat):
        start, before = time.perf_counter(), sum(os.times()[:4])
        result = action()
        clock.append(time.perf_counter() - start)
        processor.append(sum(os.times()[:4]) - before)
    return min(clock), min(processor), result


def ours(root: Path, ignore: str) -> Callable[[], object]:
    """Opens the context anew each time, so that nothing is remembered from the last."""

    def walk() -> int:
        (root / ".dockerignore").write_text(ignore, encoding="utf-8")
        return sum(1 for entry in open_context(root, None).entries() if entry.kind == "file")

    return walk


def totals(root: Path, ignore: str) -> Callable[[], object]:
    """The sum of all sizes, as for `COPY . .`, and then once more from memory."""

    def count() -> int:
        (root / ".dockerignore").write_text(ignore, encoding="utf-8")
        context = open_context(root, None)
        context.size_of(["."])
        return context.size_of(["."]).files

    return count


def command(*arguments: str) -> Callable[[], object]:
    """A command whose output is counted by lines."""

    def run() -> int:
        output = subprocess.run(arguments, capture_output=True, check=True).stdout
        return output.count(b"\n")

    return run


def python_walk(root: Path) -> Callable[[], object]:
    """The bare minimum in Python: os.walk and a stat for each file."""

    def walk() -> int:
        return sum(1 for folder, _, names in os.walk(root) for name in names if os.lstat(f"{folder}/{name}"))

    return walk


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="multistage-benchmark-"))
    try:
        make_files(root, options.files)
        rows: list[tuple[str, Callable[[], object]]] = [
            ("entries, nothing ignored", ours(root, "")),
            ("entries, 3 patterns", ours(root, SHORT)),
            ("entries, 28 patterns of a template", ours(root, TEMPLATE)),
            ("entries, 4 patterns and 2 exceptions", ours(root, EXCEPTIONS)),
            ("size_of COPY . ., twice, 3 patterns", totals(root, SHORT)),
            ("os.walk and os.lstat", python_walk(root)),
        ]
        if shutil.which("find"):
            rows.append(("find -type f -size +0", command("find", str(root), "-type", "f", "-size", "+0")))
        if shutil.which("du"):
            rows.append(("du -s", command("du", "-s", str(root))))
        print(f"{options.files:,} files, best of {options.repeat}\n")
        print(f"{'':40}{'clock s':>9}{'processor s':>13}{'µs a file':>11}{'found':>10}")
        for label, action in rows:
            clock, processor, found = best(action, options.repeat)
            per_file = processor / options.files * 1e6
            print(f"{label:40}{clock:9.2f}{processor:13.2f}{per_file:11.2f}{found:>10}", flush=True)
    finally:
        shutil.rmtree(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
