"""Checking the article's claims against the article itself, which the project never stores."""

import hashlib
import re
from pathlib import Path

from handover.errors import DataError
from handover.project import Project
from handover.story.record import Record

#: Full stops after these end no sentence.
ABBREVIATIONS = ("Lt.", "Gen.", "U.S.", "Col.", "Maj.", "Brig.", "Mr.", "Mrs.", "Dr.", "St.")


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


def check(project: Project, path: Path) -> str:
    """Check every locator of ``article/claims.csv`` against the article.

    Args:
        project: The checkout.
        path: The article as a UTF-8 text file.

    Returns:
        A sentence that says how many sentences are accounted for.

    Raises:
        DataError: A span that does not fit its hash or its sentence, or a sentence with no claim.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: must be the article as UTF-8 text ({error}).") from error
    spans = sentences(text)
    faults, covered = [], set()
    for row in Record.load(project).rows["claims"]:
        start, end = int(row["start"]), int(row["end"])
        place = (int(row["paragraph"]), int(row["sentence"]))
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
        raise DataError(
            f"data/article/claims.csv: {len(faults)} locators do not fit {path.name}:\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\nIs this the article the claims were taken from? If so, correct the rows."
        )
    return f"{len(covered)} of {len(spans)} sentences accounted for (100 %)"
