"""The page in a real browser: every control, by mouse and by keyboard, and nothing that a Dockerfile smuggles in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse
from multistage_cli.report.page import collect_page, with_difference
from multistage_cli.report.views import html
from multistage_cli.terminal.revisions import OtherBuild
from tests.browser.conftest import SHOWCASE, Opened, rendered, shown_details

if TYPE_CHECKING:
    from collections.abc import Callable


FINDINGS = """\
FROM alpine:3.22 AS build
RUN sudo ls
RUN cd /tmp
FROM scratch
COPY --from=build /bin/busybox /bin/
CMD busybox
"""


def html_of(text: str, label: str = "Dockerfile") -> str:
    return html.render(collect_page(evaluate(parse(text), path=label)))


def texts(page: Any, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


def lit(page: Any) -> list[str]:
    return page.eval_on_selector_all(".source .lit", "found => found.map(line => line.id)")


@pytest.mark.parametrize("name", ["shop", "platform", "gateway"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_opens_quietly(show: Callable[..., Opened], name: str, scheme: str) -> None:
    opened = show(rendered(SHOWCASE / name / "Dockerfile"), color_scheme=scheme)
    paper = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(13, 17, 23)")
    assert opened.is_quiet()


@pytest.mark.parametrize("width", [320, 400, 768, 1400])
def test_nothing_sticks_out(show: Callable[..., Opened], shop: str, width: int) -> None:
    opened = show(shop, viewport={"width": width, "height": 800})
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


def test_theme_is_toggled_and_kept(show: Callable[..., Opened], shop: str) -> None:
    opened = show(shop, color_scheme="light")
    page = opened.page
    button = page.get_by_role("button", name="Use dark colours")
    button.click()
    paper, drawn = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor,"
        " getComputedStyle(document.querySelector('.flow .paper')).fill]"
    )
    assert paper == drawn == "rgb(13, 17, 23)"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_role("button", name="Use light colours").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert opened.errors == []


def test_stage_is_clicked(show: Callable[..., Opened], shop: str) -> None:
    opened = show(shop)
    page = opened.page
    assert shown_details(page) == ["stage-11"]  # the target
    page.locator(".flow .stage[data-stage='8'] .box").click()
    assert shown_details(page) == ["stage-8"]
    assert lit(page) == [f"L{line}" for line in (37, 38)]
    assert "api-build" in page.locator("#said").inner_text()
    assert "chosen" in page.locator(".flow a[href='#stage-8']").get_attribute("class")
    assert "RUN CGO_ENABLED=0 go build" in page.locator("#stage-8 .steps").inner_text()
    assert opened.is_quiet()


def test_arrow_is_clicked(show: Callable[..., Opened], shop: str) -> None:
    opened = show(shop)
    page = opened.page
    page.locator(".flow .arrow[data-from='10'][data-to='11'] .hit").dispatch_event("click")
    (chosen,) = shown_details(page)
    words = page.locator(f"#{chosen}").inner_text()
    assert "assets → runtime" in words
    assert "/assets/dist" in words
    assert "/srv/shop/public/images/" in words
    assert lit(page) == ["L58", "L59"]
    page.locator(f"#{chosen} h3 a").first.click()
    assert shown_details(page) == ["stage-10"]
    assert opened.is_quiet()


def test_hover_traces_and_shows(show: Callable[..., Opened], shop: str) -> None:
    from playwright.sync_api import expect

    page = show(shop).page
    page.locator(".flow .stage[data-stage='0'] .box").hover()
    expect(page.locator("svg.flow")).to_have_class(re.compile("tracing"))
    on = page.eval_on_selector_all(".flow .stage.on", "found => found.map(stage => stage.dataset.stage)")
    assert sorted(on) == ["0", "1", "2"]
    assert shown_details(page) == ["stage-0"]
    page.locator("h1").hover()
    expect(page.locator("svg.flow")).not_to_have_class(re.compile("tracing"))
    assert shown_details(page) == ["stage-11"]


def test_picture_by_keyboard(show: Callable[..., Opened], shop: str) -> None:
    opened = show(shop)
    page = opened.page
    page.locator("#graph").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#stage-0"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#stage-1"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "FROM node-base"
    page.keyboard.press("Enter")
    assert page.locator(".detail.shown").get_attribute("class").split()[1] == "arrow-detail"
    page.keyboard.press("End")
    last = page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#stage-0"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == last
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    assert shown_details(page) == ["stage-0"]
    assert page.eval_on_selector_all(".flow [tabindex='0']", "found => found.length") == 1
    page.keyboard.press("Escape")
    assert lit(page) == []
    assert opened.is_quiet()


def test_picture_is_made_larger_and_smaller(show: Callable[..., Opened], shop: str) -> None:
    page = show(shop).page
    width = "document.querySelector('svg.flow').getBoundingClientRect().width"
    before = page.evaluate(width)
    page.get_by_role("button", name="Larger picture").click()
    assert page.evaluate(width) == pytest.approx(before * 1.25, rel=0.01)
    page.get_by_role("button", name="Smaller picture").click()
    page.get_by_role("button", name="Fit").click()
    drawn = page.locator("svg.flow").bounding_box()
    _, _, wide, high = map(float, page.locator("svg.flow").get_attribute("viewBox").split())
    assert drawn["width"] / drawn["height"] == pytest.approx(wide / high, rel=0.01)  # no empty stripes
    assert page.evaluate(width) <= page.evaluate("document.getElementById('graph').clientWidth") + 1


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("name", ["shop", "platform", "gateway"])
@pytest.mark.parametrize("width", [1100, 1300, 1400, 1900])
def test_picture_fits_its_frame(show: Callable[..., Opened], name: str, width: int, javascript: bool) -> None:
    content = rendered(SHOWCASE / name / "Dockerfile")
    page = show(content, viewport={"width": width, "height": 900}, java_script_enabled=javascript).page
    frame = page.locator("#graph").bounding_box()
    last = page.locator("svg.flow").bounding_box()
    assert frame is not None
    assert last is not None
    assert last["x"] >= frame["x"]
    assert last["x"] + last["width"] <= frame["x"] + frame["width"] + 1
    assert last["height"] <= frame["height"]


@pytest.mark.parametrize("javascript", [True, False])
def test_picture_stays_readable_and_scrolls(show: Callable[..., Opened], shop: str, javascript: bool) -> None:
    page = show(shop, viewport={"width": 400, "height": 800}, java_script_enabled=javascript).page
    frame, picture = page.locator("#graph").bounding_box(), page.locator("svg.flow").bounding_box()
    natural = float(page.locator("svg.flow").get_attribute("width"))
    assert picture["width"] == pytest.approx(natural * 0.55, abs=1)
    assert frame["width"] < picture["width"]


def test_picture_follows_the_window_until_it_is_zoomed(show: Callable[..., Opened], shop: str) -> None:
    page = show(shop, viewport={"width": 1400, "height": 900}).page
    width = "document.querySelector('svg.flow').getBoundingClientRect().width"
    before = page.evaluate(width)
    page.set_viewport_size({"width": 1300, "height": 900})
    assert page.evaluate(width) < before
    page.get_by_role("button", name="Larger picture").click()
    zoomed = page.evaluate(width)
    page.set_viewport_size({"width": 1400, "height": 900})
    assert page.evaluate(width) == pytest.approx(zoomed)


def test_all_in_words(show: Callable[..., Opened], shop: str) -> None:
    page = show(shop).page
    button = page.get_by_role("button", name="Show all in words")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert len(shown_details(page)) == page.locator(".detail").count()
    button.click()
    assert len(shown_details(page)) == 1


def test_file_is_picked(show: Callable[..., Opened], shop: str) -> None:
    opened = show(shop)
    page = opened.page
    page.get_by_label("Find a file").fill("go.mod")
    assert texts(page, "#picks li") == ["go.mod"]
    page.locator("#picks button").click()
    assert page.locator("#answer h3").inner_text().startswith("When go.mod changes: ")
    classes = page.locator("#L27").get_attribute("class")
    assert "rerun" in classes
    assert "cached" in page.locator("#L18").get_attribute("class")
    assert "maybe" in page.locator("#L56").get_attribute("class")
    assert "rerun" in page.locator(".flow .stage[data-stage='8']").get_attribute("class")
    assert "maybe" in page.locator(".flow .stage[data-stage='11']").get_attribute("class")
    assert "cached" in page.locator(".flow .stage[data-stage='0']").get_attribute("class")
    assert "go.mod is among the 2 files of this COPY" in page.locator("#reasons").inner_text()
    assert page.locator("#strips .strip").count() == 12
    page.locator("#strips .cell.rerun").first.click()
    assert lit(page) == ["L27"]
    page.get_by_role("button", name="Clear").click()
    assert page.locator("#answer").is_hidden()
    assert page.locator(".source .rerun, .source .maybe, .flow .rerun").count() == 0
    assert page.evaluate("document.activeElement.id") == "pick"
    assert opened.is_quiet()


def test_file_is_picked_by_keyboard(show: Callable[..., Opened], shop: str) -> None:
    page = show(shop).page
    page.locator("#pick").focus()
    page.keyboard.type("storefront/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert page.locator("#picks [aria-pressed=true]").count() == 1
    assert "When storefront/" in page.locator("#answer-title").inner_text()
    assert page.locator("#said").inner_text() == page.locator("#answer-title").inner_text()
    page.keyboard.press("Escape")
    assert page.locator("#answer").is_hidden()


def test_argument_image_and_nothing(show: Callable[..., Opened], shop: str) -> None:
    page = show(shop).page
    page.locator("#pick").fill("GO_VERSION")
    page.locator("#picks button").click()
    assert "GO_VERSION" in page.locator("#answer-title").inner_text()
    page.locator("#pick").fill("debian:")
    page.keyboard.press("Enter")
    assert "rerun" in page.locator("#L44").get_attribute("class")
    page.locator("#pick").fill("no such 'file'")
    assert page.locator("#picks li").count() == 0
    assert page.locator("#pick-note code").inner_text() == (
        "multistage cache Dockerfile --changed 'no such '\"'\"'file'\"'\"''"
    )


def test_links_between_lines_and_findings(show: Callable[..., Opened]) -> None:
    opened = show(html_of(FINDINGS))
    page = opened.page
    page.locator("#finding-0 .finding-head a[href^='#L']").click()
    assert lit(page) == ["L2"]
    assert page.evaluate("document.activeElement.id") == "L2"
    page.locator(".flag").first.click()
    assert page.evaluate("location.hash") == "#finding-0"
    page.locator("#finding-0 .rule a").click()
    assert page.evaluate("location.hash").startswith("#rule-MS")
    page.locator("#finding-1").hover()
    assert lit(page) != ["L2"]
    assert opened.is_quiet()


def test_command_is_copied(show: Callable[..., Opened], shop: str) -> None:
    from playwright.sync_api import expect

    opened = show(shop)
    page = opened.page
    button = page.locator("button.copy").first
    button.click()
    expect(page.locator("button.copy").first).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator(".command code").first.inner_text()
    assert copied.startswith("docker build ")
    expect(page.locator("button.copy").first).to_have_text("Copy")
    assert opened.is_quiet()


def test_command_is_selected_where_it_cannot_be_copied(show: Callable[..., Opened], shop: str) -> None:
    from playwright.sync_api import expect

    page = show(shop).page
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.locator("button.copy").first.click()
    expect(page.locator("button.copy").first).to_have_text("Selected")
    assert page.evaluate("getSelection().toString()") == page.locator(".command code").first.inner_text()


def test_every_control_can_be_used(show: Callable[..., Opened], shop: str) -> None:
    opened = show(shop)
    page = opened.page
    # Clicked in the page itself: some two hundred, and each of them may move the others.
    count = page.evaluate(
        """() => {
            document.querySelector('#pick').value = 'go';
            document.querySelector('#pick').dispatchEvent(new Event('input'));
            const controls = [...document.querySelectorAll('a, button, summary, .arrow')];
            for (const control of controls) {
                control.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}));
            }
            return controls.length;
        }"""
    )
    assert count > 150
    assert opened.is_quiet()


def test_everything_is_reached_by_tab_and_seen(show: Callable[..., Opened]) -> None:
    opened = show(html_of(FINDINGS))
    page = opened.page
    reached = []
    for _ in range(200):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => {
                const focused = document.activeElement;
                if (focused === document.body) return null;
                const style = getComputedStyle(focused);
                const box = focused.querySelector?.('.box, .wire');
                const width = box ? parseFloat(getComputedStyle(box).strokeWidth) : 0;
                const seen = style.outlineStyle !== 'none' || width >= 3;
                return [focused.id || focused.getAttribute('href') || focused.className, Boolean(seen)];
            }"""
        )
        if found is None:
            break
        reached.append(found)
    assert all(seen for _, seen in reached), reached
    names = [name for name, _ in reached]
    for wanted in (
        "#overview",
        "theme",
        "graph",
        "#stage-0",
        "show-all",
        "pick",
        "source-box",
        "copy js",
        "#finding-0",
    ):
        assert wanted in names, wanted


def test_difference_leads_to_findings_and_lines(show: Callable[..., Opened]) -> None:
    other = OtherBuild("main (1234567)", evaluate(parse("FROM alpine:3.22\nRUN cd /tmp\n")), ())
    page_data = with_difference(collect_page(evaluate(parse(FINDINGS))), other)
    opened = show(html.render(page_data))
    page = opened.page
    page.get_by_role("link", name="What changed").click()
    section = page.get_by_role("region", name="What changed against main (1234567)")
    assert section.get_by_role("heading", name="New findings").is_visible()
    section.locator(".told-findings.new .rule a").first.click()
    assert page.evaluate("location.hash") == "#finding-0"
    section.locator("table a[href='#L2']").first.click()
    assert lit(page) == ["L2"]
    assert opened.is_quiet()


@pytest.mark.parametrize("width", [320, 768, 1400])
def test_difference_sticks_out_nowhere(show: Callable[..., Opened], width: int) -> None:
    long = "a" * 300
    other = OtherBuild(long, evaluate(parse(f"FROM alpine:3.22 AS {long}\nRUN apk add {long}\n")), (long,))
    content = html.render(with_difference(collect_page(evaluate(parse(FINDINGS))), other))
    page = show(content, viewport={"width": width, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_a_script_all_is_there(show: Callable[..., Opened], shop: str) -> None:
    page = show(shop, java_script_enabled=False).page
    assert page.locator(".js:visible").count() == 0
    for article in page.locator(".detail").all():
        assert article.is_visible()
    assert page.locator(".groups tbody tr").first.is_visible()
    assert page.locator(".command code").first.is_visible()


def test_print_unfolds_everything(show: Callable[..., Opened], shop: str) -> None:
    opened = show(shop, color_scheme="dark")
    page = opened.page
    page.emulate_media(media="print")
    assert len(shown_details(page)) == page.locator(".detail").count()
    assert page.locator("button:visible, input:visible").count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('.source-box')).maxHeight") == "none"
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 2
    assert opened.is_quiet()


def test_motion_is_reduced(show: Callable[..., Opened], shop: str) -> None:
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"
    assert show(shop, reduced_motion="reduce").page.evaluate(behaviour) == "auto"
    assert show(shop, reduced_motion="no-preference").page.evaluate(behaviour) == "smooth"


def test_landmarks_and_names_for_a_screen_reader(show: Callable[..., Opened], shop: str) -> None:
    page = show(shop).page
    for role, name in (
        ("navigation", "Sections"),
        ("region", "How the stages feed each other"),
        ("region", "Findings"),
        ("region", "What a change rebuilds"),
        ("searchbox", "Find a file or a build argument or an image"),
    ):
        assert page.get_by_role(role, name=name, exact=True).count() == 1, name
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("banner").count() == 1
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button')].filter(each => !(each.textContent.trim() || each.ariaLabel)).length"
    )
    assert unnamed == 0
