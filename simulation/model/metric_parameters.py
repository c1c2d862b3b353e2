"""The metrics of a scenario by index: which event, stage or end of a run counts for which of them.

Names are resolved to codes once. The customer looks up the operations of an event by its code
(`simulation.customer.own_metrics`), so an event that no metric counts costs one comparison.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from journey.decision.policy import TIERS, CompiledPolicy
from journey.machine import CompiledJourney
from simulation.model.metric_spec import ALL_STAGES, MetricSpec, StageAtEnd, split_event
from simulation.trace.codes import VERDICTS

COUNT, SEE, REACH, COMPETE, BEGIN, BEGIN_STAY, ADD = range(7)
"""Operations: count an event; count a customer once; end an observation at its target, or at an end that competes with
it; begin an observation now, or with the age of the current stay; add an amount."""

EVENT_MOVE, EVENT_ACTION, EVENT_SIGNAL, EVENT_REVIEW = range(4)
"""Kinds of events that metrics count."""

REACHED, COMPETED, CENSORED, ENTERED = range(4)
"""Rows of the table of an observation: by interval, the number of customers whose observation ended at the target, at a
competing end or without either, and the number whose observation began at this age."""

OBSERVATION_ROWS = 4

TIER_COUNT = len(TIERS)
"""A customer's segment and tier have one index, ``segment * TIER_COUNT + tier``."""

AMOUNT_UNITS = 1 << 20
"""Units per day or dollar of an amount."""

LOW_BITS = 24
"""Number of the lower bits of an amount, which are added up separately so that no sum overflows."""

INTERVALS = 1024
"""Number of equal intervals into which the window of an observation is divided."""

NO_SLOT = -1

USES_DAYS, USES_REVENUE, USES_ENTRY = 1, 2, 4
"""Bits of a stage: whether a metric adds up the days or the revenue in it, or counts entries into it."""


class Operation(NamedTuple):
    """What an event does for one metric.

    Attributes:
        kind: One of the operations above.
        metric: Index of the metric.
        slot: Index of the metric among those that remember something of a customer, or NO_SLOT.
    """

    kind: int
    metric: int
    slot: int


class OperationTable(NamedTuple):
    """Lists of operations by code. Those of code `c` are from ``first[c]`` to just before ``first[c + 1]``."""

    first: tuple[int, ...]
    operations: tuple[Operation, ...]


class OwnMetricParameters(NamedTuple):
    """The metrics of a scenario, by index.

    Attributes:
        metrics: Number of metrics.
        observed: Number of observations.
        slots: Number of metrics that remember something of a customer: first the observations.
        windows: By observation: length of the window in days; 0 for the length of the run.
        event_first: By kind of event: the code of its first label among all events.
        events: By event: what it counts for.
        entries: By stage: what an entry into it counts for. Ends of observations come before beginnings.
        starts: By stage: what a start in it counts for.
        stays: By stage: the metrics that add up the days in it.
        earnings: By stage: the metrics that add up the revenue in it.
        ends: By stage: the metrics that count its customers at the end of the run, or add up their account values.
    """

    metrics: int
    observed: int
    slots: int
    windows: tuple[float, ...]
    event_first: tuple[int, ...]
    events: OperationTable
    entries: OperationTable
    starts: OperationTable
    stays: OperationTable
    earnings: OperationTable
    ends: OperationTable


class _Codes(NamedTuple):
    """The codes of the names that metrics use.

    Attributes:
        stages: Code of each stage.
        events: Code of each event among all events, by its name such as ``move:churn``.
        exits: Codes of the terminal and lost stages.
    """

    stages: Mapping[str, int]
    events: Mapping[str, int]
    exits: frozenset[int]


def observed_metrics(metrics: Mapping[str, MetricSpec]) -> list[str]:
    """Names of the metrics that observe the time until something happens, in the order of their tables."""
    return [name for name, spec in metrics.items() if spec.measure in ("reached", "time_to")]


def build_own_metric_parameters(
    metrics: Mapping[str, MetricSpec], machine: CompiledJourney, policy: CompiledPolicy, live: Sequence[bool]
) -> OwnMetricParameters:
    """Resolve the metrics of a scenario.

    An event that an arm's policy does not have never happens in this arm.

    Args:
        metrics: The metrics by name.
        machine: The compiled journey.
        policy: The compiled policy of the arm.
        live: By stage: whether it is neither terminal nor lost.
    """
    labels = {
        "move": machine.moves,
        "action": policy.actions,
        # Signal types that the policy does not have share the last code.
        "signal": (*policy.signal_types, ""),
        "review": VERDICTS,
    }
    names = [f"{kind}:{label}" for kind, of_kind in labels.items() for label in of_kind]
    exits = frozenset(stage for stage, is_live in enumerate(live) if not is_live)
    codes = _Codes(machine.stage_index, {name: code for code, name in enumerate(names)}, exits)
    seen = [name for name, spec in metrics.items() if spec.measure == "share_of" and isinstance(spec.share_of, str)]
    observed = observed_metrics(metrics)
    slots = {name: slot for slot, name in enumerate((*observed, *seen))}
    lists = _Lists(len(names), len(machine.stages))
    for index, (name, spec) in enumerate(metrics.items()):
        lists.add(spec, index, slots.get(name, NO_SLOT), codes)
    counts = [len(of_kind) for of_kind in labels.values()]
    return OwnMetricParameters(
        metrics=len(metrics),
        observed=len(observed),
        slots=len(slots),
        windows=tuple(metrics[name].within_days or 0.0 for name in observed),
        event_first=tuple(sum(counts[:kind]) for kind in range(len(counts))),
        events=_join(lists.events),
        entries=_join(sorted(of_stage, key=lambda each: each.kind == BEGIN) for of_stage in lists.entries),
        starts=_join(lists.starts),
        stays=_join(lists.stays),
        earnings=_join(lists.earnings),
        ends=_join(lists.ends),
    )


def find_event_uses(metrics: OwnMetricParameters) -> tuple[bool, ...]:
    """By event: whether a metric counts it."""
    first = metrics.events.first
    return tuple(first[code] < first[code + 1] for code in range(len(first) - 1))


def find_stage_uses(metrics: OwnMetricParameters) -> tuple[int, ...]:
    """By stage: the bits of what metrics use of it."""
    tables = ((USES_DAYS, metrics.stays), (USES_REVENUE, metrics.earnings), (USES_ENTRY, metrics.entries))
    return tuple(
        sum(bit for bit, table in tables if table.first[stage] < table.first[stage + 1])
        for stage in range(len(metrics.stays.first) - 1)
    )


def _join(lists: Iterable[Sequence[Operation]]) -> OperationTable:
    first, operations = [0], list[Operation]()
    for each in lists:
        operations += each
        first.append(len(operations))
    return OperationTable(tuple(first), tuple(operations))


class _Lists:
    """Lists of operations by event and by stage, while they are filled."""

    def __init__(self, events: int, stages: int) -> None:
        self.events: list[list[Operation]] = [[] for _ in range(events)]
        self.entries, self.starts, self.stays, self.earnings, self.ends = (
            list[list[Operation]]([] for _ in range(stages)) for _ in range(5)
        )

    def add(self, spec: MetricSpec, index: int, slot: int, codes: _Codes) -> None:
        """Add the operations of one metric."""
        measure = spec.measure
        if measure in ("reached", "time_to"):
            self._add_observation(spec, index, slot, codes)
        elif measure == "time_in":
            self.stays[codes.stages[str(spec.time_in)]].append(Operation(ADD, index, slot))
        elif measure == "count_of":
            self._add_event(str(spec.count_of), Operation(COUNT, index, slot), codes)
        elif isinstance(spec.share_of, StageAtEnd):
            self.ends[codes.stages[spec.share_of.stage_at_end]].append(Operation(COUNT, index, slot))
        elif measure == "share_of":
            self._add_event(str(spec.share_of), Operation(SEE, index, slot), codes)
            stage = codes.stages.get(str(spec.share_of))
            if stage is not None:
                self.starts[stage].append(Operation(SEE, index, slot))
        elif measure == "revenue":
            stages = range(len(self.earnings)) if spec.revenue == ALL_STAGES else [codes.stages[str(spec.revenue)]]
            for stage in stages:
                self.earnings[stage].append(Operation(ADD, index, slot))
        elif measure == "value_of":
            self.ends[codes.stages[str(spec.value_of)]].append(Operation(ADD, index, slot))

    def _add_event(self, name: str, operation: Operation, codes: _Codes) -> None:
        """Add an operation to an event, or to the entries into a stage."""
        if split_event(name) is None:
            self.entries[codes.stages[name]].append(operation)
        elif name in codes.events:
            self.events[codes.events[name]].append(operation)

    def _add_observation(self, spec: MetricSpec, index: int, slot: int, codes: _Codes) -> None:
        """Add the beginnings and ends of an observation."""
        target = str(spec.reached or spec.time_to)
        self._add_event(target, Operation(REACH, index, slot), codes)
        reached, begin = codes.stages.get(target), Operation(BEGIN, index, slot)
        origin = None if spec.from_stage is None else codes.stages[spec.from_stage]
        for stage in codes.exits - {reached, origin}:
            self.entries[stage].append(Operation(COMPETE, index, slot))
        if origin is not None:
            self.entries[origin].append(begin)
            self.starts[origin].append(begin._replace(kind=BEGIN_STAY))
            return
        for stage in range(len(self.starts)):
            if stage != reached and stage not in codes.exits:
                self.starts[stage].append(begin)
