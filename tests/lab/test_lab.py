"""JupyterLab as `scripts/lab` opens it, in a real browser: run a notebook by hand, export it, make jobs of it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from handover.editions.store import Store
from handover.project import Project

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "token-of-a-test"
REPORT = "handover"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.kernel,
    pytest.mark.slow,
]


LOADED = """[...document.fonts].filter(face => face.status === "loaded").map(
  face => `${face.family.replaceAll('"', "")} ${face.weight}`
)"""
#: The longest bold label of a chart, and how wide it is shown.
FOUND = """(() => {
  const labels = [...document.querySelectorAll(".jp-OutputArea figure svg text")];
  const bold = labels.filter(one => getComputedStyle(one).fontWeight === "700");
  return bold.sort((a, b) => b.textContent.length - a.textContent.length)[0];
})()"""
WORDS, LONGEST = f"{FOUND}.textContent.trim()", f"{FOUND}.getComputedTextLength()"


def measured(words):
    """How wide charts take a bold label to be."""
    from handover.story.charts import labels
    from handover.story.charts.style import house

    with house():
        return labels.breadth(words, "bold")


class Lab:
    """A server on a copy of the project, and what it said."""

    def __init__(self, root, home):
        self.project = Project(root)
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.log = home / "server.log"
        environment = os.environ | {"HOME": str(home)}
        command = [root / "scripts" / "lab", "--no-browser", f"--ServerApp.port={self.port}"]
        command += [f"--IdentityProvider.token={TOKEN}", "--allow-root"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=root, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def wait(self):
        for _ in range(3000):
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}api", timeout=5).close()
                return
            except OSError:
                time.sleep(0.2)
        pytest.fail(f"JupyterLab did not come up:\n{self.log.read_text()}")

    def end(self):
        """End it as Ctrl-C and "y" would, and return what it left behind."""
        below = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(600)
        except subprocess.TimeoutExpired:
            self.process.kill()
            below.append(psutil.Process(self.process.pid))
        _, alive = psutil.wait_procs(below, 600)
        left = [" ".join(one.cmdline()) for one in alive if one.status() != psutil.STATUS_ZOMBIE]
        for one in alive:
            one.kill()
        return left


@pytest.fixture(scope="module")
def lab(tmp_path_factory, chromium):
    root = tmp_path_factory.mktemp("lab") / "project"
    root.mkdir()
    for name in ("data", "notebooks", "pyproject.toml", "requirements.lock"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    _failing(root / "notebooks")
    _scripts(root)
    home = tmp_path_factory.mktemp("home")
    server = Lab(root, home)
    try:
        server.wait()
        yield server
    finally:
        left = server.end()
    assert left == [], "nothing outlives the server"


def _scripts(root):
    """`scripts/lab` as it is, with the tools that these tests run in instead of those that setup would install."""
    (root / "scripts").mkdir()
    (root / "scripts" / "handover").symlink_to(ROOT / "scripts" / "handover")
    (root / ".venv").symlink_to(sys.prefix)
    shutil.copy(ROOT / "scripts" / "lab", root / "scripts")
    setup = root / "scripts" / "setup"
    setup.write_text("#!/bin/sh\n")
    setup.chmod(0o755)


def _failing(notebooks):
    """A report whose fourth cell divides by zero."""
    nb = json.loads((notebooks / "briefing.ipynb").read_text())
    nb["cells"].insert(3, {"cell_type": "code", "id": "zero", "metadata": {}, "outputs": [],
                           "execution_count": None, "source": "day = 0\n1 / day"})  # fmt: skip
    (notebooks / "failing.ipynb").write_text(json.dumps(nb))


@pytest.fixture
def page(lab, chromium):
    """A page whose errors, and the server's log, are shown when the test fails."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1100}, accept_downloads=True)
    shown = context.new_page()
    shown.set_default_timeout(600_000)
    faults = []
    shown.on("pageerror", lambda error: faults.append(str(error)))
    yield shown
    if pictures := os.environ.get("HANDOVER_PICTURES"):
        shown.screenshot(path=f"{pictures}/last-{time.time():.0f}.png")
    context.close()
    print("page errors:", *faults, "server log:", lab.log.read_text()[-6000:], sep="\n")


def picture(page, name, after=1000):
    """Keep a picture for who develops this."""
    if folder := os.environ.get("HANDOVER_PICTURES"):
        page.wait_for_timeout(after)
        page.screenshot(path=f"{folder}/{name}.png")


def visit(lab, page, notebook):
    page.goto(f"{lab.url}lab/tree/{notebook}?token={TOKEN}&reset")
    page.locator(".jp-NotebookPanel-toolbar").get_by_text("Python 3 (ipykernel)").wait_for()
    # the toolbar's button makes a job of what is selected here
    page.locator(".jp-DirListing-item.jp-mod-selected").filter(has_text=Path(notebook).name).wait_for()


def menu(page, *words):
    page.get_by_role("menuitem", name=words[0], exact=True).click()
    for word in words[1:-1]:
        page.locator(".lm-Menu").get_by_text(word, exact=True).hover()
    page.locator(".lm-Menu").get_by_text(words[-1], exact=True).click()


def create(page):
    """Open the form by the notebook's toolbar; what it offers has arrived when it returns."""
    page.locator("[data-jp-item-name=create-job]").first.click()
    page.get_by_role("heading", name="Create Job").wait_for()
    page.get_by_placeholder("Value").first.wait_for()


def submit(page, name, status):
    """Send the form, wait for the job to end, and open its detail."""
    page.get_by_role("button", name="Create", exact=True).click()
    row = page.get_by_role("row").filter(has=page.get_by_title(f'Open detail view for "{name}"')).first
    reload = page.get_by_role("button", name="Reload")
    for _ in range(600):
        reload.click()
        page.wait_for_timeout(1000)
        if row.get_by_text(re.compile("Completed|Failed|Stopped")).count():
            break
    picture(page, f"jobs-{name}")
    row.get_by_text(status, exact=True).wait_for(timeout=60_000)
    row.get_by_title(f'Open detail view for "{name}"').click()
    page.get_by_role("heading", name="Job Detail").wait_for()


def test_a_notebook_run_by_hand_shows_and_exports_what_the_command_line_gives(lab, page, tmp_path):
    visit(lab, page, f"notebooks/{REPORT}.ipynb")
    menu(page, "Run", "Run All Cells")
    notebook = page.locator(".jp-Notebook")
    saved = lab.project.notebook(REPORT)
    for _ in range(600):
        page.keyboard.press("Control+s")
        page.wait_for_timeout(1000)
        cells = [cell for cell in json.loads(saved.read_text())["cells"] if cell["cell_type"] == "code"]
        if all(cell["execution_count"] for cell in cells):
            break
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert all(cell["execution_count"] for cell in cells)
    assert {output["output_type"] for output in outputs} <= {"display_data", "execute_result"}, "no error, no warning"
    notebook.locator("a[href^='#fact-'], a[href*='#fact-']").first.wait_for()
    assert notebook.locator(".jp-OutputArea svg, .jp-OutputArea img").count()
    assert notebook.locator(".jp-OutputArea table").count()
    picture(page, "run")
    notebook.locator("figure svg").first.scroll_into_view_if_needed()
    picture(page, "chart")
    assert set(page.evaluate(LOADED)) >= {"IBM Plex Sans Condensed 400", "IBM Plex Sans Condensed 700"}
    assert page.evaluate(LONGEST) == pytest.approx(measured(page.evaluate(WORDS)), abs=0.6)

    fetched = []
    page.on("download", lambda one: fetched.append(one))
    page.context.on("page", lambda popup: popup.on("download", lambda one: fetched.append(one)))
    for form in ("html", "pdf"):
        menu(page, "File", "Save and Export Notebook As", f"Handover_{form}")
        for _ in range(1200):
            page.wait_for_timeout(500)
            if fetched:
                break
        (download,) = fetched
        fetched.clear()
        assert download.suggested_filename == f"{REPORT}.{form}"
        command = [sys.executable, "-m", "nbconvert", "--to", f"handover_{form}", "--output-dir", tmp_path, saved]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        assert Path(download.path()).read_bytes() == (tmp_path / f"{REPORT}.{form}").read_bytes()


def test_the_form_offers_the_parameters_and_refuses_what_is_not_declared(lab, page):
    visit(lab, page, "notebooks/briefing.ipynb")
    create(page)
    names = [field.input_value() for field in page.locator("input[name^=parameter-][name$=-name]").all()]
    assert names == ["as_of", "language", "evidence"]
    page.get_by_placeholder("Value").first.fill("2026-02-30")
    page.get_by_role("button", name="Create", exact=True).click()
    said = page.get_by_role("alert").filter(has_text="'as_of' must be a day that exists (got '2026-02-30')")
    said.wait_for()
    picture(page, "refused")


def test_a_job_publishes_an_edition_and_its_pages_are_found(lab, page):
    visit(lab, page, "notebooks/briefing.ipynb")
    create(page)
    page.get_by_placeholder("Value").first.fill("2026-01-31")
    submit(page, "briefing", "Completed")
    picture(page, "completed")
    (edition,) = Store.of(lab.project).editions("briefing")
    assert edition.name.startswith("2026-01-31-en-") and edition.faults() == []
    for label, path in (("HTML", edition.file(".html")), ("PDF (tagged, archival)", edition.file(".pdf"))):
        page.get_by_text(label, exact=True).click()
        tab = page.locator(".lm-TabBar-tab.lm-mod-current").filter(has_text=path.name)
        tab.wait_for()
        picture(page, f"opened-{path.suffix[1:]}", 5000)
        with page.expect_download() as download:
            menu(page, "File", "Download")
        assert Path(download.value.path()).read_bytes() == path.read_bytes()
        page.locator(".lm-TabBar-tab").filter(has_text="Jobs").click()


def test_a_failing_notebook_s_job_is_failed_and_names_the_cell(lab, page):
    visit(lab, page, "notebooks/failing.ipynb")
    create(page)
    submit(page, "failing", "Failed")
    said = page.get_by_role("alert").filter(has_text="cell 4 raised ZeroDivisionError: division by zero (line 2)")
    said.wait_for()
    picture(page, "failed")
    assert Store.of(lab.project).editions("failing") == []
