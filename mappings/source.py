"""A source: everything a mapping file says, as questions with answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from drafts import Drafts
from errors import NeedsAttention, Unreadable
from mappings.drafting import failure, is_true
from mappings.examples import Example, read_example, read_request, request_files
from mappings.expenses import Options
from mappings.expressions import Interpreter, suggest
from mappings.fetch_grammar import Api
from mappings.fetching import Steps, fetch, find_host
from mappings.grammar import Event, Plan
from mappings.healing import Healing
from mappings.identifying import Identity, attempt, find_references, identify_event, why_ignored, word
from mappings.posts import Post, fill_ask
from mappings.received import Received
from mappings.rendering import glance, name_parts, render_event
from mappings.replying import Reply, fill_reply
from mappings.scopes import NOT_ASKED, Asked, Scope
from mappings.signing import Verify
from mappings.splitting import split
from mappings.telling import Answer, Then, fill_answer, fill_then
from mappings.templates import calls
from mappings.wording import ENGLISH

_LARGEST_HANDSHAKE = 4096
_NOT_FETCHED = "In a dry run, give the answer in the request's file, under `fetched`. Else retry: it is fetched then."


@dataclass(frozen=True)
class Handshake:
    """A request to be answered and recorded nowhere; when `signed`, only after its sender has proved itself.

    `number` is its place among the handshakes of its source, `then` what is to be done once it is answered.
    """

    signed: bool
    reply: Reply
    number: int = 0
    then: Then | None = None


@dataclass(frozen=True)
class Source:
    """A kind of sender, read from its folder; `options` are what `option()` gives, `categories` likewise.

    `uncalled` are the hosts, as they are written, that are not called because a credential may be missing, and is.
    """

    folder: Path
    plan: Plan = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    language: str = ENGLISH
    categories: tuple[str, ...] = ()
    uncalled: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.plan.name

    @property
    def verify(self) -> Verify:
        """How its requests are verified."""
        return self.plan.verify

    @property
    def accepts(self) -> tuple[str, ...]:
        """The media types it sends."""
        return self.plan.accepts

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics it maps."""
        return tuple(self.plan.events)

    @property
    def setting(self) -> str:
        """The setting that holds its secrets."""
        return self.plan.verify.secret

    @property
    def holds_expenses(self) -> bool:
        """Whether its expenses await approval where the connection does not say otherwise."""
        return self.plan.holds_expenses

    @property
    def may_send_several(self) -> bool:
        """Whether a request of it may hold several events."""
        return self.plan.each_event is not None

    def with_options(self, given: Mapping[str, str]) -> "Source":
        """The source as a connection has it that gives its options these values; the others have their defaults."""
        defaults = {name: plan.default for name, plan in self.plan.options.items() if plan.default is not None}
        return replace(self, options={**defaults, **given})

    def in_language(self, language: str) -> "Source":
        """The source as a connection has it whose documents are in that language."""
        return replace(self, language=language)

    def with_categories(self, words: Sequence[str]) -> "Source":
        """The source as a connection has it whose expenses are of these categories."""
        return replace(self, categories=tuple(words))

    def without_calls_to(self, hosts: Iterable[str]) -> "Source":
        """The source as a connection has it that lacks the credentials for these hosts, as the mapping writes them."""
        return replace(self, uncalled=frozenset(hosts))

    def may_call(self, api: Api) -> bool:
        """Whether the credentials for the API are there."""
        return not any(self.plan.apis[host] is api for host in self.uncalled)

    @property
    def acts(self) -> bool:
        """Whether any of its handshakes has something done besides being answered."""
        return any(plan.then and self.may_call(plan.then.post.api) for plan in self.plan.handshakes)

    def as_in_examples(self) -> "Source":
        """The source as its examples take it: options are as they are there."""
        told = {name: plan.example for name, plan in self.plan.options.items() if plan.example is not None}
        return self.with_options(told)

    @property
    def required_options(self) -> tuple[str, ...]:
        """The options that every connection must give a value."""
        return tuple(name for name, plan in self.plan.options.items() if plan.default is None)

    def option_faults(self, given: Mapping[str, str]) -> dict[str, str]:
        """What is wrong with the values a connection gives, by option.

        One that nobody declares, that is missing, or that is none of the words to choose from.
        """
        declared = self.plan.options
        unknown = {
            name: f"{self.name} has no such option{suggest(name, frozenset(declared))}"
            for name in given
            if name not in declared
        }
        missing = {
            name: f"is missing: {declared[name].explanation}" for name in self.required_options if name not in given
        }
        faults = {name: declared[name].fault(value) for name, value in given.items() if name in declared}
        return unknown | missing | {name: fault for name, fault in faults.items() if fault}

    @property
    def telling_apart(self) -> frozenset[str]:
        """The options that `ignore_if` of every event reads: by them it ignores what another connection is to get."""
        events = self.plan.events.values()
        read = [{name for rule in event.ignore_if for name in rule.when.named("option")} for event in events]
        return frozenset(set.intersection(*read)) if read else frozenset()

    def hosts(self) -> Mapping[str, str | None]:
        """The hosts of the sender's API, as the mapping writes them, with what the connection makes of each.

        None where an option of the connection makes it no host name.
        """
        return {written: find_host(api, Scope(**self._own)) for written, api in self.plan.apis.items()}

    def credentials(self) -> Mapping[str, str]:
        """The settings of the credentials its API is asked with, each with the host it is for."""
        return {each.setting: host for host, api in self.plan.apis.items() for each in api.credentials}

    @property
    def step_names(self) -> list[str]:
        """The steps by which its events have more fetched."""
        return sorted({step.name for event in self.plan.events.values() for step in event.fetches})

    @property
    def healing(self) -> Healing:
        """What its sender is asked for webhooks that never came."""
        return Healing(self.plan.heal, self.options, media_type=self.accepts[0])

    def events(self, received: Received) -> list[Received]:
        """The events of a request, each a request of its own; one that cannot be taken apart is one. Never raises."""
        try:
            return self._split(received)
        except NeedsAttention:
            return [received]

    def _split(self, received: Received) -> list[Received]:
        each_event = self.plan.each_event
        return split(each_event, received, self._scope(received)) if each_event else [received]

    @property
    def proofs(self) -> tuple[Verify, ...]:
        """How its requests are verified, and how those of its handshakes are that prove themselves otherwise."""
        return (self.plan.verify, *(plan.verify for plan in self.plan.handshakes if plan.verify))

    @property
    def tells_its_address(self) -> bool:
        """Whether a handshake is answered with the address that the sender was given."""
        return any(calls(plan.reply.content, "address") for plan in self.plan.handshakes)

    def handshake(self, received: Received, method: str = "POST", asked: Asked = NOT_ASKED) -> Handshake | None:
        """The handshake this request is, if it is one; larger bodies than 4096 bytes never are. Never raises."""
        plans = [
            (number, plan)
            for number, plan in enumerate(self.plan.handshakes)
            if plan.method == method and (plan.then is None or self.may_call(plan.then.post.api))
        ]
        if not plans or len(received.body) > _LARGEST_HANDSHAKE:
            return None
        try:
            # An empty object where there is no body: of nothing, JMESPath makes no lists.
            scope = self._glimpse(received) if received.body else Scope({}, received.headers, **self._own)
        except Unreadable:
            return None
        interpreter = Interpreter(replace(scope, asked=asked))
        for number, plan in plans:
            if is_true(attempt(plan.when, interpreter)):
                reply = fill_reply(plan.reply, interpreter)
                then = fill_then(plan.then, interpreter) if plan.then else None
                return Handshake(plan.signed, reply, number, then) if reply else None
        return None

    def identify(self, received: Received) -> Identity:
        """What the event is. Never raises: what cannot be read becomes `problem`."""
        found = self._identify(received)
        if found.ignored is not None:  # nobody looks at it again, so it is read as strictly here as it would be there
            try:
                received.read(self.plan.shape)
            except Unreadable as error:
                return Identity(found.topic, found.delivery, problem=error)
        return found

    def _identify(self, received: Received) -> Identity:
        try:
            interpreter, unreadable = Interpreter(self._glimpse(received)), None
        except Unreadable as error:
            interpreter, unreadable = Interpreter(Scope(headers=received.headers, **self._own)), error
        topic = word(attempt(self.plan.topic, interpreter)) or ""
        delivery = word(attempt(self.plan.delivery.expression, interpreter)) if self.plan.delivery else None
        if unreadable:
            return Identity(topic, delivery, problem=unreadable)
        if not topic:
            return Identity(topic, delivery, problem=self._nameless(received))
        if self.plan.delivery and not self.plan.delivery.optional and not delivery:
            expression = self.plan.delivery.expression.text
            return Identity(topic, problem=failure("identify.delivery", "nothing there", expression))
        event = self.plan.events.get(topic)
        if event is None:
            return Identity(topic, delivery, ignored=f"nothing is mapped for the topic {topic}")
        return identify_event(event, interpreter.scope, topic, delivery)

    def tells_all(self, topic: str) -> bool:
        """Whether events of the topic tell of the whole order each time, also of what became of it."""
        event = self.plan.events.get(topic)
        return event is not None and event.invoice is not None and bool(event.refunds or event.cancel)

    def bills(self, topic: str) -> bool:
        """Whether an event of the topic is about a whole order or expense."""
        event = self.plan.events.get(topic)
        return event is not None and bool((event.invoice and not event.is_edit) or event.expense)

    def cancels(self, topic: str) -> bool:
        """Whether an event of the topic is about the end of an order, and nothing else."""
        event = self.plan.events.get(topic)
        return event is not None and event.cancel is not None and event.invoice is None

    def parts(self, received: Received, *, topic: str) -> list[tuple[str, str]]:
        """Credit notes and payments that the event makes, as kind and `once_per`, where it names them all itself.

        Nothing where what names them has to be fetched. Never raises.
        """
        event = self.plan.events.get(topic)
        try:
            return name_parts(event, glance(event, self._scope(received))) if event else []
        except NeedsAttention:
            return []

    def references(self, received: Received, *, topic: str) -> dict[str, str]:
        """What people search for: `order_number` and `email`, as far as they can be read. Never raises."""
        event = self.plan.events.get(topic)
        try:
            return find_references(event, glance(event, self._scope(received))) if event else {}
        except NeedsAttention:
            return {}

    def fetching(self, received: Received, options: Options, *, topic: str) -> Steps:
        """The calls to the sender's API that the event still needs, to be answered one by one; returns all answers.

        Raises Unreadable and MappingError.
        """
        scope = self._scope(received, options.time_zone)
        return fetch(self._event(received, topic), scope, received.fetched)

    def ignores(self, received: Received, options: Options, *, topic: str) -> str | None:
        """Why the event is not for us, as what was fetched shows; None if it is. Raises Unreadable and MappingError."""
        event = self._event(received, topic)
        if not any(rule.is_late for rule in event.ignore_if):
            return None
        scope = self._scope(received, options.time_zone)
        return why_ignored(event, glance(event, _complete(event, scope)), late=True)

    def render(self, received: Received, options: Options, *, topic: str) -> Drafts:
        """The drafts the event asks for. Raises Unreadable and MappingError."""
        scope = self._scope(received, options.time_zone)  # Unreadable first: the topic may be in the body
        event = self._event(received, topic)
        return render_event(event, _complete(event, scope), options)

    def _nameless(self, received: Received) -> NeedsAttention:
        """Why a request has no topic: perhaps it holds several events that could not be taken apart."""
        try:
            self._split(received)
        except NeedsAttention as error:
            return error
        return failure("identify.topic", "nothing there", self.plan.topic.text)

    def _event(self, received: Received, topic: str) -> Event:
        if not topic:
            raise self._nameless(received)
        event = self.plan.events.get(topic)
        if event is None:
            raise failure("events", "this topic is not mapped")
        return event

    def reply(self, received: Received, status: str, *, topic: str) -> Reply | None:
        """What the sender gets for `queued`, `duplicate` or `ignored` instead of the usual JSON. Never raises."""
        event = self.plan.events.get(topic)
        if event and (plan := event.replies.get(status)):
            try:
                return fill_reply(plan, glance(event, self._scope(received)))
            except NeedsAttention:
                return None
        plan = self.plan.replies.get(status)
        return fill_reply(plan, Interpreter(self._scope_of_anything(received))) if plan else None

    def answer(self, received: Received, outcome: str, facts: Mapping[str, str], *, topic: str) -> Answer | None:
        """What to tell of `posted` or `parked`, and where; None if there is nothing to tell. Never raises."""
        event = self.plan.events.get(topic)
        plan = event.answer if event else None
        if event is None or plan is None or outcome not in plan.bodies:
            return None
        try:
            scope = self._scope(received, facts=facts)
        except Unreadable:
            return None
        answer = fill_answer(plan, outcome, glance(event, scope))
        if answer and plan.late and not self.may_call(plan.late.post.api):
            return replace(answer, late=None)
        return answer

    def ask(self, received: Received, chapter: str, facts: Mapping[str, str], *, topic: str) -> Post | None:
        """The message to approvers about the event, as far as it has come; None where there is none. Never raises."""
        event = self.plan.events.get(topic)
        plan = event.asks if event else None
        if event is None or plan is None or not self.may_call(plan.post.api):
            return None
        try:
            return fill_ask(plan, chapter, glance(event, self._scope(received, facts=facts)))
        except NeedsAttention:
            return None

    @property
    def asks(self) -> bool:
        """Whether it can ask approvers: some of its events may be, and the credentials are there."""
        plans = [event.asks for event in self.plan.events.values() if event.asks]
        return any(self.may_call(plan.post.api) for plan in plans)

    def read_request(self, file: Path) -> Received:
        """The request in a file shaped like an example's. Raises OSError, or ValueError if it is none."""
        body, headers, fetched, at = read_request(file, media_type=self.accepts[0])
        return Received(body, headers, fetched, at=at)

    def examples(self) -> list[Example]:
        """Its examples, by name."""
        return [self.read_example(file) for file in request_files(self.folder / "examples")]

    def read_example(self, file: Path) -> Example:
        """The example whose request is in that file. Raises OSError, or ValueError if it is none."""
        return read_example(file, source=self.name, media_type=self.accepts[0], split=self.events)

    @property
    def _own(self) -> dict[str, Any]:
        """What a scope has of the connection's."""
        return {"options": self.options, "language": self.language, "categories": self.categories}

    def _scope(self, received: Received, time_zone: str = "UTC", facts: Mapping[str, str] | None = None) -> Scope:
        root, files = received.read(self.plan.shape)
        return Scope(
            root,
            received.headers,
            time_zone,
            facts=facts or {},
            files=files,
            fetched=received.fetched,
            arrived=received.at,
            **self._own,
        )

    def _scope_of_anything(self, received: Received) -> Scope:
        """The scope even of what cannot be read, which is recorded, and has a sender that waits for an answer."""
        try:
            return self._glimpse(received)
        except Unreadable:
            return Scope(headers=received.headers, **self._own)

    def _glimpse(self, received: Received) -> Scope:
        root, files = received.glimpse(self.plan.shape)
        return Scope(root, received.headers, files=files, arrived=received.at, **self._own)


def _complete(event: Event, scope: Scope) -> Scope:
    """The scope with everything that was fetched, and nothing for what there was no need to. Raises MappingError."""
    try:
        call = next(fetch(event, scope, scope.fetched))
    except StopIteration as done:
        return replace(scope, fetched=done.value)
    raise failure(f"fetch.{call.step}", "has not been fetched", code="not_fetched", remedy=_NOT_FETCHED)
