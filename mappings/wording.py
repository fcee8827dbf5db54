"""The few words that mapping files put into documents where the sender has none, by language: `word('Shipping')`.

Everything else on a document is the sender's or the organization's. A word is known by its English text. Names of
contacts are not among them: a contact is found again by its name.
"""

from collections.abc import Mapping

ENGLISH = "en"
_OTHERS = ("de", "fr", "es", "it", "nl")
_TABLE: Mapping[str, tuple[str, str, str, str, str]] = {
    "Shipping": ("Versand", "Livraison", "Envío", "Spedizione", "Verzending"),
    "Handling": ("Bearbeitung", "Frais de traitement", "Gastos de gestión", "Spese di gestione", "Behandeling"),
    "Gift wrapping": (
        "Geschenkverpackung",
        "Emballage cadeau",
        "Envoltorio de regalo",
        "Confezione regalo",
        "Cadeauverpakking",
    ),
    "Fee": ("Gebühr", "Frais", "Cargo", "Commissione", "Kosten"),
    "Setup fee": (
        "Einrichtungsgebühr",
        "Frais d'installation",
        "Cuota de alta",
        "Costo di attivazione",
        "Opstartkosten",
    ),
    "Additional fees": (
        "Zusätzliche Gebühren",
        "Frais supplémentaires",
        "Cargos adicionales",
        "Costi aggiuntivi",
        "Bijkomende kosten",
    ),
    "Service charge": (
        "Servicegebühr",
        "Frais de service",
        "Cargo por servicio",
        "Costo del servizio",
        "Servicekosten",
    ),
    "Card surcharge": (
        "Kartenzuschlag",
        "Supplément carte",
        "Recargo por tarjeta",
        "Supplemento carta",
        "Kaarttoeslag",
    ),
    "Surcharge": ("Zuschlag", "Supplément", "Recargo", "Supplemento", "Toeslag"),
    "Discount": ("Rabatt", "Remise", "Descuento", "Sconto", "Korting"),
    "Article": ("Artikel", "Article", "Artículo", "Articolo", "Artikel"),
    "Deal": ("Deal", "Affaire", "Negocio", "Trattativa", "Deal"),
    "Import duty": ("Einfuhrzoll", "Droits de douane", "Derechos de importación", "Dazi doganali", "Invoerrechten"),
    "Tip": ("Trinkgeld", "Pourboire", "Propina", "Mancia", "Fooi"),
    "Gift card": ("Geschenkgutschein", "Carte cadeau", "Tarjeta regalo", "Carta regalo", "Cadeaubon"),
    "Subscription": ("Abonnement", "Abonnement", "Suscripción", "Abbonamento", "Abonnement"),
    "Custom amount": ("Freier Betrag", "Montant libre", "Importe libre", "Importo libero", "Vrij bedrag"),
    "Rounding": ("Rundung", "Arrondi", "Redondeo", "Arrotondamento", "Afronding"),
    "Cash rounding": (
        "Rundung bei Barzahlung",
        "Arrondi en espèces",
        "Redondeo en efectivo",
        "Arrotondamento contanti",
        "Afronding contant",
    ),
    "Adjustment of the refund": (
        "Anpassung der Erstattung",
        "Ajustement du remboursement",
        "Ajuste del reembolso",
        "Rettifica del rimborso",
        "Correctie van de terugbetaling",
    ),
    "Refund": ("Erstattung", "Remboursement", "Reembolso", "Rimborso", "Terugbetaling"),
    "refund": ("Erstattung", "remboursement", "reembolso", "rimborso", "terugbetaling"),
}

LANGUAGES = (ENGLISH, *_OTHERS)
WORDS = frozenset(_TABLE)
"""What `word()` knows."""


def say(word: str, language: str) -> str:
    """The word in the language."""
    return word if language == ENGLISH else _TABLE[word][_OTHERS.index(language)]
