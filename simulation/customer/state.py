"""The state of one simulated customer.

The reference engine keeps it in an object. The compiled engine keeps it in a record with the same field names, which is
derived from the object's fields (`simulation.kernels.record_types`). A new field is added here and nowhere else. An
`int` field has 32 bits in the record, unless its metadata states 64.
"""

from dataclasses import dataclass, field

from journey.decision.rules import NO_ACTION
from simulation.distributions.dwell_times import NEVER, Clock
from simulation.kernels.record_types import INT64, LENGTH, UINT64
from simulation.model.event_types import CALM, CALM_SPELL, EVENT_COUNT
from simulation.model.evidence import Evidence

NO_INDEX = -1
"""A missing index: no stage, no reason, no reviewer, the end of a list."""

NOT_WAITING, IN_QUEUE, IN_REVIEW = 0, 1, 2
"""Values of `Customer.waiting`."""


@dataclass(slots=True)
class Customer:
    """One customer: attributes, time, scheduled events, distress, signals, orchestration, and account.

    Times are in days since the start of the run, and money is in dollars.

    Attributes:
        key: The key of the customer's random streams.
        number: Number of the customer in the population.
        row: Index of the customer in the engine's tables by customer.
        arm: Index of the customer's arm.
        segment: Index of the customer's segment.
        policy_segment: The same segment as the arm's policy numbers it.
        tier: Index into `journey.decision.policy.TIERS`.
        has_consent: Whether the customer may be contacted.
        arrives_at: Day of arrival; 0 for a customer who is present on day 0.
        frailty: Hazard ratio on moves that are subject to frailty.
        tenure: Tenure at the start, in days.
        now: The time of the current event.
        event_times: Due time of each event type (`simulation.model.event_types`); NEVER if it is not scheduled.
        stage: Code of the current stage.
        previous_stage: Code of the stage before it, or NO_INDEX.
        entered_at: Day on which the stage was entered; below 0 for a customer who starts in the middle of a stay.
            Before the start it is the number of days already spent in the stage.
        due_slot: Slot of the move whose clock runs out first.
        attempts: Number of moves during this stay that a guard has blocked, or that have not ended the stay.
        notice_slot: Slot of the move that the customer has given notice of, or NO_INDEX.
        period: Index of the current calendar period.
        band: Index of the current tenure band.
        joined_at: Day on which the tenure began.
        active_since: Day of the start, or of the last win-back.
        active_days: Days as a customer before that, in earlier spells.
        initial_cause: Cause of the distress on day 0, or CALM.
        cause: Cause of the current distress, or CALM.
        episode: Number of the current or last episode, from 1; 0 before the first.
        episode_stage: The stage in which that episode began.
        episode_clock: Clock of the next onset while calm, of the recovery while in distress.
        distress_since: Start of that episode.
        distress_days: Days in distress, in closed episodes.
        is_detected: Whether the orchestrator has received a symptom of the current episode.
        harm_ratio: Current hazard ratio on churn after a contact.
        symptom: Number of the next symptom within the episode.
        noise: Number of the next false alarm.
        next_noise_wait: Days between that false alarm and the one after it.
        first_pending_signal: Index of the first pending signal in the compiled engine's pool, or NO_INDEX.
        evidence: The evidence that the orchestrator has.
        recorded_stage: The recorded stage, which may be wrong.
        recorded_since: Day on which it was entered, according to the records; below 0 for a stay that began earlier.
        spell: Number that identifies the episode, or the calm period after it, in the keys of draws.
        actions_in_spell: Number of actions in this spell.
        requests_in_spell: Number of review requests in this spell.
        action: The current or last action, or NO_ACTION.
        has_open_action: Whether an action waits for its review, its delivery or its outcome.
        value_at_stake: Money at stake in that action.
        waiting: Whether a review request waits: NOT_WAITING, IN_QUEUE or IN_REVIEW.
        version: Number of requests made and closed, which distinguishes the current request from earlier ones. In the
            compiled engine the customers that use one row after another share the count.
        requested_at: Day of the current request.
        review_started_at: Day on which its review started; below 0 before.
        work: Working time of its review.
        contacts: Number of contacts in the compiled engine, which has a ring of their times; the reference engine has a
            list of times instead.
        last_contact_at: Day of the last contact, or NEVER.
        fatigue: Level of fatigue at the last contact, including it.
        fatigue_at: Day of that contact.
        episode_acted_on: The episode that the last action was for, or CALM.
        has_responded: Whether the customer responded to it.
        is_overridden: Whether a reviewer replaced the last recommended action by another one.
        satisfaction: Points added to the satisfaction score by resolved actions.
        account_value: Revenue per year.
        revenue_at_start: Recurring revenue per year on day 0; 0 for a customer who arrives later.
        paid_since: Day up to which revenue has been counted.
        earned_since: Day up to which revenue has been counted for the scenario's metrics, which count it by stage.
        renewals: Number of renewals.
        failures: Number of charges that failed.
        moves_action: The action whose effect on the hazards of moves is in force, or NO_ACTION.
        discount_action: The action whose discount is in force, or NO_ACTION.
        is_payment_overdue: Whether the grace period of a failed charge is running.
        value_changes: Number of scheduled value changes.
        value_clock: Clock of the next value change.
        grid_index: Index of the first grid day on which the current stay is counted.
        score_index: Index of the first grid day on which satisfaction is not counted yet; it advances while live.
        is_started: Whether the clocks have been started.
        is_occupied: Whether the compiled engine's row belongs to a customer in the review process.
    """

    key: int = field(default=0, metadata=UINT64)
    number: int = field(default=0, metadata=INT64)
    event_times: list[float] = field(default_factory=lambda: [NEVER] * EVENT_COUNT, metadata={LENGTH: EVENT_COUNT})
    now: float = 0.0
    entered_at: float = 0.0
    frailty: float = 1.0
    harm_ratio: float = 1.0
    episode_clock: Clock = field(default_factory=Clock)
    value_clock: Clock = field(default_factory=Clock)
    evidence: Evidence = field(default_factory=Evidence)
    distress_since: float = 0.0
    distress_days: float = 0.0
    account_value: float = 0.0
    revenue_at_start: float = 0.0
    paid_since: float = 0.0
    earned_since: float = 0.0
    recorded_since: float = 0.0
    last_contact_at: float = NEVER
    value_at_stake: float = 0.0
    satisfaction: float = 0.0
    requested_at: float = 0.0
    review_started_at: float = 0.0
    work: float = 0.0
    arrives_at: float = 0.0
    joined_at: float = 0.0
    active_since: float = 0.0
    active_days: float = 0.0
    fatigue: float = 0.0
    fatigue_at: float = 0.0
    tenure: float = 0.0
    next_noise_wait: float = 0.0
    row: int = 0
    arm: int = 0
    stage: int = 0
    previous_stage: int = NO_INDEX
    segment: int = 0
    policy_segment: int = 0
    tier: int = 0
    attempts: int = 0
    notice_slot: int = NO_INDEX
    period: int = 0
    band: int = 0
    cause: int = CALM
    initial_cause: int = CALM
    episode: int = 0
    episode_stage: int = 0
    symptom: int = 0
    noise: int = 0
    due_slot: int = 0
    grid_index: int = 0
    score_index: int = 0
    first_pending_signal: int = NO_INDEX
    recorded_stage: int = 0
    spell: int = CALM_SPELL
    actions_in_spell: int = 0
    requests_in_spell: int = 0
    action: int = NO_ACTION
    waiting: int = NOT_WAITING
    version: int = 0
    contacts: int = 0
    episode_acted_on: int = CALM
    renewals: int = 0
    failures: int = 0
    value_changes: int = 0
    moves_action: int = NO_ACTION
    discount_action: int = NO_ACTION
    has_consent: bool = True
    is_detected: bool = False
    has_open_action: bool = False
    has_responded: bool = False
    is_overridden: bool = False
    is_payment_overdue: bool = False
    is_started: bool = False
    is_occupied: bool = False
