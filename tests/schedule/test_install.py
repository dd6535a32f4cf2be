"""What the system is given: units that systemd accepts, and a crontab in which our line stands once."""

import os
import shutil
import subprocess

import pytest

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


def test_a_path_that_no_unit_can_name_is_refused(tmp_path):
    for name in ("a\nb", "a\\"):
        with pytest.raises(ScheduleError, match="must be a path on one line"):
            install.systemd(Project(tmp_path / name), 5)


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
    shell = line.split(" ", 5)[5].replace("\\%", "%").split(" && ")[0] + " && pwd"
    assert subprocess.run(["sh", "-c", shell], capture_output=True, text=True).stdout.strip() == str(root)


@pytest.mark.parametrize("name", ["mini", "100% 'of it' \"$HOME\" \\n"])
def test_systemd_accepts_the_units(tmp_path, name):
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        assert not os.environ.get("CI"), "systemd-analyze must be there"
        pytest.skip("no systemd-analyze on this machine")
    root = tmp_path / name
    root.mkdir()
    units = install.systemd(Project(root), 15, tmp_path / "config")
    install.write_units(units)
    install.write_units(units)
    assert sorted(path.name for path in (tmp_path / "config" / "systemd" / "user").iterdir()) == sorted(
        unit.path.name for unit in units
    )
    done = subprocess.run(
        [analyze, "verify", "--user", *(str(unit.path) for unit in units)],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    calendar = subprocess.run([analyze, "calendar", "*:0/15"], capture_output=True, text=True)
    assert calendar.returncode == 0


def test_the_timer_looks_as_often_as_it_is_told(mini):
    service, timer = install.systemd(mini, 10)
    assert "OnCalendar=*:0/10\nPersistent=true" in timer.text
    assert f"WorkingDirectory={mini.root}" in service.text and '"schedule" "run" "--once"' in service.text
    assert install.enable(mini).endswith(f"{timer.path.name}")
