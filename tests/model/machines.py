"""Trying state machines, and games, the same way in every run: what fails once fails always."""

from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def steady(examples: int) -> settings:
    """As many examples, always the same, however slow the machine is."""
    return settings(
        derandomize=True,
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


def try_machine(make: Callable[[], RuleBasedStateMachine], *, examples: int, steps: int) -> None:
    """Raises what any of so many runs of the machine found."""
    run_state_machine_as_test(make, settings=settings(steady(examples), stateful_step_count=steps))
