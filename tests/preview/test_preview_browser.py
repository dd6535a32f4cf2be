"""The preview in a real browser: what is saved is seen, the reader's place stays in sight, errors stand above it."""

import json
from contextlib import contextmanager

import pytest

from judges.browser import Visit

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.slow]


@contextmanager
def opened(chromium, address, width=1280):
    page = chromium.new_page(viewport={"width": width, "height": 500})
    seen = Visit(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("console", lambda message: seen.messages.append(message.text))
    page.on("pageerror", lambda error: seen.messages.append(str(error)))
    try:
        page.goto(address)
        yield seen
    finally:
        page.close()


def shows(page, address):
    """Wait until a page is shown whole; gives its frame."""
    page.wait_for_selector(f"body[data-shown='{address}']", timeout=180000)
    assert page.locator("iframe").count() == 1
    return page.frames[-1]


def lengthen(project):
    """Give the miniature paragraphs to scroll through."""
    path = project.notebook("mini")
    words = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"]
    nb = json.loads(path.read_text())
    for number, word in enumerate(words):
        source = f"## The {word}\n\nHere begins the {word} part. {'It goes on and on. ' * 60}"
        nb["cells"].insert(
            3 + number, {"cell_type": "markdown", "id": f"long-{word}", "metadata": {}, "source": source}
        )
    path.write_text(json.dumps(nb, indent=1))


def test_what_is_saved_is_seen_in_its_place_and_an_error_above_it(preview, mini, chromium):
    lengthen(mini)
    running = preview()
    with opened(chromium, running.address) as seen, opened(chromium, running.address + "#pdf", width=390) as telephone:
        page = seen.page
        frame = shows(page, "report.html?1")
        assert "There were" in frame.inner_text("main")
        assert page.title() == "mini – preview"
        assert running.until(lambda state: state["html"])["took"] in page.inner_text("header")
        assert frame.locator("script").count() == 0

        # a sentence above: what the reader looks at stays where it is, and the change is offered
        frame.evaluate("document.querySelectorAll('h2')[4].scrollIntoView({behavior: 'instant'})")
        frame.evaluate("scrollBy({top: -60, behavior: 'instant'})")
        fifth = "[...document.querySelectorAll('h2')].find((one) => one.textContent.includes('fifth'))"
        height = f"{fifth}.getBoundingClientRect().top"
        before = frame.evaluate(height)
        assert 0 < before < 200
        running.edit("Here begins the first part.", "Here the first part begins. " + "It is longer than it was. " * 30)
        frame = shows(page, "report.html?2")
        assert abs(frame.evaluate(height) - before) < 2
        assert page.inner_text("#where") == "Changed further up ↑"
        page.click("#where")
        assert frame.evaluate("scrollY") < 1500
        frame.evaluate("scrollTo({top: 0, behavior: 'instant'})")
        running.edit("Here begins the eighth part.", "Here the eighth part begins.")
        frame = shows(page, "report.html?3")
        assert frame.evaluate("scrollY") == 0 and page.inner_text("#where") == "Changed further down ↓"
        page.click("#where")
        assert "eighth" in frame.evaluate("document.elementFromPoint(innerWidth / 2, innerHeight / 2).textContent")

        # the PDF on a telephone: the pages, drawn anew at each save
        pages = shows(telephone.page, "pages.html?3")
        assert pages.locator("img").count() >= 1
        assert pages.evaluate("[...document.images].every((one) => one.complete && one.naturalWidth > 300)")
        assert telephone.page.locator("#raw").get_attribute("href") == "report.pdf"
        assert telephone.overflow() <= 0

        # an error, and the last good report below it
        running.edit("row = [row for", "row = 1 / 0 # [row for")
        page.wait_for_selector("#trouble:not([hidden])")
        said = page.inner_text("#trouble")
        assert "notebooks/mini.ipynb: cell 3 raised ZeroDivisionError: division by zero" in said
        assert "Below is the last good report" in said and page.title().startswith("✕")
        assert "Here the first part begins." in page.frames[-1].inner_text("main")
        assert seen.violations() == [] and telephone.violations() == []
        running.edit("1 / 0 # ", "")
        frame = shows(page, "report.html?4")
        assert page.locator("#trouble").is_hidden()

        # a switch to the PDF and back
        page.click("nav >> text=PDF")
        shows(page, "pages.html?4")
        page.click("nav >> text=Report")
        shows(page, "report.html?4")

        # nothing from anywhere else, no complaint of the browser's, and a word when it is over
        assert {
            url for url in seen.requests + telephone.requests if not url.startswith((running.address, "data:"))
        } == set()
        running.end()
        page.wait_for_selector("#trouble:has-text('The preview has ended.')", timeout=180000)
        refused = "net::ERR_CONNECTION_REFUSED"
        assert [
            one for one in seen.messages + telephone.messages if refused not in one and "INCOMPLETE" not in one
        ] == []


def test_the_wait_for_the_first_report_and_its_failure_are_told(preview, mini, chromium):
    text = mini.notebook("mini").read_text()
    go_on = mini.root / "go-on"
    waits = f"import pathlib, time\\nwhile not pathlib.Path('{go_on}').exists():\\n    time.sleep(0.01)\\n1 / 0"
    mini.notebook("mini").write_text(text.replace("import csv", waits))
    running = preview()
    with opened(chromium, running.address, width=390) as seen:
        seen.page.wait_for_selector("text=Rendering mini for the first time")
        assert seen.violations() == []
        go_on.touch()
        seen.page.wait_for_selector("text=There is no report to show yet.", timeout=180000)
        assert "ZeroDivisionError" in seen.page.inner_text("#trouble")
        assert seen.overflow() <= 0
        mini.notebook("mini").write_text(text)
        assert "There were" in shows(seen.page, "report.html?1").inner_text("main")
