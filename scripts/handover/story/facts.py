"""A fact: what we conclude and print, with the claims behind it and since when it was known.

Facts that are read off one claim are rows of ``data/facts.csv``: the claims in order of preference, and
why. Facts that are worked out from others, or counted, are functions of `handover.story.reckoning`.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from handover.errors import FactError, near
from handover.story.claims import Claim, quantity
from handover.story.periods import Period
from handover.story.tables import Row
from handover.story.view import View
from handover.story.wording import Quantity


@dataclass(frozen=True, slots=True)
class Fact:
    """What a report prints at one place.

    Its value is `quantity`, or else `words` (a state, such as "handed over to Iraq"), or else `period`; a fact
    of the first two kinds may hold in `period` when that was so. What was only said has none of them, and is named
    for who said it. `claims` starts with the one whose reading is printed. `reading` says why it was chosen.
    """

    key: str
    label: str
    unit: str
    claims: tuple[str, ...]
    known: dt.date
    quantity: Quantity | None = None
    period: Period | None = None
    reading: str = ""
    conflicts: tuple[str, ...] = ()
    words: str = ""

    @property
    def value(self) -> Quantity | Period | str | None:
        """What the fact says: how many, in what state, or when."""
        return self.quantity or self.words or self.period


Reckoning = Callable[["Facts"], Fact | None]

#: What the column `of` says of a fact that has no value.
SAID = "said"


@dataclass
class Facts:
    """All facts of one report, each worked out when it is first asked for."""

    view: View
    reckonings: dict[str, Reckoning] = field(default_factory=dict)
    _found: dict[str, Fact | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._declared = {str(row["fact"]): row for row in self.view.record.rows["facts"]}

    def __iter__(self) -> Iterator[str]:
        return iter([*self._declared, *self.reckonings])

    def said(self, key: str) -> bool:
        """Whether a fact is only that something was said."""
        return key in self._declared and self._declared[key]["of"] == SAID

    def __contains__(self, key: object) -> bool:
        return key in self._declared or key in self.reckonings

    def __getitem__(self, key: str) -> Fact | None:
        """Return a fact, or None where nothing was known of it by the report's day.

        Raises:
            FactError: There is no such fact, or its claims contradict each other with no conflict registered.
        """
        if key not in self._found:
            if key in self.reckonings:
                self._found[key] = self.reckonings[key](self)
            elif key in self._declared:
                self._found[key] = _read(self.view, self._declared[key])
            else:
                raise FactError(
                    f"'{key}' is not a fact{near(key, list(self))}.\n"
                    "data/facts.csv lists the facts; add a row to it, with the claims behind the number."
                )
        return self._found[key]


def _read(view: View, row: Row) -> Fact | None:
    """Read a declared fact off the claim to prefer."""
    claims = view.claims(str(row["claims"]).split())
    if row["choose"] == "latest":
        claims = [found for found in claims if not view.weak(found)]
        claims.sort(key=lambda found: found.period.end if found.period else dt.date.min, reverse=True)
        claims = claims[:1]
    claims.sort(key=view.weak)
    if not claims or view.weak(claims[0]):
        return None
    name = {"key": str(row["fact"]), "label": str(row["label"]), "unit": str(row["unit"])}
    of = str(row["of"])
    if of == SAID:
        ids = tuple(found.id for found in claims)
        return Fact(**name, claims=ids, known=claims[0].known, conflicts=_declared(view, row))
    values = [(found, _value(found, of)) for found in claims]
    values = [(found, value) for found, value in values if value is not None]
    if not values:
        return None
    _agree(view, name["key"], values)
    first, value = values[0]
    ids = tuple(found.id for found, _ in values)
    return Fact(
        **name,
        claims=ids,
        known=first.known,
        quantity=value if isinstance(value, Quantity) else None,
        period=first.period if isinstance(value, Quantity) else value,
        reading=str(row["reading"] or "") if len(ids) > 1 or row["choose"] == "latest" else "",
        conflicts=_contested(view, row, first, value),
    )


def _declared(view: View, row: Row) -> tuple[str, ...]:
    """The known conflicts that a fact is declared to touch; ``none`` declares that it touches none."""
    return tuple(name for name in str(row["conflicts"] or "").split() if name in view.conflicts)


def _contested(view: View, row: Row, first: Claim, chosen: Quantity | Period) -> tuple[str, ...]:
    """The known conflicts that touch a value: as declared, else those whose other side contradicts it."""
    if row["conflicts"]:
        return _declared(view, row)
    found = []
    for conflict in view.conflicts_over([first.id]):
        sides = view.sides[conflict]
        others = sides.get("b", []) if first.id in sides.get("a", []) else sides.get("a", [])
        values = [_value(claim, str(row["of"])) for claim in view.claims(others)]
        if any(value is not None and not overlap(chosen, value) for value in values):
            found.append(conflict)
    return tuple(found)


def _value(found: Claim, of: str) -> Quantity | Period | None:
    if of == "date":
        return found.period
    if of in ("start", "end") and found.period:
        day = getattr(found.period, of)
        return Period(day, day)
    stated = quantity(found.row, of)
    return stated if stated.known else None


def _agree(view: View, key: str, values: list[tuple[Claim, Quantity | Period]]) -> None:
    """Refuse a fact whose claims contradict each other while no conflict says so."""
    first, chosen = values[0]
    for other, value in values[1:]:
        if not overlap(chosen, value) and not view.opposed(first.id, other.id):
            raise FactError(
                f"data/facts.csv: '{key}': {first.id} and {other.id} contradict each other "
                f"({_show(chosen)} against {_show(value)}) and no conflict is registered.\n"
                "Register it in data/record/conflicts.csv and conflict_rows.csv, or take one of the claims out."
            )


def overlap(one: Quantity | Period, other: Quantity | Period) -> bool:
    """Whether two readings can both be true, open edges allowing everything on their side."""
    if isinstance(one, Period) and isinstance(other, Period):
        return one.start <= other.end and other.start <= one.end
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        (low, high), (floor, ceiling) = one.edges(), other.edges()
        below = high is not None and floor is not None and high < floor
        above = low is not None and ceiling is not None and low > ceiling
        return not below and not above
    return False


def _show(value: Quantity | Period) -> str:
    if isinstance(value, Period):
        return f"{value.start} to {value.end}"
    low, high = value.edges()
    return f"{low} to {high}" if low != high else str(low)
