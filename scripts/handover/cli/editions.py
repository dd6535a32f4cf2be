"""The commands that look after editions: list, diff, catalogue, bundle, publish, prune."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from handover.cli import JSON, Place, command, on_terminate, print_columns, print_json, say
from handover.errors import HandoverError
from handover.text import listed, shown

#: How many characters of a setting or a title one column of the list has room for.
CELL = 60
#: How many sentences `diff` names unless it is asked for all.
SENTENCES = 20


@command("""
  handover list
  handover list drawdown
  handover list --json
""")
@click.argument("report", required=False)
@JSON
def list_command(report: str | None, as_json: bool) -> None:
    """List editions, newest first: report, edition, what it was asked for beside its day, title, path of the HTML."""
    from handover.editions import Store, catalogue

    rows, faults = catalogue.rows(Store.of(), report)
    if as_json:
        print_json(rows)
    else:
        cut = [row | {name: shown(row[name], CELL) for name in ("settings", "title")} for row in rows]
        print_columns([[row[name] for name in ("report", "edition", "settings", "title", "path")] for row in cut])
    if faults:
        raise HandoverError(_damaged(faults, "All other editions are listed."))


def _damaged(faults: Sequence[str], others: str) -> str:
    """Say which editions of a store are damaged, and that the others were served."""
    from handover.editions import manifest

    return "\n".join([*listed(faults), f"{others} {manifest.CURE}"])


@command("""
  handover diff drawdown/2026-01-31 drawdown/2026-10-01
  handover diff --all drawdown/2026-01-31 drawdown/2026-10-01
  handover diff --json reports/briefing/2026-01-31-en-… reports/briefing/2026-10-01-en-…
""")
@click.argument("old")
@click.argument("new")
@click.option("--all", "everything", is_flag=True, help="Name also facts merely not printed, and all sentences.")
@JSON
def diff_command(old: str, new: str, everything: bool, as_json: bool) -> None:
    """Say what has changed from OLD to NEW: what became known, what is corrected, and which sentences differ.

    The weightiest fact comes first. A sentence is rewritten, added or gone, wherever it stands and whatever the page
    looks like; one that differs only by a fact named above it is not listed. An edition is named by its path, or as
    report/edition, cut short as long as only one begins so; of two days the earlier is the old one, in whichever order
    they are given.
    """
    from handover.editions import Store, catalogue, compare, dropped, named, reworded

    store = Store.of()
    given = [(one.manifest(), one) for one in (named(store, name) for name in (old, new))]
    (before, first), (after, second) = sorted(given, key=lambda pair: pair[0]["as_of"])
    found, gone = compare(before, after), dropped(before, after) if everything else []
    sentences = reworded(first, second, {one.key for one in found})
    if as_json:
        print_json([one.as_json() for one in (*found, *gone, *sentences)])
        return
    site = catalogue.site(store.project)
    click.echo(f"From  {_name(before, site)}\nto    {_name(after, site)}\n")
    nothing = "No fact has changed." if sentences else "Nothing has changed."
    click.echo("\n".join(f"- {one}" for one in found) or nothing)
    if gone:
        click.echo("\nNot printed any more, and not taken back:\n" + "\n".join(f"- {one}" for one in gone))
    if lines := [f"- {one}" for one in sentences]:
        click.echo("\nSentences:\n" + "\n".join(lines if everything else listed(lines, SENTENCES)))


def _name(one: dict[str, Any], site: Any) -> str:
    from handover.editions import day

    return ", ".join(filter(None, [f"{one['report']}, {day(one['as_of'])}", site.settings(one, defaults=True)]))


@click.command("catalogue")
@click.option("--force", is_flag=True, help="Replace also files of these names that handover did not write.")
def catalogue_command(force: bool) -> None:
    """Write the catalogue of reports/ anew from its manifests, e.g. after a merge brought editions in."""
    from handover.editions import Store
    from handover.editions import catalogue as catalogues

    store = Store.of()
    with store.locked():
        faults = catalogues.write(store, force=force)
    click.echo(store.root / "index.html")
    if lack := catalogues.unaddressed(catalogues.site(store.project)):
        say(lack)
    if faults:
        raise HandoverError(_damaged(faults, "All other editions are in the catalogue."))


@command("""
  handover bundle drawdown/2026-01-31
  handover bundle reports/drawdown/2026-01-31-en-…/ --out to-the-editor.zip
  handover bundle briefing/2026-10-01 --out /srv/outbox/
""")
@click.argument("edition")
@click.option(
    "--out",
    type=Place(),
    metavar="FILE",
    help="Write this file, or into this folder, instead of REPORT_EDITION.zip here.",
)
def bundle_command(edition: str, out: Path | None) -> None:
    """Pack EDITION and all that made it into one zip file, and print its path.

    It holds HTML, PDF, executed notebook, manifest, the picture of page one, and all that these were made from, the
    notebook, every table, pictures and the lock; SHA256SUMS (`sha256sum -c SHA256SUMS`), a description as RO-Crate.
    `handover verify` takes it zipped or unpacked; unpacked it is a project that renders. The same edition gives the
    same bytes anywhere. An edition is named by its path, or as report/edition, cut short as long as
    only one begins so.
    """
    from handover.editions import Store, named
    from handover.publish import bundle

    store = Store.of()
    found = named(store, edition)
    path = (out or Path.cwd()).absolute()
    click.echo(bundle.write(found, path / found.file(".zip").name if path.is_dir() else path, store.project))


@command("""
  handover publish /srv/www/reports
  handover publish s3://desk/reports --dry-run
  AWS_ENDPOINT_URL=https://storage.example handover publish s3://desk/reports
""")
@click.argument("url")
@click.option("--dry-run", is_flag=True, help="Only print what would be uploaded, replaced and deleted.")
@click.option("--force", is_flag=True, help="Replace files of others that stand in the way; publish into the checkout.")
@click.option("--yes", is_flag=True, help="It is this store's mirror, though it may lose most of its editions.")
def publish_command(url: str, dry_run: bool, force: bool, yes: bool) -> None:
    """Mirror reports/ to URL, a folder or object storage (s3://bucket/path), and print the address of its index.

    Missing editions go first and the catalogue last, and only then are editions deleted that are no longer in
    reports/; so no reader meets a link that leads nowhere, and an interrupted run is completed by the next. Only what
    differs is uploaded. A record in the mirror, .handover-published.json, names what was published; nothing else is
    replaced or deleted unless --force says so. Credentials are those of the environment, as for any tool of the
    storage. A report in the making stays out of the mirror, its catalogue and its feed if pyproject.toml says so under
    [tool.handover]: drafts = ["REPORT"].
    """
    from contextlib import nullcontext

    from handover.editions import Store, catalogue
    from handover.progress import Progress
    from handover.publish import mirror, target

    on_terminate()
    store = Store.of()
    there = target.of(url, store, force=force)
    with nullcontext() if dry_run else mirror.alone(store), Progress("publish") as progress:
        plan = mirror.plan(store, there, progress, locked=not dry_run, adopt=yes)
        if not dry_run:
            mirror.check(plan, there, force=force, adopt=yes)
            mirror.carry_out(plan, there, progress)
    if dry_run:
        for file in plan.uploads:
            click.echo(f"{'replace' if file.path in plan.foreign else 'upload'}  {file.path}")
        for path in plan.deleted:
            click.echo(f"delete  {path}")
        if plan.foreign and not force:
            say(f"{len(plan.foreign)} of these files are not as we put them there, and would need --force")
    else:
        click.echo(there.address("index.html"))
    if plan.drafts:
        say(f"left out as drafts: {', '.join(plan.drafts)}")
    if lack := catalogue.unaddressed(catalogue.site(store.project)):
        say(lack)
    will = "would be " if dry_run else ""
    say(f"{len(plan.uploads)} files {will}uploaded, {len(plan.deleted)} {will}deleted, {plan.there} the same already")
    if plan.faults:
        raise HandoverError(_damaged(plan.faults, f"All other editions {will or 'are '}published."))


@command("""
  handover prune --keep 12 --dry-run
  handover prune --keep 12 drawdown
  handover prune --keep 30 --yes          from a schedule, where nobody can be asked
""")
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
    from handover.publish import prune

    on_terminate()
    store = Store.of()
    plan = prune.plan(store, keep, report)
    for fault in plan.changed:
        say(f"kept, since it is not as it was written: {fault}")
    counts = Counter(reason.split()[0] for reason in plan.kept.values())
    kept = ", ".join(f"{count} {reason}" for reason, count in counts.items())
    weight = size(sum(path.stat().st_size for one in plan.removed for path in one.folder.iterdir()))
    say(f"{len(plan.removed)} editions to remove, {weight if plan.removed else 'nothing'}; kept: {kept}")
    if dry_run or not plan.removed:
        for one in plan.removed:
            click.echo(one.folder)
        return
    if not yes:
        _ask("prune", plan.removed)
    with Progress("prune") as progress:
        going = prune.carry_out(store, plan, lambda: prune.plan(store, keep, report), progress)
    for one in going:
        click.echo(one.folder)


@command("""
  handover retract briefing/2027-10-01
  handover retract reports/briefing/2027-10-01-en-…/ --yes
""")
@click.argument("edition")
@click.option("--yes", is_flag=True, help="Remove without asking.")
def retract_command(edition: str, yes: bool) -> None:
    """Take back EDITION of reports/, e.g. one of a mistyped day, and print what was removed.

    Unlike prune it removes even the newest. `handover publish` then takes it from the mirror. An edition is named by
    its path, or as report/edition, cut short as long as only one begins so.
    """
    from handover.editions import Store, named
    from handover.publish import prune

    on_terminate()
    store = Store.of()
    found = named(store, edition)
    if found not in store.editions(found.report):
        raise HandoverError(f"{found.folder}: must be an edition of {store.root}.\nRun `handover list` to see them.")
    if not yes:
        _ask("retract", (found,))
    prune.retract(store, found)
    click.echo(found.folder)


def _ask(command: str, editions: tuple) -> None:
    if not sys.stdin.isatty():
        raise HandoverError(
            f"{command}: must be told --yes where nobody can be asked.\nMake sure of what it would remove first."
        )
    for one in editions:
        say(f"  {one}")
    if not click.confirm("Remove them?", err=True):
        raise HandoverError("Nothing was removed.")
