"""The kernel: ipykernel's, in a run without a port. Forked kernels call `run`; those started afresh are this file.

What a cell's own forked processes print reaches the kernel through a pipe. ipykernel makes that pipe a TCP port, to
which any process of the machine could write, even where the kernel itself listens on Unix sockets.
"""

import sys

if __name__ == "__main__":
    # modules in this file's folder would hide those of the standard library that have the same name
    del sys.path[0]

import codecs
import fcntl
import json
import os
import re
import select
import termios
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from importlib import import_module, reload
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import zmq
from ipykernel import kernelapp
from ipykernel.compiler import XCachingCompiler
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.profiledir import ProfileDir
from jupyter_client import jsonutil
from jupyter_client.session import Session, json_packer
from traitlets import DottedObjectName
from traitlets.config import Config
from zmq.eventloop.zmqstream import ZMQStream

from handover import pace

#: What the pipe's path adds to that of the socket beside it.
PIPE = b"p"
#: How many bytes are read from a descriptor at a time.
PIPE_MAX = 1 << 16
#: A line that may be none of Python but a command of IPython, for itself or assigned, or a question about an object.
COMMAND = re.compile(r"\s*[%!?,;/]|.*=\s*[%!]|.*\?\s*$")
#: What a cell holds that waits for something.
AWAIT = re.compile("await|async")
#: The variable that names the cells that will run, one a line; `environment` has the same.
CELLS = "HANDOVER_CELLS"

jsonutil._dateutil_parse = datetime.fromisoformat  # each message has two dates, and dateutil is written in Python

# a debugger waits for a user, and debugpy takes as long to import as all else that a kernel starts with
sys.modules.setdefault("debugpy", None)
debugger = import_module("ipykernel.debugger")
if sys.modules["debugpy"] is None:
    del sys.modules["debugpy"]


class OutputThread(IOPubThread):
    """Publishes outputs; its pipe is a Unix socket beside the one that it publishes on, in the run's folder.

    Whichever thread has something to publish does so, one at a time; to wake this one for each message would take as
    long again. Only the pipe and the timers of `Stream` need it.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        self._publishing = threading.Lock()
        super().__init__(*given, **named)

    def _setup_xpub_listener(self) -> None:
        """Welcome no subscriber: that would read from the socket in another thread than the one that publishes."""

    def schedule(self, f: Callable[[], object]) -> None:
        """Call a function after all that were given before, now, or as soon as the thread that is at it has done so."""
        if not self.thread.is_alive():
            super().schedule(f)
            return
        self._events.append(f)
        while self._events and self._publishing.acquire(blocking=False):
            try:
                while self._events:
                    self._events.popleft()()
            finally:
                self._publishing.release()

    def _setup_pipe_in(self) -> None:
        self._pipe_endpoint = self.socket.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0") + PIPE
        self._pipe_uuid = os.urandom(16)
        pipe = self.socket.context.socket(zmq.PULL)
        pipe.linger = 0
        pipe.bind(self._pipe_endpoint)
        self._pipe_in = ZMQStream(pipe, self.io_loop)
        self._pipe_in.on_recv(self._handle_pipe_msg)

    def _setup_pipe_out(self) -> tuple[zmq.Context[Any], zmq.Socket[Any]]:
        context = zmq.Context()  # that of the parent does not survive a fork
        pipe = context.socket(zmq.PUSH)
        pipe.linger = 3000
        pipe.connect(self._pipe_endpoint)
        return context, pipe

    def _handle_pipe_msg(self, msg: list[bytes]) -> None:
        # ipykernel prints a message without the key, and so into the report
        if msg[0] == self._pipe_uuid:
            super()._handle_pipe_msg(msg)


class Stream(OutStream):
    """A stream that is flushed only after a write; an empty one would wait for `OutputThread` several times a cell.

    What programs write to the descriptor comes through a pipe. ipykernel does not wait until it has, so that it may be
    taken for what the next cell shows.
    """

    written = False

    def _setup_stream_redirects(self, name: str) -> None:
        self._passing, self._passed = threading.Condition(), 0
        super()._setup_stream_redirects(name)

    def _watch_pipe_fd(self) -> None:
        said, decode = b"\0", codecs.getincrementaldecoder("utf-8")("replace").decode  # a read may part a letter
        while said and select.select([self._fid], [], []) and self._should_watch:
            with self._passing:
                said = os.read(self._fid, PIPE_MAX)
                self.write(decode(said))
                os.write(self._original_stdstream_copy, said)
                self._passed += len(said)
                self._passing.notify_all()

    def write(self, string: str) -> int | None:  # noqa: D102 that of files
        count = super().write(string)
        self.written = True  # not sooner: a flush until now may have missed it
        return count

    def flush(self) -> None:  # noqa: D102 that of files
        if self._should_watch and self._is_master_process():
            with self._passing:
                waiting = fcntl.ioctl(self._fid, termios.FIONREAD, bytes(4))
                end = self._passed + int.from_bytes(waiting, sys.byteorder)
                self._passing.wait_for(lambda: self._passed >= end, self.flush_timeout)
        if self.written:
            self.written = False
            super().flush()

    def _schedule_flush(self) -> None:
        if not self._flush_pending:
            self._flush_pending = True
            later = self._io_loop.call_later
            self._io_loop.add_callback(later, self.flush_interval, self.pub_thread.schedule, self._flush)


class Profile(ProfileDir):
    """IPython's folder of settings and stored values, which is the run's home; stock, it makes four more in it."""

    location = property(lambda _: os.environ["IPYTHONDIR"])


class Compiler(XCachingCompiler):
    """Gives code the name of its cell, so that a line in a warning or an error is known to be one of that cell.

    If all had one name, the lines of a function would be taken for lines of the cell that calls it.
    """

    cell = "cell"

    def get_code_name(self, *_: Any) -> str:  # noqa: D102 that of ipykernel
        return f"<{self.cell}>"

    def format_code_name(self, name: str) -> None:
        """Give none: IPython would name the count of executions, which is not the number of the cell."""


class RunKernel(IPythonKernel):
    """Runs one cell after another for one client, which need not be told what it asked for, nor that it is at it.

    ipykernel has a thread that hands each request to the thread of its cells, and each reply back.
    """

    compiler_class = Compiler
    cells: Iterator[str] = iter(())
    _execute_sleep = 0.0
    _supports_kernel_subshells = False

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        shell, transformer = self.shell, self.shell.input_transformer_manager
        transform, awaits = transformer.do_token_transforms, shell.should_run_async
        # IPython takes each cell apart into words, and compiles it, twice before it runs it
        transformer.do_token_transforms = lambda lines: transform(lines) if any(map(COMMAND.match, lines)) else lines
        shell.should_run_async = lambda text, **given: bool(AWAIT.search(text)) and awaits(text, **given)
        shell.extension_manager.load_extension("storemagic")

    def start(self) -> None:
        """Listen for requests."""
        super(IPythonKernel, self).start()
        self.shell_channel_thread = SimpleNamespace(parent_thread=threading.main_thread())  # what an await asks for

    async def do_execute(self, code: str, silent: bool, *options: Any, **more: Any) -> dict[str, Any]:
        """Run a cell."""
        if not silent:
            self.shell.compile.cell = next(self.cells, Compiler.cell)
        return await super().do_execute(code, silent, *options, **more)

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Need not: nothing is asked for before the reply."""

    def _publish_execute_input(self, *_: Any) -> None:
        pass

    def _publish_status(self, status: str, channel: str, parent: Any = None) -> None:
        if status == "idle":
            super()._publish_status(status, channel, parent)


class RunApp(kernelapp.IPKernelApp):
    """The kernel of a run, whose one client asks for one cell after another, and for nothing else.

    It reads no settings, and has no sockets for a debugger, for answers of a user, for orders and for a heartbeat.
    """

    outstream_class = DottedObjectName(f"{__name__}.{Stream.__name__}")

    def initialize(self, argv: Sequence[str]) -> None:
        """Connect the kernel that is prepared, as the file after ``-f`` says."""
        self.connection_file = argv[argv.index("-f") + 1]
        self.session.pid = os.getpid()
        self.init_crash_handler()
        self.init_pdb()
        self.load_connection_file()
        self.context = zmq.Context()
        self.shell_socket = self.context.socket(zmq.ROUTER)
        self._apply_curve_server_options(self.shell_socket)
        self._bind_socket(self.shell_socket, self.shell_port)
        self.init_iopub(self.context)
        self.init_io()
        self.init_signal()
        kernel = self.kernel = RunKernel.instance()
        kernel.cells = iter(os.environ.pop(CELLS, "").splitlines())
        kernel.iopub_thread, kernel.iopub_socket = self.iopub_thread, self.iopub_socket
        kernel.shell_stream = ZMQStream(self.shell_socket)
        shell = kernel.shell
        shell.displayhook.pub_socket = shell.display_pub.pub_socket = self.iopub_socket
        shell.init_ipython_dir(None)
        shell.init_pushd_popd_magic()
        shell.starting_dir = str(Path.cwd())
        self.init_path()
        self.init_shell()
        self.init_gui_pylab()


def pack(message: Any) -> bytes:
    """Return a message as JSON; a lone surrogate, which would fail its cell, becomes the replacement character."""
    try:
        return json_packer(message)
    except UnicodeEncodeError:
        from handover.text import whole

        text = json.dumps(message, default=jsonutil.json_default, ensure_ascii=False)
        return json_packer(json.loads(whole(text)))


def prepare() -> None:
    """Make the kernel and its shell, which takes longer than to connect them; a fork of this process has them."""
    app = RunApp.instance(config=Config(HistoryManager={"enabled": False}))
    app.log.setLevel(app.log_level)  # traitlets formats what is below, and then drops it
    app.session = Session(parent=app, packer=f"{__name__}.{pack.__name__}")
    RunKernel.instance(parent=app, log=app.log, session=app.session, profile_dir=Profile())


def run(arguments: Sequence[str], of_a_run: bool = True) -> None:
    """Be the kernel that ``python -m ipykernel_launcher`` with these arguments would start.

    Other tools than ours do not remove the pipe of a kernel; so for them, those that are not `of_a_run`, it is a port.
    They have users, and so a debugger.
    """
    sys.argv = [find_spec("ipykernel_launcher").origin, *arguments]
    app = RunApp if of_a_run else kernelapp.IPKernelApp
    if of_a_run:
        if not RunKernel.initialized():
            prepare()
        kernelapp.IOPubThread = OutputThread
        pace.look_seldom(50_000)  # of what cells make, few objects may hold much
    else:
        os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # it would warn that some modules are frozen
        reload(debugger)
        for made in (RunApp, RunKernel, ZMQInteractiveShell):
            made.clear_instance()
    app.instance().initialize(list(arguments))
    app.instance().start()


if __name__ == "__main__":
    from handover.notebook import kernel  # under its own name, since the module of the cells takes this one

    kernel.run(sys.argv[1:])
