"""Bugs to plant in a copy of the code, to see that the proof catches them: `make chaos PLANT=no-lookup`."""

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("cli", "config", "ingest", "ledger", "mappings", "outbound", "sandbox", "worker", "zoho")
MODULES = ("drafts.py", "errors.py")


@dataclass(frozen=True, slots=True)
class Change:
    """A piece of a file, found exactly once, and what stands there afterwards."""

    file: str
    before: str
    after: str


PLANTS = {
    # After a doubtful write nobody looks whether it was done: what was saved is posted again.
    "no-lookup": (
        Change(
            "worker/posting.py",
            "standing = hold.effect.look(marker(record.business_key, record.generation), body)",
            "standing = None",
        ),
    ),
    # Nobody is kept from working on an order or a document that another worker is at.
    "no-lease": (
        Change("ledger/lock_order.lua", "if holder and holder ~= ARGV[1] then return false end", ""),
        Change(
            "ledger/orders.py", 'return self._redis.get(f"bh:lease:order:{order}") == lease.encode()', "return True"
        ),
        Change("ledger/claim_document.lua", "if holder and holder ~= ARGV[1] then return false end", ""),
        Change("ledger/write_document.lua", "if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end", ""),
        Change(
            "ledger/intend.lua",
            "if redis.call('GET', KEYS[2]) ~= ARGV[1] or redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end",
            "",
        ),
        Change("ledger/conclude.lua", "if redis.call('GET', KEYS[2]) ~= ARGV[1] then return false end", ""),
    ),
    # Nobody takes over what a dead worker was at.
    "no-sweep": (
        Change("ledger/wake.lua", "redis.call('ZRANGEBYSCORE', 'bh:working', '-inf', now, 'LIMIT', 0, most)", "{}"),
    ),
    # What the network had not taken of a call that is over arrives when it is back; seen by `make hosts` alone.
    "late-delivery": (
        Change("zoho/transport.py", "default_socket_options, DROP_WHEN_CLOSED]", "default_socket_options]"),
    ),
}


def plant(name: str | None, folder: Path) -> Path:
    """Copies the packages into the folder and plants the bug there, if any; gives the folder, to be run in their place.

    A copy is run in any case, so that edits during a long run change nothing.
    """
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for module in MODULES:
        shutil.copy(ROOT / module, folder / module)
    for change in PLANTS[name] if name else ():
        _make(change, folder)
    return folder


def _make(change: Change, folder: Path) -> None:
    file = folder / change.file
    text = file.read_text()
    if text.count(change.before) != 1:
        raise ValueError(
            f"{change.file} holds {text.count(change.before)} times what is to be changed: {change.before}"
        )
    file.write_text(text.replace(change.before, change.after))
