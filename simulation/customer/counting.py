"""Counting customers by stage, and waiting requests, on the days of a grid."""

from simulation.customer.ports import Engine
from simulation.customer.state import Customer


def first_grid_index(engine: Engine, time: float) -> int:
    """Index of the first grid day at or after `time`; the number of grid days if there is none."""
    points = len(engine.grid)
    # All grid days but the last are equally spaced, so only rounding can make this guess wrong.
    point = int(time * engine.points_per_day) if time < engine.grid[points - 1] else points - 1
    while point > 0 and engine.grid[point - 1] >= time:
        point -= 1
    while point < points and engine.grid[point] < time:
        point += 1
    return point


def count_wait(engine: Engine, start: float, stop: float) -> None:
    """Count a request in the backlog from `start` until just before `stop`."""
    point = first_grid_index(engine, start)
    while point < len(engine.grid) and engine.grid[point] < stop:
        engine.backlog[point] += 1
        point += 1


def count_stay(customer: Customer, engine: Engine) -> None:
    """Count the stay in the current stage, which ends now, on the grid days within it."""
    start, stop = customer.grid_index, first_grid_index(engine, customer.now)
    engine.stage_days[customer.arm][customer.stage] += customer.now - max(0.0, customer.entered_at)
    engine.occupancy[customer.arm][start][customer.stage] += 1
    engine.occupancy[customer.arm][stop][customer.stage] -= 1
    customer.grid_index = stop


def count_last_stage(customer: Customer, engine: Engine) -> None:
    """Count the stage in which a customer is from now to the end of the run."""
    engine.occupancy[customer.arm][customer.grid_index][customer.stage] += 1


KERNELS = (first_grid_index, count_wait, count_stay, count_last_stage)
"""Functions to compile, callees before callers."""

INLINED = (first_grid_index,)
"""Functions to inline, because most events call them."""
