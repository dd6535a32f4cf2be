"""The command line: exit codes, what goes to which stream, and messages that a person can act on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from handover import cli
from handover.document.reader import OMITTED_MIME
from handover.editions import check as checks
from handover.editions import render
from handover.editions.store import Store
from handover.notebook import execute, forkserver


@pytest.fixture
def run(mini, monkeypatch, command_line):
    """Call with words: run the command line inside the miniature; gives (code, stdout, stderr)."""
    monkeypatch.chdir(mini.notebooks)
    return command_line


# usage


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rendr"], "No such command 'rendr'"),
        (["render", "--timeout", "0"], "Invalid value for '--timeout'"),
        (["render", "--timeout", "nan"], "must be a number of seconds, such as 600 (got nan)"),
        (["render", "--timeout", "inf"], "must be a number of seconds, such as 600 (got inf)"),
        (
            ["render", "-p", "as_of"],
            "-p must be followed by a name and, after a space, a value. Write: -p as_of 2026-01",
        ),
        (["render", "mini", "-p", "as_of=2026-01-31"], "a name and, after a space, a value. Write: -p as_of 2026-01"),
        (
            ["preview", "mini", "-p", "as_of=2026-01-31", "x"],
            "value (got as_of=2026-01-31). Write: -p as_of 2026-01-31",
        ),
        (
            ["render", "--as-of", "2026-01-31"],
            "No such option '--as-of'. A parameter of the report is set otherwise. Write",
        ),
        (
            ["render", "-p", "as_of", "2026-01-31", "-p", "as_of", "2026-01-30"],
            "set each parameter once (twice: as_of)",
        ),
        (["check", "--article", "nowhere.txt"], "does not exist"),
        (["list", "a", "b"], "unexpected extra argument"),
        (["rendr"], "No such command 'rendr'; did you mean 'render'?"),
        (["xyzzy"], "No such command 'xyzzy'"),
    ],
)
def test_wrong_usage_is_exit_code_two(run, words, said):
    code, out, err = run(*words)
    assert code == 2 and said in err and out == ""


@pytest.mark.parametrize("words", [["--help"], ["render", "-h"], ["check", "-h"], ["list", "-h"], ["catalogue", "-h"]])
def test_help_teaches(run, words):
    code, out, _ = run(*words)
    assert code == 0
    assert "Examples:" in out or words[0] == "catalogue"


# errors


def test_an_error_of_ours_is_its_message_and_exit_code_one(run):
    code, out, err = run("render", "mini", "-p", "as_off", "2026-01-31")
    assert code == 1 and out == ""
    assert "notebooks/mini.ipynb" in err and "did you mean 'as_of'?" in err
    assert "Failed: mini. What was published before is as it was." in err
    assert "Traceback" not in err


def test_a_bug_is_called_a_bug_and_debug_shows_where(run, monkeypatch):
    def broken(*arguments, **options):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(render, "render", broken)
    code, _, err = run("render")
    assert code == 1 and err.startswith("This is a bug in handover: ZeroDivisionError: division by zero")
    assert "Traceback" not in err
    code, _, err = run("--debug", "render")
    assert code == 1 and "Traceback" in err and "ZeroDivisionError" in err


def test_ctrl_c_is_one_line_and_130(run, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(render, "render", interrupted)
    code, out, err = run("render")
    assert (code, out, err.strip()) == (130, "", "Interrupted; nothing half made is left.")


def test_ctrl_c_while_the_program_is_loaded_shows_no_traceback(tmp_path):
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import handover.cli"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_one_failing_report_does_not_stop_the_others(run, mini, stand_in):
    text = mini.notebook("mini").read_text()
    mini.notebook("broken").write_text("{")
    mini.notebook("second").write_text(text)
    code, out, err = run("render")
    assert code == 1
    assert [line.split("/")[-3] for line in out.splitlines()] == ["mini", "mini", "second", "second"]
    assert "broken.ipynb: must be JSON" in err and err.rstrip().endswith("is as it was.")
    assert "Failed: broken." in err


# render


def test_paths_go_to_stdout_and_talk_to_stderr(run, mini, stand_in):
    code, out, err = run("render")
    assert code == 0 and err == ""
    html, pdf = out.splitlines()
    assert html.endswith(".html") and pdf.endswith(".pdf") and html.startswith(str(mini.reports))
    code, again, err = run("render", "mini", "mini")
    assert (code, again) == (0, out)
    assert err.startswith("mini: unchanged since 2026-01-31-en-") and err.endswith("nothing rendered\n")
    runs = stand_in.runs
    code, again, err = run("render", "--again")
    assert (code, again, stand_in.runs) == (0, out, runs + 1)
    assert err.startswith("mini: came out the same, byte for byte: 2026-01-31-en-")


def test_a_program_that_ends_lets_go_of_what_kernels_are_forked_from_before_its_last_pages(
    run, mini, stand_in, monkeypatch
):
    mini.notebook("second").write_text(mini.notebook("mini").read_text())
    told = []
    monkeypatch.setattr(forkserver, "dismiss", lambda: told.append(stand_in.runs))
    run("render")
    assert told == [], "the caller of a function may ask for kernels again"
    cli.cli.main(["render", "--again"], obj=True, standalone_mode=False)
    assert told == [stand_in.runs] == [4]


def test_again_is_not_for_a_sweep(run):
    code, _, err = run("render", "--again", "--jobs", "2")
    assert code == 2 and "--again is for one edition of each report; leave it out of a sweep." in err


def leaves_out(stand_in, *told):
    """Let the last cell of a report say what it left out."""
    from nbformat.v4 import new_output

    stand_in.then = lambda nb: nb.cells[-1].outputs.insert(0, new_output("display_data", {OMITTED_MIME: list(told)}))


def lines_of(said):
    """The lines on standard error that tell of what was left out."""
    return [line for line in said.splitlines() if line.startswith("mini: ")]


def test_what_no_parameter_explains_is_told_losses_first_and_no_more_than_a_screen(run, stand_in):
    leaves_out(stand_in, *({"text": f"say “{n}” left out", "lost": n == 14} for n in range(15)))
    code, _, said = run("render", "mini")
    lines = lines_of(said)
    assert code == 0 and lines[:2] == ["mini: cell 4: say “14” left out", "mini: cell 4: say “0” left out"]
    assert lines[12:] == ["mini: 3 more left out or replaced; the preview lists them, and its manifest under 'omitted'"]
    code, out, said = run("render", "mini", "--strict")
    assert (code, out) == (1, "") and "cell 4: say “14” left out\nGive each an alternative" in said


def test_what_the_day_explains_is_counted_and_what_it_does_not_is_told_in_full(run, stand_in):
    early = [{"text": f"say “{n}” left out: x", "lost": n < 5, "expected": True} for n in range(40)]
    leaves_out(stand_in, *early, {"text": "say “Weak” left out: grade D", "lost": False})
    _, _, said = run("render", "mini")
    assert lines_of(said) == [
        "mini: cell 4: say “Weak” left out: grade D",
        "mini: 40 more left out or replaced, as its day and its evidence ask, 5 with nothing in the place; "
        "the preview lists them, and its manifest under 'omitted'",
    ]
    leaves_out(stand_in, *early[3:])
    _, _, said = run("render", "mini", "--again")
    assert lines_of(said)[:3] == [
        "mini: cell 4: say “3” left out: x",
        "mini: cell 4: say “4” left out: x",
        "mini: 35 more left out or replaced, as its day and its evidence ask; the preview lists them",
    ]


@pytest.mark.kernel
def test_a_sweep_tells_of_what_is_left_out_and_refuses_it_if_strict(run, mini):
    path = mini.notebook("mini")
    nb = json.loads(path.read_text())
    early = {"text": "say “Early” left out: y", "lost": True, "expected": True}
    gone = {OMITTED_MIME: [{"text": "say “Gone” left out: x", "lost": True}, early]}
    source = f"display({gone!r}, raw=True)"
    nb["cells"].append({"cell_type": "code", "id": "gone", "metadata": {}, "outputs": [], "source": source})
    nb["cells"][-1]["execution_count"] = None
    path.write_text(json.dumps(nb))
    code, out, said = run("render", "mini", "--strict", "--sweep", "as_of=2026-01-31")
    assert (code, out) == (1, "") and "cell 5: say “Gone” left out: x" in said
    code, _, said = run("render", "mini", "--sweep", "as_of=2026-01-31,2026-02-01")
    assert code == 0 and said.splitlines()[-3:] == [
        "mini as_of=2026-01-31, mini as_of=2026-02-01: warning: cell 5: say “Gone” left out: x",
        "2 leave texts out or replace them, as day and evidence ask; their manifests name them",
        "2 published, 0 unchanged",
    ]


def test_check_names_what_is_wrong_with_facts(run, monkeypatch):
    from handover.story import facts

    monkeypatch.setattr(facts, "check_facts", lambda project: ["T095 and T900 contradict each other"])
    code, out, _ = run("check")
    assert code == 1 and "wrong data: T095 and T900 contradict each other" in out


def test_warnings_of_a_notebook_are_told(run, stand_in, monkeypatch):
    double = stand_in.__call__
    warned = lambda *a, **k: execute.Execution(double(*a, **k).nb, ("cell 3: DeprecationWarning",))  # noqa: E731
    monkeypatch.setattr(execute, "execute", warned)
    code, _, err = run("render")
    assert code == 0 and err == "mini: warning: cell 3: DeprecationWarning\n"


def test_out_takes_a_path_relative_to_where_the_command_runs(run, mini, stand_in):
    code, out, _ = run("render", "--out", "../elsewhere")
    assert code == 0 and out.startswith(str(mini.root / "elsewhere" / "mini"))
    assert not mini.reports.exists()


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("", "--out: must name a place (got '')"),
        ("~/out", "--out: must be written out, since only a shell expands ~ and $ (got ~/out)"),
        ("$OUT", "only a shell expands"),
        ("out\n", "without control characters"),
        ("desk@host:out", "which may mean another machine"),
        ("file://host/out", "must be on this machine (got the host host)"),
        (
            "S3://desk/out",
            "--out: must be a path on this machine (got s3://desk/out).\nWrite a path; `handover publish`",
        ),
    ],
)
@pytest.mark.parametrize("words", [["render"], ["render", "--sweep", "as_of=2026-01-31"], ["bundle", "mini/2026"]])
def test_out_is_read_as_what_it_says_or_refused(run, mini, stand_in, snapshot, words, out, said):
    before = snapshot(mini.root.parent)
    code, printed, err = run(*words, "--out", out)
    assert (code, printed, stand_in.runs) == (1, "", 0) and said in err
    assert snapshot(mini.root.parent) == before


@pytest.mark.parametrize("words", [["render"], ["render", "--sweep", "as_of=2026-01-30,2026-01-31"]])
def test_out_that_holds_other_people_s_pages_is_refused_before_anything_runs(run, mini, stand_in, snapshot, words):
    out = mini.root.parent / "site"
    out.mkdir()
    (out / "feed.xml").write_text("theirs")
    code, printed, err = run(*words, "--out", str(out))
    assert (code, printed, stand_in.runs) == (1, "", 0) and "handover did not write (got feed.xml)" in err
    assert snapshot(out).keys() == {"feed.xml"} and (out / "feed.xml").read_text() == "theirs"


def test_out_may_be_a_file_address(run, mini, stand_in):
    code, out, _ = run("render", "--out", f"file://localhost{mini.root.parent}/two%20words")
    assert code == 0 and out.startswith(f"{mini.root.parent}/two words/mini/")


@pytest.mark.kernel
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_leaves_nothing_behind_and_is_told_by_the_code_even_if_it_interrupts_no_wait(
    mini, unnoticed, number, code
):
    path = mini.notebook("mini")
    path.write_text(
        path.read_text().replace("import csv\\n", "import csv, time; Path = open('started', 'w'); time.sleep(600)\\n")
    )
    command = [sys.executable, "-m", "handover", "render"]
    process = subprocess.Popen(command, cwd=mini.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 300
    while not (mini.notebooks / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    unnoticed(process, number)
    out, err = process.communicate(timeout=300)
    assert process.returncode == code, err
    assert out == b"" and not mini.reports.exists()


@pytest.mark.kernel
def test_frames_of_libraries_are_shown_to_those_who_ask(mini):
    path = mini.notebook("mini")
    path.write_text(path.read_text().replace("import csv\\n", "import csv, json; json.loads('{')\\n"))
    command = [sys.executable, "-m", "handover", "render"]
    plain = subprocess.run(command, cwd=mini.root, capture_output=True, text=True, check=False)
    assert plain.returncode == 1 and "cell 3 raised JSONDecodeError" in plain.stderr
    assert "json/decoder.py" not in plain.stderr and "Traceback" not in plain.stderr
    command.insert(3, "--debug")
    asked = subprocess.run(command, cwd=mini.root, capture_output=True, text=True, check=False)
    assert asked.returncode == 1 and "json/decoder.py" in asked.stderr


# check


def test_a_project_in_order_passes(run, stand_in):
    run("render")
    code, out, _ = run("check")
    assert code == 0, out
    assert [line.split()[0] for line in out.splitlines()] == ["ok"] * 5
    assert "mini: 1 editions match their manifests" in out and ": current" in out


def test_a_fault_of_a_table_is_told_once_and_counted_once(run, mini):
    path = mini.data / "counts.csv"
    path.write_text(path.read_text().replace("doors,3", "doors, and windows,3"))
    code, out, err = run("check")
    wrong = [line for line in out.splitlines() if line.startswith("wrong")]
    assert code == 1 and err.startswith("1 wrong.")
    assert wrong == [
        "wrong data/counts.csv: line 2, what: a cell with a comma must stand in quotes (got 'doors, and windows'). "
        'Write "doors, and windows".'
    ]
    assert "note  data: to be validated with Frictionless too, once these are mended" in out


def test_what_frictionless_alone_refuses_is_wrong(run, mini):
    path = mini.root / "data" / "datapackage.json"
    path.write_text(path.read_text().replace('"name": "mini"', '"name": "Mini, of course"'))
    code, out, _ = run("check")
    assert code == 1 and "wrong data: data/datapackage.json: " in out


@pytest.mark.parametrize("words", [["render"], ["render", "--sweep", "as_of=2026-01-30"]])
def test_a_fault_of_the_data_is_told_before_a_kernel_starts(run, mini, stand_in, words):
    path = mini.data / "counts.csv"
    path.write_text(path.read_text().replace("2026-02-01", "01.02.2026"))
    code, out, err = run(*words)
    assert (code, out, stand_in.runs) == (1, "", 0)
    assert "data/counts.csv: line 3, day: must be a date like 2026-01-31 (got '01.02.2026')." in err
    assert "Write 2026-02-01." in err


def unclean(nb):
    nb["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["x"]}]
    nb["cells"][3]["execution_count"] = 4
    nb["cells"][0]["metadata"]["editable"] = True
    nb["metadata"]["widgets"] = {}
    nb["metadata"]["language_info"]["version"] = "3.11"


def test_an_unclean_notebook_is_told_and_cleaned(run, mini):
    path = mini.notebook("mini")
    clean = path.read_bytes()
    nb = json.loads(clean)
    unclean(nb)
    path.write_text(json.dumps(nb))
    code, out, _ = run("check")
    assert code == 1
    for said in (
        "outputs in cell 3",
        "execution counts in cell 4",
        "editor metadata in cell 1",
        "metadata: language_info.version, widgets",
        "run: handover check --fix",
    ):
        assert said in out
    code, out, _ = run("check", "--fix")
    assert code == 0 and "notebooks/mini.ipynb: cleaned" in out
    assert path.read_bytes() == clean


def test_other_spacing_is_unclean_too(mini):
    path = mini.notebook("mini")
    nb = json.loads(path.read_text())
    path.write_text(json.dumps(nb))
    assert checks.unclean(path, nb)[0].startswith("not written as nbformat writes it")


def test_a_badly_declared_parameter_is_wrong(run, mini):
    path = mini.notebook("mini")
    path.write_text(path.read_text().replace("  # language of the text", ""))
    code, out, _ = run("check")
    assert code == 1 and "wrong notebooks/mini.ipynb: the parameters cell" in out


def test_spoilt_editions_strays_and_a_stale_catalogue_are_wrong(run, mini, stand_in):
    run("render")
    edition = Store.of(mini).editions()[0]
    edition.file(".pdf").write_bytes(b"x")
    (mini.reports / "mini" / "notes.txt").write_text("x")
    (mini.reports / "feed.xml").unlink()
    code, out, err = run("check")
    assert code == 1 and "3 wrong." in err
    assert f"wrong reports/mini/{edition.name}/mini_{edition.name}.pdf: no longer matches its manifest" in out
    assert "wrong reports/mini/notes.txt: is no edition; remove it" in out
    assert "wrong reports/feed.xml: is not what the manifests say; run: handover catalogue" in out
    code, _, err = run("catalogue")
    assert code == 0 and err == (
        "links of the feed are relative, which some readers cannot follow, and its ids rest on the title alone, which "
        "another desk may have too: set tool.handover.url in pyproject.toml\n"
    )
    (mini.root / "pyproject.toml").write_text('[tool.handover]\nurl = "https://desk.example"\n')
    assert run("catalogue")[2] == ""
    assert (mini.reports / "feed.xml").is_file()


def test_an_edition_made_from_other_inputs_says_which_and_what_to_run(run, mini, stand_in):
    run("render")
    path = mini.data / "counts.csv"
    path.write_text(path.read_text() + "C3,2026-03-01,doors,5\n")
    code, out, _ = run("check")
    assert code == 0
    assert "note  mini 2026-01-31-en-" in out
    assert "made from other inputs: data/counts.csv; run: handover render mini -p as_of 2026-01-31" in out


def test_an_edition_that_came_out_the_same_from_other_inputs_is_current(run, mini, stand_in):
    """What the note says to run must put it right."""
    run("render")
    lock = mini.root / "requirements.lock"
    lock.write_text((lock.read_text() if lock.exists() else "") + "# pinned anew\n")
    assert "made from other inputs: requirements.lock; run: handover render mini -p as_of" in run("check")[1]
    assert "came out the same, byte for byte" in run("render", "mini", "-p", "as_of", "2026-01-31")[2]
    out = run("check")[1]
    assert "current; rendered from what is here now, it came out the same" in out and "other inputs" not in out


def test_the_article_is_checked_when_it_is_given(run, mini, monkeypatch):
    from handover.errors import DataError
    from handover.story import data

    file = mini.root / "article.txt"
    file.write_text("One sentence.")
    monkeypatch.setattr(data, "check_article", lambda project, path: f"all of {path.name}")
    assert "ok    article: all of article.txt" in run("check", "--article", str(file))[1]

    def wrong(project, path):
        raise DataError("1 locator does not fit")

    monkeypatch.setattr(data, "check_article", wrong)
    code, out, _ = run("check", "--article", str(file))
    assert code == 1 and "wrong article: 1 locator does not fit" in out


# list


def test_editions_are_listed_newest_first(run, stand_in):
    for day in ("2026-01-30", "2026-02-01", "2026-01-31"):
        run("render", "-p", "as_of", day)
    code, out, _ = run("list")
    assert code == 0
    assert [line.split()[1][:10] for line in out.splitlines()] == ["2026-02-01", "2026-01-31", "2026-01-30"]
    rows = json.loads(run("list", "mini", "--json")[1])
    assert rows[0]["parameters"]["as_of"] == "2026-02-01" and rows[0]["path"].startswith("reports/mini/")


def test_nothing_to_list_is_no_error(run):
    assert run("list") == (0, "", "")
    assert run("list", "--json")[1] == "[]\n"


def test_a_parameter_given_in_the_place_of_a_report_is_told_how_it_is_set(run):
    code, _, err = run("render", "as_of=2026-01-31")
    assert (
        code == 1 and "as_of=2026-01-31: must be a report" in err and "Set a parameter as -p as_of 2026-01-31." in err
    )


def test_a_file_in_the_place_of_the_folder_to_publish_in_is_told(run, mini, stand_in):
    (mini.root / "page.html").write_text("mine", "utf-8")
    code, _, err = run("render", "--out", str(mini.root / "page.html"))
    assert code == 1 and "A file stands where a folder must be: move it away" in err


def test_an_unknown_report_is_told_with_the_near_one(run):
    code, _, err = run("list", "minni")
    assert code == 1 and "did you mean 'mini'?" in err


def test_a_report_that_is_named_by_its_file_is_told_its_name(run):
    code, _, err = run("render", "notebooks/mini.ipynb")
    assert code == 1 and "(known: mini; did you mean 'mini'?).\nRun `handover list` to see them." in err


def test_a_catalogue_that_names_other_editions_is_not_believed(run, mini, stand_in):
    run("render")
    kept = (mini.reports / "catalogue.json").read_bytes()
    run("render", "-p", "as_of", "2026-02-01")
    newest_first = run("list")[1]
    assert len(newest_first.splitlines()) == 2
    for content in (kept, b"{", b"[]", b'{"reports": [{}]}'):
        (mini.reports / "catalogue.json").write_bytes(content)
        assert run("list") == (0, newest_first, "")


def test_a_torn_manifest_is_told_and_the_rest_is_listed(run, mini, stand_in):
    run("render")
    run("render", "-p", "as_of", "2026-02-01")
    (mini.reports / "catalogue.json").unlink()
    torn = Store.of(mini).editions()[0]
    (torn.folder / "manifest.json").write_text("{")
    code, out, err = run("list")
    assert code == 1 and "2026-02-01-en" in out and torn.name in err


def test_a_closed_pipe_is_no_bug(mini):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "handover", "render", "--help"]
    done = subprocess.run(command, cwd=mini.root, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert "bug" not in done.stderr and "Traceback" not in done.stderr


def bare(words, cwd, **environment):
    """Run the command in a process of its own."""
    command = [sys.executable, "-c", "from handover.cli import main; main()", *words]
    return subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True)


def test_a_module_that_pythonpath_offers_does_not_stand_in_for_a_pinned_one(mini, tmp_path):
    canary = tmp_path / "canary"
    shadows = tmp_path / "shadows"
    shadows.mkdir()
    for name in ("secrets", "lxml", "nbformat"):
        (shadows / f"{name}.py").write_text(f"open({str(canary)!r}, 'w').close()\nraise SystemExit(9)\n")
    done = bare(["verify", "notebooks"], mini.root, PYTHONPATH=str(shadows))
    assert done.returncode == 1 and b"folder without editions" in done.stderr
    assert not canary.exists()


def test_a_terminal_that_is_not_utf8_is_told_all_the_same(mini):
    (mini.root / "no … one.pdf").write_text("x")
    done = bare(["verify", "--hashes", "no … one.pdf"], mini.root, PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout == b"differs: no \\u2026 one.pdf (is no PDF)\n"


LATE = """
import atexit, sys, threading, time
from handover import cli
def late():
    atexit.register(lambda: sys.stdout.write("at the end, "))
    threading.Thread(target=lambda: (time.sleep(0.2), sys.stdout.write("a thread, "))).start()
cli._escape_unencodable = late  # main calls it early
cli.main()
"""


def test_a_quick_end_leaves_out_nothing_that_others_have_to_do(mini):
    done = subprocess.run([sys.executable, "-c", LATE, "list", "--nope"], cwd=mini.root, capture_output=True, text=True)
    assert done.stdout == "a thread, at the end, "
    assert done.returncode == 2 and "No such option" in done.stderr


def test_what_cannot_be_written_at_the_end_is_no_success(mini):
    script = "import sys; from handover import cli\nsys.stdout.write('x')\ncli.main()"
    command = [sys.executable, "-c", script, "list"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=mini.root, env=environment, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 120 and b"No space left on device" in done.stderr


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_signal_while_it_cleans_up_at_its_end_changes_nothing(number):
    code = f"""
import atexit, os, signal
from handover import cli
from handover.cli import on_terminate

def command(*_, **__):
    on_terminate()
    atexit.register(lambda: print("cleaned up"))
    atexit.register(os.kill, os.getpid(), signal.{number})
    return 0

cli.cli.main = command
cli.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "cleaned up\n", "")


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_while_python_tidies_up_is_heard(number, code):
    """What a handler raises in a finalizer is ignored; the work after it would go on to its end."""
    program = f"""
import signal, sys, time
from handover import cli

class Tidied:
    def __del__(self):
        signal.raise_signal(signal.{number})

def command(*_, **__):
    cli.on_terminate()
    Tidied()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        time.sleep(0.01)

cli.cli.main = command
cli.main()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    said = "\nInterrupted; nothing half made is left.\n" if number == "SIGINT" else ""
    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)


def test_another_fault_in_a_finalizer_is_shown_as_ever():
    program = """
from handover import cli
class Broken:
    def __del__(self):
        raise ValueError("torn")
cli.cli.main = lambda *_, **__: Broken() and None
cli.main()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "ValueError: torn" in done.stderr


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_second_signal_changes_nothing_of_what_the_first_one_led_to(number):
    code = f"""
import os, signal
from handover import cli

def command(*_, **__):
    cli.on_terminate()
    signal.raise_signal(signal.SIGINT)

def say(text, said=cli.say):
    signal.raise_signal(signal.{number})
    said(text)

cli.cli.main, cli.say = command, say
cli.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "\nInterrupted; nothing half made is left.\n")


def test_where_there_is_nothing_to_look_at_nothing_is_called_good(tmp_path, monkeypatch, capsys):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "datapackage.json").write_text('{"name": "x", "resources": []}')
    monkeypatch.chdir(tmp_path)
    said = {}
    for words in (["check"], ["schedule", "health"], ["verify", "."]):
        with pytest.raises(SystemExit) as left:
            cli.main(words)
        said[words[0]] = left.value.code, *capsys.readouterr()
    assert said["check"][:2] == (
        0,
        "note  data: data/datapackage.json names no table; nothing was looked at\n"
        "note  notebooks: holds no notebook; nothing was looked at\n"
        "note  reports: holds no edition; nothing was looked at\n",
    )
    assert (
        said["schedule"][0] == 1 and "must have an entry of the schedule for health to look at" in said["schedule"][2]
    )
    assert said["verify"][0] == 1 and "(got a folder without editions)" in said["verify"][2]


def test_a_torn_manifest_that_a_render_meets_is_told_and_stops_nothing(run, mini, stand_in):
    assert run("render", "mini")[0] == run("render", "mini", "-p", "as_of", "2026-02-01")[0] == 0
    torn = Store.of(mini).editions()[0]
    (torn.folder / "manifest.json").write_text("{")
    code, out, err = run("render", "mini", "-p", "as_of", "2026-02-02")
    assert code == 0 and "2026-02-02-en" in out
    assert f"mini: warning: {torn.folder}/manifest.json: must be a whole manifest (got " in err
