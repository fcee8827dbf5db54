"""What a connection decides about its documents: taxes, payments, accounts, approval."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, get_args

TaxMode = Literal["zoho", "amounts", "none"]
Language = Literal["en", "de", "fr", "es", "it", "nl"]
OTHER = "other"
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxOptions:
    """How the sender's taxes are carried.

    zoho: each by the tax of the organization that `names` gives for its name (lower case) or its rate (`19%`), else by
    its own name. amounts: as exact lines to the liability `account`. none: as part of what is charged.
    """

    mode: TaxMode = "zoho"
    account: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOptions:
    """Whether payments are recorded, and where the money goes.

    `accounts` and `modes` are by the sender's word for the method, in lower case; `account` is for every other method
    (None: Zoho's own default).
    """

    record: bool = True
    account: str | None = None
    accounts: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[str, str] = field(default_factory=dict)

    def account_of(self, method: str | None) -> str | None:
        """The name of the account a payment by this method goes to, and is paid back from."""
        return next(iter(self.accounts_of(method)))

    def accounts_of(self, method: str | None) -> list[str | None]:
        """The accounts of a method, several where it names several (`gift_card, paypal`) that have their own."""
        word = (method or "").casefold()
        words = [word] if word in self.accounts else [part.strip() for part in word.split(",")]
        return list(dict.fromkeys(self.accounts.get(each, self.account) for each in words))

    def mode_of(self, method: str | None) -> str:
        """Zoho's word for the method."""
        return self.modes.get((method or "").casefold()) or method or "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceOptions:
    """What becomes of an invoice once its total is right, and the accounts of lines by purpose (`tip`, `gift_card`)."""

    mark_sent: bool = False
    email: bool = False
    accounts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseOptions:
    """Accounts of expenses by name, `accounts` by category word in lower case, and who must approve.

    `approval_over` is the amount in the organization's currency up to which none is needed; zero: always, None: never.
    `submitters` and `approvers` are ids of people at the sender; submitters None: everybody there. `channel` is where
    approvers are asked there, by its id.
    """

    paid_through: str | None = None
    default_account: str | None = None
    accounts: Mapping[str, str] = field(default_factory=dict)
    approval_over: Decimal | None = None
    submitters: frozenset[str] | None = None
    approvers: frozenset[str] = frozenset()
    receipt_hosts: tuple[str, ...] = ()
    channel: str | None = None

    @property
    def categories(self) -> tuple[str, ...]:
        """The category words that people may choose from; `other` where there is an account for any other word."""
        other = {OTHER} if self.accounts and self.default_account else set[str]()
        return tuple(sorted(self.accounts.keys() - {OTHER})) + tuple(other | ({OTHER} & self.accounts.keys()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Namesakes:
    """What taxes and accounts that Zoho does not have are called there, by their name in lower case."""

    taxes: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)

    def tax(self, name: str) -> str:
        """The name in Zoho; that itself where nobody has said anything else."""
        return _follow(self.taxes, name)

    def account(self, name: str) -> str:
        """The name in Zoho; that itself where nobody has said anything else."""
        return _follow(self.accounts, name)


def _follow(namesakes: Mapping[str, str], name: str) -> str:
    """The last name that is not called something else: what was renamed may be renamed again."""
    for _ in range(len(namesakes)):
        name = namesakes.get(name.strip().casefold(), name)
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOptions:
    """Everything one connection decides.

    `contact_currency`: a customer who buys in another currency than before becomes a contact of its own (`separate`),
    since Zoho does not let a contact change its currency, or the event is parked (`park`). `language` is that of the
    few words that are our own.
    """

    taxes: TaxOptions = TaxOptions()
    payments: PaymentOptions = PaymentOptions()
    invoices: InvoiceOptions = InvoiceOptions()
    expenses: ExpenseOptions = ExpenseOptions()
    namesakes: Namesakes = Namesakes()
    contact_currency: Literal["separate", "park"] = "separate"
    language: Language = "en"

    def account_of_payments(self, method: str | None) -> str | None:
        """What the account of payments by this method is called in Zoho; None: Zoho's own default."""
        account = self.payments.account_of(method)
        return account and self.namesakes.account(account)
