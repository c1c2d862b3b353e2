"""A run's trace as histories of customers: the data of every check."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from journey.core.time_units import DAYS_PER_YEAR
from journey.decision.policy import TIERS
from simulation.metrics.counters import discounted_days
from simulation.population.draw import draw_frailty
from simulation.runs.cohort import draw_initial_customers
from simulation.trace.events import (
    DISTRESS_OFF,
    DISTRESS_ON,
    EFFECT_OFF,
    EFFECT_ON,
    MOVE,
    ON_PRICE,
    SIGNAL,
    VALUE_CHANGE,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec
    from simulation.population.draw import InitialCustomer
    from simulation.trace.events import Row

    FloatArray = npt.NDArray[np.float64]
    IntArray = npt.NDArray[np.int64]
    SpellFilter = Callable[["Spell"], bool]


class Spell(NamedTuple):
    """An interval in which stage, distress, account value and the effects of actions on a customer do not change.

    Attributes:
        customer: Index of the customer.
        stage: Name of the stage.
        cause: The cause of distress, or None.
        value: Revenue per year, in dollars.
        start: First day.
        stop: Last day.
        age: Days in the stage at `start`.
        move: Name of the move that ends the spell, or None.
        reason: The reason of that move if it was caused by a date and not by its hazard.
        moves_action: The action whose effect on the hazards of moves is in force, or None.
        discount_action: The action whose discount is in force, or None.
    """

    customer: int
    stage: str
    cause: str | None
    value: float
    start: float
    stop: float
    age: float
    move: str | None
    reason: str | None
    moves_action: str | None = None
    discount_action: str | None = None


@dataclass(frozen=True)
class EventHistories:
    """The histories of n customers, read from a trace.

    Attributes:
        arm_spec: The arm that was run.
        days: The horizon in days.
        customers: The customers on day 0, including those that arrive later or not before the horizon.
        segments: The population's segments.
        frailties: Shape (n,).
        spells: All spells, by customer and then in order of time; none of customers that arrive after the horizon.
        signals: The signal rows.
        changes: The rows of value changes.
    """

    arm_spec: ArmSpec
    days: float
    customers: tuple[InitialCustomer, ...]
    segments: tuple[str, ...]
    frailties: FloatArray
    spells: tuple[Spell, ...]
    signals: tuple[Row, ...]
    changes: tuple[Row, ...] = ()

    @cached_property
    def churned_stages(self) -> frozenset[str]:
        """Stages of churned customers: terminal ones, and lost ones from which a win-back is possible."""
        return self.arm_spec.exit_stages

    def kinds(self) -> list[tuple[str, str]]:
        """Segment and tier of each customer."""
        return [(self.segments[person.segment], TIERS[person.tier]) for person in self.customers]

    def values(self) -> FloatArray:
        """Shape (n,): each customer's initial revenue per year."""
        return np.array([person.account_value for person in self.customers])

    def has_arrived(self) -> npt.NDArray[np.bool_]:
        """Shape (n,): whether a customer arrives before the horizon."""
        return np.array([person.arrives_at < self.days for person in self.customers])

    def last_spells(self) -> dict[int, Spell]:
        """The last spell of each customer that has arrived."""
        return {spell.customer: spell for spell in self.spells}

    def has_churned(self) -> npt.NDArray[np.bool_]:
        """Shape (n,): whether a customer is churned at the end."""
        churned = np.zeros(len(self.customers), dtype=np.bool_)
        for customer, spell in self.last_spells().items():
            churned[customer] = self._end_stage(spell) in self.churned_stages
        return churned

    def retained_value(self) -> FloatArray:
        """Shape (n,): what each customer pays per year at the end; 0 if churned or not arrived."""
        values, pays = np.zeros(len(self.customers)), self.pays
        for customer, spell in self.last_spells().items():
            values[customer] = spell.value * pays[self._end_stage(spell)]
        return values

    @cached_property
    def pays(self) -> dict[str, float]:
        """Share of the account value that customers pay, by stage."""
        journey = self.arm_spec.journey
        return dict(zip(journey.stages, journey.pays, strict=True))

    def _end_stage(self, last: Spell) -> str:
        """The stage at the end of a customer's last spell."""
        return last.stage if last.move is None else self.arm_spec.journey.arcs[last.stage, last.move].destination

    def revenue(self, rate: float) -> FloatArray:
        """Shape (n,): revenue of each customer, discounted to day 0 at a continuous `rate` per day."""
        revenue, pays = np.zeros(len(self.customers)), self.pays
        for spell in self.spells:
            paid = spell.value * pays[spell.stage] / DAYS_PER_YEAR * (1.0 - self.discount_share(spell))
            revenue[spell.customer] += paid * discounted_days(spell.start, spell.stop, rate)
        return revenue

    def discount_share(self, spell: Spell) -> float:
        """Share of the price that a customer does not pay during a spell."""
        if spell.discount_action is None:
            return 0.0
        discount = self.arm_spec.world.effects[spell.discount_action].discount
        return 0.0 if discount is None else discount.share_in(spell.stage)

    def effect_ratio(self, spell: Spell, move: str) -> float:
        """Hazard ratio of a move during a spell, from the effect of an action."""
        if spell.moves_action is None:
            return 1.0
        return self.arm_spec.world.effects[spell.moves_action].moves.get(move, 1.0)

    def moves(self) -> FloatArray:
        """Shape (n,): number of moves of each customer."""
        return self.count_spells(lambda spell: spell.move is not None)

    def count_spells(self, is_selected: SpellFilter) -> FloatArray:
        """Shape (n,): number of selected spells of each customer."""
        counts = np.zeros(len(self.customers))
        for spell in self.spells:
            counts[spell.customer] += is_selected(spell)
        return counts

    def days_in(self, is_selected: SpellFilter) -> FloatArray:
        """Shape (n,): days of each customer in selected spells."""
        days = np.zeros(len(self.customers))
        for spell in self.spells:
            if is_selected(spell):
                days[spell.customer] += spell.stop - spell.start
        return days

    def stages_on(self, grid: Sequence[float]) -> IntArray:
        """Shape (days, n): code of each customer's stage on each day; -1 if the trace gives no stage."""
        journey = self.arm_spec.journey
        codes = {stage: code for code, stage in enumerate(journey.stages)}
        stages = np.full((len(grid), len(self.customers)), -1)
        days = np.array(grid)
        ends = {move.name + "\0" + move.source: codes[move.destination] for move in journey.moves}
        for spell in self.spells:
            last = days < spell.stop if spell.move is not None else days <= self.days
            stages[(days >= spell.start) & last, spell.customer] = codes[spell.stage]
            if spell.move is not None:
                stages[days >= spell.stop, spell.customer] = ends[spell.move + "\0" + spell.stage]
        return stages


def read_histories(arm_spec: ArmSpec, run: Run, *, seed: int, replication: int = 0) -> EventHistories:
    """Read the histories of a run with a trace.

    Args:
        arm_spec: The arm that was run.
        run: The run, with its trace.
        seed: The seed of the run.
        replication: Number of the replication.
    """
    assert run.trace is not None
    cohort, initial = draw_initial_customers(arm_spec, seed=seed, replication=replication)
    keyed = list(initial)
    persons = tuple(person for _, person in keyed)
    # Numbers of buyers have gaps, so customers are identified by their index.
    indices = {person.number: index for index, person in enumerate(persons)}
    rows: list[list[Row]] = [[] for _ in persons]
    signals, changes = [], []
    for row in run.trace.sorted_rows():
        if row.kind in _SPELL_EVENTS:
            rows[indices[row.customer]].append(row)
        if row.kind == SIGNAL:
            signals.append(row)
        elif row.kind == VALUE_CHANGE:
            changes.append(row)
    spells: list[Spell] = []
    for index, person in enumerate(persons):
        if person.arrives_at < run.days:
            _append_spells(arm_spec, person, index, rows[index], run.days, spells)
    spread = arm_spec.world.frailty_spread
    frailties = np.array([draw_frailty(spread, key, person.frailty_draw) for key, person in keyed])
    events = (tuple(spells), tuple(signals), tuple(changes))
    return EventHistories(arm_spec, run.days, persons, cohort.segments, frailties, *events)


_SPELL_EVENTS = (MOVE, DISTRESS_ON, DISTRESS_OFF, VALUE_CHANGE, EFFECT_ON, EFFECT_OFF)


def _append_spells(
    arm_spec: ArmSpec, person: InitialCustomer, index: int, rows: Sequence[Row], days: float, spells: list[Spell]
) -> None:
    """Add one customer's spells, up to the end of the journey or of the run."""
    stage, cause = arm_spec.journey.stages[person.stage], None
    value, start, entered = person.account_value, person.arrives_at, person.arrives_at - person.days_in_stage
    effects: tuple[str | None, str | None] = (None, None)
    for row in rows:
        move, reason = (row.label, row.reason) if row.kind == MOVE else (None, None)
        spells.append(Spell(index, stage, cause, value, start, row.time, start - entered, move, reason, *effects))
        start = row.time
        if row.kind == MOVE:
            entered = entered if (row.stage, row.label) in arm_spec.journey.moves_within_stay else row.time
            stage = str(row.to_stage)
            if stage in arm_spec.journey.terminal:
                return
            if stage in arm_spec.journey.lost:
                # A churned customer is calm when won back; the trace has no row for the end of the episode.
                cause, effects = None, (None, None)
        elif row.kind == VALUE_CHANGE:
            value = float(row.value or 0.0)
        elif row.kind in (EFFECT_ON, EFFECT_OFF):
            action = row.label if row.kind == EFFECT_ON else None
            effects = (effects[0], action) if row.reason == ON_PRICE else (action, effects[1])
        else:
            cause = row.label if row.kind == DISTRESS_ON else None
    spells.append(Spell(index, stage, cause, value, start, days, start - entered, None, None, *effects))
