"""nbconvert's way in: any notebook, executed or not, becomes either page."""

import base64
import copy
import io
import logging
import re
import subprocess
import sys
import tomllib
from html import unescape
from pathlib import Path

import nbformat
import pikepdf
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from PIL import Image

from handover.document.reader import OMITTED_MIME
from handover.editions.exporters import HandoverHTMLExporter, HandoverPDFExporter
from judges import pdftext

ROOT = Path(__file__).resolve().parents[2]
EXPORTERS = {".html": HandoverHTMLExporter, ".pdf": HandoverPDFExporter}
BEGINS = {".html": "<!DOCTYPE html>", ".pdf": b"%PDF-1.7"}


def test_nbconvert_finds_them_by_name():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["nbconvert.exporters"]
    assert declared == {
        f"handover_{suffix[1:]}": f"{made.__module__}:{made.__name__}" for suffix, made in EXPORTERS.items()
    }


def test_to_look_at_them_costs_nothing():
    """JupyterLab makes one of every exporter to fill its menu."""
    code = (
        "import nbconvert.exporters, sys; before = set(sys.modules)\n"
        "from handover.editions.exporters import *; HandoverPDFExporter(); HandoverHTMLExporter()\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    heavy = {"typst", "lxml", "nh3", "fontTools", "PIL", "pandas", "matplotlib", "mistune"}
    assert not {name.partition(".")[0] for name in done.stdout.split()} & heavy


# the hostile one has metadata of a kind that nbconvert itself refuses, before any exporter is asked
@pytest.mark.parametrize("suffix", EXPORTERS)
@pytest.mark.parametrize("name", ["report", "everything", "arabic"])
def test_any_notebook_becomes_a_page_and_stays_as_it_was(name, suffix):
    nb = nbformat.read(ROOT / "tests" / "notebooks" / f"html_{name}.ipynb", as_version=4)
    before = nb.copy()
    made, resources = EXPORTERS[suffix]().from_notebook_node(nb, {"metadata": {"name": name}})
    assert made.startswith(BEGINS[suffix])
    assert resources["output_extension"] == suffix
    assert nb == before


@pytest.mark.parametrize("suffix", EXPORTERS)
def test_a_notebook_that_never_ran_becomes_a_page_named_for_its_file(tmp_path, suffix):
    path = tmp_path / "some notebook.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("text"), new_code_cell("1/0")]), path)
    made, resources = EXPORTERS[suffix]().from_filename(str(path))
    assert made.startswith(BEGINS[suffix]) and not resources["outputs"]
    assert suffix == ".pdf" or "<h1>some notebook</h1>" in made


# nbconvert's own switches


@pytest.fixture
def secretive(tmp_path):
    """A notebook with code that not everybody may see, and a picture beside it."""
    Image.new("RGB", (40, 20)).save(tmp_path / "plan.png")
    shows = [new_output("stream", name="stdout", text="shown")]
    cells = [
        new_markdown_cell("# Title\n\nProse ![the plan](plan.png)"),
        new_code_cell("SECRET = 1", outputs=shows, metadata={"tags": ["quiet"]}),
        new_code_cell("OPEN = 2", outputs=[new_output("stream", name="stdout", text="second")]),
        new_raw_cell("raw text"),
    ]
    path = tmp_path / "secretive.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


def said(made):
    """All words of an export, and of what is attached to it."""
    if isinstance(made, str):
        return re.sub("<[^>]*>", "", made[made.index("<body") :])
    with pikepdf.open(io.BytesIO(made)) as pdf:
        attached = [pdf.attachments[name].get_file().read_bytes().decode() for name in pdf.attachments]
    return pdftext.whole(made) + "".join(attached)


def command(path, kind, *words):
    """Run the command as people do; the export, and what it said."""
    run = [sys.executable, "-m", "nbconvert", "--to", f"handover_{kind}", *words, path.name]
    done = subprocess.run(run, cwd=path.parent, check=True, capture_output=True, text=True)
    made = path.with_suffix(f".{kind}").read_bytes()
    return (made.decode() if kind == "html" else made), done.stderr


@pytest.mark.parametrize("kind", ["html", "pdf"])
@pytest.mark.parametrize(
    ("words", "gone"),
    [
        (["--no-input"], ["SECRET", "OPEN"]),
        pytest.param(["--TagRemovePreprocessor.remove_input_tags=quiet"], ["SECRET"], marks=pytest.mark.slow),
        pytest.param(
            ["--TagRemovePreprocessor.remove_all_outputs_tags", "quiet", "--embed-images"],
            ["shown"],
            marks=pytest.mark.slow,
        ),
        pytest.param(["--TemplateExporter.exclude_output=True"], ["shown", "second"], marks=pytest.mark.slow),
    ],
)
def test_the_command_leaves_out_what_it_is_told_to(secretive, kind, words, gone):
    made = said(command(secretive, kind, *words)[0])
    assert [word for word in ("SECRET", "OPEN", "shown", "second", "Prose", "raw text") if word not in made] == gone


def test_a_template_is_not_taken_in_silence(secretive):
    made, told = command(secretive, "html", "--template", "lab")
    assert "HandoverHTMLExporter prints its own page: --template does nothing." in told
    assert "Prose" in made and "does nothing" not in command(secretive, "html")[1]


@pytest.mark.parametrize("exporter", EXPORTERS.values())
@pytest.mark.parametrize(
    ("switch", "gone"),
    [
        ("exclude_input", ["SECRET", "OPEN"]), ("exclude_output", ["shown", "second"]), ("exclude_markdown", ["Prose"]),
        ("exclude_raw", ["raw text"]), ("exclude_code_cell", ["SECRET", "OPEN", "shown", "second"]),
        ("exclude_input_prompt", []), ("exclude_output_prompt", []),
    ],
)  # fmt: skip
def test_what_is_excluded_is_in_neither_page_nor_attachment(secretive, exporter, switch, gone):
    made = exporter(config={"TemplateExporter": {switch: True}}).from_filename(str(secretive))[0]
    words = ("SECRET", "OPEN", "shown", "second", "Prose", "raw text")
    assert [word for word in words if word not in said(made)] == gone


def test_a_day_is_read_from_code_that_is_left_out():
    nb = new_notebook(cells=[new_code_cell("as_of = '2031-03-31'", metadata={"tags": ["parameters"]})])
    exporter = HandoverHTMLExporter(config={"TemplateExporter": {"exclude_input": True}})
    assert "31\xa0March\xa02031" in exporter.from_notebook_node(nb)[0]


def test_a_pdf_shows_code_where_it_is_asked_to(secretive):
    def pages(**about):
        made = HandoverPDFExporter(config={"TemplateExporter": about}).from_filename(str(secretive))[0]
        return pdftext.whole(made)

    assert "SECRET" not in pages() and "SECRET" not in pages(exclude_input=True)
    assert re.search("Code, cell 2 SECRET = 1 shown Code, cell 3 OPEN = 2 second", pages(exclude_input=False))


def test_characters_that_no_typeface_has_are_counted_and_named(caplog):
    nb = new_notebook(cells=[new_markdown_cell("# T \U00013000\U00013001 \ue000"), new_markdown_cell("\U00013000")])
    made, _ = HandoverPDFExporter().from_notebook_node(nb)
    assert made.startswith(b"%PDF")
    assert caplog.messages == [
        "3 characters have no glyph in our typefaces: U+E000, U+13000, U+13001; a box with the code stands in the PDF "
        "for each"
    ]


def test_preprocessors_run():
    nb = new_notebook(cells=[new_markdown_cell("# T"), new_markdown_cell("secret", metadata={"tags": ["hide"]})])
    exporter = HandoverHTMLExporter(config={"TagRemovePreprocessor": {"remove_cell_tags": ["hide"], "enabled": True}})
    assert "secret" not in exporter.from_notebook_node(nb)[0]
    assert "secret" in HandoverHTMLExporter().from_notebook_node(nb)[0]


def spoil(nb, resources):
    nb.cells[1].outputs[0].data["application/json"]["a"] = 2
    return nb, resources


@pytest.mark.parametrize("preprocessors", [[], [spoil], ["nbconvert.preprocessors.CoalesceStreamsPreprocessor"]])
def test_the_notebook_given_stays_as_it_is(preprocessors):
    shown = new_output("display_data", {"text/html": "a\nb", "application/json": {"a": 1}, OMITTED_MIME: []})
    nb = new_notebook(cells=[new_markdown_cell("# T"), new_code_cell("1\n2", outputs=[shown, shown])])
    before = copy.deepcopy(nb)
    about = {"TemplateExporter": {"exclude_input": True}, "Exporter": {"preprocessors": preprocessors}}
    HandoverHTMLExporter(config=about).from_notebook_node(nb)
    assert repr(nb) == repr(before)


# what outputs come to, on both pages


def pictures(made):
    """How many pictures each page of a PDF draws."""
    with pikepdf.open(io.BytesIO(made)) as pdf:
        drawn = [operator for page in pdf.pages for _, operator in pikepdf.parse_content_stream(page)]
    return sum(str(operator) == "Do" for operator in drawn)


def raster(kind, frames=1):
    held = io.BytesIO()
    images = [Image.new("RGB", (40, 20), (n, 9, 9)) for n in range(frames)]
    images[0].save(held, kind, **({"save_all": True, "append_images": images[1:]} if frames > 1 else {}))
    return base64.b64encode(held.getvalue()).decode()


def exported(*outputs):
    """The HTML and the PDF of a notebook with outputs."""
    shows = [[new_output("display_data", data)] for data in outputs]
    nb = new_notebook(cells=[new_code_cell("", id=f"c{n}", outputs=one) for n, one in enumerate(shows)])
    return tuple(made().from_notebook_node(nb)[0] for made in EXPORTERS.values())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"application/vnd.plotly.v1+json": {}}, "Cell 1 shows something interactive that has no printed form."),
        ({"application/pdf": "JVBERi0="}, "Cell 1 shows application/pdf, which has no printed form."),
        ({"text/html": "<div id=v></div><script>x()</script>", "text/plain": "Chart of troops"}, "Chart of troops"),
        ({"text/html": "<iframe src='https://x.example/map'>"}, "Embedded page that is not in this file https://x"),
        ({"text/html": "<table><tr><th>year<tr><td>2011</table>", "text/markdown": "| year |"}, "year 2011"),
        ({"application/json": {"troops": 2500}}, '{ "troops": 2500 }'),
        ({"text/html": "<video src='a.mp4'></video>"}, "Video that is not in this file (a.mp4)"),
    ],
)
def test_no_output_is_without_a_trace_on_either_page(data, words):
    page, pdf = exported(data)
    assert words in " ".join(unescape(re.sub("<[^>]*>", " ", page)).split())
    assert words.replace(" ", "") in pdftext.solid(pdftext.whole(pdf))


def test_pictures_of_every_kind_are_on_both_pages():
    kinds = ("GIF", "WEBP", "AVIF", "BMP", "TIFF", "PNG", "JPEG")
    page, pdf = exported(*({f"image/{kind.lower()}": raster(kind)} for kind in kinds))
    assert page.count("<img src") == len(kinds) and "image/tiff" not in page
    assert pictures(pdf) == len(kinds)


def test_a_drawing_within_html_is_on_both_pages():
    drawing = "<p>Before</p><svg width=200 height=60><rect width=50 height=50 fill=navy /></svg>After"
    (page, pdf), (_, without) = exported({"text/html": drawing}), exported({"text/html": "<p>Before</p>After"})
    assert page.count("<img src") == 1
    with pikepdf.open(io.BytesIO(pdf)) as drawn, pikepdf.open(io.BytesIO(without)) as plain:
        operators = [len(pikepdf.parse_content_stream(one.pages[0])) for one in (drawn, plain)]
    assert operators[0] > operators[1] and "Before" in pdftext.whole(pdf)


def test_a_picture_that_moves_stands_still_on_paper_and_where_less_motion_is_asked_for():
    page, pdf = exported({"image/gif": raster("GIF", frames=3)})
    still = '<picture><source media="print, (prefers-reduced-motion: reduce)" srcset="data:image/png;base64,'
    assert page.count(still) == 1 and page.count('<img src="data:image/gif;base64,') == 1
    assert pictures(pdf) == 1
    assert exported({"image/gif": raster("GIF", frames=3)}) == (page, pdf)


def test_pictures_beside_a_notebook_are_on_both_pages(secretive):
    page, pdf = (made().from_filename(str(secretive))[0] for made in EXPORTERS.values())
    assert '<img src="data:image/png;base64,' in page and 'alt="the plan"' in page
    assert pictures(pdf) == 1
    (secretive.parent / "plan.png").unlink()
    page, pdf = (made().from_filename(str(secretive))[0] for made in EXPORTERS.values())
    gone = "[Image that is not in this file: the plan (plan.png)]"
    assert gone in page and gone in pdftext.whole(pdf)


# the command that exports


def export(folder, *words):
    """Run `handover export` in a folder, as a user does."""
    command = [sys.executable, "-m", "handover", "export", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (None, ["some.ipynb"], "some.ipynb: must name a notebook (there is no such file).\nCheck the name.\n"),
        ("{", ["some.ipynb"], "some.ipynb: must be JSON (got another file).\nRestore the file from git"),
        ("{}", ["some.ipynb", "--no-inptu"], "unrecognized arguments: --no-inptu"),
    ],
)
def test_what_cannot_be_exported_is_said(tmp_path, text, words, said):
    if text:
        (tmp_path / "some.ipynb").write_text(text)
    done = export(tmp_path, *words)
    assert done.returncode in (1, 2) and said in done.stderr
    assert not list(tmp_path.glob("*.html"))


LACK = (
    "every code cell must have run (got {} that did not): the page lacks what they would show.\n"
    "Run all cells and save the notebook, or export it with --execute.\n"
)


def ran(source, count=1, **more):
    return new_code_cell(source, execution_count=count, **more)


@pytest.mark.parametrize(
    ("cells", "got"),
    [
        ([new_code_cell("print(6 * 7)")], "1 of 1"),
        ([ran("x = 6"), new_code_cell("print(x * 7)"), new_code_cell("")], "1 of 2"),
        ([ran("x = 6"), ran("print(x * 7)", 2)], ""),
        ([new_code_cell("display(6)", outputs=[new_output("stream", text="6")])], ""),
        ([new_code_cell("wait()", metadata={"tags": ["skip-execution"]}), new_code_cell(" \n")], ""),
        ([], ""),
    ],
)
@pytest.mark.parametrize("suffix", EXPORTERS)
def test_a_notebook_whose_cells_did_not_all_run_is_exported_with_a_warning(cells, got, suffix, caplog):
    nb = new_notebook(cells=[new_markdown_cell("# T"), *cells])
    with caplog.at_level("WARNING"):
        made, _ = EXPORTERS[suffix](log=logging.getLogger("nbconvert")).from_notebook_node(
            nb, {"metadata": {"name": "some"}}
        )
    assert made.startswith(BEGINS[suffix])
    said = [record.getMessage() + "\n" for record in caplog.records if record.name == "nbconvert"]
    assert said == ([f"some: {LACK.format(got)}"] if got else [])


@pytest.mark.kernel
def test_the_command_warns_of_cells_that_did_not_run_and_not_when_it_executes_them(tmp_path):
    cells = [new_markdown_cell("# T"), ran("x = 6"), new_code_cell("print(x * 7)")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "some.ipynb")
    done = export(tmp_path, "some.ipynb")
    assert done.returncode == 0 and f"some: {LACK.format('1 of 2')}" in done.stderr
    assert ">42" not in (tmp_path / "some.html").read_text()
    done = export(tmp_path, "some.ipynb", "--execute")
    assert done.returncode == 0 and "must have run" not in done.stderr
    assert "42" in (tmp_path / "some.html").read_text().partition("<main")[2]


@pytest.mark.parametrize("suffix", EXPORTERS)
def test_the_command_gives_what_nbconvert_gives(tmp_path, suffix):
    path = tmp_path / "some notebook.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# T"), new_code_cell("1 + 1")]), path)
    kind = suffix[1:]
    done = export(tmp_path, "--to", kind, path.name, "--no-input", "--output-dir", "quick")
    assert done.returncode == 0, done.stderr
    nbconvert = [sys.executable, "-m", "nbconvert", "--to", f"handover_{kind}", path.name, "--no-input"]
    subprocess.run(nbconvert, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    quick, stock = tmp_path / "quick" / f"{path.stem}{suffix}", path.with_suffix(suffix)
    assert quick.read_bytes() == stock.read_bytes()
