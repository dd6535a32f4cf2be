"""Mails: to people when an edition says something new or something fails; to nobody otherwise; and none is lost.

The server is a real one, on this machine.
"""

import contextlib
import datetime as dt
import socket
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from hypothesis import example, given
from hypothesis import strategies as st
from schedule_desk import Killed, die, publish, rows, utc

from handover.editions.store import Edition, Store
from handover.errors import MailError, ScheduleError
from handover.schedule import mail
from handover.schedule.entries import PASSWORD, Notify
from handover.schedule.log import Mail, Tick
from handover.schedule.runner import Result, Runner
from handover.text import printable

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


class Inbox:
    """What the server took; it answers a recipient from `answers`, and a message by `judges`."""

    def __init__(self):
        self.messages, self.envelopes, self.answers = [], [], {}
        self.judges = lambda content: None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if refusal := self.judges(envelope.content):
            return refusal
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@contextlib.contextmanager
def serving(inbox, port=0, **how):
    port = port or free_port()
    # it is ready at once; only a hang lasts so long
    controller = Controller(inbox, hostname="127.0.0.1", port=port, ready_timeout=600, **how)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def mailing(desk, inbox):
    """A desk that writes to a real server; `port` is its."""
    with serving(inbox) as port:
        desk.port = port
        address(desk)
        desk.send = mail.send
        desk.once()
        yield desk


def address(desk, **more):
    server = {"host": "127.0.0.1", "port": getattr(desk, "port", 25), "security": "none", "from": "desk@example.org"}
    desk.declare({"notify": ["a@example.org", "b@example.org"], **more}, mail=server)


# what cannot be sent


WORDS = st.one_of(
    st.text(),
    st.text('=?utf-8QqBb_0aAdD \r\n:,;<>@"\\\u202e\u2066\u0085\u2028\x00é中😀‌'),
    st.sampled_from(
        [
            "=?utf-8?q?x=0d=0aBcc:_c@example.org?=",
            "=?utf-8?b?eA0KQmNjOiBjQGV4YW1wbGUub3Jn?= and =?utf-8?q?more?=",
            "a\nBcc: c@example.org",
            "a\r\n\r\nbody",
            "\udcff\ud800",
            "می‌خواهم",
            "x" * 5000,
            "ü" * 300,
        ]
    ),
)
NOTIFY = Notify(("a@example.org", "b@example.org"), "d@example.org", "h", 25)
HEADERS = "Auto-Submitted Content-Transfer-Encoding Content-Type Date From MIME-Version Message-ID Subject To".split()  # noqa: SIM905


@given(WORDS, WORDS)
@example("=?utf-8?q?x=0d=0aBcc:_c@example.org?=", "")
def test_law_words_stay_words_to_every_reader_of_mail(subject, text):
    """No text adds a header or a part, and what a reader decodes is the text itself."""
    owed = Mail("x", "daily", "new", utc("2026-01-28 07:00"), subject, text)
    data = mail.message(Store(Path("nowhere"), Path("nowhere")), NOTIFY, owed).as_bytes()
    assert b"\r" not in data.replace(b"\r\n", b"") and max(map(len, data.splitlines()), default=0) < 998
    line = mail.one_line(subject)
    for rules in (policy.default, policy.compat32):
        found = message_from_bytes(data, policy=rules)
        assert sorted(found.keys()) == HEADERS and not found.defects and not found.is_multipart()
        shown = found["Subject"]
        assert str(shown if rules is policy.default else make_header(decode_header(shown))) == line
    body = message_from_bytes(data, policy=policy.default).get_content()
    assert body.rstrip("\r\n").splitlines() == printable(text).rstrip("\n").splitlines()


def test_a_subject_keeps_its_words_on_one_line_and_says_where_it_was_cut():
    assert mail.one_line("a\x00b\u2028c \u202ed\r\n\te") == "a b c d e"
    assert mail.one_line("می‌خواهم") == "می‌خواهم"
    assert mail.one_line("x" * 500) == "x" * 199 + "…"


@pytest.mark.parametrize(
    "bad", ["=?utf-8?q?a=0d=0aBcc=3ac@example.org", "a\n@example.org", ".a@x.org", "a.@x.org", "é@x.org"]
)
def test_an_address_that_is_more_than_one_is_refused(desk, bad):
    address(desk, notify=[bad])
    with pytest.raises(ScheduleError, match="to must be plain addresses, one at least"):
        desk.entries()


def test_a_mail_that_cannot_be_written_stays_owed_and_stops_nothing(mailing, inbox, monkeypatch):
    def gone(self, *given):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(mail.Edition, "file", gone)
        (row,) = mailing.once(7 * HOUR)
    (owed,) = mailing.mails("owed")
    assert row.outcome == "published" and inbox.messages == []
    assert "must be a mail that can be written (got [Errno 5]" in owed["cause"]
    mailing.once()
    assert len(inbox.messages) == len(mailing.mails("sent")) == 1


def test_a_server_that_is_down_loses_no_mail_and_no_tick(desk, inbox):
    desk.port = free_port()
    address(desk)
    desk.send = mail.send
    desk.once()
    (row,) = desk.once(7 * HOUR)
    assert row.outcome == "published"
    (owed,) = desk.mails("owed")
    assert owed["cause"].startswith(f"127.0.0.1:{desk.port}: must take the mail (got ")
    assert desk.told[-1] == f"daily: mail not sent: {owed['cause']}"
    with serving(inbox, desk.port):
        desk.once()
        desk.once()
    assert len(inbox.messages) == 1 and len(desk.mails("sent")) == 1


def test_a_runner_that_stays_up_waits_longer_each_time(desk):
    desk.port = free_port()
    address(desk)
    seen = []

    def send(box, message, to):
        seen.append(desk.clock.time)
        raise MailError("h:25: must take the mail (got nothing).\nx")

    def wait(seconds):
        desk.clock.time += dt.timedelta(seconds=30)
        if desk.clock.time >= utc("2026-01-28 07:40"):
            desk.clock.set()

    desk.send = send
    desk.once(6.9 * HOUR)
    desk.clock.wait = wait
    desk.runner().stay()
    assert [round((one - seen[0]).total_seconds() / 60) for one in seen] == [0, 1, 3, 7, 15, 31]


REFUSAL = "must take the mail (it refuses it for good: "
LARGE = "552 5.3.4 message too large"


def with_pdf(content):
    return LARGE if b"application/pdf" in content else None


def test_a_mail_refused_for_good_goes_without_its_pdf_and_says_where_that_is(mailing, inbox, call):
    inbox.judges = with_pdf
    mailing.once(7 * HOUR)
    (message,), (edition,) = inbox.messages, mailing.editions()
    assert not list(message.iter_attachments())
    said = f"The desk has it in reports/mini/{edition}/mini_{edition}.pdf."
    assert f"The server refused this mail with the PDF attached. {said}" in message.get_body().get_content()
    place = f"127.0.0.1:{mailing.port}"
    assert mailing.told[-1] == f"daily: mail sent without its PDF: {place}: {REFUSAL}{LARGE})."
    assert call("health")[0] == 0 and "new, without its PDF" in call("history")[1]
    mailing.once()
    assert len(inbox.messages) == 1


def test_where_the_catalogue_has_an_address_the_mail_without_its_pdf_links_to_it(mailing, inbox):
    inbox.judges = with_pdf
    settings = mailing.project.root / "pyproject.toml"
    settings.write_text(f'[tool.handover]\nurl = "https://desk.example"\n\n{settings.read_text()}')
    mailing.once(7 * HOUR)
    (edition,) = mailing.editions()
    assert f"It is at https://desk.example/mini/{edition}/mini_" in inbox.messages[0].get_body().get_content()


def test_a_mail_refused_without_its_pdf_too_is_given_up_in_plain_sight_until_one_arrives(mailing, inbox, call):
    inbox.judges = lambda content: "554 5.7.1 not from you"
    runner = mailing.runner()
    mailing.once(7 * HOUR, runner)
    cause = f"127.0.0.1:{mailing.port}: {REFUSAL}554 5.7.1 not from you)."
    assert mailing.told[-1] == f"daily: mail given up, nobody has it: {cause}"
    assert [one.subject for one in runner.given_up] == ["Doors in miniature, 28 January 2026"]
    code, out, err = call("health")
    assert (code, out) == (1, "") and err == (
        f"daily: 'Doors in miniature, 28 January 2026': mail given up, nobody has it: {cause}\n"
        "Mend `notify` or the server; the next mail that reaches everybody ends this.\n"
    )
    assert "new, given up, without its PDF, refused by a@example.org b@example.org" in call("history")[1]
    mailing.once()
    assert inbox.messages == [] and len(mailing.mails("given up")) == 1, "it is not tried again"
    inbox.judges = lambda content: None
    mailing.tiny.says = lambda day: {"doors": "4"}
    mailing.once(DAY)
    assert len(inbox.messages) == 1 and call("health")[0] == 0


def test_run_once_with_a_mail_given_up_exits_with_one(mailing, inbox, call, monkeypatch):
    inbox.judges = lambda content: "554 no"
    monkeypatch.setattr(
        Runner, "_render", lambda self, entry, row: publish(self.store, "mini", "2026-01-28", {"a": "1"})
    )
    mailing.clock.time += 7 * HOUR
    code, _, err = call("run", "--once")
    assert code == 1 and "daily: mail given up, nobody has it: " in err
    assert err.endswith("Mail given up: daily. Mend `notify` or the server; the editions are published.\n")
    assert call("run", "--once") == (0, "", "")


def test_a_server_of_bounded_size_gets_the_mail_without_its_pdf(desk, inbox):
    """The size is refused before a byte of the message has gone."""
    with serving(inbox, data_size_limit=2000) as desk.port:
        address(desk)
        desk.send = mail.send
        desk.once()
        desk.tiny.says = lambda day: {"doors": "3" * 3000}
        desk.once(7 * HOUR)
    (message,) = inbox.messages
    assert not list(message.iter_attachments()) and len(desk.mails("sent")) == 1


@pytest.mark.parametrize("answer", ["451 4.7.1 come back later", "452 4.3.1 no room", "530 5.7.0 log in first"])
def test_what_is_refused_for_now_stays_owed_with_its_pdf_and_health_says_so_after_a_day(mailing, inbox, call, answer):
    inbox.judges = lambda content: answer
    mailing.once(7 * HOUR)
    (owed,) = mailing.mails("owed")
    assert f"must take the mail (got {answer})." in owed["cause"] and not owed["bare"]
    assert call("health")[0] == 0 and "new, owed" in call("history")[1]
    mailing.clock.time += 25 * HOUR
    code, _, err = call("health")
    assert code == 1 and "is owed since 1d 1h: " in err and answer in err
    inbox.judges = lambda content: None
    mailing.once()
    first = inbox.messages[0]
    assert first["Subject"] == "Doors in miniature, 28 January 2026" and list(first.iter_attachments())


def test_a_recipient_refused_for_good_is_named_and_the_others_have_the_mail(mailing, inbox, call):
    inbox.answers = {"a@example.org": "550 no such user"}
    mailing.once(7 * HOUR)
    assert inbox.envelopes == [("desk@example.org", ["b@example.org"])]
    told = "mail refused by a@example.org: a@example.org: 550 no such user"
    assert mailing.told[-1] == f"daily: {told}" and mailing.mails("sent")[0]["refused"] == '["a@example.org"]'
    code, _, err = call("health")
    assert code == 1 and told in err and "new, refused by a@example.org" in call("history")[1]
    mailing.once()
    assert len(inbox.messages) == 1
    address(mailing, notify=["b@example.org"])
    assert call("health")[0] == 0, "who is no longer to be told is missed no more"


def test_a_mail_that_every_recipient_refuses_is_given_up(mailing, inbox, call):
    inbox.answers = dict.fromkeys(("a@example.org", "b@example.org"), "550 no such user")
    mailing.once(7 * HOUR)
    (lost,) = mailing.mails("given up")
    assert inbox.messages == [] and lost["cause"] == "a@example.org: 550 no such user; b@example.org: 550 no such user"
    assert call("health")[0] == 1


def test_a_recipient_refused_for_now_has_the_mail_later_and_the_others_have_it_once(mailing, inbox):
    inbox.answers = {"a@example.org": "450 greylisted"}
    mailing.once(7 * HOUR)
    (owed,) = mailing.mails("owed")
    assert owed["cause"] == "a@example.org: 450 greylisted"
    inbox.answers = {}
    mailing.once()
    assert [to for _, to in inbox.envelopes] == [["b@example.org"], ["a@example.org"]] and mailing.mails("sent")


def test_a_server_that_hangs_up_among_the_recipients_has_told_nobody(mailing, inbox):
    inbox.answers = {"a@example.org": "421 closing"}
    mailing.once(7 * HOUR)
    (owed,) = mailing.mails("owed")
    assert inbox.messages == [] and owed["reached"] == "[]"
    inbox.answers = {}
    mailing.once()
    assert [to for _, to in inbox.envelopes] == [["a@example.org", "b@example.org"]]


def test_recipients_see_each_other_only_if_the_entry_says_so(mailing, inbox):
    mailing.once(7 * HOUR)
    mailing.tiny.says = lambda day: {"doors": "4"}
    address(mailing, notify={"to": ["a@example.org", "b@example.org"], "show_recipients": True})
    mailing.once(DAY)
    mailing.tiny.says = lambda day: {"doors": "5"}
    address(mailing, notify=["a@example.org"])
    mailing.once(DAY)
    shown = ["undisclosed-recipients:;", "a@example.org, b@example.org", "a@example.org"]
    assert [message["To"] for message in inbox.messages] == shown
    assert "b@example.org" not in inbox.messages[0].as_string()


def test_a_server_without_encryption_is_given_nothing_if_it_was_asked_for(inbox):
    with serving(inbox) as port, pytest.raises(MailError, match="STARTTLS"):
        send(port, security="starttls")
    assert inbox.messages == []


def test_a_login_needs_the_password_of_the_environment_which_is_not_repeated(inbox, monkeypatch):
    monkeypatch.delenv(PASSWORD, raising=False)
    with serving(inbox) as port, pytest.raises(MailError, match="no password for desk: set HANDOVER_MAIL_PASSWORD"):
        send(port, user="desk")
    monkeypatch.setenv(PASSWORD, "hush-hush")
    with login(inbox, b"other") as port, pytest.raises(MailError) as error:
        send(port, user="desk")
    assert "535" in str(error.value) and "hush" not in str(error.value) and inbox.messages == []
    with login(inbox, b"hush-hush") as port:
        send(port, user="desk")
    assert len(inbox.messages) == 1


def send(port, security="none", user=""):
    made = EmailMessage()
    made["Subject"] = "x"
    made.set_content("x")
    mail.send(Notify(("a@example.org",), "d@example.org", "127.0.0.1", port, security, user), made, ["a@example.org"])


def login(inbox, password):
    def check(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (b"desk", password), handled=False)

    # the server would rather have TLS around a login; this one never leaves the machine
    return serving(inbox, authenticator=check, auth_require_tls=False)


# what is sent


def test_an_edition_that_says_something_new_is_mailed_with_its_pdf_and_what_changed(mailing, inbox):
    mailing.once(7 * HOUR)
    mailing.tiny.says = lambda day: {"doors": "4", "windows": "9"}
    mailing.once(DAY)
    first, second = inbox.messages
    assert first["Subject"] == "Doors in miniature, 28 January 2026"
    assert "It is the first of its kind." in first.get_body().get_content()
    text = second.get_body().get_content()
    after = mailing.editions()[-1]
    told = "What has changed since 28 January 2026:\n\n- Doors: 4 (before: 3).\n- Windows: 9.\n"
    assert told in text.replace("\r\n", "\n") and f"As of 29 January 2026, edition {after}." in text
    (pdf,) = second.iter_attachments()
    assert (pdf.get_content_type(), pdf.get_filename()) == ("application/pdf", f"mini_{after}.pdf")
    assert pdf.get_content() == mailing.tiny.store.root.joinpath("mini", after, f"mini_{after}.pdf").read_bytes()
    assert second["From"] == "desk@example.org"
    assert second["Auto-Submitted"] == "auto-generated" and second["Date"].datetime == utc("2026-01-29 07:00")
    assert inbox.envelopes == [("desk@example.org", ["a@example.org", "b@example.org"])] * 2


def test_another_day_that_says_the_same_mails_nobody_nor_does_a_tick_that_is_unchanged_or_skipped(mailing, inbox):
    mailing.once(7 * HOUR)
    for _ in range(2):
        mailing.once(DAY)
    address(mailing, parameters={"as_of": "2026-01-28"})
    mailing.once(DAY)
    address(mailing, catch_up="none")
    mailing.once(DAY + HOUR)
    outcomes = [row["outcome"] for row in rows(mailing.project)]
    assert outcomes == ["published", "published", "published", "unchanged", "skipped"] and len(inbox.messages) == 1


def test_who_had_an_edition_of_the_day_is_told_what_a_new_one_corrects_and_nothing_else(mailing, inbox):
    mailing.once(7 * HOUR)
    store, (first,) = mailing.tiny.store, mailing.editions()
    (entry,) = mailing.entries()

    def owed(edition):
        tick = utc("2026-01-28 08:00")
        return mail.of_outcome(store, entry, Tick("daily", tick, tick, "published", report="mini", edition=edition))

    again = publish(store, "mini", first[:10], {"doors": "4", "windows": "9"}, known="2026-01-02").edition
    told = [line for line in owed(again).text.splitlines() if line.startswith("- ")]
    assert told == ["- Correction: Doors: 4 (the earlier edition had: 3)."]
    more = publish(store, "mini", first[:10], {"doors": "4", "walls": "1"}, known="2026-01-02").edition
    assert owed(more) is None


def test_a_failure_is_mailed_once_after_the_last_attempt(mailing, inbox):
    address(mailing, retries=2)
    mailing.tiny.before = lambda given: Result("failed", cause="notebooks/mini.ipynb: cell 3 raised")
    mailing.once(7 * HOUR)
    mailing.once()
    (message,) = inbox.messages
    assert message["Subject"] == "daily: failed"
    text = message.get_body().get_content()
    assert "attempt 3" in text and "cell 3 raised" in text and "2026-01-28 07:00 UTC" in text
    assert not list(message.iter_attachments())


def failing(given):
    return Result("failed", cause="notebooks/mini.ipynb: cell 3 raised")


def well(given):
    return None


def test_the_end_of_failures_is_mailed_once(mailing, inbox):
    mailing.once(7 * HOUR)
    mailing.tiny.before = failing
    for _ in range(2):
        mailing.once(DAY)
    mailing.tiny.before = well
    for _ in range(2):
        mailing.once(DAY)
    subjects = ["Doors in miniature, 28 January 2026", "daily: failed", "daily: failed", "daily: recovered"]
    assert [message["Subject"] for message in inbox.messages] == subjects
    assert inbox.messages[-1].get_body().get_content().replace("\r\n", "\n") == (
        f"The run of 2026-01-31 07:00 UTC came out well: mini/{mailing.editions()[-2]}, published.\n\n"
        "Before it the run of 2026-01-30 07:00 UTC had failed:\n\nnotebooks/mini.ipynb: cell 3 raised\n"
    )


def test_a_run_by_hand_ends_failures_and_its_own_failure_is_no_news(mailing, inbox):
    mailing.once(7 * HOUR)
    mailing.tiny.before = failing
    mailing.runner().at_once("daily")
    assert len(inbox.messages) == 1
    mailing.once(DAY)
    mailing.clock.time += HOUR
    mailing.tiny.before = well
    mailing.runner().at_once("daily")
    mailing.once(DAY)
    assert [message["Subject"] for message in inbox.messages[1:]] == ["daily: failed", "daily: recovered"]


def test_a_run_by_hand_mails_its_news_with_the_pdf(mailing, inbox):
    mailing.runner().at_once("daily")
    assert [message["Subject"] for message in inbox.messages] == ["Doors in miniature, 28 January 2026"]
    assert list(inbox.messages[0].iter_attachments())


def test_a_report_grown_stale_is_mailed_once_until_it_is_good_again(mailing, inbox):
    address(mailing, max_age="36h", catch_up="none")
    mailing.once(7 * HOUR)
    assert [message["Subject"] for message in inbox.messages] == ["Doors in miniature, 28 January 2026"]
    for _ in range(4):
        mailing.once(DAY + HOUR)  # an hour late at least, and beyond the grace
    assert [message["Subject"] for message in inbox.messages[1:]] == ["daily: grown stale"]
    assert "daily: last good 2d 2h ago; it may be 1d 12h old." in inbox.messages[1].get_body().get_content()


def test_the_same_mail_has_the_same_name_however_often_it_goes(desk, inbox):
    """Killed after the server had it and before that was noted, a mail goes again, and is shown once."""
    with serving(inbox) as desk.port:
        address(desk)
        desk.once()
        sent = []

        def send(box, message, to):
            mail.send(box, message, to)
            sent.append(message)
            if len(sent) == 1:
                die(None)
            return {}

        desk.send = send
        with pytest.raises(Killed):
            desk.once(7 * HOUR)
        desk.once()
    assert len({message["Message-ID"] for message in inbox.messages}) == 1 and len(inbox.messages) == 2
    assert len({message["Date"] for message in inbox.messages}) == 1


def test_a_mail_for_an_entry_that_tells_nobody_any_more_is_dropped(desk):
    desk.port = free_port()
    address(desk)
    desk.send = mail.send
    desk.once()
    desk.once(7 * HOUR)
    desk.declare({})
    desk.once()
    (dropped,) = desk.mails("dropped")
    assert dropped["cause"] == "the entry has no recipients any more" and not desk.mails("owed")


def test_an_edition_gone_before_it_was_mailed_is_said_to_be(mailing, inbox):
    import shutil

    mailing.send = lambda box, message, to: (_ for _ in ()).throw(MailError("h: no.\nx"))
    mailing.once(7 * HOUR)
    (first,) = mailing.editions()
    mailing.tiny.says = lambda day: {"doors": "4"}
    mailing.once(DAY)
    shutil.rmtree(mailing.project.reports / "mini" / first)
    mailing.send = mail.send
    mailing.once()
    message, _ = inbox.messages
    assert "cannot be read" in message.get_body().get_content() and not list(message.iter_attachments())


# what counts as new


def test_the_edition_before_is_the_latest_that_does_not_speak_from_a_later_day(desk):
    store = desk.tiny.store
    made = publish(store, "mini", "2026-01-10", {"doors": "3"}).edition

    def before():
        found = mail.edition_before(store, Edition(store.root, "mini", made).manifest())
        return found and found["edition"]

    publish(store, "mini", "2026-02-01", {"doors": "1"})
    assert before() is None
    for day in ("2026-01-01", "2026-01-05"):
        earlier = publish(store, "mini", day, {"doors": "2"}).edition
        assert before() == earlier
