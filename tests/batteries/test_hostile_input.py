"""Data and parameters are never code: one notebook that holds all that could be, rendered for real to both formats.

Texts arrive by every way there is: parameters, streams, values, tables, Markdown, HTML, SVG, descriptions, evidence,
names of files. Each is shown as it is or visibly replaced; nothing runs, and no character stops the report.
"""

import ast
import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes

from handover import pages
from handover.document import read
from handover.document.reader import assignments
from handover.editions import catalogue, catalogue_pages, render
from handover.editions.catalogue import Site
from handover.errors import NotebookError, ParameterError
from handover.notebook import parameters
from handover.text import UNWRITABLE
from judges import browser, conformity, pagevalidation, verapdf
from judges.pdftext import solid
from publishing import made

#: What would be code, markup, a reference, a formula or a path somewhere.
TEXTS = {
    "python": "x=1;import os#",
    "python string": "'); __import__('os').system('touch pwned') #",
    "python triple": '"""\nraise SystemExit\n"""',
    "python escape": "\\",
    "f-string": "{__import__('os')}",
    "path": "../../etc/passwd",
    "quotes": "'\"`“”‘’",
    "script": "<script>window.pwned=1;alert(1)</script>",
    "handler": "<img src=x onerror=\"window.pwned=1\">",
    "closing": "</title></style></script></pre></td>-->]]>",
    "address": "javascript:window.pwned=1",
    "entity": "&lt;b&gt; &#60;script&#62;",
    "typst code": '#read("/etc/passwd")',
    "typst string": '"); #panic("x',
    "typst maths": "$x$",
    "typst reference": "@ref",
    "typst label": "<label>",
    "jinja": "{{7*7}}{% raw %}",
    "formula": '=HYPERLINK("https://example.org/","x")',
    "shell": "$(touch pwned) `touch pwned` | ; &",
    "format": "%s %n {0}",
    "latex": "\\input{x}",
    "emoji": "😀 👩‍🚀 🇮🇶",
    "CJK": "中文 日本 한국",
    "arabic": "عين الأسد",
    "combining": "e\u0301\u0301\u0301",
    "override": "invoice\u202egpj.exe",
    "isolate": "\u2067abc\u2069",
    "separator": "a\u2028b\u2029c",
    "zero width": "a\u200b\u200d\ufeffb",
    "private": "\ue000\U000f0000",
    "control": "a\x01\x07\x08\x0b\x0c\x1b[31mb\x7f\x85c",
    "NUL": "a\x00b",
    "noncharacter": "\ufffe\uffff",
    "long": "x" * 10_000,
    "empty": "",
    "space": " \t\n ",
    "newline": "a\r\nb\rc\n",
}  # fmt: skip
SURROGATE = "half \ud83d of one"

#: What may stand in a cell's code without Python saying no: every text as an escape.
LITERAL = ascii({**TEXTS, "surrogate": SURROGATE})

SHOW = """
import html, os
import pandas as pd
from IPython.display import HTML, Latex, Markdown, display
svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 20"><text y="12">{}</text></svg>'
for name, text in TEXTS.items():
    print(f"print {name}:", text)
    display({"text/plain": f"plain {name}: {text}"}, raw=True)
    display(HTML(f"<p>escaped {name}: {html.escape(text)}</p><p>raw {name}: {text}</p>"))
    display(Markdown(f"raw {name}: {text}"))
    display({"image/svg+xml": svg.format(html.escape(text))}, raw=True, metadata={"image/svg+xml": {
        "alt": f"alt {name} {text}", "title": f"title {name} {text}", "subtitle": text, "credit": text}})
display(pd.DataFrame({"name": list(TEXTS), "cell": list(TEXTS.values())}))
display(pd.DataFrame([[1] * 3], columns=[TEXTS["script"], TEXTS["formula"], TEXTS["override"]]).style.set_caption("c"))
display({"text/latex": "$" + TEXTS["latex"] + "$"}, raw=True)
"""

EVIDENCE = """
facts = [{"key": f"f{n}", "label": text, "value": text, "printed": [text], "known_since": "2026-01-01",
          "reading": text, "claims": [f"c{n}"], "conflicts": [], "low": None, "high": None, "unit": text}
         for n, text in enumerate(TEXTS.values())]
claims = [{"id": f"c{n}", "statement": text, "said_by": text, "where": text, "known_since": "2026-01-01",
           "facts": [f"f{n}"]} for n, text in enumerate(TEXTS.values())]
sources = [{"id": "s", "credit": TEXTS["script"], "outlet": "o", "carrier": TEXTS["handler"], "title": TEXTS["jinja"],
            "url": TEXTS["address"], "published": "p", "grade": "A", "seen": TEXTS["typst code"], "claims": claims}]
conflicts = [{"id": "k", "topic": TEXTS["script"], "reading": TEXTS["typst string"],
              "a": {"text": TEXTS["override"], "source": "s", "credit": "x"},
              "b": {"text": TEXTS["formula"], "source": "s", "credit": "x"}}]
display({"application/vnd.handover.evidence+json": {"version": 1, "heading": TEXTS["closing"], "tables": TABLES,
         "names": [], "facts": facts, "sources": sources, "conflicts": conflicts}}, raw=True)
"""

#: Names that a table may have on a disk, and its content.
TABLES = {
    '=HYPERLINK("x").csv': "a,b\n=1+1,@SUM(1)\n",
    "<script>alert(1)<／script>.csv": "a\n<script>\n",
    "javascript:alert(1).csv": "a\n\x00\x01\n",
    '#read("x") $x$ @ref \'.csv': "a\n",
    "emoji 😀 中文 \u202egnp.csv": "a\n\ud7ff\n",
    "new\nline\ttab.csv": "a\n",
    "{{7*7}} ; touch pwned.csv": "a\n",
}

PARAMETERS = """
from typing import Annotated
as_of: Annotated["date", "2020-01-01.."] = "2026-01-31"  # the day
language: str = "en"  # of the text
note: str = ""  # one text
words: list[str] = []  # many texts
"""


def book(*cells, title="# Hostile"):
    tagged = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}, id="p")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = [new_markdown_cell(title, id="t"), tagged]
    made += [new_code_cell(cell, id=f"c{n}") if isinstance(cell, str) else cell for n, cell in enumerate(cells)]
    return new_notebook(cells=made, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def prose():
    """Texts as an analyst may paste them into a Markdown cell, markup and all."""
    lines = [f"- half: {SURROGATE}"]
    lines += [f"- pasted {name}: {text}" for name, text in TEXTS.items()]
    links = [f"[a]({TEXTS['address']})", f"![{TEXTS['handler']}]({TEXTS['address']})", "<a href='javascript:1'>b</a>"]
    return new_markdown_cell("## Pasted\n\n" + "\n".join(lines) + "\n\n" + "\n\n".join(links), id="m")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The battery as an edition, and its project; the audit is for numbers and is asked for nothing here."""
    from handover.document import audit, checks
    from handover.project import Project

    root = tmp_path_factory.mktemp("hostile")
    for folder in ("notebooks", "data"):
        (root / folder).mkdir()
    (root / "data" / "datapackage.json").write_text('{"name": "x", "resources": []}')
    (root / "requirements.lock").write_text("")
    for name, content in TABLES.items():
        (root / "data" / name).write_text(content, "utf-8", newline="")
    paths = [f"data/{name}" for name in TABLES]
    first = f"TEXTS = {LITERAL}\nTABLES = {paths!a}\n"
    first += "assert note == TEXTS['python'], note\nassert words == list(TEXTS.values())[:-1]"
    nb = book(first, SHOW, prose(), EVIDENCE, title="# \\<script>alert(1)\\</script> {{7\\*7}} $x$ @ref \u202e 😀")
    # as escapes, the one way in which a file can hold half a character
    (root / "notebooks" / "hostile.ipynb").write_text(json.dumps(json.loads(writes(nb))))
    project = Project(root)
    given = {"note": TEXTS["python"], "words": list(TEXTS.values())}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "findings", lambda document: ())
        patch.setattr(checks, "_faults", lambda document: ())
        outcome = render.render(project, "hostile", given)
    return project, outcome


@pytest.fixture(scope="module")
def sample(hostile):
    return conformity.Sample.of(hostile[1].edition.folder, hostile[0].root)


def test_nothing_ran_and_nothing_was_written_elsewhere(hostile):
    project, outcome = hostile
    assert {path.name for path in project.root.iterdir()} <= {
        *("notebooks", "data", "reports", ".handover", "requirements.lock")
    }
    assert {path.name for path in project.notebooks.iterdir()} == {"hostile.ipynb"}
    assert outcome.edition.faults() == []


def test_a_parameter_comes_out_as_it_went_in(hostile):
    manifest = hostile[1].edition.manifest()
    assert manifest["parameters"]["words"] == list(TEXTS.values())
    assert manifest["parameters"]["note"] == TEXTS["python"]


def readable(text):
    """What must be found of a text: the runs that need no replacement, without white space."""
    return [run for run in re.findall(r"[!-~]+", text) if run]


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_is_shown_or_visibly_replaced(sample, name):
    text = TEXTS[name]
    html, pdf = solid(sample.page.text_content()), solid(sample.tags.text)
    shown = text if len(text) < 5000 else text[:2000]
    for way in ("print", "plain", "escaped"):
        for place, page in (("HTML", html), ("PDF", pdf)):
            at = page.find(solid(f"{way} {name}:"))
            assert at >= 0, f"{way} in {place}"
            after = page[at : at + len(way) + 6 * len(shown) + 200]
            last = 0
            # a terminal's own signs are taken as a terminal takes them
            for run in readable(re.sub(r"\x1b\[[\d;]*m", "", shown)):
                found = after.find(run, last)
                assert found >= 0 or name == "newline", f"{run!r} of {way} in {place}: {after[:200]}"
                last = max(found, last)
    strange = [c for c in text if UNWRITABLE.match(c) and c not in "\x1b\r"]
    if strange and name != "control":
        assert "\ufffd" in html or "[U+" in html


def test_what_turns_the_reading_order_is_named(sample):
    assert "\u202e" not in sample.html
    assert "invoice[U+202E]gpj.exe" in solid(sample.page.text_content())
    assert "invoice[U+202E]gpj.exe" in solid(sample.tags.text)


def test_other_scripts_are_kept_in_the_pdf_and_private_letters_are_replaced(sample):
    text = solid(sample.tags.text)
    assert all(solid(TEXTS[name]) in text for name in ("emoji", "CJK"))
    assert solid(re.sub("[\ue000\U000f0000]", "\ufffd", TEXTS["private"])) in text


def test_the_html_holds_nothing_that_acts(sample):
    page = lxml.html.document_fromstring(sample.html)
    assert page.xpath("//script | //iframe | //object | //embed | //form | //base | //link[not(@rel='icon')]") == []
    names = {name for element in page.iter() if isinstance(element.tag, str) for name in element.attrib}
    assert [name for name in names if name.startswith("on")] == []
    reached = {url for url in page.xpath("//@href | //@src") if not url.startswith(("#", "data:", "https://"))}
    assert reached == set(page.xpath("//header/p[@class='note beside']/a/@href")), "its own files, and the catalogue"
    assert len(reached) == 4
    assert "49" not in re.sub(r"<style>.*?</style>", "", page.findtext(".//title"))


def test_the_pdf_holds_nothing_that_acts(sample):
    assert [line for line in conformity.inert(sample) if "where the HTML" not in line] == []


def test_the_tables_are_attached_as_they_are_under_names_that_lead_nowhere(sample, hostile):
    assert conformity.attachments(sample) == []
    record = json.loads(sample.attached["edition.json"])
    assert {f"data/{name}" for name in TABLES} <= record["data"].keys()
    for path, about in record["data"].items():
        assert sample.attached[about["attachment"]] == (hostile[0].root / path).read_bytes()
        assert re.fullmatch(r"[A-Za-z0-9_=(][A-Za-z0-9 ._()+,=@-]*", about["attachment"]), about["attachment"]


def test_the_pdf_is_valid(sample):
    assert pagevalidation.judge(sample.pdf) == []


@pytest.mark.slow
def test_verapdf_finds_the_pdf_valid(sample):
    verapdf.need()
    assert verapdf.judge(sample.pdf) == {"ua1": [], "3a": []}


@pytest.mark.browser
def test_a_browser_runs_nothing_and_asks_for_nothing(hostile, chromium):
    for path in (hostile[1].edition.pages[0], hostile[0].reports / "index.html"):
        with browser.visit(chromium, path, width=390) as seen:
            seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert seen.page.evaluate("typeof window.pwned") == "undefined"
            assert seen.dialogs == seen.messages == []
            assert [url for url in seen.requests if not url.endswith("page1.png")] == []


@pytest.mark.browser
@pytest.mark.slow
def test_what_is_hostile_is_as_open_to_all_as_the_rest(hostile, chromium):
    for path in (hostile[1].edition.pages[0], hostile[0].reports / "index.html"):
        with browser.visit(chromium, path, width=390) as seen:
            assert seen.violations() == [] and seen.overflow() <= 0


def test_the_catalogue_can_be_read_by_all(hostile):
    root = hostile[0].reports
    listed = json.loads((root / "catalogue.json").read_text())
    assert "<script>alert(1)</script>" in listed["reports"][0]["title"]
    # as data the parameters are what they are; as words they deceive nobody
    assert not [name for name in ("index.html", "feed.xml") if "\u202e" in (root / name).read_text()]
    ElementTree.fromstring((root / "feed.xml").read_bytes())
    page = lxml.html.fromstring((root / "index.html").read_text())
    assert page.xpath("//script") == [] and "<script>alert(1)</script>" in page.text_content()


# names and values before any run

NAMES = ("x=1;import os#", "../x", "as_of; x", "", " ", "__import__", "a\x00b", "\u202e", "😀", "x" * 10_000, "\ud800")


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_no_name_of_a_parameter_is_taken_but_those_declared(name):
    with pytest.raises(ParameterError) as error:
        parameters.bind(parameters.declared(book(), "x"), {name: "1"}, "x")
    assert "is unknown" in str(error.value)
    # a terminal is not told what to do, and nothing is hidden
    assert str(error.value).isprintable() or all(c.isprintable() or c == "\n" for c in str(error.value))


@pytest.mark.parametrize("given", [SURROGATE, [SURROGATE]], ids=["one", "many"])
def test_half_a_character_is_refused_as_a_value_before_the_run(given):
    name = "words" if isinstance(given, list) else "note"
    with pytest.raises(ParameterError, match=rf"'{name}' must be text \(got 'half \\ud83d of one'\)"):
        parameters.bind(parameters.declared(book(), "x"), {name: given}, "x")


REPORTS = ("<script>", "../mini", "a\x1b[31m", "=HYPERLINK()", "😀", "x" * 300, "a\nb", "a\x00b", "\u202e")


@pytest.mark.parametrize("name", REPORTS, ids=ascii)
def test_no_name_of_a_report_leads_anywhere(mini, name):
    with pytest.raises(NotebookError, match="must be a report, a notebook in notebooks/"):
        render.render(mini, name)


def test_words_of_a_command_line_that_are_no_text_are_told(mini):
    said = subprocess.run(
        [sys.executable, "-m", "handover", "render", b"\xff\xfe", "-p", b"as_of", b"\xff"],
        cwd=mini.root, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert said.returncode == 1 and b"must be a report" in said.stderr, said
    said = subprocess.run(
        [sys.executable, "-m", "handover", "render", "mini", "-p", b"evidence", b"\xff"],
        cwd=mini.root, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert said.returncode == 1 and b"'evidence' must be" in said.stderr and b"Traceback" not in said.stderr, said


# any text at all

ANY = st.text(st.characters(exclude_categories=()), max_size=80)
WRITABLE = st.text(st.characters(exclude_categories=("Cs",)), max_size=80)


@given(WRITABLE, st.lists(WRITABLE, max_size=3))
def test_papermill_writes_any_text_as_that_text(note, words):
    from papermill.translators import papermill_translators

    declared = parameters.declared(book(), "x")
    bound = parameters.bind(declared, {"words": words}, "x") | {"note": note}
    code = papermill_translators.find_translator("python3", "python").codify(bound)
    assert assignments(code) == bound
    assert all(isinstance(node, ast.Assign) for node in ast.parse(code).body)


@given(ANY, ANY)
def test_any_text_becomes_a_page_that_says_it(title, words):
    cell = new_code_cell("1")
    cell.outputs = [new_output("stream", name="stdout", text=f"<<{words}>>")]
    doc = read(new_notebook(cells=[cell], metadata={"title": title}), "x")
    html = pages.write_html(doc, pages.PageMetadata("", pages.NO_DAY, 0))
    page = lxml.html.document_fromstring(html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    found = solid(page.text_content())
    # a terminal's own signs are taken as a terminal takes them
    assert set(words) & {"\x1b", "\r", "\x9b"} or all(run in found for run in readable(words))
    assert page.xpath("//script") == []


@given(ANY, ANY)
def test_any_title_is_listed_in_a_feed_that_can_be_read(title, standfirst):
    about, _ = made(title=title, standfirst=standfirst)
    site = Site(title=title, description=standfirst)
    feed = catalogue_pages.feed(catalogue.entries([about], site), site)
    assert ElementTree.fromstring(feed) is not None
