"""What a bundle holds, described as an RO-Crate: one JSON-LD file that tools of research data read.

Written by us as plain JSON; the same edition always gives the same bytes.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from handover import digest
from handover.editions import LINK_PICTURE, PICTURE, RECORD, TABLE_MIMES, manifest, settings
from handover.project import MARKER
from handover.verify import bundle

NAME = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.2/context"
PROFILE = "https://w3id.org/ro/crate/1.2"
#: Things of the crate that are no files.
PUBLISHER, RENDERING = "#desk", "#rendering"
#: Tools by the name a manifest gives them, and where they are found.
TOOLS = {
    "matplotlib": "https://matplotlib.org/",
    "nbconvert": "https://nbconvert.readthedocs.io/",
    "pandas": "https://pandas.pydata.org/",
    "papermill": "https://papermill.readthedocs.io/",
    "python": "https://www.python.org/",
    "typst": "https://typst.app/",
}
MIMES = {**manifest.MIMES, **TABLE_MIMES}
NAMES = {
    ".html": "The report as a web page",
    ".pdf": "The report in print; carries the notebook and the data",
    ".ipynb": "The notebook as it was executed",
}

Entity = dict[str, Any]


def describe(about: manifest.Manifest, files: Mapping[str, bytes], author: str) -> bytes:
    """The bytes of the metadata file of a bundle with these other files, by path; `author` signs it, "" for nobody."""
    notebook = f"notebooks/{about['report']}.ipynb"
    sources = [notebook, *sorted(files.keys() - {*about["outputs"], manifest.NAME, RECORD, notebook})]
    parts = [_file(path, data, about, sources) for path, data in sorted(files.items())]
    # the checksums cover this description too, so they can be named here, but not measured
    parts.append(
        {"@id": bundle.SUMS, "@type": "File", "name": "Checksums of all files", "encodingFormat": "text/plain"}
    )
    desk = {"@id": PUBLISHER} if author else {}
    licences = _licences(files.get(MARKER.as_posix(), b"{}"))
    graph = [
        {"@id": NAME, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": PROFILE}},
        _root(about, parts, licences) | ({"publisher": desk, "author": desk} if desk else {}),
        *parts,
        *([{**desk, "@type": "Organization", "name": author}] if desk else []),
        _rendering(about, sources) | ({"agent": desk} if desk else {}),
        *licences,
        *(
            {"@id": f"#{name}", "@type": "SoftwareApplication", "name": name, "version": str(version)}
            | ({"url": TOOLS[name]} if name in TOOLS else {})
            for name, version in sorted(about["versions"].items())
        ),
    ]
    text = json.dumps({"@context": CONTEXT, "@graph": graph}, ensure_ascii=False, indent=1, sort_keys=True)
    return f"{text}\n".encode()


def _root(about: manifest.Manifest, parts: list[Entity], licences: list[Entity]) -> Entity:
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{about['title']}, as of {about['as_of']}",
        "description": about["standfirst"] or about["title"],
        "identifier": f"urn:handover:{about['report']}:{about['edition']}",
        "version": about["edition"],
        "datePublished": about["as_of"],
        "inLanguage": about["language"],
        "hasPart": [{"@id": one["@id"]} for one in parts],
        "mentions": {"@id": RENDERING},
        # a crate must say under what terms it is passed on; where the dictionary is silent, the text says so
        "license": {"@id": licences[0]["@id"]} if licences else "Not stated",
    }


def _file(path: str, data: bytes, about: manifest.Manifest, sources: Sequence[str]) -> Entity:
    return {
        "@id": quote(path),
        "@type": "File",
        "name": _name(path, about, sources),
        "encodingFormat": MIMES.get(PurePosixPath(path).suffix, "text/plain"),
        "contentSize": str(len(data)),
        "sha256": digest.of_bytes(data),
    }


def _name(path: str, about: manifest.Manifest, sources: Sequence[str]) -> str:
    fixed = {
        manifest.NAME: "The manifest: parameters, inputs, facts and checksums of the edition",
        PICTURE: "A picture of page one",
        LINK_PICTURE: "The picture that a link to the report shows",
        RECORD: "The record of how the edition was made, as the PDF carries it",
        MARKER.as_posix(): "The data dictionary: every table and column",
        sources[0]: "The notebook that made the report",
        bundle.LOCK: "The versions of all tools",
        settings.FILE: "Who signs the report",
    }
    if path in fixed:
        return fixed[path]
    if path in sources:
        return f"Data used by the report: {PurePosixPath(path).name}"
    suffix = PurePosixPath(path).suffix
    return f"{NAMES[suffix]}: {about['title']}" if suffix in NAMES else PurePosixPath(path).name


def _rendering(about: manifest.Manifest, sources: Sequence[str]) -> Entity:
    """How the pages came about; without the clock, as the pages themselves."""
    settings = ", ".join(f"{name} = {value}" for name, value in sorted(about["parameters"].items()))
    return {
        "@id": RENDERING,
        "@type": "CreateAction",
        "name": "Rendering of the report",
        "description": f"Parameters: {settings}",
        "instrument": [{"@id": f"#{name}"} for name in sorted(about["versions"])],
        "object": [{"@id": quote(path)} for path in sources],
        "result": [{"@id": quote(name)} for name in sorted(about["outputs"])],
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
    }


def _licences(dictionary: bytes) -> list[Entity]:
    try:
        named = json.loads(dictionary).get("licenses", [])
        return [
            {"@id": one["path"], "@type": "CreativeWork", "name": one.get("name", ""), "description": one["title"]}
            for one in named
            if one.get("path") and one.get("title")
        ]
    except (ValueError, AttributeError, TypeError):
        return []
