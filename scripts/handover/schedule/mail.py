"""The mails of the schedule: an edition with its PDF and what changed, a failed run, a report grown stale.

A mail is written into the log with the outcome that it reports, and is owed until the log says that it was sent. If a
runner is killed after the server took the mail and before the log says so, it is sent again under the same Message-ID,
which mail programs show once; it is never lost.
"""

import datetime as dt
import hashlib
import os
import smtplib
import ssl
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from handover.editions import Change, Edition, Manifest, Store, before, compare, day
from handover.errors import MailError, StoreError
from handover.schedule.entries import PASSWORD, Entry, Notify
from handover.schedule.log import Mail, Tick
from handover.schedule.times import stamp

TIMEOUT_S = 30.0
#: Waits between attempts of a runner that stays up: they double up to the longest.
WAIT, WAIT_MAX = dt.timedelta(minutes=1), dt.timedelta(hours=6)
#: How many changes one mail lists; the catalogue has all.
CHANGES_MAX = 40
ADVICE = "It stays owed and is tried again on the next run."

Send = Callable[[Notify, EmailMessage], list[str]]


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


def edition_before(store: Store, made: Manifest) -> Manifest | None:
    """The edition that readers had before: the one of the same day that this one replaces, else the earlier.

    Readers of an edition of the same day learn what the new one corrects, not its news once more.
    """

    def of_day(name: str) -> list[Manifest]:
        found = []
        for edition in store.editions(made["report"], prefix=name):
            try:
                found.append(edition.manifest())
            except StoreError:
                continue
        return found

    days = sorted({one.name[:10] for one in store.editions(made["report"])}, reverse=True)
    earlier, replaced = before(made, days, of_day)
    return replaced or earlier


def _news(made: Manifest, last: Manifest | None, changes: Sequence[Change]) -> str:
    listed = "\n".join(f"- {change}" for change in changes[:CHANGES_MAX])
    more = f"\n- and {len(changes) - CHANGES_MAX} more" if len(changes) > CHANGES_MAX else ""
    since = f"What has changed since {day(last['as_of'])}:" if last else "It is the first of its kind."
    about = f"As of {day(made['as_of'])}, edition {made['edition']}."
    parts = (f"{made['title']}\n{made['standfirst']}", since, listed + more, about)
    return "\n\n".join(filter(None, parts)) + "\n"


def message(store: Store, notify: Notify, mail: Mail) -> EmailMessage:
    """Make the message of a mail: the same mail gives the same message, identifier and all.

    Raises:
        MailError: A text cannot stand in a mail, or the PDF cannot be read.
    """
    made = EmailMessage(policy=SMTP)
    try:
        made["From"] = notify.sender
        made["To"] = ", ".join(notify.to)
        made["Date"] = format_datetime(mail.at)
        digest = hashlib.sha256(mail.id.encode()).hexdigest()[:32]
        made["Message-ID"] = f"<{digest}@{notify.sender.rpartition('@')[2]}>"
        # asks mail programs for no automatic answer
        made["Auto-Submitted"] = "auto-generated"
        made["Subject"] = one_line(mail.subject)
        pdf = Edition(store.root, mail.report, mail.edition).file(".pdf") if mail.edition else None
        gone = pdf is not None and not pdf.is_file()
        made.set_content(mail.text + (f"\nIts PDF cannot be read: {mail.report}/{mail.edition} is gone.\n" * gone))
        if pdf and not gone:
            made.add_attachment(pdf.read_bytes(), maintype="application", subtype="pdf", filename=pdf.name)
    except (ValueError, OSError) as error:
        raise MailError(f"{mail.id}: must be a mail that can be written (got {error}).\n{ADVICE}") from error
    return made


def one_line(text: str) -> str:
    """A text that fits in a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def send(notify: Notify, made: EmailMessage) -> list[str]:
    """Hand a message to the server.

    Returns:
        Recipients that the server refused while it took others.

    Raises:
        MailError: It reached no recipient.
    """
    try:
        with _connected(notify) as server:
            if notify.user:
                server.login(notify.user, _password(notify))
            refused = server.send_message(made, notify.sender, list(notify.to))
    except (OSError, smtplib.SMTPException, ValueError) as error:
        said = str(error) or type(error).__name__
        raise MailError(f"{notify.host}:{notify.port}: must take the mail (got {said}).\n{ADVICE}") from error
    return sorted(refused)


def _connected(notify: Notify) -> smtplib.SMTP:
    if notify.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(notify.host, notify.port, timeout=TIMEOUT_S, context=context)
    server = smtplib.SMTP(notify.host, notify.port, timeout=TIMEOUT_S)
    try:
        if notify.security == "starttls":
            server.starttls(context=ssl.create_default_context())
    except BaseException:
        server.close()
        raise
    return server


def _password(notify: Notify) -> str:
    password = os.environ.get(PASSWORD, "")
    if not password:
        raise ValueError(f"no password for {notify.user}: set {PASSWORD}")
    return password


def is_due(mail: Mail, now: dt.datetime) -> bool:
    """Whether enough time has passed since a mail last failed."""
    if mail.tried is None or now < mail.tried:
        return True
    return now >= mail.tried + min(WAIT * 2 ** min(mail.attempts - 1, 20), WAIT_MAX)
