"""Worlds to render in: a checkout of its own, in surroundings that a report must not notice.

A world is made of ordinary things only: a folder, a home, an environment, a clock (libfaketime), and a Python that
starts with all of this even where the package gives it a clean environment, as a machine's own settings would.
"""

import json
import os
import secrets
import shutil
import stat
import subprocess
import sys
import sysconfig
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from handover.verify.difference import first

ROOT = Path(__file__).resolve().parents[2]
MINI = ROOT / "tests" / "mini"
PARTS = ("scripts", "notebooks", "data", "requirements.lock", "pyproject.toml")
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)

#: Startup code of a hostile user: it would change every chart and table, and leave a trace.
INTRUDER = """
import os, pathlib
pathlib.Path({canary!r}).write_text("ran")
import pandas, matplotlib
matplotlib.rcParams.update({{"font.size": 31, "svg.hashsalt": None, "axes.facecolor": "red"}})
pandas.set_option("display.precision", 1)
"""

#: Shadows of modules that the package or a notebook imports.
SHADOWS = ("pandas", "lxml", "typst", "mistune", "nbconvert", "papermill", "handover_shadow")

#: What follows in every Python of the world, whatever it was started with; `order` is its order of directories.
CUSTOM = """
import os, random
_scandir, _listdir, _order = os.scandir, os.listdir, {order!r}
def _mixed(entries, key):
    entries = sorted(entries, key=key, reverse=_order == "reversed")
    if _order == "shuffled":
        random.Random(len(entries) + 7).shuffle(entries)
    return entries
class _Entries(list):
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def close(self): pass
    def __iter__(self): return iter(self[:])
    def __next__(self):
        if not self: raise StopIteration
        return self.pop(0)
def scandir(path="."):
    with _scandir(path) as entries:
        return _Entries(_mixed(entries, lambda entry: entry.name))
def listdir(path="."):
    return _mixed(_listdir(path), None)
if _order:
    os.scandir, os.listdir = scandir, listdir
"""


COMMAND = "from handover.cli import main\nmain()\n"


@dataclass
class World:
    """One world; `checkout` is the path by which it is used, which may be a link."""

    checkout: Path
    python: Path
    environment: dict[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    umask: int = 0o022
    canary: Path | None = None

    def run(self, *words, cwd=None, script=COMMAND):
        """Run the command line of this world, or another script; return its exit code and what it said."""
        command = self.checkout / ".venv" / "bin" / f"script-{secrets.token_hex(4)}"
        command.write_text(script)
        done = subprocess.run(
            [*self.prefix, self.python, command, *map(str, words)],
            cwd=cwd or self.checkout,
            env=self.environment,
            umask=self.umask,
            capture_output=True,
            timeout=600,
        )
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def render(self, *words, out="out", mini=False, script=COMMAND):
        """Render into a fresh store; return its files by name, but for catalogue and lock."""
        where = self.checkout / "mini" if mini else self.checkout
        store = self.checkout / out
        shutil.rmtree(store, ignore_errors=True)
        # the clock of a world may stand before the day that a report speaks from
        code, said, more = self.run("render", *words, "--ahead", "--out", store, cwd=where, script=script)
        assert code == 0, said + more
        found = {f"{path.parts[-3]} {_kind(path)}": path.read_bytes() for path in store.glob("*/*/*")}
        assert found, "nothing was rendered"
        assert self.canary is None or not self.canary.exists(), "code of the world ran in the report"
        return found


def _kind(path):
    """What a file is, without the name of its edition, which is made from its content."""
    return path.suffix if "_" in path.name else path.name


def plain(folder):
    """The world of a quiet machine."""
    return _made(folder / "plain", "", {"TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "USER": "ann"})


def loud(folder, name, *, locale, zone, clock, seed, columns, order, umask=0o022, cpus=None, link=False, uid=0):
    """A world in which everything is otherwise, and hostile where it can be."""
    user = f"user{uid}"
    environment = {
        **{"TZ": zone, "LC_ALL": locale, "LANG": locale, "LANGUAGE": locale[:2], "USER": user, "LOGNAME": user},
        **{"PYTHONHASHSEED": seed, "COLUMNS": columns, "LINES": columns, "TERM": "xterm-256color", "FORCE_COLOR": "1"},
        **{"MPLBACKEND": "TkAgg", "OMP_NUM_THREADS": "7", "OPENBLAS_NUM_THREADS": "3", "SOURCE_DATE_EPOCH": "1"},
        **{"PANDAS_COPY_ON_WRITE": "0", "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "", "CLICOLOR_FORCE": "1"},
    }
    world = _made(folder / name, order, environment, clock=clock, link=link)
    world.umask = umask
    world.prefix = ("taskset", "--cpu-list", cpus) if cpus else ()
    # another user only where the system lets one be made without a right to
    maps = ("unshare", "--user", f"--map-user={uid}")
    if uid and shutil.which("unshare") and subprocess.run([*maps, "true"], capture_output=True).returncode == 0:
        world.prefix += maps
    world.canary = folder / f"{name} canary"
    _haunt(world, Path(environment["HOME"]))
    return world


def _made(folder, order, environment, clock="", link=False):
    """Copy the checkout, and give it a Python of its own that finds the package there."""
    folder.mkdir(parents=True)
    checkout = folder / "checkout"
    checkout.mkdir()
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, checkout / part)
    shutil.copytree(MINI, checkout / "mini")
    python = _python(checkout / ".venv", checkout / "scripts", order, clock)
    if link:
        (folder / "way in").symlink_to(checkout)
        checkout = folder / "way in"
        python = checkout / ".venv" / "bin" / "python"
    home = folder / "home"
    home.mkdir()
    environment |= {"HOME": str(home), "PATH": os.environ["PATH"]}
    return World(checkout, python, environment)


def _python(venv, package, order, clock):
    """A virtual environment without copies; its interpreter is the one that runs this, started with the clock."""
    site = venv / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    site.mkdir(parents=True)
    base = Path(sys.executable).resolve()
    (venv / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")
    (site / "world.pth").write_text(f"{package}\n{sysconfig.get_paths()['purelib']}\n", "utf-8")
    (site / "sitecustomize.py").write_text(CUSTOM.format(order=order))
    python = venv / "bin" / "python"
    python.parent.mkdir()
    settings = ""
    if clock:
        settings = f"export LD_PRELOAD={FAKETIME} FAKETIME='{clock}'\n"
    python.write_text(f'#!/bin/bash\n{settings}exec -a "$0" {base} "$@"\n')
    python.chmod(python.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return python


def _haunt(world, home):
    """Fill the home, and point the environment at it, with all that could reach a report and must not."""
    code = textwrap.dedent(INTRUDER).format(canary=str(world.canary))
    rc = "font.size: 33\nsvg.hashsalt: other\nsavefig.facecolor: red\nfont.family: Verdana\n"
    config = f"c = get_config()\nexec({code!r})\nc.InlineBackend.figure_formats = {{'png'}}\n"
    ipython = f"{config}c.InteractiveShellApp.exec_lines = [{code!r}]\n"
    kernel = '{"argv": ["false"], "display_name": "x", "language": "python"}'
    files = {
        ".config/matplotlib/matplotlibrc": rc,
        ".jupyter/jupyter_config.py": config,
        ".jupyter/jupyter_nbconvert_config.py": config,
        ".jupyter/migrated": "",
        ".ipython/profile_default/startup/00-first.py": code,
        ".ipython/profile_default/ipython_config.py": ipython,
        ".ipython/profile_default/ipython_kernel_config.py": ipython,
        ".local/share/jupyter/kernels/python3/kernel.json": kernel,
        ".pythonrc": code,
        "fonts.conf": f"<fontconfig><dir>{home}/.local/share/fonts</dir></fontconfig>",
        **{f"shadows/{name}.py": code for name in SHADOWS},
    }
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    _impostor(home / ".local" / "share" / "fonts")
    world.environment |= {
        "MATPLOTLIBRC": str(home / ".config" / "matplotlib" / "matplotlibrc"),
        "MPLCONFIGDIR": str(home / ".config" / "matplotlib"),
        "IPYTHONDIR": str(home / ".ipython"),
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "JUPYTER_PATH": str(home / ".local" / "share" / "jupyter"),
        "JUPYTER_DEFAULT_PROVISIONER_NAME": "none-such",
        "FONTCONFIG_FILE": str(home / "fonts.conf"),
        "TYPST_FONT_PATHS": str(home / ".local" / "share" / "fonts"),
        "PYTHONSTARTUP": str(home / ".pythonrc"),
        "PYTHONPATH": str(home / "shadows"),
    }


def _impostor(folder):
    """A font that says it is the house's serif, and is the monospaced one."""
    from fontTools.ttLib import TTFont

    from handover import fonts

    folder.mkdir(parents=True)
    font = TTFont(fonts.face(fonts.MONO, "Bold"))
    names = {1: "IBM Plex Serif", 2: "Regular", 4: "IBM Plex Serif", 6: "IBMPlexSerif", 16: "IBM Plex Serif"}
    for record in list(font["name"].names):
        if record.nameID in names:
            font["name"].setName(
                names[record.nameID], record.nameID, record.platformID, record.platEncID, record.langID
            )
    font.save(folder / "IBMPlexSerif-Regular.ttf")


def need():
    """Skip the test that calls this where worlds cannot be made; where CI is set, fail instead."""
    missing = [] if FAKETIME else ["libfaketime (Debian: apt-get install faketime)"]
    missing += [] if shutil.which("taskset") else ["taskset (Debian: apt-get install util-linux)"]
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True).stdout.split() if not missing else []
    absent = [name for name in ("tr_TR.utf8", "ar_EG.utf8", "de_DE.utf8") if name not in known]
    missing += [f"the locales {', '.join(absent)} (Debian: apt-get install locales-all)"] if absent else []
    if missing:
        reason = f"no other world can be made here, missing: {'; '.join(missing)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def sweep():
    """Remove what libfaketime shares between processes and leaves where one of them is killed."""
    for path in Path("/dev/shm").glob("*faketime_*"):
        if not Path(f"/proc/{path.name.rpartition('_')[2]}").exists():
            path.unlink(missing_ok=True)


def partings(files, others):
    """Where two sets of files differ, one line a file: in words of the report, and by the byte; none if nowhere."""
    found = [f"{name}: is only in one of both" for name in sorted(files.keys() ^ others.keys())]
    for name in sorted(files.keys() & others.keys()):
        one, other = (_timeless(name, side[name]) for side in (files, others))
        if one != other:
            place = next((n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
            place = min(len(one), len(other)) if place is None else place
            words = str(first(name, other, one)) if not name.endswith(".png") else f"{name}: another picture"
            around = [side[max(0, place - 40) : place + 40] for side in (one, other)]
            found.append(f"{words}\n  byte {place}: {around[0]!r}\n  and there {around[1]!r}")
    return found


def _timeless(name, data):
    """A manifest without its one block of run times and its hash; other files as they are."""
    if not name.endswith("manifest.json"):
        return data
    held = json.loads(data)
    assert held.pop("run")["started"] and held.pop("sha256")
    return json.dumps(held, indent=1).encode()
