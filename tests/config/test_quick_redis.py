"""The quick client of Redis does what redis-py's does."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import DataError, ResponseError

from config.redis_client import connect_redis


def test_each_thread_gets_the_answers_to_its_own_commands(redis):
    together = threading.Barrier(8)

    def ask(number):
        together.wait(10)
        return [int(redis.echo(f"{number}{repeat:04}")) for repeat in range(200)]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(1, 9)))

    assert answers == [[number * 10_000 + repeat for repeat in range(200)] for number in range(1, 9)]


def test_what_redis_refuses_is_raised_and_the_next_command_gets_its_own_answer(redis):
    redis.set("word", "x")

    with pytest.raises(ResponseError):
        redis.incr("word")

    assert redis.get("word") == b"x"


def test_what_cannot_be_sent_is_refused_and_nothing_is_sent(redis):
    with pytest.raises(DataError):
        redis.set("key", object())

    assert redis.get("key") is None


def test_a_connection_that_was_closed_while_nobody_used_it_is_replaced(redis, redis_url):
    redis.ping()
    with connect_redis(redis_url) as other:
        other.client_kill_filter(_type="normal", skipme=True)

    assert redis.ping()


def test_a_connection_is_given_to_one_caller_at_a_time_and_kept_for_the_next(redis):
    pool = redis.connection_pool
    first, second = pool.get_connection(), pool.get_connection()
    assert first is not second

    for connection in (first, second, second):  # given back twice, it is still there once
        pool.release(connection)

    assert {pool.get_connection(), pool.get_connection()} == {first, second}
    assert pool.get_connection() not in (first, second)


def test_a_connection_with_an_answer_that_nobody_read_is_replaced(redis):
    connection = redis.connection_pool.get_connection()
    connection.send_command("ECHO", "not asked for")
    assert connection.can_read(timeout=10)
    redis.connection_pool.release(connection)

    assert redis.echo("asked for") == b"asked for"
