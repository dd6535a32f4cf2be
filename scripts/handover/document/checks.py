"""What no report may be published with: secrets, traces of the machine, and pictures only for those who see.

An object's address or a temporary path changes with every run, so that the same inputs no longer give the same
bytes; a home folder or a host's name tells who made the report; a secret of the environment opens what is theirs.
Validators see to it that a picture has an alternative text; whether
the text says anything is judged here.
"""

import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from handover import credentials
from handover.document import model
from handover.document.reader import counted
from handover.errors import AuditError, ConversionError
from handover.project import Project
from handover.text import DIGITS

#: The digit for which a template prints a word.
SPOKEN = {word: str(digit) for digit, word in enumerate(DIGITS)}
FILE_NAME = re.compile(r"\S*\.(?:avif|bmp|gif|jpe?g|pdf|png|svg|tiff?|webp)", re.IGNORECASE)
#: Words that stand where a description was meant to be.
_WORDS = (
    "alt, alt text, alternative text, caption, chart, description, diagram, figure, graph, graphic, image, img, lorem "
    "ipsum, n/a, none, null, photo, picture, placeholder, plot, png, svg, tbd, text, todo, undefined, untitled, xxx"
)
PLACEHOLDERS = frozenset(_WORDS.split(", "))
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")

#: What is looked for: plain texts of which it holds one, which are found fast, and the pattern itself.
Trace = tuple[list[str], str]

#: The source of a cell may well name a temporary folder; what it displays may not.
RUN = {
    "the address of an object": ([" at 0x"], r" at 0x[0-9a-f]{6,}"),
    "a kernel's temporary file": (["ipykernel_", "<ipython-input-"], r"\bipykernel_\d+|<ipython-input-\d+"),
    "a temporary path": (["/tmp/"], r"(?<![\w.])/tmp/"),
}


def refuse_traces(
    nb: Any, pages: Iterable[str], project: Project, where: str, attached: Mapping[str, bytes] | None = None
) -> None:
    """Refuse an executed notebook, pages made from it, or files attached to them, that hold traces.

    Of the files `attached`, by name, only secrets are looked for: the others may be in a table for good reasons.

    Raises:
        ConversionError: Lists each trace with its cell and the text around it, and each secret by its variable alone.
    """
    machine = {
        "the project's path": _path(project.root),
        "the home folder": _path(Path.home()),
        "the host's name": _host(socket.gethostname()),
    }
    displayed, secrets = RUN | machine, credentials.held()
    found = []
    for number, cell in counted(nb):
        for output in cell.get("outputs", []):
            place = f"cell {number}, a warning" if output.get("name") == "stderr" else f"cell {number}"
            texts = list(_texts(output))
            # there are thousands, and hardly ever a trace in all of them together
            for text in texts if any(_traces(place, "\n".join(texts), displayed, secrets)) else ():
                found += _traces(place, text, displayed, secrets)
        found += _traces(f"cell {number}, its source", cell["source"], machine, secrets)
    for page in pages if not found else ():
        found += _traces("page", page, machine, secrets)
    for name, data in (attached or {}).items() if secrets and not found else ():
        found += _traces(name, data.decode("utf-8", "replace"), {}, secrets)
    if found:
        shown = "".join(f"\n  {one}" for one in found[:20])
        raise ConversionError(
            f"{where}: must hold no trace of the run or the machine ({len(found)} found):{shown}\n"
            "Display a value instead of an object's default text, name no path, host or secret of this machine, and "
            "mend what a warning is about."
        )


def _path(path: Path) -> Trace:
    # the root folder, or a drive's, is part of every path and says nothing
    return [str(path)], rf"(?<![\w.]){re.escape(str(path))}(?![\w-])" if len(path.parts) > 1 else r"(?!)"


def _host(name: str) -> Trace:
    """The name of a host, whole and without its domain; one that may be an ordinary word is looked for in no report.

    It counts if it has four characters, a letter among them, and a digit, a hyphen or, as a whole, a domain.
    """
    own = [one for one in dict.fromkeys((name, name.partition(".")[0])) if not one.startswith("localhost")]
    telling = [one for one in own if len(one) > 3 and re.search("[A-Za-z]", one) and re.search("[-0-9.]", one)]
    return telling, rf"(?<![\w.-])(?:{'|'.join(map(re.escape, telling))})(?![\w-])" if telling else r"(?!)"


def _traces(place: str, text: str, traces: dict[str, Trace], secrets: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for name, forms in secrets.items():
        if any(form in text for form in forms):
            yield f"{place}: the secret in the environment variable {name}"  # and nothing of the text around it
    for what, (parts, pattern) in traces.items():
        match = re.search(pattern, text) if any(part in text for part in parts) else None
        if match:
            # of a warning also what it says
            around = text[max(0, match.start() - 30) : match.end() + (200 if place.endswith("a warning") else 30)]
            yield f"{place}: {what}, in “{' '.join(around.split())}”"


def _texts(output: Any) -> Iterator[str]:
    """Every text in an output of a cell; images in base64 hold none, and are skipped for speed."""
    left = [output]
    for value in left:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            left += [inner for key, inner in value.items() if key not in ("image/png", "image/jpeg")]
        elif isinstance(value, list):
            left += value


def require_descriptions(document: model.Document, where: str) -> None:
    """Refuse a document that states evidence and shows a picture to those alone who see.

    Raises:
        AuditError: Lists each picture whose description does not help.
    """
    if not document.evidence:
        return
    found = [f"cell {cell}: {fault}" for cell, fault in _faults(document)]
    if found:
        raise AuditError(
            f"{where}: every picture must be described ({len(found)} {'is' if len(found) == 1 else 'are'} not):\n"
            + "\n".join(f"  {line}" for line in found)
            + "\nWrite it in alt=… of figure(…): the kind of chart, its finding, and its first and last value as facts."
        )


def unhelpful(alt: str, captions: Iterable[str], drawn: Iterable[str]) -> Iterator[str]:
    """Yield what keeps a description from helping.

    Args:
        alt: The description.
        captions: What stands beside the picture and is read out anyway.
        drawn: The texts in the picture.
    """
    captions = tuple(captions)
    words = _bare(alt)
    numbers = {number for text in (*drawn, *captions) for number in NUMBER.findall(text)}
    if not words:
        yield "its description must say something (got none)"
    elif FILE_NAME.fullmatch(alt.strip()):
        yield f"its description must not be a file's name (got '{alt.strip()}')"
    elif words in PLACEHOLDERS or words.rstrip(" 0123456789") in PLACEHOLDERS:
        yield f"its description must not be a placeholder (got '{alt.strip()}')"
    elif words in {_bare(caption) for caption in captions}:
        yield "its description must not be its caption again (got the same words)"
    elif numbers and not numbers & {
        *NUMBER.findall(alt),
        *(SPOKEN.get(word, "") for word in re.findall(r"\w+", words)),
    }:
        yield f"its description must give a value that the picture shows (got none of {', '.join(sorted(numbers)[:6])})"


def _faults(document: model.Document) -> Iterator[tuple[int, str]]:
    for part in (document.headline, *document.parts):
        for node in model.walk(part):
            match node:
                case model.Figure():
                    lines = [" ".join(model.plain(text).split()) for text in (node.title, node.subtitle)]
                    captions, drawn = (*lines, " ".join(lines)), node.picture.texts if node.picture else ()
                    yield from ((part.cell, fault) for fault in unhelpful(node.alt, captions, drawn))
                case model.Image():
                    yield from ((part.cell, fault) for fault in unhelpful(node.alt, (node.title,), ()))


def _bare(text: str) -> str:
    """Words alone, so that a full stop or a capital letter makes no difference."""
    return " ".join(text.casefold().split()).strip(" .:;,!?…")
