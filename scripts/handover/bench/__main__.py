"""``scripts/bench``: the table of ratios."""

import tempfile
from pathlib import Path

import click

from handover.bench.measure import Line, measure
from handover.cli import say
from handover.errors import HandoverError
from handover.project import Project

HEAD = f"{'':<42}{'stock':>10}{'ours':>10}{'':>4}{'ratio':>9}   goal"


@click.command()
@click.argument("reports", nargs=-1, metavar="[REPORT]...")
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True, help="Rounds to take medians of.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Workers of the sweep.")
def main(reports: tuple[str, ...], rounds: int, jobs: int) -> None:
    """Measure papermill and nbconvert as they come, and this press, side by side, on briefing and drawdown.

    Both get the same notebooks, a warm disk and their best options. It takes some minutes; a figure is worth
    something on a machine that does nothing else. A missed goal is marked and no error.
    """
    project = Project.find()
    click.echo(f"Medians of {rounds} rounds; ratio: stock over ours.\n")
    with tempfile.TemporaryDirectory(prefix="handover-bench-") as scratch:
        for report in reports or ("briefing", "drawdown"):
            try:
                lines = list(measure(project, report, rounds, jobs, Path(scratch), say))
            except HandoverError as error:
                raise click.ClickException(str(error)) from error
            click.echo(f"{report}\n{HEAD}")
            click.echo("\n".join(map(_row, lines)) + "\n")


def _row(line: Line) -> str:
    before = f"{line.stock:.2f}" if line.stock is not None else "-"
    ratio = f"{line.ratio:.1f}" if line.ratio is not None else "-"
    aims = [f"{line.goal:g} times" if line.goal else "", f"{line.most:g} {line.unit} at most" if line.most else ""]
    goal = ", ".join(filter(None, aims))
    verdict = "" if not goal else "   reached" if line.met else "   MISSED"
    return f"{line.what:<42}{before:>10}{line.ours:>10.2f}{line.unit:>4}{ratio:>9}   {goal}{verdict}"


if __name__ == "__main__":
    main(prog_name="scripts/bench")
