"""A request to stop: which signal asked first, what it interrupts, and what it leaves as it was."""

import signal
import threading
import time

import pytest

from handover.stop import Stop

LIMIT_S = 20


def test_the_first_signal_counts_and_the_handlers_come_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    stop = Stop()
    stop.leave()
    with stop:
        assert not stop() and not stop.wait(0)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert stop() and stop.wait(LIMIT_S) and stop.number == signal.SIGINT
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert signal.set_wakeup_fd(-1) == -1
    with pytest.raises(KeyboardInterrupt):
        stop.leave()


def test_the_program_ends_as_the_signal_would_have_ended_it():
    stop = Stop()
    stop.set(signal.SIGTERM)
    with pytest.raises(SystemExit) as left:
        stop.leave()
    assert left.value.code == 143


def test_a_signal_that_interrupts_no_wait_ends_the_sleep():
    """As one does that comes in the instant before it: here, another thread gets it."""

    def signalled():
        time.sleep(0.2)  # by then the sleep has begun; if it has not, the signal is heard before it
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    begun = time.monotonic()
    with Stop() as stop:
        threading.Thread(target=signalled).start()
        assert stop.wait(LIMIT_S) and stop.number == signal.SIGTERM
    assert time.monotonic() - begun < LIMIT_S
