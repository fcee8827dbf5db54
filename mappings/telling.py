"""What is told later, at the sender, and what a handshake has done once it is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from errors import NeedsAttention
from mappings.conversions import Unfit
from mappings.expressions import Interpreter
from mappings.grammar import OTHERWISE, AnswerPlan, LatePlan, ThenPlan
from mappings.posts import Post, fill_post
from mappings.templates import fill_json


@dataclass(frozen=True)
class Answer:
    """An outcome to be told: JSON for `url`, whose host must be one of `hosts`; `late` where that is surely refused."""

    url: str
    hosts: tuple[str, ...]
    body: Mapping[str, object]
    late: Post | None = None


@dataclass(frozen=True)
class Then:
    """What is to be done once a handshake is answered: a post."""

    post: Post
    plan: ThenPlan = field(repr=False)
    interpreter: Interpreter = field(repr=False)

    def otherwise(self, reason: str) -> Answer | None:
        """What to tell where the post was not taken, and why not; None if there is nothing to tell."""
        scope = replace(self.interpreter.scope, facts={"reason": reason})
        return fill_answer(self.plan.otherwise, OTHERWISE, Interpreter(scope))


def fill_then(plan: ThenPlan, interpreter: Interpreter) -> Then | None:
    """What is to be done; None where something that the post is made of is not there."""
    post = fill_post(plan.post, plan.content, plan.fault, interpreter)
    return Then(post, plan, interpreter) if post else None


def fill_answer(plan: AnswerPlan, outcome: str, interpreter: Interpreter) -> Answer | None:
    """What to tell of the outcome, and where; None where there is nothing to tell, or nowhere. Never raises."""
    try:
        url = plan.url.run(interpreter, interpreter.scope.root)
        body = fill_json(plan.bodies[outcome], interpreter, interpreter.scope.root)
    except (NeedsAttention, Unfit):
        return None
    if not (isinstance(url, str) and url and isinstance(body, dict)):
        return None
    return Answer(url, plan.hosts, body, _fill_late(plan.late, body, interpreter) if plan.late else None)


def _fill_late(plan: LatePlan, body: Mapping[str, object], interpreter: Interpreter) -> Post | None:
    post = fill_post(plan.post, plan.content, plan.fault, interpreter)
    return replace(post, body={**body, **post.body}) if post else None
