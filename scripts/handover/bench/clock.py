"""Running a command and saying how long it took and how much memory it and all it started held at most."""

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from handover.errors import HandoverError

#: Seconds between two looks at the memory.
EVERY = 0.05
#: Lines of what a failing command said that are shown.
TOLD = 15


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command: wall time in seconds, and the peak of its memory in bytes, shared pages counted once."""

    seconds: float
    peak: int


def run(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str]) -> Run:
    """Run a command to its end.

    Args:
        command: The program and its arguments.
        cwd: Where it runs.
        env: Its whole environment.

    Raises:
        HandoverError: It failed; the end of what it said is in the message.
    """
    words = [str(word) for word in command]
    begun = time.perf_counter()
    process = subprocess.Popen(words, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    seen = _Memory(process.pid)
    said, _ = process.communicate()
    seconds = time.perf_counter() - begun
    peak = seen.stop()
    if process.returncode:
        raise HandoverError(
            f"{' '.join(words)}: must succeed to be timed (left with {process.returncode}):\n"
            + "\n".join(f"  {line}" for line in said.splitlines()[-TOLD:])
        )
    return Run(seconds, peak)


class _Memory:
    """Looks at a process and all its descendants, time and again, and keeps the highest sum."""

    def __init__(self, pid: int) -> None:
        self.root, self.peak, self.over = psutil.Process(pid), 0, threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        while not self.over.wait(EVERY):
            with suppress(psutil.Error):
                family = [self.root, *self.root.children(recursive=True)]
                self.peak = max(self.peak, sum(map(_held, family)))

    def stop(self) -> int:
        self.over.set()
        self.thread.join()
        return self.peak


def _held(process: psutil.Process) -> int:
    """Bytes of memory, a page that several processes share in equal parts where the system tells them."""
    try:
        found = process.memory_full_info()
    except psutil.Error:
        return 0
    return getattr(found, "pss", 0) or found.rss
