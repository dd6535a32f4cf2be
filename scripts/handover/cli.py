"""The command line: thin commands over the press, and the one place where an error becomes an exit code."""

import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from handover import __version__
from handover.errors import HandoverError

#: What a shell reports of a process that Ctrl-C or SIGTERM ended.
INTERRUPTED, TERMINATED = 130, 143

#: What --help shows last; \b keeps click from filling the lines.
EXAMPLES = """\b
Examples:
  handover render                                all reports, as they stand
  handover render drawdown -p as_of 2026-01-31   one report, as of a day
  handover check                                 is everything in order?
  handover list drawdown                         its editions, newest first
"""
RENDER_EXAMPLES = """\b
Examples:
  handover render
  handover render drawdown briefing
  handover render drawdown -p as_of 2026-01-31 -p evidence article
  handover render --out /srv/reports
"""
CHECK_EXAMPLES = """\b
Examples:
  handover check
  handover check --fix
  handover check --article article.txt
"""
DIFF_EXAMPLES = """\b
Examples:
  handover diff drawdown/2026-01-07 drawdown/2026-01-31
  handover diff --json reports/briefing/2026-01-07-en-… reports/briefing/2026-01-31-en-…
"""
LIST_EXAMPLES = """\b
Examples:
  handover list
  handover list drawdown
  handover list --json
"""


@click.group(epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="handover")
@click.option("--debug", is_flag=True, help="Show the traceback of whatever goes wrong.")
def cli(debug: bool) -> None:
    """Render the reports on the handover of Ain al-Asad, and look after their editions."""


@cli.command(epilog=RENDER_EXAMPLES)
@click.argument("reports", nargs=-1, metavar="[REPORT]...")
@click.option("parameters", "-p", nargs=2, multiple=True, metavar="NAME VALUE", help="Set a parameter; repeatable.")
@click.option("--out", type=click.Path(path_type=Path), help="Publish in this folder instead of reports/.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="How long one notebook may run.",
)
def render(reports: tuple[str, ...], parameters: tuple[tuple[str, str], ...], out: Path | None, timeout: float) -> None:
    """Render all reports, or those named, and print the path of each HTML and PDF.

    A report whose inputs have not changed is not rendered again; its edition is named instead. An edition is whole
    or absent: a report that fails leaves everything as it was, and does not stop the others.
    """
    from handover.press import render as press
    from handover.press.progress import Progress
    from handover.project import Project

    signal.signal(signal.SIGTERM, _terminated)
    project, given = Project.find(), _given(parameters)
    target = out.resolve() if out else None
    failed = []
    for report in dict.fromkeys(reports or project.reports_known()):
        with Progress(report) as progress:
            try:
                outcome = press.render(project, report, given, out=target, timeout_s=timeout, progress=progress)
            except HandoverError as error:
                progress.clear()
                _say(str(error))
                failed.append(report)
                continue
        _tell(report, outcome)
    if failed:
        raise HandoverError(f"Failed: {', '.join(failed)}. What was published before is as it was.")


@cli.command(epilog=CHECK_EXAMPLES)
@click.option(
    "--article",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Check the claims' places against the article, as UTF-8 text; the project does not store it.",
)
@click.option("--fix", is_flag=True, help="First clean the notebooks: drop outputs, counts and editor metadata.")
def check(article: Path | None, fix: bool) -> None:
    """Check data, notebooks, editions and catalogue; one line a thing, exit code 1 if anything is wrong."""
    from handover.press import check as checks
    from handover.press.store import Store
    from handover.project import Project
    from handover.story import article as articles
    from handover.story import record

    project = Project.find()
    store = Store.of(project)
    wrong = 0

    def tell(*findings: checks.Finding) -> int:
        for finding in findings:
            click.echo(str(finding))
        return sum(finding.mark == "wrong" for finding in findings)

    if fix:
        tell(*checks.fix(project))
    faults = record.check(project)
    wrong += tell(*(checks.Finding("wrong", f"data: {line}") for line in faults))
    if not faults:
        tell(checks.Finding("ok", "data: the record is whole and its references lead somewhere"))
    if article:
        wrong += tell(_article(articles, project, article))
    for findings in (checks.dictionary(project), checks.notebooks(project), checks.editions(store, project)):
        for finding in findings:
            wrong += tell(finding)
    wrong += tell(*checks.catalogue(store, project))
    if wrong:
        raise HandoverError(f"{wrong} wrong.")


@cli.command("list", epilog=LIST_EXAMPLES)
@click.argument("report", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, for programs.")
def list_editions(report: str | None, as_json: bool) -> None:
    """List editions, newest first: report, edition, title, path of the HTML."""
    import json

    from handover.press import listing
    from handover.press.store import Store
    from handover.project import Project

    project = Project.find()
    rows, faults = listing.rows(Store.of(project), project, report)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    elif rows:
        width = max(len(row["report"]) for row in rows), max(len(row["edition"]) for row in rows)
        lines = (f"{row['report']:<{width[0]}}  {row['edition']:<{width[1]}}  {row['path']}" for row in rows)
        click.echo("\n".join(lines))
    if faults:
        raise HandoverError("\n".join(faults))


@cli.command(epilog=DIFF_EXAMPLES)
@click.argument("old")
@click.argument("new")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, for programs.")
def diff(old: str, new: str, as_json: bool) -> None:
    """Say what NEW prints that OLD does not: facts revised, new and gone.

    An edition is named by its path, or as report/edition, cut short as long as only one begins so.
    """
    import json

    from handover.press import compare, previous
    from handover.press.store import Store
    from handover.project import Project

    store = Store.of(Project.find())
    before, after = (previous.named(store, name).manifest() for name in (old, new))
    found = compare.compare(before["facts"], after["facts"])
    if as_json:
        click.echo(json.dumps([one.as_json() for one in found], ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(str(one) for one in found) or "Both editions say the same.")


@cli.command()
def catalogue() -> None:
    """Write the catalogue of reports/ anew from its manifests, e.g. after a merge brought editions in."""
    from handover.press import catalogue as catalogues
    from handover.press.store import Store
    from handover.project import Project

    store = Store.of(Project.find())
    with store.locked():
        faults = catalogues.write(store)
    click.echo(store.root / "index.html")
    if faults:
        raise HandoverError("\n".join(faults))


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        code = cli.main(words, prog_name="handover", standalone_mode=False)
    except HandoverError as error:
        _trace(words)
        _say(str(error))
        code = 1
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        _say("\nInterrupted; nothing half made is left.")
        code = INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has closed it; there is no one left to tell
        sys.stdout = None
        code = 0
    except Exception as error:
        _trace(words)
        _say(
            f"This is a bug in handover: {type(error).__name__}: {error}\n"
            "Run `handover --debug …` with the same words and report what it prints."
        )
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _given(parameters: tuple[tuple[str, str], ...]) -> dict[str, str]:
    names = [name for name, _ in parameters]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise click.UsageError(f"-p must set each parameter once (twice: {', '.join(twice)}).")
    return dict(parameters)


def _tell(report: str, outcome: Any) -> None:
    for warning in outcome.warnings:
        _say(f"{report}: warning: {warning}")
    if outcome.kind == "unchanged":
        done = "rendered, and the same again" if outcome.rendered else "nothing rendered"
        _say(f"{report}: unchanged since {outcome.edition.name}; {done}")
    for path in outcome.paths:
        click.echo(path)


def _article(articles: Any, project: Any, path: Path) -> Any:
    from handover.press.check import Finding

    try:
        return Finding("ok", f"article: {articles.check(project, path)}")
    except HandoverError as error:
        return Finding("wrong", f"article: {error}")


def _terminated(number: int, frame: Any) -> NoReturn:
    """Leave by the ordinary way on SIGTERM, so that kernels end and nothing half made stays."""
    sys.exit(TERMINATED)


def _trace(words: list[str]) -> None:
    if "--debug" in words:
        import traceback

        traceback.print_exc()


def _say(text: str) -> None:
    click.echo(text, err=True)
