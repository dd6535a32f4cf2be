"""The log: damage is told and never papered over, the first outcome stands, writers take turns."""

import datetime as dt
import os
import sqlite3
from contextlib import closing
from random import Random

import pytest
from schedule_desk import rows, utc

from handover.errors import ScheduleError
from handover.schedule import log as logs
from handover.schedule.log import Log, Mail, Tick

SEVEN = utc("2026-01-28 07:00")


@pytest.fixture
def log(desk):
    """A log in which an entry was seen at midnight."""
    desk.once()
    return Log(desk.project)


def write(log, *ticks):
    with log.writing():
        return [log.put(tick) for tick in ticks]


def other_database(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.executescript("CREATE TABLE tick (entry TEXT)")


def changed(statement):
    def change(path):
        with closing(sqlite3.connect(path)) as db:
            db.execute(statement)
            db.commit()

    return change


DAMAGE = {
    "empty": lambda path: path.write_bytes(b""),
    "no database": lambda path: path.write_bytes(b'{"event": "declared"}\n' * 100),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "overwritten": lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096)),
    "another database": other_database,
    "a row that says nothing": changed("UPDATE entry SET since = '!'"),
    "a row that says something else": changed("UPDATE entry SET since = '2020-01-01T00:00:00Z'"),
    "a table gone": changed("DROP TABLE mail"),
    "the text of a table's shape": changed("ALTER TABLE tick RENAME COLUMN outcome TO outcomf"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_log_is_told_with_a_cure_and_left_as_it_is(desk, log, damage):
    damage(desk.path)
    left = desk.path.read_bytes()
    with pytest.raises(ScheduleError) as reading, log.reading():
        log.seen("daily")
    with pytest.raises(ScheduleError) as running:
        desk.once()
    for error in (reading, running):
        assert str(error.value).startswith(f"{desk.path}: must be a whole log of the schedule (got ")
        assert str(error.value).endswith("or move it away, and every entry counts from the next run on.")
    assert desk.path.read_bytes() == left


@pytest.mark.parametrize("kind", ["a symbolic link", "a folder", "no file"])
def test_what_is_no_file_is_told_and_not_followed(desk, log, tmp_path, kind):
    desk.path.rename(tmp_path / "other")
    before = (tmp_path / "other").read_bytes()
    if kind == "a symbolic link":
        desk.path.symlink_to(tmp_path / "other")
    else:
        (os.mkfifo if kind == "no file" else os.mkdir)(desk.path)
    for look in (desk.once, lambda: log.reading().__enter__()):
        with pytest.raises(ScheduleError) as error:
            look()
        assert str(error.value).startswith(f"{desk.path}: must be a file (got {kind}).\nMove it away")
    assert (tmp_path / "other").read_bytes() == before


def test_a_file_in_the_place_of_its_folder_is_told(desk):
    desk.project.root.joinpath(".handover").write_text("")
    with pytest.raises(ScheduleError, match=r"must be a file that can be read and written \(got Not a directory\)"):
        Log(desk.project).reading().__enter__()


def test_a_log_that_may_not_be_read_is_told(desk, log):
    log.folder.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(ScheduleError, match=r"log.sqlite3: must be a file that can be read.*Permission denied"):
            log.reading().__enter__()
    finally:
        if root:
            os.seteuid(0)
        log.folder.chmod(0o755)


def test_a_log_that_is_gone_is_told_and_begun_anew_in_plain_sight(desk, log):
    desk.path.unlink()
    with pytest.raises(ScheduleError) as error, Log(desk.project).reading():
        raise AssertionError
    assert str(error.value) == (
        f"{desk.path}: must be there, for the schedule has run here before (got none).\n"
        "Put a copy of it back; or run `handover schedule run`, and every entry counts from then on."
    )
    desk.once()
    assert desk.told == [f"{desk.path}: is gone, and is begun anew: every entry counts from now on."]
    desk.once()
    assert len(desk.told) == 1


def mutations(whole, seed):
    """A log as a disk, a program or a hand may leave it; each as bytes, with what was done."""
    random = Random(seed)
    pages = [whole[at : at + 4096] for at in range(0, len(whole), 4096)]
    one, other = random.sample(range(len(pages)), 2)
    at, length = random.randrange(len(whole)), random.randrange(1, 2000)
    swapped = [*pages]
    swapped[one], swapped[other] = pages[other], pages[one]
    yield "cut", whole[:at]
    yield "a bit flipped", whole[:at] + bytes([whole[at] ^ 1 << random.randrange(8)]) + whole[at + 1 :]
    yield "zeroed", whole[:at] + bytes(length) + whole[at + length :]
    yield "garbage", whole[:at] + random.randbytes(length) + whole[at + length :]
    yield "lost", whole[:at] + whole[at + length :]
    yield "twice", whole[:at] + whole[at : at + length] + whole[at:]
    yield "pages swapped", b"".join(swapped)
    yield "a page lost", b"".join(pages[:one] + pages[one + 1 :])
    yield "text", whole.decode("latin-1").encode("utf-8")
    yield "random", random.randbytes(at)


def test_law_damage_is_told_with_the_file_or_changes_nothing_that_is_read(desk):
    """A byte that no row uses may change; what a row says may not, in silence."""
    desk.declare({}, {"name": "other", "cron": "0 */2 * * *", "catch_up": "all", "limit": 99})
    desk.once()
    desk.once(400 * dt.timedelta(hours=1))
    whole, told = desk.path.read_bytes(), 0

    def seen():
        log = Log(desk.project)
        with log.reading():
            return log.history(), log.owed(), log.seen("daily"), log.waiting("other", desk.clock.time)

    before = seen()
    for seed in range(10):
        for kind, data in mutations(whole, seed):
            desk.path.write_bytes(data)
            try:
                assert seen() == before, kind
            except ScheduleError as error:
                assert str(error).startswith(f"{desk.path}: must be ") and "\n" in str(error)
                told += 1
    assert told > 80


def test_a_log_that_was_moved_away_begins_anew_whatever_journal_it_left(desk, log):
    journal = desk.path.with_name("log.sqlite3-journal")
    with closing(sqlite3.connect(desk.path)) as db:
        # more than the cache holds: what was there before is in the journal
        db.execute("PRAGMA cache_size = 1")
        db.execute("DELETE FROM entry")
        db.executemany("INSERT INTO tick (entry, tick, cause) VALUES ('x', ?, ?)", [(n, "x" * 4000) for n in range(50)])
        left = journal.read_bytes()
    desk.path.unlink()
    journal.write_bytes(left)
    desk.clock.time = SEVEN
    desk.once()
    assert [row["since"] for row in rows(desk.project, "entry")] == ["2026-01-28T07:00:00Z"]


def test_a_writer_that_waits_too_long_says_so(log, monkeypatch):
    monkeypatch.setattr(logs, "BUSY_S", 0.05)
    with closing(sqlite3.connect(log.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ScheduleError, match=r"must be free to write \(held for 0.05 seconds by another runner\)"):
            write(log)


def test_one_holder_at_a_time_and_the_next_when_it_lets_go(desk):
    one, other = Log(desk.project), Log(desk.project)
    with one.held("entry-daily") as first, other.held("entry-daily") as second, other.held("entry-x") as third:
        assert (first, second, third) == (True, False, True)
    with other.held("entry-daily") as free:
        assert free


def test_a_tick_has_one_outcome_and_the_first_stands(desk, log):
    begun = Tick("daily", SEVEN, SEVEN, report="mini", running=True, attempts=1)
    good = Tick("daily", SEVEN, SEVEN, "published", report="mini", edition="x")
    assert write(log, begun, good, Tick("daily", SEVEN, SEVEN, "failed"), begun) == [True, True, False, False]
    (row,) = rows(desk.project)
    assert (row["outcome"], row["edition"]) == ("published", "x")


def test_what_is_written_before_an_error_is_undone_with_all_of_its_transaction(desk, log):
    with pytest.raises(KeyboardInterrupt), log.writing():
        log.put(Tick("daily", SEVEN, SEVEN, "failed"))
        raise KeyboardInterrupt
    assert rows(desk.project) == []


def test_a_row_is_read_as_it_was_written(log):
    row = Tick(
        "daily", SEVEN, SEVEN, "", "retry", "mini", "e", "é\u2028\n", {"a": [1]}, 2, 1, 3, True, SEVEN, ["x", "y"]
    )
    mail = Mail(
        "daily/run/x",
        "daily",
        "failed",
        SEVEN,
        "daily: failed",
        "text\n",
        tried=SEVEN,
        reached=["c@d"],
        refused=["a@b"],
    )
    with log.writing():
        log.put(row)
        log.owe(mail)
        log.owe(Mail("daily/run/x", "daily", "new", SEVEN, "another", ""))
    with log.reading():
        assert log.waiting("daily", SEVEN) == [row] and log.owed() == [mail]


def test_half_a_character_is_kept_as_an_escape(log):
    write(log, Tick("daily", SEVEN, SEVEN, "failed", cause="half: \ud800"))
    with log.reading():
        assert log.history()[0]["cause"] == "half: \\ud800"


def test_to_look_at_a_log_that_is_not_there_makes_none(desk):
    log = Log(desk.project)
    with log.reading():
        assert log.seen("daily") is None and log.history() == [] and log.owed() == []
    assert not log.folder.exists()
