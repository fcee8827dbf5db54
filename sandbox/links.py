"""Which payment and which credit note is applied to which invoice, found from either side."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Kind = Literal["payment", "credit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`amount` of a payment or a credit note (`source_id`) set against an invoice on a day."""

    link_id: str
    kind: Kind
    source_id: str
    invoice_id: str
    amount: Decimal
    date: str


@dataclass
class Links:
    """Every link of one organization, in order of creation."""

    _by_document: dict[str, dict[str, Link]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, link: Link) -> None:
        """Remember a new link."""
        for document_id in (link.source_id, link.invoice_id):
            self._by_document[document_id][link.link_id] = link

    def remove(self, link: Link) -> None:
        """Forget a link."""
        for document_id in (link.source_id, link.invoice_id):
            del self._by_document[document_id][link.link_id]

    def of(self, document_id: str) -> list[Link]:
        """The links of an invoice, a payment or a credit note."""
        return list(self._by_document.get(document_id, {}).values())

    def amount(self, document_id: str, kind: Kind) -> Decimal:
        """What the links of that kind come to."""
        return sum((link.amount for link in self.of(document_id) if link.kind == kind), Decimal(0))
