"""One composition for renders and exporters: the same bytes; data only from the project, under names that are safe."""

import copy
import datetime as dt
import io
import json
import re
from pathlib import Path

import nbformat
import pikepdf
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from handover import digest
from handover.document.evidence import EVIDENCE_MIME
from handover.editions import Request, compose, day_of, epoch_of, settings
from handover.editions.compose import LINK_SIZE
from handover.editions.exporters import HandoverHTMLExporter, HandoverPDFExporter
from handover.editions.render import produce, render
from handover.editions.store import LINK_PICTURE
from handover.errors import HandoverError
from handover.pages import NO_DAY
from handover.text import whole
from judges import pdftext


def composed(*, folder=Path("/"), evidence=None, source="1", tags=(), **metadata):
    """The composition of a notebook of one cell."""
    outputs = [nbformat.v4.new_output("display_data", {EVIDENCE_MIME: evidence})] if evidence else []
    cell = nbformat.v4.new_code_cell(source, outputs=outputs, metadata={"tags": list(tags)})
    nb = nbformat.v4.new_notebook(cells=[cell])
    nb.metadata.update(metadata)
    return compose.compose(nb, "mini", folder)


# what is attached


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("requirements.lock", "must lie in data/"),
        ("data/../requirements.lock", "must lie in data/"),
        ("/etc/passwd", "must lie in data/"),
        ("..", "must lie in data/"),
        ("", "must lie in data/"),
        ("data\\counts.csv", "must lie in data/"),
        ("data/none.csv", "must exist"),
        ("data", "must exist"),
        ("data/link.csv", "must not be reached through a symbolic link"),
        ("data/folder/counts.csv", "must not be reached through a symbolic link"),
    ],
)
def test_a_table_outside_the_data_is_refused(mini, name, fault):
    (mini.data / "link.csv").symlink_to(mini.lock)
    (mini.data / "folder").symlink_to(mini.data)
    assert compose.tables(mini.root, [name]) == ([], [f"{name}: {fault}"])


@pytest.mark.parametrize("tables", [5, None, "data/counts.csv", {"data/counts.csv": 1}])
def test_tables_that_are_no_list_are_none(mini, tables):
    made = composed(folder=mini.notebooks, evidence={"facts": [], "tables": tables})
    assert [one.relationship for one in made.metadata.attachments].count("data") == 0 and not made.refused


def test_a_picture_is_attached_under_a_name_of_its_own(mini):
    data = io.BytesIO()
    Image.new("RGB", (4, 2)).save(data, "PNG")
    for name in ("notebooks/à.png", "notebooks/é.png", "plan.png"):
        (mini.root / name).write_bytes(data.getvalue())
    shown = {"text/html": "".join(f"<img alt=x src='{name}'>" for name in ("à.png", "é.png", "../plan.png"))}
    cell = nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", shown)])
    made = compose.compose(nbformat.v4.new_notebook(cells=[cell]), "mini", mini.notebooks)
    assert made.pictures == ("notebooks/à.png", "notebooks/é.png", "plan.png")
    _, *pictures, record = made.metadata.attachments
    assert {one.data for one in pictures} == {data.getvalue()}
    assert {(one.mime, one.relationship) for one in pictures} == {("image/png", "supplement")}
    held = json.loads(record.data)["data"]
    assert [held[path]["attachment"] for path in made.pictures] == [one.name for one in pictures]
    assert len({one.name for one in pictures}) == 3


def test_a_notebook_from_elsewhere_gets_no_data_of_ours_and_no_edition(tmp_path):
    made = composed(folder=tmp_path, evidence={"tables": ["data/counts.csv"]})
    assert [one.name for one in made.metadata.attachments] == ["mini.ipynb", "edition.json"]
    assert made.edition == "" and made.metadata.date == NO_DAY and made.metadata.pdf == ""


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("counts.csv", "counts.csv"),
        ("../x", "_x"),
        (".hidden", "hidden"),
        ("<script>.csv", "_script_.csv"),
        ("invoice\u202egpj.exe", "invoice_gpj.exe"),
        ("a\nb", "a_b"),
        ("größe.csv", "gr__e.csv"),
        ("=HYPERLINK(1).csv", "=HYPERLINK(1).csv"),
        ("..", "_"),
    ],
)
def test_a_name_is_one_that_any_system_can_store(name, stored):
    assert compose.safe(name) == stored


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["data/a<.csv", "data/a>.csv", "data/a?.csv"], ["a_.csv", "1-a_.csv", "2-a_.csv", "datapackage.json"]),
        (["data/old/x.csv", "data/x.csv"], ["data-old-x.csv", "data-x.csv", "datapackage.json"]),
    ],
)
def test_tables_whose_names_would_be_one_keep_apart(mini, paths, names):
    for path in paths:
        (mini.root / path).parent.mkdir(exist_ok=True)
        (mini.root / path).write_text(path)
    found, faults = compose.tables(mini.root, [*paths, paths[0]])
    assert faults == [] and [one.name for _, one in found] == names
    assert [one.data.decode() for _, one in found[:-1]] == paths


# what the pages say of themselves


def test_the_colophon_says_in_words_that_a_parameter_is_not_set():
    made = composed(source="since = None\nlevel = 3", tags=["parameters"])
    assert dict(made.metadata.colophon)["Parameters"] == "since none · level 3"


@pytest.mark.parametrize(
    ("metadata", "day", "author"),
    [
        ({}, NO_DAY, ""),
        ({"date": "2026-01-31"}, dt.date(2026, 1, 31), ""),
        ({"date": "soon", "authors": [{"name": "Ann"}, "Bo", {}]}, NO_DAY, "Ann, Bo"),
        ({"date": "2026-01-31T09:30:00Z", "authors": {"name": "Ann"}}, dt.date(2026, 1, 31), "Ann"),
        ({"authors": [5, None, {"name": ["Ann"]}, {"name": " "}]}, NO_DAY, ""),
        ({"authors": "Ann\nand Bo"}, NO_DAY, "Ann and Bo"),
        ({"author": "Ann"}, NO_DAY, "Ann"),
        ({"authors": [], "author": ["Ann", {"name": "Bo"}]}, NO_DAY, "Ann, Bo"),
    ],
)
def test_a_page_takes_its_day_and_author_from_its_notebook_and_never_asks_the_clock(metadata, day, author):
    made = composed(**metadata).metadata
    assert (made.date, made.epoch, made.author) == (day, epoch_of(day), author)


def signed(path):
    """Who signs a notebook, wherever its exports say so: HTML's head and page, the PDF, its XMP; all words."""
    page = HandoverHTMLExporter().from_filename(str(path))[0]
    made = HandoverPDFExporter().from_filename(str(path))[0]
    with pikepdf.open(io.BytesIO(made)) as pdf, pdf.open_metadata() as xmp:
        inside = [str(pdf.docinfo.get("/Author", "")), ", ".join(xmp.get("dc:creator", []))]
    found = [re.search(form, page) for form in ('name="author" content="(.*?)"', 'class="name">(.*?)<')]
    return {*(one[1] if one else "" for one in found), *inside}, pdftext.whole(made) + page


@pytest.mark.parametrize(
    ("setting", "source", "metadata", "author"),
    [
        ('author = "The Desk"', "a = 1", {}, ""),
        ('author = "The Desk"', "as_of = '2026-01-31'", {}, "The Desk"),
        ('author = "The Desk"', "as_of = '2026-01-31'", {"authors": [{"name": "Ann"}]}, "Ann"),
        ('author = "The Desk"', "a = 1", {"authors": [{"name": "Ann"}]}, "Ann"),
        ("", "as_of = '2026-01-31'", {}, ""),
    ],
)
def test_a_desk_signs_its_own_reports_alone(mini, setting, source, metadata, author):
    (mini.root / "pyproject.toml").write_text(f"[tool.handover]\n{setting}\n")
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]})
    path = mini.notebooks / "signed.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=metadata), path)
    found, said = signed(path)
    assert found == {author} and (author == "The Desk" or "Desk" not in said)


def test_an_author_that_is_no_text_is_refused(mini):
    (mini.root / "pyproject.toml").write_text("[tool.handover]\nauthor = 3\n")
    with pytest.raises(HandoverError) as refused:
        settings.author(mini)
    assert str(refused.value) == (
        'pyproject.toml: tool.handover.author must be a text (got 3).\nWrite it as author = "The desk".'
    )


def test_another_author_is_another_input(mini):
    before = Request.of(mini, "mini", {}).inputs
    (mini.root / "pyproject.toml").write_text('[tool.handover]\nauthor = "The Desk"\n')
    after = Request.of(mini, "mini", {}).inputs
    assert after.digest != before.digest and after.changed_since(before.as_json()) == ["tool.handover.author"]
    older = before.as_json()
    del older["author"]
    assert after.changed_since(older) == []


def test_the_day_asked_for_counts_before_the_day_of_the_metadata():
    made = composed(source='as_of = "2026-01-07"', tags=["parameters"], date="2026-01-31")
    assert made.metadata.date == dt.date(2026, 1, 7) and made.metadata.pdf == f"mini_{made.edition}.pdf"
    assert epoch_of(day_of("2026-01-31")) == 1769817600
    assert day_of("2026-02-30") is None and day_of(None) is None and epoch_of(None) == 0


# the same bytes


def test_half_a_character_in_a_cell_stops_no_exporter(mini):
    made = composed(folder=mini.notebooks, source="# half \ud83d of one")
    assert "# half \ufffd of one" in made.metadata.attachments[0].data.decode()
    assert made.pdf().startswith(b"%PDF-")


TEXTS = st.text('ab \n\r\x0b\x1c\x85\u2028\x00\x1f\x7f"\\/é中😀\ud83d\ude00', max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
#: What nbformat splits into lines, what it leaves alone, and what it leaves out.
BUNDLES = st.dictionaries(
    st.sampled_from(["text/html", "image/svg+xml", "image/png", "application/json", "application/x+json"]), VALUES
)
ABOUT = st.dictionaries(st.sampled_from(["signature", "orig_nbformat", "trusted", "tags", "a"]), VALUES)


@given(bundle=BUNDLES, about=ABOUT, text=TEXTS)
@example(
    bundle={"text/html": "b\na", "application/json": {"b": ["a\nb"], "a": 1e16}}, about={"trusted": 1}, text="\ud83d"
)
@example(bundle={"image/png": b"iVBO", "text/html": ("a\n", "b")}, about={}, text="")
@example(bundle={"application/json": {10: None, 9: float("nan")}}, about={}, text="\n")
def test_a_notebook_is_published_as_nbformat_writes_it(bundle, about, text):
    outputs = [
        {"output_type": "display_data", "data": bundle, "metadata": about},
        {"output_type": "stream", "name": "stdout", "text": text},
        {"output_type": "error", "ename": "E", "evalue": text, "traceback": text.split()},
    ]
    code = {"cell_type": "code", "source": text, "outputs": outputs, "execution_count": None, "metadata": about}
    prose = {"cell_type": "markdown", "source": text, "attachments": {"a.png": bundle}, "metadata": {}}
    nb = nbformat.from_dict({"cells": [code, prose], "metadata": about, "nbformat": 4, "nbformat_minor": 5})
    nb.metadata.pair = (1, (text,))
    before = copy.deepcopy(nb)
    assert compose._published(nb) == (whole(nbformat.v4.writes(nb)) + "\n").encode()
    assert repr(nb) == repr(before)


@pytest.mark.parametrize("kind", ["html", "pdf"])
def test_the_exporters_give_the_bytes_that_were_published(mini, stand_in, kind):
    from nbconvert.exporters import get_exporter

    outcome = render(mini, "mini")
    published = outcome.edition.file(f".{kind}").read_bytes()
    made, resources = get_exporter(f"handover_{kind}")().from_filename(str(outcome.edition.file(".ipynb")))
    assert (made.encode() if isinstance(made, str) else made) == published
    assert not resources["outputs"]


def test_the_name_of_an_edition_counts_as_its_report():
    assert compose.report_of("drawdown_2026-10-01-en-1a2b3c4d") == "drawdown"
    assert compose.report_of("troop_levels") == "troop_levels"


def test_parts_that_run_together_are_told_apart():
    assert digest.of_parts([("a", b"bc")]) != digest.of_parts([("ab", b"c")])
    assert digest.of_parts([("a", b"b"), ("c", b"")]) != digest.of_parts([("a", b""), ("c", b"b")])


def test_two_renders_differ_in_the_run_block_alone_and_the_picture_for_links_is_small(mini, stand_in):
    asked = Request.of(mini, "mini", {})
    first, second = produce(asked), produce(asked)
    assert first.files == second.files
    assert first.manifest | {"run": 0} == second.manifest | {"run": 0}
    picture = first.files[LINK_PICTURE]
    assert len(picture) < 60_000
    with Image.open(io.BytesIO(picture)) as image:
        assert (image.format, image.size) == ("PNG", LINK_SIZE)


def test_the_record_in_the_pdf_is_stable_json_of_what_shapes_the_pages_and_nothing_else(mini):
    path = mini.notebook("mini")
    made = compose.compose(nbformat.read(path, 4), "mini", mini.notebooks)
    data = made.metadata.attachments[-1].data.decode()
    record = json.loads(data)
    assert json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n" == data
    assert record.keys() == {"report", "as_of", "parameters", "notebook", "data", "versions"}
    assert record["notebook"] == {"attachment": "mini.ipynb", "sha256": digest.of_file(path)}
    assert {"typst", "matplotlib", "fontpkg-ibm-plex-serif"} < record["versions"].keys()
    assert "python" not in record["versions"]
