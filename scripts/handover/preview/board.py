"""What a browser is to show at this moment: the files of the last good report, and how the next one fares."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Any

HTML, PDF, PNG = "text/html; charset=utf-8", "application/pdf", "image/png"

#: The pages of the PDF as the browser shows them; its own viewer would go back to page one at each save.
PAGES = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="/pages.css">
<main>
{pages}
</main></html>
"""
PAGE = '<figure><img src="/page-{n}.png?{version}" alt="Page {n} of {count}"></figure>'


class Board:
    """Written by the preview, read by the threads that serve; `look` is called when somebody turns to the PDF."""

    def __init__(self, report: str, session: str, look: Callable[[], None]) -> None:
        self._look = look
        self._lookers = 0
        self._changed = threading.Condition()
        self._serial = 0
        self._closed = False
        self._files: dict[str, tuple[str, bytes]] = {}
        self._state: dict[str, Any] = {
            "report": report,
            "session": session,
            "html": 0,
            "pdf": 0,
            "pages": 0,
            "at": None,
            "failed": "",
            "failed_at": "",
            "warnings": [],
            "edition": "",
            "took": "",
        }

    def post(self, files: Mapping[str, tuple[str, bytes]] | None = None, **state: Any) -> None:
        """Change what is shown, all at once."""
        with self._changed:
            self._files |= files or {}
            self._state |= state
            self._serial += 1
            self._changed.notify_all()

    def file(self, path: str) -> tuple[str, bytes] | None:
        """The type and content of a file by its path in the address."""
        with self._changed:
            return self._files.get(path)

    def news(self, seen: int, patience_s: float) -> tuple[int, dict[str, Any]] | None:
        """Wait for a state later than the one seen; its serial and itself, or None if none came.

        Raises:
            EOFError: The preview has ended.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._serial > seen, patience_s)
            if self._closed:
                raise EOFError
            return (self._serial, dict(self._state)) if self._serial > seen else None

    @contextmanager
    def looked_at(self) -> Iterator[None]:
        """While this lasts, somebody looks at the pages of the PDF, so that they are worth drawing."""
        with self._changed:
            self._lookers += 1
        self._look()
        try:
            yield
        finally:
            with self._changed:
                self._lookers -= 1

    def pages_due(self) -> bool:
        """Whether somebody looks at pages that are not those of the last report."""
        with self._changed:
            return self._lookers > 0 and self._state["pages"] < self._state["html"]

    def close(self) -> None:
        """Let everyone who waits go home."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def pages(report: str, version: int, drawings: tuple[bytes, ...]) -> dict[str, tuple[str, bytes]]:
    """The pages of a PDF as files of a board."""
    count = len(drawings)
    shown = "\n".join(PAGE.format(n=n, version=version, count=count) for n in range(1, count + 1))
    page = PAGES.format(title=escape(f"{report}: the PDF"), pages=shown)
    files = {f"/page-{n}.png": (PNG, drawing) for n, drawing in enumerate(drawings, 1)}
    return {"/pages.html": (HTML, page.encode()), **files}
