"""The names that contacts are given."""

from dataclasses import replace

from drafts import ContactDraft

WALK_IN = ContactDraft(contact_name="Walk-in customer")
# Zoho takes longer names, but searches for them with at most so many characters.
LONGEST_NAME = 99


def named_contact(draft: ContactDraft, connection: str, currency_code: str) -> ContactDraft:
    """The draft under a name that is its own: only an address may share a name with somebody else."""
    if draft.email or draft.contact_type == "vendor":
        return draft
    if not draft.customer_id:
        return ContactDraft(contact_name=f"Walk-in customer ({connection}, {currency_code})")
    ending = f" ({connection} {draft.customer_id}, {currency_code})"
    return replace(draft, contact_name=draft.contact_name[: LONGEST_NAME - len(ending)].rstrip() + ending)
