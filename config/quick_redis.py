"""redis-py without what nobody here asks of it: a third of what a command costs is asking for retries, metrics, events.

A command is sent once, and nothing of it is told to anybody. Everything else is redis-py's.
"""

import os
from typing import Any

import hiredis
import redis


class Client(redis.Redis):
    """Sends commands to Redis; safe to share between threads."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Redis' answer to one command."""
        connection = self.connection or self.connection_pool.get_connection()
        try:
            connection.send_command(*args, **options)  # type: ignore[no-untyped-call]
            return self.parse_response(connection, args[0], **options)  # type: ignore[no-untyped-call]
        finally:
            if not self.connection:
                self.connection_pool.release(connection)


class Pool(redis.ConnectionPool):
    """Connections of one process to a Redis, given to one caller at a time."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, command_packer=Packer(), **settings)

    def get_connection(self, *_: Any, **__: Any) -> Any:
        """A connection that is ready for a command; one that was closed meanwhile is made anew by that command."""
        connection = self._take()
        if connection is None:
            return super().get_connection()
        if connection.is_connected and not _is_quiet(connection):
            connection.disconnect()
        return connection

    def release(self, connection: Any) -> None:
        """Takes a connection back."""
        if self.pid != os.getpid() or connection.should_reconnect():
            return super().release(connection)
        with self._lock:
            if connection in self._in_use_connections:
                self._in_use_connections.remove(connection)
                self._available_connections.append(connection)

    def _take(self) -> Any:
        with self._lock:
            if self.pid != os.getpid() or not self._available_connections:
                return None
            connection = self._available_connections.pop()
            self._in_use_connections.add(connection)
            return connection


def _is_quiet(connection: Any) -> bool:
    """Whether the connection is open and holds no answer that nobody has read."""
    try:
        return not connection.can_read()
    except (redis.RedisError, OSError):
        return False


class Packer:
    """Puts commands into Redis' protocol."""

    def pack(self, *args: Any) -> list[bytes]:
        """The command as it is sent; the words of its name are arguments of their own."""
        try:
            return [hiredis.pack_command((*args[0].split(), *args[1:]))]
        except TypeError as error:
            raise redis.DataError(error) from None
