"""Previews of the miniature as a person starts them: a process, its address, and what it streams to a browser."""

import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import psutil
import pytest

#: Reached only by a hang.
LIMIT_S = 180


class Running:
    """A preview in a process of its own; `states` is all it told so far, `said` what the terminal shows."""

    def __init__(self, project, words, python=sys.executable):
        self.project = project
        self.states = []
        self._log = (project.root.parent / f"said-{time.monotonic_ns()}").open("w+b")
        command = [python, "-m", "handover", "preview", "mini", *words]
        self.process = subprocess.Popen(
            command, cwd=project.root, stdout=subprocess.PIPE, stderr=self._log, start_new_session=True
        )
        self.address = self.process.stdout.readline().decode().strip()
        assert self.address, self.said
        self.host, self.token = urlsplit(self.address).netloc, urlsplit(self.address).path.strip("/")
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def said(self):
        self._log.seek(0)
        return self._log.read().decode()

    def get(self, path, **headers):
        """Ask for a path; gives status and content."""
        link = http.client.HTTPConnection(self.host, timeout=LIMIT_S)
        try:
            link.request("GET", f"/{self.token}{path}", headers=headers)
            answer = link.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            link.close()

    def until(self, true, seconds=LIMIT_S):
        """Wait for a state of which something is true; gives the state."""
        end = time.monotonic() + seconds
        while not (self.states and true(self.states[-1])):
            assert time.monotonic() < end, (self.states[-3:], self.said)
            assert self.process.poll() is None, self.said
            time.sleep(0.01)
        return self.states[-1]

    def settled(self, html):
        """Wait until a version is shown, and all that belongs to it is there."""
        return self.until(lambda state: state["html"] == html == state["pdf"] and not state["at"])

    def edit(self, old, new):
        """Change the notebook's text, as an editor that saves by renaming does."""
        path = self.project.notebook("mini")
        text = path.read_text()
        assert old in text
        beside = path.with_name(".mini.ipynb.saving")
        beside.write_text(text.replace(old, new))
        beside.replace(path)

    def family(self):
        return [self.process.pid, *(child.pid for child in psutil.Process(self.process.pid).children(recursive=True))]

    def end(self, number=signal.SIGINT):
        """End it as a person does; gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(LIMIT_S)
        self.process.stdout.close()
        return code

    def _listen(self):
        with suppress(OSError, http.client.HTTPException, ValueError):
            link = http.client.HTTPConnection(self.host)
            link.request("GET", f"/{self.token}/events")
            answer = link.getresponse()
            while line := answer.readline():
                if line.startswith(b"data: "):
                    self.states.append(json.loads(line[6:]))


@pytest.fixture
def preview(mini):
    """Call with words for the command line: a preview of the miniature, ended after the test."""
    with ExitStack() as on_end:

        def start(*words, project=mini, **options):
            running = Running(project, words, **options)
            on_end.callback(running._log.close)
            on_end.callback(running.end)
            return running

        yield start
