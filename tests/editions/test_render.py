"""From request to edition: what stops a report leaves the store as it was; what has not changed costs nothing."""

import ast
import datetime as dt
import errno
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import unicodedata
from itertools import permutations
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from handover import atomic
from handover.document import html, markdown, read, svg, take_omitted
from handover.document.evidence import EVIDENCE_MIME
from handover.document.reader import OMITTED_MIME
from handover.editions import Request, catalogue, check, index, render
from handover.editions.ahead import ahead
from handover.editions.compose import PLACEHOLDER
from handover.editions.store import LINK_PICTURE, LOCK, PICTURE, Store
from handover.errors import (
    AuditError,
    ConversionError,
    DataError,
    ExecutionError,
    NotebookError,
    ParameterError,
    StoreError,
)
from handover.project import Project, alike
from handover.tables import record as tables


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def rewrite(mini, cell, source):
    """Give a cell of the miniature another source."""
    path = mini.notebook("mini")
    nb = json.loads(path.read_text())
    nb["cells"][cell]["source"] = source.splitlines(keepends=True)
    path.write_text(json.dumps(nb))


def leave_out(*omitted):
    """What makes the last cell of an executed notebook say that it left texts out."""
    told = [{"text": text, "lost": lost} for text, lost in omitted]
    data = {OMITTED_MIME: told, "text/markdown": "Not in the report: a text"}
    return lambda nb: nb.cells[-1].outputs.insert(0, new_output("display_data", data))


def cell(mini, number):
    return json.loads(mini.notebook("mini").read_text())["cells"][number]["source"]


# what stops a report


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ("minni", "must be a report, a notebook in notebooks/ (known: mini; did you mean 'mini'?)"),
        ("../notebooks/mini", "must be a report"),
        ("", "must be a report"),
    ],
)
def test_an_unknown_report_is_told_with_the_near_one(mini, report, said):
    with pytest.raises(NotebookError) as error:
        render.render(mini, report)
    assert said in str(error.value)


@pytest.mark.parametrize("name", ["my report", "mini.v2", "-mini", "bericht_ä", "m" * 65, "mini ", "ｍini"])
def test_a_report_whose_name_cannot_be_a_folder_s_is_refused_before_a_kernel_starts(mini, stand_in, name):
    shutil.copy(mini.notebook("mini"), mini.notebooks / f"{name}.ipynb")
    said = (
        f"notebooks/{name}.ipynb: a report's name must be made of letters a to z, digits, - and _, at most 64, and "
        f"begin with a letter or digit (got {name!r}).\nRename the notebook: its name is also that of folders, files "
        "and links."
    )
    with pytest.raises(NotebookError) as error:
        render.render(mini, name)
    assert str(error.value) == said and stand_in.runs == 0
    found = {str(one) for one in check.notebooks(mini) if one.mark == "wrong"}
    assert found == {"wrong " + " ".join(said.splitlines())}


def test_two_reports_that_differ_in_case_alone_are_refused_before_a_kernel_starts(mini, stand_in):
    shutil.copy(mini.notebook("mini"), mini.notebook("Mini"))
    said = "notebooks/Mini.ipynb: must differ from every other name in more than case (got also notebooks/mini.ipynb)."
    for report in ("mini", "Mini"):
        with pytest.raises(NotebookError) as error:
            render.render(mini, report)
        assert str(error.value) == f"{said}\nRename one of them." and stand_in.runs == 0
    assert [str(one) for one in check.notebooks(mini)] == [f"wrong {said} Rename one of them."] * 2


def test_all_that_composing_takes_is_made_ready_before(mini, monkeypatch):
    done, build = [], catalogue.build
    monkeypatch.setattr(catalogue, "build", lambda manifests: done.append(build(manifests)))
    text = "# A title, and no other notebook's"
    nb = nbformat.read(mini.notebook("mini"), 4)
    nb.cells[0].source = text
    nbformat.write(nb, mini.notebook("mini"))
    # another thread may be using it
    used, parse = [], ast.parse
    monkeypatch.setattr(ast, "parse", lambda *given, **options: used.append(given) or parse(*given, **options))
    drawn = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h8v8"/></svg>'
    behind = {"image/svg+xml": {"values": "<table><tr><td><a href='#fact-a'>4</a></table>"}}
    cell = new_code_cell("draw()", outputs=[new_output("display_data", {"image/svg+xml": drawn}, metadata=behind)])
    stated = new_output("display_data", {EVIDENCE_MIME: {"facts": [{"key": "a"}]}})
    declared = new_code_cell("a = 1", metadata={"tags": ["parameters"]})
    turn, read_before = sys.getswitchinterval(), svg.picture.cache_info().misses
    for _ in range(2):
        with ahead(mini.notebook("mini")) as ran:
            ran([])
            ran([declared, cell])
            limit = time.monotonic() + 60
            while svg.picture.cache_info().misses == read_before and time.monotonic() < limit:
                time.sleep(0.01)
    assert (len(done), used) == (1, []), "to its end, once, and without ast"
    assert sys.getswitchinterval() == turn
    known = markdown._parse.cache_info().misses, svg.picture.cache_info().misses
    assert markdown.titles(text) == 1
    monkeypatch.setattr(html, "_tree", None)  # what a table says is known, though its evidence is not
    cells = [cell, new_code_cell("evidence()", outputs=[stated])]
    assert read(new_notebook(cells=cells)).uses == {"fact-a": ("use-a-1",)}
    assert (markdown._parse.cache_info().misses, svg.picture.cache_info().misses) == known


def test_what_fails_beside_the_kernel_means_only_less_speed_and_an_interruption_does_not_wait_for_it(
    mini, stand_in, monkeypatch
):
    over = threading.Event()

    def broken(notebook):
        over.wait(60)
        raise ValueError

    monkeypatch.setattr("handover.editions.ahead._begun", set())
    monkeypatch.setattr("handover.editions.ahead._compose_bare", broken)
    with pytest.raises(KeyboardInterrupt), ahead(mini.notebook("mini")) as ran:
        ran([])
        ran(["no cell"])
        raise KeyboardInterrupt
    assert not over.is_set()
    over.set()
    monkeypatch.setattr("handover.editions.ahead._begun", set())
    assert render.render(mini, "mini").kind == "published"


def test_tables_are_looked_at_again_once_they_have_changed(mini, stand_in, monkeypatch):
    monkeypatch.setattr(tables, "_last", None)
    looked, look = [], tables._look
    monkeypatch.setattr(tables, "_look", lambda folder, schemas: looked.append(folder) or look(folder, schemas))
    for _ in range(2):
        render.produce(Request.of(mini, "mini", {}))
    assert (len(looked), stand_in.runs) == (1, 2)
    (mini.data / "counts.csv").write_text("no,such,columns\n")
    for _ in range(2):
        with pytest.raises(DataError, match=r"counts\.csv"):
            render.produce(Request.of(mini, "mini", {}))
    assert (len(looked), stand_in.runs) == (3, 2)


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("data/Counts.csv", "data/counts.csv"),
        ("data/Geo/a.json", "data/geo/b.json"),
        ("data/caf\u00e9.csv", "data/cafe\u0301.csv"),
    ],
)
def test_two_tables_that_some_file_systems_take_for_one_are_refused(mini, stand_in, here, there):
    for path in (mini.root / here, mini.root / there):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x\n")
    first, second = sorted([here, there]) if here.endswith(".csv") else ("data/Geo", "data/geo")
    said = f"{first}: must differ from every other name in more than case (got also {second})."
    with pytest.raises(DataError) as error:
        render.render(mini, "mini")
    assert str(error.value) == f"{said}\nRename or remove one of them." and stand_in.runs == 0
    assert f"wrong {said}" in [str(one) for one in check.data(mini)]


@given(
    st.sets(st.text("aAbBé\u0301e/", min_size=1, max_size=6).filter(lambda path: "//" not in f"/{path}/"), max_size=6)
)
def test_names_that_no_file_system_takes_for_one_pass(paths):
    """The folders of a disk that knows no case: what two names put at one place is named, and nothing else is."""
    places = {}
    for path in paths:
        parts = path.split("/")
        for part in ("/".join(parts[: count + 1]) for count in range(len(parts))):
            places.setdefault(unicodedata.normalize("NFD", part).lower(), set()).add(part)
    assert sorted(alike(paths)) == sorted(sorted(names) for names in places.values() if len(names) > 1)


def test_hidden_notebooks_which_editors_leave_behind_are_no_reports(mini):
    shutil.copy(mini.notebook("mini"), mini.notebooks / ".~mini.ipynb")
    assert mini.reports_known() == ["mini"]


NOW = dt.datetime.now(dt.UTC)
#: A day to come anywhere, whatever midnight passes while the tests run.
TO_COME = (NOW + dt.timedelta(days=4)).date().isoformat()
SAID = rf"notebooks/mini.ipynb: parameter 'as_of' must be a day that has come \(got {TO_COME}; today is 20..-..-..\)"


@pytest.mark.parametrize("by_default", [False, True])
def test_a_day_to_come_is_refused_before_a_kernel_starts(mini, stand_in, snapshot, by_default):
    if by_default:
        rewrite(mini, 1, "".join(cell(mini, 1)).replace("2026-01-31", TO_COME))
    before = snapshot(mini.root)
    with pytest.raises(ParameterError, match=rf"{SAID}\.\nCorrect the day; if it is meant, say so with --ahead\.$"):
        render.render(mini, "mini", {} if by_default else {"as_of": TO_COME})
    assert stand_in.runs == 0 and snapshot(mini.root) == before


def test_a_day_to_come_that_is_asked_for_plainly_is_rendered_and_leads_nothing(mini, stand_in):
    first = render.render(mini, "mini")
    outcome = render.render(mini, "mini", {"as_of": TO_COME}, ahead=True)
    assert outcome.kind == "published" and outcome.edition.name.startswith(TO_COME)
    assert first.warnings == () and outcome.warnings == (
        f"{TO_COME} is a day to come: this edition leads no report of the catalogue and is left out of the feed",
    )
    assert json.loads((mini.reports / "catalogue.json").read_bytes())["reports"][0]["lead"] == first.edition.name


def test_an_edition_of_a_day_to_come_is_verified_and_previewed_all_the_same(mini, stand_in):
    """The day is judged where an edition is asked for, and nowhere else: a clock that was set back breaks nothing."""
    assert Request.of(mini, "mini", {"as_of": TO_COME}).as_of == TO_COME


@pytest.mark.parametrize(
    ("clock", "refused"),
    [("2026-02-01 09:50:00", True), ("2026-02-01 10:10:00", False), ("2031-01-01 00:00:00", False)],
)
@pytest.mark.parametrize("zone", ["UTC0", "East-14", "West12"])
def test_a_day_has_come_once_it_has_begun_at_the_eastern_edge_of_the_calendar(mini, clock, refused, zone):
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        assert os.environ.get("CI") != "true", "libfaketime (Debian: apt-get install faketime)"
        pytest.skip("needs libfaketime (Debian: apt-get install faketime)")
    seconds = dt.datetime.fromisoformat(f"{clock}+00:00").timestamp() - dt.datetime.now(dt.UTC).timestamp()
    code = (
        "from handover.editions import Request, require_come\nfrom handover.project import Project\n"
        "require_come(Request.of(Project.find(), 'mini', {'as_of': '2026-02-02'}))\n"
    )
    environment = os.environ | {"LD_PRELOAD": str(library), "FAKETIME": f"{seconds:+.0f}s", "TZ": zone}
    done = subprocess.run([sys.executable, "-c", code], cwd=mini.root, env=environment, capture_output=True, text=True)
    said = "must be a day that has come (got 2026-02-02; today is 2026-02-01)."
    assert (said in done.stderr, done.returncode) == (refused, int(refused)), done.stderr


def test_an_unknown_parameter_is_told_before_a_kernel_starts(mini, stand_in):
    with pytest.raises(ParameterError, match="did you mean 'as_of'"):
        render.render(mini, "mini", {"as_off": "2026-01-31"})
    assert stand_in.runs == 0


def test_a_report_that_speaks_from_no_day_is_refused(mini, stand_in):
    edit(mini.notebook("mini"), "as_of: Annotated", "day: Annotated")
    with pytest.raises(NotebookError, match=r"must declare the day it speaks from, .* \(got None\)"):
        render.render(mini, "mini")


def fail_execute(mini, stand_in, monkeypatch):
    def fail(nb):
        raise ExecutionError("cell 3 raised")

    stand_in.then = fail
    return ExecutionError, "cell 3 raised"


def fail_trace(mini, stand_in, monkeypatch):
    stand_in.then = lambda nb: nb.cells[3].outputs[0].data.update({"text/markdown": "<X at 0x7f3a5c0d1e2f>"})
    return ConversionError, "cell 3: the address of an object, in “<X at 0x7f3a5c0d1e2f>”"


def fail_table(mini, stand_in, monkeypatch):
    edit(mini.notebook("mini"), 'data/counts.csv\\"]', 'data/../requirements.lock\\"]')
    return ConversionError, "data/../requirements.lock: must lie in data/"


def fail_moved(mini, stand_in, monkeypatch):
    stand_in.then = lambda nb: edit(mini.data / "counts.csv", "C2", "C9")
    return StoreError, "inputs must stay the same while it renders (changed: data/counts.csv)"


def fail_typeset(mini, stand_in, monkeypatch):
    from handover.pages import typst

    monkeypatch.setattr(typst, "TEMPLATE", mini.root / "broken.typ")
    typst.TEMPLATE.write_text("#oops")
    return ConversionError, "the PDF must compile"


def fail_disk(mini, stand_in, monkeypatch):

    def full(path, data):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(atomic, "create", full)
    return StoreError, "No space left on device"


FAULTS = [fail_execute, fail_trace, fail_table, fail_moved, fail_typeset, fail_disk]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_whatever_fails_the_store_stays_as_it_was(mini, stand_in, snapshot, monkeypatch, fault):
    render.render(mini, "mini", {"as_of": "2026-01-30"})
    before = snapshot(mini.reports)
    kind, said = fault(mini, stand_in, monkeypatch)
    with pytest.raises(kind) as error:
        render.render(mini, "mini")
    assert said in str(error.value)
    assert snapshot(mini.reports) == before


def test_a_page_that_prints_other_parameters_than_were_asked_is_refused(mini, stand_in, snapshot):
    stand_in.then = lambda nb: nb.cells.pop(2)
    with pytest.raises(ConversionError, match="must print what was asked"):
        render.render(mini, "mini", {"evidence": "article"})
    assert snapshot(mini.reports) == {}


def test_an_edition_that_somebody_edited_is_told(mini, stand_in):
    first = render.render(mini, "mini")
    first.edition.pages[0].write_text("edited")
    with pytest.raises(StoreError, match="no longer matches its manifest"):
        render.render(mini, "mini")


# what is published


def test_a_report_becomes_an_edition_and_a_catalogue(mini, stand_in):
    outcome = render.render(mini, "mini")
    assert outcome.kind == "published" and outcome.rendered
    name = outcome.edition.name
    assert re.fullmatch(r"2026-01-31-en-[0-9a-f]{8}", name)
    assert {path.name for path in outcome.edition.folder.iterdir()} == {
        *(f"mini_{name}{suffix}" for suffix in (".html", ".pdf", ".ipynb")),
        PICTURE,
        LINK_PICTURE,
        "manifest.json",
    }
    assert outcome.edition.faults() == []
    html = outcome.edition.pages[0].read_text()
    assert name in html and PLACEHOLDER not in html
    assert [path.name for path in outcome.edition.pages] == [f"mini_{name}.html", f"mini_{name}.pdf"]
    assert {path.name for path in mini.reports.iterdir()} == {
        *("mini", "mini_editions.html", "index.html", "catalogue.json", "feed.xml", LOCK)
    }


def test_the_pdf_carries_what_made_it(mini, stand_in):
    import pikepdf

    outcome = render.render(mini, "mini")
    with pikepdf.open(outcome.edition.pages[1]) as pdf:
        held = {name: pdf.attachments[name].get_file().read_bytes() for name in pdf.attachments}
    assert held["mini.ipynb"] == mini.notebook("mini").read_bytes()
    assert held["counts.csv"] == (mini.data / "counts.csv").read_bytes()
    assert held["datapackage.json"] == (mini.data / "datapackage.json").read_bytes()
    record = json.loads(held["edition.json"])
    assert record["parameters"] == {"as_of": "2026-01-31", "language": "en", "evidence": "record"}
    assert record["data"]["data/counts.csv"]["attachment"] == "counts.csv"
    manifest = outcome.edition.manifest()
    assert record["data"]["data/counts.csv"]["sha256"] == manifest["inputs"]["tables"]["data/counts.csv"]
    assert record["notebook"]["sha256"] == manifest["inputs"]["notebook"]
    assert outcome.edition.name not in json.dumps(record)


def test_a_strict_render_refuses_a_text_that_is_left_out_with_nothing_in_its_place(mini, stand_in, snapshot):
    stand_in.then = leave_out(
        ("say “Gone” left out: x unknown until 1 May 2026", True), ("say “A” gave way to “B”: y", False)
    )
    before = snapshot(mini.reports)
    with pytest.raises(AuditError) as error:
        render.render(mini, "mini", strict=True)
    assert str(error.value) == (
        "notebooks/mini.ipynb: a strict render must leave out no text with nothing in its place (got 1):\n"
        "  cell 4: say “Gone” left out: x unknown until 1 May 2026\n"
        'Give each an alternative; an empty one, "", says that the text may be left out.'
    )
    assert snapshot(mini.reports) == before


def test_a_strict_render_looks_at_a_report_that_is_there_already(mini, stand_in):
    stand_in.then = leave_out(("say “Gone” left out: x", True))
    render.render(mini, "mini")
    with pytest.raises(AuditError, match="cell 4: say “Gone” left out"):
        render.render(mini, "mini", strict=True)


def test_what_a_report_leaves_out_is_told_and_kept_in_its_manifest_and_on_no_page(mini, stand_in):
    plain = render.render(mini, "mini", out=mini.root / "plain")
    stand_in.then = leave_out(("say “A” gave way to “B”: y", False), ("say “Gone” left out: x", True))
    made = render.render(mini, "mini")
    lines = ("cell 4: say “Gone” left out: x", "cell 4: say “A” gave way to “B”: y")
    assert (made.omissions, made.losses) == (lines, lines[:1])
    assert made.edition.name == plain.edition.name, "what is left out changes no byte of the pages"
    assert OMITTED_MIME.encode() not in made.edition.file(".ipynb").read_bytes()
    first = {"cell": 4, "text": "say “A” gave way to “B”: y", "lost": False, "expected": False}
    assert made.edition.manifest()["omitted"][0] == first
    again = render.render(mini, "mini")
    assert not again.rendered and again.omissions == lines


@pytest.mark.parametrize("told", [None, {}, "text", [None, 3, {}], [{"text": ["x"], "lost": "yes", "expected": 1}]])
def test_what_a_strange_notebook_says_it_left_out_breaks_nothing(told):
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    outputs = [new_output("display_data", {OMITTED_MIME: told, "text/plain": "kept"})]
    nb = new_notebook(cells=[new_code_cell("1", outputs=outputs)])
    assert all(isinstance(one.text, str) and one.lost is one.expected is False for one in take_omitted(nb))
    assert isinstance(told, list) != bool(nb.cells[0].outputs), "only a list of texts is taken out"


def test_two_days_are_two_editions(mini, stand_in):
    first = render.render(mini, "mini")
    second = render.render(mini, "mini", {"as_of": "2026-02-01"})
    assert first.edition.name != second.edition.name
    assert len(Store.of(mini).editions("mini")) == 2
    assert "There were" in second.edition.pages[0].read_text()


def test_a_copy_of_the_project_and_another_folder_get_the_same_bytes(mini, stand_in, tmp_path):
    elsewhere, out = tmp_path / "über all" / "copy", tmp_path / "out"
    shutil.copytree(mini.root, elsewhere)
    here = render.render(mini, "mini")
    for there in (render.render(Project(elsewhere), "mini"), render.render(mini, "mini", out=out)):
        assert there.kind == "published" and there.edition.name == here.edition.name
        assert [one.read_bytes() for one in here.edition.pages] == [one.read_bytes() for one in there.edition.pages]


@pytest.mark.parametrize("name", ["index.html", "feed.xml", "catalogue.json", "mini_editions.html"])
def test_a_folder_with_other_people_s_pages_is_refused_before_anything_runs(mini, stand_in, tmp_path, snapshot, name):
    out = tmp_path / "site"
    out.mkdir()
    (out / name).write_text("theirs")
    with pytest.raises(StoreError, match=rf"handover did not write \(got {name}\)\.\nChoose another folder with --out"):
        render.render(mini, "mini", out=out)
    assert stand_in.runs == 0
    assert snapshot(out).keys() == {name} and (out / name).read_text() == "theirs"


def test_phases_are_told_in_order(mini, stand_in):
    heard = []
    render.render(mini, "mini", progress=lambda phase, done, total: heard.append(phase))
    assert list(dict.fromkeys(heard)) == ["read", "execute", "compose", "typeset", "store"]


# what a report is compared with


def declare_since(mini):
    edit(
        mini.notebook("mini"),
        '"language: Literal',
        '"since: \\"date | None\\" = None  # an earlier day\\n",\n    "language: Literal',
    )


def test_a_day_to_compare_with_that_comes_later_is_refused_before_anything_runs(mini):
    declare_since(mini)
    with pytest.raises(ParameterError) as error:
        render.render(mini, "mini", {"as_of": "2026-01-31", "since": "2026-02-01"})
    assert str(error.value) == (
        "notebooks/mini.ipynb: parameter 'since' must be a day before 'as_of' (got 2026-02-01; 'as_of' is 2026-01-31)."
        "\nIt is the day of an earlier edition, with which this one is compared."
    )


def since(outcome):
    return outcome.edition.manifest()["parameters"]["since"]


def test_a_report_is_compared_with_its_latest_earlier_edition_of_the_same_settings(mini, stand_in):
    declare_since(mini)
    first = render.render(mini, "mini", {"as_of": "2026-01-07"})
    assert since(first) is None
    render.render(mini, "mini", {"as_of": "2026-01-20", "evidence": "article"})
    second = render.render(mini, "mini", {"as_of": "2026-01-31"})
    assert since(second) == "2026-01-07" and second.edition.manifest()["variant"] == {}
    assert render.render(mini, "mini", {"as_of": "2026-01-31"}).rendered is False
    assert render.render(mini, "mini", {"as_of": "2026-01-07"}).rendered is False


def test_a_day_asked_for_again_stays_as_it_was_published_whatever_days_came_meanwhile(mini, stand_in):
    declare_since(mini)
    days = ["2026-01-31", "2026-01-07", "2026-01-20"]
    made = {day: render.render(mini, "mini", {"as_of": day}) for day in days}
    assert [since(made[day]) for day in days] == [None, None, "2026-01-07"]
    for order in permutations(days):
        for day in order:
            again = render.render(mini, "mini", {"as_of": day})
            assert (again.rendered, again.edition) == (False, made[day].edition)
    table = mini.root / "data" / "counts.csv"
    table.write_text(table.read_text().replace(",3", ",5"))
    corrected = render.render(mini, "mini", {"as_of": "2026-01-31"})
    assert corrected.kind == "published" and since(corrected) is None
    assert since(render.render(mini, "mini", {"as_of": "2026-02-10"})) == "2026-01-31"


def test_an_earlier_edition_that_is_gone_and_a_day_that_was_given_bind_no_later_render(mini, stand_in):
    declare_since(mini)
    for day in ("2026-01-07", "2026-01-20"):
        render.render(mini, "mini", {"as_of": day})
    given = render.render(mini, "mini", {"as_of": "2026-01-31", "since": "2026-01-07"})
    assert since(given) == "2026-01-07"
    first = render.render(mini, "mini", {"as_of": "2026-01-31"})
    assert since(first) == "2026-01-20"
    shutil.rmtree(mini.reports / "mini" / next((mini.reports / "mini").glob("2026-01-20*")).name)
    assert since(render.render(mini, "mini", {"as_of": "2026-01-31"})) == "2026-01-07"


def test_a_day_that_is_given_is_kept_and_none_asks_for_no_comparison(mini, stand_in):
    declare_since(mini)
    render.render(mini, "mini", {"as_of": "2026-01-07"})
    given = render.render(mini, "mini", {"as_of": "2026-01-31", "since": "2026-01-10"})
    assert since(given) == "2026-01-10" and given.edition.manifest()["variant"] == {"since": "2026-01-10"}
    assert since(render.render(mini, "mini", {"as_of": "2026-01-31", "since": "none"})) is None


# what has not changed


def test_a_second_render_runs_nothing(mini, stand_in, snapshot):
    first = render.render(mini, "mini")
    before = snapshot(mini.reports)
    again = render.render(mini, "mini")
    assert (again.kind, again.rendered, again.edition) == ("unchanged", False, first.edition)
    assert stand_in.runs == 1 and snapshot(mini.reports) == before


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_torn_cache_costs_a_render_and_nothing_else(mini, stand_in, content):
    render.render(mini, "mini")
    mini.lock.write_text("# other\n")
    render.render(mini, "mini")
    index.cache(mini.root).write_bytes(content)
    assert render.render(mini, "mini").kind == "unchanged"
    assert stand_in.runs == 3


def test_a_lying_cache_is_not_believed(mini, stand_in):
    other = render.render(mini, "mini", {"evidence": "article"})
    digest = Request.of(mini, "mini", {}).inputs.digest
    index.cache(mini.root).parent.mkdir(exist_ok=True)
    index.cache(mini.root).write_text(json.dumps({digest: other.edition.name}))
    outcome = render.render(mini, "mini")
    assert outcome.edition != other.edition and stand_in.runs == 2


def test_a_catalogue_that_a_killed_run_left_behind_is_mended(mini, stand_in):
    render.render(mini, "mini")
    for name in ("index.html", "catalogue.json", "feed.xml"):
        (mini.reports / name).unlink()
    assert render.render(mini, "mini").rendered is False
    assert (mini.reports / "index.html").is_file() and stand_in.runs == 1


@pytest.mark.parametrize("own", [True, False])
def test_a_disk_that_is_full_before_the_catalogue_says_what_is_there_and_the_next_render_mends(
    mini, stand_in, tmp_path, monkeypatch, own
):
    out = None if own else tmp_path / "out"
    listing = render.render(mini, "mini", {"as_of": "2026-01-20"}, out=out).edition.root
    before = {path.name: path.read_bytes() for path in listing.glob("*.*")}
    creates = atomic.create

    def full(path, data):
        if path.name == "index.html":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        creates(path, data)

    with monkeypatch.context() as disk, pytest.raises(StoreError) as refused:
        disk.setattr(atomic, "create", full)
        render.render(mini, "mini", out=out)
    first, there, cure = str(refused.value).splitlines()
    edition = next(one for one in Store.of(mini, out).editions() if not one.name.startswith("2026-01-20"))
    assert first.endswith("index.html: must be writable (got No space left on device).")
    assert there == f"mini/{edition.name} is published and whole; the catalogue still lists what was there before."
    assert cure == atomic.CURES[errno.ENOSPC] + (" `handover catalogue` is enough." if own else "")
    assert edition.faults() == [] and {path.name: path.read_bytes() for path in listing.glob("*.*")} == before
    assert render.render(mini, "mini", out=out).kind == "unchanged"
    assert stand_in.runs == 2 and catalogue.stale(Store.of(mini, out)) == []


def test_the_cache_forgets_the_oldest(mini, monkeypatch):
    monkeypatch.setattr(index, "KEPT", 2)
    for name in "abc":
        index.remember(mini.root, name, name)
    assert json.loads(index.cache(mini.root).read_text()) == {"b": "b", "c": "c"}


@pytest.mark.kernel
def test_a_real_kernel_gives_what_the_stand_in_gives_to_these_tests(mini):
    outcome = render.render(mini, "mini")
    assert outcome.kind == "published"
    html = outcome.edition.pages[0].read_text()
    assert "Doors in miniature" in html and 'href="#fact-doors"' in html
    assert render.render(mini, "mini").rendered is False


def test_a_number_without_evidence_stops_the_render(mini, snapshot):
    """The audit is part of every render, not only a module with tests of its own."""
    path = mini.notebook("mini")
    nb = json.loads(path.read_text("utf-8"))
    nb["cells"][-1:-1] = [{"cell_type": "markdown", "id": "typed", "metadata": {}, "source": "It took 17 days."}]
    path.write_text(json.dumps(nb), "utf-8")
    before = snapshot(mini.reports)
    with pytest.raises(AuditError, match=r"'17' in “It took 17 days\.”"):
        render.render(mini, "mini")
    assert snapshot(mini.reports) == before


# pictures beside the notebook


def drawn(mini, source):
    """Put a picture beside the miniature's notebook, and show it by a cell of this source."""
    Image.new("RGB", (40, 20)).save(mini.notebooks / "plan.png")
    rewrite(mini, 0, f"# Doors\n\nHow many.\n\n{source}")


def test_a_picture_is_part_of_the_edition_and_a_changed_one_makes_another(mini, stand_in):
    drawn(mini, "![the plan](plan.png)")
    first = render.render(mini, "mini")
    assert 'alt="the plan"' in first.edition.pages[0].read_text()
    assert first.edition.manifest()["inputs"]["tables"].keys() == {"data/counts.csv", "notebooks/plan.png"}
    assert not render.render(mini, "mini").rendered
    Image.new("RGB", (40, 21)).save(mini.notebooks / "plan.png")
    assert render.render(mini, "mini").edition.name != first.edition.name


def test_a_picture_whose_name_a_cell_made_is_refused(mini, stand_in):
    drawn(mini, "Without.")
    edit(mini.notebook("mini"), ") doors.", ") doors. ![the plan](pl{'an'}.png)")
    with pytest.raises(ConversionError) as error:
        render.render(mini, "mini")
    assert str(error.value) == (
        "notebooks/mini.ipynb: every picture it shows must be named in the text of a cell (got notebooks/plan.png, "
        "whose name a cell made).\nWrite its path out in a cell, or put it into data/."
    )
    (mini.notebooks / "plan.png").rename(mini.data / "plan.png")
    edit(mini.notebook("mini"), "(pl{", "(../data/pl{")
    assert render.render(mini, "mini").rendered
