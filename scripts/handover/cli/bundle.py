"""`handover bundle`: an edition as one file."""

from pathlib import Path

import click

EXAMPLES = """\b
Examples:
  handover bundle drawdown/2026-01-31
  handover bundle reports/drawdown/2026-01-31-en-…/ --out to-the-editor.zip
  handover bundle briefing/2026-10-01 --out /srv/outbox/
"""


@click.command("bundle", epilog=EXAMPLES)
@click.argument("edition")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write this file, or into this folder, instead of REPORT_EDITION.zip here.",
)
def command(edition: str, out: Path | None) -> None:
    """Pack EDITION and all that made it into one zip file, and print its path.

    It holds HTML, PDF, executed notebook, manifest, the picture of page one, the notebook and the data tables as they
    were with their dictionary, SHA256SUMS (`sha256sum -c SHA256SUMS`), and a description as RO-Crate. The same
    edition gives the same bytes anywhere. An edition is named by its path, or as report/edition, cut short as long as
    only one begins so.
    """
    from handover.editions import Store, named
    from handover.project import Project
    from handover.publish import bundle

    found = named(Store.of(Project.find()), edition)
    path = (out or Path.cwd()).absolute()
    click.echo(bundle.write(found, path / bundle.name(found) if path.is_dir() else path))
