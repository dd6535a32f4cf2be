"""From a request to a folder that exists whole or not at all; the catalogue of such folders, and its feed."""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {
        "catalogue": "catalogue",
        "catalogue_pages": "day size",
        "changes": "Change compare dropped",
        "check": "check Finding",
        "compose": "compose Composition RECORD TABLE_MIMES",
        "index": "AS_OF SINCE Index before named rest",
        "inputs": "inputs Inputs",
        "manifest": "manifest Manifest day_of epoch_of latest_day",
        "render": "render Outcome Product produce",
        "request": "Contract Request require_come require_report",
        "settings": "settings",
        "shape": "shape",
        "store": "EDITION Edition LINK_PICTURE PICTURE REPORT REPORT_RULE Store file_name manifests",
        "wording": "reworded",
    },
)
