"""Orchestration of one customer: decisions, reviews, actions and outcomes.

Decisions use `journey.decision.steps`, the same rules as for recorded customers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journey.core.time_units import MINUTES_PER_DAY
from journey.decision import rules, steps
from simulation.distributions.dwell_times import NEVER
from simulation.random import streams
from simulation.trace import events
from tests.oracle import record_errors
from tests.oracle.event_types import ACTION, CADENCE, CALM, CALM_SPELL, EXPIRY, OUTCOME
from tests.oracle.evidence import EvidenceState
from tests.oracle.review_queue import ReviewRequest

if TYPE_CHECKING:
    from simulation.population.draw import InitialCustomer
    from tests.oracle.customer import Customer

MONITORING_REASONS = frozenset(
    (rules.LOW_CONFIDENCE, rules.NO_PLAY, rules.OPEN_INTERVENTION, rules.COOLING_DOWN, rules.CAPPED, rules.VETOED)
)
"""Reasons for `monitor_only`; with other reasons than these and `act`, there is nothing to decide."""


class CustomerOrchestration:
    """The orchestrator's view of one customer, with the customer's open request, action and outcome."""

    __slots__ = (
        "_actions_in_spell",
        "_contacts",
        "_customer",
        "_episode_acted_on",
        "_fatigue",
        "_fatigue_at",
        "_has_consent",
        "_has_open_action",
        "_last_touch_at",
        "_policy_segment",
        "_recorded_since",
        "_recorded_stage",
        "_request",
        "_requests_in_spell",
        "_responded",
        "_spell",
        "_value_at_stake",
        "action",
        "evidence",
        "satisfaction",
    )  # fmt: skip

    def __init__(self, customer: Customer, initial: InitialCustomer, policy_segment: int) -> None:
        """Start orchestrating a customer, with the signals and the contact from before the run.

        Args:
            customer: The customer.
            initial: The customer's initial state.
            policy_segment: The customer's segment, as a code of the policy.
        """
        self._customer = customer
        self._policy_segment = policy_segment
        # A list, because an empty deque takes 600 bytes and most customers are never contacted.
        self._contacts: list[float] = []
        self._last_touch_at = NEVER if initial.days_since_contact < 0.0 else -initial.days_since_contact
        self._request: ReviewRequest | None = None
        self._has_open_action = 0
        self._value_at_stake = 0.0
        self._spell, self._actions_in_spell, self._requests_in_spell = CALM_SPELL, 0, 0
        self._episode_acted_on, self._responded = CALM, False
        self._has_consent = initial.consents
        self._fatigue, self._fatigue_at = 0.0, 0.0
        self._recorded_stage, self._recorded_since = initial.stage, initial.arrives_at - initial.days_in_stage
        self.action = rules.NO_ACTION
        self.satisfaction = 0.0
        self.evidence = EvidenceState()
        for signal in initial.prior_signals:
            kind, source = (
                customer.table.signal_type_code(signal.signal_type),
                customer.table.signal_source_code(signal.source),
            )
            self.evidence.add_signal(customer.table.policy_parameters, -signal.age_days, kind, signal.strength, source)

    def start(self) -> None:
        """Schedule the first regular evaluation."""
        customer = self._customer
        if customer.table.cadence > 0.0:
            customer.event_times[CADENCE] = customer.now + customer.table.cadence * streams.uniform(
                customer.key, streams.CADENCE, 0, 0
            )

    def resume(self) -> None:
        """Schedule the next regular evaluation of a customer that was won back."""
        if self._customer.table.cadence > 0.0:
            self._customer.event_times[CADENCE] = self._customer.now + self._customer.table.cadence

    def cancel_all(self) -> None:
        """Cancel the open request, action and evaluations of a customer that has left."""
        self.withdraw("withdrawn")
        self._has_open_action = 0
        for entry in (ACTION, OUTCOME, CADENCE):
            self._customer.event_times[entry] = NEVER

    def record_stage_entry(self, visit: int) -> None:
        """Record the entry to the current stage, possibly with a record error."""
        customer, error_rates = self._customer, self._customer.table.record_errors
        stage = customer.stage
        if customer.table.live[stage]:
            live = customer.table.live
            stage = record_errors.recorded_stage(
                customer.key, stage, visit, live, error_rates.stages_missing, error_rates.stages_wrong
            )
        if stage != record_errors.UNRECORDED:
            self._recorded_stage, self._recorded_since = stage, customer.now

    @property
    def is_treated(self) -> bool:
        """Whether an action was taken in the current episode."""
        return self._actions_in_spell > 0

    def receive_signal(self, kind: int, strength: float, source: int, dated: float) -> None:
        """Add a signal to the evidence. `dated` is the day in its record, which may be earlier than now."""
        table = self._customer.table
        self.evidence.add_signal(
            table.policy_parameters, self._customer.now, kind, strength, source, self._customer.now - dated
        )
        if table.on_signal:
            self.decide()

    def begin_spell(self, spell: int) -> None:
        """Begin a new episode, or the calm spell after one; the draws of its actions are keyed by `spell`."""
        self._spell, self._actions_in_spell, self._requests_in_spell = spell, 0, 0

    def on_cadence(self) -> None:
        """Make the regular evaluation and schedule the next one."""
        self._customer.event_times[CADENCE] = self._customer.now + self._customer.table.cadence
        self.decide()

    def decide(self) -> None:
        """Evaluate the customer with the rules, and start the resulting action or review."""
        customer, table, counters = self._customer, self._customer.table, self._customer.counters
        stage, days = self._recorded_stage, customer.now - self._recorded_since
        assessment = self.evidence.assess(table.policy_parameters, customer.now, self._policy_segment, stage, days)
        reason = self._contact_policy_reason(assessment.action, assessment.reason)
        action = assessment.action if reason == rules.ACT else rules.NO_ACTION
        counters.evaluations += 1
        counters.reasons[rules.REASONS[reason]] += 1
        if action == rules.NO_ACTION:
            label = "monitor_only" if reason in MONITORING_REASONS else "none"
        else:
            label = table.policy.actions[action]
        is_misclassified = stage != customer.stage
        counters.misclassified += is_misclassified
        recorded_stage = stage if is_misclassified else None
        customer.emit(
            events.DECISION, label, reason=rules.REASONS[reason], value=assessment.confidence, to_stage=recorded_stage
        )
        if action in (rules.NO_ACTION, table.policy_parameters.monitor):
            return
        self.action, self._has_open_action = action, 1
        churn = steps.compute_churn_probability(
            table.policy_parameters, self._policy_segment, customer.tier, assessment.severity
        )
        self._value_at_stake = rules.priority(churn, customer.account.value, table.policy_parameters.averts[action])
        if steps.action_needs_approval(
            table.policy_parameters, action, assessment.severity, customer.tier, customer.account.value
        ):
            self._request_review()
        else:
            customer.event_times[ACTION] = customer.now + table.effects[action].delay

    def _contact_policy_reason(self, action: int, reason: int) -> int:
        parameters, now = self._customer.table.policy_parameters, self._customer.now
        while self._contacts and self._contacts[0] < now - parameters.window_days:
            self._contacts.pop(0)
        since = -1.0 if self._last_touch_at == NEVER else now - self._last_touch_at
        return steps.apply_contact_policy(
            parameters, action, reason, self._has_open_action, since, len(self._contacts), not self._has_consent
        )

    # -- review ------------------------------------------------------------------------------------

    def _request_review(self) -> None:
        customer, table = self._customer, self._customer.table
        self._requests_in_spell += 1
        unit = streams.exponential(customer.key, streams.SERVICE, self._spell, self._requests_in_spell)
        work = unit * (table.reviewers.service_minutes / MINUTES_PER_DAY)
        self._request = ReviewRequest(-self._value_at_stake, customer.now, customer.number, work, self._on_verdict)
        customer.emit(events.REVIEW_REQUESTED, table.policy.actions[self.action], value=self._value_at_stake)
        customer.event_times[EXPIRY] = customer.now + table.policy_parameters.approval_expiry_days
        customer.shared.queue.submit(self._request)

    def _on_verdict(self, time: float, reviewer: int) -> None:
        customer, table = self._customer, self._customer.table
        skill = table.reviewers
        customer.now = time
        draw = streams.uniform(customer.key, streams.VERDICT, self._spell, self._requests_in_spell)
        approved = draw < skill.approve_distressed if customer.cause != CALM else draw >= skill.reject_calm
        verdict = "approved" if approved else "rejected"
        if approved:
            action_for_cause = self._action_for_true_cause()
            overrides = (
                streams.uniform(customer.key, streams.OVERRIDE, self._spell, self._requests_in_spell) < skill.override
            )
            if overrides and action_for_cause not in (rules.NO_ACTION, self.action):
                self.action, verdict = action_for_cause, "overridden"
            customer.event_times[ACTION] = customer.now + table.effects[self.action].delay
        else:
            self._has_open_action = 0
            # A rejection counts as a contact, so that the next signal does not repeat the same request.
            self._last_touch_at = customer.now
        self._close_request(verdict, reviewer)
        customer.reschedule()

    def _action_for_true_cause(self) -> int:
        customer, table = self._customer, self._customer.table
        cause = table.causes[customer.cause].policy_cause if customer.cause != CALM else -1
        return (
            table.policy_parameters.plays[self._policy_segment][customer.stage][cause]
            if cause >= 0
            else rules.NO_ACTION
        )

    def on_expiry(self) -> None:
        """Expire a request that is still waiting; a review in progress is completed."""
        self._customer.event_times[EXPIRY] = NEVER
        if self._request is not None and self._request.started_at is None:
            self.withdraw("expired")

    def withdraw(self, verdict: str) -> None:
        """Close the open request, if any, without a reviewer's decision."""
        if self._request is not None:
            self._has_open_action = 0
            self._close_request(verdict, None)

    def _close_request(self, verdict: str, reviewer: int | None) -> None:
        customer, request = self._customer, self._request
        assert request is not None
        started = customer.now if request.started_at is None else request.started_at
        customer.counters.add_wait(started - request.requested_at)
        customer.counters.verdicts[verdict] += 1
        customer.event_times[EXPIRY] = NEVER
        request.is_open = False
        self._request = None
        customer.emit(events.REVIEW_DECIDED, verdict, reviewer=reviewer, value=self._value_at_stake)

    # -- action and outcome ------------------------------------------------------------------------

    def on_action(self) -> None:
        """Carry out the action; the customer may respond to it."""
        customer, table, counters = self._customer, self._customer.table, self._customer.counters
        effect, fatigue = table.effects[self.action], self._add_fatigue()
        customer.event_times[ACTION] = NEVER
        customer.emit(events.ACTION, table.policy.actions[self.action], value=table.policy.costs[self.action])
        counters.actions[self.action] += 1
        counters.contacts_needed += customer.cause != CALM
        self._contacts.append(customer.now)
        self._last_touch_at = customer.now
        self._actions_in_spell += 1
        customer.event_times[OUTCOME] = customer.now + table.outcome_window
        self._responded = False
        harm = table.fatigue.churn_ratio**fatigue
        if customer.cause == CALM:
            self._episode_acted_on = CALM
            customer.apply_harm(harm * effect.harm_ratio, effect.lasts)
            return
        if harm != 1.0:
            customer.apply_harm(harm, effect.lasts)
        self._episode_acted_on = customer.episode
        draw = streams.uniform(customer.key, streams.RESPONSE, customer.episode, self._actions_in_spell)
        if draw < effect.response[customer.segment] * table.fatigue.kept_response**fatigue:
            self._responded = True
            customer.apply_effect(effect.recovery_ratio[customer.cause], effect.lasts)

    def _add_fatigue(self) -> float:
        """Add one contact to the fatigue level, and return the decayed level before it."""
        now, fade_rate = self._customer.now, self._customer.table.fatigue.fade_rate
        level = self._fatigue * rules.fade(now - self._fatigue_at, fade_rate)
        self._fatigue, self._fatigue_at = level + 1.0, now
        return level

    def on_outcome(self) -> None:
        """Record the outcome at the end of the window, if the action's episode has not ended."""
        if self._episode_acted_on == CALM:
            self._record_outcome("no_action_needed")
        else:
            self._record_outcome("partial_improvement" if self._responded else "no_response")

    def on_episode_end(self, episode: int) -> None:
        """Record the outcome ``resolved`` if an action on the ended episode has no outcome yet."""
        if self._customer.event_times[OUTCOME] < NEVER and self._episode_acted_on == episode:
            # The outcome is `resolved` even without a response; only a response raises satisfaction.
            if self._responded:
                self.satisfaction += self._customer.table.effects[self.action].csat
            self._record_outcome("resolved")

    def _record_outcome(self, outcome: str) -> None:
        customer = self._customer
        customer.event_times[OUTCOME] = NEVER
        self._has_open_action = 0
        customer.counters.outcomes[outcome] += 1
        customer.emit(events.OUTCOME, outcome, value=self._value_at_stake if outcome == "resolved" else 0.0)
