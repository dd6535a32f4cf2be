"""`handover render`: reports to editions."""

from pathlib import Path
from typing import Any

import click

from handover.cli.console import given_once, on_terminate, say
from handover.errors import HandoverError

EXAMPLES = """\b
Examples:
  handover render
  handover render drawdown briefing
  handover render drawdown -p as_of 2026-01-31 -p evidence article
  handover render --out /srv/reports
"""


@click.command("render", epilog=EXAMPLES)
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
def command(
    reports: tuple[str, ...], parameters: tuple[tuple[str, str], ...], out: Path | None, timeout: float
) -> None:
    """Render all reports, or those named, and print the path of each HTML and PDF.

    A report whose inputs have not changed is not rendered again; its edition is named instead. An edition is whole
    or absent: a report that fails leaves everything as it was, and does not stop the others.
    """
    from handover.press import render as press
    from handover.press.progress import Progress
    from handover.project import Project

    on_terminate()
    project, given = Project.find(), given_once(parameters)
    target = out.resolve() if out else None
    failed = []
    for report in dict.fromkeys(reports or project.reports_known()):
        with Progress(report) as progress:
            try:
                outcome = press.render(project, report, given, out=target, timeout_s=timeout, progress=progress)
            except HandoverError as error:
                progress.clear()
                say(str(error))
                failed.append(report)
                continue
        _tell(report, outcome)
    if failed:
        raise HandoverError(f"Failed: {', '.join(failed)}. What was published before is as it was.")


def _tell(report: str, outcome: Any) -> None:
    for warning in outcome.warnings:
        say(f"{report}: warning: {warning}")
    if outcome.kind == "unchanged":
        done = "rendered, and the same again" if outcome.rendered else "nothing rendered"
        say(f"{report}: unchanged since {outcome.edition.name}; {done}")
    for path in outcome.paths:
        click.echo(path)
