"""How long `cache` takes for a large build context, beside hashing that build context once.

    python benchmarks/cache_context.py [FILES] [INSTRUCTIONS]

Makes the files in the temporary folder (100,000 of 1 to 8 kB by default, 450 MB) and an earlier state of them, and
prints the table of benchmarks/README.md.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from multistage_cli.build.context import ContextDigests, Selector, open_context
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.cache.changes import Named, question_of_builds, question_of_named, with_advice
from multistage_cli.cache.invalidation import Question, predict
from multistage_cli.parser import parse

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = 100_000
INSTRUCTIONS = 200
PER_FOLDER = 100
FOLDERS_PER_TOP = 100
ROUNDS = 3
STAGES = 4


def make(root: Path, count: int) -> list[Path]:
    """Files in folders of a hundred, ten thousand below each top folder."""
    block = os.urandom(8192)
    tops = []
    for number in range(count):
        folder = root / f"top{number // (PER_FOLDER * FOLDERS_PER_TOP)}" / f"d{number // PER_FOLDER}"
        if number % PER_FOLDER == 0:
            folder.mkdir(parents=True, exist_ok=True)
            tops.append(folder)
        size = 1024 + number * 37 % 7168
        (folder / f"f{number}.txt").write_bytes(number.to_bytes(8, "big") + block[:size])
    return tops


def dockerfile(folders: list[Path], root: Path, count: int) -> str:
    """Stages that copy single folders, top folders and everything, with RUN lines between."""
    lines = []
    for number in range(count):
        place = number % (count // STAGES)
        if place == 0:
            lines.append(f"FROM debian:bookworm-slim AS s{number}")
        elif place == count // STAGES - 1:
            lines.append("COPY . /everything")
        elif number % 2 == 0:
            lines.append(f"RUN echo {number} > /log")
        elif number % 4 == 1:
            folder = folders[number * 7 % len(folders)].relative_to(root).as_posix()
            lines.append(f"COPY {folder} /some/{number}/")
        else:
            lines.append(f"ENV V{number}={number}")
    sources = [line.split()[-1] for line in lines if line.startswith("FROM")][:-1]
    lines += [f"COPY --from={name} /log /{name}" for name in sources]
    return "\n".join(lines) + "\n"


def hash_once(root: Path) -> int:
    """Every file read and hashed, as plainly as it can be done: what there is to beat."""
    count = 0
    for folder, _, names in os.walk(root):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:  # noqa: PTH118, PTH123
                hashlib.sha256(file.read()).digest()
            count += 1
    return count


def best(action: Callable[[], object]) -> tuple[float, float]:
    """The shortest of a few rounds: on the clock, and of the processor."""
    rounds = []
    for _ in range(ROUNDS):
        start, spent = time.perf_counter(), time.process_time()
        action()
        rounds.append((time.perf_counter() - start, time.process_time() - spent))
    return min(clock for clock, _ in rounds), min(spent for _, spent in rounds)


def main(files: int, instructions: int) -> None:
    with tempfile.TemporaryDirectory(prefix="multistage-cache-") as name:
        after, before = Path(name, "after"), Path(name, "before")
        folders = make(after, files)
        text = dockerfile(folders, after, instructions)
        (after / "Dockerfile").write_text(text, encoding="utf-8")
        shutil.copytree(after, before)
        changed = folders[0] / "f1.txt"
        changed.write_bytes(changed.read_bytes()[:-1] + b"!")
        path = changed.relative_to(after).as_posix()

        def build(root: Path) -> Build:
            return evaluate(parse(text), context=open_context(root), file=root / "Dockerfile")

        def ask(question: Question) -> None:
            report = with_advice(predict(question), question)
            if report.first_broken is None:
                raise RuntimeError("nothing re-runs")

        named, pattern = Named((path,)), Named(("**/*7.txt",))
        rows = {
            "every file read and hashed once": lambda: hash_once(after),
            "the same with names, modes and .dockerignore": lambda: ContextDigests(open_context(after)).of(
                Selector((".",))
            ),
            "`--changed` with one file": lambda: ask(question_of_named(build(after), named)),
            "`--changed` with a pattern, 10 % of the files": lambda: ask(
                question_of_named(build(after), pattern)
            ),
            "`--before`: two folders compared": lambda: ask(
                question_of_builds(build(before), build(after), None, "before")
            ),
        }
        measured = {what: best(action) for what, action in rows.items()}
        once = next(iter(measured.values()))
        lines = len(text.splitlines())
        print(f"{files:,} files, {lines} instructions; best of {ROUNDS}, the cache warm\n")
        print("| what | seconds | of hashing once | processor seconds | of hashing once |")
        print("|---|---:|---:|---:|---:|")
        for what, (clock, spent) in measured.items():
            print(f"| {what} | {clock:.2f} | {clock / once[0]:.2f} | {spent:.2f} | {spent / once[1]:.2f} |")
        print(f"\n{platform.system()} {platform.machine()}, CPython {platform.python_version()}, one process")


if __name__ == "__main__":
    numbers = [int(word.replace(",", "")) for word in sys.argv[1:]]
    main(*(numbers + [FILES, INSTRUCTIONS][len(numbers) :]))
