"""The values of the metrics that a scenario defines, from the counters of a run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from journey.decision.policy import TIERS
from journey.statistics.survival import (
    GroupedTimes,
    estimate_incidence,
    restricted_mean,
    time_until_share,
)
from simulation.metrics.counters import Counters, Mean
from simulation.model.metric_parameters import (
    AMOUNT_UNITS,
    CENSORED,
    COMPETED,
    ENTERED,
    INTERVALS,
    REACHED,
    TIER_COUNT,
    observed_metrics,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from simulation.model.metric_spec import MetricSpec

_SHARES = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}


class OwnMetric(NamedTuple):
    """A value of a metric.

    Attributes:
        value: The value; None if it is unknown.
        denominator: What it is a mean over, so that values of several runs can be pooled; None for a total.
    """

    value: float | None
    denominator: float | None


def compute_own_metrics(metrics: Mapping[str, MetricSpec], counters: Counters, days: float) -> dict[str, OwnMetric]:
    """The metrics of a scenario over all customers, by segment and by tier; without ratios.

    Args:
        metrics: The metrics by name.
        counters: The counters of the run.
        days: Length of the run.

    Returns:
        The values under ``NAME``, ``NAME[SEGMENT]`` and ``NAME[tier=TIER]``.
    """
    groups = _group_cells(counters.segments)
    observed = {name: slot for slot, name in enumerate(observed_metrics(metrics))}
    times = _times_by_slot(counters)
    results: dict[str, OwnMetric] = {}
    for index, (name, spec) in enumerate(metrics.items()):
        for group, cells in groups.items():
            if name in observed:
                of_slot = times.get(observed[name], {})
                results[f"{name}{group}"] = _observe(spec, of_slot, cells, spec.within_days or days)
            elif spec.measure != "ratio":
                results[f"{name}{group}"] = _sum_up(spec, index, counters, cells)
    return results


def count_customers_by_part(counters: Counters) -> dict[str, float]:
    """Number of customers of each segment and tier, under ``customers[SEGMENT]`` and ``customers[tier=TIER]``.

    They turn totals of a segment or tier into means per customer.
    """
    groups = _group_cells(counters.segments)
    return {
        f"customers{group}": float(sum(counters.own_customers[cell] for cell in cells))
        for group, cells in groups.items()
        if group
    }


def _group_cells(segments: Collection[str]) -> dict[str, Collection[int]]:
    """The cells of all customers, of each segment and of each tier, by the end of the metric's name."""
    cells = range(len(segments) * TIER_COUNT)
    by_segment = {
        f"[{name}]": cells[segment * TIER_COUNT : (segment + 1) * TIER_COUNT] for segment, name in enumerate(segments)
    }
    return {"": cells, **by_segment, **{f"[tier={name}]": cells[tier::TIER_COUNT] for tier, name in enumerate(TIERS)}}


def _sum_up(spec: MetricSpec, index: int, counters: Counters, cells: Collection[int]) -> OwnMetric:
    if spec.measure == "count_of":
        return OwnMetric(float(sum(counters.own_counts[index, cell] for cell in cells)), None)
    amount = sum(counters.own_amounts[index, cell] for cell in cells) / AMOUNT_UNITS
    if spec.unit == "dollars":
        return OwnMetric(amount, None)
    customers = sum(counters.own_customers[cell] for cell in cells)
    if spec.measure == "share_of":
        amount = sum(counters.own_counts[index, cell] for cell in cells)
    return OwnMetric(Mean(amount, customers).value, float(customers))


_Times = dict[tuple[int, int], Counter[int]]
"""Number of observations by cell and row, then by interval."""


def _times_by_slot(counters: Counters) -> dict[int, _Times]:
    tables: dict[int, _Times] = {}
    for (slot, cell, row, interval), count in counters.own_times.items():
        tables.setdefault(slot, {}).setdefault((cell, row), Counter())[interval] += count
    return tables


def _observe(spec: MetricSpec, times: _Times, cells: Collection[int], window: float) -> OwnMetric:
    grouped = _join_times(times, cells, window)
    customers = grouped.observations
    if not customers:
        return OwnMetric(None, 0.0)
    incidence = estimate_incidence(grouped)
    if spec.measure == "reached":
        value = incidence.shares[-1] if incidence.is_complete else None
    elif spec.statistic == "mean":
        value = restricted_mean(incidence)
    else:
        value = time_until_share(incidence, _SHARES[spec.statistic])
    return OwnMetric(value, float(customers))


def _join_times(times: _Times, cells: Collection[int], window: float) -> GroupedTimes:
    rows = [[0] * (INTERVALS + 1) for _ in range(max(REACHED, COMPETED, CENSORED, ENTERED) + 1)]
    for (cell, row), counts in times.items():
        if cell in cells:
            for interval, count in counts.items():
                rows[row][interval] += count
    return GroupedTimes(
        window=window,
        reached=rows[REACHED][:INTERVALS],
        competed=rows[COMPETED][:INTERVALS],
        censored=rows[CENSORED],
        entered=rows[ENTERED][:INTERVALS],
    )


def compute_ratios(
    metrics: Mapping[str, MetricSpec], values: Mapping[str, float | None], denominators: Mapping[str, float]
) -> dict[str, OwnMetric]:
    """The ratios of a scenario: over all customers, and for each segment and tier that both metrics are known for.

    Args:
        metrics: The metrics of the scenario by name. A ratio may be of another ratio, but not of itself.
        values: The values of all other metrics of the run.
        denominators: Their denominators.
    """
    results: dict[str, OwnMetric] = {}
    known = {name: OwnMetric(value, denominators.get(name)) for name, value in values.items()}
    waiting = {name: spec.ratio for name, spec in metrics.items() if spec.ratio is not None}
    while waiting:
        name = next(name for name, parts in waiting.items() if waiting.keys().isdisjoint(_base_names(parts)))
        above, below = waiting.pop(name)
        for group in [each.removeprefix(below) for each in known if each == below or each.startswith(f"{below}[")]:
            if f"{above}{group}" in known:
                ratio = _divide(known[f"{above}{group}"], known[f"{below}{group}"])
                results[f"{name}{group}"] = known[f"{name}{group}"] = ratio
    return results


def _base_names(names: Iterable[str]) -> Iterator[str]:
    """The metrics without their segment or tier."""
    return (name.partition("[")[0] for name in names)


def _divide(above: OwnMetric, below: OwnMetric) -> OwnMetric:
    """A ratio, weighted by the total that its denominator stands for."""
    weight = (below.value or 0.0) * (1.0 if below.denominator is None else below.denominator)
    if above.value is None or not below.value:
        return OwnMetric(None, weight)
    return OwnMetric(above.value / below.value, weight)
