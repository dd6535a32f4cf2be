"""What a project sets for itself: the table ``[tool.handover]`` of its pyproject.toml."""

import json
from collections.abc import Mapping
from typing import Any

from handover.errors import HandoverError, near
from handover.project import Project
from handover.text import printable

FILE = "pyproject.toml"
KEYS = (
    "title", "author", "description", "url", "id", "order", "words", "pinned", "drafts", "network", "schedule", "mail",
)  # fmt: skip


def table(project: Project) -> dict[str, Any]:
    """Read ``[tool.handover]``; a project without one sets nothing.

    Raises:
        HandoverError: The file is not TOML, or a key is not known.
    """
    import tomllib

    try:
        found = tomllib.loads((project.root / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise HandoverError(f"{FILE}: must be TOML (got {error}).\nMend the file and run the command again.") from error
    tools = found.get("tool", {})
    own = tools.get("handover", {}) if isinstance(tools, dict) else {}
    for key in own if isinstance(own, dict) else ():
        if key not in KEYS:
            raise HandoverError(
                f"{FILE}: tool.handover.{key} must be a setting that there is (got '{key}'{near(key, KEYS)}).\n"
                f"These are {', '.join(KEYS)}."
            )
    return own


def author(project: Project | None) -> str:
    """Who signs a project's own reports; "" where it does not say.

    Raises:
        HandoverError: The key holds something else than a text.
    """
    found = table(project).get("author", "") if project else ""
    want(isinstance(found, str), "author", found, "a text", 'author = "The desk"')
    return " ".join(printable(found).split())


def signed(name: str) -> str:
    """The text of a file that sets the author, and so all that shows on a page."""
    return f"[tool.handover]\nauthor = {json.dumps(name, ensure_ascii=False)}\n"


def network(project: Project, report: str) -> bool:
    """Whether a project lets the cells of a report use the network.

    Raises:
        HandoverError: The key ``network`` holds something else than true, false or names.
    """
    found = table(project).get("network", False)
    if isinstance(found, bool):
        return found
    fits = isinstance(found, list) and all(isinstance(one, str) for one in found)
    want(fits, "network", found, "true, false or a list of reports", 'network = ["REPORT"]')
    return report in found


def texts(found: Mapping[str, Any], key: str) -> list[str]:
    """A list of texts in the table, e.g. ``drafts``; empty where nothing is set.

    Raises:
        HandoverError: It is something else.
    """
    listed = found.get(key, [])
    fits = isinstance(listed, list) and all(isinstance(one, str) for one in listed)
    want(fits, key, listed, "a list of texts", f'{key} = ["{"report" if key == "drafts" else "report/edition"}"]')
    return listed


def want(fits: bool, key: str, found: Any, what: str, example: str) -> None:
    """Refuse what a key holds where it does not fit.

    Raises:
        HandoverError: It does not.
    """
    if not fits:
        raise HandoverError(f"{FILE}: tool.handover.{key} must be {what} (got {found!r}).\nWrite it as {example}.")
