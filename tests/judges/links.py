"""A reader who follows every link of a catalogue, of its index, feed and data, and tells which lead nowhere."""

import json
import posixpath
import re
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urlsplit

STARTS = ("index.html", "feed.xml", "catalogue.json")
#: Pages of the catalogue itself, whose links are followed; what they lead to is only asked for.
PAGE = re.compile(r"[^/]+\.html")


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.found += [values[name] for name in ("href", "src") if values.get(name)]
        if values.get("property") == "og:image":
            self.found.append(values["content"])
        self.ids |= {values["id"]} if values.get("id") else set()


def dangling(get: Callable[[str], bytes | None], has: Callable[[str], bool] | None = None) -> list[str]:
    """Follow every link of a site.

    Args:
        get: Gives the bytes of a path, or None where there is nothing.
        has: Tells whether there is something; by default `get` is asked.

    Returns:
        One line a link that leads nowhere; nothing for a site without an index, which nobody can enter.
    """
    exists = has or (lambda path: get(path) is not None)
    if not exists("index.html"):
        return []
    waiting, seen, faults = list(STARTS), set(STARTS), []
    while waiting:
        page = waiting.pop()
        data = get(page)
        if data is None:
            faults.append(f"{page}: is not there")
            continue
        links, ids = _links(page, data)
        for link in links:
            target, fragment = urldefrag(link)
            if not target and fragment and unquote(fragment) not in ids:
                faults.append(f"{page}: {link} leads nowhere in it")
            if not target or urlsplit(target).scheme:
                continue
            path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(target)))
            if path in seen:
                continue
            seen.add(path)
            if PAGE.fullmatch(path):
                waiting.append(path)
            elif not exists(path):
                faults.append(f"{page}: {path} is not there")
    return faults


def _links(page: str, data: bytes) -> tuple[list[str], set[str]]:
    text = data.decode()
    if page.endswith(".json"):
        reports = json.loads(text)["reports"]
        return [file["path"] for one in reports for each in one["editions"] for file in each["files"].values()], set()
    if page.endswith(".xml"):
        return re.findall(r'<link [^>]*href="([^"]*)"', text), set()
    parser = _Links()
    parser.feed(text)
    return parser.found, parser.ids
