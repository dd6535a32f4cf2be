"""The same inputs give the same bytes in worlds that differ in everything a report must not notice."""

import json
from concurrent.futures import ThreadPoolExecutor

import forgery
import pytest
import worlds

REPORTS = ("briefing", "drawdown", "handover")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kernel,
]

#: Many things at once in few worlds; what is found unequal is then searched by hand.
LOUD = {
    "Größe 1": {
        **{"locale": "tr_TR.UTF-8", "zone": "Pacific/Kiritimati", "clock": "+400d", "seed": "1", "columns": "40"},
        **{"order": "reversed", "umask": 0o077, "cpus": "0"},
    },
    "it's a «world» $x": {
        **{"locale": "ar_EG.UTF-8", "zone": "Etc/GMT+12", "clock": "@2025-10-20 23:59:58", "seed": "4294967295"},
        **{"columns": "400", "order": "shuffled", "umask": 0o000, "link": True, "uid": 4242},
    },
    "Żółć": {
        **{"locale": "de_DE", "zone": "Asia/Kathmandu", "clock": "-400d", "seed": "random"},
        **{"columns": "1", "order": "reversed"},
    },
}

COLD = "from handover.notebook import forkserver\nforkserver.prepare = lambda: False\n" + worlds.COMMAND

LOOK = """
import datetime, getpass, json, locale, os, pathlib, sys, time
locale.setlocale(locale.LC_ALL, "")
mask = os.umask(0)
print(json.dumps([
    sys.prefix, os.getcwd(), getpass.getuser(), mask, locale.setlocale(locale.LC_ALL), sys.getfilesystemencoding(),
    locale.str(1.5) + time.strftime("%A"), time.tzname, round(time.time() / 86400 / 100), hash("x"),
    len(os.sched_getaffinity(0)), os.listdir("data"), [p.name for p in pathlib.Path("data").iterdir()],
    os.get_terminal_size.__name__, os.environ.get("COLUMNS"), os.environ["HOME"], os.getuid(),
]))
"""

#: In a kernel of handover: what the package sets is the same, and what it cannot set is not.
CELL = """
import json, locale, os, sys, time, matplotlib, pandas
# what the wrapper of a world's Python adds, which is part of the experiment
wrapper = ("PATH", "FAKETIME", "LD_PRELOAD", "PWD", "OLDPWD", "SHLVL", "_")
json.dumps([
    {name: value for name, value in sorted(os.environ.items()) if "/ho-" not in value and not name.startswith(wrapper)},
    locale.setlocale(locale.LC_ALL), time.tzname, hash("x"), matplotlib.rcParams["font.size"],
    pandas.get_option("display.precision"), os.path.basename(os.environ["HOME"])
]) + "|" + json.dumps([round(time.time() / 86400 / 100), sys.executable, os.listdir("../data")])
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    worlds.need()
    return worlds.plain(tmp_path_factory.mktemp("worlds"))


@pytest.fixture(scope="module")
def loud(tmp_path_factory):
    worlds.need()
    folder = tmp_path_factory.mktemp("worlds")
    yield {name: worlds.loud(folder, name, **about) for name, about in LOUD.items()}
    worlds.sweep()


@pytest.fixture(scope="module")
def rendered(plain):
    return plain.render(*REPORTS)


def look(world, script):
    code, said, more = world.run(script=script)
    assert code == 0, more
    return json.loads(said)


def test_the_worlds_do_differ(plain, loud):
    """Each thing that LOOK shows differs somewhere, so that the worlds are worth rendering in."""
    seen = [look(world, LOOK) for world in (plain, *loud.values())]
    for number, things in enumerate(zip(*seen, strict=True)):
        if number not in (10, 13):
            assert len({json.dumps(thing) for thing in things}) > 1, things


def test_a_kernel_sees_of_a_world_only_what_it_must(plain, loud):
    script = (
        "from pathlib import Path\nimport nbformat\nfrom handover.cli import _leave_foreign_modules\n"
        "_leave_foreign_modules()\nfrom handover.notebook import execute\nnb = nbformat.v4.new_notebook(cells=["
        f"nbformat.v4.new_code_cell({CELL!r}, id='x')], "
        "metadata={'kernelspec': {'name': 'python3', 'display_name': 'x'}})\n"
        "done = execute.execute(nb, {}, cwd=Path('notebooks'), where='x', epoch=0)\n"
        "import json\nprint(json.dumps(done.nb.cells[0].outputs[0].data['text/plain']))\n"
    )
    seen = [look(world, script).strip("\"'").split("|") for world in (plain, *loud.values())]
    assert len({same for same, _ in seen}) == 1
    assert len({other for _, other in seen}) == len(seen)
    assert not any(world.canary.exists() for world in loud.values())


def test_a_report_that_looks_around_is_caught_and_the_place_is_named(plain, loud):
    """The comparison itself: a notebook that reads the order of a folder and the clock is not the same twice."""
    files = []
    for world in (plain, loud["Größe 1"]):
        path = world.checkout / "mini" / "notebooks" / "mini.ipynb"
        kept = path.read_bytes()
        notebook = json.loads(kept)
        notebook["cells"][2]["source"].append(
            '\n_ = display(Markdown(" and ".join(__import__("os").listdir("../data"))))'
        )
        path.write_text(json.dumps(notebook))
        try:
            files.append(world.render("mini", mini=True))
        finally:
            path.write_bytes(kept)
    found = worlds.partings(*files)
    assert {line.split()[1].rstrip(":,") for line in found} >= {".html", ".ipynb", ".pdf"}
    for line in found:
        if line.split()[1].rstrip(":,") in (".html", ".ipynb", ".pdf"):
            assert "datapackage.json" in line.partition("\n")[0], line


@pytest.mark.parametrize("name", LOUD)
def test_reports_are_the_same_in_another_world_and_can_be_read_by_all(rendered, loud, name):
    world = loud[name]
    found = worlds.partings(rendered, world.render(*REPORTS))
    assert not found, "\n".join(found)
    assert len(rendered) == 6 * len(REPORTS)
    for path in (world.checkout / "out").rglob("[!.]*"):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path


def test_a_kernel_started_afresh_gives_the_same(rendered, loud):
    first = {name: data for name, data in rendered.items() if name.startswith("briefing")}
    found = worlds.partings(first, loud["Żółć"].render("briefing", script=COLD, out="cold"))
    assert not found, "\n".join(found)


MANY = """
import hashlib, json
from handover.editions import Request, produce
from handover.project import Project
for _ in range(5):
    product = produce(Request.of(Project.find(), "briefing", {}))
    about = {key: value for key, value in product.manifest.items() if key != "run"}
    whole = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(product.files):
        whole.update(product.files[name])
    print(whole.hexdigest())
"""


def test_runs_in_a_row_and_at_once_give_one_hash(plain):
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(plain.run, script=MANY) for _ in range(3)]
    hashes = []
    for run in runs:
        code, said, more = run.result()
        assert code == 0, more
        hashes += said.split()
    assert len(hashes) == 15 and len(set(hashes)) == 1


# what must show: a PDF from a mail, in a second checkout elsewhere


@pytest.fixture
def mailed(rendered, tmp_path):
    """Call with bytes: a PDF in a folder of its own; without, the drawdown's as it was rendered."""

    def mail(data=None):
        path = tmp_path / "from a mail.pdf"
        path.write_bytes(rendered["drawdown .pdf"] if data is None else data)
        return path

    return mail


def test_a_mailed_pdf_is_verified_in_another_world(mailed, loud):
    code, said, more = loud["it's a «world» $x"].run("verify", mailed())
    assert code == 0 and said.encode("ascii", "replace").startswith(b"verified: "), said + more


def test_a_changed_digit_in_a_mailed_pdf_differs_and_the_place_is_named(mailed, rendered, plain):
    pdf, new = forgery.with_digit(rendered["drawdown .pdf"], 0, "4", after="Iraq counted ")
    code, said, more = plain.run("verify", mailed(pdf))
    assert code == 1 and said.startswith("differs: "), said + more
    assert "page 1, fact “" in said and f"counted {new}2" in said and "counted 42" in said


def test_hostile_code_in_a_mailed_pdf_does_not_run(mailed, rendered, plain, tmp_path):
    canary = tmp_path / "canary"
    line = f"__import__('pathlib').Path({str(canary)!r}).write_text('ran')"
    code, said, more = plain.run("verify", mailed(forgery.with_code(rendered["drawdown .pdf"], line)))
    assert code == 3 and said.startswith("cannot be rebuilt here: "), said + more
    assert "its notebook is not this checkout's" in said and "was not run" in said
    assert not canary.exists()
