"""The files of the spool: order, limits, and every way in which what was written can be spoilt."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from ingest import spool_files
from ingest.spool import Spool
from tests.ingest.machine import Disk, arrival, drained, left_by_another_process


def test_files_and_folder_are_for_their_owner_only_and_hold_no_credentials(tmp_path):
    file = left_by_another_process(tmp_path / "deep" / "spool", arrival(1))

    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert b"Bearer" not in file.read_bytes()


def test_every_field_of_an_arrival_comes_back(tmp_path):
    odd = arrival(1, body=b"\xff\n\x00{", at=1780000000.123456)
    odd = replace(odd, ignored="a test", delivery=None, topic="\ud800 ä", headers={"X-Name": "é\x00"})
    left_by_another_process(tmp_path, odd)
    given = []

    Spool(tmp_path).drain(lambda each: given.append(each) is None)

    assert given == [replace(odd, headers={"x-name": "é\x00"})]


def test_the_spool_drains_oldest_first_across_files(tmp_path):
    times = list(range(1, 61))
    Random(7).shuffle(times)
    for part in (times[:20], times[20:40], times[40:]):
        left_by_another_process(tmp_path, *(arrival(number) for number in sorted(part)))

    assert drained(tmp_path) == [f"ev_{number:08}" for number in range(1, 61)]
    assert list(tmp_path.glob("*.spool")) == []


def test_a_long_spool_is_several_files_and_shrinks_while_it_drains(tmp_path):
    spool = Spool(tmp_path, file_bytes=1000)
    for number in range(40):
        spool.append(arrival(number))
    depths = []

    spool.drain(lambda each: depths.append(spool.depth()) is None)

    assert depths[0] == 40
    assert depths[-1] < 10
    assert spool.is_empty()


def test_one_process_drains_at_a_time(tmp_path):
    left_by_another_process(tmp_path, arrival(1))
    others = []

    taken = Spool(tmp_path).drain(lambda each: others.append(Spool(tmp_path).drain(lambda each: True)) is None)

    assert (taken, others) == (1, [0])


def test_what_comes_while_it_drains_is_drained_too_and_nothing_is_lost(tmp_path):
    spool, given = Spool(tmp_path), []
    spool.append(arrival(1))

    def record(each):
        given.append(each.event_id)
        if len(given) < 5:
            spool.append(arrival(len(given) + 1))
        return True

    spool.drain(record)
    spool.append(arrival(9))

    assert given == [f"ev_{number:08}" for number in range(1, 6)]
    assert drained(tmp_path) == ["ev_00000009"]


def ends_of_records(folder: Path) -> list[int]:
    """Where each record of the folder's only file ends."""
    [file] = folder.glob("*.spool")
    with spool_files.WaitingFile(file) as waiting:
        return [waiting.position for _ in waiting]


def test_a_record_torn_anywhere_is_known_as_such_and_everything_before_it_drains(tmp_path):
    file = left_by_another_process(tmp_path / "whole", arrival(1), arrival(2), arrival(3))
    _, second, third = ends_of_records(tmp_path / "whole")
    whole = file.read_bytes()
    assert third == len(whole)

    for cut in range(second, third):
        torn = tmp_path / f"cut at {cut}"
        torn.mkdir()
        (torn / file.name).write_bytes(whole[:cut])
        assert Spool(torn).depth() == 2
        assert drained(torn) == ["ev_00000001", "ev_00000002"]
        assert [path.name for path in torn.iterdir()] == ["drain.lock"]


def test_a_byte_changed_anywhere_sets_the_file_aside_and_everything_else_drains(tmp_path):
    file = left_by_another_process(tmp_path / "whole", arrival(1), arrival(2), arrival(3))
    first, second, _ = ends_of_records(tmp_path / "whole")
    whole = file.read_bytes()

    for place in range(first, second):
        folder = tmp_path / f"changed at {place}"
        folder.mkdir()
        changed = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        (folder / file.name).write_bytes(changed)
        assert drained(folder) == ["ev_00000001", "ev_00000003"]
        assert Spool(folder).set_aside() == [folder / f"{file.stem}.damaged"]
        assert Spool(folder).is_empty()
        assert (folder / f"{file.stem}.damaged").read_bytes() == changed


def test_a_last_record_that_is_whole_but_wrong_is_set_aside_not_dropped(tmp_path):
    file = left_by_another_process(tmp_path, arrival(1), arrival(2))
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + b"\x00")

    assert drained(tmp_path) == ["ev_00000001"]
    assert [path.suffix for path in Spool(tmp_path).set_aside()] == [".damaged"]


def test_damage_in_one_file_does_not_keep_others_from_draining(tmp_path):
    file = left_by_another_process(tmp_path, arrival(1))
    left_by_another_process(tmp_path, arrival(2))
    file.write_bytes(b"\x00" * 500)

    assert drained(tmp_path) == ["ev_00000002"]
    assert len(Spool(tmp_path).set_aside()) == 1


def test_a_body_that_looks_like_records_is_only_a_body(tmp_path):
    inner = left_by_another_process(tmp_path / "inner", arrival(7), arrival(8)).read_bytes()
    file = left_by_another_process(tmp_path / "outer", arrival(1, body=inner), arrival(2))
    first, _ = ends_of_records(tmp_path / "outer")
    whole = file.read_bytes()
    file.write_bytes(whole[:30] + b"?" + whole[31:])

    assert first > len(inner)
    assert drained(tmp_path / "outer") == ["ev_00000002"]


def test_a_file_that_was_mended_is_drained_again(tmp_path):
    file = left_by_another_process(tmp_path, arrival(1), arrival(2))
    whole = file.read_bytes()
    file.write_bytes(whole[:40] + b"\x00" + whole[41:])
    drained(tmp_path)
    [aside] = Spool(tmp_path).set_aside()
    aside.write_bytes(whole)
    aside.rename(file)

    assert drained(tmp_path) == ["ev_00000001", "ev_00000002"]


def test_a_record_of_another_version_is_set_aside(tmp_path, monkeypatch):
    monkeypatch.setattr("ingest.spool.encode_arrival", lambda each: b'{"unheard": "of"}\n')
    left_by_another_process(tmp_path, arrival(1))
    monkeypatch.undo()
    left_by_another_process(tmp_path, arrival(2))

    assert drained(tmp_path) == ["ev_00000002"]
    assert len(Spool(tmp_path).set_aside()) == 1


DISK_FULL = """
import resource, sys
from pathlib import Path
from ingest.spool import Spool
from ledger.arrivals import Arrival

spool = Spool(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
for number, size in enumerate((500, 500, 5000, 5000, 5000, 500, 5000, 500)):
    arrival = Arrival(connection="c", source="s", organization="1", topic="t", delivery=None, headers={},
        body=b"x" * size, event_id=f"ev_{number:08}", received_at=float(number))
    try:
        spool.append(arrival)
    except OSError as error:
        print("refused", arrival.event_id)
    else:
        print("kept", arrival.event_id)
"""


def test_what_a_full_disk_cut_short_is_refused_and_spoils_nothing_around_it(tmp_path):
    told = subprocess.run(
        [sys.executable, "-c", DISK_FULL, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout.splitlines()

    kept = [line.split()[1] for line in told if line.startswith("kept")]
    assert kept == ["ev_00000000", "ev_00000001", "ev_00000005", "ev_00000007"]
    assert len(list(tmp_path.iterdir())) == 3
    assert drained(tmp_path) == kept
    assert Spool(tmp_path).set_aside() == []


def test_a_sync_that_failed_is_not_made_good_by_the_next(tmp_path, monkeypatch):
    file = spool_files.WritingFile(tmp_path, started_at=0)
    first, second = file.append(b"1"), file.append(b"2")
    disk = Disk(monkeypatch, tmp_path)
    disk.fails = True
    with pytest.raises(OSError, match="Input/output"):
        file.sync(first)
    disk.fails = False

    with pytest.raises(OSError, match="could not be synced"):
        file.sync(second)
    with pytest.raises(OSError, match="could not be synced"):
        file.close()


def test_a_file_is_not_done_with_while_its_process_adds_to_it(tmp_path, monkeypatch):
    spool, write_all = Spool(tmp_path), spool_files._write_all
    spool.append(arrival(1))
    [path] = tmp_path.glob("*.spool")
    could_finish = []

    def write_watched(descriptor, data):
        with path.open("rb") as other:
            could_finish.append(spool_files.try_lock(other.fileno()))
        write_all(descriptor, data)

    monkeypatch.setattr("ingest.spool_files._write_all", write_watched)
    with spool_files.WaitingFile(path) as waiting:
        assert [each.event_id for each in waiting] == ["ev_00000001"]
        spool.append(arrival(2))
        assert could_finish == [False]
        assert not waiting.finish(keep_refused=True)
        assert [each.event_id for each in waiting] == ["ev_00000002"]
        assert waiting.finish(keep_refused=True)

    assert spool.is_empty()


def test_many_threads_share_a_sync_and_each_waits_for_its_own(tmp_path, monkeypatch):
    syncs = []
    really_sync, gate = spool_files.sync, threading.Event()

    def slow_sync(descriptor):
        syncs.append(descriptor)
        gate.wait(0.02)
        really_sync(descriptor)

    monkeypatch.setattr("ingest.spool_files.sync", slow_sync)
    spool = Spool(tmp_path)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(spool.append, [arrival(number) for number in range(160)]))

    assert spool.depth() == 160
    assert len(syncs) < 80
    assert sorted(drained(tmp_path)) == [f"ev_{number:08}" for number in range(160)]
