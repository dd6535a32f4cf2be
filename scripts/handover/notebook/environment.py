"""The surroundings of a run: a scratch folder, and the environment in which the same cells give the same bytes.

Only what a kernel sees of the machine belongs here.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from handover import scratch
from handover.errors import ExecutionError

#: All that a kernel learns from our environment: where programs and libraries are.
INHERITED = (
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "VIRTUAL_ENV",
    "OPENBLAS_CORETYPE",
)

#: What makes cells give the same everywhere. `PYTHONHASHSEED` orders sets; more than one thread adds numbers in
#: another order; the cell name stands in warnings in place of a temporary path; fonts come from packages alone. The
#: debugger that a kernel brings would complain of a Python that starts fast.
FIXED = {
    "TZ": "UTC",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "IPYKERNEL_CELL_NAME": "<cell>",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "MPL_IGNORE_SYSTEM_FONTS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}

#: matplotlib's settings for a run; `svg.hashsalt` alone keeps the names inside an SVG from being random.
MATPLOTLIBRC = "svg.hashsalt: handover\n"

#: A Unix socket's path holds at most 107 bytes on Linux and 103 on macOS; jupyter_client puts this much after ours.
SOCKET_PATH_MAX = 103
SOCKET_NAME = "/k-ipc-5"

FOLDERS = {
    "HOME": "home",
    "TMPDIR": "tmp",
    "MPLCONFIGDIR": "matplotlib",
    "IPYTHONDIR": "ipython",
    "JUPYTER_RUNTIME_DIR": "jupyter",
    "JUPYTER_CONFIG_DIR": "jupyter",
}


def kernel_environment(epoch: int, folder: Path) -> dict[str, str]:
    """Return the whole environment of a kernel; of our own, only `INHERITED` passes.

    Args:
        epoch: The second that the report's files carry as their date.
        folder: As `scratch_folder` makes it. The kernel's home is in there too, so that no settings of
            a user's reach a report.
    """
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment |= FIXED
    environment |= {name: str(folder / own) for name, own in FOLDERS.items()}
    environment["MATPLOTLIBRC"] = str(folder / FOLDERS["MPLCONFIGDIR"] / "matplotlibrc")
    environment["SOURCE_DATE_EPOCH"] = str(int(epoch))
    return environment


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A private folder for one run, gone after it, with a path short enough for sockets.

    Raises:
        ExecutionError: No temporary folder has a path that is short enough.
    """
    with scratch.folder(_short_parent()) as folder:
        yield _furnish(folder)


def make_scratch() -> Path:
    """Make what `scratch_folder` gives; the caller removes it."""
    return _furnish(scratch.make(_short_parent()))


def _furnish(folder: Path) -> Path:
    for name in set(FOLDERS.values()):
        (folder / name).mkdir()
    (folder / FOLDERS["MPLCONFIGDIR"] / "matplotlibrc").write_text(MATPLOTLIBRC, "utf-8")
    return folder


def _short_parent() -> Path:
    own = 1 + scratch.NAME_LENGTH + len(SOCKET_NAME)
    wanted = [tempfile.gettempdir(), "/tmp"]
    for parent in wanted:
        if len(os.fsencode(os.path.realpath(parent))) + own <= SOCKET_PATH_MAX and os.access(parent, os.W_OK):
            return Path(parent)
    raise ExecutionError(
        f"{wanted[0]}: the folder for temporary files must have a path of at most {SOCKET_PATH_MAX - own} bytes, "
        f"since sockets are made in it (got {len(os.fsencode(wanted[0]))}).\n"
        "Point TMPDIR to a folder with a shorter path."
    )
