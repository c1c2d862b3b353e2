"""Assignment of the customers of one run to arms, and weighting of the arms to all customers.

An arm consists of strata, its customers of one segment each, so all results are available by segment. Where all
segments have the same shares, an arm is the sum of its strata. Where shares differ by segment, the arms have different
mixes of segments, and their sums are not comparable. Then every customer of a stratum is weighted by N / n: N customers
in the segment, n of them in the arm (post-stratification: Holt and Smith 1979, doi:10.2307/2344652).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import fsum
from typing import TYPE_CHECKING

from journey.core.errors import InputError
from scenarios.metrics.catalogue import MetricCatalogue
from simulation.metrics.counters import P90
from simulation.metrics.metric_names import parse_base_name, parse_part
from simulation.metrics.own_metrics import compute_pooled_quantile
from simulation.metrics.quantile_sketch import quantile
from simulation.model.arm import arm_shares
from simulation.runs.cohort import build_cohort
from simulation.runs.results import add_ratios
from simulation.runs.run import refuse_different_worlds

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec

_TOO_SMALL = (
    "there is no replication in which every arm has customers; set a larger population.size or larger shares of "
    "the arms"
)


@dataclass(frozen=True)
class Split:
    """An assignment of customers to arms.

    Attributes:
        arms: Names of the arms, the baseline first.
        shares: By segment, the planned share of its customers for each arm; the shares add up to 1.
        strata: By arm, then by segment, the arms that one run simulates together.
        truth: Whether each arm is also simulated with all customers in the experiment, in separate runs with common
            random numbers.
        metrics: The definitions of the metrics.
    """

    arms: tuple[str, ...]
    shares: Mapping[str, tuple[float, ...]]
    strata: tuple["ArmSpec", ...]
    truth: bool = False
    metrics: MetricCatalogue = field(default_factory=MetricCatalogue)

    @property
    def parts(self) -> tuple[tuple["ArmSpec", ...], ...]:
        """The runs of a replication: the experiment, and with `truth` one more run per arm."""
        truth_parts = [self._strata_of_arm(arm) for arm in range(len(self.arms))] if self.truth else []
        return (self.strata, *truth_parts)

    def _strata_of_arm(self, arm: int) -> tuple["ArmSpec", ...]:
        """The strata of a run in which all customers in the experiment are in one arm; others stay in their arm."""
        strata = []
        for index, (segment, shares) in enumerate(self.shares.items()):
            arm_index = arm if all(shares) else shares.index(1.0)
            strata.append(replace(self.strata[arm_index * len(self.shares) + index], share_by_segment={segment: 1.0}))
        return tuple(strata)

    @property
    def compared_segments(self) -> tuple[str, ...]:
        """The segments in the experiment, in which every arm has a share."""
        return tuple(segment for segment, shares in self.shares.items() if all(shares))

    @property
    def is_stratified(self) -> bool:
        """Whether shares differ between the segments in the experiment."""
        return len({self.shares[segment] for segment in self.compared_segments}) > 1

    def customers(self, runs: Sequence["Run"]) -> dict[str, tuple[int, ...]]:
        """By segment in the experiment, the number of customers in each arm in one replication."""
        return {
            name: tuple(run.customers for run in self._runs_in_segment(name, runs)) for name in self.compared_segments
        }

    def by_segment(self, runs: Sequence["Run"]) -> dict[str, tuple["Run", ...]]:
        """By segment in the experiment, the runs of one replication, the baseline's first."""
        return {name: tuple(self._runs_in_segment(name, runs)) for name in self.compared_segments}

    def _runs_in_segment(self, segment: str, runs: Sequence["Run"]) -> list["Run"]:
        index, segments = list(self.shares).index(segment), len(self.shares)
        return [runs[arm * segments + index] for arm in range(len(self.arms))]

    def is_usable(self, runs: Sequence["Run"]) -> bool:
        """Whether every arm has customers to compare in one replication."""
        return bool(self._comparable_strata(runs))

    def usable_replications(self, replications: Sequence[Sequence["Run"]]) -> list[tuple["Run", ...]]:
        """The replications in which every arm has customers to compare, weighted as in `weight_runs`.

        Raises:
            InputError: There are replications, but none of them is usable.
        """
        usable = [arms for runs in replications if (arms := self.weight_runs(runs)) is not None]
        if replications and not usable:
            raise InputError(_TOO_SMALL)
        return usable

    def usable_ground_truths(self, replications: Sequence[Sequence["Run"]]) -> list[tuple["Run", ...]]:
        """The runs of every usable replication with all customers in one arm; empty without `truth`."""
        return [self.ground_truth_runs(runs) for runs in replications if self.truth and self.is_usable(runs)]

    def weight_runs(self, runs: Sequence["Run"]) -> tuple["Run", ...] | None:
        """One replication as one run per arm, each weighted to all customers in the experiment.

        Totals among the metrics become means per customer; means and shares stay as they are. The quantities of the
        ledger are scaled to all customers in the experiment. Counts of events remain those of the arm.

        Args:
            runs: One replication, by stratum.

        Returns:
            One run per arm; None where an arm has no customers to compare.
        """
        strata = self._comparable_strata(runs)
        total_customers = sum(sum(run.customers for run in arms) for arms in strata)
        if not total_customers:
            return None
        weighted_runs = []
        for arm, name in enumerate(self.arms):
            arm_runs = [arms[arm] for arms in strata]
            if self.is_stratified:
                weights = [sum(run.customers for run in arms) / arms[arm].customers for arms in strata]
            else:
                weights = [total_customers / sum(run.customers for run in arm_runs)] * len(arm_runs)
            weighted_runs.append(self._pool_arm(name, arm_runs, weights, total_customers))
        return tuple(weighted_runs)

    def _comparable_strata(self, runs: Sequence["Run"]) -> list[tuple["Run", ...]]:
        """The strata to compare; empty where an arm has no customers in them.

        In a stratified comparison, a segment with customers in one arm only is omitted.
        """
        strata = list(self.by_segment(runs).values())
        if self.is_stratified:
            return [arms for arms in strata if all(run.customers for run in arms)]
        has_customers = all(any(arms[arm].customers for arms in strata) for arm in range(len(self.arms)))
        return [arms for arms in strata if any(run.customers for run in arms)] if has_customers else []

    def ground_truth_runs(self, runs: Sequence["Run"]) -> tuple["Run", ...]:
        """One run per arm with all customers in the experiment, from one replication; totals are per customer."""
        pooled = []
        for arm, name in enumerate(self.arms):
            begin = len(self.strata) + arm * len(self.shares)
            arm_runs = [
                runs[begin + index] for index, segment in enumerate(self.shares) if segment in self.compared_segments
            ]
            customers = sum(run.customers for run in arm_runs)
            pooled.append(self._pool_arm(name, arm_runs, [1] * len(arm_runs), customers))
        return tuple(pooled)

    def pool_strata(self, runs: Sequence["Run"]) -> tuple["Run", ...]:
        """One replication without weights: each arm is the sum of its strata in the experiment."""
        strata = list(self.by_segment(runs).values())
        arm_runs = [[arms[arm] for arms in strata] for arm in range(len(self.arms))]
        return tuple(
            self._pool_arm(name, each, [1] * len(each), None) for name, each in zip(self.arms, arm_runs, strict=True)
        )

    def _pool_arm(self, name: str, runs: Sequence["Run"], weights: Sequence[float], customers: int | None) -> "Run":
        """The weighted sum of an arm's strata as one run, with the quantiles and ratios of the pooled strata.

        Totals among the metrics are per customer of `customers`. Without `customers`, they are not divided.
        """
        pooled = _pool_runs(name, runs, weights, customers, self.metrics)
        quantiles = {
            each: compute_pooled_quantile(
                self.strata[0].metrics[parse_base_name(each)],
                ((run.quantile_times[each], weight) for run, weight in zip(runs, weights, strict=True)),
                pooled.days,
            )
            for each in runs[0].quantile_times
        }
        return add_ratios(
            self.strata[0].metrics, replace(pooled, metrics=pooled.metrics | quantiles, quantile_times={})
        )


def build_split(
    arms: Sequence["ArmSpec"], *, seed: int, truth: bool = False, metrics: MetricCatalogue | None = None
) -> Split:
    """Build the assignment from the shares of the arms.

    Args:
        arms: The arms, the baseline first.
        seed: The scenario's seed.
        truth: Whether each arm is also simulated with all customers.
        metrics: The definitions of the metrics. Default: the built-in ones.

    Raises:
        InputError: The arms differ in something that one run must share, or no segment has shares in all arms.
    """
    refuse_different_worlds(arms)
    first = arms[0]
    segments = build_cohort(first.population, first.journey.compile(), seed=seed, replication=0).segments
    requested = {segment: arm_shares(segment, arms) for segment in segments}
    for segment, shares in requested.items():
        _refuse_unclear_shares(segment, {arm_spec.name: share for arm_spec, share in zip(arms, shares, strict=True)})
    strata = tuple(
        replace(
            arm_spec, name=f"{arm_spec.name}[{segment}]", share=0.0, share_by_segment={segment: requested[segment][arm]}
        )
        for arm, arm_spec in enumerate(arms)
        for segment in segments
    )
    planned = {name: _normalise_shares(requested[name]) for name in segments}
    split = Split(tuple(arm_spec.name for arm_spec in arms), planned, strata, truth, metrics or MetricCatalogue())
    if not split.compared_segments:
        raise InputError("arms: no segment is divided between the arms; give every arm a share above 0 somewhere")
    return split


def _normalise_shares(shares: Sequence[float]) -> tuple[float, ...]:
    return tuple(share / fsum(shares) for share in shares)


def _refuse_unclear_shares(segment: str, shares: Mapping[str, float]) -> None:
    """Refuse a segment unless every arm has a share, or one arm has all of it (it is then outside the experiment)."""
    names = [name for name, share in shares.items() if share > 0.0]
    if len(names) in (1, len(shares)):
        return
    subject = f"only {', '.join(names)} have" if names else "no arm has"
    raise InputError(
        f"arms: in segment {segment!r} {subject} a share of the customers; give every arm a share above 0 there, "
        "or one "
        "arm alone, whose customers are then outside the experiment"
    )


def _pool_runs(
    name: str, runs: Sequence["Run"], weights: Sequence[float], customers: int | None, definitions: MetricCatalogue
) -> "Run":
    """The weighted sum of an arm's strata as one run, except the metrics that are quantiles or ratios.

    Totals among the metrics are per customer of `customers`. Without `customers`, they are not divided.
    """
    names = list(dict.fromkeys(each for run in runs for each in run.metrics))
    metrics = {each: _pool_metric(runs, weights, each, customers, definitions) for each in names}
    if "review_wait_days_p90" in metrics:
        metrics["review_wait_days_p90"] = quantile(_weighted_waits(runs, weights), P90)
    return replace(
        runs[0],
        arm=name,
        customers=sum(run.customers for run in runs),
        metrics=metrics,
        quantities=_weighted_totals([run.quantities for run in runs], weights),
        occupancy=[],
        csat=[],
        events=sum(run.events for run in runs),
        events_by_kind=_add_counts([run.events_by_kind for run in runs]),
        decisions_by_reason=_add_counts([run.decisions_by_reason for run in runs]),
        denominators=_weighted_totals([run.denominators for run in runs], weights),
        reviews_by_verdict=_add_counts([run.reviews_by_verdict for run in runs]),
        outcomes=_add_counts([run.outcomes for run in runs]),
        unhelped=[row for run in runs for row in run.unhelped],
        waits=[[bucket, round(count)] for bucket, count in sorted(_weighted_waits(runs, [1.0] * len(runs)).items())],
        trace=None,
    )


def _pool_metric(
    runs: Sequence["Run"], weights: Sequence[float], name: str, customers: int | None, definitions: MetricCatalogue
) -> float | None:
    """One metric of an arm from its strata, except quantiles; None where it is unknown."""
    if definitions.is_total(name):
        return _weighted_total(runs, weights, name, customers)
    return _weighted_mean(runs, weights, name)


def _weighted_waits(runs: Sequence["Run"], weights: Sequence[float]) -> dict[int, float]:
    """Weighted numbers of review waits by bucket of `simulation.metrics.quantile_sketch`."""
    buckets = sorted({bucket for run in runs for bucket, _ in run.waits})
    counts = [{row[0]: row[1] for row in run.waits} for run in runs]
    return {
        bucket: fsum(weight * count.get(bucket, 0) for count, weight in zip(counts, weights, strict=True))
        for bucket in buckets
    }


def _weighted_total(runs: Sequence["Run"], weights: Sequence[float], name: str, customers: int | None) -> float | None:
    """The weighted sum of the strata's totals per customer; None where it is unknown in a stratum with customers.

    The total of a segment or tier is per customer of the segment or tier. Without `customers` it is not divided.
    """
    parts = [(run.metrics.get(name), weight) for run, weight in zip(runs, weights, strict=True) if run.customers]
    known = [weight * value for value, weight in parts if value is not None]
    if len(known) < len(parts) or not parts:
        return None
    divisor = 1.0 if customers is None else _weighted_customers(runs, weights, parse_part(name), customers)
    return fsum(known) / divisor if divisor else None


def _weighted_customers(runs: Sequence["Run"], weights: Sequence[float], part: str | None, customers: float) -> float:
    """The weighted number of customers of a segment or tier; `customers` for the whole population."""
    if part is None:
        return customers
    counts = (run.denominators.get(f"customers[{part}]", 0.0) for run in runs)
    return fsum(weight * count for weight, count in zip(weights, counts, strict=True))


def _weighted_mean(runs: Sequence["Run"], weights: Sequence[float], name: str) -> float | None:
    """The mean over the weighted denominators of the strata's means."""
    taken = [
        (run, weight * run.denominators.get(name, run.customers)) for run, weight in zip(runs, weights, strict=True)
    ]
    if any(run.metrics.get(name) is None for run, taken_over in taken if taken_over):
        # The mean over the other strata would be that of different customers.
        return None
    parts = [(value, taken_over) for run, taken_over in taken if (value := run.metrics.get(name)) is not None]
    whole = fsum(taken_over for _, taken_over in parts)
    if whole <= 0.0:
        return None
    values = [value for value, taken_over in parts if taken_over > 0.0]
    # Clamped, because a rounded mean may fall outside the values by one unit in the last place.
    return min(max(values), max(min(values), fsum(value * taken_over for value, taken_over in parts) / whole))


def _weighted_totals(tables: Sequence[Mapping[str, float]], weights: Sequence[float]) -> dict[str, float]:
    """The weighted sums of quantities; what a table does not list is 0 there, for instance an action never taken."""
    names = dict.fromkeys(name for table in tables for name in table)
    return {
        name: fsum(weight * table.get(name, 0.0) for table, weight in zip(tables, weights, strict=True))
        for name in names
    }


def _add_counts(tables: Sequence[Mapping[str, int]]) -> dict[str, int]:
    names = sorted({name for table in tables for name in table})
    return {name: sum(table.get(name, 0) for table in tables) for name in names}
