"""The words of a notebook, checked as they stand in its cells: templates, and the names of facts, tables and rows.

Nothing is run, so only what is written out can be checked: text in the calls of a `Story`'s methods, in tuples, in
both branches of a choice, and behind a name that is assigned once. What is computed is checked when it is printed.
"""

import ast
import datetime as dt
import inspect
import io
import re
import tokenize
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from handover.errors import FactError, ProseError, near, on_one_line
from handover.project import Project
from handover.story.claims import View
from handover.story.data import Tables, read_outlines
from handover.story.evidence import News
from handover.story.facts import Facts, earlier_day
from handover.story.sentences import Writer
from handover.story.story import Story
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
#: How a sentence ends, before a text that Python would join to it.
SENTENCE_END = re.compile(r"[\w)\]}][.!?][”’\"'*]*$")
#: Those in which the audit leaves numbers in words to the author.
UNAUDITED = (("headline", "title"), ("figure", "alt"))
#: The setting of IPython by which a cell shows all its expressions.
SHOWS_ALL = "ast_node_interactivity"
#: Those that make what a cell shows.
SHOWN = (*TEMPLATES, "changes", "evidence")
#: What has a value in every cell, beside Python's own.
SHELL = ("display", "get_ipython", "In", "Out", "exit", "quit", "_", "__", "___", "_i")
#: Magics that give no name a value; others may give any.
PLAIN_MAGICS = ("matplotlib", "config", "time", "timeit")
#: More lines than a cell has.
LINES = 1_000_000
#: Cells of a notebook: number and Python.
Cells = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Words:
    """What is amiss in the words of a file, a line for each fault; `unread` are the places that code puts together."""

    faults: list[str]
    unread: list[str] = field(default_factory=list)


def check_words(project: Project, notebooks: Mapping[str, Cells]) -> dict[str, Words]:
    """Check the words of notebooks, given by the names that messages give them; of those alone that make a `Story`.

    Raises:
        DataError: The curated tables, or the outlines of the map, have faults.
    """
    if (project.data / "geo").is_dir():
        read_outlines(project)
    books = {where: book for where, cells in notebooks.items() if (book := _Book.of(cells)).stories}
    if not books:
        return {}
    known = _Known(project)
    return {where: _checked(book, known) for where, book in books.items()} | known.news()


def _checked(book: "_Book", known: "_Known") -> Words:
    placed = [
        (f"cell {number}, line {node.lineno}", what)
        for number, call in book.calls()
        for node, what in known.faults(book, call)
    ]
    faults = [f"{place}: {what}" for place, what in placed if what]
    told = [*_unparted([(number, code) for number, code in book.cells if number in book.trees])]
    told += [] if any(SHOWS_ALL in code for _, code in book.cells) else book.unshown()
    told += _unknown(book.cells, known.facts)
    faults += [f"cell {number}, line {line}: {what}" for number, line, what in told]
    return Words(faults, list(dict.fromkeys(place for place, what in placed if not what)))


@dataclass
class _Book:
    """A notebook's cells, the calls in them, and what its names stand for; those that are no Python have no tree."""

    cells: Cells
    trees: dict[int, ast.Module]
    #: names of stories, and names of their methods, as in ``say = story.say``
    stories: set[str] = field(default_factory=set)
    methods: dict[str, str] = field(default_factory=dict)
    #: the values of names that are assigned once
    values: dict[str, ast.expr] = field(default_factory=dict)

    @classmethod
    def of(cls, cells: Cells) -> "_Book":
        """Read cells."""
        book = cls(cells, {})
        for number, code in cells:
            with suppress(SyntaxError, ValueError):  # its syntax is checked elsewhere
                book.trees[number] = ast.parse(code)
        assigned: dict[str, list[ast.expr]] = {}
        for tree in book.trees.values():
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
        for number, tree in self.trees.items():
            found = [node for node in ast.walk(tree) if isinstance(node, ast.Call | ast.Subscript)]
            yield from ((number, node) for node in sorted(found, key=lambda node: (node.lineno, node.col_offset)))

    def unshown(self) -> Iterator[tuple[int, int, str]]:
        """Yield what is made for a cell to show and not shown, since Jupyter shows a cell's last expression alone."""
        for number, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node is not tree.body[-1]:
                    method = self.method(node.value.func)
                    if method in SHOWN:
                        what = f"{method}: must be the last line of its cell, which alone is shown (got one before it)"
                        yield number, node.lineno, f"{what}. Give it a cell of its own, or write display({method}(…))."

    def method(self, func: ast.expr) -> str:
        """Return the method of a story that is called, "" if it is another function."""
        match func:
            case ast.Name(id=name):
                return self.methods.get(name, "")
            case ast.Attribute(value=ast.Name(id=name), attr=method) if name in self.stories:
                return method
        return ""

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
    match node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return parts
        case ast.Dict(keys=keys):
            return [key for key in keys if key]
        case ast.Starred(value=part):
            return [part]
        case ast.IfExp(body=one, orelse=other):
            return [one, other]
        # the halves of a text that is put together are no templates, but those of a tuple are
        case ast.BinOp(left=one, op=ast.Add(), right=other):
            return [one, other] if any(isinstance(s, ast.Tuple | ast.List | ast.IfExp) for s in (one, other)) else None
    return None


def _unknown(cells: Cells, facts: Container[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the names that cells use and that nothing has given a value by then; facts in f-strings are told apart.

    Nothing else is said of a notebook in which names come from where this does not look.
    """
    from pyflakes import messages

    whole, hidden = _as_one_module(cells)
    nodes = list(ast.walk(whole))
    hidden = hidden or any(map(_may_name, nodes))
    in_texts = _places(node for node in nodes if isinstance(node, ast.JoinedStr))
    # in a loop a name may have its value from the round before
    loops = [node for node in nodes if isinstance(node, ast.For | ast.While)]
    looped = {(name.id, name.lineno // LINES) for name in _names(loops) if isinstance(name.ctx, ast.Store)}
    unknown, given = _without_value(whole)
    for name, one in unknown.items():
        number, line = divmod(one.lineno, LINES)
        what = f"'{name}' must have a value before it is used"
        if (one.lineno, one.col) in in_texts and name in facts:
            yield number, line, f"'{name}' is a fact, which Python does not know (got an f-string). Take away the f."
        elif hidden or isinstance(one, messages.ImportStarUsage) or (name, number) in looped:
            continue
        elif name in given:
            cell, below = divmod(given[name].source.lineno, LINES)
            yield number, line, f"{what} (got one only in cell {cell}, line {below}). Move that up."
        else:
            got = f"(got none{near(name, given)})"
            yield number, line, f"{what} {got}. Correct the name, or give it a value above."


def _as_one_module(cells: Cells) -> tuple[ast.Module, bool]:
    """Return cells as one module, since they share their names, and whether one is no Python; a line tells its cell."""
    whole, hidden = ast.Module([], []), False
    for number, code in cells:
        try:
            whole.body += ast.increment_lineno(ast.parse(code), number * LINES).body
        except (SyntaxError, ValueError):  # told elsewhere; it may give any name a value
            hidden = True
    for node in ast.walk(whole):
        if isinstance(node, ast.AnnAssign):  # what a parameter is declared to be is held to its contract
            node.annotation = ast.copy_location(ast.Constant(None), node)
    return whole, hidden


def _without_value(whole: ast.Module) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Return the names that have no value where they are used, each as first told, and those that have one at last."""
    from pyflakes import checker, messages

    # one in quotes is an annotation, which is never looked up
    looked_up = _places([whole])
    found = checker.Checker(whole, builtins=SHELL)
    unknown: dict[str, Any] = {}
    for one in found.messages:
        if isinstance(one, messages.UndefinedName | messages.ImportStarUsage) and (one.lineno, one.col) in looked_up:
            unknown.setdefault(one.message_args[0], one)
    return unknown, found.deadScopes[-1]


def _names(nodes: Iterable[ast.AST]) -> Iterator[ast.Name]:
    """Yield the names below some nodes."""
    return (one for node in nodes for one in ast.walk(node) if isinstance(one, ast.Name))


def _places(nodes: Iterable[ast.AST]) -> set[tuple[int, int]]:
    return {(name.lineno, name.col_offset) for name in _names(nodes)}


def _may_name(node: ast.AST) -> bool:
    """Whether an expression may give a value to names that are not written: Python in a text, and most magics."""
    match node:
        case ast.Call(func=ast.Name(id="exec" | "globals")):
            return True
        case ast.Call(
            func=ast.Attribute(attr="run_line_magic" | "run_cell_magic"), args=[ast.Constant(value=name), *_]
        ):
            return name not in PLAIN_MAGICS
    return False


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


def _unparted(cells: Cells) -> Iterator[tuple[int, int, str]]:
    """Yield the texts that Python joins without a space after a full stop: between them a comma is missing."""
    for number, code in cells:
        for line, before, after in _joined(code):
            if SENTENCE_END.search(before) and re.match(r"[\w{*]", after):
                got = f"(got '…{before[-20:]}' and '{after[:20]}…')"
                what = f"two texts must have a comma between them, or a space where they are joined {got}."
                yield number, line, f"{what} Write a comma after the first if they are alternatives."


def _joined(code: str) -> Iterator[tuple[int, str, str]]:
    """Yield the pairs of texts that Python joins, with the line on which the first ends."""
    before, line = "", 0
    with suppress(tokenize.TokenError, SyntaxError):  # told elsewhere
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            text = ""
            if token.type == tokenize.STRING:
                with suppress(ValueError, SyntaxError):  # an f-string is no literal
                    text = str(ast.literal_eval(token.string))
                yield line, before, text
            if token.type not in (tokenize.NL, tokenize.COMMENT):
                before, line = text, token.end[0]


def _miscalled(method: str, call: ast.Call) -> str:
    """Return why a method of a story cannot be called so, "" if it can or if that shows only when it runs."""
    function = getattr(Story, method, None) if method else None
    unsure = any(isinstance(one, ast.Starred) for one in call.args) or any(not word.arg for word in call.keywords)
    if not callable(function) or unsure:
        return ""
    takes = inspect.signature(function)
    try:
        takes.bind(None, *call.args, **{str(word.arg): word for word in call.keywords})
    except TypeError as error:
        known = list(takes.parameters)[1:]
        wrong = next((str(word.arg) for word in call.keywords if word.arg not in known), "")
        forms = [f"{name}=…" if one.kind is one.KEYWORD_ONLY else name for name, one in takes.parameters.items()][1:]
        return f"{method}: must be called as it is made ({error}{near(wrong, known)}). It takes {', '.join(forms)}."
    return ""


def _last(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


class _Known:
    """What a project's words may name, on a day by which everything was known."""

    def __init__(self, project: Project) -> None:
        view = View(Tables.load(project), dt.date.max)
        self.facts = Facts(view, {"since": earlier_day(dt.date.max)})
        self.writer = Writer(self.facts, English(), [str(row["name"]) for row in view.tables.rows["names"]])

    def faults(self, book: _Book, node: ast.expr) -> Iterator[tuple[ast.expr, str]]:
        """Yield the faults of a call or a subscript, each with what it stands at; "" for what code makes."""
        if isinstance(node, ast.Subscript):
            if _last(node.value) == "facts" and isinstance(node.slice, ast.Constant):
                yield from self._unnamed(book, [node.slice], "fact")
            return
        method = book.method(node.func)  # type: ignore[attr-defined]
        if what := _miscalled(method, node):  # type: ignore[arg-type]
            yield node, what
        for argument in TEMPLATES.get(method, ()):
            for expression in _arguments(node, argument):
                if method == "say" and isinstance(expression, ast.Tuple | ast.List | ast.Set | ast.Dict):
                    yield expression, 'say: must be given its alternatives one after the other: say("…", "…").'
                for place, text in book.texts(expression):
                    what = "" if text is None else self._misworded(text, method, argument)
                    if what or text is None:
                        yield place, what
        kind = {"frame": "table", "marks": "fact or row", "statements": "row", "period": "fact"}.get(method)
        yield from self._unnamed(book, _arguments(node, True), kind) if kind else ()

    def news(self) -> dict[str, Words]:
        """The faults of the sentences that facts have for news, by the file of the facts; empty if there are none."""
        tables = self.facts.view.tables
        sentences, faults = News(self.facts, English(), list(self.writer.names)), []
        for row in tables.rows["facts"]:
            try:
                sentences.sentence(str(row["fact"]), partial(self._written, where="news", audited=True))
            except (ProseError, FactError) as error:
                said = on_one_line(error)
                named = said.removeprefix(f"{tables.paths['facts']}: ")
                faults.append(named if named != said else f"{row['fact']}: {said}")
        return {tables.paths["facts"]: Words(faults)} if faults else {}

    def _misworded(self, template: str, method: str, argument: str | bool) -> str:
        where = argument if isinstance(argument, str) else method
        bound = method == "findings" and argument is True
        try:
            self._written(template, where, bound=bound, audited=(method, argument) not in UNAUDITED)
        except (ProseError, FactError) as error:
            return on_one_line(error)
        return ""

    def _written(self, template: str, where: str, *, bound: bool = False, audited: bool) -> str:
        """Write a template, and refuse numbers in words, which the audit would find on the page."""
        text = self.writer.markdown(template, where=where, bound=bound)
        if audited:
            self.writer.refuse_typed(template, where, spelt=True)
        return text

    def _unnamed(self, book: _Book, nodes: Sequence[ast.expr], kind: str) -> Iterator[tuple[ast.expr, str]]:
        """Yield the names among texts that are none of a kind."""
        tables = self.facts.view.tables
        known: dict[str, Callable[[], set[str]]] = {
            "table": lambda: set(tables.rows),
            "row": lambda: set(tables.where),
            "fact": lambda: set(self.facts),
            "fact or row": lambda: {*self.facts, *tables.where} - set(self.facts.extra) - {"as_of"},
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
