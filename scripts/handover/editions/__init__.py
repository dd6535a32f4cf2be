"""From a request to a folder that exists whole or not at all; the catalogue of such folders, and its feed."""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {
        "attachments": "attachments RECORD",
        "catalogue": "",
        "catalogue_page": "catalogue_page day size",
        "check": "check Finding",
        "compare": "compare Change",
        "compose": "compose Composition",
        "imprint": "AUTHOR Imprint LINK_PICTURE LINK_SIZE NO_DAY day_of",
        "inputs": "inputs Inputs SUFFIXES",
        "listing": "",
        "manifest": "manifest Manifest",
        "order": "Form Order",
        "previous": "previous AS_OF SINCE",
        "render": "render Outcome Product produce",
        "settings": "",
        "shelf": "Shelf series",
        "store": "EDITION Edition PICTURE REPORT Store file_name",
    },
)
