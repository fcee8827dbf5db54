"""An expense: approved where that is needed, posted, its receipt put to it."""

from drafts import ContactDraft, Drafts, ExpenseDraft
from ledger.records import DocumentRecord
from worker.approvals import require_approval
from worker.documents import Party, compare_totals, digest_money, marked_effect, refuse_contradiction
from worker.posting import Prepared
from worker.receipts import attach_receipt
from worker.task import Task


def settle_expense(task: Task, drafts: Drafts, expense: ExpenseDraft) -> DocumentRecord:
    """The posted expense; raises AwaitingApproval, Rejected, or what keeps it from standing as the sender says."""
    require_approval(task, expense)
    effect = marked_effect(
        task,
        "expense",
        drafts.once_per,
        prepare=lambda marker: _prepare(task, expense, marker),
        mend=lambda body: _mend(task, expense, body),
    )
    record = task.bring_about(effect)
    refuse_contradiction(task, expense, record)
    compare_totals(record, expense.currency_code)
    if expense.receipt is not None:
        attach_receipt(task, drafts.once_per, expense.receipt, record)
    return record


def _prepare(task: Task, expense: ExpenseDraft, marker: str) -> Prepared:
    vendor, customer = vendor_of_expense(expense), customer_of_expense(expense)
    body = task.books.expense_body(
        expense,
        task.options,
        marker=marker,
        vendor_id=vendor.find(task) if vendor else None,
        customer_id=customer.find(task) if customer else None,
    )
    return Prepared(
        body=body,
        control_total=expense.control_total,
        currency_code=expense.currency_code,
        money=digest_money(expense),
    )


def _mend(task: Task, expense: ExpenseDraft, body: str) -> str | None:
    for party in (vendor_of_expense(expense), customer_of_expense(expense)):
        if party is not None and (mended := party.replace_lost(task, body)) is not None:
            return mended
    return None


def vendor_of_expense(expense: ExpenseDraft) -> Party | None:
    """Whom the expense was paid to, if it says."""
    if expense.vendor_name is None:
        return None
    vendor = ContactDraft(contact_name=expense.vendor_name, contact_type="vendor")
    return Party(field="vendor_id", draft=vendor, currency_code=expense.currency_code)


def customer_of_expense(expense: ExpenseDraft) -> Party | None:
    """Whom the expense is billed to, if anybody."""
    if expense.customer is None:
        return None
    return Party(field="customer_id", draft=expense.customer, currency_code=expense.currency_code)
