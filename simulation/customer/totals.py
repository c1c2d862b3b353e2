"""Running totals of the simulated customers of a run, and the counters built from them at its end."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from itertools import accumulate
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np

from journey.decision.rules import REASONS
from simulation.kernels.record_types import INT64
from simulation.metrics.contacts import CONTACT_ROWS
from simulation.metrics.counters import Counters, build_time_grid
from simulation.metrics.own_totals import OwnTotals
from simulation.metrics.quantile_sketch import BUCKET_COUNT
from simulation.metrics.queue_statistics import QueueStatistics
from simulation.metrics.recurring_revenue import REVENUE_ROWS
from simulation.metrics.rule_totals import RuleTotals
from simulation.model.metric_parameters import INTERVALS, OBSERVATION_ROWS, TIER_COUNT
from simulation.model.rule_parameters import RULE_ROWS
from simulation.trace.codes import OUTCOMES, VERDICTS
from simulation.trace.events import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from simulation.model.arm import CompiledArm


@dataclass(slots=True)
class ArmTotals:
    """Single totals of one arm, with the names and meanings of `simulation.metrics.counters.Counters`."""

    escalations: int = field(default=0, metadata=INT64)
    evaluations: int = field(default=0, metadata=INT64)
    episodes: int = field(default=0, metadata=INT64)
    episodes_seen: int = field(default=0, metadata=INT64)
    misclassified: int = field(default=0, metadata=INT64)
    won_back: int = field(default=0, metadata=INT64)
    alarms_true: int = field(default=0, metadata=INT64)
    alarms_false: int = field(default=0, metadata=INT64)
    contacts_needed: int = field(default=0, metadata=INT64)
    waited: float = 0.0
    waited_expired: float = 0.0
    waited_withdrawn: float = 0.0
    distress_days: float = 0.0
    satisfaction: float = 0.0
    revenue: float = 0.0
    discounts: float = 0.0
    live_value: float = 0.0


def table_shapes(arms: Sequence[CompiledArm], segments: int, points: int) -> dict[str, tuple[int, ...]]:
    """The shape of each table of counts; see `RunningTotals`.

    Args:
        arms: The arms.
        segments: Number of the population's segments.
        points: Number of grid days.
    """
    count, stages = len(arms), len(arms[0].machine.stages)
    own = arms[0].parameters.own_metrics
    metrics, cells = max(1, own.metrics), segments * TIER_COUNT if own.metrics else 1
    rules = len(arms[0].rules)
    return {
        "kinds": (count, len(KINDS)),
        "reasons": (count, len(REASONS)),
        "actions": (count, max(len(arm.policy.actions) for arm in arms)),
        "verdicts": (count, len(VERDICTS)),
        "outcomes": (count, len(OUTCOMES)),
        "arrived": (count, segments),
        "churned": (count, segments),
        "distressed": (count, stages, segments),
        "untreated": (count, stages, segments),
        "occupancy": (count, points, stages),
        "satisfaction": (count, points),
        "waits": (count, BUCKET_COUNT),
        "own_customers": (count, cells),
        "own_counts": (count, metrics, cells),
        "own_amounts": (count, metrics, cells, 3),
        "own_times": (count, cells, max(1, own.observed), OBSERVATION_ROWS, INTERVALS + 1 if own.observed else 1),
        "rule_counts": (count, rules + 1, RULE_ROWS, segments * TIER_COUNT if rules else 1),
    }


class RunningTotals:
    """The totals of a run. The reference engine has them as nested lists, the compiled engine as arrays.

    Attributes:
        grid: Days at which stages and the backlog are counted, increasing from 0 to the horizon.
        points_per_day: Number of grid days per day.
        totals: By arm: single totals.
        stage_days: By arm and stage: customer days.
        recurring: By arm, segment and row of `simulation.metrics.recurring_revenue`: recurring revenue.
        contacts: By arm, segment and row of `simulation.metrics.contacts`: contacts and days.
        kinds, reasons, actions, verdicts, outcomes: By arm and code: number of events.
        arrived, churned: By arm and segment: number of customers.
        distressed, untreated: By arm, stage at onset and segment: number of distress episodes.
        occupancy: By arm, grid day and stage: change in the number of customers since the day before; see
            `accumulate_occupancy`.
        satisfaction: By arm and grid day: change of the sum of the scores since the day before, in units of
            `simulation.metrics.satisfaction`; see `accumulate_satisfaction`.
        waits: By arm and bucket of `simulation.metrics.quantile_sketch`: number of requests decided by a reviewer.
        own_customers: By arm, and segment and tier: number of customers, if the scenario defines metrics.
        own_counts: By arm, metric, and segment and tier: number of events, or of customers.
        own_amounts: By arm, metric, and segment and tier: units in the low and in the high bits, which are added up
            separately, and number of amounts that are too large; see `simulation.customer.own_metrics`.
        own_times: By arm, segment and tier, observation, row of `simulation.model.metric_parameters` and interval:
            number of customers. The last interval has those observed through the window.
        rule_counts: By arm, rule, row of `simulation.model.rule_parameters`, and segment and tier: number of customers.
        queue_statistics: The review queue over time.
        backlog, reviewed, waited: Its tables; see `simulation.metrics.queue_statistics.QueueStatistics`.
    """

    def __init__(self, arms: Sequence[CompiledArm], segments: int, days: float) -> None:
        """Create totals that are all zero.

        Args:
            arms: The arms.
            segments: Number of the population's segments.
            days: Length of the run.
        """
        self.grid = build_time_grid(days)
        self.points_per_day = 1.0 / self.grid[1]
        self.totals = [ArmTotals() for _ in arms]
        self.recurring = [[[0.0] * REVENUE_ROWS for _ in range(segments)] for _ in arms]
        self.contacts = [[[0.0] * CONTACT_ROWS for _ in range(segments)] for _ in arms]
        self.stage_days = [[0.0] * len(arms[0].machine.stages) for _ in arms]
        shapes = table_shapes(arms, segments, len(self.grid))
        tables = {name: _zeros(shape) for name, shape in shapes.items() if name != "own_times"}
        self.kinds, self.reasons, self.actions = tables["kinds"], tables["reasons"], tables["actions"]
        self.verdicts, self.outcomes, self.waits = tables["verdicts"], tables["outcomes"], tables["waits"]
        self.arrived, self.churned, self.occupancy = tables["arrived"], tables["churned"], tables["occupancy"]
        self.distressed, self.untreated = tables["distressed"], tables["untreated"]
        self.satisfaction = tables["satisfaction"]
        self.own_customers, self.own_counts = tables["own_customers"], tables["own_counts"]
        self.own_amounts, self.rule_counts = tables["own_amounts"], tables["rule_counts"]
        # An array takes memory only for what is written: most segments have no customers in a stratum of an experiment.
        self.own_times = np.zeros(shapes["own_times"], dtype=np.int64)
        queue = self.queue_statistics = QueueStatistics(self.grid)
        self.backlog, self.reviewed, self.waited = queue.backlog, queue.reviewed, queue.waited


def _zeros(shape: tuple[int, ...]) -> Any:
    return [_zeros(shape[1:]) for _ in range(shape[0])] if len(shape) > 1 else [0] * shape[0]


def accumulate_occupancy(changes: Sequence[Sequence[int]]) -> list[list[int]]:
    """The number of customers by grid day and stage, from its changes."""
    return [list(map(int, day)) for day in accumulate(changes, lambda day, change: list(map(add, day, change)))]


def accumulate_satisfaction(changes: Sequence[int]) -> list[int]:
    """The sum of the scores by grid day, in units, from its changes."""
    return [int(units) for units in accumulate(changes)]


def build_counters(compiled_arm: CompiledArm, index: int, engine: Any, segments: tuple[str, ...]) -> Counters:
    """The counters of one arm.

    Args:
        compiled_arm: The arm.
        index: Its number, from 0.
        engine: The engine at the horizon, with the tables of `RunningTotals`.
        segments: The population's segments.
    """
    counters, single = Counters(segments), engine.totals[index]
    numbers, stages = range(len(segments)), range(len(compiled_arm.machine.stages))
    counters.customers.update(_nonzero(numbers, engine.arrived[index]))
    counters.churned.update(_nonzero(numbers, engine.churned[index]))
    counters.kinds.update(_nonzero(KINDS, engine.kinds[index]))
    counters.reasons.update(_nonzero(REASONS, engine.reasons[index]))
    counters.actions.update(_nonzero(range(len(compiled_arm.policy.actions)), engine.actions[index]))
    counters.verdicts.update(_nonzero(VERDICTS, engine.verdicts[index]))
    counters.outcomes.update(_nonzero(OUTCOMES, engine.outcomes[index]))
    counters.waits.update(_nonzero(range(BUCKET_COUNT), engine.waits[index]))
    for stage in stages:
        counters.stage_days[stage] = float(engine.stage_days[index][stage])
        of_segments = _nonzero(numbers, engine.distressed[index][stage])
        counters.distressed.update({(stage, segment): n for segment, n in of_segments.items()})
        of_segments = _nonzero(numbers, engine.untreated[index][stage])
        counters.unhelped.update({(stage, segment): n for segment, n in of_segments.items()})
    if compiled_arm.metrics:
        counters.own = OwnTotals(
            np.array(engine.own_customers[index]),
            np.array(engine.own_counts[index]),
            np.array(engine.own_amounts[index]),
            engine.own_times[index],
        )
    if compiled_arm.rules:
        counters.rules = RuleTotals(np.array(engine.rule_counts[index]))
    for segment in numbers:
        for row in range(REVENUE_ROWS):
            counters.recurring[segment, row] = float(engine.recurring[index][segment][row])
        for row in range(CONTACT_ROWS):
            counters.contacts[segment, row] = float(engine.contacts[index][segment][row])
    for each in fields(ArmTotals):
        # A record of the compiled engine holds NumPy scalars.
        value = single[each.name].item() if not isinstance(single, ArmTotals) else getattr(single, each.name)
        setattr(counters, each.name, value)
    return counters


def _nonzero(names: Iterable[Any], counts: Iterable[Any]) -> dict[Any, int]:
    # The compiled engine's tables of actions are as wide as those of the arm with the most actions.
    return {name: int(count) for name, count in zip(names, counts, strict=False) if count}
