"""What people answered about names that Zoho does not know, laid over what a connection decides."""

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from config.options import ConnectionOptions, Namesakes
from errors import Question, Subject


def lay_over(options: ConnectionOptions, answers: Mapping[str, str]) -> ConnectionOptions:
    """The options with the answers, names in Zoho by `Question.key`; what the options say themselves stands."""
    if not answers:
        return options
    named = _by_subject(answers)
    taxes, payments, invoices, expenses = options.taxes, options.payments, options.invoices, options.expenses
    return replace(
        options,
        taxes=replace(taxes, account=taxes.account or named["tax_account"].get("")),
        payments=replace(payments, accounts={**named["method"], **payments.accounts}),
        invoices=replace(invoices, accounts={**named["purpose"], **invoices.accounts}),
        expenses=replace(
            expenses,
            accounts={**named["category"], **expenses.accounts},
            paid_through=expenses.paid_through or named["paid_through"].get(""),
        ),
        namesakes=Namesakes(taxes=named["tax"], accounts=named["account"]),
    )


def said_by(options: ConnectionOptions, question: Question) -> str | None:
    """The name that the options give themselves, so that an answer does not count; None where they give none."""
    word = question.word.strip().casefold()
    given: Mapping[Subject, str | None] = {
        "tax_account": options.taxes.account,
        "paid_through": options.expenses.paid_through,
        "method": options.payments.accounts.get(word),
        "purpose": options.invoices.accounts.get(word),
        "category": options.expenses.accounts.get(word),
    }
    return given.get(question.about)


def _by_subject(answers: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The answers of each subject by their word in lower case."""
    named: dict[str, dict[str, str]] = {about: {} for about in get_args(Subject)}
    for key, name in answers.items():
        about, _, word = key.partition("/")
        named.get(about, {})[word] = name
    return named
