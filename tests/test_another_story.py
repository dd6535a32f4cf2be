"""Another story than the project's own, rain on an island, from `handover init` to its readers; and whose is what."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from curated import fill
from handover.errors import ChartError, DataError, FactError, HandoverError, ProseError
from handover.project import Project
from handover.start import new_project, new_report
from handover.story import Story, check_facts
from handover.story.claims import statement
from handover.story.data import Tables
from handover.story.sentences import plain
from handover.tables import faults
from judges import pdftext

ROOT = Path(__file__).resolve().parents[1]
#: Reached only by a hang.
LIMIT_S = 600


def handover(where, *words, code=0):
    """Run the command line in a folder, in a process of its own."""
    command = [sys.executable, "-m", "handover", *map(str, words)]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == code, done.stdout + done.stderr
    return done


# whose is what


@pytest.fixture
def run(monkeypatch, command_line):
    """Call with a folder and words: run the command line there; gives (code, stdout, stderr)."""

    def call(where, *words):
        monkeypatch.chdir(where)
        return command_line(*words)

    return call


@pytest.mark.parametrize(
    "words",
    [
        "render", "render mini", "render mini --sweep as_of=2026-01-01,2026-01-02", "preview mini", "check",
        "check --fix", "list", "catalogue", "prune --keep 1", "publish {}/out", "bundle mini/2026-01-31", "diff a b",
        "schedule list", "schedule run --once", "schedule health", "new later", "retract mini/2026-01-31",
    ],
)  # fmt: skip
def test_a_folder_that_is_no_project_is_refused_by_every_command(tmp_path, run, snapshot, words):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    before = snapshot(tmp_path)
    code, out, err = run(folder, *words.format(tmp_path).split())
    assert code != 0 and out == ""
    assert f"{folder}: must lie in a project, a folder that holds data/datapackage.json (found none" in err
    assert err.rstrip().endswith("or make a new one: handover init FOLDER")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("edge", ["pyproject.toml", ".git"])
def test_what_is_a_whole_of_its_own_does_not_belong_to_the_project_around_it(mini, run, snapshot, edge):
    inner = mini.root / "work" / "rain"
    (inner / "notebooks").mkdir(parents=True)
    (inner / edge).mkdir()
    before = snapshot(mini.root)
    for where in (inner, inner / "notebooks"):
        code, _, err = run(where, "render")
        assert code == 1
        assert f"{inner}: must hold data/datapackage.json to be a project (got a folder with {edge} and with" in err
        assert "Restore the file from git. Run the command from inside a project, or make a new one" in err
    assert snapshot(mini.root) == before


def test_a_folder_below_a_project_belongs_to_it_and_a_project_below_another_to_itself(mini):
    deep = mini.root / "notebooks" / "drafts" / "old"
    deep.mkdir(parents=True)
    assert Project.find(deep).root == mini.root
    new_project(deep / "rain", "Rain", "", "")
    assert Project.find(deep / "rain" / "notebooks").root == deep / "rain"


def test_a_project_without_a_notebook_says_what_to_add(mini, run):
    shutil.rmtree(mini.notebooks)
    code, _, err = run(mini.root, "render")
    assert code == 1
    assert f"{mini.root}: must have a notebook in notebooks/ for each report (got none).\nAdd one: handover new" in err


# tables that are missing, or of another form


@pytest.fixture
def made(tmp_path):
    """A project as `handover init` makes it."""
    new_project(tmp_path / "rain", "Rain", "", "")
    return Project(tmp_path / "rain")


def change(project, edit):
    """Edit the dictionary by a function of its resources by name."""
    path = project.data / "datapackage.json"
    package = json.loads(path.read_text())
    resources = {one["name"]: one for one in package["resources"]}
    edit(resources)
    path.write_text(json.dumps(package | {"resources": list(resources.values())}))


@pytest.mark.parametrize("table", ["facts", "names", "sources", "conflicts"])
def test_a_table_that_every_story_needs_and_has_not_is_named(made, table):
    change(made, lambda resources: resources.pop(table))
    with pytest.raises((DataError, HandoverError), match=f"must declare the table '{table}' \\(known: ") as refused:
        story = Story("2025-12-31", project=made)
        story.say("{days_latest}")
        story.evidence()
    assert "handover init FOLDER" in str(refused.value)


@pytest.mark.parametrize(
    ("ask", "table"),
    [
        (lambda story: story.promises(), "milestones"),
        (lambda story: story.view.rows("attacks"), "attacks"),
    ],
)
def test_a_table_of_this_story_that_another_asks_for_is_named(made, ask, table):
    with pytest.raises(DataError, match=f"datapackage.json: must declare the table '{table}' \\(known: sources, "):
        ask(Story("2025-12-31", project=made))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            lambda found: found["measurements"]["schema"]["fields"][5].update(type="float"),
            "data/datapackage.json: table 'measurements': column 'value' "
            "must have one of the types string, integer, number, date, year (got 'float')",
        ),
        (
            lambda found: found["measurements"]["schema"]["foreignKeys"][0]["reference"].update(resource="papers"),
            "must declare the table 'papers' (known: sources, measurements, ",
        ),
        (
            lambda found: found["measurements"]["schema"].update(foreignKeys=[]),
            "data: D01: source_id must be in sources (got 'calender').\nAdd the source to data/sources.csv",
        ),
    ],
)
def test_a_dictionary_that_cannot_be_kept_says_where(made, edit, said):
    change(made, edit)
    path = made.data / "measurements.csv"
    path.write_text(path.read_text().replace(",calendar,", ",calender,", 1))
    with pytest.raises(DataError, match=re.escape(said)):
        tables = Tables.load(made)
        tables.known(tables.rows["measurements"][0])


def test_another_story_has_the_derived_facts_that_it_can_have_and_no_other(made):
    story = Story("2025-06-30", project=made)
    assert {"as_of", "record_end", "days_latest"} <= set(story.facts)
    assert not {"slip", "departures", "base_status"} & set(story.facts)
    assert "30 June 2025" in story.say("{record_end}").text
    with pytest.raises(FactError, match="'slip' is not a fact"):
        story.say("{slip}")


def test_two_tables_with_one_id_are_told(made):
    path = made.data / "events.csv"
    path.write_text(path.read_text() + "D01,2025-01-01,2025-01-01,day,Rain.,,calendar,\n")
    [found] = faults(made.data)
    assert found.what == "must be an id of its own ('D01' is one of data/measurements.csv too)"


def test_a_reference_may_be_written_as_a_list_and_a_table_may_be_empty(made):
    def as_list(found):
        found["measurements"]["schema"]["foreignKeys"][0]["fields"] = ["source_id"]
        found["measurements"]["schema"]["foreignKeys"][0]["reference"]["fields"] = ["source_id"]

    change(made, as_list)
    assert faults(made.data) == []
    frame = Story("2025-12-31", project=made).frame("events")
    assert frame.empty and {"summary", "row_id", "outlet", "known"} <= set(frame.columns)


def source(name, outlet, published):
    about = {"source_id": name, "outlet": outlet, "title": f"Rain, as {outlet} reports it", "published": published}
    return about | {"published_precision": "day", "kind": "primary", "language": "en", "grade": "A", "seen": "page"}


def rain(name, series, month, source, **quantity):
    days = {"01": 31, "02": 28, "03": 31}[month]
    when = {"start": f"2021-{month}-01", "end": f"2021-{month}-{days}", "date_precision": "month"}
    whole = {"measurement_id": name, "series": series, "source_id": source, "unit": "mm", "bound": "exact"}
    return whole | when | quantity


# tables with columns of their own: who went aboard at the stops of a ferry


def column(name, kind="string", **rules):
    return {"name": name, "type": kind} | ({"constraints": rules} if rules else {})


def aboard(name, stop, year, **quantity):
    when = {"start": f"{year}-01-01", "end": f"{year}-12-31", "date_precision": "year", "unit": "passengers"}
    return {"aboard_id": name, "stop_id": stop, "source_id": "line", "bound": "exact", **when, **quantity}


FACT = {"of": "value", "unit": "passengers", "choose": "first", "weight": 2}
#: The condition on a series whose name has spaces, and all that the line says.
CANCELLED = 'measurements series="sailings cancelled"'


@pytest.fixture
def ferry(made):
    """Two stops, one of them with an umlaut, and two years of passengers; months of sailings that were cancelled."""

    def add(found):
        for name, fields in {
            "stops": [column("stop_id", required=True, unique=True), column("name"), column("since", "year")],
            "aboard": [column("aboard_id", required=True, unique=True), column("stop_id")],
        }.items():
            alike = {one["name"]: one for one in found["measurements"]["schema"]["fields"]}
            wanted = "start end date_precision value low high bound unit source_id" if name == "aboard" else "source_id"
            whole = {"name": name, "path": f"{name}.csv", "profile": "tabular-data-resource", "format": "csv"}
            fields = fields + [alike[one] for one in wanted.split()]
            found[name] = whole | {"schema": {"fields": fields, "primaryKey": fields[0]["name"]}}
            (made.data / f"{name}.csv").write_text(",".join(one["name"] for one in fields) + "\n")

    change(made, add)
    fill(made, "sources", source("line", "Fährlinie e. V.", "2025-02-10"))
    names = (("gruen", "Grünhörn", "1951"), ("sued", "Süderhöft", ""))
    fill(made, "stops", *({"stop_id": a, "name": b, "since": c, "source_id": "line"} for a, b, c in names))
    rows = [aboard("P1", "gruen", 2023, value=41200), aboard("P2", "sued", 2023, value=38900)]
    fill(made, "aboard", *rows, aboard("P3", "gruen", 2024, value=5), aboard("P4", "sued", 2024, value=4))
    months = [rain(f"M{n}", "sailings cancelled", f"0{n}", "line", value=n * 3, unit="sailings") for n in (1, 2, 3)]
    fill(made, "measurements", *months, rain("M4", "staff", "01", "line", value=12, unit="people"))
    fill(
        made,
        "facts",
        FACT | {"fact": "green", "label": "At Grünhörn", "claims": "P3 P1", "choose": "latest"},
        FACT | {"fact": "mean", "label": "A month", "choose": "mean", "claims": CANCELLED, "unit": "sailings"},
        FACT | {"fact": "lost", "label": "Lost", "choose": "difference", "claims": "P1 P3"},
    )
    return made


def test_a_story_with_tables_of_its_own_is_in_order_and_its_numbers_have_the_units_of_their_rows(ferry, run):
    _, out, _ = run(ferry.root, "check")
    assert "wrong data" not in out and not check_facts(ferry)
    story = Story("2025-12-31", project=ferry)
    assert story.facts["mean"].quantity.value == 6 and story.facts["lost"].quantity.value == 41195
    assert plain(story.say("{green} went aboard, and {mean} sailings a month were cancelled.").text) == (
        "Five went aboard, and six sailings a month were cancelled."
    )
    assert statement(story.view.tables, "P3") == "Grünhörn: 5 passengers, 2024."


def declare(ferry, declared):
    fill(ferry, "facts", FACT | {"fact": "new", "label": "New", "news": "Of {new}."} | declared)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (
            {"choose": "mean", "claims": 'measurements series="sailings canceled"', "unit": "sailings"},
            "claims: series in 'series=sailings canceled' must be a value of that column (got 'sailings canceled'; did "
            "you mean 'sailings cancelled'?). Correct the value; one with spaces stands in double quotes.",
        ),
        (
            {"choose": "mean", "claims": "measurements series=sailings cancelled"},
            "claims: series in 'series=sailings' must be a value of that column (got 'sailings'; did you mean "
            "'sailings cancelled'?). Correct the value; one with spaces stands in double quotes.",
        ),
        *(
            ({"choose": "count", "of": "rows", "claims": f"aboard start={found}", "unit": "rows"}, what)
            for found, what in {
                "2024-12-31..2024-01-01": "must not end before it begins (got '2024-12-31..2024-01-01').",
                "2024-01-01..": "must have both ends of its range (got '2024-01-01..'). Write FROM..TO.",
                "2024-01..2024-12": "must be a date like 2026-01-31 (got '2024-01').",
                "2024-01-01..2024-12-32": "must be a date like 2026-01-31 (got '2024-12-32').",
                "2023..2024": "must be a date like 2026-01-31 (got '2023').",
            }.items()
        ),
        (
            {"choose": "count", "of": "rows", "claims": "aboard unit=a..z", "unit": "rows"},
            "claims: unit in 'unit=a..z' must be a value of that column (got 'a..z').",
        ),
        (
            {"claims": "P1", "of": "date"},
            "unit: must be date where of is 'date' (got 'passengers'). Correct the one or the other.",
        ),
        (
            {"claims": "P1", "unit": "statement"},
            "of: must be said where unit is 'statement' (got 'value'). Correct the one or the other.",
        ),
    ],
)
def test_a_fact_that_no_row_can_bear_out_is_a_fault_of_the_data(ferry, declared, said, run):
    declare(ferry, declared)
    code, out, _ = run(ferry.root, "check")
    assert code == 1 and out.count("wrong data/facts.csv: line 2, ") == out.count(said) == 1


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (
            {"choose": "mean", "claims": 'measurements series="sailings cancelled" cancelled', "unit": "sailings"},
            "a condition must be column=value (got 'cancelled'). The columns are measurement_id, series, start, end, "
            "date_precision, value, low, high, bound, unit, source_id, note; a value with spaces stands in double "
            "quotes.",
        ),
        (
            {"choose": "mean", "claims": "measurement series=staff"},
            "must name rows, facts or a table (got 'measurement'; did you mean 'measurements'?). Correct the name, or "
            "add a row for it; a table comes first, with its conditions after it.",
        ),
        (
            {"choose": "sum", "claims": CANCELLED, "unit": "people"},
            "unit must be that of the result, sailings (got people). Correct the unit.",
        ),
        ({"claims": "P1", "unit": "people"}, "unit must be that of P1, passengers (got people). Correct the unit."),
        (
            {"claims": "P1", "of": "vale"},
            "of must be a column of P1 (got 'vale'; did you mean 'value'?). The columns are aboard_id, stop_id, start, "
            "end, date_precision, value, low, high, bound, unit, source_id; date, start, end and said stand for "
            "themselves.",
        ),
        (
            {"choose": "sum", "claims": "P1 P3", "of": "vale"},
            "of must be a column of the rows; did you mean 'value'? (got vale). The columns are aboard_id, stop_id, "
            "start, end, date_precision, value, low, high, bound, unit, source_id.",
        ),
    ],
)
def test_a_fact_that_its_rows_do_not_bear_out_is_told_once(ferry, declared, said, run):
    declare(ferry, declared)
    assert check_facts(ferry) == [f"data/facts.csv: 'new': {said}"]
    code, out, _ = run(ferry.root, "check")
    assert code == 1 and out.count(said) == 1


def test_a_fact_that_rests_on_one_that_nobody_knows_says_so(ferry):
    declared = FACT | {"label": "x", "choose": "sum"}
    rest = declared | {"fact": "both", "claims": "none green"}
    green = FACT | {"fact": "green", "label": "At Grünhörn", "claims": "P3"}
    fill(ferry, "facts", rest, green, declared | {"fact": "none", "claims": "aboard start=1900-01-01..1900-12-31"})
    assert Story("2025-12-31", project=ferry).facts.why_unknown("both").words == (
        "rests on none (rests on no row that gives a value)"
    )


def test_rows_of_any_table_that_contradict_each_other_are_told(ferry):
    path = ferry.data / "aboard.csv"
    path.write_text(path.read_text() + "P5,gruen,2024-01-01,2024-12-31,year,,900,,at_least,passengers,line\n")
    assert check_facts(ferry) == [
        "P3 and P5 contradict each other (value: 5 against at least 900), and no conflict is registered; register the "
        "conflict in data/conflicts.csv and conflict_rows.csv, or correct the row that is wrong"
    ]


def test_a_new_report_draws_the_rows_that_can_be_compared(ferry):
    chart = next(cell for cell in json.loads(new_report(ferry, "later").read_text())["cells"] if "frame(" in str(cell))
    assert "unit == 'passengers' and stop_id == 'gruen' and bound.notna()" in "".join(chart["source"])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            lambda story: story.frame("aboard").groupby("stop_id", as_index=False).value.sum(),
            "must be given rows as frame(…) returns them (got a frame without row_id, source_id, outlet).\nChoose "
            "among them with query; rows that are grouped, or made by hand, no longer name their sources. A sum or a",
        ),
        (
            lambda story: story.frame("stops").assign(source_id=None),
            "each row must name its source (got none for 'gruen').\nGive the table a column source_id, and fill it.",
        ),
    ],
)
@pytest.mark.parametrize("what", ["table", "figure"])
def test_rows_that_no_longer_say_where_they_come_from_are_refused(ferry, what, rows, said):
    story = Story("2025-12-31", project=ferry)
    show = {
        "table": lambda found: story.table(found, {"value": "Aboard"}, caption="All"),
        "figure": lambda found: story.figure(None, found, title="A", subtitle="B", alt="C"),
    }[what]
    with pytest.raises(ChartError, match=re.escape(f"{what}: {said}")):
        show(rows(story))


def test_a_table_writes_days_in_words_and_years_without_a_comma(ferry):
    story = Story("2025-12-31", project=ferry)
    stops = story.table(story.frame("stops"), {"name": "Stop", "since": "Since"}, caption="All").html
    assert "<td>1951</td>" in stops
    assert (
        "<td>1 January 2024</td>"
        in story.table(story.frame("aboard"), {"stop_id": "Stop", "start": "From"}, caption="All").html
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('autor = "x"', "tool.handover.autor must be a setting that there is (got 'autor'; did you mean 'author'?)."),
        ("title = 3", "tool.handover.title must be a text (got 3)."),
        ("x = [", "must be TOML (got "),
        ('[[tool.handover.schedule]]\nname = "fähre"', "name must be letters a to z, digits, - and _, at most 64"),
    ],
)
def test_check_reads_the_settings(made, run, line, said):
    path = made.root / "pyproject.toml"
    own, rest = path.read_text().replace('title = "Rain"', "").split("[tool.handover]\n")
    path.write_text(f"{own}[tool.handover]\n{line}\n{rest}" if "[[" not in line else f"[tool.handover]\n{line}\n")
    code, out, _ = run(made.root, "check")
    assert code == 1 and out.count("wrong pyproject.toml: ") == 1 and said in out


def test_a_message_names_no_fact_of_another_story(ferry):
    story = Story("2025-12-31", project=ferry)
    for template in ("In 2024.", "{green", "Nothing."):
        with pytest.raises(ProseError) as refused:
            story.findings(template)
        assert "{FACT}" in str(refused.value)


# the walk: rain on an island, by months, from two stations that disagree once


def island(project):
    """Replace the example by rain: five rows, two events, four facts, one conflict, a table of its own."""
    fill(project, "sources", source("yearbook", "The yearbook", "2021-04-10"), source("port", "The port", "2021-02-03"))
    fill(
        project,
        "measurements",
        rain("R1", "harbour", "01", "port", value=80.5),
        rain("R2", "harbour", "02", "yearbook", low=30, high=40, bound="range"),
        rain("R3", "harbour", "03", "yearbook", high=12, bound="fewer_than"),
        rain("R4", "hill", "01", "yearbook", value=130, bound="about"),
        rain("R5", "harbour", "01", "yearbook", value=95),
    )
    day = {"start": "2021-01-20", "end": "2021-01-20", "date_precision": "day"}
    fill(
        project,
        "events",
        {"event_id": "V1", "summary": "The lower road was under water.", "source_id": "port", **day},
    )
    fact = {"of": "value", "unit": "mm", "choose": "first", "weight": 2}
    fill(
        project,
        "facts",
        fact | {"fact": "january", "label": "Rain at the harbour in January", "claims": "R1 R5",
                "news": "The harbour had {january} mm."},
        fact | {"fact": "latest", "label": "Rain in the latest month", "choose": "latest", "claims": "R1 R2 R3"},
        fact | {"fact": "less", "label": "Less rain than on the hill", "choose": "difference", "claims": "R4 R5"},
        fact | {"fact": "hill", "label": "Rain on the hill", "claims": "R4"},
        fact | {"fact": "flood", "label": "The flood", "of": "said", "unit": "statement", "claims": "V1"},
    )  # fmt: skip
    conflict = {
        "conflict_id": "X1",
        "topic": "Rain at the harbour in January",
        "claim_a": "80.5 mm",
        "source_a": "port",
        "source_b": "yearbook",
    }
    conflict |= {"claim_b": "95 mm", "reading": "The port's, which was read on the day."}
    fill(project, "conflicts", conflict)
    sides = [{"conflict_id": "X1", "side": side, "row_id": row} for side, row in (("a", "R1"), ("b", "R5"))]
    fill(project, "conflict_rows", *sides)
    fill(project, "names", {"name": "Road 7", "meaning": "The lower road"})
    stations = {"name": "stations", "path": "stations.csv", "profile": "tabular-data-resource", "format": "csv"}
    fields = [{"name": name, "type": kind} for name, kind in (("station", "string"), ("height", "integer"))]
    change(project, lambda found: found.update(stations=stations | {"schema": {"fields": fields}}))
    (project.data / "stations.csv").write_text("station,height\nharbour,3\nhill,410\n")


CELLS = """findings(
    "The harbour had {january} mm in {january.month}, says {january.source}.",
    "The hill had {less} mm more, by the yearbook.",
    "{flood[The lower road was under water]}, Road 7.",
    otherwise="Nothing had been published by {as_of}.",
)
---
table(frame("measurements"), {"series": "Where", "when": "When", "quantity": "Rain in mm"}, caption="All rows")
---
first = frame("measurements").query("start < '2021-02-01'")
figure(
    lambda ax: quantities.bars(ax, first, "series", focus="harbour"),
    first,
    title="The hill had {hill} mm",
    subtitle="Rain in January, in millimetres",
    alt="Bars of the rain in the first month at each station. The longest is that of the hill, with {hill} mm.",
    otherwise="No row.",
)
---
assert len(frame("stations")) == 2
---
story.disagreements()"""


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """The project of the walk, within a checkout of another one, which nothing may reach."""
    outer = tmp_path_factory.mktemp("walk") / "outer"
    shutil.copytree(ROOT / "tests" / "mini", outer, ignore=shutil.ignore_patterns("reports", ".handover"))
    words = ("--title", "Rain on the island", "--desk", "The weather desk", "--url", "https://rain.example/")
    handover(outer, "init", "rain", *words)
    project = Project(outer / "rain")
    island(project)
    project.notebook("example").unlink()
    handover(project.root, "new", "winter")
    path = project.notebook("winter")
    nb = json.loads(path.read_text())
    made = [
        {"cell_type": "code", "id": f"own-{n}", "metadata": {}, "outputs": [], "execution_count": None, "source": cell}
        for n, cell in enumerate(CELLS.split("\n---\n"))
    ]
    nb["cells"][4:5] = made
    path.write_text(json.dumps(nb))
    handover(project.root, "check", "--fix")
    return project


def edition(project, day):
    (found,) = (project.reports / "winter").glob(f"{day}-en-*")
    return found


@pytest.mark.slow
@pytest.mark.kernel
def test_another_story_is_printed_with_its_own_words_on_each_of_its_days(walked, snapshot):
    around = snapshot(walked.root.parent / "notebooks"), snapshot(walked.root.parent / "data")
    done = subprocess.run([walked.root / "scripts" / "render"], capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    late = edition(walked, "2021-04-10")
    page = " ".join(pdftext.whole(next(late.glob("*.pdf")).read_bytes()).split())
    for words in ("80.5", "The lower road was under water", "Road 7", "about 130", "35", "30 to 40", "fewer than 12"):
        assert words in page, words
    assert "The port's, which was read on the day." in page and "Rain at the harbour in January" in page
    assert "The weather desk · 10 April 2021" in page
    for words in ("Iraq", "troops", "Asad", "Handover desk", "No row"):
        assert words not in page, words
    handover(walked.root, "render", "winter", "-p", "as_of", "2021-02-03")
    early = next(edition(walked, "2021-02-03").glob("*.html")).read_text()
    assert "80.5" in early and "The yearbook" not in early
    handover(walked.root, "render", "winter", "-p", "as_of", "2020-12-31")
    assert "Nothing had been published by" in next(edition(walked, "2020-12-31").glob("*.html")).read_text()
    assert not (walked.root.parent / "reports").exists()
    assert around == (snapshot(walked.root.parent / "notebooks"), snapshot(walked.root.parent / "data"))
    catalogue = (walked.reports / "index.html").read_text()
    assert "Rain on the island" in catalogue and "https://rain.example/" in (walked.reports / "feed.xml").read_text()


@pytest.mark.slow
@pytest.mark.kernel
def test_another_story_checks_verifies_sweeps_and_is_handed_on(walked, tmp_path):
    handover(walked.root, "render")
    told = handover(walked.root, "check").stdout
    assert "wrong" not in told and "data: 8 tables keep the dictionary" in told
    told = handover(walked.root, "verify", "reports").stdout
    assert "verified: reports/winter/2021-04-10-en-" in told and "differs" not in told
    pdf = shutil.copy(next(edition(walked, "2021-04-10").glob("*.pdf")), tmp_path / "from-a-mail.pdf")
    assert handover(walked.root, "verify", pdf).stdout.startswith("verified: ")
    done = handover(walked.root, "render", "--sweep", "as_of=2021-05-01,2021-06-01", "--jobs", "2")
    assert "2 published" in done.stderr
    handover(walked.root, "bundle", "winter/2021-04-10", "--out", tmp_path / "winter.zip")
    handover(walked.root, "publish", tmp_path / "site")
    assert (tmp_path / "site" / "index.html").is_file() and (tmp_path / "winter.zip").is_file()


@pytest.mark.slow
@pytest.mark.kernel
def test_the_tests_of_another_story_pass_and_can_fail(walked):
    command = [walked.root / "scripts" / "test", "-p", "no:randomly"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr
    path = walked.data / "facts.csv"
    whole = path.read_text()
    path.write_text(whole.replace("january,", "january_,", 1))
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    finally:
        path.write_text(whole)
    assert done.returncode == 1 and "'january' is not a fact; did you mean 'january_'?" in done.stdout


@pytest.mark.slow
@pytest.mark.kernel
def test_another_story_is_previewed_and_exported_from_jupyterlab(walked, tmp_path):
    handover(walked.root, "export", "notebooks/winter.ipynb", "--execute", "--output-dir", tmp_path)
    assert "80.5" in (tmp_path / "winter.html").read_text()
    preview = subprocess.Popen(
        [sys.executable, "-m", "handover", "preview", "winter"], cwd=walked.root, stdout=subprocess.PIPE, text=True
    )
    try:
        assert preview.stdout.readline().startswith("http://127.0.0.1:")
    finally:
        preview.send_signal(signal.SIGINT)
        preview.wait(LIMIT_S)
        preview.stdout.close()
    run = [Path(sys.executable).parent / "jupyter", "nbconvert", "--to", "notebook", "--execute"]
    run += ["notebooks/winter.ipynb", "--output", "seen.ipynb"]
    subprocess.run(run, cwd=walked.root, check=True, capture_output=True, timeout=LIMIT_S)
    try:
        html, pdf = _exported(walked.root, tmp_path)
    finally:
        walked.notebook("seen").unlink()
    assert b"80.5" in html and pdf.startswith(b"%PDF-")


def _exported(root, home):
    """Open the project in JupyterLab and save a notebook as its menu does; gives both pages."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [root / "scripts" / "lab", "--no-browser", f"--ServerApp.port={port}", "--allow-root"]
    command += ["--IdentityProvider.token=of-a-test"]
    with (home / "lab.log").open("wb") as log:
        server = subprocess.Popen(command, env=os.environ | {"HOME": str(home)}, stdout=log, stderr=log)
    try:
        address, end = f"http://127.0.0.1:{port}", time.monotonic() + LIMIT_S
        while True:
            assert server.poll() is None and time.monotonic() < end, (home / "lab.log").read_text()
            try:
                urllib.request.urlopen(f"{address}/api", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        pages = []
        for kind in ("handover_html", "handover_pdf"):
            link = f"{address}/nbconvert/{kind}/notebooks/seen.ipynb?download=true&token=of-a-test"
            with urllib.request.urlopen(link, timeout=LIMIT_S) as answer:
                pages.append(answer.read())
        return pages
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(LIMIT_S)


# an outbreak: names in three scripts, days known by their month, a share, a chart of its own

OUTBREAK = [
    """findings(
    "{total:cap} cases from {total.date}, says {total.source}; {share:cap} per cent at the port.",
    "The first fell ill in {first_ill.day}, the campaign came {wait} days later, by {over.end} it was over.",
)""",
    """rows = frame("measurements").query("series != 'whole coast'")
figure(
    lambda ax: quantities.bars(ax, rows, "series"),
    rows,
    title="{port:cap} cases at the port",
    subtitle="Confirmed cases by town",
    alt="Bars, one a town, the longest that of the port with {port} cases.",
)""",
]


@pytest.fixture
def outbreak(made):
    days = {"date_precision": "month", "bound": "exact", "unit": "cases", "start": "2025-02-01", "end": "2025-06-30"}
    towns = {"K1": ("whole coast", 412, "moh"), "K2": ("الميناء", 194, "moh")}
    towns |= {"K3": ("港町", 80, "minato"), "K4": ("बंदरगाह", 140, "bandar")}
    sources = {"moh": "وزارة الصحة", "minato": "港町新聞", "bandar": "बंदरगाह समाचार"}
    fill(made, "sources", *(source(name, outlet, "2025-07-01") for name, outlet in sources.items()))
    rows = [{"measurement_id": name, "series": s, "value": n, "source_id": by} for name, (s, n, by) in towns.items()]
    fill(made, "measurements", *(days | row for row in rows))
    happened = {"V1": ("2025-02-01", "2025-02-28", "month"), "V2": ("2025-03-26", "2025-03-26", "day")}
    happened |= {"V3": ("2025-06-01", "2025-06-30", "month")}
    cells = ("start", "end", "date_precision")
    events = [dict(zip(cells, when, strict=True)) | {"event_id": name} for name, when in happened.items()]
    fill(made, "events", *(event | {"summary": "It happened.", "source_id": "moh"} for event in events))
    number = {"of": "value", "unit": "cases", "choose": "first", "weight": 1}
    day = {"of": "date", "unit": "date", "choose": "first", "weight": 2}
    facts = [
        number | {"fact": "total", "claims": "K1"},
        number | {"fact": "port", "claims": "K2"},
        number | {"fact": "share", "claims": "port total", "choose": "share", "unit": "per cent"},
        day | {"fact": "first_ill", "claims": "V1"},
        day | {"fact": "campaign", "claims": "V2"},
        day | {"fact": "over", "claims": "V3"},
        day | {"fact": "wait", "claims": "campaign first_ill", "choose": "difference", "unit": "days"},
    ]
    fill(made, "facts", *({"label": fact["fact"].replace("_", " ")} | fact for fact in facts))
    new_report(made, "outbreak")
    path = made.notebook("outbreak")
    nb = json.loads(path.read_text("utf-8"))
    for cell, text in zip((nb["cells"][4], nb["cells"][6]), OUTBREAK, strict=True):
        cell["source"] = text.splitlines(keepends=True)
    path.write_text(json.dumps(nb, ensure_ascii=False), "utf-8")
    made.notebook("example").unlink()
    return made


@pytest.mark.slow
@pytest.mark.kernel
def test_an_outbreak_is_printed_in_its_own_scripts_and_no_more_exactly_than_it_is_known(outbreak):
    handover(outbreak.root, "check", "--fix")
    page, pdf = map(Path, handover(outbreak.root, "render", "outbreak").stdout.split())
    html, text = page.read_text("utf-8").replace("\u00a0", " "), " ".join(pdftext.whole(pdf.read_bytes()).split())
    for words in ("February to June 2025", "About 47 per cent", "26 to 53 days later", "by June 2025 it was over"):
        assert words in text, words
    assert "fell ill in February" in text and "28 February" not in text and "broken" not in text
    assert "<bdi>وزارة الصحة</bdi>" in html and "港町" in html and "बंदरगाह" in html


def test_a_share_of_the_outbreak_without_its_unit_is_told(outbreak, run):
    path = outbreak.notebook("outbreak")
    path.write_text(path.read_text("utf-8").replace(" per cent at", " at"), "utf-8")
    code, out, _ = run(outbreak.root, "check", "--fix")
    assert code == 1 and "findings: a share must have its unit beside it (got {share} without per cent)." in out
