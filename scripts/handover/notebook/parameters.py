"""The parameters of a report, read from its cell tagged ``parameters``, and the values given for them.

Nothing here runs a notebook or imports a Jupyter tool, so a wrong value fails in milliseconds. An annotation is read,
never evaluated; the grammar is

``str int float bool "date" Literal[…] list[X] X | None Optional[X] Annotated[X, "low..high"]``

where a date is ISO text, written ``"date"`` because it is not a Python type.
"""

import ast
import copy
import datetime as dt
import io
import json
import math
import operator
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from handover import plain
from handover.credentials import is_secret
from handover.errors import NotebookError, ParameterError, near

if TYPE_CHECKING:  # pathlib alone would be a third of what importing this module costs
    from pathlib import Path

TAG = "parameters"

EXAMPLE = 'Declare each as in `as_of: Annotated["date", "2020-01-01.."] = "2026-10-01"  # the day it speaks from`.'

GRAMMAR = 'str, int, float, bool, "date", Literal[…], list[…], … | None or Annotated[…, "low..high"]'

#: What is wrong with a parameter named like a secret, and where secrets belong.
SECRET = (
    "must not be named like a secret, since parameters are printed and kept with every edition: fetch the data before "
    "the render, with the secret in the environment or the keyring of what fetches it, and put only the data into data/"
)

#: Words of the command line that mean a boolean.
TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}

#: How messages name the types.
WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date, YYYY-MM-DD",
}


class Fault(Exception):
    """A fault of an annotation or a value, worded to follow the parameter's name; never leaves this module."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value must be.

    `type` is a key of `WORDS`; `optional` allows None, and `many` means a list. `low` and `high` are the ends of the
    range, None where open.
    """

    type: str
    optional: bool = False
    many: bool = False
    choices: tuple[Any, ...] = ()
    low: Any = None
    high: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter(Rule):
    """One declared parameter; `line` is its line in the cell."""

    name: str
    default: Any
    comment: str
    line: int = 0


def declared(nb: Mapping[str, Any], path: "Path | str") -> tuple[Parameter, ...]:
    """Read the parameters that a notebook declares, in its order.

    Args:
        nb: The notebook, from `json.load` or nbformat.
        path: Its path in messages.

    Raises:
        NotebookError: There is not exactly one cell tagged ``parameters``, or its lines break the contract;
            all faults at once.
    """
    number, source = _cell(nb, path)
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise NotebookError(
            f"{path}: the parameters cell (cell {number}) must be plain Python "
            f"(got {error.msg} in line {error.lineno}).\n{EXAMPLE}"
        ) from error
    comments = _comments(source)
    found: dict[str, Parameter] = {}
    faults = []
    for statement in tree.body:
        try:
            parameter = _parameter(statement, comments)
            if parameter and parameter.name in found:
                raise Fault(f"'{parameter.name}' is declared twice")
            for other in found if parameter else ():
                if other.casefold() == parameter.name.casefold():
                    raise Fault(f"'{parameter.name}' must differ from '{other}' in more than case")
            if parameter:
                found[parameter.name] = parameter
        except Fault as fault:
            faults.append(f"line {statement.lineno}: {fault}")
    if faults:
        listed = "\n  ".join(faults)
        raise NotebookError(f"{path}: the parameters cell (cell {number}) breaks the contract:\n  {listed}\n{EXAMPLE}")
    return tuple(found.values())


def bind(
    parameters: Sequence[Parameter], given: Mapping[str, Any], where: "Path | str" = "parameters"
) -> dict[str, Any]:
    """Check the values given and fill in the defaults.

    Args:
        parameters: From `declared`.
        given: Value by name. Text, as a command line has it, is read by the declared type: ``none`` for none,
            commas between the items of a list. Other values must have the type already; a `datetime.date`
            passes for a date.
        where: The start of messages: the notebook, a schedule's entry, a column of a sweep.

    Returns:
        All parameters in the order of declaration, dates as ISO text. Only strings, numbers, booleans, None and
        lists of them: papermill writes values into code, and quotes these safely.

    Raises:
        ParameterError: Names or values that the notebook does not allow, all at once.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    values = {parameter.name: copy.copy(parameter.default) for parameter in parameters}
    faults = []
    for name, raw in given.items():
        if is_secret(str(name)):
            faults.append(f"{_quoted(name)} {SECRET}")
            continue
        if name not in by_name:
            known = ", ".join(by_name) or "none"
            faults.append(f"{_quoted(name)} is unknown (known: {known}{near(str(name), by_name)})")
            continue
        try:
            values[name] = _value(by_name[name], raw, from_text=isinstance(raw, str))
        except Fault as fault:
            faults.append(f"'{name}' {fault}")
    if faults:
        first = f"parameter {faults[0]}." if len(faults) == 1 else f"{len(faults)} parameters cannot be taken:"
        rest = [] if len(faults) == 1 else [f"  {fault}" for fault in faults]
        advice = f"The cell tagged '{TAG}' declares what each may be; nothing was run."
        raise ParameterError("\n".join([f"{where}: {first}", *rest, advice]))
    return values


def _cell(nb: Mapping[str, Any], path: "Path | str") -> tuple[int, str]:
    """Return the number, counted over all cells from 1, and the source of the parameters cell."""
    tagged = [
        (number, cell)
        for number, cell in enumerate(nb.get("cells", []), 1)
        if cell.get("cell_type") == "code" and TAG in cell.get("metadata", {}).get("tags", [])
    ]
    if len(tagged) != 1:
        cells = ", ".join(str(number) for number, _ in tagged)
        raise NotebookError(
            f"{path}: one code cell must be tagged '{TAG}' (got {f'cells {cells}' if tagged else 'none'}).\n"
            "Tag the cell that declares the parameters in JupyterLab's property inspector, and only that one."
        )
    number, cell = tagged[0]
    source = cell.get("source", "")
    return number, source if isinstance(source, str) else "".join(source)


def _comments(source: str) -> dict[int, str]:
    """Return comments by line; unlike a regex, the tokeniser tells a comment from a hash inside a string."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("#").strip() for token in tokens if token.type == tokenize.COMMENT}


def _parameter(statement: ast.stmt, comments: Mapping[int, str]) -> Parameter | None:
    """Read one statement, None for an import; raise `Fault` if it is not a complete declaration."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return None
    name = _target(statement)
    if is_secret(name):
        raise Fault(f"'{name}' {SECRET}")
    missing = list(_missing(statement, comments))
    if missing:
        raise Fault(f"'{name}' must have a type, a default and a comment (no {', no '.join(missing)})")
    try:
        rule = _rule(statement.annotation)
        default = _value(rule, _literal(statement.value))
    except Fault as fault:
        raise Fault(f"'{name}' {fault}") from None
    declared = {field.name: getattr(rule, field.name) for field in fields(rule)}
    comment = comments[statement.end_lineno]
    return Parameter(**declared, name=name, default=default, comment=comment, line=statement.lineno)


def _target(statement: ast.stmt) -> str:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or not isinstance(targets[0], ast.Name):
        text = ast.unparse(statement).splitlines()[0]
        raise Fault(f"only imports and declarations may stand here (got {text[:60]!r})")
    return targets[0].id


def _missing(statement: ast.stmt, comments: Mapping[int, str]) -> Iterator[str]:
    if getattr(statement, "annotation", None) is None:
        yield "type"
    if statement.value is None:
        yield "default"
    if not comments.get(statement.end_lineno):
        yield "comment"


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        raise Fault(f"must have a literal as its default (got {ast.unparse(node)[:60]!r})") from None


def _quoted(name: object) -> str:
    return f"'{name}'" if isinstance(name, str) and name.isprintable() else repr(name)


def _rule(node: ast.expr) -> Rule:
    """Read an annotation; raise `Fault` if it is not in the grammar."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return _rule(ast.parse(node.value, mode="eval").body)
        except SyntaxError:
            raise _strange(node) from None
    if _name(node) in WORDS:
        return Rule(_name(node))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = [side for side in (node.left, node.right) if not _is_none(side)]
        if len(sides) == 1:
            return replace(_rule(sides[0]), optional=True)
    if isinstance(node, ast.Subscript):
        outer, inner = _name(node.value), node.slice
        if outer == "Optional":
            return replace(_rule(inner), optional=True)
        if outer in ("list", "List"):
            rule = _rule(inner)
            if not rule.many and not rule.optional:
                return replace(rule, many=True)
        if outer == "Literal":
            return _choices(inner)
        if outer == "Annotated" and isinstance(inner, ast.Tuple) and len(inner.elts) == 2:
            return _ranged(_rule(inner.elts[0]), inner.elts[1])
    raise _strange(node)


def _value(rule: Rule, raw: Any, *, from_text: bool = False) -> Any:
    """Return a value as plain JSON, or raise `Fault`; with `from_text`, text is read by the declared type."""
    if rule.optional and (raw is None or (from_text and raw.strip().lower() == "none")):
        return None
    if not rule.many:
        return _one(rule, raw, from_text)
    if not from_text and not isinstance(raw, list):
        raise Fault(f"must be a list, each {WORDS[rule.type]} (got {_shown(raw)})")
    items = _items(raw) if from_text else raw
    return [_one(rule, item, from_text and isinstance(item, str)) for item in items]


def _one(rule: Rule, raw: Any, from_text: bool) -> Any:
    none = " or none" if rule.optional else ""
    try:
        found = READERS[rule.type](raw, from_text)
    except (ValueError, OverflowError):
        raise Fault(f"must be {WORDS[rule.type]}{none} (got {_shown(raw)})") from None
    if rule.choices and found not in rule.choices:
        known = [str(choice) for choice in rule.choices]
        one = f"one of {', '.join(known)}" if len(known) > 1 else known[0]
        raise Fault(f"must be {one}{none} (got {_shown(raw)}{near(str(raw), known)})")
    for bound, wrong, word in ((rule.low, operator.lt, "at least"), (rule.high, operator.gt, "at most")):
        if bound is not None and wrong(found, bound):
            raise Fault(f"must be {word} {bound}{none} (got {_shown(raw)})")
    return found


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
    if not isinstance(raw, str) or not plain.DAY.fullmatch(raw.strip()):
        raise ValueError
    try:
        return plain.day(raw.strip()).isoformat()
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
    """Read the items of a list given as text: JSON in brackets, else words between commas."""
    if text.strip().startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            raise Fault(f"must be a JSON list or words between commas (got {_shown(text)})") from None
    return [part.strip() for part in text.split(",") if part.strip()]


def _choices(node: ast.expr) -> Rule:
    try:
        raw = ast.literal_eval(node)
    except ValueError:
        raise Fault(f"must list literals as its choices (got {ast.unparse(node)!r})") from None
    every = raw if isinstance(raw, tuple) else (raw,)
    choices = tuple(choice for choice in every if choice is not None)
    kinds = {type(choice).__name__ for choice in choices}
    if len(kinds) != 1 or not kinds <= {"str", "int", "bool"}:
        raise Fault(f"must have choices of one type, text or whole numbers (got {ast.unparse(node)!r})")
    return Rule(kinds.pop(), optional=len(choices) < len(every), choices=choices)


def _ranged(rule: Rule, node: ast.expr) -> Rule:
    text = node.value if isinstance(node, ast.Constant) else None
    if not isinstance(text, str) or ".." not in text:
        raise Fault(f'must give its range as "low..high", either end open (got {ast.unparse(node)})')
    if rule.type not in ("int", "float", "date") or rule.choices:
        raise Fault(f"must be a number or a date to have a range (got {text!r})")
    single = Rule(rule.type)
    low, high = (_value(single, end, from_text=True) if end else None for end in text.split("..", 1))
    if low is not None and high is not None and low > high:
        raise Fault(f"must have a range that runs upwards (got {text!r})")
    return replace(rule, low=low, high=high)


def _name(node: ast.expr) -> str:
    """Return the last part of a name: ``typing.Literal`` and ``Literal`` are the same here."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _strange(node: ast.expr) -> Fault:
    return Fault(f"has a type that is not known (got {ast.unparse(node)!r}; known: {GRAMMAR})")


def _shown(raw: Any) -> str:
    text = repr(raw)
    return text if len(text) <= 80 else text[:77] + "…"
