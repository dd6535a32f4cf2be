"""Whether an edition, or a PDF from anywhere, is what the data says: hashes, then a second render."""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {
        "answer": "code verify",
        "bundle": "",
        "contents": "",
        "difference": "Answer DIFFERS ELSEWHERE UNJUDGED VERIFIED",
        "record": "",
    },
)
