"""A real Chromium, headless; tests are skipped where there is none, unless MULTISTAGE_REQUIRE_BROWSER=1."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse
from multistage_cli.report.page import collect_page
from multistage_cli.report.views import html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHOWCASE = Path(__file__).parents[2] / "docs" / "showcase"
ADDRESS = "https://report.invalid/page.html"
"""A name that no network answers: the page comes from memory."""


@dataclass
class Opened:
    """A page in the browser and what happened in it.

    Attributes:
        page: playwright's.
        errors: what the console said, exceptions and dialogs.
        requests: all addresses that were asked for.
    """

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def is_quiet(self) -> bool:
        """Whether nothing happened but the page itself being loaded."""
        return self.errors == [] and self.requests == [ADDRESS]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    program = (
        os.environ.get("MULTISTAGE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    reason = ""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        reason = "playwright is not installed"
    if program is None:
        reason = "there is no chromium"
    if reason:
        if os.environ.get("MULTISTAGE_REQUIRE_BROWSER") == "1":
            pytest.fail(f"MULTISTAGE_REQUIRE_BROWSER=1, but {reason}")
        pytest.skip(reason)
    # Chromium does not sandbox itself for root.
    options = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=options)
        yield started
        started.close()


@pytest.fixture
def show(browser: Any) -> Iterator[Callable[..., Opened]]:
    """Show a page; keywords are those of playwright's `new_context`."""
    contexts = []

    def open_page(content: str, **options: Any) -> Opened:
        context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}, **options})
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin="https://report.invalid")
        page = context.new_page()
        page.set_default_timeout(10_000)
        opened = Opened(page)
        page.on("console", lambda message: opened.errors.append(message.text))
        page.on("pageerror", lambda error: opened.errors.append(str(error)))

        def refuse(dialog: Any) -> None:
            opened.errors.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        page.on("dialog", refuse)

        def answer(route: Any) -> None:
            opened.requests.append(route.request.url)
            if route.request.url == ADDRESS:
                route.fulfill(body=content, content_type="text/html; charset=utf-8")
            else:
                route.abort()

        context.route("**/*", answer)
        page.goto(ADDRESS)
        return opened

    yield open_page
    for context in contexts:
        context.close()


def rendered(file: Path, *, label: str = "Dockerfile") -> str:
    """The page of a Dockerfile on disk."""
    build = evaluate(parse(file.read_text()), path=label, file=file, context=open_context(file.parent, file))
    return html.render(collect_page(build))


@pytest.fixture(scope="session")
def shop() -> str:
    """The page of the web shop in the showcase."""
    return rendered(SHOWCASE / "shop" / "Dockerfile")


def shown_details(page: Any) -> list[str]:
    return page.eval_on_selector_all(
        ".detail", "found => found.filter(each => each.offsetHeight).map(each => each.id)"
    )
