"""Mails: to people when an edition says something new or something fails; to nobody otherwise; and none is lost.

The server is a real one, on this machine.
"""

import contextlib
import datetime as dt
import socket
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from schedule_desk import Killed, die, publish, rows, utc

from handover.editions.store import Edition
from handover.errors import MailError
from handover.schedule import mail
from handover.schedule.entries import PASSWORD, Notify
from handover.schedule.log import Mail, Tick
from handover.schedule.runner import Result

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


class Inbox:
    """What the server took; it refuses the recipients in `refused`."""

    def __init__(self):
        self.messages, self.envelopes, self.refused = [], [], ()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
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
    server = {"host": "127.0.0.1", "port": desk.port, "security": "none", "from": "desk@example.org"}
    desk.declare({"notify": ["a@example.org", "b@example.org"], **more}, mail=server)


# what cannot be sent


def test_no_title_ends_a_header(desk):
    notify = Notify(("a@example.org",), "d@example.org", "h", 25)
    for what in ("a\nBcc: c@example.org", "a\r\n\r\nbody", "a\x00b", "a\u2028b"):
        owed = Mail(what, "daily", "new", utc("2026-01-28 07:00"), subject=what, text="old")
        made = mail.message(desk.tiny.store, notify, owed)
        assert made["Subject"] == " ".join(what.replace("\x00", " ").split())
        assert made["To"] == "a@example.org" and made["Bcc"] is None


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

    def send(box, message):
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


def test_a_recipient_refused_is_noted_and_the_others_have_it_and_if_all_are_it_stays_owed(mailing, inbox):
    inbox.refused = ("a@example.org", "b@example.org")
    mailing.once(7 * HOUR)
    assert len(mailing.mails("owed")) == 1 and inbox.messages == []
    inbox.refused = ("a@example.org",)
    mailing.once()
    (sent,) = mailing.mails("sent")
    assert sent["refused"] == '["a@example.org"]' and inbox.envelopes == [("desk@example.org", ["b@example.org"])]


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
    mail.send(Notify(("a@example.org",), "d@example.org", "127.0.0.1", port, security, user), made)


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
    assert (second["From"], second["To"]) == ("desk@example.org", "a@example.org, b@example.org")
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
    mailing.tiny.before = lambda job: Result("failed", cause="notebooks/mini.ipynb: cell 3 raised")
    mailing.once(7 * HOUR)
    mailing.once()
    (message,) = inbox.messages
    assert message["Subject"] == "daily: failed"
    text = message.get_body().get_content()
    assert "attempt 3" in text and "cell 3 raised" in text and "2026-01-28 07:00 UTC" in text
    assert not list(message.iter_attachments())


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

        def send(box, message):
            mail.send(box, message)
            sent.append(message)
            if len(sent) == 1:
                die(None)
            return []

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

    mailing.send = lambda box, message: (_ for _ in ()).throw(MailError("h: no.\nx"))
    mailing.once(7 * HOUR)
    shutil.rmtree(mailing.project.reports / "mini")
    mailing.send = mail.send
    mailing.once()
    (message,) = inbox.messages
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
