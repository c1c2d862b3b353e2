"""The arm's tables as arrays, and the arrays that hold a cohort: what compiled code reads and writes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from journey.decision.parameters import array_sheet
from simulation.compiled.guards import guard_tables
from simulation.kernels.nested_arrays import arrays_of
from simulation.model.arm import ArmTable
from simulation.model.parameters import SignalMix
from simulation.model.units import MINUTES_PER_DAY

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Tables(NamedTuple):
    """`simulation.model.arm.ArmTable` as arrays; see there for the meaning. Ragged rows are padded."""

    arm: int
    sheet: Any
    terminal: npt.NDArray[np.bool_]
    live: npt.NDArray[np.bool_]
    escalate_move: int
    knots: Floats
    move_count: Ints
    move: Ints
    to_stage: Ints
    law: Ints
    a: Floats
    b: Floats
    leaves: npt.NDArray[np.bool_]
    in_distress: Floats
    frail: npt.NDArray[np.bool_]
    guards: Any
    move_ratios: Floats
    seasons: Any
    onset_ratios: Floats
    policy_cause: Ints
    end_rate: Floats
    churn_ratio: Floats
    symptom_rate: Floats
    symptom_types: Ints
    symptom_cumulative: Floats
    noise_rate: float
    noise_types: Ints
    noise_cumulative: Floats
    strength_low: float
    strength_high: float
    false_low: float
    false_high: float
    manual_share: float
    delay_mean: float
    recovery_type: int
    recovery_probability: float
    effect_delay: Floats
    response: Floats
    fatigue: Any
    contract: Any
    values: Any
    value_changes: int
    flaws: Any
    recovery_ratio: Floats
    lasts: Floats
    harm_ratio: Floats
    csat: Floats
    cost: Floats
    satisfaction_calm: float
    satisfaction_penalty: float
    cadence: float
    on_signal: bool
    on_stage_entry: bool
    evaluates: bool
    outcome_window: float
    discount_rate: float
    service_days: float
    approve_distressed: float
    reject_calm: float
    override: float
    opens: float
    open_length: float
    days_per_week: int
    reviewers: int
    horizon: float
    keep_trace: bool


def tables_of(table: ArmTable, segments: Sequence[str], arm: int, days: float, *, keep_trace: bool) -> Tables:
    """The tables of the arm of this number as arrays; `segments` are the names of the population's."""
    moves = table.moves
    width = max((len(row) for row in moves), default=0) or 1

    def padded(name: str, kind: Any) -> Any:
        grid = np.zeros((len(moves), width), dtype=kind)
        for stage, row in enumerate(moves):
            grid[stage, : len(row)] = [getattr(law, name) for law in row]
        return grid

    symptoms = [cause.symptoms for cause in table.causes]
    reviewers = table.reviewers
    opens, length, days_per_week = reviewers.hours
    return Tables(
        arm=arm,
        sheet=array_sheet(table.sheet),
        terminal=np.array(table.terminal),
        live=np.array(table.live),
        escalate_move=table.escalate_move,
        knots=np.array(table.knots, dtype=np.float64),
        move_count=np.array([len(row) for row in moves]),
        move=padded("move", np.int64),
        to_stage=padded("to_stage", np.int64),
        law=padded("law", np.int64),
        a=padded("a", np.float64),
        b=padded("b", np.float64),
        leaves=padded("leaves", np.bool_),
        in_distress=padded("in_distress", np.float64),
        frail=padded("frailty", np.bool_),
        guards=guard_tables(table, segments),
        move_ratios=np.array(table.move_ratios),
        seasons=arrays_of(table.seasons),
        onset_ratios=np.array(table.onset_ratios),
        policy_cause=np.array([cause.policy_cause for cause in table.causes], dtype=np.int64),
        end_rate=np.array([cause.end_rate for cause in table.causes], dtype=np.float64),
        churn_ratio=np.array([cause.churn_ratio for cause in table.causes], dtype=np.float64),
        symptom_rate=np.array([mix.rate for mix in symptoms], dtype=np.float64),
        symptom_types=_grid([mix.types for mix in symptoms], np.int64),
        symptom_cumulative=_shares(symptoms),
        noise_rate=float(table.noise.rate),
        noise_types=np.array(table.noise.types, dtype=np.int64),
        noise_cumulative=np.array(table.noise.cumulative, dtype=np.float64),
        strength_low=table.signals.strength.low,
        strength_high=table.signals.strength.high,
        false_low=table.signals.false_strength.low,
        false_high=table.signals.false_strength.high,
        manual_share=table.signals.manual_share,
        delay_mean=table.signals.delay_mean_days,
        recovery_type=table.recovery_type,
        recovery_probability=table.signals.recovery_probability,
        effect_delay=np.array([effect.delay for effect in table.effects]),
        response=_grid([effect.response for effect in table.effects]),
        fatigue=table.fatigue,
        contract=arrays_of(table.contract),
        values=arrays_of(table.values),
        value_changes=len(table.value_changes),
        flaws=table.flaws,
        recovery_ratio=_grid([effect.recovery_ratio for effect in table.effects]),
        lasts=np.array([effect.lasts for effect in table.effects]),
        harm_ratio=np.array([effect.harm_ratio for effect in table.effects]),
        csat=np.array([effect.csat for effect in table.effects]),
        cost=np.array(table.policy.costs),
        satisfaction_calm=table.satisfaction_calm,
        satisfaction_penalty=table.satisfaction_penalty,
        cadence=float(table.cadence),
        on_signal=table.on_signal,
        on_stage_entry=table.on_stage_entry,
        evaluates=table.cadence > 0.0 or table.on_signal or table.on_stage_entry,
        outcome_window=table.outcome_window,
        discount_rate=float(table.discount_rate),
        service_days=reviewers.service_minutes / MINUTES_PER_DAY,
        approve_distressed=reviewers.approve_distressed,
        reject_calm=reviewers.reject_calm,
        override=reviewers.override,
        opens=opens,
        open_length=length,
        days_per_week=days_per_week,
        reviewers=table.reviewer_count,
        horizon=float(days),
        keep_trace=keep_trace,
    )


def _grid(rows: Any, kind: Any = np.float64) -> Any:
    width = max((len(row) for row in rows), default=0) or 1
    grid = np.zeros((max(len(rows), 1), width), dtype=kind)
    for place, row in enumerate(rows):
        grid[place, : len(row)] = row
    return grid


def _shares(mixes: list[SignalMix]) -> Any:
    """Cumulative shares, padded with 1 so that the last real type is picked for every draw below 1."""
    grid = _grid([mix.cumulative for mix in mixes])
    for place, mix in enumerate(mixes):
        grid[place, len(mix.cumulative) :] = 1.0
    return grid
