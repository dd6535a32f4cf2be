"""What became of what cells left in the background: asked of the kernel after the last of them."""

import ast
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from queue import Empty
from typing import Any

from jupyter_client import AsyncKernelClient
from nbclient.exceptions import DeadKernelError

#: How long the kernel may take to answer what became of what cells left in the background.
SETTLE_S = 5.0

#: Asked of the kernel after the last cell. A task that failed says so only if it is collected before the kernel ends.
#: A thread that works on is not waited for; one that is in the midst of saying how it failed is heard to the end.
SETTLE = f"""
import asyncio, gc, sys, threading, time, traceback
def _telling(thread):
    frame = sys._current_frames().get(thread.ident)
    return any(at.f_code.co_name == "invoke_excepthook" for at, _ in traceback.walk_stack(frame)) if frame else False
await asyncio.sleep(0)
for thread in threading.enumerate():
    if thread is not threading.main_thread() and not thread.daemon:
        thread.join(0.1)
        end = time.monotonic() + {SETTLE_S / 2}
        while _telling(thread) and time.monotonic() < end:
            thread.join(0.01)
failed_tasks = [
    f"{{task.get_coro().__qualname__}}, {{type(task._exception).__name__}}: {{task._exception}}"
    for task in gc.get_objects()
    if isinstance(task, asyncio.Task) and task.done() and task._log_traceback and not task.cancelled()
]
sys.stderr.flush()
"""


async def settle(client: AsyncKernelClient, is_alive: Callable[[], Awaitable[bool]]) -> list[str]:
    """Ask what became of tasks, and hear what threads said since the last cell ended.

    Args:
        client: Through which the kernel is asked.
        is_alive: Tells whether there still is a kernel.

    Returns:
        The tasks that failed, each a name and what it raised.

    Raises:
        DeadKernelError: The kernel is gone.
    """
    asked = client.execute(
        SETTLE, silent=True, store_history=False, allow_stdin=False, user_expressions={"failed": "failed_tasks"}
    )
    end = time.monotonic() + SETTLE_S
    reply: dict[str, Any] = {}
    idle = False
    with suppress(Empty):
        while not reply:
            message = await _next(client.shell_channel, is_alive, end)
            reply = message["content"] if message["parent_header"].get("msg_id") == asked else {}
        while not idle:
            message = await _next(client.iopub_channel, is_alive, end)
            idle = message["content"].get("execution_state") == "idle"
            idle = idle and message["parent_header"].get("msg_id") == asked
    told = reply.get("user_expressions", {}).get("failed", {}).get("data", {}).get("text/plain", "[]")
    return ast.literal_eval(told)


async def _next(channel: Any, is_alive: Callable[[], Awaitable[bool]], end: float) -> dict[str, Any]:
    """The next message of a channel; `Empty` when time is up."""
    while time.monotonic() < end:
        with suppress(Empty):
            return await channel.get_msg(timeout=0.2)
        if not await is_alive():
            raise DeadKernelError("Kernel died")
    raise Empty
