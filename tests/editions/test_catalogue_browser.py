"""The catalogue as readers, a browser and a screen reader meet it."""

from itertools import product
from pathlib import Path

import pytest

from handover.editions import catalogue, catalogue_pages
from handover.editions.store import Store, manifests
from judges import browser, links

pytestmark = [pytest.mark.browser, pytest.mark.slow]

REPORTS = Path(__file__).resolve().parents[2] / "reports"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The committed editions with a catalogue of several pages, each with a picture that is really there."""
    root = tmp_path_factory.mktemp("site") / "reports"
    root.mkdir()
    store = Store(REPORTS, root / "lock")
    for report in store.reports():
        (root / report).symlink_to(REPORTS / report)
    found, _ = manifests(store.editions())
    # a title that fills the line, an Arabic one, and an edition that says what no other does
    found.append(found[0] | {"variant": {"evidence": "article", "language": "en"}})
    found[1] = found[1] | {"title": "A title so long that it fills more than a line on any telephone " * 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue_pages, "ROWS", 1)
        for name, data in catalogue.build(found).items():
            (root / name).write_bytes(data)
    return root


PAGES = ("index.html", "drawdown_editions.html", "drawdown_editions-1.html")


def test_every_link_leads_to_a_file(site):
    assert links.dangling(lambda path: (site / path).read_bytes() if (site / path).is_file() else None) == []


@pytest.mark.parametrize(("name", "width"), [*product(PAGES, (390, 1280)), ("index.html", 320)])
def test_a_page_asks_for_its_pictures_only_and_nothing_is_cut_off(site, chromium, name, width):
    with browser.visit(chromium, site / name, width=width) as seen:
        assert seen.overflow() <= 0
        assert seen.dialogs == seen.messages == []
        own = (site.as_uri(), REPORTS.as_uri())
        assert [url for url in seen.requests if not (url.startswith(own) and url.endswith("/page1.png"))] == []
        cut = "[...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth)"
        assert seen.page.evaluate(f"{cut}.map(e => e.outerHTML.slice(0, 120))") == []
        shown = "[...document.images].every(one => one.complete && one.naturalWidth > 0)"
        assert seen.page.evaluate(shown)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_even_with_everything_open(site, chromium, name, width):
    with browser.visit(chromium, site / name, width=width) as seen:
        assert seen.violations() == []
        seen.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert seen.violations() == [] and seen.overflow() <= 0


def test_every_letter_is_drawn_in_a_typeface_the_page_brings(site, chromium):
    for name in PAGES:
        with browser.visit(chromium, site / name) as seen:
            seen.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            assert seen.foreign_fonts() == {}


@pytest.mark.parametrize("name", ["index.html", "drawdown_editions.html"])
def test_the_keyboard_reaches_every_link_once_and_shows_where_it_is(site, chromium, name):
    with browser.visit(chromium, site / name, width=390) as seen:
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.activeElement.className") == "skip"
        assert seen.page.locator(".skip").bounding_box()["x"] >= 0
        seen.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        wanted = seen.page.locator("a[href]:not([tabindex='-1']), summary").count()
        seen.page.evaluate("window.reached = new Set([document.activeElement])")
        for _ in range(wanted - 1):
            seen.page.keyboard.press("Tab")
            assert seen.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            seen.page.evaluate("window.reached.add(document.activeElement)")
        assert seen.page.evaluate("window.reached.size") == wanted


def test_the_newest_edition_of_each_report_comes_first_with_its_picture(site, chromium):
    with browser.visit(chromium, site / "index.html") as seen:
        articles = seen.page.locator("article")
        assert articles.count() == 3
        for number in range(3):
            links_in = articles.nth(number).locator("a:not(.picture)")
            assert "/2026-10-01-en-" in links_in.first.get_attribute("href")
            assert articles.nth(number).locator("img").bounding_box()["width"] > 150
