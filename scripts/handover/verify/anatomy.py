"""A PDF taken apart, in a process of its own that may use little memory and time and may write no file.

Reads a PDF from standard input and writes one JSON object; `handover.verify.dissection` starts it. Nothing of the
PDF is run, and names in it are never used as paths. The PDF may be anyone's: every loop is bounded by what the
process may use, and what cannot be read is said, not raised.
"""

import base64
import contextlib
import hashlib
import json
import re
import resource
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf

from handover.verify import glyphs

MEMORY, SECONDS = 1 << 30, 40
#: How deep structure and forms may nest; what we make stays far below.
DEPTH = 60
#: A link may lead to these; everything else a PDF could do, it must not.
ACTIONS = ("/URI", "/GoTo")
SCHEMES = ("http:", "https:", "mailto:")
HEADINGS = ("/H1", "/H2", "/H3", "/H4", "/H5", "/H6")


def anatomy(data: bytes) -> dict[str, Any]:
    """Take a PDF apart: attachments, pages, structure, links, what acts by itself, metadata, fonts."""
    with pikepdf.open(BytesIO(data)) as pdf:
        if pdf.is_encrypted:
            return {"fault": "is encrypted"}
        pages = {page.obj.objgen: number for number, page in enumerate(pdf.pages, 1)}
        elements, places = _structure(pdf, pages)
        return {
            "attachments": {str(name): _attached(spec) for name, spec in pdf.attachments.items()},
            "pages": [_page(page, places) for page in pdf.pages],
            "elements": elements,
            "links": [link for number, page in enumerate(pdf.pages, 1) for link in _links(page, number, pages)],
            "active": sorted(set(_active(pdf))),
            "about": _about(pdf),
            "fonts": _fonts(pdf),
        }


def _attached(spec: Any) -> str:
    return base64.b64encode(spec.get_file().read_bytes()).decode()


def _structure(pdf: Any, pages: dict[Any, int]) -> tuple[list[dict[str, Any]], dict[tuple[int, int], int]]:
    """The tagged elements in reading order, and which of them each piece of a page belongs to."""
    elements: list[dict[str, Any]] = []
    places: dict[tuple[int, int], int] = {}
    heading = ""
    seen = set()

    def visit(node: Any, page: int, inside: int, depth: int) -> None:
        nonlocal heading
        if isinstance(node, int):
            places.setdefault((page, int(node)), inside)
        elif isinstance(node, pikepdf.Array):
            for child in node:
                visit(child, page, inside, depth)
        elif isinstance(node, pikepdf.Dictionary) and depth < DEPTH:
            page = pages.get(node.Pg.objgen, page) if "/Pg" in node else page
            if "/MCID" in node:
                places.setdefault((page, int(node.MCID)), inside)
            elif "/S" in node and node.objgen not in seen:
                seen.add(node.objgen)
                kind = str(node.S)
                heading = str(node.get("/T", "")) if kind in HEADINGS else heading
                words = {name: str(node[key]) for name, key in _WORDS.items() if key in node}
                elements.append({"kind": kind[1:], "heading": heading, "inside": inside, "page": page, **words})
                visit(node.get("/K", pikepdf.Array()), page, len(elements) - 1, depth + 1)

    root = pdf.Root.get("/StructTreeRoot")
    visit(root.get("/K", pikepdf.Array()) if root is not None else pikepdf.Array(), 0, -1, 0)
    return elements, places


_WORDS = {"title": "/T", "alt": "/Alt", "actual": "/ActualText", "language": "/Lang"}


def _page(page: Any, places: dict[tuple[int, int], int]) -> list[dict[str, Any]]:
    """The pieces of a page in the order in which they are drawn: their text, and a hash of all their drawing."""
    pieces: list[dict[str, Any]] = []
    for number, text, drawn in _pieces(page.obj, page.obj.get("/Resources", pikepdf.Dictionary())):
        pieces.append({"element": places.get((page.index + 1, number), -1), "text": text, "drawn": drawn})
    return pieces


def _pieces(holder: Any, resources: Any) -> Iterator[tuple[int, str, str]]:
    depth, number, texts, whole = 0, -1, [], hashlib.sha256()
    for operator, operands, text in _operations(holder, resources, 0):
        if operator in ("BDC", "BMC"):
            depth += 1
            if depth == 1:
                yield number, "".join(texts), whole.hexdigest()
                number, texts, whole = -1, [], hashlib.sha256()
                with contextlib.suppress(AttributeError, KeyError, IndexError, TypeError, ValueError):
                    number = int(operands[1].MCID)
        elif operator == "EMC":
            depth -= 1
        texts.append(text)
        whole.update(f"{operator} {' '.join(map(_plain, operands))}\n".encode("utf-8", "surrogatepass"))
    yield number, "".join(texts), whole.hexdigest()


def _operations(holder: Any, resources: Any, depth: int) -> Iterator[tuple[str, list[Any], str]]:
    """Every drawing operation, those of forms in their place, with the text it shows."""
    known: glyphs.Table = {}
    for operands, operation in pikepdf.parse_content_stream(holder):
        operator, text = str(operation), ""
        if operator == "Tf":
            known = _table(resources, str(operands[0]))
        elif operator in ("Tj", "TJ"):
            shown = operands[0] if operator == "TJ" else operands
            text = "".join(glyphs.decoded(bytes(part), known) for part in shown if isinstance(part, pikepdf.String))
        elif operator in ("Td", "Tm", "T*", "ET"):
            text = " "
        elif operator == "Do":
            form = resources.XObject[str(operands[0])]
            if form.get("/Subtype") == "/Form" and depth < DEPTH:
                yield from _operations(form, form.get("/Resources", resources), depth + 1)
                continue
            operands = [hashlib.sha256(form.read_raw_bytes()).hexdigest()]
        yield operator, list(operands), text


def _table(resources: Any, name: str) -> glyphs.Table:
    try:
        return glyphs.table(resources.Font[name])
    except (AttributeError, KeyError, ValueError):
        return {}


def _plain(operand: Any) -> str:
    if isinstance(operand, pikepdf.String):
        return bytes(operand).hex()
    if isinstance(operand, pikepdf.Array):
        return f"[{' '.join(map(_plain, operand))}]"
    if isinstance(operand, pikepdf.Dictionary):
        return " ".join(f"{key} {_plain(value)}" for key, value in operand.items())
    return str(operand)


def _links(page: Any, number: int, pages: dict[Any, int]) -> Iterator[dict[str, Any]]:
    for note in page.obj.get("/Annots", []):
        action = note.get("/A", {})
        target = str(action.get("/URI", "")) or repr(note.get("/Dest", action.get("/D", "")))
        with contextlib.suppress(AttributeError, KeyError, IndexError, TypeError):
            first, *rest = note.Dest
            target = f"page {pages[first.objgen]} {' '.join(map(str, rest))}"
        rectangle = " ".join(map(str, note.get("/Rect", [])))
        yield {"page": number, "kind": str(note.get("/Subtype", ""))[1:], "target": target, "at": rectangle} | {
            "says": str(note.get("/Contents", ""))
        }


def _active(pdf: Any) -> Iterator[str]:
    """Everything that could act when the PDF is opened or touched; the press makes nothing of the kind."""
    if "/OpenAction" in pdf.Root and not isinstance(pdf.Root.OpenAction, pikepdf.Array):
        yield "an action on opening"
    if "/AcroForm" in pdf.Root:
        yield "a form"
    for item in pdf.objects:
        if not isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
            continue
        for part in (item, *(item[key] for key in ("/A", "/OpenAction") if key in item)):
            yield from _acts(part)


def _acts(part: Any) -> Iterator[str]:
    if not isinstance(part, pikepdf.Dictionary | pikepdf.Stream):
        return
    kind = str(part.get("/S", ""))
    if "/JS" in part or kind == "/JavaScript":
        yield "JavaScript"
    elif "/AA" in part:
        yield "an action by itself"
    elif kind in _FOREIGN:
        yield f"an action of kind {kind[1:]}"
    elif kind == "/URI" and not str(part.get("/URI", "")).lower().startswith(SCHEMES):
        yield "a link of a foreign scheme"


_FOREIGN = (
    *("/Launch", "/SubmitForm", "/ImportData", "/ResetForm", "/GoToR", "/GoToE", "/Thread", "/Sound", "/Movie"),
    *("/Hide", "/Rendition", "/Trans", "/GoTo3DView", "/RichMediaExecute"),
)


def _about(pdf: Any) -> dict[str, str]:
    metadata = pdf.Root.get("/Metadata")
    fields = {str(key)[1:]: str(value) for key, value in pdf.docinfo.items()}
    xmp = metadata.read_bytes().decode("utf-8", "replace") if metadata is not None else ""
    return fields | {"language": str(pdf.Root.get("/Lang", "")), "metadata": xmp}


def _fonts(pdf: Any) -> list[list[str]]:
    """Name and hash of each font program and of its table of letters."""
    found = []
    for item in pdf.objects:
        for key in ("/FontFile", "/FontFile2", "/FontFile3") if isinstance(item, pikepdf.Dictionary) else ():
            if key in item:
                found.append([str(item.get("/FontName", "")), hashlib.sha256(item[key].read_bytes()).hexdigest()])
        if isinstance(item, pikepdf.Dictionary) and "/ToUnicode" in item:
            table = item.ToUnicode.read_bytes()
            found.append([str(item.get("/BaseFont", "")) + " letters", hashlib.sha256(table).hexdigest()])
    return sorted(found)


def main() -> None:
    """Take apart what stands on standard input."""
    for limit, most in (("RLIMIT_FSIZE", 0), ("RLIMIT_CPU", SECONDS), ("RLIMIT_AS", MEMORY)):
        with contextlib.suppress(ValueError, OSError):  # not every system keeps every limit
            resource.setrlimit(getattr(resource, limit), (most, most))
    sys.setrecursionlimit(20_000)
    try:
        found = anatomy(sys.stdin.buffer.read())
    except pikepdf.PasswordError:
        found = {"fault": "is encrypted"}
    except Exception as error:  # whatever a damaged file brings about is the file's fault here
        reason = re.sub(r"<[^>]*> ?:? ?|^stream ", "", str(error))[:200]
        found = {"fault": f"cannot be read ({type(error).__name__}: {reason})"}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
