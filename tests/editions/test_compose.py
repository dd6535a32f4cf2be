"""One composition for press and exporters: the same bytes, a name made from content, data only from the project."""

import io
import json
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from handover import digest
from handover.document.evidence import EVIDENCE_MIME
from handover.editions import attachments, compose
from handover.editions.imprint import LINK_PICTURE, LINK_SIZE, NO_DAY, day_of, of
from handover.editions.order import Order
from handover.editions.render import produce, render


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
    assert attachments.data(mini.root, [name]) == ([], [f"{name}: {fault}"])


def test_tables_that_share_a_name_are_told_apart(mini):
    (mini.data / "old").mkdir()
    (mini.data / "old" / "counts.csv").write_text("old\n")
    found, faults = attachments.data(mini.root, ["data/old/counts.csv", "data/counts.csv", "data/counts.csv"])
    assert faults == []
    assert [(path, one.name) for path, one in found] == [
        ("data/counts.csv", "data-counts.csv"),
        ("data/old/counts.csv", "data-old-counts.csv"),
        ("data/datapackage.json", "datapackage.json"),
    ]


@pytest.mark.parametrize("tables", [5, None, "data/counts.csv", {"data/counts.csv": 1}])
def test_tables_that_are_no_list_are_none(mini, tables):
    output = nbformat.v4.new_output("display_data", {EVIDENCE_MIME: {"facts": [], "tables": tables}})
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])])
    made = compose.compose(nb, "mini", mini.notebooks)
    assert [one.relationship for one in made.imprint.attachments].count("data") == 0 and not made.refused


def test_the_colophon_says_in_words_that_a_parameter_is_not_set():
    cells = [nbformat.v4.new_code_cell("since = None\nlevel = 3", metadata={"tags": ["parameters"]})]
    made = compose.compose(nbformat.v4.new_notebook(cells=cells), "mini", Path("/"))
    assert dict(made.imprint.colophon)["Parameters"] == "since none · level 3"


def test_half_a_character_in_a_cell_stops_no_exporter(mini):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("# half \ud83d of one")])
    made = compose.compose(nb, "mini", mini.notebooks)
    assert "# half \ufffd of one" in made.imprint.attachments[0].data.decode()
    assert made.pdf().startswith(b"%PDF-")


@pytest.mark.parametrize("kind", ["html", "pdf"])
def test_the_exporters_give_the_bytes_that_were_published(mini, stand_in, kind):
    from nbconvert.exporters import get_exporter

    outcome = render(mini, "mini")
    published = outcome.edition.file(f".{kind}").read_bytes()
    made, resources = get_exporter(f"handover_{kind}")().from_filename(str(outcome.edition.file(".ipynb")))
    assert (made.encode() if isinstance(made, str) else made) == published
    assert not resources["outputs"]


def test_a_notebook_from_elsewhere_gets_no_data_of_ours_and_no_edition(mini, tmp_path):
    nb = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                "x",
                outputs=[
                    nbformat.v4.new_output(
                        "display_data", {"application/vnd.handover.evidence+json": {"tables": ["data/counts.csv"]}}
                    )
                ],
            )
        ]
    )
    made = compose.compose(nb, "x", tmp_path)
    assert [one.name for one in made.imprint.attachments] == ["x.ipynb", "edition.json"]
    assert made.edition == "" and made.imprint.date == NO_DAY


def test_the_name_of_an_edition_counts_as_its_report(mini):
    assert compose.report_of("drawdown_2026-10-01-en-1a2b3c4d") == "drawdown"
    assert compose.report_of("troop_levels") == "troop_levels"


def content(mini):
    return produce(Order.of(mini, "mini", {})).manifest["content"]


def test_a_change_that_a_reader_gets_is_another_name(mini, stand_in):
    first = content(mini)
    table = mini.data / "counts.csv"
    table.write_text(table.read_text() + "C3,2026-03-01,doors,5\n")
    second = content(mini)
    notebook = mini.notebook("mini")
    notebook.write_text(notebook.read_text().replace("There were", "We saw"))
    assert len({first, second, content(mini)}) == 3


def test_parts_that_run_together_are_told_apart():
    assert digest.of_parts([("a", b"bc")]) != digest.of_parts([("ab", b"c")])
    assert digest.of_parts([("a", b"b"), ("c", b"")]) != digest.of_parts([("a", b""), ("c", b"b")])


def test_the_imprint_never_asks_the_clock():
    assert of({}, {}).date == NO_DAY
    assert of({"date": "2026-01-31"}, {}).epoch == 1769817600
    assert of({"date": "2026-01-31"}, {"as_of": "2026-01-07"}).date.isoformat() == "2026-01-07"
    assert of({"authors": [{"name": "Ann"}, "Bo", {}]}, {}).author == "Ann, Bo"
    assert day_of("2026-02-30") is None and day_of(None) is None


def test_the_record_in_the_pdf_is_stable_json(mini, stand_in):
    product = produce(Order.of(mini, "mini", {}))
    made = compose.compose(nbformat.reads(_ipynb(product), 4), "mini", mini.notebooks)
    record = next(one for one in made.imprint.attachments if one.name == "edition.json")
    assert (
        json.dumps(json.loads(record.data), ensure_ascii=False, indent=1, sort_keys=True) + "\n" == record.data.decode()
    )


def _ipynb(product):
    return next(data for name, data in product.files.items() if name.endswith(".ipynb")).decode()


def test_the_picture_for_links_is_small_and_the_same_twice(mini, stand_in):
    first, second = (produce(Order.of(mini, "mini", {})).files[LINK_PICTURE] for _ in range(2))
    assert first == second
    assert len(first) < 60_000
    with Image.open(io.BytesIO(first)) as image:
        assert (image.format, image.size) == ("PNG", LINK_SIZE)
