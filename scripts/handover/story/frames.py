"""Rows as pandas frames, for charts, and as HTML tables; every row keeps its source.

Every frame has, beside its own columns, ``row_id``, ``source_id``, ``outlet`` and ``grade`` of the source (str or
None), and ``known``, the day from which the row may be used (datetime64).
"""

import datetime as dt
import html
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from handover.errors import ChartError, near
from handover.story.claims import WEAK, View
from handover.story.data import Tables
from handover.story.sentences import SOURCE, inline
from handover.story.values import English, Period, Row, period_of, quantity_of
from handover.tables import ARTICLE, Value

if TYPE_CHECKING:
    import pandas as pd

    from handover.story.facts import Fact

DATES = {"date", "start", "end", "start_date", "end_date", "known"}
NUMBERS = {"value", "low", "high", "munitions", "wounded", "killed", "count"}
#: What a table may show beside its columns: what several of them say together.
STANDING = ("quantity", "when")
#: What every row must name, so that a reader can ask who says so.
SOURCED = ("row_id", "source_id", "outlet")
EVIDENCE = ("row_id", "source_id", "outlet", "grade", "known")
#: Kind of handover -> who holds the base after it; other kinds change nothing.
HOLDS = {"transfer": "iraq", "announcement": "iraq", "declaration": "iraq", "return": "coalition"}
HOLDERS = {"us": "US-led forces", "iraq": "Iraqi army", "coalition": "Iraqi army, coalition as guests"}
#: The row that says when the base was taken.
CAPTURE = "E190"


def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return the rows as dictionaries of plain cells: days as `datetime.date`, empty ones as None."""
    # a list, since pandas makes each name anew whenever it is asked
    names, columns = frame.columns.tolist(), [_cells(column) for _, column in frame.items()]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _cells(column: "pd.Series") -> list[Any]:
    if column.dtype.kind == "M":
        return column.to_numpy().astype("datetime64[D]").tolist()
    # NaN is unequal to itself
    return [cell if cell == cell else None for cell in column.tolist()]


def sound(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return, as `records` does, the rows that a chart may draw or name: those not of the lowest grade."""
    return [row for row in records(frame) if row["grade"] != WEAK]


def table_frame(view: View, table: str) -> "pd.DataFrame":
    """Return the rows of a table that may be used.

    Returns:
        The table's columns and those of the evidence: dates as datetime64, quantities as float64, the rest as given.
    """
    whole = whole_table(view.tables, table)
    usable = [n for n, row in enumerate(view.tables.rows[table]) if view.usable(row)]
    return whole.iloc[usable].reset_index(drop=True)


@lru_cache(32)
def whole_table(tables: Tables, table: str) -> "pd.DataFrame":
    """Return all rows of a table, whenever known, in a frame that nobody may change."""
    names, found = tables.columns[table], tables.rows[table]
    sources = [{} if tables.unsourced(row) else tables.source_of(row) for row in found]
    columns: dict[str, list[Value]] = {name: [row[name] for row in found] for name in names}
    columns["row_id"] = columns[names[0]]
    columns |= {name: [source.get(name) for source in sources] for name in ("source_id", "outlet", "grade")}
    columns["known"] = [tables.known(row) for row in found]
    return _frame(columns)


def marks(view: View, labels: Mapping[str, str]) -> "pd.DataFrame":
    """Return the rows that were known, under the author's labels: ``label``, ``start``, ``end``."""
    rows = []
    for row_id, label in labels.items():
        period = view.claim(row_id).period
        if view.sees(row_id) and period:
            rows.append({"label": label, "start": period.start, "end": period.end} | _evidence(view, row_id))
    return from_rows(sorted(rows, key=lambda row: row["start"]), ("label", "start", "end"))


def numbers(view: View, facts: Iterable["Fact"]) -> "pd.DataFrame":
    """Return facts of a number and a time as rows: ``fact``, ``label``, the columns of an interval, ``start``, ``end``.

    A fact has a row for each claim behind it. They read alike, so a table shows them as one row with several sources.
    """
    rows = []
    for fact in facts:
        words = {"fact": fact.key, "label": fact.label, "start": fact.period.start, "end": fact.period.end}
        words |= asdict(fact.quantity)
        rows += [words | _evidence(view, claim) for claim in fact.claims]
    return from_rows(rows, ("fact", "label", "value", "low", "high", "bound", "start", "end"))


def statements(view: View, row_ids: list[str], language: English) -> "pd.DataFrame":
    """Return who said what: ``said`` (when, in words), ``speaker`` with office, ``statement``, ``start``; by day.

    The rows are those of ``claims`` and ``events`` that may be used, and stand alone. What the article reports was said
    by the day it was known, since the article has no date.
    """
    rows = []
    for found in view.claims(row_ids):
        from_article = found.source == ARTICLE
        day = found.known if from_article or not found.period else found.period.start
        when = f"by {language.date(day)}" if from_article else language.period(found.period or Period(day, day))
        words = {
            "said": when,
            "speaker": ", ".join(filter(None, [found.said_by, str(found.row.get("office") or "")])),
            # without the curator's note, which is in the evidence
            "statement": str(found.row.get("statement") or found.row["summary"]),
            "start": day,
        }
        rows.append(words | _evidence(view, found.id))
    return from_rows(sorted(rows, key=lambda row: row["start"]), ("said", "speaker", "statement", "start"))


def holdings(view: View, place_id: str) -> "pd.DataFrame":
    """Return who held a base: ``label``, ``start``, ``end``, ``kind`` (us, iraq, coalition), ``open`` (bool).

    A span ends when another begins, on the day given by the first source of grade A to C that reports the change. The
    last span is `open`: it ends on the report's day.
    """
    turns: list[tuple[Any, str, str]] = []
    for capture in view.claims([CAPTURE]):
        turns.append((capture.period.start, "us", CAPTURE))  # type: ignore[union-attr]
        rows = [r for r in view.rows("handovers") if r["place_id"] == place_id and r["kind"] in HOLDS]
        for row in sorted(rows, key=lambda r: (r["date"], r["handover_id"])):  # type: ignore[arg-type, return-value]
            if not view.weak(row) and HOLDS[str(row["kind"])] != turns[-1][1]:
                turns.append((row["date"], HOLDS[str(row["kind"])], str(row["handover_id"])))
    ends = [*(start for start, *_ in turns[1:]), view.as_of]
    spans = [
        {"label": HOLDERS[kind], "start": start, "end": end, "kind": kind, "open": n == len(turns)}
        | _evidence(view, row_id)
        for n, ((start, kind, row_id), end) in enumerate(zip(turns, ends, strict=False), 1)
    ]
    return from_rows(spans, ("label", "start", "end", "kind", "open"))


def promises(view: View, language: English) -> "pd.DataFrame":
    """Return what was agreed or promised and whether it was kept: ``label``, ``due``, ``done``, ``late``, in words.

    A step has a row for the source that gives its time and, if it was reported as done, one for the source of that.
    Both read alike, so a table shows them as one row with two sources. Weak sources are left out.
    """
    rows = []
    for row in sorted(view.rows("milestones"), key=lambda row: (row["end"], row["label"])):  # type: ignore[arg-type, return-value]
        if view.weak(row):
            continue
        reports = (found for found in view.claims(str(row["done_by"] or "").split()) if not view.weak(found.row))
        report = next(reports, None)
        done = report.period if report else None
        due = Period(row["start"], row["end"], str(row["date_precision"]))  # type: ignore[arg-type]
        # a promised week may be any of several
        within = "a week within " if due.precision == "week" and (due.end - due.start).days > 6 else ""
        words = {"label": row["label"], "due": within + language.period(due), "date": row["start"]}
        if done:
            words |= {"done": language.period(done), "late": lateness(due, done, language)}
        else:
            words |= {"done": "not reported" if view.as_of > due.end else "not due yet", "late": ""}
        ids = [str(row["milestone_id"]), *([report.id] if report else [])]
        rows += [words | _evidence(view, row_id) for row_id in ids]
    return from_rows(rows, ("label", "due", "done", "late", "date"))


def lateness(due: Period, done: Period, language: English) -> str:
    """Return in words by how many days something came late or early, counted from the end of the due period.

    The result is a range if "next week" may mean several weeks, or if what was done took several days.
    """
    first_end = min(due.end, due.start + dt.timedelta(6)) if due.precision == "week" else due.end
    whole = due.precision in ("week", "month", "year")

    def days(day: dt.date, end: dt.date) -> int:
        return 0 if whole and due.start <= day <= end else (day - end).days

    ends = days(done.start, due.end), days(done.end, first_end)
    if ends == (0, 0):
        return "on time"
    least, most = sorted(map(abs, ends))
    count = language.number(most, digits=True)
    if least != most:
        count = f"{language.number(least, digits=True)} to {count}"
    return f"{count} {'day' if count == '1' else 'days'} {'late' if max(ends) > 0 else 'early'}"


def _evidence(view: View, row_id: str) -> dict[str, Any]:
    found = view.claim(row_id)
    source = view.tables.sources[found.source]
    return dict(zip(EVIDENCE, (row_id, found.source, source["outlet"], source["grade"], found.known), strict=True))


def from_rows(rows: list[dict[str, Any]], columns: Iterable[str]) -> "pd.DataFrame":
    """Return rows with evidence as a frame of some of their columns, and of the evidence."""
    return _frame({name: [row[name] for row in rows] for name in (*columns, *EVIDENCE)})


def _frame(columns: dict[str, list[Any]]) -> "pd.DataFrame":
    """Make a frame from finished columns, since changing a column of a frame would copy it."""
    import numpy as np
    import pandas as pd

    def column(name: str, cells: list[Any]) -> Any:
        if name in DATES:
            return pd.to_datetime(cells)
        return np.array(cells, dtype=float) if name in NUMBERS else cells

    return pd.DataFrame({name: column(name, cells) for name, cells in columns.items()})


@dataclass(frozen=True, slots=True)
class Table:
    """HTML that a cell displays."""

    html: str
    shown: Callable[[], object] = field(default=str, repr=False, compare=False)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        self.shown()
        return {"text/html": self.html, "text/plain": re.sub(r"<[^>]+>", " ", self.html)}


def require_rows(where: str, rows: object, columns: Iterable[str] = ()) -> None:
    """Refuse what no source can be named for, and columns that it has not.

    Raises:
        ChartError: It is no frame of rows of a table, or has no such column.
    """
    names = [str(name) for name in getattr(rows, "columns", ())]
    if lost := [name for name in SOURCED if name not in names]:
        got = f"a frame without {', '.join(lost)}" if names else f"a {type(rows).__name__}"
        raise ChartError(
            f"{where}: must be given rows as frame(…) returns them (got {got}).\n"
            "Choose among them with query; rows that are grouped, or made by hand, no longer name their sources. "
            "A sum or a mean is a row of data/facts.csv, which story.numbers gives as rows."
        )
    bare = rows["source_id"].isna()  # type: ignore[index]
    if bare.any():
        raise ChartError(
            f"{where}: each row must name its source (got none for '{rows['row_id'][bare].iloc[0]}').\n"
            "Give the table a column source_id, and fill it."
        )
    if missing := [name for name in columns if name not in names and name not in STANDING]:
        raise ChartError(
            f"{where}: must show columns of its rows (got '{missing[0]}'{near(missing[0], names)}).\n"
            f"These are {', '.join(names)}; quantity and when stand for several."
        )


def html_table(rows: Iterable[Row], columns: dict[str, str], caption: str, language: English) -> Table:
    """Write rows as an HTML table with a caption and header cells, each row ending in its source.

    Rows that read alike become one row with several sources.

    Args:
        rows: From `records`.
        columns: Column to heading; ``quantity`` and ``when`` stand for the columns of an interval and a period. A
            count with a bound is written with its bound.
        caption: Markdown with links, from a template.
        language: Writes numbers and dates.
    """
    heads = "".join(f'<th scope="col">{html.escape(head)}</th>' for head in [*columns.values(), "Source"])
    body: dict[str, dict[str, None]] = {}
    for row in rows:
        cells = "".join(_cell(row, column, language, first=n == 0) for n, column in enumerate(columns))
        link = f'<a href="{SOURCE}{row["source_id"]}">{html.escape(str(row["outlet"]))}</a>'
        body.setdefault(cells, {})[link] = None
    lines = [f"<tr>{cells}<td>{', '.join(links)}</td></tr>" for cells, links in body.items()]
    return Table(
        f"<table><caption>{inline(caption)}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def _cell(row: Row, column: str, language: English, *, first: bool) -> str:
    kind = "text"
    if column == "quantity" or f"{column}_bound" in row:
        stated = quantity_of(row, "value" if column == "quantity" else column)
        text, kind = (language.quantity(stated, digits=True) if stated.known else ""), "number"
    elif column == "when":
        period = period_of(row)
        text = language.period(period) if period else ""
    elif isinstance(value := row[column], dt.date):
        text = language.date(value)
    elif isinstance(value, int | float):
        text, kind = language.number(value, digits=True), "number"
    else:
        text = str(value or "").replace("_", " ")
    tag, scope = ("th", ' scope="row"') if first else ("td", "")
    css = ' class="number"' if kind == "number" and not first else ""
    return f"<{tag}{scope}{css}>{html.escape(text)}</{tag}>"
