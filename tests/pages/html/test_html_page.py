"""The page as a file: what it may not hold, what it must, and that it is always the same."""

import base64
import datetime as dt
import hashlib
import os
import re
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from handover.document import read
from handover.document.evidence import EVIDENCE_MIME
from handover.editions import render
from handover.pages import NO_DAY, PageMetadata, write_html

ALL = ("report", "arabic", "everything", "hostile")


def tree(text):
    return lxml_html.document_fromstring(text)


@pytest.mark.parametrize("name", ALL)
def test_a_page_asks_for_nothing_and_runs_nothing(name, html):
    text = html(name)
    assert "<script" not in text.lower()
    root = tree(text)
    for element in root.iter():
        assert not [key for key in element.attrib if key.startswith("on") or key in ("style", "srcset", "background")]
        for key in ("src", "href", "data", "action", "poster"):
            value = element.get(key, "")
            if element.tag == "a":
                beside = element.getparent().get("class") in ("note beside", "note paper")
                assert beside or value == "" or value.startswith(("#", "https://", "http://", "mailto:")), value
            else:
                assert value == "" or value.startswith(("#", "data:")), value


@pytest.mark.parametrize("name", ALL)
def test_every_id_is_given_once_and_every_link_within_leads_somewhere(name, html):
    root = tree(html(name))
    ids = root.xpath("//@id")
    assert sorted(ids) == sorted(set(ids))
    from urllib.parse import unquote

    wanted = {unquote(link[1:]) for link in root.xpath("//@href") if link.startswith("#")}
    named = {one for names in root.xpath("//@aria-labelledby | //@aria-describedby") for one in names.split()}
    assert wanted | named <= set(ids)


@pytest.mark.parametrize("name", ALL)
def test_headings_go_down_one_level_at_a_time_from_a_single_title(name, html):
    levels = [int(element.tag[1]) for element in tree(html(name)).iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_policy_lets_only_this_style_sheet_act(html):
    text = html("report")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    assert text.index("Content-Security-Policy") < text.index("<style>")


def test_the_edition_may_be_replaced_later_without_breaking_the_policy(html):
    text = html("report")
    edition = "2031-03-31-en-1a2b3c4d"
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    assert edition not in style
    assert text.count(edition) == 6, "named twice, and in the addresses of what lies beside it"


def test_the_head_says_what_the_page_is(html):
    root = tree(html("report"))
    told = {m.get("name") or m.get("property"): m.get("content") for m in root.iter("meta") if m.get("content")}
    assert root.findtext(".//title") == "The harbour changes hands, later than promised"
    assert told["description"].startswith("For twenty years it was the busiest")
    assert told["og:title"] == root.findtext(".//title")
    assert told["og:description"] == told["description"]
    assert told["viewport"] == "width=device-width, initial-scale=1"
    assert root.xpath("//link/@rel") == ["icon"]


def test_the_frame_has_its_landmarks_in_order(html):
    body = tree(html("report")).find("body")
    assert [child.tag for child in body] == ["a", "header", "nav", "main", "footer"]
    assert body.find("header/h1").text == "The harbour changes hands, later than promised"
    assert "What was sold" in body.find("header/p[@class='standfirst']").text
    assert body.xpath("//nav//a/@href")[:2] == ["#key-findings", "#how-many-ferries-remain"]
    assert "later than promised" not in body.find("main").text_content()


def beside(text):
    return tree(text).xpath("//header/p[@class='note beside']/a/@href")


def test_a_page_without_an_edition_or_a_name_for_its_files_promises_none_beside_it(write):
    assert beside(write(new_markdown_cell("# T"))) == []
    doc = read(new_notebook(cells=[new_markdown_cell("# T")]), "not the name/of a report")
    assert beside(write_html(doc, PageMetadata("e", NO_DAY, 0))) == []


def test_an_edition_links_to_its_files_and_to_where_a_newer_one_would_be(html):
    stem = "report_2031-03-31-en-1a2b3c4d"
    assert beside(html("report")) == [
        f"{stem}.pdf", f"{stem}.ipynb", "../../report_editions.html", "../../index.html"
    ]  # fmt: skip
    header = tree(html("report")).find("body/header")
    assert [link.text for link in header.findall("p[@class='note beside']/a")][2:] == [
        "Is there a newer edition?", "All reports"
    ]  # fmt: skip
    assert header.find("p[@class='note paper']/a").text == f"{stem}.pdf"


def test_the_files_that_an_edition_links_to_are_there(mini, stand_in):
    edition = render.render(mini, "mini").edition
    links = beside(edition.pages[0].read_text("utf-8"))
    assert len(links) == 4
    assert [link for link in links if not (edition.folder / link).is_file()] == []


def test_a_key_explains_the_marks_that_are_there_and_no_others(html, write):
    key = tree(html("report")).xpath("string(//header/p[@class='note key'])")
    assert key == "dotted: evidence; ≠: sources disagree"
    assert "dotted:" not in write(new_markdown_cell("# T"))
    content = {"heading": "Evidence", "facts": [{"key": "k", "label": "ferries", "value": "four"}]}
    output = new_output("display_data", data={EVIDENCE_MIME: content})
    text = write(new_markdown_cell("# T"), new_markdown_cell("[four](#fact-k)"), new_code_cell("e", outputs=[output]))
    assert tree(text).xpath("string(//header/p[@class='note key'])") == "dotted: evidence"


def test_few_sections_need_no_contents(write):
    text = write(new_markdown_cell("# T\n\n## a\n\n## b\n\n## c"))
    assert "<nav" not in text
    assert "<nav" in write(new_markdown_cell("# T\n\n## a\n\n## b\n\n## c\n\n## d"))


def test_a_language_and_its_direction_are_set(html, write):
    assert '<html lang="en" dir="ltr">' in html("report")
    assert '<html lang="ar" dir="rtl">' in html("arabic")
    assert "انتقل إلى التقرير" in html("arabic")
    assert '<html lang="en" dir="ltr">' in write(new_markdown_cell("x"), language='"><script>')


def test_the_title_is_found_wherever_it_stands(write):
    text = write(new_code_cell("x = 1"), new_markdown_cell("![b](x.png)\n\n# The *one* title\n\nBelow.\n\nBody."))
    assert "<h1>The <em>one</em> title</h1>" in text
    assert '<p class="standfirst">Below.</p>' in text
    assert text.count("Below.") == 3  # the standfirst, and two descriptions in the head
    assert "<h1>From metadata</h1>" in write(new_markdown_cell("text"), title="From metadata")
    assert "<h1>notebook</h1>" in write()


def test_an_unpublished_page_names_no_edition_and_one_without_a_day_no_day(write):
    text = write(new_markdown_cell("# T"))
    assert "Edition" not in text
    doc = read(new_notebook(cells=[new_markdown_cell("# T")]), "t")
    assert "1970" not in write_html(doc, PageMetadata("", NO_DAY, 0))
    assert "published_time" not in write_html(doc, PageMetadata("", NO_DAY, 0))
    assert "31\u00a0March\u00a02031" in write_html(doc, PageMetadata("", dt.date(2031, 3, 31), 0))


def test_only_an_edition_names_a_picture_for_links(html, write):
    assert "og:image" not in write(new_markdown_cell("# T"))
    tags = {one.get("property") or one.get("name"): one.get("content") for one in tree(html("report")).iter("meta")}
    assert (tags["og:image"], tags["og:image:width"], tags["og:image:height"]) == ("link.png", "1200", "630")
    assert tags["og:image:alt"] == tags["og:title"]
    assert tags["twitter:card"] == "summary_large_image"


def test_the_colophon_stands_last(html):
    footer = tree(html("report")).find("body/footer")
    assert [dt.text for dt in footer.iter("dt")] == ["Parameters", "Data", "Edition"]
    assert [dd.text for dd in footer.iter("dd")][-1] == "2031-03-31-en-1a2b3c4d"


@pytest.mark.parametrize("name", ALL)
def test_a_page_can_be_written_as_utf_8(name, html):
    text = html(name)
    assert text.encode("utf-8").decode("utf-8") == text
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e]", text)


def test_a_page_of_a_report_is_small(html):
    assert len(html("report").encode()) <= 250_000


SEEDED = """
import datetime, sys, hashlib, nbformat
from handover.document import read
from handover.pages import PageMetadata, write_html
for name in sys.argv[1:]:
    doc = read(nbformat.read(name, as_version=4), "x")
    text = write_html(doc, PageMetadata("e", datetime.date(2031, 3, 31), 0))
    print(hashlib.sha256(text.encode()).hexdigest())
"""


@pytest.mark.slow
def test_the_same_document_gives_the_same_bytes_in_any_process(request):
    folder = request.config.rootpath / "tests" / "notebooks"
    names = [str(folder / f"html_{name}.ipynb") for name in ALL]
    runs = [
        subprocess.run(
            [sys.executable, "-c", SEEDED, *names],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
            capture_output=True, text=True, check=True,
        ).stdout.split()
        for seed, zone in (("1", "UTC"), ("77", "Asia/Baghdad"))
    ]  # fmt: skip
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == len(ALL)


ANYTHING = st.text(max_size=200) | st.text(alphabet="<>[]()!#*_`|~$\\&;:\"'-=/ abx\n\t0{}\u202e\ud800", max_size=300)


@given(markdown=ANYTHING, markup=ANYTHING, drawn=ANYTHING, text=ANYTHING, title=ANYTHING)
def test_no_content_whatever_breaks_a_page(markdown, markup, drawn, text, title):
    outputs = [
        new_output("display_data", data={"text/html": markup}),
        new_output("display_data", data={"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'>{drawn}</svg>"}),
        new_output("display_data", data={"image/svg+xml": drawn}, metadata={"image/svg+xml": {"title": title}}),
        new_output("display_data", data={"text/latex": text}),
        new_output("stream", name="stderr", text=text),
        new_output("error", ename=title, evalue=text, traceback=[text]),
    ]
    nb = new_notebook(cells=[new_markdown_cell(markdown), new_code_cell(text, outputs=outputs)])
    written = write_html(read(nb, title), PageMetadata("e", dt.date(2031, 3, 31), 0))
    root = lxml_html.document_fromstring(written.encode())
    assert [child.tag for child in root.find("body")] in (
        ["a", "header", "main", "footer"],
        ["a", "header", "nav", "main", "footer"],
    )
    assert root.find(".//script") is None
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda v: st.lists(v, max_size=3), max_leaves=4
)
KEYS = "key id label value claims conflicts printed reading facts source a b url title statement heading".split()  # noqa: SIM905
OBJECTS = st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES | st.just("x"), max_size=8) | VALUES, max_size=3)


@given(facts=OBJECTS | VALUES, sources=OBJECTS | VALUES, conflicts=OBJECTS | VALUES, heading=VALUES)
def test_no_evidence_whatever_breaks_a_page(facts, sources, conflicts, heading):
    content = {"facts": facts, "sources": sources, "conflicts": conflicts, "heading": heading}
    output = new_output("display_data", data={EVIDENCE_MIME: content})
    nb = new_notebook(cells=[new_markdown_cell("[x](#fact-x)[y](#conflict-x)"), new_code_cell("e", outputs=[output])])
    write_html(read(nb, "x"), PageMetadata("e", dt.date(2031, 3, 31), 0))


def displayed(source):
    document = read(
        new_notebook(cells=[new_code_cell("", outputs=[new_output("display_data", {"text/html": source})])])
    )
    return write_html(document, PageMetadata("", NO_DAY, 0))


def test_colours_of_cells_are_rules_of_the_one_style_sheet():
    sheet = "<style>#a { background: #fde725 } #b { color: red }</style>"
    page = displayed(f"{sheet}<table><tr><td id=a>1</td><td id=b>2</td><td>3</td></tr></table>")
    assert re.findall('<td class="num ?([^"]*)"', page) == ["tint-1", "tint-2", ""] and " style=" not in page
    assert ".tint-1, .tint-1 a { color: #000000; background: #fde725; print-color-adjust: exact; }" in page
    assert ".tint-2, .tint-2 a { color: #e60000; }" in page
    assert "(prefers-color-scheme: dark) { .tint-2, .tint-2 a { color: #ff0000; } }" in page
    assert "tint-" not in displayed("<table><tr><td>1</td></tr></table>")
