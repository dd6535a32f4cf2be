"""Workers of a Dask cluster, behind the same executor interface; only this module imports `distributed`.

Dask runs calls in threads of a worker process; each call is passed on to a process of its own below the worker, which
stays warm and ends with it. Dask itself repeats a call whose worker is lost.
"""

import atexit
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import cache, partial
from typing import Any

from handover.editions import Contract, Inputs
from handover.errors import HandoverError, SweepError, itemised
from handover.project import Project
from handover.sweep.plan import Step
from handover.workers import Pool

#: What Dask reaches over the network.
ADDRESS = re.compile(r"(?:[a-z]+://)?[^\s/]+:[0-9]{1,5}")
#: How long a scheduler may take to answer.
CONNECT_S = 10.0
#: How often the scheduler is asked whether there are workers, and how long that may take.
ASK_S, ANSWER_S = 5.0, 2.0
#: A scheduler that does not answer for so long is taken for gone.
SILENT_S = 120.0
#: How long all workers together may take to compare their inputs.
COMPARE_S = 120.0
#: Where Dask finds certificates.
TLS = (
    "One that wants TLS has an address that begins with tls://; Dask takes the certificates from its own settings,\n"
    "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, …__TLS__CLIENT__CERT and …__TLS__CLIENT__KEY."
)


@contextmanager
def connect(address: str, steps: Sequence[Step]) -> "Iterator[tuple[Cluster, int]]":
    """Connect to a cluster whose workers have the inputs of the steps.

    Yields:
        An executor, and how many calls the workers make at a time.

    Raises:
        SweepError: There is no such cluster, it refuses us, it has no workers, or some hold other inputs.
    """
    with ExitStack() as opened:
        try:
            client = _client(address)
            opened.callback(_close, client)
            _refuse_unequal(client, steps, address)
            executor, width = Cluster(client), sum(client.nthreads().values())
        except HandoverError:
            raise
        except Exception as error:
            # Dask's errors have no common root
            raise SweepError(
                f"{address}: the cluster must stay until the sweep has begun (got {type(error).__name__}: {error}).\n"
                "Look at the output of the scheduler and the workers, and run the command again."
            ) from error
        opened.callback(executor.shutdown, cancel_futures=True)
        yield executor, width


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise SweepError(
            f"--cluster: the package `distributed` must be installed (got: {error}).\n"
            "Install it, in the checkout: scripts/setup all"
        ) from error
    # what Dask would say of a scheduler that is gone, we say
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        # given no address, Dask starts a cluster of its own
        if not ADDRESS.fullmatch(address):
            raise ValueError(repr(address)[:80])
        return _within(2 * CONNECT_S, partial(Client, address, timeout=CONNECT_S, set_as_default=False))
    except Exception as error:
        said = str(error) or ("no answer" if isinstance(error, TimeoutError) else type(error).__name__)
        raise SweepError(
            f"{address}: must be the address of a Dask scheduler, as tcp://host:8786 (got: {said}).\n"
            "Start one with `dask scheduler`, and workers, in this project's folder, with `dask worker ADDRESS`.\n"
            f"{TLS}"
        ) from error


def _within(seconds: float, function: Callable[[], Any]) -> Any:
    """Call a function of Dask that may wait for ever, but wait for it only so long; then leave it behind."""
    answer: Future[Any] = Future()

    def call() -> None:
        try:
            answer.set_result(function())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=call, daemon=True).start()
    return answer.result(seconds)


def _close(client: Any) -> None:
    # one whose scheduler is gone has nothing to say good-bye to
    with suppress(Exception):
        client.close(timeout=CONNECT_S)


class Cluster(Executor):
    """The executor of a client, with each call passed on to a process of its own."""

    def __init__(self, client: Any) -> None:
        self._client, self._inner = client, client.get_executor(pure=False)
        self._asked = self._heard = time.monotonic()
        self._problem = ""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> "Future[Any]":
        """Call a function with positional arguments on the cluster; if that is gone, the call is cancelled."""
        if not self.gone():
            return self._inner.submit(in_process, fn, *args)
        cancelled: Future[Any] = Future()
        cancelled.cancel()
        cancelled.set_running_or_notify_cancel()
        return cancelled

    def gone(self) -> bool:
        """Whether the scheduler has ended or gone silent: Dask then cancels all calls."""
        self._ask()
        return self._client.status != "running" or time.monotonic() - self._heard > SILENT_S

    def problem(self) -> str:
        """Say that no worker is left; a sweep waits for another, since clusters may grow again."""
        self._ask()
        return self._problem

    def _ask(self) -> None:
        if time.monotonic() - self._asked <= ASK_S:
            return
        try:
            workers = self._client.sync(self._client.scheduler.ncores, callback_timeout=ANSWER_S)
        except Exception:
            self._problem = "waiting: the scheduler does not answer"
        else:
            self._heard = time.monotonic()
            self._problem = "" if workers else "waiting: the cluster has no worker"
        self._asked = time.monotonic()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; cancel those under way if asked."""
        with suppress(Exception) if self._client.status != "running" else nullcontext():
            self._inner.shutdown(wait=wait and not cancel_futures)


@cache
def _pool() -> Pool:
    pool = Pool()
    atexit.register(partial(pool.shutdown, cancel_futures=True))
    return pool


def in_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a process below this Dask worker; runs on the cluster."""
    return _pool().call(function, *arguments)


def differences(inputs: Mapping[str, Inputs]) -> list[str]:
    """The names of inputs, given by report, that are not the same here; runs on the cluster."""
    found = set()
    for report, there in inputs.items():
        try:
            here = replace(Contract.of(Project.find(), report).inputs, parameters=there.parameters)
            found |= {*here.changed_since(there.as_json())}
        except HandoverError as error:
            found.add(str(error).splitlines()[0])
    return sorted(found)


def _refuse_unequal(client: Any, steps: Sequence[Step], address: str) -> None:
    """Refuse a cluster with a worker that has other inputs."""
    inputs = {step.contract.report: step.contract.inputs for step in steps}
    try:
        answers = _within(COMPARE_S, partial(client.run, differences, inputs, on_error="return"))
    except TimeoutError as error:
        raise SweepError(
            f"{address}: every worker must say what inputs it has (no answer within {COMPARE_S:g} seconds).\n"
            "Look for a worker that hangs, end it, and run the command again."
        ) from error
    if not answers:
        raise SweepError(
            f"{address}: must have workers (got none).\n"
            f"Start some, in this project's folder, with `dask worker {address}`."
        )
    faults = []
    for worker, answer in sorted(answers.items()):
        if isinstance(answer, BaseException):
            faults.append(f"{worker}: cannot compare its inputs ({type(answer).__name__}: {answer})")
        elif answer:
            faults.append(f"{worker}: differs in {', '.join(answer)}")
    if faults:
        some = f"({len(faults)} of {len(answers)} do not)"
        said = f"{address}: every worker must have what the sweep was planned with {some}:"
        how = "Bring their checkouts and packages to the same state and start them again, or take them off the cluster."
        raise SweepError(itemised(said, faults, how))
