"""The few words that stand in documents because of how amounts are carried, by language."""

from collections.abc import Mapping

from config.options import LANGUAGES, Language

_ENGLISH, *_OTHERS = LANGUAGES
_TABLE: Mapping[str, tuple[str, str, str, str, str]] = {
    "Shipping": ("Versand", "Livraison", "Envío", "Spedizione", "Verzending"),
    "Rounding": ("Rundung", "Arrondi", "Redondeo", "Arrotondamento", "Afronding"),
    "Adjustment": ("Anpassung", "Ajustement", "Ajuste", "Rettifica", "Correctie"),
    "Refund of {number}": (
        "Erstattung zu {number}",
        "Remboursement de {number}",
        "Reembolso de {number}",
        "Rimborso di {number}",
        "Terugbetaling van {number}",
    ),
    "Cancelled {number}": (
        "Storno {number}",
        "Annulation {number}",
        "Anulación {number}",
        "Annullamento {number}",
        "Annulering {number}",
    ),
    "Tax included in the prices": (
        "In den Preisen enthaltene Steuer",
        "Taxe comprise dans les prix",
        "Impuesto incluido en los precios",
        "Imposta inclusa nei prezzi",
        "Belasting in de prijzen inbegrepen",
    ),
    "{quantity} x {rate} less a discount of {discount}": (
        "{quantity} x {rate} abzüglich {discount} Rabatt",
        "{quantity} x {rate} moins une remise de {discount}",
        "{quantity} x {rate} menos un descuento de {discount}",
        "{quantity} x {rate} meno uno sconto di {discount}",
        "{quantity} x {rate} min een korting van {discount}",
    ),
    "{quantity} x {rate}, discounted": (
        "{quantity} x {rate}, rabattiert",
        "{quantity} x {rate}, remisé",
        "{quantity} x {rate}, con descuento",
        "{quantity} x {rate}, scontato",
        "{quantity} x {rate}, met korting",
    ),
    "{own} {amount}, rounding {rounding}": (
        "{own} {amount}, Rundung {rounding}",
        "{own} {amount}, arrondi {rounding}",
        "{own} {amount}, redondeo {rounding}",
        "{own} {amount}, arrotondamento {rounding}",
        "{own} {amount}, afronding {rounding}",
    ),
}


def say(text: str, language: Language, **facts: object) -> str:
    """The text in the language, with these facts in its places."""
    said = text if language == _ENGLISH else _TABLE[text][_OTHERS.index(language)]
    return said.format(**facts)
