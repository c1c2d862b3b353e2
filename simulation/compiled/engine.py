"""The driver of the compiled engine: tables and cohort in, the same `Run` as the reference engine out."""

from __future__ import annotations

from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from journey import rules, steps
from journey.rules import REASONS
from simulation import beginning, calendar, clocks, contract, flaws, population, seasons, special, streams, tally, trace
from simulation.beginning import met_on_day_0
from simulation.compiled import accounts, basics, cohort, crowd, dealings, gate, heap, lean, lives, turns
from simulation.compiled.boxes import Box, boxed
from simulation.compiled.cohort import OUTCOMES, VERDICTS, Cohort, empty_cohort, fill_from
from simulation.compiled.crowd import crowd_tables
from simulation.compiled.tables import Tables, tables_of
from simulation.gate_book import GateBook
from simulation.population import arm_of, people, splits_of
from simulation.run import Run, run_of
from simulation.setup import ArmSetup, ArmTable, compile_arm, policy_segments, shares_in
from simulation.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import SimpleNamespace


NAME = "compiled"
OPTIONS = {"_nrt": False, "error_model": "numpy"}
"""No kernel allocates, so none counts references; none divides by zero, so none looks whether it does."""


@cache
def kernels() -> SimpleNamespace:
    """The engine's functions, compiled at their first call and kept on disk."""
    from journey.jit import compiled

    unsigned: dict[str, Any] = {name: np.uint64(getattr(streams, name)) for name in streams.UNSIGNED}
    shared = (rules, steps, streams, special, clocks, calendar, population, tally, seasons, contract, flaws, beginning)
    modules = (*shared, heap, basics, accounts, lives, dealings, turns, crowd, gate, lean)
    return compiled(*modules, constants={**unsigned, "word64": np.uint64}, options=OPTIONS)


def run_compiled(
    setups: Sequence[ArmSetup], *, seed: int, replication: int, days: float, keep_trace: bool
) -> tuple[Run, ...]:
    """Live one cohort, split between arms that share the gate; see `simulation.run.run_together`.

    Raises:
        InputError: A move of the journey carries a guard of a user's own, which this engine does not know.
    """
    first = setups[0]
    cast = _cast(setups, seed=seed, replication=replication, days=days, keep_trace=keep_trace)
    # What is compiled, or read from the cache, at the first call is not part of the run.
    kernels()
    started = perf_counter()
    lived = _lived(first, cast, keep_trace=keep_trace)
    wall_seconds = perf_counter() - started
    kept = _trace(cast.arms, lived) if keep_trace else None
    over_time = _gate_book(lived).rows(first.reviewers, cast.arms[0].reviewer_count)
    return tuple(
        run_of(
            NAME,
            table,
            _books(table, number, lived, cast.segments),
            days,
            busy=float(lived.gate[cohort.BUSY]),
            gate=over_time,
            occupancy=_occupancy(lived, number, first.journey.stages),
            wall_seconds=wall_seconds,
            trace=kept,
        )
        for number, table in enumerate(cast.arms)
    )


class _Cast(NamedTuple):
    """Who plays: the arms, as tables and boxes, and how customers are assigned to them."""

    segments: tuple[str, ...]
    arms: tuple[ArmTable, ...]
    tables: tuple[Tables, ...]
    boxes: tuple[Any, ...]
    splits: tuple[tuple[float, ...], ...]
    numbering: tuple[tuple[int, ...], ...]
    seed: int
    replication: int


def _cast(setups: Sequence[ArmSetup], *, seed: int, replication: int, days: float, keep_trace: bool) -> _Cast:
    first = setups[0]
    segments = people(first.population, first.journey.compile(), seed=seed, replication=replication).segments
    arms = tuple(compile_arm(setup, segments) for setup in setups)
    tables = tuple(tables_of(table, segments, number, days, keep_trace=keep_trace) for number, table in enumerate(arms))
    return _Cast(
        segments,
        arms,
        tables,
        tuple(boxed(each) for each in tables),
        splits_of([shares_in(segment, setups) for segment in segments]),
        tuple(policy_segments(table, segments) for table in arms),
        seed,
        replication,
    )


def _lived(first: ArmSetup, cast: _Cast, *, keep_trace: bool) -> Cohort:
    """All lives lived: in few rows where nothing but the totals is asked for, else each in a row of its own."""
    if first.population.is_listed:
        return _live_in_rows(cast, _recorded(first, cast))
    asked = {"seed": cast.seed, "replication": cast.replication}
    crowd = boxed(crowd_tables(first, cast.arms[0], cast.splits, cast.numbering, **asked))
    if not keep_trace:
        return _live_lean(cast, crowd, first.population.size)
    lived = empty_cohort(cast.tables, len(cast.segments), first.population.size)
    kernels().settle_all(cast.boxes, crowd, boxed(lived))
    return _live_in_rows(cast, lived)


def _recorded(first: ArmSetup, cast: _Cast) -> Cohort:
    """A cohort of recorded customers, with what is known of them told."""
    crowd = people(first.population, first.journey.compile(), seed=cast.seed, replication=cast.replication)
    persons, keys = [], []
    for person in crowd.persons:
        key = streams.customer_key(cast.seed, cast.replication, person.number)
        keys.append(key)
        persons.append(met_on_day_0(person, key, first.population, cast.arms[0], cast.numbering[0][person.segment]))
    assigned = [arm_of(key, cast.splits[person.segment]) for key, person in zip(keys, persons, strict=True)]
    lived = empty_cohort(cast.tables, len(cast.segments), len(persons))
    box = boxed(lived)
    for i in range(len(persons)):
        kernels().clear(box, i)
    fill_from(lived, persons, keys, assigned, cast.numbering, spread=first.world.frailty_spread)
    for i, (person, arm) in enumerate(zip(persons, assigned, strict=True)):
        for heard in person.heard:
            kind, source = cast.arms[arm].type_of(heard.signal_type), cast.arms[arm].source_of(heard.source)
            kernels().hear(cast.boxes[arm], box, i, -heard.age_days, kind, heard.strength, source, 0.0)
    return lived


def _live_in_rows(cast: _Cast, lived: Cohort) -> Cohort:
    """Live all lives, with more room whenever the kernels ask for it."""
    run, box = kernels(), boxed(lived)
    run.begin_all(cast.boxes, box)
    while (short := run.run(cast.boxes, box)) != cohort.DONE:
        lived = cohort.with_more_room(lived, short)
        box = boxed(lived)
    run.finish_all(cast.boxes, box)
    return lived


FIRST_ROWS = 256
"""Rows for customers that a lean run begins with; it doubles them whenever they do not suffice."""


def _live_lean(cast: _Cast, crowd: Box, customers: int) -> Cohort:
    """Live all lives in few rows: see `simulation.compiled.lean`."""
    run = kernels()
    lived = empty_cohort(cast.tables, len(cast.segments), min(customers, FIRST_ROWS) + 1)
    totals, waste = (cohort.with_totals_of_its_own(lived) for _ in range(2))
    box = boxed(lived)
    while (short := run.seek_requests(cast.boxes, crowd, box, boxed(totals), boxed(waste))) != cohort.DONE:
        lived = cohort.with_more_room(lived, short)
        box = boxed(lived)
    lived = lived._replace(**{name: getattr(totals, name) for name in cohort.TOTALS})
    cohort.sorted_firsts(lived)
    cohort.free_all_rows(lived.free_rows, lived.counters, 0)
    box = boxed(lived)
    while (short := run.serve_requests(cast.boxes, crowd, box)) != cohort.DONE:
        lived = cohort.with_more_room(lived, short)
        box = boxed(lived)
    run.finish_occupied(cast.boxes, box)
    return lived


def _gate_book(lived: Cohort) -> GateBook:
    book = GateBook(lived.grid.tolist())
    book.backlog, book.closed = lived.backlog.tolist(), lived.closed.tolist()
    book.waited, book.worked = lived.waited.tolist(), lived.worked.tolist()
    return book


def _books(table: ArmTable, arm: int, lived: Cohort, segments: tuple[str, ...]) -> Tally:
    books = Tally(segments)
    books.customers.update(_named(range(len(segments)), lived.customers[arm]))
    books.churned.update(_named(range(len(segments)), lived.churned[arm]))
    books.kinds.update(_named(trace.KINDS, lived.kinds[arm]))
    books.reasons.update(_named(REASONS, lived.reasons[arm]))
    books.actions.update(_named(range(len(table.policy.actions)), lived.actions[arm, : len(table.policy.actions)]))
    books.verdicts.update(_named(VERDICTS, lived.verdicts[arm]))
    books.outcomes.update(_named(OUTCOMES, lived.outcomes[arm]))
    books.distressed.update(_by_stage_and_segment(lived.distressed[arm]))
    books.unhelped.update(_by_stage_and_segment(lived.unhelped[arm]))
    books.stage_days.update(dict(enumerate(lived.stage_days[arm].tolist())))
    count, total = lived.counts[arm].tolist(), lived.sums[arm].tolist()
    books.escalations = count[cohort.ESCALATIONS]
    books.evaluations = count[cohort.EVALUATIONS]
    books.episodes = count[cohort.EPISODES]
    books.episodes_seen = count[cohort.EPISODES_SEEN]
    books.misstaged = count[cohort.MISSTAGED]
    books.won_back = count[cohort.WON_BACK]
    books.alarms_true = count[cohort.ALARMS_TRUE]
    books.alarms_false = count[cohort.ALARMS_FALSE]
    books.contacts_needed = count[cohort.CONTACTS_NEEDED]
    books.requests = int(lived.verdicts[arm].sum())
    books.waited = total[cohort.WAITED]
    books.distress_days = total[cohort.DISTRESS]
    books.satisfaction = total[cohort.SATISFACTION]
    books.revenue = total[cohort.REVENUE]
    books.live_value = total[cohort.LIVE_VALUE]
    return books


def _named(names: Sequence[Any], counts: Any) -> dict[Any, int]:
    return {name: count for name, count in zip(names, counts.tolist(), strict=True) if count}


def _by_stage_and_segment(counts: Any) -> dict[tuple[int, int], int]:
    return {(stage, segment): int(counts[stage, segment]) for stage, segment in np.argwhere(counts).tolist()}


def _occupancy(lived: Cohort, arm: int, stages: tuple[str, ...]) -> list[dict[str, float]]:
    return [
        {"day": day, **{name: count / max(1, sum(counts)) for name, count in zip(stages, counts, strict=True)}}
        for day, counts in zip(lived.grid.tolist(), lived.occupancy[arm].tolist(), strict=True)
    ]


def _trace(arms: Sequence[ArmTable], lived: Cohort) -> trace.Trace:
    size = int(lived.counters[cohort.ROWS])
    floats, ints = lived.row_floats[:size].tolist(), lived.row_ints[:size].tolist()
    return trace.Trace([_row(arms[arm], *times, *codes) for times, (*codes, arm) in zip(floats, ints, strict=True)])


def _row(
    table: ArmTable,
    time: float,
    value: float,
    dated: float,
    customer: int,
    kind: int,
    stage: int,
    to_stage: int,
    label: int,
    reason: int,
    reviewer: int,
) -> trace.Row:
    stages = table.machine.stages
    return trace.Row(
        time=time,
        customer=customer,
        arm=table.name,
        kind=trace.KINDS[kind],
        stage=stages[stage],
        to_stage=stages[to_stage] if to_stage >= 0 else None,
        label=_label(table, kind, label),
        reason=_reason(table, kind, reason),
        reviewer=reviewer if kind == basics.KIND_DECIDED and reviewer >= 0 else None,
        value=value if value < clocks.NEVER else None,
        source=table.policy.sources[reviewer] if kind == basics.KIND_SIGNAL else None,
        dated=dated if dated < clocks.NEVER else None,
    )


def _label(table: ArmTable, kind: int, label: int) -> str:
    if kind == basics.KIND_DECISION and label < 0:
        return "monitor_only" if label == dealings.LABEL_MONITOR else "none"
    if kind == basics.KIND_ARRIVAL:
        return trace.ARRIVAL
    names: dict[int, Sequence[str]] = {
        basics.KIND_MOVE: table.machine.moves,
        basics.KIND_SIGNAL: table.policy.signal_types,
        basics.KIND_DECIDED: VERDICTS,
        basics.KIND_OUTCOME: OUTCOMES,
        basics.KIND_ON: [cause.name for cause in table.causes],
        basics.KIND_OFF: [cause.name for cause in table.causes],
        basics.KIND_VALUE: table.value_changes,
    }
    return names.get(kind, table.policy.actions)[label]


def _reason(table: ArmTable, kind: int, reason: int) -> str | None:
    if kind == basics.KIND_DECISION:
        return REASONS[reason]
    if kind == basics.KIND_SIGNAL:
        return _REASONS_OF_SIGNALS.get(reason) or table.causes[reason].name
    if kind == basics.KIND_MOVE:
        return _REASONS_OF_MOVES.get(reason)
    return None


_REASONS_OF_SIGNALS = {
    lives.NOISE_CAUSE: trace.NOISE,
    lives.REASON_ORPHANED: trace.ORPHANED,
    lives.REASON_DUPLICATE: trace.DUPLICATE,
}
_REASONS_OF_MOVES = {turns.REASON_RENEWAL: trace.RENEWAL, turns.REASON_PAYMENT: trace.PAYMENT}
