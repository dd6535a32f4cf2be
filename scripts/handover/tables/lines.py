"""The file of a table: its encoding, its header, and its rows as cells; slips of form are faults, each named once."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from handover.errors import near
from handover.tables.dictionary import Schema

#: A cell of more lines than this has a quote that is not closed.
MOST_LINES = 50
#: What other programs separate columns with.
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
SAVE_AS_CSV = "Save the table as CSV, in UTF-8, with commas between the columns."
#: How files begin that are no text of ours, and what they are.
BEGINNINGS = {
    b"\xef\xbb\xbf": ("must not start with a byte-order mark (found one)", "Save it as plain UTF-8, without a BOM."),
    b"\xff\xfe": ("must be UTF-8 (got UTF-16)", SAVE_AS_CSV),
    b"\xfe\xff": ("must be UTF-8 (got UTF-16)", SAVE_AS_CSV),
    b"PK\x03\x04": ("must be CSV (got a workbook, as Excel and LibreOffice save it)", SAVE_AS_CSV),
    b"version https://git-lfs": ("must be CSV (got a pointer of Git LFS)", "Get the file with `git lfs pull`."),
}
CONFLICTS = ("<<<<<<< ", "=======", ">>>>>>> ")


@dataclass(frozen=True, slots=True)
class Fault:
    """`where` names file, line and column; `what` says what must hold and what was found; `cure` is a sentence."""

    where: str
    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.head} {self.cure}"

    @property
    def head(self) -> str:
        """The fault without its cure, as a sentence."""
        return f"{self.where}: {self.what}" + ("" if self.what.endswith("?") else ".")


#: One row as it stands in the file: the number of its first line, and its cells.
Line = tuple[int, list[str]]


def lines_of(path: Path, where: str, schema: Schema) -> tuple[list[Line], list[Fault]]:
    """Read the rows below the header.

    A file that cannot be read, or whose header is wrong, has that fault alone; a row whose cells cannot be told apart
    has one fault, and is left out.
    """
    text, fault = _text(path, where)
    if fault is None:
        lines = text.split("\n")[:-1]
        fault = _header(lines[0] if lines else "", f"{where}: line 1", [column.name for column in schema.columns])
    if fault:
        return [], [fault]
    found: list[Line] = []
    faults = []
    for line in _rows(lines, where):
        if isinstance(line, Fault):
            faults.append(line)
        elif len(line[1]) != len(schema.columns):
            faults.append(_miscounted(line[1], f"{where}: line {line[0]}", schema))
        else:
            found.append(line)
    return found, faults


def _text(path: Path, where: str) -> tuple[str, Fault | None]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        return "", _unread(path, where, error)
    for beginning, (what, cure) in BEGINNINGS.items():
        if raw.startswith(beginning):
            return "", Fault(f"{where}: line 1", what, cure)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        got = raw[error.start : error.start + 1].decode("cp1252", "replace")
        what = f"must be UTF-8 (byte 0x{raw[error.start]:02x} is not; '{got}' in Latin-1, as Windows saves it?)"
        return "", Fault(f"{where}: line {line}", what, "Save the file as UTF-8.")
    if "\r" in text:
        line = text[: text.index("\r")].count("\n") + 1
        what = "must end its lines with a line feed alone (got a carriage return, as Windows and Excel write it)"
        return "", Fault(f"{where}: line {line}", what, "Save it with Unix line ends (LF); see git's core.autocrlf.")
    if not text:
        return "", Fault(where, "must begin with the names of its columns (the file is empty)", "Restore it from git.")
    if not text.endswith("\n"):
        what = "must end with a line break (the last line is cut off)"
        return "", Fault(where, what, "Complete the last line, and end it with a line break.")
    return text, None


def _unread(path: Path, where: str, error: OSError) -> Fault:
    if not isinstance(error, FileNotFoundError):
        return Fault(where, f"must be a file that can be read ({error.strerror})", "Look at what it is.")
    others = [other.name for other in path.parent.glob("*.csv")] if path.parent.is_dir() else []
    cure = "Restore it from git, or take it out of datapackage.json."
    return Fault(where, f"the table must exist (not found{near(path.name, others)})", cure)


def _header(line: str, where: str, columns: list[str]) -> Fault | None:
    cure = "Correct the header, or data/datapackage.json if that is wrong."
    try:
        found = next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        return Fault(where, f"must be the names of the columns as CSV ({error})", cure)
    if found == columns:
        return None
    for separator, name in SEPARATORS.items():
        if len(line.split(separator)) == len(columns) > 1:
            return Fault(where, f"columns must be separated by commas (got {name})", SAVE_AS_CSV)
    if not set(found) & set(columns):
        got = ",".join(found)
        return Fault(where, f"must be the names of the columns: {', '.join(columns)} (got {got!r:.80})", cure)
    missing = [name for name in columns if name not in found]
    faults = []
    for name in found:
        if name in columns:
            continue
        meant = next((other for other in missing if other == name.strip() or near(name, [other])), "")
        if meant:
            missing.remove(meant)
        hint = f"; did you mean '{meant}'?" if meant else ""
        faults.append(f"column '{name}' is not in the dictionary{hint}")
    faults = [f"column '{name}' is missing" for name in missing] + faults
    faults += [f"column '{name}' stands twice" for name in sorted({n for n in found if found.count(n) > 1})]
    return Fault(where, "; ".join(faults) or f"columns must stand in the order {', '.join(columns)}", cure)


def _rows(lines: list[str], where: str) -> Iterator[Line | Fault]:
    """Split each line below the header into cells; an open quote takes in the lines up to the one that closes it."""
    at = 1
    while at < len(lines):
        place = f"{where}: line {at + 1}"
        taken, cells, fault = _cells(lines[at : at + MOST_LINES])
        if not lines[at].strip():
            yield Fault(place, "must be a row (got a blank line)", "Remove the line.")
        elif lines[at].startswith(CONFLICTS):
            what = f"must be a row (got {lines[at]!r:.40}, which git leaves where two changes conflict)"
            yield Fault(place, what, "Settle the conflict, and remove git's marks.")
        elif fault:
            yield Fault(place, *fault)
        elif not any(map(str.strip, cells)):
            yield Fault(place, "must be a row (got a blank row of commas)", "Remove the line.")
        else:
            yield at + 1, cells
        at += taken


def _cells(lines: list[str]) -> tuple[int, list[str], tuple[str, str] | None]:
    """Return how many lines the first row takes, its cells, and what is wrong with its quotes, with the cure."""
    for taken in range(1, len(lines) + 1):
        try:
            return taken, next(csv.reader([f"{line}\n" for line in lines[:taken]], strict=True), []), None
        except csv.Error as error:
            if "unexpected end" not in str(error):
                break
    else:
        taken = 0  # no line closes it, not even the last
    if taken == 1:
        what = f"must be CSV: text follows a closing quote (got {lines[0]!r:.200})"
        return 1, [], (what, 'Write a quote within a cell twice (""), and the whole cell in quotes.')
    opened = next(csv.reader([lines[0]]), [""])[-1]
    what = f"must be CSV: a quote is opened and not closed (before {opened!r:.80})"
    return 1, [], (what, "Close the quote, or write it twice if it is part of the text.")


def _miscounted(cells: list[str], where: str, schema: Schema) -> Fault:
    """Say why a row has more or fewer cells than its table has columns."""
    wanted = len(schema.columns)
    count = f"must have {wanted} cells (got {len(cells)})"
    text = ",".join(cells)
    for separator, name in SEPARATORS.items():
        if len(text.split(separator)) == wanted > 1:
            return Fault(where, f"columns must be separated by commas (got {name})", "Write commas instead.")
    if len(cells) < wanted:
        return Fault(where, count, "Keep the commas of cells that stay empty.")
    if cells[wanted:] == [""] * (len(cells) - wanted) and not _faults(cells[:wanted], schema):
        return Fault(where, count, "Remove the commas at its end.")
    extra = len(cells) - wanted
    fits = [at for at in range(wanted) if not _faults(_joined(cells, at, extra), schema)]
    # people write a space after a comma of a sentence
    at = next((at for at in fits if all(cell[:1] == " " for cell in cells[at + 1 : at + extra + 1])), None)
    if at is None and len(fits) == 1:
        at = fits[0]
    if at is None:
        return Fault(where, count, 'Remove a comma, or put the cell that contains it in quotes: "one, two".')
    column, cell = schema.columns[at].name, _joined(cells, at, extra)[at]
    return Fault(
        f"{where}, {column}", f"a cell with a comma must stand in quotes (got {cell!r:.80})", f'Write "{cell:.80}".'
    )


def _joined(cells: list[str], at: int, extra: int) -> list[str]:
    return [*cells[:at], ",".join(cells[at : at + extra + 1]), *cells[at + extra + 1 :]]


def _faults(cells: list[str], schema: Schema) -> bool:
    return any(column.read(cell)[1] for column, cell in zip(schema.columns, cells, strict=True))
