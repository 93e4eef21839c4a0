"""Make the pictures in docs/ with a headless Chromium: run it after the page or `flow` has changed.

    python scripts/screenshots.py [CHROMIUM]

Writes docs/report-light.png and docs/report-dark.png, and for each Dockerfile in docs/showcase/ what `multistage flow`
shows in a terminal and what the page of `multistage report --format html` looks like; docs/showcase.md shows them.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from rich.console import Console

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.flow.views import boxes
from multistage_cli.parser import parse
from multistage_cli.report.page import Page, collect_page
from multistage_cli.report.views import html

DOCS = Path(__file__).resolve().parent.parent / "docs"
COLUMNS = 100
WIDE = {"width": 1400, "height": 900}
CHANGED = {"shop": "go.mod", "platform": "requirements.txt", "gateway": "src/main.rs"}
"""For each showcase the file whose change its picture shows."""


def main() -> None:
    program = sys.argv[1] if len(sys.argv) > 1 else shutil.which("chromium")
    if program is None:
        sys.exit("no chromium: install it, or name it: python scripts/screenshots.py PATH")
    pages = {name: page_of(DOCS / "showcase" / name) for name in CHANGED}
    for name, page in pages.items():
        (DOCS / "showcase" / f"{name}-flow.svg").write_text(terminal(page, name), encoding="utf-8")
    with sync_playwright() as driver:
        options = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=program, args=options)
        for scheme in ("light", "dark"):
            tab = opened(browser, pages["shop"], scheme)
            tab.locator("#stages").scroll_into_view_if_needed()
            look_into(tab, "10")
            saved(tab, f"report-{scheme}.png", "stages")
            tab.context.close()
        for name, page in pages.items():
            tab = opened(browser, page, "light")
            saved(tab, f"showcase/{name}-page.png", "overview")
            tab.fill("#pick", CHANGED[name])
            tab.keyboard.press("Enter")
            saved(tab, f"showcase/{name}-change.png", "changes")
            tab.context.close()
        browser.close()


def page_of(folder: Path) -> Page:
    """The report of the Dockerfile in a folder."""
    file = folder / "Dockerfile"
    build = evaluate(
        parse(file.read_text(encoding="utf-8")),
        path="Dockerfile",
        file=file,
        context=open_context(folder, file),
    )
    return collect_page(build)


def terminal(page: Page, name: str) -> str:
    """What `multistage flow` shows, as a picture of a terminal."""
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(boxes.render(page.flow))
    return console.export_svg(title="multistage flow", unique_id=f"flow-{name}")


def opened(browser: Any, page: Page, scheme: str) -> Any:
    """The page in a tab, without anything that moves."""
    context = browser.new_context(viewport=WIDE, color_scheme=scheme, reduced_motion="reduce")
    tab = context.new_page()
    tab.set_content(html.render(page))
    return tab


def look_into(tab: Any, stage: str) -> None:
    """Choose a stage of the picture, and leave it with the mouse."""
    tab.locator(f".flow .stage[data-stage='{stage}'] .box").click()


def saved(tab: Any, name: str, section: str) -> None:
    """Save what stands on the screen where a section starts."""
    tab.evaluate("name => document.getElementById(name).scrollIntoView()", section)
    tab.wait_for_timeout(300)
    tab.screenshot(path=DOCS / name)


if __name__ == "__main__":
    main()
