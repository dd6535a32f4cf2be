"""`handover diff`: what one edition says and another does not."""

import click

EXAMPLES = """\b
Examples:
  handover diff drawdown/2026-01-07 drawdown/2026-01-31
  handover diff --json reports/briefing/2026-01-07-en-… reports/briefing/2026-01-31-en-…
"""


@click.command("diff", epilog=EXAMPLES)
@click.argument("old")
@click.argument("new")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, for programs.")
def command(old: str, new: str, as_json: bool) -> None:
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
