"""How long does the page of a Dockerfile of 500 instructions take to make, to load and to answer?

    apt-get install chromium
    pip install -e '.[dev]'
    python benchmarks/page.py

Prints the table of the README: the program's whole run with `report --format html`, from start to exit, and what a
headless Chromium then needs, each page in a tab of its own: from the start of the navigation to the end of its load
event, and from a click on a stage to the next frame after the stage's words are shown.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.report.large import dockerfile_of  # noqa: E402 - from the checkout, where the tests are no package

RUNS = 5
INSTRUCTIONS = 500
LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"
ANSWERED = """() => new Promise((resolve) => {
  const link = document.querySelector(".flow a[href='#stage-0']");
  const start = performance.now();
  link.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  if (!document.getElementById("stage-0").offsetHeight) throw new Error("the stage's words are not shown");
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
})"""


def main() -> None:
    program = sys.argv[1] if len(sys.argv) > 1 else shutil.which("chromium")
    if program is None:
        sys.exit("no chromium: install it, or name it: python benchmarks/page.py PATH")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dockerfile_of(INSTRUCTIONS, folder)
        page = folder / "page.html"
        made = [made_once(folder, page) for _ in range(RUNS)]
        shown = in_browser(program, page)
        size_bytes = page.stat().st_size
    print(f"{INSTRUCTIONS} instructions, {size_bytes:,} bytes, medians of {RUNS}\n")
    print("| what | milliseconds | processor ms |\n|---|---:|---:|")
    print(f"| make the page | {middle(made, 0)} | {middle(made, 1)} |")
    print(f"| navigation to load event | {middle(shown, 0)} | |")
    print(f"| click on a stage to its words | {middle(shown, 1)} | |")


def made_once(folder: Path, page: Path) -> tuple[float, float]:
    """Seconds by the clock and of the processor to write the page."""
    command = [sys.executable, "-m", "multistage_cli", "report", str(folder / "Dockerfile")]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, "--format", "html", "--output", str(page)], check=True, cwd=ROOT)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def in_browser(program: str, page: Path) -> list[tuple[float, float]]:
    """Seconds to load it and to answer the first click, run by run."""
    with sync_playwright() as driver:
        browser: Any = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        found = [shown_once(browser, page) for _ in range(RUNS)]
        browser.close()
    return found


def shown_once(browser: Any, page: Path) -> tuple[float, float]:
    context = browser.new_context(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(page.as_uri(), wait_until="load")
    tab.wait_for_function("performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
    loaded, answered = tab.evaluate(LOADED), tab.evaluate(ANSWERED)
    context.close()
    return loaded / 1000, answered / 1000


def middle(found: list[tuple[float, float]], place: int) -> str:
    return f"{statistics.median(entry[place] for entry in found) * 1000:,.0f}"


if __name__ == "__main__":
    main()
