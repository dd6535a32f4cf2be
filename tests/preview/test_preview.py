"""A preview from start to end: what it refuses, shows again, survives, and leaves behind, which is nothing."""

import json
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import psutil
import pytest

import handover
from handover import cli

#: Reached only by a hang.
LIMIT_S = 180
SENTENCE = "There were [{row['value']}](#fact-doors) doors."


@pytest.fixture
def refused(mini, monkeypatch, capsys):
    """Call with words: a preview that must not start; gives its exit code and what it said."""
    monkeypatch.chdir(mini.root)

    def call(*words):
        handler = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as left:
                cli.main(["preview", *words])
        finally:
            signal.signal(signal.SIGTERM, handler)
        said = capsys.readouterr()
        assert said.out == ""
        return left.value.code, said.err

    return call


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["mimi"], 1, "mimi: must be a report, a notebook in notebooks/ (known: mini; did you mean 'mini'?)"),
        (["../mini"], 1, "../mini: must be a report"),
        (["mini", "-p", "as_off", "2026-01-31"], 1, "did you mean 'as_of'?"),
        (["mini", "-p", "as_of", "soon"], 1, "notebooks/mini.ipynb"),
        (["mini", "-p", "as_of", "2026-01-31", "-p", "as_of", "2026-01-30"], 2, "set each parameter once"),
        (["mini", "--port", "70000"], 2, "Invalid value for '--port'"),
        ([], 2, "Missing argument 'REPORT'"),
    ],
)
def test_what_cannot_be_shown_is_refused_before_anything_starts(refused, words, code, said):
    before = set(psutil.Process().children())
    assert (refused(*words)[0], said in refused(*words)[1]) == (code, True)
    assert set(psutil.Process().children()) <= before


def test_a_broken_notebook_is_refused_with_its_fault(refused, mini):
    mini.notebook("mini").write_text("{")
    code, said = refused("mini")
    assert code == 1 and "must be JSON" in said


def test_help_teaches(capsys):
    with pytest.raises(SystemExit):
        cli.main(["preview", "--help"])
    said = capsys.readouterr().out
    assert "Examples:" in said and "--port" in said and "Nothing is published." in said


@pytest.mark.kernel
def test_the_browser_is_opened_without_the_token_in_words_that_all_users_read(preview, mini, tmp_path, monkeypatch):
    told, browser = tmp_path / "told", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$*" >{told}.part\nmv {told}.part {told}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    running = preview("--open", "--pdf")
    running.until(lambda _: told.exists())
    given = told.read_text()
    page = mini.root / ".handover" / "preview.html"
    assert given == page.as_uri() and running.token not in given
    assert page.stat().st_mode & 0o777 == 0o600 and f'content="0; url={running.address}"' in page.read_text()
    assert running.address.endswith("/#pdf")


@pytest.mark.kernel
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_preview_even_if_it_interrupts_no_wait(preview, unnoticed, number, code):
    running = preview()
    running.settled(1)
    family = running.family()
    unnoticed(running.process, number)
    assert running.process.wait(LIMIT_S) == code
    gone(family)


@pytest.mark.kernel
def test_a_preview_started_again_has_the_token_that_an_open_browser_knows(preview):
    first = preview()
    first.end()
    assert preview().token == first.token


@pytest.mark.kernel
def test_a_report_is_shown_changed_broken_and_mended(preview, mini, refused):
    running = preview()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[0-9a-f]{48}/", running.address)
    state = running.settled(1)
    assert state["edition"] == "2026-01-31-en-draft" and not state["failed"]
    assert re.fullmatch(r"\d+\.\d s, \d\d:\d\d:\d\d", state["took"])
    assert "There were" in running.get("/report.html")[1] and running.get("/report.pdf")[1].startswith("%PDF")

    # a sentence, as editors save that rename
    running.edit("There were", "One counted")
    assert running.settled(2)["html"] == 2
    assert "One counted" in running.get("/report.html")[1]

    # a row of data, as editors save that write in place
    table = mini.data / "counts.csv"
    table.write_text(table.read_text().replace("doors,3", "doors,31"))
    running.settled(3)
    assert ">31</a>" in running.get("/report.html")[1]

    # outputs that JupyterLab stores change nothing that the report is made from
    nb = json.loads(mini.notebook("mini").read_text())
    nb["cells"][2] |= {"execution_count": 7, "outputs": [{"output_type": "stream", "name": "stdout", "text": ["x"]}]}
    told = len(running.states)
    mini.notebook("mini").write_text(json.dumps(nb))
    running.until(lambda state: len(running.states) > told and not state["at"])
    assert running.states[-1]["html"] == 3
    assert {state["at"][0] for state in running.states[told:] if state["at"]} <= {"read"}

    # a cell that fails leaves the last good report in its place
    good = running.get("/report.html"), running.get("/report.pdf")
    running.edit("row = [row for", "row = 1 / 0 # [row for")
    state = running.until(lambda state: state["failed"])
    assert state["html"] == 3
    assert "notebooks/mini.ipynb: cell 3 raised ZeroDivisionError: division by zero" in state["failed"]
    assert "1 / 0" in state["failed"] and state["failed"] in running.said
    assert (running.get("/report.html"), running.get("/report.pdf")) == good

    # what no longer reads as a notebook is told as well, and so is a notebook that is gone
    whole = mini.notebook("mini").read_text()
    mini.notebook("mini").write_text(whole[:200])
    running.until(lambda state: "must be JSON" in state["failed"])
    mini.notebook("mini").unlink()
    running.until(lambda state: "must be a report" in state["failed"])
    mini.notebook("mini").write_text(whole.replace("1 / 0 # ", ""))
    assert running.settled(4)["failed"] == ""
    assert "31" in running.get("/report.html")[1]

    # a port that is taken, and another preview beside this one
    code, said = refused("mini", "--port", running.host.rpartition(":")[2])
    assert code == 1 and "must be a port that is free" in said
    other = preview("-p", "as_of", "2026-02-10")
    assert other.settled(1)["edition"].startswith("2026-02-10-en-") and other.host != running.host

    # nothing published, nothing left
    for one, number, left in ((running, signal.SIGINT, 130), (other, signal.SIGTERM, 143)):
        family = one.family()
        assert len(family) >= 3
        assert one.end(number) == left
        gone(family)
    assert len(re.findall(r"^mini: \d+\.\d s, \d\d:\d\d:\d\d$", running.said, re.MULTILINE)) == 4
    assert sorted(path.name for path in mini.root.iterdir()) == [
        ".handover", "data", "notebooks", "requirements.lock",
    ]  # fmt: skip
    assert [path.name for path in (mini.root / ".handover").iterdir()] == ["preview-token"]


@pytest.mark.kernel
def test_a_burst_of_saves_renders_the_last_and_a_save_ends_the_render_under_way(preview, mini):
    mini.notebook("mini").write_text(mini.notebook("mini").read_text().replace("import csv", "import csv, time"))
    running = preview()
    running.settled(1)
    text = mini.notebook("mini").read_text()
    for name in "abcdefghijkl":
        if name == "f":
            mini.notebook("mini").write_text("")  # a moment that a reader must not see
        mini.notebook("mini").write_text(text.replace("There were", f"Save {name} told of"))
    running.until(lambda state: state["html"] == state["pdf"] and "Save l told of" in running.get("/report.html")[1])
    assert running.states[-1]["html"] < 12 and not any(state["failed"] for state in running.states)

    # a cell that is busy is given up when a save comes, with its kernel
    family = len(running.family())
    running.edit("table = ", "time.sleep(10**6); table = ")
    running.until(lambda state: state["at"] and state["at"][0] == "execute")
    running.edit("time.sleep(10**6); table = ", "table = ")
    running.edit("Save", "There")
    running.until(lambda state: "There l told of" in running.get("/report.html")[1] and not state["at"])
    # at most the worker, the process that kernels are forked from and its fork have changed places
    end = time.monotonic() + LIMIT_S
    while len(running.family()) > family:
        assert time.monotonic() < end
        time.sleep(0.05)

    # a preview that is killed leaves nothing either, even in the midst of a cell
    running.edit("table = ", "time.sleep(10**6); table = ")
    running.until(lambda state: state["at"] and state["at"][0] == "execute")
    family = running.family()
    running.process.kill()
    running.process.wait()
    gone(family)


@pytest.fixture
def copied(mini, tmp_path):
    """The miniature with a copy of the package that may be edited, and a Python that imports that copy."""
    package = tmp_path / "scripts" / "handover"
    shutil.copytree(Path(handover.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    site = tmp_path / "venv" / "lib" / version / "site-packages"
    (site / "copied.pth").write_text(f"{package.parent}\n{sysconfig.get_path('purelib')}\n")
    (package / "story" / "greeting.py").write_text('"""A greeting."""\n\nTOLD = "hello"\n')
    text = mini.notebook("mini").read_text()
    text = text.replace('"import csv\\n",', '"import csv\\n",\n    "from handover.story.greeting import TOLD\\n",')
    mini.notebook("mini").write_text(text.replace(SENTENCE, SENTENCE + " {TOLD}"))
    return package, tmp_path / "venv" / "bin" / "python"


@pytest.mark.slow
@pytest.mark.kernel
def test_an_edited_package_takes_effect(preview, copied):
    package, python = copied
    running = preview(python=python)
    running.settled(1)
    assert "hello" in running.get("/report.html")[1]
    worker = psutil.Process(running.process.pid).children()[0]
    (forkserver,) = worker.children()

    # what notebooks import
    (package / "story" / "greeting.py").write_text('"""A greeting."""\n\nTOLD = "good morning"\n')
    running.settled(2)
    assert "good morning" in running.get("/report.html")[1]
    assert psutil.Process(running.process.pid).children() == [worker], "what renders had not changed"
    assert worker.children() == [forkserver], "nor had the libraries"

    # what renders, and a template of it
    words = package / "document" / "words.py"
    whole = words.read_text()
    words.write_text("this is no Python\n")
    running.until(lambda state: "This is a bug in handover: SyntaxError" in state["failed"])
    words.write_text(whole)
    assert running.settled(3)["failed"] == ""
    template = package / "pages" / "templates" / "body.html.j2"
    template.write_text(template.read_text() + "\n<!-- edited -->")
    running.settled(4)
    assert "<!-- edited -->" in running.get("/report.html")[1]


def gone(pids):
    """Wait until processes end, within the time that their subreapers take to look."""
    end = time.monotonic() + LIMIT_S
    while left := [pid for pid in pids if alive(pid)]:
        assert time.monotonic() < end, [psutil.Process(pid).cmdline() for pid in left]
        time.sleep(0.05)


def alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
