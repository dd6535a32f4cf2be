"""Rows as a table for readers: every row ends in the source that answers for its numbers."""

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handover.story.claims import quantity
from handover.story.links import SOURCE, inline
from handover.story.periods import period_of
from handover.story.rows import records
from handover.story.wording import English

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Table:
    """HTML that a cell displays."""

    html: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": re.sub(r"<[^>]+>", " ", self.html)}


def number_table(rows: "pd.DataFrame", columns: dict[str, str], caption: str, language: English) -> Table:
    """Write rows as an HTML table with a caption and header cells.

    Rows that read alike become one with several sources.

    Args:
        rows: Rows of one table of the record.
        columns: Column to heading; ``quantity`` and ``when`` stand for an interval and a period. A count that has
            a bound beside it is written with its bound.
        caption: Markdown with links, from a template.
        language: How numbers and dates read.
    """
    heads = "".join(f'<th scope="col">{html.escape(head)}</th>' for head in [*columns.values(), "Source"])
    body: dict[str, dict[str, None]] = {}
    for row in records(rows):
        # what is not there is unequal to itself, whether a number or a day
        record = {name: value if value == value else None for name, value in row.items()}
        cells = [_cell(record, column, language, first=n == 0) for n, column in enumerate(columns)]
        link = f'<a href="{SOURCE}{record["source_id"]}">{html.escape(str(record["outlet"]))}</a>'
        # sources that say the very same share a row
        body.setdefault("".join(cells), {})[link] = None
    lines = [f"<tr>{cells}<td>{', '.join(links)}</td></tr>" for cells, links in body.items()]
    return Table(
        f"<table><caption>{inline(caption)}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def _cell(record: dict[str, Any], column: str, language: English, *, first: bool) -> str:
    kind = "text"
    if column == "quantity" or f"{column}_bound" in record:
        stated = quantity(record, "value" if column == "quantity" else column)
        text, kind = (language.quantity(stated, digits=True) if stated.known else ""), "number"
    elif column == "when":
        period = period_of({name: _day(value) for name, value in record.items()})
        text = language.period(period) if period else ""
    else:
        value = record[column]
        kind = "number" if isinstance(value, int | float) else "text"
        words = str(value or "").replace("_", " ")
        text = language.number(value, digits=True) if kind == "number" else words
    tag, scope = ("th", ' scope="row"') if first else ("td", "")
    css = ' class="number"' if kind == "number" and not first else ""
    return f"<{tag}{scope}{css}>{html.escape(text)}</{tag}>"


def _day(value: Any) -> Any:
    return value.date() if hasattr(value, "date") else value
