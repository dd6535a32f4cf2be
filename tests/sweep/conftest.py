"""A miniature whose report is compared with the one before, and what a folder of editions holds."""

import json

import pytest

from handover.editions import manifest

#: Added to the parameters of the miniature.
SINCE = 'since: "date | None" = None  # the day of an earlier edition to compare with'


@pytest.fixture
def dated(mini):
    """The miniature, whose colophon tells the day it is compared with, and which fails on the thirteenth of a month."""
    path = mini.notebook("mini")
    nb = json.loads(path.read_text())
    nb["cells"][1]["source"] += ["\n", SINCE]
    nb["cells"][2]["source"].insert(0, 'assert as_of[-2:] != "13", "an unlucky day"\n')
    path.write_text(json.dumps(nb))
    return mini


@pytest.fixture
def editions():
    """Call with a store's folder: the bytes of each file of its editions, of a manifest all but its clock and hash."""

    def take(root):
        found = {}
        for path in sorted(root.glob("*/*/*")):
            data = path.read_bytes()
            if path.name == "manifest.json":
                data = json.dumps(manifest.load(path) | {"run": None})
            found[path.relative_to(root).as_posix()] = data
        return found

    return take
