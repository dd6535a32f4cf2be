"""CSS inside an SVG, rewritten as presentation attributes: what a page without inline styles still shows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_PROPERTIES = (
    "alignment-baseline baseline-shift clip-path clip-rule color color-interpolation color-interpolation-filters "
    "direction display dominant-baseline fill fill-opacity fill-rule filter flood-color flood-opacity font-family "
    "font-size font-stretch font-style font-variant font-weight image-rendering letter-spacing lighting-color "
    "marker-end marker-mid marker-start mask opacity overflow paint-order shape-rendering stop-color stop-opacity "
    "stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity "
    "stroke-width text-anchor text-decoration text-rendering transform-origin unicode-bidi vector-effect visibility "
    "word-spacing writing-mode"
)
PROPERTIES = frozenset(_PROPERTIES.split())
SELECTOR = re.compile(r"(\*|[A-Za-z][\w-]*)?((?:[.#][\w-]+)*)\Z")
FONT = re.compile(r"(?P<before>[a-z0-9\s-]*?)(?P<size>[\d.]+(?:px|pt|em|rem|%))(?:\s*/\s*[\w.%]+)?\s+(?P<family>.+)\Z")


@dataclass(frozen=True, slots=True)
class Rule:
    """One simple selector with its declarations."""

    weight: tuple[int, int, int]
    tag: str
    identifier: str
    classes: frozenset[str]
    declarations: tuple[tuple[str, str], ...]

    @property
    def everything(self) -> bool:
        """Whether this is the selector ``*``."""
        return self.weight == (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Rules:
    """The style sheets of one SVG."""

    rules: tuple[Rule, ...]

    def of(self, element: Any, tag: str) -> dict[str, str]:
        """What style sheets and the style attribute give an element, as attributes."""
        given: dict[str, str] = {}
        classes = frozenset(element.get("class", "").split()) if self.rules else frozenset()
        for rule in self.rules:
            if rule.everything and element.getparent() is not None:
                continue  # the root has it, and hands it down
            if rule.tag in ("", tag) and rule.classes <= classes and rule.identifier in ("", element.get("id")):
                given.update(rule.declarations)
        style = element.get("style")
        if style:
            given.update(declarations(style))
        return given


@lru_cache(maxsize=4096)
def declarations(style: str) -> tuple[tuple[str, str], ...]:
    """The declarations of a style attribute that SVG knows as attributes, the font shorthand taken apart."""
    found: dict[str, str] = {}
    for part in re.split(r";(?![^(]*\))", style):
        name, _, value = part.partition(":")
        name, value = name.strip().lower(), value.replace("!important", "").strip()
        if name == "font":
            found.update(_font(value))
        elif name in PROPERTIES and value:
            found[name] = value
    return tuple(found.items())


def _font(value: str) -> dict[str, str]:
    match = FONT.match(value)
    if not match:
        return {}
    given = {"font-size": match["size"], "font-family": match["family"]}
    for word in match["before"].split():
        if word in ("italic", "oblique"):
            given["font-style"] = word
        elif word in ("bold", "bolder", "lighter") or word.isdigit():
            given["font-weight"] = word
    return given


def sheet(root: Any) -> Rules:
    """Read the style elements of an SVG: simple selectors alone, the weakest rule first."""
    found: list[Rule] = []
    for element in root.iter():
        if isinstance(element.tag, str) and element.tag.rpartition("}")[2] == "style":
            found += _rules("".join(element.itertext()))
    return Rules(tuple(sorted(found, key=lambda rule: rule.weight)))


def _rules(css: str) -> Iterator[Rule]:
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"@[^{};]*(;|\{([^{}]*\{[^{}]*\})*[^{}]*\})", "", css)
    for prelude, body in re.findall(r"([^{}]*)\{([^{}]*)\}", css):
        for selector in prelude.split(","):
            match = SELECTOR.match(selector.strip())
            if not match or not selector.strip():
                continue
            marks = re.findall(r"([.#])([\w-]+)", match[2])
            names = [name for mark, name in marks if mark == "#"]
            classes = frozenset(name for mark, name in marks if mark == ".")
            tag = "" if match[1] in (None, "*") else match[1]
            weight = (len(names), len(classes), int(bool(tag)))
            yield Rule(weight, tag, names[0] if names else "", classes, declarations(body))
