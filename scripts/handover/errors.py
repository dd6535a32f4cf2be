"""Every error the project raises on purpose, in one tree.

    HandoverError                exit 1; caught only in cli.py
    ├── DataError                a table, the dictionary or a locator is wrong
    ├── FactError                a fact that does not exist, or facts that cannot be combined
    ├── ProseError               a template that types a number or names an unknown fact
    ├── ChartError               missing alt text, text off the canvas, overlapping text
    ├── NotebookError            a notebook that breaks the contract
    ├── ParameterError           an unknown, ill-typed or out-of-range parameter
    ├── ExecutionError           a cell raised, hung, or never ran
    ├── ConversionError          HTML or PDF failed, or failed its checks
    ├── AuditError               a number in the finished report with no evidence
    ├── StoreError               an edition that exists, is torn, or cannot be written
    └── PreviewError             a preview that cannot be served

A message says where, what must hold, what was found, and, on a further line, what to do.
"""

import difflib
from collections.abc import Iterable


class HandoverError(Exception):
    """The root; its text is meant for the person at the keyboard."""


class DataError(HandoverError):
    """A curated table, the data dictionary or a locator is wrong."""


class FactError(HandoverError):
    """A fact that does not exist, or facts that cannot be combined."""


class ProseError(HandoverError):
    """A template types a number or names an unknown fact."""


class ChartError(HandoverError):
    """A figure breaks the chart contract."""


class NotebookError(HandoverError):
    """A notebook breaks the contract of a report."""


class ParameterError(HandoverError):
    """A parameter is unknown, ill-typed or out of range."""


class ExecutionError(HandoverError):
    """A notebook did not run from top to bottom."""


class ConversionError(HandoverError):
    """A page could not be made, or failed its checks."""


class AuditError(HandoverError):
    """The finished report prints a number that no evidence answers for."""


class StoreError(HandoverError):
    """An edition exists, is torn, or cannot be written."""


class PreviewError(HandoverError):
    """A preview cannot be served."""


def near(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the closest known name, or an empty string."""
    matches = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean '{matches[0]}'?" if matches else ""
