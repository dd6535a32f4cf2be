"""What kernels find imported: the libraries that notebooks use, and our own packages.

Only what `handover.notebook.zygote` does before it forks belongs here.
"""

import contextlib
import gc
import importlib
import pkgutil
import sys
import time
from collections.abc import Iterable

from handover.stamps import Stamps, files

#: Imported before any kernel is forked; what is not installed is left out.
MODULES = (
    "faulthandler",
    "pdb",
    "sqlite3",
    "tornado.platform.asyncio",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.magics.namespace",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib_inline.backend_inline",
    "pandas",
    "pandas.io.formats.html",
    "pandas.io.formats.string",
    "zmq.utils.garbage",
)

#: Imported after the first kernel, which somebody waits for: some notebooks use these, and none of ours.
LATER = (
    "matplotlib.pyplot",
    "pandas.io.formats.style",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PpmImagePlugin",
)

#: What is ours: modules, and packages with all of theirs. A package may offer ``preload.preload``: what its first use
#: does once.
PACKAGES = ("handover.notebook.wire", "handover.story")

#: Connects itself to the shell that exists when it is imported, so that each kernel must import it anew.
RENEWED = "matplotlib_inline.backend_inline"


def libraries() -> Stamps:
    """Import all that is not ours; return what the files of the modules look like."""
    started = time.time_ns()
    # collections while importing cost a tenth; in a kernel they would touch, and so copy, every page of ours
    gc.disable()
    _import(MODULES)
    package, _, module = RENEWED.rpartition(".")
    if sys.modules.pop(RENEWED, None):
        delattr(sys.modules[package], module)
    gc.freeze()
    return Stamps(files(), started)


def _import(names: Iterable[str]) -> None:
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def packages() -> Stamps:
    """Import our packages; return what the files that came with them look like."""
    started, known = time.time_ns(), files()
    _import(PACKAGES)
    for name in PACKAGES:
        for found in pkgutil.walk_packages(getattr(sys.modules.get(name), "__path__", ()), name + "."):
            with contextlib.suppress(Exception):
                importlib.import_module(found.name)
    gc.freeze()
    return Stamps(files() - known, started)


def later() -> Stamps:
    """Import what can wait, and do what the first use of our packages does, so that no further kernel does either.

    Returns:
        What the files of the modules look like.
    """
    started, known = time.time_ns(), files()
    _import(LATER)
    stamps = Stamps(files() - known, started)
    for name in PACKAGES:
        with contextlib.suppress(Exception):
            sys.modules[f"{name}.preload"].preload()
    gc.collect()
    gc.freeze()
    return stamps
