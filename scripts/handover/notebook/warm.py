"""The kernel provisioner `handover_warm`: kernels forked from a process that has pandas and matplotlib imported.

Jupyter's own tools can use it too, with ``JUPYTER_DEFAULT_PROVISIONER_NAME=handover_warm`` in their environment.
A kernel that cannot be forked, such as one of another interpreter, is started as usual.
"""

import os
from pathlib import Path
from typing import Any

from jupyter_client import KernelConnectionInfo

from handover.notebook import forking
from handover.notebook.kernels import GuardedProvisioner


class WarmProvisioner(GuardedProvisioner):
    """Forks a kernel, or starts it as usual where it cannot be forked."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel."""
        run = self.run
        log = run.log if run else Path(os.devnull)
        try:
            process = await forking.fork(
                cmd,
                env=kwargs["env"],
                cwd=str(kwargs.get("cwd") or Path.cwd()),
                log=log,
                scratch=run.scratch if run else "",
            )
        except forking.ColdError as error:
            if run:
                run.notes.append(f"The kernel was started afresh: {error}.")
            return await super().launch_kernel(cmd, **kwargs)
        self.hold(process)
        return self.connection_info
