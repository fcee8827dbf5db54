"""The record of documents against a small model: whoever holds the lease on a key writes, and nobody else ever does."""

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from redis import Redis

from errors import Busy
from ledger.documents import LeaseLost
from ledger.events import LEASE_SECONDS
from ledger.ledger import Ledger
from ledger.records import DocumentRecord, kind_of
from tests.model.machines import try_machine
from tests.scene import Clock

KEYS = ("c/invoice/order:1", "1/contact/x:USD")
WORKERS = ("a", "b", "c")
key_of, worker_of = st.sampled_from(KEYS), st.sampled_from(WORKERS)


class DocumentMachine(RuleBasedStateMachine):
    """Three workers, each with one event and its lease, at two keys."""

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        redis.flushall()
        self.redis = redis
        self.ledger = Ledger(redis, clock=Clock(1_780_000_000.0))
        self.documents = self.ledger.documents
        self.holders: dict[str, str] = {}
        self.records: dict[str, DocumentRecord] = {}
        self.led_to: dict[str, list[str]] = {worker: [] for worker in WORKERS}

    @initialize(key=key_of)
    def someone_has_begun(self, key: str) -> None:
        self.claim(key, "a")

    @rule(key=key_of, worker=worker_of)
    def claim(self, key: str, worker: str) -> None:
        if self.holders.get(key, worker) != worker:
            with pytest.raises(Busy):
                self.documents.claim(key, event_id=worker, lease=worker)
            return
        record = self.documents.claim(key, event_id=worker, lease=worker)
        first = DocumentRecord(business_key=key, kind=kind_of(key), state="new", generation=1, event_id=worker)
        assert record == self.records.setdefault(key, first)
        self.holders[key] = worker
        self.led_to[worker] += [] if key in self.led_to[worker] else [key]

    @rule(key=key_of, worker=worker_of)
    def claim_unless_posted(self, key: str, worker: str) -> None:
        if self.holders.get(key, worker) != worker or key not in self.records or self.records[key].state != "posted":
            return
        assert self.documents.claim_unless_posted(key, event_id=worker, lease=worker) == self.records[key]
        self.led_to[worker] += [] if key in self.led_to[worker] else [key]

    @rule(key=key_of, worker=worker_of)
    def intend(self, key: str, worker: str) -> None:
        fields = {"state": "posting", "frozen_body": "{}", "send_deadline": 5.0}
        if self.holders.get(key) != worker:
            with pytest.raises(LeaseLost):
                self.documents.intend(key, worker, fields, order=None, least=None)
            return
        self.documents.intend(key, worker, fields, order=None, least=None)
        self.records[key] = replace(self.records[key], state="posting", frozen_body="{}", send_deadline=5.0)

    @rule(key=key_of, worker=worker_of)
    def conclude(self, key: str, worker: str) -> None:
        words = {"event_id": worker, "step": "posted", "detail": ""}
        if self.holders.get(key) != worker:
            with pytest.raises(LeaseLost):
                self.documents.conclude(key, worker, {"state": "posted", "zoho_id": "z"}, **words)
            return
        concluded = self.documents.conclude(key, worker, {"state": "posted", "zoho_id": "z"}, **words)
        record = replace(self.records[key], state="posted", zoho_id="z", frozen_body=None, send_deadline=None)
        assert concluded == record
        self.records[key] = record
        del self.holders[key]

    @rule(key=key_of, worker=worker_of, state=st.sampled_from(["posting", "unknown", "posted"]), name=st.text("xyz"))
    def write(self, key: str, worker: str, state: str, name: str) -> None:
        fields = {"state": state, "zoho_id": name, "event_id": worker, "number": None}
        if self.holders.get(key) != worker:
            with pytest.raises(LeaseLost):
                self.documents.write(key, worker, fields)
            return
        self.documents.write(key, worker, fields)
        self.records[key] = replace(self.records[key], state=state, zoho_id=name, event_id=worker)

    @rule(key=key_of, worker=worker_of)
    def begin_anew(self, key: str, worker: str) -> None:
        if self.holders.get(key) != worker:
            with pytest.raises(LeaseLost):
                self.documents.begin_anew(key, worker)
            return
        self.documents.begin_anew(key, worker)
        was = self.records[key]
        self.records[key] = DocumentRecord(
            business_key=key, kind=kind_of(key), state="new", generation=was.generation + 1, event_id=was.event_id
        )

    @rule(key=key_of, worker=worker_of)
    def release(self, key: str, worker: str) -> None:
        self.documents.release(key, worker)
        if self.holders.get(key) == worker:
            del self.holders[key]

    @rule(key=key_of)
    def lease_ends(self, key: str) -> None:
        self.redis.delete(f"bh:lease:{key}")
        self.holders.pop(key, None)

    @rule(key=key_of, worker=worker_of)
    def renew(self, key: str, worker: str) -> None:
        """By a worker that believes the key to be its own, with half of the time gone."""
        self.redis.pexpire(f"bh:lease:{key}", int(LEASE_SECONDS * 500))
        with self.ledger.leases.document(key, worker):
            self.ledger.leases.renew()
        left = self.redis.pttl(f"bh:lease:{key}")
        assert (left > LEASE_SECONDS * 500) == (self.holders.get(key) == worker)

    @invariant()
    def every_record_is_what_its_holders_wrote(self) -> None:
        for key in KEYS:
            assert self.documents.get(key) == self.records.get(key)
            holder = self.redis.get(f"bh:lease:{key}")
            assert (holder.decode() if holder else None) == self.holders.get(key)
        for worker in WORKERS:
            assert self.documents.of(worker) == [self.records[key] for key in self.led_to[worker]]


def test_only_the_holder_of_the_lease_changes_a_document(redis):
    try_machine(lambda: DocumentMachine(redis), examples=40, steps=40)
