"""A judge of one edition across its formats: what no validator compares, HTML and PDF and manifest with each other.

Each check returns its faults as lines; a test that seeds a fault must see a line. What validators judge is left
to them (`verapdf`, `browser`).
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import lxml.html
import pikepdf

from handover import digest
from handover.document.checks import unhelpful
from handover.document.words import Words
from handover.project import MARKER
from judges import pdftags
from judges.pdftext import solid

#: Actions that a PDF of ours may hold: to a place in itself, and to the web.
ACTIONS = {"/GoTo", "/URI"}
#: Names under which a PDF keeps what runs, opens or sends something by itself.
ACTING = {"/JS", "/AA", "/RichMedia", "/XFA", "/AcroForm"}
SCHEMES = ("https://", "http://")
#: Parts of the HTML that paper does not have.
SCREEN_ONLY = "//nav|//*[contains(@class,'card')]|//details|//a[@class='skip']|//footer"
#: The heading of the charts' values in print, and the first head of a table of what disagrees there.
APPENDIX, DISAGREEMENTS = Words().appendix, Words().about
BLOCKS = ("h1", "h2", "h3", "h4", "p", "li", "th", "td", "caption", "figcaption", "dt", "dd", "pre")


@dataclass(frozen=True)
class Sample:
    """The files of one edition, in memory, so that a test can seed a fault in any of them."""

    html: str
    pdf: bytes
    manifest: dict[str, Any]
    data: Path | None = None

    @classmethod
    def of(cls, folder: Path, data: Path | None = None) -> "Sample":
        """Read an edition; `data` is the project that its tables came from, if it is at hand."""
        html, pdf = (next(folder.glob(f"*{suffix}")) for suffix in (".html", ".pdf"))
        return cls(html.read_text(), pdf.read_bytes(), json.loads((folder / "manifest.json").read_text()), data)

    @cached_property
    def page(self) -> Any:
        """The HTML as a tree."""
        return lxml.html.document_fromstring(self.html)

    @cached_property
    def tags(self) -> pdftags.Element:
        """The PDF's structure."""
        return pdftags.read(self.pdf)

    @cached_property
    def attached(self) -> dict[str, bytes]:
        """What the PDF carries, by name."""
        with pikepdf.open(io.BytesIO(self.pdf)) as opened:
            return {name: held.get_file().read_bytes() for name, held in opened.attachments.items()}

    def seeded(self, **changes: Any) -> "Sample":
        """The same with a fault in it."""
        other = replace(self, **changes)
        if "pdf" not in changes:
            other.__dict__.update(tags=self.tags, attached=self.attached)
        return other


def descriptions(sample: Sample) -> list[str]:
    """Pictures: the same descriptions in both formats, each one that helps."""
    found = []
    in_html = []
    for figure in sample.page.iter("figure"):
        drawn = next((one for one in figure.iter("svg", "img")), None)
        if drawn is None:
            continue
        words = drawn.get("alt") or " ".join(one.text_content() for one in drawn.iterchildren("desc"))
        caption = " ".join(one.text_content() for one in figure.iter("figcaption"))
        title = " ".join(one.text_content() for one in figure.find_class("title"))
        texts = [one.text_content() for one in drawn.iter("text")]
        in_html.append(words)
        found += [f"picture {len(in_html)}: {fault}" for fault in unhelpful(words, (caption, title), texts)]
    in_pdf = [one.alt for one in sample.tags.walk() if one.kind == "Figure"]
    if list(map(solid, in_html)) != list(map(solid, in_pdf)):
        found.append(f"pictures are described otherwise in the PDF: {in_html} and {in_pdf}")
    return found


def language(sample: Sample) -> list[str]:
    """The language is named, and is the one of the manifest."""
    with pikepdf.open(io.BytesIO(sample.pdf)) as opened:
        stated = {"PDF": str(opened.Root.get("/Lang", "")), "XMP": _xmp(opened, "dc:language")}
    stated["HTML"] = sample.page.get("lang") or ""
    return _unequal("language", stated, sample.manifest["language"])


def headers(sample: Sample) -> list[str]:
    """Every table has header cells that say what they head, as many in HTML as in PDF."""
    found = []
    for number, table in enumerate(sample.page.iter("table"), 1):
        cells = list(table.iter("th"))
        if not cells or any(cell.get("scope") not in ("col", "row", "colgroup", "rowgroup") for cell in cells):
            found.append(f"HTML table {number}: must have header cells with a scope")
    tables = [one for one in sample.tags.walk() if one.kind == "Table"]
    for number, table in enumerate(tables, 1):
        scopes = [one.scope for one in table.walk() if one.kind == "TH"]
        if not scopes or not all(scopes):
            found.append(f"PDF table {number}: must have header cells with a scope")
    # in print the rows of a table within a table, and of one that is folded under a chart, are lines
    folded = sample.page.xpath("//details[@class='values']//table")
    evidence = sample.page.xpath("//section[contains(@class, 'evidence')]//table")
    nested = sample.page.xpath("//table//table")
    shown = [table for table in sample.page.iter("table") if table not in [*folded, *evidence, *nested]]
    columns = [len([th for th in table.iter("th") if th.get("scope") == "col"]) for table in shown]
    in_pdf = [[th for th in table.walk() if th.scope in ("Column", "Both")] for table in tables]
    # each format sets what disagrees as suits it
    in_pdf = [len(heads) for heads in in_pdf if [solid(head.text) for head in heads][:1] != [solid(DISAGREEMENTS)]]
    if columns != in_pdf:
        found.append(f"tables have other column headers in the PDF: {columns} and {in_pdf}")
    return found


def values(sample: Sample) -> list[str]:
    """What is folded under the charts stands at the end in print, row by row; in a brief report it does not."""
    _, appendix, text = solid(sample.tags.text).rpartition(solid(APPENDIX))
    at, found = 0, []
    for table in sample.page.xpath("//details[@class='values']//table") if appendix else ():
        heads = [solid(head.text_content()) for head in table.xpath(".//th[@scope='col']")]
        for row in table.iter("tr"):
            said = [solid(cell.text_content()) or "–" for cell in row.iter("th", "td")]
            # a bare number has its head before it
            named = [f"(?:{re.escape(head)}:)?{re.escape(one)}" for head, one in zip(heads, said, strict=True)]
            place = re.compile("·".join(named)).search(text, at)
            found += [] if place else [f"a row of values is not in the PDF, or elsewhere: {'·'.join(said)}"]
            at = place.end() if place else at
    return found


def order(sample: Sample) -> list[str]:
    """All that the report says, before its evidence, is in the PDF's structure in the order of the HTML."""
    text, at, found = solid(sample.tags.text), 0, []
    for words in _spoken(sample.page):
        place = text.find(words, at)
        if place < 0:
            elsewhere = text.find(words)
            found.append(f"{'earlier' if elsewhere >= 0 else 'not'} in the PDF: {words[:80]}")
        else:
            at = place
    return found


def _spoken(page: Any) -> Iterator[str]:
    """The text of each smallest block, in order, up to the evidence."""
    page = lxml.html.fromstring(lxml.html.tostring(page))
    for gone in page.xpath(SCREEN_ONLY):
        gone.drop_tree()
    for block in page.iter(*BLOCKS):
        if next((True for up in block.iterancestors("section") if "evidence" in up.get("class", "")), False):
            return
        meta = {"meta", "label", "note", "source"} & set(block.get("class", "").split())
        if meta or any(True for _ in block.iterdescendants(*BLOCKS)) or block.getparent().tag == "svg":
            continue
        words = solid(block.text_content())
        if words:
            yield words


def identity(sample: Sample) -> list[str]:
    """Title, author and day are the same wherever they stand."""
    manifest, page = sample.manifest, sample.page

    def meta(name: str) -> str:
        return next(iter(page.xpath(f"//meta[@name='{name}' or @property='{name}']/@content")), "")

    with pikepdf.open(io.BytesIO(sample.pdf)) as opened:
        info = opened.docinfo
        pdf = {key: str(info.get(f"/{key}", "")) for key in ("Title", "Author", "CreationDate", "ModDate")}
        xmp = {key: _xmp(opened, key) for key in ("dc:title", "dc:creator", "xmp:CreateDate", "xmp:ModifyDate")}
    record = json.loads(sample.attached.get("edition.json", b"{}"))
    first = next((one.text for one in sample.tags.walk() if one.kind == "H1"), "")
    titles = {
        "the <title>": page.findtext(".//title"),
        "og:title": meta("og:title"),
        "the h1": page.find(".//h1").text_content(),
        "the PDF's title": pdf["Title"],
        "XMP": xmp["dc:title"],
        "the PDF's H1": " ".join(first.split()).replace("- ", "-"),  # a line may end in a hyphen
    }
    authors = {
        "HTML": meta("author"),
        "the head of the page": page.find_class("meta")[0].find_class("name")[0].text_content(),
        "XMP": xmp["dc:creator"],
    }
    days = {
        "HTML": meta("article:published_time"),
        "<time>": page.xpath("//header//time/@datetime")[0],
        "the PDF": _day(pdf["CreationDate"]),
        "the PDF's change": _day(pdf["ModDate"]),
        "XMP": xmp["xmp:CreateDate"][:10],
        "XMP's change": xmp["xmp:ModifyDate"][:10],
        "edition.json": record.get("as_of", ""),
        "the edition's name": manifest["edition"][:10],
    }
    return [
        *_unequal("title", titles, manifest["title"]),
        *_unequal("author", authors, pdf["Author"]),
        *_unequal("day", days, manifest["as_of"]),
    ]


def inert(sample: Sample) -> list[str]:
    """Nothing in the PDF runs, opens a program or leads anywhere but to the web; the HTML leads to the same places."""
    found, pdf_links = [], set()
    with pikepdf.open(io.BytesIO(sample.pdf)) as opened:
        for one in (inner for top in opened.objects for inner in _dictionaries(top)):
            keys = set(one.keys())
            found += [f"holds {name}" for name in sorted(keys & ACTING)]
            # an action is what names its kind under /S and is reached through /A or /OpenAction
            reached = [one[key] for key in ("/A", "/OpenAction") if isinstance(one.get(key), pikepdf.Dictionary)]
            for action in (action for action in reached if str(action.get("/S", "")) and "/O" not in action):
                if str(action.S) not in ACTIONS:
                    found.append(f"holds the action {action.S}")
                elif str(action.S) == "/URI":
                    pdf_links.add(str(action.URI))
        if "/JavaScript" in opened.Root.get("/Names", {}):
            found.append("holds JavaScript by name")
    beside = set(sample.page.xpath("//header/p[@class='note beside']/a/@href"))
    html_links = {url for url in sample.page.xpath("//a/@href") if not url.startswith("#")} - beside
    found += [f"leads to {url}" for url in sorted(pdf_links | html_links) if not url.startswith(SCHEMES)]
    if pdf_links - html_links:
        found.append(f"the PDF leads where the HTML does not: {sorted(pdf_links - html_links)[:3]}")
    return found


def _dictionaries(one: Any) -> Iterator[Any]:
    """A dictionary and those written inside it; what it refers to is an object of its own."""
    if isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
        yield one
    inside = one.values() if isinstance(one, pikepdf.Dictionary) else one if isinstance(one, pikepdf.Array) else ()
    for inner in inside:
        if isinstance(inner, pikepdf.Object) and not inner.is_indirect:
            yield from _dictionaries(inner)


def attachments(sample: Sample) -> list[str]:
    """The PDF carries the very bytes that the manifest and the project know."""
    found = []
    manifest, held = sample.manifest, sample.attached
    record = json.loads(held["edition.json"])
    known_tables = manifest["inputs"]["tables"] | {MARKER.as_posix(): manifest["inputs"]["dictionary"]}
    for path, about in record["data"].items():
        name, wanted = about["attachment"], known_tables.get(path)
        if name not in held:
            found.append(f"{path}: is not attached")
        elif digest.of_bytes(held[name]) != wanted or about["sha256"] != wanted:
            found.append(f"{path}: is attached in other bytes than the manifest's")
        elif sample.data and (sample.data / path).read_bytes() != held[name]:
            found.append(f"{path}: is attached in other bytes than the table's")
    notebook = record["notebook"]
    if digest.of_bytes(held.get(notebook["attachment"], b"")) != manifest["inputs"]["notebook"]:
        found.append(f"{notebook['attachment']}: is attached in other bytes than the manifest's")
    known = {one["attachment"] for one in record["data"].values()} | {notebook["attachment"], "edition.json"}
    return found + [f"{name}: is attached, and in no record" for name in sorted(held.keys() - known)]


def numbers(sample: Sample) -> list[str]:
    """Each fact reads the same in manifest, HTML and PDF, and its rows are in the tables that are attached."""
    found = []
    text, rows = solid(sample.tags.text), _rows(sample.attached)
    for key, fact in sample.manifest["facts"].items():
        entry = sample.page.get_element_by_id(f"fact-{key}", None)
        printed = [solid(one.text_content()) for one in entry.find_class("value")] if entry is not None else []
        value = solid(fact["value"])
        if printed != [value]:
            found.append(f"{key}: HTML prints {printed} for {value}")
        if value not in text:
            found.append(f"{key}: the PDF does not print {value}")
        for claim in fact["claims"]:
            if claim not in rows:
                found.append(f"{key}: its row {claim} is in no table attached")
        found += _unlike(key, fact, [rows[claim] for claim in fact["claims"] if claim in rows])
    uses = sample.page.xpath("//main//a[starts-with(@href, '#fact-')]")
    for use in uses:
        if use.get("id", "").startswith("use-") and solid(use.text_content()) not in text:
            found.append(f"{use.get('href')}: the PDF does not print {use.text_content()}")
    return found


def _unlike(key: str, fact: dict[str, Any], rows: list[dict[str, str]]) -> Iterator[str]:
    """A quantity that was read off one row, not counted or subtracted, is that row's."""
    stated = [rows[0].get(column) or "" for column in ("value", "low", "high")] if len(rows) == 1 else []
    row = {float(text) for text in stated if text}
    for end in ("low", "high") if row else ():
        if fact[end] is not None and float(fact[end]) not in row:
            yield f"{key}: {end} {fact[end]} is not in its row"


def _rows(attached: dict[str, bytes]) -> dict[str, dict[str, str]]:
    """Every row of every attached table by its key, the first column."""
    found = {}
    for name, data in attached.items():
        for row in csv.DictReader(io.StringIO(data.decode())) if name.endswith(".csv") else ():
            found[next(iter(row.values()))] = row
    return found


def _unequal(what: str, stated: dict[str, Any], wanted: str) -> list[str]:
    return [f"{what}: {place} says {said!r}, not {wanted!r}" for place, said in stated.items() if said != wanted]


def _day(stamp: str) -> str:
    return f"{stamp[2:6]}-{stamp[6:8]}-{stamp[8:10]}"


def _xmp(opened: pikepdf.Pdf, key: str) -> str:
    with opened.open_metadata() as about:
        value = about.get(key, "")
    values = value if isinstance(value, list | set) else [value]
    return ", ".join(map(str, values))


CHECKS = (descriptions, language, headers, values, order, identity, inert, attachments, numbers)
