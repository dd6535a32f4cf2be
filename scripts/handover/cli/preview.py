"""`handover preview`: a report in the browser while it is being written."""

import click

from handover.cli.console import given_once, on_terminate, say

EXAMPLES = """\b
Examples:
  handover preview drawdown
  handover preview briefing --open
  handover preview drawdown -p as_of 2026-01-31 -p evidence article
  handover preview briefing --pdf --open
"""


@click.command("preview", epilog=EXAMPLES)
@click.argument("report")
@click.option("parameters", "-p", nargs=2, multiple=True, metavar="NAME VALUE", help="Set a parameter; repeatable.")
@click.option("--port", type=click.IntRange(1, 65535), metavar="N", help="Serve on this port; else on a free one.")
@click.option("--open", "opens", is_flag=True, help="Open the browser.")
@click.option("--pdf", is_flag=True, help="Show the PDF first; the page has a switch between both.")
def preview_command(
    report: str, parameters: tuple[tuple[str, str], ...], port: int | None, opens: bool, pdf: bool
) -> None:
    """Serve REPORT on this machine alone, and show it again at each save of its notebook, the data or the package.

    Prints the address to open. Nothing is published. A cell that fails shows its error above the last good report.
    Ctrl-C ends it.
    """
    from handover.preview import Session
    from handover.progress import Progress
    from handover.project import Project

    on_terminate()
    progress = Progress(report)
    session = Session(Project.find(), report, given_once(parameters), port=port, say=say, progress=progress)
    address = session.address + ("#pdf" if pdf else "")
    click.echo(address)
    if opens:
        import webbrowser

        webbrowser.open(address)
    with progress:
        session.run()
