"""How often an API is called: as the mapping says, by all processes together, and fairly."""

from contextlib import ExitStack

import pytest

from config.keys import Key
from outbound.apis import ApiCall, ApiLimited, ApiRefused, Apis
from outbound.pace import AT_ONCE, REFUSED_SECONDS, Limit, NotNow, Pace, name_api
from tests.outbound.api_server import Reply, served_api

API = name_api("api.shop.example", ["secret"])
LIMIT = Limit(2, 1)


@pytest.fixture
def pace(redis, clock):
    return Pace(redis, clock=clock)


def call(pace, caller, *, has_begun=False, limit=LIMIT):
    """None after a call, else the seconds the caller must wait."""
    try:
        with pace.place(API, limit, caller=caller, has_begun=has_begun, seconds=15):
            return None
    except NotNow as pause:
        return pytest.approx(pause.seconds, abs=0.01)


def test_no_more_calls_are_made_in_any_window_than_allowed(pace, redis, clock):
    another = Pace(redis, clock=clock)

    assert (call(pace, "a"), call(another, "b"), call(pace, "c")) == (None, None, 1.0)
    clock.advance(0.9)
    assert call(another, "c") == 0.1
    clock.advance(0.1)
    assert call(another, "c") is None


def test_whoever_waits_is_called_in_line_one_after_the_other(pace, clock):
    call(pace, "a"), call(pace, "b")

    assert [call(pace, caller) for caller in "cdef"] == [1.0, 1.5, 2.0, 2.5]
    clock.advance(1)
    assert call(pace, "g") == 2.0
    assert call(pace, "c") is None
    clock.advance(0.5)
    assert call(pace, "d") is None


def test_a_thousand_who_wait_ask_no_more_often_than_may_be_called(pace, clock):
    """Each comes when it was told to: the attempts of all together are about as many as there are calls."""
    waiting, attempts = {f"event{number}": clock() for number in range(300)}, 0
    while waiting:
        caller = min(waiting, key=waiting.get)
        clock.now = max(clock.now, waiting[caller])
        attempts += 1
        try:
            with pace.place(API, Limit(10, 1), caller=caller, has_begun=False, seconds=15):
                del waiting[caller]
        except NotNow as pause:
            waiting[caller] = clock() + pause.seconds

    assert attempts < 2.2 * 300


def test_whoever_has_begun_goes_on_before_those_who_have_not(pace, clock):
    call(pace, "a"), call(pace, "b")
    assert [call(pace, caller) for caller in "cde"] == [1.0, 1.5, 2.0]

    assert call(pace, "a", has_begun=True) == 1.0
    clock.advance(1)
    assert call(pace, "a", has_begun=True) is None


def test_only_a_few_calls_are_in_flight_and_a_dead_process_frees_its_place(pace, clock):
    with ExitStack() as opened:
        for number in range(AT_ONCE):
            opened.enter_context(pace.place(API, Limit(100, 1), caller=str(number), has_begun=False, seconds=15))
        assert call(pace, "x", limit=Limit(100, 1)) == 1.0
        clock.advance(1)
        assert call(pace, "x", limit=Limit(100, 1)) == 1.0
        clock.advance(15)
        assert call(pace, "x", limit=Limit(100, 1)) is None


def test_of_many_who_wait_for_an_api_that_hangs_two_a_second_ask_whether_it_still_does(pace, clock):
    waiting = {f"event{number}": clock() for number in range(300)}
    asked = []
    with ExitStack() as opened:
        for number in range(AT_ONCE):
            opened.enter_context(pace.place(API, Limit(20, 1), caller=str(number), has_begun=False, seconds=600))
        clock.advance(15)
        began = clock()
        while clock() < began + 100:
            caller = min(waiting, key=waiting.get)
            clock.now = max(clock.now, waiting[caller])
            asked.append(clock())
            with (
                pytest.raises(NotNow) as told,
                pace.place(API, Limit(20, 1), caller=caller, has_begun=False, seconds=600),
            ):
                pass
            assert told.value.why == "busy"
            waiting[caller] = clock() + told.value.seconds

    later = [at for at in asked if at > began + 1]
    assert len(later) <= 2.1 * 100


def test_apis_and_credentials_are_paced_apart_and_not_found_out_from_their_names(pace):
    call(pace, "a"), call(pace, "b")

    with pace.place(name_api("api.shop.example", ["other"]), LIMIT, caller="c", has_begun=False, seconds=15):
        assert "secret" not in API
    assert name_api("a.example", ["b", "c"]) != name_api("a.example", ["bc"])


def test_who_waited_and_never_came_holds_nobody_up(pace, clock):
    call(pace, "a"), call(pace, "b")
    assert call(pace, "gone") == 1.0

    clock.advance(10)
    assert call(pace, "c") is None


@pytest.fixture
def shop():
    with served_api() as server:
        yield server


def test_a_pause_the_api_asks_for_holds_for_everybody(shop, pace, clock):
    shop.replies = [Reply(status=429, headers={"Retry-After": "20"}), Reply()]
    apis = Apis(pace)

    with pytest.raises(ApiLimited, match="called too often"):
        apis.ask(question(shop, "a"))
    with pytest.raises(ApiLimited, match="asked for a pause") as caught:
        apis.ask(question(shop, "b"))
    assert caught.value.retry_after_seconds == pytest.approx(20)
    assert len(shop.asked) == 1

    clock.advance(20)
    assert apis.ask(question(shop, "b")) is not None


def test_a_credential_that_was_refused_is_not_tried_by_everybody(shop, pace, redis):
    shop.replies = [Reply(status=401), Reply()]
    apis = Apis(pace)

    for caller in "abc":
        with pytest.raises(ApiRefused, match="SHOP_API_KEY holds a key that is not valid"):
            apis.ask(question(shop, caller))
    assert len(shop.asked) == 1

    assert apis.ask(question(shop, "a", value="new")) is not None
    [key] = redis.keys("bh:api:*:refused")
    assert 0 < redis.ttl(key) <= REFUSED_SECONDS
    redis.delete(key)
    assert apis.ask(question(shop, "a")) is not None


def question(shop, caller, value="old"):
    key = Key(setting="SHOP_API_KEY", value=value, way="bearer")
    what = {"what": "order", "host": "api.shop.example", "target": "/v1/orders/1"}
    return ApiCall(**what, caller=caller, keys=(key,), limit=Limit(100, 1), origin=shop.origin)
