"""The curated tables keep their own laws; only `data/` is read, never the article."""

import calendar
import csv
import io
import json
import re
from collections import Counter
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "data"
PACKAGE = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
TABLES = {r["name"]: r for r in PACKAGE["resources"] if r.get("profile") == "tabular-data-resource"}
#: Sentences in each paragraph of the article, counted by hand.
SENTENCES = (1, 1, 1, 1, 2, 1, 3, 2, 2, 1, 2)
FILLED = {
    "exact": {"value"}, "about": {"value"}, "range": {"low", "high"}, "": set(),
    "fewer_than": {"high"}, "at_most": {"high"}, "more_than": {"low"}, "at_least": {"low"},
}  # fmt: skip
MONTHS = list(calendar.month_name)[1:]
MENTION = re.compile(rf"(?:(?:(\d{{1,2}}) )?({'|'.join(MONTHS)}) )?\b(20\d\d)\b")
DAY = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)})\b(?! 20)")
#: A later date may stand where a source speaks of what is to come.
INTENT = re.compile(
    rf"\bby (the end of |mid-)?(\d|{'|'.join(MONTHS)})"
    r"|\b(due|plan\w*|target\w*|expected|will|would|until|meant|no later than|put back|take effect)\b",
    re.IGNORECASE,
)
FAR_OFF = date(9000, 1, 1)


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    text = (DATA / TABLES[name]["path"]).read_text(encoding="utf-8")
    return tuple(csv.DictReader(io.StringIO(text)))


def key(name: str) -> str:
    return TABLES[name]["schema"]["fields"][0]["name"]


def hygiene_faults(raw: bytes) -> list[str]:
    """Say how a table's bytes break the house rules for CSV."""
    found = {"BOM": raw.startswith(b"\xef\xbb\xbf"), "CR": b"\r" in raw, "no last LF": raw[-1:] != b"\n"}
    table = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    found["ragged rows"] = len({len(row) for row in table}) > 1
    found["stray spaces"] = any(cell != cell.strip() or "  " in cell for row in table for cell in row)
    found["typewriter quotes"] = any(re.search(r"[^\W\d_]'|'[^\W\d_]", cell) for row in table for cell in row)
    return [fault for fault, there in found.items() if there]


def quantity_faults(row: dict[str, str]) -> list[str]:
    """Say how the five quantity columns of a row break the law of bounds."""
    filled = {name for name in ("value", "low", "high") if row[name]}
    if row["bound"] not in FILLED:
        return [f"unknown bound {row['bound']!r}"]
    if filled != FILLED[row["bound"]]:
        return [f"bound {row['bound']!r} with {sorted(filled)}"]
    if row["bound"] == "range" and int(row["low"]) >= int(row["high"]):
        return ["range upside down"]
    return []


def leaks(text: str, known: date) -> list[str]:
    """List the dates in a text that lie after `known` and are not spoken of as plans."""
    found = []
    for sentence in re.split(r"[;.](?: |$)", text):
        for mention in MENTION.finditer(sentence):
            day, month, year = mention.groups()
            first = date(int(year), MONTHS.index(month) + 1 if month else 1, int(day or 1))
            if first > known and not INTENT.search(sentence):
                found.append(mention.group())
        # A day without a year is taken as the next one, and matters only when it is close.
        for mention in () if INTENT.search(sentence) else DAY.finditer(sentence):
            when = date(known.year, MONTHS.index(mention[2]) + 1, int(mention[1]))
            if known < when < known + timedelta(days=45):
                found.append(mention.group())
    return found


@cache
def known(source_id: str) -> date:
    """The day by which a source had appeared.

    An open window is given two days; where nothing bounds the source, nothing counts as late.
    """
    row = next(r for r in rows("sources") if r["source_id"] == source_id)
    if row["published_precision"] == "day":
        return date.fromisoformat(row["published"])
    if row["published_precision"] == "month":
        return date.fromisoformat(row["published"]).replace(day=28) + timedelta(days=3)
    if row["not_after"]:
        return date.fromisoformat(row["not_after"])
    return date.fromisoformat(row["not_before"]) + timedelta(days=2) if row["not_before"] else FAR_OFF


# --- the checks bite -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"\xef\xbb\xbfa,b\n1,2\n", "BOM"),
        (b"a,b\r\n1,2\r\n", "CR"),
        (b"a,b\n1,2", "no last LF"),
        (b"a,b\n1\n", "ragged rows"),
        (b"a,b\n1,2 \n", "stray spaces"),
        (b"a,b\n1,Iraq's\n", "typewriter quotes"),
    ],
)
def test_a_dirty_table_is_caught(raw, fault):
    assert hygiene_faults(raw) == [fault]


@pytest.mark.parametrize(
    ("value", "low", "high", "bound", "fault"),
    [
        ("300", "250", "350", "range", "bound 'range' with ['high', 'low', 'value']"),
        ("2000", "", "", "fewer_than", "bound 'fewer_than' with ['value']"),
        ("", "0", "2000", "fewer_than", "bound 'fewer_than' with ['high', 'low']"),
        ("", "", "", "exact", "bound 'exact' with []"),
        ("4", "", "", "", "bound '' with ['value']"),
        ("", "350", "250", "range", "range upside down"),
        ("4", "", "", "approximate", "unknown bound 'approximate'"),
    ],
)
def test_a_broken_quantity_is_caught(value, low, high, bound, fault):
    assert quantity_faults({"value": value, "low": low, "high": high, "bound": bound}) == [fault]


def test_hindsight_is_caught_and_a_plan_is_not():
    day = date(2025, 11, 26)
    assert leaks("Conflicts with the departure of 17 January 2026", day) == ["17 January 2026"]
    assert leaks("Superseded in 2026", day) == ["2026"]
    assert leaks("Declared gone on 30 November", day) == ["30 November"]
    assert leaks("To leave by September 2026", day) == []
    assert leaks("Closure due on 30 November", day) == []
    assert leaks("Attacks since 17 October", day) == []
    assert leaks("Reported on 26 November 2025", day) == []


# --- the tables ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_bytes_order_and_header(name):
    raw = (DATA / TABLES[name]["path"]).read_bytes()
    assert hygiene_faults(raw) == []
    fields = [field["name"] for field in TABLES[name]["schema"]["fields"]]
    assert list(rows(name)[0]) == fields
    primary = TABLES[name]["schema"]["primaryKey"]
    keys = [tuple(row[c] for c in ([primary] if isinstance(primary, str) else primary)) for row in rows(name)]
    if name != "facts":  # facts stand by subject, as an analyst reads them
        assert keys == sorted(keys)


def test_the_package_describes_every_file_and_every_field():
    there = {p.relative_to(DATA).as_posix() for p in DATA.rglob("*") if p.is_file()} - {"datapackage.json"}
    described = {resource["path"] for resource in PACKAGE["resources"]}
    assert (described - there, there - described) == (set(), set())
    bare = [
        f"{name}.{f['name']}"
        for name, r in TABLES.items()
        for f in r["schema"]["fields"]
        if not (f["title"] and f["description"])
    ]
    assert bare == []


def test_frictionless_finds_the_package_valid():
    from frictionless import Package

    report = Package(str(DATA / "datapackage.json")).validate()
    assert report.flatten(["title", "message"]) == []


def test_ids_are_unique_over_all_tables():
    # a key in a list is made of the ids of other tables
    own = [name for name, table in TABLES.items() if isinstance(table["schema"]["primaryKey"], str)]
    ids = Counter(row[key(name)] for name in own for row in rows(name))
    assert [i for i, n in ids.items() if n > 1] == []


def test_every_quantity_keeps_the_law():
    tables = [name for name in TABLES if {"value", "low", "high", "bound"} <= set(rows(name)[0])]
    assert {"claims", "troop_levels", "isis_attacks", "isis_strength"} <= set(tables)
    assert [(row[key(t)], f) for t in tables for row in rows(t) for f in quantity_faults(row)] == []
    assert [r["claim_id"] for r in rows("claims") if bool(r["unit"]) != bool(r["bound"])] == []
    assert [r["count_id"] for r in rows("isis_attacks") if (r["measure"] == "trend") == bool(r["bound"])] == []


def test_side_counts_say_what_they_are():
    pairs = [
        ("attacks", "munitions"),
        ("attacks", "wounded"),
        ("attack_totals", "count"),
        ("attack_totals", "wounded"),
    ]
    wrong = [(r[key(t)], c) for t, c in pairs for r in rows(t) if bool(r[c]) != bool(r[f"{c}_bound"])]
    off = [r["total_id"] for r in rows("attack_totals") if r["iraq"] and r["syria"] and not adds_up(r)]
    assert (wrong, off) == ([], [])


def test_an_attack_says_who_and_how_one_knows():
    wrong = []
    for row in rows("attacks"):
        named = bool(row["attributed_to"]) and row["attributed_to"] != "unclaimed"
        if row["attribution"] and not named:
            wrong.append((row["attack_id"], "laid to nobody"))
        if row["basis"] == "claimed" and row["attribution"] != "claimed":
            wrong.append((row["attack_id"], "a claim that nobody makes"))
    assert wrong == []


def test_every_row_behind_a_fact_and_every_attack_on_the_base_was_checked():
    read = [fact for fact in rows("facts") if fact["choose"] in ("first", "latest")]
    due = {name for fact in read for name in fact["claims"].split()}
    due |= {row["attack_id"] for row in rows("attacks") if row["place_id"] == "ain_al_asad"}
    assert due - {row["row_id"] for row in rows("checks")} == set()


def test_a_check_is_of_a_row_and_says_against_what_and_what_was_corrected():
    there = {
        row[key(name)] for name in TABLES if isinstance(TABLES[name]["schema"]["primaryKey"], str) for row in rows(name)
    }
    checks = {row["row_id"]: row for row in rows("checks")}
    silent = [i for i, row in checks.items() if (row["result"] == "not_found") == bool(row["against"])]
    mute = [i for i, row in checks.items() if row["result"] == "corrected" and not row["note"]]
    assert (set(checks) - there, silent, mute) == (set(), [], [])


def adds_up(row: dict[str, str]) -> bool:
    return int(row["iraq"]) + int(row["syria"]) == int(row["count"])


def test_periods_run_forwards():
    ends = [
        ("events", "start", "end"),
        ("claims", "start_date", "end_date"),
        ("sources", "not_before", "not_after"),
    ]
    ends += [("attack_totals", "start", "end"), ("isis_attacks", "start", "end")]
    assert [r[key(t)] for t, a, b in ends for r in rows(t) if r[a] and r[b] and r[a] > r[b]] == []


def test_a_stored_month_or_year_is_its_first_day():
    tables = ("troop_levels", "attacks", "handovers", "isis_strength")
    tail = {"day": "", "month": "-01", "year": "-01-01"}
    assert [r[key(t)] for t in tables for r in rows(t) if not r["date"].endswith(tail[r["date_precision"]])] == []


def test_every_sentence_of_the_article_is_accounted_for():
    kinds: dict[tuple[int, int], list[str]] = {}
    for row in rows("claims"):
        kinds.setdefault((int(row["paragraph"]), int(row["sentence"])), []).append(row["kind"])
    wanted = {(p, s) for p, count in enumerate(SENTENCES, 1) for s in range(1, count + 1)}
    assert set(kinds) == wanted
    assert [place for place, found in kinds.items() if "comment" in found and len(found) > 1] == []


def test_claims_carry_their_place_in_id_and_span():
    for row in rows("claims"):
        assert row["claim_id"][:-1] == f"p{int(row['paragraph']):02d}s{int(row['sentence']):02d}"
        assert int(row["start"]) < int(row["end"])
    spans: dict[str, list[int]] = {}
    for row in rows("claims"):
        spans.setdefault(row["claim_id"][:-1], []).extend((int(row["start"]), int(row["end"])))
    edges = [edge for sentence in sorted(spans) for edge in (min(spans[sentence]), max(spans[sentence]))]
    assert edges == sorted(edges), "the spans of two sentences overlap"


def test_every_source_is_cited():
    cited = {
        r[c]
        for t in TABLES
        for r in rows(t)
        for c in ("source_id", "source_a", "source_b")
        if c in r and t != "sources"
    }
    assert sorted({r["source_id"] for r in rows("sources")} - cited) == []


def test_sources_state_a_date_or_say_that_they_have_none():
    wrong = [r["source_id"] for r in rows("sources") if bool(r["published"]) == (r["published_precision"] == "unknown")]
    ungraded = [r["source_id"] for r in rows("sources") if not r["grade"]]
    assert (wrong, ungraded) == ([], ["S001"])
    traces = re.compile(r"not opened|staging|host|link not recovered|proxy|seen", re.I)
    assert [r["source_id"] for r in rows("sources") if traces.search(r["carrier"])] == []


def test_coordinates_have_four_decimals_and_a_source():
    for row in rows("bases"):
        given = {bool(row[c]) for c in ("latitude", "longitude", "source_id")}
        assert len(given) == 1, row["place_id"]
        assert all(re.fullmatch(r"\d\d\.\d{4}|", row[c]) for c in ("latitude", "longitude")), row["place_id"]


def test_conflicts_point_at_rows_that_exist():
    ids = {row[key(name)] for name in TABLES if name not in ("conflict_rows", "sources", "names") for row in rows(name)}
    assert sorted({r["row_id"] for r in rows("conflict_rows")} - ids) == []


# --- time does not leak ----------------------------------------------------------------------------


def test_no_text_tells_what_its_source_could_not_know():
    found = [
        (row[key(t)], column, leak)
        for t in TABLES
        if "source_id" in rows(t)[0] and t != "sources"
        for row in rows(t)
        for column in ("note", "summary")
        if row.get(column) and row["source_id"]
        for leak in leaks(row[column], known(row["source_id"]))
    ]
    for row in rows("conflicts"):
        a, b = known(row["source_a"]), known(row["source_b"])
        since = date.fromisoformat(row["reading_known"] or "0001-01-01")
        for column, day in (("claim_a", max(a, b)), ("claim_b", max(a, b)), ("reading", max(a, b, since))):
            found += [(row["conflict_id"], column, leak) for leak in leaks(row[column], day)]
    assert found == []


def test_nothing_observed_lies_after_its_source():
    future = {"planned", "announced", "authorised", "ordered"}
    columns = {
        "troop_levels": ("date", "basis"),
        "events": ("start", "status"),
        "handovers": ("date", "kind"),
    }
    columns |= {
        "attacks": ("date", ""),
        "attack_totals": ("end", ""),
        "isis_attacks": ("end", ""),
        "isis_strength": ("date", ""),
    }
    late = [
        row[key(t)]
        for t, (day, state) in columns.items()
        for row in rows(t)
        if row.get(state) not in future and date.fromisoformat(row[day]) > known(row["source_id"])
    ]
    assert late == []


def test_targets_are_never_observed():
    basis = {row["level_id"]: row["basis"] for row in rows("troop_levels")}
    assert {basis[i] for i in ("T029", "T035", "T057", "T058", "T080", "T096")} == {"planned"}
    assert (basis["T061"], basis["T045"], basis["T092"]) == ("ordered", "authorised", "authorised")
