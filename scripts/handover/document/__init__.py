"""A notebook that has run, read once: its blocks, what they say and what answers for it, and the checks of it."""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {
        "audit": "",
        "checks": "",
        "document": "document Block Code Document Evidence Failure Figure Markup Maths Prose Text",
        "evidence": "",
        "html": "GONE",
        "ledger": "Item Ledger",
        "markdown": "",
        "model": "",
        "reader": "assignments read",
        "spaces": "",
        "words": "words MONTHS Words of",
    },
)
