"""Models with exact results that are derived from a scenario's arm.

They are rebuilt from the features that have an exact result. All other features of the world are omitted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from journey.machine import Journey, Move
from simulation.exact.scipy_distributions import mean_days
from simulation.model.account_spec import Renewal
from simulation.model.distress_spec import Cause, Distress, Signals
from simulation.model.dwell_spec import Dwell, MoveClock
from simulation.model.effect_spec import Decisions
from simulation.model.population_spec import Correlations, Population, Segment
from simulation.model.world_spec import World
from simulation.population.from_records import derive_synthetic

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.model.arm import ArmSpec

DistressMode = Literal["none", "silent", "visible"]
"""Whether there is distress, and whether it causes signals."""


def derive_theory_arm(
    arm_spec: ArmSpec,
    *,
    customers: int,
    exponential: bool,
    distress: DistressMode,
    aged: bool = False,
    dated: bool = False,
) -> ArmSpec:
    """The arm's world without orchestrator and guards, and only with features that have an exact result.

    Lost stages stay. No derived model has failed charges (the trace does not show when a charge is due), fatigue,
    imperfect records, or customers without consent; without an orchestrator the last three have no effect.

    Args:
        arm_spec: The arm.
        customers: Number of customers, with the arm's own mix of segments, tiers and stages.
        exponential: Whether every dwell is replaced by an exponential one with the same mean.
        distress: Whether there is distress. Signals are delivered without delay, so visible ones can be counted.
        aged: Whether customers can be in mid-stay on day 0, as in the arm. Otherwise all begin their stay.
        dated: Whether there are seasons, tenure bands, contracts, value changes, arrivals and correlated traits.
            Otherwise nothing depends on the date, and all customers are present on day 0.
    """
    world = arm_spec.world
    reshape = _exponential if exponential else _unchanged
    causes = world.distress.causes if distress != "none" else {}
    return replace(
        arm_spec,
        journey=_with_exact_moves(arm_spec.journey, exponential=exponential),
        world=World(
            moves={name: _clock(clock, reshape, dated=dated) for name, clock in world.moves.items()},
            frailty_spread=world.frailty_spread,
            distress=Distress(
                causes={name: _cause(cause, visible=distress == "visible") for name, cause in causes.items()},
                by_segment=world.distress.by_segment,
                by_tier=world.distress.by_tier,
            ),
            signals=_without_delay(world.signals) if distress == "visible" else Signals(),
            calendar=world.calendar if dated else {},
            renewal=world.renewal if dated else Renewal(),
            value_changes=world.value_changes if dated else {},
            decisions=Decisions(cadence_days=0.0, on_signal=False, on_stage_entry=False),
        ),
        population=_population(arm_spec, customers, aged=aged, dated=dated),
        active=False,
        # They name stages and moves of the scenario's journey.
        metrics={},
    )


def derive_single_dwell_arm(arm_spec: ArmSpec, dwell: Dwell, customers: int) -> ArmSpec:
    """A world in which one stage is left by one move only, with this dwell and no ratios."""
    return replace(
        arm_spec,
        journey=Journey.build(
            stages=("here", "gone"), moves=(Move("leave", "here", "gone"),), initial="here", terminal="gone"
        ),
        world=World(
            moves={"leave": MoveClock(dwell=dwell)},
            decisions=Decisions(cadence_days=0.0, on_signal=False, on_stage_entry=False),
        ),
        population=Population(size=customers, segments={"all": Segment(share=1.0, account_value=1.0)}),
        active=False,
        # They name stages and moves of the scenario's journey.
        metrics={},
    )


def list_dwells(arm_spec: ArmSpec) -> dict[str, Dwell]:
    """Every dwell of the arm's world by its move, and by the stage if it differs by stage."""
    dwells = {}
    for name, clock in arm_spec.world.moves.items():
        sources = [move.source for move in arm_spec.journey.moves if move.name == name]
        if any(source not in clock.dwell_from for source in sources):
            dwells[name] = clock.dwell
        dwells.update({f"{name} from {stage}": dwell for stage, dwell in clock.dwell_from.items()})
    return dwells


def _with_exact_moves(journey: Journey, *, exponential: bool) -> Journey:
    """The journey without guards, and without moves that restart their own clock only: they change nothing else.

    Without memory, all clocks may restart, so such moves stay where dwells are exponential.
    """
    if not exponential:
        journey = replace(journey, moves=tuple(move for move in journey.moves if move.restarts_clocks))
    return _unguarded(journey)


def _unguarded(journey: Journey) -> Journey:
    moves = tuple(replace(move, guard=None) for move in journey.moves)
    return replace(journey, moves=moves)


def _unchanged(dwell: Dwell) -> Dwell:
    return dwell


def _exponential(dwell: Dwell) -> Dwell:
    return Dwell(law="exponential", mean_days=mean_days(dwell))


def _clock(clock: MoveClock, reshape: Callable[[Dwell], Dwell], *, dated: bool) -> MoveClock:
    return MoveClock(
        dwell=reshape(clock.dwell),
        dwell_from={stage: reshape(dwell) for stage, dwell in clock.dwell_from.items()},
        by_segment=clock.by_segment,
        by_tier=clock.by_tier,
        by_tenure=clock.by_tenure if dated else (),
        in_distress=clock.in_distress,
        frailty=clock.frailty,
    )


def _cause(cause: Cause, *, visible: bool) -> Cause:
    return Cause(
        onset_per_day=cause.onset_per_day,
        mean_days=cause.mean_days,
        churn_ratio=cause.churn_ratio,
        symptoms=cause.symptoms if visible else {},
    )


def _without_delay(signals: Signals) -> Signals:
    return Signals(
        strength=signals.strength,
        false_strength=signals.false_strength,
        false_per_day=signals.false_per_day,
        delay_mean_days=0.0,
    )


def _population(arm_spec: ArmSpec, customers: int, *, aged: bool, dated: bool) -> Population:
    population = arm_spec.population
    if population.records is not None:
        return derive_synthetic(population, arm_spec.journey.compile(), size=customers)
    return Population(
        size=customers,
        segments={
            name: Segment(
                share=segment.share,
                account_value=segment.account_value,
                value_spread=segment.value_spread,
                tiers=segment.tiers,
                tenure_mean_days=segment.tenure_mean_days if dated else 0.0,
            )
            for name, segment in population.segments.items()
        },
        start=population.start,
        in_mid_stay=population.in_mid_stay and aged,
        correlations=population.correlations if dated else Correlations(),
        arrivals=population.arrivals if dated else None,
    )
