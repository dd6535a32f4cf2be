"""Entries: refused at load with every fault named, or read whole."""

import datetime as dt

import pytest
from schedule_desk import ENTRY, utc

from handover.errors import HandoverError, NotebookError, ScheduleError
from handover.schedule import entries

NOW = utc("2026-01-28 00:00")
SERVER = {"from": "desk@example.org", "host": "mail.example.org"}


def refusal(desk, *tables, mail=None):
    desk.declare(*tables, mail=mail)
    with pytest.raises(ScheduleError) as error:
        entries.load(desk.project, NOW)
    return str(error.value)


BAD = {
    "no name": ({"name": None}, "entry number 1: name must be given"),
    "name": ({"name": "a/../b"}, "name must be letters a to z, digits, - and _, at most 64 (got 'a/../b')"),
    "name of two lines": ({"name": "a\nb"}, "entry number 1: name must be letters"),
    "no report": ({"report": None}, "entry 'daily': report must be given"),
    "unknown report": ({"report": "minni"}, "report: must be a report, a notebook in notebooks/ (known: mini; did you"),
    "report elsewhere": ({"report": "../mini"}, "report: must be a report, a notebook in"),
    "report no text": ({"report": 3}, "report must be the name of a notebook (got 3)"),
    "no cron": ({"cron": None}, "cron must be given"),
    "cron": ({"cron": "0 25 * * *"}, "'0 7 * * MON': bad hour (got '0 25 * * *')"),
    "cron no text": ({"cron": 7}, "cron must have five fields"),
    "timezone": ({"timezone": "Asia/Bagdad"}, "(got 'Asia/Bagdad'; did you mean 'Asia/Baghdad'?)"),
    "timezone outside": ({"timezone": "../../etc/passwd"}, "timezone must be a time zone such as 'Asia/Baghdad'"),
    "unknown field": ({"retrys": 2}, "'retrys' is no field"),
    "unknown field near": ({"retrys": 2}, "did you mean 'retries'?"),
    "parameters": ({"parameters": "as_of"}, "parameters must be a table of names and values (got 'as_of')"),
    "unknown parameter": (
        {"parameters": {"as_off": "{date}"}},
        "entry 'daily': parameters: parameter 'as_off' is unknown (known: as_of, language, evidence",
    ),
    "unknown parameter near": ({"parameters": {"as_off": "{date}"}}, "did you mean 'as_of'?"),
    "parameter's type": ({"parameters": {"as_of": 3}}, "parameters: parameter 'as_of' must be a date"),
    "parameter's choice": ({"parameters": {"evidence": "all"}}, "'evidence' must be one of article, record"),
    "two parameters": ({"parameters": {"evidence": "all", "x": 1}}, "2 parameters cannot be taken: 'evidence' must be"),
    "date out of range": ({"parameters": {"as_of": "{date-9999d}"}}, "must be at least 2020-01-01"),
    "a secret": (
        {"parameters": {"as_of": "{date}", "api_key": "hunter2"}},
        "entry 'daily': parameters: parameter 'api_key' must not be named like a secret",
    ),
    "a day to come": (
        {"parameters": {"as_of": "{date+2d}"}},
        "entry 'daily': as_of must be a day that has come by its tick, or ahead = true (got 2026-01-30 on 2026-01-28)",
    ),
    "a year mistyped": ({"parameters": {"as_of": "2027-01-28"}}, "as_of must be a day that has come by its tick"),
    "ahead": ({"ahead": "yes"}, "ahead must be true or false (got 'yes')"),
    "no such placeholder": ({"parameters": {"as_of": "{day}"}}, "parameter 'as_of' must be a date"),
    "catch_up": ({"catch_up": "lastest"}, "must be latest, all or none (got 'lastest'; did you mean 'latest'?)"),
    "catch_up no text": ({"catch_up": True}, "catch_up must be latest, all or none (got True)"),
    "catch_up a list": ({"catch_up": ["all"]}, "catch_up must be latest, all or none (got ['all'])"),
    "limit alone": ({"limit": 3}, "limit must stand beside catch_up = 'all'"),
    "limit": ({"catch_up": "all", "limit": 0}, "limit must be a whole number from 1 to 10000 (got 0)"),
    "retries": ({"retries": True}, "retries must be a whole number from 0 to 20 (got True)"),
    "back_off": ({"back_off": 60}, "back_off must be a number and one of s, m, h, d, w, such as '15m' (got 60)"),
    "timeout": ({"timeout": "0s"}, "timeout must be at least 1s (got '0s')"),
    "max_age": ({"max_age": "8 days"}, "max_age must be a number and one of s, m, h, d, w"),
    "grace": ({"grace": "-1m"}, "grace must be a number"),
    "cron that takes no text": ({"cron": ["0"]}, "cron must have five fields"),
    "notify": ({"notify": 3}, "notify must be addresses or a table (got 3)"),
    "no server": ({"notify": ["a@example.org"]}, "notify: host must be given, here or in [tool.handover.mail]"),
    "no sender": ({"notify": ["a@example.org"]}, "notify: from must be given, here or in [tool.handover.mail]"),
    "nobody": ({"notify": {**SERVER, "to": []}}, "notify: to must be plain addresses, one at least (got [])"),
    "no address": ({"notify": {**SERVER, "to": ["desk"]}}, "plain addresses, one at least (got ['desk'])"),
    "header in an address": (
        {"notify": {**SERVER, "to": ["a@example.org\nBcc: b@example.org"]}},
        "notify: to must be plain addresses",
    ),
    "two in one": ({"notify": {**SERVER, "to": ["a@example.org, b@example.org"]}}, "to must be plain addresses"),
    "header in the sender": (
        {"notify": {**SERVER, "to": "a@example.org", "from": "a@example.org\r\nX: y"}},
        "notify: from must be one plain address",
    ),
    "host": ({"notify": {**SERVER, "to": "a@example.org", "host": "a b"}}, "notify: host must be the name of a server"),
    "port": ({"notify": {**SERVER, "to": "a@example.org", "port": 0}}, "notify: port must be a whole number"),
    "security": (
        {"notify": {**SERVER, "to": "a@example.org", "security": "startls"}},
        "notify: security must be one of starttls, tls, none (got 'startls'; did you mean 'starttls'?)",
    ),
    "user": ({"notify": {**SERVER, "to": "a@example.org", "user": "a\nb"}}, "notify: user must be one line of text"),
    "password in a file": (
        {"notify": {**SERVER, "to": "a@example.org", "password": "secret"}},
        "notify: password must stand in the environment, in HANDOVER_MAIL_PASSWORD, and in no file",
    ),
    "field of notify": ({"notify": {**SERVER, "too": "a@example.org"}}, "notify: 'too' is no field"),
}  # fmt: skip


@pytest.mark.parametrize(
    "table",
    [
        {"parameters": {"as_of": "{date+2d}"}, "ahead": True},
        # it is the day after in some place already, and in the entry's own
        {"parameters": {"as_of": "{date}"}, "timezone": "Pacific/Kiritimati", "cron": "0 0 * * *"},
        {"parameters": {"as_of": "{date+1d}"}, "timezone": "UTC", "cron": "0 10 * * *"},
    ],
)
def test_a_day_that_has_come_somewhere_or_is_asked_for_plainly_is_taken(desk, table):
    desk.declare(table)
    (entry,) = entries.load(desk.project, NOW)
    assert entry.ahead is table.get("ahead", False)


def test_an_entry_for_a_report_whose_name_cannot_be_a_folder_s_is_refused(desk):
    notebook = desk.project.notebook("mini")
    notebook.with_name("my report.ipynb").write_bytes(notebook.read_bytes())
    assert "entry 'daily': report: a report's name must be made of letters a to z, digits" in refusal(
        desk, ENTRY | {"report": "my report"}
    )


def test_a_bad_field_is_refused_by_name(desk):
    refusals = {case: refusal(desk, table) for case, (table, _) in BAD.items()}
    assert [case for case, (_, said) in BAD.items() if said not in refusals[case]] == []
    assert "secret" not in refusals["password in a file"]


def test_all_faults_of_all_entries_are_told_at_once(desk):
    text = refusal(desk, {"cron": "x", "timezone": "y", "retries": -1}, {"name": "second", "report": "z", "limit": 1})
    assert text.startswith("pyproject.toml: the schedule cannot be kept:\n  entry 'daily': cron ")
    assert [line.split(" must")[0].strip() for line in text.splitlines()[1:-1]] == [
        "entry 'daily': cron",
        "entry 'daily': timezone",
        "entry 'daily': retries",
        "entry 'second': limit",
        "entry 'second': report:",
    ]
    assert text.splitlines()[-1] == "Mend the tables [[tool.handover.schedule]] in pyproject.toml; nothing was run."


def test_a_mail_server_that_is_no_table_is_told(desk):
    (desk.project.root / "pyproject.toml").write_text("[tool.handover]\nmail = 3\n")
    assert entries.load(desk.project, NOW) == []
    desk.declare({"notify": "a@example.org"})
    path = desk.project.root / "pyproject.toml"
    path.write_text("[tool.handover]\nmail = 3\n" + path.read_text())
    with pytest.raises(ScheduleError, match=r"'daily': \[tool.handover.mail\] must be a table \(got 3\)"):
        entries.load(desk.project, NOW)


def test_two_entries_of_one_name_are_refused_whatever_the_case(desk):
    assert "entry 'Daily': name must be unlike every other" in refusal(desk, {}, {"name": "Daily"})


def test_a_notebook_that_breaks_the_contract_is_told(desk):
    path = desk.project.notebook("mini")
    path.write_text(path.read_text().replace('"parameters"\n', '"other"\n'))
    desk.declare({})
    with pytest.raises(NotebookError, match=r"^notebooks/mini.ipynb: one code cell must be tagged 'parameters'"):
        entries.load(desk.project, NOW)


def test_a_report_that_speaks_from_no_day_is_refused(desk):
    path = desk.project.notebook("mini")
    path.write_text(path.read_text().replace("as_of: Annotated", "day: Annotated"))
    assert "report must declare the day it speaks from, a parameter 'as_of'" in refusal(desk, {"parameters": {}})


def test_a_file_of_another_shape_is_told(desk):
    bad = {
        "[[tool.handover.schedule]\n": "pyproject.toml: must be TOML (got",
        "[tool.handover.schedule]\nname = 'x'\n": "as [[tool.handover.schedule]] (got one table)",
        "[tool.handover]\nschedule = ['x']\n": "entry number 1: must be a table (got 'x')",
        "[tool]\nhandover = 3\n": "[tool.handover] must be a table (got 3)",
        "tool = 3\n": "[tool.handover] must be a table (got 3)",
    }
    for text, said in bad.items():
        (desk.project.root / "pyproject.toml").write_text(text)
        with pytest.raises(HandoverError) as error:
            entries.load(desk.project, NOW)
        assert said in str(error.value)


def test_a_name_that_is_no_entry_is_told_with_the_near_one(desk):
    with pytest.raises(ScheduleError, match=r"must be an entry of the schedule .*did you mean 'daily'"):
        entries.named(desk.entries(), "dayly")


# what is read


def test_no_file_and_no_table_mean_no_entry(desk):
    path = desk.project.root / "pyproject.toml"
    path.write_text("[project]\n")
    assert entries.load(desk.project, NOW) == []
    path.unlink()
    assert entries.load(desk.project, NOW) == []


def test_an_entry_is_read_whole(desk):
    desk.declare(
        {
            "catch_up": "all",
            "limit": 3,
            "grace": "1h",
            "retries": 2,
            "back_off": "90s",
            "timeout": "5m",
            "max_age": "8d",
            "notify": "a@example.org",
        },
        mail={**SERVER, "security": "tls"},
    )
    (one,) = entries.load(desk.project, NOW)
    assert (one.name, one.report, one.cron, one.timezone) == tuple(
        ENTRY[key] for key in ("name", "report", "cron", "timezone")
    )
    assert (one.catch_up, one.limit, one.retries) == ("all", 3, 2)
    assert (one.grace, one.back_off) == (dt.timedelta(hours=1), dt.timedelta(seconds=90))
    assert (one.timeout, one.max_age) == (dt.timedelta(minutes=5), dt.timedelta(days=8))
    box = one.notify
    assert (box.to, box.sender, box.host, box.port, box.security) == (
        ("a@example.org",), "desk@example.org", "mail.example.org", 465, "tls",
    )  # fmt: skip


def test_a_field_of_the_entry_stands_before_the_shared_one(desk):
    desk.declare({"notify": {"to": ["a@example.org"], "host": "other.example.org"}}, mail=SERVER)
    (one,) = entries.load(desk.project, NOW)
    assert (one.notify.host, one.notify.sender) == ("other.example.org", "desk@example.org")


def test_a_date_of_toml_is_a_date(desk):
    desk.declare({"parameters": {"as_of": dt.date(2026, 1, 5)}})
    (one,) = entries.load(desk.project, NOW)
    assert one.given(NOW) == {"as_of": "2026-01-05"} and one.bound(NOW)["as_of"] == "2026-01-05"


def test_the_date_is_the_one_on_the_entrys_wall(desk):
    wanted = {
        ("UTC", "{date}"): "2026-01-28",
        ("Asia/Baghdad", "{date}"): "2026-01-29",
        ("Asia/Baghdad", "{date-1d}"): "2026-01-28",
        ("Pacific/Honolulu", "{date+5d}"): "2026-02-02",
    }
    found = {}
    for timezone, text in wanted:
        desk.declare({"timezone": timezone, "parameters": {"as_of": text}, "ahead": True})
        (one,) = entries.load(desk.project, NOW)
        found[timezone, text] = one.given(utc("2026-01-28 22:00"))["as_of"]
    assert found == wanted


def test_the_projects_own_entries_can_be_kept():
    from handover.project import Project

    found = entries.load(Project.find(), NOW)
    assert {one.report for one in found} == {"briefing", "drawdown", "handover"}
    assert {one.timezone for one in found} == {"Asia/Baghdad"}
