"""An event that was mended at its sender is asked for anew from its page."""

from dataclasses import replace

from tests.thin_shop import ADDRESSES, ALL, ORDER, answer_with, api, asked, deliver, environ

__all__ = ["api", "deliver", "environ"]


def test_an_operator_has_everything_fetched_anew(browse, deliver, worker, api):
    answer_with(api, replace(ORDER, body=ORDER.body.replace(b"3.50", b"9.99")), *ALL[1:], *ALL)
    event_id = deliver()
    worker.drain()
    api.asked.clear()
    assert "Retry, asking the sender anew" in browse("operator").get(f"/events/{event_id}").text

    browse("operator").post(f"/events/{event_id}/fetch")
    worker.drain()

    assert (worker.event(event_id).state, asked(api)) == ("posted", ADDRESSES)
    deeds = browse("admin").get("/audit.json").json["deeds"]
    assert [deed["subject"] for deed in deeds if deed["action"] == "fetched_anew"] == [event_id]
