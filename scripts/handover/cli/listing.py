"""`handover list`: which editions are there."""

import click

from handover.errors import HandoverError

EXAMPLES = """\b
Examples:
  handover list
  handover list drawdown
  handover list --json
"""


@click.command("list", epilog=EXAMPLES)
@click.argument("report", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, for programs.")
def command(report: str | None, as_json: bool) -> None:
    """List editions, newest first: report, edition, what it was asked for, path of the HTML."""
    import json

    from handover.editions import Store, catalogue
    from handover.project import Project

    project = Project.find()
    rows, faults = catalogue.rows(Store.of(project), project, report)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    elif rows:
        names = ("report", "edition", "settings")
        width = {name: max(len(row[name]) for row in rows) for name in names}
        for row in rows:
            click.echo("  ".join([*(f"{row[name]:<{width[name]}}" for name in names if width[name]), row["path"]]))
    if faults:
        raise HandoverError("\n".join(faults))
