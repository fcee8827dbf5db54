"""What a handshake asks for besides its answer (a form to be opened), done by threads that hold up no request.

Nothing of it is recorded: whoever asked sees at once whether it was done, and is told why not.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from errors import BookhookError
from mappings import Post, Then
from outbound import ApiCall, Apis, NotDelivered, Outbound

THREADS = 4
MOST_WAITING = 64
# What opens a form is good for three seconds: docs.slack.dev/interactivity/handling-user-interaction
CALL_SECONDS = 3.0
log = structlog.get_logger()


class Errands:
    """Does one post after the other; `address` gives the call of a connection's post, with its credentials."""

    def __init__(self, apis: Apis, outbound: Outbound, address: Callable[[str, Post], ApiCall]) -> None:
        self._apis = apis
        self._outbound = outbound
        self._address = address
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="errands")
        self._room = threading.Semaphore(MOST_WAITING)

    def do(self, connection: str, then: Then) -> None:
        """Has it done soon; what there is no room for is left, since it would come too late."""
        if self._room.acquire(blocking=False):
            self._pool.submit(self._run, connection, then)
        else:
            log.warning("errand_left", connection=connection)

    def finish(self) -> None:
        """Returns when all is done; nothing more can be done then."""
        self._pool.shutdown()

    def _run(self, connection: str, then: Then) -> None:
        try:
            reason = self._try(connection, then)
            log.info("errand_done" if reason is None else "errand_failed", connection=connection, reason=reason)
            if reason is not None:
                self._tell(then, reason)
        except Exception:  # the outermost line of what nobody waits for
            log.exception("errand_failed", connection=connection)
        finally:
            self._room.release()

    def _try(self, connection: str, then: Then) -> str | None:
        """Why it was not done; None if it was."""
        try:
            answer = self._apis.tell(self._address(connection, then.post), then.post.body)
        except BookhookError as trouble:
            return trouble.message
        return then.post.refusal(answer)

    def _tell(self, then: Then, reason: str) -> None:
        answer = then.otherwise(reason)
        if answer is None:
            return
        try:
            self._outbound.post_json(answer.url, answer.body, hosts=answer.hosts)
        except NotDelivered as failure:
            log.warning("answer_not_delivered", reason=str(failure))
