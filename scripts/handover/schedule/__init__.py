"""The desk that renders on time: entries, their ticks, the ledger of what became of each, and the mails about it.

It stands above `handover.press` and knows neither troops nor a Jupyter tool.
"""
