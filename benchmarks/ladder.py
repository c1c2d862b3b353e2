"""The peers' bare journey, from a plain walk towards what an engine for any journey does, one rung at a time.

The functions are written once. A rung is compiled with its number as the constant `RUNG`, so that a rung contains
nothing of a later one. Draws, clocks, customers and discounting are those of the project; what is written here only
moves them.
"""

import sys
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers.model import DAYS, LIVE, MOVES, MOVES_FROM, SIGNALS_PER_DAY, STAGES, START, Result, result
from benchmarks.worlds import bare
from simulation.distributions import dwell_times, special_functions
from simulation.distributions.dwell_times import EXPONENTIAL, NEVER, due_in
from simulation.kernels.branchless import select
from simulation.metrics import counters
from simulation.metrics.counters import build_time_grid, discounted_days
from simulation.model.event_types import DELIVERY, EVENT_COUNT, MOVE, NOISE
from simulation.population import draw
from simulation.population.draw import build_population_parameters, draw_customer, pick
from simulation.random import streams
from simulation.random.streams import customer_key, exponential, uniform

CLOCKS, RATIOS, EVENT_LIST, RECORDS, CUSTOMERS, TOTALS = range(1, 7)
RUNGS = {
    CLOCKS: "a clock for every move, with its remaining amount, in the customer's row",
    RATIOS: "hazard ratios by segment, tier, season and tenure",
    EVENT_LIST: f"an event list of {EVENT_COUNT} types",
    RECORDS: "signals with type, strength and source, delivered by an event of their own",
    CUSTOMERS: "customers drawn: segment, tier, value, stage, consent, frailty",
    TOTALS: "counting: stages on 13 days, stage days, events by kind, discounted revenue",
}
RUNG = CLOCKS
"""The rung; compiled code of other rungs has another value."""

# Columns of a customer's row: times of events, the last signal, then clocks of five numbers each.
SIGNAL_TYPE, STRENGTH, SOURCE = range(EVENT_COUNT, EVENT_COUNT + 3)
FIRST_CLOCK, CLOCK_WIDTH = EVENT_COUNT + 3, 5
CHURNED = STAGES.index("churned")
SIGNAL_TYPES = 1


class World(NamedTuple):
    """The journey as arrays, and what an engine multiplies and adds up although it is 1 or 0 in this journey."""

    population: Any
    start: int
    days: float
    rate: Any
    move: Any
    destination: Any
    move_count: Any
    knots: Any
    move_ratios: Any
    season_ratios: Any
    tenure_ratios: Any
    mean_gap: float
    type_shares: Any
    grid: Any
    discount_rate: float


class Totals(NamedTuple):
    """A customer's row, and what is counted; without `TOTALS` only the stages on the last day and the signals are."""

    row: Any
    last_day: Any
    occupancy: Any
    kinds: Any
    stage_days: Any
    money: Any


def start_clocks(world: Any, f: Any, key: int, segment: int, tier: int, stage: int, visit: int, now: float) -> None:
    """Start the clock of every move out of a stage."""
    first = NEVER
    for transition in range(world.move_count[stage]):
        move = world.move[stage, transition]
        amount = exponential(key, streams.MOVE, (stage << 10) | move, visit << 12)
        ratio = 1.0
        if RUNG >= RATIOS:
            ratio = world.move_ratios[segment, tier, move] * world.season_ratios[0, move] * world.tenure_ratios[0, move]
        wait = due_in(EXPONENTIAL, world.rate[stage, transition], 0.0, 0.0, amount, ratio, world.knots)
        base = FIRST_CLOCK + CLOCK_WIDTH * transition
        f[base], f[base + 1], f[base + 2], f[base + 3], f[base + 4] = amount, 0.0, now, ratio, now + wait
        first = min(first, now + wait)
    f[MOVE] = first


def next_type(f: Any) -> int:
    """The type of the event that is due first."""
    if RUNG < EVENT_LIST:
        return int(MOVE) if f[MOVE] <= f[NOISE] else int(NOISE)
    entry, time = 0, f[0]
    for other in range(1, EVENT_COUNT):
        sooner = f[other] < time
        entry, time = select(sooner, other, entry), select(sooner, f[other], time)
    return int(entry)


def choose_transition(world: Any, f: Any, stage: int) -> int:
    """The move whose clock runs out now."""
    transition = 0
    while transition < world.move_count[stage] and f[FIRST_CLOCK + CLOCK_WIDTH * transition + 4] != f[MOVE]:
        transition += 1
    return transition


def count_stay(world: Any, totals: Any, stage: int, since: float, now: float) -> None:
    """Count a stay that ends."""
    totals.kinds[MOVE] += 1
    totals.stage_days[stage] += now - since
    point = int(since * (len(world.grid) - 1) / world.days)
    while point < len(world.grid) and world.grid[point] < now:
        if world.grid[point] >= since:
            totals.occupancy[point, stage] += 1
        point += 1


def on_signal(world: Any, totals: Any, f: Any, key: int, entry: int, heard: int, now: float) -> int:
    """Send or deliver a signal. Returns the number of signals sent."""
    if entry == DELIVERY:
        f[DELIVERY] = NEVER
        totals.kinds[DELIVERY] += 1
        return heard
    if RUNG >= RECORDS:
        f[SIGNAL_TYPE] = pick(world.type_shares, uniform(key, streams.NOISE_TYPE, 0, heard))
        f[STRENGTH] = uniform(key, streams.NOISE_STRENGTH, 0, heard)
        f[SOURCE] = uniform(key, streams.NOISE_SOURCE, 0, heard)
        f[DELIVERY] = now
    else:
        totals.kinds[DELIVERY] += 1
    f[NOISE] = now + world.mean_gap * exponential(key, streams.NOISE, 0, heard + 1)
    return heard + 1


def simulate_customer(world: Any, totals: Any, key: int) -> int:
    """Simulate one customer. Returns the number of moves."""
    f, stage, visit, heard, now, since = totals.row, world.start, 0, 0, 0.0, 0.0
    segment, tier, value = 0, 0, 0.0
    if RUNG >= EVENT_LIST:
        for column in range(len(f)):
            f[column] = NEVER
    if RUNG >= CUSTOMERS:
        segment, tier, value, stage, _, _, _, _ = draw_customer(world.population, key)
    start_clocks(world, f, key, segment, tier, stage, visit, now)
    f[NOISE] = world.mean_gap * exponential(key, streams.NOISE, 0, 0)
    while stage != CHURNED:
        entry = next_type(f)
        if f[entry] >= world.days:
            break
        now = f[entry]
        if entry != MOVE:
            heard = on_signal(world, totals, f, key, entry, heard, now)
            continue
        if RUNG >= TOTALS:
            count_stay(world, totals, stage, since, now)
        since = now
        stage = world.destination[stage, choose_transition(world, f, stage)]
        visit += 1
        start_clocks(world, f, key, segment, tier, stage, visit, now)
    totals.last_day[stage] += 1
    if RUNG >= TOTALS:
        active = now if stage == CHURNED else world.days
        count_stay(world, totals, stage, since, world.days)
        totals.money[0] += value * discounted_days(0.0, active, world.discount_rate)
    return visit


def simulate(world: Any, totals: Any, seed: int, customers: int) -> int:
    """Simulate all customers. Returns the number of moves."""
    moves = 0
    for customer in range(customers):
        moves += simulate_customer(world, totals, customer_key(seed, 0, customer))
    return moves


KERNELS = (start_clocks, next_type, choose_transition, count_stay, on_signal, simulate_customer, simulate)
"""Functions to compile, callees before callers."""
INLINED = (start_clocks, next_type, choose_transition, pick)
"""Functions to inline."""


@cache
def _compiled(rung: int) -> Any:
    from journey.runtime.jit import NO_REFCOUNT_OPTIONS, compile_kernels
    from simulation.kernels.stream_constants import unsigned_stream_constants

    return compile_kernels(
        streams,
        special_functions,
        dwell_times,
        draw,
        counters,
        sys.modules[__name__],
        entries=(simulate,),
        constants={**unsigned_stream_constants(), "RUNG": rung},
        options=NO_REFCOUNT_OPTIONS,
        non_negative_indices=True,
    ).simulate


@cache
def _world() -> Any:
    from journey.runtime.nested_arrays import to_arrays
    from simulation.kernels.named_arrays import pack_arrays

    arm = bare(1)
    names = list(dict.fromkeys(move.name for move in MOVES))
    shape = (len(STAGES), max(map(len, MOVES_FROM.values())))
    rate, move, destination, move_count = np.ones(shape), np.zeros(shape, int), np.zeros(shape, int), np.zeros(6, int)
    for stage, name in enumerate(LIVE):
        move_count[stage] = len(MOVES_FROM[name])
        for transition, each in enumerate(MOVES_FROM[name]):
            rate[stage, transition] = 1.0 / each.mean_days
            move[stage, transition] = names.index(each.name)
            destination[stage, transition] = STAGES.index(each.destination)
    return pack_arrays(
        World(
            population=to_arrays(build_population_parameters(arm.population, arm.journey.compile())),
            start=STAGES.index(START),
            days=float(DAYS),
            rate=rate,
            move=move,
            destination=destination,
            move_count=move_count,
            knots=np.zeros(1),
            move_ratios=np.ones((1, 3, len(names))),
            season_ratios=np.ones((1, len(names))),
            tenure_ratios=np.ones((1, len(names))),
            mean_gap=1.0 / SIGNALS_PER_DAY,
            type_shares=np.ones(SIGNAL_TYPES),
            grid=np.array(build_time_grid(DAYS)),
            discount_rate=0.0,
        )
    )


def run(rung: int, customers: int, seed: int) -> Result:
    """Simulate a cohort with the first `rung` rungs, for `DAYS` days."""
    from simulation.kernels.named_arrays import pack_arrays

    width = FIRST_CLOCK + CLOCK_WIDTH * max(map(len, MOVES_FROM.values()))
    totals = Totals(
        row=np.zeros(width),
        last_day=np.zeros(len(STAGES), dtype=int),
        occupancy=np.zeros((len(build_time_grid(DAYS)), len(STAGES)), dtype=int),
        kinds=np.zeros(EVENT_COUNT, dtype=int),
        stage_days=np.zeros(len(STAGES)),
        money=np.zeros(1),
    )
    moves = _compiled(rung)(_world(), pack_arrays(totals), seed, customers)
    occupancy = dict(zip(STAGES, totals.last_day.tolist(), strict=True))
    return result(moves, int(totals.kinds[DELIVERY]), occupancy)
