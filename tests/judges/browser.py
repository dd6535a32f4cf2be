"""Chromium and axe-core as judges of an HTML page: what it asks for, runs, cuts off, and says to a screen reader.

Only the judging is here; what a page should hold is not.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

#: The rules that a page must keep: WCAG A and AA up to 2.2, and axe's best practice.
AXE = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
#: From a small telephone to a desk.
WIDTHS = (320, 390, 1280)


@cache
def executable() -> str | None:
    """The Chromium of this machine, if there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def need() -> None:
    """Skip the test that calls this when there is no Chromium; where CI is set, fail instead."""
    if executable() is None:
        reason = "no Chromium on the path (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@contextmanager
def browser() -> Iterator[Any]:
    """Run one Chromium; tests share it and open a `visit` each."""
    need()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        try:
            yield running
        finally:
            running.close()


@dataclass
class Visit:
    """One page in a browser, and all that it did while it was open."""

    page: Any
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def violations(self, but: tuple[str, ...] = ()) -> list[str]:
        """What axe-core finds wrong, one line an element; rules in `but` are left out."""
        from axe_playwright_python.sync_playwright import Axe

        options = {"runOnly": {"type": "tag", "values": list(AXE)}, "resultTypes": ["violations"]}
        found = Axe().run(self.page, options=options).response["violations"]
        return [
            f"{rule['id']}: {node['html'][:160]}" for rule in found if rule["id"] not in but for node in rule["nodes"]
        ]

    def foreign_fonts(self, selector: str = "body") -> dict[str, str]:
        """Fonts that the page did not bring itself, each with a text that was drawn in it.

        The glyphs below `selector` are asked for element by element.
        """
        session = self.page.context.new_cdp_session(self.page)
        session.send("DOM.enable")
        session.send("CSS.enable")
        root = session.send("DOM.getDocument", {"depth": -1})["root"]["nodeId"]
        nodes = session.send("DOM.querySelectorAll", {"nodeId": root, "selector": f"{selector} *"})["nodeIds"]
        found: dict[str, str] = {}
        for node in nodes:
            for font in session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]:
                if not font["isCustomFont"]:
                    html = session.send("DOM.getOuterHTML", {"nodeId": node})["outerHTML"]
                    found.setdefault(font["familyName"], html[:200])
        return found


@contextmanager
def visit(running: Any, source: str | Path, *, width: int = 1280, height: int = 900) -> Iterator[Visit]:
    """Open a file, or a text as a file, from disk with the network watched."""
    page = running.new_page(viewport={"width": width, "height": height})
    seen = Visit(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("console", lambda message: seen.messages.append(message.text))
    page.on("pageerror", lambda error: seen.messages.append(str(error)))

    def dismiss(dialog: Any) -> None:
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    try:
        page.goto(Path(source).resolve().as_uri())
        page.wait_for_load_state("networkidle")
        own = page.url.partition("#")[0]
        seen.requests[:] = [url for url in seen.requests if url != own and not url.startswith("data:")]
        yield seen
    finally:
        page.close()
