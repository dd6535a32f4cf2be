"""Editions as a store holds them, made in no time: their files are not pages, but are what their manifests say."""

import subprocess
import sys

import publishing
from handover import digest
from handover.editions import catalogue, manifest
from handover.editions.store import PICTURE, Edition, file_name


def publish(store, *, listed=True, **what):
    """Add an edition to a store, and bring the catalogue up to date; returns the edition."""
    about, files = made(**what)
    with store.locked():
        store.publish(about["report"], about["edition"], files, about)
        if listed:
            catalogue.write(store)
    return Edition(store.root, about["report"], about["edition"])


def made(*, report="doors", as_of="2026-01-31", value="3", variant=None, since=None, salt="", size=40, started=""):
    """The manifest and the files of an edition."""
    variant = variant or {}
    content = digest.of_bytes(f"{report} {as_of} {value} {variant} {salt}".encode())
    name = f"{as_of}-en-{content[: digest.DIGITS]}"
    files = {file_name(report, name, suffix): f"{name}{suffix}".ljust(size).encode() for suffix in SUFFIXES}
    files[PICTURE] = b"a picture of " + name.encode()
    about = {
        "report": report,
        "edition": name,
        "content": content,
        "title": f"The {report}",
        "standfirst": "How many.",
        "as_of": as_of,
        "language": "en",
        "parameters": {"as_of": as_of, "since": since, "evidence": "record"} | variant,
        "variant": variant,
        "inputs": publishing.INPUTS | {"digest": content},
        "outputs": manifest.outputs(files),
        "versions": {"python": "3"},
        "facts": {"doors": publishing.fact("Doors", value)},
        "statements": {},
        "sources": ["S1"],
        "pages": 2,
        "run": {"started": started, "seconds": {}},
    }
    return about, files


SUFFIXES = (".html", ".pdf", ".ipynb")

INTERRUPTED = """
import itertools, os
from handover.cli import main
from handover.publish import target
put, count = target.{kind}.put, itertools.count(1)
def counted(*arguments, **options):
    put(*arguments, **options)
    if next(count) == {after}:
        os.kill(os.getpid(), {number})
target.{kind}.put = counted
main()
"""


def interrupted(folder, url, kind, number, *, after, env=None):
    """Publish to a target of a kind in a process that sends itself a signal after it has put so many files."""
    script = INTERRUPTED.format(kind=kind, after=after, number=int(number))
    command = [sys.executable, "-c", script, "publish", str(url)]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)
