"""Puts the sandbox together."""

import time
from collections.abc import Callable

from flask import Flask
from flask.typing import ResponseReturnValue

from sandbox import (
    apis,
    consent,
    contacts,
    control,
    creditnotes,
    credits,
    expenses,
    gate,
    invoices,
    oauth,
    pages,
    payments,
    receipts,
    reminders,
    settings,
    slack,
)
from sandbox.answers import DecimalJson
from sandbox.call import world
from sandbox.seed import plant
from sandbox.state import World


class Sandbox(Flask):
    """A Flask app whose views run one at a time, so that each sees and leaves a whole state."""

    json_provider_class = DecimalJson

    def dispatch_request(self) -> ResponseReturnValue:
        with world().lock:
            return super().dispatch_request()


def create_app(*, clock: Callable[[], float] = time.time, seed: int = 0) -> Flask:
    """A sandbox with both organizations and no documents.

    `clock` returns unix seconds; `seed` fixes which calls a fault with a `share` meets.
    """
    app = Sandbox("sandbox")
    app.extensions["sandbox"] = World(clock=clock, seed=seed, plant=plant)
    gate.guard(app)
    for module in (
        oauth,
        settings,
        contacts,
        invoices,
        payments,
        creditnotes,
        credits,
        expenses,
        receipts,
        reminders,
        control,
        slack,
        apis,
    ):
        app.register_blueprint(module.api)
    app.register_blueprint(pages.pages)
    app.register_blueprint(consent.pages)
    return app
