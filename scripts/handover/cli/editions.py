"""The commands that look after editions: list, diff, catalogue, bundle, publish, prune."""

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click

from handover.cli import on_terminate, say
from handover.errors import HandoverError

# handover list

LIST_EXAMPLES = """\b
Examples:
  handover list
  handover list drawdown
  handover list --json
"""


@click.command("list", epilog=LIST_EXAMPLES)
@click.argument("report", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, for programs.")
def list_command(report: str | None, as_json: bool) -> None:
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


# handover diff

DIFF_EXAMPLES = """\b
Examples:
  handover diff drawdown/2026-01-31 drawdown/2026-10-01
  handover diff --all drawdown/2026-01-31 drawdown/2026-10-01
  handover diff --json reports/briefing/2026-01-31-en-… reports/briefing/2026-10-01-en-…
"""


@click.command("diff", epilog=DIFF_EXAMPLES)
@click.argument("old")
@click.argument("new")
@click.option("--all", "everything", is_flag=True, help="Name also what is merely not printed any more.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, for programs.")
def diff_command(old: str, new: str, everything: bool, as_json: bool) -> None:
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
    from handover.editions import day

    return ", ".join(filter(None, [f"{one['report']}, {day(one['as_of'])}", site.settings(one, defaults=True)]))


# handover catalogue


@click.command("catalogue")
def catalogue_command() -> None:
    """Write the catalogue of reports/ anew from its manifests, e.g. after a merge brought editions in."""
    from handover.editions import Store
    from handover.editions import catalogue as catalogues
    from handover.project import Project

    store = Store.of(Project.find())
    with store.locked():
        faults = catalogues.write(store)
    click.echo(store.root / "index.html")
    if faults:
        raise HandoverError("\n".join(faults))


# handover bundle

BUNDLE_EXAMPLES = """\b
Examples:
  handover bundle drawdown/2026-01-31
  handover bundle reports/drawdown/2026-01-31-en-…/ --out to-the-editor.zip
  handover bundle briefing/2026-10-01 --out /srv/outbox/
"""


@click.command("bundle", epilog=BUNDLE_EXAMPLES)
@click.argument("edition")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write this file, or into this folder, instead of REPORT_EDITION.zip here.",
)
def bundle_command(edition: str, out: Path | None) -> None:
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


# handover publish

PUBLISH_EXAMPLES = """\b
Examples:
  handover publish /srv/www/reports
  handover publish s3://desk/reports --dry-run
  AWS_ENDPOINT_URL=https://storage.example handover publish s3://desk/reports
"""


@click.command("publish", epilog=PUBLISH_EXAMPLES)
@click.argument("url")
@click.option("--dry-run", is_flag=True, help="Only print what would be uploaded and deleted.")
@click.option("--yes", is_flag=True, help="Delete from the mirror even more editions than it keeps.")
def publish_command(url: str, dry_run: bool, yes: bool) -> None:
    """Mirror reports/ to URL, a folder or object storage (s3://bucket/path), and print the address of its index.

    Missing editions go first and the catalogue last, and only then are editions deleted that are no longer in
    reports/; so no reader meets a link that leads nowhere, and an interrupted run is completed by the next. Only what
    differs is uploaded. Files that are not of a catalogue are left alone. Credentials are those of the environment,
    as for any tool of the storage.
    """
    from handover.editions import Store, catalogue, settings
    from handover.progress import Progress
    from handover.project import Project
    from handover.publish import mirror, target

    on_terminate()
    store = Store.of(Project.find())
    there = target.of(url, store.root)
    with mirror.alone(store), Progress("publish") as progress:
        plan = mirror.plan(store, there, progress)
        if not (dry_run or yes):
            mirror.check_losses(plan, there)
        if not dry_run:
            mirror.carry_out(plan, there, progress)
    if dry_run:
        for word, paths in (("upload", [file.path for file in plan.uploads]), ("delete", plan.deleted)):
            for path in paths:
                click.echo(f"{word}  {path}")
    else:
        click.echo(there.address("index.html"))
    if not catalogue.site(store.project).url:
        cure = f"set tool.handover.url in {settings.FILE}"
        say(f"links of the feed are relative, which some readers cannot follow: {cure}")
    will = "would be " if dry_run else ""
    say(f"{len(plan.uploads)} files {will}uploaded, {len(plan.deleted)} {will}deleted, {plan.there} the same already")


# handover prune

PRUNE_EXAMPLES = """\b
Examples:
  handover prune --keep 12 --dry-run
  handover prune --keep 12 drawdown
  handover prune --keep 30 --yes          from a schedule, where nobody can be asked
"""


@click.command("prune", epilog=PRUNE_EXAMPLES)
@click.argument("report", required=False)
@click.option("--keep", type=click.IntRange(min=1), required=True, metavar="N", help="How many of each line to keep.")
@click.option("--dry-run", is_flag=True, help="Only print what would be removed.")
@click.option("--yes", is_flag=True, help="Remove without asking.")
def prune_command(report: str | None, keep: int, dry_run: bool, yes: bool) -> None:
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
