"""What the process that renders answers, with a stand-in for the kernel: each question once, and the last one whole."""

import threading
import time
from multiprocessing import Pipe

import pytest

from handover.preview import worker as workers
from handover.preview.messages import Ask, At, Done, Failed, Html, Pages, Pdf
from handover.preview.worker import Worker


@pytest.fixture
def channel(mini, stand_in, monkeypatch):
    """The preview's end of the talk with a worker that runs in this process."""
    monkeypatch.setattr(workers, "END_S", 1e6)  # by then its process would be ended
    ours, theirs = Pipe()
    working = threading.Thread(target=Worker(theirs, mini.root, "mini", {}).run, daemon=True)
    working.start()
    yield ours
    ours.close()
    working.join(30)
    assert not working.is_alive()
    theirs.close()


def answers(channel, number):
    """All messages on the way to the last of a question's, and that one."""
    told = []
    while not (told and told[-1].number == number and isinstance(told[-1], Done | Failed)):
        assert channel.poll(60), told
        told.append(channel.recv())
    return told


def kinds(told):
    return [type(one) for one in told if not isinstance(one, At)]


def test_a_report_comes_before_its_pdf_and_the_same_again_is_nothing(channel, mini, stand_in):
    channel.send(Ask(1, render=True, pages=False))
    told = answers(channel, 1)
    assert kinds(told) == [Html, Pdf, Done]
    phases = [one.phase for one in told if isinstance(one, At)]
    assert list(dict.fromkeys(phases)) == ["read", "execute", "compose", "typeset"]
    mini.notebook("mini").touch()
    channel.send(Ask(2, render=True, pages=False))
    assert kinds(answers(channel, 2)) == [Done] and stand_in.runs == 1
    channel.send(Ask(3, render=False, pages=True))
    drawn, _ = (one for one in answers(channel, 3) if not isinstance(one, At))
    assert isinstance(drawn, Pages) and drawn.pages[0].startswith(b"\x89PNG") and stand_in.runs == 1


def test_pages_of_nothing_are_none(channel, stand_in):
    channel.send(Ask(1, render=False, pages=True))
    assert kinds(answers(channel, 1)) == [Done] and stand_in.runs == 0


def test_a_failure_is_told_each_time_and_good_inputs_are_rendered_again_after_it(channel, mini, stand_in):
    whole = mini.notebook("mini").read_text()
    channel.send(Ask(1, render=True, pages=False))
    answers(channel, 1)
    mini.notebook("mini").write_text(whole.replace("as_of:", "as_off:"))
    for number in (2, 3):
        channel.send(Ask(number, render=True, pages=False))
        failed = answers(channel, number)[-1]
        assert "must declare the day it speaks from" in failed.text
    mini.notebook("mini").write_text(whole)
    channel.send(Ask(4, render=True, pages=False))
    assert kinds(answers(channel, 4)) == [Html, Pdf, Done] and stand_in.runs == 2


def test_a_question_ends_the_render_under_way(channel, mini, stand_in):
    channel.send(Ask(1, render=True, pages=False))

    def ask_again(nb):
        if stand_in.runs == 1:
            text = mini.notebook("mini").read_text()
            mini.notebook("mini").write_text(text.replace("There were", "One counted"))
            for number in (2, 3, 4):
                channel.send(Ask(number, render=True, pages=False))
            time.sleep(0.2)  # the worker hears of them in a thread

    stand_in.then = ask_again
    told = [one for one in answers(channel, 4) if not isinstance(one, At)]
    assert [(type(one), one.number) for one in told] == [(Html, 4), (Pdf, 4), (Done, 4)]
    assert b"One counted" in told[0].html
    assert stand_in.runs == 2


def test_what_is_torn_when_it_is_read_again_is_no_failure(channel, mini, stand_in):
    whole = mini.notebook("mini").read_text()

    def tear(nb):
        if stand_in.runs == 1:
            mini.notebook("mini").write_text("")
            threading.Timer(0.05, save).start()
            raise workers.HandoverError("torn")

    def save():
        mini.notebook("mini").write_text(whole)
        channel.send(Ask(2, render=True, pages=False))

    stand_in.then = tear
    channel.send(Ask(1, render=True, pages=False))
    assert kinds(answers(channel, 2)) == [Html, Pdf, Done]
