"""What two versions of a mapping make of one request, side by side."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.tryout.outcomes import Outcome

MOST_ROWS = 40
LONGEST_TEXT = 200
OUTCOME = "outcome"


def compare(live: Sequence[Outcome], edited: Sequence[Outcome]) -> dict[str, Any]:
    """`verdict` is same, differs, error (now only) or fixed; `rows` are `path`, `live` and `edited`, None where absent.

    `left_out` rows are more than are told.
    """
    before, after = dict(_facts(live)), dict(_facts(edited))
    paths = [path for path in dict.fromkeys([*before, *after]) if before.get(path) != after.get(path)]
    # What is not posted at all has no fields to compare.
    paths = [path for path in paths if path.endswith(OUTCOME)] or paths
    rows = [{"path": path, "live": _cut(before.get(path)), "edited": _cut(after.get(path))} for path in paths]
    verdict = _verdict(live, edited, is_same=not rows)
    return {"verdict": verdict, "rows": rows[:MOST_ROWS], "left_out": max(0, len(rows) - MOST_ROWS)}


def _verdict(live: Sequence[Outcome], edited: Sequence[Outcome], *, is_same: bool) -> str:
    was, is_now = (any(each["state"] == "parked" for each in found) for found in (live, edited))
    if is_now != was:
        return "error" if is_now else "fixed"
    return "same" if is_same else "differs"


def _facts(found: Sequence[Outcome]) -> Iterator[tuple[str, str]]:
    """Everything that is to be the same, by a path that people understand."""
    for number, outcome in enumerate(found, start=1):
        prefix = f"event {number} · " if len(found) > 1 else ""
        for path, text in _facts_of(outcome):
            yield f"{prefix}{path}", text


def _facts_of(outcome: Outcome) -> Iterator[tuple[str, str]]:
    yield OUTCOME, _outcome(outcome)
    yield "topic", outcome["topic"]
    if outcome["state"] == "posted":
        yield "once per", outcome["once_per"]
        yield from _facts_of_totals(outcome["computed"])
        yield from _facts_of_calls(outcome["calls"])


def _outcome(outcome: Outcome) -> str:
    if outcome["state"] == "parked":
        error = outcome["error"]
        return f"parked: {error['code']}, {error['message']}"
    return f"ignored: {outcome['reason']}" if outcome["state"] == "ignored" else "posted"


def _facts_of_totals(computed: Sequence[Outcome]) -> Iterator[tuple[str, str]]:
    for name, document in _numbered(computed, "kind"):
        yield f"{name} · total", f"{document['total']} {document['currency_code']}"
        yield f"{name} · tax", f"{document['tax_total']} {document['currency_code']}"


def _facts_of_calls(calls: Sequence[Outcome]) -> Iterator[tuple[str, str]]:
    for title, call in _numbered(calls, "title"):
        yield title, call["note"] or "made"
        for path, text in _flat(call["body"] or {}):
            yield f"{title} · {path}", text


def _numbered(found: Sequence[Outcome], field: str) -> Iterator[tuple[str, Outcome]]:
    """Each with the name that a field gives it, and from the second of a name on with its number."""
    times: Counter[str] = Counter()
    for each in found:
        name = each[field].replace("_", " ")
        times[name] += 1
        yield f"{name} ({times[name]})" if times[name] > 1 else name, each


def _flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text and number in it, by its path (`line_items[0].rate`)."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _flat(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _flat(each, f"{path}[{place}]")
    else:
        yield path, json.dumps(value) if isinstance(value, bool) or value is None else str(value)


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
