"""`handover schedule`: reports that render on time."""

import datetime as dt
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from handover.cli import JSON, print_columns, print_json, say
from handover.errors import HandoverError

if TYPE_CHECKING:
    from handover.schedule import Entry, Log

EXAMPLES = """\b
Examples:
  handover schedule list              what is planned, and how it stands
  handover schedule due               what would run now
  handover schedule run               stay up and render on time
  handover schedule run --once        render what is due, and leave: for cron, systemd, Kubernetes
  handover schedule run weekly-briefing --now   render this entry at once, whatever its time
  handover schedule install           let the system do so every five minutes
  handover schedule health            exit 1 if a report is older than it may be, gone or damaged, or was not mailed
\b
An entry, in pyproject.toml:
  [[tool.handover.schedule]]
  name = "weekly-briefing"
  report = "briefing"
  cron = "0 7 * * MON"                minute, hour, day of month, month, day of week
  timezone = "Asia/Baghdad"
  parameters = { as_of = "{date}" }   the tick's day there; {date-1d} is the day before
  catch_up = "latest"                 of ticks missed: the latest, "all" with limit = 10, "none" with grace = "15m"
  retries = 2
  back_off = "5m"                     before the first retry; doubled for each further one
  timeout = "10m"
  ahead = true                        as_of may lie after the tick's day
  max_age = "8d"                      what health and the mail about a stale report go by
  notify = ["desk@example.org"]       whom to mail: news with the PDF, failures and their end, a report grown stale
\b
The server for all entries; user's password comes from HANDOVER_MAIL_PASSWORD alone:
  [tool.handover.mail]
  host = "mail.example.org"           port and security ("starttls", "tls", "none") if they are not the usual ones
  from = "reports@example.org"
  user = "reports"
  show_recipients = true              let them see who else has the mail; they do not if this is left out
"""


@click.group("schedule", epilog=EXAMPLES)
def schedule_command() -> None:
    """Render reports on time: each tick has one recorded outcome, and none is lost while nothing runs.

    A time that the clock skips comes at the next valid instant; one that it repeats comes the first time.
    """


@schedule_command.command("list")
@JSON
def listing(as_json: bool) -> None:
    """List the entries: ticks, outcome, age.

    Each with its next and last tick, the last outcome, the age of the last good edition, and how many ticks are due.
    """
    from handover.schedule import status

    with _log() as (entries, log, now):
        rows = [*status.listing(entries, log, now)]
    if as_json:
        print_json(rows)
        return
    told = [row | {"good": status.format_age(row), "due": row["pending"]} for row in rows]
    _print_table("entry report next last outcome good due", told, entries)


@schedule_command.command("due")
@JSON
def due(as_json: bool) -> None:
    """Say what would run now.

    And what would be skipped, and why; nothing is run.
    """
    from handover.schedule import status

    with _log() as (entries, log, now):
        rows = [*status.due(entries, log, now)]
    if as_json:
        print_json(rows)
        return
    if not rows:
        say("Nothing is due.")
    for row in rows:
        tick, again = (status.format_instant(row[key], row["entry"], entries) for key in ("tick", "again"))
        if row["skips"]:
            click.echo("{entry}: skip {skips}: {why}".format_map(row))
        if row["tick"]:
            given = "".join(f" {name}={value}" for name, value in row["parameters"].items())
            more = f"; {row['behind']} more wait" if row["behind"] else ""
            click.echo(f"{row['entry']}: run {row['report']}{given} for {tick}, {row['trigger']}{more}")
        if row["again"]:
            click.echo(f"{row['entry']}: try again at {again}")


@schedule_command.command("run")
@click.argument("entry", required=False)
@click.option(
    "--once", is_flag=True, help="Run what is due, then leave; exit 1 if a run failed or a mail was given up."
)
@click.option("--now", is_flag=True, help="Run ENTRY at once, then leave; exit 1 as with --once.")
def run(entry: str | None, once: bool, now: bool) -> None:
    """Render what is due, and stay up.

    Any number may run at once, on one machine.

    SIGTERM and Ctrl-C end the run under way and leave its tick to the next runner.

    With --now ENTRY is rendered whatever its time, with today's date where its ticks have theirs. The history has it
    as a run by hand; no tick is done by it, none is skipped, and it is not tried again.
    """
    from handover.project import Project
    from handover.schedule import Runner, Stopped

    if bool(entry) != now or (once and now):
        raise click.UsageError("--now goes with the name of one entry, and without --once.")
    runner = Runner(Project.find(), tell=say)
    done = []
    with runner.stop:
        if not once and not entry:
            runner.stay()
            return
        try:
            done = [runner.at_once(entry)] if entry else runner.once()
        except Stopped:
            say(f"{entry}: stopped; nothing was recorded, and what was published before is as it was")
    if runner.stop():
        sys.exit(128 + runner.stop.number)
    failed = [tick.entry for tick in done if tick.outcome == "failed"]
    said = []
    if failed:
        said.append(f"Failed: {', '.join(dict.fromkeys(failed))}. What was published before is as it was.")
    if runner.given_up:
        entries = ", ".join(dict.fromkeys(one.entry for one in runner.given_up))
        said.append(f"Mail given up: {entries}. Mend `notify` or the server; the editions are published.")
    if said:
        raise HandoverError("\n".join(said))


@schedule_command.command("history")
@click.argument("entry", required=False)
@click.option("-n", "count", type=click.IntRange(min=1), default=20, show_default=True, help="How many rows.")
@JSON
def history(entry: str | None, count: int, as_json: bool) -> None:
    """Show past ticks, the latest first.

    Each with its status, trigger, edition, mail and cause; ticks skipped for one reason are one row.
    """
    from handover.schedule import entries as declared

    with _log() as (entries, log, _):
        rows = log.history(entry, count)
    if entry and not rows:
        declared.named(entries, entry)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        row["status"] = row["outcome"] + (f" x{row['ticks']}" if row["ticks"] > 1 else "")
    _print_table("entry last status trigger edition mail cause", rows, entries, last="tick")


@schedule_command.command("health")
@JSON
def health(as_json: bool) -> None:
    """Exit 1 if a report is old, gone or damaged.

    Or if a mail about it reached nobody or not everybody. For monitoring: `max_age` of an entry says how old it may
    be; a run that found its edition unchanged makes it new.
    """
    from handover.editions import Store
    from handover.schedule import status

    store = Store.of()
    with _log() as (entries, log, now):
        found = [(status.health(entry, log, now), [*status.faults(entry, log, store, now)]) for entry in entries]
    if not found:
        raise HandoverError(
            "pyproject.toml: must have an entry of the schedule for health to look at (got none).\n"
            "`handover schedule --help` shows one."
        )
    if as_json:
        print_json([one.as_json() | {"faults": faults} for one, faults in found])
    else:
        for one, faults in found:
            if not one.stale and not faults:
                click.echo(str(one))
    stale = [str(one) for one, _ in found if one.stale]
    if stale:
        stale = ["Older than it may be:", *stale, "Run `handover schedule history` to see why."]
    if lines := [*stale, *(fault for _, faults in found for fault in faults)]:
        raise HandoverError("\n".join(lines))


@schedule_command.command("install")
@click.option("--systemd/--crontab", "systemd", default=True, help="A timer of the user's (the default), or a crontab.")
@click.option(
    "--every",
    type=click.Choice(["1", "2", "5", "10", "15", "20", "30"]),
    default="5",
    show_default=True,
    metavar="MINUTES",
    help="How often to look for what is due: 1, 2, 5, 10, 15, 20 or 30.",
)
@click.option("--yes", is_flag=True, help="Write without asking.")
def install(systemd: bool, every: str, yes: bool) -> None:
    """Have the system run what is due.

    Shows what it would write, and asks before it does.
    """
    from handover.project import Project
    from handover.schedule import entries, times
    from handover.schedule import install as system

    project, minutes = Project.find(), int(every)
    # a timer over entries that cannot be kept would fail in silence every few minutes
    found = entries.load(project, times.clock())
    units = system.systemd(project, minutes) if systemd else {}
    table = "" if systemd else system.crontab(project, minutes)
    for path, text in units.items():
        click.echo(f"# {path}\n{text}")
    if table:
        click.echo(table, nl=False)
    if not yes:
        click.confirm("Write this?", abort=True, err=True)
    if systemd:
        system.write_units(units)
        say(f"Written. Set it going with:\n  {system.enable(project)}")
    else:
        system.write_crontab(table)
        say("Written.")
    if any(one.notify and one.notify.user for one in found):
        say(f"Give it {entries.PASSWORD}: with `systemctl --user edit`, or in a line above ours in the crontab.")


@contextmanager
def _log() -> Iterator[tuple["list[Entry]", "Log", dt.datetime]]:
    """The entries, the log, open for reading, and the time."""
    from handover.project import Project
    from handover.schedule import Log, entries, times

    project, now = Project.find(), times.clock()
    found, log = entries.load(project, now), Log(project)
    with log.reading():
        yield found, log, now


def _print_table(columns: str, rows: list[dict[str, Any]], entries: "list[Entry]", **headings: str) -> None:
    """Print these columns of the rows below their headings, which are their names unless another is given."""
    from handover.schedule import status
    from handover.text import printable

    def cell(row: dict[str, Any], name: str) -> str:
        value = row[name]
        text = status.format_instant(value, row["entry"], entries) if isinstance(value, dt.datetime) else value
        return printable(str(text or "-").splitlines()[0], code=True)

    if not rows:
        say("Nothing to show.")
        return
    names = columns.split()
    heads = [headings.get(name, name) for name in names]
    print_columns([heads, *([cell(row, name) for name in names] for row in rows)])
