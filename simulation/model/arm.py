"""One arm of a scenario, as specified and as compiled for the engines.

`ArmSpec` is the specification. `compile_arm` resolves names to indices and defaults to numbers once, so that the
engines need no lookups by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log1p
from typing import NamedTuple

from journey.core.time_units import DAYS_PER_YEAR, MINUTES_PER_DAY
from journey.decision.parameters import PolicyParameters, build_parameters
from journey.decision.policy import OTHER_SEGMENT, TIERS, CompiledPolicy, Policy
from journey.decision.rules import NO_ACTION
from journey.machine import CompiledJourney, Journey
from journey.machine.stages import ESCALATION, LOST, SUPPORT
from journey.rules import Rule
from journey.rules.respect import can_action_break
from journey.runtime.recent_cache import RecentCache
from simulation.model.calendar_effects import CalendarEffects, build_calendar_effects
from simulation.model.contracts import (
    ContractParameters,
    ValueChangeParameters,
    build_contract_parameters,
    build_value_change_parameters,
)
from simulation.model.metric_parameters import (
    OwnMetricParameters,
    build_own_metric_parameters,
    find_event_uses,
    find_stage_uses,
)
from simulation.model.metric_spec import MetricSpec
from simulation.model.parameters import (
    CauseParameters,
    EffectParameters,
    FatigueParameters,
    MoveParameters,
    SignalParameters,
    build_cause_parameters,
    build_discount_shares,
    build_effect_move_ratios,
    build_effect_parameters,
    build_fatigue_parameters,
    build_move_parameters,
    build_move_ratios,
    build_recovery_ratios,
    build_responses,
    build_signal_mix,
    build_signal_parameters,
)
from simulation.model.population_spec import Population
from simulation.model.record_errors import RecordErrorRates, build_record_error_rates
from simulation.model.reviewers_spec import Reviewers
from simulation.model.rule_parameters import (
    RuleParameters,
    build_rule_parameters,
    find_seen_events,
    list_rule_events,
)
from simulation.model.world_spec import World


@dataclass(frozen=True)
class ArmSpec:
    """One arm of a scenario: the world that all arms share, and this arm's policy and resources.

    Attributes:
        name: Name of the arm.
        journey: The journey's state machine.
        world: The parameters of the world.
        policy: The orchestrator's policy.
        population: The customers.
        reviewers: The reviewers.
        actions: The actions this arm may take, or None for all. Playbook actions not in it are disabled.
        active: Whether the arm has an orchestrator; without one nothing is evaluated.
        yearly_discount: Discount rate per year for money earned within the run.
        share: Relative share of customers assigned to this arm if several arms share one run.
        share_by_segment: The same for single segments, by name; 0 excludes a segment from this arm.
        metrics: The metrics that the scenario defines, by name.
        reported: The built-in metrics that are reported on demand only.
        rules: The declared rules of the scenario and of its journey.
        pod: Number of the review pod, from 0, or None for all pods.
    """

    name: str
    journey: Journey
    world: World
    policy: Policy
    population: Population
    reviewers: Reviewers
    actions: tuple[str, ...] | None = None
    active: bool = True
    yearly_discount: float = 0.0
    share: float = 1.0
    share_by_segment: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, MetricSpec] = field(default_factory=dict)
    reported: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()
    pod: int | None = None

    def __post_init__(self) -> None:
        # `world.lost` is the old place of the role.
        object.__setattr__(self, "journey", self.journey.with_role(LOST, self.world.lost))

    @property
    def exit_stages(self) -> frozenset[str]:
        """Stages in which a customer has left: terminal stages, and lost stages, which a win-back move can leave."""
        return self.journey.exit_stages

    @property
    def daily_discount_rate(self) -> float:
        """The continuous discount rate per day that compounds to `yearly_discount` over a year."""
        return log1p(self.yearly_discount) / DAYS_PER_YEAR

    @property
    def pods(self) -> tuple["ArmSpec", ...]:
        """One specification per review pod."""
        return tuple(self.for_pod(pod) for pod in range(self.reviewers.pods))

    def for_pod(self, pod: int) -> "ArmSpec":
        """The specification of one pod: an independent part of the customers and reviewers."""
        return self if self.reviewers.pods == 1 else replace(self, pod=pod)

    def pod_range(self, total: int) -> range:
        """The numbers of this pod's customers, or reviewers, out of `total`; pod sizes differ by at most one."""
        if self.pod is None:
            return range(total)
        pods = self.reviewers.pods
        return range(total * self.pod // pods, total * (self.pod + 1) // pods)


def arm_shares(segment: str, arm_specs: Sequence[ArmSpec]) -> tuple[float, ...]:
    """Relative shares of the customers of one segment that are assigned to each arm."""
    return tuple(arm_spec.share_by_segment.get(segment, arm_spec.share) for arm_spec in arm_specs)


class ReviewParameters(NamedTuple):
    """The reviewers, whom all arms of a run share; see `simulation.model.reviewers_spec.Reviewers`.

    Attributes:
        reviewers: Number of reviewers.
        service_days: Mean working time of a review, in days.
        approve_distressed: Probability that a request for a customer in distress is approved.
        reject_calm: Probability that a request for another customer is rejected.
        override: Probability that an approved action is replaced by the one for the true cause.
        opens, open_length, days_per_week: Working hours; see `simulation.model.working_hours`.
    """

    reviewers: int
    service_days: float
    approve_distressed: float
    reject_calm: float
    override: float
    opens: float
    open_length: float
    days_per_week: int


class ArmParameters(NamedTuple):
    """The numbers of an arm, by index, that decide what happens to its customers.

    Both engines use them: the reference engine as they are, the compiled engine with arrays in place of tuples
    (`journey.runtime.nested_arrays`). Stages and moves have the codes of the compiled journey.

    Attributes:
        policy: The policy's numbers.
        terminal, live: By stage.
        pays: By stage: share of the account value that a customer pays.
        escalation: By stage: whether its entries are escalations.
        in_support: By stage: whether its customers have a reported problem: the role `support` or `escalation`.
        knots: The knots of the empirical distributions.
        move_count: By stage: number of moves out of it.
        moves: By stage and slot: the moves out of it.
        move_ratios: By segment, tier and move: hazard ratio.
        calendar_effects: Effects of dates and tenure.
        onset_ratios: By segment and tier: hazard ratio on the onset of distress.
        causes: The causes of distress.
        signals: The signals.
        effects: By action.
        responses: By action and segment: probability of a response.
        recovery_ratios: By action and cause: hazard ratio on the end of an episode after a response.
        effect_move_ratios: By action and move: hazard ratio while the action's effect lasts.
        discount_shares: By action and stage: share of the price not paid while the action's discount lasts.
        fatigue: The effect of earlier contacts.
        contract: Renewals and charges.
        values: Changes of the account value.
        record_errors: Errors in records.
        cadence: Days between two regular evaluations; 0 without them.
        on_signal, on_stage_entry: Whether a signal, or a stage entry, leads to an evaluation.
        evaluates: Whether customers are ever evaluated.
        has_distress: Whether customers can be in distress, or are evaluated.
        has_calendar: Whether a date or the tenure changes a hazard.
        has_dates: Whether customers have events at dates of the calendar or of the account.
        has_move_effects: Whether an action changes hazards of moves.
        has_discounts: Whether an action lowers the price.
        outcome_window: Days from an action to its outcome.
        satisfaction_calm: Satisfaction of a customer who is never in distress.
        satisfaction_penalty: Points lost if a customer is always in distress.
        discount_rate: Continuous discount rate per day.
        has_own_metrics: Whether the scenario defines metrics that customers are observed for.
        own_event_first: By kind of event: the code of its first label among the events that metrics count.
        own_event_uses: By event: whether a metric counts it. The engines read this for every event, the rest if so.
        own_stage_uses: By stage: what metrics use of it; see `simulation.model.metric_parameters`.
        own_metrics: These metrics.
        has_rules: Whether the scenario declares rules.
        respects_rules: Whether decisions respect one of them.
        rule_event_first: By kind of event: the code of its first label among the events that rules see.
        rule_event_uses: By event: whether a rule sees it. The engines read this for every event, the rest if so.
        rules: These rules.
        review: The reviewers.
    """

    policy: PolicyParameters
    terminal: tuple[bool, ...]
    live: tuple[bool, ...]
    pays: tuple[float, ...]
    escalation: tuple[bool, ...]
    in_support: tuple[bool, ...]
    knots: tuple[float, ...]
    move_count: tuple[int, ...]
    moves: tuple[tuple[MoveParameters, ...], ...]
    move_ratios: tuple[tuple[tuple[float, ...], ...], ...]
    calendar_effects: CalendarEffects
    onset_ratios: tuple[tuple[float, ...], ...]
    causes: tuple[CauseParameters, ...]
    signals: SignalParameters
    effects: tuple[EffectParameters, ...]
    responses: tuple[tuple[float, ...], ...]
    recovery_ratios: tuple[tuple[float, ...], ...]
    effect_move_ratios: tuple[tuple[float, ...], ...]
    discount_shares: tuple[tuple[float, ...], ...]
    fatigue: FatigueParameters
    contract: ContractParameters
    values: ValueChangeParameters
    record_errors: RecordErrorRates
    cadence: float
    on_signal: bool
    on_stage_entry: bool
    evaluates: bool
    has_distress: bool
    has_calendar: bool
    has_dates: bool
    has_move_effects: bool
    has_discounts: bool
    outcome_window: float
    satisfaction_calm: float
    satisfaction_penalty: float
    discount_rate: float
    has_own_metrics: bool
    own_event_first: tuple[int, ...]
    own_event_uses: tuple[bool, ...]
    own_stage_uses: tuple[int, ...]
    own_metrics: OwnMetricParameters
    has_rules: bool
    respects_rules: bool
    rule_event_first: tuple[int, ...]
    rule_event_uses: tuple[bool, ...]
    rules: RuleParameters
    review: ReviewParameters


class CompiledArm(NamedTuple):
    """An arm with its numbers by index, and the names of these indices.

    Attributes:
        name: Name of the arm.
        journey: The journey.
        machine: The journey's tables, which number stages and moves.
        policy: The policy's tables, which number actions, signal types, sources and segments.
        causes: Names of the world's causes of distress.
        value_changes: Names of the changes of the account value.
        support_stages: Codes of the stages whose days cost support. Without any, support days are unknown.
        reviewers: The reviewers' specification.
        metrics: The metrics that the scenario defines, by name.
        reported: The built-in metrics that are reported on demand only.
        rules: The declared rules.
        parameters: The numbers.
    """

    name: str
    journey: Journey
    machine: CompiledJourney
    policy: CompiledPolicy
    causes: tuple[str, ...]
    value_changes: tuple[str, ...]
    support_stages: tuple[int, ...]
    reviewers: Reviewers
    metrics: Mapping[str, MetricSpec]
    reported: frozenset[str]
    rules: tuple[Rule, ...]
    parameters: ArmParameters

    @property
    def has_escalations(self) -> bool:
        """Whether entries into some stage are escalations. Otherwise their number is unknown."""
        return any(self.parameters.escalation)

    def signal_type_code(self, signal_type: str) -> int:
        """Code of a signal type; all types that are not in the policy share the last code."""
        types = self.policy.signal_types
        return types.index(signal_type) if signal_type in types else len(types)

    def signal_source_code(self, source: str) -> int:
        """Code of a signal's source; an unknown source gets the last code, `other`."""
        sources = self.policy.sources
        return sources.index(source) if source in sources else len(sources) - 1


def compile_arm(arm_spec: ArmSpec, segments: tuple[str, ...]) -> CompiledArm:
    """Resolve an arm against its journey, policy and population. Recent results are cached.

    Args:
        arm_spec: The arm. Its names must have been checked (`scenarios.files.model` refuses unknown ones).
        segments: The population's segments; a customer's segment is an index into them.
    """
    return _cache.get_or_create([arm_spec], segments, lambda: _build_compiled_arm(arm_spec, segments))


_cache = RecentCache[CompiledArm]()


def _build_compiled_arm(arm_spec: ArmSpec, segments: tuple[str, ...]) -> CompiledArm:
    machine = arm_spec.journey.compile()
    policy = arm_spec.policy.compile(machine.stages, arm_spec.exit_stages, arm_spec.journey.typical_days)
    world = arm_spec.world
    return CompiledArm(
        name=arm_spec.name,
        journey=arm_spec.journey,
        machine=machine,
        policy=policy,
        causes=tuple(world.distress.causes),
        value_changes=tuple(world.value_changes),
        support_stages=tuple(machine.stage_index[stage] for stage in arm_spec.journey.stages_with(SUPPORT)),
        reviewers=arm_spec.reviewers,
        metrics=arm_spec.metrics,
        reported=arm_spec.reported,
        rules=arm_spec.rules,
        parameters=_build_parameters(arm_spec, machine, policy, segments),
    )


def _build_parameters(
    arm_spec: ArmSpec, machine: CompiledJourney, policy: CompiledPolicy, segments: tuple[str, ...]
) -> ArmParameters:
    world, decisions = arm_spec.world, arm_spec.world.decisions
    types = {name: index for index, name in enumerate(policy.signal_types)}
    live = tuple(stage not in arm_spec.exit_stages for stage in machine.stages)
    escalation = arm_spec.journey.stages_with(ESCALATION)
    support = (*escalation, *arm_spec.journey.stages_with(SUPPORT))
    knots: list[float] = []
    moves = tuple(build_move_parameters(stage, machine, world, live, knots) for stage in range(len(machine.stages)))
    symptoms = [build_signal_mix(cause.symptoms, types) for cause in world.distress.causes.values()]
    cadence = float(decisions.cadence_days) if arm_spec.active else 0.0
    on_signal, on_stage_entry = decisions.on_signal and arm_spec.active, decisions.on_stage_entry and arm_spec.active
    evaluates = cadence > 0.0 or on_signal or on_stage_entry
    calendar = build_calendar_effects(world, machine.stages, machine.moves)
    ratios = (calendar.move_ratios, calendar.tenure_ratios)
    contract = build_contract_parameters(world, machine, segments)
    values = build_value_change_parameters(world, machine.stages)
    own_metrics = build_own_metric_parameters(arm_spec.metrics, machine, policy, live)
    rule_events = list_rule_events(machine, policy)
    rules = build_rule_parameters(arm_spec.rules, rule_events, segments, own_metrics.slots, evaluates=evaluates)
    return ArmParameters(
        policy=build_parameters(policy)._replace(
            plays=_mask_disallowed_plays(policy.plays, arm_spec, policy),
            opportunities=_mask_disallowed_plays(policy.opportunities, arm_spec, policy),
            timed_plays=_mask_disallowed_plays(policy.timed_plays, arm_spec, policy),
        ),
        terminal=tuple(bool(terminal) for terminal in machine.terminal),
        live=live,
        pays=arm_spec.journey.pays,
        escalation=tuple(stage in escalation for stage in machine.stages),
        in_support=tuple(stage in support for stage in machine.stages),
        knots=tuple(knots),
        move_count=tuple(map(len, moves)),
        moves=moves,
        move_ratios=build_move_ratios(world, machine.moves, segments),
        calendar_effects=calendar,
        onset_ratios=tuple(
            tuple(world.distress.by_segment.get(s, 1.0) * world.distress.by_tier.get(t, 1.0) for t in TIERS)
            for s in segments
        ),
        causes=build_cause_parameters(world, policy, symptoms),
        signals=build_signal_parameters(world, symptoms, types),
        effects=build_effect_parameters(world, dict(zip(policy.actions, policy.costs, strict=True))),
        responses=build_responses(world, policy.actions, segments),
        recovery_ratios=build_recovery_ratios(world, policy.actions),
        effect_move_ratios=build_effect_move_ratios(world, policy.actions, machine.moves),
        discount_shares=build_discount_shares(world, policy.actions, machine.stages),
        fatigue=build_fatigue_parameters(world),
        contract=contract,
        values=values,
        record_errors=build_record_error_rates(world.imperfections),
        cadence=cadence,
        on_signal=on_signal,
        on_stage_entry=on_stage_entry,
        evaluates=evaluates,
        has_distress=evaluates or _has_distress(arm_spec, calendar),
        has_calendar=any(ratio != 1.0 for table in ratios for row in table for ratio in row),
        has_dates=_has_dates(calendar, contract, values),
        has_move_effects=any(effect.moves for effect in world.effects.values()),
        has_discounts=any(effect.discount is not None for effect in world.effects.values()),
        outcome_window=decisions.outcome_window_days,
        satisfaction_calm=world.satisfaction.calm,
        satisfaction_penalty=world.satisfaction.distress_penalty,
        discount_rate=float(arm_spec.daily_discount_rate),
        has_own_metrics=bool(arm_spec.metrics),
        own_event_first=own_metrics.event_first,
        own_event_uses=find_event_uses(own_metrics),
        own_stage_uses=find_stage_uses(own_metrics),
        own_metrics=own_metrics,
        has_rules=bool(arm_spec.rules),
        respects_rules=evaluates and any(map(can_action_break, arm_spec.rules)),
        rule_event_first=rule_events.first,
        rule_event_uses=find_seen_events(rules),
        rules=rules,
        review=_build_review_parameters(arm_spec),
    )


def _has_distress(arm_spec: ArmSpec, calendar: CalendarEffects) -> bool:
    """Whether customers can be in distress: it can begin, or recorded customers can be in distress on day 0."""
    return arm_spec.population.records is not None or any(rate > 0.0 for row in calendar.onset_rates for rate in row)


def _has_dates(calendar: CalendarEffects, contract: ContractParameters, values: ValueChangeParameters) -> bool:
    """Whether customers can have events at dates of the calendar or of the account."""
    return (
        len(calendar.starts) > 1
        or len(calendar.tenures) > 1
        or contract.renewal_move >= 0
        or contract.charge_move >= 0
        or values.change_count > 0
    )


def _build_review_parameters(arm_spec: ArmSpec) -> ReviewParameters:
    reviewers = arm_spec.reviewers
    opens, open_length, days_per_week = reviewers.working_hours
    return ReviewParameters(
        reviewers=len(arm_spec.pod_range(reviewers.count_for(arm_spec.population.size))),
        service_days=reviewers.service_minutes / MINUTES_PER_DAY,
        approve_distressed=reviewers.approve_distressed,
        reject_calm=reviewers.reject_calm,
        override=reviewers.override,
        opens=opens,
        open_length=open_length,
        days_per_week=days_per_week,
    )


def map_policy_segments(table: CompiledArm, segments: tuple[str, ...]) -> tuple[int, ...]:
    """The policy's codes of the population's segments; a segment that is not in the policy counts as its `other`."""
    policy_segments = table.policy.segments
    return tuple(policy_segments.index(name if name in policy_segments else OTHER_SEGMENT) for name in segments)


def _mask_disallowed_plays(
    plays: tuple[tuple[tuple[int, ...], ...], ...], arm_spec: ArmSpec, policy: CompiledPolicy
) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """The playbook actions, with NO_ACTION in place of those that the arm may not take."""
    allowed = [arm_spec.actions is None or name in arm_spec.actions for name in policy.actions]
    return tuple(
        tuple(tuple(play if play != NO_ACTION and allowed[play] else NO_ACTION for play in row) for row in rows)
        for rows in plays
    )
