"""The mistakes of an analyst's day, each with the one message that `handover check` gives for it, without a kernel."""

import re
import shutil
from pathlib import Path

import pytest
from nbformat import writes
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from handover import cli
from handover.editions import check as checks
from handover.project import Project

ROOT = Path(__file__).resolve().parents[1]
LEVELS, SOURCES, FACTS = "data/record/troop_levels.csv", "data/sources.csv", "data/facts.csv"
SIDES, DICTIONARY, BOOK = "data/record/conflict_rows.csv", "data/datapackage.json", "notebooks/day.ipynb"
#: The first row of `LEVELS`, line 2.
ROW = "T001,2003-03-01,month,us_in_iraq,observed,press,192000,,,about,,,S026,The invasion\n"
PARAMETERS = """\
from typing import Annotated, Literal

as_of: Annotated["date", "2020-01-01.."] = "2026-01-31"  # the day
evidence: Literal["article", "record"] = "record"  # what it rests on
"""
SET_UP = """\
from handover.story import Story

story = Story(as_of, evidence=evidence)
say, findings = story.say, story.findings
%config InteractiveShell.ast_node_interactivity = "all"
"""
WORDS = """\
%matplotlib inline
choices = ("Promised on {promise_day}.", "Not promised.")
say(*choices)
findings(("{troops_now:cap} troops, says {troops_now.source}.",), otherwise="No number.")
"""
ROWS = """\
levels = story.frame("troop_levels")
story.figure(
    print, levels,
    title="Troops: {troops_now}", subtitle="In Iraq",
    alt="Steps of the number of troops, from {troops_2020} to {troops_now}.",
)
story.marks({"T001": "", "troops_2020": ""}), story.facts["promise_day"], ...
"""


def book(**cells):
    """Make the notebook of the day: cell 1 a title, 2 parameters, 3 set-up, 4 words, 5 rows."""
    made = [new_markdown_cell("# The day", id="title")]
    for name, text in {"parameters": PARAMETERS, "set_up": SET_UP, "words": WORDS, "rows": ROWS, **cells}.items():
        tags = {"tags": ["parameters"]} if name == "parameters" else {}
        made.append(new_code_cell(text.rstrip("\n"), id=name.replace("_", "-"), metadata=tags))
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return new_notebook(cells=made, metadata=about)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The real tables and the notebook of the day, free to be broken; for a mistake Frictionless need not run."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    (tmp_path / "notebooks").mkdir()
    made = Project(tmp_path)
    write(made, book())
    monkeypatch.chdir(tmp_path)
    return made


def write(project, nb):
    path = project.root / BOOK
    path.write_text(writes(nb), "utf-8")
    for _ in checks.fix(project):
        pass


@pytest.fixture
def wrong(capsys):
    """Call `handover check`; give the faults that it tells, each without its mark, and keep its notes."""

    def wrong():
        with pytest.raises(SystemExit) as left:
            cli.main(["check"])
        said = capsys.readouterr()
        found = [line.removeprefix("wrong ") for line in said.out.splitlines() if line.startswith("wrong ")]
        assert left.value.code == (1 if found else 0)
        assert said.err == (f"{len(found)} wrong.\n" if found else "")
        assert len(found) + sum(line.startswith(("ok  ", "note")) for line in said.out.splitlines()) == len(
            said.out.splitlines()
        ), "one line a thing"
        wrong.notes = [line.removeprefix("note  ") for line in said.out.splitlines() if line.startswith("note")]
        return found

    return wrong


#: Mistake -> (file, what stood there, what was written instead, the message).
IN_DATA = {
    "a comma in a cell without quotes": (
        LEVELS,
        ROW,
        ROW.replace("The invasion", "The invasion, begun in March"),
        f"{LEVELS}: line 2, note: a cell with a comma must stand in quotes (got 'The invasion, begun in March'). "
        'Write "The invasion, begun in March".',
    ),
    "a check of a row that is gone": (
        "data/checks.csv",
        "A002,2026-11-30",
        "A002x,2026-11-30",
        "data/checks.csv: line 3, row_id: must name rows of some table (got 'A002x'; did you mean 'A002'?). "
        "Correct the id, or add the row.",
    ),
    "a comma too many between cells": (
        LEVELS,
        ROW,
        ROW.replace("192000,,,", "192000,,,,"),
        f"{LEVELS}: line 2: must have 14 cells (got 15). "
        'Remove a comma, or put the cell that contains it in quotes: "one, two".',
    ),
    "commas at the end of a row": (
        LEVELS,
        ROW,
        ROW.replace("\n", ",,\n"),
        f"{LEVELS}: line 2: must have 14 cells (got 16). Remove the commas at its end.",
    ),
    "a cell forgotten": (
        LEVELS,
        ROW,
        ROW.replace("about,,,", "about,,"),
        f"{LEVELS}: line 2: must have 14 cells (got 13). Keep the commas of cells that stay empty.",
    ),
    "one row with semicolons": (
        LEVELS,
        ROW,
        ROW.replace(",", ";"),
        f"{LEVELS}: line 2: columns must be separated by commas (got semicolons). Write commas instead.",
    ),
    "a whole table with semicolons": (
        LEVELS,
        ",",
        ";",
        f"{LEVELS}: line 1: columns must be separated by commas (got semicolons). "
        "Save the table as CSV, in UTF-8, with commas between the columns.",
    ),
    "a whole table with tabs": (
        LEVELS,
        ",",
        "\t",
        f"{LEVELS}: line 1: columns must be separated by commas (got tabs). "
        "Save the table as CSV, in UTF-8, with commas between the columns.",
    ),
    "a blank line": (
        LEVELS,
        ROW,
        f"\n{ROW}",
        f"{LEVELS}: line 2: must be a row (got a blank line). Remove the line.",
    ),
    "a row of commas": (
        LEVELS,
        ROW,
        f"{ROW},,,,,,,,,,,,,\n",
        f"{LEVELS}: line 3: must be a row (got a blank row of commas). Remove the line.",
    ),
    "a byte-order mark": (
        LEVELS,
        "level_id,",
        "\ufefflevel_id,",
        f"{LEVELS}: line 1: must not start with a byte-order mark (found one). Save it as plain UTF-8, without a BOM.",
    ),
    "line ends of Windows": (
        LEVELS,
        "\n",
        "\r\n",
        f"{LEVELS}: line 1: must end its lines with a line feed alone (got a carriage return, as Windows and Excel "
        "write it). Save it with Unix line ends (LF); see git's core.autocrlf.",
    ),
    "a quote that is not closed": (
        LEVELS,
        ROW,
        ROW.replace("The invasion", '"The invasion'),
        f"{LEVELS}: line 2: must be CSV: a quote is opened and not closed (before 'The invasion'). "
        "Close the quote, or write it twice if it is part of the text.",
    ),
    "a quote within a cell": (
        LEVELS,
        ROW,
        ROW.replace("The invasion", '"The "invasion""'),
        f"{LEVELS}: line 2: must be CSV: text follows a closing quote (got 'T001,2003-03-01,month,us_in_iraq,observed,"
        'press,192000,,,about,,,S026,"The "invasion""\'). '
        'Write a quote within a cell twice (""), and the whole cell in quotes.',
    ),
    "git's marks of a conflict": (
        LEVELS,
        ROW,
        f"<<<<<<< HEAD\n{ROW}",
        f"{LEVELS}: line 2: must be a row (got '<<<<<<< HEAD', which git leaves where two changes conflict). "
        "Settle the conflict, and remove git's marks.",
    ),
    "a header that is repeated": (
        LEVELS,
        "standing,place_id",
        "standing,standing",
        f"{LEVELS}: line 1: column 'place_id' is missing; column 'standing' stands twice. "
        "Correct the header, or data/datapackage.json if that is wrong.",
    ),
    "a header misspelt": (
        LEVELS,
        "place_id",
        "place_di",
        f"{LEVELS}: line 1: column 'place_di' is not in the dictionary; did you mean 'place_id'? "
        "Correct the header, or data/datapackage.json if that is wrong.",
    ),
    "an id twice": (
        LEVELS,
        "T002,",
        "T001,",
        f"{LEVELS}: line 3, level_id: must be unique ('T001' stands at line 2 too). "
        "Give one of the two another, or remove the row that is repeated.",
    ),
    "a source that is in no table": (
        LEVELS,
        "S026,The invasion",
        "S9026,The invasion",
        f"{LEVELS}: line 2, source_id: must be in sources (got 'S9026'; did you mean 'S026'?). "
        "Correct it, or add the row to sources.",
    ),
    "a fact that rests on no row": (
        FACTS,
        "E071 E076",
        "E071 E0761",
        f"{FACTS}: line 3, claims: must name rows of some table (got 'E0761'; did you mean 'E076'?). "
        "Correct the id, or add the row.",
    ),
    "a side of a conflict that is no row": (
        SIDES,
        "C001,a,p03s01a",
        "C001,a,p93s01a",
        f"{SIDES}: line 2, row_id: must name rows of some table (got 'p93s01a'; did you mean 'p09s01a'?). "
        "Correct the id, or add the row.",
    ),
    "a source without a grade": (
        SOURCES,
        ",news,en,C,page\n",
        ",news,en,,page\n",
        f"{SOURCES}: line 3, grade: must not be empty. Grade the source from A (official) to D (weak).",
    ),
    "a day in another form": (
        LEVELS,
        "2003-03-20,day,us_in_iraq",
        "20.03.2003,day,us_in_iraq",
        f"{LEVELS}: line 3, date: must be a date like 2026-01-31 (got '20.03.2003'). Write 2003-03-20.",
    ),
    "a number with a comma": (
        LEVELS,
        "192000",
        '"192,000"',
        f"{LEVELS}: line 2, value: must be an integer in plain digits, like 1200 or -5 (got '192,000'). Write 192000.",
    ),
    "a number in words": (
        LEVELS,
        "192000",
        "about 192000",
        f"{LEVELS}: line 2, value: must be an integer in plain digits, like 1200 or -5 (got 'about 192000'). "
        "Write digits alone: words, units and hedges have columns of their own.",
    ),
    "a blank at the end of a cell": (
        LEVELS,
        "us_in_iraq,observed,press,192000",
        "us_in_iraq,observed,press ,192000",
        f"{LEVELS}: line 2, method: must have no space around it (got 'press '). Write 'press'.",
    ),
    "a number in the column of another bound": (
        LEVELS,
        "192000,,,about",
        "192000,,,fewer_than",
        f"{LEVELS}: line 2, high: must be given where bound is 'fewer_than', and nothing beside it "
        "(got value=192000). Move the number to its column, or write exact or about as the bound.",
    ),
    "a number without a bound": (
        LEVELS,
        "192000,,,about",
        "192000,,,",
        f"{LEVELS}: line 2, value: must be empty where bound is '' (got value=192000). "
        "Move the number to its column, or write exact or about as the bound.",
    ),
    "a conflict that is not registered": (
        FACTS,
        "E081,,C007 C079 C080,",
        "E081,,C007 C979 C080,",
        f"{FACTS}: line 6, conflicts: must name conflicts, or none (got 'C979'; did you mean 'C079'?). "
        "Correct the id, or register the conflict.",
    ),
    "ids with semicolons": (
        FACTS,
        "E081,,C007 C079 C080,",
        "E081,,C007;C079;C080,",
        re.compile(rf"{FACTS}: line 6, conflicts: .*\(got 'C007;C079;C080'.*\)\. Part ids by spaces alone\."),
    ),
    "ids with commas": (
        FACTS,
        "E137 E162",
        '"E137, E162"',
        f"{FACTS}: line 4, claims: must name rows of some table (got 'E137,'; did you mean 'E137'?). "
        "Part ids by spaces alone.",
    ),
    "a day that is called a number of people": (
        FACTS,
        "reported flights,date,date",
        "reported flights,date,people",
        f"{FACTS}: line 6, unit: must be date where of is 'date' (got 'people'). Correct the one or the other.",
    ),
    "a number that is called a day": (
        FACTS,
        "reported flights,date,date",
        "reported flights,value,date",
        f"{FACTS}: line 6, of: must be date or start or end where unit is 'date' (got 'value'). "
        "Correct the one or the other.",
    ),
    "a condition on a place that is misspelt": (
        FACTS,
        "attacks place_id=ain_al_asad basis=claimed",
        "attacks place_id=ain_al_assad basis=claimed",
        re.compile(
            rf"{FACTS}: line \d+, claims: place_id in 'place_id=ain_al_assad' must be a value of that column "
            r"\(got 'ain_al_assad'; did you mean 'ain_al_asad'\?\)\. Correct the value; one with spaces stands in "
            r"double quotes\.$"
        ),
    ),
    "a condition with a value that the dictionary does not have": (
        FACTS,
        "handovers kind=transfer",
        "handovers kind=transferred",
        re.compile(rf"{FACTS}: line \d+, claims: kind in 'kind=transferred' must be one of .*did you mean 'transfer'"),
    ),
    "a quote opened in the last row": (
        "data/names.csv",
        None,
        'New name,"a name of the last row\n',
        re.compile(
            r"data/names\.csv: line \d+: must be CSV: a quote is opened and not closed "
            r"\(before 'a name of the last row'\)\. Close the quote, or write it twice"
        ),
    ),
    "a table where rows are named one by one": (
        FACTS,
        "first,A004 A091",
        "first,attacks place_id=ain_al_asad",
        re.compile(
            rf"{FACTS}: line \d+, claims: must name rows one by one where choose is 'first' "
            r"\(got the table 'attacks'\)\. "
            "Name the rows' ids, or choose count, sum, mean, least or most\\."
        ),
    ),
    "a source of which the day is not said": (
        SOURCES,
        "2026-01-17,day,,,news,en,C,page\nS003",
        ",day,,,news,en,C,page\nS003",
        f"{SOURCES}: line 3, published: must be given where published_precision is 'day' (got none). "
        "Fill it, or write unknown as the precision, and not_before and not_after.",
    ),
    "a day whose precision is unknown": (
        SOURCES,
        "2026-01-17,day,,,news,en,C,page\nS003",
        "2026-01-17,unknown,,,news,en,C,page\nS003",
        f"{SOURCES}: line 3, published: must be empty where published_precision is 'unknown' (got 2026-01-17). "
        "Write day or month as the precision, or empty the cell.",
    ),
    "a type misspelt in the dictionary": (
        DICTIONARY,
        '"type": "date"',
        '"type": "dat"',
        f"{DICTIONARY}: table 'sources': column 'published' must have one of the types string, integer, number, date, "
        "year (got 'dat'; did you mean 'date'?). Correct the dictionary.",
    ),
    "a range of days with a dash": (
        FACTS,
        "date=2019-01-01..2019-12-31",
        "date=2019-01-01-2019-12-31",
        re.compile(rf"{FACTS}: line \d+, claims: date in 'date=2019-01-01-2019-12-31' must be a date like 2026-01-31 "),
    ),
    "a range of months": (
        FACTS,
        "date=2019-01-01..2019-12-31",
        "date=2019-01..2019-12",
        re.compile(rf"{FACTS}: line \d+, claims: date in 'date=2019-01..2019-12' must be a date like 2026-01-31 "),
    ),
    "a range without an end": (
        FACTS,
        "date=2019-01-01..2019-12-31",
        "date=2019-01-01..",
        re.compile(rf"{FACTS}: line \d+, claims: date in .* must have both ends of its range \(got '2019-01-01\.\.'\)"),
    ),
    "a range that ends before it begins": (
        FACTS,
        "date=2019-01-01..2019-12-31",
        "date=2019-12-31..2019-01-01",
        re.compile(rf"{FACTS}: line \d+, claims: .* must not end before it begins .*\. Exchange the two ends\."),
    ),
    "rows of a fact that contradict each other, in a fact that words name": (
        FACTS,
        "T048 T049",
        "T048 T061",
        f"{FACTS}: 'troops_2020': T048 and T061 contradict each other (about 5,200 against 2,500) and no conflict is "
        "registered. Register it in data/record/conflicts.csv and conflict_rows.csv, or take one of the claims out.",
    ),
    "a claim of a conflict credited to a source that no row of it is of": (
        "data/record/conflicts.csv",
        '"8,892 by the personnel file",S047',
        '"8,892 by the personnel file",S048',
        "data/record/conflicts.csv: line 21, source_b: must be the source of a row on side b (got S048; T044 is of "
        "S047). Name the source of the row that makes the claim, or add a row of S048 to conflict_rows.",
    ),
    "a claim of a conflict credited to the article instead of the record": (
        "data/record/conflicts.csv",
        "Due on 1 September 2025,S280",
        "Due on 1 September 2025,S001",
        "data/record/conflicts.csv: line 65, source_a: must be the source of a row on side a (got S001; E055, H041 are "
        "of S280). Name the source of the row that makes the claim, or add a row of S001 to conflict_rows.",
    ),
    "a dictionary that is no JSON": (
        DICTIONARY,
        '"resources": [',
        '"resources": [,',
        re.compile(rf"{DICTIONARY}: must be JSON \(Expecting value: line \d+ column \d+ \(char \d+\)\)\. Restore it"),
    ),
}


@pytest.mark.parametrize("mistake", IN_DATA)
def test_a_mistake_in_the_data_is_one_fault(project, wrong, mistake):
    name, old, new, said = IN_DATA[mistake]
    path = project.root / name
    text = path.read_bytes().decode()
    if old is None:
        text, old = f"{text}END", "END"
    assert old in text
    path.write_bytes(text.replace(old, new, -1 if len(old) == 1 else 1).encode())
    found = wrong()
    assert len(found) == 1 and (said.match(found[0]) if isinstance(said, re.Pattern) else found == [said])


def test_a_table_in_latin_1_and_one_that_is_gone_are_named(project, wrong):
    path = project.root / LEVELS
    kept = path.read_text("utf-8")
    path.write_bytes(kept.replace("The invasion", 'L’invasion, dite "choc" é'.replace("’", "'"), 1).encode("latin-1"))
    assert wrong() == [
        f"{LEVELS}: line 2: must be UTF-8 (byte 0xe9 is not; 'é' in Latin-1, as Windows saves it?). "
        "Save the file as UTF-8."
    ]
    path.rename(path.with_name("troop_level.csv"))
    assert wrong() == [
        f"{LEVELS}: the table must exist (not found; did you mean 'troop_level.csv'?). "
        "Restore it from git, or take it out of datapackage.json."
    ]


#: Mistake -> (the cell's name, what stood there, what was written instead, the message below the notebook's name).
IN_CELLS = {
    "a bracket that is not closed": (
        "words",
        "say(*choices)",
        "say(*choices",
        "cell 4, line 3: must be Python (got: '(' was never closed): `say(*choices`. Correct the line.",
    ),
    "a line that is not indented": (
        "words",
        "say(*choices)",
        "if choices:\nsay(*choices)",
        "cell 4, line 4: must be Python (got: expected an indented block after 'if' statement on line 3): "
        "`say(*choices)`. Correct the line.",
    ),
    "an f-string that names a fact": (
        "words",
        "say(*choices)",
        'say(f"Promised on {promise_day}.")',
        "cell 4, line 3: 'promise_day' is a fact, which Python does not know (got an f-string). Take away the f.",
    ),
    "an f-string that names a part of a fact": (
        "words",
        "say(*choices)",
        'say(f"Promised on {promise_day.date}.", "")',
        "cell 4, line 3: 'promise_day' is a fact, which Python does not know (got an f-string). Take away the f.",
    ),
    "alternatives in a list": (
        "words",
        "say(*choices)",
        'say(["Promised on {promise_day}.", ""])',
        'cell 4, line 3: say: must be given its alternatives one after the other: say("…", "…").',
    ),
    "a comma forgotten between alternatives": (
        "words",
        "say(*choices)",
        'say(\n    "Promised on {promise_day}."  # by a general\n    "Not promised.",\n)',
        "cell 4, line 4: two texts must have a comma between them, or a space where they are joined "
        "(got '…ed on {promise_day}.' and 'Not promised.…'). Write a comma after the first if they are alternatives.",
    ),
    "a number in words": (
        "words",
        "say(*choices)",
        'say("Promised on {promise_day}, twenty years late.")',
        "cell 4, line 3: say: a template must type no number (got 'twenty'). Promised on {promise_day}, twenty years",
    ),
    "a name of an argument that is misspelt": (
        "words",
        'otherwise="No number."',
        'otherwhise="No number."',
        "cell 4, line 4: findings: must be called as it is made (got an unexpected keyword argument 'otherwhise'; "
        "did you mean 'otherwise'?). It takes templates, otherwise=….",
    ),
    "a chart without a description": (
        "rows",
        'alt="Steps of the number of troops, from {troops_2020} to {troops_now}.",',
        "",
        "cell 5, line 2: figure: must be called as it is made (missing a required argument: 'alt'). It takes draw",
    ),
    "spaces in braces": (
        "words",
        "{promise_day}",
        "{ promise_day }",
        "cell 4, line 2: say: a field must name a fact (got { promise_day }). Write it without spaces: {promise_day}",
    ),
    "a style of Python's": (
        "words",
        "{troops_now:cap}",
        "{troops_now:,}",
        "cell 4, line 4: findings: {troops_now:,} must have a style that is known (got ','). Write one of bare",
    ),
    "words in a bracket that is not closed": (
        "words",
        "{promise_day}",
        "{promise_day[on that day}",
        "cell 4, line 2: say: a template must have matching braces (got [ alone in "
        "'ised on {promise_day[on that day}.').",
    ),
    "a return outside a function": (
        "set_up",
        "say, findings =",
        "return\nsay, findings =",
        "cell 3, line 4: must be Python (got: 'return' outside function): `return`. Correct the line.",
    ),
    "a command that may fail unseen": (
        "set_up",
        "from handover",
        "!ls\nfrom handover",
        "cell 3: `!ls` goes on when the command fails",
    ),
    "a fact misspelt": (
        "words",
        "{promise_day}",
        "{promis_day}",
        "cell 4, line 2: say: 'promis_day' is not a fact; did you mean 'promise_day'? "
        "Write: Promised on {promise_day}.",
    ),
    "a fact that is none": (
        "words",
        "{promise_day}",
        "{xyzzy}",
        "cell 4, line 2: say: 'xyzzy' is not a fact. data/facts.csv lists the facts; add a row to it, with the claims "
        "behind the number. Promised on {xyzzy}.",
    ),
    "a number typed": (
        "words",
        "Not promised.",
        "Not promised for 150000 troops.",
        "cell 4, line 2: say: a template must type no number (got '150000'). Not promised for 150000 troops. "
        "Write a fact in braces instead, such as {FACT}; a name that contains digits belongs in data/names.csv.",
    ),
    "a brace that is not closed": (
        "words",
        "{troops_now:cap} troops",
        "{troops_now:cap troops",
        "cell 4, line 4: findings: a template must have matching braces (got { alone in '{troops_now:cap troo'). "
        "Write a fact as {FACT}, and a brace that is text twice: {{ or }}. "
        "{troops_now:cap troops, says {troops_now.source}.",
    ),
    "a style misspelt": (
        "words",
        "{troops_now:cap}",
        "{troops_now:caps}",
        "cell 4, line 4: findings: {troops_now:caps} must have a style that is known (got 'caps'); did you mean 'cap'? "
        "Write: {troops_now:cap} troops, says {troops_now.source}.",
    ),
    "a part misspelt": (
        "words",
        "{troops_now.source}",
        "{troops_now.sources}",
        "cell 4, line 4: findings: {troops_now.sources} must have a part that is known (got 'sources'); did you mean "
        "'source'? Write: {troops_now:cap} troops, says {troops_now.source}.",
    ),
    "a finding that names no fact": (
        "words",
        '("{troops_now:cap} troops, says {troops_now.source}.",)',
        '"Many troops."',
        "cell 4, line 4: findings: a finding must name a fact (got 'Many troops.'). Without one it would be printed "
        "before it was known; name what it rests on, such as {FACT} or {FACT.source}.",
    ),
    "a fact misspelt in a chart's title": (
        "rows",
        "Troops: {troops_now}",
        "Troops: {troop_now}",
        "cell 5, line 4: title: 'troop_now' is not a fact; did you mean 'troops_now'? Write: Troops: {troops_now}",
    ),
    "a number typed in a chart's description": (
        "rows",
        "Steps of",
        "9 steps of",
        "cell 5, line 5: alt: a template must type no number (got '9'). 9 steps of the number of troops, from "
        "{troops_2020} to {troops_now}. Write a fact in braces instead, such as ",
    ),
    "a table misspelt": (
        "rows",
        '"troop_levels"',
        '"troop_level"',
        "cell 5, line 1: must name a table (got 'troop_level'; did you mean 'troop_levels'?). Correct the name.",
    ),
    "a method misspelt": (
        "words",
        "say(*choices)",
        "sayy(*choices)",
        "cell 4, line 3: 'sayy' must have a value before it is used (got none; did you mean 'say'?). "
        "Correct the name, or give it a value above.",
    ),
    "a name of a cell below": (
        "words",
        "say(*choices)",
        "print(levels)",
        "cell 4, line 3: 'levels' must have a value before it is used (got one only in cell 5, line 1). Move that up.",
    ),
    "a name that was taken away": (
        "words",
        "say(*choices)",
        "say(*choices)\ndel choices\nprint(choices)",
        "cell 4, line 5: 'choices' must have a value before it is used (got none). Correct the name, or ",
    ),
    "a fact in an f-string that is no word of the report": (
        "words",
        "say(*choices)",
        'print(f"{troops_now}")',
        "cell 4, line 3: 'troops_now' is a fact, which Python does not know (got an f-string). Take away the f.",
    ),
    "alternatives in one tuple": (
        "words",
        "say(*choices)",
        'say(("Promised on {promise_day}.", "Not promised."))',
        'cell 4, line 3: say: must be given its alternatives one after the other: say("…", "…").',
    ),
    "a brace that is not closed around a name with a digit": (
        "words",
        "say(*choices)",
        'say("{troops_2020 soldiers stayed.")',
        "cell 4, line 3: say: a template must have matching braces (got { alone in '{troops_2020 soldier'). "
        "Write a fact as {FACT}, and a brace that is text twice: {{ or }}.",
    ),
    "braces that are doubled": (
        "words",
        "say(*choices)",
        'say("{{troops_2020}} soldiers stayed.")',
        "cell 4, line 3: say: a fact must stand in single braces (got '{{troops_2020}}'). "
        "Write {troops_2020}; braces that are doubled are text.",
    ),
    "a row that is none": (
        "rows",
        '"T001"',
        '"T001x"',
        "cell 5, line 7: must name a fact or row (got 'T001x'; did you mean 'T001'?). Correct the name.",
    ),
    "a mark at the report's own day, which rests on no row": (
        "rows",
        '"T001"',
        '"as_of"',
        "cell 5, line 7: must name a fact or row (got 'as_of'). Correct the name.",
    ),
    "a fact misspelt outside of words": (
        "rows",
        'facts["promise_day"]',
        'facts["promise_dya"]',
        "cell 5, line 7: must name a fact (got 'promise_dya'; did you mean 'promise_day'?). Correct the name.",
    ),
    "a parameter without a comment": (
        "parameters",
        "  # the day",
        "",
        "the parameters cell (cell 2) breaks the contract: line 3: 'as_of' must have a type, a default and a comment "
        "(no comment); Declare each as in",
    ),
    "a default that is no choice": (
        "parameters",
        '= "record"',
        '= "records"',
        "the parameters cell (cell 2) breaks the contract: line 4: 'evidence' must be one of article, record "
        "(got 'records'; did you mean 'record'?); Declare each as in",
    ),
    "a type that is none": (
        "parameters",
        'Annotated["date", "2020-01-01.."]',
        "datetime",
        "the parameters cell (cell 2) breaks the contract: line 3: 'as_of' has a type that is not known "
        "(got 'datetime'; known: str, int",
    ),
    "a default before its range": (
        "parameters",
        '"2026-01-31"',
        '"2019-01-31"',
        "the parameters cell (cell 2) breaks the contract: line 3: 'as_of' must be at least 2020-01-01 "
        "(got '2019-01-31'); Declare each as in",
    ),
}
CELLS = {"parameters": PARAMETERS, "set_up": SET_UP, "words": WORDS, "rows": ROWS}


@pytest.mark.parametrize("mistake", IN_CELLS)
def test_a_mistake_in_a_notebook_is_one_fault(project, wrong, monkeypatch, mistake):
    monkeypatch.setattr(checks, "_validated", lambda project: ())
    name, old, new, said = IN_CELLS[mistake]
    assert old in CELLS[name]
    write(project, book(**{name: CELLS[name].replace(old, new)}))
    found = wrong()
    assert len(found) == 1 and found[0].startswith(f"{BOOK}: {said}")


def test_a_notebook_that_is_torn_and_one_without_parameters_are_named(project, wrong, monkeypatch):
    monkeypatch.setattr(checks, "_validated", lambda project: ())
    path = project.root / BOOK
    path.write_text(path.read_text("utf-8")[:-30], "utf-8")
    assert len(found := wrong()) == 1 and found[0].startswith(f"{BOOK}: must be JSON (got ")
    nb = book()
    nb.cells[1].metadata = {}
    write(project, nb)
    assert len(found := wrong()) == 1
    assert found[0].startswith(f"{BOOK}: one code cell must be tagged 'parameters' (got none).")


def test_there_are_more_than_thirty_of_them(project, wrong):
    """The day without a mistake passes, with Frictionless's own look at the data."""
    assert wrong() == []
    assert len(IN_DATA) + len(IN_CELLS) >= 31


def test_several_faults_are_all_told_at_once(project, wrong):
    path = project.root / LEVELS
    path.write_text(path.read_text("utf-8").replace("2003-03-01", "2003-3-1", 1).replace("150000", "many", 1), "utf-8")
    path = project.root / SOURCES
    path.write_text(path.read_text("utf-8").replace("S002,", "S2,", 1), "utf-8")
    assert [fault.split(": must")[0] for fault in wrong()] == [
        f"{SOURCES}: line 3, source_id",
        f"{LEVELS}: line 2, date",
        f"{LEVELS}: line 3, value",
    ]


def test_what_is_computed_is_left_to_the_run_and_a_note_says_where_it_stands(project, wrong, monkeypatch):
    monkeypatch.setattr(checks, "_validated", lambda project: ())
    words = 'import matplotlib.pyplot as plt\nplt.title("9")\nsay("Of " + str(12), f"{3 + 4}")'
    words += '\nsay(*[one for one in ("9",)])\nsay("Of", None, *(("few",) if plt else ()))\nstory.marks(dict(a=1))'
    write(project, book(words=words))
    assert wrong() == []
    said = "words that code puts together are checked only when they are printed"
    assert f"{BOOK}: cell 4, line 3; cell 4, line 4; cell 4, line 6: {said}" in wrong.notes
    write(project, book())
    assert wrong() == [] and not any(said in note for note in wrong.notes)


def test_cells_in_other_languages_and_commands_of_ipython_are_no_faults(project, wrong, monkeypatch):
    monkeypatch.setattr(checks, "_validated", lambda project: ())
    words = "%%bash\nif [ -d . ]; then echo 1; fi"
    rows = "\n\n%load_ext autoreload\nx = %who_ls\nimport asyncio\nawait asyncio.sleep(0)\nprint?"
    write(project, book(words=words, rows=rows))
    assert wrong() == []
    write(
        project,
        book(
            words="%%capture --no-stderr seen\nprint(1)", rows='def f(x: "date 2") -> "Day": ...\nseen.show(), unseen'
        ),
    )
    assert [fault.split(" must")[0] for fault in wrong()] == [f"{BOOK}: cell 5, line 2: 'unseen'"]
    write(project, book(words="%%time\n1 +\n2", rows=f"{rows}\n1 +"))
    assert [fault.split(": `")[0] for fault in wrong()] == [
        f"{BOOK}: cell 4, line 2: must be Python (got: invalid syntax)",
        f"{BOOK}: cell 5, line 8: must be Python (got: invalid syntax)",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "on {promise_day} that",
            "on {promise_day} after {trucks_day} that",
            f"{FACTS}: the news of 'promise_day' must name this fact and no other (got 'The deputy",
        ),
        ("on {promise_day} that", "on {promise_day that", f"{FACTS}: promise_day: news: a template must have matching"),
        (
            "promised on {promise_day} that",
            "promised twice on {promise_day} that",
            f"{FACTS}: promise_day: news: a template must type no number (got 'twice')",
        ),
    ],
)
def test_the_news_of_a_fact_is_held_to_what_a_report_holds_it_to(project, wrong, monkeypatch, old, new, said):
    monkeypatch.setattr(checks, "_validated", lambda project: ())
    path = project.root / FACTS
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    [found] = wrong()
    assert found.startswith(said)


def test_a_fact_that_is_gone_is_named_where_a_computed_one_rests_on_it(project, wrong, monkeypatch):
    monkeypatch.setattr(checks, "_validated", lambda project: ())
    path = project.root / FACTS
    kept = [line for line in path.read_text("utf-8").splitlines(True) if not line.startswith("promised_week,")]
    path.write_text("".join(kept), "utf-8")
    write(project, book(words='say("Late by {slip} days.")'))
    assert wrong() == [
        f"{BOOK}: cell 4, line 1: say: 'slip' must rest on facts that there are (missing: promised_week). "
        "Add a row for promised_week to data/facts.csv again, or take 'slip' out. Late by {slip} days."
    ]


def test_what_a_cell_makes_above_its_last_line_is_named_since_jupyter_does_not_show_it(project, wrong, monkeypatch):
    monkeypatch.setattr(checks, "_validated", lambda project: ())
    set_up = SET_UP.partition("%config")[0]
    rows = 'if rows := story.frame("troop_levels"):\n    say("")\nx = say("")\ndisplay(say(""))\n[say("")]'
    write(project, book(set_up=set_up, words=WORDS, rows=rows))
    must = "must be the last line of its cell, which alone is shown (got one before it)"
    assert wrong() == [
        f"{BOOK}: cell {cell}: say: {must}. Give it a cell of its own, or write display(say(…))."
        for cell in ("4, line 3", "5, line 2")
    ]


def test_a_number_in_a_markdown_cell_is_named_where_the_report_states_evidence(project, wrong, monkeypatch):
    monkeypatch.setattr(checks, "_validated", lambda project: ())
    nb = book(rows=f"{ROWS}story.evidence()")
    nb.cells.insert(4, new_markdown_cell("## In 2026\n\nThe base had 2,500 troops and `7` gates, no MQ-9.", id="typed"))
    write(project, nb)
    assert wrong() == [
        f"{BOOK}: cell 5: a Markdown cell must type no number (got '2,500' in “The base had 2,500 troops and  gates, "
        "no MQ-9.”). Write the sentence in say(…), with a fact in braces; a name that contains digits belongs in "
        "data/names.csv."
    ]
    nb.cells[-1].source = ROWS
    write(project, nb)
    assert wrong() == []


SETTINGS = {
    "a key misspelt": (
        '[tool.handover]\nauthors = "The desk"',
        "tool.handover.authors must be a setting that there is (got 'authors'; did you mean 'author'?). These are ",
    ),
    "the table misspelt": (
        '[tool.hanover]\nauthor = "The desk"',
        "settings must stand under [tool.handover] (got [tool.hanover]). Correct the name.",
    ),
    "a draft that is no report": (
        '[tool.handover]\ndrafts = ["dya"]',
        "tool.handover.drafts must name reports (known: day; got 'dya'; did you mean 'day'?). Correct the name, ",
    ),
    "the network for a report that is none": (
        '[tool.handover]\nnetwork = ["dya"]',
        "tool.handover.network must name reports (known: day; got 'dya'; did you mean 'day'?). Correct the name, ",
    ),
}


@pytest.mark.parametrize("mistake", SETTINGS)
def test_a_mistake_in_the_settings_is_one_fault(project, wrong, monkeypatch, mistake):
    monkeypatch.setattr(checks, "_validated", lambda project: ())
    text, said = SETTINGS[mistake]
    (project.root / "pyproject.toml").write_text(text + "\n", "utf-8")
    [found] = wrong()
    assert found.startswith(f"pyproject.toml: {said}")
    assert wrong.notes[-1] == "editions and catalogue: to be checked once pyproject.toml is mended"


def test_a_fault_of_a_notebook_is_not_told_once_more_of_its_entry_in_the_schedule(project, wrong, monkeypatch):
    monkeypatch.setattr(checks, "_validated", lambda project: ())
    entry = '[[tool.handover.schedule]]\nname = "weekly"\nreport = "day"\ncron = "0 7 * * MON"\ntimezone = "UTC"\n'
    (project.root / "pyproject.toml").write_text(entry, "utf-8")
    assert wrong() == []
    nb = book()
    nb.cells[1].metadata = {}
    write(project, nb)
    assert len(found := wrong()) == 1 and found[0].startswith(f"{BOOK}: one code cell must be tagged 'parameters'")
    write(project, book())
    (project.root / "pyproject.toml").write_text(entry.replace('"day"', '"dya"'), "utf-8")
    assert len(found := wrong()) == 1 and "entry 'weekly': report: must be a report" in found[0]


def test_f_strings_and_joined_texts_that_are_meant_are_no_faults(project, wrong, monkeypatch):
    monkeypatch.setattr(checks, "_validated", lambda project: ())
    words = (
        'rows = columns = many = about = {}\npromise_day = "a day"\nsay(f"Promised on {promise_day}.", "")\n'
        'say("Promised on {promise_day}. " "So it was.", "It was promised for the "\n    "week after.")\n'
        "story.table(rows, columns, **about), story.findings(*many), story.evidence(brief=True)"
    )
    write(project, book(words=words))
    assert wrong() == []


def test_a_template_among_the_facts_is_checked_too(project, wrong, monkeypatch):
    monkeypatch.setattr(checks, "_validated", lambda project: ())
    path = project.root / FACTS
    path.write_text(path.read_text("utf-8").replace("on {promise_day} that", "on {promise_dy} that", 1), "utf-8")
    assert [fault[:102] for fault in wrong()] == [
        f"{FACTS}: promise_day: news: 'promise_dy' is not a fact; did you mean 'promise_day'? Write: The deputy"[:102]
    ]
