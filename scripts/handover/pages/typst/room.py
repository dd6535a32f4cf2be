"""The room on the pages, shared out, so that no page is left much empty.

A figure that has no room is set smaller, or lets the text after it pass. The evidence is set in the largest type that
takes no more pages than the smallest would, its last columns of like height. Typst is asked where things stand, one
thing is changed, and it is asked again, since all that follows has moved.
"""

from collections.abc import Mapping
from itertools import takewhile
from math import sqrt
from typing import Any

from handover.errors import ConversionError
from handover.pages.typst import typesetter
from handover.pages.typst.escape import literal

#: In points: where the text of a page begins and ends, what lies above a figure, and what a page may well leave empty.
TOP, FOOT, GAP, EMPTY = 59.5, 779.5, 20.0, 90.0
#: A figure this near the top of its page, heading and all, is there because the page before had no room for it.
NEAR = 70.0
#: A drawing is never set smaller than this, for the sake of the words in it.
SMALLEST = 0.85
#: Type of the evidence, in points, and what a column of it may lose at its foot, where no entry is parted.
LEAST, LARGEST, STEP, LOST = 7.5, 9.5, 0.25, 30.0
#: Of a document with very many figures the first few are enough.
MOST = 12

Probe = dict[str, Any]


def unmoved(name: str) -> str:
    """The arguments of a figure in the source; `shared` may put others in their place."""
    return _figure(name, 1.0, False)


def unset(name: str) -> str:
    """The arguments of an evidence section in the source; `shared` may put others in their place."""
    return _columns(name, LEAST, 0.0)


def shared(files: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    """Return the files with ``main.typ`` changed where room on a page would be lost."""
    made = dict(files)
    try:
        probes = _asked(made, name)
        touched: set[str] = set()
        while len(touched) < MOST and (found := _misplaced(probes, touched)):
            figure, arguments = found
            _put(made, unmoved(figure), arguments)
            touched.add(figure)
            probes = _asked(made, name)
        for number, first in enumerate(probes):
            if first["kind"] == "first":
                last = next(probe for probe in probes[number:] if probe["kind"] == "last")
                _set(made, name, first, last)
    except ConversionError:
        return dict(files)  # a picture is broken, and whoever typesets the files says so
    return made


def _asked(files: Mapping[str, bytes], name: str) -> list[Probe]:
    return typesetter.query(files, "<probe>", name)


def _put(files: dict[str, bytes], old: str, new: str) -> None:
    """Change arguments; as there are as many of them as before, Typst can use again what it has laid out."""
    files["main.typ"] = files["main.typ"].replace(old.encode(), new.encode())


def _misplaced(probes: list[Probe], touched: set[str]) -> tuple[str, str] | None:
    """The first figure that left much of a page empty and can be set otherwise, with its new arguments."""
    for number, start in enumerate(probes):
        if start["kind"] != "start" or start["name"] in touched or start["y"] > TOP + NEAR:
            continue
        # the headings right above it went to the next page with it
        above = takewhile(lambda probe: probe["kind"] == "before", reversed(probes[:number]))
        room = next((FOOT - probe["y"] for probe in above if probe["page"] == start["page"] - 1), 0.0)
        if room < EMPTY:
            continue
        picture, below, end = probes[number + 1 : number + 4]
        scale = 1 - (end["y"] - TOP + GAP - room) / max(below["y"] - picture["y"], 1.0)
        if SMALLEST <= scale < 1:
            return start["name"], _figure(start["name"], scale, False)
        if scale < SMALLEST and start["followed"]:
            return start["name"], _figure(start["name"], 1.0, True)
    return None


def _set(files: dict[str, bytes], name: str, first: Probe, last: Probe) -> None:
    """Set an evidence section in larger type, and its columns of like height, as far as its pages have room."""
    used, room = _used(first, last)
    lost = 2 * (last["page"] - first["page"] + 1) * LOST
    size = min(LARGEST, LEAST * sqrt(max(room - lost, 0.0) / max(used, 1.0))) // STEP * STEP
    while size > LEAST:
        larger = _columns(first["name"], size, 0.0)
        tried, end = _tried(files, name, unset(first["name"]), larger)
        if end["page"] <= last["page"]:
            used, room = _used(first, end)
            files.update(tried)
            if room - used > lost + 4 * LOST:
                # whatever does not fit after all goes on below
                tried, end = _tried(files, name, larger, _columns(first["name"], size, used / 2 + LOST / 2))
                files.update(tried if end["y"] <= FOOT else {})
            return
        size -= STEP


def _tried(files: Mapping[str, bytes], name: str, old: str, new: str) -> tuple[dict[str, bytes], Probe]:
    """The files with other arguments in ``main.typ``, and where the last evidence section then ends."""
    tried = dict(files)
    _put(tried, old, new)
    return tried, [probe for probe in _asked(tried, name) if probe["kind"] == "last"][-1]


def _used(first: Probe, last: Probe) -> tuple[float, float]:
    """How much of its columns a section fills from its first to its last word, and how much they have on its pages."""
    more = last["page"] - first["page"]
    room = 2 * (FOOT - first["y"] + more * (FOOT - TOP))
    top = TOP if more else first["y"]
    before = FOOT - top if abs(last["x"] - first["x"]) > 1 else 0.0  # the first column of the last page
    return room - 2 * (FOOT - top) + before + last["y"] - top, room


def _figure(name: str, scale: float, floats: bool) -> str:
    return f"name: {literal(name)}, share: {int(scale * 100) / 100:.2f}, float: {str(floats).lower()}"


def _columns(name: str, size: float, height: float) -> str:
    reach = f"{height:.0f}pt" if height else "auto"
    return f"name: {literal(name)}, size: {size:.2f}pt, height: {reach}"
