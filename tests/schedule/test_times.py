"""When times come, across changes of the clock: skipped at the next valid instant, repeated the first time."""

import datetime as dt
from itertools import islice

from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st
from schedule_desk import utc

from handover.schedule import times
from handover.schedule.times import zone

BAD = {
    "": "have five fields",
    "0 7 * *": "have five fields",
    "0 0 7 * * MON": "have five fields",
    "61 7 * * *": "bad minute",
    "0 7 * * MUN": "bad day-of-week",
    "@daily": "have five fields",
    "0 0 30 2 *": "bad day-of-month",
    "0 0 31 4,6,9,11 */1": "bad day-of-month",
    "0 7 1-0 * *": "bad day-of-month",
    "0 7 ² * *": "bad day-of-month",
}


def test_cron_that_cannot_be_kept_is_told():
    assert [cron for cron, said in BAD.items() if said not in (times.cron_fault(cron) or "")] == []


def test_cron_that_comes_is_no_fault():
    good = ["0 7 * * MON", "*/5 8-17 1,L * *", "0 0 29 2 *", "0 9 * * 5#1"]
    assert [cron for cron in good if times.cron_fault(cron)] == []


def test_a_length_is_a_number_and_a_unit_and_nothing_else_is():
    texts = ["", "15", "m", "1.5h", "-1m", "1h 5m", "1 h", "1M", "1234567s", 15, None]
    assert [text for text in texts if times.parse_length(text) is not None] == []


def test_lengths_and_instants_are_read_as_they_are_written():
    texts = ["0s", "90s", "15m", "26h", "8d", "2w"]
    lengths = list(map(times.parse_length, texts))
    assert list(map(times.format_length, lengths)) == ["0s", "1m 30s", "15m", "1d 2h", "8d", "14d"]
    instant = utc("2026-01-28 07:00")
    assert times.stamp(instant) == "2026-01-28T07:00:00Z" and dt.datetime.fromisoformat(times.stamp(instant)) == instant


def local(cron, timezone, after, count):
    found = islice(times.ticks(cron, timezone, utc(after)), count)
    return [f"{tick.astimezone(zone(timezone)):%m-%d %H:%M %z}" for tick in found]


CASES = {
    "Berlin skips, and what falls together is one tick": (
        ("*/20 1-3 29 3 *", "Europe/Berlin", "2026-03-28 12:00", 7),
        [
            "03-29 01:00 +0100",
            "03-29 01:20 +0100",
            "03-29 01:40 +0100",
            "03-29 03:00 +0200",
            "03-29 03:20 +0200",
            "03-29 03:40 +0200",
            "03-29 01:00 +0200",
        ],
    ),
    "Berlin repeats 02:00 to 03:00": (
        ("30 2 * * *", "Europe/Berlin", "2026-10-24 12:00", 2),
        ["10-25 02:30 +0200", "10-26 02:30 +0100"],
    ),
    "Berlin repeats, every half hour": (
        ("*/30 * * * *", "Europe/Berlin", "2026-10-24 23:30", 4),
        ["10-25 02:00 +0200", "10-25 02:30 +0200", "10-25 03:00 +0100", "10-25 03:30 +0100"],
    ),
    "Lord Howe skips half an hour": (
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-02 18:00", 2),
        ["10-04 02:30 +1100", "10-05 02:15 +1100"],
    ),
    "Lord Howe repeats half an hour": (
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04 00:00", 2),
        ["04-05 01:45 +1100", "04-06 01:45 +1030"],
    ),
    "Kathmandu moved by a quarter in 1986": (
        ("5 0 1 1 *", "Asia/Kathmandu", "1985-06-01 00:00", 2),
        ["01-01 00:15 +0545", "01-01 00:05 +0545"],
    ),
    "Baghdad skipped an hour while it had summer time": (
        ("30 3 1 4 *", "Asia/Baghdad", "2007-03-01 00:00", 2),
        ["04-01 04:00 +0400", "04-01 03:30 +0300"],
    ),
    "Samoa had no 30 December 2011": (
        ("0 9 * * *", "Pacific/Apia", "2011-12-29 12:00", 4),
        ["12-29 09:00 -1000", "12-31 00:00 +1400", "12-31 09:00 +1400", "01-01 09:00 +1400"],
    ),
}


def test_a_skipped_time_comes_next_and_a_repeated_one_first():
    assert {case: local(*asked) for case, (asked, _) in CASES.items()} == {
        case: wanted for case, (_, wanted) in CASES.items()
    }


def test_the_end_belongs_to_the_stretch_and_the_beginning_does_not():
    seven = utc("2026-01-28 07:00")
    assert list(times.ticks("0 7 * * *", "UTC", seven, seven + dt.timedelta(days=1))) == [seven + dt.timedelta(days=1)]
    assert list(times.ticks("0 7 * * *", "UTC", seven, seven)) == []


def test_zones_come_from_the_pinned_data_and_not_from_the_system(monkeypatch):
    import zoneinfo

    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    zone.cache_clear()
    assert zone("Asia/Baghdad").utcoffset(dt.datetime(2026, 1, 1)) == dt.timedelta(hours=3)
    assert "Asia/Baghdad" in times.zones() and "Asia/Bagdad" not in times.zones()


# laws

ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Asia/Baghdad",
        "Pacific/Apia",
        "Africa/Casablanca",
        "America/Sao_Paulo",
        "America/St_Johns",
        "Antarctica/Troll",
        "Asia/Gaza",
        "Asia/Tehran",
        "Pacific/Chatham",
    ]
)
CRONS = st.builds(
    "{} {} * * {}".format,
    st.sampled_from(["*/15", "0", "30", "5,50", "*"]),
    st.sampled_from(["*", "*/3", "0", "2", "1-3", "23"]),
    st.sampled_from(["*", "MON", "SUN"]),
)
# the changes of all kinds, and instants about them
INSTANTS = st.datetimes(dt.datetime(1985, 1, 1), dt.datetime(2030, 1, 1), timezones=st.just(dt.UTC))
SPANS = st.timedeltas(dt.timedelta(0), dt.timedelta(days=8))


@given(CRONS, ZONES, INSTANTS, SPANS, SPANS)
def test_law_a_stretch_is_its_two_parts(cron, timezone, start, first, second):
    middle, end = start + first, start + first + second
    whole = list(times.ticks(cron, timezone, start, end))
    parts = [*times.ticks(cron, timezone, start, middle), *times.ticks(cron, timezone, middle, end)]
    assert whole == parts
    assert whole == sorted(set(whole))
    assert all(start < tick <= end for tick in whole)


@given(CRONS, ZONES, INSTANTS, SPANS)
def test_law_every_time_on_the_wall_comes_once_and_nothing_else_does(cron, timezone, start, span):
    place, end = zone(timezone), start + span
    day = dt.timedelta(days=2)
    wanted = set()
    for wall in CronSim(cron, start.astimezone(place).replace(tzinfo=None) - day):
        # by brute force: the first instant, minute by minute, at which the wall shows that time or a later one
        instant = (wall - day).replace(tzinfo=dt.UTC)
        guess = wall.replace(tzinfo=place).astimezone(dt.UTC)
        instant = guess - day if guess.astimezone(place).replace(tzinfo=None) != wall else guess
        while instant.astimezone(place).replace(tzinfo=None) < wall:
            instant += dt.timedelta(minutes=1)
        if instant > end + day:
            break
        wanted.add(instant)
    assert list(times.ticks(cron, timezone, start, end)) == sorted(one for one in wanted if start < one <= end)
