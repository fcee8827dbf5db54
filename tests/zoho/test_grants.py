"""Grants at rest: what Redis holds tells nothing, keys can be replaced, and every change is noticed."""

import json
from dataclasses import replace

import pytest

from config.problems import ConfigError
from config.sealing import Seal
from tests.connected import GRANT, KEY
from zoho.grants import Grants

NEW_KEY = "another-key-that-nobody-guesses-9876"


@pytest.fixture
def grants(redis) -> Grants:
    return Grants(redis, Seal([KEY]))


def dump(redis) -> bytes:
    """Everything that Redis would write to a backup, readable."""
    kept = [redis.hgetall(key) if redis.type(key) == b"hash" else redis.get(key) for key in redis.scan_iter()]
    return repr(kept).encode()


def test_what_is_kept_is_read_back(grants):
    grants.keep(GRANT)
    grants.make_default(GRANT.organization_id)

    held = grants.all()

    assert held.grants == {GRANT.organization_id: GRANT}
    assert held.default_id == GRANT.organization_id
    assert held.version == grants.version() == 2


def test_redis_holds_no_secret_in_clear(grants, redis):
    grants.keep(replace(GRANT, client_id="the-client-id"))

    for secret in (b"the-client-id", GRANT.client_secret.encode(), GRANT.refresh_token.encode(), KEY.encode()):
        assert secret not in dump(redis)


def test_a_grant_is_shown_without_its_secrets():
    assert GRANT.client_secret not in repr(GRANT)
    assert GRANT.refresh_token not in repr(GRANT)


def test_another_key_reads_who_was_connected_but_not_the_grant(grants, redis):
    grants.keep(GRANT)

    [found] = Grants(redis, Seal([NEW_KEY])).all().grants.values()

    assert (found.name, found.is_readable, found.refresh_token) == (GRANT.name, False, "")


def test_without_a_key_nothing_is_kept(redis):
    with pytest.raises(ConfigError, match="BOOKHOOK_SECRET_KEY"):
        Grants(redis, Seal([])).keep(GRANT)

    assert redis.keys() == []


def test_a_key_is_replaced_without_connecting_anew(grants, redis):
    grants.keep(GRANT)

    Grants(redis, Seal([NEW_KEY, KEY])).renew_seals()

    assert Grants(redis, Seal([NEW_KEY])).all().grants == {GRANT.organization_id: GRANT}
    assert not Grants(redis, Seal([KEY])).all().grants[GRANT.organization_id].is_readable


def test_what_no_key_reads_is_left_as_it_is(grants, redis):
    grants.keep(GRANT)
    before = redis.hgetall("bh:grants")

    Grants(redis, Seal([NEW_KEY])).renew_seals()

    assert redis.hgetall("bh:grants") == before


def test_a_grant_that_somebody_moves_to_another_organization_is_not_read(grants, redis):
    grants.keep(GRANT)
    redis.hset("bh:grants", "10000002", redis.hget("bh:grants", GRANT.organization_id))

    assert not grants.all().grants["10000002"].is_readable


def test_the_default_ends_with_its_grant(grants):
    grants.keep(GRANT)
    grants.make_default(GRANT.organization_id)
    before = grants.version()

    grants.remove(GRANT.organization_id)

    assert (dict(grants.all().grants), grants.all().default_id) == ({}, None)
    assert grants.version() > before


def test_a_seal_damaged_on_its_way_is_not_read(grants, redis):
    grants.keep(GRANT)
    told = json.loads(redis.hget("bh:grants", GRANT.organization_id))
    redis.hset("bh:grants", GRANT.organization_id, json.dumps({**told, "sealed": told["sealed"][:-8]}))

    assert not grants.all().grants[GRANT.organization_id].is_readable
