"""Workers of a Dask cluster, behind the same executor interface; only this module imports `distributed`.

Dask runs calls in threads of a worker process; each call is passed on to a process of its own below the worker, which
stays warm and ends with it. Dask itself repeats a call whose worker is lost.
"""

import atexit
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache, partial
from typing import Any

from handover.editions import Contract, Inputs
from handover.errors import HandoverError, SweepError
from handover.project import Project
from handover.sweep.plan import Plan
from handover.workers import Pool

#: How long a scheduler may take to answer.
CONNECT_S = 10.0
#: How often the scheduler is asked whether there are workers.
ASK_S = 5.0


@contextmanager
def connect(address: str, plan: Plan) -> "Iterator[tuple[Cluster, int]]":
    """Connect to a cluster whose workers have the inputs of the plan.

    Yields:
        An executor, and how many calls the workers make at a time.

    Raises:
        SweepError: There is no such cluster, it has no workers, or some hold other inputs.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise SweepError(
            "--cluster: the package `distributed` must be installed (it is not).\n"
            "Install it with: pip install 'handover[cluster]'"
        ) from error
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, ImportError) as error:
        raise SweepError(
            f"{address}: must be the address of a Dask scheduler, as tcp://host:8786 (got: {error}).\n"
            "Start one with `dask scheduler`, and workers, in this project's folder, with `dask worker ADDRESS`."
        ) from error
    with client:
        _refuse_unequal(client, plan, address)
        executor = Cluster(client)
        try:
            yield executor, sum(client.nthreads().values())
        finally:
            executor.shutdown(cancel_futures=True)


class Cluster(Executor):
    """The executor of a client, with each call passed on to a process of its own."""

    def __init__(self, client: Any) -> None:
        self._client, self._inner = client, client.get_executor(pure=False)
        self._asked, self._problem = time.monotonic(), ""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> "Future[Any]":
        """Call a function with positional arguments on the cluster."""
        return self._inner.submit(in_process, fn, *args)

    def problem(self) -> str:
        """Say that no worker is left; a sweep waits for another, since clusters may grow again."""
        if time.monotonic() - self._asked > ASK_S:
            self._asked = time.monotonic()
            with suppress(OSError):
                self._problem = "" if self._client.nthreads() else "waiting: the cluster has no worker"
        return self._problem

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; cancel those under way if asked."""
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


def _refuse_unequal(client: Any, plan: Plan, address: str) -> None:
    """Refuse a cluster with a worker that has other inputs."""
    inputs = {step.contract.report: step.contract.inputs for step in plan.steps}
    answers = client.run(differences, inputs, on_error="return")
    if not answers:
        raise SweepError(
            f"{address}: must have workers (got none).\n"
            f"Start some, in this project's folder, with `dask worker {address}`."
        )
    faults = []
    for worker, answer in sorted(answers.items()):
        if isinstance(answer, BaseException):
            faults.append(f"  {worker}: cannot compare its inputs ({type(answer).__name__}: {answer})")
        elif answer:
            faults.append(f"  {worker}: differs in {', '.join(answer)}")
    if faults:
        raise SweepError(
            f"{address}: every worker must have what the sweep was planned with "
            f"({len(faults)} of {len(answers)} do not):\n" + "\n".join(faults) + "\n"
            "Bring their checkouts and packages to the same state and start them again, or take them off the cluster."
        )
