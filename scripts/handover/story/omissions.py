"""What a report leaves out, and why: told beside the cell's own output, and printed on no page.

An output of its own MIME type names each text that was left out or gave way to another; JupyterLab shows it as a list.
`handover.document` reads it, and takes it out of the notebook before any page is made.
"""

import builtins
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from handover.story.claims import Why
from handover.story.facts import Facts
from handover.story.sentences import Unknown, escape

OMITTED_MIME = "application/vnd.handover.omitted+json"
#: How many characters of a template are shown.
WORDS_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Omission:
    """A text that is not printed.

    `instead` is what is printed in its place. `lost` says that nothing is, and that the notebook does not allow it;
    `expected` that the report's day or its evidence alone explain it.
    """

    where: str
    words: str
    why: str
    instead: str = ""
    lost: bool = True
    expected: bool = False

    def __str__(self) -> str:
        what = f"{self.where} “{_first_words(self.words)}”"
        if self.instead:
            return f"{what} gave way to “{_first_words(self.instead)}”: {self.why}"
        return f"{what} left out: {self.why}"


def _first_words(text: str) -> str:
    # of a long text textwrap would make pieces first, all of them
    return textwrap.shorten(" ".join(text.replace("**", "").split())[: 2 * WORDS_SHOWN], WORDS_SHOWN, placeholder=" …")


@dataclass
class Omissions:
    """What one call of a story left out so far; `tell` shows it in the cell that runs."""

    facts: Facts
    found: list[Omission] = field(default_factory=list)
    #: what was made for a cell to show, and has not been shown so far
    unshown: dict[tuple[str, str], None] = field(default_factory=dict)

    def made(self, where: str, words: str) -> Callable[[], object]:
        """Expect something to be shown; what is returned is called when it is."""
        if words:
            self.unshown[where, words] = None
        return partial(self.unshown.pop, (where, words), None)

    def forgotten(self) -> None:
        """Record what no cell has shown, since Jupyter shows the last expression of a cell alone."""
        for where, words in self.unshown:
            self.add(where, words, Why("it is not the last line of its cell, which alone is shown"), lost=True)
        self.unshown.clear()

    def passed(self, where: str, template: str, unknown: Iterable[Unknown], *, instead: str, allowed: bool) -> None:
        """Record templates that were passed over: the first of them, and the fields of all that were missing.

        `instead` is the text that was written; `allowed` says that an empty template was.
        """
        whys: dict[Why, list[str]] = {}
        for one in dict.fromkeys(unknown):
            why = self.facts.why_unknown(one.key) or Why(f"has no {one.part or 'value'}")
            whys.setdefault(why, []).append(one.key)
        told = "; ".join(f"{', '.join(dict.fromkeys(names))} {why.words}" for why, names in whys.items())
        lost, expected = not (instead or allowed), all(why.expected for why in whys)
        self.found.append(Omission(where, template, told, instead, lost, expected))

    def add(self, where: str, words: str, why: Why | None, *, lost: bool = False) -> None:
        """Record something else than a template that is not printed; nothing where there is no reason."""
        if why:
            self.found.append(Omission(where, words, why.words, lost=lost, expected=why.expected))

    def replaced(self, instead: str) -> None:
        """Say that a text is printed in place of all that was lost so far."""
        if instead:
            self.found = [replace(one, instead=instead, lost=False) if one.lost else one for one in self.found]

    def tell(self) -> None:
        """Show what was found in the running cell, where there is one, and forget it."""
        found, self.found = list(dict.fromkeys(self.found)), []
        # what IPython gives to cells; elsewhere there is nobody to tell
        display = getattr(builtins, "display", None)
        if found and display:
            display(bundle(found), raw=True)


def bundle(found: Iterable[Omission]) -> dict[str, Any]:
    """Return the output that names what was left out."""
    lines = [str(one) for one in found]
    return {
        OMITTED_MIME: [{"text": str(one), "lost": one.lost, "expected": one.expected} for one in found],
        "text/markdown": "\n".join(["Not in the report:", "", *(f"- {escape(line)}" for line in lines)]),
        "text/plain": "\n".join(["Not in the report:", *lines]),
    }
