"""Editions made in no time, for tests of what is done with editions: whole ones, whose files are no pages.

    python publishing.py ROOT COUNT [FIRST]

publishes some of them in a process that tests can kill or starve; the store, its lock and its catalogue are real.
"""

import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

from handover import atomic
from handover.editions import catalogue, manifest, render
from handover.editions import store as store_module
from handover.editions.store import PICTURE, Edition, Store, file_name
from handover.errors import HandoverError

REPORT = "doors"
#: A page's usual size, so that a small disk fills in the middle of a file.
FILLING = 40_000


INPUTS = {"notebook": "", "tables": {}, "dictionary": "", "lock": "", "package": "", "versions": {}}


def fact(label, value, known=None, **more):
    """A fact as a manifest has it."""
    told = {"label": label, "value": value, "low": None, "high": None, "unit": "", "known_since": known, "claims": None}
    return told | {"weight": manifest.DETAIL, "news": f"{label}: {value}.", "history": []} | more


def staged_by_killed(root):
    """The folder that a process has left in which it made something, since it was killed."""
    child = os.fork()
    if child == 0:
        with atomic.staging(root) as staged:
            (staged / "half").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    (left,) = root.glob(f"{atomic.STAGING}????????")
    return left


def made(report=REPORT, as_of="2026-01-31", digits="0123abcd", value="3", started="", filling=0, **changes):
    """The manifest of an edition, and the files that it describes by name."""
    name = f"{as_of}-en-{digits}"
    files = {file_name(report, name, suffix): f"{digits}{suffix}".encode() for suffix in (".html", ".pdf", ".ipynb")}
    files = {path: data.ljust(filling, b".") for path, data in (files | {PICTURE: b"picture"}).items()}
    about = {
        "report": report,
        "edition": name,
        "content": digits + "0" * 56,
        "title": f"The {report}",
        "standfirst": "How many.",
        "as_of": as_of,
        "language": "en",
        "parameters": {"as_of": as_of},
        "variant": {},
        "inputs": INPUTS | {"digest": f"inputs of {digits}"},
        "outputs": manifest.outputs(files),
        "versions": {"typst": "1"},
        "facts": {"doors": fact("Doors", value)},
        "statements": {},
        "sources": [],
        "pages": 2,
        "run": {"started": started, "seconds": {}},
    }
    return about | changes, files


def numbered(number: int, filling: int = FILLING):
    """The edition of a number."""
    return made(as_of=f"2026-01-{number % 28 + 1:02}", digits=f"{number:08x}", value=str(number), filling=filling)


def publish(store: Store, number: int, filling: int = FILLING) -> bool:
    """Publish and announce one edition as a render does; whether it is new."""
    about, files = numbered(number, filling)
    request = SimpleNamespace(
        report=REPORT,
        inputs=SimpleNamespace(digest=about["inputs"]["digest"]),
        project=SimpleNamespace(root=store.root.parent),
    )
    outcome = render.publish(store, render.Product(request, about["edition"], files, about))
    render.announce(store, outcome.edition)
    return outcome.kind == "published"


def whole(store: Store) -> list[str]:
    """What is wrong in a store where nobody is writing: with editions, strays and the catalogue."""
    wrong = [fault for edition in store.editions() for fault in edition.faults()]
    wrong += [f"stray: {path}" for path in store.strays()]
    return wrong + [f"stale: {name}" for name in (catalogue.stale(store) if store.editions() else [])]


def edition(store: Store, number: int) -> Edition:
    """The edition of this number, there or not."""
    return Edition(store.root, REPORT, numbered(number)[0]["edition"])


if __name__ == "__main__":
    root, count = Path(sys.argv[1]), int(sys.argv[2])
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    store_module.LOCK_TIMEOUT_S = 3600  # others may be slow on a busy machine
    try:
        for number in range(first, first + count):
            publish(Store(root, root / ".lock"), number)
    except HandoverError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
