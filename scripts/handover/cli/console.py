"""What the commands share: speaking to the person at the terminal, reading ``-p``, and leaving on SIGTERM."""

import signal
import sys
from typing import Any, NoReturn

import click

#: What a shell reports of a process that Ctrl-C or SIGTERM ended.
INTERRUPTED, TERMINATED = 130, 143


def say(text: str) -> None:
    """Tell the person; standard output is kept for paths and data."""
    click.echo(text, err=True)


def given_once(parameters: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The values of ``-p NAME VALUE``, each name at most once.

    Raises:
        UsageError: A name is set twice.
    """
    names = [name for name, _ in parameters]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise click.UsageError(f"-p must set each parameter once (twice: {', '.join(twice)}).")
    return dict(parameters)


def on_terminate() -> None:
    """Leave by the ordinary way on SIGTERM, so that kernels end and nothing half made stays."""
    signal.signal(signal.SIGTERM, _terminated)


def _terminated(number: int, frame: Any) -> NoReturn:
    sys.exit(TERMINATED)
