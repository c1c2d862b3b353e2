"""Limits on the events of a run: a scenario whose clocks tick absurdly often is refused before it runs for ever."""

from collections.abc import Iterator
from math import log

from journey.core.messages import KeyProblem
from journey.machine import Journey
from scenarios.files.model import Scenario
from scenarios.text.phrases import ceil_significant
from simulation.model.expected_events import ExpectedEvents, expected_events

MAX_EVENTS_PER_CUSTOMER = 1e6
"""Events of one clock and customer in a run: one an hour for a hundred years. The reference engine needs seconds."""

_LARGEST_NUMBER = MAX_EVENTS_PER_CUSTOMER * (1.0 + 1e-9)
"""The limit with room for rounding, so that the value that a message advises is accepted."""

MAX_EVENTS = 1e13
"""Events of one clock in a run: the compiled engine needs days."""

_MAX_LOG_GROWTH = 300.0
"""Expected growth of an account value, as a logarithm: a factor of 1e130, beyond any sum of money."""


def check_expected_events(scenario: Scenario, journey: Journey) -> Iterator[KeyProblem]:
    """The clocks of a scenario with an absurd number of events."""
    days, customers = scenario.horizon_days, scenario.population.size
    evaluates = any(arm.active for arm in scenario.arms.values())
    for events in expected_events(scenario.world, journey, days, evaluates=evaluates):
        if events.number > _LARGEST_NUMBER:
            yield KeyProblem(events.path, _too_often(events, scenario))
        elif events.number * customers > MAX_EVENTS:
            yield KeyProblem(
                ("population", "size"),
                f"{customers:,} customers with about {_count(events.number)} {events.noun} each "
                f"({'.'.join(events.path)}) are about {_count(events.number * customers)} events, but at most "
                f"{_count(MAX_EVENTS)} are simulated in a run; set fewer customers or a shorter horizon_days",
            )
        if events.path[1] == "value_changes":
            yield from _check_growth(events, scenario)


def _too_often(events: ExpectedEvents, scenario: Scenario) -> str:
    days, size = scenario.horizon_days, _count(events.number)
    limit = f"at most {MAX_EVENTS_PER_CUSTOMER:,.0f} are simulated"
    text = f"about {size} {events.noun} per customer within horizon_days = {days:g}, but {limit}; "
    if events.path[-1].endswith("_days"):
        return f"{text}set at least {ceil_significant(days / MAX_EVENTS_PER_CUSTOMER)} days, or a shorter horizon_days"
    if events.noun == "moves":
        return f"{text}set a longer dwell time or smaller hazard ratios, or let customers leave the cycle of moves"
    return f"{text}set a lower rate per day, or a shorter horizon_days"


def _check_growth(events: ExpectedEvents, scenario: Scenario) -> Iterator[KeyProblem]:
    factor = scenario.world.value_changes[events.path[-1]].factor
    if events.number <= _LARGEST_NUMBER and events.number * log(factor) > _MAX_LOG_GROWTH:
        yield KeyProblem(
            (*events.path, "factor"),
            f"about {_count(events.number)} changes by a factor of {factor:g} within the horizon make "
            "the account value too large to compute; set a smaller factor or a lower rate per day",
        )


def _count(number: float) -> str:
    """A number of events as text: ``1,200``, ``5e+09``."""
    return f"{number:,.0f}" if number < 1e9 else f"{number:.0e}"
