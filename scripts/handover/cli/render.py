"""The commands that make reports: `handover render` to editions, `handover preview` in the browser."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handover import pace
from handover.cli import PARAMETERS, Place, command, on_terminate, say
from handover.errors import HandoverError

if TYPE_CHECKING:
    from handover.project import Project

#: How many texts that were left out or replaced are named after a render, and up to how many that were expected.
OMISSIONS_SHOWN, FEW = 12, 3


def _finite(context: click.Context, option: click.Parameter, seconds: float) -> float:
    if not math.isfinite(seconds):
        raise click.BadParameter(f"must be a number of seconds, such as 600 (got {seconds}).", context, option)
    return seconds


@command("""
  handover render
  handover render drawdown briefing
  handover render drawdown -p as_of 2026-01-31 -p evidence article
  handover render --again                        does this machine print the same bytes?
  handover render --out /srv/reports
  handover render drawdown --sweep as_of=2020-01-01..2026-06-30/1w --sweep evidence=article,record
  handover render briefing --sweep as_of=2026-01-01..2026-06-30/1m --cluster tcp://scheduler:8786
""")
@click.argument("reports", nargs=-1, metavar="[REPORT]...")
@PARAMETERS
@click.option("--out", type=Place(), metavar="FOLDER", help="Publish in this folder instead of reports/.")
@click.option("--again", is_flag=True, help="Render even what has not changed, and say whether it came out the same.")
@click.option("--ahead", is_flag=True, help="Render even of a day that has not come; it never leads the catalogue.")
@click.option(
    "timeout_s",
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    callback=_finite,
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
@click.option("--network", is_flag=True, help="Let cells use the network, for this once.")
@click.option("--strict", is_flag=True, help="Refuse a report that leaves out a text with nothing in its place.")
def render_command(
    reports: tuple[str, ...],
    given: dict[str, str],
    out: Path | None,
    again: bool,
    axes: tuple[str, ...],
    jobs: int | None,
    cluster: str | None,
    **options: Any,
) -> None:
    """Render all reports, or those named, and print the path of each HTML and PDF.

    A report whose inputs have not changed is not rendered again; its edition is named instead. An edition is whole
    or absent: a report that fails leaves everything as it was, and does not stop the others.

    Cells have no network, this machine's own addresses among it, so that a report is made of what lies in the project.
    The system must be Linux; elsewhere a warning says that they have it. To open it for good, write into
    pyproject.toml under [tool.handover]: network = ["REPORT", …]. The manifest says how it was.

    A text whose facts are not known is left out, or gives way to an alternative. Standard error counts what the day and
    the evidence explain, and names the rest, each with its reason; the manifest names all. With --strict a text that is
    left out with nothing in its place is a fault, and nothing is published. Where it may be left out, end its
    alternatives with an empty one: say("…", "").

    With --sweep, --jobs or --cluster many are rendered at a time, in worker processes. They are published in the
    order of their days, each series from its beginning, so that a sweep that was stopped can be gone on with.

    A cluster runs the code it is sent for whoever reaches it: keep it off open networks, or give it TLS. With a tls://
    address Dask takes the certificates from its own settings: DASK_DISTRIBUTED__COMM__TLS__CA_FILE,
    …__TLS__CLIENT__CERT and …__TLS__CLIENT__KEY.
    """
    from handover.project import Project

    if jobs and cluster:
        raise click.UsageError("--jobs is for workers on this machine; leave it out with --cluster.")
    if again and (axes or jobs or cluster):
        raise click.UsageError("--again is for one edition of each report; leave it out of a sweep.")
    on_terminate()
    project = Project.find()
    target = out.resolve() if out else None
    names = tuple(dict.fromkeys(reports or project.reports_known()))
    if not names:
        raise HandoverError(
            f"{project.root}: must have a notebook in {project.notebooks.name}/ for each report (got none).\n"
            "Add one: handover new REPORT"
        )
    if not (axes or jobs or cluster):
        _one_by_one(project, names, given, out=target, again=again, **options)
        return
    from handover.sweep import sweep

    ways = {"jobs": jobs, "cluster": cluster, "say": say, "print_path": click.echo}
    sweep(project, names, given, axes, out=target, **ways, **options)


def _one_by_one(project: "Project", reports: tuple[str, ...], given: dict[str, str], **options: Any) -> None:
    pace.look_seldom()
    out, day = options["out"] or project.reports, given.get("as_of", "")
    if options["again"] or options["strict"] or not all(os.path.isdir(out / report) for report in reports):  # noqa: PTH112
        _prepare()
    from handover.editions import Store

    store = Store.of(project, options["out"])
    if not all(store.editions(report, day) for report in reports):
        _prepare()
    from handover.editions import render
    from handover.progress import Progress

    failed: dict[str, HandoverError] = {}
    ending = click.get_current_context().obj  # whether the program ends with its command
    for report in reports:
        with Progress(report) as progress:
            told = _of_the_last(progress) if ending and report == reports[-1] else progress
            try:
                outcome = render.render(project, report, given, progress=told, **options)
            except HandoverError as error:
                progress.clear()
                say(str(error))
                failed[report] = error
                continue
        _tell(report, outcome)
    if failed:
        # with --debug the frames of the last are shown, those in the kernel among them
        last = failed[next(reversed(failed))]
        raise HandoverError(f"Failed: {', '.join(failed)}. What was published before is as it was.") from last


def _prepare() -> None:
    """Begin what a kernel is forked from, as soon as one will be asked for: it imports while this process does."""
    from handover.notebook import forkserver

    forkserver.prepare()


def _of_the_last(progress: Callable[[str, int, int], None]) -> Callable[[str, int, int], None]:
    """The progress of a render after which no kernel is asked for: what they are forked from may end beside it."""

    def told(phase: str, done: int, total: int) -> None:
        progress(phase, done, total)
        if phase == "compose":
            from handover.notebook import forkserver

            forkserver.dismiss()

    return told


def _tell(report: str, outcome: Any) -> None:
    for warning in outcome.warnings:
        say(f"{report}: warning: {warning}")
    _tell_omissions(report, outcome)
    if outcome.kind == "unchanged":
        name = outcome.edition.name
        say(
            f"{report}: came out the same, byte for byte: {name}; nothing was written"
            if outcome.rendered
            else f"{report}: unchanged since {name}; nothing rendered"
        )
    for path in outcome.edition.pages:
        click.echo(path)


def _tell_omissions(report: str, outcome: Any) -> None:
    """Name what the parameters do not explain, and a loss or two that they do; count the rest, often dozens."""
    explained = [line for line in outcome.losses if line not in outcome.surprises]
    shown = [*outcome.surprises, *(explained if len(explained) <= FEW else [])][:OMISSIONS_SHOWN]
    for line in shown:
        say(f"{report}: {line}")
    if rest := len(outcome.omissions) - len(shown):
        lost = len(set(outcome.losses) - set(shown))
        why = "" if set(outcome.surprises) - set(shown) else ", as its day and its evidence ask"
        bare = f", {lost} with nothing in the place" if lost else ""
        # the manifest of an edition that was there before may be older than what is told now
        kept = ", and its manifest under 'omitted'" if outcome.kind == "published" else ""
        say(f"{report}: {rest} {'more ' * bool(shown)}left out or replaced{why}{bare}; the preview lists them{kept}")


@command("""
  handover preview drawdown
  handover preview briefing --open
  handover preview drawdown -p as_of 2026-01-31 -p evidence article
  handover preview briefing --pdf --open
""")
@click.argument("report")
@PARAMETERS
@click.option("--port", type=click.IntRange(1, 65535), metavar="N", help="Serve on this port; else on a free one.")
@click.option("--open", "opens", is_flag=True, help="Open the browser.")
@click.option("--pdf", is_flag=True, help="Show the PDF first; the page has a switch between both.")
def preview_command(report: str, given: dict[str, str], port: int | None, opens: bool, pdf: bool) -> None:
    """Serve REPORT on this machine alone, and show it again at each save of its notebook, the data or the package.

    Prints the address to open, which contains a token: without it, other users of this machine get nothing. Nothing is
    published. A cell that fails shows its error above the last good report. Ctrl-C ends it.
    """
    from handover.preview import Session
    from handover.progress import Progress
    from handover.project import Project

    on_terminate()
    progress = Progress(report)
    session = Session(Project.find(), report, given, port=port, say=say, progress=progress)
    at = "#pdf" if pdf else ""
    click.echo(session.address + at)
    if opens:
        session.open(at)
    with progress:
        session.run()
