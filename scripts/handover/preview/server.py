"""The preview's web server: loopback only, a fixed set of addresses, and a stream of what changes.

It opens no file for a request: an address is looked up in what the preview holds in memory.
"""

import json
import re
import threading
from contextlib import nullcontext, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from urllib.parse import urlsplit

from handover import digest, fonts
from handover.errors import PreviewError
from handover.preview.board import HTML, Board

LOOPBACK = "127.0.0.1"
#: Tried in turn: a preview that is started again mostly gets its old address, and an open browser finds it.
PORTS = range(8700, 8720)
#: A line into each stream now and then, so that one whose reader went away is noticed.
BEAT_S = 10.0
EVENTS = "/events"
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
FOREIGN = "This preview answers to its own address alone: open the one that `handover preview` printed.\n"


class Server(ThreadingHTTPServer):
    """Serves a board until it is closed.

    Args:
        board: What to serve.
        port: The port; None for the first free one of `PORTS`, or any if all are taken.

    Raises:
        PreviewError: The port is taken, or not to be had.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_port = False

    def __init__(self, board: Board, port: int | None = None) -> None:
        self.board = board
        self._bind(port)
        self.port = self.server_address[1]
        self.hosts = {f"{name}:{self.port}" for name in (LOOPBACK, "localhost")}
        self.fixed = _fixed()
        self.policy = _policy(self.fixed["/"][1].decode())
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    @property
    def address(self) -> str:
        """Where to point a browser."""
        return f"http://{LOOPBACK}:{self.port}/"

    def server_bind(self) -> None:
        """Bind, without asking the network for the name of this machine as the base class does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def close(self) -> None:
        """Stop serving."""
        self.board.close()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser that closes a connection early is no fault."""

    def _bind(self, port: int | None) -> None:
        for candidate in [port] if port is not None else [*PORTS, 0]:
            try:
                super().__init__((LOOPBACK, candidate), _Handler)
            except OSError as error:
                reason = error.strerror
            else:
                return
        raise PreviewError(
            f"--port {port}: must be a port that is free (got: {reason}).\n"
            "Name another, or leave --port out and one is chosen."
        )


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version = "handover", ""

    def do_GET(self) -> None:
        path, query = urlsplit(self.path)[2:4]
        # a page elsewhere whose name was made to point here (DNS rebinding) still sends its own name
        if self.headers.get("Host", "") not in self.server.hosts:
            self._send(HTTPStatus.FORBIDDEN, "text/plain; charset=utf-8", FOREIGN.encode())
        elif path == EVENTS:
            with self.server.board.looked_at() if query == "pdf" else nullcontext():
                self._stream()
        elif found := self.server.fixed.get(path) or self.server.board.file(path):
            self._send(HTTPStatus.OK, *found, policy=self.server.policy if path == "/" else FRAMED)
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"The preview has no such page.\n")

    do_HEAD = do_GET

    def _send(self, status: HTTPStatus, kind: str, content: bytes, policy: str = FRAMED) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if kind == HTML:
            self.send_header("Content-Security-Policy", policy)
        self._close_head()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _stream(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self._close_head()
        seen = -1
        with suppress(OSError, EOFError):
            while self.command != "HEAD":
                news = self.server.board.news(seen, BEAT_S)
                line = ":"
                if news:
                    seen, state = news
                    line = f"retry: 500\ndata: {json.dumps(state)}"
                self.wfile.write(f"{line}\n\n".encode())

    def _close_head(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def _fixed() -> dict[str, tuple[str, bytes]]:
    """The preview's own files."""
    files = {"/": (HTML, (FOLDER / "shell.html.j2").read_bytes())}
    files["/pages.css"] = ("text/css; charset=utf-8", (FOLDER / "pages.css").read_bytes())
    faces = {path: ("font/ttf", fonts.face(family, style).read_bytes()) for path, (family, style) in FACES.items()}
    return files | faces


def _policy(shell: str) -> str:
    """What the shell may do: run its own script and style, hear of news, and hold the report."""

    def allowed(tag: str) -> str:
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", shell, re.DOTALL)
        return " ".join(map(digest.policy, inside))

    return (
        f"default-src 'none'; script-src {allowed('script')}; style-src {allowed('style')}; connect-src 'self'; "
        "frame-src 'self'; font-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
