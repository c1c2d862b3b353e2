"""The values of the metrics that a scenario defines, from the counters of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from journey.decision.policy import TIERS
from journey.statistics.survival import (
    GroupedTimes,
    estimate_incidence,
    restricted_mean,
    time_until_share,
)
from simulation.metrics.mean import Mean
from simulation.metrics.metric_names import format_segment, format_tier, parse_base_name
from simulation.model.metric_parameters import (
    AMOUNT_UNITS,
    CENSORED,
    COMPETED,
    ENTERED,
    INTERVALS,
    LOW_BITS,
    OBSERVATION_ROWS,
    REACHED,
    TIER_COUNT,
    observed_metrics,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from simulation.metrics.own_totals import Integers, OwnTotals
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


def compute_own_metrics(
    metrics: Mapping[str, MetricSpec], totals: OwnTotals | None, segments: Sequence[str], days: float
) -> dict[str, OwnMetric]:
    """The metrics of a scenario over all customers, by segment and by tier; without ratios.

    Args:
        metrics: The metrics by name.
        totals: The totals of the run; None if there are no metrics.
        segments: The population's segments.
        days: Length of the run.

    Returns:
        The values under ``NAME``, ``NAME[SEGMENT]`` and ``NAME[tier=TIER]``.
    """
    if totals is None:
        return {}
    groups = group_cells(segments)
    slots = {name: slot for slot, name in enumerate(observed_metrics(metrics))}
    results: dict[str, OwnMetric] = {}
    for index, (name, spec) in enumerate(metrics.items()):
        for group, cells in groups.items():
            if name in slots:
                times = _sum_observations(totals, slots[name], cells)
                results[f"{name}{group}"] = _observe(spec, times, spec.within_days or days)
            elif spec.measure != "ratio":
                results[f"{name}{group}"] = _sum_up(spec, index, totals, cells)
    return results


def count_customers_by_part(totals: OwnTotals | None, segments: Sequence[str]) -> dict[str, float]:
    """Number of customers of each segment and tier, under ``customers[SEGMENT]`` and ``customers[tier=TIER]``.

    They turn totals of a segment or tier into means per customer. Without metrics there are none.
    """
    if totals is None:
        return {}
    groups = group_cells(segments)
    return {f"customers{group}": float(totals.customers[cells].sum()) for group, cells in groups.items() if group}


def list_quantile_times(metrics: Mapping[str, MetricSpec], totals: OwnTotals | None) -> dict[str, list[list[int]]]:
    """The observations of the metrics that are quantiles, over all customers and by tier, to pool them with others.

    Args:
        metrics: The metrics by name.
        totals: The totals of the run; None if there are no metrics.

    Returns:
        By name of the metric, its observations as triples of row, interval and number.
    """
    if totals is None:
        return {}
    slots = {name: slot for slot, name in enumerate(observed_metrics(metrics)) if metrics[name].statistic != "mean"}
    return {
        f"{name}{group}": _list_nonzero(_sum_observations(totals, slot, cells))
        for name, slot in slots.items()
        for group, cells in group_cells(()).items()
    }


def _sum_observations(totals: OwnTotals, slot: int, cells: slice) -> Integers:
    """Shape (rows, intervals + 1): the observations of one metric in some segments and tiers."""
    observations: Integers = totals.times[cells, slot].sum(axis=0)
    return observations


def _list_nonzero(times: Integers) -> list[list[int]]:
    return [
        [int(row), int(interval), int(times[row, interval])] for row, interval in zip(*times.nonzero(), strict=True)
    ]


def compute_pooled_quantile(
    spec: MetricSpec, parts: Iterable[tuple[Sequence[Sequence[int]], float]], days: float
) -> float | None:
    """A quantile over several runs, each over a part of the customers.

    Args:
        spec: The metric.
        parts: By run, the observations of `list_quantile_times`, and the weight of each of them.
        days: Length of the runs.
    """
    times = np.zeros((OBSERVATION_ROWS, INTERVALS + 1))
    for observations, weight in parts:
        for row, interval, count in observations:
            times[row, interval] += weight * count
    return _observe(spec, times, spec.within_days or days).value


def group_cells(segments: Sequence[str]) -> dict[str, slice]:
    """The cells of all customers, of each segment and of each tier, by the end of the metric's name."""
    by_segment = {
        format_segment(name): slice(segment * TIER_COUNT, (segment + 1) * TIER_COUNT)
        for segment, name in enumerate(segments)
    }
    by_tier = {format_tier(name): slice(tier, None, TIER_COUNT) for tier, name in enumerate(TIERS)}
    return {"": slice(None), **by_segment, **by_tier}


def _sum_up(spec: MetricSpec, index: int, totals: OwnTotals, cells: slice) -> OwnMetric:
    count, customers = int(totals.counts[index, cells].sum()), int(totals.customers[cells].sum())
    low, high, too_large = totals.amounts[index, cells].sum(axis=0).tolist()
    amount = None if too_large else (low + (high << LOW_BITS)) / AMOUNT_UNITS
    if spec.measure == "count_of":
        return OwnMetric(float(count), None)
    if spec.unit == "dollars":
        return OwnMetric(amount, None)
    total = count if spec.unit == "share" else amount
    return OwnMetric(None if total is None else Mean(total, customers).value, float(customers))


def _observe(spec: MetricSpec, times: npt.NDArray[Any], window: float) -> OwnMetric:
    reached, competed, censored, entered = times[REACHED], times[COMPETED], times[CENSORED], times[ENTERED]
    grouped = GroupedTimes(window, reached[:-1], competed[:-1], censored, entered[:-1])
    if not grouped.observations:
        return OwnMetric(None, 0.0)
    incidence = estimate_incidence(grouped)
    if spec.measure == "reached":
        value = float(incidence.shares[-1]) if incidence.is_complete else None
    elif spec.statistic == "mean":
        value = restricted_mean(incidence)
    else:
        value = time_until_share(incidence, _SHARES[spec.statistic])
    return OwnMetric(value, float(grouped.observations))


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
        name = next(name for name, parts in waiting.items() if waiting.keys().isdisjoint(map(parse_base_name, parts)))
        above, below = waiting.pop(name)
        for group in [each.removeprefix(below) for each in known if each == below or each.startswith(f"{below}[")]:
            if f"{above}{group}" in known:
                ratio = _divide(known[f"{above}{group}"], known[f"{below}{group}"])
                results[f"{name}{group}"] = known[f"{name}{group}"] = ratio
    return results


def _divide(above: OwnMetric, below: OwnMetric) -> OwnMetric:
    """A ratio, weighted by the total that its denominator stands for."""
    weight = (below.value or 0.0) * (1.0 if below.denominator is None else below.denominator)
    if above.value is None or not below.value:
        return OwnMetric(None, weight)
    return OwnMetric(above.value / below.value, weight)
