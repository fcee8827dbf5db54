"""A source: everything a mapping file says, as questions with answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from drafts import Drafts
from errors import MappingError, NeedsAttention, Unreadable
from mappings import conversions, times
from mappings.conversions import Unfit
from mappings.drafting import failure, is_true, run
from mappings.examples import Example, read_examples, read_request
from mappings.expenses import Options
from mappings.expressions import Expression, Interpreter, Scope
from mappings.grammar import Block, Event, Plan, ReplyPlan, Verify
from mappings.received import Received
from mappings.rendering import enter, glance, name_order, render_event
from mappings.templates import Template, fill_json, json_bytes

_LARGEST_HANDSHAKE = 4096
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Reply:
    """An answer to the sender."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Handshake:
    """A request to be answered and recorded nowhere; when `signed`, only after its signature was verified."""

    signed: bool
    reply: Reply


@dataclass(frozen=True)
class Identity:
    """What an event is: its topic ("" if it has none), its delivery, and what names its order or expense.

    `version` is when the order was last changed, in unix seconds, if that can be read. `ignored` says why it is not for
    us; `problem` is what a person must see to, as far as it shows here: what is not asked for is not read.
    """

    topic: str
    delivery: str | None = None
    once_per: str | None = None
    version: float | None = None
    ignored: str | None = None
    problem: NeedsAttention | None = None


@dataclass(frozen=True)
class Answer:
    """An outcome to be told: JSON for `url`, whose host must be one of `hosts`."""

    url: str
    hosts: tuple[str, ...]
    body: Mapping[str, object]


@dataclass(frozen=True)
class Source:
    """A kind of sender, read from its folder."""

    folder: Path
    plan: Plan = field(repr=False)

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

    def handshake(self, received: Received) -> Handshake | None:
        """The handshake this request is, if it is one; larger bodies than 4096 bytes never are. Never raises."""
        if not self.plan.handshakes or len(received.body) > _LARGEST_HANDSHAKE:
            return None
        try:
            interpreter = Interpreter(_glimpse(received))
        except Unreadable:
            return None
        for plan in self.plan.handshakes:
            if is_true(_attempt(plan.when, interpreter)):
                reply = _fill_reply(plan.reply, interpreter)
                return Handshake(plan.signed, reply) if reply else None
        return None

    def identify(self, received: Received) -> Identity:
        """What the event is. Never raises: what cannot be read becomes `problem`."""
        found = self._identify(received)
        if found.ignored is not None:  # nobody looks at it again, so it is read as strictly here as it would be there
            try:
                _ = received.root
            except Unreadable as error:
                return Identity(found.topic, found.delivery, problem=error)
        return found

    def _identify(self, received: Received) -> Identity:
        try:
            interpreter, unreadable = Interpreter(_glimpse(received)), None
        except Unreadable as error:
            interpreter, unreadable = Interpreter(Scope(headers=received.headers)), error
        topic = _word(_attempt(self.plan.topic, interpreter)) or ""
        delivery = _word(_attempt(self.plan.delivery.expression, interpreter)) if self.plan.delivery else None
        if unreadable:
            return Identity(topic, delivery, problem=unreadable)
        if not topic:
            return Identity(topic, delivery, problem=failure("identify.topic", "nothing there", self.plan.topic.text))
        if self.plan.delivery and not self.plan.delivery.optional and not delivery:
            expression = self.plan.delivery.expression.text
            return Identity(topic, problem=failure("identify.delivery", "nothing there", expression))
        event = self.plan.events.get(topic)
        if event is None:
            return Identity(topic, delivery, ignored=f"nothing is mapped for the topic {topic}")
        return _identify_event(event, interpreter.scope, topic, delivery)

    def references(self, received: Received, *, topic: str) -> dict[str, str]:
        """What people search for: `order_number` and `email`, as far as they can be read. Never raises."""
        event = self.plan.events.get(topic)
        try:
            return _references(event, enter(event, _scope(received))) if event else {}
        except NeedsAttention:
            return {}

    def render(self, received: Received, options: Options, *, topic: str) -> Drafts:
        """The drafts the event asks for. Raises Unreadable and MappingError."""
        scope = _scope(received, options.time_zone)  # Unreadable before anything else: the topic may be in the body
        if not topic:
            raise failure("identify.topic", "nothing there", self.plan.topic.text)
        event = self.plan.events.get(topic)
        if event is None:
            raise failure("events", "this topic is not mapped")
        return render_event(event, scope, options)

    def reply(self, received: Received, status: str, *, topic: str) -> Reply | None:
        """What the sender gets for `queued`, `duplicate` or `ignored` instead of the usual JSON. Never raises."""
        event = self.plan.events.get(topic)
        plan = event.replies.get(status) if event else None
        if event is None or plan is None:
            return None
        try:
            return _fill_reply(plan, enter(event, _scope(received)))
        except NeedsAttention:
            return None

    def answer(self, received: Received, outcome: str, facts: Mapping[str, str], *, topic: str) -> Answer | None:
        """What to tell of `posted` or `parked`, and where; None if there is nothing to tell. Never raises."""
        event = self.plan.events.get(topic)
        plan = event.answer if event else None
        if event is None or plan is None or outcome not in plan.bodies:
            return None
        try:
            interpreter = enter(event, _scope(received, facts=facts))
            url = plan.url.run(interpreter, interpreter.scope.root)
            body = fill_json(plan.bodies[outcome], interpreter, interpreter.scope.root)
        except (NeedsAttention, Unfit):
            return None
        return Answer(url, plan.hosts, body) if isinstance(url, str) and url and isinstance(body, dict) else None

    def read_request(self, file: Path) -> Received:
        """The request in a file shaped like an example's. Raises OSError, or ValueError if it is none."""
        return Received(*read_request(file, media_type=self.accepts[0]))

    def examples(self) -> list[Example]:
        """Its examples, by name."""
        return read_examples(self.folder / "examples", source=self.name, media_type=self.accepts[0])


def _scope(received: Received, time_zone: str = "UTC", facts: Mapping[str, str] | None = None) -> Scope:
    return Scope(received.root, received.headers, time_zone, {}, facts or {}, received.files)


def _glimpse(received: Received) -> Scope:
    root, files = received.glimpse()
    return Scope(root, received.headers, files=files)


def _identify_event(event: Event, scope: Scope, topic: str, delivery: str | None) -> Identity:
    interpreter = glance(event, scope)
    try:
        ignored = _ignored(event, interpreter)
        once_per = None if ignored else name_order(event, interpreter)
        version = times.moment(_attempt(event.version, interpreter)) if event.version else None
    except MappingError as error:
        return Identity(topic, delivery, problem=error)
    return Identity(topic, delivery, once_per, version, ignored)


def _ignored(event: Event, interpreter: Interpreter) -> str | None:
    for rule in event.ignore_if:
        if is_true(run(rule.when, interpreter, interpreter.scope.root, "ignore_if")):
            return _word(_fill(rule.because, interpreter)) or rule.when.text
    return None


def _references(event: Event, interpreter: Interpreter) -> dict[str, str]:
    refund = event.refunds.blocks[0] if event.refunds else None
    found = {
        "order_number": _first_word(event.invoice or event.expense or refund, "reference_number", interpreter),
        "email": _first_word(event.contact, "email", interpreter),
    }
    return {name: word for name, word in found.items() if word}


def _first_word(block: Block | None, name: str, interpreter: Interpreter) -> str | None:
    """What the field holds, in a block that repeats what it holds for the first item."""
    wanted = block.field(name) if block else None
    if block is None or wanted is None:
        return None
    items = [interpreter.scope.root] if block.each is None else _attempt(block.each, interpreter)
    return _word(_attempt(wanted.expression, interpreter, items[0])) if isinstance(items, list) and items else None


def _attempt(expression: Expression, interpreter: Interpreter, *item: object) -> object:
    try:
        return expression.run(interpreter, item[0] if item else interpreter.scope.root)
    except Unfit:
        return None


def _word(value: object) -> str | None:
    try:
        return conversions.text(value, _LONGEST_NAME)
    except Unfit:
        return None


def _fill(template: Template, interpreter: Interpreter) -> str:
    try:
        return template.fill(interpreter, interpreter.scope.root)
    except Unfit:
        return ""


def _fill_reply(plan: ReplyPlan, interpreter: Interpreter) -> Reply | None:
    try:
        content = fill_json(plan.content, interpreter, interpreter.scope.root)
    except Unfit:
        return None
    if plan.is_json:
        return Reply(plan.status, "application/json", json_bytes(content))
    return Reply(plan.status, "text/plain; charset=utf-8", str(content).encode())
