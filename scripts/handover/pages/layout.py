"""What the layout of a PDF settles before it is set: the room on its pages, and where its links lead.

Typst sets a draft without links and says where everything stands. A figure that leaves a page much empty is set
smaller, or lets the text after it pass; the last columns of evidence end at like heights. What is settled stands in one
file that the template reads. Links lead to positions in it rather than to labels: to look labels up, Typst would set
each paragraph with a link once more.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import NamedTuple

from handover.pages import typesetter

#: The file that the template reads.
FILE = "layout.json"
#: In points: where the text of a page begins and ends, what lies above a figure, and what a page may well leave empty.
TOP, FOOT, GAP, EMPTY = 59.5, 779.5, 20.0, 90.0
#: A figure this near the top of its page, heading and all, is there because the page before had no room for it.
NEAR = 70.0
#: A drawing is never set smaller than this, for the sake of the words in it.
SMALLEST = 0.85
#: Where less than this is left in the last two columns of evidence, in points, they may end at any heights.
LEFT = 150.0
#: How much longer than the half one of them may be otherwise.
UNEVEN = 60.0
#: Of a document with very many figures the first few are enough.
MOST = 12
#: A page number in the evidence may move what follows it: seldom, and not for long.
ROUNDS = 4
#: What stands where, in Typst: marks and the names of places, each with its page, and its points from left and top.
MARKS = """query(selector(<probe>).or(
  ..(none, "entry", "row", "head").map(it => metadata.where(value: it)),
)).map(it => {
  let (page, x, y) = it.location().position()
  (it.value, str(it.label), page, x.pt(), y.pt())
})"""

#: A page, counted from 1, and the points from its left and its top.
Place = tuple[int, float, float]


class Mark(NamedTuple):
    """Where a part of the page begins or ends.

    Attributes:
        kind: ``before`` where a heading or a figure would begin; ``start``, ``picture``, ``below`` and ``end`` in a
            figure; ``first`` and ``last`` in an evidence section; ``head``, ``entry`` and ``row`` before what a column
            of it may begin with, a head being what no column ends with; ``closing`` where all ends.
        name: The figure's, the section's or the entry's; "" for others.
        followed: Whether text may pass the figure.
    """

    kind: str
    page: int
    x: float
    y: float
    name: str = ""
    followed: bool = False


@dataclass(slots=True)
class Layout:
    """What is settled so far.

    Attributes:
        figures: Of those moved, by name: the share of its size, and whether text passes it.
        breaks: Entries that begin a column before the one above it is full, by name.
        places: Where links may lead, by name.
        pages: How many pages there are; 0 before all else is settled, when links lead nowhere.
    """

    figures: dict[str, tuple[float, bool]] = field(default_factory=dict)
    breaks: list[str] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    pages: int = 0

    def file(self) -> bytes:
        """What the template reads."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}).encode()


def settle(files: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    """Return the files of a document with its layout among them.

    Args:
        files: What Typst sets a document of ``report.typ`` from, by name.
        name: The document's, for messages.

    Raises:
        ConversionError: Typst refuses a file that is no picture.
    """
    layout = Layout()
    marks = _draft(files, layout, name)
    while len(layout.figures) < MOST and (moved := _misplaced(marks, layout)):
        layout.figures.update(moved)
        marks = _draft(files, layout, name)
    for section in [mark.name for mark in marks if mark.kind == "first"]:
        if entry := _middle(_within(section, marks)):
            layout.breaks.append(entry)
            marks = _draft(files, layout, name)
    layout.pages = max(mark.page for mark in marks)
    for _ in range(ROUNDS if layout.places else 0):
        pages, places = layout.pages, layout.places
        layout.pages = max(mark.page for mark in _draft(files, layout, name))
        if (layout.pages, _lines(layout.places)) == (pages, _lines(places)):
            layout.places = places  # as in this draft, which Typst need not lay out again
            break
    return {**files, FILE: layout.file()}


def _draft(files: Mapping[str, bytes], layout: Layout, name: str) -> list[Mark]:
    """Set the document; return its marks, and take note of its places, whose pages the next draft prints."""
    marks, places = [], {}
    for about, label, page, x, y in typesetter.look_up({**files, FILE: layout.file()}, MARKS, name):
        if isinstance(about, dict):
            marks.append(Mark(page=page, x=x, y=y, **about))
            continue
        if about:
            marks.append(Mark(about, page, x, y, label))
        if about != "row" and label not in places:  # the heading of a table is set again on every page
            places[label] = page, round(x, 2), round(y, 2)
    layout.places = places
    return marks


def _lines(places: Mapping[str, Place]) -> dict[str, tuple[int, float]]:
    """Where the lines of places are: in its line a place may stand a hair further on once there are links before it."""
    return {name: (page, y) for name, (page, _, y) in places.items()}


def _misplaced(marks: list[Mark], layout: Layout) -> dict[str, tuple[float, bool]]:
    """The first figure that left much of a page empty and can be set otherwise, and how; {} if there is none."""
    for number, start in enumerate(marks):
        if start.kind != "start" or start.name in layout.figures or start.y > TOP + NEAR:
            continue
        # the headings right above it went to the next page with it
        above = takewhile(lambda mark: mark.kind == "before", reversed(marks[:number]))
        room = next((FOOT - mark.y for mark in above if mark.page == start.page - 1), 0.0)
        if room < EMPTY:
            continue
        picture, below, end = marks[number + 1 : number + 4]
        share = 1 - (end.y - TOP + GAP - room) / max(below.y - picture.y, 1.0)
        if SMALLEST <= share < 1:
            return {start.name: (int(share * 100) / 100, False)}
        if share < SMALLEST and start.followed:
            return {start.name: (1.0, True)}
    return {}


def _within(section: str, marks: list[Mark]) -> list[Mark]:
    """The marks of an evidence section."""
    first, last = (n for n, mark in enumerate(marks) if mark.name == section and mark.kind in ("first", "last"))
    return marks[first : last + 1]


def _middle(section: list[Mark]) -> str:
    """The entry that parts what stands on the last page of a section evenly enough; "" if none has to, or none does."""
    first, *_, last = section
    top = TOP if last.page > first.page else first.y

    def above(mark: Mark) -> float:
        return mark.y - top + (FOOT - top if abs(mark.x - first.x) > 1 else 0.0)

    def longer(mark: Mark) -> float:
        return max(above(mark), above(last) - above(mark))

    if 2 * (FOOT - top) - above(last) < LEFT:
        return ""
    entries = [mark for mark in section if mark.kind in ("head", "entry", "row")]
    free = [one for before, one in pairwise(entries) if before.kind != "head" and one.page == last.page]
    best = min(free, key=longer, default=None)
    return best.name if best and longer(best) < min(above(last) / 2 + UNEVEN, FOOT - top) else ""
