"""The catalogue: a pure function of manifests, for readers, programs and followers."""

import datetime as dt
import json
import random
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handover.cli import cli
from handover.editions import catalogue, catalogue_pages, manifest
from handover.editions.catalogue import Site
from handover.editions.store import LINK_PICTURE, Edition, Store
from handover.errors import HandoverError, StoreError
from handover.project import Project
from handover.text import whole
from judges.links import dangling
from publishing import fact, made

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "reports", tmp_path / "lock")


def fill(store, *editions):
    with store.locked():
        for about, files in editions:
            store.publish(about["report"], about["edition"], files, about)
        return catalogue.write(store)


# other people's files


@pytest.mark.parametrize(
    "make", [lambda path: path.write_text("theirs"), lambda path: path.symlink_to("a"), Path.mkdir]
)
@pytest.mark.parametrize("name", ["index.html", "feed.xml", "catalogue.json", "doors_editions.html"])
def test_a_file_that_we_did_not_write_is_not_replaced(store, snapshot, name, make):
    store.root.mkdir()
    (store.root / "a").write_text('<meta name="generator" content="another">')
    make(store.root / name)
    before = snapshot(store.root)
    with pytest.raises(
        StoreError, match=rf"that the catalogue would replace and handover did not write \(got {name}\)"
    ):
        fill(store, made())
    kept = {path: found for path, found in snapshot(store.root).items() if not path.startswith("doors/")}
    assert {path: kept[path] for path in before} == before and kept.keys() - before.keys() == {"doors"}


def test_a_catalogue_is_written_without_a_tool_for_notebooks(store):
    fill(store, made())
    code = (
        "import sys\nfrom pathlib import Path\nfrom handover.editions import catalogue\n"
        "from handover.editions.store import Store\ncatalogue.write(Store(*map(Path, sys.argv[1:])))\n"
        "print({'jinja2', 'nbformat', 'jsonschema', 'nbconvert'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, store.root, store.lock]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "{'jinja2'}\n"


def test_a_page_of_others_that_is_named_like_ours_stays_and_ours_goes(store):
    fill(store, made("windows"), made())
    for name in ("books_editions.html", "books_editions-3.html"):
        (store.root / name).write_text("theirs")
    (store.root / "linked_editions.html").symlink_to("windows_editions.html")
    assert catalogue.stale(store) == []
    with store.locked():
        catalogue.write(store, without=store.editions("windows"))
    left = {path.name for path in store.root.glob("*_editions*.html")}
    assert left == {"doors_editions.html", "books_editions.html", "books_editions-3.html", "linked_editions.html"}


def test_what_we_wrote_is_known_as_ours_whatever_a_project_says_of_itself(store):
    """Also in the middle of a merge that git could not settle."""
    (store.root.parent / "pyproject.toml").write_text(
        f'[tool.handover]\ntitle = "{"<t>" * 5000}"\ndescription = "{"d" * 9000}"\nid = "{"i" * 2000}"\n'
    )
    desk = replace(store, project=Project(store.root.parent))
    fill(desk, made())
    for name in ("index.html", "feed.xml", "catalogue.json", "doors_editions.html"):
        path = store.root / name
        path.write_text("<<<<<<< HEAD\n" + path.read_text())
    fill(desk, made(as_of="2026-02-01", digits="00000002"))
    assert catalogue.stale(desk) == []


def test_the_command_replaces_files_of_others_when_it_is_told_to(mini, monkeypatch):
    store = Store.of(mini)
    fill(store, made())
    (store.root / "index.html").write_text("theirs")
    monkeypatch.chdir(mini.root)
    refused = CliRunner().invoke(cli, ["catalogue"])
    assert isinstance(refused.exception, StoreError) and "`handover catalogue --force`" in str(refused.exception)
    assert (store.root / "index.html").read_text() == "theirs"
    assert CliRunner().invoke(cli, ["catalogue", "--force"]).exit_code == 0 and catalogue.stale(store) == []


def read(store):
    return json.loads((store.root / "catalogue.json").read_text())["reports"]


def test_a_torn_manifest_is_named_and_left_out(store):
    fill(store, made(), made(digits="11111111", as_of="2026-02-01"))
    torn = Edition(store.root, "doors", "2026-02-01-en-11111111")
    (torn.folder / "manifest.json").write_bytes(b"{")
    with store.locked():
        faults = catalogue.write(store)
    assert len(faults) == 1 and torn.name in faults[0] and "must be a whole manifest" in faults[0]
    assert [one["edition"] for one in read(store)[0]["editions"]] == ["2026-01-31-en-0123abcd"]


def test_a_manifest_of_something_else_is_named_and_left_out(store):
    fill(store, made())
    odd = Edition(store.root, "doors", "2026-02-01-en-22222222")
    about = made(digits="22222222", as_of="2026-02-01")[0]
    odd.folder.mkdir()
    (odd.folder / "manifest.json").write_bytes(manifest.dumps(about | {"outputs": {}}))
    with store.locked():
        faults = catalogue.write(store)
    names = ", ".join(f"doors_{odd.name}.{kind}" for kind in ("html", "pdf", "ipynb"))
    assert faults == [f"{odd.folder}/manifest.json: must name the files of a report (got no {names})."]
    assert [one["edition"] for one in read(store)[0]["editions"]] == ["2026-01-31-en-0123abcd"]


def test_what_others_put_into_a_manifest_is_text_on_the_page_and_in_the_feed():
    evil = '</title><script>alert(1)</script>"\x07'
    about, _ = made(title=evil, standfirst=evil, variant={"evidence": evil})
    files = catalogue.build([about])
    page = files["index.html"].decode()
    pages = page, files["doors_editions.html"].decode()
    assert all("<script" not in page and "&lt;script&gt;" in page for page in pages)
    root = ElementTree.fromstring(files["feed.xml"])
    told = root.find(f"{ATOM}entry/{ATOM}title").text
    assert told.startswith(evil.replace("\x07", "") + " (31 January 2026, evidence: </title><script>alert(1)")


WORDS = st.one_of(
    st.text(),
    st.text("\ud800\udfff\x00\x07\r\n\x85\u2028\u202e\u2066\ufffe<>&\"'/=\\%$?]-aé中"),
    st.sampled_from(["]]><script>", "<!--", "&#0;", "=?utf-8?q?x=0d=0a?=", "javascript:x", "\ud800", "x" * 10_000]),
)


class Words(HTMLParser):
    """What a reader of a page meets: its text, and the names of its elements."""

    def __init__(self, page):
        super().__init__()
        self.text, self.tags = "", set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text += data


@cache
def usual_catalogue():
    editions = made(digits="00000001", as_of="2026-01-07"), made(variant={"evidence": "x"}, value="4")
    return catalogue.build([about for about, _ in editions], Site("x", "x"))


@settings(max_examples=15)  # each sets four pages and the typefaces that they need
@given(WORDS, WORDS, WORDS, WORDS)
@example("\ud800", "\ud800", "\ud800", "\ud800")
def test_law_words_stay_words_in_feed_data_and_pages(title, standfirst, value, name):
    about = [made(digits="00000001", as_of="2026-01-07")[0]]
    about.append(made(title=title, standfirst=standfirst, value=value, variant={"evidence": value})[0])
    files = catalogue.build(about, Site(title=name, description=name))
    root, usual = (ElementTree.fromstring(one["feed.xml"]) for one in (files, usual_catalogue()))
    shape = [element.tag for element in usual.iter()]
    gone = {f"{ATOM}subtitle"} if not name else set()
    assert [element.tag for element in root.iter()] == [tag for tag in shape if tag not in gone]
    kept = re.sub("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]", "", title)
    assert root.find(f"{ATOM}entry/{ATOM}title").text.startswith(f"{kept} (31 January 2026")
    content = Words(root.find(f"{ATOM}entry/{ATOM}content").text or "")
    assert content.tags <= {"p", "ul", "li"}
    (listed,) = json.loads(files["catalogue.json"])["reports"]
    assert listed["editions"][0]["title"] == whole(title)
    for page in ("index.html", "doors_editions.html"):
        assert Words(files[page].decode()).tags == Words(usual_catalogue()[page].decode()).tags


def test_the_pages_run_nothing_and_ask_nobody():
    files = catalogue.build([made()[0]])
    for page in (files["index.html"].decode(), files["doors_editions.html"].decode()):
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        outside = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
        assert re.findall(r'(?:src|href)="(?!#|data:,)(?:[a-z]+:|//)[^"]*"', outside) == []
        assert re.findall(r" on[a-z]+=|<script|style=", outside) == []


def test_the_same_manifests_in_any_order_give_the_same_bytes():
    manifests = [made(digits=f"{n:08x}", as_of=f"2026-01-{n + 1:02}", value=str(n))[0] for n in range(9)]
    manifests += [made("windows", digits=f"{n:08x}")[0] for n in range(3)]
    first = catalogue.build(manifests)
    random.Random(0).shuffle(manifests)
    assert catalogue.build(manifests) == first


def test_the_clock_of_a_run_orders_editions_and_stands_on_no_page():
    early, late = made(digits="ffffffff", started="2099-01-01"), made(digits="00000000", started="2099-01-02")
    files = catalogue.build([early[0], late[0]])
    assert [one["edition"][-8:] for one in json.loads(files["catalogue.json"])["reports"][0]["editions"]] == [
        "00000000",
        "ffffffff",
    ]
    assert all(b"2099" not in data for name, data in files.items() if name.endswith(".html"))


def test_the_lead_is_the_newest_standard_edition():
    standard = made(digits="00000001", as_of="2026-01-07")
    newer = made(digits="00000002", as_of="2026-01-31")
    special = made(digits="00000003", as_of="2026-02-28", variant={"evidence": "article"})
    entry = catalogue.entries([standard[0], newer[0], special[0]])[0]
    assert entry["lead"] == newer[0]["edition"]
    assert [one["edition"][-1] for one in entry["editions"]] == ["3", "2", "1"]
    assert catalogue.entries([special[0]])[0]["lead"] == special[0]["edition"]


def test_what_changed_is_told_against_the_last_edition_of_the_same_settings():
    first = made(digits="00000001", as_of="2026-01-07", value="3")
    aside = made(digits="00000002", as_of="2026-01-20", value="9", variant={"evidence": "article"})
    second = made(digits="00000003", as_of="2026-01-31", value="4")
    newest, other, oldest = catalogue.entries([first[0], aside[0], second[0]])[0]["editions"]
    assert newest["before"] == first[0]["edition"]
    assert [(change["before"], change["after"]) for change in newest["changed"]] == [("3", "4")]
    assert (other["before"], other["changed"], oldest["before"]) == ("", [], "")
    page = catalogue.build([first[0], second[0]])["index.html"].decode()
    assert "What has changed since 7 January 2026" in page and "<li>Doors: 4 (before: 3).</li>" in page


def test_what_a_report_was_set_to_is_no_news():
    sets = {"as_of": {"label": "The day", "value": "7"}}
    first = made(digits="00000001", as_of="2026-01-07")[0]
    second = made(digits="00000002", as_of="2026-01-31")[0]
    first["facts"] |= sets
    second["facts"] |= {"as_of": {"label": "The day", "value": "31"}}
    newest, _ = catalogue.entries([first, second])[0]["editions"]
    assert (newest["before"], newest["changed"]) == (first["edition"], [])
    assert "Nothing in it is new since 7 January 2026" in catalogue.build([first, second])["index.html"].decode()


def reader(store):
    return dangling(lambda path: (store.root / path).read_bytes() if (store.root / path).is_file() else None)


def test_links_lead_to_files_of_the_store(store, monkeypatch):
    monkeypatch.setattr(catalogue_pages, "ROWS", 2)
    fill(store, *(made(digits=f"{n:08x}", as_of=f"2026-01-{n + 1:02}") for n in range(5)), made("windows"))
    assert reader(store) == []
    (store.root / "windows" / "2026-01-31-en-0123abcd" / "windows_2026-01-31-en-0123abcd.pdf").unlink()
    assert len(reader(store)) == 1


def test_the_catalogue_as_data_lists_every_file(store):
    fill(store, made(), made("windows"))
    listed = [file for report in read(store) for one in report["editions"] for file in one["files"].values()]
    assert len(listed) == 8
    for file in listed:
        assert (store.root / file["path"]).stat().st_size == file["bytes"]


# all editions


def many(count, report="doors"):
    start = dt.date(2020, 1, 1)
    days = [(start + dt.timedelta(days=n)).isoformat() for n in range(count)]
    return [made(report, digits=f"{n:08x}", as_of=day, value=str(n))[0] for n, day in enumerate(days)]


def test_every_edition_is_on_exactly_one_page_and_the_newest_on_the_page_with_the_reports_name():
    manifests = many(2 * catalogue_pages.ROWS + 1)
    files = catalogue.build(manifests)
    pages = {name: data.decode() for name, data in files.items() if catalogue.ARCHIVE.fullmatch(name)}
    assert list(pages) == ["doors_editions-1.html", "doors_editions-2.html", "doors_editions.html"]
    held = {name: re.findall(r'<li id="([^"]+)"', page) for name, page in pages.items()}
    assert sorted(one for page in held.values() for one in page) == sorted(one["edition"] for one in manifests)
    assert [len(one) for one in held.values()] == [catalogue_pages.ROWS, catalogue_pages.ROWS, 1]
    assert held["doors_editions.html"] == [manifests[-1]["edition"]]


def test_a_full_page_stays_as_it_is_when_editions_come():
    manifests = many(2 * catalogue_pages.ROWS + 1)
    before, after = catalogue.build(manifests[:-1]), catalogue.build(manifests)
    assert before["doors_editions-1.html"] == catalogue.build(manifests[:-2])["doors_editions-1.html"]
    assert after["doors_editions-1.html"] != before["doors_editions-1.html"], "only its way to the newer page changes"
    assert after["doors_editions-1.html"] == catalogue.build(many(3 * catalogue_pages.ROWS))["doors_editions-1.html"]


def test_pages_that_are_no_longer_needed_go_and_those_of_others_stay(store, monkeypatch):
    monkeypatch.setattr(catalogue_pages, "ROWS", 1)
    fill(store, *(made(digits=f"{n:08x}", as_of=f"2026-01-{n + 1:02}") for n in range(3)))
    (store.root / "my_editions-notes.html").write_text("theirs")
    monkeypatch.setattr(catalogue_pages, "ROWS", 200)
    assert catalogue.stale(store)[-2:] == ["doors_editions-1.html", "doors_editions-2.html"]
    fill(store)
    names = {path.name for path in store.root.glob("*.html")}
    assert names == {"index.html", "doors_editions.html", "my_editions-notes.html"}
    assert catalogue.stale(store) == []


def test_a_report_may_be_called_index(store):
    fill(store, made("index"))
    assert reader(store) == [] and (store.root / "index_editions.html").is_file()


# link previews


def test_without_an_address_previews_are_relative_and_with_one_they_are_whole():
    manifests = [made()[0], made("windows")[0]]
    for url in ("", "https://desk.example/reports/"):
        for name, data in catalogue.build(manifests, Site(url=url)).items():
            if not name.endswith(".html"):
                continue
            page = data.decode()
            tags = dict(re.findall(r'<meta property="(og:[a-z:_]+)" content="([^"]*)">', page))
            report = "windows" if name.startswith("windows") else "doors"
            assert tags["og:image"] == f"{url}{report}/2026-01-31-en-0123abcd/page1.png"
            assert tags["og:image:alt"] == f"Page one of The {report}, as of 31 January 2026"
            assert tags.get("og:url") == (f"{url}{name}" if url else None)
            assert tags["og:title"] and tags["og:description"]


def test_the_address_is_that_of_pyproject(mini):
    store = Store.of(mini)
    (mini.root / "pyproject.toml").write_text('[tool.handover]\nurl = "https://desk.example/reports"\n')
    fill(store, made())
    assert "https://desk.example/reports/index.html" in (store.root / "index.html").read_text()
    assert catalogue.stale(store) == []
    assert catalogue.stale(Store(store.root, store.lock)) != []


@pytest.mark.parametrize(
    "value", ['"desk.example"', '"file:///srv"', "3", '["https://desk.example"]', '"https://a b"', r'"https://a\u0007"']
)
def test_an_address_that_is_none_is_refused(mini, value):
    (mini.root / "pyproject.toml").write_text(f"[tool.handover]\nurl = {value}\n")
    with pytest.raises(HandoverError, match=r"tool\.handover\.url must be an address that begins with https://"):
        fill(Store.of(mini), made())


# the feed


DESK = Site("Doors & more", "What became of them.", url="https://desk.example/", id="https://old.example/")


def parsed(manifests, site=DESK):
    headers = {"content-location": "https://desk.example/feed.xml", "content-type": "application/atom+xml"}
    return feedparser.parse(catalogue.build(manifests, site)["feed.xml"], response_headers=headers)


@pytest.mark.parametrize("url", ["", "https://desk.example/"])
def test_a_parser_that_is_not_ours_reads_the_feed(url):
    changed = [made(digits="00000001", as_of="2026-01-07", value="3")[0], made(value="4 < 5 & more")[0]]
    odd = made("windows", as_of="2026-02-01", title="A & B <i>\x07", standfirst="Größe — ٣")[0]
    read = parsed([*changed, odd], replace(DESK, url=url))
    assert read.bozo is False and read.version == "atom10"
    assert (read.feed.title, read.feed.subtitle) == ("Doors & more", "What became of them.")
    assert read.entries[1].title == "The doors (31 January 2026)"
    place = "https://desk.example/doors/2026-01-31-en-0123abcd/doors_2026-01-31-en-0123abcd"
    assert read.entries[1].link == f"{place}.html"
    assert [(one.href, one.type) for one in read.entries[1].enclosures] == [(f"{place}.pdf", "application/pdf")]
    told = read.entries[1].content[0].value
    assert (
        "What has changed since 7 January 2026:" in told and "<li>Doors: 4 &lt; 5 &amp; more (before: 3).</li>" in told
    )


def test_an_id_names_the_project_and_stays_when_the_catalogue_moves_or_grows():
    first = [one.id for one in parsed(many(3)).entries]
    assert first[-1] == "https://old.example/doors/2020-01-01-en-00000000"
    assert parsed(many(3)).feed.id == "https://old.example/feed.xml"
    assert [one.id for one in parsed(many(5), replace(DESK, url="https://elsewhere.example/")).entries][2:] == first
    assert not set(first) & {one.id for one in parsed(many(3), replace(DESK, id="https://other.example/")).entries}


def test_without_an_address_ids_name_the_desk_by_its_title():
    """Valid names that last: the same title gives the same ones on any machine, and another title none of them."""
    titles = ("Reports", "Doors", "doors", "Doors ")
    ids = {title: _ids(parsed(many(2), Site(title=title))) for title in titles}
    assert ids["Reports"] == [
        "urn:uuid:17f38261-de82-5462-9fa2-881599e38187",
        "urn:uuid:1223684e-35d7-5bea-8bce-d4b0aa333efd",
        "urn:uuid:e7ed620b-d96d-5cec-a358-1a1d6de165bd",
    ]
    assert len({one for held in ids.values() for one in held}) == 3 * len(titles)
    assert _ids(parsed(many(2), Site(title="Doors", url="https://desk.example/", id="tag:desk.example,2026:"))) == [
        "tag:desk.example,2026:feed.xml",
        "tag:desk.example,2026:doors/2020-01-02-en-00000001",
        "tag:desk.example,2026:doors/2020-01-01-en-00000000",
    ]


def _ids(read):
    return [read.feed.id, *(one.id for one in read.entries)]


def test_an_entry_bears_the_time_at_which_its_edition_was_made_and_the_last_made_goes_first():
    late = made(started="2026-11-03T07:00:00.5+03:00")[0]
    early = made(digits="00000002", as_of="2026-10-01", started="2026-10-01T04:00:00+00:00")[0]
    read = parsed([early, late])
    assert [one.updated for one in read.entries] == ["2026-11-03T04:00:00Z", "2026-10-01T04:00:00Z"]
    assert read.feed.updated == "2026-11-03T04:00:00Z"
    # where nobody knows, the day that it speaks from
    assert parsed([made()[0]]).entries[0].updated == "2026-01-31T00:00:00Z", (
        "the day it speaks from, where nobody knows"
    )


def test_a_corrected_edition_says_so_to_those_who_follow():
    first = made(digits="0000000a", value="3", started="2026-02-01T00:00:00Z")[0]
    again = made(digits="0000000b", value="4", started="2026-02-02T00:00:00Z")[0]
    for one in (first, again):
        one["facts"]["doors"]["known_since"] = "2026-01-30"
    read = parsed([first, again])
    assert [one.title for one in read.entries] == [
        "The doors (31 January 2026, corrected)",
        "The doors (31 January 2026)",
    ]
    assert "<li>Correction: Doors: 4 (the earlier edition had: 3).</li>" in read.entries[0].content[0].value
    newest, _ = catalogue.entries([first, again])[0]["editions"]
    assert (newest["replaces"], newest["before"]) == (first["edition"], "")


def test_a_correction_is_told_once_beside_the_news_since_the_earlier_day():
    days = [made(digits="00000001", as_of="2026-01-07", value="3")[0]]
    days += [
        made(digits=digits, value=value, started=f"2026-02-0{digits[-1]}T00:00:00Z")[0]
        for digits, value in (("00000002", "3"), ("00000003", "4"))
    ]
    for one in days:
        one["facts"]["doors"] |= {"known_since": "2026-01-01"}
    days[-1]["facts"]["walls"] = fact("Walls", "9", "2026-01-20")
    newest = catalogue.entries(days)[0]["editions"][0]
    assert [(one["fact"], one["kind"]) for one in newest["changed"]] == [("doors", "corrected"), ("walls", "new")]
    assert (newest["before"], newest["replaces"]) == (days[0]["edition"], days[1]["edition"])


def test_an_edition_is_told_against_the_day_that_its_own_text_names():
    days = [made(digits=f"0000000{n}", as_of=f"2026-01-0{n}", value=str(n))[0] for n in (1, 2, 3)]
    days[-1]["parameters"] = {"as_of": "2026-01-03", "since": "2026-01-01"}
    assert catalogue.entries(days)[0]["editions"][0]["before"] == days[0]["edition"]


def test_an_edition_of_a_day_to_come_leads_nothing_and_is_in_no_feed():
    meant = made(as_of="2026-10-01", started="2026-10-01T04:00:00+00:00")[0]
    slip = made(digits="00000002", as_of="2027-10-01", started="2026-10-02T04:00:00+00:00")[0]
    assert catalogue.entries([meant, slip])[0]["lead"] == meant["edition"]
    assert [one.title for one in parsed([meant, slip]).entries] == ["The doors (1 October 2026)"]
    assert "of a day that had not come" in catalogue.build([meant, slip])["doors_editions.html"].decode()


def test_a_report_of_nothing_but_days_to_come_is_not_on_the_front_page(store):
    slip = made(as_of="2027-10-01", started="2026-10-02T04:00:00+00:00")
    fill(store, slip, made("windows"))
    (listed,) = [one for one in catalogue.entries([slip[0]]) if one["report"] == "doors"]
    assert listed["lead"] == "" and [one["ahead"] for one in listed["editions"]] == [True]
    front = (store.root / "index.html").read_text()
    assert re.findall(r'<article id="([a-z]+)"', front) == ["windows"] and "doors" not in front
    assert "of a day that had not come" in (store.root / "doors_editions.html").read_text()


@pytest.mark.parametrize(
    ("as_of", "started", "ahead"),
    [
        ("2026-10-01", "2026-10-01T09:59:59+00:00", False),
        ("2026-10-02", "2026-10-01T09:59:59+00:00", True),
        ("2026-10-02", "2026-10-01T10:00:00+00:00", False),
        ("2026-10-02", "2026-10-02T00:00:00+14:00", False),
        ("2026-10-02", "2026-10-01T23:00:00", False),
        ("2026-10-03", "2026-10-01T23:00:00+00:00", True),
    ],
)
def test_a_day_that_has_come_somewhere_on_earth_is_not_to_come(as_of, started, ahead):
    one = made(as_of=as_of, started=started)[0]
    assert manifest.ahead(one) is ahead


# what the project says of it


def test_the_catalogue_bears_the_name_and_the_order_that_the_project_gives(mini):
    store = Store.of(mini)
    (mini.root / "pyproject.toml").write_text(
        '[tool.handover]\ntitle = "Out of the house"\ndescription = "Three reports."\norder = ["windows"]\n'
        '[tool.handover.words]\n"evidence: article" = "from the article alone"\n'
    )
    aside = made("windows", digits="00000009", variant={"evidence": "article", "odd": 3})
    fill(store, made(), made("windows"), made("walls"), aside)
    page = (store.root / "index.html").read_text()
    assert "<h1>Out of the house</h1>" in page and ">Three reports.</p>" in page
    assert re.findall(r'<article id="([a-z]+)"', page) == ["windows", "doors", "walls"]
    assert "from the article alone, odd: 3" in page and "evidence:" not in page
    assert '<link rel="alternate" type="application/atom+xml" title="Out of the house" href="feed.xml">' in page
    report = (store.root / "windows_editions.html").read_text()
    assert '<a href="index.html">Out of the house</a>' in report and report.count("<strong>newest</strong>, ") == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("title = 3", "title must be a text (got 3)"),
        ('order = "doors"', "order must be a list of texts (got 'doors')"),
        ("words = 3", "words must be a table of texts (got 3)"),
        ('words = {"evidence: article" = 3}', "words must be a table of texts (got {'evidence: article': 3})"),
    ],
)
def test_what_the_project_may_not_say_is_refused(mini, line, said):
    (mini.root / "pyproject.toml").write_text(f"[tool.handover]\n{line}\n")
    with pytest.raises(HandoverError) as error:
        fill(Store.of(mini), made())
    assert f"pyproject.toml: tool.handover.{said}" in str(error.value)


def test_a_preview_shows_the_wide_picture_where_the_edition_has_one():
    about = made()[0]
    page = catalogue.build([about])["doors_editions.html"].decode()
    assert '<meta name="twitter:card" content="summary">' in page
    about["outputs"] |= manifest.outputs({LINK_PICTURE: b"png"})
    page = catalogue.build([about], DESK)["doors_editions.html"].decode()
    assert f'"https://desk.example/doors/2026-01-31-en-0123abcd/{LINK_PICTURE}">' in page
    assert '<meta name="twitter:card" content="summary_large_image">' in page


def test_an_empty_store_has_a_catalogue_too():
    files = catalogue.build([])
    assert b"There is no edition yet." in files["index.html"]
    ElementTree.fromstring(files["feed.xml"])


def test_a_stale_catalogue_is_noticed_and_mended(store):
    fill(store, made())
    assert catalogue.stale(store) == []
    (store.root / "feed.xml").unlink()
    page = store.root / "index.html"
    page.write_text(page.read_text().replace("The doors", "edited"))
    assert catalogue.stale(store) == ["feed.xml", "index.html"]
    fill(store)
    assert catalogue.stale(store) == []


def test_an_up_to_date_catalogue_is_not_written_again(store):
    fill(store, made())
    before = (store.root / "index.html").stat()
    fill(store)
    after = (store.root / "index.html").stat()
    # not the time of access: reading it to compare is allowed
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(("count", "said"), [(0, "1 kB"), (999, "1 kB"), (153_400, "153 kB"), (2_349_999, "2.3 MB")])
def test_sizes_read_well(count, said):
    assert catalogue_pages.size(count) == said


@pytest.mark.parametrize(
    ("value", "said"), [("a\u202eb", "a[U+202E]b"), ("x" * 99, "x" * 80 + "…"), (None, "none"), (["a", 1], "a, 1")]
)
def test_settings_are_short_and_deceive_nobody(value, said):
    assert catalogue.setting(value) == said


def test_days_read_well_in_any_locale():
    assert catalogue_pages.day("2026-01-07") == "7 January 2026"
