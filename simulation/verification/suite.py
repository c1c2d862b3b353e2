"""All checks of an arm: the derived models with exact results, and the arm as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulation.verification import action_effects, conservation, hazards, occupancy, queueing, random_streams
from simulation.verification.derived_models import derive_theory_arm
from simulation.verification.event_histories import read_histories
from simulation.verification.evidence import Evidence, judge_checks
from simulation.verification.runners import run_reference
from simulation.verification.time_dependent import DATE_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from simulation.model.arm import ArmSpec
    from simulation.verification.event_histories import EventHistories, Spell
    from simulation.verification.evidence import Check
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
        ("notice: matrix exponential", notice_checks),
        ("actions on moves and price: matrix exponentials", action_effect_checks),
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
    world = derive_theory_arm(arm_spec, customers=customers, exponential=True, distress="silent")
    title = "dwells made exponential with the same mean, no orchestrator: matrix exponential"
    yield from occupancy.compare_occupancy(
        title, _run_histories(world, random_streams.derive_seed(seed, 1), days, run), occupancy.markov_expectation
    )


def renewal_checks(
    arm_spec: ArmSpec, *, seed: int, days: float, customers: int, run: Runner = run_reference
) -> Iterator[Evidence]:
    """Check the arm's own dwells, without distress, against the renewal equations."""
    world = derive_theory_arm(arm_spec, customers=customers, exponential=False, distress="none")
    title = "own dwells, no distress, all new in their stage, no orchestrator: renewal equations"
    yield from occupancy.compare_occupancy(
        title, _run_histories(world, random_streams.derive_seed(seed, 2), days, run), occupancy.renewal_expectation
    )


def hazard_checks(
    arm_spec: ArmSpec, *, seed: int, days: float, customers: int, run: Runner = run_reference
) -> Iterator[Evidence]:
    """Check the arm's own dwells, distress and signals against their integrated hazards."""
    world = derive_theory_arm(
        arm_spec, customers=customers, exponential=False, distress="visible", aged=True, dated=True
    )
    title = "own dwells, distress, seasons and contracts, signals without delay, no orchestrator: integrated hazards"
    yield from hazards.compare_hazards(title, _run_histories(world, random_streams.derive_seed(seed, 3), days, run))


def notice_checks(
    arm_spec: ArmSpec, *, seed: int, days: float, customers: int, run: Runner = run_reference
) -> Iterator[Evidence]:
    """Check the days between the decision to leave and leaving; nothing if the world has none.

    The world is that of `markov_checks`, without win-backs. Nothing depends on the notice before it is given. So the
    probability of having left by day t is that of a world without notice by day t minus the notice, and the same holds
    for all that happens before the decision. All other derived models are without notice.
    """
    notice = arm_spec.world.notice_days
    if notice == 0.0:
        return
    world = derive_theory_arm(arm_spec, customers=customers, exponential=True, distress="silent")
    final_moves = tuple(move for move in world.journey.moves if move.source not in world.journey.lost)
    world = replace(
        world,
        journey=replace(world.journey, moves=final_moves),
        world=world.world.model_copy(update={"notice_days": notice}),
    )
    histories = _run_histories(world, random_streams.derive_seed(seed, 6), days + notice, run)
    arcs = world.journey.arcs
    left = [
        spell
        for spell in histories.spells
        if spell.move is not None and arcs[spell.stage, spell.move].destination in world.exit_stages
    ]
    title = (
        f"dwells made exponential with the same mean, {notice:g} days of notice, no win-backs, no orchestrator: "
        "matrix exponential until the decision"
    )
    in_full = sum(spell.age + spell.stop - spell.start >= notice - DATE_TOLERANCE for spell in left)
    yield Evidence(f"{title}: departures after a stay of at least the notice", float(len(left)), float(in_full))
    yield from occupancy.compare_occupancy(
        title, _until_decisions(histories, notice, left), occupancy.markov_expectation
    )


def action_effect_checks(
    arm_spec: ArmSpec, *, seed: int, days: float, customers: int, run: Runner = run_reference
) -> Iterator[Evidence]:
    """Check effects of actions on moves and price against matrix exponentials; nothing if the world has none."""
    for number, (action, effect) in enumerate(action_effects.acting_effects(arm_spec).items()):
        world = action_effects.derive_treated_arm(arm_spec, action, customers=customers)
        title = (
            f"dwells made exponential with the same mean, no distress, every customer responds to {action} at the "
            f"entry: matrix exponentials before and after day {effect.lasts_days:g} of its effect"
        )
        horizon = days + action_effects.ENTRY_DAY
        histories = _run_histories(world, random_streams.derive_seed(seed, 100 + number), horizon, run)
        yield from occupancy.compare_occupancy(title, histories, action_effects.treated_expectation)


def _until_decisions(histories: EventHistories, notice: float, left: Sequence[Spell]) -> EventHistories:
    """The histories without their last `notice` days, in which customers leave on the day of their decision.

    `left` are the spells at whose end customers leave.
    """
    days, last = histories.days - notice, {spell.customer: spell for spell in left}
    spells = []
    for spell in histories.spells:
        end, move = days, None
        if spell.customer in last and last[spell.customer].stop - notice < days:
            end, move = last[spell.customer].stop - notice, last[spell.customer].move
        if spell.stop < end:
            spells.append(spell)
        elif spell.start <= end:
            spells.append(spell._replace(stop=end, move=move))
    return replace(histories, days=days, spells=tuple(spells))


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
    if arm_spec.active and action_effects.acting_effects(arm_spec):
        report(f"{title}: effects of its actions on moves")
        yield from _acting_evidence(arm_spec, seed=seed, days=days, run=run)
    if other is not None:
        report(f"{title}: the other engine")
        yield conservation.compare_traces(title, result, other(arm_spec, seed=seed, days=days))
    yield from queueing.erlang_evidence(arm_spec, result, seed)


def _acting_evidence(arm_spec: ArmSpec, *, seed: int, days: float, run: Runner) -> Iterator[Evidence]:
    """Check moves against their integrated hazards while the arm's own decisions start and replace effects."""
    customers = min(arm_spec.population.size, default_customers(days))
    world = action_effects.derive_acting_arm(arm_spec, customers=customers)
    title = f"{arm_spec.name}, own dwells and decisions, actions act on moves and price only: integrated hazards"
    yield from hazards.compare_hazards(title, _run_histories(world, random_streams.derive_seed(seed, 7), days, run))
