"""What one edition words otherwise than another, sentence by sentence, read from their notebooks.

What a page looks like does not count, nor where a sentence stands. A number that only changed with its fact is told
with the facts (`changes`), so it makes no sentence another one.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from handover.editions.store import Edition
from handover.text import shown

if TYPE_CHECKING:
    from handover.document import Document

REWRITTEN, ADDED, GONE = "rewritten", "added", "gone"
#: A sentence ends where white space follows one of these, and a closing mark if there is one.
END = re.compile(r"(?<=[.!?…؟۔])\s+|(?<=[.!?…؟۔][\"”’»)\]])\s+")
#: Around the key of a citation and its text, while a sentence is looked for; nobody may use these characters.
KEY, TEXT, CLOSE = "\ue000", "\ue001", "\ue002"
CITED = re.compile(f"{KEY}([^{TEXT}]*){TEXT}([^{CLOSE}]*){CLOSE}")
MARKS = str.maketrans("", "", KEY + TEXT + CLOSE)
#: From this likeness of their words on, one sentence is the other, rewritten; so many are compared on each side.
LIKE, COMPARED = 0.5, 200
#: Characters of a sentence shown.
SHOWN = 300


@dataclass(frozen=True, slots=True)
class Rewording:
    """A sentence that differs between two editions; what an edition does not have is None."""

    kind: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        old, new = (f"“{shown(text, SHOWN)}”" if text else "" for text in (self.before, self.after))
        if self.kind == REWRITTEN:
            return f"Rewritten: {new} (before: {old})"
        return f"Added: {new}" if self.kind == ADDED else f"Gone: {old}"

    def as_json(self) -> dict[str, Any]:
        """The same for programs, with the keys of a change of a fact; `text` is what people read."""
        return {"fact": None, "text": str(self), "kind": self.kind, "before": self.before, "after": self.after}


def reworded(old: Edition, new: Edition, told: Collection[str]) -> list[Rewording]:
    """Compare the sentences of two editions: first those rewritten, then those added, then those gone.

    `told` are the keys of the facts whose change is told already.

    Raises:
        NotebookError: An edition's notebook cannot be read.
    """
    before, after = (_sentences(edition) for edition in (old, new))
    gone, come = _unmatched(before, after, told), _unmatched(after, before, told)
    twins = _twins(gone, come)
    return [
        *(Rewording(REWRITTEN, twins[one], one) for one in come if one in twins),
        *(Rewording(ADDED, None, one) for one in come if one not in twins),
        *(Rewording(GONE, one, None) for one in gone if one not in twins.values()),
    ]


def _sentences(edition: Edition) -> list[str]:
    from handover.document import read
    from handover.notebook import source

    document = read(source.load(edition.file(".ipynb")), edition.report)
    lines = (" ".join(text.split()) for text in _texts(document))
    return [sentence for line in lines for sentence in END.split(line) if any(map(str.isalnum, sentence))]


def _texts(document: "Document") -> Iterator[str]:
    """What a reader is told, piece by piece: running text, headings, rows of tables, the titles of figures."""
    from handover.document import model

    if document.headline:
        yield from map(_marked, (document.headline.title, document.headline.standfirst))
    for part in document.parts:
        if isinstance(part, model.Prose | model.Output):
            yield from _below(part.blocks)
        elif isinstance(part, model.Figure):
            yield from (*map(_marked, (part.title, part.subtitle)), part.alt)


def _below(node: Any) -> Iterator[str]:
    from handover.document import model

    if isinstance(node, tuple):
        for inner in node:
            yield from _below(inner)
    elif isinstance(node, model.Table):
        for row in (*node.head, *node.body):
            yield " · ".join(cell.text for cell in row)
    elif isinstance(node, model.Running | model.Heading):
        yield _marked(node.inside)
    else:
        for name in getattr(node, "__match_args__", ()):
            yield from _below(getattr(node, name))


def _marked(inlines: Any) -> str:
    """The text of inlines, in which citations of facts are marked with their keys."""
    from handover.document import model

    def mark(node: Any) -> Any:
        if isinstance(node, model.Citation) and node.kind == "fact-":
            return model.Text(f"{KEY}{node.key}{TEXT}{model.plain(node.inside)}{CLOSE}")
        if isinstance(node, model.Citation) and node.kind == "conflict-":
            return model.Text("")  # a mark after a number, no word
        return replace(node, inside=tuple(map(mark, node.inside))) if hasattr(node, "inside") else node

    return model.plain(tuple(map(mark, inlines)))


def _unmatched(sentences: Sequence[str], others: Sequence[str], told: Collection[str]) -> list[str]:
    """Those sentences, as readers see them, that are not among the others, whatever facts of `told` say in them."""

    def alike(sentence: str) -> str:
        return CITED.sub(lambda found: found[1] if found[1] in told else found[2], sentence).translate(MARKS)

    there = Counter(map(alike, others))
    found: dict[str, None] = {}
    for sentence in sentences:
        there[alike(sentence)] -= 1
        if there[alike(sentence)] < 0:
            found[CITED.sub(r"\2", sentence).translate(MARKS)] = None
    return list(found)


def _twins(gone: Sequence[str], come: Sequence[str]) -> dict[str, str]:
    """For new sentences the old one that each is a rewriting of: the most alike first, each once."""
    old, new = ({one: one.lower().split() for one in side[:COMPARED]} for side in (gone, come))
    pairs = []
    for after, words in new.items():
        matcher = SequenceMatcher(b=words, autojunk=False)
        for before, others in old.items():
            matcher.set_seq1(others)
            if matcher.quick_ratio() >= LIKE and (likeness := matcher.ratio()) >= LIKE:
                pairs.append((likeness, before, after))
    found: dict[str, str] = {}
    for _, before, after in sorted(pairs, key=lambda pair: -pair[0]):
        if after not in found and before not in found.values():
            found[after] = before
    return found
