"""An expense, its accounts found by words, and an approver's decision about one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from drafts import DecisionDraft, ExpenseDraft
from errors import Question
from mappings import conversions
from mappings.conversions import Unfit
from mappings.drafting import Drafting, failure
from mappings.expense_schemas import DecisionSchema, ExpenseSchema
from mappings.expressions import Interpreter
from mappings.grammar import Block

_EXPENSE, _DECISION = ExpenseSchema(), DecisionSchema()
_MOST_SUGGESTIONS = 3


@dataclass(frozen=True)
class Options:
    """What a connection decides about its drafts.

    `time_zone` (IANA name) dates moments that name no place; the others are account names in Zoho, `accounts` by
    category word in lower case.
    """

    time_zone: str = "UTC"
    paid_through: str | None = None
    default_account: str | None = None
    accounts: Mapping[str, str] = field(default_factory=dict)


def render_expense(block: Block, interpreter: Interpreter, options: Options) -> ExpenseDraft:
    """The expense. Raises MappingError."""
    drafting = Drafting(interpreter)
    values = drafting.values(block, interpreter.scope.root, "expense")
    category = values.pop("category", None)
    if "account_name" not in values:
        values["account_name"] = _account(category, options)
    values.setdefault("paid_through_account_name", options.paid_through or None)
    if values["paid_through_account_name"] is None:
        raise failure(
            "expense.paid_through_account_name",
            "neither the sender nor the settings say what the expense was paid with",
            remedy="Choose a bank, cash or card account in the console (Failures), or set EXPENSE_PAID_THROUGH to the "
            "name of one in Zoho, then retry.",
            question=Question(about="paid_through"),
        )
    expense: ExpenseDraft = drafting.build(_EXPENSE, values, "expense")
    return expense


def _account(category: object, options: Options) -> str:
    try:
        word = (conversions.text(category) or "").casefold()
    except Unfit as error:
        raise failure("expense.category", str(error)) from None
    account = options.accounts.get(word) or options.default_account
    if account:
        return account
    known = ", ".join(sorted(options.accounts)) or "none is set up"
    raise failure(
        "expense.category",
        f"no account is set up for the category{_suggest(word, options)}; known words: {known}",
        code="unknown_category",
        remedy="Choose its account in the console (Failures), or add the word to EXPENSE_ACCOUNTS (word=Account name, "
        "…), or set EXPENSE_DEFAULT_ACCOUNT, then retry the event.",
        question=Question(about="category", word=word) if word else None,
    )


def _suggest(word: str, options: Options) -> str:
    """`, did you mean …?` with the words that are set up and close to this one, if any."""
    close = get_close_matches(word, sorted(options.accounts), n=_MOST_SUGGESTIONS)
    return f", did you mean {' or '.join(close)}?" if close else ""


def render_decision(block: Block, interpreter: Interpreter) -> DecisionDraft:
    """The decision. Raises MappingError."""
    drafting = Drafting(interpreter)
    values = drafting.values(block, interpreter.scope.root, "decision")
    decision: DecisionDraft = drafting.build(_DECISION, values, "decision")
    return decision
