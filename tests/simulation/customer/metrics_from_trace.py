"""The metrics of a scenario, computed from the initial customers and the trace of a run, without any engine.

Nothing is grouped into intervals here, and nothing is counted while the run goes on.
"""

from math import expm1, log1p
from typing import NamedTuple

from journey.decision.policy import TIERS
from simulation.runs.cohort import draw_initial_customers
from tests.journey.statistics.survival_samples import CENSORED, COMPETED, REACHED, Sample

PREFIXES = {"move": "move", "action": "action", "signal": "signal", "review_decided": "review"}


class History(NamedTuple):
    """What happened to one customer.

    Attributes:
        segment, tier: Of the customer.
        stage: The stage at the start.
        age: Days already spent in it.
        start: Day of the start.
        value: Account value at the start.
        rows: The rows of the trace, in order.
    """

    segment: str
    tier: str
    stage: str
    age: float
    start: float
    value: float
    rows: list


def read_all(arm_spec, run, seed):
    """The histories of all customers that start within the run."""
    cohort, customers = draw_initial_customers(arm_spec, seed=seed, replication=0)
    stages = arm_spec.journey.compile().stages
    by_customer = {}
    for row in run.trace.sorted_rows():
        by_customer.setdefault(row.customer, []).append(row)
    return [
        History(
            cohort.segments[each.segment],
            TIERS[each.tier],
            stages[each.stage],
            each.days_in_stage,
            each.arrives_at,
            each.account_value,
            by_customer.get(each.number, []),
        )
        for _, each in customers
        if each.arrives_at < run.days
    ]


def events(history, *, arrival=False):
    """The events that metrics count, as (day, name); an entry into a stage has its name."""
    for row in history.rows:
        kind = PREFIXES.get(row.kind)
        if kind is not None and row.reason not in ("orphaned", "duplicate"):
            yield row.time, f"{kind}:{row.label}"
        if row.kind == "move" or (arrival and row.kind == "arrival"):
            yield row.time, row.to_stage


def stays(history, days):
    """Every stay as (stage, first day, last day), the one at the end of the run included."""
    stage, since = history.stage, history.start
    for row in history.rows:
        if row.kind == "move":
            yield stage, since, row.time
            stage, since = row.to_stage, row.time
    yield stage, since, days


def observe(spec, history, exits, days):
    """The observation of a customer as (length, kind of end, age at the beginning); None if there is none."""
    target, origin = spec.reached or spec.time_to, spec.from_stage
    begun, age = None, 0.0
    if origin is None and history.stage != target and history.stage not in exits:
        begun = history.start
    elif origin is not None and history.stage == origin:
        begun, age = history.start - history.age, history.age
    for day, name in events(history):
        if begun is not None and (name == target or (name in exits and name not in (origin, target))):
            return day - begun, REACHED if name == target else COMPETED, age
        if begun is None and origin is not None and name == origin:
            begun = day
    return None if begun is None else (days - begun, CENSORED, age)


def revenue(spec, history, arm_spec, days):
    """Discounted revenue of a customer, in all stages or in one."""
    rate, total, value = log1p(arm_spec.yearly_discount) / 365.0, 0.0, history.value
    stage, since = history.stage, history.start
    for row in [*history.rows, None]:
        until = days if row is None else row.time
        if stage not in arm_spec.exit_stages and spec.revenue in ("all", stage):
            earned = (expm1(-rate * since) - expm1(-rate * until)) / rate if rate else until - since
            total += value / 365.0 * earned
        since = until
        if row is not None and row.kind == "value_change":
            value = row.value
        if row is not None and row.kind == "move":
            stage = row.to_stage
    return total


def value_at_end(history):
    """The account value at the end of the run."""
    changes = [row.value for row in history.rows if row.kind == "value_change"]
    return changes[-1] if changes else history.value


def compute(spec, histories, arm_spec, days):
    """The value of a metric that is not an observation."""
    measure, count = spec.measure, len(histories)
    ends = [[*stays(history, days)][-1][0] for history in histories]
    if measure == "count_of":
        return sum(name == spec.count_of for each in histories for _, name in events(each, arrival=True))
    if measure == "revenue":
        return sum(revenue(spec, each, arm_spec, days) for each in histories)
    if measure == "value_of":
        return sum(value_at_end(each) for each, end in zip(histories, ends, strict=True) if end == spec.value_of)
    if not count:
        return None
    if measure == "time_in":
        inside = (stop - start for each in histories for name, start, stop in stays(each, days) if name == spec.time_in)
        return sum(inside) / count
    if isinstance(spec.share_of, str):
        had = (spec.share_of in {each.stage, *(name for _, name in events(each))} for each in histories)
        return sum(had) / count
    return sum(end == spec.share_of.stage_at_end for end in ends) / count


def sample_of(spec, histories, arm_spec, days):
    """The observations of all customers, those that begin after the window left out."""
    window = spec.within_days or days
    found = (observe(spec, each, arm_spec.exit_stages, days) for each in histories)
    return Sample(window, [each for each in found if each is not None and each[2] < window])
