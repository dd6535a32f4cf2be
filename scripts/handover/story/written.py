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
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial

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
            python = {number for number, _ in book.cells}
            faults = [f"{place}: {what}" for place, what in placed if what]
            told = [*_unparted([(number, code) for number, code in cells if number in python])]
            told += [] if any(SHOWS_ALL in code for _, code in cells) else book.unshown()
            told += _unknown(cells, known.facts)
            faults += [f"cell {number}, line {line}: {what}" for number, line, what in told]
            unread = dict.fromkeys(place for place, what in placed if not what)
            found[where] = Words(faults, [*unread])
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

    def unshown(self) -> Iterator[tuple[int, int, str]]:
        """Yield what is made for a cell to show and not shown, since Jupyter shows a cell's last expression alone."""
        for number, tree in self.cells:
            for node in ast.walk(tree):
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node is not tree.body[-1]:
                    method = self.method(node.value.func)
                    if method in SHOWN:
                        what = f"{method}: must be the last line of its cell, which alone is shown (got one before it)"
                        yield number, node.lineno, f"{what}. Give it a cell of its own, or write display({method}(…))."

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


def _unknown(cells: Cells, facts: Container[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the names that cells use and that nothing has given a value by then; facts in f-strings are told apart.

    Nothing else is said of a notebook in which names come from where this does not look.
    """
    from pyflakes import checker, messages

    # cells share their names, so they are read as one module, in which a line tells its cell
    whole, named, in_texts, looped, hidden = ast.Module([], []), set(), set(), set(), False
    for number, code in cells:
        try:
            whole.body += ast.increment_lineno(ast.parse(code), number * LINES).body
        except (SyntaxError, ValueError):  # told elsewhere; it may give any name a value
            hidden = True
    for node in ast.walk(whole):
        hidden = hidden or _may_name(node)
        if isinstance(node, ast.AnnAssign):  # what a parameter is declared to be is held to its contract
            node.annotation = ast.copy_location(ast.Constant(None), node)
        elif isinstance(node, ast.JoinedStr):
            in_texts |= {(one.lineno, one.col_offset) for one in ast.walk(node) if isinstance(one, ast.Name)}
        elif isinstance(node, ast.For | ast.While):  # in which a name may have its value from the round before
            names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
            looped |= {(name, node.lineno // LINES) for name in names}
        elif isinstance(node, ast.Name):
            named.add((node.lineno, node.col_offset))
    found = checker.Checker(whole, builtins=SHELL)
    unknown: dict[str, messages.Message] = {}
    for one in found.messages:
        # one in quotes is an annotation, which is never looked up
        if isinstance(one, messages.UndefinedName | messages.ImportStarUsage) and (one.lineno, one.col) in named:
            unknown.setdefault(one.message_args[0], one)
    given = found.deadScopes[-1]
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
