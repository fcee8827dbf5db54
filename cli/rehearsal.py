"""What would be sent for a recorded event if it were worked on now, without asking anybody."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from cli import dry_run
from cli.deployment import Deployment
from cli.dry_run import Call, Stage, set_stage
from config.answers import lay_over
from console.services import Computed, Draft, Rehearsed
from drafts import Drafts
from errors import NeedsAttention, TaxDiffers, TotalDiffers
from ledger.records import Event, Trouble
from mappings import Received
from worker.reading import received_of
from zoho.arithmetic import Totals
from zoho.books import Books
from zoho.lookups import Lookups
from zoho.names import NamesAsTheyAre
from zoho.protocol import freeze

# Such an event is not worked on in the console's process either.
DANGEROUS = frozenset({"internal", "poison"})


class KeptNames(NamesAsTheyAre):
    """Leaves every name a name, but knows the percentages of taxes that are kept, as they decide what a total is."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups

    def tax_percentages(self, name: str) -> tuple[Decimal, ...] | None:
        """As Zoho told them last."""
        return self._lookups.kept_percentages(name)


def rehearse_event(deployment: Deployment, books: Mapping[str, Books], event: Event) -> Rehearsed:
    """The bodies as the mapping stands now, names where ids would be; else what keeps them from being made."""
    source = deployment.configured.get(event.connection)
    if source is None or source.name != event.source:
        return Rehearsed(trouble=Trouble(code="not_configured", message="Its connection is no longer configured."))
    if event.error and event.error.code in DANGEROUS:
        return Rehearsed(trouble=event.error)
    try:
        stage = set_stage(source, event.connection, deployment.settings)
        names = KeptNames(books[event.organization].names) if event.organization in books else stage.names
        return _rehearse(replace(stage, options=lay_over(stage.options, event.answers), names=names), event)
    except NeedsAttention as trouble:
        return Rehearsed(trouble=_told(trouble))


def _rehearse(stage: Stage, event: Event) -> Rehearsed:
    received = received_of(event)
    if ignored := stage.source.identify(received).ignored:
        return Rehearsed(ignored=ignored)
    if lacking := _lacking(stage, received, event.topic):
        return Rehearsed(trouble=lacking)
    if ignored := stage.ignores(received, topic=event.topic):
        return Rehearsed(ignored=ignored)
    drafts = stage.render(received, topic=event.topic)
    try:
        rehearsal = stage.play(drafts)
    except (TotalDiffers, TaxDiffers) as trouble:
        return Rehearsed(trouble=_told(trouble), computed=tuple(_differing(drafts, trouble)))
    return Rehearsed(
        ignored=rehearsal.ignored,
        drafts=tuple(map(_draft, rehearsal.calls)),
        computed=tuple(map(_computed, rehearsal.computed)),
    )


def _draft(call: Call) -> Draft:
    return Draft(title=call.title, note=call.note, body=None if call.body is None else freeze(call.body))


def _computed(computed: dry_run.Computed) -> Computed:
    return Computed(
        kind=computed.kind,
        total=computed.plan.totals.total,
        tax_total=computed.plan.totals.tax_total,
        control_total=computed.control_total,
        control_tax=computed.plan.control_tax,
        currency_code=computed.currency_code,
    )


def _differing(drafts: Drafts, trouble: TotalDiffers | TaxDiffers) -> Iterator[Computed]:
    """What the first document comes to that is added up: its total, or its tax, is what differs."""
    charged = drafts.invoice or next(iter(drafts.refunds), None)
    if charged is not None and isinstance(trouble.computed, Totals):
        yield Computed(
            kind="invoice" if drafts.invoice else "credit_note",
            total=trouble.computed.total,
            tax_total=trouble.computed.tax_total,
            control_total=charged.control_total,
            control_tax=trouble.control_tax if isinstance(trouble, TaxDiffers) else None,
            currency_code=charged.currency_code,
        )


def _told(trouble: NeedsAttention) -> Trouble:
    return Trouble(code=trouble.code, message=trouble.message, remedy=trouble.remedy, field=trouble.field)


def _lacking(stage: Stage, received: Received, topic: str) -> Trouble | None:
    """What has to be asked of the sender's API first, if anything has."""
    call = None if received.fetched else next(stage.steps(received, topic=topic), None)
    if call is None:
        return None
    return Trouble(code="not_fetched", message=f"{call.step} has to be asked of {call.host} first.")
