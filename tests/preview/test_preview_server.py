"""The preview's web server: nothing for strangers, nothing but what it holds, and no port twice."""

import http.client
import json
import os
import socket
import threading
from functools import partial
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover.errors import PreviewError
from handover.preview.server import FOREIGN, HTML, PDF, PNG, PORTS, PageState, Server, kept_token, shown

TOKEN = "0123456789abcdef" * 3


@pytest.fixture
def page():
    return PageState("mini", "session", lambda: None)


@pytest.fixture
def server(page):
    serving = Server(page, TOKEN)
    yield serving
    serving.close()


def ask(server, path, method="GET", host=None, token=TOKEN, **headers):
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        link.putrequest(method, f"/{token}{path}" if token else path, skip_host=True)
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


@pytest.mark.parametrize(
    "token", [None, "", "0", TOKEN[:-1], TOKEN + "0", TOKEN.upper(), TOKEN + "%00", "x/../" + TOKEN, "?token=" + TOKEN]
)
def test_who_does_not_know_the_token_gets_nothing_but_where_it_is(server, page, token):
    page.post({"/report.html": (HTML, b"secret")}, edition="secret")
    for path in ("/", "/report.html", "/events", "/events?pdf", "/pages.css", "/regular.ttf", "/nothing"):
        for method in ("GET", "HEAD"):
            status, content, _ = ask(server, path, method, token=token, Cookie=f"token={TOKEN}", Authorization=TOKEN)
            assert status == 403 and content == (FOREIGN if method == "GET" else b"")
    assert b"with its token: open the one that `handover preview` printed." in FOREIGN


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_no_other_path_is_taken_for_the_token(path):
    asked = partial(Server.asked, SimpleNamespace(_token=TOKEN, hosts={"here"}))
    assert asked(f"/{path}", "here") == (path.removeprefix(TOKEN) if path.startswith(f"{TOKEN}/") else "")
    assert asked(f"/{TOKEN}/{path}", "here") == f"/{path}"
    assert asked(f"/{TOKEN}/{path}", "elsewhere") == ""


def test_the_token_is_kept_where_nobody_else_reads_it(tmp_path):
    kept, folder = tmp_path / "own" / "preview-token", tmp_path / "own"
    token = kept_token(folder)
    assert kept_token(folder) == token == kept.read_text() and kept.stat().st_mode & 0o777 == 0o600
    seen = {token}

    def renewed():
        token = kept_token(folder)
        new = token not in seen and kept.read_text() == token and kept.lstat().st_mode & 0o777 == 0o600
        seen.add(token)
        return new

    # one that another may have read or written is not kept
    kept.chmod(0o640)
    assert renewed()
    if os.getuid() == 0:
        os.chown(kept, 65534, 65534)
        assert renewed() and kept.stat().st_uid == 0
    foreign = kept.rename(tmp_path / "foreign")
    kept.symlink_to(foreign)
    assert renewed() and foreign.is_file()
    for torn in ("", token[:-1], token.upper(), f"{token}\n", "é"):
        kept.write_text(torn)
        assert renewed()


def test_where_no_token_can_be_kept_each_preview_has_its_own(tmp_path):
    (tmp_path / "file").touch()
    assert kept_token(tmp_path / "file") != kept_token(tmp_path / "file")


def test_no_path_reaches_a_file(server):
    for path in (
        "/../../../../etc/passwd", "//etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd",
        "/shell.html", "/server.py", "/pyproject.toml", "/notebooks/mini.ipynb", "/data/", "/page-1.png",
        "/report.html/../../errors.py", "/report.pdf", "/report.html", "/\\..\\..",
    ):  # fmt: skip
        status, content, _ = ask(server, path)
        assert (path, status, content) == (path, 404, b"The preview has no such page.\n")
    for path in ("http://127.0.0.1/etc/passwd", "file:///etc/passwd", f"http://x/{TOKEN}/../etc/passwd"):
        assert ask(server, path, token=None)[0] in (403, 404)


def test_there_is_nothing_to_send_to_it(server):
    assert {ask(server, "/", method)[0] for method in ("POST", "PUT", "DELETE", "OPTIONS")} == {501}


def test_a_port_that_is_taken_is_named(page):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            PreviewError, match=rf"--port {port}: must be a port that is free \(got: .*in use\)\.\nName"
        ):
            Server(page, TOKEN, port)


def test_two_get_two_ports_and_neither_is_open_to_the_network(page, server):
    other = Server(page, TOKEN)
    try:
        assert other.port != server.port and {server.port, other.port} <= {*PORTS}
        assert server.server_address[0] == other.server_address[0] == "127.0.0.1"
    finally:
        other.close()


def test_when_all_usual_ports_are_taken_any_will_do(page, server, monkeypatch):
    monkeypatch.setattr("handover.preview.server.PORTS", [server.port])
    other = Server(page, TOKEN)
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
    link.request("GET", f"/{TOKEN}/events")
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
        page.post(shown("<mini>", 1, "pages", (b"one", b"two")), pages=1)
        assert not page.pages_due()
    _, drawn = page.file("/pages.html")
    assert b"<mini>" not in drawn and drawn.count(b"<img") == 2 and b'alt="Page 2 of 2"' in drawn
    assert page.file("/page-2.png") == (PNG, b"two")
