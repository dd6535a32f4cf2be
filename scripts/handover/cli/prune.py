"""`handover prune`: old editions go, those that somebody needs stay."""

import sys
from collections import Counter

import click

from handover.cli.console import on_terminate, say
from handover.errors import HandoverError

EXAMPLES = """\b
Examples:
  handover prune --keep 12 --dry-run
  handover prune --keep 12 drawdown
  handover prune --keep 30 --yes          from a schedule, where nobody can be asked
"""


@click.command("prune", epilog=EXAMPLES)
@click.argument("report", required=False)
@click.option("--keep", type=click.IntRange(min=1), required=True, metavar="N", help="How many of each line to keep.")
@click.option("--dry-run", is_flag=True, help="Only print what would be removed.")
@click.option("--yes", is_flag=True, help="Remove without asking.")
def command(report: str | None, keep: int, dry_run: bool, yes: bool) -> None:
    """Remove old editions, of all reports or of REPORT, and print what was removed.

    Of each line, a report with its settings, the newest N stay. So do those that pyproject.toml pins
    ([tool.handover] pinned = ["drawdown/2026-01-07"]), those that a text beside it names (README.md), and the ones
    that these tell their changes against. `handover publish` then takes the removed ones from the mirror.
    """
    from handover.editions import Store, size
    from handover.progress import Progress
    from handover.project import Project
    from handover.publish import prune

    on_terminate()
    project = Project.find()
    store = Store.of(project)
    plan = prune.plan(store, project, keep, report)
    for fault in plan.torn:
        say(f"kept, since nobody can tell what it is: {fault}")
    counts = Counter(reason.split()[0] for reason in plan.kept.values())
    kept = ", ".join(f"{count} {reason}" for reason, count in counts.items())
    say(f"{len(plan.removed)} editions to remove, {size(plan.bytes()) if plan.removed else 'nothing'}; kept: {kept}")
    if dry_run or not plan.removed:
        for one in plan.removed:
            click.echo(one.folder)
        return
    if not yes:
        _ask(plan.removed)
    with Progress("prune") as progress:
        going = prune.carry_out(store, plan, lambda: prune.plan(store, project, keep, report), progress)
    for one in going:
        click.echo(one.folder)


def _ask(editions: tuple) -> None:
    if not sys.stdin.isatty():
        raise HandoverError("prune: must be told --yes where nobody can be asked.\nTry --dry-run first.")
    for one in editions:
        say(f"  {one.report}/{one.name}")
    if not click.confirm("Remove them?", err=True):
        raise HandoverError("Nothing was removed.")
