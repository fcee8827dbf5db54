"""The lives of orders: what their webhooks ask for comes to what the platform says of the order in the end."""

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import pytest

from drafts import Drafts, InvoiceDraft, RefundDraft
from mappings import BUILT_IN, Options, Received, load_sources
from tests.platforms import shopify_life, standard, woocommerce
from tests.platforms.books import Bookkeeper, open_books
from tests.platforms.shop import ZERO, Figures, Webhook

LIVES = 300
SOURCES = load_sources(BUILT_IN)
MODELS = {"shopify": shopify_life.Life, "woocommerce": woocommerce.Life, "standard": standard.Life}
STEPS = ("pay", "pay_part", "touch", "refund_lines", "refund_amount", "remove_pieces", "cancel")


@dataclass
class Asked:
    """What the webhooks of one order asked for, each document once, as a bookkeeper sums it up."""

    invoice: InvoiceDraft | None = None
    payments: dict[str, Decimal] = field(default_factory=dict)
    refunds: dict[str, RefundDraft] = field(default_factory=dict)
    is_cancelled: bool = False

    def take(self, drafts: Drafts) -> None:
        """Adds what the drafts ask for; what was asked for before must be asked for alike."""
        if drafts.invoice and (not drafts.is_edit or self.invoice):
            assert self.invoice is None or money_of(self.invoice) == money_of(drafts.invoice)
            self.invoice = self.invoice or drafts.invoice
        for payment in drafts.payments:
            known = self.payments.get(payment.once_per, ZERO)
            assert payment.is_so_far or known in (ZERO, payment.amount)
            self.payments[payment.once_per] = max(known, payment.amount)
        for refund in drafts.refunds:
            assert money_of(self.refunds.setdefault(refund.once_per, refund)) == money_of(refund)
        self.is_cancelled = self.is_cancelled or drafts.cancel is not None

    def figures(self, currency_code: str) -> Figures:
        """What the books say, were all of it posted."""
        if self.invoice is None:
            return Figures(currency_code, ZERO, ZERO, ZERO)
        refunds = self.refunds.values()
        credited = sum((refund.control_total for refund in refunds), ZERO)
        charged = ZERO if self.is_cancelled else self.invoice.control_total - credited
        backs = [refund.control_total if refund.paid_back is None else refund.paid_back for refund in refunds]
        return Figures(currency_code, charged, sum(self.payments.values(), ZERO), sum(backs, ZERO))


def money_of(draft: InvoiceDraft | RefundDraft) -> list[object]:
    """Every amount of a draft, as numbers."""
    lines = [
        (each.quantity, each.rate, each.discount, sorted(tax.amount for tax in each.taxes)) for each in draft.lines
    ]
    return [draft.control_total, draft.is_inclusive_tax, lines, getattr(draft, "paid_back", None)]


def drafts_of(webhook: Webhook) -> Drafts | None:
    """What a webhook asks for; None where it is not for us."""
    example = webhook.example()
    request, source = Received(example.body, example.headers), SOURCES[webhook.source]
    identity = source.identify(request)
    assert identity.problem is None, identity.problem
    return None if identity.ignored else source.render(request, Options(), topic=identity.topic)


def lived(platform: str, seed: int) -> tuple[Asked, Figures, list[Webhook]]:
    """A life of three to eight steps, what it asked for, and what the platform says."""
    draw = Random(f"{platform} {seed}")
    life = MODELS[platform](draw, seed + 1)
    sent = life.create()
    for _ in range(draw.randint(2, 7)):
        step = draw.choice([each for each in STEPS if hasattr(life, each)])
        sent += getattr(life, step)()
        if step == "cancel":
            break
    asked = Asked()
    for webhook in sent:
        if drafts := drafts_of(webhook):
            asked.take(drafts)
    return asked, life.figures, sent


@pytest.mark.parametrize("platform", MODELS)
def test_what_a_life_asks_for_comes_to_the_platforms_own_figures(platform):
    for seed in range(LIVES):
        asked, figures, sent = lived(platform, seed)
        assert asked.figures(figures.currency_code) == figures, (seed, [each.topic for each in sent])


def test_refunds_by_line_are_credited_to_the_cent_in_every_tax_mode(redis):
    books = open_books(redis)
    bookkeeper = Bookkeeper(books, books.names())
    credited = 0
    for seed in range(LIVES):
        asked, _, _ = lived("shopify", seed)
        for refund in asked.refunds.values():
            if refund.lines:
                for mode in ("zoho", "amounts", "none"):
                    assert bookkeeper.post_credit_note(refund, mode) == refund.control_total
                    credited += 1
    assert credited > LIVES
