"""How `bookhook web` and `bookhook console` are served: granian starts their processes, and others where some die."""

import atexit
import signal
from contextlib import ExitStack

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from cli.deployment import Deployment
from cli.serving import start
from config.logs import SERVER_LOGGING
from config.redis_client import Address, redis_address
from config.signals import end_with_parent

STOP_SECONDS = 8


def serve(factory: str, *, host: str, port: int, interface: Interfaces, processes: int, threads: int = 1) -> None:
    """Serves what the factory (`module:function`) makes in each process, until it is stopped."""
    Granian(
        factory,
        address=host,
        port=port,
        interface=interface,
        workers=processes,
        blocking_threads=threads,
        workers_kill_timeout=STOP_SECONDS,
        websockets=False,
        factory=True,
        respawn_failed_workers=True,
        log_dictconfig=SERVER_LOGGING,
        log_level=LogLevels.warning,
    ).serve()


def start_process() -> tuple[Deployment, Address]:
    """The deployment in a process of the server, and its Redis, which is there until the process ends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # until the server sets its own, not its parent's
    end_with_parent()
    deployment = start()
    open_until_exit = ExitStack()
    atexit.register(open_until_exit.close)
    return deployment, open_until_exit.enter_context(redis_address(deployment.settings))
