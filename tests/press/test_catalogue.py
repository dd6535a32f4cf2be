"""The catalogue: a pure function of manifests, for readers, programs and followers."""

import datetime as dt
import json
import random
import re
import time
from xml.etree import ElementTree

import feedparser
import pytest

from handover.errors import HandoverError
from handover.press import catalogue, catalogue_page, manifest
from handover.press.store import PICTURE, Edition, Store, file_name
from judges.links import dangling

ATOM = "{http://www.w3.org/2005/Atom}"


def made(report="doors", as_of="2026-01-31", digits="0123abcd", value="3", started="", **changes):
    """A manifest and the files it describes."""
    name = f"{as_of}-en-{digits}"
    files = {file_name(report, name, suffix): suffix.encode() for suffix in (".html", ".pdf", ".ipynb")}
    files[PICTURE] = b"png"
    about = {
        "report": report,
        "edition": name,
        "content": digits + "0" * 56,
        "title": f"The {report}",
        "standfirst": "How many.",
        "as_of": as_of,
        "language": "en",
        "parameters": {"as_of": as_of},
        "variant": {},
        "inputs": {"digest": f"inputs of {digits}"},
        "outputs": manifest.outputs(files),
        "versions": {},
        "facts": {"doors": {"label": "Doors", "value": value}},
        "sources": [],
        "pages": 2,
        "run": {"started": started},
    } | changes
    return about, files


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "reports", tmp_path / "lock")


def fill(store, *editions):
    with store.locked():
        for about, files in editions:
            store.publish(about["report"], about["edition"], files, about)
        return catalogue.write(store)


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
    (odd.folder / "manifest.json").write_bytes(manifest.dumps(about | {"as_of": "soon", "outputs": {}}))
    with store.locked():
        faults = catalogue.write(store)
    names = ", ".join(f"doors_{odd.name}.{kind}" for kind in ("html", "pdf", "ipynb"))
    assert faults == [f"{odd.folder}/manifest.json: must be that of a report (lacks: {names}, as_of)"]
    assert [one["edition"] for one in read(store)[0]["editions"]] == ["2026-01-31-en-0123abcd"]


def test_what_others_put_into_a_manifest_is_text_on_the_page_and_in_the_feed():
    evil = '</title><script>alert(1)</script>"\x07'
    about, _ = made(title=evil, standfirst=evil, variant={"evidence": evil})
    files = catalogue.build([about])
    page = files["index.html"].decode()
    pages = page, files["doors_editions.html"].decode()
    assert all("<script" not in page and "&lt;script&gt;" in page for page in pages)
    root = ElementTree.fromstring(files["feed.xml"])
    assert root.find(f"{ATOM}entry/{ATOM}title").text == evil.replace("\x07", "") + " (31 January 2026)"


@pytest.mark.parametrize("name", ["index.html", "doors_editions.html"])
def test_the_page_runs_nothing_and_asks_nobody(name):
    files = catalogue.build([made()[0]])
    page = files[name].decode()
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


def test_the_clock_of_a_run_orders_editions_and_is_printed_nowhere():
    early, late = made(digits="ffffffff", started="2099-01-01"), made(digits="00000000", started="2099-01-02")
    files = catalogue.build([early[0], late[0]])
    assert [one["edition"][-8:] for one in json.loads(files["catalogue.json"])["reports"][0]["editions"]] == [
        "00000000",
        "ffffffff",
    ]
    assert all(b"2099" not in data for data in files.values())


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
    assert "<li>Doors: <del>3</del> <ins><b>4</b></ins></li>" in page


def test_what_a_report_was_set_to_is_no_news():
    sets = {"as_of": {"label": "The day", "value": "7"}}
    first = made(digits="00000001", as_of="2026-01-07")[0]
    second = made(digits="00000002", as_of="2026-01-31")[0]
    first["facts"] |= sets
    second["facts"] |= {"as_of": {"label": "The day", "value": "31"}}
    newest, _ = catalogue.entries([first, second])[0]["editions"]
    assert (newest["before"], newest["changed"]) == (first["edition"], [])
    assert "No number changed since 7 January 2026" in catalogue.build([first, second])["index.html"].decode()


def reader(store):
    return dangling(lambda path: (store.root / path).read_bytes() if (store.root / path).is_file() else None)


def test_links_lead_to_files_of_the_store(store, monkeypatch):
    monkeypatch.setattr(catalogue_page, "ROWS", 2)
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
    manifests = many(2 * catalogue_page.ROWS + 1)
    files = catalogue.build(manifests)
    pages = {name: data.decode() for name, data in files.items() if catalogue.is_archive(name)}
    assert list(pages) == ["doors_editions-1.html", "doors_editions-2.html", "doors_editions.html"]
    held = {name: re.findall(r'<li id="([^"]+)"', page) for name, page in pages.items()}
    assert sorted(one for page in held.values() for one in page) == sorted(one["edition"] for one in manifests)
    assert [len(one) for one in held.values()] == [catalogue_page.ROWS, catalogue_page.ROWS, 1]
    assert held["doors_editions.html"] == [manifests[-1]["edition"]]


def test_a_full_page_stays_as_it_is_when_editions_come():
    manifests = many(2 * catalogue_page.ROWS + 1)
    before, after = catalogue.build(manifests[:-1]), catalogue.build(manifests)
    assert before["doors_editions-1.html"] == catalogue.build(manifests[:-2])["doors_editions-1.html"]
    assert after["doors_editions-1.html"] != before["doors_editions-1.html"], "only its way to the newer page changes"
    assert after["doors_editions-1.html"] == catalogue.build(many(3 * catalogue_page.ROWS))["doors_editions-1.html"]


def test_pages_that_are_no_longer_needed_go_and_those_of_others_stay(store, monkeypatch):
    monkeypatch.setattr(catalogue_page, "ROWS", 1)
    fill(store, *(made(digits=f"{n:08x}", as_of=f"2026-01-{n + 1:02}") for n in range(3)))
    (store.root / "my_editions-notes.html").write_text("theirs")
    monkeypatch.setattr(catalogue_page, "ROWS", 200)
    assert catalogue.stale(store)[-2:] == ["doors_editions-1.html", "doors_editions-2.html"]
    fill(store)
    names = {path.name for path in store.root.glob("*.html")}
    assert names == {"index.html", "doors_editions.html", "my_editions-notes.html"}
    assert catalogue.stale(store) == []


def test_a_report_may_be_called_index(store):
    fill(store, made("index"))
    assert reader(store) == [] and (store.root / "index_editions.html").is_file()


def test_ten_times_the_editions_take_ten_times_as_long_and_the_front_page_no_more_room():
    catalogue.build(many(50))
    spent, sizes = [], []
    for manifests in (many(400), many(4000)):
        begun = time.process_time()
        files = catalogue.build(manifests)
        spent.append(time.process_time() - begun)
        sizes.append(len(files["index.html"]))
    assert abs(sizes[1] - sizes[0]) < 200 and sizes[1] < 80_000
    assert max(len(data) for name, data in files.items() if catalogue.is_archive(name)) < 300_000
    assert spent[1] < 25 * max(spent[0], 0.05)


# link previews


def test_without_an_address_previews_are_relative_and_with_one_they_are_whole():
    manifests = [made()[0], made("windows")[0]]
    for url in ("", "https://desk.example/reports/"):
        for name, data in catalogue.build(manifests, url).items():
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


@pytest.mark.parametrize("value", ['"desk.example"', '"file:///srv"', "3", '["https://desk.example"]'])
def test_an_address_that_is_none_is_refused(mini, value):
    (mini.root / "pyproject.toml").write_text(f"[tool.handover]\nurl = {value}\n")
    with pytest.raises(HandoverError, match=r"tool\.handover\.url must be an address that begins with https://"):
        fill(Store.of(mini), made())


# the feed


@pytest.mark.parametrize("url", ["", "https://desk.example/reports/"])
def test_a_parser_that_is_not_ours_reads_the_feed(url):
    changed = [made(digits="00000001", as_of="2026-01-07", value="3")[0], made(value="4 < 5 & more")[0]]
    odd = made("windows", as_of="2026-02-01", title="A & B <i>\x07", standfirst="Größe — ٣")[0]
    data = catalogue.build([*changed, odd], url)["feed.xml"]
    headers = {"content-location": "https://desk.example/reports/feed.xml", "content-type": "application/atom+xml"}
    read = feedparser.parse(data, response_headers=headers)
    assert read.bozo is False and read.version == "atom10"
    assert (read.feed.title, read.feed.id) == ("Reports", "urn:handover:catalogue")
    assert [one.id for one in read.entries] == [
        "urn:handover:windows:2026-02-01-en-0123abcd",
        "urn:handover:doors:2026-01-31-en-0123abcd",
        "urn:handover:doors:2026-01-07-en-00000001",
    ]
    assert read.entries[1].updated_parsed[:3] == (2026, 1, 31)
    assert read.entries[1].title == "The doors (31 January 2026)"
    place = "https://desk.example/reports/doors/2026-01-31-en-0123abcd/doors_2026-01-31-en-0123abcd"
    assert read.entries[1].link == f"{place}.html"
    assert [(one.href, one.type) for one in read.entries[1].enclosures] == [(f"{place}.pdf", "application/pdf")]
    told = read.entries[1].content[0].value
    assert "Changed since 2026-01-07-en-00000001" in told and "Doors: 4 &lt; 5 &amp; more (was 3)" in told


def test_an_id_stays_when_the_catalogue_moves_or_grows():
    def ids(*arguments):
        return [one.id for one in feedparser.parse(catalogue.build(*arguments)["feed.xml"]).entries]

    first = many(3)
    assert ids(first) == ids(first, "https://elsewhere.example/")
    assert ids(many(5))[2:] == ids(first)


def test_the_feed_has_stable_ids_and_the_reports_own_days():
    root = ElementTree.fromstring(catalogue.build([made()[0], made("windows", as_of="2026-02-01")[0]])["feed.xml"])
    assert root.find(f"{ATOM}updated").text == "2026-02-01T00:00:00Z"
    entries = root.findall(f"{ATOM}entry")
    assert [entry.find(f"{ATOM}id").text for entry in entries] == [
        "urn:handover:windows:2026-02-01-en-0123abcd",
        "urn:handover:doors:2026-01-31-en-0123abcd",
    ]
    assert entries[1].find(f"{ATOM}updated").text == "2026-01-31T00:00:00Z"
    assert {link.get("rel") for link in entries[0].findall(f"{ATOM}link")} == {"alternate", "enclosure"}


def test_an_empty_store_has_a_catalogue_too():
    files = catalogue.build([])
    assert b"There is no edition yet." in files["index.html"]
    ElementTree.fromstring(files["feed.xml"])


def test_a_stale_catalogue_is_noticed_and_mended(store):
    fill(store, made())
    assert catalogue.stale(store) == []
    (store.root / "feed.xml").unlink()
    (store.root / "index.html").write_text("edited")
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
    assert catalogue_page.size(count) == said


@pytest.mark.parametrize(
    ("value", "said"), [("a\u202eb", "a[U+202E]b"), ("x" * 99, "x" * 80 + "…"), (None, "none"), (["a", 1], "a, 1")]
)
def test_settings_are_short_and_deceive_nobody(value, said):
    assert catalogue_page.setting(value) == said


def test_days_read_well_in_any_locale():
    assert catalogue_page.day("2026-01-07") == "7 January 2026"
