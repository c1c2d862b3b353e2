"""All checks of an arm: the worlds that have exact answers, and the arm as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulation.verification import conservation, hazards, occupancy, queueing, random_streams
from simulation.verification.derived_models import theory_setup
from simulation.verification.event_histories import lives_of
from simulation.verification.runners import by_reference
from simulation.verification.test_results import judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simulation.model.arm import ArmSetup
    from simulation.verification.event_histories import Lives
    from simulation.verification.runners import Runner
    from simulation.verification.test_results import Check, Evidence

MOST_CUSTOMERS = 5_000
"""Customers in the worlds with exact answers, where nothing else is said and the horizon is not long."""

CUSTOMER_DAYS = 2_000_000.0
"""With a long horizon there are fewer customers: so many days are lived in each world."""


def default_customers(days: float) -> int:
    """How many customers live in each world with exact answers when nothing is said."""
    return int(min(MOST_CUSTOMERS, max(300.0, CUSTOMER_DAYS / days)))


def checks(
    setup: ArmSetup,
    *,
    seed: int,
    days: float,
    customers: int | None = None,
    run: Runner = by_reference,
    other: Runner | None = None,
) -> list[Check]:
    """Everything about one arm that can be held to an exact answer, judged together.

    Args:
        setup: The arm, of any scenario.
        seed: All luck follows from it, so the result is the same every time.
        days: The horizon.
        customers: Customers in the worlds with exact answers; None for `default_customers`.
        run: The engine that is held to theory.
        other: Another engine that must give the same trace; None where there is none.
    """
    some = default_customers(days) if customers is None else customers
    theory = theory_checks(setup, seed=seed, days=days, customers=some, run=run)
    return judged([*theory, *arm_checks(setup, seed=seed, days=days, run=run, other=other)])


def theory_checks(
    setup: ArmSetup,
    *,
    seed: int,
    days: float,
    customers: int,
    run: Runner = by_reference,
    progress: Callable[[str], None] | None = None,
) -> Iterator[Evidence]:
    """The worlds with exact answers that are derived from an arm; see `checks`.

    They depend on the population, the journey and the world, which the arms of a scenario share.

    Yields:
        Evidence, to be judged together with that of `arm_checks`; `progress` is told what comes next.
    """
    say = progress or (lambda _: None)
    for what, section in (
        ("luck", luck_checks),
        ("exponential dwells: matrix exponential", markov_checks),
        ("own dwells: renewal equations", renewal_checks),
        ("own dwells and distress: integrated hazards", hazard_checks),
    ):
        say(what)
        yield from section(setup, seed=seed, days=days, customers=customers, run=run)


def luck_checks(
    setup: ArmSetup,
    *,
    seed: int,
    days: float,  # noqa: ARG001 - all sections are called alike; here a dwell lasts as long as it needs
    customers: int,
    run: Runner = by_reference,
) -> Iterator[Evidence]:
    """Keyed streams and single dwells against their laws."""
    yield from random_streams.stream_evidence(seed, customers)
    yield from random_streams.dwell_evidence(setup, run, seed=seed, customers=max(200, customers // 5))


def markov_checks(
    setup: ArmSetup, *, seed: int, days: float, customers: int, run: Runner = by_reference
) -> Iterator[Evidence]:
    """Exponential dwells, with the arm's distress, against the matrix exponential."""
    world = theory_setup(setup, customers=customers, seed=seed, exponential=True, distress="silent")
    title = "dwells made exponential with the same mean, no orchestrator: matrix exponential"
    yield from occupancy.compared(
        title, _lived(world, random_streams.other_seed(seed, 1), days, run), occupancy.markov_outlook
    )


def renewal_checks(
    setup: ArmSetup, *, seed: int, days: float, customers: int, run: Runner = by_reference
) -> Iterator[Evidence]:
    """The arm's own dwells, without distress, against the renewal equations."""
    world = theory_setup(setup, customers=customers, seed=seed, exponential=False, distress="none")
    title = "own dwells, distress off, all new in their stage, no orchestrator: renewal equations"
    yield from occupancy.compared(
        title, _lived(world, random_streams.other_seed(seed, 2), days, run), occupancy.renewal_outlook
    )


def hazard_checks(
    setup: ArmSetup, *, seed: int, days: float, customers: int, run: Runner = by_reference
) -> Iterator[Evidence]:
    """The arm's own dwells, distress and signals against their integrated hazards."""
    world = theory_setup(
        setup, customers=customers, seed=seed, exponential=False, distress="as it shows", aged=True, dated=True
    )
    title = "own dwells, distress, seasons and contracts, signals without delay, no orchestrator: integrated hazards"
    yield from hazards.compared(title, _lived(world, random_streams.other_seed(seed, 3), days, run))


def _lived(world: ArmSetup, seed: int, days: float, run: Runner) -> Lives:
    return lives_of(world, run(world, seed=seed, days=days), seed=seed)


def arm_checks(
    setup: ArmSetup,
    *,
    seed: int,
    days: float,
    run: Runner = by_reference,
    other: Runner | None = None,
    progress: Callable[[str], None] | None = None,
) -> Iterator[Evidence]:
    """The arm as it is: conservation, Little's law, the gate at its load, one trace in two engines; see `checks`.

    What is checked holds for any number of customers, so of a very large population only `default_customers` live.
    """
    say = progress or (lambda _: None)
    title = f"{setup.name} as it is"
    size, most = setup.population.size, default_customers(days)
    if size > most:
        title += f", {most:,} of {size:,} customers"
        setup = replace(setup, population=setup.population.model_copy(update={"size": most}))
    say(title)
    lived = run(setup, seed=seed, days=days)
    yield from conservation.conservation(title, lives_of(setup, lived, seed=seed), lived)
    yield from queueing.little_evidence(title, lived)
    if other is not None:
        say(f"{title}: the other engine")
        yield conservation.same_trace(title, lived, other(setup, seed=seed, days=days))
    yield from queueing.erlang_evidence(setup, lived, seed)
