"""The mails of the schedule: an edition with its PDF and what changed, a failed run and its end, a report grown stale.

A mail is written into the log with the outcome that it reports, and is owed until every recipient has it or the server
has refused it for good; the log says which. If a runner is killed after the server took the mail and before the log
says so, it is sent again under the same Message-ID, which mail programs show once; it is never lost.
"""

import datetime as dt
import os
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from functools import partial
from pathlib import Path

from handover import digest
from handover.editions import Change, Edition, Manifest, Store, before, catalogue, compare, day, manifests
from handover.errors import HandoverError, MailError, StoreError
from handover.schedule.entries import PASSWORD, Entry, Notify
from handover.schedule.log import Mail, Tick
from handover.schedule.times import stamp
from handover.text import listed, printable

TIMEOUT_S = 30.0
#: Waits between attempts of a runner that stays up: they double up to the longest.
WAIT, WAIT_MAX = dt.timedelta(minutes=1), dt.timedelta(hours=6)
#: How many changes one mail lists; the catalogue has all.
CHANGES_MAX = 40
#: Characters of a header's text.
LINE_MAX = 200
#: Join letters of a word or parts of an emoji; Python does not count them as printable.
JOINERS = "\u200c\u200d"
ADVICE = "It stays owed and is tried again on the next run."

#: Codes that ask for a login: what is wrong is the password, not the mail.
LOGIN = range(530, 540)

#: What a server said, and its code, by the recipient that it refused.
Refusals = Mapping[str, tuple[int, bytes]]
#: Hands a message to the server for these recipients, as `send` does.
Send = Callable[[Notify, EmailMessage, Sequence[str]], Refusals]


class RefusedError(MailError):
    """The server refuses the mail for good."""


class Line(str):
    """The text of a subject, which stays the text that it is.

    Given a plain string, Python reads it as if it had come by mail, and decodes what looks like an encoded word, line
    breaks and all; a value with a `name` is stored as it is, and writes itself.
    """

    name = "Subject"

    def fold(self, *, policy: EmailPolicy) -> str:
        """The whole header line; a text that a mail program could read otherwise is encoded."""
        charset = "us-ascii" if self.isascii() and "=?" not in self else "utf-8"
        text = Header(self, charset, header_name=self.name).encode(linesep=policy.linesep)
        return f"{self.name}: {text}{policy.linesep}"


def of_outcome(store: Store, entry: Entry, row: Tick) -> Mail | None:
    """The mail about an outcome; None if it is not worth one.

    An edition without news or corrections is not mailed.
    """
    name, tick = f"{entry.name}/run/{stamp(row.tick)}", f"{entry.local(row.tick):%Y-%m-%d %H:%M %Z}"
    if row.outcome == "failed":
        text = f"The run of {tick} failed, attempt {row.attempts}:\n\n{row.cause}\n\n"
        text += "What was published before is as it was.\n"
        return Mail(name, entry.name, "failed", row.at, f"{entry.name}: failed", text)
    if row.outcome != "published":
        return None
    try:
        made = Edition(store.root, row.report, row.edition).manifest()
    except StoreError as error:
        subject, text = f"{row.report}: {row.edition}", f"The edition of {tick} cannot be read:\n\n{error}\n"
        return Mail(name, entry.name, "new", row.at, subject, text)
    last = edition_before(store, made)
    changes = compare(last, made) if last else []
    if last and not changes:
        return None
    subject, text = f"{made['title']}, {day(made['as_of'])}", _news(made, last, changes)
    return Mail(name, entry.name, "new", row.at, subject, text, row.report, row.edition)


def of_recovery(entry: Entry, row: Tick, failed: Tick) -> Mail:
    """The mail about the first good outcome after a tick that failed."""
    good, bad = (f"{entry.local(one.tick):%Y-%m-%d %H:%M %Z}" for one in (row, failed))
    text = f"The run of {good} came out well: {row.report}/{row.edition}, {row.outcome}.\n\n"
    text += f"Before it the run of {bad} had failed:\n\n{failed.cause}\n"
    name = f"{entry.name}/recovered/{stamp(row.tick)}"
    return Mail(name, entry.name, "recovered", row.at, f"{entry.name}: recovered", text)


def edition_before(store: Store, made: Manifest) -> Manifest | None:
    """The edition that readers had before: the one of the same day that this one replaces, else the earlier.

    Readers of an edition of the same day learn what the new one corrects, not its news once more.
    """
    days = sorted({one.name[:10] for one in store.editions(made["report"])}, reverse=True)
    earlier, replaced = before(made, days, lambda of: manifests(store.editions(made["report"], of))[0])
    return replaced or earlier


def _news(made: Manifest, last: Manifest | None, changes: Sequence[Change]) -> str:
    news = "\n".join(listed((f"- {change}" for change in changes), CHANGES_MAX))
    since = f"What has changed since {day(last['as_of'])}:" if last else "It is the first of its kind."
    about = f"As of {day(made['as_of'])}, edition {made['edition']}."
    parts = (f"{made['title']}\n{made['standfirst']}", since, news, about)
    return "\n\n".join(filter(None, parts)) + "\n"


def message(store: Store, notify: Notify, mail: Mail) -> EmailMessage:
    """Make the message of a mail: the same mail gives the same message, identifier and all.

    Raises:
        MailError: A text cannot stand in a mail, or the PDF cannot be read.
    """
    made = EmailMessage(policy=SMTP)
    try:
        made["From"] = notify.sender
        seen = notify.show_recipients or len(notify.to) == 1
        made["To"] = ", ".join(notify.to) if seen else "undisclosed-recipients:;"
        made["Date"] = format_datetime(mail.at)
        made["Message-ID"] = f"<{digest.of_bytes(mail.id.encode())[:32]}@{notify.sender.rpartition('@')[2]}>"
        # asks mail programs for no automatic answer
        made["Auto-Submitted"] = "auto-generated"
        made["Subject"] = Line(one_line(mail.subject))
        pdf = Edition(store.root, mail.report, mail.edition).file(".pdf") if mail.edition else None
        there = pdf is not None and pdf.is_file()
        note = ""
        if pdf and not there:
            note = f"\nIts PDF cannot be read: {mail.report}/{mail.edition} is gone.\n"
        elif pdf and mail.bare:
            note = f"\nThe server refused this mail with the PDF attached. {_place(store, pdf)}\n"
        made.set_content(printable(mail.text) + note)
        if pdf and there and not mail.bare:
            made.add_attachment(pdf.read_bytes(), maintype="application", subtype="pdf", filename=pdf.name)
    except (ValueError, OSError) as error:
        raise MailError(f"{mail.id}: must be a mail that can be written (got {error}).\n{ADVICE}") from error
    return made


def _place(store: Store, pdf: Path) -> str:
    """Where readers find a PDF: under the address of the catalogue if it has one, else in the desk's own folder."""
    with suppress(HandoverError):
        if url := catalogue.site(store.project).url:
            return f"It is at {url}{pdf.relative_to(store.root).as_posix()}"
    return f"The desk has it in {store.project.where(pdf) if store.project else pdf}."


def one_line(text: str) -> str:
    """A text that fits in a header."""
    words = "".join(c if c.isprintable() or c in JOINERS else " " for c in text).split()
    line = " ".join(words)
    return line if len(line) <= LINE_MAX else f"{line[: LINE_MAX - 1]}…"


def deliver(store: Store, notify: Notify, mail: Mail, send: Send) -> None:
    """Try to hand a mail to each recipient who has not had it, and note in it what became of that.

    What is refused for good goes once more at once without the PDF, then it is given up. What is refused for now, or
    meets no server, stays owed.
    """
    mail.attempts += 1
    mail.cause = ""
    left = [to for to in notify.to if to not in {*mail.reached, *mail.refused}]
    try:
        refusals = _handed(store, notify, mail, left, send)
    except RefusedError as error:
        mail.cause, refusals = str(error), dict.fromkeys(left, (500, b""))
    except MailError as error:
        mail.cause = str(error).splitlines()[0]
        return
    mail.refused = [*mail.refused, *(to for to in left if to in refusals and refusals[to][0] >= 500)]
    mail.reached = [*mail.reached, *(to for to in left if to not in refusals)]
    said = [f"{to}: {_said(*answer)}" for to, answer in refusals.items() if answer[1]]
    mail.cause = "; ".join(filter(None, [mail.cause, *said]))
    if all(to in mail.reached or to in mail.refused for to in notify.to):
        mail.state = "sent" if mail.reached else "given up"


def _handed(store: Store, notify: Notify, mail: Mail, left: Sequence[str], send: Send) -> Refusals:
    try:
        return send(notify, message(store, notify, mail), left)
    except RefusedError as error:
        if mail.bare or not mail.edition:
            raise
        mail.bare, mail.cause = True, str(error)
        return send(notify, message(store, notify, mail), left)


def send(notify: Notify, made: EmailMessage, to: Sequence[str]) -> Refusals:
    """Hand a message to the server.

    Returns:
        What the server said to the recipients that it refused; the others have the message.

    Raises:
        RefusedError: The server refuses this message for good.
        MailError: No server took it this time.
    """
    place = f"{notify.host}:{notify.port}"
    try:
        return _sent(notify, made, to)
    except smtplib.SMTPRecipientsRefused as error:
        # a server that closes the connection leaves out those whom it was not asked about
        return {each: error.recipients.get(each, (421, b"closed")) for each in to}
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        said = _said(error.smtp_code, error.smtp_error)
        if error.smtp_code >= 500 and error.smtp_code not in LOGIN:
            raise RefusedError(f"{place}: must take the mail (it refuses it for good: {said}).") from error
    except (OSError, ValueError) as error:
        said = one_line(str(error) or type(error).__name__)
    raise MailError(f"{place}: must take the mail (got {said}).\n{ADVICE}")


def _sent(notify: Notify, made: EmailMessage, to: Sequence[str]) -> Refusals:
    context = ssl.create_default_context()
    encrypted = partial(smtplib.SMTP_SSL, context=context)
    server = (encrypted if notify.security == "tls" else smtplib.SMTP)(notify.host, notify.port, timeout=TIMEOUT_S)
    try:
        if notify.security == "starttls":
            server.starttls(context=context)
        if notify.user:
            password = os.environ.get(PASSWORD)
            if not password:
                raise ValueError(f"no password for {notify.user}: set {PASSWORD}")
            server.login(notify.user, password)
        return server.send_message(made, notify.sender, list(to))
    finally:
        # the server has the mail, whatever it says to this
        with suppress(OSError):
            server.quit()
        server.close()


def _said(code: int, text: bytes | str) -> str:
    """An answer of a server as one line."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return one_line(f"{code} {words}")


def is_due(mail: Mail, now: dt.datetime) -> bool:
    """Whether enough time has passed since a mail last failed."""
    if mail.tried is None or now < mail.tried:
        return True
    return now >= mail.tried + min(WAIT * 2 ** min(mail.attempts - 1, 20), WAIT_MAX)
