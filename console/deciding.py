"""Who may decide about an expense in the console, and in plain words why somebody may not."""

from console.people import Person
from console.services import Services
from ledger.approvals import Approval, is_same_person
from ledger.records import Event


def why_not(services: Services, person: Person, event: Event, approval: Approval | None) -> str | None:
    """Why the person may not decide about the event, as a sentence; None if nothing is in the way."""
    names = (*person.names, person.name)
    if not person.may("approve"):
        return f"Your role, {person.role}, does not decide."
    if approval is not None and is_same_person(names, approval.submitted_by):
        return "It is your own: nobody decides about an expense of their own."
    connection = services.connections.get(event.connection)
    approvers = connection.options.expenses.approvers if connection else frozenset()
    if approvers and not is_same_person(names, approvers):
        return (
            f"The connection {event.connection} lists who approves, and none of your names is among them. An admin can "
            "note under People what you are called there."
        )
    return None
