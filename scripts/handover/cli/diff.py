"""`handover diff`: what one edition says that an earlier one did not, or got wrong."""

from typing import Any

import click

EXAMPLES = """\b
Examples:
  handover diff drawdown/2026-01-31 drawdown/2026-10-01
  handover diff --all drawdown/2026-01-31 drawdown/2026-10-01
  handover diff --json reports/briefing/2026-01-31-en-… reports/briefing/2026-10-01-en-…
"""


@click.command("diff", epilog=EXAMPLES)
@click.argument("old")
@click.argument("new")
@click.option("--all", "everything", is_flag=True, help="Name also what is merely not printed any more.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, for programs.")
def command(old: str, new: str, everything: bool, as_json: bool) -> None:
    """Say in sentences what has changed from OLD to NEW: what became known, and what is corrected.

    The weightiest comes first. An edition is named by its path, or as report/edition, cut short as long as only one
    begins so; of two days the earlier is the old one, in whichever order they are given.
    """
    import json

    from handover.editions import Store, catalogue, compare, dropped, named
    from handover.project import Project

    project = Project.find()
    store = Store.of(project)
    given = [named(store, name).manifest() for name in (old, new)]
    before, after = sorted(given, key=lambda one: one["as_of"])
    found = compare(before, after)
    gone = dropped(before, after) if everything else []
    if as_json:
        click.echo(json.dumps([one.as_json() for one in (*found, *gone)], ensure_ascii=False, indent=1))
        return
    site = catalogue.site(project)
    click.echo(f"From  {_name(before, site)}\nto    {_name(after, site)}\n")
    click.echo("\n".join(f"- {one}" for one in found) or "Nothing has changed.")
    if gone:
        click.echo("\nNot printed any more, and not taken back:\n" + "\n".join(f"- {one}" for one in gone))


def _name(one: dict[str, Any], site: Any) -> str:
    """An edition by report, day and what it was asked for."""
    from handover.editions import day

    return ", ".join(filter(None, [f"{one['report']}, {day(one['as_of'])}", site.settings(one, defaults=True)]))
