"""`handover render`: reports to editions."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handover.cli.console import given_once, on_terminate, say
from handover.errors import HandoverError

if TYPE_CHECKING:
    from handover.project import Project

EXAMPLES = """\b
Examples:
  handover render
  handover render drawdown briefing
  handover render drawdown -p as_of 2026-01-31 -p evidence article
  handover render --out /srv/reports
  handover render drawdown --sweep as_of=2020-01-01..2026-06-30/1w --sweep evidence=article,record
  handover render briefing --sweep as_of=2026-01-01..2026-06-30/1m --cluster tcp://scheduler:8786
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
@click.option(
    "axes",
    "--sweep",
    multiple=True,
    metavar="NAME=VALUES",
    help="Render once for each value: FROM..TO/STEP, or a list with commas; repeatable, for every combination.",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="How many to render at a time [default in a sweep: cores]."
)
@click.option("--cluster", metavar="ADDRESS", help="Render on the Dask cluster with this scheduler.")
def render_command(
    reports: tuple[str, ...],
    parameters: tuple[tuple[str, str], ...],
    out: Path | None,
    timeout: float,
    axes: tuple[str, ...],
    jobs: int | None,
    cluster: str | None,
) -> None:
    """Render all reports, or those named, and print the path of each HTML and PDF.

    A report whose inputs have not changed is not rendered again; its edition is named instead. An edition is whole
    or absent: a report that fails leaves everything as it was, and does not stop the others.

    With --sweep, --jobs or --cluster many are rendered at a time, in worker processes. They are published in the
    order of their days, each series from its beginning, so that a sweep that was stopped can be gone on with.
    """
    from handover.project import Project

    if jobs and cluster:
        raise click.UsageError("--jobs is for workers on this machine; leave it out with --cluster.")
    on_terminate()
    project, given = Project.find(), given_once(parameters)
    target = out.resolve() if out else None
    names = tuple(dict.fromkeys(reports or project.reports_known()))
    if not (axes or jobs or cluster):
        _one_by_one(project, names, given, target, timeout)
        return
    from handover.sweep import sweep

    sweep(
        project,
        names,
        given,
        axes,
        out=target,
        jobs=jobs,
        cluster=cluster,
        timeout_s=timeout,
        say=say,
        print_path=click.echo,
    )


def _one_by_one(
    project: "Project", reports: tuple[str, ...], given: dict[str, str], target: Path | None, timeout: float
) -> None:
    from handover.editions import render
    from handover.progress import Progress

    failed = []
    for report in reports:
        with Progress(report) as progress:
            try:
                outcome = render.render(project, report, given, out=target, timeout_s=timeout, progress=progress)
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
        name = outcome.edition.name
        say(
            f"{report}: came out the same: {name}; nothing was written"
            if outcome.rendered
            else f"{report}: unchanged since {name}; nothing rendered"
        )
    for path in outcome.paths:
        click.echo(path)
