"""Clients that ask sentinels where the master is; against real sentinels and servers."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from marshmallow import ValidationError

from config.problems import ConfigError
from config.redis_client import connect_redis, find_risks, open_redis, redis_address
from config.sentinel import Sentinels, parse_sentinels
from config.sentinel_client import BehindSentinels, follow_master
from config.settings import read_settings
from tests.e2e.conftest import until


def sentinels(*addresses, master="mymaster", auth=False):
    return Sentinels(addresses=addresses, master=master, auth=auth)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("10.0.0.1", sentinels(("10.0.0.1", 26379))),
        ("a:1, b:2;master=books", sentinels(("a", 1), ("b", 2), master="books")),
        ("[::1]:5000; auth=yes", sentinels(("::1", 5000), auth=True)),
        ("a;auth=no;master=m", sentinels(("a", 26379), master="m")),
    ],
)
def test_sentinels_are_a_list_with_a_name(text, meant):
    assert parse_sentinels(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "a:port",
        "a:1,",
        ":1",
        "redis://a:1",
        "me@a:1",
        "a/0",
        "a;name=b",
        "a;master=",
        "a;auth=maybe",
        "a;auth=no;auth=no",
    ],
)
def test_anything_else_is_no_list_of_sentinels(text):
    with pytest.raises(ValidationError, match="is not a list like"):
        parse_sentinels(text)


def test_the_settings_say_where_redis_is():
    settings = read_settings({"BOOKHOOK_REDIS_SENTINELS": "a:1;master=m", "REDIS_URL": "redis://u:pw@x/2"})

    with redis_address(settings) as address:
        assert address == BehindSentinels("redis://u:pw@x/2", sentinels(("a", 1), master="m"))
    assert "pw" not in repr(address)


def test_sentinels_and_a_unix_socket_contradict_each_other():
    with pytest.raises(ConfigError, match="BOOKHOOK_REDIS_SENTINELS: sentinels know of hosts and ports only"):
        read_settings({"BOOKHOOK_REDIS_SENTINELS": "a:1", "REDIS_URL": "unix:///run/redis.sock"})


@pytest.mark.parametrize(("auth", "account"), [(False, {}), (True, {"username": "u", "password": "p w"})])
def test_account_database_and_times_come_from_the_url_and_sentinels_get_the_account_if_they_want_it(auth, account):
    place = BehindSentinels("redis://u:p%20w@ignored:1/2", sentinels(("a", 1), auth=auth))

    with connect_redis(place, answer_seconds=2.0) as client:
        server = client.connection_pool.connection_kwargs
        [sentinel] = client.connection_pool.sentinel_manager.sentinels

    told = sentinel.connection_pool.connection_kwargs
    assert {name: server[name] for name in ("username", "password", "db")} == {
        "username": "u",
        "password": "p w",
        "db": 2,
    }
    assert (server["socket_connect_timeout"], server["socket_timeout"]) == (1.0, 2.0)
    assert (server["retry"]._retries, told["retry"]._retries) == (0, 0)
    assert (told["socket_connect_timeout"], told["socket_timeout"]) == (1.0, 1.0)
    assert {name: told[name] for name in ("username", "password") if told.get(name)} == account


def test_with_rediss_both_servers_and_sentinels_are_spoken_to_in_tls():
    place = BehindSentinels("rediss://x:1?ssl_ca_certs=/ca.pem", sentinels(("a", 1)))

    with connect_redis(place) as client:
        [sentinel] = client.connection_pool.sentinel_manager.sentinels
        pools = (client.connection_pool, sentinel.connection_pool)

    assert [issubclass(pool.connection_class, redis.SSLConnection) for pool in pools] == [True, True]
    assert [pool.connection_kwargs["ssl_ca_certs"] for pool in pools] == ["/ca.pem", "/ca.pem"]


def test_no_sentinel_is_forgotten_when_many_threads_ask_at_once(failover):
    *_, settings = failover
    with open_redis(settings) as client, ThreadPoolExecutor(8) as pool:
        manager = client.connection_pool.sentinel_manager
        known = {str(sentinel) for sentinel in manager.sentinels}
        found = list(pool.map(lambda _: manager.discover_master("books"), range(200)))

    assert len(set(found)) == 1
    assert {str(sentinel) for sentinel in manager.sentinels} == known
    assert len(known) == 2


def test_without_any_sentinel_redis_is_away_at_once():
    place = BehindSentinels("redis://", sentinels(("127.0.0.1", 1)))

    with connect_redis(place) as client:
        with pytest.raises(redis.ConnectionError):
            client.ping()
        follow_master(client)


@pytest.fixture
def failover(servers):
    """A master, its replica, and two sentinels of which one is always dead, as settings."""
    master, replica = servers.redis(), servers.redis()
    replica.replicate(master)
    sentinel = servers.sentinel(master)
    setting = f"127.0.0.1:1,127.0.0.1:{sentinel.port};master=books"
    return master, replica, sentinel, read_settings({"BOOKHOOK_REDIS_SENTINELS": setting})


def port_of(client):
    return client.info("server")["tcp_port"]


def test_a_client_moves_to_the_new_master_by_itself(failover):
    master, replica, _, settings = failover
    with open_redis(settings) as client:
        assert port_of(client) == master.port

        master.kill()
        with pytest.raises(redis.ConnectionError):
            client.set("key", "value")
        until(lambda: answers(client), "the client has found the new master")

        assert port_of(client) == replica.port


def test_a_client_leaves_a_server_that_is_no_longer_the_master(failover):
    _, replica, sentinel, settings = failover
    with open_redis(settings) as client, connect_redis(sentinel.url) as watcher:
        client.set("key", "value")
        watcher.sentinel_failover("books")
        until(lambda: watcher.sentinel_master("books")["port"] == replica.port, "the sentinel has failed over")

        follow_master(client)

        assert port_of(client) == replica.port


def answers(client) -> bool:
    try:
        return client.ping()
    except redis.RedisError:
        return False


def test_a_write_to_a_replica_counts_as_redis_being_away(servers):
    master, replica = servers.redis(), servers.redis()
    replica.replicate(master)

    with connect_redis(replica.url) as client, pytest.raises(redis.exceptions.RedisError):
        client.register_script("return redis.call('SET', 'key', 'value')")()


def test_following_the_master_does_nothing_without_sentinels(redis_url):
    with connect_redis(redis_url) as client:
        follow_master(client)
        assert client.ping()


def test_what_a_redis_may_lose_or_hide_is_named(servers, redis):
    server = servers.redis(**{"maxmemory-policy": "allkeys-lru"})
    with connect_redis(server.url) as client:
        told = list(find_risks(client))
        client.acl_setuser("app", enabled=True, nopass=True, keys=["*"], categories=["+@all", "-@dangerous"])
    with connect_redis(server.url.replace("redis://", "redis://app:x@")) as client:
        hidden = list(find_risks(client))

    assert list(find_risks(redis)) == []
    assert [risk.split(":")[0] for risk in told] == [
        "Redis forgets with every restart what is to be done and what was posted",
        "Redis may throw away what was posted when its memory is full",
    ]
    assert [risk.split(",")[0] for risk in hidden] == ["Redis refuses INFO to this user"]
