"""Importing this first makes nbformat, papermill and nbconvert import a second faster.

nbformat imports jsonschema, and that builds a grammar for international addresses (`rfc3987_syntax`) which no
notebook is ever checked against. jsonschema treats that package as optional, so it is kept out of sight while
jsonschema is imported.
"""

import sys

UNUSED = "rfc3987_syntax"


def _import_jsonschema() -> None:
    if "jsonschema" in sys.modules or UNUSED in sys.modules:
        return
    sys.modules[UNUSED] = None  # type: ignore[assignment]  # the documented way to make an import fail
    try:
        import jsonschema  # noqa: F401
    finally:
        del sys.modules[UNUSED]


_import_jsonschema()
