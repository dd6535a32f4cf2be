"""A notebook that has run, read once: its blocks, what they say and what answers for it, and the checks of it."""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {
        "audit": "",
        "bound": "",
        "descriptions": "",
        "document": "document Block Code Document Evidence Failure Figure Markup Maths Prose Text",
        "evidence": "",
        "expansion": "",
        "foreign": "",
        "ledger": "Item Ledger",
        "lint": "",
        "markdown": "markdown GONE Token",
        "model": "",
        "reader": "read",
        "sanitise": "",
        "svg": "",
        "words": "words MONTHS Words of",
    },
)
