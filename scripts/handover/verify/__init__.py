"""Whether an edition is what the data says: hashes, then a second render; stands above the press."""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {
        "answer": "",
    },
)
