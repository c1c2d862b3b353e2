"""The reference engine: customers as SimPy processes.

What happens to a customer is in `simulation.customer`, which both engines share. This module provides what that package
needs from an engine, and runs the processes and the review queue in one environment.
"""

from __future__ import annotations

from heapq import heappop, heappush
from time import perf_counter
from typing import TYPE_CHECKING

from journey.decision.policy import TIERS
from journey.machine import Facts, MoveResult
from simulation.customer.events import finish_customer, start_customer
from simulation.customer.own_metrics import UNSEEN
from simulation.customer.ports import Engine, PendingSignal
from simulation.customer.reviews import on_verdict
from simulation.customer.state import IN_QUEUE, IN_REVIEW, NO_INDEX
from simulation.customer.totals import accumulate_occupancy, accumulate_satisfaction, build_counters
from simulation.distributions.dwell_times import NEVER, Clock
from simulation.metrics.totals import Totals
from simulation.model.arm import ArmSpec, CompiledArm, arm_shares, compile_arm, map_policy_segments
from simulation.model.event_names import label_names, reason_names
from simulation.model.event_types import DELIVERY
from simulation.model.rule_parameters import list_initial_marks
from simulation.population.draw import assign_arm, build_arm_splits, draw_frailty
from simulation.population.initial_state import draw_initial_state
from simulation.random import streams
from simulation.reference.customer_process import assign_customer, build_customer, run_customer
from simulation.reference.environment import ExactEnvironment
from simulation.reference.review_queue import ReviewQueue, ReviewRequest
from simulation.trace.codes import KIND_DECIDED, KIND_SIGNAL
from simulation.trace.events import KINDS, Row, Trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    import simpy

    from simulation.customer.state import Customer
    from simulation.model.arm import ArmParameters
    from simulation.model.run_options import RunOptions
    from simulation.population.draw import Cohort
    from simulation.trace.columns import RowSink


class ReferenceEngine(Engine):
    """The state of a run, and what customers need from the engine (`simulation.customer.ports.Engine`)."""

    def __init__(
        self, arms: Sequence[CompiledArm], segments: tuple[str, ...], days: float, trace: Trace | None
    ) -> None:
        """Create the state of a run without customers.

        Args:
            arms: The arms, which share the reviewers of the first one.
            segments: The population's segments.
            days: Length of the run, in days.
            trace: The trace that rows are added to, or None.
        """
        super().__init__(arms, len(segments), days)
        self.arms, self.segments, self.horizon = arms, segments, days
        self.trace, self.keep_trace = trace, trace is not None
        self.env = ExactEnvironment()
        reviewers = arms[0].parameters.review.reviewers
        self.queue = ReviewQueue(self.env, reviewers, arms[0].reviewers, self.queue_statistics)
        self.customers: list[Customer] = []
        self.clocks: list[list[Clock]] = []
        self.visits: list[list[int]] = []
        self.observed: list[list[float]] = []
        self.trial_marks = [0.0] * arms[0].parameters.rules.end
        self._rule_marks = list_initial_marks(arms[0].rules)
        # Lists, because an empty deque takes 600 bytes and most customers are never contacted.
        self._contact_times: list[list[float]] = []
        self._pending: list[list[PendingSignal]] = []
        self._signals_sent = 0
        self._processes: list[simpy.Process] = []
        self._labels, self._reasons = [label_names(arm) for arm in arms], [reason_names(arm) for arm in arms]

    def add_customer(self, customer: Customer) -> None:
        """Add a customer, whose process starts on day 0 or on the day of arrival."""
        arm = self.arms[customer.arm].parameters
        self.customers.append(customer)
        self.clocks.append([Clock() for _ in range(max(arm.move_count))])
        self.visits.append([0] * len(arm.live))
        self.observed.append([UNSEEN] * arm.own_metrics.slots + self._rule_marks)
        self._contact_times.append([])
        self._pending.append([])
        if customer.arrives_at == 0.0:
            start_customer(arm, customer, self)
        self._processes.append(self.env.process(run_customer(arm, customer, self)))

    def emit(
        self,
        customer: Customer,
        kind: int,
        label: int,
        to_stage: int,
        reason: int,
        detail: int,
        value: float,
        dated: float,
    ) -> None:
        """Count an event, and add its row to the trace if there is one."""
        self.kinds[customer.arm][kind] += 1
        if self.trace is None:
            return
        arm = self.arms[customer.arm]
        stages, reasons = arm.machine.stages, self._reasons[customer.arm].get(kind)
        self.trace.rows.append(
            Row(
                time=customer.now,
                customer=customer.number,
                arm=arm.name,
                kind=KINDS[kind],
                stage=stages[customer.stage],
                to_stage=None if to_stage == NO_INDEX else stages[to_stage],
                label=self._labels[customer.arm][kind][label],
                reason=None if reasons is None else reasons.get(reason),
                reviewer=detail if kind == KIND_DECIDED and detail != NO_INDEX else None,
                value=value if value < NEVER else None,
                source=arm.policy.sources[detail] if kind == KIND_SIGNAL else None,
                dated=dated if dated < NEVER else None,
                segment=self.segments[customer.segment],
                account_value=customer.account_value,
            )
        )

    def push_signal(
        self,
        customer: Customer,
        time: float,
        dated: float,
        kind: int,
        strength: float,
        source: int,
        cause: int,
        record: int,
    ) -> None:
        """Add a pending signal."""
        self._signals_sent += 1
        pending, order = self._pending[customer.row], self._signals_sent
        heappush(pending, PendingSignal(time, order, dated, kind, strength, source, cause, customer.episode, record))
        customer.event_times[DELIVERY] = pending[0].time

    def pop_signal(self, customer: Customer) -> PendingSignal:
        """Remove the first pending signal."""
        pending = self._pending[customer.row]
        signal = heappop(pending)
        customer.event_times[DELIVERY] = pending[0].time if pending else NEVER
        return signal

    def cancel_pending_signals(self, customer: Customer) -> None:
        """Remove all pending signals of a customer."""
        self._pending[customer.row].clear()

    def submit_request(self, customer: Customer) -> None:
        """Put a customer's request into the review queue."""
        version = customer.version

        def is_open() -> bool:
            return customer.version == version and customer.waiting == IN_QUEUE

        def on_start(time: float) -> None:
            customer.waiting = IN_REVIEW
            customer.review_started_at = time

        def on_decision(time: float, reviewer: int) -> None:
            if customer.version == version:
                on_verdict(self.arms[customer.arm].parameters, customer, self, time, reviewer)
                self._processes[customer.row].interrupt()

        rank = -customer.value_at_stake
        self.queue.submit(
            ReviewRequest(rank, customer.requested_at, customer.number, customer.work, on_decision, on_start, is_open)
        )

    def add_contact(self, customer: Customer) -> None:
        """Keep the time of a contact."""
        self._contact_times[customer.row].append(customer.now)

    def count_contacts_since(self, customer: Customer, time: float) -> int:
        """Number of contacts since a time; earlier ones are dropped."""
        times = self._contact_times[customer.row]
        while times and times[0] < time:
            times.pop(0)
        return len(times)

    def guard_allows(self, arm: ArmParameters, customer: Customer, slot: int) -> bool:
        """Whether the journey's guard allows a move out of the current stage."""
        compiled_arm, previous = self.arms[customer.arm], customer.previous_stage
        machine = compiled_arm.machine
        facts = Facts(
            days_in_stage=customer.now - customer.entered_at,
            previous_stage=None if previous == NO_INDEX else machine.stages[previous],
            segment=self.segments[customer.segment],
            tier=TIERS[customer.tier],
        )
        move = machine.moves[arm.moves[customer.stage][slot].move]
        return compiled_arm.journey.request(machine.stages[customer.stage], move, facts) is MoveResult.MOVED


def simulate_reference(
    arm_specs: Sequence[ArmSpec],
    cohort: Cohort,
    options: RunOptions,
    *,
    take_rows: RowSink | None = None,
) -> tuple[Totals, ...]:
    """Simulate one cohort, split between arms with shared reviewers; see `simulation.runs.run.run_together`.

    Args:
        arm_specs: The arms.
        cohort: The customers of all pods on day 0.
        options: The options of the run.
        take_rows: Takes the rows of the trace in order, in blocks, or None.
    """
    arms, days = [compile_arm(arm_spec, cohort.segments) for arm_spec in arm_specs], options.days
    trace = Trace() if options.keep_trace or take_rows is not None else None
    engine = ReferenceEngine(arms, cohort.segments, days, trace)
    started = perf_counter()
    _add_customers(engine, arm_specs, cohort, options)
    engine.env.run(until=days)
    for customer in engine.customers:
        finish_customer(arms[customer.arm].parameters, customer, engine)
    wall_seconds = perf_counter() - started
    if take_rows is not None and trace is not None:
        trace.stream_to(take_rows)
    return tuple(
        Totals(
            build_counters(arm, number, engine, cohort.segments),
            occupancy=accumulate_occupancy(engine.occupancy[number]),
            satisfaction=accumulate_satisfaction(engine.satisfaction[number]),
            gate=engine.queue_statistics,
            wall_seconds=wall_seconds,
            trace=trace if options.keep_trace else None,
        )
        for number, arm in enumerate(arms)
    )


def _add_customers(engine: ReferenceEngine, arm_specs: Sequence[ArmSpec], cohort: Cohort, options: RunOptions) -> None:
    first, arms = arm_specs[0], engine.arms
    segment_codes = [map_policy_segments(arm, cohort.segments) for arm in arms]
    splits = build_arm_splits([arm_shares(segment, arm_specs) for segment in cohort.segments])
    for row, initial in enumerate(map(cohort.customer_at, first.pod_range(cohort.size))):
        key = streams.customer_key(options.seed, options.replication, initial.number)
        arm = assign_arm(key, splits[initial.segment])
        initial = draw_initial_state(initial, key, first.population, arms[0], segment_codes[0][initial.segment])
        frailty = draw_frailty(first.world.frailty_spread, key, initial.frailty_draw)
        customer = build_customer(initial, key, frailty, row)
        assign_customer(customer, initial, arms[arm], arm, segment_codes[arm][initial.segment])
        engine.add_customer(customer)
