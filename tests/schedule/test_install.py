"""What the system is given: units that systemd accepts, and a crontab in which our line stands once."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handover.errors import ScheduleError
from handover.project import Project
from handover.schedule import install

#: A stand-in for the program `crontab`, which keeps the table in a file.
CRONTAB = """#!/bin/sh
case "$1" in
  -l) [ -f "$TABLE" ] && cat "$TABLE" || { echo "no crontab for $USER" >&2; exit 1; } ;;
  -) grep -q REFUSED - <"$TABLE.refuse" 2>&1 && { echo "bad minute" >&2; exit 1; }; cat >"$TABLE" ;;
esac
"""


@pytest.fixture
def cron(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "crontab").write_text(CRONTAB)
    (folder / "crontab").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TABLE", str(tmp_path / "table"))
    (tmp_path / "table.refuse").write_text("")
    return tmp_path / "table"


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\x0bb", "a\x85b", "a\u2028b", "a\x1b[2Jb", "a\udcffb", "a\\", "a "])
def test_a_path_that_a_unit_or_a_crontab_cannot_hold_is_refused_by_both(tmp_path, name):
    root = tmp_path / name
    for make in (install.systemd, install.crontab_line):
        with pytest.raises(ScheduleError) as error:
            make(Project(root), 5)
        assert str(error.value) == (
            f"{str(root)!r}: must be a path on one line (got a line break, another control character, or a blank or a "
            "backslash last).\nNothing was changed. Give the folder another name."
        )


NAMES = st.text(
    st.one_of(st.characters(exclude_categories=["C", "Z"]), st.sampled_from("%\\'\"$`#;&|!~- =[]")), max_size=40
).map(lambda text: f"/srv/{text}x")


def from_crontab(line):
    """What cron gives to the shell: up to the first % without a backslash before it, as in its source."""
    command, escaped = "", False
    for each in line.split(" ", 5)[5]:
        if escaped:
            command, escaped = (command[:-1] if each == "%" else command) + each, False
        elif each == "%":
            break
        else:
            command, escaped = command + each, each == "\\"
    return command


def from_unit(value):
    """A value as systemd reads it: specifiers, and of a command words in quotation marks, escapes and variables."""
    plain = value.replace("%%", "\0")
    assert "%" not in plain
    if not value.startswith('"'):
        return plain.replace("\0", "%")
    words = re.findall(r'"((?:[^"\\]|\\.)*)"', plain.replace("\0", "%"))
    assert " ".join(f'"{word}"' for word in words) == plain.replace("\0", "%")
    return [re.sub(r"\\(.)", r"\1", word).replace("$$", "$") for word in words]


@given(NAMES, NAMES)
@example("/srv/a\\%b", "/srv/100%")
def test_law_what_the_system_is_given_names_the_folder_and_the_program_and_says_nothing_else(root, program):
    with mock.patch.object(sys, "executable", program):
        command = install._command()
        line = install.crontab_line(Project(Path(root)), 5)
        units = [*install.systemd(Project(Path(root)), 5).values()]
    assert len(line.splitlines()) == 1
    given = ["cd", str(Path(root)), "&&", *command]
    assert shlex.split(from_crontab(line), comments=True) == given
    service = dict(line.split("=", 1) for line in units[0].splitlines() if not line.startswith("[") and line)
    assert list(service) == ["Description", "Type", "WorkingDirectory", "ExecStart"]
    assert from_unit(service["WorkingDirectory"]) == str(Path(root)) and from_unit(service["ExecStart"]) == command
    timer = [line.split("=")[0] for line in units[1].splitlines() if line]
    assert timer == ["[Unit]", "Description", "[Timer]", "OnCalendar", "Persistent", "[Install]", "WantedBy"]


def test_a_machine_without_cron_is_told(mini, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ScheduleError, match="crontab: must be on this machine"):
        install.crontab(mini, 5)


def test_a_crontab_that_is_refused_is_told(mini, cron, tmp_path):
    (tmp_path / "table.refuse").write_text("REFUSED")
    with pytest.raises(ScheduleError, match="must take the crontab"):
        install.write_crontab(install.crontab(mini, 5))
    assert not cron.exists()


def test_a_crontab_keeps_what_is_in_it_and_has_one_line_a_checkout(mini, cron, tmp_path):
    cron.write_text("# mine\n0 1 * * * echo 100\\%\n")
    for project, minutes in ((mini, 5), (Project(tmp_path / "other"), 5), (mini, 10)):
        install.write_crontab(install.crontab(project, minutes))
    lines = cron.read_text().splitlines()
    assert lines[:2] == ["# mine", "0 1 * * * echo 100\\%"] and len(lines) == 4
    assert lines[3].startswith(f"*/10 * * * * cd {mini.root} && ") and "handover schedule run --once" in lines[3]


def test_what_cron_gives_to_the_shell_names_the_folder_whatever_is_in_its_name(tmp_path):
    root = tmp_path / "100% 'of it' $HOME"
    root.mkdir()
    line = install.crontab_line(Project(root), 5)
    shell = from_crontab(line).split(" && ")[0] + " && pwd"
    assert subprocess.run(["sh", "-c", shell], capture_output=True, text=True).stdout.strip() == str(root)


@pytest.mark.parametrize("name", ["mini", "100% 'of it' \"$HOME\" \\n"])
def test_systemd_accepts_the_units(tmp_path, name, monkeypatch):
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        assert not os.environ.get("CI"), "systemd-analyze must be there"
        pytest.skip("no systemd-analyze on this machine")
    root = tmp_path / name
    root.mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    units = install.systemd(Project(root), 15)
    install.write_units(units)
    install.write_units(units)
    assert sorted(path.name for path in (tmp_path / "config" / "systemd" / "user").iterdir()) == sorted(
        path.name for path in units
    )
    done = subprocess.run(
        [analyze, "verify", "--user", *map(str, units)],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    calendar = subprocess.run([analyze, "calendar", "*:0/15"], capture_output=True, text=True)
    assert calendar.returncode == 0


def test_the_timer_looks_as_often_as_it_is_told(mini):
    units = install.systemd(mini, 10)
    service, timer = units.values()
    assert "OnCalendar=*:0/10\nPersistent=true" in timer
    assert f"WorkingDirectory={mini.root}" in service and '"schedule" "run" "--once"' in service
    assert install.enable(mini).endswith([*units][1].name)
