"""The three kinds of trouble, by what happens next, and what is no trouble but a person's word.

BookhookError
├── Refused          answer 4xx/503, keep nothing
│                    UnknownConnection, TooLarge, TooSlow, SignatureMismatch, WrongType, NotRecorded
├── RetryLater       try again later by itself
│                    ZohoUnavailable, QuotaExhausted, OutcomeUnknown, OrganizationPaused, Busy,
│                    WaitsForOrder
├── AwaitingApproval hold the event until a person decides
├── Rejected         end the event: a person, or the lack of a right, says no
└── NeedsAttention   park the event, tell a person
                     Unreadable, MappingError, ZohoRejected, UnknownName, TotalDiffers, TaxDiffers, Conflict

Messages are read by people and end up in logs: they never hold a payload, an address or a secret.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Subject = Literal["tax", "account", "category", "purpose", "method", "tax_account", "paid_through"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person may answer, once, so that events like this one go through: what is `word` in Zoho?

    tax and account: the name of one that Zoho does not have. category, purpose, method: the sender's word for what has
    no account. tax_account and paid_through: the account that nothing names; without a word.
    """

    about: Subject
    word: str = ""

    @property
    def key(self) -> str:
        """The same for every spelling that Zoho takes for the same: `tax/ca state tax`."""
        return f"{self.about}/{self.word.strip().casefold()}"


class BookhookError(Exception):
    """Any trouble this project raises on purpose; `code` is a short word, listed in docs/errors.md."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class Refused(BookhookError):
    """Raised when a request is turned away at the door; `status` is the HTTP status of the answer."""

    status = 400


class UnknownConnection(Refused):
    """Raised when no connection has the name in the address."""

    status, code = 404, "unknown_connection"


class TooLarge(Refused):
    """Raised when a body is larger than BOOKHOOK_MAX_BODY_BYTES."""

    status, code = 413, "too_large"


class TooSlow(Refused):
    """Raised when a body does not arrive in time."""

    status, code = 408, "too_slow"


class SignatureMismatch(Refused):
    """Raised when a signature is missing, malformed, wrong, or signs a time outside the window."""

    status, code = 401, "bad_signature"


class WrongType(Refused):
    """Raised when a verified request has a content type its source does not send."""

    status, code = 415, "wrong_type"


class NotRecorded(Refused):
    """Raised when nothing could record the event; the sender should try again."""

    status, code = 503, "not_recorded"


class RetryLater(BookhookError):
    """Raised when the same step may succeed later without a person.

    `retry_after_seconds` is the earliest sensible next try, or None to leave it to the caller's growing delay.
    """

    code = "retry_later"

    def __init__(self, message: str, *, code: str | None = None, retry_after_seconds: float | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after_seconds = retry_after_seconds


class ZohoUnavailable(RetryLater):
    """Raised when a call surely changed nothing in Zoho: refused connection, or any failure of a read."""

    code = "zoho_unavailable"


class QuotaExhausted(RetryLater):
    """Raised when a call may not be made now, by our own count or by Zoho's (44, 45, 1070); nothing was done.

    `calls` is how many were to be reserved together, None for a single one.
    """

    code = "quota_exhausted"

    def __init__(self, message: str, *, retry_after_seconds: float | None = None, calls: int | None = None) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.calls = calls


class OutcomeUnknown(RetryLater):
    """Raised when a write may or may not have been carried out: time-out, reset, 5xx, unreadable answer."""

    code = "outcome_unknown"


class OrganizationPaused(RetryLater):
    """Raised when an organization cannot be used until its connection to Zoho is mended (a broken OAuth grant)."""

    code = "organization_paused"


class Busy(RetryLater):
    """Raised when another worker is at the same document."""

    code = "busy"


class WaitsForOrder(RetryLater):
    """Raised when an event is about an order whose invoice is not posted yet."""

    code = "waits_for_order"


class AwaitingApproval(BookhookError):
    """Raised when nothing may be posted until a person approves; `submitted_by` are the submitter's ids and names."""

    code = "awaiting_approval"

    def __init__(self, summary: str, *, submitted_by: tuple[str, ...]) -> None:
        super().__init__(f"{summary} waits for approval.")
        self.summary = summary
        self.submitted_by = submitted_by


class Rejected(BookhookError):
    """Raised when an event may not do what it asks for; the message says why, to whoever sent it."""

    code = "rejected"


class NeedsAttention(BookhookError):
    """Raised when a person must decide or mend something; `remedy` says what to do, `field` where.

    Where an answer to a `question` is all that it takes, that is it.
    """

    code = "needs_attention"

    def __init__(
        self,
        message: str,
        *,
        remedy: str,
        code: str | None = None,
        field: str | None = None,
        question: Question | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.remedy = remedy
        self.field = field
        self.question = question


class Unreadable(NeedsAttention):
    """Raised when a verified body cannot be parsed."""

    code = "unreadable"


class MappingError(NeedsAttention):
    """Raised when a mapping cannot make a valid draft of an event; `field` is the path in the mapping."""

    code = "mapping_failed"


class ZohoRejected(NeedsAttention):
    """Raised when Zoho refused a request for good; `zoho_code` is its code, as text."""

    code = "zoho_rejected"

    def __init__(self, message: str, *, zoho_code: str, remedy: str, code: str | None = None) -> None:
        super().__init__(message, remedy=remedy, code=code)
        self.zoho_code = zoho_code


class UnknownName(NeedsAttention):
    """Raised when a tax, account or currency has no namesake in the organization; codes `unknown_tax` and so on."""

    code = "unknown_name"


class TotalDiffers(NeedsAttention):
    """Raised when Zoho's total is not the sender's: before anything is sent, or the document stays a draft in Zoho.

    `computed` is, before anything is sent, what the lines come to (a `zoho.arithmetic.Totals`).
    """

    code = "total_differs"

    def __init__(
        self,
        *,
        total: Decimal,
        control_total: Decimal,
        currency_code: str,
        is_sent: bool = True,
        computed: object = None,
    ) -> None:
        super().__init__(
            f"Zoho's total is {total} {currency_code}, the sender's is {control_total} {currency_code}."
            if is_sent
            else f"In Zoho the lines would come to {total} {currency_code}, the sender's total is {control_total} "
            f"{currency_code}; nothing was sent.",
            remedy=_compare("the lines and taxes", "with the order") if is_sent else _correct("the lines and taxes"),
            field="control_total",
        )
        self.total = total
        self.control_total = control_total
        self.computed = computed


class TaxDiffers(NeedsAttention):
    """Raised when the tax inside Zoho's total is not the sender's: before anything is sent, or of a draft in Zoho.

    `control_tax` is the sender's; `computed` is, before anything is sent, what the lines come to (a
    `zoho.arithmetic.Totals`).
    """

    code = "tax_differs"

    def __init__(
        self,
        *,
        tax_total: Decimal | None,
        control_tax: Decimal | None,
        currency_code: str,
        is_sent: bool = True,
        computed: object = None,
    ) -> None:
        super().__init__(
            f"The total is right, but Zoho's tax in it is {tax_total} {currency_code}, the sender's is {control_tax} "
            f"{currency_code}."
            if is_sent
            else f"Zoho would compute a tax of {tax_total} {currency_code}, the sender's is {control_tax} "
            f"{currency_code}; nothing was sent.",
            remedy=_compare("the rate of the tax", "with the order's") if is_sent else _correct("the rate of the tax"),
            field="taxes",
        )
        self.control_tax = control_tax
        self.computed = computed


def _compare(what: str, with_what: str) -> str:
    return (
        f"Compare {what} in Zoho {with_what}; correct the draft there, then retry: a retry compares again and never "
        "posts. Or have it taken as right, taken back, or posted anew: `bookhook retry --accept`, `--void` or `--anew`."
    )


def _correct(what: str) -> str:
    return f"Compare {what} with the order; correct the mapping, or the tax it is mapped to, then retry."


class Conflict(NeedsAttention):
    """Raised when an event contradicts a document that is already posted; nothing is written over."""

    code = "conflict"
