"""What one page keeps track of while it is written: ids, heading levels, contents, uses of each fact."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from markupsafe import Markup

from handover.document import Words, document

#: Ids that the page's own frame uses.
RESERVED = frozenset({"report", "contents", "evidence"})


def slug(text: str) -> str:
    """A text as the id of a heading: letters and digits of any script, hyphens for the rest."""
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")[:80]


def href(identifier: str) -> str:
    """The address of an id within the page."""
    return "#" + quote(identifier, safe=":.-_~")


@dataclass
class Sheet:
    """The state of one writing; `evidence` is the document's `handover.document.ledger.Ledger`.

    Links lead to `targets`. While these are not known, what has been written so far must do, and `forward`
    says whether that was not enough: then the page is written once more, with the ids of the first time.
    """

    words: Words
    evidence: Any
    targets: Mapping[str, str] | None = None
    forward: bool = False

    ids: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=lambda: set(RESERVED))
    uses: dict[str, list[str]] = field(default_factory=dict)
    contents: list[tuple[str, str]] = field(default_factory=list)
    level: int = 1
    figures: int = 0
    tables: int = 0
    contested: bool = False
    #: What is printed last: the code of neighbouring cells by its id.
    code: dict[str, Sequence[document.Code]] = field(default_factory=dict)
    title: Markup | None = None
    standfirst: Markup | None = None

    def identify(self, wanted: str, *aliases: str) -> str:
        """Give out an id that is unique on the page; links to `wanted` or to an alias will find it."""
        base = re.sub(r"[^\w.:-]+", "-", wanted) or "section"
        given, count = base, 1
        while given in self.taken:
            count += 1
            given = f"{base}-{count}"
        self.taken.add(given)
        for name in (wanted, *aliases):
            self.ids.setdefault(name, given)
        return given

    def find(self, url: str) -> str:
        """The id that a link within the page leads to, or "" if there is no such place."""
        name = unquote(url[1:])
        if self.targets is None:
            # what is there keeps its name; what is not may yet come
            self.forward |= name not in self.ids
            return self.ids.get(name, "")
        return self.targets.get(name) or self.targets.get(slug(name), "")

    def heading(self, wanted: int, text: str, name: str = "") -> tuple[int, str]:
        """Enter a heading: its level, never more than one below the last, and its id."""
        self.level = min(max(2, min(wanted, 6)), self.level + 1)
        # JupyterLab's own anchors keep capitals and put hyphens for blanks: links written for it still lead here
        given = self.identify(slug(text), text.replace(" ", "-"), *filter(None, [name]))
        if self.level == 2:
            self.contents.append((given, text))
        return self.level, given

    def use(self, key: str) -> str:
        """Enter one use of a fact or a claim in the text, by its anchor: the id of the use."""
        places = self.uses.setdefault(key, [])
        places.append(self.identify(f"use-{key.removeprefix('fact-')}-{len(places) + 1}"))
        return places[-1]
