"""What an event lacks, asked of its sender's API before anything is made of it.

Every answer is kept with the event: whatever interrupts, nothing is asked twice, unless a person wants it anew. No call
to Zoho is reserved meanwhile: what the event needs is reserved when its drafts are known.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import simplejson

from config.connection import Connection
from config.keys import Key
from errors import BookhookError, NeedsAttention
from ledger.records import Event
from mappings import Call, Malformed, Page, Post, Received, Source, Steps, read_answer
from mappings.fetch_grammar import Api
from outbound import ApiAnswer, ApiCall, ApiRefused, Keeper, Limit
from worker.desk import Desk
from worker.options import mapping_options
from worker.reading import received_of
from worker.task import Task

MOST_BYTES = 10 * 1024 * 1024
"""All answers about one event together."""
Answer = dict[str, str | None] | None


def complete(task: Task, source: Source) -> Received:
    """The event with everything its mapping needs. Raises RetryLater and NeedsAttention; what was answered is kept."""
    received = received_of(task.event)
    steps = source.fetching(received, mapping_options(task.options, task.time_zone), topic=task.event.topic)
    fetching = Fetching(partial(_ask, task), _asked_before(task))
    try:
        fetched: dict[str, object] = fetching.go_through(steps)
    except BookhookError:
        _keep(task, fetching, {"asked": fetching.asked})
        raise
    _keep(task, fetching, {"fetched": fetched})
    for line in fetching.told():
        task.note("fetched", line)
    return received.with_fetched(fetched)


def _ask(task: Task, call: Call, has_begun: bool) -> ApiAnswer | None:
    task.books.quota.let_go()
    desk, event = task.desk, task.event
    connection, keys = desk.connections[event.connection], desk.keys[event.connection]
    return desk.apis.ask(address(call, connection, keys, caller=event.event_id, has_begun=has_begun))


def _keep(task: Task, fetching: "Fetching", what: dict[str, object]) -> None:
    if fetching.asked:
        event_id, lease = task.event.event_id, task.lease
        task.desk.ledger.fetched.keep(event_id, lease, simplejson.dumps(what, use_decimal=True))


def _asked_before(task: Task) -> dict[str, Answer]:
    kept: dict[str, dict[str, Answer]] = json.loads(task.event.fetched) if task.event.fetched else {}
    return kept.get("asked", {})


@dataclass
class Fetching:
    """Has the steps of one event answered by `ask`, which is told whether it was asked before.

    `asked` are the answers so far, by host and target; together they may have `most_bytes`.
    """

    ask: Callable[[Call, bool], ApiAnswer | None]
    asked: dict[str, Answer] = field(default_factory=dict)
    most_bytes: int = MOST_BYTES
    _counted: Counter[tuple[str, str]] = field(default_factory=Counter)

    def go_through(self, steps: Steps) -> Any:
        """What the steps give in the end. Raises what asking raises, and NeedsAttention for what cannot be used."""
        try:
            call = next(steps)
            while True:
                call = steps.send(self._page(call))
        except StopIteration as done:
            return done.value

    def told(self) -> Iterator[str]:
        """A line for every step that asked for something."""
        for (step, host), calls in self._counted.items():
            yield f"{step} from {host}" + (f", {calls} calls" if calls > 1 else "")

    def _page(self, call: Call) -> Page | None:
        """What the call is answered, now or before; None where there is no such thing and need not be."""
        key = f"{call.host}{call.target}"
        if key not in self.asked:
            self.asked[key] = self._answer(call)
        self._counted[call.step, call.host] += 1
        kept = self.asked[key]
        return None if kept is None else Page(read_answer(kept["content"] or ""), kept["link"])

    def _answer(self, call: Call) -> Answer:
        self._refuse_more()
        answer = self.ask(call, bool(self.asked))
        if answer is None and not call.optional:
            raise _missing(call)
        return None if answer is None else {"content": _text(call, answer), "link": answer.link}

    def _refuse_more(self) -> None:
        size = sum(len(answer["content"] or "") for answer in self.asked.values() if answer)
        if size > self.most_bytes:
            raise NeedsAttention(
                f"What was fetched is larger than {self.most_bytes // 1024 // 1024} MB.",
                code="too_much_to_fetch",
                remedy="Have the mapping ask for less, then retry; or post this one by hand.",
            )


def _text(call: Call, answer: ApiAnswer) -> str:
    """The answer as text, once it is sure that it can be read."""
    try:
        text = answer.content.decode()
        read_answer(text)
    except (UnicodeDecodeError, Malformed) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise ApiRefused(
            f"What {call.host} answered when asked for {call.step} cannot be read: {reason}.",
            remedy="Look at what the sender's API answers; then retry.",
        ) from None
    return text


def _missing(call: Call) -> NeedsAttention:
    return NeedsAttention(
        f"{call.host} answered that what {call.step} asks for is not there (404 or 410).",
        code="api_missing",
        field=f"fetch.{call.step}",
        remedy="Look it up at the sender. If it was deleted there, see to it by hand and end the event with --done. "
        "Else compare the step's address with the description of the sender's API, and retry.",
    )


def address(
    call: Call, connection: Connection, keys: Mapping[str, str], *, caller: str, has_begun: bool = False
) -> ApiCall:
    """The call with what the connection says: its credentials, of which `keys` are the values, and its hosts."""
    return ApiCall(
        what=call.step,
        host=call.host,
        target=call.target,
        caller=caller,
        has_begun=has_begun,
        keys=tuple(_keys_of(call.api, connection, keys)),
        headers=call.api.headers,
        limit=Limit(call.api.limit.calls, call.api.limit.seconds),
        origin=connection.apis.get(call.host),
    )


def address_of_post(
    connections: Mapping[str, Connection], keys: Mapping[str, Mapping[str, str]], connection: str, post: Post
) -> ApiCall:
    """The call that posts it, with the credentials and hosts of the connection of that name."""
    call = Call(post.target, post.api, post.host, post.target)
    return address(call, connections[connection], keys[connection], caller=connection)


def keepers(desk: Desk, event: Event) -> dict[str, Keeper]:
    """The hosts of the sender's API, where its files may be, too."""
    source, connection = desk.source_of(event), desk.connections[event.connection]
    found = {}
    for written, host in (source.hosts() if source else {}).items():
        if source and host:
            keys = _keys_of(source.plan.apis[written], connection, desk.keys[connection.name])
            found[host] = Keeper(keys=tuple(keys), origin=connection.apis.get(host))
    return found


def _keys_of(api: Api, connection: Connection, keys: Mapping[str, str]) -> Iterator[Key]:
    for each in api.credentials:
        setting = connection.setting_of(each.setting)
        yield Key(setting=setting, value=keys[each.setting], way=each.way, name=each.name, prefix=each.prefix)
