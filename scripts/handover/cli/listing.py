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
