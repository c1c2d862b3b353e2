"""The satisfaction score of a customer, and its sum over the customers on the days of a grid.

Satisfaction falls with the share of a customer's days that are days in distress, and rises with resolved actions.
Between two changes the score is a function of time, so it is computed for the grid days since the last change when it
changes again. The sum has integer units: both engines, and any division of customers into pods, give equal sums.
"""

from simulation.customer.counting import first_grid_index
from simulation.customer.ports import Engine
from simulation.customer.state import Customer
from simulation.metrics.satisfaction import SCORE_UNITS
from simulation.model.arm import ArmParameters
from simulation.model.event_types import CALM

UNITS = float(SCORE_UNITS)


def satisfaction_score(arm: ArmParameters, points: float, distress_days: float, active_days: float) -> float:
    """The score of a customer, from 1 to 5.

    Args:
        arm: The arm.
        points: Points of the customer's resolved actions.
        distress_days: Days in distress.
        active_days: Days as a customer.
    """
    share = distress_days / active_days if active_days > 0.0 else 0.0
    return min(5.0, max(1.0, arm.satisfaction_calm - arm.satisfaction_penalty * share + points))


def score_units(score: float) -> int:
    """A score in integer units."""
    return int(score * UNITS + 0.5)


def start_satisfaction(customer: Customer) -> None:
    """Count the score from the first grid day of the current stay, in which the customer has an account."""
    customer.score_index = customer.grid_index


def count_satisfaction(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Count the score on the grid days before now, before something changes it; the customer has an account."""
    start = customer.score_index
    if engine.grid[start] >= customer.now:
        return
    stop, changes, before = first_grid_index(engine, customer.now), engine.satisfaction[customer.arm], 0
    customer.score_index = stop
    points, distress_days, active_days = customer.satisfaction, customer.distress_days, customer.active_days
    in_distress, distress_since, active_since = customer.cause != CALM, customer.distress_since, customer.active_since
    if distress_days == 0.0 and not in_distress:
        # Without days in distress the score is constant.
        before = score_units(satisfaction_score(arm, points, 0.0, 0.0))
        changes[start] += before
    else:
        for point in range(start, stop):
            day = engine.grid[point]
            distress = distress_days + (day - distress_since) if in_distress else distress_days
            units = score_units(satisfaction_score(arm, points, distress, active_days + (day - active_since)))
            changes[point] += units - before
            before = units
    changes[stop] -= before


def count_last_satisfaction(customer: Customer, engine: Engine, score: float) -> None:
    """Count the score of a customer with an account on the last grid day, the end of the run."""
    engine.satisfaction[customer.arm][len(engine.grid) - 1] += score_units(score)


KERNELS = (satisfaction_score, score_units, start_satisfaction, count_satisfaction, count_last_satisfaction)
"""Functions to compile, callees before callers."""

INLINED = (satisfaction_score, score_units)
"""Functions to inline, because they are called in a loop over grid days."""
