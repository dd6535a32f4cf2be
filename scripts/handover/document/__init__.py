"""A notebook that has run, read once: its blocks, what they say and what answers for it, and the checks of it."""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {
        "audit": "",
        "beside": "Beside PICTURES",
        "checks": "",
        "evidence": "",
        "model": "model Document",
        "reader": "read take_omitted Ahead Omitted",
        "scripts": "",
        "spaces": "",
        "words": "words MONTHS Words of",
    },
)
