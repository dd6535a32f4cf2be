"""What a project sets about its editions: the table ``[tool.handover]`` of its pyproject.toml.

Who reads a key checks it; here is only where it stands.
"""

from typing import Any

from handover.errors import HandoverError
from handover.project import Project

FILE = "pyproject.toml"


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


def url(project: Project | None) -> str:
    """Where the catalogue is published, with a slash at its end, or "" where nobody has said.

    Raises:
        HandoverError: It is no address of the web.
    """
    found = table(project).get("url", "") if project else ""
    if found and not (isinstance(found, str) and found.startswith(("https://", "http://"))):
        raise HandoverError(
            f"{FILE}: tool.handover.url must be an address that begins with https:// (got {found!r}).\n"
            "It is where readers find index.html; leave it out if they have no such place."
        )
    return f"{found.rstrip('/')}/" if found else ""


def texts(project: Project, key: str) -> list[str]:
    """A list of texts, e.g. ``pinned``; empty where nothing is set.

    Raises:
        HandoverError: It is something else.
    """
    found = table(project).get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise HandoverError(
            f"{FILE}: tool.handover.{key} must be a list of texts (got {found!r}).\n"
            f'Write it as {key} = ["report/edition"].'
        )
    return found
