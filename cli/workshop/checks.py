"""What every source keeps to, checked on its folder alone: no network, no Redis, no settings.

Each check gives its complaints, none where all is well. `bookhook test-source` shows them, the tests ask for none.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cli.workshop.cases import BY_HAND, KEYS, describe, json_text
from cli.workshop.door_checks import check_damaged, check_signatures
from cli.workshop.signing import secret_field, secret_headers
from cli.workshop.trial import Complaint, Complaints, Trial
from mappings import Example
from mappings.reading import TO_DO

# Parts of a README that whoever sets the sender up looks for, and why.
PARTS = {
    "## Set up": "Say step by step where to click at the sender, and which event to choose.",
    "## What it does not do": "Say what is missing, and what a person does about it.",
    "https://": "Link the pages of the platform that the mapping was written by.",
}

# What an event may come to; a mapping that has one shows it.
DEEDS = ("invoice", "payments", "refunds", "cancel", "expense")


def check_examples(trial: Trial) -> Complaints:
    """There are examples, each can be read, holds no signature, and says what must come of it in words that exist."""
    for name, why in trial.unreadable.items():
        remedy = 'It must be JSON: {"headers": {…}, "body": …}, or "form" with its fields, or "raw" with a text.'
        yield Complaint(f"examples/{name}", f"it cannot be read: {why}", remedy)
    if not trial.examples and not trial.unreadable:
        yield Complaint(
            "examples/",
            "there is no example yet",
            "Put a request of the platform's documentation into examples/<case>.request.json, as "
            '{"headers": {…}, "body": {…}}, or take real ones: `bookhook record`.',
        )
    for example in trial.examples:
        yield from _check_words(trial, example)


def _check_words(trial: Trial, example: Example) -> Complaints:
    secret = secret_headers(trial.source, example)
    for name in example.headers:
        if name.lower() in secret:
            yield Complaint(f"examples/{example.case}.request.json", f"it holds {name}", "Leave signatures out.")
    if field := secret_field(trial.source, example):
        yield Complaint(f"examples/{example.case}.request.json", f"it holds {field}", "Leave the secret out.")
    if (count := len(example.events)) > 1:
        yield Complaint(f"examples/{example.case}.request.json", f"it holds {count} events", "Make an example of each.")
    if unknown := [key for key in example.expected if key not in KEYS]:
        yield Complaint(_expected(example), f"no such key: {', '.join(unknown)}", f"There are {', '.join(KEYS)}.")


def check_outcomes(trial: Trial) -> Complaints:
    """Every example comes out as it says."""
    for example in trial.examples:
        found = trial.outcomes[example.case]
        look = f"Look at `bookhook map {trial.source.name} {example.case}`"
        if not example.expected:
            remedy = f"{look}; when all is right, run this again with --accept."
            yield Complaint(
                _expected(example), f"there is none yet; it would be {describe(found)}{_told(found)}", remedy
            )
        elif differences := _differences(example.expected, found):
            remedy = f"{look} and correct the mapping; or take what comes out now as right, with --accept."
            yield Complaint(_expected(example), f"it comes out differently:\n{differences}{_told(found)}", remedy)


def _told(outcome: Mapping[str, Any]) -> str:
    """What a person is told of what is parked, on a line of its own."""
    return f"\n{outcome['told']}" if "told" in outcome else ""


def _differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """What differs, line by line, but for what only a person can say."""
    written, comes_out = (
        json_text({key: told[key] for key in KEYS if key in told and key not in BY_HAND}).splitlines()
        for told in (expected, found)
    )
    return "\n".join(list(difflib.unified_diff(written, comes_out, n=2, lineterm=""))[2:])


def check_totals(trial: Trial) -> Complaints:
    """The lines of what is posted come to the sender's total, to the cent."""
    for example in trial.examples:
        rounding = trial.outcomes[example.case].get("rounding", "0")
        if rounding != example.expected.get("rounding", "0"):
            yield Complaint(
                _expected(example),
                f"{rounding} must be added to what its lines come to, to make the sender's total",
                f'Map what is missing. If the platform itself rounds so, write "rounding": "{rounding}" there.',
            )


def check_coverage(trial: Trial) -> Complaints:
    """An example of every topic and deed is carried out, one is ignored, and what follows an order says so."""
    states = [(outcome["topic"], outcome["state"]) for outcome in trial.outcomes.values()]
    done = {topic for topic, state in states if state in ("posted", "rejected")}
    for topic in trial.source.topics:
        if topic not in done:
            yield Complaint("examples/", f"none of the topic {topic} is posted", "Add one that shows what is posted.")
    shown = {draft for outcome in trial.outcomes.values() for draft in outcome.get("drafts", {})}
    for deed in DEEDS:
        if deed not in shown and any(getattr(event, deed) is not None for event in trial.source.plan.events.values()):
            yield Complaint("examples/", f"none comes to {deed}, which the mapping has", "Add one that shows it.")
    if all(state != "ignored" for _, state in states):
        yield Complaint("examples/", "none is ignored", "Add one that is not for us: a test, or what is not paid yet.")
    yield from _check_deliveries(trial)
    yield from _check_followers(trial)


def _check_deliveries(trial: Trial) -> Complaints:
    """No example would be taken for a repetition of another."""
    first: dict[str, str] = {}
    for example in trial.examples:
        delivery = trial.source.identify(example.received).delivery
        if delivery is not None and first.setdefault(delivery, example.case) != example.case:
            what = f"{first[delivery]} is the same delivery, so this would be taken for a repetition"
            yield Complaint(f"examples/{example.case}.request.json", what, "Give it a delivery id of its own.")


def _check_followers(trial: Trial) -> Complaints:
    """Of several examples about one order all but the first name those they come after."""
    first: dict[str, str] = {}
    for example in sorted(trial.examples, key=lambda each: "after" in each.expected):
        found, after = trial.outcomes[example.case], example.expected.get("after", [])
        about = found.get("once_per")
        if wrong := [case for case in after if trial.outcomes.get(case, {}).get("once_per") != about]:
            yield Complaint(_expected(example), f"after: {', '.join(wrong)} is not about {about}", "Name its order's.")
        if about and not after and about in first:
            remedy = f'Give the order another id, or write "after": ["{first[about]}"] there.'
            yield Complaint(_expected(example), f"{first[about]} is about {about}, too", remedy)
        elif needs_order(found) and not after:
            remedy = f"Add an example that invoices {about}, and name it in `after` there."
            yield Complaint(_expected(example), "the order it follows has no example", remedy)
        if about:
            first.setdefault(about, example.case)


def needs_order(outcome: Mapping[str, Any]) -> bool:
    """Whether it can only be carried out once its order is invoiced."""
    drafts = outcome.get("drafts", {})
    return bool({"payments", "refunds", "cancel"} & set(drafts)) and "invoice" not in drafts


def check_readme(trial: Trial) -> Complaints:
    """The README says where to click, which secret is set where, and what the source cannot do."""
    file = trial.source.folder / "README.md"
    if not file.is_file():
        yield Complaint("README.md", "there is no such file", "Write how a merchant sets the sender up.")
        return
    page = file.read_text()
    parts = PARTS | {
        trial.source.setting: "Say where the sender shows the secret, and that this setting takes it.",
        f"/hooks/{trial.source.name}": "Say which address the sender posts to: https://<your host>/hooks/…",
    }
    for part, remedy in parts.items():
        if part not in page:
            yield Complaint("README.md", f"it does not say {part}", remedy)
    yield from (
        Complaint(f"README.md, line {number}", "still to do", line.strip().removeprefix(TO_DO).strip())
        for number, line in _lines_to_do(page.splitlines())
    )


def _lines_to_do(lines: Iterable[str]) -> Iterable[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(lines, 1) if re.search(rf"\b{TO_DO}\b", line))


def _expected(example: Example) -> str:
    return f"examples/{example.case}.expected.json"


CHECKS: Mapping[str, Callable[[Trial], Complaints]] = {
    "there are examples, and they can be read": check_examples,
    "every example comes out as it says": check_outcomes,
    "totals are right to the cent": check_totals,
    "every topic is carried out, and something is ignored": check_coverage,
    "what is signed is let in, and nothing else": check_signatures,
    "damaged bodies are answered": check_damaged,
    "the README says what a merchant needs": check_readme,
}
"""What is checked, in the order in which a source is written."""
