"""What a notebook works with: sentences, findings, figures and tables that keep their own evidence.

story = Story(as_of, language, evidence)
story.say("Iraqi officials reported {isis_attacks_2025} attacks")
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from handover.errors import ChartError, FactError, ProseError, near
from handover.project import Project
from handover.story import frames
from handover.story.claims import View
from handover.story.data import Tables
from handover.story.evidence import Change, EvidenceOutput, News, PrintLog
from handover.story.facts import Facts, earlier_day
from handover.story.sentences import SOURCE, Templates, Writer, escape
from handover.story.values import LANGUAGES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: A chart of more values than this has them beside it in a table.
FEW_VALUES = 12
#: A credit line names this many outlets, then says there are others.
OUTLETS_NAMED = 6


@dataclass(frozen=True, slots=True)
class Sentence:
    """Markdown that a cell displays; empty where nothing was known. `role` says what it is on the page, if not text."""

    text: str
    role: str = ""

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        data = {"text/markdown": self.text, "text/plain": self.text} if self.text else {"text/plain": ""}
        return data, {"handover": {"role": self.role}} if self.role else {}


class Story:
    """One report's view of the record, and the log of what it printed.

    Args:
        as_of: The day the report speaks from, ISO.
        language: Language of numbers and dates.
        evidence: ``article`` for the article alone, ``record`` with the public record around it.
        project: The checkout; found from the working directory when left out.

    Raises:
        DataError: The curated tables have faults.
    """

    def __init__(
        self, as_of: str, language: str = "en", evidence: str = "record", *, project: Project | None = None
    ) -> None:
        self.project = project or Project.find()
        self.view = View(Tables.load(self.project), dt.date.fromisoformat(as_of), evidence)
        self.facts = Facts(self.view)
        self.language = LANGUAGES[language]
        names = [str(row["name"]) for row in self.view.tables.rows["names"]]
        self.news = News(self.facts, self.language, names)
        self.log = PrintLog(self.facts, self.language, self.news)
        self._writer = Writer(self.facts, self.language, names, self.log.field)
        self._since: dt.date | None = None
        self._told: list[Change] = []

    def headline(self, *, title: Templates, standfirst: Templates) -> Sentence:
        """Show the title and the standfirst of the day, which a page prints in place of the notebook's own.

        Of each the first template is taken whose facts were all known. A title holds no number; it may ask for a fact
        that it does not print: ``{mission_over:if}``.

        Raises:
            ProseError: Not even the last template of the title could be written.
        """
        words = self._writer.plain(title, where="title")
        if not words:
            raise ProseError(f"headline: one of the titles must hold on every day (none does on {self.view.as_of}).")
        below = self._writer.markdown(standfirst, where="standfirst")
        return Sentence(f"# {escape(words)}\n\n{below}", "headline")

    def say(self, *templates: str) -> Sentence:
        """Show the first of the templates whose facts were all known by the report's day, or nothing."""
        return Sentence(self._writer.markdown(templates))

    def findings(self, *templates: Templates, otherwise: Templates = ()) -> Sentence:
        """Show a list with one item a template, leaving out what was not known; `otherwise` where nothing was.

        A tuple gives alternatives, as in `say`.

        Raises:
            ProseError: A template names no fact, and would be written on days when nobody knew it.
        """
        items = [self._writer.markdown(item, where="findings", bound=True) for item in templates]
        text = "\n".join(f"- {item}" for item in items if item)
        return Sentence(text) if text else Sentence(self._writer.markdown(otherwise))

    def frame(self, table: str) -> "pd.DataFrame":
        """Return a table of the record as this report may see it; see `frames.table_frame` for the columns.

        Raises:
            FactError: There is no such table.
        """
        if table not in self.view.tables.rows:
            known = list(self.view.tables.rows)
            raise FactError(f"'{table}' is not a table (known: {', '.join(known)}{near(table, known)}).")
        return frames.table_frame(self.view, table)

    def marks(self, labels: dict[str, str]) -> "pd.DataFrame":
        """Return rows under labels of the author's, those that were known; see `frames.marks`.

        Args:
            labels: A row's id, or the fact that rests on it, to the label.
        """
        rows = {}
        for name, label in labels.items():
            if name not in self.facts:
                rows[name] = label
            elif fact := self.facts[name]:
                rows[fact.claims[0]] = label
        return frames.marks(self.view, rows)

    def statements(self, *row_ids: str) -> "pd.DataFrame":
        """Return who said what, and when, of the rows that were known; see `frames.statements`."""
        return frames.statements(self.view, list(row_ids), self.language)

    def holdings(self, place_id: str) -> "pd.DataFrame":
        """Return who held a base, and when; see `frames.holdings`."""
        return frames.holdings(self.view, place_id)

    def promises(self) -> "pd.DataFrame":
        """Return what was agreed or promised, and whether it was kept, in words; see `frames.promises`."""
        return frames.promises(self.view, self.language)

    def period(self, key: str) -> tuple[dt.date, dt.date] | None:
        """Return first and last day of a fact, for drawing; None where it was not known."""
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
        """Draw a chart: bind its words to facts, derive its credit from the rows plotted, check it.

        Args:
            draw: Draws on the axes it is given; one of the functions of `handover.story.charts`. A full chart is
                drawn a second time, narrow, for telephones.
            rows: The rows that it plots, as `frame` gives them; several frames as a list, of which the first holds
                the values.
            title: The finding, as a template; of a tuple the first whose facts are all known is taken.
            subtitle: What is measured, in what unit, where and when.
            alt: What the chart shows, for those who do not see it: kind, finding, end values.
            size: ``full`` for the width of the text, ``half`` for the one-page briefing.
            ratio: Height over width; the frame's own where left out.
            values: Column to heading, as for `table`, of the values beside the chart: folded on the web, in an
                appendix in print. A chart of more than a dozen rows must have them.
            otherwise: What to say instead where there are no rows, or no title whose facts were known.

        Raises:
            ChartError: Text is cut off or overlaps, the words are missing, or the values are.
        """
        import pandas as pd

        from handover.story.charts import figure

        counted, *others = rows if isinstance(rows, list) else [rows]
        rows = pd.concat([part[["row_id", "source_id", "outlet"]] for part in (counted, *others)], ignore_index=True)
        rows = rows.drop_duplicates("row_id")
        if len(rows) > FEW_VALUES and not values:
            raise ChartError(
                f"figure: a chart of more than {FEW_VALUES} rows must have its values beside it (got {len(rows)} rows "
                'and no values=…).\nName the columns to show, such as values={"when": "When", "quantity": "Troops"}.'
            )
        words = self._writer.markdown(title, where="title")
        if rows.empty or not words:
            return Sentence(self._writer.markdown(otherwise))
        # held for the whole of a chart, since setting it costs a hundredth of a second
        with figure.house():
            fig, narrow = figure.drawn(draw, size, ratio)
            self.log.rows(rows["row_id"], rows["source_id"])
            measure = self._writer.markdown(subtitle, where="subtitle")
            beside = values and len(rows) > FEW_VALUES
            return figure.finish(
                fig,
                narrow=narrow,
                title=words,
                subtitle=measure,
                credit=self.credit(rows, named=OUTLETS_NAMED if size == "full" else OUTLETS_NAMED // 2),
                alt=self._writer.plain(alt, where="alt"),
                values=frames.html_table(_in_time(counted), values, measure, self.language).html if beside else "",
            )

    def table(
        self, rows: "pd.DataFrame", columns: dict[str, str], *, caption: Templates, otherwise: Templates = ()
    ) -> frames.Table | Sentence:
        """Show rows as a table whose last column names each row's source.

        Args:
            rows: Rows as `frame` gives them.
            columns: Column to heading, in the order to show; ``quantity`` stands for the five columns of an
                interval and ``when`` for those of a period.
            caption: What the table holds, as a template.
            otherwise: What to say instead where there are no rows.
        """
        if rows.empty:
            return Sentence(self._writer.markdown(otherwise))
        self.log.rows(rows["row_id"], rows["source_id"])
        if "statement" in columns:
            self.log.said.update(dict.fromkeys(rows["row_id"]))
        words = self._writer.markdown(caption, where="caption")
        return frames.html_table(rows, columns, words, self.language)

    def credit(self, rows: "pd.DataFrame", named: int = OUTLETS_NAMED) -> str:
        """Return the source line of a chart: the outlets behind the rows plotted, most rows first, `named` of them."""
        first = dict(reversed([*zip(rows["outlet"], rows["source_id"], strict=True)]))
        counts = Counter(rows["outlet"])
        outlets = sorted(counts, key=lambda name: (-counts[name], name))
        links = [f"[{escape(name)}]({SOURCE}{first[name]})" for name in outlets[:named]]
        if len(outlets) > named:
            links.append("others")
        return f"{'Source' if len(outlets) == 1 else 'Sources'}: {self.language.join(links)}"

    def changes(self, since: str | None, heading: str) -> Sentence:
        """Say what is printed here that an edition of an earlier day could not say; below all else that prints facts.

        Args:
            since: The day of the earlier edition, ISO; without one nothing is shown, the heading included.
            heading: Heading of the section.
        """
        if not since:
            return Sentence("")
        self._since = dt.date.fromisoformat(since)
        self.facts.extra["since"] = earlier_day(self._since)
        self._told = self._news()
        if not self._told:
            opening = self._writer.markdown("Nothing that is printed here became known after {since}.")
            return Sentence(f"## {heading}\n\n{opening}")
        opening = self._writer.markdown("Since the edition of {since}, the weightiest first:")
        items = "\n".join(f"- {self._item(change)}" for change in self._told)
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
        """Show the conflicts that touch what was printed so far: both claims, both sources, and our reading.

        Args:
            otherwise: What to say where there are none.
        """
        content = self.log.disagreements()
        return EvidenceOutput(content) if content["conflicts"] else Sentence(self._writer.markdown(otherwise))

    def evidence(self, *, brief: bool = False) -> EvidenceOutput:
        """Show what answers for every number printed so far; the last thing a report shows.

        Args:
            brief: Keep it to what a report of one page has room for; see `PrintLog.content`.

        Raises:
            ProseError: Something new was printed below what has changed, and is missing there.
        """
        late = [change.key for change in self._news() if change not in self._told] if self._since else []
        if late:
            raise ProseError(
                f"changes: must stand below every cell that prints news (got {', '.join(late)} below it).\n"
                "Move its cell down, to just before the last words on source and method."
            )
        return EvidenceOutput(self.log.content(brief=brief))

    @cached_property
    def outlines(self) -> dict[str, Any]:
        """The outlines of Iraq and its neighbours, as GeoJSON."""
        import json

        return json.loads((self.project.data / "geo" / "outlines.geojson").read_text("utf-8"))


def _in_time(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return rows in the order of their days, for a reader who looks one up."""
    day = next((column for column in ("date", "start") if column in rows), None)
    return rows.sort_values(day, kind="stable") if day else rows
