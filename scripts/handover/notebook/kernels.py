"""Kernels for jupyter_client: their specification, provisioner, client and manager.

The processes themselves are in `handover.notebook.processes`.
"""

import asyncio
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

import zmq
from jupyter_client import AsyncKernelClient, AsyncKernelManager, KernelConnectionInfo
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Type

from handover.errors import ExecutionError, near
from handover.notebook import forkserver
from handover.notebook.processes import Supervised, start

if TYPE_CHECKING:
    from handover.notebook.execute import Run

#: How long a kernel may take to come up.
START_S = 60


def kernel_spec(name: str, where: str) -> KernelSpec:
    """Find the kernel that a notebook asks for.

    Raises:
        ExecutionError: It asks for none, or for one that is not installed.
    """
    if name in forkserver.NATIVE:
        return KernelSpec(
            argv=[sys.executable, str(forkserver.KERNEL), "-f", "{connection_file}"],
            display_name="Python 3 (ipykernel)",
            language="python",
            metadata={"supported_encryption": "curve"},
        )
    try:
        return KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel:
        known = sorted(KernelSpecManager().find_kernel_specs())
        raise ExecutionError(
            f"{where}: the notebook must name a kernel that is installed "
            f"(got {name or 'none'!r}; installed: {', '.join(known)}{near(name, known)}).\n"
            "Choose a kernel in JupyterLab and save, or install the missing one."
        ) from None


class ForkingProvisioner(LocalProvisioner):
    """The kernel provisioner `handover_forked`: forks a kernel, or starts it afresh if it cannot be forked.

    Jupyter's own tools can use it too, with ``JUPYTER_DEFAULT_PROVISIONER_NAME=handover_forked`` in their
    environment. They give it no `run`; jupyter_client then starts what cannot be forked.
    """

    run: "Run | None" = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel."""
        run = self.run
        process = await self._fork(cmd, **kwargs)
        if process is None and run is None:
            return await super().launch_kernel(cmd, **kwargs)
        if process is None:
            process = start(
                cmd, env=kwargs["env"], cwd=kwargs["cwd"], log=run.log, scratch=run.scratch, network=run.network
            )
        self.process = process
        self.pid = process.pid
        self.pgid = None  # signals go through the subreaper
        if run is not None:
            run.process = process
        return self.connection_info

    async def _fork(self, cmd: list[str], **kwargs: Any) -> Supervised | None:
        run = self.run
        try:
            return await forkserver.fork(
                cmd,
                run.log if run else Path(os.devnull),
                env=kwargs["env"],
                cwd=str(kwargs.get("cwd") or Path.cwd()),
                scratch=str(run.scratch) if run else "",
                network=run.network if run else True,
            )
        except forkserver.NotForkedError as error:
            if run:
                run.notes.append(f"The kernel was started afresh: {error}.")
            return None

    async def wait(self) -> int | None:
        """Wait for the kernel to end, polling more often than the stock provisioner does."""
        if not isinstance(self.process, Supervised):
            return await super().wait()
        while (code := self.process.poll()) is None:
            await asyncio.sleep(0.002)
        self.process = None
        return code

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel and all it started; return when they are gone."""
        await super().kill(restart)
        if isinstance(self.process, Supervised):
            await self.wait()


class Channel(AsyncZMQSocketChannel):
    """Reads messages in fewer steps than pyzmq's sockets for asyncio do, and notes those on stderr, of any cell."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.stderr: list[tuple[str, str]] = []
        self._plain = zmq.Socket.shadow(self.socket.underlying)
        self._descriptor = self._plain.FD

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """Wait for a message; raise `Empty` after `timeout` seconds."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0)  # others have their turn, however many there are
        try:
            async with asyncio.timeout(timeout):
                while True:
                    with suppress(zmq.Again):
                        frames = self._plain.recv_multipart(zmq.NOBLOCK)
                        return self._noted(self.session.deserialize(self.session.feed_identities(frames)[1]))
                    ready = asyncio.Event()
                    loop.add_reader(self._descriptor, ready.set)
                    try:
                        await ready.wait()
                    finally:
                        loop.remove_reader(self._descriptor)
        except TimeoutError:
            raise Empty from None

    def _noted(self, message: dict[str, Any]) -> dict[str, Any]:
        if message["msg_type"] == "stream" and message["content"].get("name") == "stderr":
            text = str(message["content"].get("text", ""))
            self.stderr.append((message["parent_header"].get("msg_id", ""), text))
        return message


class RunClient(AsyncKernelClient):
    """The client of a run's kernel, which loses no time until the kernel is ready.

    jupyter_client connects before the kernel's sockets exist, tries again every tenth of a second, and then drains
    unwanted messages for another fifth.
    """

    shell_channel_class = iopub_channel_class = Type(Channel)

    def start_channels(self, **_: bool) -> None:
        """Start the two channels that a run needs: its manager ends the kernel, and knows whether it is alive."""
        super().start_channels(stdin=False, hb=False, control=False)

    def stop_channels(self) -> None:
        """Stop them; jupyter_client would make the others, and stop those."""
        self.shell_channel.stop()
        self.iopub_channel.stop()
        self.context.destroy(linger=0)

    async def wait_for_ready(self, timeout: float = 60.0) -> None:
        """Wait until the kernel has replied, and what it publishes arrives.

        Raises:
            RuntimeError: It ended, or did not reply in time.
        """
        end = time.monotonic() + timeout
        while await self.is_alive():
            if time.monotonic() > end:
                raise RuntimeError(f"the kernel was not ready within {timeout:g} seconds")
            with suppress(Empty):
                self.kernel_info()
                await self.shell_channel.get_msg(timeout=1)
                await self.iopub_channel.get_msg(timeout=0.2)
                # what it publishes arrives: the subscription did not come after the reply
                return
        raise RuntimeError("the kernel ended before it was ready")


class RunManager(AsyncKernelManager):
    """The manager of a run's kernel, which listens on Unix sockets in the run's folder rather than on ports.

    The sockets take nothing from a program without the run's key, even of the same user: ipykernel would print what it
    cannot read, and so into the report.
    """

    # without what sleeps a hundredth of a second after each, for the sake of jupyter_client's own tests
    shutdown_kernel = AsyncKernelManager.shutdown_kernel.__wrapped__

    def __init__(self, run: "Run") -> None:
        super().__init__(
            kernel_name=forkserver.NATIVE[0],
            transport="ipc",
            connection_file=str(run.scratch / "k.json"),
            client_factory=RunClient,
            transport_encryption="auto" if zmq.has("curve") else "disabled",
        )
        self.run = run
        self.provisioner = ForkingProvisioner(kernel_id="k", kernel_spec=run.spec, parent=self)
        self.provisioner.run = run

    async def start_kernel(self, **given: Any) -> None:
        """Start the kernel, and wait until it has made its sockets or has ended."""
        await AsyncKernelManager.start_kernel.__wrapped__(self, **given)
        end = min(time.monotonic() + START_S, self.run.deadline)
        paths = [Path(f"{self.ip}-{port}") for port in (self.shell_port, self.iopub_port)]
        while not all(path.exists() for path in paths) and time.monotonic() < end and await self.is_alive():
            await asyncio.sleep(0.005)

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel's specification, from the run."""
        return self.run.spec

    @property
    def ipykernel(self) -> bool:
        """Whether the kernel takes IPython's options."""
        return any("ipykernel" in part or part == str(forkserver.KERNEL) for part in self.run.spec.argv)

    def _reconcile_connection_info(self, info: KernelConnectionInfo) -> None:
        """Read no file anew: the kernel has what is in it, and ipykernel may be at writing it."""
