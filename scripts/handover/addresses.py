"""Where a user wants something written: a path or an address is read as what it says, or refused before any writing.

What can be read in two ways is refused: rsync and scp read ``host:path`` as another machine, a shell expands ``~``,
an unset variable leaves nothing.
"""

import os
import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from handover.errors import HandoverError

#: A percent sign that stands for no character, or for a slash within a name.
MISCODED = re.compile(r"%(?![0-9A-Fa-f]{2})|%2[Ff]")


def read(text: str, where: str) -> Path | str:
    """Read a place: a path for a folder or file of this machine, else an address, its scheme in lower case.

    ``file:`` addresses are those of RFC 8089: with no host or ``localhost``, absolute, percent-encoded. Messages name
    `where`, what the place was written for.

    Raises:
        HandoverError: It says nothing, or could mean something else.
    """
    _check_characters(text, where)
    if ":" not in text.split("/")[0]:
        return Path(text)
    scheme, rest = text.split(":", 1)
    scheme = scheme.lower()
    if scheme == "file":
        return _file(text, where)
    either = f"be a path, or an address with :// (got {text}, which may mean another machine)"
    cure = f"Write s3://bucket/path for storage, mount the other machine, or write ./{text} for a folder of that name."
    _require(rest.startswith("//") and re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme), where, either, cure)
    _check_parts(text, where)
    return f"{scheme}:{rest}"


def local(text: str, where: str) -> Path:
    """Read a place that must be on this machine, e.g. that of ``--out``.

    Raises:
        HandoverError: It is not, or could mean something else.
    """
    found = read(text, where)
    cure = "Write a path; `handover publish` mirrors to an address."
    _require(isinstance(found, Path), where, f"be a path on this machine (got {found})", cure)
    return found


def _require(holds: object, where: str, must: str, cure: str) -> None:
    if not holds:
        raise HandoverError(f"{where}: must {must}.\n{cure}")


def _check_characters(text: str, where: str) -> None:
    _require(text.strip(), where, f"name a place (got {text!r})", "Is a variable unset? Write a path.")
    fit = _as_written(text).isprintable() and "\\" not in text and text == text.strip()
    without = "be written without control characters, backslashes and blanks at its ends"
    _require(fit, where, f"{without} (got {text!r})", "Write the path with / and without them.")
    parts = text.split("/")
    upto = next((number for number, part in enumerate(parts, 1) if "$" in part), 0)
    # a folder that is there may be called so
    plain = not text.startswith("~") and "~" not in parts and not (upto and not Path("/".join(parts[:upto])).exists())
    out = f"be written out, since only a shell expands ~ and $ (got {text})"
    _require(plain, where, out, "Write the whole path, or leave out the quotes.")


def _as_written(text: str) -> str:
    """The text as its bytes say, whatever the locale took them for."""
    try:
        return os.fsencode(text).decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text


def _check_parts(text: str, where: str) -> None:
    """Refuse an address with a part that storage would drop, or read in its own way."""
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise HandoverError(f"{where}: must be an address (got one that cannot be read).\nMend the address.") from error
    there = f"name a place there, as in s3://bucket/path (got {text})"
    _require(parts.netloc, where, there, "Name the bucket or host.")
    tools = "Put it where the tools of the storage look, e.g. in AWS_SECRET_ACCESS_KEY."
    _require(parts.password is None, where, "hold no password", tools)
    bare = not {"?", "#"} & set(text)
    _require(bare, where, f"have no query and no fragment (got {text})", "Leave out what begins with ? or #.")
    whole = not {"", ".", ".."} & set(parts.path.rstrip("/").split("/")[1:])
    _require(whole, where, f"have no empty, . or .. in its path (got {text})", "Mend the address.")


def _file(text: str, where: str) -> Path:
    decoded = ""
    if "?" not in text and "#" not in text:
        parts = urlsplit(text)
        here = f"be on this machine (got the host {parts.netloc})"
        cure = "Write file:///path with three slashes, or the path alone."
        _require(parts.netloc.lower() in ("", "localhost"), where, here, cure)
        with suppress(UnicodeDecodeError):
            decoded = "" if MISCODED.search(parts.path) else unquote(parts.path, errors="strict")
    plain = decoded.isprintable() and "\\" not in decoded and "~" not in decoded.split("/")
    must = f"be an absolute path, percent-encoded and without query or fragment (got {text})"
    _require(decoded.startswith("/") and plain, where, must, "Write file:///path, or the path alone.")
    return Path(decoded)
