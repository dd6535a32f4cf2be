"""`handover publish`: a mirror of reports/."""

import click

from handover.cli.console import on_terminate, say

EXAMPLES = """\b
Examples:
  handover publish /srv/www/reports
  handover publish s3://desk/reports --dry-run
  AWS_ENDPOINT_URL=https://storage.example handover publish s3://desk/reports
"""


@click.command("publish", epilog=EXAMPLES)
@click.argument("url")
@click.option("--dry-run", is_flag=True, help="Only print what would be uploaded and deleted.")
@click.option("--yes", is_flag=True, help="Delete from the mirror even more editions than it keeps.")
def command(url: str, dry_run: bool, yes: bool) -> None:
    """Mirror reports/ to URL, a folder or object storage (s3://bucket/path), and print the address of its index.

    Missing editions go first and the catalogue last, and only then are editions deleted that are no longer in
    reports/; so no reader meets a link that leads nowhere, and an interrupted run is completed by the next. Only what
    differs is uploaded. Files that are not of a catalogue are left alone. Credentials are those of the environment,
    as for any tool of the storage.
    """
    from handover.editions import Store, catalogue
    from handover.progress import Progress
    from handover.project import Project
    from handover.publish import publish, target

    on_terminate()
    store = Store.of(Project.find())
    mirror = target.of(url, store.root)
    with publish.alone(store), Progress("publish") as progress:
        plan = publish.plan(store, mirror, progress)
        if not (dry_run or yes):
            publish.meant(plan, mirror)
        if not dry_run:
            publish.carry_out(plan, mirror, progress)
    if dry_run:
        for word, paths in (("upload", [file.path for file in plan.uploads]), ("delete", plan.deleted)):
            for path in paths:
                click.echo(f"{word}  {path}")
    else:
        click.echo(mirror.address("index.html"))
    if not catalogue.site(store.project).url:
        cure = f"set tool.handover.url in {catalogue.FILE}"
        say(f"links of the feed are relative, which some readers cannot follow: {cure}")
    will = "would be " if dry_run else ""
    say(f"{len(plan.uploads)} files {will}uploaded, {len(plan.deleted)} {will}deleted, {plan.there} the same already")
