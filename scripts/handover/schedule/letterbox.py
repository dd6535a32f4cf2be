"""Whom a schedule's entry writes to, and through which server: read and checked; sending is elsewhere."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handover.errors import near
from handover.schedule.fields import Faults

#: The password's only place: a file of settings is read by too many.
PASSWORD = "HANDOVER_MAIL_PASSWORD"
SECURITY = {"starttls": 587, "tls": 465, "none": 25}
#: One plain address; nothing that ends a header or opens another fits in.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?")
FIELDS = ("to", "from", "host", "port", "security", "user")


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Recipients, sender and server; without `user` the server is asked for no login."""

    to: tuple[str, ...]
    sender: str
    host: str
    port: int
    security: str = "starttls"
    user: str = ""


def read(notify: Any, mail: Any) -> Letterbox | None:
    """Read an entry's ``notify`` over the shared table ``[tool.handover.mail]``.

    Args:
        notify: A list of addresses, or a table of `FIELDS`; None if nobody is to be told.
        mail: The shared table; fields of the entry stand before its own.

    Raises:
        Faults: All that is wrong with it.
    """
    if notify is None:
        return None
    own = {"to": notify} if isinstance(notify, str | list) else notify
    for name, table in (("notify", own), ("[tool.handover.mail]", mail)):
        if table is not None and not isinstance(table, Mapping):
            raise Faults([f"{name} must be {'addresses or ' if table is own else ''}a table (got {table!r:.60})"])
    whole = {**(mail or {}), **own}
    faults = []
    for name in whole:
        if "password" in name:
            faults.append(f"notify: {name} must stand in the environment, in {PASSWORD}, and in no file")
        elif name not in FIELDS:
            faults.append(f"notify: {name!r} is no field (known: {', '.join(FIELDS)}{near(name, FIELDS)})")
    faults += [
        f"notify: {name} must be given, here or in [tool.handover.mail]" for name in FIELDS[:3] if name not in whole
    ]
    security = whole.get("security", "starttls")
    if security not in SECURITY:
        hint = near(security, SECURITY) if isinstance(security, str) else ""
        faults.append(f"notify: security must be one of {', '.join(SECURITY)} (got {security!r:.60}{hint})")
        security = "starttls"
    to = whole.get("to", [])
    to = [to] if isinstance(to, str) else to
    faults += _wrong(whole, to)
    if faults:
        raise Faults(faults)
    port = whole.get("port", SECURITY[security])
    return Letterbox(tuple(to), whole["from"], whole["host"], port, security, whole.get("user", ""))


def _wrong(whole: Mapping[str, Any], to: Any) -> list[str]:
    """The fields that hold what they may not."""
    faults = []
    if "to" in whole and not (isinstance(to, list) and to and all(map(_address, to))):
        bad = [one for one in to if not _address(one)] if isinstance(to, list) else to
        faults.append(f"notify: to must be plain addresses, one at least (got {bad!r:.80})")
    if "from" in whole and not _address(whole["from"]):
        faults.append(f"notify: from must be one plain address (got {whole['from']!r:.80})")
    if "host" in whole and not (isinstance(whole["host"], str) and HOST.fullmatch(whole["host"])):
        faults.append(f"notify: host must be the name of a server (got {whole['host']!r:.80})")
    port = whole.get("port", 25)
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        faults.append(f"notify: port must be a whole number from 1 to 65535 (got {port!r:.80})")
    user = whole.get("user", "")
    if not isinstance(user, str) or not user.isprintable():
        faults.append(f"notify: user must be one line of text (got {user!r:.80})")
    return faults


def _address(raw: Any) -> bool:
    return isinstance(raw, str) and bool(ADDRESS.fullmatch(raw)) and ".." not in raw
