"""`handover schedule`: what a person sees, and what a program reads."""

import datetime as dt
import json
import shutil
import signal
import subprocess
import sys
import time

import pytest
from schedule_desk import counted, declare, rows

from handover.schedule.log import Log
from handover.schedule.runner import Result, Runner, Stopped

HOUR = dt.timedelta(hours=1)


def test_a_bad_entry_is_refused_by_every_command(desk, call):
    desk.declare({"cron": "x"})
    for words in (["list"], ["due"], ["run", "--once"], ["run"], ["health"], ["history"], ["install"]):
        code, out, err = call(*words)
        assert (code, out) == (1, "") and "entry 'daily': cron must have five fields" in err


def test_wrong_words_are_told(call):
    bad = {
        ("history", "dayly"): "did you mean 'daily'?",
        ("install", "--every", "7"): "7",
        ("history", "-n", "0"): "0",
        ("ren",): "ren",
    }
    for words, said in bad.items():
        code, _, err = call(*words)
        assert code in (1, 2) and said in err


def test_a_damaged_log_is_told_by_every_command_and_left_as_it_is(desk, call):
    desk.once()
    desk.path.write_bytes(b"x" * 5000)
    for words in (["list"], ["due"], ["run", "--once"], ["health"], ["history"]):
        code, out, err = call(*words)
        assert (code, out) == (1, "") and "log.sqlite3: must be a whole log of the schedule (got file is not" in err
    assert desk.path.read_bytes() == b"x" * 5000


def test_nothing_is_due_and_nothing_has_been(desk, call):
    assert call("due") == (0, "", "Nothing is due.\n")
    assert json.loads(call("health", "--json")[1]) == [{"entry": "daily", "stale": False, "age": None, "faults": []}]
    assert call("history") == (0, "", "Nothing to show.\n")
    assert json.loads(call("due", "--json")[1]) == []


def test_list_is_an_aligned_table_of_next_and_last(desk, call):
    desk.declare({"max_age": "1d"}, {"name": "in-baghdad", "timezone": "Asia/Baghdad", "catch_up": "all"})
    desk.once()
    desk.once(7 * HOUR)
    desk.clock.time += 30 * HOUR
    code, out, _ = call("list")
    assert code == 0
    assert out.splitlines() == [
        "entry       report  next                  last                  outcome    good           due",
        "daily       mini    2026-01-30 07:00 UTC  2026-01-28 07:00 UTC  published  1d 6h (stale)  1",
        "in-baghdad  mini    2026-01-30 07:00 +03  2026-01-28 07:00 +03  unchanged  1d 6h          1",
    ]
    rows = json.loads(call("list", "--json")[1])
    assert rows[0]["next"] == "2026-01-30T07:00:00Z" and rows[0]["age"] == 30 * 3600 and rows[0]["stale"]
    assert rows[1]["edition"].startswith("2026-01-28-en-") and rows[1]["max_age"] is None


def test_due_says_what_would_run_and_runs_nothing(desk, call, snapshot):
    desk.declare({"catch_up": "all", "limit": 2})
    desk.once()
    desk.clock.time += 100 * HOUR
    before = snapshot(desk.project.root)
    code, out, _ = call("due")
    assert code == 0 and out.splitlines() == [
        "daily: skip 2: missed; catch_up = 'all' runs the last 2",
        "daily: run mini as_of=2026-01-30 for 2026-01-30 07:00 UTC, catch-up; 1 more wait",
    ]
    (row,) = json.loads(call("due", "--json")[1])
    assert (row["tick"], row["skips"], row["behind"]) == ("2026-01-30T07:00:00Z", 2, 1)
    assert snapshot(desk.project.root) == before and desk.tiny.runs == []


def test_due_says_when_a_failed_run_is_tried_again(desk, call):
    desk.declare({"retries": 1, "back_off": "1h"})
    desk.once()

    def fail(given):
        desk.clock.set()
        return Result("failed", cause="no")

    desk.tiny.before = fail
    desk.once(7 * HOUR)
    assert call("due")[1] == "daily: try again at 2026-01-28 08:00 UTC\n"


def test_history_shows_status_trigger_edition_and_cause(desk, call):
    desk.once()
    desk.once(7 * HOUR)
    desk.tiny.before = lambda given: Result("failed", cause="notebooks/mini.ipynb: cell 3 raised\nand more")
    desk.once(100 * HOUR)
    code, out, _ = call("history")
    (edition,) = desk.editions()
    head, *rows = [line.split("  ") for line in out.splitlines()]
    assert code == 0
    assert [[cell.strip() for cell in row if cell.strip()] for row in (head, *rows)] == [
        ["entry", "tick", "status", "trigger", "edition", "mail", "cause"],
        ["daily", "2026-02-01 07:00 UTC", "failed", "catch-up", "-", "-", "notebooks/mini.ipynb: cell 3 raised"],
        [
            "daily",
            "2026-01-31 07:00 UTC",
            "skipped x3",
            "-",
            "-",
            "-",
            "missed; catch_up = 'latest' runs only the last",
        ],
        ["daily", "2026-01-28 07:00 UTC", "published", "on time", f"mini/{edition}", "-", "-"],
    ]
    rows = json.loads(call("history", "--json", "-n", "2")[1])
    assert len(rows) == 2 and rows[0]["cause"].endswith("and more") and rows[1]["ticks"] == 3


def test_history_of_an_entry_that_is_gone_is_still_told(desk, call):
    desk.once()
    desk.once(7 * HOUR)
    desk.declare({"name": "other"})
    assert "2026-01-28 07:00 UTC" in call("history", "daily")[1] and "daily" in call("history")[1]
    assert call("history", "other") == (0, "", "Nothing to show.\n")


def test_health_is_one_when_a_report_is_older_than_it_may_be(desk, call):
    desk.declare({"max_age": "30h"}, {"name": "any-age"})
    code, out, err = call("health")
    assert (
        code == 1
        and "daily: must be run (no runner has seen it yet)." in err
        and out.startswith("any-age: must be run")
    )
    desk.once()
    assert call("health")[0] == 0
    desk.once(7 * HOUR)
    assert call("health") == (0, "daily: last good 0s ago; it may be 1d 6h old.\nany-age: last good 0s ago.\n", "")
    desk.tiny.before = lambda given: Result("failed", cause="no")
    desk.once(31 * HOUR)
    code, _, err = call("health")
    assert code == 1 and "daily: last good 1d 7h ago; it may be 1d 6h old." in err
    desk.tiny.before = lambda given: None
    desk.once(24 * HOUR)
    assert call("health")[0] == 0
    assert json.loads(call("health", "--json")[1])[0] == {"entry": "daily", "stale": False, "age": 0, "faults": []}


def test_health_of_an_entry_that_has_never_been_good_counts_from_when_it_was_seen(desk, call):
    desk.declare({"max_age": "30h", "catch_up": "none"})
    desk.once()
    desk.clock.time += 31 * HOUR
    code, _, err = call("health")
    assert code == 1 and "daily: last good never; it counts since 1d 7h; it may be 1d 6h old." in err


def test_an_edition_that_is_gone_fails_health_and_is_rendered_by_the_next_run(desk, call):
    desk.once()
    desk.once(7 * HOUR)
    (edition,) = desk.editions()
    folder = desk.project.reports / "mini" / edition
    shutil.rmtree(folder)
    code, out, err = call("health")
    assert (code, out) == (1, "") and err == (
        f"daily: {folder} must be there (it is gone).\n"
        "Restore it, or run `handover schedule run --once`, which renders it again.\n"
    )
    assert json.loads(call("health", "--json")[1])[0]["faults"][0].startswith(f"daily: {folder} must be there")
    (again,) = desk.once()
    assert (again.outcome, again.edition, again.trigger) == ("published", edition, "recovery") and folder.is_dir()
    assert f"daily: 2026-01-28 07:00 is run again: mini/{edition} is gone" in desk.told
    assert call("health")[0] == 0 and desk.once() == []
    assert len(desk.mails("owed")) == 0 and "x2" not in call("history")[1]


def test_an_edition_gone_that_cannot_be_rendered_any_more_is_tried_once_and_stays_a_fault(desk, call):
    desk.once()
    desk.once(7 * HOUR)
    shutil.rmtree(desk.project.reports / "mini")
    desk.tiny.before = lambda given: Result("failed", cause="no doors")
    (again,) = desk.once()
    assert (again.outcome, again.cause) == ("failed", "no doors") and desk.once() == []
    assert "failed" in call("history")[1]


def rewrite(path, old, new):
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new))


DAMAGE = {
    "a byte": lambda path: path.write_bytes(b"X" + path.read_bytes()[1:]),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "a page gone": lambda path: path.unlink(),
    "the manifest gone": lambda path: path.with_name("manifest.json").unlink(),
    "the manifest torn": lambda path: path.with_name("manifest.json").write_bytes(b"{"),
    "a fact renamed": lambda path: rewrite(path.with_name("manifest.json"), b'"Doors"', b'"Walls"'),
    "the folder emptied": lambda path: [one.unlink() for one in path.parent.iterdir()],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_edition_fails_health_which_names_it_and_what_to_do(desk, call, damage):
    desk.once()
    desk.once(7 * HOUR)
    (edition,) = desk.editions()
    folder = desk.project.reports / "mini" / edition
    damage(folder / f"mini_{edition}.pdf")
    code, out, err = call("health")
    assert (code, out) == (1, "") and err.startswith(f"daily: {folder}/")
    assert err.endswith("Restore the edition, or remove its folder and run `handover schedule run --once`.\n")
    shutil.rmtree(folder)
    desk.once()
    assert call("health")[0] == 0


def test_earlier_editions_may_have_been_pruned_but_not_cut(desk, call):
    desk.once()
    for day in range(3):
        desk.tiny.says = lambda _, day=day: {"doors": str(day)}
        desk.once((24 if day else 7) * HOUR)
    first, second, _ = (desk.project.reports / "mini" / name for name in desk.editions())
    shutil.rmtree(first)
    assert call("health")[0] == 0
    pdf = second / f"mini_{second.name}.pdf"
    pdf.write_bytes(b"")
    code, _, err = call("health")
    assert code == 1 and err.startswith(f"daily: {pdf}: no longer matches its manifest (")


def test_install_shows_first_and_writes_only_after_yes(desk, call, tmp_path, monkeypatch):
    import io

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    code, out, _ = call("install")
    assert code == 130 and "OnCalendar=*:0/5" in out and not (tmp_path / "config").exists()
    code, out, err = call("install", "--yes", "--every", "15")
    assert code == 0 and "OnCalendar=*:0/15" in out and "systemctl --user enable --now handover-mini-" in err
    assert len(list((tmp_path / "config" / "systemd" / "user").iterdir())) == 2


def test_run_once_says_what_failed_and_exits_with_one(desk, call, monkeypatch):
    desk.once()
    desk.clock.time += 7 * HOUR
    monkeypatch.setattr(Runner, "_render", lambda self, entry, row: Result("failed", cause="no doors"))
    code, out, err = call("run", "--once")
    assert (code, out) == (1, "") and "catch-up: rendering mini\n" in err
    assert err.endswith("Failed: daily. What was published before is as it was.\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_run_once_told_to_end_leaves_with_the_code_of_the_signal(desk, call, monkeypatch, number, code):
    desk.once()
    desk.clock.time += 7 * HOUR

    def render(self, entry, row):
        signal.raise_signal(number)
        assert self.stop()
        raise Stopped

    monkeypatch.setattr(Runner, "_render", render)
    left, _, err = call("run", "--once")
    assert left == code and err.endswith("stopped; the next runner takes it up\n")


# a run by hand


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["daily"], "--now goes with the name of one entry, and without --once."),
        (["--now"], "--now goes with the name of one entry, and without --once."),
        (["daily", "--now", "--once"], "--now goes with the name of one entry, and without --once."),
        (["dayly", "--now"], "dayly: must be an entry of the schedule (known: daily; did you mean 'daily'?)."),
    ],
)
def test_a_run_by_hand_names_one_entry(call, words, said):
    code, _, err = call("run", *words)
    assert code in (1, 2) and said in err


@pytest.fixture
def tiny(desk, monkeypatch):
    """Let the command line render with the desk's own renderer."""
    monkeypatch.setattr(
        Runner, "_render", lambda self, entry, row: desk.tiny(self.project, entry.report, row.given, self.stop)
    )
    return desk.tiny


def test_an_entry_that_another_runner_has_is_not_run_by_hand(desk, call, tiny):
    with Log(desk.project).held("entry-daily") as free:
        code, _, err = call("run", "daily", "--now")
    assert (free, code, tiny.runs) == (True, 1, [])
    assert err == (
        "daily: must be free to run (another runner renders it now).\n"
        "`handover schedule history` shows what comes of that; run the command again after it.\n"
    )


def test_a_run_by_hand_that_fails_exits_with_one_and_is_not_tried_again(desk, call, tiny):
    desk.declare({"retries": 3, "back_off": "10m"})
    tiny.before = lambda given: Result("failed", cause="no doors")
    code, _, err = call("run", "daily", "--now")
    assert code == 1 and err.endswith("Failed: daily. What was published before is as it was.\n")
    (row,) = json.loads(call("history", "--json")[1])
    assert (row["outcome"], row["trigger"], row["cause"], row["attempts"]) == ("failed", "by hand", "no doors", 1)
    assert call("due")[1] == ""


def test_a_run_by_hand_is_recorded_as_such_and_every_tick_runs_all_the_same(desk, call):
    desk.once()
    desk.clock.time += 6 * HOUR
    assert desk.runner().at_once("daily").outcome == "published"
    assert desk.told[-2:-1] == ["daily: 2026-01-28 06:00 by hand: rendering mini"]
    desk.clock.time += HOUR  # to the very second of a tick
    for _ in range(2):
        desk.runner().at_once("daily")
    (row,) = json.loads(call("list", "--json")[1])
    assert (row["last"], row["outcome"], row["edition"], row["pending"]) == (None, None, None, 1)
    assert [one.outcome for one in desk.once()] == ["unchanged"]
    told = [(one["trigger"], one["outcome"]) for one in json.loads(call("history", "--json")[1])]
    assert told.count(("by hand", "unchanged")) == 2 and told.count(("by hand", "published")) == 1
    assert ("on time", "unchanged") in told and len(told) == 4
    assert counted(desk.project, until=desk.clock.time) == {"unchanged": 1}


def test_an_edition_of_a_run_by_hand_that_was_taken_back_is_not_rendered_again(desk, call, tiny):
    desk.declare({"parameters": {"as_of": "{date-1d}"}})
    desk.once()
    assert call("run", "daily", "--now")[0] == 0
    shutil.rmtree(desk.project.reports / "mini" / desk.editions()[0])
    assert desk.once() == [] and desk.editions() == [] and call("health")[0] == 0


def test_a_run_by_hand_that_is_stopped_leaves_no_trace(desk, call, monkeypatch):
    def stop(self, entry, row):
        self.stop.set(signal.SIGTERM)
        raise Stopped

    monkeypatch.setattr(Runner, "_render", stop)
    code, _, err = call("run", "daily", "--now")
    assert code == 143 and err.endswith(
        "daily: stopped; nothing was recorded, and what was published before is as it was\n"
    )
    assert rows(desk.project) == []


# the real thing


def test_an_entry_is_rendered_at_once_by_a_real_kernel(mini):
    declare(mini, {"cron": "0 0 1 1 *", "parameters": {"as_of": "2026-01-31"}})
    command = [sys.executable, "-m", "handover", "schedule", "run", "daily", "--now"]
    done = subprocess.run(command, cwd=mini.root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (row,) = rows(mini)
    assert (row["trigger"], row["outcome"]) == ("by hand", "published")
    assert (mini.reports / "mini" / row["edition"] / "manifest.json").is_file()


def test_run_stays_up_until_it_is_told_to_end(mini):
    declare(mini, {})
    words = [sys.executable, "-m", "handover", "schedule", "run"]
    process = subprocess.Popen(words, cwd=mini.root, stderr=subprocess.PIPE, text=True)
    path = Log(mini).path
    while not path.exists() or not rows(mini, "entry"):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    # asleep until something is due, and woken by the signal: only a hang lasts so long
    _, said = process.communicate(timeout=600)
    assert (process.returncode, said) == (0, "")


def test_nothing_heavy_is_imported(mini):
    declare(mini, {})
    heavy = "nbconvert papermill nbformat pandas matplotlib typst jupyter_client smtplib".split()  # noqa: SIM905
    words = [["--help"], ["schedule", "--help"], ["schedule", "list"], ["schedule", "health"], ["schedule", "history"]]
    code = (
        f"import sys; from handover import cli\nfor words in {words}:\n  try:\n    cli.main(words)\n"
        f"  except SystemExit: pass\nprint([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=mini.root, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
