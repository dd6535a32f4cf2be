"""A process that publishes in a store with stand-in bytes, for batteries that kill it, starve it or run many of it.

    python publishing.py ROOT COUNT [FIRST]

The store, its lock and its catalogue are the press's own; only what an edition says is made up.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

from handover.editions import catalogue, manifest, render
from handover.editions.store import PICTURE, Edition, Store, file_name
from handover.errors import HandoverError

REPORT = "doors"
#: A page's usual size, so that a small disk fills in the middle of a file.
FILLING = 40_000


def name(number: int) -> str:
    """The name of the edition of this number."""
    return f"2026-01-{number % 28 + 1:02}-en-{number:08x}"


def files(number: int, filling: int = FILLING) -> dict[str, bytes]:
    """Its files, without the manifest."""
    edition = name(number)
    made = {file_name(REPORT, edition, suffix): f"{number}{suffix}".encode() for suffix in (".html", ".pdf", ".ipynb")}
    return {path: data.ljust(filling, b".") for path, data in (made | {PICTURE: b"picture"}).items()}


def about(number: int, held: dict[str, bytes]) -> manifest.Manifest:
    """Its manifest."""
    edition = name(number)
    return {
        "report": REPORT,
        "edition": edition,
        "content": edition[-8:] + "0" * 56,
        "title": "Doors",
        "standfirst": "How many.",
        "as_of": edition[:10],
        "language": "en",
        "parameters": {"as_of": edition[:10]},
        "variant": {},
        "inputs": {"digest": f"{number}"},
        "outputs": manifest.outputs(held),
        "versions": {"typst": "1"},
        "facts": {"doors": {"label": "Doors", "value": f"{number}"}},
        "sources": [],
        "pages": 1,
        "run": {"started": "2026-02-01T00:00:00+00:00"},
    }


def publish(store: Store, number: int, filling: int = FILLING) -> bool:
    """Publish and announce one edition as a render does; whether it is new."""
    held = files(number, filling)
    order = SimpleNamespace(
        report=REPORT,
        inputs=SimpleNamespace(digest=f"{number}"),
        project=SimpleNamespace(root=store.root.parent),
    )
    outcome = render.publish(store, render.Product(order, name(number), held, about(number, held)))
    render.announce(store, outcome.edition)
    return outcome.kind == "published"


def whole(store: Store) -> list[str]:
    """What is wrong in a store where nobody is writing: with editions, strays, catalogue and its links."""
    wrong = [fault for edition in store.editions() for fault in edition.faults()]
    wrong += [f"stray: {path}" for path in store.strays()]
    return wrong + [f"stale: {name}" for name in (catalogue.stale(store) if store.editions() else [])]


def edition(store: Store, number: int) -> Edition:
    """The edition of this number, there or not."""
    return Edition(store.root, REPORT, name(number))


if __name__ == "__main__":
    root, count = Path(sys.argv[1]), int(sys.argv[2])
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    try:
        for number in range(first, first + count):
            publish(Store(root, root / ".lock"), number)
    except HandoverError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
