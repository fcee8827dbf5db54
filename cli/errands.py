"""The errands of the public process, put together."""

from functools import partial

from cli.deployment import Deployment
from cli.desk import loopback_origins
from ingest.errands import CALL_SECONDS, Errands
from outbound import Apis, Outbound
from worker.fetching import address_of_post


def open_errands(deployment: Deployment) -> Errands:
    """What does as handshakes ask, whether Redis is there or not."""
    settings = deployment.settings
    outbound = Outbound(loopback_origins=loopback_origins(settings, settings.organizations))
    address = partial(address_of_post, deployment.connections, deployment.keys)
    return Errands(Apis(None, seconds=CALL_SECONDS), outbound, address)
