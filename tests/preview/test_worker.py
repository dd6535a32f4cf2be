"""What renders for a preview: each question once, the last one whole, and another process where one is stuck."""

import os
import queue
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from handover.document.reader import OMITTED_MIME
from handover.errors import HandoverError
from handover.preview import worker
from handover.preview.worker import At, Made, Question, Renderer, render
from handover.workers import Cancelled

#: Reached only by a hang.
LIMIT_S = 60
REPORT, PAGES = False, True


# the process's end, in this process, with a stand-in for the kernel


@pytest.fixture
def ask(mini, stand_in, monkeypatch):
    """Call with what is wanted, the report or its pages: what is told of it."""
    monkeypatch.setattr(worker, "_shown", "")
    monkeypatch.setattr(worker, "_made", None)

    def call(pages, tell=lambda message: None):
        told = []
        render(mini.root, "mini", {}, pages, tell=lambda message: (told.append(message), tell(message)))
        return told

    return call


def kinds(told):
    return [one.part for one in told if isinstance(one, Made)]


def test_a_report_comes_before_its_pdf_and_the_same_again_is_nothing(ask, mini, stand_in):
    assert kinds(ask(PAGES)) == []
    told = ask(REPORT)
    assert kinds(told) == ["html", "pdf"]
    phases = [one.phase for one in told if isinstance(one, At)]
    assert list(dict.fromkeys(phases)) == ["read", "execute", "compose", "typeset"]
    mini.notebook("mini").touch()
    assert kinds(ask(REPORT)) == [] and stand_in.runs == 1
    *_, drawn = ask(PAGES)
    assert drawn.part == "pages" and drawn.data[0].startswith(b"\x89PNG") and stand_in.runs == 1


def test_what_a_report_leaves_out_comes_with_it(ask, stand_in):
    from nbformat.v4 import new_output

    data = {OMITTED_MIME: [{"text": "say “Gone” left out: x", "lost": True}]}
    stand_in.then = lambda nb: nb.cells[-1].outputs.insert(0, new_output("display_data", data))
    html = next(one for one in ask(REPORT) if isinstance(one, Made))
    assert html.about["omitted"] == ["cell 4: say “Gone” left out: x"] and b"Gone" not in html.data[0]


def test_good_inputs_are_rendered_again_after_a_failure(ask, mini, stand_in):
    whole = mini.notebook("mini").read_text()
    ask(REPORT)
    mini.notebook("mini").write_text(whole.replace("as_of:", "as_off:"))
    for _ in range(2):
        with pytest.raises(HandoverError, match="must declare the day it speaks from"):
            ask(REPORT)
    mini.notebook("mini").write_text(whole)
    assert kinds(ask(REPORT)) == ["html", "pdf"] and stand_in.runs == 2


def test_a_render_that_was_cancelled_is_done_by_the_next_question(ask, stand_in):
    def cancel(message):
        if message == At("compose"):
            raise Cancelled

    with pytest.raises(Cancelled):
        ask(REPORT, cancel)
    assert kinds(ask(REPORT)) == ["html", "pdf"] and stand_in.runs == 2


def test_a_file_that_is_torn_for_a_moment_is_read_again(ask, mini, monkeypatch):
    monkeypatch.setattr(worker, "TORN_S", LIMIT_S)
    whole = mini.notebook("mini").read_text()
    mini.notebook("mini").write_text("")
    real = time.sleep
    monkeypatch.setattr(worker.time, "sleep", lambda s: (mini.notebook("mini").write_text(whole), real(s)))
    assert kinds(ask(REPORT)) == ["html", "pdf"]


# the preview's end, with processes that do what the report's name says


def answer(root, report, given, pages, *, tell):
    """Stand in for `render`."""
    do = (root / "do").read_text()
    tell(At(do, 0, os.getpid()))
    if do == "die":
        signal.raise_signal(signal.SIGKILL)
    if do == "fail":
        raise HandoverError("torn")
    while do == "hang":
        time.sleep(0.01)
    while do == "work":
        tell(At(do))
        time.sleep(0.01)


class Over(str):
    """What became of a question: how it failed, or ""."""


class Asking:
    """Asks from this thread, and has the answers given in another."""

    def __init__(self, root):
        self.root, self.asked = root, None
        self.told, self.questions = queue.SimpleQueue(), queue.SimpleQueue()
        self.renderer = Renderer(root, "mini", {}, lambda message: self.told.put((self.now, message)), self.newer)
        threading.Thread(target=self.answer, daemon=True).start()

    def __call__(self, do, **how):
        (self.root / "new").write_text(do)
        (self.root / "new").rename(self.root / "do")
        self.questions.put(asked := Question(**how))
        return asked

    def newer(self, patience_s):
        with suppress(queue.Empty):
            while True:
                self.asked = self.questions.get(timeout=0.0 if self.asked else patience_s)
        return self.asked

    def answer(self):
        while self.newer(None):
            self.now, self.asked = self.asked, None
            with suppress(Cancelled):
                self.told.put((self.now, Over(self.renderer.answer(self.now))))

    def until(self, asked, kind, phase=None):
        """The next message of a kind that answers a question."""
        while True:
            question, message = self.told.get(timeout=LIMIT_S)
            if question is asked and isinstance(message, kind) and (phase is None or message.phase == phase):
                return message


@pytest.fixture
def asking(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(worker, "render", answer)
    for name, seconds in (("BUSY_S", 1e6), ("STARTING_S", 1e6), ("GRACE_S", 0.0)):
        monkeypatch.setattr(worker, name, seconds)
    made = Asking(tmp_path)
    yield made
    made.renderer.end()


def test_a_process_that_dies_at_work_is_told_and_replaced(asking):
    died = asking.until(asking("die"), Over)
    assert died == (
        "The process that renders must stay while the preview runs (it ended with status -9).\n"
        "Save once more to start it."
    )
    asked = asking("well")
    pid = asking.until(asked, At).total
    assert asking.until(asked, Over) == ""
    os.kill(pid, signal.SIGKILL)  # idle, so nobody need know
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    asked = asking("well")
    assert asking.until(asked, At).total != pid
    assert asking.until(asked, Over) == ""


def test_a_question_ends_the_render_under_way_and_only_the_last_is_answered(asking):
    first = asking("work")
    pid = asking.until(first, At).total
    second, last = asking("work"), asking("well")
    assert asking.until(last, At).total == pid
    asking.until(last, Over)
    assert not {type(message) for question, message in drained(asking.told) if question in (first, second)} & {Over}


@pytest.mark.parametrize(("deaf", "starting", "fresh"), [(0.1, 1e6, False), (1e6, 0.1, False), (1e6, 1e6, True)])
def test_a_process_that_does_not_hear_is_replaced_and_so_is_one_that_must_be_fresh(
    asking, monkeypatch, deaf, starting, fresh
):
    monkeypatch.setattr(worker, "BUSY_S", deaf)
    monkeypatch.setattr(worker, "STARTING_S", starting)
    if deaf < 1:
        asking.until(asking("well"), Over)
    hanging = asking("hang")
    pid = asking.until(hanging, At, "hang").total
    asked = asking("well", fresh=fresh)
    assert asking.until(asked, At).total != pid
    asking.until(asked, Over)


def test_a_failure_waits_for_the_next_question(asking, monkeypatch):
    monkeypatch.setattr(worker, "GRACE_S", LIMIT_S)
    failing = asking("fail")
    asking.until(failing, At)
    asked = asking("well")
    assert asking.until(asked, Over) == ""
    monkeypatch.setattr(worker, "GRACE_S", 0.0)
    assert asking.until(asking("fail"), Over) == "torn"


def test_in_the_end_no_process_is_left(asking):
    pid = asking.until(asking("hang"), At).total
    asking.renderer.end()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def drained(told):
    while not told.empty():
        yield told.get()
