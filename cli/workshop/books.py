"""The taxes and currencies of the sandbox's first organization, where examples are posted, as names without ids."""

from decimal import Decimal

from errors import UnknownName
from zoho.names import Fields, NamesAsTheyAre

TAXES = {
    "State Tax": ("6",),
    "County Tax": ("2",),
    "Sales Tax": ("8.25",),
    "VAT": ("20",),
    "VAT 19%": ("19",),
    "VAT 7%": ("7",),
    "GST": ("5",),
    "Zero Rate": ("0",),
    "VAT 5.5%": ("5.5",),
    "VAT 10%": ("10",),
    "VAT 21%": ("21",),
    "State + County": ("6", "2"),
}
_CURRENCIES = """
USD EUR GBP JPY KWD CAD AUD CHF INR SEK NGN GHS KES ZAR XOF XAF EGP MAD TZS UGX BRL MXN ARS CLP COP PEN CNY HKD TWD SGD
MYR THB IDR PHP VND KRW PKR NZD NOK DKK ISK PLN CZK HUF RON UAH TRY ILS AED SAR QAR BHD
"""
CURRENCIES = tuple(_CURRENCIES.split())


class NamesOfTheSandbox(NamesAsTheyAre):
    """Leaves names names, and knows which of them the sandbox has; raises UnknownName as the look-ups of Zoho do."""

    def currency(self, code: str) -> Fields:
        if code not in CURRENCIES:
            raise _unknown("currency", code, CURRENCIES)
        return super().currency(code)

    def tax(self, name: str) -> Fields:
        self.tax_percentages(name)
        return super().tax(name)

    def tax_group(self, names: tuple[str, ...]) -> Fields:
        if set(names) != {"State Tax", "County Tax"}:
            raise UnknownName(
                f"The sandbox has no tax group of exactly {' + '.join(names)}.",
                code="several_taxes",
                field="taxes",
                remedy="Use State Tax and County Tax in the example.",
            )
        return super().tax_group(names)

    def has_tax(self, name: str) -> bool:
        return name in TAXES

    def tax_percentages(self, name: str) -> tuple[Decimal, ...]:
        if name not in TAXES:
            raise _unknown("tax", name, TAXES)
        return tuple(map(Decimal, TAXES[name]))


def _unknown(word: str, wanted: str, known: "tuple[str, ...] | dict[str, tuple[str, ...]]") -> UnknownName:
    return UnknownName(
        f"The sandbox has no {word} named “{wanted}”; it has {', '.join(known)}.",
        code=f"unknown_{word}",
        field=word,
        remedy=f"Use a {word} of the sandbox in the example: that is where examples are posted.",
    )
