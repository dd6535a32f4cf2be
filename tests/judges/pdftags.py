"""The structure of a tagged PDF as a screen reader walks it: each element with its text, in reading order.

Only reading is here; what a structure should hold is not.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from judges import pdftext


@dataclass(slots=True)
class Element:
    """One element of the structure; `text` holds that of its children too."""

    kind: str
    alt: str = ""
    text: str = ""
    children: list["Element"] = field(default_factory=list)
    scope: str = ""

    def walk(self) -> Iterator["Element"]:
        """Yield it and all below it, in reading order."""
        yield self
        for child in self.children:
            yield from child.walk()


def read(pdf: bytes) -> Element:
    """Return the root of the structure."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        marked = {page.objgen: _marked(page.obj) for page in opened.pages}
        root = opened.Root.StructTreeRoot
        tops = [_element(one, None, marked) for one in _kids(root)]
        return Element("Root", text="".join(top.text for top in tops), children=tops)


def _element(node: Any, page: Any, marked: dict[Any, dict[int, str]]) -> Element:
    page = node.get("/Pg", page)
    found = Element(str(node.S)[1:], alt=str(node.get("/Alt", "")), scope=_scope(node))
    for kid in _kids(node):
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            child = _element(kid, page, marked)
            found.children.append(child)
            found.text += child.text
            continue
        # an integer, or a dictionary that names another page; references to annotations hold no text
        number = kid.get("/MCID") if isinstance(kid, pikepdf.Dictionary) else kid
        where = kid.get("/Pg", page) if isinstance(kid, pikepdf.Dictionary) else page
        if number is not None and where is not None:
            found.text += marked[where.objgen].get(int(number), "")
    return found


def _kids(node: Any) -> list[Any]:
    kids = node.get("/K", [])
    return list(kids) if isinstance(kids, pikepdf.Array) else [kids]


def _scope(node: Any) -> str:
    """The scope that a header cell states."""
    attributes = node.get("/A", [])
    for one in attributes if isinstance(attributes, pikepdf.Array) else [attributes]:
        if isinstance(one, pikepdf.Dictionary) and "/Scope" in one:
            return str(one.Scope)[1:]
    return ""


def _marked(page: Any) -> dict[int, str]:
    """The text of each piece of marked content on a page, by its number."""
    found: dict[int, str] = {}
    open_: list[int | None] = []
    for text, opened in pdftext.pieces(page, page.Resources):
        if opened is not None:
            if opened is pdftext.CLOSED:
                open_.pop()
            else:
                open_.append(opened.get("/MCID") if isinstance(opened, pikepdf.Dictionary) else None)
            continue
        number = next((int(one) for one in reversed(open_) if one is not None), None)
        if number is not None:
            found[number] = found.get(number, "") + text
    return found
