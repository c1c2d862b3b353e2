"""How the customers of one run are divided between arms, and what the arms' customers say about all of them.

The arms live in strata, an arm's customers of one segment each, so that everything that is measured is known by
segment. Where every segment is divided alike, an arm is the sum of its strata: what an experimenter sees. Where shares
differ by segment, arms have different mixes of segments, and a comparison of their sums would compare the mixes; then
every customer of a stratum stands for N / n customers, N of the segment and n of them in the arm (post-stratification:
Holt and Smith 1979, doi:10.2307/2344652).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum
from typing import TYPE_CHECKING

from journey.core.errors import InputError
from scenarios.metrics.definitions import is_total
from simulation.metrics.counters import P90
from simulation.metrics.quantile_sketch import quantile
from simulation.model.arm import arm_shares
from simulation.runs.cohort import build_cohort
from simulation.runs.run import refuse_different_worlds

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec

_TOO_SMALL = (
    "in no replication was a customer assigned to every arm; set a larger population.size or larger shares of the arms"
)


@dataclass(frozen=True)
class Split:
    """A division of customers between arms.

    Attributes:
        arms: Names of the arms, the baseline first.
        shares: By segment, the share of its customers that is planned for each arm; they add up to 1.
        strata: By arm, then by segment, the setups that live in one run.
        truth: Whether each arm is also lived by everybody in the experiment, in runs of its own on the same luck.
    """

    arms: tuple[str, ...]
    shares: Mapping[str, tuple[float, ...]]
    strata: tuple["ArmSpec", ...]
    truth: bool = False

    @property
    def parts(self) -> tuple[tuple["ArmSpec", ...], ...]:
        """What a replication consists of, run by run: the experiment, and with the truth one more run per arm."""
        alone = [self._for_everybody(arm) for arm in range(len(self.arms))] if self.truth else []
        return (self.strata, *alone)

    def _for_everybody(self, arm: int) -> tuple["ArmSpec", ...]:
        """The strata of a run in which everybody in the experiment is in one arm; the others are where they were."""
        made = []
        for place, (segment, shares) in enumerate(self.shares.items()):
            at = arm if all(shares) else shares.index(1.0)
            made.append(replace(self.strata[at * len(self.shares) + place], share_by_segment={segment: 1.0}))
        return tuple(made)

    @property
    def compared(self) -> tuple[str, ...]:
        """Segments that are in the experiment: those of which every arm has a share."""
        return tuple(segment for segment, shares in self.shares.items() if all(shares))

    @property
    def stratified(self) -> bool:
        """Whether shares differ between the segments in the experiment."""
        return len({self.shares[segment] for segment in self.compared}) > 1

    def customers(self, runs: Sequence["Run"]) -> dict[str, tuple[int, ...]]:
        """By segment in the experiment, how many customers of one replication were assigned to each arm."""
        return {name: tuple(run.customers for run in self._in_segment(name, runs)) for name in self.compared}

    def by_segment(self, runs: Sequence["Run"]) -> dict[str, tuple["Run", ...]]:
        """By segment in the experiment, the runs of one replication, the baseline's first."""
        return {name: tuple(self._in_segment(name, runs)) for name in self.compared}

    def _in_segment(self, segment: str, runs: Sequence["Run"]) -> list["Run"]:
        place, segments = list(self.shares).index(segment), len(self.shares)
        return [runs[arm * segments + place] for arm in range(len(self.arms))]

    def usable(self, replications: Sequence[Sequence["Run"]]) -> list[tuple["Run", ...]]:
        """The replications in which every arm has customers to be compared by, as `measured`.

        Raises:
            InputError: There are replications, and none of them is usable.
        """
        found = [arms for runs in replications if (arms := self.measured(runs)) is not None]
        if replications and not found:
            raise InputError(_TOO_SMALL)
        return found

    def truths(self, replications: Sequence[Sequence["Run"]]) -> list[tuple["Run", ...]]:
        """The truth of every usable replication, as `everybody`; nothing where it was not lived."""
        return [self.everybody(runs) for runs in replications if self.truth and self.measured(runs) is not None]

    def measured(self, runs: Sequence["Run"]) -> tuple["Run", ...] | None:
        """One replication as a comparison of arms, each standing for all customers in the experiment.

        Totals among the metrics become means per customer, means and shares stay what they are, and the quantities
        that money is made of are scaled to all customers in the experiment. Counts of events stay the arm's own.

        Args:
            runs: One replication, by stratum.

        Returns:
            One run per arm; None where an arm has no customers to be compared by.
        """
        strata = self._filled(runs)
        everybody = sum(sum(run.customers for run in arms) for arms in strata)
        if not everybody:
            return None
        made = []
        for arm, name in enumerate(self.arms):
            mine = [arms[arm] for arms in strata]
            if self.stratified:
                weights = [sum(run.customers for run in arms) / arms[arm].customers for arms in strata]
            else:
                weights = [everybody / sum(run.customers for run in mine)] * len(mine)
            made.append(_pooled(name, mine, weights, everybody))
        return tuple(made)

    def _filled(self, runs: Sequence["Run"]) -> list[tuple["Run", ...]]:
        """The strata that are compared; nothing where an arm has nobody in them.

        A segment that has customers in one arm only says nothing where segments are compared one by one.
        """
        found = list(self.by_segment(runs).values())
        if self.stratified:
            return [arms for arms in found if all(run.customers for run in arms)]
        filled = all(any(arms[arm].customers for arms in found) for arm in range(len(self.arms)))
        return [arms for arms in found if any(run.customers for run in arms)] if filled else []

    def everybody(self, runs: Sequence["Run"]) -> tuple["Run", ...]:
        """The truth of one replication: one run per arm, lived by everybody in the experiment; totals per customer."""
        made = []
        for arm, name in enumerate(self.arms):
            begin = len(self.strata) + arm * len(self.shares)
            mine = [runs[begin + place] for place, segment in enumerate(self.shares) if segment in self.compared]
            made.append(_pooled(name, mine, [1] * len(mine), sum(run.customers for run in mine)))
        return tuple(made)

    def lived(self, runs: Sequence["Run"]) -> tuple["Run", ...]:
        """One replication as it was: each arm the sum of its strata in the experiment, nothing weighted or scaled."""
        strata = list(self.by_segment(runs).values())
        mine = [[arms[arm] for arms in strata] for arm in range(len(self.arms))]
        return tuple(_pooled(name, each, [1] * len(each), 1) for name, each in zip(self.arms, mine, strict=True))


def split_of(setups: Sequence["ArmSpec"], *, seed: int, truth: bool = False) -> Split:
    """The division of customers that a scenario's arms ask for.

    Args:
        setups: The arms, the baseline first.
        seed: The scenario's seed.
        truth: Whether each arm is also to be lived by everybody.

    Raises:
        InputError: The arms differ in what one run must share, or the shares leave nothing to compare.
    """
    refuse_different_worlds(setups)
    first = setups[0]
    segments = build_cohort(first.population, first.journey.compile(), seed=seed, replication=0).segments
    asked = {segment: arm_shares(segment, setups) for segment in segments}
    for segment, shares in asked.items():
        _refuse_unclear_shares(segment, {setup.name: share for setup, share in zip(setups, shares, strict=True)})
    strata = tuple(
        replace(setup, name=f"{setup.name}[{segment}]", share=0.0, share_by_segment={segment: asked[segment][arm]})
        for arm, setup in enumerate(setups)
        for segment in segments
    )
    planned = {name: _planned(asked[name]) for name in segments}
    split = Split(tuple(setup.name for setup in setups), planned, strata, truth)
    if not split.compared:
        raise InputError("arms: no segment is divided between the arms; give every arm a share above 0 somewhere")
    return split


def _planned(shares: Sequence[float]) -> tuple[float, ...]:
    return tuple(share / fsum(shares) for share in shares)


def _refuse_unclear_shares(segment: str, shares: Mapping[str, float]) -> None:
    """In a segment every arm has a share, or one arm has all of it: then the segment is not in the experiment."""
    having = [name for name, share in shares.items() if share > 0.0]
    if len(having) in (1, len(shares)):
        return
    named = f"only {', '.join(having)} have" if having else "no arm has"
    raise InputError(
        f"arms: in segment {segment!r} {named} a share of the customers; give every arm a share above 0 there, or one "
        "arm alone, whose customers then live outside the experiment"
    )


def _pooled(name: str, runs: Sequence["Run"], weights: Sequence[float], customers: int) -> "Run":
    """Strata of one arm as one run, each weighted; totals among the metrics are divided by `customers`."""
    names = list(dict.fromkeys(each for run in runs for each in run.metrics))
    metrics = {
        each: _sum(runs, weights, each) / customers if is_total(each) else _mean(runs, weights, each) for each in names
    }
    if "review_wait_days_p90" in metrics:
        metrics["review_wait_days_p90"] = quantile(_waits(runs, weights), P90)
    return replace(
        runs[0],
        arm=name,
        customers=sum(run.customers for run in runs),
        metrics=metrics,
        quantities=_weighted([run.quantities for run in runs], weights),
        occupancy=[],
        events=sum(run.events for run in runs),
        events_by_kind=_counted([run.events_by_kind for run in runs]),
        decisions_by_reason=_counted([run.decisions_by_reason for run in runs]),
        denominators=_weighted([run.denominators for run in runs], weights),
        reviews_by_verdict=_counted([run.reviews_by_verdict for run in runs]),
        outcomes=_counted([run.outcomes for run in runs]),
        unhelped=[row for run in runs for row in run.unhelped],
        waits=[[bucket, round(count)] for bucket, count in sorted(_waits(runs, [1.0] * len(runs)).items())],
        trace=None,
    )


def _waits(runs: Sequence["Run"], weights: Sequence[float]) -> dict[int, float]:
    """Waits for review by bucket of `simulation.metrics.quantile_sketch`, each weighted."""
    buckets = sorted({bucket for run in runs for bucket, _ in run.waits})
    counts = [{row[0]: row[1] for row in run.waits} for run in runs]
    return {
        bucket: fsum(weight * count.get(bucket, 0) for count, weight in zip(counts, weights, strict=True))
        for bucket in buckets
    }


def _sum(runs: Sequence["Run"], weights: Sequence[float], name: str) -> float:
    return fsum(weight * (run.metrics.get(name) or 0.0) for run, weight in zip(runs, weights, strict=True))


def _mean(runs: Sequence["Run"], weights: Sequence[float], name: str) -> float | None:
    """The mean over everything that the strata's means were taken over."""
    parts = [
        (value, weight * run.denominators.get(name, run.customers))
        for run, weight in zip(runs, weights, strict=True)
        if (value := run.metrics.get(name)) is not None
    ]
    whole = fsum(taken_over for _, taken_over in parts)
    if whole <= 0.0:
        return None
    values = [value for value, taken_over in parts if taken_over > 0.0]
    # Clamped, because a rounded mean may fall outside the values by one unit in the last place.
    return min(max(values), max(min(values), fsum(value * taken_over for value, taken_over in parts) / whole))


def _weighted(tables: Sequence[Mapping[str, float]], weights: Sequence[float]) -> dict[str, float]:
    names = dict.fromkeys(name for table in tables for name in table)
    return {
        name: fsum(weight * table.get(name, 0.0) for table, weight in zip(tables, weights, strict=True))
        for name in names
    }


def _counted(tables: Sequence[Mapping[str, int]]) -> dict[str, int]:
    names = sorted({name for table in tables for name in table})
    return {name: sum(table.get(name, 0) for table in tables) for name in names}
