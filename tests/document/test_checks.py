"""Pictures only for those who see and traces of the machine stop a report; what only looks like one does not."""

import socket
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from handover.document import checks, read
from handover.errors import AuditError, ConversionError
from handover.project import Project

EVIDENCE = {"application/vnd.handover.evidence+json": {"facts": [], "sources": [], "names": ["x"]}}
CHART = '<svg xmlns="http://www.w3.org/2000/svg"><text>2019</text><g><text x="1"><tspan>2,500</tspan></text></g></svg>'


def doc(*cells, evidence=True):
    outputs = [new_output("display_data", EVIDENCE)] if evidence else []
    return read(new_notebook(cells=[*cells, new_code_cell("e", outputs=outputs)]))


def chart(alt, title="The [finding](#fact-x)", subtitle="What is counted", svg=CHART):
    about = {"image/svg+xml": {"alt": alt, "title": title, "subtitle": subtitle}}
    return new_code_cell("x", outputs=[new_output("display_data", {"image/svg+xml": svg}, metadata=about)])


BAD = {
    "": "must say something",
    " \n.": "must say something",
    "troops.svg": "must not be a file's name (got 'troops.svg')",
    "/charts/a-b_1.PNG": "must not be a file's name",
    "Chart": "must not be a placeholder (got 'Chart')",
    "image 12": "must not be a placeholder",
    "TODO": "must not be a placeholder",
    "The finding": "must not be its caption again",
    "what is counted.": "must not be its caption again",
    "The finding What is counted": "must not be its caption again",
    "Columns that rise": "must give a value that the picture shows (got none of 2,500, 2019)",
    "Columns up to 25": "must give a value that the picture shows",
}


@pytest.mark.parametrize("alt", BAD)
def test_a_description_that_does_not_help_stops_the_report(alt):
    with pytest.raises(AuditError) as error:
        checks.require_descriptions(doc(new_markdown_cell("# T"), chart(alt)), "notebooks/x.ipynb")
    assert str(error.value).startswith("notebooks/x.ipynb: every picture must be described (1 is not):\n  cell 2: its")
    assert BAD[alt] in str(error.value)


@pytest.mark.parametrize(("source", "said"), [("![](x.png)", "say something"), ("- ![photo](x.png)", "placeholder")])
def test_pictures_in_prose_are_judged_too(source, said):
    with pytest.raises(AuditError, match=said):
        checks.require_descriptions(doc(new_markdown_cell(source)), "x")


def test_a_number_may_be_described_in_words():
    drawn = ("4", "14")
    assert list(checks.unhelpful("A line that begins with four.", (), drawn)) == []
    assert list(checks.unhelpful("A line that begins with five.", (), drawn)) == [
        "its description must give a value that the picture shows (got none of 14, 4)"
    ]


@pytest.mark.parametrize(
    "document",
    [
        *(
            doc(chart(alt, title="On 38 days"))
            for alt in ("Columns that rise to 2,500", "From 2019 on", "All 38 of them")
        ),
        doc(chart("Map of Iraq", svg="<svg><text>Anbar</text></svg>")),
        doc(chart(""), evidence=False),
    ],
    ids=["drawn", "drawn too", "in the title", "without a number", "of a notebook that promises nothing"],
)
def test_a_description_with_a_value_passes_where_there_is_one(document):
    checks.require_descriptions(document, "x")


PROJECT = Project(Path("/srv/desk"))


def notebook(text="", source="", mime="text/plain"):
    output = {"output_type": "display_data", "data": {mime: text}, "metadata": {}}
    return {"cells": [{"source": "# Title"}, {"source": source, "outputs": [output]}]}


@pytest.fixture(autouse=True)
def home(monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ann"))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<Figure object at 0x7f00c0ffee00>", "the address of an object"),
        ("/tmp/ipykernel_4711/12345.py:3: UserWarning", "a kernel's temporary file"),
        ("Cell In <ipython-input-3-aa>", "a kernel's temporary file"),
        ("saved to /tmp/x.csv", "a temporary path"),
        ("read /srv/desk/data/x.csv", "the project's path"),
        ("read '/srv/desk'", "the project's path"),
        ("see /home/ann/notes", "the home folder"),
    ],
)
def test_a_trace_is_refused_with_its_cell(text, what):
    with pytest.raises(ConversionError) as error:
        checks.refuse_traces(notebook(text), (), PROJECT, "notebooks/x.ipynb")
    assert str(error.value).startswith("notebooks/x.ipynb: must hold no trace of the run or the machine")
    assert f"cell 2: {what}, in “" in str(error.value)


SECRET = "hunter2-hunter2"


@pytest.fixture
def secret(monkeypatch):
    monkeypatch.setenv("DESK_PASSWORD", SECRET)


@pytest.mark.parametrize(
    ("shown", "place"),
    [
        (notebook(f"it is {SECRET}"), "cell 2"),
        (notebook(f"<b>{SECRET}</b>", mime="text/html"), "cell 2"),
        (notebook(source=f"x = '{SECRET}'"), "cell 2, its source"),
        (notebook(f"/tmp/{SECRET}"), "cell 2"),
    ],
)
def test_a_secret_of_the_environment_is_refused_by_the_name_of_its_variable_and_never_shown(secret, shown, place):
    with pytest.raises(ConversionError) as error:
        checks.refuse_traces(shown, (), PROJECT, "notebooks/x.ipynb")
    assert f"\n  {place}: the secret in the environment variable DESK_PASSWORD\n" in str(error.value)
    assert "hunter2" not in str(error.value)


def test_cells_are_numbered_as_in_the_file_whatever_was_injected(secret):
    nb = notebook(f"it is {SECRET}")
    nb["cells"].insert(1, {"source": "x = 1", "metadata": {"tags": ["injected-parameters"]}, "outputs": []})
    with pytest.raises(ConversionError, match=r"\n  cell 2: the secret"):
        checks.refuse_traces(nb, (), PROJECT, "x")


def test_pages_and_attached_files_are_searched_for_secrets_and_files_for_nothing_else(secret):
    with pytest.raises(ConversionError, match=r"\n  page: the secret in the environment variable DESK_PASSWORD\n"):
        checks.refuse_traces(notebook(), (f"<p>{SECRET}</p>",), PROJECT, "x")
    attached = {"a.csv": b"/tmp/x, at 0x7f00c0ffee00, /srv/desk", "b.csv": f"x,{SECRET}\n".encode()}
    with pytest.raises(ConversionError, match=r"\(1 found\):\n  b.csv: the secret in the environment variable DESK_"):
        checks.refuse_traces(notebook(), (), PROJECT, "x", attached)


HOSTS = {
    "web1": ["it ran on web1.", "web1:8080", "ann@web1", "https://web1.desk.example/x"],
    "desk-falcon": ["desk-falcon"],
    "falcon.desk.example": ["on falcon.desk.example"],
    "web1.desk.example": ["web1", "web1.desk.example"],
    "3f2a9c81d0e4": ["3f2a9c81d0e4"],
}


@pytest.mark.parametrize(("host", "text"), [(host, text) for host, texts in HOSTS.items() for text in texts])
def test_the_name_of_the_host_is_refused(monkeypatch, host, text):
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    with pytest.raises(ConversionError, match="cell 2: the host's name, in “"):
        checks.refuse_traces(notebook(text), (), PROJECT, "x")
    with pytest.raises(ConversionError, match="page: the host's name"):
        checks.refuse_traces(notebook(), (text,), PROJECT, "x")


@pytest.mark.parametrize(
    ("host", "text"),
    [
        ("base", "the base was handed over"),
        ("vm1", "the vm1"),
        ("localhost", "at localhost"),
        ("localhost.localdomain", "at localhost.localdomain"),
        ("falcon", "a falcon"),
        ("2026", "in 2026"),
        ("web1", "web12, db-web1, web1-a, my.web1"),
        ("", "anything"),
    ],
)
def test_a_host_named_by_an_ordinary_word_or_part_of_a_word_passes(monkeypatch, host, text):
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    checks.refuse_traces(notebook(text), (text,), PROJECT, "x")


@pytest.mark.parametrize("mime", ["text/html", "text/markdown", "image/svg+xml", "application/json"])
def test_every_form_of_an_output_is_read(mime):
    with pytest.raises(ConversionError, match="address of an object"):
        checks.refuse_traces(notebook("<p>x at 0x7f00c0ffee00</p>", mime=mime), (), PROJECT, "x")


def test_streams_and_tracebacks_are_read():
    nb = notebook()
    nb["cells"][1]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "at 0x7f00c0ffee00: a at 0x7f00c0ffee00"},
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["in /tmp/x"]},
    ]
    with pytest.raises(ConversionError, match=r"\(2 found\)"):
        checks.refuse_traces(nb, (), PROJECT, "x")


@pytest.mark.parametrize(
    "text",
    [
        "It happened at 0x12",
        "https://example.org/tmp/x",
        "https://example.org/srv/desk",
        "a/srv/desk",
        "/srv/desktop",
        "the base at 0 hours",
    ],
)
def test_what_only_looks_like_a_trace_passes(text):
    checks.refuse_traces(notebook(text), (text,), PROJECT, "x")


def test_code_may_name_a_temporary_folder_but_not_this_machine():
    checks.refuse_traces(notebook(source="open('/tmp/x')"), (), PROJECT, "x")
    with pytest.raises(ConversionError, match="cell 2, its source: the project's path"):
        checks.refuse_traces(notebook(source="open('/srv/desk/x')"), (), PROJECT, "x")


def test_pages_are_read_too():
    with pytest.raises(ConversionError, match="page: the home folder"):
        checks.refuse_traces(notebook(), ("<p>/home/ann</p>",), PROJECT, "x")


def test_a_root_that_is_part_of_every_path_says_nothing():
    checks.refuse_traces(notebook("/usr/share/x"), (), Project(Path("/")), "x")


def test_pictures_are_not_searched():
    checks.refuse_traces(notebook("/tmp/aaaa at 0x7f00c0ffee00", mime="image/png"), (), PROJECT, "x")


def test_a_trace_in_a_warning_is_shown_with_what_the_warning_says():
    said = "/tmp/desk/style.py:92: UserWarning: Glyph 2348 is missing from the typeface. Choose another."
    output = {"output_type": "stream", "name": "stderr", "text": said}
    nb = {"cells": [{"source": "# Title"}, {"source": "", "outputs": [output]}]}
    with pytest.raises(ConversionError, match=r"cell 2, a warning: a temporary path, in “.*Choose another"):
        checks.refuse_traces(nb, (), PROJECT, "notebooks/x.ipynb")
