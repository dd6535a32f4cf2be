"""The committed editions before every judge there is; and every judge before a fault it must see.

Validators judge each format by itself; `judges.conformity` compares the formats with each other.
"""

import io
import json
import re
from functools import cache
from pathlib import Path

import pikepdf
import pytest

from handover import digest
from handover.editions.store import Store
from handover.project import Project
from judges import browser, conformity, pagevalidation, verapdf
from judges.conformity import Sample

PROJECT = Project(Path(__file__).resolve().parents[2])
EDITIONS = Store.of(PROJECT).editions()
#: One of each report is enough for a newcomer; CI looks at all.
FEW = [edition for report in Store.of(PROJECT).reports() for edition in Store.of(PROJECT).editions(report)[-1:]]


def named(edition):
    return f"{edition.report}-{edition.name}"


EACH = pytest.mark.parametrize("edition", EDITIONS, ids=named)
EACH_MOSTLY_IN_CI = pytest.mark.parametrize(
    "edition",
    [edition if edition in FEW else pytest.param(edition, marks=pytest.mark.slow) for edition in EDITIONS],
    ids=named,
)


@cache
def sample(edition):
    return Sample.of(edition.folder, PROJECT.root)


# what no validator compares


@EACH_MOSTLY_IN_CI
def test_an_edition_says_the_same_in_every_format(edition):
    assert [fault for check in conformity.CHECKS for fault in check(sample(edition))] == []


def rich(report="handover"):
    """An edition that has all that can be spoilt: charts, tables, links; of `drawdown`, figures read off a row."""
    return sample(next(edition for edition in reversed(EDITIONS) if edition.report == report))


def in_html(old, new, count=1):
    def seed(good):
        assert re.search(old, good.html)
        return {"html": re.sub(old, new, good.html, count=count)}

    return seed


def in_pdf(change):
    def seed(good):
        with pikepdf.open(io.BytesIO(good.pdf)) as opened:
            change(opened)
            held = io.BytesIO()
            opened.save(held)
        return {"pdf": held.getvalue()}

    return seed


def in_manifest(**changes):
    return lambda good: {"manifest": good.manifest | changes}


def elements(opened, kind):
    return [one for one in opened.objects if isinstance(one, pikepdf.Dictionary) and one.get("/S") == kind]


def put(name, value):
    return in_pdf(lambda opened: opened.Root.__setitem__(name, value(opened)))


def alt(words):
    return in_pdf(lambda opened: elements(opened, "/Figure")[0].__setitem__("/Alt", words))


def described(words):
    return in_html(r"(<desc id=\"figure-2-desc\">)[^<]*", rf"\g<1>{words}")


def swap(opened):
    """Put the report's first two paragraphs the other way round in the structure, not on the page."""
    root = opened.Root.StructTreeRoot.K
    top = (root[0] if isinstance(root, pikepdf.Array) else root).K
    places = [n for n, one in enumerate(top) if one.get("/S") in ("/P", "/L")][:2]
    first, second = (top[n] for n in places)
    top[places[0]], top[places[1]] = second, first


def other_bytes(name):
    def change(opened):
        held = opened.attachments[name].get_file()
        data = held.read_bytes()
        opened.attachments[name] = pikepdf.AttachedFileSpec(opened, data.replace(b"2", b"3", 1), filename=name)

    return change


def uri(target):
    def change(opened):
        action = next(
            one.A for one in opened.objects if isinstance(one, pikepdf.Dictionary) and one.get("/Subtype") == "/Link"
            and one.get("/A", {}).get("/S") == "/URI"
        )  # fmt: skip
        action.URI = pikepdf.String(target)

    return change


def launch(opened):
    link = next(one for one in opened.objects if isinstance(one, pikepdf.Dictionary) and one.get("/Subtype") == "/Link")
    link.A = pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("calc.exe"))


def info(name, value):
    return in_pdf(lambda opened: opened.docinfo.__setitem__(name, value))


def fact(**changes):
    def seed(good):
        facts = json.loads(json.dumps(good.manifest["facts"]))
        key = next(key for key, one in facts.items() if one["high"] is not None and len(one["claims"]) == 1)
        facts[key].update(changes)
        return {"manifest": good.manifest | {"facts": facts}}

    return seed


#: Each a fault, the check that must see it, and a word of what it says.
SEEDED = {
    "a description that is a file name": (conformity.descriptions, described("slip.svg"), "file's name"),
    "a placeholder": (conformity.descriptions, described("chart"), "placeholder"),
    "a description without values": (conformity.descriptions, described("A chart that says it all"), "value"),
    "another description in the PDF": (conformity.descriptions, alt("Something else, 2020"), "otherwise in the PDF"),
    "no language in the HTML": (conformity.language, in_html('<html lang="en"', "<html"), "HTML"),
    "another language in the PDF": (conformity.language, put("/Lang", lambda _: pikepdf.String("de")), "PDF"),
    "a cell that heads nothing": (conformity.headers, in_html('<th scope="col"', "<th"), "HTML table 1"),
    "no header cells": (conformity.headers, in_html(r"<(/?)th\b", r"<\1td", 0), "HTML table 1"),
    "a PDF without header cells": (
        conformity.headers,
        in_pdf(lambda o: [one.__setitem__("/S", pikepdf.Name.TD) for one in elements(o, "/TH")]),
        "PDF table 1",
    ),
    "a value that only screens show": (
        conformity.values, in_html(r'(?s)(class="values".*?<td>)', r"\1X"), "is not in the PDF, or elsewhere"
    ),
    "another order": (conformity.order, in_pdf(swap), "earlier in the PDF"),
    "a sentence more": (conformity.order, in_html("<h2 ", "<p>Only on screens.</p><h2 "), "not in the PDF: Onlyon"),
    "another title": (conformity.identity, in_html("<title>", "<title>X "), "the <title>"),
    "another heading": (conformity.identity, in_html("<h1>", "<h1>X "), "the h1"),
    "another title in the PDF": (conformity.identity, info("/Title", "X"), "the PDF's title"),
    "another author": (conformity.identity, in_html('name="author" content="', r"\g<0>X"), "author: HTML"),
    "another author in the PDF": (conformity.identity, info("/Author", "X"), "author: HTML"),
    "another day": (conformity.identity, in_html('<time datetime="20', '<time datetime="19'), "<time>"),
    "another day in the PDF": (conformity.identity, info("/CreationDate", "D:19990101000000Z"), "day: the PDF"),
    "another day in the manifest": (conformity.identity, in_manifest(as_of="2026-01-01"), "day: HTML"),
    "a script in the PDF": (
        conformity.inert,
        put("/OpenAction", lambda o: pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))),
        "the action /JavaScript",
    ),
    "a program that is opened": (conformity.inert, in_pdf(launch), "the action /Launch"),
    "an address of a file": (conformity.inert, in_pdf(uri("file:///etc/passwd")), "leads to file:///etc/passwd"),
    "a javascript address": (conformity.inert, in_html('href="https:', 'href="javascript:'), "leads to javascript:"),
    "an address only in the PDF": (conformity.inert, in_pdf(uri("https://elsewhere.example/")), "where the HTML does"),
    "a table in other bytes": (conformity.attachments, in_pdf(other_bytes("sources.csv")), "than the manifest's"),
    "a notebook in other bytes": (conformity.attachments, in_pdf(other_bytes("handover.ipynb")), "handover.ipynb"),
    "a file more": (
        conformity.attachments,
        in_pdf(lambda o: o.attachments.__setitem__("x.exe", pikepdf.AttachedFileSpec(o, b"MZ", filename="x.exe"))),
        "x.exe: is attached",
    ),
    "another number in the HTML": (conformity.numbers, in_html('(<p class="value">)', r"\g<1>7"), "HTML prints"),
    "another number in the manifest": (conformity.numbers, fact(value="777"), "the PDF does not print 777"),
    "another number in the tables": (conformity.numbers, fact(high=777.0), "high 777.0 is not in its row"),
    "a row that is in no table": (conformity.numbers, fact(claims=["Z999"]), "its row Z999"),
}  # fmt: skip


@pytest.mark.parametrize("name", SEEDED)
def test_a_fault_between_formats_is_seen(name):
    check, seed, said = SEEDED[name]
    good = rich("drawdown" if check is conformity.numbers else "handover")
    assert check(good) == []
    found = check(good.seeded(**seed(good)))
    assert any(said in line for line in found), found


def test_the_data_of_the_project_is_the_data_attached(tmp_path):
    good = rich()
    path = next(path for path in json.loads(good.attached["edition.json"])["data"] if path.endswith("sources.csv"))
    (tmp_path / path).parent.mkdir(parents=True)
    for held in json.loads(good.attached["edition.json"])["data"]:
        (tmp_path / held).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / held).write_bytes((PROJECT.root / held).read_bytes())
    assert conformity.attachments(good.seeded(data=tmp_path)) == []
    (tmp_path / path).write_bytes(b"changed")
    assert conformity.attachments(good.seeded(data=tmp_path)) == [
        f"{path}: is attached in other bytes than the table's"
    ]


@EACH
def test_what_lists_an_edition_says_what_it_says(edition):
    manifest = edition.manifest()
    listed = json.loads((edition.root / "catalogue.json").read_text())["reports"]
    entry = next(
        one for report in listed if report["report"] == edition.report
        for one in report["editions"] if one["edition"] == edition.name
    )  # fmt: skip
    assert [entry[key] for key in ("title", "as_of", "language")] == [
        manifest[key] for key in ("title", "as_of", "language")
    ]
    for kind, path in (("html", edition.pages[0]), ("pdf", edition.pages[1])):
        assert entry["files"][kind]["sha256"] == digest.of_file(path)


# validators of one format


@EACH
@pytest.mark.slow
def test_verapdf_passes_every_edition(edition):
    verapdf.need()
    assert verapdf.judge(sample(edition).pdf) == {"ua1": [], "3a": []}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "spoil"),
    [
        ("ua1", lambda o: elements(o, "/Figure")[0].__delitem__("/Alt")),
        ("3a", lambda o: [one.__delitem__("/AFRelationship") for one in o.objects
                          if isinstance(one, pikepdf.Dictionary) and "/AFRelationship" in one]),
    ],
)  # fmt: skip
def test_verapdf_sees_a_fault_in_an_edition(profile, spoil):
    verapdf.need()
    assert verapdf.judge(rich().seeded(**in_pdf(spoil)(rich())).pdf)[profile]


@EACH_MOSTLY_IN_CI
def test_page_validation_passes_every_edition(edition):
    assert pagevalidation.judge(sample(edition).pdf) == []


def test_page_validation_sees_a_fault_in_an_edition():
    bad = rich().seeded(**in_pdf(lambda o: o.Root.__delitem__("/Lang"))(rich())).pdf
    assert pagevalidation.judge(bad)


@pytest.mark.browser
@EACH
@pytest.mark.parametrize("medium", ["screen", "print"])
@pytest.mark.slow
def test_a_browser_finds_an_edition_quiet_and_open_to_all(edition, medium, chromium):
    for width in (320, 1280) if medium == "screen" else (794,):
        with browser.visit(chromium, edition.pages[0], width=width) as seen:
            seen.page.emulate_media(media=medium)
            seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert seen.overflow() <= 0
            # nobody points at paper
            assert seen.violations(but=("target-size",) if medium == "print" else ()) == []
            assert (seen.requests, seen.dialogs, seen.messages) == ([], [], [])


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("medium", ["screen", "print"])
def test_axe_sees_a_fault_in_an_edition(medium, chromium, tmp_path):
    path = tmp_path / "spoilt.html"
    path.write_text(rich().html.replace('<html lang="en"', "<html").replace("<h1>", '<img src="x.png"><h1>'))
    with browser.visit(chromium, path, width=320) as seen:
        seen.page.emulate_media(media=medium)
        assert {"html-has-lang", "image-alt"} <= {line.split(":")[0] for line in seen.violations()}
        # the policy lets no picture in from outside the page, and says so
        assert any("Content Security Policy" in message for message in seen.messages)
