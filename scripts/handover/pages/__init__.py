"""A document printed as HTML and as PDF, and pictures of its pages."""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {
        "fallback": "missing",
        "html_page": "environment prepare style_sheet write_html",
        "layout": "settle",
        "metadata": "Attachment LinkPicture NO_DAY PageMetadata",
        "pictures": "picture",
        "typesetter": "STANDARDS page_count pdf pngs",
        "typefaces": "font_rules",
        "typst": "IMPRINT LINK_PPI link_source typst_source",
    },
)
