"""A fault of the tables: where it is, what must hold and what was found, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass

from handover.errors import DataError

#: A message names no more faults than this.
MOST = 40


@dataclass(frozen=True, slots=True)
class Fault:
    """`where` names file, line and column; `what` says what must hold and what was found; `cure` is a sentence."""

    where: str
    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.head} {self.cure}"

    @property
    def head(self) -> str:
        """The fault without its cure, as a sentence."""
        return f"{self.where}: {self.what}" + ("" if self.what.endswith("?") else ".")


def together(faults: Sequence[Fault]) -> DataError:
    """Make one error of one fault or more."""
    if len(faults) == 1:
        return DataError(f"{faults[0].head}\n{faults[0].cure}")
    lines = [f"  {fault}" for fault in faults[:MOST]]
    if len(faults) > MOST:
        lines.append(f"  … and {len(faults) - MOST:,} more")
    return DataError("\n".join([f"data: {len(faults):,} faults:", *lines]))
