"""`python -m benchmarks.fast_worker <origin> <factor> <threads>`: `bookhook worker` by a fast clock.

The same parts put together in the same way. What it does by the clock (quota, leases, tokens, waiting times) follows
the clock it is given; its ticks, which are real time, are made as much shorter.
"""

import sys

from benchmarks.fast_clock import FastClock
from cli.deployment import read_deployment
from cli.desk import open_desk
from cli.ledgers import ledger_of
from config.logs import configure_logs
from config.redis_client import connect_redis, redis_address
from worker import process


def main(origin: float, factor: float, threads: int) -> None:
    """Works until SIGTERM."""
    configure_logs("ERROR")
    deployment = read_deployment(posts=True)
    process.TICK_SECONDS /= factor
    with redis_address(deployment.settings) as url, connect_redis(url) as redis:
        ledger = ledger_of(deployment, redis, clock=FastClock(origin, factor))
        desk = open_desk(deployment, ledger, report=lambda error: print(repr(error), flush=True))
        process.run_worker(desk, lambda: connect_redis(url), threads=threads, burst=False)


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
