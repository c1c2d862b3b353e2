"""Totals that must add up in every run, to rounding: customers, days, money and reviewers' time; and equal traces."""

from __future__ import annotations

from math import fsum
from operator import eq
from typing import TYPE_CHECKING

import numpy as np

from journey.machine.stages import ESCALATION, SUPPORT
from simulation.metrics.counters import build_time_grid
from simulation.model.working_hours import working_time_until
from simulation.trace.events import MOVE
from simulation.verification.evidence import Evidence
from simulation.verification.trace_diff import compare_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.metrics.run_results import Run
    from simulation.verification.event_histories import EventHistories, Spell


def check_conservation(title: str, histories: EventHistories, run: Run) -> Iterator[Evidence]:
    """Check the run's totals against its trace.

    Args:
        title: Name of the run.
        histories: The histories read from the run's trace.
        run: The run.
    """
    arrived = float(histories.has_arrived().sum())
    yield Evidence(
        f"{title}: conservation, customers that have arrived in trace and totals", arrived, float(run.customers)
    )
    yield _check_stages(title, histories, run)
    yield _check_moves(title, histories, run)
    names = {"distress_days_per_customer": lambda spell: spell.cause is not None}
    for metric, is_selected in names.items():
        traced = fsum(histories.days_in(is_selected).tolist())
        counted = (run.metrics.get(metric) or 0.0) * run.customers
        yield Evidence(f"{title}: conservation, days in distress in trace and totals", traced, counted)
    yield from _check_roles(title, histories, run)
    yield from _check_money(title, histories, run)
    yield _check_reviewer_time(title, histories, run)


def _check_roles(title: str, histories: EventHistories, run: Run) -> Iterator[Evidence]:
    """Check days in support and escalations, where some stage has the role."""
    journey = histories.arm_spec.journey
    support, escalation = journey.stages_with(SUPPORT), journey.stages_with(ESCALATION)
    if support:
        in_support = fsum(histories.days_in(lambda spell: spell.stage in support).tolist())
        counted = run.quantities["support_days"]
        yield Evidence(f"{title}: conservation, days in support in trace and totals", in_support, counted)
    if escalation:
        entries = histories.count_spells(
            lambda spell: (
                spell.move is not None
                and spell.stage not in escalation
                and journey.arcs[spell.stage, spell.move].destination in escalation
            )
        )
        counted = run.quantities["escalations"]
        yield Evidence(f"{title}: conservation, escalations in trace and totals", fsum(entries.tolist()), counted)


def _check_stages(title: str, histories: EventHistories, run: Run) -> Evidence:
    """Check that on every grid day each arrived customer is in one stage, the same in trace and totals."""
    grid, names = build_time_grid(run.days), histories.arm_spec.journey.stages
    arrivals = np.array([person.arrives_at for person in histories.customers])
    stages = histories.stages_on(grid)
    correct_days = 0
    for point, day in enumerate(grid):
        counted = np.bincount(stages[point][stages[point] >= 0], minlength=len(names))
        reported, arrived = run.occupancy[point], int((arrivals <= day).sum())
        agree = reported["day"] == day and all(
            round(reported[name] * arrived) == counted[code] for code, name in enumerate(names)
        )
        correct_days += agree and int(counted.sum()) == arrived
    title = f"{title}: conservation, days of the grid on which every customer is in exactly one stage"
    return Evidence(title, float(len(grid)), float(correct_days))


def _check_moves(title: str, histories: EventHistories, run: Run) -> Evidence:
    """Check that every move is legal, and made from the stage that the previous move led to."""
    assert run.trace is not None
    journey = histories.arm_spec.journey
    at = {person.number: journey.stages[person.stage] for person in histories.customers}
    moves = [row for row in run.trace.sorted_rows() if row.kind == MOVE]
    legal = 0
    for row in moves:
        arc = journey.arcs.get((row.stage, row.label))
        legal += arc is not None and arc.destination == row.to_stage and at[row.customer] == row.stage
        at[row.customer] = str(row.to_stage)
    return Evidence(
        f"{title}: legal moves, each from the destination of the previous one", float(len(moves)), float(legal)
    )


def _check_money(title: str, histories: EventHistories, run: Run) -> Iterator[Evidence]:
    rate = histories.arm_spec.daily_discount_rate
    earned = fsum(histories.revenue(rate).tolist())
    yield Evidence(f"{title}: conservation, discounted revenue in trace and totals", earned, run.quantities["revenue"])
    kept = fsum(histories.retained_value().tolist())
    yield Evidence(f"{title}: conservation, value retained in trace and totals", kept, run.quantities["live_value_end"])
    counted = (run.metrics.get("churn_rate") or 0.0) * run.customers
    yield Evidence(
        f"{title}: conservation, churned customers in trace and totals", float(histories.has_churned().sum()), counted
    )
    if histories.arm_spec.journey.lost:
        back = histories.count_spells(lambda spell: spell.move is not None and spell.stage in histories.churned_stages)
        away = histories.count_spells(
            lambda spell: _ends_in_churn(histories, spell) and spell.stage in histories.churned_stages
        )
        won = fsum((back - away).tolist())
        name = f"{title}: conservation, customers won back in trace and totals"
        yield Evidence(name, won, run.metrics.get("won_back") or 0.0)


def _ends_in_churn(histories: EventHistories, spell: Spell) -> bool:
    """Whether a spell ends with a move to a churned stage."""
    arc = histories.arm_spec.journey.arcs.get((spell.stage, spell.move or ""))
    return arc is not None and arc.destination in histories.churned_stages


def _check_reviewer_time(title: str, histories: EventHistories, run: Run) -> Evidence:
    """Check that reviewers do not work more than their working hours."""
    reviewers = histories.arm_spec.reviewers
    available = reviewers.count_for(histories.arm_spec.population.size) * working_time_until(
        run.days, *reviewers.working_hours
    )
    used = (run.metrics.get("gate_utilisation") or 0.0) * available
    return Evidence(
        f"{title}: conservation, reviewers' working days beyond their working hours", 0.0, max(0.0, used - available)
    )


def compare_traces(title: str, run: Run, other: Run) -> Evidence:
    """Compare two engines' traces of one run, row by row and bit for bit; the name describes the first difference."""
    assert run.trace is not None
    assert other.trace is not None
    traces = run.trace.sorted_rows(), other.trace.sorted_rows()
    total, same = max(map(len, traces)), sum(map(eq, *traces))
    title = f"{title}: {other.engine} engine = {run.engine} engine, equal rows"
    difference = compare_runs(run, other)
    return Evidence(title if difference is None else f"{title}; {difference}", float(total), float(same))
