"""The catalogue: a pure function of manifests, for readers, programs and followers."""

import json
import random
import re
from xml.etree import ElementTree

import pytest

from handover.press import catalogue, catalogue_page, manifest
from handover.press.store import PICTURE, Edition, Store, file_name

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


def test_what_others_put_into_a_manifest_is_text_on_the_page_and_in_the_feed():
    evil = '</title><script>alert(1)</script>"\x07'
    about, _ = made(title=evil, standfirst=evil, variant={"evidence": evil})
    files = catalogue.build([about])
    page = files["index.html"].decode()
    assert "<script" not in page and "&lt;script&gt;" in page
    root = ElementTree.fromstring(files["feed.xml"])
    assert root.find(f"{ATOM}entry/{ATOM}title").text == evil.replace("\x07", "")


def test_the_page_runs_nothing_and_asks_nobody():
    page = catalogue.build([made()[0]])["index.html"].decode()
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


def test_links_lead_to_files_of_the_store(store):
    fill(store, made(), made("windows"))
    page = (store.root / "index.html").read_text()
    links = set(re.findall(r'(?:href|src)="([^"#:]+)"', page))
    assert {"feed.xml", "catalogue.json"} <= links
    assert [link for link in links if not (store.root / link).is_file()] == []
    listed = [file for report in read(store) for one in report["editions"] for file in one["files"].values()]
    assert len(listed) == 8
    for file in listed:
        assert (store.root / file["path"]).stat().st_size == file["bytes"]


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
