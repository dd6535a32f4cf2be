"""Mathematics is set in both formats; what cannot be set is shown as its source, and nothing stops a page."""

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from handover.document import model, read
from handover.pages import NO_DAY, PageMetadata, pdf, settle, typst_source, write_html
from handover.pages.mathematics import Mathematics
from judges import browser, pdftags, pdftext, verapdf

ROOT = Path(__file__).resolve().parents[2]
BARE = PageMetadata("", NO_DAY, 0)
#: What notebooks write and how it reads once it is set, letter by letter: italics are plain letters here.
WRITTEN = {
    r"a+b": "a+b", r"\frac{a}{b}": "ab", r"x_i^2": "x2i", r"\sqrt[3]{x}": "3x", r"\sum_{i=1}^n i": "ni=1i",
    r"\int_0^\infty e^{-x^2}\,dx": "0ex2dx", r"\hat{x}+\vec{v}": "x+v", r"\left(\frac{1}{2}\right)": "(12)",
    r"\begin{bmatrix}1&2\\3&4\end{bmatrix}": "1234", r"\begin{cases}1&x>0\\0&\text{else}\end{cases}": "1x>00else",
    r"\begin{align}a&=b\\c&=d\end{align}": "a=bc=d", r"\begin{eqnarray}a&=&b\end{eqnarray}": "a=b",
    r"\begin{equation}\label{e}x=1\tag{7}\end{equation}": "x=1(7)", r"\begin{split}a&=b\\&=c\end{split}": "a=b=c",
    r"\begin{array}{@{}c|l@{}}1&2\\\hline3&4\end{array}": "1234", r"\text{if } x_\text{a_b}": "ifxa_b",
    r"\mbox{rate}\; k\cr": "ratek", r"\operatorname{argmin}_x f(x)": "argminxf(x)", r"{n \choose k}": "(nk)",
    r"\underbrace{a+b}_{c}": "a+bc", r"\xrightarrow{f}": "f", r"\left.\frac{a}{b}\right|_{x=0}": "abx=0",
    r"\boxed{x}\cancel{y}": "xy", r"\mathbf{x}\mathrm{d}\mathcal{L}\mathbb{R}": "xdLR", 
    r"\sin x + \log(y)": "sinx+log(y)",
    r"\begin{alignat}{2}a&=b\end{alignat}": "a=b", r"\substack{a\\b}": "ab", r"\Large x": "x", r"E=mc^2 \\": "E=mc2",
    r"\text{for $x$ in}": "forxin", r"\left<\psi\right>": "", r"\widetilde{x}_\rm{max}": "xmax", r"x \eqref{a}": "x(a)",
    r"e^{i\pi}\epsilon\vartheta h": "eih",
}  # fmt: skip
#: What is no mathematics that can be set.
BROKEN = (
    r"\frac{a}",
    r"x^",
    "{x",
    r"\unknown{x}",
    r"\left( x",
    r"\begin{matrix}x",
    "x & y",
    r"\ce{H2O}",
    r"\a\def",
    "{" * 99,
)


def document(*cells):
    return read(new_notebook(cells=list(cells)), "notebook")


def markdown(*sources):
    return document(*map(new_markdown_cell, sources))


def typeset(found):
    return pdf(settle(typst_source(found, BARE), found.name), 0, found.name)


def formulas(made):
    return [element for element in pdftags.read(made).walk() if element.kind == "Formula"]


def plain(text):
    """Letters of formulas as plain ones; what only some typefaces have for brackets and signs is left out."""
    folded = unicodedata.normalize("NFKC", pdftext.solid(text))
    return "".join(char for char in folded if char.isascii() and char not in "-{}[]|<^~'`\\")


def test_what_cannot_be_set_is_shown_as_its_source_and_said_to_be():
    found = markdown("# T", *(f"$${latex}$$\n\nand $a{latex}$ b" for latex in BROKEN))
    made, page = typeset(found), write_html(found, BARE)
    assert formulas(made) == [] and "<math" not in page
    text = pdftext.solid(pdftext.whole(made))
    assert text.count("LaTeX,shownasitssource") == page.count("LaTeX, shown as its source") == 2 * len(BROKEN)
    assert [latex for latex in BROKEN if text.count(pdftext.solid(latex)) < 2] == []


def test_nothing_in_a_formula_acts():
    attack = r"\href{javascript:alert(1)}{x} \class{card}{y} \style{position:fixed}{z} \text{<script>alert(1)</script>}"
    page = write_html(markdown(f"${attack}$", r'$x < y \text{\#panic(1)} \text{"); \#panic("}$'), BARE)
    assert page.count("<math") == 2
    assert "<script" not in page and 'style="' not in page.partition("<body")[2] and 'class="card"' not in page
    assert typeset(markdown(r'$\text{"); \#panic("x} \text{\#read}$')).startswith(b"%PDF")


@pytest.mark.parametrize("displayed", [True, False])
def test_what_notebooks_write_is_set(displayed):
    shown = [f"$${latex}$$" if displayed else f"${latex}$" for latex in WRITTEN]
    made = typeset(markdown("# T", *shown))
    found = formulas(made)
    assert [one.alt for one in found if one.alt != "x"] == [" ".join(latex.split()) for latex in WRITTEN]
    said = [plain(one.text) for one in found if one.alt != "x"]
    assert {
        latex: text for latex, text in zip(WRITTEN, said, strict=True) if sorted(text) != sorted(WRITTEN[latex])
    } == {}
    page = write_html(markdown("# T", *shown), BARE)
    assert page.count("<math") == page.count('encoding="application/x-tex"') == len(WRITTEN)
    assert "shown as its source" not in page


def test_a_definition_prints_nothing_and_holds_in_what_follows():
    sources = (
        r"$\newcommand{\R}[1]{\mathbb{R}^{#1}}$x", r"$\R{3}$", r"$\renewcommand{\R}[1]{[#1]} \R{4}$", r"$\R{5}$",
        r"$$\DeclareMathOperator{\Var}{Var}$$", r"$\Var(X)$", r"$\def\q{z}\q$ $\q$",
    )  # fmt: skip
    made = typeset(markdown("# T", *sources))
    assert [plain(one.text) for one in formulas(made)] == ["R3", "4", "5", "Var(X)", "z", "z"]


def test_a_formula_in_a_heading_is_in_its_bookmark_and_one_alone_is_a_heading():
    made = typeset(markdown("# T", r"## For $x \in A$", r"## $\beta$"))
    headings = [element for element in pdftags.read(made).walk() if element.kind == "H2"]
    assert [plain(one.text) for one in headings] == ["ForxA", ""]
    assert [one.children[-1].alt for one in headings] == [r"x \in A", r"\beta"]


def test_a_formula_wider_than_the_page_stays_on_it():
    long, wide = " + ".join(f"x_{{{n}}}" for n in range(60)), " & ".join(f"x_{{{n}}}" for n in range(40))
    made = typeset(markdown("# T", f"$${long}$$", rf"$$\begin{{matrix}}{wide}\end{{matrix}}$$"))
    run = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=made, check=True, capture_output=True)
    right = [float(word.split(b'"')[0]) for word in run.stdout.split(b'xMax="')[1:]]
    assert len(right) > 100 and max(right) < 595 - 36


def test_what_a_cell_displays_as_latex_is_set():
    output = new_output("display_data", data={"text/latex": r"$\displaystyle \frac{x}{2}$", "text/plain": "x/2"})
    found = document(new_code_cell("x / 2", outputs=[output]))
    assert [one.alt for one in formulas(typeset(found))] == [r"\displaystyle \frac{x}{2}"]
    assert "<mfrac>" in write_html(found, BARE)


def test_it_conforms():
    verapdf.need()
    cells = [f"$${latex}$$\n\n- in ${latex}$ line\n\n| ${latex}$ |\n|---|\n| $5 |" for latex in WRITTEN]
    assert verapdf.judge(typeset(markdown("# T $x$", *cells))) == {"ua1": [], "3a": []}


PROGRAM = """
import sys
from nbformat.v4 import new_markdown_cell, new_notebook
from handover.editions.compose import compose
from pathlib import Path
made = compose(new_notebook(cells=[new_markdown_cell(sys.argv[1], id="a")]), "x", Path("/"))
digest = __import__("hashlib").sha256(made.html.encode() + made.pdf()).hexdigest()
print(digest, *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def run(source, seed):
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "scripts")}
    command = [sys.executable, "-c", PROGRAM, source]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split()


def test_two_processes_give_the_same_bytes():
    source = "# T\n\n" + "\n\n".join(f"${latex}$ ไทย 中 \U00013000 ∀" for latex in WRITTEN)
    assert run(source, "1")[0] == run(source, "2")[0]


def test_a_page_without_mathematics_does_not_ask_for_it():
    assert "math_core" not in run("# T\n\nFrom $5 to $6.", "1")
    assert "math_core" in run("# T\n\n$x$", "1")


_TOKENS = r"""x 1 + = ( ) | ^ _ & \\ { } {a} ^2 _{i} \frac \frac{a}{b} \sqrt \sum \int \lim \limits \alpha \hat \vec{v}
\overline{a} \underbrace{a} \overset \left( \right) \left. \right| \middle| \big( \begin{matrix} \end{matrix} \choose
\begin{aligned} \end{aligned} \begin{cases} \end{cases} \quad \! \xrightarrow{f} \binom \text{if} \tag{1} \boxed{x}
\over \cancel \phantom{x} \displaystyle \textstyle \bf \rm \not \def\a{b} \a ' % é 日 א \mathbb R"""
TOKENS = _TOKENS.split()


@settings(max_examples=8)
@given(st.lists(st.lists(st.sampled_from(TOKENS), max_size=8).map(" ".join), min_size=20, max_size=40))
def test_no_formula_stops_a_page(sources):
    blocks = [
        model.Formula(source) if number % 2 else model.Paragraph((model.Text("a "), model.Maths(source)))
        for number, source in enumerate(sources)
    ]
    found = model.Document("x", "T", "", None, "en", {}, (model.Prose(1, tuple(blocks)),))
    set_ = sum(
        Mathematics(found).tree(node) is not None for node in model.walk(found.parts) if isinstance(node, model.Latex)
    )
    page = write_html(found, BARE)
    assert page.count("<math") <= set_ <= len(sources) and page.count("as its source") == len(sources) - set_
    assert typeset(found).startswith(b"%PDF")


@pytest.mark.browser
def test_a_browser_sets_it_in_our_typeface_and_lets_everybody_read_it(chromium, tmp_path):
    cells = [f"${latex}$\n\n$${latex}$$" for latex in WRITTEN]
    (tmp_path / "x.html").write_text(write_html(markdown("# T", *cells, "$$" + "x + " * 99 + "y$$"), BARE), "utf-8")
    with browser.visit(chromium, tmp_path / "x.html", width=390) as seen:
        assert seen.overflow() <= 0
        assert seen.violations() == []
        assert seen.foreign_fonts("math") == {}
        tall = "e => e.getBoundingClientRect().height"
        assert seen.page.locator("math[display=block]:has(msqrt, mtable)").first.evaluate(tall) > 30
