"""The preview's web server: nothing for strangers, nothing but what it holds, and no port twice."""

import http.client
import json
import socket
import threading

import pytest

from handover.errors import PreviewError
from handover.preview.server import HTML, PDF, PNG, PORTS, PageState, Server, pdf_pages


@pytest.fixture
def page():
    return PageState("mini", "session", lambda: None)


@pytest.fixture
def server(page):
    serving = Server(page)
    yield serving
    serving.close()


def ask(server, path, method="GET", host=None, **headers):
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        link.putrequest(method, path, skip_host=True)
        for name, value in ({"Host": f"127.0.0.1:{server.port}"} if host is None else {"Host": host}).items():
            if value:
                link.putheader(name, value)
        for name, value in headers.items():
            link.putheader(name, value)
        link.endheaders()
        answer = link.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        link.close()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "127.0.0.1", "", "[::1]:{port}"]
)
def test_a_foreign_name_gets_nothing(server, page, host):
    page.post({"/report.html": (HTML, b"secret")})
    for path in ("/", "/report.html", "/events"):
        status, content, headers = ask(server, path, host=host.format(port=server.port))
        assert status == 403 and b"its own address alone" in content and b"secret" not in content
        assert "Access-Control-Allow-Origin" not in headers


def test_no_path_reaches_a_file(server):
    for path in (
        "/../../../../etc/passwd", "//etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd",
        "/shell.html", "/server.py", "/pyproject.toml", "/notebooks/mini.ipynb", "/data/", "/page-1.png",
        "/report.html/../../errors.py", "/report.pdf", "/report.html", "/\\..\\..", "http://127.0.0.1/etc/passwd",
        "file:///etc/passwd",
    ):  # fmt: skip
        status, content, _ = ask(server, path)
        assert (path, status, content) == (path, 404, b"The preview has no such page.\n")


def test_there_is_nothing_to_send_to_it(server):
    assert {ask(server, "/", method)[0] for method in ("POST", "PUT", "DELETE", "OPTIONS")} == {501}


def test_a_port_that_is_taken_is_named(page):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            PreviewError, match=rf"--port {port}: must be a port that is free \(got: .*in use\)\.\nName"
        ):
            Server(page, port)


def test_two_get_two_ports_and_neither_is_open_to_the_network(page, server):
    other = Server(page)
    try:
        assert other.port != server.port and {server.port, other.port} <= {*PORTS}
        assert server.server_address[0] == other.server_address[0] == "127.0.0.1"
    finally:
        other.close()


def test_when_all_usual_ports_are_taken_any_will_do(page, server, monkeypatch):
    monkeypatch.setattr("handover.preview.server.PORTS", [server.port])
    other = Server(page)
    other.close()
    assert other.port != server.port


def test_what_is_served_is_kept_nowhere_and_of_no_use_elsewhere(server, page):
    page.post({"/report.html": (HTML, b"<p>"), "/report.pdf": (PDF, b"%PDF")})
    for path in ("/", "/report.html", "/report.pdf", "/pages.css", "/regular.ttf"):
        status, content, headers = ask(server, path, host=f"localhost:{server.port}")
        assert status == 200 and content
        assert headers["Cache-Control"] == "no-store"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Python" not in headers["Server"]
    assert "frame-ancestors 'self'" in ask(server, "/report.html")[2]["Content-Security-Policy"]
    assert "script-src" not in ask(server, "/report.html")[2]["Content-Security-Policy"]
    shell = ask(server, "/")[2]["Content-Security-Policy"]
    assert "script-src 'sha256-" in shell and "unsafe" not in shell and "frame-ancestors 'none'" in shell
    assert ask(server, "/report.pdf", "HEAD")[1] == b""


def test_the_stream_tells_what_is_and_what_comes_and_ends_with_the_preview(server, page):
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    link.request("GET", "/events")
    answer = link.getresponse()

    def told():
        while not (line := answer.readline()).startswith(b"data: "):
            assert line
        return json.loads(line[6:])

    assert told()["html"] == 0
    page.post(html=7, failed="a: b\nc")
    assert told()["html"] == 7
    threading.Thread(target=server.close).start()
    assert answer.read().strip() == b""
    link.close()


def test_pages_are_drawn_only_while_somebody_looks():
    looks = []
    page = PageState("mini", "session", lambda: looks.append(1))
    page.post(html=1)
    assert not page.pages_due()
    with page.looked_at():
        assert page.pages_due() and looks == [1]
        page.post(pdf_pages("<mini>", 1, (b"one", b"two")), pages=1)
        assert not page.pages_due()
    _, shown = page.file("/pages.html")
    assert b"<mini>" not in shown and shown.count(b"<img") == 2 and b'alt="Page 2 of 2"' in shown
    assert page.file("/page-2.png") == (PNG, b"two")
