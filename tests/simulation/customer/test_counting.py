"""Counting customers and waiting requests on a grid of days."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from simulation.customer.counting import count_stay, count_wait, first_grid_index
from simulation.customer.state import Customer
from simulation.customer.totals import accumulate_occupancy

WAITS = st.tuples(st.integers(0, 60), st.integers(0, 40)).map(lambda wait: (wait[0], wait[0] + wait[1]))
TIMES = st.floats(0.0, 110.0)


def engine_with_daily_grid(days=110):
    """An engine without customers that counts on every day."""
    grid = [float(day) for day in range(days + 1)]
    return SimpleNamespace(
        grid=grid,
        points_per_day=1.0,
        backlog=[0] * len(grid),
        stage_days=[[0.0, 0.0]],
        occupancy=[[[0, 0] for _ in grid]],
    )


@given(st.lists(WAITS, max_size=60))
def test_backlog_summed_over_the_days_is_the_sum_of_the_waits(waits):
    """Little's law, which holds exactly if requests are made and taken up at midnight and every day is counted."""
    engine = engine_with_daily_grid()
    for requested, started in waits:
        count_wait(engine, float(requested), float(started))
    assert sum(engine.backlog) == sum(started - requested for requested, started in waits)


@given(TIMES)
def test_the_first_grid_day_is_found_by_searching_all_of_them(time):
    engine = engine_with_daily_grid()
    expected = next((index for index, day in enumerate(engine.grid) if day >= time), len(engine.grid))
    assert first_grid_index(engine, time) == expected


@given(TIMES, TIMES)
def test_a_stay_is_counted_on_the_days_within_it(first, second):
    start, end = min(first, second), min(110.0, max(first, second))
    engine = engine_with_daily_grid()
    customer = Customer(entered_at=start, now=end, stage=1, grid_index=first_grid_index(engine, start))
    count_stay(customer, engine)
    counts = accumulate_occupancy(engine.occupancy[0])
    assert [day[1] == 1 for day in counts] == [start <= day < end for day in engine.grid]
    assert all(day[0] == 0 for day in counts)
    assert engine.stage_days[0] == [0.0, end - start]
    assert customer.grid_index == first_grid_index(engine, end)
