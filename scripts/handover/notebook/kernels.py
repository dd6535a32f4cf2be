"""Kernels for jupyter_client: which one a notebook gets, and how it is started, listened to and ended.

Only what jupyter_client asks for belongs here; the processes themselves are in `handover.notebook.processes`.
"""

import asyncio
import sys
import time
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

from jupyter_client import AsyncKernelClient, AsyncKernelManager, KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.provisioning import LocalProvisioner

from handover.errors import ExecutionError, near
from handover.notebook.forking import NATIVE
from handover.notebook.processes import Guarded

if TYPE_CHECKING:
    from handover.notebook.run import Run

#: Has a kernel send what `handover.notebook.wire` makes of a message.
PACKER = "--Session.packer=handover.notebook.wire.pack"


def kernel_spec(name: str, where: str) -> KernelSpec:
    """The kernel that a notebook asks for.

    Raises:
        ExecutionError: It asks for none, or for one that is not installed.
    """
    if name in NATIVE:
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", PACKER],
            display_name="Python 3 (ipykernel)",
            language="python",
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


class GuardedProvisioner(LocalProvisioner):
    """Starts a kernel under guard, in a process of its own.

    Outside the press, where there is no `run`, it does what jupyter_client does by itself.
    """

    run: "Run | None" = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel."""
        run = self.run
        if run is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.hold(run.reaper.start(cmd, env=kwargs["env"], cwd=kwargs["cwd"], log=run.log, scratch=run.scratch))
        return self.connection_info

    def hold(self, process: Guarded) -> None:
        """Take a process that was started as this kernel's."""
        self.process = process
        self.pid = process.pid
        self.pgid = None  # signals go through the guard
        if self.run is not None:
            self.run.process = self.run.reaper.adopt(process)

    async def wait(self) -> int | None:
        """Wait for the kernel to end, looking more often than the stock provisioner does."""
        if not isinstance(self.process, Guarded):
            return await super().wait()
        while (code := self.process.poll()) is None:
            await asyncio.sleep(0.002)
        self.process = None
        return code

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel and all it started; return when they are gone."""
        await super().kill(restart)
        if isinstance(self.process, Guarded):
            await self.wait()


class RunClient(AsyncKernelClient):
    """The client of a run's kernel, which loses no time until the kernel is ready.

    jupyter_client connects before the kernel's sockets exist, tries again every tenth of a second, and listens for
    another fifth for messages that nobody asked for.
    """

    async def wait_for_ready(self, timeout: float = 60.0) -> None:
        """Wait until the kernel has answered, and what it publishes arrives.

        Raises:
            RuntimeError: It ended, or did not answer in time.
        """
        end = time.monotonic() + timeout
        heard = answered = False
        asked = None
        while not (heard and answered):
            if not await self.is_alive():
                raise RuntimeError("the kernel ended before it was ready")
            if time.monotonic() > end:
                raise RuntimeError(f"the kernel was not ready within {timeout:g} seconds")
            asked = asked or self.kernel_info()
            try:
                if answered:
                    await self.iopub_channel.get_msg(timeout=0.2)
                    heard = True
                else:
                    reply = await self.shell_channel.get_msg(timeout=0.2)
                    answered = reply["msg_type"] == "kernel_info_reply"
            except Empty:
                # a subscription that came after the answer: what one more request publishes will be heard
                asked, answered = (None, False) if answered else (asked, False)


class RunManager(AsyncKernelManager):
    """The manager of a run's kernel, which listens on Unix sockets in the run's folder rather than on ports."""

    def __init__(self, run: "Run", provisioner: type[GuardedProvisioner]) -> None:
        connection = str(run.scratch / "k.json")
        super().__init__(kernel_name=NATIVE[0], transport="ipc", connection_file=connection, client_factory=RunClient)
        self.run = run
        self.provisioner = provisioner(kernel_id="k", kernel_spec=run.spec, parent=self)
        self.provisioner.run = run

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel's specification, which the run has found already."""
        return self.run.spec

    @property
    def ipykernel(self) -> bool:
        """Whether the kernel takes IPython's options."""
        return any("ipykernel" in part for part in self.run.spec.argv)

    async def sockets(self, timeout: float) -> None:
        """Wait until the kernel has made its sockets, has ended, or has taken too long."""
        end = time.monotonic() + timeout
        paths = [Path(f"{self.ip}-{port}") for port in self.ports]
        while not all(path.exists() for path in paths):
            if time.monotonic() > end or not await self.is_alive():
                return
            await asyncio.sleep(0.002)
