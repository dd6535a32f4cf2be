"""What a notebook works with: sentences, findings, figures and tables that record their evidence.

story = Story(as_of, language, evidence)
story.say("Iraqi officials reported {isis_attacks_2025} attacks")
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from handover import plain
from handover.errors import ChartError, FactError, ParameterError, ProseError, near
from handover.project import Project
from handover.story import frames
from handover.story.claims import View, Why, statement
from handover.story.data import Tables, read_outlines
from handover.story.evidence import Change, EvidenceOutput, News, PrintLog
from handover.story.facts import Facts, earlier_day
from handover.story.omissions import Omissions
from handover.story.sentences import SOURCE, Templates, Writer, escape
from handover.story.sentences import plain as without_links
from handover.story.values import LANGUAGES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: A chart of more rows than this must come with a table of them.
FEW_VALUES = 12
#: How many outlets a credit line names before "others".
OUTLETS_NAMED = 6


@dataclass(frozen=True, slots=True)
class Sentence:
    """Markdown that a cell displays, empty where nothing was known; `role` is its role on the page, if not text."""

    text: str
    role: str = ""
    shown: Callable[[], object] = field(default=str, repr=False, compare=False)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        self.shown()
        data = {"text/markdown": self.text, "text/plain": self.text} if self.text else {"text/plain": ""}
        return data, {"handover": {"role": self.role}} if self.role else {}


class Story:
    """One report's view of the record, and the log of what it printed.

    Args:
        as_of: The report's day, ISO.
        language: Language of numbers and dates.
        evidence: ``article`` for the article alone, ``record`` with the public record around it.
        project: The checkout; by default found from the working directory.

    Raises:
        DataError: The curated tables have faults.
        ParameterError: `as_of` is no day.
    """

    def __init__(
        self, as_of: str, language: str = "en", evidence: str = "record", *, project: Project | None = None
    ) -> None:
        self.project = project or Project.find()
        self.view = View(Tables.load(self.project), _day("as_of", as_of), evidence)
        self._facts = Facts(self.view)
        self._omissions = Omissions(self._facts)
        self._told: set[str] = set()
        #: the same, for cells that ask themselves: what was not known is told
        self.facts = replace(self._facts, missed=self._missed)
        self.language = LANGUAGES[language]
        names = [str(row["name"]) for row in self.view.tables.rows["names"]]
        self.news = News(self._facts, self.language, names)
        self.log = PrintLog(self._facts, self.language, self.news)
        self._writer = Writer(self._facts, self.language, names, self.log.field, self._omissions.passed)
        self._since: dt.date | None = None
        self._reported: list[Change] = []

    def headline(self, *, title: Templates, standfirst: Templates) -> Sentence:
        """Show the title and the standfirst of the day, which a page prints in place of the notebook's own.

        Each is the first of its templates whose facts were all known. A title contains no number, but may depend on a
        fact that it does not print: ``{mission_over:if}``.

        Raises:
            ProseError: Not even the last template of the title could be written.
        """
        words = self._writer.plain(title, where="title")
        if not words:
            raise ProseError(f"headline: one of the titles must hold on every day (none does on {self.view.as_of}).")
        below = self._writer.markdown(standfirst, where="standfirst")
        return self._sentence("headline", f"# {escape(words)}\n\n{below}", "headline")

    def say(self, *templates: str) -> Sentence:
        """Show the first of the templates whose facts were all known by the report's day, or nothing.

        Nothing is a loss, which is told, unless the last template is empty.
        """
        return self._sentence("say", self._writer.markdown(templates))

    def _sentence(self, where: str, text: str, role: str = "") -> Sentence:
        self._omissions.tell()
        return Sentence(text, role, self._omissions.made(where, without_links(text).removeprefix("- ")))

    def findings(self, *templates: Templates, otherwise: Templates = ()) -> Sentence:
        """Show a list with an item for each template whose facts were known; `otherwise` if there is none.

        A tuple gives alternatives, as in `say`: ``("{tanf_left} …", "")`` may be left out.

        Raises:
            ProseError: A template names no fact, and would be written before it was known.
        """
        self._writer.check(otherwise, where="otherwise")
        items = [self._writer.markdown(item, where="findings", bound=True) for item in templates]
        text = "\n".join(f"- {item}" for item in items if item)
        return self._sentence("findings", text) if text else self._instead(otherwise)

    def _instead(self, otherwise: Templates) -> Sentence:
        """Show what is said in place of all that was lost in this call."""
        before, self._omissions.found = self._omissions.found, []
        text = self._writer.markdown(otherwise, where="otherwise")
        self._omissions.found += before
        self._omissions.replaced(without_links(text))
        return self._sentence("otherwise", text)

    def _missed(self, key: str) -> None:
        self._omissions.add("a fact that the cell asks for", key, self._facts.why_unknown(key))
        self._omissions.tell()

    def frame(self, table: str) -> "pd.DataFrame":
        """Return the rows of a table that this report may use; see `frames.table_frame` for the columns.

        Raises:
            FactError: There is no such table.
        """
        if table not in self.view.tables.rows:
            known = list(self.view.tables.rows)
            raise FactError(f"'{table}' is not a table (known: {', '.join(known)}{near(table, known)}).")
        self._tell_rows(table)
        return frames.table_frame(self.view, table)

    def _tell_rows(self, table: str) -> None:
        """Say once how many rows of a table this report does not use, and why; what a cell filters is its own doing."""
        if table not in self._told:
            self._told.add(table)
            self._omissions.add("rows of", table, self.view.why_fewer(table))
            self._omissions.tell()

    def marks(self, labels: dict[str, str]) -> "pd.DataFrame":
        """Return the rows that were known, by their ids or the facts that rest on them, under the author's labels.

        Raises:
            FactError: There is no such fact or row, or the fact rests on no row, as the report's own day does.
        """
        rows = {}
        for name, label in labels.items():
            if name not in self._facts and name not in self.view.tables.where:
                known = [*self._facts, *self.view.tables.where]
                raise FactError(f"marks: must name a fact or row (got '{name}'{near(name, known)}).\nCorrect the name.")
            if name not in self._facts:
                if self._used("mark", name):
                    rows[name] = label
            elif fact := self._facts[name]:
                if not fact.claims:
                    raise FactError(
                        f"marks: must name a fact that rests on a row (got '{name}', which rests on none).\n"
                        "Name another fact, or a row by its id."
                    )
                rows[fact.claims[0]] = label
            else:
                self._omissions.add("mark", name, self._facts.why_unknown(name))
        for row_id in [row_id for row_id in rows if self.view.claim(row_id).period is None]:
            self._omissions.add("mark", rows.pop(row_id) or row_id, Why(f"{row_id} gives no day"))
        self._omissions.tell()
        return frames.marks(self.view, rows)

    def _used(self, where: str, row_id: str) -> bool:
        """Return whether a row that the notebook names may be used and stand alone; say why not."""
        self.view.sees(row_id)
        why = self.view.why_unused(self.view.tables.where[row_id][1])
        if why:
            self._omissions.add(where, statement(self.view.tables, row_id), why)
        return why is None

    def numbers(self, *keys: str) -> "pd.DataFrame":
        """Return facts with a number as rows, for a chart or a table; see `frames.numbers`.

        Raises:
            FactError: There is no such fact.
        """
        found = []
        for key in keys:
            fact = self._facts[key]
            if fact and fact.quantity and fact.period:
                found.append(fact)
            else:
                part = "number" if fact and not fact.quantity else "time that it speaks of"
                self._omissions.add("number", key, self._facts.why_unknown(key) or Why(f"has no {part}"))
        self._omissions.tell()
        return frames.numbers(self.view, found)

    def statements(self, *row_ids: str) -> "pd.DataFrame":
        """Return who said what, and when; see `frames.statements`."""
        used = [row_id for row_id in row_ids if self._used("row", row_id)]
        self._omissions.tell()
        return frames.statements(self.view, used, self.language)

    def holdings(self, place_id: str) -> "pd.DataFrame":
        """Return who held a base, and when; see `frames.holdings`."""
        self._used("row", frames.CAPTURE)
        self._tell_rows("handovers")
        return frames.holdings(self.view, place_id)

    def promises(self) -> "pd.DataFrame":
        """Return what was agreed or promised, and whether it was kept, in words; see `frames.promises`."""
        for row in self.view.rows("milestones"):
            if self._used("row", str(row["milestone_id"])):
                # the first report that may be used is shown
                any(self._used("report that it was done", report) for report in str(row["done_by"] or "").split())
        self._tell_rows("milestones")
        self._omissions.tell()
        return frames.promises(self.view, self.language)

    def period(self, key: str) -> tuple[dt.date, dt.date] | None:
        """Return the first and last day of a fact; None where it was not known."""
        fact = self.facts[key]
        return (fact.period.start, fact.period.end) if fact and fact.period else None

    def figure(
        self,
        draw: Callable[["Axes"], Any],
        rows: "pd.DataFrame | list[pd.DataFrame]",
        *,
        title: Templates,
        subtitle: Templates,
        alt: Templates,
        size: str = "full",
        ratio: float | None = None,
        values: dict[str, str] | None = None,
        otherwise: Templates = (),
    ) -> Any:
        """Draw a chart, bind its words to facts, derive its credit from the rows, and check it.

        Args:
            draw: A function of `handover.story.charts`, called with the axes. It draws a full chart a second time,
                narrow, for phones.
            rows: The rows plotted, from `frame`; of a list of frames, the first contains the values.
            title: The finding.
            subtitle: What is measured, in what unit, where and when.
            alt: A description for readers who cannot see the chart: kind, finding, end values.
            size: ``full`` for the width of the text, ``half`` for the one-page briefing.
            ratio: Height over width; by default that of the size.
            values: Column to heading, as for `table`, of the values beside the chart: folded on the web, in an
                appendix in print. Required for more than `FEW_VALUES` rows.
            otherwise: What to say if there are no rows, or no title whose facts were known.

        Raises:
            ChartError: Text is cut off or overlaps, or words or values are missing.
        """
        from handover.story.charts import figure, labels

        counted, *others = rows if isinstance(rows, list) else [rows]
        frames.require_rows("figure", counted, values or ())
        for part in others:
            frames.require_rows("figure", part)
        # a row that is in several frames is drawn once
        drawn = {row[0]: row for part in (counted, *others) for row in _sourced(part)}.values()
        if len(drawn) > FEW_VALUES and not values:
            raise ChartError(
                f"figure: a chart of more than {FEW_VALUES} rows must have its values beside it (got {len(drawn)} rows "
                'and no values=…).\nName the columns to show, such as values={"when": "When", "quantity": "Troops"}.'
            )
        self._writer.check(otherwise, where="otherwise")
        words = self._writer.markdown(title, where="title")
        if not drawn or not words:
            if not drawn:
                self._omissions.add("chart", _first(title), self._no_row, lost=True)
            return self._instead(otherwise)
        # once for the whole chart, since applying the style costs a hundredth of a second
        with figure.house():
            fig, narrow = figure.drawn(draw, size, ratio)
            self.log.rows(drawn)
            measure = self._writer.markdown(subtitle, where="subtitle")
            beside = values and len(drawn) > FEW_VALUES
            # where the values stand beside the chart, a label that finds no room is among them
            for label in () if beside else labels.without_room(fig, narrow):
                self._omissions.add("label", label, Why("there is no room for it in the chart, and no table beside it"))
            shown = figure.finish(
                fig,
                narrow=narrow,
                title=words,
                subtitle=measure,
                credit=self._credit(drawn, OUTLETS_NAMED if size == "full" else OUTLETS_NAMED // 2),
                alt=self._writer.plain(alt, where="alt"),
                values=frames.html_table(_in_time(counted), values, measure, self.language).html if beside else "",
            )
        self._omissions.tell()
        return replace(shown, shown=self._omissions.made("chart", without_links(words)))

    def table(
        self, rows: "pd.DataFrame", columns: dict[str, str], *, caption: Templates, otherwise: Templates = ()
    ) -> frames.Table | Sentence:
        """Show rows as a table whose last column names each row's source.

        Args:
            rows: From `frame` and the methods like it.
            columns: Column to heading, in order; ``quantity`` stands for the columns of an interval and ``when`` for
                those of a period.
            caption: What the table contains.
            otherwise: What to say if there are no rows.
        """
        self._writer.check(otherwise, where="otherwise")
        if getattr(rows, "empty", False):
            self._omissions.add("table", _first(caption), self._no_row, lost=True)
            return self._instead(otherwise)
        frames.require_rows("table", rows, columns)
        self.log.rows(_sourced(rows))
        if "statement" in columns:
            self.log.said.update(dict.fromkeys(rows["row_id"]))
        words = self._writer.markdown(caption, where="caption")
        self._omissions.tell()
        shown = self._omissions.made("table", without_links(words))
        return replace(frames.html_table(frames.records(rows), columns, words, self.language), shown=shown)

    def _credit(self, drawn: Iterable[tuple[str, str, str]], named: int) -> str:
        """Return the source line of a chart: the first `named` outlets, those with most rows first."""
        first = {outlet: source for _, source, outlet in reversed([*drawn])}
        counts = Counter(outlet for *_, outlet in drawn)
        outlets = sorted(counts, key=lambda name: (-counts[name], name))
        links = [f"[{escape(name)}]({SOURCE}{first[name]})" for name in outlets[:named]]
        if len(outlets) > named:
            links.append("others")
        return f"{'Source' if len(outlets) == 1 else 'Sources'}: {self.language.join(links)}"

    def changes(self, since: str | None, heading: str) -> Sentence:
        """Show what this report prints that an earlier edition could not; call it below all else that prints facts.

        Without the day of an earlier edition, `since`, in ISO, nothing is shown, not even the heading.
        """
        if not since:
            return Sentence("")
        self._since = _day("since", since)
        self._facts.extra["since"] = earlier_day(self._since)
        self._reported = self._news()
        if not self._reported:
            opening = self._writer.markdown("Nothing that is printed here became known after {since}.")
            return Sentence(f"## {heading}\n\n{opening}")
        opening = self._writer.markdown("Since the edition of {since}, the weightiest first:")
        items = "\n".join(f"- {self._item(change)}" for change in self._reported)
        return Sentence(f"## {heading}\n\n{opening}\n\n{items}")

    def _news(self) -> list[Change]:
        return self.news.since([*self.log.printed, *self.log.statements], self._since)

    def _item(self, change: Change) -> str:
        """Write the sentence of a change, with who reported it and what was said before."""
        sentence = self.news.sentence(change.key, partial(self._writer.markdown, where="news"))
        notes = [] if f"]({SOURCE}" in sentence else [self._writer.markdown(f"{{{change.key}.source}}")]
        notes += [f"before: {escape(change.before)}"] if change.before else []
        return f"{sentence.removesuffix('.')} ({'; '.join(notes)})." if notes else sentence

    def disagreements(self, otherwise: Templates = ()) -> EvidenceOutput | Sentence:
        """Show the conflicts over what was printed so far: both claims, both sources, and our reading."""
        self._writer.check(otherwise, where="otherwise")
        content = self.log.disagreements()
        return EvidenceOutput(content) if content["conflicts"] else self._instead(otherwise)

    def evidence(self, *, brief: bool = False) -> EvidenceOutput:
        """Show the evidence for everything printed so far, or what of it fits one page; the last output of a report.

        Raises:
            ProseError: News was printed below `changes`, and is missing there.
        """
        late = [change.key for change in self._news() if change not in self._reported] if self._since else []
        if late:
            raise ProseError(
                f"changes: must stand below every cell that prints news (got {', '.join(late)} below it).\n"
                "Move its cell down, to just before the last words on source and method."
            )
        self._omissions.forgotten()
        for found in self.log.unmarked():
            why = Why(f"{found.why}, and no conflict is registered")
            self._omissions.add("mark ≠", f"{found.one} and {found.other}", why, lost=True)
        for key in [*self.log.printed, *self.log.statements]:
            self._tell_basis(key)
        for conflict in self.log.unsettled():
            self._omissions.add("conflict", str(conflict["topic"]), self.view.why_unsettled(conflict))
        for conflict, keys in self.log.shortened().items() if brief else ():
            why = Why(f"a brief report prints one conflict a fact ({', '.join(keys)})", expected=True)
            self._omissions.add("conflict", str(self.view.conflicts[conflict]["topic"]), why)
        self._omissions.tell()
        return EvidenceOutput(self.log.content(brief=brief))

    def _tell_basis(self, key: str) -> None:
        """Say which rows a fact that is printed would rest on, or rest on too, if they could be used."""
        fact, row = self._facts[key], self._facts.declared.get(key, {})
        for name, why in self._facts.passed_over(key) if fact else ():
            words = f"{why.words}, so {key} rests on {fact.claims[0]}"
            self._omissions.add("claim", statement(self.view.tables, name), why._replace(words=words))
        if fact and row.get("choose") != "first":
            for table in dict.fromkeys(self.view.tables.where[name][0] for name in fact.claims):
                self._tell_rows(table)

    @property
    def _no_row(self) -> Why:
        day = self.language.date(self.view.as_of)
        return Why(f"it has no row: none that the cell chose may be used on {day}", expected=True)

    @cached_property
    def outlines(self) -> dict[str, Any]:
        """The outlines of Iraq and its neighbours, as GeoJSON."""
        return read_outlines(self.project)


def _day(name: str, text: str) -> dt.date:
    try:
        return plain.day(text)
    except ValueError:
        raise ParameterError(
            f"{name}: must be a date like 2026-01-31 (got {text!r}).\nCorrect it in the cell tagged 'parameters'."
        ) from None


def _sourced(rows: "pd.DataFrame") -> list[tuple[str, str, str]]:
    """Return the id, the source and the outlet of each row."""
    return list(zip(*(rows[name].tolist() for name in frames.SOURCED), strict=True))


def _first(templates: Templates) -> str:
    return templates if isinstance(templates, str) else next(iter(templates), "")


def _in_time(rows: "pd.DataFrame") -> list[dict[str, Any]]:
    """Sort rows by day, since readers look a day up."""
    day = next((column for column in ("date", "start") if column in rows), None)
    return sorted(frames.records(rows), key=lambda row: (row[day] is None, row[day]) if day else 0)
