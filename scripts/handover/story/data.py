"""The curated tables as a story uses them, and their check against the article."""

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from handover import plain, tables
from handover.errors import DataError, itemised, near
from handover.project import Project
from handover.story.values import known_since
from handover.tables import ARTICLE, Row, row_id

#: A full stop after one of these does not end a sentence.
ABBREVIATIONS = ("Lt.", "Gen.", "U.S.", "Col.", "Maj.", "Brig.", "Mr.", "Mrs.", "Dr.", "St.")


class Rows(dict[str, list[Row]]):
    """The rows of each table by its name; a table that a story must have and has not is a fault of its dictionary."""

    def __missing__(self, table: str) -> list[Row]:
        raise DataError(
            f"data/datapackage.json: must declare the table '{table}' (known: {', '.join(self) or 'none'}"
            f"{near(table, self)}).\nAdd it with its columns; `handover init FOLDER` writes a dictionary that has "
            "all tables that every story needs."
        )


@dataclass(frozen=True, eq=False)
class Tables(tables.Record):
    """The curated tables, and what follows from them on any day."""

    @classmethod
    def load(cls, project: Project) -> "Tables":
        """Read and cross-check every table of the dictionary.

        Raises:
            DataError: Lists every fault of every table.
        """
        return cls.of(tables.read(project.data))

    @classmethod
    @lru_cache(1)
    def of(cls, record: tables.Record) -> "Tables":
        """Return what follows from a record; again the same for the same."""
        return cls(Rows(record.rows), record.where, record.paths, record.columns)

    @cached_property
    def sources(self) -> dict[str, Row]:
        """The sources by id."""
        return {str(row["source_id"]): row for row in self.rows.get("sources", [])}

    @cached_property
    def declared(self) -> dict[str, Row]:
        """The declarations of facts by key."""
        return {str(row["fact"]): row for row in self.rows["facts"]}

    def source_of(self, row: Row) -> Row:
        """Return the source of a row; rows of the article name none, since there is only one.

        Raises:
            DataError: The row names no source that there is.
        """
        source = str(row.get("source_id", ARTICLE))
        if source not in self.sources:
            raise DataError(
                f"data: {row_id(row)}: source_id must be in sources (got '{row.get('source_id') or ''}').\n"
                "Add the source to data/sources.csv, and give the table a column source_id."
            )
        return self.sources[source]

    def unsourced(self, row: Row) -> bool:
        """Return whether a row needs no source: the mere name of a place, or one that the article would be that of."""
        return row.get("source_id", ARTICLE) is None or ("source_id" not in row and ARTICLE not in self.sources)

    def known(self, row: Row) -> dt.date:
        """Return the day from which a report may use a row."""
        return self._since[id(row)]

    @cached_property
    def _since(self) -> dict[int, dt.date]:
        """That day for every row, by the identity of the row."""
        return {
            id(row): dt.date.min if self.unsourced(row) else known_since(row, self.source_of(row))
            for rows in self.rows.values()
            for row in rows
        }

    @cached_property
    def days(self) -> list[dt.date]:
        """The days on which a row became known, and the first of each year, on which counts of the last are known."""
        days = set(self._since.values())
        return sorted(days | {dt.date(day.year + 1, 1, 1) for day in days if day.year < dt.MAXYEAR})

    @cached_property
    def contested(self) -> dict[str, set[str]]:
        """The conflicts that involve a row, by its id."""
        found: dict[str, set[str]] = {}
        for name, sides in self.sides.items():
            for row in (*sides["a"], *sides["b"]):
                found.setdefault(row, set()).add(name)
        return found

    @cached_property
    def opposed(self) -> set[frozenset[str]]:
        """The pairs of rows that a conflict, known or not, has on opposite sides."""
        return {frozenset((a, b)) for sides in self.sides.values() for a in sides["a"] for b in sides["b"]}

    @cached_property
    def disputed(self) -> dict[str, dt.date]:
        """The day from which each conflict is one: for both sides a source is known, and a row that makes the claim."""
        found = {}
        for row in self.rows["conflicts"]:
            sides = self.sides.get(str(row["conflict_id"]), {})
            claimed = [[self.known(self.where[name][1]) for name in names] for names in sides.values()]
            sources = [self.known(self.sources[str(row[side])]) for side in ("source_a", "source_b")]
            found[str(row["conflict_id"])] = max(*sources, *(min(days) for days in claimed if days))
        return found

    @cached_property
    def sides(self) -> dict[str, dict[str, list[str]]]:
        """The rows on each side of each conflict: ``{"C016": {"a": ["p09s01b"], "b": ["T089"]}}``."""
        found: dict[str, dict[str, list[str]]] = {}
        for row in self.rows.get("conflict_rows", []):
            sides = found.setdefault(str(row["conflict_id"]), {"a": [], "b": []})
            sides[str(row["side"])].append(str(row["row_id"]))
        return found


def read_outlines(project: Project) -> dict[str, Any]:
    """Read the outlines of Iraq and its neighbours, as GeoJSON.

    Raises:
        DataError: The file is missing or is not JSON, which has no NaN and no Infinity.
    """
    path = project.data / "geo" / "outlines.geojson"
    try:
        return json.loads(path.read_text("utf-8"), parse_constant=plain.number)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{project.where(path)}: must be JSON with plain numbers (got {error}).\nRestore it from git."
        ) from error


def sentences(text: str) -> dict[tuple[int, int], tuple[int, int]]:
    """Return the character span of each sentence, by (paragraph, sentence), both counted from one.

    A paragraph is a line that is not blank. A sentence ends at a full stop, question or exclamation mark,
    with any closing quotation mark, before a space or the paragraph's end.
    """
    spans = {}
    paragraph = 0
    for line in re.finditer(r"[^\n]*\S[^\n]*", text):
        paragraph += 1
        sentence, start = 0, line.start()
        for stop in re.finditer(r"[.!?][”\"’']*(?=\s|$)", line.group()):
            end = line.start() + stop.end()
            if text[start:end].endswith(ABBREVIATIONS) and end < line.end():
                continue
            sentence += 1
            spans[paragraph, sentence] = (start, end)
            start = end + len(text[end : line.end()]) - len(text[end : line.end()].lstrip())
    return spans


def check_article(project: Project, path: Path) -> str:
    """Check every locator of ``article/claims.csv`` against the article, which the project never stores.

    `path` is that of the article as UTF-8 text. Returns how many sentences are accounted for, in words.

    Raises:
        DataError: A span does not fit its hash or its sentence, or a sentence has no claim.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: must be the article as UTF-8 text ({error}).") from error
    spans = sentences(text)
    faults, covered = [], set()
    for row in Tables.load(project).rows["claims"]:
        start, end = int(row["start"]), int(row["end"])  # type: ignore[arg-type]
        place = (int(row["paragraph"]), int(row["sentence"]))  # type: ignore[arg-type]
        digest = hashlib.sha256(text[start:end].encode()).hexdigest()
        if place not in spans:
            faults.append(f"{row['claim_id']}: paragraph {place[0]}, sentence {place[1]} is not in the article")
        elif not spans[place][0] <= start < end <= spans[place][1]:
            faults.append(f"{row['claim_id']}: characters {start}-{end} must lie in its sentence {spans[place]}")
        elif digest != row["sha256"]:
            wanted = str(row["sha256"])[:12]
            faults.append(f"{row['claim_id']}: characters {start}-{end} must hash to {wanted}… (got {digest[:12]}…)")
        else:
            covered.add(place)
    faults += [f"paragraph {p}, sentence {s} has no claim and no comment" for p, s in sorted(spans.keys() - covered)]
    if faults:
        said = f"data/article/claims.csv: {len(faults)} locators do not fit {path.name}:"
        cure = "Is this the article the claims were taken from? If so, correct the rows."
        raise DataError(itemised(said, faults, cure))
    return f"{len(covered)} of {len(spans)} sentences accounted for (100 %)"
