"""What the orchestrator does about one customer: decide, ask a reviewer, act, measure.

The decisions are those of `journey.decision.steps`, the very rules that judge recorded customers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journey.decision import rules, steps
from simulation.distributions.dwell_times import NEVER
from simulation.model import record_errors
from simulation.model.event_types import ACTION, CADENCE, CALM, CALM_SPELL, EXPIRY, OUTCOME
from simulation.model.evidence import Beliefs
from simulation.model.units import MINUTES_PER_DAY
from simulation.random import streams
from simulation.reference.review_queue import Request
from simulation.trace import events

if TYPE_CHECKING:
    from simulation.population.draw import Person
    from simulation.reference.customer import Life

WATCHING = frozenset(
    (rules.LOW_CONFIDENCE, rules.NO_PLAY, rules.OPEN_INTERVENTION, rules.COOLING_DOWN, rules.CAPPED, rules.VETOED)
)
"""Reasons that leave the orchestrator watching; the others leave it without a decision to make."""


class Care:
    """One customer as the orchestrator sees it, and what is under way for that customer."""

    __slots__ = ("_actions_in_spell", "_asked_in_spell", "_consents", "_contacts", "_episode_acted_on", "_fatigue",
                 "_life", "_open", "_policy_segment", "_recorded_since", "_recorded_stage", "_request", "_responded",
                 "_spell", "_stake", "_tired_at", "_touched_at", "action", "beliefs", "satisfaction")  # fmt: skip

    def __init__(self, life: Life, person: Person, policy_segment: int) -> None:
        """Take over a customer on day 0, with what was heard and done before.

        Args:
            life: The customer's life.
            person: The same customer on day 0.
            policy_segment: The customer's segment, as the policy numbers them.
        """
        self._life = life
        self._policy_segment = policy_segment
        # A list and not a deque, which takes 600 bytes while it is empty: most customers are never contacted.
        self._contacts: list[float] = []
        self._touched_at = NEVER if person.days_since_contact < 0.0 else -person.days_since_contact
        self._request: Request | None = None
        self._open = 0
        self._stake = 0.0
        self._spell, self._actions_in_spell, self._asked_in_spell = CALM_SPELL, 0, 0
        self._episode_acted_on, self._responded = CALM, False
        self._consents = person.consents
        self._fatigue, self._tired_at = 0.0, 0.0
        self._recorded_stage, self._recorded_since = person.stage, person.arrives_at - person.days_in_stage
        self.action = rules.NO_ACTION
        self.satisfaction = 0.0
        self.beliefs = Beliefs()
        for heard in person.heard:
            kind, source = life.table.type_of(heard.signal_type), life.table.source_of(heard.source)
            self.beliefs.hear(life.table.sheet, -heard.age_days, kind, heard.strength, source)

    def begin(self) -> None:
        """From now on the customer is looked at, also when nothing happens."""
        life = self._life
        if life.table.cadence > 0.0:
            life.agenda[CADENCE] = life.now + life.table.cadence * streams.uniform(life.key, streams.CADENCE, 0, 0)

    def resume(self) -> None:
        """A customer who was lost is there again."""
        if self._life.table.cadence > 0.0:
            self._life.agenda[CADENCE] = self._life.now + self._life.table.cadence

    def drop(self) -> None:
        """The customer is gone, and with them whatever is under way."""
        self.take_back("withdrawn")
        self._open = 0
        for entry in (ACTION, OUTCOME, CADENCE):
            self._life.agenda[entry] = NEVER

    def note_entry(self, visit: int) -> None:
        """A stage was entered; the records may say so, or something else, or nothing."""
        life, wrong = self._life, self._life.table.flaws
        stage = life.stage
        if life.table.live[stage]:
            live = life.table.live
            stage = record_errors.recorded_as(life.key, stage, visit, live, wrong.stages_missing, wrong.stages_wrong)
        if stage != record_errors.UNRECORDED:
            self._recorded_stage, self._recorded_since = stage, life.now

    @property
    def helped(self) -> bool:
        """Whether anything was done in the present episode."""
        return self._actions_in_spell > 0

    def hear(self, kind: int, strength: float, source: int, dated: float) -> None:
        """A signal arrives; its record may bear an earlier day."""
        table = self._life.table
        self.beliefs.hear(table.sheet, self._life.now, kind, strength, source, self._life.now - dated)
        if table.on_signal:
            self.decide()

    def begin_spell(self, spell: int) -> None:
        """A new episode, or the calm after one: what is done in it has luck of its own."""
        self._spell, self._actions_in_spell, self._asked_in_spell = spell, 0, 0

    def on_cadence(self) -> None:
        """The regular evaluation."""
        self._life.agenda[CADENCE] = self._life.now + self._life.table.cadence
        self.decide()

    def decide(self) -> None:
        """Evaluate the customer with the rules, and set going what they say."""
        life, table, tally = self._life, self._life.table, self._life.tally
        stage, days = self._recorded_stage, life.now - self._recorded_since
        judged = self.beliefs.judge(table.sheet, life.now, self._policy_segment, stage, days)
        reason = self._held(judged.action, judged.reason)
        action = judged.action if reason == rules.ACT else rules.NO_ACTION
        tally.evaluations += 1
        tally.reasons[rules.REASONS[reason]] += 1
        if action == rules.NO_ACTION:
            label = "monitor_only" if reason in WATCHING else "none"
        else:
            label = table.policy.actions[action]
        misstaged = stage != life.stage
        tally.misstaged += misstaged
        believed = stage if misstaged else None
        life.emit(events.DECISION, label, reason=rules.REASONS[reason], value=judged.confidence, to_stage=believed)
        if action in (rules.NO_ACTION, table.sheet.monitor):
            return
        self.action, self._open = action, 1
        churn = steps.churn_of(table.sheet, self._policy_segment, life.tier, judged.severity)
        self._stake = rules.priority(churn, life.account.value, table.sheet.averts[action])
        if steps.approval(table.sheet, action, judged.severity, life.tier, life.account.value):
            self._ask_for_review()
        else:
            life.agenda[ACTION] = life.now + table.effects[action].delay

    def _held(self, action: int, reason: int) -> int:
        sheet, now = self._life.table.sheet, self._life.now
        while self._contacts and self._contacts[0] < now - sheet.window_days:
            self._contacts.pop(0)
        since = -1.0 if self._touched_at == NEVER else now - self._touched_at
        return steps.hold(sheet, action, reason, self._open, since, len(self._contacts), not self._consents)

    # -- review ------------------------------------------------------------------------------------

    def _ask_for_review(self) -> None:
        life, table = self._life, self._life.table
        self._asked_in_spell += 1
        unit = streams.exponential(life.key, streams.SERVICE, self._spell, self._asked_in_spell)
        work = unit * (table.reviewers.service_minutes / MINUTES_PER_DAY)
        self._request = Request(-self._stake, life.now, life.customer, work, self._on_verdict)
        life.emit(events.REVIEW_REQUESTED, table.policy.actions[self.action], value=self._stake)
        life.agenda[EXPIRY] = life.now + table.sheet.approval_expiry_days
        life.town.gate.ask(self._request)

    def _on_verdict(self, time: float, reviewer: int) -> None:
        life, table = self._life, self._life.table
        skill = table.reviewers
        life.now = time
        draw = streams.uniform(life.key, streams.VERDICT, self._spell, self._asked_in_spell)
        approved = draw < skill.approve_distressed if life.cause != CALM else draw >= skill.reject_calm
        verdict = "approved" if approved else "rejected"
        if approved:
            better = self._play_for_the_truth()
            overrides = streams.uniform(life.key, streams.OVERRIDE, self._spell, self._asked_in_spell) < skill.override
            if overrides and better not in (rules.NO_ACTION, self.action):
                self.action, verdict = better, "overridden"
            life.agenda[ACTION] = life.now + table.effects[self.action].delay
        else:
            self._open = 0
            # A refusal counts as a touch: the same proposal is not put to the reviewers again at the next signal.
            self._touched_at = life.now
        self._close_request(verdict, reviewer)
        life.wake()

    def _play_for_the_truth(self) -> int:
        life, table = self._life, self._life.table
        cause = table.causes[life.cause].policy_cause if life.cause != CALM else -1
        return table.sheet.plays[self._policy_segment][life.stage][cause] if cause >= 0 else rules.NO_ACTION

    def on_expiry(self) -> None:
        """Nobody reviewed the request in time; one that a reviewer holds is finished."""
        self._life.agenda[EXPIRY] = NEVER
        if self._request is not None and self._request.started_at is None:
            self.take_back("expired")

    def count_unanswered(self) -> None:
        """The run is over, and a request may still be open."""
        if self._request is not None:
            self._life.town.gate.book.leave_open(self._request.asked_at, self._request.started_at)

    def take_back(self, verdict: str) -> None:
        """Close a request that no reviewer will decide; without one nothing happens."""
        if self._request is not None:
            self._open = 0
            self._close_request(verdict, None)

    def _close_request(self, verdict: str, reviewer: int | None) -> None:
        life, request = self._life, self._request
        assert request is not None
        started = life.now if request.started_at is None else request.started_at
        life.tally.wait(started - request.asked_at)
        life.tally.verdicts[verdict] += 1
        life.town.gate.book.close(request.asked_at, started, life.now)
        life.agenda[EXPIRY] = NEVER
        request.open = False
        self._request = None
        life.emit(events.REVIEW_DECIDED, verdict, reviewer=reviewer, value=self._stake)

    # -- action and outcome ------------------------------------------------------------------------

    def on_action(self) -> None:
        """The action is carried out, and the customer may respond to it."""
        life, table, tally = self._life, self._life.table, self._life.tally
        effect, tiredness = table.effects[self.action], self._tire()
        life.agenda[ACTION] = NEVER
        life.emit(events.ACTION, table.policy.actions[self.action], value=table.policy.costs[self.action])
        tally.actions[self.action] += 1
        tally.contacts_needed += life.cause != CALM
        self._contacts.append(life.now)
        self._touched_at = life.now
        self._actions_in_spell += 1
        life.agenda[OUTCOME] = life.now + table.outcome_window
        self._responded = False
        harm = table.fatigue.churn_ratio**tiredness
        if life.cause == CALM:
            self._episode_acted_on = CALM
            life.be_harmed(harm * effect.harm_ratio, effect.lasts)
            return
        if harm != 1.0:
            life.be_harmed(harm, effect.lasts)
        self._episode_acted_on = life.episode
        draw = streams.uniform(life.key, streams.RESPONSE, life.episode, self._actions_in_spell)
        if draw < effect.response[life.segment] * table.fatigue.kept**tiredness:
            self._responded = True
            life.be_helped(effect.recovery_ratio[life.cause], effect.lasts)

    def _tire(self) -> float:
        """One more contact; returns the level of those before it, faded to this day."""
        now, fade_rate = self._life.now, self._life.table.fatigue.fade_rate
        level = self._fatigue * rules.fade(now - self._tired_at, fade_rate)
        self._fatigue, self._tired_at = level + 1.0, now
        return level

    def on_outcome(self) -> None:
        """The outcome window closes on an action whose episode, if there was one, has not ended."""
        if self._episode_acted_on == CALM:
            self._measure("no_action_needed")
        else:
            self._measure("partial_improvement" if self._responded else "no_response")

    def episode_ended(self, episode: int) -> None:
        """An episode ended; if an action on it still awaits its outcome, this is the outcome."""
        if self._life.agenda[OUTCOME] < NEVER and self._episode_acted_on == episode:
            # An observer records it as resolved either way; only a customer who responded is grateful for it.
            if self._responded:
                self.satisfaction += self._life.table.effects[self.action].csat
            self._measure("resolved")

    def _measure(self, outcome: str) -> None:
        life = self._life
        life.agenda[OUTCOME] = NEVER
        self._open = 0
        life.tally.outcomes[outcome] += 1
        life.emit(events.OUTCOME, outcome, value=self._stake if outcome == "resolved" else 0.0)
