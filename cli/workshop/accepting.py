"""What comes of the examples now, written down as what must come of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.workshop.cases import BY_HAND, KEYS, describe, json_text
from cli.workshop.order_checks import needs_order
from cli.workshop.trial import Trial
from mappings import Example
from mappings.examples import expected_file


def accept(trial: Trial) -> Iterator[tuple[str, str]]:
    """Writes every outcome that is not written yet or differs; gives the cases, and what comes of each in a line.

    What a person wrote stays: which cases it follows, what the sender rounds. Where an order is needed, and one example
    is about it, that is written, too.
    """
    for example in trial.examples:
        outcome = dict(trial.outcomes[example.case])
        by_hand = {key: example.expected[key] for key in BY_HAND if key in example.expected}
        if needs_order(outcome) and (first := _find_order(trial, example)):
            by_hand.setdefault("after", [first])
        told = {key: value for key, value in outcome.items() if key in KEYS and key not in BY_HAND} | by_hand
        if told != example.expected:
            text = json_text({key: told[key] for key in KEYS if key in told})
            folder = trial.source.folder / "examples"
            expected_file(folder / f"{example.case}.request.json").write_text(f"{text}\n")
            yield example.case, describe(outcome) + _why(outcome)


def _why(outcome: Mapping[str, Any]) -> str:
    """Why it is parked, unless the mapping itself says so: that may be what was meant, or a mistake."""
    code = outcome.get("error", {}).get("code")
    return f"\n      {outcome['told']}" if "told" in outcome and code != "by_hand" else ""


def _find_order(trial: Trial, follower: Example) -> str | None:
    """The one example that invoices the order, if there is one."""
    about = trial.outcomes[follower.case].get("once_per")
    found = [
        case
        for case, outcome in trial.outcomes.items()
        if outcome.get("once_per") == about and "invoice" in outcome.get("drafts", {})
    ]
    return found[0] if len(found) == 1 else None
