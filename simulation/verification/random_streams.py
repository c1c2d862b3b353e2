"""Random streams and dwells: keyed streams are uniform, and each dwell follows its distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulation.exact.scipy_distributions import cumulative_distribution
from simulation.random import streams
from simulation.verification import evidence
from simulation.verification.derived_models import derive_single_dwell_arm, list_dwells

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.model.arm import ArmSpec
    from simulation.model.dwell_spec import Dwell
    from simulation.verification.evidence import Evidence
    from simulation.verification.runners import Runner

MAX_INTEGRATED_HAZARD = 40.0
"""Integrated hazard by which every dwell has ended: unit-exponential draws of 53 bits end at 37.4."""


def derive_seed(seed: int, index: int) -> int:
    """A seed for one of several models, so that their random numbers are independent; below 2**63."""
    return streams.mix((seed + index * streams.GOLDEN) & streams.MASK) >> 1


def stream_evidence(seed: int, customers: int) -> Iterator[Evidence]:
    """Check keyed draws over customers and over events against the uniform distribution."""
    keys = [streams.customer_key(seed, 0, customer) for customer in range(customers)]
    across = np.array([streams.uniform(key, streams.MOVE, 0, 0) for key in keys])
    along = np.array([streams.uniform(keys[0], streams.MOVE, 0, occurrence) for occurrence in range(customers)])
    yield evidence.compare_with_uniform("keyed streams: uniform from customer to customer", across)
    yield evidence.compare_with_uniform("keyed streams: uniform from event to event", along)


def dwell_evidence(arm_spec: ArmSpec, run: Runner, *, seed: int, customers: int) -> Iterator[Evidence]:
    """Check each dwell of the arm's world against its distribution, with customers who can make only that move."""
    for index, (name, dwell) in enumerate(list_dwells(arm_spec).items()):
        title = f"each move as the only one, own dwell: {name}, {dwell.law}"
        single_dwell = derive_single_dwell_arm(arm_spec, dwell, customers)
        # With one seed, all moves would have the same random numbers, and the checks would not be independent.
        result = run(single_dwell, seed=derive_seed(seed, 100 + index), days=_horizon(dwell))
        assert result.trace is not None
        stays = np.array([row.time for row in result.trace.rows])
        if len(stays) < customers:
            yield evidence.Evidence(f"{title}, customers that move by the horizon", float(customers), float(len(stays)))
        elif dwell.law == "deterministic":
            furthest = float(stays[np.argmax(np.abs(stays - dwell.mean_days))])
            yield evidence.Evidence(f"{title}, days", dwell.mean_days, furthest)
        else:
            yield evidence.compare_with_uniform(title, cumulative_distribution(dwell)(stays))


def _horizon(dwell: Dwell) -> float:
    """A day by which all customers have moved."""
    if dwell.law == "deterministic":
        return dwell.mean_days * 2.0
    from simulation.exact.scipy_distributions import cumulative_hazard

    days = dwell.mean_days
    while float(cumulative_hazard(dwell, days)) < MAX_INTEGRATED_HAZARD:
        days *= 2.0
    return days
