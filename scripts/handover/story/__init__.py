"""What a report says about troops; uses no Jupyter tool.

    data/ ─► data ─► claims ─► facts ─► sentences ─► evidence ─► story
                       └─────► frames ─► charts ────────────────┘

A notebook needs only `Story`, and the modules of `handover.story.charts`.
"""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {
        "story": "Story",
        "data": "check_article",
        "facts": "check_facts",
        "written": "check_words",
        "example": "Example first_usable",
    },
)
