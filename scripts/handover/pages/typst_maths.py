"""A formula in MathML as a formula of Typst's, which sets it in its own typeface for mathematics.

Every sign is a string literal in a call of ``maths.typ`` or of Typst's module for mathematics. Spaces around operators
are Typst's, after the rules of TeX.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from handover.pages.typst_text import literal, spoken, visible

#: Marks over and under a formula that are drawn as long as it is, and the names that Typst knows them by.
OVER = {"\u0332": "math.overline", "‾": "math.overline", "⏞": "math.overbrace", "⏜": "math.overparen"}
UNDER = {"\u0332": "math.underline", "_": "math.underline", "⏟": "math.underbrace", "⏝": "math.underparen"}
ARROWS = frozenset("←→↔⇐⇒⇔↦⟵⟶⟷⟸⟹⟺↩↪↼↽⇀⇁⇋⇌")
#: Signs that mean something to a screen and print nothing.
UNSEEN = re.compile("[\u2061-\u2064\ufe00-\ufe0f]")
EMPTY = "[]"


def equation(tree: Any, latex: str) -> str:
    """Print a formula that `Mathematics` set; its source is what a screen reader says of it."""
    call, breaks = ("displayed", "breaks: true, ") if tree.get("display") == "block" else ("within-text", "")
    breaks = "" if next(tree.iter("mtable"), None) is not None else breaks
    return f"#{call}({breaks}{spoken(latex) if latex.strip() else literal('LaTeX')}, {_row(tree)});"


def _row(element: Any) -> str:
    """What an element holds, one after the other."""
    return _joined([_node(child) for child in element])


def _joined(parts: list[str]) -> str:
    parts = [part for part in parts if part != EMPTY]
    return parts[0] if len(parts) == 1 else f"row({', '.join(parts)})" if parts else EMPTY


def _node(element: Any) -> str:
    write = FORMS.get(element.tag)
    return write(element) if write else _row(element)


def _sign(element: Any) -> str:
    """A name, a number or an operator."""
    said = UNSEEN.sub("", visible(_text(element)))
    space = "" if element.get("lspace", "0") == "0" or said else f"h({element.get('lspace')})"
    if not said:
        return space or EMPTY
    if len(said) > 1 or element.tag == "mn":
        return f"[#{literal(said)}]"
    sign = f"sign({literal(said)})"
    if element.get("mathvariant") == "normal":
        return f"math.upright({sign})"
    if element.get("form") in ("prefix", "postfix"):
        sign = f"{'opening' if element.get('form') == 'prefix' else 'closing'}({literal(said)})"
    return f"math.lr(size: {size}, {sign})" if (size := element.get("minsize", "")) and _length(size) else sign


def _text(element: Any) -> str:
    return "".join(element.itertext())


def _length(said: str) -> str:
    """A length of MathML as one of Typst's, "" for none."""
    found = re.fullmatch(r"(-?[\d.]+)r?em", said)
    return f"{found[1]}em" if found else ""


def _words(element: Any) -> str:
    said = _text(element).replace("\u00a0", " ")
    if not said.strip():
        return "h(0.25em)"
    return f"words({literal(visible(said))})"


def _space(element: Any) -> str:
    width = _length(element.get("width", ""))
    return f"h({width})" if width else EMPTY


def _fenced(element: Any) -> str:
    """A row between two fences that grow with it, or a plain one."""
    inside = list(element)
    ends = inside[:1] + inside[-1:]
    if len(inside) < 2 or any(end.tag != "mo" or end.get("stretchy") == "false" for end in ends):
        return _styled(element, _row(element))
    first, last = (UNSEEN.sub("", _text(end)) for end in ends)
    parts = [f"opening({literal(first)})"] if first else []
    parts += [_growing(child) for child in inside[1:-1]]
    parts += [f"closing({literal(last)})"] if last else []
    return f"math.lr({_joined(parts)})"


def _growing(element: Any) -> str:
    sign = _node(element)
    return f"math.mid({sign})" if element.tag == "mo" and element.get("stretchy") == "true" else sign


def _styled(element: Any, written: str) -> str:
    """What is written in the size of a formula on lines of its own, or of one in a line, where MathML says so."""
    size = {"true": "math.display", "false": "math.inline"}.get(element.get("displaystyle", ""), "")
    return f"{size}({written})" if size and written != EMPTY else written


def _fraction(element: Any) -> str:
    above, below = map(_node, element)
    call = "stacked" if element.get("linethickness") == "0" else "math.frac"
    return _styled(element, f"{call}({above}, {below})")


def _root(element: Any) -> str:
    inside, index = map(_node, element)
    return f"math.root({index}, {inside})"


def _attached(*places: str) -> Callable[[Any], str]:
    """The form of a base with signs at some of its corners, where a sum has them too."""

    def write(element: Any) -> str:
        base, *rest = map(_node, element)
        set_at = [f"{place}: {sign}" for place, sign in zip(places, rest, strict=False) if sign != EMPTY]
        return f"math.attach(math.scripts({base}), {', '.join(set_at)})" if set_at else base

    return write


def _marked(*places: str) -> Callable[[Any], str]:
    """The form of a base with something over it, under it, or both."""

    def write(element: Any) -> str:
        first, *rest = element
        base = _node(first)
        mark = UNSEEN.sub("", _text(rest[0])).strip() if len(rest) == 1 and rest[0].tag == "mo" else ""
        known = (OVER if places == ("t",) else UNDER).get(mark)
        if known:
            return f"{known}({base})"
        if element.get("accent") == "true" and len(mark) == 1:
            return f"math.accent({base}, {literal(mark)})"
        if first.tag == "mo" and _text(first) in ARROWS:
            base = f"math.stretch({base})"
        call = "bounded" if first.tag == "mo" and first.get("movablelimits") != "false" else "math.limits"
        set_at = [f"{place}: {_node(sign)}" for place, sign in zip(places, rest, strict=True)]
        return f"math.attach({call}({base}), {', '.join(set_at)})"

    return write


def _corners(element: Any) -> str:
    """A base with signs at corners of both sides; MathML names those on its right first, the lower ones first."""
    base, *signs = element
    middle = next((at for at, sign in enumerate(signs) if sign.tag == "mprescripts"), len(signs))
    sides = ("r", signs[:middle]), ("l", signs[middle + 1 :])
    corners = {f"{'bt'[at % 2]}{side}": _node(sign) for side, some in sides for at, sign in enumerate(some)}
    return (
        f"math.attach({', '.join([_node(base), *(f'{at}: {sign}' for at, sign in corners.items() if sign != EMPTY)])})"
    )


def _table(element: Any) -> str:
    """A table without a frame."""
    options = [f"{kind}: ({', '.join(map(str, sorted(at)))},)" for kind, at in _rules(element) if at]
    options = [f"augment: ({', '.join(options)})"] if options else []
    if element.get("displaystyle") == "true":
        options.append("row-gap: 0.7em, column-gap: 2em")
    rows = ", ".join(f"({', '.join(_cells(line) or ['[]'])},)" for line in element)
    return f"table-of({', '.join([*options, f'({rows},)'])})"


def _rules(table: Any) -> Iterator[tuple[str, set[int]]]:
    """The lines between columns and rows."""
    ruled = [(x, y, cell.get("class", "").split()) for y, line in enumerate(table) for x, cell in enumerate(line)]
    yield "vline", {x + 1 for x, _, classes in ruled if "ruled-right" in classes}
    yield "hline", {y for _, y, classes in ruled if "ruled-top" in classes and y}


def _cells(line: Any) -> list[str]:
    """The cells of a row; one set to the left or right has a point at that end, at which its column is set in line.

    Two that meet, one set to the right and one to the left, are one, in line at what is between them.
    """
    cells: list[str] = []
    near = False
    for cell in line:
        classes = cell.get("class", "").split()
        written = _styled(line.getparent(), _row(cell))
        if near and "near-left" in classes:
            cells[-1] = _joined([cells[-1], written])
        elif "left" in classes:
            cells.append(_joined(["point", written]))
        else:
            cells.append(_joined([written, "point"]) if "right" in classes else written)
        near = {"near-right", "right"} <= set(classes)
    return cells


def _enclosed(element: Any) -> str:
    """A stroke through a formula, or a box around it."""
    inside = _row(element)
    if "strike" in element.get("notation", ""):
        return f"math.cancel({inside})"
    return f"boxed({spoken(_text(element)) if _text(element).strip() else literal('□')}, {inside})"


FORMS: dict[str, Callable[[Any], str]] = {
    "mi": _sign, "mn": _sign, "mo": _sign, "mtext": _words, "ms": _words, "mspace": _space,
    "mrow": _fenced, "mstyle": _fenced,
    "mfrac": _fraction, "msqrt": lambda element: f"math.sqrt({_row(element)})", "mroot": _root,
    "msub": _attached("b"), "msup": _attached("t"), "msubsup": _attached("b", "t"), "mmultiscripts": _corners,
    "munder": _marked("b"), "mover": _marked("t"), "munderover": _marked("b", "t"),
    "mtable": _table, "menclose": _enclosed, "mphantom": lambda element: f"hide({_row(element)})",
    "annotation": lambda _: EMPTY,
}  # fmt: skip
