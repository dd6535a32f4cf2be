"""The grammar of a parameter's annotation, and the check of one value against it.

``str int float bool "date" Literal[…] list[X] X | None Optional[X] Annotated[X, "low..high"]``; a date is
ISO text, written ``"date"`` because it is no Python type. An annotation is read, never evaluated.
"""

import ast
import datetime as dt
import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from handover.errors import near

GRAMMAR = 'str, int, float, bool, "date", Literal[…], list[…], … | None or Annotated[…, "low..high"]'

#: What a word of the command line means as a boolean.
TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}

#: How messages name what one value must be.
WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date, YYYY-MM-DD",
}


class Fault(Exception):
    """One fault of an annotation or a value, worded to follow the parameter's name; never leaves the press."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a value must be; `low` and `high` are None where the range is open."""

    type: str
    optional: bool = False
    many: bool = False
    choices: tuple[Any, ...] = ()
    low: Any = None
    high: Any = None


def read(node: ast.expr) -> Declaration:
    """Read an annotation.

    Raises:
        Fault: It is not in the grammar.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return read(ast.parse(node.value, mode="eval").body)
        except SyntaxError:
            raise _strange(node) from None
    if _name(node) in WORDS:
        return Declaration(_name(node))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = [side for side in (node.left, node.right) if not _is_none(side)]
        if len(sides) == 1:
            return replace(read(sides[0]), optional=True)
    if isinstance(node, ast.Subscript):
        outer, inner = _name(node.value), node.slice
        if outer == "Optional":
            return replace(read(inner), optional=True)
        if outer in ("list", "List"):
            rule = read(inner)
            if not rule.many and not rule.optional:
                return replace(rule, many=True)
        if outer == "Literal":
            return _choices(inner)
        if outer == "Annotated" and isinstance(inner, ast.Tuple) and len(inner.elts) == 2:
            return _ranged(read(inner.elts[0]), inner.elts[1])
    raise _strange(node)


def value(rule: Declaration, raw: Any, *, from_text: bool = False) -> Any:
    """Return a value as plain JSON, or say why it breaks the declaration.

    Args:
        rule: What the value must be.
        raw: The value, or with `from_text` the words of a command line.
        from_text: Whether to read text by the declared type.

    Raises:
        Fault: It must not be taken.
    """
    if rule.optional and (raw is None or (from_text and raw.strip().lower() == "none")):
        return None
    if not rule.many:
        return _one(rule, raw, from_text)
    if not from_text and not isinstance(raw, list):
        raise Fault(f"must be a list, each {WORDS[rule.type]} (got {_shown(raw)})")
    items = _items(raw) if from_text else raw
    return [_one(rule, item, from_text and isinstance(item, str)) for item in items]


def _one(rule: Declaration, raw: Any, from_text: bool) -> Any:
    none = " or none" if rule.optional else ""
    try:
        found = READERS[rule.type](raw, from_text)
    except (ValueError, OverflowError):
        raise Fault(f"must be {WORDS[rule.type]}{none} (got {_shown(raw)})") from None
    if rule.choices and found not in rule.choices:
        known = [str(choice) for choice in rule.choices]
        one = f"one of {', '.join(known)}" if len(known) > 1 else known[0]
        raise Fault(f"must be {one}{none} (got {_shown(raw)}{near(str(raw), known)})")
    for bound, wrong, word in ((rule.low, _less, "at least"), (rule.high, _more, "at most")):
        if bound is not None and wrong(found, bound):
            raise Fault(f"must be {word} {bound}{none} (got {_shown(raw)})")
    return found


def _less(found: Any, bound: Any) -> bool:
    return found < bound


def _more(found: Any, bound: Any) -> bool:
    return found > bound


def _text(raw: Any, from_text: bool) -> str:
    if not isinstance(raw, str):
        raise ValueError
    raw.encode()  # a lone surrogate would break the kernel's messages: a ValueError too
    return raw


def _whole(raw: Any, from_text: bool) -> int:
    if from_text and re.fullmatch(r"[+-]?[0-9]+", raw.strip()):
        return int(raw)
    if type(raw) is not int:
        raise ValueError
    return raw


def _number(raw: Any, from_text: bool) -> float:
    plain = from_text and re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", raw.strip())
    if not plain and type(raw) not in (int, float):
        raise ValueError
    if not math.isfinite(number := float(raw)):
        raise ValueError
    return number


def _boolean(raw: Any, from_text: bool) -> bool:
    if from_text and raw.strip().lower() in TRUTH:
        return TRUTH[raw.strip().lower()]
    if type(raw) is not bool:
        raise ValueError
    return raw


def _date(raw: Any, from_text: bool) -> str:
    if type(raw) is dt.date:
        return raw.isoformat()
    # fromisoformat alone would also take 20260107 and 2026-W02-3, which do not sort as text
    if not isinstance(raw, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", raw.strip()):
        raise ValueError
    try:
        return dt.date.fromisoformat(raw.strip()).isoformat()
    except ValueError:
        raise Fault(f"must be a day that exists (got {_shown(raw)})") from None


READERS: dict[str, Callable[[Any, bool], Any]] = {
    "str": _text,
    "int": _whole,
    "float": _number,
    "bool": _boolean,
    "date": _date,
}


def _items(text: str) -> Iterable[Any]:
    """The items of a list given as text: JSON in brackets, else words between commas."""
    if text.strip().startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            raise Fault(f"must be a JSON list or words between commas (got {_shown(text)})") from None
    return [part.strip() for part in text.split(",") if part.strip()]


def _choices(node: ast.expr) -> Declaration:
    try:
        raw = ast.literal_eval(node)
    except ValueError:
        raise Fault(f"must list literals as its choices (got {ast.unparse(node)!r})") from None
    every = raw if isinstance(raw, tuple) else (raw,)
    choices = tuple(choice for choice in every if choice is not None)
    kinds = {type(choice).__name__ for choice in choices}
    if len(kinds) != 1 or not kinds <= {"str", "int", "bool"}:
        raise Fault(f"must have choices of one type, text or whole numbers (got {ast.unparse(node)!r})")
    return Declaration(kinds.pop(), optional=len(choices) < len(every), choices=choices)


def _ranged(rule: Declaration, node: ast.expr) -> Declaration:
    text = node.value if isinstance(node, ast.Constant) else None
    if not isinstance(text, str) or ".." not in text:
        raise Fault(f'must give its range as "low..high", either end open (got {ast.unparse(node)})')
    if rule.type not in ("int", "float", "date") or rule.choices:
        raise Fault(f"must be a number or a date to have a range (got {text!r})")
    single = Declaration(rule.type)
    low, high = (value(single, end, from_text=True) if end else None for end in text.split("..", 1))
    if low is not None and high is not None and low > high:
        raise Fault(f"must have a range that runs upwards (got {text!r})")
    return replace(rule, low=low, high=high)


def _name(node: ast.expr) -> str:
    """The last part of a name: ``typing.Literal`` and ``Literal`` are the same to us."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _strange(node: ast.expr) -> Fault:
    return Fault(f"has a type that is not known (got {ast.unparse(node)!r}; known: {GRAMMAR})")


def _shown(raw: Any) -> str:
    text = repr(raw)
    return text if len(text) <= 80 else text[:77] + "…"
