"""What a monitor counts, in the text format of Prometheus, for its own token or for whoever is logged in."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from console import facts
from console.guard import services

OF_AN_ORGANIZATION = {
    "backlog": "Events of the organization that are not finished",
    "minute_used": "Calls to Zoho Books in the last minute",
    "minute_limit": "Calls to Zoho Books that may be made in a minute",
    "day_used": "Calls to Zoho Books today",
    "day_limit": "Calls to Zoho Books that may be made in a day",
    "in_flight": "Calls to Zoho Books that are on their way",
    "differences": "Differences that the last comparison with Zoho Books found",
}
pages = Blueprint("metrics", __name__)


@pages.get("/metrics")
def metrics() -> Response:
    """Every gauge, as of now."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Ledger())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Ledger(Collector):
    def collect(self) -> Iterator[Metric]:
        """Read when somebody asks."""
        ledger = services().ledger
        yield _gauge("bookhook_events", "Events that are kept, by state", "state", ledger.events.counts())
        told = [facts.organization(books, ledger) for books in services().books.values()]
        for name, words in OF_AN_ORGANIZATION.items():
            yield _of_organizations(f"bookhook_zoho_{name}", words, told, name)
        paused = [{**each, "paused": int(bool(each["paused"]))} for each in told]
        yield _of_organizations("bookhook_zoho_paused", "1 while nothing is posted to it", paused, "paused")


def _of_organizations(name: str, words: str, told: list[dict[str, Any]], field: str) -> Metric:
    return _gauge(name, words, "organization", {each["id"]: each[field] for each in told})


def _gauge(name: str, words: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for each, value in values.items():
        family.add_metric([each], value)
    return family
