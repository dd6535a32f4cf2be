"""The pages as a browser and a screen reader meet them."""

import io
import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from PIL import Image

from judges import pdftext

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ALL = ("report", "arabic", "everything", "hostile")
WIDTHS = (320, 390, 1280)
SCHEMES = ("light", "dark")
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
    "link-name": ('interestfor="card-use-day-1">17\u00a0March</a>', 'interestfor="card-use-day-1"></a>'),
}


def show(seen, link):
    """Point at a number, and wait for its card."""
    link.hover()
    card = seen.page.locator("#" + link.get_attribute("aria-describedby"))
    card.wait_for(state="visible")
    return card


def shown(one):
    """Whether an element is drawn: what is folded away has a box too."""
    return one.evaluate("e => e.checkVisibility({contentVisibilityAuto: true})")


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
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "light")])
def test_axe_finds_nothing(name, width, scheme, html, visit):
    with visit(html(name), width=width) as seen:
        seen.page.emulate_media(color_scheme=scheme)
        assert seen.violations() == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_with_everything_open(scheme, html, visit):
    with visit(html("report"), width=390) as seen:
        seen.page.emulate_media(color_scheme=scheme)
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        show(seen, seen.page.locator(".n").nth(2))
        assert seen.violations() == []
        seen.page.locator(".conflict").first.focus()
        seen.page.locator("#source-s1").evaluate("e => location.hash = e.id")
        assert seen.violations() == []


def test_axe_would_notice_a_dark_page_with_the_ink_of_a_light_one(html, visit):
    page = re.sub(r"style-src 'sha256-[^']+'", "style-src 'unsafe-inline'", html("report"))
    with visit(page.replace("--ink: #e4e4e2", "--ink: #222")) as seen:
        assert seen.violations() == []
        seen.page.emulate_media(color_scheme="dark")
        assert {line.split(":")[0] for line in seen.violations()} == {"color-contrast"}


def contrast(picture):
    """The contrast of the lightest to the darkest pixel of a PNG, as WCAG counts it."""
    with Image.open(io.BytesIO(picture)) as opened:
        colours = {pixel for _, pixel in opened.convert("RGB").getcolors(1 << 24)}
    parts = [
        [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in one)] for one in colours
    ]
    light = [0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in parts]
    return (max(light) + 0.05) / (min(light) + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_words_in_charts_stand_out_from_their_ground(scheme, html, visit):
    """axe judges no text in an SVG, so it is looked at; a browser's fine strokes are enlarged first."""
    with visit(html("report"), width=1280) as seen:
        seen.page.emulate_media(color_scheme=scheme)
        seen.page.evaluate("document.documentElement.style.zoom = 3")
        texts = seen.page.locator("figure svg text:visible").all()
        assert len(texts) >= 4
        found = {text.text_content(): contrast(text.screenshot()) for text in texts}
        assert {words: ratio for words, ratio in found.items() if ratio < 4.5} == {}


def test_a_chart_is_turned_dark_down_to_the_ground_of_the_page_and_prints_light(html, visit):
    with visit(html("report"), width=1280) as seen:
        seen.page.emulate_media(color_scheme="dark")
        figure = seen.page.locator("figure svg").first
        with Image.open(io.BytesIO(figure.screenshot())) as picture:
            assert picture.convert("RGB").getpixel((1, 1)) == (18, 18, 18)
        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 18, 18)"
        seen.page.emulate_media(color_scheme="dark", media="print")
        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert figure.evaluate("e => getComputedStyle(e).filter") == "none"


def test_nothing_hostile_runs_whatever_a_reader_does(html, visit):
    with visit(html("hostile")) as seen:
        assert seen.page.evaluate("typeof window.pwned") == "undefined"
        names = seen.page.evaluate("[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())")
        assert [name for name in names if name.startswith("on")] == []
        assert seen.page.locator(", ".join(ACTING)).count() == 0
        assert seen.page.locator("style").count() == 1
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        for link in seen.page.locator("a:not(.beside a, .paper a)").all():
            assert re.match(r"#|https?://", link.get_attribute("href") or "#")
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
            show(seen, link)
            box = card.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width
            assert box["y"] >= 0 and box["y"] + box["height"] <= 900
            at = link.locator("xpath=ancestor::*[self::p or self::li or self::td or self::caption][1]")
            at = at.or_(link.locator("xpath=ancestor::figcaption")).first.bounding_box()
            aside = box["x"] >= at["x"] + at["width"] or at["x"] >= box["x"] + box["width"]
            assert aside or box["y"] >= at["y"] + at["height"] or at["y"] >= box["y"] + box["height"], (
                "a card must not hide the sentence that it belongs to"
            )
            seen.page.mouse.move(0, 0)
            card.wait_for(state="hidden")
        links.first.evaluate("e => e.scrollIntoView({block: 'center'})")
        seen.page.keyboard.press("Tab")
        for _ in range(60):
            if seen.page.evaluate("document.activeElement.classList.contains('n')"):
                break
            seen.page.keyboard.press("Tab")
        described = seen.page.evaluate("document.activeElement.getAttribute('aria-describedby')")
        seen.page.locator(f"#{described}").wait_for(state="visible")


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_escape_puts_a_card_away_and_leaves_the_focus_where_it_is(width, html, visit):
    with visit(html("report"), width=width) as seen:
        link = seen.page.locator("a.n").first
        card = seen.page.locator("#" + link.get_attribute("aria-describedby"))
        seen.page.keyboard.press("Tab")
        while not link.evaluate("e => e === document.activeElement"):
            seen.page.keyboard.press("Tab")
        card.wait_for(state="visible")
        seen.page.keyboard.press("Escape")
        card.wait_for(state="hidden")
        assert link.evaluate("e => e === document.activeElement")
        assert seen.page.url.endswith("page.html")
        show(seen, link)
        seen.page.keyboard.press("Escape")
        card.wait_for(state="hidden")


def test_a_card_stays_while_a_pointer_rests_on_it_and_escape_puts_it_away(html, visit):
    with visit(html("report"), width=800) as seen:
        link = seen.page.locator("a.n").first
        card = show(seen, link)
        box = card.bounding_box()
        seen.page.mouse.move(box["x"] + 30, box["y"] + 10, steps=4)
        seen.page.wait_for_timeout(1500)
        assert card.is_visible()
        seen.page.keyboard.press("Escape")
        card.wait_for(state="hidden")


def test_the_ring_around_a_second_mark_keeps_off_the_next_word(html, visit):
    with visit(html("report"), width=390) as seen:
        mark = seen.page.locator(".conflict").first
        seen.page.keyboard.press("Tab")
        while not mark.evaluate("e => e === document.activeElement"):
            seen.page.keyboard.press("Tab")
        ring = "e => [getComputedStyle(e).outlineStyle, getComputedStyle(e.firstElementChild).outlineStyle]"
        assert mark.evaluate(ring) == ["none", "solid"]
        sign = mark.locator("span").bounding_box()
        after = mark.evaluate(
            "e => { const r = document.createRange(); r.setStart(e.parentElement.nextSibling, 0); "
            "r.setEnd(e.parentElement.nextSibling, 1); return r.getBoundingClientRect().x }"
        )
        assert sign["x"] + sign["width"] <= after + 1


def test_a_pointer_can_reach_a_card_in_the_margin(html, visit):
    with visit(html("report"), width=1280) as seen:
        link = seen.page.locator("a.n").first
        card = seen.page.locator("#" + link.get_attribute("aria-describedby"))
        show(seen, link)
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
        claim = seen.page.locator("#claim-c1")
        assert not shown(claim)
        entry.locator("a[href='#claim-c1']").click()
        assert "Forty-two ferries" in seen.page.locator(":target").inner_text()
        assert shown(claim)
        seen.page.locator("#fact-ferries_before .back a").nth(1).click()
        assert seen.page.url.endswith("#use-ferries_before-2")


def test_a_link_to_a_source_unfolds_it_and_shows_its_name(html, visit):
    with visit(html("report"), width=390, height=400) as seen:
        folded = seen.page.locator(".sources details")
        assert folded.count() >= 4 and seen.page.locator(".sources details[open]").count() == 0
        seen.page.locator("a[href='#source-s1']").first.click()
        assert seen.page.locator(".sources details[open]").count() == 1
        seen.page.wait_for_timeout(100)
        name = seen.page.locator(".sources details[open] > summary").bounding_box()
        place = seen.page.locator(":target").bounding_box()
        assert name["y"] >= 0
        assert name["y"] + name["height"] <= place["y"] + 1
        assert place["y"] < 400


def test_sources_stay_folded_where_nobody_asks_for_one(html, visit):
    with visit(html("report")) as seen:
        assert [one for one in seen.page.locator(".sources li").all() if shown(one)] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_code_stands_once_and_last_and_interrupts_nobody_on_a_telephone(width, html, visit):
    with visit(html("report"), width=width) as seen:
        whole = seen.page.locator("main > :last-child")
        assert whole.get_attribute("class") == "code" and whole.get_attribute("open") is None
        assert seen.page.locator("pre.code").count() == whole.locator("pre.code").count() >= 2
        links = seen.page.locator(".source a")
        assert links.count() >= 2
        assert [link.is_visible() for link in links.all()] == [width == 1280] * links.count()


def test_at_a_desk_a_link_in_the_margin_unfolds_the_code_of_a_cell(html, visit):
    with visit(html("report"), width=1280) as seen:
        link = seen.page.locator(".source a").nth(1)
        column = seen.page.locator("main").bounding_box()
        assert link.bounding_box()["x"] >= column["x"] + column["width"]
        link.click()
        assert shown(seen.page.locator(":target pre").first)
        assert seen.page.locator(":target").get_attribute("id") == link.get_attribute("href")[1:]


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


def test_a_table_of_long_texts_is_stacked_on_a_telephone_alone(write, visit):
    heads = "<thead><tr><th>When</th><th>Who</th><th>What</th><th>Where</th></tr></thead>"
    cells = f"<tr><td>May</td><td>Ann</td><td>{'long words ' * 20}</td><td></td></tr>"
    output = new_output("display_data", data={"text/html": f"<table>{heads}{cells}</table>"})
    text = write(new_markdown_cell("# T"), new_code_cell("x", outputs=[output]))
    tops = "[...document.querySelectorAll('tbody td')].map(e => Math.round(e.getBoundingClientRect().y))"
    with visit(text, width=390) as seen:
        assert seen.overflow() <= 0 and seen.violations() == []
        assert seen.page.evaluate(tops)[:3] == sorted(set(seen.page.evaluate(tops)[:3]))
        label = "getComputedStyle(document.querySelectorAll('tbody td')[1], '::before').content"
        assert "Who" in seen.page.evaluate(label)
    with visit(text, width=1280) as seen:
        assert len(set(seen.page.evaluate(tops))) == 1


def test_printed_sheets_leave_out_what_paper_cannot_use(html, visit):
    with visit(html("report")) as seen:
        seen.page.emulate_media(media="print")
        for gone in ("nav", ".code", ".source", ".skip", ".card", ".back", ".beside"):
            assert seen.page.locator(gone).count(), gone
            assert not seen.page.locator(gone).first.is_visible(), gone
        assert seen.page.locator(".evidence").first.is_visible()
        assert seen.page.locator("figcaption").first.evaluate("e => getComputedStyle(e).breakAfter") == "avoid"


def test_what_is_folded_prints_open_and_without_a_handle(html, visit):
    with visit(html("report")) as seen:
        printed = pdftext.solid(pdftext.whole(seen.page.pdf(prefer_css_page_size=True)))
    assert pdftext.solid("Forty-two ferries were in service before the sale. the harbour master") in printed
    assert pdftext.solid("For paper, this edition has a PDF: report_2031-03-31-en-1a2b3c4d.pdf") in printed
    assert not re.search("[▶▸▼▾]", printed)
    assert pdftext.solid("Code of this report") not in printed


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
