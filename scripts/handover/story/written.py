"""The words of a notebook, checked as they stand in its cells: templates, and the names of facts, tables and rows.

Nothing is run, so only what is written out can be checked: text in the calls of a `Story`'s methods, in tuples, in
both branches of a choice, and behind a name that is assigned once. What is computed is checked when it is printed.
"""

import ast
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from handover.errors import FactError, ProseError, near, on_one_line
from handover.project import Project
from handover.story.claims import View
from handover.story.data import Tables, read_outlines
from handover.story.facts import Facts, earlier_day
from handover.story.sentences import Writer
from handover.story.values import English

#: Method of a story -> those of its arguments that are templates; `True` stands for all that have no name.
TEMPLATES: dict[str, tuple[str | bool, ...]] = {
    "say": (True,),
    "findings": (True, "otherwise"),
    "headline": ("title", "standfirst"),
    "figure": ("title", "subtitle", "alt", "otherwise"),
    "table": ("caption", "otherwise"),
    "disagreements": (True, "otherwise"),
}
#: Cells of a notebook: number and Python.
Cells = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Words:
    """What is amiss in the words of a file, a line for each fault; `unread` are the places that code puts together."""

    faults: list[str]
    unread: list[str] = field(default_factory=list)


def check_words(project: Project, notebooks: Mapping[str, Cells]) -> dict[str, Words]:
    """Check the words of notebooks.

    Args:
        project: The checkout.
        notebooks: The cells of each, by the name that messages give it.

    Returns:
        What was found, by notebook; only those that make a `Story` are looked at.

    Raises:
        DataError: The curated tables, or the outlines of the map, have faults.
    """
    known, found = _Known(project), {}
    if (project.data / "geo").is_dir():
        read_outlines(project)
    for where, cells in notebooks.items():
        book = _Book.of(cells)
        if book.stories:
            placed = [
                (f"cell {number}, line {node.lineno}", what)
                for number, call in book.calls()
                for node, what in known.faults(book, call)
            ]
            unread = dict.fromkeys(place for place, what in placed if not what)
            found[where] = Words([f"{place}: {what}" for place, what in placed if what], [*unread])
    if found:
        found |= known.news()
    return found


@dataclass
class _Book:
    """The calls of a notebook's cells, and what its names stand for."""

    cells: list[tuple[int, ast.Module]]
    #: names of stories, and names of their methods, as in ``say = story.say``
    stories: set[str] = field(default_factory=set)
    methods: dict[str, str] = field(default_factory=dict)
    #: the values of names that are assigned once
    values: dict[str, ast.expr] = field(default_factory=dict)

    @classmethod
    def of(cls, cells: Cells) -> "_Book":
        """Read cells; one that is no Python is left out, since its syntax is checked elsewhere."""
        trees = []
        for number, code in cells:
            try:
                trees.append((number, ast.parse(code)))
            except (SyntaxError, ValueError):
                continue
        book = cls(trees)
        assigned: dict[str, list[ast.expr]] = {}
        for _, tree in trees:
            for node in ast.walk(tree):
                for name, value in _assigned(node):
                    assigned.setdefault(name, []).append(value)
        for name, values in assigned.items():
            if any(isinstance(value, ast.Call) and _last(value.func) == "Story" for value in values):
                book.stories.add(name)
            elif len(values) == 1:
                book.values[name] = values[0]
        for name, value in book.values.items():
            if isinstance(value, ast.Attribute) and _last(value.value) in book.stories:
                book.methods[name] = value.attr
        return book

    def calls(self) -> Iterator[tuple[int, ast.expr]]:
        """Yield all calls and subscripts in the order in which they stand, with the numbers of their cells."""
        for number, tree in self.cells:
            found = [node for node in ast.walk(tree) if isinstance(node, ast.Call | ast.Subscript)]
            yield from ((number, node) for node in sorted(found, key=lambda node: (node.lineno, node.col_offset)))

    def method(self, func: ast.expr) -> str:
        """Return the method of a story that is called, "" if it is another function."""
        if isinstance(func, ast.Name):
            return self.methods.get(func.id, "")
        of_story = (
            isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id in self.stories
        )
        return func.attr if of_story else ""  # type: ignore[attr-defined]

    def texts(self, node: ast.expr, depth: int = 0) -> Iterator[tuple[ast.expr, str | None]]:
        """Yield the texts that an expression may stand for, each where it stands; None for one that code makes."""
        if isinstance(node, ast.Constant):
            yield from [(node, node.value)] if isinstance(node.value, str) else []
        elif isinstance(node, ast.Name) and node.id in self.values and depth < 20:
            yield from self.texts(self.values[node.id], depth + 1)
        elif (parts := _parts(node)) is None:
            yield node, None
        else:
            for part in parts:
                yield from self.texts(part, depth)


def _parts(node: ast.expr) -> list[ast.expr] | None:
    """Return the expressions that one consists of, None for one that is neither a choice nor a collection."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return node.elts
    if isinstance(node, ast.Dict):
        return [key for key in node.keys if key]
    if isinstance(node, ast.Starred):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    # the halves of a text that is put together are no templates, but those of a tuple are
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [side for side in (node.left, node.right) if isinstance(side, ast.Tuple | ast.List | ast.IfExp)]
        return [node.left, node.right] if sides else None
    return None


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a statement gives a value, pair by pair in ``a, b = x, y``."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=False)
                yield from ((one.id, value) for one, value in pairs if isinstance(one, ast.Name))
    elif isinstance(node, ast.AugAssign | ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        yield node.target.id, node.value


def _last(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@dataclass
class _Known:
    """What a project's words may name."""

    project: Project

    @cached_property
    def facts(self) -> Facts:
        """The facts on a day by which everything was known."""
        view = View(Tables.load(self.project), dt.date.max)
        return Facts(view, {"since": earlier_day(dt.date.max)})

    @cached_property
    def writer(self) -> Writer:
        """Writes templates as a report does."""
        names = [str(row["name"]) for row in self.facts.view.tables.rows["names"]]
        return Writer(self.facts, English(), names)

    def faults(self, book: _Book, node: ast.expr) -> Iterator[tuple[ast.expr, str]]:
        """Yield the faults of a call or a subscript, each with what it stands at; "" for what code makes."""
        if isinstance(node, ast.Subscript):
            if _last(node.value) == "facts" and isinstance(node.slice, ast.Constant):
                yield from self._unnamed(book, [node.slice], "fact")
            return
        method = book.method(node.func)  # type: ignore[attr-defined]
        for argument in TEMPLATES.get(method, ()):
            for expression in _arguments(node, argument):
                for place, text in book.texts(expression):
                    bound = method == "findings" and argument is True
                    where = argument if isinstance(argument, str) else method
                    what = "" if text is None else self._misworded(text, where, bound)
                    if what or text is None:
                        yield place, what
        kind = {"frame": "table", "marks": "fact or row", "statements": "row", "period": "fact"}.get(method)
        yield from self._unnamed(book, _arguments(node, True), kind) if kind else ()

    def news(self) -> dict[str, Words]:
        """The faults of the sentences that facts have for news, by the file of the facts; empty if there are none."""
        tables = self.facts.view.tables
        rows = [(row["fact"], str(row["news"] or "")) for row in tables.rows["facts"]]
        faults = [f"{fact}: {what}" for fact, news in rows if (what := self._misworded(news, "news", bound=False))]
        return {tables.paths["facts"]: Words(faults)} if faults else {}

    def _misworded(self, template: str, where: str, bound: bool) -> str:
        try:
            self.writer.markdown(template, where=where, bound=bound)
        except (ProseError, FactError) as error:
            return on_one_line(error)
        return ""

    def _unnamed(self, book: _Book, nodes: Sequence[ast.expr], kind: str) -> Iterator[tuple[ast.expr, str]]:
        """Yield the names among texts that are none of a kind."""
        tables = self.facts.view.tables
        known: dict[str, Callable[[], set[str]]] = {
            "table": lambda: set(tables.rows),
            "row": lambda: set(tables.where),
            "fact": lambda: set(self.facts),
            "fact or row": lambda: {*self.facts, *tables.where},
        }
        names = known[kind]()
        for node in nodes:
            for place, text in book.texts(node):
                if text is None:
                    yield place, ""
                elif text not in names:
                    yield place, f"must name a {kind} (got '{text}'{near(text, names)}). Correct the name."


def _arguments(call: ast.expr, wanted: str | bool) -> list[ast.expr]:
    """Return the arguments of a call without a name, or the one of that name."""
    if wanted is True:
        return call.args  # type: ignore[attr-defined]
    return [word.value for word in call.keywords if word.arg == wanted]  # type: ignore[attr-defined]
