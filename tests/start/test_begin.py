"""`handover new` and `handover init`: what they refuse, and that what they write is clean and can be printed."""

import ast
import contextlib
import json
import os
import re
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curated import fill
from handover import cli
from handover.document import audit
from handover.editions import check as checks
from handover.errors import DataError
from handover.notebook import parameters, source
from handover.project import Project
from handover.start import new_project, new_report
from handover.story.sentences import LINK
from handover.tables import faults

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(capsys):
    """Call with words: run the command line; gives (code, stdout, stderr)."""

    def call(*words):
        with pytest.raises(SystemExit) as left:
            cli.main([str(word) for word in words])
        said = capsys.readouterr()
        return left.value.code, said.out, said.err

    return call


@pytest.fixture
def made(tmp_path):
    """A project as `handover init` makes it."""
    folder = tmp_path / "rain"
    new_project(folder, "Rain", "The weather desk", "")
    return Project(folder)


# handover new: what it refuses


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("example", "example: must be the name of a new report (got that of notebooks/example.ipynb).\nChoose another"),
        ("Example", "Example: must be the name of a new report (got that of notebooks/example.ipynb)."),
        ("two words", "a report's name must be made of letters a to z, digits, - and _, at most 64"),
        ("../up", "a report's name must be made of letters a to z"),
        ("niño", "a report's name must be made of letters a to z"),
        ("", "a report's name must be made of letters a to z"),
        ("a" * 65, "a report's name must be made of letters a to z"),
    ],
)
def test_a_name_that_no_new_report_can_have_is_refused_and_nothing_written(
    made, run, monkeypatch, snapshot, name, said
):
    monkeypatch.chdir(made.root)
    before = snapshot(made.root)
    code, out, err = run("new", "--", name)
    assert code == 1 and out == "" and said in err
    assert snapshot(made.root) == before


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ([], "data/facts.csv: must have a fact that states a number (none is known"),
        ([{"of": "date", "unit": "date"}], "data/facts.csv: must have a fact that states a number"),
        ([{"claims": "D99"}], "data/facts.csv: line 2, claims: must name rows of some table (got 'D99'"),
    ],
)
def test_without_a_number_to_begin_with_it_says_what_to_add(made, facts, said):
    whole = {"fact": "late", "label": "x", "of": "value", "unit": "mm", "choose": "first", "claims": "D01", "weight": 1}
    fill(made, "facts", *(whole | fact for fact in facts))
    with pytest.raises(DataError, match=re.escape(said)):
        new_report(made, "later")
    assert made.reports_known() == ["example"]


def test_a_table_with_its_numbers_in_a_column_of_its_own_begins_a_report_too(made, run, monkeypatch):
    for name, old in (("datapackage.json", '"value"'), ("measurements.csv", ",value,"), ("facts.csv", ",value,")):
        path = made.data / name
        path.write_text(path.read_text("utf-8").replace(old, old.replace("value", "cases")), "utf-8")
    shutil.rmtree(made.notebooks)
    path = new_report(made, "cases")
    assert 'rows = story.numbers("days_latest")' in json.loads(path.read_text("utf-8"))["cells"][6]["source"][0]
    monkeypatch.chdir(made.root)
    assert not [one for one in [*checks.notebooks(made), *checks.data(made)] if one.mark == "wrong"]
    code, out, err = run("render", "cases")
    assert code == 0 and out.count("\n") == 2, err


def test_a_notebook_that_cannot_be_written_is_told(made, run, monkeypatch):
    monkeypatch.chdir(made.root)
    shutil.rmtree(made.notebooks)
    made.notebooks.write_text("")
    code, _, err = run("new", "later")
    assert code == 1 and "notebooks: must be writable (got " in err


# what it writes


@pytest.mark.parametrize("where", ["this story", "a new one"])
def test_a_new_report_is_clean_and_declares_its_parameters(made, tmp_path, where):
    project = made
    if where == "this story":
        shutil.copytree(ROOT / "data", tmp_path / "this" / "data")
        project = Project(tmp_path / "this")
    path = new_report(project, "the-rest")
    nb = source.read(path)
    assert checks.unclean(path, nb) == []
    names = [one.name for one in parameters.declared(nb, "x")]
    assert names == ["as_of", "language", *(["evidence"] if where == "this story" else [])]
    assert "".join(nb["cells"][0]["source"]).startswith("# The rest\n")


def test_the_commands_say_what_comes_next(made, run, monkeypatch, tmp_path):
    monkeypatch.chdir(made.notebooks)
    code, out, err = run("new", "later")
    assert (code, out) == (0, "notebooks/later.ipynb\n")
    assert "handover preview later --open" in err and "handover render later" in err
    code, out, err = run("init", tmp_path / "snow")
    assert code == 0 and f"{tmp_path / 'snow'}/notebooks/example.ipynb\n" in out
    assert "scripts/render" in err and "README.md says how to put your own story in place" in err


@given(
    label=st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=30),
    unit=st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=10),
)
@example(label="Rain in 2025", unit="mm")
@example(label='{"say": `$HOME`}', unit="'\\")
@example(label="hundred-year", unit="l_per_m2")
@example(label=")", unit="0")
@settings(max_examples=15)
def test_whatever_a_fact_is_called_the_first_sentence_can_be_printed(tmp_path_factory, label, unit):
    """Its cells are run here, without a kernel: what they show has the number, and no other."""
    folder = tmp_path_factory.mktemp("labels") / "rain"
    new_project(folder, "Rain", "", "")
    project = Project(folder)
    fact = {"fact": "rain", "label": label, "of": "value", "unit": unit, "choose": "first", "claims": "D02"}
    fill(project, "facts", fact | {"weight": 1})
    path = new_report(project, "later")
    space, shown = {}, []
    with contextlib.chdir(project.notebooks):
        for cell in source.read(path)["cells"]:
            if cell["cell_type"] == "code":
                tree = ast.parse("".join(cell["source"]))
                last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
                exec(compile(tree, "cell", "exec"), space)
                if last:
                    shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), space))
    finding, chart, _ = shown
    assert "[28](#fact-rain" in finding.text and "[28](#fact-rain" in chart.title
    assert audit.NUMBER.findall(LINK.sub("", finding.text)) == []


# handover init: what it refuses


@pytest.mark.parametrize("held", ["a file", "a hidden file", "a project"])
def test_a_folder_that_holds_something_is_refused_and_left_as_it_is(tmp_path, run, snapshot, held):
    folder = tmp_path / "rain"
    if held == "a project":
        new_project(folder, "Rain", "", "")
    else:
        folder.mkdir()
        (folder / ("notes.txt" if held == "a file" else ".env")).write_text("mine")
    before = snapshot(folder)
    code, out, err = run("init", folder)
    assert code == 1 and out == "" and f"{folder}: must be empty, or a folder that is not there (got " in err
    assert "Choose another folder; nothing was written." in err and snapshot(folder) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--url", "desk.example"], "must begin with https:// (got 'desk.example')"),
        (["--title", "Rain\nin March"], r"--title: must be one line of text (got 'Rain\nin March')"),
        (["--desk", "The\x07desk"], r"--desk: must be one line of text (got 'The\x07desk')"),
    ],
)
def test_a_setting_that_could_not_be_read_again_is_refused(tmp_path, run, words, said):
    code, _, err = run("init", tmp_path / "rain", *words)
    assert code != 0 and said in err
    assert not (tmp_path / "rain").exists()


def test_a_file_is_no_folder(tmp_path, run):
    (tmp_path / "rain").write_text("mine")
    code, _, err = run("init", tmp_path / "rain")
    assert code == 1 and "rain: must be a folder (got a file).\nChoose another name" in err
    assert (tmp_path / "rain").read_text() == "mine"


# what it writes


@pytest.mark.parametrize("name", ["rain", "my rain", "Niño $HOME 'x'", ".git"])
def test_a_new_project_has_sound_data_settings_and_commands(tmp_path, name):
    folder = tmp_path / name
    if name == ".git":
        folder = tmp_path / "begun"
        (folder / ".git").mkdir(parents=True)
    new_project(folder, 'Rain "here" \\ @desk@', "The $desk", "https://desk.example/")
    project = Project(folder)
    assert faults(project.data) == []
    assert [str(one)[:2] for one in checks.data(project)] == ["ok"]
    settings = tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["handover"]
    assert settings["title"] == 'Rain "here" \\ @desk@' and settings["author"] == "The $desk"
    assert settings["url"] == "https://desk.example/"
    for command in (folder / "scripts").iterdir():
        assert command.stat().st_mode & stat.S_IXUSR and command.read_text().startswith("#!/bin/sh\n# ")
    assert "@" not in "".join(path.read_text() for path in (folder / "scripts").iterdir()).replace('"$@"', "")
    found = subprocess.run([folder / "scripts" / "tools"], cwd="/", capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert os.access(folder / found.stdout.strip() / "handover", os.X_OK)
    assert (folder / ".gitignore").is_file() and (folder / ".gitattributes").is_file()


@pytest.mark.parametrize("command", ["render", "lab", "test"])
def test_a_command_without_its_tools_says_so(made, tmp_path, command):
    environment = os.environ | {"HANDOVER": str(tmp_path / "gone")}
    done = subprocess.run([made.root / "scripts" / command], env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"scripts/tools: {tmp_path}/gone/.venv/bin must hold the command handover")
    assert "HANDOVER=/path/to/handover" in done.stderr


def test_nothing_of_this_story_is_in_a_new_project(made):
    texts = [path.read_text() for path in made.root.rglob("*") if path.is_file()]
    assert len(texts) > 15
    for word in ("Iraq", "Asad", "troops", "attack", "coalition", 'enum": ["date'):
        assert not any(word in text for text in texts), word
    named = {one["name"] for one in json.loads((made.data / "datapackage.json").read_text())["resources"]}
    assert named == {"sources", "measurements", "events", "facts", "names", "conflicts", "conflict_rows"}
