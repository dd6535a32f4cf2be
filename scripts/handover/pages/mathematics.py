"""Mathematics: the LaTeX of a document as MathML, which a browser shows and `handover.pages.typst_maths` prints.

The library knows TeX's own commands; what notebooks use beside them, as MathJax does, is put into its terms first. It
refuses what it does not know, and then the page shows the source. Of what it writes, only elements and attributes named
here are kept, and no style: a page's policy would refuse it.
"""

import re
from typing import Any

from handover.document import model

NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
#: MathML Core's elements, less those that would fetch or lead anywhere, and the old one for boxes and strokes.
_ELEMENTS = (
    "math mi mn mo ms mtext mspace mrow mstyle mpadded mphantom mfrac msqrt mroot msub msup msubsup munder mover "
    "munderover mmultiscripts mprescripts mtable mtr mtd menclose semantics annotation b i em code span"
)
ELEMENTS = frozenset(_ELEMENTS.split())
_ATTRIBUTES = (
    "mathvariant form lspace rspace stretchy symmetric minsize maxsize movablelimits linethickness displaystyle "
    "scriptlevel width accent accentunder notation display encoding"
)
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
#: What the library says with styles, and the class that says it on our page.
CLASSES = {
    "text-align: left": "left", "text-align: right": "right", "padding-left: 0": "near-left",
    "padding-right: 0": "near-right", "padding-left:1em": "far-left", "border-right": "ruled-right",
    "border-left": "ruled-left", "border-top": "ruled-top", "border-bottom": "ruled-bottom",
}  # fmt: skip
#: A formula nested deeper is shown as its source.
DEPTH = 60

#: A group in braces, with groups in it.
GROUP = r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"


def _columns(found: re.Match[str]) -> str:
    """The columns of an array without what is printed between them."""
    return f"{found[1]}{re.sub('[@!]' + GROUP, '', found[2])}}}"


def _words(found: re.Match[str]) -> str:
    """Words in a formula, in which a line below is no mark of an index."""
    said = re.sub(r"(?<!\\)_", r"\\_", found[2])
    return f"\\{found[1]}{{{said}}}"


def _defined(found: re.Match[str]) -> str:
    """The beginning of LaTeX's definition as TeX's own, which may come a second time."""
    return rf"\gdef{found[1]}" + "".join(f"#{number}" for number in range(1, int(found[2] or 0) + 1))


#: What is put otherwise for the library, in this order. Jupyter numbers no line of its own accord; a number that the
#: author gave stands at the end of its line.
REWRITTEN: list[tuple[re.Pattern[str], Any]] = [
    (re.compile(pattern), written)
    for pattern, written in (
        (r"(?<!\\)((?:\\\\)*)\\(?:\n|\s*\Z)", r"\1 "),
        (r"\\(begin|end)\{(?:equation|displaymath|math)\*?\}", " "),
        (r"\\(begin|end)\{(?:align|flalign|split|eqnarray)\*?\}", r"\\\1{aligned}"),
        (r"\\(begin|end)\{alignat\*?\}(?:\{\d+\})?", r"\\\1{aligned}"),
        (r"\\(begin|end)\{(?:gather|multline)\*?\}", r"\\\1{gathered}"),
        (r"\\(begin|end)\{smallmatrix\}", r"\\\1{matrix}"),
        (r"(\\begin\{array\}\{)((?:[^{}]|\{[^{}]*\})*)\}", _columns),
        (r"&\s*(=|<|>|\\(?:approx|equiv|sim|propto|leq?|geq?|to|(?:Right|right)arrow|in))(?![A-Za-z])\s*&", r"& \1 "),
        (r"\\cr(?![A-Za-z])", r"\\\\"),
        (r"\\substack\s*" + GROUP, r"\\begin{matrix}\1\\end{matrix}"),
        (r"\\tag\*\s*" + GROUP, r"\\qquad\\text{\1}"),
        (r"\\tag\s*" + GROUP, r"\\qquad\\text{(\1)}"),
        (r"\\(?:label|require|cssId|class|style|href)\s*\{[^{}]*\}", ""),
        (r"\\eqref\s*" + GROUP, r"\\text{(\1)}"),
        (r"\\ref\s*" + GROUP, r"\\text{\1}"),
        (r"\\(?:nonumber|notag|tiny|scriptsize|small|normalsize|large|Large|LARGE|huge|Huge)(?![A-Za-z])", ""),
        (r"\\(text\w*|mbox|hbox)\{([^{}$]*)\$([^{}$]*)\$([^{}$]*)\}", r"\\\1{\2}\3\\\1{\4}"),
        (r"\\(text\w*|mbox|hbox)\{([^{}]*_[^{}]*)\}", _words),
        (r"([_^])\\(rm|bf|it|tt|sf|cal)\s*\{", r"\1\\math\2{"),
        (r"\\left\s*<", r"\\left\\langle "),
        (r"\\right\s*>", r"\\right\\rangle "),
        (r"\\DeclareMathOperator(\*?)\s*\{?(\\[A-Za-z]+)\}?\s*" + GROUP, r"\\gdef\2{\\operatorname\1{\3}}"),
        (r"\\(?:re|provide)?newcommand\*?\s*\{?(\\[A-Za-z]+)\}?\s*(?:\[(\d)\])?\s*(?=\{)", _defined),
        (r"\\def(?![A-Za-z])", r"\\gdef"),
    )
]
#: Commands of MathJax that the library does not have.
MACROS = {
    "mbox": r"\text{#1}", "hbox": r"\text{#1}", "bm": r"\boldsymbol{#1}", "pmb": r"\boldsymbol{#1}",
    "widetilde": r"\tilde{#1}", "bold": r"\mathbf{#1}", "mathbbm": r"\mathbb{#1}", "mathds": r"\mathbb{#1}",
    "LaTeX": r"\text{LaTeX}", "TeX": r"\text{TeX}",
}  # fmt: skip


class Mathematics:
    """The formulas of one document, set in their order: a definition in one holds in those after it."""

    def __init__(self, document: model.Document) -> None:
        self._set: dict[tuple[str, bool], Any] = {}
        if document.formulas:
            from math_core import LatexToMathML

            converter = LatexToMathML(macros=MACROS, xml_namespace=True, fancy_error=False)
            for node in document.formulas:
                key = node.latex, isinstance(node, model.Formula)
                if key not in self._set:
                    self._set[key] = _mathml(converter, *key)

    def __bool__(self) -> bool:
        return any(tree is not None for tree in self._set.values())

    def tree(self, node: model.Latex) -> Any:
        """Return a formula as an element of MathML, its source as its annotation; None where it cannot be set."""
        return self._set.get((node.latex, isinstance(node, model.Formula)))


def defines(tree: Any) -> bool:
    """Whether a formula prints nothing, since all that it does is to define commands."""
    return not len(tree.find("semantics/mrow"))


def _mathml(converter: Any, latex: str, displayed: bool) -> Any:
    from lxml import etree
    from math_core import LatexError

    source = latex
    for pattern, written in REWRITTEN:
        source = pattern.sub(written, source)
    try:
        written = converter.convert_with_global_state(source, displaystyle=displayed)
        found = etree.fromstring(written.replace("&ApplyFunction;", "\u2061"))
    except (LatexError, etree.XMLSyntaxError):
        return None
    return _kept(found, latex)


def _kept(found: Any, latex: str) -> Any:
    """What is kept of the library's MathML, without its namespace, as HTML has it; None of what is not known."""
    from lxml import etree

    for element in found.iter():
        element.tag = element.tag.removeprefix(NAMESPACE)
        if element.tag not in ELEMENTS or sum(1 for _ in element.iterancestors()) > DEPTH:
            return None
        classes = sorted(name for said, name in CLASSES.items() if said in element.get("style", ""))
        for name in set(element.attrib) - ATTRIBUTES:
            del element.attrib[name]
        if classes:
            element.set("class", " ".join(classes))
    etree.cleanup_namespaces(found)
    inside = etree.Element("mrow")
    inside.extend(list(found))
    told = etree.SubElement(etree.SubElement(found, "semantics"), "annotation", encoding="application/x-tex")
    told.text = latex
    told.addprevious(inside)
    return found
