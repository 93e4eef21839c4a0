"""The page against hostile Dockerfiles, and a large one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Opened, rendered, shown_details
from tests.report.large import dockerfile_of

ATTACKS = [
    "<img/src=x/onerror=window.__pwned=1>",
    "</script><script>window.__pwned=1</script>",
    "</title><script>window.__pwned=1</script>",
    '"><svg/onload=window.__pwned=1>',
    "'onfocus='window.__pwned=1'autofocus='",
    "<!--<script>",
    "javascript:window.__pwned=1",
    "\u202e\u2066<b>\u2069",
    "\x1b[31m\x1b]8;;https://example.com\x07",
    "</style><style>*{display:none}</style>",
    "x" * 2000,
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_dockerfile_runs_nothing(show: Callable[..., Opened], tmp_path: Path, attack: str) -> None:
    text = (
        f"ARG A={attack}\nFROM alpine:3.22 AS {attack}\nLABEL a={attack}\nRUN echo {attack} && sudo {attack}\n"
        f"COPY {attack} /{attack}/\nFROM scratch\nCOPY --from=0 /{attack} /{attack}\nUSER {attack}\n"
        f"EXPOSE {attack}\nCMD {attack}\n"
    )
    file = tmp_path / "Dockerfile"
    file.write_text(text)
    name = attack.replace("/", "").replace("\x00", "")[:100]
    (tmp_path / name).write_text("")
    opened = show(rendered(file, label=attack), viewport={"width": 500, "height": 800})
    page = opened.page
    page.locator("#picks button").first.click()
    page.locator(".flow .stage[data-stage='1'] .box").click()
    page.evaluate("document.querySelectorAll('button.copy').forEach(button => button.click())")
    assert page.evaluate("window.__pwned") is None
    assert page.locator("main").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 500
    assert page.evaluate("document.scripts.length") == 2
    assert opened.is_quiet()


def test_policy_refuses_what_is_put_in_afterwards(show: Callable[..., Opened], shop: str) -> None:
    smuggled = shop.replace(
        "</main>", "<script>window.__pwned=1</script><img src=x onerror='window.__pwned=1'></main>"
    )
    opened = show(smuggled)
    assert opened.page.evaluate("window.__pwned") is None
    assert len([error for error in opened.errors if "Content Security Policy" in error]) >= 2
    assert opened.requests == ["https://report.invalid/page.html"]


def test_page_of_500_instructions(show: Callable[..., Opened], tmp_path: Path) -> None:
    dockerfile_of(500, tmp_path)
    content = rendered(tmp_path / "Dockerfile")
    assert len(content.encode()) < 300_000
    opened = show(content)
    page = opened.page
    assert page.locator(".source li").count() == 500
    page.locator("#picks button").first.click()
    assert page.locator("#answer").is_visible()
    page.locator(".flow a").last.dispatch_event("click")
    assert len(shown_details(page)) == 1
    assert opened.is_quiet()
