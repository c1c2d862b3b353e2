"""What must add up in every run, to rounding: customers, days, money and the reviewers' time; and one trace."""

from __future__ import annotations

from itertools import zip_longest
from math import fsum, log1p
from typing import TYPE_CHECKING

import numpy as np

from simulation.metrics.counters import grid_of
from simulation.model.units import DAYS_PER_YEAR
from simulation.model.working_hours import worked
from simulation.trace.events import MOVE
from simulation.verification.test_results import Evidence
from simulation.verification.trace_diff import first_difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.metrics.run_results import Run
    from simulation.verification.event_histories import Lives, Spell


def conservation(title: str, lives: Lives, run: Run) -> Iterator[Evidence]:
    """The run's own books, held to what its trace says.

    Args:
        title: Which run it is.
        lives: The run as its trace tells it.
        run: The run.
    """
    came = float(lives.came().sum())
    yield Evidence(f"{title}: conservation, customers who have come in trace and books", came, float(run.customers))
    yield _one_stage_each(title, lives, run)
    yield _legal_moves(title, lives, run)
    names = {"distress_days_per_customer": lambda spell: spell.cause is not None}
    for metric, wanted in names.items():
        found = fsum(lives.days_in(wanted).tolist())
        booked = (run.metrics.get(metric) or 0.0) * run.customers
        yield Evidence(f"{title}: conservation, days in distress in trace and books", found, booked)
    in_support = fsum(lives.days_in(lambda spell: spell.stage == "support").tolist())
    booked = run.quantities.get("support_days", 0.0)
    yield Evidence(f"{title}: conservation, days in support in trace and books", in_support, booked)
    yield from _money(title, lives, run)
    yield _reviewer_time(title, lives, run)


def _one_stage_each(title: str, lives: Lives, run: Run) -> Evidence:
    """Every customer who has come in exactly one stage on every day of the grid, the same one in trace and books."""
    grid, names = grid_of(run.days), lives.setup.journey.stages
    arrivals = np.array([person.arrives_at for person in lives.persons])
    stages = lives.stages_on(grid)
    right = 0
    for point, day in enumerate(grid):
        counted = np.bincount(stages[point][stages[point] >= 0], minlength=len(names))
        booked, there = run.occupancy[point], int((arrivals <= day).sum())
        agree = booked["day"] == day and all(
            round(booked[name] * there) == counted[code] for code, name in enumerate(names)
        )
        right += agree and int(counted.sum()) == there
    title = f"{title}: conservation, days of the grid on which every customer is in exactly one stage"
    return Evidence(title, float(len(grid)), float(right))


def _legal_moves(title: str, lives: Lives, run: Run) -> Evidence:
    """Every move legal, and made from the stage that the move before led to."""
    assert run.trace is not None
    journey = lives.setup.journey
    at = {person.number: journey.stages[person.stage] for person in lives.persons}
    moves = [row for row in run.trace.sorted_rows() if row.kind == MOVE]
    legal = 0
    for row in moves:
        arc = journey.arcs.get((row.stage, row.label))
        legal += arc is not None and arc.destination == row.to_stage and at[row.customer] == row.stage
        at[row.customer] = str(row.to_stage)
    return Evidence(f"{title}: moves that are legal, each from where the last one led", float(len(moves)), float(legal))


def _money(title: str, lives: Lives, run: Run) -> Iterator[Evidence]:
    rate = log1p(lives.setup.yearly_discount) / DAYS_PER_YEAR
    earned = fsum(lives.revenue(rate).tolist())
    yield Evidence(f"{title}: conservation, discounted revenue in trace and books", earned, run.quantities["revenue"])
    kept = fsum(lives.retained().tolist())
    yield Evidence(f"{title}: conservation, value retained in trace and books", kept, run.quantities["live_value_end"])
    booked = (run.metrics.get("churn_rate") or 0.0) * run.customers
    yield Evidence(f"{title}: conservation, customers gone in trace and books", float(lives.gone().sum()), booked)
    if lives.setup.world.lost:
        back = lives.counted(lambda spell: spell.move is not None and spell.stage in lives.gone_stages)
        away = lives.counted(lambda spell: _ends(lives, spell) and spell.stage in lives.gone_stages)
        won = fsum((back - away).tolist())
        name = f"{title}: conservation, customers won back in trace and books"
        yield Evidence(name, won, run.metrics.get("won_back") or 0.0)


def _ends(lives: Lives, spell: Spell) -> bool:
    """Whether a spell ends with a move to where customers are gone."""
    arc = lives.setup.journey.arcs.get((spell.stage, spell.move or ""))
    return arc is not None and arc.destination in lives.gone_stages


def _reviewer_time(title: str, lives: Lives, run: Run) -> Evidence:
    """No reviewer works more hours than there are."""
    reviewers = lives.setup.reviewers
    there_is = reviewers.number(lives.setup.population.size) * worked(run.days, *reviewers.hours)
    used = (run.metrics.get("gate_utilisation") or 0.0) * there_is
    return Evidence(
        f"{title}: conservation, reviewers' working days used beyond what there are", 0.0, max(0.0, used - there_is)
    )


def same_trace(title: str, run: Run, other: Run) -> Evidence:
    """Two engines' traces of one run, row by row, bit for bit; where they differ the name says how they part."""
    assert run.trace is not None
    assert other.trace is not None
    pairs = list(zip_longest(run.trace.sorted_rows(), other.trace.sorted_rows()))
    same = sum(row == twin for row, twin in pairs)
    title = f"{title}: {other.engine} engine = {run.engine} engine, equal rows"
    parted = first_difference(run, other)
    return Evidence(title if parted is None else f"{title}; {parted}", float(len(pairs)), float(same))
