"""Requests on one event loop share a round trip, and nothing else."""

import asyncio
from unittest.mock import Mock

from errors import NotRecorded
from ingest.gathering import Gathering
from ledger.arrivals import Recorded
from tests.ingest.machine import arrival


class Recorder:
    """Records everything, but not what `refused` names; `together` says what came in one go."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.together: list[list[str]] = []

    def __call__(self, arrivals):
        self.together.append([each.delivery for each in arrivals])
        return [
            NotRecorded("no room") if each.delivery in self.refused else Recorded("queued", each.event_id)
            for each in arrivals
        ]


def run(gathering: Gathering, *calls):
    async def together():
        return await asyncio.gather(*map(gathering.run, calls), return_exceptions=True)

    return asyncio.run(together())


def test_those_that_come_at_the_same_turn_are_recorded_together_and_each_learns_its_own():
    recorder = Recorder()
    gathering = Gathering(recorder)

    found = run(gathering, *(lambda n=number: gathering.record([arrival(n)])[0].event_id for number in range(3)))

    assert recorder.together == [["d-0", "d-1", "d-2"]]
    assert found == ["ev_00000000", "ev_00000001", "ev_00000002"]


def test_a_request_with_several_events_learns_of_all_of_its_own_and_of_no_other():
    recorder = Recorder()
    gathering = Gathering(recorder)
    several = [[arrival(0)], [arrival(number) for number in (1, 2, 3)], [arrival(4)]]

    found = run(gathering, *(lambda own=own: [each.event_id for each in gathering.record(own)] for own in several))

    assert recorder.together == [["d-0", "d-1", "d-2", "d-3", "d-4"]]
    assert found == [["ev_00000000"], ["ev_00000001", "ev_00000002", "ev_00000003"], ["ev_00000004"]]


def test_what_could_not_be_recorded_is_told_to_the_request_that_it_came_with():
    gathering = Gathering(Recorder("d-1"))

    [kept], [refused] = run(gathering, *(lambda n=number: gathering.record([arrival(n)]) for number in range(2)))

    assert (kept.status, refused.message) == ("queued", "no room")


def test_a_fault_in_recording_is_raised_in_each_request_and_the_next_are_served():
    gathering = Gathering(Mock(side_effect=[ZeroDivisionError(), [Recorded("queued", "ev_3")]]))

    first = run(gathering, *(lambda n=number: gathering.record([arrival(n)]) for number in range(2)))
    [after] = run(gathering, lambda: gathering.record([arrival(3)])[0].status)

    assert [type(error) for error in first] == [ZeroDivisionError] * 2
    assert after == "queued"


def test_a_call_that_records_nothing_or_fails_is_as_if_called_directly():
    gathering = Gathering(Recorder())

    nothing, failed = run(gathering, lambda: "alive", lambda: {}["missing"])

    assert (nothing, type(failed)) == ("alive", KeyError)


def test_one_that_went_away_meanwhile_does_not_hold_up_the_others():
    recorder = Recorder()
    gathering = Gathering(recorder)

    async def serve():
        gone = asyncio.create_task(gathering.run(lambda: gathering.record([arrival(1)])))
        stays = asyncio.create_task(gathering.run(lambda: gathering.record([arrival(2)])[0].status))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    assert asyncio.run(serve()) == "queued"
    assert recorder.together == [["d-1", "d-2"]]


def test_outside_of_an_event_loop_each_is_recorded_at_once():
    recorder = Recorder("d-2")
    gathering = Gathering(recorder)

    assert gathering.record([arrival(1)])[0].status == "queued"
    assert isinstance(gathering.record([arrival(2)])[0], NotRecorded)
    assert recorder.together == [["d-1"], ["d-2"]]
