"""What a project sets for itself: the table ``[tool.handover]`` of its pyproject.toml."""

import json
import re
import tomllib
from functools import lru_cache
from typing import Any

from handover.errors import HandoverError, near, nearest
from handover.project import Project
from handover.text import printable

FILE = "pyproject.toml"
#: An address that a link can hold as it is: no blank, no quotation mark, nothing invisible.
ADDRESS = re.compile(r"https?://[!#-;=?-~]+")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


#: What each key must be, whether a value is that, and how it is written; the schedule reads its own keys.
RULES = {
    "author": ("a text", _is_text, '"The desk"'),
    "title": ("a text", _is_text, '"What the reports are about"'),
    "description": ("a text", _is_text, '"What it is about."'),
    "id": ("a text", _is_text, '"https://desk.example/"'),
    "url": (
        "an address that begins with https://",
        lambda value: value == "" or (_is_text(value) and ADDRESS.fullmatch(value)),
        '"https://desk.example/", where readers find index.html; leave it out if they have no such place',
    ),
    "words": (
        "a table of texts",
        lambda value: isinstance(value, dict) and _are_texts([*value.values()]),
        '{ "evidence: article" = "from the article alone" }',
    ),
    "order": ("a list of texts", _are_texts, '["report"]'),
    "drafts": ("a list of texts", _are_texts, '["report"]'),
    "pinned": ("a list of texts", _are_texts, '["report/edition"]'),
    "network": (
        "true, false or a list of reports",
        lambda value: isinstance(value, bool) or _are_texts(value),
        '["REPORT"]',
    ),
}
KEYS = (*RULES, "schedule", "mail")
#: A file is read many times in a render.
_loads = lru_cache(maxsize=4)(tomllib.loads)


def table(project: Project | None) -> dict[str, Any]:
    """Read ``[tool.handover]``; what holds no project, and a project without one, sets nothing.

    Raises:
        HandoverError: The file is not TOML, a key is not known, or something in the table is not what it must be.
    """
    if not project:
        return {}
    try:
        found: Any = _loads((project.root / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise HandoverError(f"{FILE}: must be TOML (got {error}).\nMend the file and run the command again.") from error
    tools = found.get("tool", {})
    if isinstance(tools, dict) and "handover" not in tools and (meant := nearest("handover", tools)):
        raise HandoverError(
            f"{FILE}: settings must stand under [tool.handover] (got [tool.{meant}]).\nCorrect the name."
        )
    for key in ("tool", "handover"):
        found = found.get(key, {}) if isinstance(found, dict) else found
    if not isinstance(found, dict):
        raise HandoverError(f"{FILE}: [tool.handover] must be a table (got {found!r:.60}).\nMend the file.")
    for key in found:
        if key not in KEYS:
            raise HandoverError(
                f"{FILE}: tool.handover.{key} must be a setting that there is (got '{key}'{near(key, KEYS)}).\n"
                f"These are {', '.join(KEYS)}."
            )
    for key, (must, fits, example) in RULES.items():
        if key in found and not fits(found[key]):
            raise HandoverError(
                f"{FILE}: tool.handover.{key} must be {must} (got {found[key]!r}).\nWrite it as {key} = {example}."
            )
    return found


def author(project: Project | None) -> str:
    """Who signs a project's own reports; "" where it does not say."""
    return " ".join(printable(table(project).get("author", "")).split())


def signed(name: str) -> str:
    """The text of a file that sets the author, and so all that shows on a page."""
    return f"[tool.handover]\nauthor = {json.dumps(name, ensure_ascii=False)}\n"


def network(project: Project, report: str) -> bool:
    """Whether a project lets the cells of a report use the network."""
    found = table(project).get("network", False)
    return found if isinstance(found, bool) else report in found
