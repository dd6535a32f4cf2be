"""Arithmetic with numbers as sources gave them: what is not known of one is not known of the result.

A number has a lower and an upper edge. An edge that nobody gave stays open: "fewer than 2,000" and 500 are fewer than
2,500, with no lower edge. A result is exact only if all that it is made of is.
"""

from collections.abc import Sequence
from dataclasses import replace

from handover.story.values import Period, Quantity

#: A lower or an upper edge, and whether the number lies strictly inside it; None where it is open.
Edge = tuple[float, bool] | None
OPEN = ("fewer_than", "less_than", "more_than")


def day(period: Period) -> Quantity:
    """Return a day as a number, so that days can be taken from each other; one that is not known is a range."""
    first, last = period.start.toordinal(), period.end.toordinal()
    return Quantity(first, bound="exact") if first == last else Quantity(low=first, high=last, bound="range")


def total(numbers: Sequence[Quantity]) -> Quantity:
    """Return the sum."""
    lows, highs = zip(*map(_edges, numbers), strict=True)
    return _quantity(_added(lows), _added(highs), numbers)


def mean(numbers: Sequence[Quantity]) -> Quantity:
    """Return the arithmetic mean, to one decimal."""
    low, high = _edges(total(numbers))
    return _quantity(_scaled(low, 1 / len(numbers), 1), _scaled(high, 1 / len(numbers), 1), numbers)


def difference(one: Quantity, other: Quantity) -> Quantity:
    """Return `one` less `other`."""
    (low, high), (floor, ceiling) = _edges(one), _edges(other)
    return _quantity(_added((low, _scaled(ceiling, -1))), _added((high, _scaled(floor, -1))), (one, other))


def least(numbers: Sequence[Quantity]) -> Quantity:
    """Return the smallest."""
    lows, highs = zip(*map(_edges, numbers), strict=True)
    low = None if None in lows else min(lows, key=lambda edge: (edge[0], edge[1]))
    high = min(filter(None, highs), key=lambda edge: (edge[0], not edge[1]), default=None)
    return _quantity(low, high, numbers)


def most(numbers: Sequence[Quantity]) -> Quantity:
    """Return the largest."""
    lows, highs = zip(*map(_edges, numbers), strict=True)
    low = max(filter(None, lows), key=lambda edge: (edge[0], edge[1]), default=None)
    high = None if None in highs else max(highs, key=lambda edge: (edge[0], not edge[1]))
    return _quantity(low, high, numbers)


def share(part: Quantity, whole: Quantity) -> Quantity:
    """Return how many per cent of `whole`, which is above zero, `part` is: a whole number, "about" where rounded."""
    (low, high), (floor, ceiling) = _edges(part), _edges(whole)
    if floor is not None and floor[0] <= 0:
        floor = None
    found = _quantity(_ratio(low, ceiling), _ratio(high, floor), (part, whole), rounded=True)
    # per cent are not counted
    return replace(found, bound="less_than") if found.bound == "fewer_than" else found


def _edges(number: Quantity) -> tuple[Edge, Edge]:
    low, high = number.edges()
    strict = number.bound in OPEN
    return (None if low is None else (low, strict)), (None if high is None else (high, strict))


def _added(edges: Sequence[Edge]) -> Edge:
    if None in edges:
        return None
    return sum(value for value, _ in edges), any(strict for _, strict in edges)  # type: ignore[union-attr, misc]


def _scaled(edge: Edge, by: float, digits: int | None = None) -> Edge:
    if edge is None:
        return None
    value = edge[0] * by
    return (value if digits is None else round(value, digits)), edge[1]


def _ratio(one: Edge, other: Edge) -> Edge:
    return None if one is None or other is None else (100 * one[0] / other[0], one[1] or other[1])


def _quantity(low: Edge, high: Edge, numbers: Sequence[Quantity], *, rounded: bool = False) -> Quantity:
    """Return the number between two edges, under the name of its bound; unknown where both are open."""
    inexact = any(number.bound == "about" for number in numbers)
    if rounded:
        inexact = inexact or any(edge and not float(edge[0]).is_integer() for edge in (low, high))
        low, high = (None if edge is None else (round(edge[0]), edge[1]) for edge in (low, high))
    if low and high and low[0] == high[0]:
        return Quantity(low[0], bound="about" if inexact else "exact")
    if low and high:
        return Quantity(low=low[0], high=high[0], bound="range")
    if high:
        return Quantity(high=high[0], bound="fewer_than" if high[1] else "at_most")
    if low:
        return Quantity(low=low[0], bound="more_than" if low[1] else "at_least")
    return Quantity()
