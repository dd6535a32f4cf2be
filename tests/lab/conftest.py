"""jupyter-scheduler warns of itself when it is imported, and would fail every test here."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import jupyter_scheduler.extension  # noqa: F401
