"""The books of many organizations: opened when they are needed, kept as long as they are used."""

import gc
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from config.organizations import Organization
from zoho.shelf import Shelf


@pytest.fixture
def organizations(organization):
    return {str(number): replace(organization, organization_id=str(number)) for number in range(1, 1001)}


class Swapped(Mapping[str, Organization]):
    """Organizations that are others all of a sudden, as those of a process are (zoho/organizations.py)."""

    def __init__(self, inner: Mapping[str, Organization]) -> None:
        self.inner = inner

    def __getitem__(self, organization_id: str) -> Organization:
        return self.inner[organization_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.inner)

    def __len__(self) -> int:
        return len(self.inner)


@pytest.fixture
def shelf(organizations, redis):
    return Shelf(organizations, redis=redis, most_open=3)


def test_books_are_opened_once_and_only_when_they_are_asked_for(shelf):
    assert (len(shelf), list(shelf)[:2], "7" in shelf, "0" in shelf) == (1000, ["1", "2"], True, False)
    assert shelf._open == {}

    assert shelf["7"] is shelf["7"]
    assert shelf["7"].organization.organization_id == "7"
    assert (list(shelf._open), shelf.get("0")) == (["7"], None)


def test_books_that_are_not_used_any_more_are_closed(shelf):
    first = shelf["1"]
    for number in ("2", "3", "1", "4"):
        shelf[number]

    assert list(shelf._open) == ["3", "1", "4"]
    assert shelf["1"] is first


def test_who_goes_round_passes_over_an_organization_that_is_disconnected_meanwhile(organizations, redis):
    now = Swapped(organizations)
    walk = iter(Shelf(now, redis=redis).values())
    assert next(walk).organization.organization_id == "1"

    now.inner = {id_: each for id_, each in organizations.items() if id_ != "2"}

    assert next(walk).organization.organization_id == "3"


def test_connections_to_a_host_are_shared_by_all_its_organizations(shelf):
    assert len({id(shelf[number]._client._transport) for number in ("1", "2", "3")}) == 1


def test_two_threads_open_the_same_books(shelf):
    opened, both = [], threading.Barrier(2)

    def open_books():
        both.wait()
        opened.append(shelf["1"])

    threads = [threading.Thread(target=open_books) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert opened[0] is opened[1]


def test_open_books_of_an_idle_organization_take_little_memory(organizations, redis):
    shelf = Shelf(organizations, redis=redis)
    shelf["1"]
    before = size_of_everything()

    for number in range(2, 402):
        shelf[str(number)]

    assert (size_of_everything() - before) / 400 < 20_000


def size_of_everything() -> int:
    gc.collect()
    return sum(sys.getsizeof(each) for each in gc.get_objects())
