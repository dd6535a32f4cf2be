"""The catalogue of a store: a pure function of the manifests in it, and of what the project says of its reports.

`index.html` for readers, with a page of all editions for each report (`<report>_editions.html`, older ones on
numbered pages), `catalogue.json` for programs, `feed.xml` for those who follow. None of them depends on the clock, so
the same manifests give the same bytes anywhere.
"""

import json
import os
import re
import stat
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from handover import atomic, bounded
from handover.editions import manifest, shape
from handover.editions.changes import CORRECTED, compare
from handover.editions.index import before, series
from handover.editions.manifest import Manifest, Value
from handover.editions.settings import FILE, table
from handover.editions.store import LINK_PICTURE, PICTURE, REPORT, Edition, Store, file_name, manifests
from handover.errors import HandoverError, NotebookError, StoreError, near
from handover.project import Project
from handover.text import shown, whole

#: The format of catalogue.json.
VERSION = 2
#: Where catalogue.json names an edition.
NAMED = re.compile(rb'"path": "([^"/]+/[^"/]+)/')
#: What every edition offers its readers.
PAGES = ("html", "pdf", "ipynb")
FILES = DATA, FEED, INDEX = "catalogue.json", "feed.xml", "index.html"
#: What the pages of all editions are called.
ARCHIVE = re.compile(rf"(?P<report>{REPORT.pattern})_editions(?:-(?P<number>[1-9][0-9]*))?\.html")
#: What our files of a catalogue hold near their beginning, and nobody else's do, by the end of their names.
MARKS = {
    ".html": re.compile(rb'<meta name="generator" content="handover catalogue">'),
    ".json": re.compile(rb'\{"version": \d+, "reports": \['),
    ".xml": re.compile(rb"<generator>handover catalogue</generator>"),
}
#: How far from the beginning; what stands before is the title and the like.
MARKED_WITHIN = 4096
#: Characters of a setting shown, with the mark that it is cut.
SETTING_SHOWN = 81


@dataclass(frozen=True, slots=True)
class Site:
    """What a project says of its catalogue.

    `order` has the reports that come first; `words` say what a setting means, by ``name: value``; `url` is where the
    catalogue is published, with a slash at its end, "" for nowhere; `id` names the feed for ever: the address, unless a
    project that moved keeps its old one.
    """

    title: str = "Reports"
    description: str = ""
    order: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    id: str = ""

    def settings(self, one: "Manifest | Entry", *, defaults: bool = False) -> str:
        """What an edition was asked for beside its day, in the project's words where it has some.

        With `defaults` also what was left at its default and has words is named.
        """
        asked = {**(one["parameters"] if defaults else {}), **one["variant"]}
        words = {name: self.words.get(f"{name}: {value}", "") for name, value in sorted(asked.items())}
        plain = {name: f"{name}: {setting(one['variant'][name])}" for name in words if name in one["variant"]}
        return ", ".join(filter(None, (text or plain.get(name, "") for name, text in words.items())))


def setting(value: Any) -> str:
    """A parameter's value as a line has room for; the catalogue as data has the whole."""
    words = ", ".join(map(str, value)) if isinstance(value, list) else "none" if value is None else value
    return shown(words, SETTING_SHOWN)


def site(project: Project | None) -> Site:
    """What a project says of its catalogue."""
    found = table(project)
    url = f"{found['url'].rstrip('/')}/" if found.get("url") else ""
    told = {key: found[key] for key in ("title", "description", "words") if found.get(key)}
    return Site(**told, order=tuple(found.get("order", ())), url=url, id=found.get("id") or url)


def reports(store: Store, key: str) -> list[str]:
    """The reports that a setting names: ``drafts`` those in the making, which no mirror may name.

    Raises:
        HandoverError: It holds a name that is no report, which would let a draft through.
    """
    found, project = table(store.project).get(key, []), store.project
    known = sorted({*project.reports_known(), *store.reports()}) if project else []
    for name in found if isinstance(found, list) else ():
        if name not in known:
            raise HandoverError(
                f"{FILE}: tool.handover.{key} must name reports (known: {', '.join(known) or 'none'}; got '{name}'"
                f"{near(name, known)}).\nCorrect the name, or take it out."
            )
    return found


def unaddressed(site: Site) -> str:
    """What readers of the feed lack where the project has no address; "" where it has one."""
    lack = "links of the feed are relative, which some readers cannot follow, and its ids rest on the title alone"
    return "" if site.url else f"{lack}, which another desk may have too: set tool.handover.url in {FILE}"


class Entry(TypedDict):
    """An edition as the catalogue lists it.

    `ahead` says that it speaks from a day that had not come; `before` and `replaces` name the editions that it is
    compared with; `changed` is what `changes.Change.as_json` gives; `files` has path, hash, size and type by kind.
    """

    report: str
    edition: str
    title: str
    standfirst: str
    as_of: str
    language: str
    parameters: dict[str, Value]
    variant: dict[str, Value]
    pages: int
    inputs: str
    made: str
    ahead: bool
    sources: int
    files: dict[str, dict[str, str | int]]
    before: str
    replaces: str
    changed: list[dict[str, str | int | None]]


class Listed(TypedDict):
    """A report as the catalogue lists it: its title, the name of its lead ("" for none), all editions, newest first."""

    report: str
    title: str
    lead: str
    editions: list[Entry]


class Data(TypedDict):
    """The content of catalogue.json."""

    version: int
    reports: list[Listed]


def build(found: Iterable[Manifest], site: Site | None = None) -> dict[str, bytes]:
    """Make the bytes of the catalogue's files, by name, from manifests in any order.

    They come in the order in which they may appear: what a page links to comes before it.
    """
    from handover.editions import catalogue_pages

    site = site or Site()
    reports = entries(found, site)
    pages = catalogue_pages.write(reports, site)
    files = {DATA: _json(reports), FEED: catalogue_pages.feed(reports, site), **pages}
    return {name: files[name] for name in sorted(files, key=_turn)}


def write(store: Store, without: Collection[Edition] = (), *, force: bool = False) -> list[str]:
    """Bring a store's catalogue up to date, file by file in one step each; the caller holds the lock.

    Editions `without` which it is written are about to go; `force` replaces even files that we did not write. Returns
    a line for each torn manifest that is left out.

    Raises:
        StoreError: Other people's files have the names of ours, or the disk refuses. If it is full, the catalogue is
            as it was.
    """
    found, faults = manifests(one for one in store.editions() if one not in without)
    files = build(found, site(store.project))
    if not force:
        check_names(store, files)
    with atomic.translate_os_errors(store.root):
        # `lists` believes catalogue.json, so after a kill it must not be ahead of the pages
        names = sorted(files, key=lambda name: name == DATA)
        changed = {name: files[name] for name in names if _bytes(store.root / name) != files[name]}
        if changed:
            atomic.replace_all(store.root, changed)
        for name in _archives(store) - files.keys():
            (store.root / name).unlink()
    return faults


def check_names(store: Store, names: Iterable[str]) -> None:
    """Refuse to write a catalogue where other people's files have the names of ours.

    Raises:
        StoreError: Some have.
    """
    foreign = sorted(name for name in names if os.path.lexists(store.root / name) and not _is_ours(store.root / name))
    if foreign:
        raise StoreError(
            f"{store.root}: must hold no file that the catalogue would replace and handover did not write "
            f"(got {', '.join(foreign[:10])}).\n"
            "Choose another folder with --out, or move the files away; `handover catalogue --force` replaces them in "
            "reports/."
        )


def _is_ours(path: Path) -> bool:
    """Whether we wrote a file of a catalogue: it carries our mark. A link does not."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return MARKS[path.suffix].search(file.read(MARKED_WITHIN)) is not None


def stale(store: Store) -> list[str]:
    """Names of the catalogue's files that are not what the manifests say."""
    files = build(manifests(store.editions())[0], site(store.project))
    changed = [name for name, data in files.items() if _bytes(store.root / name) != data]
    return changed + sorted(_archives(store) - files.keys())


def lists(root: Path, editions: Iterable[Edition]) -> bool:
    """Whether the catalogue on disk is whole and names these editions."""
    if not all((root / name).is_file() for name in (INDEX, FEED)):
        return False
    named = set(NAMED.findall(_bytes(root / DATA) or b""))
    return all(str(edition).encode() in named for edition in editions)


def archive(report: str, number: int = 0) -> str:
    """Name of a page with all editions of a report; 0 is the newest, the others are numbered from the oldest."""
    return f"{report}_editions-{number}.html" if number else f"{report}_editions.html"


def _archives(store: Store) -> set[str]:
    """Names of the pages of all editions that we wrote."""
    found = (path for path in store.root.glob("*_editions*.html") if ARCHIVE.fullmatch(path.name))
    return {path.name for path in found if _is_ours(path)}


def entries(given: Iterable[Manifest], site: Site | None = None) -> list[Listed]:
    """Sort editions into reports: of each the lead first, then all editions, newest first.

    The lead is the newest edition with the parameters a reader gets who asks for nothing special. One of a day that
    had not come when it was made leads nothing, since it was a mistake or a trial; a report with no other has no lead,
    and is left out of the front page.
    """
    by_report: dict[str, list[Manifest]] = {}
    for one in manifest.newest_first(given):
        by_report.setdefault(one["report"], []).append(one)
    found: list[Listed] = []
    for report, editions in by_report.items():
        come = [one for one in editions if not manifest.ahead(one)]
        lead = next((one for one in come if not one["variant"]), next(iter(come), None))
        title, name = (lead or editions[0])["title"], lead["edition"] if lead else ""
        found.append({"report": report, "title": title, "lead": name, "editions": _succession(editions)})
    order = (site or Site()).order
    # a report that the project does not place comes after those that it does
    return sorted(found, key=lambda one: ([*order, one["report"]].index(one["report"]), one["report"]))


def _succession(editions: list[Manifest]) -> list[Entry]:
    """The editions of a report, newest first, each compared with those before it of the same series."""
    found = []
    held: dict[str, dict[str, list[Manifest]]] = {}
    for one in reversed(editions):
        days = held.setdefault(json.dumps(series(one)), {})
        found.append(_entry(one, *before(one, reversed(days), lambda day, days=days: days.get(day, []))))
        days.setdefault(one["as_of"], []).append(one)
    return found[::-1]


def _entry(one: Manifest, earlier: Manifest | None, replaced: Manifest | None) -> Entry:
    files = {kind: file_name(one["report"], one["edition"], f".{kind}") for kind in PAGES}
    files |= {"picture": PICTURE, "card": LINK_PICTURE}
    corrected = [change for change in compare(replaced, one) if change.kind == CORRECTED] if replaced else []
    known = {change.key for change in corrected}
    changed = [change for change in compare(earlier, one) if change.key not in known] if earlier else []
    keys = ("report", "edition", "title", "standfirst", "as_of", "language", "parameters", "variant", "pages")
    return {key: one[key] for key in keys} | {
        "inputs": one["inputs"]["digest"],
        "made": one["run"]["started"],
        "ahead": manifest.ahead(one),
        "sources": len(one["sources"]),
        "files": {kind: _file(one, name) for kind, name in files.items() if name in one["outputs"]},
        "before": earlier["edition"] if earlier else "",
        "replaces": replaced["edition"] if replaced else "",
        "changed": [change.as_json() for change in (*corrected, *changed)],
    }


def _file(one: Manifest, name: str) -> dict[str, Any]:
    about = one["outputs"][name]
    path = f"{one['report']}/{one['edition']}/{name}"
    return {"path": path, "sha256": about["sha256"], "bytes": about["bytes"], "mime": about["mime"]}


def rows(store: Store, report: str | None = None) -> tuple[list[dict[str, Any]], list[str]]:
    """List editions, newest first, without any heavy import; and name each torn manifest in a line.

    Paths are relative to the project where they lie in it.

    Raises:
        NotebookError: There is no report of that name, neither a notebook nor an edition.
    """
    project = store.project
    known = sorted({*project.reports_known(), *store.reports()})
    if report is not None and report not in known:
        raise NotebookError(
            f"{report}: must be a report (known: {', '.join(known) or 'none'}{near(report, known)}).\n"
            "Run `handover list` to see all editions."
        )
    editions = store.editions(report)
    found, faults = _catalogued(store, report, editions), []
    if {(one["report"], one["edition"]) for one in found} != {(one.report, one.name) for one in editions}:
        read, faults = manifests(editions)
        # reports by name, and of each the newest edition first
        ordered = sorted(manifest.newest_first(read), key=lambda one: one["report"])
        found = [one | {"inputs": one["inputs"]["digest"]} for one in ordered]
    words = site(project)
    keys = ("report", "edition", "title", "as_of", "language", "parameters", "pages", "inputs")
    listed = []
    for one in found:
        path = Edition(store.root, one["report"], one["edition"]).file(".html")
        row = {key: one[key] for key in keys}
        listed.append(row | {"settings": words.settings(one, defaults=True), "path": project.where(path)})
    return listed, faults


def _catalogued(store: Store, report: str | None, editions: Iterable[Edition]) -> list[Any]:
    """What catalogue.json lists, which stands for the manifests while none of them was touched since it was written."""
    try:
        written = (store.root / DATA).lstat().st_ctime_ns
        touched = (os.lstat(edition.folder / manifest.NAME) for edition in editions)
        if any(state.st_ctime_ns >= written or not stat.S_ISREG(state.st_mode) for state in touched):
            return []
        listed = json.loads(bounded.read(store.root / DATA))
    except (OSError, ValueError, RecursionError):
        return []
    if shape.fault(listed, Data):
        return []
    chosen = sorted(
        (one for one in listed["reports"] if report in (None, one["report"])), key=lambda one: one["report"]
    )
    return [one for each in chosen for one in each["editions"]]


def _json(reports: list[Listed]) -> bytes:
    """The catalogue as JSON, one edition a line: small, and a new edition is one line of a difference."""

    def dumps(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)

    blocks = []
    for report in reports:
        editions = ",\n".join(dumps(one) for one in report["editions"])
        head = ", ".join(f"{dumps(key)}: {dumps(report[key])}" for key in ("lead", "report", "title"))
        blocks.append(f'{{{head}, "editions": [\n{editions}\n]}}')
    return whole(f'{{"version": {VERSION}, "reports": [{", ".join(blocks)}]}}\n').encode()


def _turn(name: str) -> tuple[int, float, str]:
    """When a file may appear: the oldest pages first, a report's own page after them, the index last."""
    if match := ARCHIVE.fullmatch(name):
        return 0, float(match["number"] or "inf"), name
    return 1, FILES.index(name), name


def _bytes(path: Path) -> bytes | None:
    """What a file of the catalogue holds; None where there is none that could be ours."""
    try:
        return None if path.is_symlink() else bounded.read(path)
    except OSError:
        return None
