"""What a report may be asked: its parameters, read from the one cell tagged ``parameters``, and the values given.

Nothing here runs a notebook or imports a tool of Jupyter's, so that a wrong request fails in milliseconds.
The grammar of annotations is in `handover.notebook.annotations`.
"""

import ast
import copy
import io
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handover.errors import NotebookError, ParameterError, near
from handover.notebook.annotations import Declaration, Fault, read, value

if TYPE_CHECKING:  # pathlib alone would be a third of what importing this module costs
    from pathlib import Path

TAG = "parameters"

EXAMPLE = 'Declare each as in `as_of: Annotated["date", "2020-01-01.."] = "2026-10-01"  # the day it speaks from`.'


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter; `line` is its line in the cell.

    `type` is what one value must be (str, int, float, bool or date); `optional` and `many` say whether
    none and a list are meant. `low` and `high` are the ends of its range, None where open.
    """

    name: str
    type: str
    default: Any
    comment: str
    choices: tuple[Any, ...] = ()
    low: Any = None
    high: Any = None
    line: int = 0
    optional: bool = False
    many: bool = False

    @property
    def declaration(self) -> Declaration:
        """What a value must keep."""
        return Declaration(self.type, self.optional, self.many, self.choices, self.low, self.high)


def declared(nb: Mapping[str, Any], path: "Path | str") -> tuple[Parameter, ...]:
    """Read the parameters that a notebook declares, in its order.

    Args:
        nb: The notebook, as `json.load` or nbformat gives it.
        path: Its path, as messages are to name it.

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
        parameters: What the notebook declares.
        given: Value by name. Text, as a command line has it, is read by the declared type: ``none`` for none,
            commas between the items of a list. Other values must have the type already; a `datetime.date`
            passes for a date.
        where: What messages name first: the notebook, a schedule's entry, a column of a sweep.

    Returns:
        All parameters in the order of declaration, as plain JSON values; dates as ISO text. Only strings,
        numbers, booleans, None and lists of them come out: papermill writes values into code, and of these
        alone it is known to quote them safely.

    Raises:
        ParameterError: Names or values that the notebook does not allow, all at once.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    values = {parameter.name: copy.copy(parameter.default) for parameter in parameters}
    faults = []
    for name, raw in given.items():
        if name not in by_name:
            known = ", ".join(by_name) or "none"
            faults.append(f"{_quoted(name)} is unknown (known: {known}{near(str(name), by_name)})")
            continue
        try:
            values[name] = value(by_name[name].declaration, raw, from_text=isinstance(raw, str))
        except Fault as fault:
            faults.append(f"'{name}' {fault}")
    if faults:
        first = f"parameter {faults[0]}." if len(faults) == 1 else f"{len(faults)} parameters cannot be taken:"
        rest = [] if len(faults) == 1 else [f"  {fault}" for fault in faults]
        advice = f"The cell tagged '{TAG}' declares what each may be; nothing was run."
        raise ParameterError("\n".join([f"{where}: {first}", *rest, advice]))
    return values


def _cell(nb: Mapping[str, Any], path: "Path | str") -> tuple[int, str]:
    """The number and source of the parameters cell; numbers count all cells, from 1."""
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
    """Comments by line; the tokeniser knows a comment from a hash inside a string."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("#").strip() for token in tokens if token.type == tokenize.COMMENT}


def _parameter(statement: ast.stmt, comments: Mapping[int, str]) -> Parameter | None:
    """Read one statement; None for an import.

    Raises:
        Fault: It is neither an import nor a whole declaration.
    """
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return None
    name = _target(statement)
    missing = list(_missing(statement, comments))
    if missing:
        raise Fault(f"'{name}' must have a type, a default and a comment (no {', no '.join(missing)})")
    try:
        rule = read(statement.annotation)
        default = value(rule, _literal(statement.value))
    except Fault as fault:
        raise Fault(f"'{name}' {fault}") from None
    return Parameter(
        name=name,
        type=rule.type,
        default=default,
        comment=comments[statement.end_lineno],
        choices=rule.choices,
        low=rule.low,
        high=rule.high,
        line=statement.lineno,
        optional=rule.optional,
        many=rule.many,
    )


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
