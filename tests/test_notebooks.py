"""The notebooks keep their contract: clean, in order, short cells, no number typed."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, 4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def test_the_three_reports_are_there():
    assert [path.stem for path in NOTEBOOKS] == ["briefing", "drawdown", "handover"]


def test_it_is_clean_in_git(notebook):
    assert [cell for cell in code(notebook) if cell.outputs or cell.execution_count] == []
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_written_as_nbformat_writes_it(path):
    assert path.read_text("utf-8") == nbformat.writes(nbformat.read(path, 4)) + "\n"


def test_it_opens_with_title_standfirst_parameters_headline_and_findings(notebook):
    first, parameters, _, headline, heading = notebook.cells[:5]
    assert headline.source.startswith("story.headline(")
    assert re.match(r"# .+\n\n.+", first.source)
    assert parameters.metadata.tags == ["parameters"]
    assert heading.source == "## Key findings"
    assert [cell for cell in code(notebook) if "parameters" in cell.metadata.get("tags", [])] == [parameters]


def test_sections_are_questions_and_hold_no_digit(notebook):
    headings = [line for text in prose(notebook) for line in text.splitlines() if line.startswith("#")]
    assert all(line.endswith("?") for line in headings[1:] if line not in STANDING), headings
    assert [line for line in headings if re.search(r"\d", line)] == []


STANDING = {"## Key findings", "## What to watch", "## Source and method"}


def test_cells_are_short_and_define_nothing(notebook):
    for cell in code(notebook):
        tree = ast.parse(cell.source)
        assert not [
            node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.If | ast.For)
        ]
    assert len(notebook.cells) <= 45


def test_markdown_cells_type_no_number(notebook):
    assert [text for text in prose(notebook) if re.search(r"\d", text)] == []


def test_words_have_set_apostrophes_as_the_tables_do(notebook):
    """What stands between quotation marks of Python is code; an apostrophe between two letters is read."""
    assert re.findall(r".*[^\W\d_]'[^\W\d_].*", "\n".join(cell.source for cell in notebook.cells)) == []
