"""The pages as a browser and a screen reader meet them."""

import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ALL = ("report", "arabic", "everything", "hostile")
WIDTHS = (320, 390, 1280)
ACTING = (
    *("script", "iframe", "object", "embed", "form", "input", "button", "link:not([rel=icon])", "base", "video"),
    *("foreignObject", "animate", "set"),
)
SEEDED = {
    "image-alt": ("<h1>", '<img src="data:,"><h1>'),
    "html-has-lang": ('<html lang="en" dir="ltr">', "<html>"),
    "color-contrast": ('<p class="standfirst">', '<p style="color:#ccc">'),
    "heading-order": ("<h2 ", "<h5 "),
    "region": ("<header>", "<p>adrift</p><header>"),
    "link-name": ('aria-describedby="card-use-day-1">17 March</a>', 'aria-describedby="card-use-day-1"></a>'),
}


@pytest.mark.parametrize("rule", SEEDED)
def test_axe_would_notice(rule, html, visit):
    """A judge that cannot say no is none."""
    was, seeded = SEEDED[rule]
    page = html("report")
    assert was in page
    page = re.sub(r"style-src 'sha256-[^']+'", "style-src 'unsafe-inline'", page.replace(was, seeded))
    with visit(page) as seen:
        found = {line.split(":")[0] for line in seen.violations()}
    assert rule in found


def test_the_watch_on_the_network_would_notice(visit):
    with visit('<!DOCTYPE html><img src="file:///nowhere.png"><script>console.log(1); alert(2)</script>') as seen:
        assert seen.requests == ["file:///nowhere.png"]
        assert "1" in seen.messages
        assert seen.dialogs == ["2"]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_is_quiet_whole_and_narrow_enough(name, width, html, visit):
    with visit(html(name), width=width) as seen:
        assert seen.overflow() <= 0
        assert seen.requests == []
        assert seen.dialogs == []
        assert seen.messages == []


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(name, width, html, visit):
    with visit(html(name), width=width) as seen:
        assert seen.violations() == []


def test_axe_finds_nothing_with_everything_open(html, visit):
    with visit(html("report"), width=390) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        seen.page.locator(".n").nth(2).focus()
        assert seen.violations() == []


def test_nothing_hostile_runs_whatever_a_reader_does(html, visit):
    with visit(html("hostile")) as seen:
        assert seen.page.evaluate("typeof window.pwned") == "undefined"
        names = seen.page.evaluate("[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())")
        assert [name for name in names if name.startswith("on")] == []
        assert seen.page.locator(", ".join(ACTING)).count() == 0
        assert seen.page.locator("style").count() == 1
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        for link in seen.page.locator("a").all():
            assert re.match(r"#|https://", link.get_attribute("href") or "#")
        seen.page.evaluate(
            "document.querySelectorAll('a, summary, svg, svg *, img').forEach(e => "
            "e.dispatchEvent(new MouseEvent('mouseover', {bubbles: true})))"
        )
        seen.page.wait_for_timeout(100)
        assert seen.page.evaluate("typeof window.pwned") == "undefined"
        assert seen.requests == seen.dialogs == seen.messages == []


def test_were_a_script_to_get_in_the_policy_would_stop_it(html, visit):
    page = html("report").replace("<h1>", "<script>window.pwned = 1</script><img src=x onerror='window.pwned=2'><h1>")
    with visit(page) as seen:
        assert seen.page.evaluate("typeof window.pwned") == "undefined"
        assert any("Content Security Policy" in message for message in seen.messages)


@pytest.mark.parametrize("name", ["report", "arabic", "everything"])
def test_every_letter_is_drawn_in_a_typeface_the_page_brings(name, html, visit):
    """The font table that cuts the subsets and the style sheet agree, face by face."""
    with visit(html(name)) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        seen.page.evaluate("document.querySelectorAll('[hidden]').forEach(e => e.style.display = 'block')")
        assert seen.foreign_fonts() == {}


def test_no_face_is_made_up_by_the_browser(html, visit):
    """Every weight and slope in use is one of the faces embedded, so that none is thickened or slanted."""
    with visit(html("report")) as seen:
        assert seen.page.evaluate("getComputedStyle(document.body).fontSynthesisWeight") == "none"
        wanted = seen.page.evaluate(
            "[...new Set([...document.querySelectorAll('body *')].filter(e => [...e.childNodes].some("
            "n => n.nodeType === 3 && n.data.trim())).map(e => {const s = getComputedStyle(e); return "
            "s.fontFamily.split(',')[0].replaceAll('\"', '') + ' ' + s.fontWeight + ' ' + s.fontStyle}))]"
        )
        brought = seen.page.evaluate(
            "[...document.fonts].map(f => f.family.replaceAll('\"', '') + ' ' + f.weight + ' ' + f.style)"
        )
        assert set(wanted) <= set(brought)


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_a_card_shows_whole_under_the_pointer_and_under_the_keyboard(width, html, visit):
    with visit(html("report"), width=width) as seen:
        links = seen.page.locator("a.n")
        assert links.count() >= 8
        for number in range(links.count()):
            link = links.nth(number)
            card = seen.page.locator("#" + link.get_attribute("aria-describedby"))
            assert not card.is_visible()
            link.scroll_into_view_if_needed()
            link.hover()
            box = card.bounding_box()
            assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
            at = link.bounding_box()
            overlap = box["x"] < at["x"] + at["width"] and at["x"] < box["x"] + box["width"]
            assert not overlap or box["y"] >= at["y"] + at["height"] - 4, "a card must not hide its number"
            seen.page.mouse.move(0, 0)
            card.wait_for(state="hidden")
        links.first.evaluate("e => e.scrollIntoView({block: 'center'})")
        seen.page.keyboard.press("Tab")
        for _ in range(60):
            if seen.page.evaluate("document.activeElement.classList.contains('n')"):
                break
            seen.page.keyboard.press("Tab")
        described = seen.page.evaluate("document.activeElement.getAttribute('aria-describedby')")
        assert seen.page.locator(f"#{described}").is_visible()


def test_a_pointer_can_reach_a_card_in_the_margin(html, visit):
    with visit(html("report"), width=1280) as seen:
        link = seen.page.locator("a.n").first
        card = seen.page.locator("#" + link.get_attribute("aria-describedby"))
        link.hover()
        seen.page.wait_for_timeout(60)
        box = card.bounding_box()
        seen.page.mouse.move(box["x"] + 30, box["y"] + 10, steps=4)
        seen.page.wait_for_timeout(900)
        assert card.is_visible()


def test_a_number_leads_to_its_evidence_and_back(html, visit):
    with visit(html("report")) as seen:
        seen.page.locator("#use-ferries_before-1").click()
        assert seen.page.url.endswith("#fact-ferries_before")
        entry = seen.page.locator("#fact-ferries_before")
        assert "Forty" not in entry.inner_text() and "harbour master" in entry.inner_text()
        entry.locator("a[href='#claim-c1']").click()
        assert "Forty-two ferries" in seen.page.locator(":target").inner_text()
        seen.page.locator("#fact-ferries_before .back a").nth(1).click()
        assert seen.page.url.endswith("#use-ferries_before-2")


def test_the_skip_link_is_first_and_leads_to_the_report(html, visit):
    with visit(html("report")) as seen:
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.activeElement.textContent") == "Skip to the report"
        assert seen.page.locator(".skip").bounding_box()["y"] >= 0
        seen.page.keyboard.press("Enter")
        assert seen.page.evaluate("document.activeElement.id") == "report"


def test_a_wide_table_scrolls_by_keyboard_within_the_page(html, visit):
    with visit(html("everything"), width=390) as seen:
        region = seen.page.locator(".scroll").nth(2)
        region.focus()
        seen.page.keyboard.press("ArrowRight")
        seen.page.wait_for_timeout(300)
        assert region.evaluate("e => e.scrollLeft") > 0
        assert seen.overflow() <= 0


def test_printed_sheets_leave_out_what_paper_cannot_use(html, visit):
    with visit(html("report")) as seen:
        seen.page.emulate_media(media="print")
        for gone in ("nav", "details.source", ".skip", ".card", ".back"):
            assert not seen.page.locator(gone).first.is_visible(), gone
        assert seen.page.locator(".evidence").first.is_visible()
        assert seen.page.locator("figure").first.evaluate("e => getComputedStyle(e).breakInside") == "avoid"


def test_of_two_drawings_one_is_shown_read_out_and_printed(write, visit):
    drawn = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} 200"><text y="9">{}</text></svg>'
    about = {"image/svg+xml": {"title": "A chart", "alt": "What it shows", "narrow": drawn.format(378, "small")}}
    output = new_output("display_data", data={"image/svg+xml": drawn.format(557, "large")}, metadata=about)
    page = write(new_code_cell("draw()", outputs=[output]))
    for width, media, shown in ((390, "screen", "small"), (1280, "screen", "large"), (390, "print", "large")):
        with visit(page, width=width) as seen:
            seen.page.emulate_media(media=media)
            images = seen.page.get_by_role("img", name="A chart")
            assert images.count() == 1, "what is hidden is not read out"
            assert images.text_content().endswith(shown)
            assert seen.page.locator("svg:visible").count() == 1
            assert seen.overflow() <= 0


def test_arabic_reads_from_right_to_left(html, visit):
    with visit(html("arabic")) as seen:
        heading = seen.page.locator("h1").evaluate("e => getComputedStyle(e).direction")
        assert heading == "rtl"
        nav, main = seen.page.locator("nav").bounding_box(), seen.page.locator("main").bounding_box()
        assert nav["x"] >= main["x"] + main["width"], "contents stand at the start, which is the right"
        assert seen.page.locator("pre").first.evaluate("e => getComputedStyle(e).direction") == "ltr"


def test_a_deep_or_endless_svg_does_not_hold_the_browser(write, visit):
    chain = "".join(f'<g id="l{i}">' + f'<use href="#l{i + 1}"/>' * 10 + "</g>" for i in range(12))
    bomb = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{chain}<g id="l12"><path d="M0 0"/></g></svg>'
    output = new_output("display_data", data={"image/svg+xml": bomb})
    page = write(new_markdown_cell("# A bomb"), new_code_cell("x", outputs=[output]))
    assert "Figure that cannot be read" in page
    with visit(page) as seen:
        assert seen.page.locator("h1").inner_text() == "A bomb"
