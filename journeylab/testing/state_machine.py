"""A Hypothesis state machine over a journey: moves, time, signals, decisions and reviews in any order.

    class MyCustomer(JourneyStateMachine):
        journey = Journey.from_dict(...)
        policy = Policy()

        @invariant()
        def at_most_one_intervention_is_open(self):
            assert len(self.open_interventions) <= 1

    TestMyCustomer = MyCustomer.TestCase

Each step is one call with its arguments, so that a failing sequence can be read, and repeated by pasting it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from journey.core.findings import FindingSeverity
from journey.decision.as_of import AsOf
from journey.decision.policy import MONITOR_ONLY, Policy
from journey.decision.steps import is_open
from journey.histories import HistoryBuilder
from journey.histories.breach_text import describe_breach
from journey.histories.verdicts import RuleJudge
from journey.machine import Facts, Journey, MoveResult, Position, default_journey
from journey.machine.lifecycles import intervention_lifecycle
from journey.orchestrator.approvals import MemoryApprovalQueue, Ticket
from journey.orchestrator.orchestrator import Orchestrator
from journey.records.model import Customer, Intervention, Outcome, Signal, StageEntry
from journey.rules.monitor import BROKEN
from journeylab.testing.strategies.histories import FIRST_DAY

if TYPE_CHECKING:
    from journey.orchestrator.decision import Decision
    from journey.rules import Rule

CUSTOMER_ID = "A"
REVIEWER = "Ada"


def _among(name: str) -> st.SearchStrategy[Any]:
    """One of the values that an attribute or a method of the running machine lists at this moment."""

    def choose(machine: JourneyStateMachine) -> st.SearchStrategy[Any]:
        listed = getattr(machine, name)
        return st.sampled_from(listed() if callable(listed) else listed)

    return st.runner().flatmap(choose)


def _move(*, legal: bool) -> st.SearchStrategy[str]:
    """The name of a move that the customer's stage has, or does not have.

    It is drawn from all names, so that the rest of a run stays when a step is deleted.
    """

    def choose(machine: JourneyStateMachine) -> st.SearchStrategy[str]:
        journey = machine.journey
        return st.sampled_from(journey.move_names).filter(lambda name: journey.is_legal(machine.stage, name) is legal)

    return st.runner().flatmap(choose)


class JourneyStateMachine(RuleBasedStateMachine):
    """One customer in a journey. Subclass it, set the journey, and add invariants and rules of your own.

    Always checked: a legal move leads where the journey says, a request that is blocked or illegal changes nothing,
    interventions change only along their lifecycle, and no declared rule of severity error is broken.

    Class attributes:
        journey: The journey. Default: the default journey.
        declared_rules: Declared rules. A run fails if it breaks one of severity error; the orchestrator respects them.
        policy: The policy with which the real orchestrator decides; None for no orchestrator, signals and reviews.
        waits: Days that one step may wait.
        segments: Segments of the customer. Default: those of the policy, or none.
        tiers: Risk tiers of the customer.
        account_values: Revenue per year of the customer, in dollars.

    Attributes:
        position: The customer's stage.
        history: The stages in order, the current one last.
        now: The time; it begins at 9 o'clock on 2030-06-01.
        customer: The customer's record.
        entries: The stages entered, as records.
        signals: The signals so far, as records.
        tickets: The interventions, each with its state in the intervention lifecycle.
        outcomes: Outcomes of interventions, as records.
        decision: The latest decision of the orchestrator, or None.
    """

    journey: ClassVar[Journey] = default_journey()
    declared_rules: ClassVar[tuple[Rule, ...]] = ()
    policy: ClassVar[Policy | None] = None
    waits: ClassVar[tuple[float, ...]] = (1.0, 0.25, 7.0, 30.0)
    segments: ClassVar[tuple[str, ...]] = ()
    tiers: ClassVar[tuple[str, ...]] = ("low", "medium", "high")
    account_values: ClassVar[tuple[float, ...]] = (1000.0, 100_000.0)

    def __init__(self) -> None:
        super().__init__()
        self.position = Position(self.journey.initial[0])
        # Not at midnight: an intervention at midnight counts as one without a time of day, which no decision can see.
        self.now = FIRST_DAY + timedelta(hours=9)
        self.history: list[str] = [self.position.stage]
        self.customer = Customer(customer_id=CUSTOMER_ID)
        self.entries: list[StageEntry] = []
        self.signals: list[Signal] = []
        self.tickets: list[Ticket] = []
        self.outcomes: list[Outcome] = []
        self.decision: Decision | None = None
        self._histories = HistoryBuilder(self.journey, self.policy or Policy())
        self._judges = [RuleJudge(rule) for rule in self.declared_rules if rule.severity is FindingSeverity.ERROR]
        if self.policy is not None:
            self.orchestrator = Orchestrator(self.policy, self.journey, declared_rules=self.declared_rules)
            self.queue = MemoryApprovalQueue(self.policy.contact.approval_expiry_days)

    # -- what an invariant can ask for -----------------------------------------------------------

    @property
    def stage(self) -> str:
        """The customer's stage."""
        return self.position.stage

    @property
    def facts(self) -> Facts:
        """The facts for the guards of moves: days in the stage, previous stage, segment and tier."""
        entry = self.entries[-1]
        days = (self.now - entry.state_entered_at) / timedelta(days=1)
        return Facts(days, entry.previous_stage, self.customer.segment, self.customer.risk_tier)

    @property
    def open_interventions(self) -> list[Ticket]:
        """The interventions that wait for a reviewer, for execution or for an outcome.

        They are those that the contact policy counts: after `contact.outcome_wait_days`, an outcome is not expected.
        """
        if self.policy is None:
            return []
        tracker, as_of = self.orchestrator.outcome_tracker, AsOf.of(self.now)
        closed = {outcome.intervention_id for outcome in self.outcomes}
        states = [
            tracker.get_state_code(_record(ticket), as_of, measured=ticket.ticket_id in closed)
            for ticket in self.tickets
        ]
        return [ticket for ticket, state in zip(self.tickets, states, strict=True) if is_open(state)]

    @property
    def interventions(self) -> list[Intervention]:
        """The interventions as records."""
        return [_record(ticket) for ticket in self.tickets]

    # -- steps -----------------------------------------------------------------------------------

    @initialize(
        stage=_among("_initial_stages"),
        segment=_among("_segments"),
        tier=_among("tiers"),
        account_value=_among("account_values"),
    )
    def begin(self, stage: str, segment: str, tier: str, account_value: float) -> None:
        """A customer begins the journey."""
        self.customer = Customer.model_validate(
            {
                "customer_id": CUSTOMER_ID,
                "segment": segment,
                "risk_tier": tier,
                "account_value": account_value,
                "tenure_months": 1.0,
            }
        )
        self.position = Position(stage)
        self.history = [stage]
        self._enter(None)

    @rule(days=_among("waits"))
    def wait(self, days: float) -> None:
        """Time passes."""
        self.now += timedelta(days=days)
        if self.policy is not None:
            self.queue.expire(self.now)
        self._check_rules()

    @precondition(lambda self: bool(self._legal_moves()))
    @rule(move=_move(legal=True))
    def move(self, move: str) -> None:
        """Request a move that the stage has; its guard may block it."""
        before = self.stage
        arc = self.journey.arcs[before, move]
        result = self.request(move)
        if result is MoveResult.MOVED:
            assert self.stage == arc.destination, f"{arc} led to {self.stage}"
            self.history.append(self.stage)
            if arc.restarts_clocks:
                self._enter(before)
            # The order of two moves at one moment would be unknown in the records.
            self.now += timedelta(seconds=1)
            self._check_rules()
        else:
            assert result is MoveResult.BLOCKED, f"{arc} is in the journey, and its request was {result.name}"
            assert arc.guard is not None, f"{arc} has no guard, and was blocked"
            assert self.stage == before, f"{arc} was blocked, and led to {self.stage}"

    @precondition(lambda self: bool(self._illegal_moves()))
    @rule(move=_move(legal=False))
    def request_illegal_move(self, move: str) -> None:
        """Request a move that the stage does not have."""
        before = self.stage
        result = self.request(move)
        assert result is MoveResult.ILLEGAL, f"{before} has no move {move}, and its request was {result.name}"
        assert self.stage == before, f"{before} has no move {move}, which led to {self.stage}"

    @precondition(lambda self: self.policy is not None)
    @rule(signal_type=_among("_signal_types"), strength=st.sampled_from([0.9, 0.3, 1.0]))
    def receive_signal(self, signal_type: str, strength: float) -> None:
        """A signal is detected."""
        self.signals.append(
            Signal(
                signal_id=f"S{len(self.signals) + 1}",
                customer_id=CUSTOMER_ID,
                signal_type=signal_type,
                signal_strength=strength,
                detected_at=self.now,
                source="automated",
            )
        )

    @precondition(lambda self: self.policy is not None)
    @rule()
    def decide(self) -> None:
        """The orchestrator evaluates the customer; an action that it recommends becomes an intervention."""
        # A decision sees interventions dated before it, so no two decisions are made at one moment.
        self.now += timedelta(seconds=1)
        self.decision = self.orchestrator.evaluate_customer(
            self.customer, self.entries, self.signals, self.interventions, self.outcomes, as_of=self.now
        )
        if self.decision.recommended_action not in (None, MONITOR_ONLY):
            self.tickets.append(self.queue.submit(f"I{len(self.tickets) + 1}", self.decision, self.now))
        self._check_rules()

    @precondition(lambda self: bool(self._in_state("pending_approval")))
    @rule(ticket_id=_among("_pending"), verdict=st.sampled_from(["approve", "reject"]))
    def review(self, ticket_id: str, verdict: str) -> None:
        """A reviewer approves or rejects an intervention."""
        if verdict == "approve":
            self.queue.approve(ticket_id, REVIEWER, self.now)
        else:
            self.queue.reject(ticket_id, REVIEWER, self.now)
        self._check_rules()

    @precondition(lambda self: bool(self._in_state("approved")))
    @rule(ticket_id=_among("_approved"))
    def execute(self, ticket_id: str) -> None:
        """An approved intervention is executed."""
        self.queue.execute(ticket_id, self.now)
        self._check_rules()

    @precondition(lambda self: bool(self._in_state("executed")))
    @rule(ticket_id=_among("_executed"), outcome=st.sampled_from(["resolved", "no_response"]))
    def measure(self, ticket_id: str, outcome: str) -> None:
        """The outcome of an executed intervention is measured, which closes it."""
        ticket = next(each for each in self.tickets if each.ticket_id == ticket_id)
        ticket.state = intervention_lifecycle().move(ticket.state, "measure")
        self.outcomes.append(
            Outcome(
                outcome_id=f"O-{ticket_id}",
                intervention_id=ticket_id,
                customer_id=CUSTOMER_ID,
                outcome=outcome,
                measured_at=self.now,
            )
        )

    # -- what a subclass may replace -------------------------------------------------------------

    def request(self, move: str) -> MoveResult:
        """Request a move of the customer. Override it to test software of your own that moves customers.

        Args:
            move: Name of the move.

        Returns:
            The result; if it is MOVED, `position` has the new stage.
        """
        return self.journey.request(self.position, move, self.facts)

    def _check_rules(self) -> None:
        """Fail if the history so far breaks a declared rule."""
        if not self._judges:
            return
        as_of = AsOf.of(self.now)
        history = self._histories.build(self.entries, self.signals, self.interventions, self.outcomes, as_of)
        for judge in self._judges:
            where, customer = judge.rule.where, self.customer
            verdict = judge.judge(history, as_of)
            if verdict.verdict == BROKEN and where.admits(
                customer.segment, customer.risk_tier, customer.account_value, consent=self._has_consent()
            ):
                raise AssertionError(describe_breach(judge.rule, verdict))

    def _has_consent(self) -> bool:
        return self.policy is None or CUSTOMER_ID not in self.policy.contact.do_not_contact

    # -- the choices of each step ----------------------------------------------------------------

    def _initial_stages(self) -> tuple[str, ...]:
        return self.journey.initial

    def _segments(self) -> tuple[str, ...]:
        return self.segments or ("unknown" if self.policy is None else self.policy.segments[0],)

    def _legal_moves(self) -> list[str]:
        return [move.name for move in self.journey.legal_moves(self.stage)]

    def _illegal_moves(self) -> list[str]:
        return [name for name in self.journey.move_names if not self.journey.is_legal(self.stage, name)]

    def _signal_types(self) -> list[str]:
        return [] if self.policy is None else list(self.policy.signals)

    def _in_state(self, state: str) -> list[str]:
        return [ticket.ticket_id for ticket in self.tickets if ticket.state == state]

    def _pending(self) -> list[str]:
        return self._in_state("pending_approval")

    def _approved(self) -> list[str]:
        return self._in_state("approved")

    def _executed(self) -> list[str]:
        return self._in_state("executed")

    def _enter(self, previous: str | None) -> None:
        self.entries.append(
            StageEntry(
                customer_id=CUSTOMER_ID,
                journey_stage=self.stage,
                state_entered_at=self.now,
                previous_stage=previous,
            )
        )


def _record(ticket: Ticket) -> Intervention:
    return Intervention(
        intervention_id=ticket.ticket_id,
        customer_id=ticket.customer_id,
        recommended_action=ticket.action,
        requires_human_approval=ticket.reviewer is not None or ticket.state == "pending_approval",
        generated_at=ticket.submitted_at,
        status=ticket.state,
    )
