"""What every source keeps to, checked on its folder alone: no network, no Redis, no settings.

Each check gives its complaints, none where all is well. `bookhook test-source` shows them, the tests ask for none.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cli.workshop.cases import BY_HAND, KEYS, describe, json_text
from cli.workshop.door_checks import check_damaged, check_signatures
from cli.workshop.order_checks import check_amounts, check_deliveries, check_followers, check_names, expected_of
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
    if unasked := sorted(set(example.fetched) - set(trial.source.step_names)):
        steps = ", ".join(trial.source.step_names) or "none"
        told = f"it holds answers of no step: {', '.join(unasked)}"
        yield Complaint(f"examples/{example.case}.request.json", told, f"The steps of `fetch` are {steps}.")
    if (count := len(example.events)) > 1:
        yield Complaint(f"examples/{example.case}.request.json", f"it holds {count} events", "Make an example of each.")
    if unknown := [key for key in example.expected if key not in KEYS]:
        yield Complaint(
            expected_of(example.case), f"no such key: {', '.join(unknown)}", f"There are {', '.join(KEYS)}."
        )


def check_outcomes(trial: Trial) -> Complaints:
    """Every example comes out as it says."""
    for example in trial.examples:
        found = trial.outcomes[example.case]
        look = f"Look at `bookhook map {trial.source.name} {example.case}`"
        if not example.expected:
            remedy = f"{look}; when all is right, run this again with --accept."
            yield Complaint(
                expected_of(example.case), f"there is none yet; it would be {describe(found)}{_told(found)}", remedy
            )
        elif differences := _differences(example.expected, found):
            remedy = f"{look} and correct the mapping; or take what comes out now as right, with --accept."
            yield Complaint(
                expected_of(example.case), f"it comes out differently:\n{differences}{_told(found)}", remedy
            )


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
    """The lines of what is posted come to the sender's total, to the cent, and what is paid and refunded fits it."""
    for example in trial.examples:
        rounding = trial.outcomes[example.case].get("rounding", "0")
        if rounding != example.expected.get("rounding", "0"):
            yield Complaint(
                expected_of(example.case),
                f"{rounding} must be added to what its lines come to, to make the sender's total",
                f'Map what is missing. If the platform itself rounds so, write "rounding": "{rounding}" there.',
            )
    yield from check_amounts(trial)


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
    yield from check_deliveries(trial)
    yield from check_followers(trial)
    yield from check_names(trial)


def check_readme(trial: Trial) -> Complaints:
    """The README says where to click, which secret is set where, and what the source cannot do."""
    file = trial.source.folder / "README.md"
    if not file.is_file():
        yield Complaint("README.md", "there is no such file", "Write how a merchant sets the sender up.")
        return
    page, keys = file.read_text(), trial.source.credentials()
    parts = PARTS | {
        trial.source.setting: "Say where the sender shows the secret, and that this setting takes it.",
        **{setting: f"Say where {host} has it, and that this setting takes it." for setting, host in keys.items()},
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
