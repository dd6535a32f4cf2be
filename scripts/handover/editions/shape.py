"""Whether a value that JSON gave has the shape that a typed dictionary declares, down to its last leaf.

Understood are `str`, `int`, `float`, `bool`, `None`, unions of these, `list`, `dict`, `TypedDict` with `NotRequired`,
and `Annotated[kind, fits, words]`, where `fits` says whether a value of the kind will do, and `words` what would. Keys
that are not declared are left alone: a later version may write more.
"""

import math
import re
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false", type(None): "none"}

#: Halves of surrogate pairs, which JSON can hold and UTF-8 cannot.
HALVES = re.compile("[\ud800-\udfff]")
#: A place, from within outwards, and what is wrong there; None where nothing is.
Fault = tuple[list[str], str] | None
Check = Callable[[Any], Fault]


def fault(value: Any, kind: Any) -> str:
    """Name the first place where a value departs from a kind, and what must stand there; "" if it has its shape."""
    found = _check(kind)(value)
    if not found:
        return ""
    place, wrong = found
    return f"{'.'.join(reversed(place)) or 'the whole'} {wrong}"


@cache
def _check(kind: Any) -> Check:
    """Make the check of a kind; once, since a store has many manifests."""
    origin, inner = get_origin(kind), get_args(kind)
    if is_typeddict(kind):
        return _object(kind)
    if origin is Annotated:
        return _annotated(*inner)
    if origin is list:
        return _each(list, "a list", lambda value: ((str(n), one) for n, one in enumerate(value)), _check(inner[0]))
    if origin is dict:
        return _each(dict, "an object", dict.items, _check(inner[1]), _check(inner[0]))
    kinds = frozenset(inner or (kind,))
    return _leaf(kinds) if kinds <= WORDS.keys() else _union(inner)


def _leaf(kinds: frozenset[type]) -> Check:
    wanted = f"must be {' or '.join(WORDS[kind] for kind in WORDS if kind in kinds)}"

    numbers = kinds & {int, float} | ({int} if float in kinds else set())
    others = kinds - {str, int, float}

    def check(value: Any) -> Fault:
        kind = type(value)
        if kind is str:
            fits = str in kinds and (value.isascii() or not HALVES.search(value))
        else:
            fits = abs(value) < math.inf if kind in numbers else kind in others
        return None if fits else ([], f"{wanted} (got {_shown(value)})")

    return check


def _union(kinds: tuple[Any, ...]) -> Check:
    leaves = frozenset(kinds) & WORDS.keys()
    checks = [_leaf(leaves), *(_check(kind) for kind in kinds if kind not in leaves)]

    def check(value: Any) -> Fault:
        found = [one(value) for one in checks]
        # of several faults, the deepest is that of the kind which was meant
        return None if None in found else max(found, key=lambda one: len(one[0]))

    return check


def _annotated(kind: Any, fits: Callable[[Any], object], words: str) -> Check:
    inner = _check(kind)

    def check(value: Any) -> Fault:
        return inner(value) or (None if fits(value) else ([], f"must be {words} (got {_shown(value)})"))

    return check


def _any(value: Any) -> Fault:
    return None


def _each(kind: type, words: str, items: Callable[[Any], Any], check_one: Check, check_key: Check = _any) -> Check:
    def check(value: Any) -> Fault:
        if type(value) is not kind:
            return [], f"must be {words} (got {_shown(value)})"
        for key, one in items(value):
            if found := check_key(key) or check_one(one):
                found[0].append(key)
                return found
        return None

    return check


def _object(kind: Any) -> Check:
    hints = get_type_hints(kind, include_extras=True)
    bare = {name: get_args(hint)[0] if get_origin(hint) is NotRequired else hint for name, hint in hints.items()}
    checks = [(name, _check(hint), name in kind.__required_keys__) for name, hint in bare.items()]

    def check(value: Any) -> Fault:
        if type(value) is not dict:
            return [], f"must be an object (got {_shown(value)})"
        for name, check_one, required in checks:
            if name not in value:
                if required:
                    return [name], "must be given (got none)"
            elif found := check_one(value[name]):
                found[0].append(name)
                return found
        return None

    return check


def _shown(value: Any) -> str:
    """A value of unknown origin in a few letters."""
    if isinstance(value, list | dict):
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value):,}"
    text = ascii(value) if isinstance(value, str) else f"{value!r}"
    return text if len(text) <= 40 else text[:39] + "…"
