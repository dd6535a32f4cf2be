"""The preview's web server: loopback only, a fixed set of addresses, and a stream of what changes.

Every user of the machine can ask it, so all addresses begin with a token that only its own user knows. They do so
rather than send a cookie, which a browser would send to whatever else listens on this machine. It opens no file for a
request: an address is looked up in what the preview holds in memory.
"""

import hmac
import json
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from stat import S_IFREG
from typing import Any
from urllib.parse import urlsplit

from handover import digest, fonts
from handover.errors import PreviewError

LOOPBACK = "127.0.0.1"
#: Tried in turn: a preview that is started again mostly gets its old address, and an open browser finds it.
PORTS = range(8700, 8720)
#: A line into each stream now and then, so that one whose reader went away is noticed.
BEAT_S = 10.0
EVENTS = "/events"
TOKEN_BYTES = 24
TOKEN = re.compile(rf"[0-9a-f]{{{2 * TOKEN_BYTES}}}")
HTML, PDF, PNG, TEXT = "text/html; charset=utf-8", "application/pdf", "image/png", "text/plain; charset=utf-8"
FOLDER = Path(__file__).parent
FACES = {
    "/regular.ttf": (fonts.SANS, "Regular"),
    "/bold.ttf": (fonts.SANS, "Bold"),
    "/mono.ttf": (fonts.MONO, "Regular"),
}
#: For everything that is served: kept nowhere, framed by the preview alone, and of no use to another site.
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
FRAMED = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; frame-ancestors 'self'"
)
FOREIGN = (
    b"This preview answers to its own address alone, with its token: open the one that `handover preview` printed.\n"
)
MISSING = b"The preview has no such page.\n"
#: The pages of the PDF as the browser shows them; its own viewer would go back to page one at each save.
PAGES = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="pages.css">
<main>
{pages}
</main></html>
"""
PAGE = '<figure><img src="page-{n}.png?{version}" alt="Page {n} of {count}"></figure>'

#: By their path in the address, after the token: the type of a file, and its content.
Files = Mapping[str, tuple[str, bytes]]


class PageState:
    """What a browser is to show at this moment: the files of the last good report, and how the next one fares.

    It is written by the preview and read by the threads that serve. `session` tells this preview from an earlier one
    at the same address; `look` is called when a browser turns to the PDF.
    """

    def __init__(self, report: str, session: str, look: Callable[[], None]) -> None:
        self._look = look
        self._lookers = 0
        self._changed = threading.Condition()
        self._serial = 0
        self._closed = False
        self._files: dict[str, tuple[str, bytes]] = {}
        self._state: dict[str, Any] = dict.fromkeys(("failed", "failed_at", "edition", "took"), "")
        self._state |= {"report": report, "session": session, "html": 0, "pdf": 0, "pages": 0}
        self._state |= {"at": None, "warnings": [], "omitted": []}

    def post(self, files: Files | None = None, **state: Any) -> None:
        """Change what is shown, all at once."""
        with self._changed:
            self._files |= files or {}
            self._state |= state
            self._serial += 1
            self._changed.notify_all()

    def file(self, path: str) -> tuple[str, bytes] | None:
        """The type and content of a file by its path in the address, after the token."""
        with self._changed:
            return self._files.get(path)

    def later(self, seen: int, patience_s: float) -> tuple[int, dict[str, Any]] | None:
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
        """While this lasts, a browser shows the pages of the PDF, so that they are worth drawing."""
        with self._changed:
            self._lookers += 1
        self._look()
        try:
            yield
        finally:
            with self._changed:
                self._lookers -= 1

    def pages_due(self) -> bool:
        """Whether a browser shows pages that are not those of the last report."""
        with self._changed:
            return self._lookers > 0 and self._state["pages"] < self._state["html"]

    def close(self) -> None:
        """End all waiting requests."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def shown(report: str, version: int, part: str, data: tuple[bytes, ...]) -> Files:
    """The files that show a part of a report: its ``html``, its ``pdf``, or its ``pages`` as PNG."""
    if part != "pages":
        return {f"/report.{part}": ({"html": HTML, "pdf": PDF}[part], data[0])}
    figures = "\n".join(PAGE.format(n=n, version=version, count=len(data)) for n in range(1, len(data) + 1))
    page = PAGES.format(title=escape(f"{report}: the PDF"), pages=figures)
    return {f"/page-{n}.png": (PNG, one) for n, one in enumerate(data, 1)} | {"/pages.html": (HTML, page.encode())}


class Server(ThreadingHTTPServer):
    """Serves a page until it is closed, at addresses that begin with a token.

    Without a port it takes the first free one of `PORTS`, or any if all are taken.

    Raises:
        PreviewError: The port is taken, or not allowed.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_port = False

    def __init__(self, page: PageState, token: str, port: int | None = None) -> None:
        self.page, self._token = page, token
        self._bind(port)
        self.port = self.server_address[1]
        self.hosts = {f"{name}:{self.port}" for name in (LOOPBACK, "localhost")}
        shell, style = ((FOLDER / name).read_bytes() for name in ("shell.html", "pages.css"))
        self.fixed: Files = {"/": (HTML, shell), "/pages.css": ("text/css; charset=utf-8", style)}
        self.fixed |= {path: ("font/ttf", fonts.face(*face).read_bytes()) for path, face in FACES.items()}
        self.policy = _policy(shell.decode())
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    @property
    def address(self) -> str:
        """Where to point a browser."""
        return f"http://{LOOPBACK}:{self.port}/{self._token}/"

    def asked(self, path: str, host: str) -> str:
        """The path that is asked for, after the token; "" for whoever does not know the address.

        A page elsewhere whose name was made to point here (DNS rebinding) still sends its own name as `host`.
        """
        given = path[1:].partition("/")[0].encode()
        known = hmac.compare_digest(given, self._token.encode())
        return path[1 + len(given) :] if known and host in self.hosts else ""

    def server_bind(self) -> None:
        """Bind, without asking the network for the name of this machine as the base class does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def close(self) -> None:
        """Stop serving."""
        self.page.close()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser that closes a connection early is no fault."""

    def _bind(self, port: int | None) -> None:
        for candidate in [port] if port is not None else [*PORTS, 0]:
            try:
                return super().__init__((LOOPBACK, candidate), _Handler)
            except OSError as error:
                reason = error.strerror
        raise PreviewError(
            f"--port {port}: must be a port that is free (got: {reason}).\n"
            "Name another, or leave --port out and one is chosen."
        )


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version = "handover", ""

    def do_GET(self) -> None:
        path, query = urlsplit(self.path)[2:4]
        path = self.server.asked(path, self.headers.get("Host", ""))
        if not path:
            self._send(HTTPStatus.FORBIDDEN, TEXT, FOREIGN)
        elif path == EVENTS:
            with self.server.page.looked_at() if query == "pdf" else nullcontext():
                self._stream()
        elif found := self.server.fixed.get(path) or self.server.page.file(path):
            self._send(HTTPStatus.OK, *found, policy=self.server.policy if path == "/" else FRAMED)
        else:
            self._send(HTTPStatus.NOT_FOUND, TEXT, MISSING)

    do_HEAD = do_GET

    def _send(self, status: HTTPStatus, kind: str, content: bytes, policy: str = FRAMED) -> None:
        headers = {"Content-Type": kind, "Content-Length": str(len(content))}
        self._head(status, headers | ({"Content-Security-Policy": policy} if kind == HTML else {}))
        if self.command != "HEAD":
            self.wfile.write(content)

    def _stream(self) -> None:
        self._head(HTTPStatus.OK, {"Content-Type": "text/event-stream"})
        seen = -1
        with suppress(OSError, EOFError):
            while self.command != "HEAD":
                line = ":"
                if later := self.server.page.later(seen, BEAT_S):
                    seen, state = later
                    line = f"retry: 500\ndata: {json.dumps(state)}"
                self.wfile.write(f"{line}\n\n".encode())

    def _head(self, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | HEADERS).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def kept_token(folder: Path) -> str:
    """The token that is kept in a folder, so that an open browser finds the next preview; made if there is none."""
    path = folder / "preview-token"
    with suppress(OSError):
        held = path.lstat()
        kept = path.read_text("ascii", "replace")
        if held.st_uid == os.getuid() and held.st_mode == S_IFREG | 0o600 and TOKEN.fullmatch(kept):
            return kept
    token = secrets.token_hex(TOKEN_BYTES)
    with suppress(OSError):
        write_private(path, token)
    return token


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read; one that is there is replaced, as it may be another's."""
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _policy(shell: str) -> str:
    """The policy of the shell: its own script and style, the stream of changes, and the report in a frame."""

    def allowed(tag: str) -> str:
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", shell, re.DOTALL)
        return " ".join(map(digest.policy, inside))

    return (
        f"default-src 'none'; script-src {allowed('script')}; style-src {allowed('style')}; connect-src 'self'; "
        "frame-src 'self'; font-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
