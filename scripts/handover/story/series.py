"""Frames for charts that draw on more than one table; every row keeps the id and source it rests on."""

from typing import TYPE_CHECKING, Any

from handover.story.claims import claim
from handover.story.record import ARTICLE
from handover.story.view import View

if TYPE_CHECKING:
    import pandas as pd

#: What a report of each kind does to who holds a base: `None` leaves it as it was.
HOLDS = {"transfer": "iraq", "announcement": "iraq", "declaration": "iraq", "return": "both"}
HOLDERS = {"us": "US-led forces", "iraq": "Iraqi army", "both": "Iraqi army, with US-led forces as guests"}
#: The row that says when the base passed into US hands.
CAPTURE = "E002"


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


def holdings(view: View, place_id: str) -> "pd.DataFrame":
    """Who held a base: columns ``label``, ``start``, ``end``, ``kind`` (us, iraq, both), ``open``.

    The last span is `open`: it ends on the report's day because nothing later is known. A span ends when
    another begins, as the first source of grade A to C to report the change gives the day.
    """
    if not view.sees(CAPTURE):
        return _frame([], ["label", "start", "end", "kind", "open"])
    turns: list[tuple[Any, str, str]] = [(view.claim(CAPTURE).period.start, "us", CAPTURE)]  # type: ignore[union-attr]
    rows = [r for r in view.rows("handovers") if r["place_id"] == place_id and r["kind"] in HOLDS]
    for row in sorted(rows, key=lambda r: (r["date"], r["handover_id"])):
        strong = view.record.source_of(row)["grade"] != "D"
        if strong and HOLDS[str(row["kind"])] != turns[-1][1]:
            turns.append((row["date"], HOLDS[str(row["kind"])], str(row["handover_id"])))
    spans = []
    for number, (start, kind, row_id) in enumerate(turns):
        last = number == len(turns) - 1
        end = view.as_of if last else turns[number + 1][0]
        spans.append(
            _base(view, row_id) | {"label": HOLDERS[kind], "start": start, "end": end, "kind": kind, "open": last}
        )
    return _frame(spans, ["label", "start", "end", "kind", "open"])


def milestones(view: View) -> "pd.DataFrame":
    """What was due and when it was reported done.

    Returns:
        Columns ``label``, ``due_start``, ``due_end``, ``done_start``, ``done_end`` (empty where no source of
        grade A to C reports it done) and ``status``: done, late, open (not due yet) or overdue.
    """
    rows = []
    for row in view.rows("milestones"):
        if view.record.source_of(row)["grade"] == "D":
            continue
        done = [c for c in view.claims(str(row["done_by"] or "").split()) if c.period and not view.weak(c)]
        first = done[0].period if done else None
        if first:
            status = "done" if first.start <= row["end"] else "late"  # type: ignore[operator]
        else:
            status = "open" if view.as_of <= row["end"] else "overdue"  # type: ignore[operator]
        rows.append(
            _base(view, str(row["milestone_id"]))
            | {"label": row["label"], "due_start": row["start"], "due_end": row["end"], "status": status}
            | {"done_start": first.start if first else None, "done_end": first.end if first else None}
        )
    rows.sort(key=lambda row: row["due_start"])
    return _frame(rows, ["label", "due_start", "due_end", "done_start", "done_end", "status"])


def isis_counts(view: View) -> "pd.DataFrame":
    """The table of ISIS counts, with the article's own counts among them, in that table's columns."""
    import pandas as pd

    table = view.frame("isis_attacks")
    said = view.frame("claims").query("unit == 'attacks'")
    own = pd.DataFrame(
        {
            "count_id": said["claim_id"],
            "scope": "Iraq",
            "start": said["start_date"],
            "end": said["end_date"],
            **{column: said[column] for column in ("value", "low", "high", "bound")},
            "measure": "attacks",
            "counted_by": said["speaker"],
            "note": said["statement"],
            **{column: said[column] for column in ("row_id", "source_id", "outlet", "grade", "known")},
        }
    ).assign(source_id=ARTICLE)
    if own.empty:
        return table
    return own if table.empty else pd.concat([table, own], ignore_index=True)
