"""What was published in a place, as a file there says it: each file that we put, with the hash and size of its bytes.

A file of a mirror is ours if it is in the record and has those bytes still. Names prove nothing: other people's
files may be called index.html.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from handover.editions import EDITION, REPORT, catalogue
from handover.errors import PublishError

NAME = ".handover-published.json"
VERSION = 1
#: The largest record that is read; one of 10,000 editions has a tenth of it.
LARGEST = 100_000_000

#: By path the size of each version, by its hash; while a publication is under way there may be several.
Files = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Record:
    """What was published, and the id of the catalogue that it belongs to; "" for one without."""

    site: str = ""
    files: Files = field(default_factory=dict)

    def dumps(self) -> bytes:
        """Write it, one file a line."""
        lines = ",\n".join(f"{json.dumps(path)}: {json.dumps(dict(self.files[path]))}" for path in sorted(self.files))
        return f'{{"version": {VERSION}, "site": {json.dumps(self.site)}, "files": {{\n{lines}\n}}}}\n'.encode()

    def joined(self, other: "Record") -> "Record":
        """This record with what another lists as well."""
        paths = sorted(self.files.keys() | other.files.keys())
        both = {path: {**self.files.get(path, {}), **other.files.get(path, {})} for path in paths}
        return Record(self.site, both)

    def is_of(self, site: str, editions: Collection[str]) -> bool:
        """Whether it is that of the mirror of a store with this id and these editions, as ``report/edition``.

        Two ids decide. Where one has none, an edition in common does: its name holds its content.
        """
        if self.site and site:
            return self.site == site
        return not self.files or not set(editions_of(self.files)).isdisjoint(editions)


def loads(data: bytes, where: str) -> Record:
    """Read a record.

    Raises:
        PublishError: It is none, or names a file that is not one of a catalogue's.
    """
    try:
        found = json.loads(data)
        if found["version"] != VERSION or not isinstance(found["site"], str):
            raise ValueError(f"version {found['version']}")
        for path, versions in found["files"].items():
            if not _is_of_a_catalogue(path) or not all(type(size) is int for size in versions.values()):
                raise ValueError(path)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PublishError(
            f"{where}: must be the record of what was published here (got {str(error)[:80]!r}).\n"
            "Restore it from a copy, or remove it and say --force: then all that is here counts as other people's."
        ) from error
    return Record(found["site"], found["files"])


def editions_of(paths: Iterable[str]) -> Iterable[str]:
    """The editions that paths lie in, as ``report/edition``."""
    return (path.rpartition("/")[0] for path in paths if "/" in path)


def _is_of_a_catalogue(path: str) -> bool:
    """Whether a path can be that of a file that we put; a record that names others was not written by us."""
    parts = path.split("/")
    if len(parts) == 3:
        return bool(REPORT.fullmatch(parts[0]) and EDITION.fullmatch(parts[1]) and parts[2] not in ("", ".", ".."))
    return len(parts) == 1 and (path in catalogue.FILES or catalogue.ARCHIVE.fullmatch(path) is not None)
