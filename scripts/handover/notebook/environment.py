"""What a kernel sees of the machine: a scratch folder, and an environment in which cells give the same bytes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from handover import scratch
from handover.errors import ExecutionError

#: The variables passed on from our environment: where programs and libraries are.
INHERITED = (
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "VIRTUAL_ENV",
    "OPENBLAS_CORETYPE",
)

#: What makes outputs the same everywhere. `PYTHONHASHSEED` orders sets; several threads would add numbers in varying
#: order; the cell name replaces a temporary path in warnings; fonts come from packages alone.
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
}

#: The variable that names the cells that will run, one a line; `kernel`, which imports nothing of ours, has the same.
CELLS = "HANDOVER_CELLS"

#: matplotlib's settings for a run; without `svg.hashsalt` the ids in an SVG are random.
MATPLOTLIBRC = "svg.hashsalt: handover\n"

#: The longest path of a Unix socket in bytes (107 on Linux, 103 on macOS), and what kernels append to ours.
SOCKET_PATH_MAX = 103
SOCKET_NAME = "/k-ipc-5p"

#: The folders of a run, few since some file systems take long to remove one; and the variables that name them.
FOLDERS = ("home", "tmp")
AT_HOME = ("HOME", "MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR")


def kernel_environment(epoch: int, folder: Path) -> dict[str, str]:
    """Return the whole environment of a kernel.

    Args:
        epoch: The second that the report's files carry as their date.
        folder: From `scratch_folder`. It contains the kernel's home too, so that no user's settings reach a report.
    """
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment |= FIXED
    home, temporary = (folder / name for name in FOLDERS)
    environment |= dict.fromkeys(AT_HOME, str(home)) | {"TMPDIR": str(temporary)}
    environment["MATPLOTLIBRC"] = str(home / "matplotlibrc")
    environment["SOURCE_DATE_EPOCH"] = str(int(epoch))
    return environment


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a private folder for one run, with a path short enough for sockets, and remove it afterwards.

    Raises:
        ExecutionError: No temporary folder has a path that is short enough.
    """
    folder = make_scratch()
    try:
        yield folder
    finally:
        scratch.remove(folder)


def make_scratch() -> Path:
    """Make a folder as `scratch_folder` does; the caller removes it.

    Raises:
        StoreError: There is no room for it.
    """
    parent = _short_parent()
    with scratch.room(parent):
        folder = scratch.make(parent)
        try:
            for name in FOLDERS:
                (folder / name).mkdir()
            (folder / FOLDERS[0] / "matplotlibrc").write_text(MATPLOTLIBRC, "utf-8")
        except OSError:
            scratch.remove(folder)
            raise
    return folder


def _short_parent() -> Path:
    """The folder for temporary files, if sockets in it have short enough paths, or else another."""
    own = 1 + scratch.NAME_LENGTH + len(SOCKET_NAME)
    wanted = [str(scratch.temporary()), str(scratch.SHORT)]
    for parent in wanted:
        if len(os.fsencode(os.path.realpath(parent))) + own <= SOCKET_PATH_MAX and os.access(parent, os.W_OK):
            return Path(parent)
    raise ExecutionError(
        f"{wanted[0]}: the folder for temporary files must have a path of at most {SOCKET_PATH_MAX - own} bytes, "
        f"since sockets are made in it (got {len(os.fsencode(wanted[0]))}).\n"
        "Point TMPDIR to a folder with a shorter path."
    )
