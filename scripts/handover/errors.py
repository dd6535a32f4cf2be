"""Every error the project raises on purpose, in one tree.

A message says where, what must hold, what was found, and, on a further line, what to do. Only `cli` catches them all.
"""

import linecache
import sys
from collections.abc import Iterable

from handover import credentials


class HandoverError(Exception):
    """The root; its text is for the user, and for logs and mails, so it shows no secret of the environment."""

    def __str__(self) -> str:
        return credentials.mask(super().__str__())

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows instead of a traceback: the lines of cells that led here, and the message.

        All frames are shown where no cell led here, in a run, and after ``%xmode Verbose``.
        """
        import traceback

        shell = sys.modules["IPython"].get_ipython()
        shown = []
        for frame, line in traceback.walk_tb(self.__traceback__):
            if name := shell.compile.format_code_name(frame.f_code.co_filename):
                text = linecache.getline(frame.f_code.co_filename, line).rstrip()
                shown += [f"{' '.join(name)}, line {line}:", f"> {text}"]
        if not shown or shell.InteractiveTB.mode == "Verbose":
            return shell.InteractiveTB.structured_traceback(type(self), self, self.__traceback__)
        return [*shown, f"{type(self).__name__}: {self}"]


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
    """The finished report prints a number without evidence, or leaves out a text, and may not."""


class StoreError(HandoverError):
    """An edition exists, is torn, or cannot be written."""


class WorkerError(HandoverError):
    """A worker process was lost, or broke."""


class SweepError(HandoverError):
    """Workers are missing, or have other inputs than the sweep was planned with."""


class GitError(HandoverError):
    """Git is not there, or refuses."""


class PublishError(HandoverError):
    """A bundle, a mirror or a pruning cannot be made."""


class ScheduleError(HandoverError):
    """An entry of the schedule cannot be kept, its log is damaged, or a report is older than it may be."""


class MailError(HandoverError):
    """A mail cannot be written or sent."""


class VerifyError(HandoverError):
    """A file cannot be an edition."""


class PreviewError(HandoverError):
    """A preview cannot be served."""


def on_one_line(error: HandoverError) -> str:
    """Write a message of several lines as one: what is wrong, and what to do."""
    first, *rest = (line.strip() for line in str(error).splitlines())
    said = " ".join([first, *(line if line.endswith((".", ":", "!", "?")) else f"{line};" for line in rest)])
    return said.rstrip(";")


def itemised(said: str, items: Iterable[str], cure: str) -> str:
    """Write a message of several faults: each on a line below what is said, and what to do on the last."""
    return "\n".join([said, *(f"  {item}" for item in items), cure])


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the closest known name, or an empty string."""
    import difflib

    return next(iter(difflib.get_close_matches(name, list(known), n=1)), "")


def near(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the closest known name, or an empty string."""
    found = nearest(name, known)
    return f"; did you mean '{found}'?" if found else ""
