"""The desk that renders on time: entries, their ticks, the ledger of what became of each, and the mails about it.

It stands above the editions and knows neither troops nor a Jupyter tool.
"""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {
        "board": "",
        "entry": "entry named",
        "health": "",
        "install": "",
        "ledger": "Ledger",
        "letterbox": "",
        "runner": "Runner",
    },
)
