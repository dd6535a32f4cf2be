"""All that a document's evidence blocks state, in a shape the page can trust, whoever wrote them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from handover.document import document, spaces
from handover.pages import Sheet
from handover.text import legible

FACT = ("key", "label", "value", "known_since", "reading")
SOURCE = ("id", "credit", "carrier", "title", "url", "published", "grade", "seen")
CLAIM = ("id", "statement", "said_by", "where", "known_since")
CONFLICT = ("id", "topic", "reading")
SIDE = ("text", "source", "credit")
#: What is looked up and not read.
ADDRESSES = {"key", "id", "url", "source", "known_since"}
#: What may be told in a text; anything else an evidence block holds is left out.
TELLING = (str, int, float)
Item = dict[str, Any]


@dataclass
class Ledger:
    """Facts, sources, claims and conflicts by id; `pages` says which block states which of them."""

    facts: dict[str, Item] = field(default_factory=dict)
    sources: dict[str, Item] = field(default_factory=dict)
    claims: dict[str, Item] = field(default_factory=dict)
    conflicts: dict[str, Item] = field(default_factory=dict)
    pages: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, doc: document.Document) -> "Ledger":
        """Read every evidence block; of two things of one id the first holds."""
        ledger = cls()
        for block in doc.blocks:
            if isinstance(block, document.Evidence):
                ledger._add(block.content if isinstance(block.content, Mapping) else {})
        return ledger

    def __bool__(self) -> bool:
        return bool(self.facts or self.sources or self.conflicts)

    def reserve(self, sheet: Sheet) -> None:
        """Give everything its id before the text can take one."""
        for prefix, items in (
            ("fact", self.facts), ("source", self.sources), ("claim", self.claims), ("conflict", self.conflicts)
        ):  # fmt: skip
            for name in items:
                sheet.identify(f"{prefix}-{name}")

    def _add(self, content: Mapping[str, Any]) -> None:
        page: dict[str, Any] = {"facts": [], "sources": [], "conflicts": []}
        page |= {name: _text(content.get(name)) for name in ("heading", "layout")}
        for fact in _objects(content.get("facts")):
            item = _pick(fact, FACT) | {name: _texts(fact.get(name)) for name in ("claims", "conflicts")}
            item["printed"] = list(map(spaces.bind, _texts(fact.get("printed"))))
            _enter(item, "key", self.facts, page["facts"])
        for source in _objects(content.get("sources")):
            item = _pick(source, SOURCE) | {"claims": []}
            if _enter(item, "id", self.sources, page["sources"]):
                for claim in _objects(source.get("claims")):
                    told = _pick(claim, CLAIM) | {"facts": _texts(claim.get("facts")), "source": item}
                    _enter(told, "id", self.claims, item["claims"])
        for conflict in _objects(content.get("conflicts")):
            sides = {side: _pick(_object(conflict.get(side)), SIDE) for side in "ab"}
            _enter(_pick(conflict, CONFLICT) | sides, "id", self.conflicts, page["conflicts"])
        self.pages.append(page)


def _enter(item: Item, key: str, known: dict[str, Item], listed: list[Item]) -> bool:
    name = item[key]
    if not name or name in known:
        return False
    known[name] = item
    listed.append(item)
    return True


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    yield from (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def _text(value: object) -> str:
    return legible(value).strip() if isinstance(value, TELLING) else ""


def _texts(value: object) -> list[str]:
    return list(filter(None, map(_text, value))) if isinstance(value, list) else []


def _pick(item: Mapping[str, Any], names: tuple[str, ...]) -> Item:
    told = {name: _text(item.get(name)) for name in names}
    return {name: value if name in ADDRESSES else spaces.bind(value) for name, value in told.items()}
