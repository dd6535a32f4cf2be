"""The contents of any PDF, read in a process of its own with little memory and time, which may write no file.

Nothing of the PDF is run, and names in it are never used as paths. Every loop is bounded by what the process may
use, and what cannot be read is reported, not raised.
"""

import base64
import contextlib
import hashlib
import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from handover.errors import VerifyError
from handover.notebook import subreaper

#: No edition comes near these: memory and CPU time of reading, files attached, letters of all that is read.
MEMORY_MAX, SECONDS_MAX, ATTACHED_MAX, LETTERS_MAX = 1 << 30, 40, 1000, 150_000_000
#: CPU time is limited as well, so only an overloaded machine reaches this.
PATIENCE_S = 600.0
#: How deep forms may nest in a page; editions stay far below.
DEPTH = 60
#: A link may lead to these.
SCHEMES = ("http:", "https:", "mailto:")
#: What a PDF can do beside following a link, which no edition does.
ACTIONS = {
    *("/Launch", "/SubmitForm", "/ImportData", "/ResetForm", "/GoToR", "/GoToE", "/Thread", "/Sound", "/Movie"),
    *("/Hide", "/Rendition", "/Trans", "/GoTo3DView", "/RichMediaExecute"),
}
#: Keys of a part that lead to another part, and those that tell only how a stream is stored.
ASIDE = {"/Parent", "/Pages", "/Obj", "/Metadata", "/Length", "/Filter", "/DecodeParms"}

Strings = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A page, or all of the document that is on no page.

    `text` is what the page shows, in the order in which it is drawn; `strings` are the texts that it does not show,
    each with its key (``/Alt``, ``/URI``); `whole` is a hash of everything, how it is drawn and structured included.
    """

    text: str
    strings: Strings
    whole: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a PDF; `active` names what could act when it is opened or touched."""

    attachments: Mapping[str, bytes]
    active: tuple[str, ...]
    document: Part
    pages: tuple[Part, ...]


def read(pdf: bytes) -> Contents:
    """Read a PDF.

    Raises:
        VerifyError: It cannot be read; the text is the reason, worded to follow the file's name.
    """
    if b"%PDF-" not in pdf[:1024]:
        raise VerifyError("is no PDF")
    command = [sys.executable, "-I", "-m", "handover.verify.contents"]
    try:
        done = subprocess.run(command, input=pdf, capture_output=True, timeout=PATIENCE_S, check=False)
        found = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise VerifyError("cannot be read (it takes more memory or time than any edition)") from None
    if "fault" in found:
        raise VerifyError(found["fault"])
    attachments = {name: base64.b64decode(data) for name, data in found["attachments"].items()}
    parts = (Part(text, tuple(map(tuple, strings)), whole) for text, strings, whole in found["parts"])
    return Contents(attachments, tuple(found["active"]), next(parts), tuple(parts))


def letters(font: Any) -> dict[int, str]:
    """Read the text of each code of a font from its ToUnicode map."""
    cmap = font.ToUnicode.read_bytes().decode("latin-1")
    found = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for code, text in re.findall(r"<(\w+)>\s*<(\w+)>", block):
            found[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be", "replace")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for first, last, text in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            start = int.from_bytes(bytes.fromhex(text), "big")
            for code in range(int(first, 16), min(int(last, 16), int(first, 16) + 0xFFFF) + 1):
                found[code] = chr(start + code - int(first, 16))
    return found


def decoded(codes: bytes, known: Mapping[int, str]) -> str:
    """Return the text of a shown string, of two bytes a code; what `known` lacks stands as U+FFFD."""
    return "".join(known.get(int.from_bytes(codes[n : n + 2], "big"), "\ufffd") for n in range(0, len(codes), 2))


def _contents(data: bytes) -> dict[str, Any]:
    """Take a PDF apart, for `read` to put together in another process."""
    import pikepdf

    with pikepdf.open(BytesIO(data)) as pdf:
        if pdf.is_encrypted:
            return {"fault": "is encrypted"}
        if len(pdf.attachments) > ATTACHED_MAX:
            return {"fault": f"carries {len(pdf.attachments):,} files; {ATTACHED_MAX:,} at most are an edition's"}
        numbers = {page.obj.objgen: number for number, page in enumerate(pdf.pages, 1)}
        attached = {name: spec.get_file().read_bytes() for name, spec in pdf.attachments.items()}
        return {
            "attachments": {name: base64.b64encode(content).decode() for name, content in attached.items()},
            "active": sorted(set(_active(pdf))),
            "parts": [
                _part("", pikepdf.Array([pdf.docinfo, pdf.Root]), numbers),
                *(_part(_text(page.obj, page.obj.get("/Resources")), page.obj, numbers) for page in pdf.pages),
            ],
        }


def _part(text: str, root: Any, pages: Mapping[Any, int]) -> tuple[str, list[tuple[str, str]], str]:
    import pikepdf

    strings, whole = [], hashlib.sha256()
    for key, node in _nodes(root, pages, ASIDE):
        if isinstance(node, pikepdf.String):
            strings.append((key, str(node)))
        if isinstance(node, pikepdf.Stream):
            try:
                whole.update(hashlib.sha256(node.read_bytes()).digest())
            except pikepdf.PdfError:  # a photograph, which is stored as it is
                whole.update(hashlib.sha256(node.read_raw_bytes()).digest())
        elif not isinstance(node, pikepdf.Array | pikepdf.Dictionary):
            whole.update(f"{key} {node}\n".encode("utf-8", "surrogatepass"))
    return " ".join(text.split()), strings, whole.hexdigest()


def _nodes(root: Any, pages: Mapping[Any, int], aside: Set[str] = frozenset()) -> Iterator[tuple[str, Any]]:
    """Yield every value below an object once, in an order that no numbering of objects changes, each with its key.

    A page that is met stands for its number, and what is below it is left out; keys `aside` are not followed.
    """
    import pikepdf

    stack, seen = [("", root)], set()
    while stack:
        key, node = stack.pop()
        name = node.objgen if isinstance(node, pikepdf.Object) and node.is_indirect else None
        if name in pages and node is not root:
            yield key, pages[name]
            continue
        if name in seen:
            continue
        seen |= {name} - {None}
        yield key, node
        if isinstance(node, pikepdf.Array):
            stack += ((key, one) for one in reversed(list(node)))
        elif isinstance(node, pikepdf.Dictionary | pikepdf.Stream):
            stack += ((inner, node[inner]) for inner in sorted(node.keys() - aside, reverse=True))


def _active(pdf: Any) -> Iterator[str]:
    """Name everything that could act when the PDF is opened or touched."""
    import pikepdf

    if "/OpenAction" in pdf.Root and not isinstance(pdf.Root.OpenAction, pikepdf.Array):
        yield "an action on opening"
    if "/AcroForm" in pdf.Root:
        yield "a form"
    for _, node in _nodes(pdf.trailer, {}):
        if not isinstance(node, pikepdf.Dictionary | pikepdf.Stream):
            continue
        kind = str(node.get("/S", ""))
        if "/JS" in node or kind == "/JavaScript":
            yield "JavaScript"
        if "/AA" in node:
            yield "an action by itself"
        if kind in ACTIONS:
            yield f"an action of kind {kind[1:]}"
        if kind == "/URI" and not str(node.get("/URI", "")).lower().startswith(SCHEMES):
            yield "a link of a foreign scheme"


def _text(holder: Any, resources: Any, depth: int = 0) -> str:
    """Return what a page or a form shows, with a space wherever a new piece of text begins."""
    import pikepdf

    known: dict[int, str] = {}
    found = []
    for operands, operation in pikepdf.parse_content_stream(holder):
        operator = str(operation)
        if operator == "Tf":
            known = {}
            with contextlib.suppress(AttributeError, KeyError, ValueError):
                known = letters(resources.Font[str(operands[0])])
        elif operator in ("Tj", "TJ"):
            shown = operands[0] if operator == "TJ" else operands
            found += [decoded(bytes(piece), known) for piece in shown if isinstance(piece, pikepdf.String)]
        elif operator in ("Td", "Tm", "T*", "ET"):
            found.append(" ")
        elif operator == "Do":
            form = resources.XObject[str(operands[0])]
            if form.get("/Subtype") == "/Form" and depth < DEPTH:
                found.append(_text(form, form.get("/Resources", resources), depth + 1))
    return "".join(found)


def main() -> None:
    """Read the PDF on standard input, and write its contents as JSON."""
    import pikepdf

    for limit, most in (("RLIMIT_FSIZE", 0), ("RLIMIT_CPU", SECONDS_MAX), ("RLIMIT_AS", MEMORY_MAX)):
        with contextlib.suppress(ValueError, OSError):  # not every system has every limit
            resource.setrlimit(getattr(resource, limit), (most, most))
    try:
        found = _contents(sys.stdin.buffer.read())
    except pikepdf.PasswordError:
        found = {"fault": "is encrypted"}
    except Exception as error:  # a damaged file may cause any error
        reason = re.sub(r"<[^>]*> ?:? ?|^stream ", "", str(error))[:200]
        found = {"fault": f"cannot be read ({type(error).__name__}: {reason})"}
    text = json.dumps(found)
    if len(text) > LETTERS_MAX:
        text = json.dumps({"fault": "holds more than any edition once it is unpacked"})
    sys.stdout.write(text)


if __name__ == "__main__":
    subreaper.end_with_parent()
    main()
