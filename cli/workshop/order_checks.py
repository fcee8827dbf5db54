"""What examples of one order have to do with each other: who comes first, what they are called, and whether it fits."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cli.workshop.trial import Complaint, Complaints, Trial
from mappings import Example

_LOOK = "Zoho would refuse it, and the event would be parked: correct the mapping, or the example."
# What an event may make of which Zoho has one for each name.
_NAMED = {"payments": "payment", "refunds": "refund"}


def expected_of(case: str) -> str:
    """The file that says what must come of a case."""
    return f"examples/{case}.expected.json"


def check_deliveries(trial: Trial) -> Complaints:
    """No example would be taken for a repetition of another."""
    first: dict[tuple[str, object], str] = {}
    for example in trial.examples:
        received = example.received
        identity = trial.source.identify(received)
        known: list[tuple[str, object]] = []
        known += [("delivery", identity.delivery)] if identity.delivery is not None else []
        known += [("body", (identity.topic, received.body))] if not identity.may_recur else []
        for name in known:
            if first.setdefault(name, example.case) != example.case:
                what = f"{first[name]} is the same {name[0]}, so this would be taken for a repetition"
                yield Complaint(f"examples/{example.case}.request.json", what, f"Give it a {name[0]} of its own.")
                break


def check_followers(trial: Trial) -> Complaints:
    """Of several examples about one order all but the first name those they come after."""
    first: dict[str, str] = {}
    outcomes = trial.outcomes.values()
    parked = {each.get("once_per") for each in outcomes if each["state"] == "parked" and not needs_order(each)}
    for example in sorted(trial.examples, key=lambda each: _rank(trial, each)):
        found, after = trial.outcomes[example.case], example.expected.get("after", [])
        about = found.get("once_per")
        if wrong := [case for case in after if trial.outcomes.get(case, {}).get("once_per") != about]:
            yield Complaint(
                expected_of(example.case), f"after: {', '.join(wrong)} is not about {about}", "Name its order's."
            )
        if about and not after and about in first:
            remedy = f'Give the order another id, or write "after": ["{first[about]}"] there.'
            yield Complaint(expected_of(example.case), f"{first[about]} is about {about}, too", remedy)
        elif needs_order(found) and not after and about not in parked:
            remedy = f"Add an example that invoices {about}, and name it in `after` there."
            yield Complaint(expected_of(example.case), "the order it follows has no example", remedy)
        if about:
            first.setdefault(about, example.case)


def _rank(trial: Trial, example: Example) -> tuple[bool, bool]:
    """What invoices an order comes before what only follows it, and both before what says that it follows."""
    return "after" in example.expected, "invoice" not in trial.outcomes[example.case].get("drafts", {})


def check_names(trial: Trial) -> Complaints:
    """No payment or refund is named like one of another order: it would be taken for that one."""
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for case, outcome in trial.outcomes.items():
        for kind, word in _NAMED.items():
            for draft in outcome.get("drafts", {}).get(kind, ()):
                of, about = first.setdefault((kind, draft["once_per"]), (case, outcome["once_per"]))
                if about != outcome["once_per"]:
                    told = f"its {word} {draft['once_per']} is named like one of {of}, which is about {about}"
                    remedy = "Put what the order is named by into the once_per of it, too, or give it another id."
                    yield Complaint(f"examples/{case}.request.json", told, remedy)


def check_amounts(trial: Trial) -> Complaints:
    """What is paid and refunded is no more than what was invoiced, and in its currency."""
    for example in trial.examples:
        outcome = trial.outcomes[example.case]
        invoice = _invoice_of(trial, example)
        if outcome["state"] == "posted" and invoice:
            yield from _check_against(example.case, outcome["drafts"], invoice)


def _check_against(case: str, drafts: Mapping[str, Any], invoice: Mapping[str, Any]) -> Complaints:
    """Says where payments or refunds do not fit their order's invoice."""
    code, total = invoice["currency_code"], Decimal(invoice["control_total"])
    for kind, amount in (("payments", "amount"), ("refunds", "control_total")):
        found = drafts.get(kind, ())
        for other in {each["currency_code"] for each in found} - {code}:
            yield Complaint(f"examples/{case}.request.json", f"{kind} in {other}, the invoice in {code}", _LOOK)
        if (sum_of := sum(Decimal(each[amount]) for each in found)) > total:
            told = f"{kind} come to {sum_of:f} {code}, the invoice to {total:f}"
            yield Complaint(f"examples/{case}.request.json", told, _LOOK)


def _invoice_of(trial: Trial, example: Example) -> Mapping[str, Any] | None:
    """The invoice that the example is about: its own, or the last of those it comes after."""
    about = trial.outcomes[example.case].get("once_per")
    cases = (example.case, *reversed(example.expected.get("after", [])))
    drafts = (
        each.get("drafts", {}) for case in cases if (each := trial.outcomes.get(case, {})).get("once_per") == about
    )
    return next((each["invoice"] for each in drafts if "invoice" in each), None)


def needs_order(outcome: Mapping[str, Any]) -> bool:
    """Whether it can only be carried out once its order is invoiced."""
    drafts = outcome.get("drafts", {})
    return bool({"payments", "refunds", "cancel"} & set(drafts)) and "invoice" not in drafts
