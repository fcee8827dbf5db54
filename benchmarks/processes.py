"""What processes and Redis say of their own use: CPU, memory, commands."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis


def cpu_seconds(pid: int) -> float:
    """The CPU time of a running process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def most_bytes(pid: int) -> int:
    """The most memory (resident set) a running process has had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def threads_of(pid: int) -> int:
    """How many threads a running process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


@dataclass
class Commands:
    """Commands that Redis was sent, and those that scripts carried out inside of it."""

    sent: int = 0
    in_scripts: int = 0


@contextmanager
def counting(redis: Redis) -> Iterator[Commands]:
    """Counts every command while the context lasts; costs Redis a good part of its speed."""
    counted, is_over = Commands(), threading.Event()
    with redis.monitor() as monitor:

        def count() -> None:
            for command in monitor.listen():
                if "bench:over" in command["command"]:
                    return is_over.set()
                if command["client_type"] == "lua":
                    counted.in_scripts += 1
                else:
                    counted.sent += 1

        thread = threading.Thread(target=count, daemon=True)
        thread.start()
        yield counted
        redis.echo("bench:over")
        assert is_over.wait(60), "Redis did not tell of its last command"
        thread.join()
