"""The evidence contract between a notebook and the press: link prefixes in text, objects in one output.

In text a number is a Markdown link: ``[four](#fact-isis_2025 "who said it")``. The prefixes:

    #fact-KEY        a number or date, bound to the fact KEY
    #source-ID       a publication named in the text or under a figure
    #conflict-ID     the quiet second mark after a contested number

The evidence output (`EVIDENCE_MIME`) is an object with the keys below; all values are plain text
unless said otherwise, in the report's language, ready to print.

    version    1
    heading    heading of the section
    layout     "brief" asks for sources in few words and no appendix; "" for the whole
    tables     paths of the data tables used, relative to the project
    names      names that hold digits or number words and are no quantities
    facts      [{key, label, value, printed: [texts as printed], known_since: ISO date,
                 reading: why this reading ("" if only one), claims: [claim ids, the chosen first],
                 conflicts: [conflict ids], low, high: numbers or null, unit, and as news:
                 weight: 1 (the story itself) to 3 (a detail), news: the sentence that tells it,
                 history: [{since: ISO date, value}], what was known of it since when, the newest first}]
    statements [{key, label, value: "", known_since, claims, weight, news, history}], what was only
                 said: printed by no entry, and compared from edition to edition like a fact
    sources    [{id, credit: short name, outlet, carrier, title, url ("" = none), published: text,
                 grade: "A".."D" or "", seen: how it was seen, in words,
                 claims: [{id, statement, said_by, where: place in the source ("" if none),
                           known_since: ISO date, facts: [keys]}]}]
    conflicts  [{id, topic, a: {text, source: id, credit}, b: {text, source: id, credit}, reading}]
"""

from typing import Any

#: The layout of a report whose story takes one page.
BRIEF = "brief"
FACT, SOURCE, CLAIM, CONFLICT = "fact-", "source-", "claim-", "conflict-"


def target(url: str) -> tuple[str, str]:
    """Split an internal link into its prefix and id, e.g. ``("fact-", "isis_2025")``; ("", "") for others."""
    if url.startswith("#"):
        for prefix in (FACT, SOURCE, CLAIM, CONFLICT):
            if url[1:].startswith(prefix):
                return prefix, url[1 + len(prefix) :]
    return "", ""


def facts(evidence: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The facts of an evidence output by key."""
    return {fact["key"]: fact for fact in evidence.get("facts", [])}


def claims(evidence: dict[str, Any]) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """The claims of an evidence output by id, each with the source that makes it: (claim, source)."""
    return {claim["id"]: (claim, source) for source in evidence.get("sources", []) for claim in source["claims"]}


def conflicts(evidence: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The conflicts of an evidence output by id."""
    return {conflict["id"]: conflict for conflict in evidence.get("conflicts", [])}
