"""Report, catalogue, feed, mail and `handover diff` name the same changes, of every report, from day to day.

The editions are rendered for real, each after the one of the day before it, as a desk would.
"""

import json
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import feedparser
import lxml.html
import nbformat
import pytest
from click.testing import CliRunner

from handover.cli import cli
from handover.document import model, read
from handover.editions import catalogue, render
from handover.editions import day as spoken
from handover.editions.store import Store
from handover.project import Project
from handover.schedule import mail
from handover.schedule.entries import Notify
from handover.schedule.log import Tick
from handover.schedule.times import clock

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

PROJECT = Project(Path(__file__).resolve().parents[1])
REPORTS = ("briefing", "drawdown", "handover")
DAYS = ("2026-01-07", "2026-01-31", "2026-10-01")
#: Reports of one page have no room for the section.
WITHOUT_SECTION = {"briefing"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    out = tmp_path_factory.mktemp("what-changed")
    for report in REPORTS:
        for day in DAYS:
            render.render(PROJECT, report, {"as_of": day}, out=out)
    return Store.of(PROJECT, out)


@pytest.fixture(scope="module", params=[(report, *days) for report in REPORTS for days in pairwise(DAYS)], ids="-".join)
def pair(request, store):
    """Two editions, and what the catalogue as data says of the later one."""
    report, before, after = request.param
    ((old,), (new,)) = (store.editions(report, prefix=day) for day in (before, after))
    listed = {one["edition"]: one for one in _reports(store)[report]["editions"]}
    return SimpleNamespace(report=report, old=old, new=new, entry=listed[new.name], since=before)


def _reports(store):
    return {one["report"]: one for one in json.loads((store.root / catalogue.DATA).read_bytes())["reports"]}


def texts(pair):
    return [one["text"] for one in pair.entry["changed"]]


def test_every_pair_has_something_to_tell_the_weightiest_first(pair):
    assert pair.entry["before"] == pair.old.name
    assert pair.entry["changed"] and {one["kind"] for one in pair.entry["changed"]} == {"new"}
    weights = [one["weight"] for one in pair.entry["changed"]]
    assert weights == sorted(weights)
    assert all(one["since"] > pair.since for one in pair.entry["changed"])


def test_the_report_says_what_the_catalogue_says(pair):
    nb = nbformat.read(pair.new.file(".ipynb"), 4)
    sections = [cell for cell in nb.cells if cell.source.startswith("story.changes(")]
    assert bool(sections) == (pair.report not in WITHOUT_SECTION)
    for cell in sections:
        source = cell.outputs[0]["data"]["text/markdown"]
        parts = read(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(source)])).parts
        (items,) = (block.items for block in parts[0].blocks if isinstance(block, model.List))
        said = [_unbound(model.plain(item.blocks)).replace("≠", "").strip() for item in items]
        assert len(said) == len(pair.entry["changed"])
        for item, change in zip(said, pair.entry["changed"], strict=True):
            sentence, _, before = change["text"].removesuffix(".").partition(" (before: ")
            assert item.startswith(sentence)
            assert item.endswith(f"before: {before}." if before else ".") and bool(before) == ("before: " in item)


def test_the_feed_says_what_the_catalogue_says(pair, store):
    read = feedparser.parse((store.root / catalogue.FEED).read_bytes())
    (entry,) = (one for one in read.entries if f"{pair.report}/{pair.new.name}/" in one.link)
    told = lxml.html.fromstring(f"<div>{entry.content[0].value}</div>")
    assert [item.text_content() for item in told.iter("li")] == texts(pair)


def test_the_page_says_what_the_catalogue_says(pair, store):
    lead = _reports(store)[pair.report]["lead"]
    assert lead.startswith(DAYS[-1])
    # the front page tells of the newest edition; older ones are listed with a number, so each is made the newest once
    held = [one.manifest() for one in store.editions(pair.report) if one.name <= pair.new.name]
    pages = catalogue.build(held, catalogue.site(PROJECT))
    for name in (catalogue.INDEX, f"{pair.report}_editions.html"):
        page = lxml.html.fromstring(pages[name].decode())
        told = [item.text_content() for item in page.xpath("//section[@class='changes']//li")]
        assert [_unbound(text) for text in told] == texts(pair)


def test_the_mail_says_what_the_catalogue_says(pair, store):
    entry = SimpleNamespace(name="daily", local=lambda instant: instant)
    row = Tick("daily", clock(), clock(), "published", report=pair.report, edition=pair.new.name)
    notify = Notify(("a@example.org",), "d@example.org", "h", 25)
    message = mail.message(store, notify, mail.of_outcome(store, entry, row))
    lines = message.get_body().get_content().splitlines()
    assert [line.removeprefix("- ") for line in lines if line.startswith("- ")] == texts(pair)


def test_the_command_says_what_the_catalogue_says(pair, monkeypatch):
    monkeypatch.chdir(PROJECT.root)
    result = CliRunner().invoke(cli, ["diff", str(pair.old.folder), str(pair.new.folder)])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    told = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    sentences = [line for line in told if line.startswith(("Rewritten: ", "Added: ", "Gone: "))]
    assert told == texts(pair) + sentences
    assert lines[0] == f"From  {pair.report}, {spoken(pair.since)}, with the public record"


def _unbound(text):
    """The text with an ordinary space wherever a page keeps two words on one line."""
    return text.replace("\N{NO-BREAK SPACE}", " ")
