"""The mails of the schedule as messages: an edition with its PDF and what changed, a failure, a report grown stale."""

import hashlib
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from handover.editions import Edition, Store
from handover.editions import day as spoken
from handover.errors import MailError, StoreError
from handover.schedule import news
from handover.schedule.entry import Entry
from handover.schedule.letterbox import Letterbox
from handover.schedule.spans import instant

#: Changes told in one mail; the catalogue has all.
TOLD = 40


def write(store: Store, entry: Entry, letterbox: Letterbox, owed: dict[str, Any]) -> EmailMessage:
    """Write the mail that a line of the ledger owes: the same line gives the same message, identifier and all.

    Raises:
        MailError: A text cannot stand in a mail, or the PDF cannot be read.
    """
    try:
        return _written(store, entry, letterbox, owed)
    except (ValueError, OSError) as error:
        raise MailError(
            f"{owed['mail']['id']}: must be a mail that can be written (got {error}).\n"
            "It stays owed and is tried again on the next run."
        ) from error


def _written(store: Store, entry: Entry, letterbox: Letterbox, owed: dict[str, Any]) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = letterbox.sender
    message["To"] = ", ".join(letterbox.to)
    message["Date"] = format_datetime(instant(owed["at"]))
    digest = hashlib.sha256(owed["mail"]["id"].encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{digest}@{letterbox.sender.rpartition('@')[2]}>"
    # so that no holiday notice answers a machine
    message["Auto-Submitted"] = "auto-generated"
    subject, text, edition = _words(store, entry, owed)
    message["Subject"] = _one_line(subject)
    message.set_content(text)
    pdf = edition.file(".pdf") if edition else None
    if pdf and pdf.is_file():
        message.add_attachment(pdf.read_bytes(), maintype="application", subtype="pdf", filename=pdf.name)
    return message


def _words(store: Store, entry: Entry, owed: dict[str, Any]) -> tuple[str, str, Edition | None]:
    """Subject, text, and the edition to attach."""
    if owed["mail"]["kind"] == "stale":
        advice = "Run `handover schedule history` to see why, and `handover schedule due` to see what waits."
        return f"{entry.name}: grown stale", f"{owed['text']}\n\n{advice}\n", None
    tick = f"{entry.local(instant(owed['tick'])):%Y-%m-%d %H:%M %Z}"
    if owed["mail"]["kind"] == "failed":
        text = f"The run of {tick} failed, attempt {owed['attempts']}:\n\n{owed['cause']}\n\n"
        return f"{entry.name}: failed", text + "What was published before is as it was.\n", None
    edition = Edition(store.root, owed["report"], owed["edition"])
    try:
        made = edition.manifest()
        changes = news.changes(store, owed["report"], owed["mail"]["before"], owed["edition"])
    except StoreError as error:
        return f"{owed['report']}: {owed['edition']}", f"The edition of {tick} cannot be read:\n\n{error}\n", None
    day, before = spoken(made["as_of"]), owed["mail"]["before"]
    told = "\n".join(f"- {change}" for change in changes[:TOLD])
    more = f"\n- and {len(changes) - TOLD} more" if len(changes) > TOLD else ""
    since = f"What has changed since {spoken(before[:10])}:" if before else "It is the first of its kind."
    about = f"As of {day}, edition {edition.name}."
    parts = (f"{made['title']}\n{made['standfirst']}", since, told + more, about)
    return f"{made['title']}, {day}", "\n\n".join(filter(None, parts)) + "\n", edition


def _one_line(text: str) -> str:
    """A text that can end no header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]
