"""A journey with any dwells but without distress as a semi-Markov process: Markov renewal equations, solved on a grid.

The dwells out of a stage are competing risks: the first to end determines the next stage. Let ``Q_ij(t)`` be the
probability that a visit to stage i ends by t with a move to j, and ``S_i`` the probability that it lasts longer.
Expected entries E and occupancy p of a customer who starts in stage a satisfy (Cinlar 1969, doi:10.2307/1426216)

    E_j(t) = Q_aj(t) + sum_i integral Q_ij(t - s) dE_i(s),        p_j(t) = [a = j] S_a(t) + integral S_j(t - s) dE_j(s).

The integrals are Riemann-Stieltjes sums with entries in the middle of their step (the RS method of Xie 1989,
doi:10.1080/03610918908812801). The error is of second order in the step for dwells with a density, and of first order
for successive deterministic dwells that end off the grid. The sums are convolutions and are solved in the frequency
domain, damped so that wrap-around is below 1e-10. `solve_to_tolerance` halves the step until the solution converges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulation.exact.markov import kind_ratio
from simulation.exact.scipy_distributions import cumulative_hazard

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from journey.machine import Journey
    from simulation.model.dwell_spec import Dwell
    from simulation.model.world_spec import World

    FloatArray = npt.NDArray[np.float64]

_DAMPING_EXPONENT = 24.0
"""Wrap-around in the frequency domain is damped by exp of minus this."""

MAX_STEPS = 1 << 16
"""Default limit for the steps of a grid; beyond it memory is the limit, not rounding."""


@dataclass(frozen=True)
class Risk:
    """One of the competing moves out of a stage: code of its destination, its dwell distribution, its hazard ratio."""

    to_stage: int
    dwell: Dwell
    ratio: float


@dataclass(frozen=True)
class RenewalSolution:
    """The solution of the renewal equations.

    Attributes:
        occupancy: Shape (days, stages, stages): probability of a stage (last axis) on a day, by stage on day 0.
        entries: Shape (stages, stages): expected entries into each stage by the last day, by stage on day 0.
        step: The step of the grid, in days.
        error: The largest change of the occupancy when the step was last halved.
    """

    occupancy: FloatArray
    entries: FloatArray
    step: float
    error: float


def build_risks(
    journey: Journey, world: World, *, segment: str, tier: str, frailty: float = 1.0
) -> tuple[tuple[Risk, ...], ...]:
    """The competing risks of each stage for a calm customer of one kind, in the order of the journey's moves.

    Raises:
        ValueError: A move has a guard, so the journey is not a semi-Markov process.
    """
    codes = {stage: code for code, stage in enumerate(journey.stages)}
    rows: list[list[Risk]] = [[] for _ in journey.stages]
    for move in journey.moves:
        clock = world.moves.get(move.name)
        if clock is None:
            continue
        if move.guard is not None:
            raise ValueError(
                f"{move} has a guard, so it depends on more than the time in the stage: not a semi-Markov process"
            )
        ratio = kind_ratio(clock, segment, tier, frailty)
        if ratio > 0.0:
            dwell = clock.dwell_from.get(move.source, clock.dwell)
            rows[codes[move.source]].append(Risk(codes[move.destination], dwell, ratio))
    return tuple(tuple(row) for row in rows)


def solve_to_tolerance(
    risks: Sequence[Sequence[Risk]],
    horizon: float,
    points: int,
    *,
    tolerance: float = 1e-5,
    steps: int = 128,
    max_steps: int = MAX_STEPS,
) -> RenewalSolution:
    """Occupancy on equally spaced days, to a tolerance.

    Args:
        risks: Competing risks by stage; a stage without any is never left.
        horizon: The last day, more than 0.
        points: Number of equal intervals between day 0 and the horizon; the solution has one more day.
        tolerance: Largest change of a probability, when the step is halved, at which the solution has converged.
        steps: Steps per interval on the first, coarsest grid.
        max_steps: Maximum number of steps from day 0 to the horizon.

    Returns:
        The solution on the finest grid that was needed; `error` is above `tolerance` if it did not converge within
        `max_steps`.
    """
    probabilities, entries = solve_on_grid(risks, horizon, points * steps)
    while True:
        before = probabilities[::steps]
        steps *= 2
        probabilities, entries = solve_on_grid(risks, horizon, points * steps)
        error = float(np.max(np.abs(probabilities[::steps] - before)))
        if error <= tolerance or 2 * points * steps > max_steps:
            return RenewalSolution(probabilities[::steps], entries[-1], horizon / (points * steps), error)


def solve_on_grid(risks: Sequence[Sequence[Risk]], horizon: float, steps: int) -> tuple[FloatArray, FloatArray]:
    """The renewal equations on one grid.

    Returns:
        Occupancy and expected entries, each of shape (steps + 1, stages, stages): time, stage on day 0, stage.
    """
    stages = len(risks)
    kernel, survival = _transition_kernels(risks, np.linspace(0.0, horizon, 2 * steps + 1))
    length = 1 << (2 * steps).bit_length()
    damping = np.exp(-_DAMPING_EXPONENT / length * np.arange(steps + 1))

    def transform(values: FloatArray) -> npt.NDArray[np.complex128]:
        shape = (-1,) + (1,) * (values.ndim - 1)
        return np.fft.rfft(values * damping.reshape(shape)[: len(values)], n=length, axis=0)

    def inverse_transform(values: npt.NDArray[np.complex128]) -> FloatArray:
        undamped = np.fft.irfft(values, n=length, axis=0)[: steps + 1] / damping[:, None, None]
        return np.asarray(undamped, dtype=np.float64)

    # Points 1, 3, 5, ... of the fine grid are the midpoints of steps. Differences of the kernel there are the effect
    # of the entries of one step on later steps.
    between = np.diff(kernel[1::2], axis=0, prepend=np.zeros((1, stages, stages)))
    first = np.diff(kernel[0::2], axis=0, prepend=np.zeros((1, stages, stages)))
    # Solved for row vectors: entries (I - between) = first.
    matrix = np.swapaxes(np.eye(stages) - transform(between), 1, 2)
    entering = np.swapaxes(np.linalg.solve(matrix, np.swapaxes(transform(first), 1, 2)), 1, 2)
    later = inverse_transform(entering * transform(survival[1::2])[:, None, :])
    staying = np.zeros_like(later)
    staying[:, np.arange(stages), np.arange(stages)] = survival[0::2]
    return staying + later, np.cumsum(inverse_transform(entering), axis=0)


def _transition_kernels(risks: Sequence[Sequence[Risk]], times: FloatArray) -> tuple[FloatArray, FloatArray]:
    """``Q`` of shape (times, stages, stages) and ``S`` of shape (times, stages) at these times."""
    stages = len(risks)
    kernel, survival = np.zeros((len(times), stages, stages)), np.ones((len(times), stages))
    for stage, competing in enumerate(risks):
        fixed = [risk for risk in competing if risk.dwell.law == "deterministic"]
        # A deterministic dwell ends all remaining visits; of several at the same time the first wins, as in the
        # engines.
        last = min(fixed, key=lambda risk: risk.dwell.mean_days / risk.ratio, default=None)
        ends = np.inf if last is None else last.dwell.mean_days / last.ratio
        smooth = [risk for risk in competing if risk.dwell.law != "deterministic"]
        at = np.append(np.minimum(times, ends), min(ends, times[-1]))
        hazards = np.array([risk.ratio * cumulative_hazard(risk.dwell, at) for risk in smooth]).reshape(-1, len(at))
        lasting = np.exp(-hazards.sum(axis=0))
        survival[:, stage] = np.where(times < ends, lasting[:-1], 0.0)
        for risk, ended in zip(smooth, _share_by_hazard(hazards[:, :-1], lasting[:-1]), strict=True):
            kernel[:, stage, risk.to_stage] += ended
        if last is not None:
            kernel[:, stage, last.to_stage] += np.where(times >= ends, lasting[-1], 0.0)
    return kernel, survival


def _share_by_hazard(hazards: FloatArray, lasting: FloatArray) -> FloatArray:
    """Probability of having ended by each time, shared between competing moves by their hazard in each step."""
    steps = np.diff(hazards, axis=1, prepend=0.0)
    total = steps.sum(axis=0)
    shares = np.divide(steps, total, out=np.zeros_like(steps), where=total > 0.0)
    ended = -np.diff(lasting, prepend=1.0)
    return np.asarray(np.cumsum(shares * ended, axis=1))
