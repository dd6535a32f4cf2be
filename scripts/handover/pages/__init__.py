"""A document as HTML and as Typst, and the two exporters that nbconvert knows."""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {
        "html.fill": "fill",
        "html.sheet": "Sheet href",
        "metadata": "Attachment AUTHOR LinkPicture NO_DAY PageMetadata",
    },
)
