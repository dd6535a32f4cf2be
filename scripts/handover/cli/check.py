"""The commands that judge: `handover check` what is written here, `handover verify` what was rendered."""

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handover.cli import JSON, command, on_terminate, print_json
from handover.errors import HandoverError, NotebookError, on_one_line

if TYPE_CHECKING:
    from handover.editions import Finding, Store
    from handover.project import Project


@command("""
  handover check
  handover check --fix
  handover check --article article.txt
  handover check --staged
  handover check --commits origin/main..HEAD
""")
@click.option(
    "--article",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Check the claims' places against the article, as UTF-8 text; the project does not store it.",
)
@click.option("--fix", is_flag=True, help="First clean the notebooks: drop outputs, counts and editor metadata.")
@click.option("--staged", is_flag=True, help="Check only that what is staged for a commit changes no edition.")
@click.option("--commits", metavar="RANGE", help="Check only that these commits change no edition.")
def check_command(article: Path | None, fix: bool, staged: bool, commits: str | None) -> None:
    """Check data, notebooks, editions and catalogue; one line a thing, exit code 1 if anything is wrong."""
    from handover.editions import check as checks
    from handover.project import Project

    project = Project.find()
    wrong = 0
    for finding in checks.rewritten(project, commits or "") if staged or commits else _all(project, article, fix):
        click.echo(str(finding))
        wrong += finding.mark == "wrong"
    if wrong:
        raise HandoverError(f"{wrong} wrong.")


def _all(project: "Project", article: Path | None, fix: bool) -> "Iterator[Finding]":
    from handover.editions import Store
    from handover.editions import check as checks

    store = Store.of(project)
    if fix:
        yield from checks.fix(project)
    data = list(checks.data(project))
    yield from data
    settings = list(_settings(project, store))
    yield from settings
    if article:
        yield _article(project, article)
    yield from checks.notebooks(project)
    yield from _words(project, all(finding.mark != "wrong" for finding in data))
    if settings:
        yield checks.Finding("note", "editions and catalogue: to be checked once pyproject.toml is mended")
        return
    yield from checks.editions(store, project)
    yield from checks.catalogue(store, project)


def _settings(project: "Project", store: "Store") -> "Iterator[Finding]":
    """Check pyproject.toml, which a render reads in part and a schedule only when it is run."""
    from handover.editions import Finding, catalogue, settings
    from handover.schedule import entries

    try:
        settings.table(project)
        for key in ("drafts", "network"):
            catalogue.reports(store, key)
        with suppress(NotebookError):  # told of the notebook itself
            entries.load(project, now=dt.datetime.now(dt.UTC))
    except HandoverError as error:
        yield Finding("wrong", on_one_line(error))


def _words(project: "Project", sound: bool) -> "Iterator[Finding]":
    """Check what notebooks say against the facts; only here do the story and the notebooks' files meet."""
    from handover.editions import Finding
    from handover.notebook import code_cells, source
    from handover.story import check_facts, check_words

    if not sound:
        yield Finding("note", "words: to be checked against the facts once the data are mended")
        return
    told = check_facts(project)
    for fault in told:
        yield Finding("wrong", fault if fault.startswith(f"{project.where(project.data)}/") else f"data: {fault}")
    cells = {}
    for report in project.reports_known():
        with suppress(HandoverError):  # told of the notebook itself
            path = project.notebook(report)
            cells[project.where(path)] = code_cells(source.load(path))
    try:
        found = check_words(project, cells)
    except HandoverError as error:
        yield Finding("wrong", on_one_line(error))
        return
    for where, words in found.items():
        # a fact that cannot be made is one fault, and not one more in each text that names it
        new = (fault for fault in words.faults if not any(one in fault for one in told))
        yield from (Finding("wrong", f"{where}: {fault}") for fault in new)
        if not words.faults:
            yield Finding("ok", f"{where}: its words name what is known")
        if words.unread:
            places = "; ".join(words.unread)
            yield Finding(
                "note", f"{where}: {places}: words that code puts together are checked only when they are printed"
            )


def _article(project: "Project", path: Path) -> "Finding":
    from handover.editions import Finding
    from handover.story import check_article

    try:
        return Finding("ok", f"article: {check_article(project, path)}")
    except HandoverError as error:
        return Finding("wrong", f"article: {error}")


@command("""
  handover verify reports                        every edition, and the catalogue
  handover verify ~/Downloads/drawdown_….pdf     a PDF from a mail
  handover verify --trust drawdown_….zip         a bundle, by all that is in it, in any folder
  handover verify --hashes reports/drawdown      quickly, without rendering

\b
Exit code: 0 all verified; 1 something differs; 3 nothing differs, but something cannot be rebuilt here,
because it was made from other data, notebooks, code or tools than this checkout's, or cannot be judged by
what was asked: with --hashes, a PDF that no manifest of this project names.
""")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(exists=True, path_type=Path))
@click.option("--hashes", is_flag=True, help="Compare hashes only; render nothing.")
@JSON
@click.option("--trust", is_flag=True, help="Run the notebook inside an edition even if it is not this checkout's.")
def verify_command(paths: tuple[Path, ...], hashes: bool, as_json: bool, trust: bool) -> None:
    """Compare hashes, render again, and compare the bytes.

    PATH is a folder of editions, an edition, a file of one, a bundle, zipped or unpacked, or a PDF by itself. Each
    is verified, or differs, with the first difference that a person can understand, or cannot be rebuilt here or
    judged, with how to get what is missing. Code that came with an edition is run only if it is this checkout's, or
    with --trust.
    """
    from handover.project import Project
    from handover.verify import code, verify

    on_terminate()
    answers = []
    try:
        project = Project.find()
    except HandoverError:
        project = Project(Path.cwd())  # of no use but to trust what came along
    for one in verify(project, paths, hashes=hashes, trust=trust):
        answers.append(one)
        if not as_json:
            click.echo(str(one))
    if as_json:
        print_json([one.as_json() for one in answers])
    if worst := code(answers):
        raise click.exceptions.Exit(worst)
