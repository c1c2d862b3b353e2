"""The parameters of an arm as arrays for compiled code."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from journey.core.time_units import MINUTES_PER_DAY
from journey.decision.parameters import build_array_parameters
from simulation.compiled.guards import build_guard_tables
from simulation.kernels.nested_arrays import to_arrays
from simulation.model.arm import CompiledArm
from simulation.model.parameters import SignalMix

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class ArmArrays(NamedTuple):
    """The fields of `simulation.model.arm.CompiledArm` as arrays; see there for their meaning.

    Rows of different lengths are padded.
    """

    arm_index: int
    policy_parameters: Any
    terminal: npt.NDArray[np.bool_]
    live: npt.NDArray[np.bool_]
    escalate_move: int
    knots: Floats
    move_count: Ints
    move: Ints
    to_stage: Ints
    distribution: Ints
    a: Floats
    b: Floats
    leaves: npt.NDArray[np.bool_]
    in_distress: Floats
    frail: npt.NDArray[np.bool_]
    guards: Any
    move_ratios: Floats
    calendar_effects: Any
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
    record_errors: Any
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


def build_arm_arrays(
    compiled_arm: CompiledArm, segments: Sequence[str], index: int, days: float, *, keep_trace: bool
) -> ArmArrays:
    """The parameters of an arm as arrays.

    Args:
        compiled_arm: The arm.
        segments: Names of the population's segments.
        index: Number of the arm, from 0.
        days: The horizon in days.
        keep_trace: Whether to write rows of the trace.
    """
    moves = compiled_arm.moves
    width = max((len(row) for row in moves), default=0) or 1

    def padded(name: str, kind: Any) -> Any:
        grid = np.zeros((len(moves), width), dtype=kind)
        for stage, row in enumerate(moves):
            grid[stage, : len(row)] = [getattr(move, name) for move in row]
        return grid

    symptoms = [cause.symptoms for cause in compiled_arm.causes]
    reviewers = compiled_arm.reviewers
    opens, length, days_per_week = reviewers.working_hours
    return ArmArrays(
        arm_index=index,
        policy_parameters=build_array_parameters(compiled_arm.policy_parameters),
        terminal=np.array(compiled_arm.terminal),
        live=np.array(compiled_arm.live),
        escalate_move=compiled_arm.escalate_move,
        knots=np.array(compiled_arm.knots, dtype=np.float64),
        move_count=np.array([len(row) for row in moves]),
        move=padded("move", np.int64),
        to_stage=padded("to_stage", np.int64),
        distribution=padded("law", np.int64),
        a=padded("a", np.float64),
        b=padded("b", np.float64),
        leaves=padded("leaves", np.bool_),
        in_distress=padded("in_distress", np.float64),
        frail=padded("frailty", np.bool_),
        guards=build_guard_tables(compiled_arm, segments),
        move_ratios=np.array(compiled_arm.move_ratios),
        calendar_effects=to_arrays(compiled_arm.calendar_effects),
        onset_ratios=np.array(compiled_arm.onset_ratios),
        policy_cause=np.array([cause.policy_cause for cause in compiled_arm.causes], dtype=np.int64),
        end_rate=np.array([cause.end_rate for cause in compiled_arm.causes], dtype=np.float64),
        churn_ratio=np.array([cause.churn_ratio for cause in compiled_arm.causes], dtype=np.float64),
        symptom_rate=np.array([mix.rate for mix in symptoms], dtype=np.float64),
        symptom_types=_padded_grid([mix.types for mix in symptoms], np.int64),
        symptom_cumulative=_cumulative_shares(symptoms),
        noise_rate=float(compiled_arm.noise.rate),
        noise_types=np.array(compiled_arm.noise.types, dtype=np.int64),
        noise_cumulative=np.array(compiled_arm.noise.cumulative, dtype=np.float64),
        strength_low=compiled_arm.signals.strength.low,
        strength_high=compiled_arm.signals.strength.high,
        false_low=compiled_arm.signals.false_strength.low,
        false_high=compiled_arm.signals.false_strength.high,
        manual_share=compiled_arm.signals.manual_share,
        delay_mean=compiled_arm.signals.delay_mean_days,
        recovery_type=compiled_arm.recovery_type,
        recovery_probability=compiled_arm.signals.recovery_probability,
        effect_delay=np.array([effect.delay for effect in compiled_arm.effects]),
        response=_padded_grid([effect.response for effect in compiled_arm.effects]),
        fatigue=compiled_arm.fatigue,
        contract=to_arrays(compiled_arm.contract),
        values=to_arrays(compiled_arm.values),
        value_changes=len(compiled_arm.value_changes),
        record_errors=compiled_arm.record_errors,
        recovery_ratio=_padded_grid([effect.recovery_ratio for effect in compiled_arm.effects]),
        lasts=np.array([effect.lasts for effect in compiled_arm.effects]),
        harm_ratio=np.array([effect.harm_ratio for effect in compiled_arm.effects]),
        csat=np.array([effect.csat for effect in compiled_arm.effects]),
        cost=np.array(compiled_arm.policy.costs),
        satisfaction_calm=compiled_arm.satisfaction_calm,
        satisfaction_penalty=compiled_arm.satisfaction_penalty,
        cadence=float(compiled_arm.cadence),
        on_signal=compiled_arm.on_signal,
        on_stage_entry=compiled_arm.on_stage_entry,
        evaluates=compiled_arm.cadence > 0.0 or compiled_arm.on_signal or compiled_arm.on_stage_entry,
        outcome_window=compiled_arm.outcome_window,
        discount_rate=float(compiled_arm.discount_rate),
        service_days=reviewers.service_minutes / MINUTES_PER_DAY,
        approve_distressed=reviewers.approve_distressed,
        reject_calm=reviewers.reject_calm,
        override=reviewers.override,
        opens=opens,
        open_length=length,
        days_per_week=days_per_week,
        reviewers=compiled_arm.reviewer_count,
        horizon=float(days),
        keep_trace=keep_trace,
    )


def _padded_grid(rows: Any, kind: Any = np.float64) -> Any:
    width = max((len(row) for row in rows), default=0) or 1
    grid = np.zeros((max(len(rows), 1), width), dtype=kind)
    for index, row in enumerate(rows):
        grid[index, : len(row)] = row
    return grid


def _cumulative_shares(mixes: list[SignalMix]) -> Any:
    """Cumulative shares, padded with 1 so that every draw below 1 picks one of the given types."""
    grid = _padded_grid([mix.cumulative for mix in mixes])
    for index, mix in enumerate(mixes):
        grid[index, len(mix.cumulative) :] = 1.0
    return grid
