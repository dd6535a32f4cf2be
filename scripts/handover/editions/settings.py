"""What a project sets about its editions: the table ``[tool.handover]`` of its pyproject.toml.

Who reads a key checks it; here is only where it stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handover.errors import HandoverError
from handover.project import Project

FILE = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Site:
    """What a project says of its catalogue: what the story is called, in which order its reports stand, where it lies.

    `words` says in a few words what a setting means to a reader, by ``name: value``. `id` names the feed for ever; it
    is the address unless a project that moved keeps its old one.
    """

    title: str = "Reports"
    description: str = ""
    order: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    id: str = ""

    def turn(self, report: str) -> tuple[int, str]:
        """Sorts reports: those named in their order, then the others by name."""
        return (self.order.index(report) if report in self.order else len(self.order)), report

    def phrase(self, name: str, value: Any) -> str:
        """A setting in the words of the project; "" where it has none."""
        return self.words.get(f"{name}: {value}", "")


def site(project: Project | None) -> Site:
    """Read what a project says of its catalogue.

    Raises:
        HandoverError: A key holds what it may not.
    """
    if not project:
        return Site()
    found = table(project)
    for key in ("title", "description", "id"):
        _want(key, found.get(key, ""), str, "a text", 'title = "Leaving Iraq"')
    words = found.get("words", {})
    _want("words", words, dict, "a table of texts", '"evidence: article" = "from the article alone"')
    for name, value in words.items():
        _want(f"words.{name!r}", value, str, "a text", '"evidence: article" = "from the article alone"')
    address = url(found)
    return Site(
        title=found.get("title") or Site().title,
        description=found.get("description", ""),
        order=tuple(texts(found, "order")),
        words=words,
        url=address,
        id=found.get("id", "") or address,
    )


def _want(key: str, found: Any, kind: type, what: str, example: str) -> None:
    if not isinstance(found, kind):
        raise HandoverError(f"{FILE}: tool.handover.{key} must be {what} (got {found!r}).\nWrite it as {example}.")


def table(project: Project) -> dict[str, Any]:
    """Read the table; a project without one sets nothing.

    Raises:
        HandoverError: The file is not TOML.
    """
    import tomllib

    try:
        found = tomllib.loads((project.root / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise HandoverError(f"{FILE}: must be TOML (got {error}).\nMend the file and run the command again.") from error
    tools = found.get("tool", {})
    return tools.get("handover", {}) if isinstance(tools, dict) else {}


def url(found: Mapping[str, Any]) -> str:
    """Where the table says that the catalogue is published, with a slash at its end, or "" where it does not.

    Raises:
        HandoverError: It is no address of the web.
    """
    address = found.get("url", "")
    if address and not (isinstance(address, str) and address.startswith(("https://", "http://"))):
        raise HandoverError(
            f"{FILE}: tool.handover.url must be an address that begins with https:// (got {address!r}).\n"
            "It is where readers find index.html; leave it out if they have no such place."
        )
    return f"{address.rstrip('/')}/" if address else ""


def texts(found: Mapping[str, Any], key: str) -> list[str]:
    """A list of texts in the table, e.g. ``pinned``; empty where nothing is set.

    Raises:
        HandoverError: It is something else.
    """
    listed = found.get(key, [])
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise HandoverError(
            f"{FILE}: tool.handover.{key} must be a list of texts (got {listed!r}).\n"
            f'Write it as {key} = ["report/edition"].'
        )
    return listed
