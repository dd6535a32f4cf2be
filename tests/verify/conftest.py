"""Editions of the miniature project, and the command that verifies, run as people run it."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from handover.editions import Store, render


@dataclass
class Edition:
    project: object
    folder: Path
    pdf: Path
    html: Path

    def apart(self, folder, data=None):
        """The PDF, or other bytes for it, in a folder with nothing beside it."""
        folder.mkdir(exist_ok=True, parents=True)
        path = folder / "from a mail.pdf"
        path.write_bytes(self.pdf.read_bytes() if data is None else data)
        return path


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    """Where the first edition of the miniature is kept, for all tests to copy."""
    return tmp_path_factory.mktemp("rendered") / "reports"


@pytest.fixture
def edition(mini, stand_in, rendered):
    """One edition of the miniature, rendered without a kernel."""
    if not rendered.exists():
        render.render(mini, "mini")
        shutil.copytree(mini.reports, rendered)
    elif not mini.reports.exists():
        shutil.copytree(rendered, mini.reports)
    (made,) = Store.of(mini).editions()
    return Edition(mini, made.folder, made.file(".pdf"), made.file(".html"))


@pytest.fixture
def verify(monkeypatch):
    """Call with a project, paths and options: exit code and answers; what the command prints must never be a trace."""

    def run(project, *words):
        from handover.cli.check import verify_command

        monkeypatch.chdir(project.root)
        done = CliRunner().invoke(verify_command, ["--json", *map(str, words)])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, json.loads(done.stdout) if done.stdout.startswith("[") else done.output

    return run
