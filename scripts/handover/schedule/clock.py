"""What time it is: the one place where the schedule asks."""

import datetime as dt


def clock() -> dt.datetime:
    """The instant, in UTC."""
    return dt.datetime.now(dt.UTC)
