"""The appendix in Typst: the values behind charts, each table where the link under its chart leads."""

from handover.pages.typst import markup
from handover.pages.typst_text import literal
from handover.pages.typst.sheet import COLUMN, Sheet, place


def write(sheet: Sheet) -> str:
    """Return the mark-up of all tables that charts have put by; empty where none has."""
    with sheet.inside(COLUMN):
        tables = [
            f"#place-of({literal(sheet.label(place(number)))});{markup.write(sheet, values)}"
            for number, values in enumerate(sheet.appendix, 1)
        ]
    if not tables:
        return ""
    heading = f"#ledger-heading({sheet.heading(3)})[{sheet.house(sheet.words.appendix)}];"
    return "\n".join([heading, *tables]) + "\n"
