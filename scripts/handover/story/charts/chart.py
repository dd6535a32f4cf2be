"""A finished chart: the picture with the words a page sets around it.

How it shows itself in a notebook belongs here; how it is drawn does not.
"""

import html
import re
from dataclasses import dataclass
from typing import Any

from handover.errors import ChartError
from handover.story.links import inline, plain

#: An alternative text shorter than this cannot say kind, finding and end values.
ALT_LEAST = 40
FILE_NAME = re.compile(r"[\w./\\ -]+\.(?:svg|png|jpe?g|gif|pdf|webp)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Chart:
    """What a cell displays: `title`, `subtitle`, `credit` in Markdown, `alt` in plain text, `values` an HTML table.

    `narrow` is the picture as a telephone shows it, where that differs. It travels beside the picture and not as
    one more output, so that what does not know of it shows the chart once.
    """

    svg: str
    title: str
    subtitle: str
    credit: str
    alt: str
    values: str = ""
    narrow: str = ""

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        words = {"alt": self.alt, "title": self.title, "subtitle": self.subtitle, "credit": self.credit}
        more = {"values": self.values, "narrow": self.narrow}
        words |= {name: content for name, content in more.items() if content}
        data = {"image/svg+xml": self.svg, "text/html": self._html(), "text/plain": plain(self.title)}
        return data, {"image/svg+xml": words}

    def _html(self) -> str:
        """The figure as JupyterLab shows it; a page of the press is set from the picture and its words."""
        named = self.svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(self.alt)}" ', 1)
        lines = [f"<b>{inline(self.title)}</b>", inline(self.subtitle)]
        head = "<br/>".join(line for line in lines if line)
        # below the picture, however narrow that is
        credit = f"<div><small>{inline(self.credit)}</small></div>" if self.credit else ""
        values = f"<details><summary>Values</summary>{self.values}</details>" if self.values else ""
        return f"<figure><figcaption>{head}</figcaption>{named}{credit}{values}</figure>"


def require_words(title: str, alt: str) -> None:
    """Refuse a chart without a title, or with a description that describes nothing.

    Raises:
        ChartError: All that is wrong, at once.
    """
    faults = []
    said, words = plain(title).strip(), " ".join(alt.split())
    if not said:
        faults.append("title must say the finding (got none)")
    if not words:
        faults.append("alt must describe the chart to those who do not see it (got none)")
    elif FILE_NAME.fullmatch(words):
        faults.append(f"alt must describe the chart, not name a file (got '{words}')")
    elif words.rstrip(".").casefold() == said.rstrip(".").casefold():
        faults.append("alt must not repeat the title (got the same words)")
    elif len(words) < ALT_LEAST:
        faults.append(f"alt must have {ALT_LEAST} characters or more (got {len(words)}: '{words}')")
    if faults:
        raise ChartError(
            f"chart '{said or 'untitled'}': its words must be complete:\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\nWrite in alt=… the kind of chart, its finding and its first and last value."
        )
