"""The driver of the compiled engine: tables and cohort in, the same `Run` as the reference engine out."""

from __future__ import annotations

from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from journey.decision import rules, steps
from journey.runtime.identity_cache import Lately
from simulation.compiled import (
    account,
    calendar_queue,
    customer,
    dispatch,
    orchestration,
    primitives,
    review_queue,
    row_retention,
    state,
    transitions,
    two_pass,
)
from simulation.compiled import population as population_module
from simulation.compiled.cache_status import remember
from simulation.compiled.parameters import tables_of
from simulation.compiled.population import CrowdTables, crowd_tables
from simulation.compiled.state import Cohort, empty_cohort
from simulation.compiled.totals import gate_book_of, tally_of
from simulation.compiled.trace_rows import columns_of
from simulation.distributions import dwell_times, special_functions
from simulation.kernels import heap, prefetch
from simulation.kernels.named_arrays import boxed, kind_of
from simulation.metrics import counters, quantile_sketch
from simulation.metrics.totals import Books
from simulation.model import calendar_effects, contracts, record_errors, working_hours
from simulation.model.arm import ArmSetup, ArmTable, compile_arm, policy_segments, shares_in
from simulation.population import draw, initial_state
from simulation.population.draw import splits_of
from simulation.random import streams
from simulation.trace.columns import rows_of_columns
from simulation.trace.events import Trace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import SimpleNamespace

    from simulation.compiled.parameters import Tables
    from simulation.population.draw import People
    from simulation.trace.columns import TakeRows


ROWS_AT_A_TIME = 500_000
"""About so many rows of the trace stand in memory before they are handed on."""
EVENTS_PER_CUSTOMER_DAY = 0.2
"""More than in most worlds."""
INLINED = (
    "mix", "uniform", "exponential", "fade", "stall", "kept_at_least", "grown_at_least", "kept_at_most",
    "opportunity_of", "quiet", "due_in", "set_clock", "wind", "run_at", "emit", "in_force", "hazard_ratio",
    "onset_rate", "next_move", "first_point", "first_due_besides", "has_room_alone", "nothing_to_do",
    "cumulative_hazard", "age_at", "wait_until", "wound", "gone_on", "wind_move", "watch", "look_until", "step", "held",
    "hold", "planned_at_least", "hear", "count_evaluation", "set_going", "retune_value", "heap_push", "heap_pop",
    "is_before", "set_down", "strike", "push", "left_of_evidence", "worn",
)  # fmt: skip
"""Functions that most events go through, often several times: calling them took a sixth of a run."""


@cache
def kernels() -> SimpleNamespace:
    """The engine's functions, compiled at their first call and kept on disk."""
    from journey.runtime.jit import UNCOUNTED, compiled

    unsigned: dict[str, Any] = {name: np.uint64(getattr(streams, name)) for name in streams.UNSIGNED}
    shared = (
        rules,
        steps,
        streams,
        special_functions,
        dwell_times,
        working_hours,
        draw,
        counters,
        calendar_effects,
        contracts,
        record_errors,
        initial_state,
        quantile_sketch,
    )
    modules = (
        *shared,
        heap,
        calendar_queue,
        prefetch,
        primitives,
        account,
        customer,
        orchestration,
        transitions,
        population_module,
        review_queue,
        two_pass,
        dispatch,
    )
    constants = {**unsigned, "word64": np.uint64}
    # Other threads go on meanwhile: a worker of a cluster that says nothing for five minutes is taken for dead.
    return compiled(*modules, constants=constants, options=UNCOUNTED, inlined=INLINED, from_0=True)


def live_compiled(
    setups: Sequence[ArmSetup],
    population: People,
    *,
    seed: int,
    replication: int,
    days: float,
    keep_trace: bool,
    take_rows: TakeRows | None = None,
    rows_at_a_time: int = ROWS_AT_A_TIME,
) -> tuple[Books, ...]:
    """Live one cohort, split between arms that share the gate; see `simulation.runs.run.run_together`.

    Args:
        setups: The arms.
        population: Their customers on day 0, those of all pods.
        seed: The scenario's seed.
        replication: Which replication.
        days: The horizon.
        keep_trace: Whether to keep the rows of the trace.
        take_rows: Takes them otherwise.
        rows_at_a_time: About how many rows it is given at a time.

    Raises:
        InputError: A move of the journey carries a guard of a user's own, which this engine does not know.
    """
    kept = _Kept() if keep_trace else None
    traced = keep_trace or take_rows is not None
    cast = _cast(setups, population, seed=seed, replication=replication, days=days, traced=traced)
    _compile(cast)
    started = perf_counter()
    lived = _lived(cast, take_rows if kept is None else kept.take, rows_at_a_time)
    wall_seconds = perf_counter() - started
    gate_book = gate_book_of(lived)
    return tuple(
        Books(
            tally_of(table, number, lived, cast.segments),
            occupancy=lived.occupancy[number].tolist(),
            busy=float(lived.gate[state.BUSY]),
            gate=gate_book,
            wall_seconds=wall_seconds,
            trace=None if kept is None else kept.trace,
        )
        for number, table in enumerate(cast.arms)
    )


class _Kept:
    """Rows that stay in memory."""

    def __init__(self) -> None:
        self.trace = Trace()

    def take(self, columns: dict[str, Any]) -> None:
        self.trace.rows.extend(rows_of_columns(columns))


class _Cast(NamedTuple):
    """Who plays: the arms, as tables and boxes, and the customers."""

    segments: tuple[str, ...]
    arms: tuple[ArmTable, ...]
    tables: tuple[Tables, ...]
    boxes: tuple[Any, ...]
    crowd: CrowdTables

    @property
    def days(self) -> float:
        """The horizon."""
        return self.tables[0].horizon

    @property
    def traced(self) -> bool:
        """Whether rows are written."""
        return self.tables[0].keep_trace

    def stage(self, rows: int, at_once: int) -> Cohort:
        """A cohort with so many rows for customers, and nobody in them; see `simulation.compiled.state`."""
        return empty_cohort(self.tables, len(self.segments), rows, self.crowd.size, at_once=at_once)


def _cast(
    setups: Sequence[ArmSetup], population: People, *, seed: int, replication: int, days: float, traced: bool
) -> _Cast:
    segments = population.segments
    props = _props.made(setups, (segments, days, traced), lambda: _new_props(setups, segments, days, traced=traced))
    # A list of customers is one replication's own, and too large to be remembered.
    crowd = (
        _crowds.made(setups, segments, lambda: _crowd(setups, population, props.arms))
        if population.listed is None
        else _crowd(setups, population, props.arms)
    )
    return _Cast(segments, *props, crowd._replace(seed=seed, replication=replication))


class _Props(NamedTuple):
    """Of the arms, what does not depend on luck: see `_Cast`."""

    arms: tuple[ArmTable, ...]
    tables: tuple[Tables, ...]
    boxes: tuple[Any, ...]


_props, _crowds = Lately[_Props](), Lately[CrowdTables]()


def _new_props(setups: Sequence[ArmSetup], segments: tuple[str, ...], days: float, *, traced: bool) -> _Props:
    arms = tuple(compile_arm(setup, segments) for setup in setups)
    tables = tuple(tables_of(table, segments, number, days, keep_trace=traced) for number, table in enumerate(arms))
    return _Props(arms, tables, tuple(boxed(each) for each in tables))


def _crowd(setups: Sequence[ArmSetup], population: People, arms: Sequence[ArmTable]) -> CrowdTables:
    segments = population.segments
    splits = splits_of([shares_in(segment, setups) for segment in segments])
    known_as = tuple(policy_segments(table, segments) for table in arms)
    return crowd_tables(setups[0], population, arms, splits, known_as, seed=0, replication=0)


_compiled: set[Any] = set()


def _compile(cast: _Cast) -> None:
    """Have everything compiled, or read from the cache, before the clock starts: by a run in which nobody lives."""
    kinds = (*(box.kind for box in cast.boxes), kind_of(cast.crowd))
    if kinds in _compiled:
        return
    _lived(cast._replace(crowd=cast.crowd._replace(size=0)), _forget, ROWS_AT_A_TIME)
    remember(len(cast.arms))
    _compiled.add(kinds)


def _forget(_columns: Any) -> None:
    """Nobody wants these rows."""


def _lived(cast: _Cast, take_rows: TakeRows | None, rows_at_a_time: int) -> Cohort:
    """All lives lived: in few rows where nothing but the totals is asked for, else each in a row of its own."""
    if take_rows is None or not cast.traced:
        return _live_lean(cast)
    return _live_in_rows(cast, take_rows, rows_at_a_time)


def _live_in_rows(cast: _Cast, take_rows: TakeRows, rows_at_a_time: int) -> Cohort:
    """Live all lives side by side, one window of time after the other, and hand on the rows of each."""
    enter, lived, crowd = kernels().enter, cast.stage(cast.crowd.size, cast.crowd.size), boxed(cast.crowd)
    box = boxed(lived)
    enter(cast.boxes, crowd, box, box, dispatch.SETTLE_ALL)
    start, width = 0.0, cast.days / (1 + cast.crowd.size * cast.days * EVENTS_PER_CUSTOMER_DAY // rows_at_a_time)
    while start < cast.days:
        limit = min(cast.days, start + width)
        state.open_window(lived, limit)
        while (short := enter(cast.boxes, crowd, box, box, dispatch.LIVE_UNTIL)) != state.DONE:
            lived = state.with_more_room(lived, short)
            box = boxed(lived)
        rows = int(lived.counters[state.ROWS])
        take_rows(columns_of(cast.arms, lived))
        # The next window is as long as the rows of this one suggest, within reason.
        width *= min(4.0, max(0.25, rows_at_a_time / max(1, rows)))
        start = limit
    enter(cast.boxes, crowd, box, box, dispatch.FINISH_ALL)
    return lived


def _live_lean(cast: _Cast) -> Cohort:
    """Live all lives in few rows: see `simulation.compiled.two_pass`."""
    enter, crowd = kernels().enter, boxed(cast.crowd)
    customers = cast.crowd.size
    room = row_retention.room_for(customers)
    lived = cast.stage(room.rows, room.at_once)
    row_retention.begin(lived, room, customers)
    waste = state.with_totals_of_its_own(lived)
    box = boxed(lived)
    while (short := enter(cast.boxes, crowd, box, box, dispatch.SEEK)) != state.DONE:
        lived = state.with_more_room(lived, short)
        row_retention.keep_latest(lived, customers)
        box = boxed(lived)
    state.sorted_firsts(lived)
    row_retention.end(lived)
    box, unread = boxed(lived), boxed(state.with_totals_of(lived, waste))
    while (short := enter(cast.boxes, crowd, box, unread, dispatch.SERVE)) != state.DONE:
        lived = state.with_more_room(lived, short)
        box, unread = boxed(lived), boxed(state.with_totals_of(lived, waste))
    enter(cast.boxes, crowd, box, unread, dispatch.FINISH_OCCUPIED)
    return lived
