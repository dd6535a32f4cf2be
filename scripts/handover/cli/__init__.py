"""The command line: thin commands, and the one place where an error becomes an exit code.

Each command is a function ``<name>_command`` of a module here, which imports nothing heavy until it is called.
"""

import atexit
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

try:
    import click

    from handover import __version__, credentials
    from handover.errors import HandoverError, near
except KeyboardInterrupt:  # `main`, which would say so, is not there yet
    os._exit(130)

__all__ = ["cli", "main", "say"]

#: Exit codes of a process that Ctrl-C or SIGTERM ended.
INTERRUPTED, TERMINATED = 130, 143
#: After how long a signal that Python ignored comes again.
AGAIN_S = 0.01

#: Name of each command: its module here, and the line that `--help` shows, so that help imports none of them.
COMMANDS = {
    "render": ("render", "Render all reports, or those named, and print the path of each HTML and PDF."),
    "new": ("start", "Add a report to this project: a notebook that renders at once."),
    "init": ("start", "Make a project for another story, with one worked example."),
    "preview": ("render", "Show a report in the browser, and show it again at each save."),
    "export": ("export", "Print any notebook as one HTML file or one PDF, as nbconvert does, but sooner."),
    "check": ("check", "Check data, notebooks, editions and catalogue."),
    "list": ("editions", "List editions, newest first: report, edition, settings, title, path of the HTML."),
    "verify": ("check", "Prove that editions, or a PDF from anywhere, are what the data says."),
    "diff": ("editions", "Say what NEW prints that OLD does not: facts revised and new, sentences rewritten."),
    "catalogue": ("editions", "Write the catalogue of reports/ anew from its manifests."),
    "bundle": ("editions", "Pack an edition and all that made it into one file, to be passed on."),
    "publish": ("editions", "Mirror reports/ to a folder or to object storage."),
    "prune": ("editions", "Remove old editions; never the newest, a pinned or a referenced one."),
    "retract": ("editions", "Take back one edition that should not have been published."),
    "schedule": ("schedule", "Render on time: list, due, run, install, health, history."),
}

SET_PARAMETER = "Write: -p as_of 2026-01-31"
#: What --help shows last; \b keeps click from filling the lines.
EXAMPLES = """\b
Examples:
  handover render                                all reports, as they stand
  handover render drawdown -p as_of 2026-01-31   one report, as of a day
  handover new convoys                           another report on the same story
  handover init ../rainfall                      another story
  handover check                                 is everything in order?
  handover list drawdown                         its editions, newest first
  handover verify report.pdf                     is this PDF what the data says?
"""


class _Commands(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return ctx.fail(f"No such command {cmd_name!r}{near(cmd_name, COMMANDS)}")
        module, _ = COMMANDS[cmd_name]
        return getattr(importlib.import_module(f"handover.cli.{module}"), f"{cmd_name}_command")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=_Commands, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="handover")
@click.option("--debug", is_flag=True, help="Show the traceback of whatever goes wrong.")
def cli(debug: bool) -> None:
    """Render reports whose numbers answer for themselves, and look after their editions."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    end = _quick_end() if arguments is None else None
    if end:
        sys.unraisablehook = _insist
    words = sys.argv[1:] if arguments is None else arguments
    try:
        _leave_foreign_modules()
        _escape_unencodable()
        from handover import scratch  # late, once modules that PYTHONPATH offers are out of the way

        scratch.sweep_temporary()
        code = cli.main(words, prog_name="handover", standalone_mode=False, obj=bool(end))
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        _teach_parameters(error)
        error.show()
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        if end:  # who is impatient presses the keys again
            _finish_undisturbed()
        say("\nInterrupted; nothing half made is left.")
        code = INTERRUPTED
    except BrokenPipeError:
        # the reader of our output has closed it: there is nothing to report
        sys.stdout = None
        code = 0
    except Exception as error:
        if "--debug" in words:
            import traceback

            say(traceback.format_exc())
        bug = (
            f"This is a bug in handover: {type(error).__name__}: {error}\n"
            "Run `handover --debug …` with the same words and report what it prints."
        )
        say(str(error) if isinstance(error, HandoverError) else bug)
        code = 1
    code = code if isinstance(code, int) else 0
    if end:
        _finish_undisturbed()
        end(code)
    sys.exit(code)


def _teach_parameters(error: click.ClickException) -> None:
    """Add how a report's parameter is set to what click says of an option, where one may be meant."""
    if isinstance(error, click.BadOptionUsage) and error.option_name == "-p":
        error.message = f"-p must be followed by a name and, after a space, a value. {SET_PARAMETER}"
    elif isinstance(error, click.NoSuchOption) and error.ctx and not error.possibilities:
        takes = {option.name for option in error.ctx.command.params}
        if "given" in takes:
            error.message = f"{error.message} A parameter of the report is set otherwise. {SET_PARAMETER}"


def say(text: str) -> None:
    """Write to standard error, without secrets of the environment; standard output is for paths and data."""
    click.echo(credentials.mask(text), err=True)


def command(examples: str, **settings: Any) -> Callable[[Callable[..., None]], click.Command]:
    r"""Make a command of a function ``<name>_command``, whose help ends with examples; \b keeps their lines."""
    return click.command(epilog=f"\b\nExamples:{examples}", **settings)


#: The option of commands that also print for programs, by `print_json`.
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON array, for programs.")


def print_json(rows: list[Any]) -> None:
    """Print rows as one JSON array, with instants in UTC."""
    import json

    def stamp(value: Any) -> str:
        from handover.schedule import times

        return times.stamp(value)

    click.echo(json.dumps(rows, ensure_ascii=False, indent=1, default=stamp))


def print_columns(lines: Iterable[Sequence[Any]]) -> None:
    """Print cells in columns; one that holds nothing is left out."""
    cells = [[str(cell) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        filled = (cell.ljust(width) for cell, width in zip(line, widths, strict=True) if width)
        click.echo("  ".join(filled).rstrip())


def _once(context: click.Context, option: click.Parameter, parameters: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Refuse a name that is set twice."""
    names = [name for name, _ in parameters]
    if joined := next((name for name in names if "=" in name), ""):
        raise click.UsageError(
            f"-p must be followed by a name and, after a space, a value (got {joined}). {SET_PARAMETER}"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise click.UsageError(f"-p must set each parameter once (twice: {', '.join(twice)}).")
    return dict(parameters)


#: The option that sets a report's parameters; the command is given them by name.
PARAMETERS = click.option(
    "given", "-p", nargs=2, multiple=True, callback=_once, metavar="NAME VALUE", help="Set a parameter; repeatable."
)


class Place(click.ParamType):
    """A path on this machine that is to be written, as `addresses.local` reads it."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Read the value; a wrong one is a HandoverError."""
        from handover import addresses

        return value if isinstance(value, Path) else addresses.local(value, param.opts[0] if param else "path")


def on_terminate() -> None:
    """Exit normally on SIGTERM, so that kernels end and nothing half made stays."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))


def _quick_end() -> Callable[[int], None]:
    """Have the program end without taking apart its modules, which takes a twentieth of a render.

    Handlers at exit run in reverse order, so this one, registered first, runs after all others. What is returned is
    called with the exit code when there is nothing left to do but that.
    """
    codes: list[int] = []

    def end() -> None:
        try:
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
        except (OSError, ValueError):
            return  # Python says what could not be written, and ends with a code of its own
        if codes:
            os._exit(codes[0])

    atexit.register(end)
    return codes.append


def _insist(ignored: "sys.UnraisableHookArgs") -> None:
    """Have a signal come again that came in a finalizer or a callback, where Python ignores what is raised."""
    number = signal.SIGINT if ignored.exc_type is KeyboardInterrupt else 0
    if ignored.exc_type is SystemExit and ignored.exc_value.code == TERMINATED:
        number = signal.SIGTERM
    if number:
        # from another thread, and when this is over: here it would be ignored once more
        threading.Timer(AGAIN_S, os.kill, (os.getpid(), number)).start()
    else:
        sys.__unraisablehook__(ignored)


def _finish_undisturbed() -> None:
    """Ignore signals while the program cleans up: they would only leave a traceback."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _leave_foreign_modules() -> None:
    """Forget PYTHONPATH, as kernels do: a module found there could stand in for one that the lock pins."""
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
    entries = filter(None, os.environ.pop("PYTHONPATH", "").split(os.pathsep))
    foreign = {os.path.abspath(entry) for entry in entries} - {own}  # noqa: PTH100
    sys.path[:] = [entry for entry in sys.path if not entry or os.path.abspath(entry) not in foreign]  # noqa: PTH100


def _escape_unencodable() -> None:
    """Escape the characters that the terminal cannot encode, rather than fail on them."""
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "errors", "") == "strict" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
