"""All checks of an arm: the derived models with exact results, and the arm as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulation.verification import conservation, hazards, occupancy, queueing, random_streams
from simulation.verification.derived_models import derive_theory_arm
from simulation.verification.event_histories import read_histories
from simulation.verification.evidence import judge_checks
from simulation.verification.runners import run_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simulation.model.arm import ArmSpec
    from simulation.verification.event_histories import EventHistories
    from simulation.verification.evidence import Check, Evidence
    from simulation.verification.runners import Runner

MAX_CUSTOMERS = 5_000
"""Default number of customers in each derived model, unless the horizon is long."""

CUSTOMER_DAYS = 2_000_000.0
"""With a long horizon there are fewer customers: each model simulates this many customer-days."""


def default_customers(days: float) -> int:
    """Default number of customers in each derived model."""
    return int(min(MAX_CUSTOMERS, max(300.0, CUSTOMER_DAYS / days)))


def run_checks(
    arm_spec: ArmSpec,
    *,
    seed: int,
    days: float,
    customers: int | None = None,
    run: Runner = run_reference,
    other: Runner | None = None,
) -> list[Check]:
    """All checks of one arm that have an exact result, judged together.

    Args:
        arm_spec: The arm, of any scenario.
        seed: Random seed; the result is reproducible.
        days: The horizon in days.
        customers: Customers in the derived models; None for `default_customers`.
        run: The engine to verify.
        other: Another engine that must give the same trace; None if there is none.
    """
    customer_count = default_customers(days) if customers is None else customers
    theory = theory_checks(arm_spec, seed=seed, days=days, customers=customer_count, run=run)
    return judge_checks([*theory, *arm_checks(arm_spec, seed=seed, days=days, run=run, other=other)])


def theory_checks(
    arm_spec: ArmSpec,
    *,
    seed: int,
    days: float,
    customers: int,
    run: Runner = run_reference,
    progress: Callable[[str], None] | None = None,
) -> Iterator[Evidence]:
    """The checks of the derived models of an arm; see `run_checks`.

    They depend on the population, the journey and the world, which the arms of a scenario share.

    Yields:
        Evidence, to be judged together with that of `arm_checks`. `progress` is called with the title of each section.
    """
    report = progress or (lambda _: None)
    for title, section in (
        ("random streams", stream_checks),
        ("exponential dwells: matrix exponential", markov_checks),
        ("own dwells: renewal equations", renewal_checks),
        ("own dwells and distress: integrated hazards", hazard_checks),
    ):
        report(title)
        yield from section(arm_spec, seed=seed, days=days, customers=customers, run=run)


def stream_checks(
    arm_spec: ArmSpec,
    *,
    seed: int,
    days: float,  # noqa: ARG001 - all sections have the same signature; here the dwell determines the horizon
    customers: int,
    run: Runner = run_reference,
) -> Iterator[Evidence]:
    """Check keyed streams and single dwells against their distributions."""
    yield from random_streams.stream_evidence(seed, customers)
    yield from random_streams.dwell_evidence(arm_spec, run, seed=seed, customers=max(200, customers // 5))


def markov_checks(
    arm_spec: ArmSpec, *, seed: int, days: float, customers: int, run: Runner = run_reference
) -> Iterator[Evidence]:
    """Check exponential dwells, with the arm's distress, against the matrix exponential."""
    world = derive_theory_arm(arm_spec, customers=customers, seed=seed, exponential=True, distress="silent")
    title = "dwells made exponential with the same mean, no orchestrator: matrix exponential"
    yield from occupancy.compare_occupancy(
        title, _run_histories(world, random_streams.derive_seed(seed, 1), days, run), occupancy.markov_expectation
    )


def renewal_checks(
    arm_spec: ArmSpec, *, seed: int, days: float, customers: int, run: Runner = run_reference
) -> Iterator[Evidence]:
    """Check the arm's own dwells, without distress, against the renewal equations."""
    world = derive_theory_arm(arm_spec, customers=customers, seed=seed, exponential=False, distress="none")
    title = "own dwells, no distress, all new in their stage, no orchestrator: renewal equations"
    yield from occupancy.compare_occupancy(
        title, _run_histories(world, random_streams.derive_seed(seed, 2), days, run), occupancy.renewal_expectation
    )


def hazard_checks(
    arm_spec: ArmSpec, *, seed: int, days: float, customers: int, run: Runner = run_reference
) -> Iterator[Evidence]:
    """Check the arm's own dwells, distress and signals against their integrated hazards."""
    world = derive_theory_arm(
        arm_spec, customers=customers, seed=seed, exponential=False, distress="visible", aged=True, dated=True
    )
    title = "own dwells, distress, seasons and contracts, signals without delay, no orchestrator: integrated hazards"
    yield from hazards.compare_hazards(title, _run_histories(world, random_streams.derive_seed(seed, 3), days, run))


def _run_histories(world: ArmSpec, seed: int, days: float, run: Runner) -> EventHistories:
    return read_histories(world, run(world, seed=seed, days=days), seed=seed)


def arm_checks(
    arm_spec: ArmSpec,
    *,
    seed: int,
    days: float,
    run: Runner = run_reference,
    other: Runner | None = None,
    progress: Callable[[str], None] | None = None,
) -> Iterator[Evidence]:
    """Check the arm as it is: conservation, Little's law, the review queue at its load, and equal traces.

    See `run_checks`. The checks hold for any number of customers, so of a very large population only
    `default_customers` are simulated.
    """
    report = progress or (lambda _: None)
    title = f"{arm_spec.name} as it is"
    size, max_customers = arm_spec.population.size, default_customers(days)
    if size > max_customers:
        title += f", {max_customers:,} of {size:,} customers"
        arm_spec = replace(arm_spec, population=arm_spec.population.model_copy(update={"size": max_customers}))
    report(title)
    result = run(arm_spec, seed=seed, days=days)
    yield from conservation.check_conservation(title, read_histories(arm_spec, result, seed=seed), result)
    yield from queueing.little_evidence(title, result)
    if other is not None:
        report(f"{title}: the other engine")
        yield conservation.compare_traces(title, result, other(arm_spec, seed=seed, days=days))
    yield from queueing.erlang_evidence(arm_spec, result, seed)
