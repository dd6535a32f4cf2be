"""Frames for charts that draw on more than one table; every row keeps the id and source it rests on."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from handover.story.claims import claim
from handover.story.periods import Period
from handover.story.record import ARTICLE
from handover.story.tables import Row
from handover.story.view import View
from handover.story.wording import English

if TYPE_CHECKING:
    import pandas as pd

#: What a report of each kind does to who holds a base: `None` leaves it as it was.
HOLDS = {"transfer": "iraq", "announcement": "iraq", "declaration": "iraq", "return": "coalition"}
HOLDERS = {"us": "US-led forces", "iraq": "Iraqi army", "coalition": "Iraqi army, coalition as guests"}
#: The row that says when the base was taken.
CAPTURE = "E190"


def _base(view: View, row_id: str) -> dict[str, Any]:
    found = claim(view.record, row_id)
    source = view.record.sources[found.source]
    return {
        "row_id": row_id,
        "source_id": found.source,
        "outlet": source["outlet"],
        "grade": source["grade"],
        "known": found.known,
    }


def _frame(rows: list[dict[str, Any]], columns: list[str]) -> "pd.DataFrame":
    import pandas as pd

    frame = pd.DataFrame(rows, columns=[*columns, "row_id", "source_id", "outlet", "grade", "known"])
    for column in columns:
        if column.endswith(("start", "end", "date")):
            frame[column] = pd.to_datetime(frame[column])
    return frame


def marks(view: View, labels: dict[str, str]) -> "pd.DataFrame":
    """Rows by id with a label of the author's: columns ``label``, ``start``, ``end``."""
    rows = []
    for row_id, label in labels.items():
        period = view.claim(row_id).period
        if view.sees(row_id) and period:
            rows.append(_base(view, row_id) | {"label": label, "start": period.start, "end": period.end})
    rows.sort(key=lambda row: row["start"])
    return _frame(rows, ["label", "start", "end"])


def statements(view: View, row_ids: list[str], language: English) -> "pd.DataFrame":
    """Who said what: columns ``said`` (when, in words), ``speaker`` with office, ``statement``, ``start``; by day.

    What the article reports was said by the day it was known, since the article bears no date.

    Args:
        view: The record as the report may see it.
        row_ids: Rows of ``claims`` and ``events``; those that were not known, or are of the lowest grade, are left out.
        language: How a date reads.
    """
    rows = []
    for row_id in row_ids:
        found = view.claim(row_id)
        if not view.sees(row_id) or view.weak(found):
            continue
        from_article = found.source == ARTICLE
        day = found.known if from_article or not found.period else found.period.start
        rows.append(
            _base(view, row_id)
            | {
                "said": f"by {language.date(day)}"
                if from_article
                else language.period(found.period or Period(day, day)),
                "speaker": ", ".join(filter(None, [found.said_by, str(found.row.get("office") or "")])),
                # without the curator's note, which stands in the evidence
                "statement": str(found.row.get("statement") or found.row["summary"]),
                "start": day,
            }
        )
    rows.sort(key=lambda row: row["start"])
    return _frame(rows, ["said", "speaker", "statement", "start"])


def holdings(view: View, place_id: str) -> "pd.DataFrame":
    """Who held a base: columns ``label``, ``start``, ``end``, ``kind`` (us, iraq, coalition), ``open``.

    The last span is `open`: it ends on the report's day because nothing later is known. A span ends when
    another begins, as the first source of grade A to C to report the change gives the day.
    """
    if not view.sees(CAPTURE):
        return _frame([], ["label", "start", "end", "kind", "open"])
    turns: list[tuple[Any, str, str]] = [(view.claim(CAPTURE).period.start, "us", CAPTURE)]  # type: ignore[union-attr]
    rows = [r for r in view.rows("handovers") if r["place_id"] == place_id and r["kind"] in HOLDS]
    for row in sorted(rows, key=lambda r: (r["date"], r["handover_id"])):
        if not view.weak_row(row) and HOLDS[str(row["kind"])] != turns[-1][1]:
            turns.append((row["date"], HOLDS[str(row["kind"])], str(row["handover_id"])))
    spans = []
    for number, (start, kind, row_id) in enumerate(turns):
        last = number == len(turns) - 1
        end = view.as_of if last else turns[number + 1][0]
        spans.append(
            _base(view, row_id) | {"label": HOLDERS[kind], "start": start, "end": end, "kind": kind, "open": last}
        )
    return _frame(spans, ["label", "start", "end", "kind", "open"])


def promises(view: View, language: English) -> "pd.DataFrame":
    """What was agreed or promised and whether it was kept: columns ``label``, ``due``, ``done``, ``late``, in words.

    A step has a row for the source that gives its time and, where one reports it as done, a row for that one. They
    read alike, so that a table sets them as one with both sources. A step that a weak source alone gives is left
    out, and so is a weak report of its end.
    """
    rows = []
    for row in sorted(view.rows("milestones"), key=lambda row: (row["end"], row["label"])):
        own = str(row["milestone_id"])
        if view.weak(view.claim(own)):
            continue
        teller = _teller(view, row)
        done = view.claim(teller).period if teller else None
        due = Period(row["start"], row["end"], str(row["date_precision"]))  # type: ignore[arg-type]
        words = {"label": row["label"], "due": _due(due, language), "date": row["start"]}
        if done:
            words |= {"done": language.period(done), "late": _late(_lateness(due, done), language)}
        else:
            words |= {"done": "not reported" if view.as_of > due.end else "not due yet", "late": ""}
        rows += [_base(view, row_id) | words for row_id in (own, teller) if row_id]
    return _frame(rows, ["label", "due", "done", "late", "date"])


def _teller(view: View, row: Row) -> str | None:
    """The preferred row, of those that are known and not weak, that reports a step as done."""
    named = str(row["done_by"] or "").split()
    return next((name for name in named if view.sees(name) and not view.weak(view.claim(name))), None)


def _due(due: Period, language: English) -> str:
    longer = due.precision == "week" and (due.end - due.start).days > 6
    return ("a week within " if longer else "") + language.period(due)


def _lateness(due: Period, done: Period) -> tuple[int, int]:
    """Days from the end of what was due to what is reported, at least and at most; none where it came on time.

    "Next week" may be any week between its bounds, and what is reported may be a stretch of days.
    """
    first_end = min(due.end, due.start + dt.timedelta(6)) if due.precision == "week" else due.end
    whole = due.precision in ("week", "month", "year")

    def days(day: dt.date, end: dt.date) -> int:
        return 0 if whole and due.start <= day <= end else (day - end).days

    return days(done.start, due.end), days(done.end, first_end)


def _late(days: tuple[int, int], language: English) -> str:
    if days == (0, 0):
        return "on time"
    least, most = sorted(abs(n) for n in days)
    count = language.number(most, digits=True)
    if least != most:
        count = f"{language.number(least, digits=True)} to {count}"
    return f"{count} {'day' if count == '1' else 'days'} {'late' if max(days) > 0 else 'early'}"
