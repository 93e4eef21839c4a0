"""Runs every command on projects with faults in them, for as long as it is told, and says what came out.

    python benchmarks/fuzz.py --seconds 1200               # projects drawn by chance, each by its number
    python benchmarks/fuzz.py --seconds 1200 --guided      # drawn by atheris (pip install atheris), which follows
                                                           # what the code does

The projects and what may never come out of them are those of tests/whole_path, and so is the much shorter run that
belongs to the tests. A fault is shown once, with the number or the bytes that make it again: --seed NUMBER
--seconds 0 runs that one alone. Needs a system with SIGALRM, which ends what takes too long.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

if TYPE_CHECKING:
    from tests.whole_path.projects import Project

SLOW_SECONDS = 3.0
MOST_SECONDS = 30


class Drawn(random.Random):
    """Chances that come from bytes, so that a small change of the bytes is a small change of the project."""

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self._data = data
        self._at = 0

    def getrandbits(self, k: int, /) -> int:
        """So many bits of the bytes; zeros behind their end."""
        size = (k + 7) // 8
        taken = self._data[self._at : self._at + size].ljust(size, b"\0")
        self._at += size
        return int.from_bytes(taken, "little") & ((1 << k) - 1)

    def random(self) -> float:
        """A number from 0 to 1."""
        return self.getrandbits(16) / 65536


class Campaign:
    """Counts what came out."""

    def __init__(self, seconds: float) -> None:
        self.started = time.monotonic()
        self.seconds = seconds
        self.examples = 0
        self.codes: Counter[int] = Counter()
        self.faults: Counter[str] = Counter()
        self.slowest = (0.0, "")

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() - self.started >= self.seconds

    def run(self, found: Project, origin: str) -> None:
        """Run the program on one project, which came from `origin`."""
        from tests.whole_path.answers import faults, run

        signal.alarm(MOST_SECONDS)
        try:
            answer = run(found)
            wrong = faults(found, answer)
        except Exception as error:  # the program lets nothing through: whatever comes out here is a fault
            self._note(f"{type(error).__name__}: {error}", found, origin)
            return
        finally:
            signal.alarm(0)
            self.examples += 1
        self.codes[answer.code] += 1
        self.slowest = max(self.slowest, (answer.seconds, origin))
        if answer.seconds > SLOW_SECONDS:
            wrong.append(f"slow: {answer.seconds:.1f} s")
        for fault in wrong:
            self._note(fault, found, origin)

    def _note(self, fault: str, found: Project, origin: str) -> None:
        key = re.sub(r"\d+", "N", fault[-120:])
        self.faults[key] += 1
        if self.faults[key] == 1:
            print(f"FAULT {origin} {found.arguments}\n{fault}", flush=True)

    def report(self) -> None:
        """Say what came out in all."""
        spent = time.monotonic() - self.started
        codes = ", ".join(f"{code}: {count:,}" for code, count in sorted(self.codes.items()))
        print(f"{self.examples:,} examples in {spent:,.0f} s; exit codes {codes}")
        print(
            f"{len(self.faults)} faults; the slowest example {self.slowest[0]:.1f} s ({self.slowest[1][:80]})"
        )
        print(f"CPython {platform.python_version()}, {platform.system()} {platform.machine()}", flush=True)


def by_chance(campaign: Campaign, seed: int) -> None:
    from tests.whole_path.projects import project

    while True:
        campaign.run(project(random.Random(seed)), f"seed {seed}")
        seed += 1
        if campaign.is_over:
            break
    campaign.report()


def guided(campaign: Campaign) -> None:
    import atheris

    with atheris.instrument_imports(include=["multistage_cli"]):
        _import_all()
    from tests.whole_path.projects import project

    corpus = tempfile.mkdtemp(prefix="fuzz-")

    def one(data: bytes) -> None:
        campaign.run(project(Drawn(data)), f"bytes {data.hex()}")
        if campaign.is_over:
            campaign.report()
            shutil.rmtree(corpus, ignore_errors=True)
            os._exit(0)  # libFuzzer would go on

    for number in range(_FIRST):  # what it starts from: as different as chance makes them
        chance = random.Random(number)
        Path(corpus, str(number)).write_bytes(chance.randbytes(chance.randint(100, 2000)))
    limits = ["-max_len=4096", "-len_control=0", "-timeout=0", "-rss_limit_mb=4096", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *limits, corpus], one)
    atheris.Fuzz()


_FIRST = 200


def _import_all() -> None:
    """Import the whole program while atheris looks on."""
    import pkgutil
    from importlib import import_module

    import multistage_cli

    for module in pkgutil.walk_packages(multistage_cli.__path__, "multistage_cli."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


def _too_slow(*_: Any) -> None:
    raise TimeoutError(f"more than {MOST_SECONDS} s")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--guided", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, _too_slow)
    campaign = Campaign(options.seconds)
    if options.guided:
        guided(campaign)
    else:
        by_chance(campaign, options.seed)


if __name__ == "__main__":
    main()
