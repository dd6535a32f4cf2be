"""Verifying: what is altered is named in words of the report, what is hostile does nothing."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
import zipfile
from pathlib import Path

import forgery
import pikepdf
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from handover import digest
from handover.editions import Request, inputs, manifest, render
from handover.errors import VerifyError
from handover.verify import DIFFERS, ELSEWHERE, UNJUDGED, VERIFIED, contents
from handover.verify.record import record_of_pdf

CANARY = "import pathlib; _ = pathlib.Path({!r}).write_text('ran')"


def only(answers):
    assert len(answers) == 1
    return answers[0]


def told(one):
    """Everything that an answer says, on one line."""
    parts = [text for difference in one["differences"] for text in difference.values() if text]
    return " | ".join([one["why"], *parts, *one["details"]])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda pdf: b"", "is no PDF"),
        (lambda pdf: b"<html>" * 100, "is no PDF"),
        (lambda pdf: pdf[: len(pdf) // 2], "cannot be read"),
        (lambda pdf: b"%PDF-1.7\n" + b"[" * 200_000, "cannot be read"),
        (lambda pdf: forgery.with_attachments(pdf, {"edition.json": None}), "carries no edition.json"),
        (lambda pdf: forgery.with_attachments(pdf, {"../../escape": b"x"}), "escape: is not named in edition.json"),
        (lambda pdf: forgery.with_attachments(pdf, {"counts.csv": None}), "counts.csv: is missing"),
        (lambda pdf: forgery.encrypted(pdf), "is encrypted"),
        (lambda pdf: forgery.encrypted(pdf, user="secret"), "is encrypted"),
        (lambda pdf: forgery.acting(pdf, "/JavaScript", JS="app.alert(1)"), "holds JavaScript"),
        (lambda pdf: forgery.acting(pdf, "/Launch", F="/bin/sh"), "holds an action"),
        (lambda pdf: forgery.acting(pdf, "/URI", URI="javascript:1"), "holds a link of a foreign scheme"),
        (lambda pdf: pdf + b"\n% more\n", "the file is written otherwise"),
    ],
)
def test_a_pdf_that_no_press_made_differs(edition, verify, tmp_path, damage, said):
    path = edition.apart(tmp_path / "mail", damage(edition.pdf.read_bytes()))
    code, answers = verify(edition.project, path)
    assert (code, only(answers)["answer"]) == (1, DIFFERS)
    assert said in told(only(answers))
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name]


def test_a_bomb_takes_neither_the_memory_nor_the_time_of_the_machine(edition, verify, tmp_path):
    path = edition.apart(tmp_path / "mail", forgery.bomb(edition.pdf.read_bytes()))
    code, answers = verify(edition.project, path)
    assert code == 1 and "cannot be read" in told(only(answers))


RECORDS = [
    (b"", "handover writes it: Expecting value"),
    (b"[" * 100_000, "nested without end"),
    (b"[]", "must be an object (got a list of 0)"),
    ({"report": 7}, "report must be text (got 7)"),
    ({"report": "../../etc"}, "report must be the name of a report"),
    ({"parameters": ["as_of"]}, "parameters must be an object"),
    ({"notebook": {"attachment": "mini.ipynb", "sha256": "short"}}, "notebook.sha256 must be a SHA-256"),
    ({"data": {"data/../../x.csv": {"attachment": "counts.csv", "sha256": "0" * 64}}}, "must be a table in data/"),
    ({"data": {"/etc/passwd": {"attachment": "counts.csv", "sha256": "0" * 64}}}, "must be a table in data/"),
    ({"data": {"/tmp/x.png": {"attachment": "counts.csv", "sha256": "0" * 64}}}, "must be a table in data/"),
    ({"data": {"../x.png": {"attachment": "counts.csv", "sha256": "0" * 64}}}, "must be a table in data/"),
    ({"data": {"notebooks/x.py": {"attachment": "counts.csv", "sha256": "0" * 64}}}, "must be a table in data/"),
    ({"versions": {"typst": "0.14; rm"}}, "versions.typst must be a version"),
    ({"extra": "approved by everyone"}, "must be report, as_of, parameters, notebook, data, versions and nothing else"),
    ({"notebook": {"attachment": "x", "sha256": "0" * 64, "by": "all"}}, "must be attachment, sha256 and nothing else"),
]


@pytest.mark.parametrize(("change", "said"), RECORDS)
def test_a_record_of_another_form_differs(edition, verify, tmp_path, change, said):
    pdf = edition.pdf.read_bytes()
    data = change if isinstance(change, bytes) else json.dumps(forgery.record(pdf) | change).encode()
    code, answers = verify(
        edition.project, edition.apart(tmp_path, forgery.with_attachments(pdf, {"edition.json": data}))
    )
    assert (code, only(answers)["answer"]) == (1, DIFFERS)
    assert said in told(only(answers))


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"as_of": "2026-01-31; import os", "language": "en", "evidence": "record"}, "must be a date"),
        ({"as_of": "2026-01-31", "language": "en", "evidence": "record", "x=1;import os#": 1}, "is unknown"),
        ({"as_of": "2026-01-31", "language": "en", "evidence": {"$": 1}}, "evidence"),
        ({"as_of": "2026-01-31", "language": "en"}, "parameters.evidence"),
    ],
)
def test_parameters_are_held_to_the_notebook_s_contract(edition, verify, tmp_path, parameters, said):
    pdf = edition.pdf.read_bytes()
    about = json.dumps(forgery.record(pdf) | {"parameters": parameters}).encode()
    code, answers = verify(
        edition.project, edition.apart(tmp_path, forgery.with_attachments(pdf, {"edition.json": about}))
    )
    assert code == 1 and said in told(only(answers))


def test_a_changed_digit_differs_and_its_fact_is_named(edition, verify, tmp_path):
    pdf, new = forgery.with_digit(edition.pdf.read_bytes(), 0, "3", after="There were ")
    code, answers = verify(edition.project, edition.apart(tmp_path / "mail", pdf))
    difference = only(only(answers)["differences"])
    assert (code, only(answers)["answer"]) == (1, DIFFERS)
    assert difference["place"].startswith("the PDF, page 1") and difference["fact"] == "Doors"
    assert f"There were {new} doors" in difference["found"] and "There were 3 doors" in difference["given"]


def test_a_changed_table_differs_and_its_cell_is_named(edition, verify, tmp_path):
    table = (edition.project.data / "counts.csv").read_bytes().replace(b"doors,3", b"doors,9")
    pdf = forgery.with_attachments(edition.pdf.read_bytes(), {"counts.csv": table})
    code, answers = verify(edition.project, edition.apart(tmp_path, pdf))
    assert code == 1
    difference = only(only(answers)["differences"])
    assert difference["place"] == "attachment counts.csv, row 2 (C1), column value"
    assert (difference["found"], difference["given"]) == ("9", "3")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda pdf: pdf.docinfo.__setitem__("/Title", "Windows"), "the document, its Title"),
        (lambda pdf: pdf.pages.append(pdf.pages[0]), "is no part of the edition"),
        (lambda pdf: pdf.pages.__delitem__(0), "page 1"),
        (lambda pdf: setattr(pdf.Root, "Lang", "fr"), "the document, the language"),
        (lambda pdf: setattr(pdf.Root.StructTreeRoot.K[0].K[0], "T", "Windows"), "the document, a heading"),
    ],
)
def test_what_is_not_text_is_named_too(edition, verify, tmp_path, change, said):
    with forgery.open_(edition.pdf.read_bytes()) as opened:
        change(opened)
        pdf = forgery.saved(opened)
    code, answers = verify(edition.project, edition.apart(tmp_path, pdf))
    assert code == 1 and said in told(only(answers))


@pytest.mark.parametrize(
    ("suffix", "old", "new", "said"),
    [
        (".html", "doors.</p>", "windows.</p>", "under “Doors in miniature”"),
        (".html", ">3</a>", ">8</a>", "Doors"),
        (".html", "<main", "<main hidden", "not seen"),
        (".ipynb", "How many doors there were.", "How many.", "cell 1, its source"),
        (".ipynb", '"execution_count": 2', '"execution_count": 7', "execution_count"),
    ],
)
def test_a_changed_file_of_an_edition_is_named(edition, verify, suffix, old, new, said):
    path = next(edition.folder.glob(f"*{suffix}"))
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    code, answers = verify(edition.project, edition.folder)
    assert (code, only(answers)["answer"]) == (1, DIFFERS)
    assert "no longer matches its manifest" in told(only(answers)) and said in told(only(answers))


def test_a_manifest_that_was_made_to_fit_is_found_out_by_the_second_render(edition, verify):
    path = edition.folder / "manifest.json"
    page = edition.html
    page.write_text(page.read_text().replace("doors.</p>", "windows.</p>"))
    held = manifest.load(path)
    held["outputs"][page.name] |= {"sha256": digest.of_file(page), "bytes": page.stat().st_size}
    held["facts"]["doors"]["value"] = "30"
    path.write_bytes(manifest.dumps(held))
    assert verify(edition.project, "--hashes", edition.folder)[0] == 0
    code, answers = verify(edition.project, edition.folder)
    assert code == 1
    assert "windows" in told(only(answers)) and "manifest.json, facts.doors.value" in told(only(answers))


def test_a_torn_manifest_and_an_extra_file_differ(edition, verify):
    (edition.folder / "more.txt").write_text("x")
    assert "more.txt: is in no manifest" in told(only(verify(edition.project, edition.folder)[1]))
    (edition.folder / "manifest.json").write_text("{")
    code, answers = verify(edition.project, edition.folder)
    assert code == 1 and "must be a whole manifest" in told(only(answers))


def test_code_that_is_not_this_checkout_s_is_not_run(edition, verify, tmp_path):
    """As in "What must show": the hostile PDF agrees with itself in every hash."""
    canary = tmp_path / "canary"
    pdf = forgery.with_code(edition.pdf.read_bytes(), CANARY.format(str(canary)))
    path = edition.apart(tmp_path / "mail", pdf)
    code, answers = verify(edition.project, path)
    assert (code, only(answers)["answer"]) == (3, ELSEWHERE)
    assert not canary.exists()
    assert "its notebook is not this checkout's" in told(only(answers))
    assert "cell 1" in told(only(answers)) and "was not run; --trust runs it" in told(only(answers))
    code, answers = verify(edition.project, "--trust", path)
    assert canary.exists() and code != 0, "the same code runs when it is trusted, and the pages do not come of it"


def test_trusted_code_that_made_the_pdf_verifies_it(edition, verify, tmp_path):
    notebook = edition.project.notebook("mini")
    mine = notebook.read_text()
    notebook.write_text(mine.replace("How many doors there were.", "Doors, counted."))
    other = render.produce(Request.of(edition.project, "mini", {}))
    notebook.write_text(mine)
    path = edition.apart(tmp_path / "mail", next(data for name, data in other.files.items() if name.endswith(".pdf")))
    code, answers = verify(edition.project, path)
    assert code == 3
    code, answers = verify(edition.project, "--trust", path)
    assert code == 0 and "by the notebook and tables that came with it" in told(only(answers))


def test_a_picture_of_the_report_travels_with_it(mini, stand_in, verify, tmp_path):
    plan = mini.notebooks / "plan.png"
    Image.new("RGB", (40, 20)).save(plan)
    notebook = mini.notebook("mini")
    notebook.write_text(notebook.read_text().replace("How many doors there were.", "How many. ![plan](plan.png)"))
    pdf = render.render(mini, "mini").edition.pages[1]
    alone = tmp_path / "from a mail.pdf"
    alone.write_bytes(pdf.read_bytes())
    assert only(verify(mini, alone)[1])["answer"] == VERIFIED
    Image.new("RGB", (41, 20)).save(plan)
    assert "notebooks/plan.png" in told(only(verify(mini, alone)[1]))
    assert only(verify(mini, alone, "--trust")[1])["answer"] == VERIFIED


def test_other_inputs_with_other_bytes_cannot_be_rebuilt_and_are_named(edition, verify, tmp_path):
    path = edition.apart(tmp_path / "mail")
    table = edition.project.data / "counts.csv"
    table.write_text(table.read_text().replace("doors,3", "doors,5"))
    for subject in (path, edition.folder):
        code, answers = verify(edition.project, subject)
        assert (code, only(answers)["answer"]) == (3, ELSEWHERE)
        assert "data/counts.csv" in told(only(answers)) and "column value" in told(only(answers))


def test_an_edition_of_other_code_that_comes_out_the_same_is_verified(edition, verify, tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "_package", lambda: "0" * 64)
    code, answers = verify(edition.project, edition.folder)
    assert code == 0 and "the same bytes, although it names other inputs: package" in told(only(answers))
    code, answers = verify(edition.project, edition.apart(tmp_path / "mail"))
    assert (code, only(answers)["why"]) == (0, "")


def test_a_difference_that_other_tools_may_explain_is_left_open(edition, verify, tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "versions", lambda: {**edition_versions(edition), "typst": "9.9"})
    pdf, _ = forgery.with_digit(edition.pdf.read_bytes(), 0, "3", after="There were ")
    code, answers = verify(edition.project, edition.apart(tmp_path, pdf))
    assert code == 3 and "typst" in told(only(answers)) and "remove .venv, run scripts/setup" in told(only(answers))


def edition_versions(edition):
    return json.loads((edition.folder / "manifest.json").read_text())["versions"]


def test_a_report_that_is_not_here_cannot_be_rebuilt(edition, verify, tmp_path):
    path = edition.apart(tmp_path / "mail")
    edition.project.notebook("mini").rename(edition.project.notebooks / "other.ipynb")
    code, answers = verify(edition.project, path)
    assert code == 3 and "there is no report mini here" in told(only(answers))


def test_a_page_by_itself_is_judged_by_its_edition(edition, verify, tmp_path):
    page = tmp_path / edition.html.name
    shutil.copy(edition.html, page)
    assert verify(edition.project, page)[0] == 0
    page.write_text(page.read_text().replace("doors.</p>", "windows.</p>"))
    code, answers = verify(edition.project, page)
    assert code == 1 and "windows" in told(only(answers))
    code, answers = verify(edition.project, shutil.copy(page, tmp_path / "page.html"))
    assert code == 3 and "verify the PDF" in told(only(answers))


def test_what_is_whole_is_verified_wherever_it_lies(edition, verify, tmp_path):
    copy = shutil.copytree(edition.folder, tmp_path / "Downloads" / "this one")
    for subject in (edition.folder, edition.pdf, edition.html, copy, edition.apart(tmp_path / "mail")):
        code, answers = verify(edition.project, subject)
        assert (code, only(answers)["answer"]) == (0, VERIFIED), told(only(answers))
    code, answers = verify(edition.project, "--hashes", edition.apart(tmp_path / "mail"))
    assert code == 0 and "nothing was rendered" in told(only(answers))


def test_a_store_answers_for_each_edition_and_its_catalogue(edition, verify, stand_in):
    render.render(edition.project, "mini", {"as_of": "2026-02-01"})
    reports = edition.project.reports
    runs = stand_in.runs
    code, answers = verify(edition.project, reports)
    assert (code, len(answers), stand_in.runs) == (0, 3, runs + 2)
    assert "catalogue" in told(answers[-1])
    assert len(verify(edition.project, "--hashes", reports / "mini")[1]) == 2 and stand_in.runs == runs + 2
    (reports / "index.html").write_text("x")
    (reports / "mini" / "stray").mkdir()
    code, answers = verify(edition.project, reports)
    assert code == 1 and "stray: is no edition" in told(answers[-1]) and "index.html: is not" in told(answers[-1])


def test_a_folder_without_editions_and_a_path_that_is_not_there_are_refused(edition, verify, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "mini" / "data", tmp_path / "empty"):
        with pytest.raises(
            VerifyError, match=r"must be an edition, a folder of editions or a PDF(.|\n)*Nothing was ver"
        ):
            verify(edition.project, folder)
    assert verify(edition.project, tmp_path / "none.pdf")[0] == 2


def test_an_edition_whose_manifest_is_gone_and_what_lies_beside_editions_differ(edition, verify):
    (edition.folder.parent / "2026-01-31-en-copy").mkdir()
    code, answers = verify(edition.project, "--hashes", edition.folder.parent)
    assert code == 1 and [one["answer"] for one in answers] == [VERIFIED, DIFFERS]
    assert answers[1]["details"] == ["2026-01-31-en-copy: is no edition"]
    (edition.folder / "manifest.json").unlink()
    for words in (("--hashes", edition.folder), (edition.folder,), (edition.folder.parent,)):
        code, answers = verify(edition.project, *words)
        assert code == 1 and "manifest.json: must be a whole manifest (got No such file" in told(answers[0])


# green means looked at


def test_a_pdf_whose_hashes_are_its_own_is_not_judged_by_them_and_what_would_is_said(edition, verify, tmp_path):
    pdf = forgery.with_code(edition.pdf.read_bytes(), "1 + 1")
    code, answers = verify(edition.project, "--hashes", edition.apart(tmp_path / "mail", pdf))
    assert (code, only(answers)["answer"]) == (3, UNJUDGED)
    assert only(answers)["why"] == "all hashes come from the PDF itself"
    assert "verify it without --hashes, or where a manifest names it" in told(only(answers))


def test_a_pdf_is_verified_by_its_hash_where_a_manifest_of_the_project_names_it(edition, verify, tmp_path):
    path = edition.apart(tmp_path / "mail")
    code, answers = verify(edition.project, "--hashes", path)
    assert (code, only(answers)["answer"]) == (0, VERIFIED)
    assert only(answers)["why"] == f"hashes only; nothing was rendered: it is the PDF of mini/{edition.folder.name}"
    (edition.folder / "manifest.json").write_text("{")
    code, answers = verify(edition.project, "--hashes", path)
    assert (code, only(answers)["answer"]) == (3, UNJUDGED)
    assert "manifest.json: must be a whole manifest" in only(answers)["details"][0]


def test_a_pdf_by_the_name_of_an_edition_here_with_other_bytes_differs_by_its_hash(edition, verify, tmp_path):
    (tmp_path / "mail").mkdir()
    path = tmp_path / "mail" / edition.pdf.name
    path.write_bytes(forgery.with_code(edition.pdf.read_bytes(), "1 + 1"))
    code, answers = verify(edition.project, "--hashes", path)
    assert (code, only(answers)["answer"]) == (1, DIFFERS) and "says otherwise" in only(answers)["why"]


def test_an_archive_that_is_no_bundle_is_not_judged(edition, verify, tmp_path):
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("edition.pdf", edition.pdf.read_bytes())
    code, answers = verify(edition.project, path)
    assert (code, only(answers)["answer"]) == (3, UNJUDGED)
    assert only(answers)["why"] == "it is an archive, and no bundle: take the PDF out and verify that"


# bounded

LIMITED = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from handover.cli import main
main(sys.argv[1:])
"""


def limited(project, *words):
    """The command in a process that has one gigabyte of memory."""
    command = [sys.executable, "-c", LIMITED, *map(str, words)]
    return subprocess.run(command, cwd=project.root, capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize("suffix", [".pdf", ".html", ".ipynb", ".zip"])
def test_a_file_larger_than_any_of_ours_is_not_read(edition, tmp_path, suffix):
    path = tmp_path / edition.pdf.with_suffix(suffix).name
    with path.open("wb") as file:
        file.truncate(6_000_000_000)
    done = limited(edition.project, "verify", path)
    assert done.returncode == 1, done.stderr
    said = "it cannot be read: 6,000,000,000 bytes, too large to be one of ours; 100,000,000 at most"
    assert f"differs: {path} ({said})" in done.stdout and done.stderr == ""


@pytest.mark.parametrize(
    ("command", "files"), [(("verify",), "*.pdf"), (("verify", "--hashes"), "*"), (("bundle",), "*.html")]
)
def test_a_file_of_an_edition_that_was_blown_up_is_not_read(edition, command, files):
    for path in sorted(edition.folder.glob(files)):
        data = path.read_bytes()
        os.truncate(path, 6_000_000_000)
        done = limited(edition.project, *command, edition.folder)
        assert done.returncode == 1 and f"{path.name}: must be a " in done.stdout + done.stderr
        assert "6,000,000,000 bytes, too large to be one of ours" in done.stdout + done.stderr
        path.write_bytes(data)


def test_a_pipe_is_not_waited_for(edition, verify, tmp_path):
    os.mkfifo(tmp_path / "mail.pdf")
    code, answers = verify(edition.project, tmp_path / "mail.pdf")
    assert (code, only(answers)["answer"]) == (3, UNJUDGED) and "no regular file" in only(answers)["why"]


@pytest.mark.parametrize(("count", "lines"), [(900, 22), (10_000, 1)])
def test_many_attachments_are_a_few_lines(edition, tmp_path, count, lines):
    pdf = forgery.with_many_attachments(edition.pdf.read_bytes(), count)
    done = limited(edition.project, "verify", edition.apart(tmp_path, pdf))
    assert done.returncode == 1 and len(done.stdout.splitlines()) == lines
    said = {900: "… and 880 more", 10_000: "(carries 10,004 files; 1,000 at most are an edition's)"}
    assert said[count] in done.stdout
    done = limited(edition.project, "verify", "--json", tmp_path / "from a mail.pdf")
    assert len(done.stdout) < 20_000 and json.loads(done.stdout)[0]["answer"] == DIFFERS


def test_an_attachment_that_unpacks_to_more_than_any_edition_holds_is_refused(edition, tmp_path):
    pdf = forgery.with_attachments(edition.pdf.read_bytes(), {"counts.csv": bytes(120_000_000)})
    done = limited(edition.project, "verify", edition.apart(tmp_path, pdf))
    assert done.returncode == 1 and "holds more than any edition once it is unpacked" in done.stdout


def test_nothing_of_an_answer_moves_the_terminal(edition, verify, tmp_path):
    pdf = forgery.with_attachments(edition.pdf.read_bytes(), {"\x1b[2Jclear": b"x"})
    _, answers = verify(edition.project, edition.apart(tmp_path, pdf))
    assert "\x1b" not in told(only(answers)) and "clear" in told(only(answers))


def test_pikepdf_alone_makes_no_difference_to_what_is_read(edition):
    """The forgeries differ by what was forged, not by having been saved."""
    with pikepdf.open(edition.pdf) as opened:
        again = forgery.saved(opened)
    assert again != edition.pdf.read_bytes()
    assert contents.read(edition.pdf.read_bytes()) == contents.read(again)


@pytest.mark.parametrize("notebook", [b"", b"{}", b"[" * 100_000, b'{"cells": [7], "metadata": {}, "nbformat": 4}'])
def test_a_notebook_that_is_none_is_not_run_even_if_trusted(edition, verify, tmp_path, notebook):
    pdf = edition.pdf.read_bytes()
    about = forgery.record(pdf)
    about["notebook"]["sha256"] = digest.of_bytes(notebook)
    pdf = forgery.with_attachments(pdf, {"mini.ipynb": notebook, "edition.json": json.dumps(about).encode()})
    for words in ((), ("--trust",)):
        code, answers = verify(edition.project, *words, edition.apart(tmp_path / "mail", pdf))
        assert code == 3 and only(answers)["answer"] == ELSEWHERE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
RECORD = {
    "report": "mini",
    "as_of": "2026-01-31",
    "parameters": {},
    "notebook": {"attachment": "mini.ipynb", "sha256": "0" * 64},
    "data": {"data/x.csv": {"attachment": "x.csv", "sha256": "1" * 64}},
    "versions": {"typst": "1"},
}


@given(st.sampled_from([(key,) for key in RECORD] + [("notebook", "sha256"), ("data", "data/x.csv")]), JSON)
def test_whatever_a_record_holds_it_is_read_or_refused(path, value):
    content = json.loads(json.dumps(RECORD))
    assert record_of_pdf(json.dumps(content).encode()).report == "mini"
    holder = content if len(path) == 1 else content[path[0]]
    holder[path[-1]] = value
    try:
        record_of_pdf(json.dumps(content).encode())
    except VerifyError as error:
        assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in str(error))


#: Starts the process that reads a PDF, and keeps its input open in a fork.
READS = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-I", "-m", "handover.verify.contents"], stdin=subprocess.PIPE)
if pid := os.fork():
    print(child.pid, pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's end")
def test_what_reads_a_pdf_ends_with_the_command():
    command = subprocess.Popen([sys.executable, "-c", READS], stdout=subprocess.PIPE)
    reader, fork = map(int, command.stdout.readline().split())
    maps = Path(f"/proc/{reader}/maps")
    try:
        wait_for(lambda: "pikepdf" in maps.read_text())
        command.kill()
        command.wait()
        wait_for(lambda: not psutil.pid_exists(reader) or psutil.Process(reader).status() == psutil.STATUS_ZOMBIE)
    finally:
        os.kill(fork, signal.SIGKILL)
        command.stdout.close()


def wait_for(met):
    give_up = time.monotonic() + 60
    while not met():
        assert time.monotonic() < give_up
        time.sleep(0.02)
