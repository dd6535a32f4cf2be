"""What a kernel finds imported: what it needs before the first one, the rest while that one works."""

import subprocess
import sys

SCRIPT = """
import sys
from handover.notebook import preload
libraries, packages = preload.libraries(), preload.packages()
soon = [name for name in preload.LATER if name in sys.modules]
assert not soon, f"imported before the first kernel: {soon}"
later = preload.later()
missing = [name for name in (*preload.MODULES, *preload.LATER, *preload.PACKAGES) if name not in sys.modules]
assert missing == [preload.RENEWED], f"not imported: {missing}"
assert not libraries.changed() and not packages.changed() and not later.changed()
import matplotlib.pyplot
later_files = later._paths.split("\\0")
assert matplotlib.pyplot.__file__ in later_files and matplotlib.__file__ not in later_files
"""


def test_what_can_wait_is_imported_after_the_first_kernel_and_watched_as_well():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
