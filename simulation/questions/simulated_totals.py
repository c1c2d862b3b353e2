"""Totals of customers from the stays of a run, and how long a run a question needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from simulation.acquisition.spec import AcquiredPopulation
from simulation.exact.markov import kind_ratio
from simulation.questions.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt

    from simulation.model.arm import ArmSpec
    from simulation.questions.question import Question
    from simulation.questions.stays import Stays
    from simulation.questions.totals import CustomerKind

    FloatArray = npt.NDArray[np.float64]
    BoolArray = npt.NDArray[np.bool_]
    _Columns = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]


def find_run_days(arm_spec: ArmSpec, question: Question, horizon: float) -> float | None:
    """Days that a run needs so that all customers are observed for long enough; None if no run is certain to be.

    Args:
        arm_spec: The arm, with the customers of the question.
        question: The question.
        horizon: The scenario's horizon in days.
    """
    if question.days is None or (question.kind == "stay" and question.start is not None):
        return None
    return last_beginning(arm_spec, horizon) + question.days


def last_beginning(arm_spec: ArmSpec, horizon: float) -> float:
    """The last day on which a customer may begin who is to be observed."""
    population = arm_spec.population
    if isinstance(population, AcquiredPopulation):
        return horizon
    return 0.0 if population.arrivals is None or population.arrivals.share == 0.0 else population.arrivals.over_days


def compute_simulated_totals(
    arm_spec: ArmSpec, question: Question, stays: Stays, latest: float
) -> dict[CustomerKind, Totals]:
    """Totals by kind, as numbers of customers.

    Args:
        arm_spec: The arm, with the customers of the question.
        question: The question.
        stays: The stays of a run.
        latest: The last day on which a customer may begin to be counted; see `last_beginning`.
    """
    observed = _Observer(arm_spec, question, stays, latest).observe()
    counted = observed.customers
    columns = [
        np.bincount(stays.kind[counted], weights=values[counted], minlength=len(stays.kinds))
        for values in (observed.values, observed.weights, observed.undecided, observed.failed)
    ]
    rows = np.column_stack(columns).tolist()
    return {kind: Totals(*row) for kind, row in zip(stays.kinds, rows, strict=True)}


class _Observed(NamedTuple):
    """What is observed of each customer; all arrays have one value per customer.

    Attributes:
        customers: Whether the question is about the customer.
        values: What is asked.
        weights: What it is a mean over.
        undecided: 1 where the outcome is not known at the end of the run.
        failed: 1 where the customer never reaches the stage.
    """

    customers: BoolArray
    values: FloatArray
    weights: FloatArray
    undecided: FloatArray
    failed: FloatArray


class _Observer:
    """Observes the customers of a run for one question."""

    def __init__(self, arm_spec: ArmSpec, question: Question, stays: Stays, latest: float) -> None:
        self._question, self._stays = question, stays
        stages = arm_spec.journey.stages
        self._stage = stages.index(question.stage)
        self._before = None if question.before is None else stages.index(question.before)
        successors = _find_successors(arm_spec, stays.kinds)
        # After at least one move: a customer in the stage may enter it again.
        self._may_enter = np.array([question.stage in _reach(successors, {stage}) for stage in stages])
        self._is_transient = np.array([_is_transient(successors, stage) for stage in stages])
        starts = stays.stage[stays.first]
        excluded = arm_spec.exit_stages | question.ends if question.origin is None else frozenset()
        self._counted = ~np.isin(starts, [stages.index(stage) for stage in excluded])
        # Customers who begin too late are not observed for long enough.
        self._counted &= stays.begins <= latest

    def observe(self) -> _Observed:
        observe = {
            "reach": self._observe_reach,
            "time": self._observe_time,
            "stay": self._observe_stay,
            "visits": self._observe_visits,
            "share": self._observe_share,
        }[self._question.kind]
        return _Observed(self._counted, *(column.astype(np.float64) for column in observe()))

    @property
    def _all_customers(self) -> BoolArray:
        return np.ones(len(self._stays.kind), dtype=np.bool_)

    @property
    def _no_customers(self) -> BoolArray:
        return np.zeros(len(self._stays.kind), dtype=np.bool_)

    @property
    def _may_still_enter(self) -> BoolArray:
        """Whether a customer may enter the stage after the end of the run."""
        return self._may_enter[self._stays.stage[self._stays.last]]

    def _observe_reach(self) -> _Columns:
        entry, open_ended = self._stays.first_entries(self._stage), self._question.days is None
        prevented = self._all_customers * np.inf if self._before is None else self._stays.first_entries(self._before)
        end = self._stays.begins + (np.inf if open_ended else self._question.days or 0.0)
        reached = np.isfinite(entry) & (entry <= end) & (entry < prevented)
        undecided = self._may_still_enter & np.isinf(entry) & np.isinf(prevented) & open_ended
        return reached, self._all_customers, undecided, self._no_customers

    def _observe_time(self) -> _Columns:
        entry, days = self._stays.first_entries(self._stage), self._question.days
        waited = entry - self._stays.begins
        if days is not None:
            return np.minimum(waited, days), self._all_customers, self._no_customers, self._no_customers
        reached = np.isfinite(entry)
        undecided = ~reached & self._may_still_enter
        waited = np.where(reached, waited, 0.0)
        if self._question.if_reached:
            return waited, reached, undecided, self._no_customers
        return waited, self._all_customers, undecided, ~reached & ~undecided

    def _observe_stay(self) -> _Columns:
        stays, days = self._stays, self._question.days or 0.0
        entry = stays.first_entries(self._stage)
        left = np.full(len(entry), -np.inf)
        first = (stays.stage == self._stage) & (stays.entered == entry[stays.customer])
        left[stays.customer[first][::-1]] = stays.left[first][::-1]
        # Stays that begin too late are not observed for long enough.
        in_time = entry + days <= stays.days
        undecided = ~in_time & (np.isfinite(entry) | self._may_still_enter)
        return in_time & (left - entry > days), in_time, undecided, self._no_customers

    def _observe_visits(self) -> _Columns:
        stays, days = self._stays, self._question.days
        visits = stays.stage == self._stage
        if days is not None:
            visits &= stays.entered <= stays.begins[stays.customer] + days
        counts = np.bincount(stays.customer[visits], minlength=len(stays.kind))
        undecided = self._may_still_enter if days is None else self._no_customers
        return counts, self._all_customers, undecided, self._no_customers

    def _observe_share(self) -> _Columns:
        stays, days = self._stays, self._question.days
        if days is None:
            # The second half of the run stands for the long run.
            since, until = np.maximum(stays.begins, stays.days / 2.0), np.full(len(stays.kind), stays.days)
        else:
            since, until = stays.begins, stays.begins + days
        inside = stays.stage == self._stage
        customer = stays.customer[inside]
        overlap = np.minimum(stays.left[inside], until[customer]) - np.maximum(stays.entered[inside], since[customer])
        spent = np.bincount(customer, weights=np.maximum(overlap, 0.0), minlength=len(stays.kind))
        # Customers who may yet leave for good do not spend the long run as they spend the days before.
        undecided = self._is_transient[stays.stage[stays.last]] if days is None else self._no_customers
        return spent / (until - since), self._all_customers, undecided, self._no_customers


def _find_successors(arm_spec: ArmSpec, kinds: Collection[CustomerKind]) -> dict[str, set[str]]:
    """The stages that customers of these kinds can enter by one move, by stage; guards are ignored."""
    world, journey = arm_spec.world, arm_spec.journey
    moving = {
        name
        for name, clock in world.moves.items()
        if any(kind_ratio(clock, segment, tier, 1.0) > 0.0 for segment, tier in kinds)
    }
    moving |= {world.renewal.move} if any(world.renewal.churn.values()) else set()
    moving |= {world.payments.move} if any(world.payments.failure.values()) else set()
    found: dict[str, set[str]] = {stage: set() for stage in journey.stages}
    for move in journey.moves:
        if move.name in moving and (move.source, move.name) not in journey.moves_within_stay:
            found[move.source].add(move.destination)
    return found


def _is_transient(successors: dict[str, set[str]], stage: str) -> bool:
    """Whether a customer can leave a stage and never return to it."""
    return any(stage not in _reach(successors, {other}) for other in _reach(successors, {stage}) - {stage})


def _reach(successors: dict[str, set[str]], stages: Collection[str]) -> set[str]:
    """The stages that can be entered from these stages by one or more moves."""
    found: set[str] = set()
    waiting = list(stages)
    while waiting:
        new = successors[waiting.pop()] - found
        found |= new
        waiting += new
    return found
