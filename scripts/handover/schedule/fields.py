"""What each field of a schedule's entry may hold: one rule a field, and every breach told."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from handover.editions import REPORT
from handover.errors import near
from handover.schedule import spans, ticks

CATCH_UP = ("latest", "all", "none")
NEEDED = ("name", "report", "cron", "timezone")


class Faults(Exception):
    """All that is wrong with one table; each line names the field."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("; ".join(found))
        self.found = found


def read(table: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Read the fields of one table.

    Returns:
        The values that can be taken, by name, without ``notify``, which `handover.schedule.letterbox` reads;
        and one line for each fault.
    """
    values: dict[str, Any] = {}
    faults = [f"{name} must be given" for name in NEEDED if name not in table]
    known = [*RULES, "notify"]
    for name, raw in table.items():
        if name not in known:
            faults.append(f"{_shown(name)} is no field (known: {', '.join(known)}{near(name, known)})")
        elif name in RULES:
            value, fault = RULES[name](raw)
            if fault:
                faults.append(f"{name} {fault} (got {_shown(raw)})")
            else:
                values[name] = value
    values.setdefault("parameters", {})
    if "limit" in table and table.get("catch_up") != "all":
        faults.append("limit must stand beside catch_up = 'all' (got it without)")
    return values, faults


Read = tuple[Any, str | None]


def _name(raw: Any) -> Read:
    good = isinstance(raw, str) and REPORT.fullmatch(raw)
    return raw, None if good else "must be letters, digits, - and _, at most 64"


def _report(raw: Any) -> Read:
    return raw, None if isinstance(raw, str) else "must be the name of a notebook"


def _cron(raw: Any) -> Read:
    return raw, ticks.fault(raw) if isinstance(raw, str) else f"must have {ticks.EXAMPLE}"


def _timezone(raw: Any) -> Read:
    if isinstance(raw, str) and raw in ticks.zones():
        return raw, None
    return raw, f"must be a time zone such as 'Asia/Baghdad'{near(raw, ticks.zones()) if isinstance(raw, str) else ''}"


def _parameters(raw: Any) -> Read:
    return raw, None if isinstance(raw, Mapping) else "must be a table of names and values"


def _catch_up(raw: Any) -> Read:
    hint = near(raw, CATCH_UP) if isinstance(raw, str) else ""
    return raw, None if raw in CATCH_UP else f"must be {', '.join(CATCH_UP[:-1])} or {CATCH_UP[-1]}{hint}"


def _whole(low: int, high: int) -> Callable[[Any], Read]:
    def rule(raw: Any) -> Read:
        good = isinstance(raw, int) and not isinstance(raw, bool) and low <= raw <= high
        return raw, None if good else f"must be a whole number from {low} to {high}"

    return rule


def _span(least: dt.timedelta) -> Callable[[Any], Read]:
    def rule(raw: Any) -> Read:
        value = spans.read(raw)
        if value is None:
            return raw, f"must be {spans.EXAMPLE}"
        return value, None if value >= least else f"must be at least {spans.show(least)}"

    return rule


def _shown(raw: Any) -> str:
    text = repr(raw)
    return text if len(text) <= 80 else f"{text[:79]}…"


RULES: dict[str, Callable[[Any], Read]] = {
    "name": _name,
    "report": _report,
    "cron": _cron,
    "timezone": _timezone,
    "parameters": _parameters,
    "catch_up": _catch_up,
    "limit": _whole(1, 10_000),
    "grace": _span(dt.timedelta(seconds=1)),
    "retries": _whole(0, 20),
    "back_off": _span(dt.timedelta(0)),
    "timeout": _span(dt.timedelta(seconds=1)),
    "max_age": _span(dt.timedelta(seconds=1)),
}
