"""Sending the mails that the ledger owes. A mail is owed from the line that says why until the line that says it went.

Killed between the server's yes and that line, it goes a second time under the same Message-ID, which mail
programs show once; it is never lost.
"""

import datetime as dt
import os
import smtplib
import ssl
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from typing import Any

from handover.editions import Store
from handover.errors import MailError
from handover.schedule import letter
from handover.schedule.entry import Entry
from handover.schedule.ledger import Ledger, line
from handover.schedule.letterbox import PASSWORD, Letterbox
from handover.schedule.spans import instant

TIMEOUT_S = 30.0
#: Waits between attempts of a runner that stays up: they double up to the longest.
WAIT, WAIT_MAX = dt.timedelta(minutes=1), dt.timedelta(hours=6)

Send = Callable[[Letterbox, EmailMessage], list[str]]


def send(letterbox: Letterbox, message: EmailMessage) -> list[str]:
    """Hand a message to the server.

    Returns:
        Recipients that the server refused while it took others.

    Raises:
        MailError: It went to nobody.
    """
    try:
        with _connected(letterbox) as server:
            if letterbox.user:
                server.login(letterbox.user, _password(letterbox))
            refused = server.send_message(message, letterbox.sender, list(letterbox.to))
    except (OSError, smtplib.SMTPException, ValueError) as error:
        told = str(error) or type(error).__name__
        raise MailError(
            f"{letterbox.host}:{letterbox.port}: must take the mail (got {told}).\n"
            "It stays owed and is tried again on the next run."
        ) from error
    return sorted(refused)


def deliver(
    store: Store,
    entries: Sequence[Entry],
    ledger: Ledger,
    now: Callable[[], dt.datetime],
    send: Send = send,
    *,
    insist: bool,
    stopped: Callable[[], bool] = lambda: False,
    tell: Callable[[str], None] = lambda text: None,
) -> None:
    """Send what is owed and due, and note what became of it.

    Args:
        store: Where the editions are.
        entries: The entries declared; what is owed for others is dropped.
        ledger: The ledger, unlocked.
        now: Tells the time.
        send: Sends one mail.
        insist: Try every mail, however lately it failed.
        stopped: Asked before each mail whether to leave the rest to the next runner.
        tell: Told of a mail that did not go.
    """
    if not any(record.owed for record in ledger.refresh().records.values()):
        return
    declared = {entry.name: entry for entry in entries}
    with ledger.held("mail") as free:
        owed = [(name, one) for name, record in ledger.refresh().records.items() for one in record.owed.values()]
        for name, one in owed if free else ():
            if stopped():
                return
            mail, entry = one["mail"]["id"], declared.get(name)
            if not (entry and entry.notify):
                note = line("dropped", name, now(), mail=mail, cause="nobody is to be told any more")
            elif insist or _due(ledger.of_entry(name).tried.get(mail, []), now()):
                note = _sent(store, entry, entry.notify, one, now, send)
            else:
                continue
            if note["event"] == "unsent":
                tell(f"{name}: mail not sent: {note['cause']}")
            with ledger.locked():
                ledger.append(note)


def _sent(
    store: Store, entry: Entry, letterbox: Letterbox, owed: dict[str, Any], now: Callable[[], dt.datetime], send: Send
) -> dict[str, Any]:
    mail = owed["mail"]["id"]
    try:
        refused = send(letterbox, letter.write(store, entry, letterbox, owed))
    except MailError as error:
        return line("unsent", entry.name, now(), mail=mail, cause=str(error).splitlines()[0])
    return line("mailed", entry.name, now(), mail=mail, to=list(letterbox.to), refused=refused)


def _due(tried: list[dict[str, Any]], now: dt.datetime) -> bool:
    if not tried:
        return True
    last = instant(tried[-1]["at"])
    return now < last or now >= last + min(WAIT * 2 ** min(len(tried) - 1, 20), WAIT_MAX)


def _connected(letterbox: Letterbox) -> smtplib.SMTP:
    if letterbox.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(letterbox.host, letterbox.port, timeout=TIMEOUT_S, context=context)
    server = smtplib.SMTP(letterbox.host, letterbox.port, timeout=TIMEOUT_S)
    try:
        if letterbox.security == "starttls":
            server.starttls(context=ssl.create_default_context())
    except BaseException:
        server.close()
        raise
    return server


def _password(letterbox: Letterbox) -> str:
    password = os.environ.get(PASSWORD, "")
    if not password:
        raise ValueError(f"no password for {letterbox.user}: set {PASSWORD}")
    return password
