"""Installs the schedule in the system: a systemd timer of the user, or a line of a crontab."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from handover import atomic, digest
from handover.errors import ScheduleError
from handover.project import Project

ADVICE = "Nothing was changed."
#: What no unit keeps: it ends a line, is stripped, joins two lines, or is no text.
UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|[\\s\\\\]$")


def systemd(project: Project, minutes: int) -> dict[Path, str]:
    """The files of a project's service and timer, which looks every so many minutes, and once after a start."""
    name, words = _name(project), _command()
    service = (
        f"[Unit]\nDescription=Reports due in {_percent(str(project.root))}\n\n"
        "[Service]\nType=oneshot\n"
        f"WorkingDirectory={_percent(str(project.root))}\n"
        f"ExecStart={' '.join(_quoted(word) for word in words)}\n"
    )
    timer = (
        f"[Unit]\nDescription=Look for reports due in {_percent(str(project.root))}\n\n"
        f"[Timer]\nOnCalendar=*:0/{minutes}\nPersistent=true\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "systemd", "user")
    return {folder / f"{name}.service": service, folder / f"{name}.timer": timer}


def enable(project: Project) -> str:
    """The command that starts the timer."""
    return f"systemctl --user daemon-reload && systemctl --user enable --now {_name(project)}.timer"


def crontab_line(project: Project, minutes: int) -> str:
    """The line of a crontab; the comment at its end names the project."""
    words = " ".join(shlex.quote(_one_line(word)) for word in _command())
    # a crontab reads % as the end of the line unless a backslash stands before it, which another one must not precede
    command = f"cd {shlex.quote(_one_line(str(project.root)))} && {words}".replace("%", r"''\%")
    return f"*/{minutes} * * * * {command} # {_name(project)}"


def crontab(project: Project, minutes: int) -> str:
    """The user's crontab with our line in it, once; what else is in it stays as it is."""
    found = _run(["crontab", "-l"])
    # without a crontab it fails, and says so
    if found.returncode and "no crontab" not in found.stderr.lower():
        raise ScheduleError(f"crontab -l: must list the crontab (got {found.stderr.strip() or 'nothing'}).\n{ADVICE}")
    ours = f"# {_name(project)}"
    kept = [each for each in found.stdout.splitlines() if not each.endswith(ours)] if not found.returncode else []
    return "\n".join([*kept, crontab_line(project, minutes)]) + "\n"


def write_crontab(text: str) -> None:
    """Replace the user's crontab.

    Raises:
        ScheduleError: cron refuses it.
    """
    done = _run(["crontab", "-"], text)
    if done.returncode:
        raise ScheduleError(f"crontab -: must take the crontab (got {done.stderr.strip()}).\n{ADVICE}")


def write_units(units: Mapping[Path, str]) -> None:
    """Write the files, each in one step."""
    for path, text in units.items():
        with atomic.translate_os_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic.replace(path, text.encode())


def _command() -> list[str]:
    return [sys.executable, "-P", "-m", "handover", "schedule", "run", "--once"]


def _name(project: Project) -> str:
    """A stable name, unique to each checkout."""
    word = re.sub(r"[^A-Za-z0-9]+", "-", project.root.name).strip("-") or "project"
    return f"handover-{word}-{digest.of_bytes(os.fsencode(project.root))[:6]}"


def _one_line(text: str) -> str:
    """A path or word, which both a unit and a crontab must be able to hold."""
    if UNFIT.search(text):
        raise ScheduleError(
            f"{text!r}: must be a path on one line (got a line break, another control character, or a blank or a "
            f"backslash last).\n{ADVICE} Give the folder another name."
        )
    return text


def _percent(text: str) -> str:
    return _one_line(text).replace("%", "%%")


def _quoted(word: str) -> str:
    escaped = _percent(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"'


def _run(command: list[str], text: str | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        raise ScheduleError(
            f"{command[0]}: must be on this machine (got {error}).\n{ADVICE} Try --systemd, or run "
            "`handover schedule run` under whatever keeps services here."
        ) from error
