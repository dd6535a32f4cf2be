"""The file behind the ledger: torn ends are repaired, damage is told, writers take turns."""

import json
import os

import pytest

from handover.errors import ScheduleError, StoreError
from handover.schedule.journal import Journal
from handover.schedule.ledger import Ledger

LINES = [{"event": "a", "text": "é\u2028\n"}, {"event": "b"}]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "ledger.jsonl"


def write(path, *lines):
    journal = Journal(path)
    with journal.locked():
        journal.fresh()
        journal.append(lines)


def read(path):
    return Journal(path).fresh()[1]


@pytest.mark.parametrize("damage", [b"{\x00\x00\n", b"nonsense\n", b"[1]\n", b"\x00\x00\x00\x00\n", b"3\n", b"\xff\n"])
def test_damage_before_the_last_line_is_told_with_its_number(path, damage):
    write(path, LINES[1])
    with path.open("ab") as file:
        file.write(damage)
    path.write_bytes(path.read_bytes() + b'{"event": "c"}\n')
    with pytest.raises(ScheduleError, match="line 2 must be whole"):
        read(path)


@pytest.mark.parametrize("torn", [b"{", b'{"event": "c"', b'{"event": "c"}', b"\xc3", b"{\x00\n", b"\x00\x00", b"\n"])
def test_a_torn_end_is_not_read_and_the_next_writer_cuts_it_off(path, torn):
    write(path, *LINES)
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    assert read(path) == LINES
    write(path, {"event": "d"})
    assert path.read_bytes() == whole + b'{"event": "d"}\n'


def test_cut_at_every_byte_all_whole_lines_are_read(path):
    write(path, *LINES, *LINES)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert read(path) == (LINES * 2)[: whole[:length].count(b"\n")]


def test_a_file_that_cannot_be_written_is_told_with_a_cure(path, monkeypatch):
    def full(handle, data):
        raise OSError(28, "No space left on device")

    write(path, LINES[0])
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreError, match="Free some space"):
        write(path, LINES[1])
    monkeypatch.undo()
    assert read(path) == LINES[:1]


def test_a_link_in_its_place_is_not_followed(path, tmp_path):
    (tmp_path / "other").write_text("")
    path.parent.mkdir()
    path.symlink_to(tmp_path / "other")
    with pytest.raises(StoreError, match="symbolic link"):
        write(path, LINES[0])
    assert (tmp_path / "other").read_text() == ""


def test_a_writer_that_waits_too_long_says_so(path, monkeypatch):
    from handover.schedule import journal

    monkeypatch.setattr(journal, "LOCK_TIMEOUT_S", 0.05)
    with Journal(path).locked(), pytest.raises(ScheduleError, match="must be free to write"):
        write(path, LINES[0])


def test_only_what_was_added_is_read_again(path):
    journal = Journal(path)
    assert journal.fresh() == (False, [])
    write(path, LINES[0])
    assert journal.fresh()[1] == LINES[:1]
    write(path, LINES[1])
    assert journal.fresh() == (False, LINES[1:])
    assert journal.fresh() == (False, [])


def test_another_file_in_its_place_is_read_from_the_start(path):
    journal = Journal(path)
    write(path, *LINES)
    journal.fresh()
    path.rename(path.with_name("old"))
    write(path, LINES[1])
    assert journal.fresh() == (True, LINES[1:])
    path.unlink()
    assert journal.fresh() == (True, [])


@pytest.mark.parametrize(
    "line",
    [
        {"event": "danced", "entry": "daily", "at": "2026-01-28T00:00:00Z"},
        {"event": "declared", "entry": "daily", "at": "yesterday", "cron": "0 7 * * *", "timezone": "UTC"},
        {"event": "declared", "entry": "daily"},
        {"event": "declared"},
    ],
)
def test_a_line_that_is_no_line_of_a_ledger_is_told(tmp_path, line):
    (tmp_path / "ledger.jsonl").write_text(json.dumps(line) + "\n")
    with pytest.raises(ScheduleError, match="must hold lines of a schedule's ledger"):
        Ledger(tmp_path).refresh()


def test_one_holder_at_a_time_and_the_next_when_it_lets_go(tmp_path):
    one, other = Ledger(tmp_path), Ledger(tmp_path)
    with one.held("entry-daily") as first, other.held("entry-daily") as second, other.held("entry-x") as third:
        assert (first, second, third) == (True, False, True)
    with other.held("entry-daily") as free:
        assert free
