"""Facts that are counted or worked out from others; each names the claims it stands on."""

import datetime as dt

from handover.story.facts import Fact, Facts, Reckoning
from handover.story.periods import Period
from handover.story.tables import Row
from handover.story.wording import English, Quantity

BASE = "ain_al_asad"
#: What the column `basis` of ``attacks`` is for; the data dictionary says the same.
RULE = (
    "A day counts when a source of grade A to C, not the attackers' own claim, reports weapons fired at the base or "
    "flown against it, stopped or not."
)


def _counted(facts: Facts, key: str, label: str, unit: str, rows: list[Row], count: int, why: str) -> Fact | None:
    """A fact that counts rows, the better sources first; its period runs from the first to the last of them."""
    if not rows:
        return None
    view = facts.view
    rows = sorted(rows, key=view.weak_row)
    ids = tuple(str(next(iter(row.values()))) for row in rows)
    days = [row["date"] for row in rows if isinstance(row["date"], dt.date)]
    return Fact(
        key=key,
        label=label,
        unit=unit,
        claims=ids,
        known=max(view.record.known(row) for row in rows),
        quantity=Quantity(count, bound="exact"),
        period=Period(min(days), max(days)),
        reading=why,
    )


def attack_days(facts: Facts, key: str, label: str, first: int, last: int) -> Fact | None:
    """Days of attack on the base over whole years; of a single year once it is over.

    `RULE` says what counts. A floor, not the full number: some days had more than one attack, and not every
    attack was found.
    """
    if first == last and facts.view.as_of.year <= last:
        return None
    rows = _attacks(facts, "reported", first, last)
    claimed = {row["date"] for row in _attacks(facts, "claimed", first, last)} - {row["date"] for row in rows}
    why = "Counted as the days of all years are." if first == last else f"{RULE} Some reports were not found."
    if claimed and first != last:
        why += f" Left out are days that only the attackers claim: {English().number(len(claimed))}."
    return _counted(facts, key, label, "days", rows, len({row["date"] for row in rows}), why)


def attack_days_claimed(facts: Facts) -> Fact | None:
    """Days of which only the attackers say that they attacked the base."""
    told = {row["date"] for row in _attacks(facts, "reported")}
    rows = [row for row in _attacks(facts, "claimed") if row["date"] not in told]
    days = len({row["date"] for row in rows})
    label = "Days on which only the attackers claimed an attack on Ain al-Asad"
    return _counted(facts, "attack_days_claimed", label, "days", rows, days, f"Not days of attack. {RULE}")


def _attacks(facts: Facts, basis: str, first: int = dt.MINYEAR, last: int = dt.MAXYEAR) -> list[Row]:
    """Reports of attacks on the base that give the day, of grade A to C."""
    return [
        row
        for row in facts.view.rows("attacks")
        if row["place_id"] == BASE
        and row["date_precision"] == "day"
        and row["basis"] == basis
        and first <= row["date"].year <= last
        and not facts.view.weak_row(row)
    ]


def readings_of_next_week(said: dt.date) -> list[Period]:
    """What "next week" can mean: the seven days that follow, the next week from Sunday, the next from Monday.

    Iraq's week begins on a Sunday, that of most of the outlets on a Monday.
    """
    monday = dt.timedelta(7 - said.weekday())
    sunday = dt.timedelta((6 - said.weekday()) or 7)
    starts = (said + dt.timedelta(1), said + sunday, said + monday)
    return [Period(start, start + dt.timedelta(6), "week") for start in starts]


def departures(facts: Facts) -> Fact | None:
    """From the first to the last day that sources give for the departure of the last forces from the base."""
    promised = facts["promise_day"]
    if promised is None or promised.period is None:
        return None
    rows = [
        row
        for row in facts.view.rows("handovers")
        if row["place_id"] == BASE and row["kind"] == "departure" and row["date"] > promised.period.end
    ]
    strong = [row for row in rows if not facts.view.weak_row(row)]
    if not strong:
        return None
    days = [row["date"] for row in strong]
    ids = tuple(str(row["handover_id"]) for row in strong)
    return Fact(
        key="departures",
        label="The days that sources give for the departure of the last forces",
        unit="date",
        claims=ids,
        known=max(facts.view.record.known(row) for row in strong),
        period=Period(min(days), max(days)),
        reading="From the earliest to the latest day reported.",
        conflicts=tuple(facts.view.conflicts_over(list(ids))),
    )


def slip(facts: Facts) -> Fact | None:
    """Days from the end of the promised week to the handover: the least and the most, as both can be read.

    The least is counted from the latest end of "next week" to the first day given for the last departure; the most from
    the earliest end to the announcement.
    """
    promised, done, left = facts["promise_day"], facts["handover_announced"], facts["departures"]
    if not (promised and promised.period and done and done.period):
        return None
    ends = [week.end for week in readings_of_next_week(promised.period.end)]
    first = left.period.start if left and left.period else done.period.start
    least, most = (first - max(ends)).days, (done.period.start - min(ends)).days
    weeks = facts["promised_week"]
    return Fact(
        key="slip",
        label="Days by which the handover came later than the promised week",
        unit="days",
        claims=promised.claims[:1] + done.claims[:1] + (left.claims if left else ()),
        known=max(promised.known, done.known),
        quantity=Quantity(low=least, high=most, bound="range"),
        period=Period(min(ends), done.period.start),
        reading="Counted to the first day given for the last departure and to the announcement, from the latest and "
        "the earliest end of the week that can be meant.",
        conflicts=weeks.conflicts if weeks else (),
    )


def base_status(facts: Facts) -> Fact | None:
    """What the base is, going by the last thing known of it: shared, promised, or handed over."""
    states = (
        ("handover_announced", "handed over to Iraq"),
        ("promised_week", "promised to Iraq"),
        ("return_day", "shared with US forces"),
        ("first_handover", "held by the Iraqi army alone"),
    )
    for key, words in states:
        if found := facts[key]:
            return Fact(
                key="base_status",
                label="Status of Ain al-Asad",
                unit="",
                claims=found.claims,
                known=found.known,
                period=found.period,
                reading="Read off the last step that a named source reports by the day of the report.",
                conflicts=found.conflicts,
                words=words,
            )
    return None


def transferred(facts: Facts, key: str, label: str, first: dt.date, last: dt.date) -> Fact | None:
    """Places that at least one source says were handed over between two days, once the last of them is past."""
    if facts.view.as_of <= last:
        return None
    rows = [
        row
        for row in facts.view.rows("handovers")
        if row["kind"] == "transfer" and first <= row["date"] <= last and not facts.view.weak_row(row)
    ]
    places = len({row["place_id"] for row in rows})
    why = "Places for which a source of grade A to C reports a transfer in that time."
    return _counted(facts, key, label, "bases", rows, places, why)


def fall(facts: Facts, key: str, label: str, before: str, after: str) -> Fact | None:
    """The fall from one count to another in per cent, rounded to whole per cent.

    Only two exact counts of the same counter are compared.
    """
    high, low = facts[before], facts[after]
    if not (high and low and high.quantity and low.quantity and high.quantity.value and low.quantity.value is not None):
        return None
    share = round(100 * (high.quantity.value - low.quantity.value) / high.quantity.value)
    return Fact(
        key=key,
        label=label,
        unit="per cent",
        claims=high.claims[:1] + low.claims[:1],
        known=max(high.known, low.known),
        quantity=Quantity(share, bound="exact"),
        period=low.period,
        reading="Worked out from the two counts and rounded to a whole per cent.",
        conflicts=tuple(dict.fromkeys(high.conflicts + low.conflicts)),
    )


def report_day(facts: Facts) -> Fact:
    """The day the report speaks from, which is a parameter and has no source."""
    day = facts.view.as_of
    return Fact(
        "as_of",
        "The day this report speaks from",
        "date",
        (),
        day,
        None,
        Period(day, day),
        "Set by whoever rendered the report.",
    )


def earlier_day(day: dt.date) -> Fact:
    """The day of the edition that a report is compared with."""
    why = "The day of the latest earlier edition of this report."
    return Fact("since", "The day of the earlier edition", "date", (), day, None, Period(day, day), why)


def record_end(facts: Facts) -> Fact | None:
    """The last day on which anything in the record became known."""
    known = [
        (facts.view.record.known(row), str(next(iter(row.values()))))
        for table in ("events", "handovers", "troop_levels")
        for row in facts.view.rows(table)
    ]
    if not known:
        return None
    day, row_id = max(known)
    return Fact(
        "record_end",
        "The last day on which the record learnt anything",
        "date",
        (row_id,),
        day,
        None,
        Period(day, day),
    )


RECKONINGS: dict[str, Reckoning] = {
    "as_of": report_day,
    "record_end": record_end,
    "departures": departures,
    "slip": slip,
    "base_status": base_status,
    "attack_days": lambda f: attack_days(f, "attack_days", "Days with a reported attack on Ain al-Asad", 2019, 2026),
    "attack_days_claimed": attack_days_claimed,
    **{
        f"attack_days_{year}": (
            lambda f, y=year: attack_days(
                f, f"attack_days_{y}", f"Days with a reported attack on Ain al-Asad in {y}", y, y
            )
        )
        for year in range(2019, 2027)
    },
    "bases_2020": lambda f: transferred(
        f, "bases_2020", "Places handed to Iraq in 2020", dt.date(2020, 1, 1), dt.date(2020, 12, 31)
    ),
    "isis_fall": lambda f: fall(
        f,
        "isis_fall",
        "Fall of ISIS attacks from 2024 to 2025 by the Iraqi count",
        "isis_attacks_2024",
        "isis_attacks_2025",
    ),
}
