"""The driver of the compiled engine. Its totals and trace are those of the reference engine."""

from __future__ import annotations

from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from journey.decision import bounds, rules, steps
from journey.rules import monitor, respect
from journey.runtime.nested_arrays import to_arrays
from journey.runtime.recent_cache import RecentCache
from simulation.compiled import (
    calendar_queue,
    dispatch,
    event_choice,
    fast_paths,
    ports,
    review_queue,
    row_retention,
    state,
    two_pass,
)
from simulation.compiled import population as population_module
from simulation.compiled.cache_status import mark_cached
from simulation.compiled.guards import build_guard_tables
from simulation.compiled.population import PopulationArrays, build_population_arrays
from simulation.compiled.state import EngineState, StateSize, allocate_state
from simulation.compiled.trace_rows import build_columns
from simulation.customer import (
    account,
    counting,
    decisions,
    distress,
    effects,
    events,
    interventions,
    moves,
    own_metrics,
    price,
    recurring_revenue,
    reviews,
    satisfaction,
    signals,
    stages,
)
from simulation.customer import ports as customer_ports
from simulation.customer import rules as customer_rules
from simulation.customer.totals import accumulate_occupancy, accumulate_satisfaction, build_counters
from simulation.distributions import dwell_times, special_functions
from simulation.kernels import heap, named_arrays
from simulation.kernels.named_arrays import pack_arrays, pack_sequence, packed_type
from simulation.kernels.stream_constants import unsigned_stream_constants
from simulation.metrics import counters, quantile_sketch, queue_statistics
from simulation.metrics.queue_statistics import QueueStatistics
from simulation.metrics.totals import Totals
from simulation.model import calendar_effects, contracts, evidence, record_errors, working_hours
from simulation.model.arm import ArmSpec, CompiledArm, arm_shares, compile_arm, map_policy_segments
from simulation.population import draw, initial_state
from simulation.population.draw import build_arm_splits
from simulation.random import streams
from simulation.trace.columns import columns_to_rows
from simulation.trace.events import Trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from journey.runtime.jit import CompiledFunctions
    from simulation.compiled.guards import GuardTables
    from simulation.kernels.named_arrays import NamedArrays
    from simulation.model.run_options import RunOptions
    from simulation.population.draw import Cohort
    from simulation.trace.columns import RowSink


ROWS_PER_BATCH = 500_000
"""Approximate number of trace rows in memory before they are passed on."""
EVENTS_PER_CUSTOMER_DAY = 0.2
"""An upper estimate for most scenarios."""

PORTS: Mapping[Any, Any] = {
    customer_ports.emit: ports.emit,
    customer_ports.push_signal: ports.push_signal,
    customer_ports.pop_signal: ports.pop_signal,
    customer_ports.cancel_pending_signals: ports.cancel_pending_signals,
    customer_ports.submit_request: ports.submit_request,
    customer_ports.add_contact: ports.add_contact,
    customer_ports.count_contacts_since: ports.count_contacts_since,
    customer_ports.guard_allows: ports.guard_allows,
    stages.earlier_slot: ports.earlier_slot,
    decisions.decide: fast_paths.decide_from_bounds,
    decisions.evaluate: fast_paths.evaluate_from_bounds,
}
"""Functions of the simulated customer, and those that this engine has in their place."""


@cache
def kernels() -> CompiledFunctions:
    """The engine's functions, compiled at their first call and cached on disk."""
    from journey.runtime.jit import NO_REFCOUNT_OPTIONS, compile_kernels

    shared = (
        rules,
        steps,
        bounds,
        streams,
        special_functions,
        dwell_times,
        working_hours,
        draw,
        counters,
        calendar_effects,
        contracts,
        evidence,
        record_errors,
        initial_state,
        quantile_sketch,
        queue_statistics,
        monitor,
        respect,
    )
    customer = (
        ports,
        counting,
        satisfaction,
        price,
        own_metrics,
        customer_rules,
        recurring_revenue,
        account,
        stages,
        signals,
        reviews,
        decisions,
        fast_paths,
        distress,
        effects,
        interventions,
    )
    modules = (
        *shared,
        heap,
        *customer,
        moves,
        events,
        event_choice,
        calendar_queue,
        population_module,
        review_queue,
        two_pass,
        dispatch,
    )
    # The options release the GIL: a cluster considers a worker dead if it does not respond for five minutes.
    return compile_kernels(
        *modules,
        entries=(dispatch.run_kernel,),
        constants=unsigned_stream_constants(),
        options=NO_REFCOUNT_OPTIONS,
        replacements=PORTS,
        extensions=(named_arrays,),
        non_negative_indices=True,
    )


def simulate_compiled(
    arm_specs: Sequence[ArmSpec],
    population: Cohort,
    options: RunOptions,
    *,
    take_rows: RowSink | None = None,
    rows_per_batch: int = ROWS_PER_BATCH,
) -> tuple[Totals, ...]:
    """Simulate one population, split between arms that share the review queue; see `simulation.runs.run.run_together`.

    Args:
        arm_specs: The arms.
        population: Their customers on day 0, those of all pods.
        options: The options of the run.
        take_rows: Receives the rows of the trace in batches, unless they are kept.
        rows_per_batch: Approximate number of rows in a batch.

    Raises:
        InputError: A move of the journey has a guard registered by a user, which this engine does not support.
    """
    collector = _TraceCollector() if options.keep_trace else None
    inputs = _build_inputs(arm_specs, population, options, traced=options.keep_trace or take_rows is not None)
    _ensure_compiled(inputs)
    started = perf_counter()
    engine = _simulate(inputs, take_rows if collector is None else collector.take, rows_per_batch)
    wall_seconds = perf_counter() - started
    statistics = _build_queue_statistics(engine)
    return tuple(
        Totals(
            build_counters(compiled_arm, number, engine, inputs.segments),
            occupancy=accumulate_occupancy(engine.occupancy[number].tolist()),
            satisfaction=accumulate_satisfaction(engine.satisfaction[number].tolist()),
            gate=statistics,
            wall_seconds=wall_seconds,
            trace=None if collector is None else collector.trace,
        )
        for number, compiled_arm in enumerate(inputs.arms)
    )


def _build_queue_statistics(engine: EngineState) -> QueueStatistics:
    statistics = QueueStatistics(engine.grid.tolist())
    statistics.backlog, statistics.reviewed = engine.backlog.tolist(), engine.reviewed.tolist()
    statistics.waited, statistics.worked = engine.waited.tolist(), engine.worked.tolist()
    return statistics


class _TraceCollector:
    """Collects the rows of a trace in memory."""

    def __init__(self) -> None:
        self.trace = Trace()

    def take(self, columns: dict[str, Any]) -> None:
        self.trace.rows.extend(columns_to_rows(columns))


class _RunInputs(NamedTuple):
    """Inputs of a compiled run: arm parameters and the population."""

    segments: tuple[str, ...]
    days: float
    keep_trace: bool
    arms: tuple[CompiledArm, ...]
    guards: GuardTables
    packed_arms: NamedArrays
    population: PopulationArrays

    def allocate_state(self, rows: int, concurrent: int) -> EngineState:
        """An empty state with `rows` rows for customers; see `simulation.compiled.state.allocate_state`."""
        size = StateSize(len(self.segments), self.population.size, rows, concurrent)
        return allocate_state(self.arms, self.guards, size, self.days, keep_trace=self.keep_trace)


def _build_inputs(arm_specs: Sequence[ArmSpec], population: Cohort, options: RunOptions, *, traced: bool) -> _RunInputs:
    segments = population.segments
    arm_inputs = _arm_inputs_cache.get_or_create(arm_specs, segments, lambda: _build_arm_inputs(arm_specs, segments))
    # A list of customers belongs to one replication and is too large to be cached.
    population_arrays = (
        _population_cache.get_or_create(
            arm_specs, segments, lambda: _build_population(arm_specs, population, arm_inputs.arms)
        )
        if population.listed is None
        else _build_population(arm_specs, population, arm_inputs.arms)
    )
    population_arrays = population_arrays._replace(seed=options.seed, replication=options.replication)
    return _RunInputs(segments, options.days, traced, *arm_inputs, population_arrays)


class _ArmInputs(NamedTuple):
    """The inputs of the arms that do not depend on the run; see `_RunInputs`."""

    arms: tuple[CompiledArm, ...]
    guards: GuardTables
    packed_arms: NamedArrays


_arm_inputs_cache, _population_cache = RecentCache[_ArmInputs](), RecentCache[PopulationArrays]()


def _build_arm_inputs(arm_specs: Sequence[ArmSpec], segments: tuple[str, ...]) -> _ArmInputs:
    arms = tuple(compile_arm(arm_spec, segments) for arm_spec in arm_specs)
    packed_arms = pack_sequence([to_arrays(arm.parameters) for arm in arms])
    # The arms share one journey.
    return _ArmInputs(arms, build_guard_tables(arms[0], segments), packed_arms)


def _build_population(
    arm_specs: Sequence[ArmSpec], population: Cohort, arms: Sequence[CompiledArm]
) -> PopulationArrays:
    segments = population.segments
    splits = build_arm_splits([arm_shares(segment, arm_specs) for segment in segments])
    policy_segment_codes = tuple(map_policy_segments(table, segments) for table in arms)
    return build_population_arrays(arm_specs[0], population, arms, splits, policy_segment_codes, seed=0, replication=0)


_compiled_types: set[Any] = set()


def _ensure_compiled(inputs: _RunInputs) -> None:
    """Compile everything or load it from the cache before timing starts, by a run without customers."""
    types = (inputs.packed_arms.kind, packed_type(inputs.population))
    if types in _compiled_types:
        return
    _simulate(inputs._replace(population=inputs.population._replace(size=0)), _discard_rows, ROWS_PER_BATCH)
    mark_cached()
    _compiled_types.add(types)


def _discard_rows(_columns: Any) -> None:
    """Discard the rows."""


def _simulate(inputs: _RunInputs, take_rows: RowSink | None, rows_per_batch: int) -> EngineState:
    """Simulate all customers: in two passes if only totals are needed, otherwise each in a row of its own."""
    if take_rows is None or not inputs.keep_trace:
        return _simulate_two_pass(inputs)
    return _simulate_with_trace(inputs, take_rows, rows_per_batch)


def _simulate_with_trace(inputs: _RunInputs, take_rows: RowSink, rows_per_batch: int) -> EngineState:
    """Simulate all customers one time window after another, and pass on the trace rows of each window."""
    run_kernel, packed_population, customers = (
        kernels().run_kernel,
        pack_arrays(inputs.population),
        inputs.population.size,
    )
    engine = inputs.allocate_state(customers, customers)
    packed_engine = pack_arrays(engine)
    run_kernel(inputs.packed_arms, packed_population, packed_engine, packed_engine, dispatch.INITIALISE_ALL)
    start, width = 0.0, inputs.days / (1 + customers * inputs.days * EVENTS_PER_CUSTOMER_DAY // rows_per_batch)
    while start < inputs.days:
        limit = min(inputs.days, start + width)
        state.open_window(engine, limit)
        while (
            shortage := run_kernel(
                inputs.packed_arms, packed_population, packed_engine, packed_engine, dispatch.SIMULATE_WINDOW
            )
        ) != state.DONE:
            engine = state.grow(engine, shortage)
            packed_engine = pack_arrays(engine)
        rows = int(engine.run["trace_rows"][0])
        take_rows(build_columns(inputs.arms, inputs.segments, engine))
        # The next window is as long as the rows of this one suggest, within reason.
        width *= min(4.0, max(0.25, rows_per_batch / max(1, rows)))
        start = limit
    run_kernel(inputs.packed_arms, packed_population, packed_engine, packed_engine, dispatch.FINISH_ALL)
    return engine


def _simulate_two_pass(inputs: _RunInputs) -> EngineState:
    """Simulate all customers in few rows; see `simulation.compiled.two_pass`."""
    run_kernel, packed_population = kernels().run_kernel, pack_arrays(inputs.population)
    customers = inputs.population.size
    plan = row_retention.plan_rows(customers)
    engine = inputs.allocate_state(plan.rows, plan.concurrent)
    row_retention.start_retention(engine, plan, customers)
    discarded = state.with_zero_totals(engine)
    packed_engine = pack_arrays(engine)
    while (
        shortage := run_kernel(
            inputs.packed_arms, packed_population, packed_engine, packed_engine, dispatch.FIND_FIRST_REQUESTS
        )
    ) != state.DONE:
        engine = state.grow(engine, shortage)
        row_retention.retain_latest(engine, customers)
        packed_engine = pack_arrays(engine)
    state.sort_first_requests(engine)
    row_retention.release_shared_row(engine)
    packed_engine, packed_replay_engine = pack_arrays(engine), pack_arrays(state.with_totals_of(engine, discarded))
    while (
        shortage := run_kernel(
            inputs.packed_arms, packed_population, packed_engine, packed_replay_engine, dispatch.SERVE_REQUESTS
        )
    ) != state.DONE:
        engine = state.grow(engine, shortage)
        packed_engine, packed_replay_engine = pack_arrays(engine), pack_arrays(state.with_totals_of(engine, discarded))
    run_kernel(inputs.packed_arms, packed_population, packed_engine, packed_replay_engine, dispatch.FINISH_OCCUPIED)
    return engine
