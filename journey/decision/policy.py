"""The policy: every threshold, weight and cost that decisions depend on, as data with documented defaults.

A policy file (TOML) overrides any of them; omitted keys keep their defaults. The defaults are assumptions for
subscription software unless their description names another origin. They agree with the eight recorded decisions of the
bundled data, which is a regression check, not a validation.
"""

import warnings
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from math import inf, log
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, ValidationError, field_validator, model_validator

from journey.core.errors import InputError, OldKeyWarning
from journey.core.identifiers import normalise_identifier
from journey.core.merging import deep_merge
from journey.core.messages import InvalidKeysError, KeyProblem, Locate, format_location, list_problems
from journey.core.nested_tables import find_value
from journey.core.suggestions import did_you_mean
from journey.core.toml_files import read_toml
from journey.decision.approval import Approval, ApprovalRules, ApprovalWord, rename_old_keys
from journey.decision.default_catalogue import ACTIONS, PLAYS, SIGNAL_TYPES
from journey.decision.economics import Economics, Money
from journey.decision.policy_references import find_unknown_causes, find_unknown_stages
from journey.decision.policy_section import PolicySection
from journey.decision.rules import NO_ACTION
from journey.machine.stages import DEFAULT_TYPICAL_DAYS

MONITOR_ONLY = "monitor_only"
STALLED = "stalled"
OTHER_SEGMENT = "other"
RiskTier = Literal["low", "medium", "high"]
TIERS: tuple[RiskTier, ...] = ("low", "medium", "high")
Ratio = Annotated[float, Field(ge=0.0, le=1e6)]


ADDED_LATER = "added later"
"""Annotation of a key that earlier versions did not have. Its default is not part of the hash of a scenario."""


SIMULATED = "simulated"
"""Word for a share of loss averted that a scenario computes from the effect of the action."""


class SignalType(PolicySection):
    """Meaning of one signal type."""

    polarity: Literal["negative", "positive"] = Field(description="Whether the signal indicates risk or satisfaction.")
    weight: float = Field(gt=0.0, le=1.0, description="Weight of a full-strength, fully trusted signal.")
    cause: str = Field(description="The cause it indicates; playbook actions are chosen by cause.")


class Action(PolicySection):
    """One action of the catalogue."""

    delivery: Literal["automated", "human", "none"] = Field(description="Who carries the action out.")
    cost: Money = Field(description="Cost of one execution, in dollars.")
    averts: float | None = Field(
        default=None,
        ge=0.0,
        le=1.0,
        description="Share of the expected churn loss that it can avert; or `simulated`, computed from the effect of "
        "the action in a scenario. Default: simulated.",
    )

    @field_validator("averts", mode="before")
    @classmethod
    def _read_simulated(cls, given: object) -> object:
        return None if given == SIMULATED else given


class Play(PolicySection):
    """One entry of the playbook: stages, and causes, positive signal types or days in the stage; and the action."""

    stages: tuple[str, ...] = Field(min_length=1, description="Stages in which the entry applies.")
    action: str = Field(description="The action, from the catalogue.")
    causes: tuple[str, ...] = Field(default=(), description="Causes that the action is for.")
    opportunities: tuple[str, ...] = Field(default=(), description="Positive signal types that open an opportunity.")
    segments: tuple[str, ...] = Field(
        default=(),
        description="Segments of `churn.yearly_hazard` or of the scenario's population, or `other` for the rest. "
        "Default: all segments.",
    )
    after_days: Annotated[float | None, Field(ge=0.0, le=36_500.0)] = Field(
        default=None,
        description="Days in the stage from which the entry applies without a signal, while severity is below "
        "`act_severity`; 0 means from entry into the stage. Default: never without a signal.",
    )
    until_days: Annotated[float | None, Field(gt=0.0, le=36_500.0)] = Field(
        default=None, description="Days in the stage up to which `after_days` applies. Default: no limit."
    )

    @model_validator(mode="after")
    def _validate_trigger(self) -> "Play":
        if not self.causes and not self.opportunities and self.after_days is None:
            raise ValueError("a play needs at least one of `causes`, `opportunities` and `after_days`")
        if self.until_days is not None:
            if self.after_days is None:
                raise ValueError("`until_days` limits `after_days`, which is missing")
            if self.until_days <= self.after_days:
                raise ValueError(f"`until_days` {self.until_days:g} must be more than `after_days` {self.after_days:g}")
        return self

    def applies_to(self, segment: str) -> bool:
        """Whether the play is for customers of this segment."""
        return not self.segments or segment in self.segments


class Evidence(PolicySection):
    """How signals become severity and confidence."""

    half_life_days: float = Field(default=14.0, gt=0.0, description="Evidence halves in this many days.")
    trust_automated: float = Field(default=1.0, ge=0.0, le=1.0, description="Trust in an automated source.")
    trust_manual: float = Field(default=0.8, ge=0.0, le=1.0, description="Trust in a manual source.")
    trust_other: float = Field(default=0.6, ge=0.0, le=1.0, description="Trust in any other or unnamed source.")
    relief: float = Field(
        default=1.0, ge=0.0, description="Factor on positive evidence, which dampens severity; 0: it has no effect."
    )
    overstay_weight: float = Field(default=0.2, ge=0.0, description="Maximum evidence that a stalled stage adds.")
    typical_days: dict[str, float] = Field(
        default={},
        description="Days in a stage before it counts as stalled, by stage. An old key: state `typical_days` in "
        "`[journey.stage.STAGE]`. Here it is for an arm that differs from the journey.",
    )
    mass_scale: float = Field(
        default=2.5, gt=0.0, description="How fast confidence saturates: 1 - exp(-this x evidence)."
    )
    conflict_penalty: float = Field(default=0.8, ge=0.0, le=1.0, description="Confidence lost in a full conflict.")
    gap_factor: float = Field(default=0.9, ge=0.0, le=1.0, description="Factor on confidence for each missing field.")
    live_share: float = Field(
        default=0.01, ge=0.0, le=1.0, description="Smallest remaining share of a signal to be named as a trigger."
    )


class Thresholds(PolicySection):
    """Thresholds for acting."""

    act_severity: float = Field(default=0.2, ge=0.0, le=1.0, description="Smallest severity at which to act.")
    act_confidence: float = Field(
        default=0.4, ge=0.0, le=1.0, description="Below this confidence: monitor only (rule of the bundled data)."
    )
    watch_share: Annotated[float, Field(gt=0.0, le=100.0), ADDED_LATER] = Field(
        default=0.8,
        description="Share of a stage's typical days from which a customer with a positive signal is watched.",
    )


class ContactPolicy(PolicySection):
    """How often a customer may be contacted."""

    cool_down_days: float = Field(default=14.0, ge=0.0, description="Minimum days between two contacts.")
    max_contacts: int = Field(default=4, ge=0, description="Maximum contacts within the window.")
    window_days: float = Field(default=90.0, gt=0.0, description="Length of the window of `max_contacts`, in days.")
    approval_expiry_days: float = Field(
        default=14.0, gt=0.0, description="Days after which a pending approval expires."
    )
    outcome_wait_days: float = Field(
        default=30.0, gt=0.0, description="Days that an executed action awaits its outcome."
    )
    do_not_contact: tuple[str, ...] = Field(default=(), description="IDs of customers without consent to be contacted.")

    @field_validator("do_not_contact")
    @classmethod
    def _normalise_ids(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        # As records are read: otherwise a customer without consent would be contacted for a space after the ID.
        normalised = tuple(normalise_identifier(each) for each in ids)
        if not all(normalised):
            raise ValueError("contains a blank ID; remove it, or write the ID of a customer")
        return normalised


class ChurnMapping(PolicySection):
    """Conversion of severity into a probability of churn within the horizon (proportional hazards)."""

    horizon_days: float = Field(
        default=90.0, gt=0.0, le=36_500.0, description="Horizon of `churn_probability`, in days."
    )
    yearly_hazard: dict[str, Ratio] = Field(
        default={"SMB": 0.30, "Mid-Market": 0.15, "Enterprise": 0.08},
        description="Churn hazard per year at severity 0, by segment.",
    )
    other_yearly_hazard: float = Field(
        default=0.18, ge=0.0, description="Churn hazard per year at severity 0 for all other segments."
    )
    tier_ratio: dict[RiskTier, Ratio] = Field(
        default={"low": 0.7, "medium": 1.0, "high": 1.6}, description="Hazard ratio by risk tier."
    )
    severity_log_ratio: float = Field(default=1.6, ge=0.0, le=50.0, description="Log hazard ratio of severity 1 to 0.")


_SIGNAL_TYPES = {name: SignalType.model_validate(signal) for name, signal in SIGNAL_TYPES.items()}
_ACTIONS = {name: Action.model_validate(action) for name, action in ACTIONS.items()}
_PLAYS = tuple(Play.model_validate(play) for play in PLAYS)


class CompiledPolicy(NamedTuple):
    """A policy compiled for the rules, against the stages of one journey.

    It contains scalars and tuples, so that evaluating one customer needs no array; `journey.batch` converts them into
    arrays. Stage indices refer to the journey it was compiled for.
    """

    stages: tuple[str, ...]
    live: tuple[bool, ...]
    typical_days: tuple[float, ...]
    signal_types: tuple[str, ...]
    positive: tuple[bool, ...]
    weights: tuple[float, ...]
    causes: tuple[int, ...]
    cause_names: tuple[str, ...]
    stalled: int
    sources: tuple[str, ...]
    trusts: tuple[float, ...]
    actions: tuple[str, ...]
    human: tuple[bool, ...]
    averts: tuple[float, ...]
    costs: tuple[float, ...]
    plays: tuple[tuple[tuple[int, ...], ...], ...]
    opportunities: tuple[tuple[tuple[int, ...], ...], ...]
    timed_plays: tuple[tuple[tuple[int, ...], ...], ...]
    timed_from: tuple[float, ...]
    timed_until: tuple[float, ...]
    segments: tuple[str, ...]
    tiers: tuple[str, ...]
    hazards: tuple[tuple[float, ...], ...]
    fade_rate: float
    evidence: Evidence
    thresholds: Thresholds
    approve: ApprovalRules | ApprovalWord
    contact: ContactPolicy
    churn: ChurnMapping


class Policy(PolicySection):
    """All parameters of decisions."""

    name: str = Field(default="default", description="Name of the policy, for reports.")
    evidence: Evidence = Evidence()
    thresholds: Thresholds = Thresholds()
    approve: Approval = Field(
        default=ApprovalRules(),
        description='When a person must approve a recommended action: `approve = "never"`, `approve = "always"`, or '
        "this table, of which any one case is enough. A custom governance check can also demand approval.",
    )
    contact: ContactPolicy = ContactPolicy()
    churn: ChurnMapping = ChurnMapping()
    economics: Economics = Economics()
    signals: dict[str, SignalType] = Field(default=_SIGNAL_TYPES, description="Known signal types.")
    unknown_signal: SignalType = Field(
        default=SignalType(polarity="negative", weight=0.5, cause="other"),
        description="Meaning of an unknown signal type; unknown types are never ignored.",
    )
    actions: dict[str, Action] = Field(default=_ACTIONS, description="The catalogue of actions.")
    plays: tuple[Play, ...] = Field(default=_PLAYS, description="The playbook; earlier entries take precedence.")

    @model_validator(mode="after")
    def _validate_references(self) -> "Policy":
        if MONITOR_ONLY not in self.actions:
            raise ValueError(f"`actions` lacks {MONITOR_ONLY!r}; add it, because taking no action must be possible")
        for index, play in enumerate(self.plays):
            if play.action not in self.actions:
                hint = did_you_mean(play.action, sorted(self.actions))
                raise ValueError(f"plays[{index}]: {play.action!r} is not an action{hint}")
            for name in play.opportunities:
                if name not in self.signals or self.signals[name].polarity != "positive":
                    positive = [key for key, signal in self.signals.items() if signal.polarity == "positive"]
                    hint = did_you_mean(name, positive)
                    raise ValueError(f"plays[{index}]: opportunity {name!r} is not a known positive signal type{hint}")
            for name in play.segments:
                if name not in self.segments:
                    raise ValueError(
                        f"plays[{index}]: {name!r} is not a segment{did_you_mean(name, self.segments)}; "
                        "the segments are those of `churn.yearly_hazard`, or of `population.segments` of a scenario, "
                        "and `other`"
                    )
        for stage, days in self.evidence.typical_days.items():
            if days <= 0.0:
                raise ValueError(f"evidence.typical_days.{stage} is {days:g}; it must be more than 0 days")
        return self

    @property
    def segments(self) -> tuple[str, ...]:
        """The segments that the policy distinguishes; the last one stands for all others."""
        return (*self.churn.yearly_hazard, OTHER_SEGMENT)

    @property
    def high_value(self) -> float:
        """Smallest value of a high-value account, in dollars; the default one where `approve` is a word."""
        return (self.approve if isinstance(self.approve, ApprovalRules) else ApprovalRules()).value

    @cached_property
    def causes(self) -> tuple[str, ...]:
        """All causes named by signal types and the playbook, in a stable order, `stalled` included."""
        return tuple(sorted(self.signal_causes | {cause for play in self.plays for cause in play.causes}))

    @property
    def signal_causes(self) -> set[str]:
        """The causes that evidence can point to: those of signal types, and `stalled`."""
        return {signal.cause for signal in self.signals.values()} | {self.unknown_signal.cause, STALLED}

    def compute_typical_days(self, of_journey: Mapping[str, float]) -> dict[str, float]:
        """Days in a stage before it counts as stalled, by stage: the policy's own, or else the journey's."""
        return {**of_journey, **self.evidence.typical_days}

    def compile(
        self,
        stages: tuple[str, ...],
        exit_stages: frozenset[str] = frozenset(),
        typical_days: Mapping[str, float] = DEFAULT_TYPICAL_DAYS,
    ) -> CompiledPolicy:
        """The policy as tables for `journey.decision.rules`, against a journey's stages.

        Args:
            stages: All stages, in the journey's order.
            exit_stages: The stages in which customers have left, and in which no action is taken.
            typical_days: The journey's typical days, by stage.

        Playbook entries and typical stays of unknown stages are dropped; `build_policy` rejects them if the user wrote
        them.
        """
        types = tuple(self.signals)
        causes = self.causes
        typical = self.compute_typical_days(typical_days)
        actions = tuple(self.actions)
        segments = self.segments
        yearly = (*self.churn.yearly_hazard.values(), self.churn.other_yearly_hazard)
        known = [*self.signals.values(), self.unknown_signal]
        timed = [play for play in self.plays if play.after_days is not None]
        return CompiledPolicy(
            stages=stages,
            live=tuple(stage not in exit_stages for stage in stages),
            typical_days=tuple(typical.get(stage, 0.0) for stage in stages),
            signal_types=types,
            positive=tuple(signal.polarity == "positive" for signal in known),
            weights=tuple(signal.weight for signal in known),
            causes=tuple(causes.index(signal.cause) for signal in known),
            cause_names=causes,
            stalled=causes.index(STALLED),
            sources=("automated", "manual", "other"),
            trusts=(self.evidence.trust_automated, self.evidence.trust_manual, self.evidence.trust_other),
            actions=actions,
            human=tuple(action.delivery == "human" for action in self.actions.values()),
            averts=tuple(_require_averts(name, action) for name, action in self.actions.items()),
            costs=tuple(action.cost for action in self.actions.values()),
            plays=tuple(
                tuple(tuple(self._find_play(segment, stage, cause, actions) for cause in causes) for stage in stages)
                for segment in segments
            ),
            opportunities=tuple(
                tuple(
                    tuple(self._find_opportunity(segment, stage, name, actions) for name in (*types, ""))
                    for stage in stages
                )
                for segment in segments
            ),
            timed_plays=tuple(
                tuple(tuple(_find_timed_action(play, segment, stage, actions) for play in timed) for stage in stages)
                for segment in segments
            ),
            timed_from=tuple(play.after_days or 0.0 for play in timed),
            timed_until=tuple(inf if play.until_days is None else play.until_days for play in timed),
            segments=segments,
            tiers=TIERS,
            hazards=tuple(tuple(h / 365.0 * self.churn.tier_ratio[tier] for tier in TIERS) for h in yearly),
            fade_rate=log(2.0) / self.evidence.half_life_days,
            evidence=self.evidence,
            thresholds=self.thresholds,
            approve=self.approve,
            contact=self.contact,
            churn=self.churn,
        )

    def _find_play(self, segment: str, stage: str, cause: str, actions: tuple[str, ...]) -> int:
        for play in self.plays:
            if stage in play.stages and cause in play.causes and play.applies_to(segment):
                return _find_action(play.action, actions)
        return NO_ACTION

    def _find_opportunity(self, segment: str, stage: str, signal_type: str, actions: tuple[str, ...]) -> int:
        for play in self.plays:
            if stage in play.stages and signal_type in play.opportunities and play.applies_to(segment):
                return _find_action(play.action, actions)
        return NO_ACTION


def _find_action(action: str, actions: tuple[str, ...]) -> int:
    """The index of a play's action. A play that only monitors takes no action, and later plays do not replace it."""
    return NO_ACTION if action == MONITOR_ONLY else actions.index(action)


def _find_timed_action(play: Play, segment: str, stage: str, actions: tuple[str, ...]) -> int:
    """The index of the action of a play that applies by the days in the stage, `monitor_only` included.

    Monitoring takes no action, but no later play applies on its days.
    """
    return actions.index(play.action) if stage in play.stages and play.applies_to(segment) else NO_ACTION


def _require_averts(name: str, action: Action) -> float:
    if action.averts is None:
        raise InputError(f"actions.{name}.averts: is missing; state a share from 0 to 1")
    return action.averts


def build_policy(
    override: dict[str, Any],
    source: str | Locate,
    stages: tuple[str, ...] | None = None,
    segments: Collection[str] | None = None,
    *,
    has_effects: bool = False,
) -> Policy:
    """The default policy with `override` merged over it.

    Args:
        override: Nested keys of the policy; omitted keys keep their defaults.
        source: Origin of the keys, for error messages; or a function that names the origin and the key.
        stages: The journey's stages, if known; then every stage that `override` names must be one of them.
        segments: The segments that a scenario declares, in place of the default ones. A segment without a hazard in
            `override` has its default hazard, or else `churn.other_yearly_hazard`.
        has_effects: Whether a scenario simulates the effects of actions, so that `averts` may be computed from them.

    Raises:
        InvalidKeysError: A key is unknown or a value impossible; the message names key, value and what is expected.
    """
    renamed = rename_old_keys(override)
    problems = list(renamed.problems)
    policy = Policy()
    try:
        policy = Policy.model_validate(deep_merge(_build_default(renamed.policy, segments), renamed.policy))
    except ValidationError as error:
        problems += list_problems(error, Policy)
    if stages is not None:
        problems += find_unknown_stages(renamed.policy, stages)
    if not problems:
        problems += find_unknown_causes(policy.plays, policy.signal_causes) if "plays" in renamed.policy else ()
    if not has_effects and not problems:
        problems += _find_unknown_averts(policy)
    if problems:
        raise InvalidKeysError([each._replace(path=renamed.find_given_path(each.path)) for each in problems], source)
    return policy


def _find_unknown_averts(policy: Policy) -> Iterator[KeyProblem]:
    for name, action in policy.actions.items():
        if action.averts is None:
            yield KeyProblem(
                ("actions", name, "averts"),
                "is missing; state the share of the expected churn loss that the action averts, from 0 to 1, or use "
                "the policy in a scenario, which computes it from the effect of the action",
            )


def _build_default(override: Mapping[str, Any], segments: Collection[str] | None) -> dict[str, Any]:
    """The keys of the default policy, with a churn hazard for each declared segment."""
    data = Policy().model_dump()
    if segments is None:
        return data
    churn = data["churn"]
    other = find_value(override, ("churn", "other_yearly_hazard"))
    if other is None:
        other = churn["other_yearly_hazard"]
    churn["yearly_hazard"] = {name: churn["yearly_hazard"].get(name, other) for name in segments}
    return data


def read_policy(path: Path) -> Policy:
    """Read a policy file (TOML). A key that was renamed is accepted, with an `OldKeyWarning`.

    Raises:
        InputError: The file is missing, is not TOML, or has an invalid key or value.
    """
    override = read_override(path)
    policy = build_policy(override, str(path))
    replacements = {old: f"`{format_location(new)}`" for new, old in rename_old_keys(override).old_paths.items()}
    if policy.evidence.typical_days:
        replacements["evidence", "typical_days"] = "`typical_days` in [journey.stage.STAGE] of the journey"
    for old, new in replacements.items():
        warnings.warn(f"{path}: {format_location(old)}: is an old key; write {new}", OldKeyWarning, stacklevel=2)
    return policy


def read_override(path: Path) -> dict[str, Any]:
    """The keys that a policy file (TOML) overrides, not yet validated.

    Raises:
        InputError: The file is missing, cannot be read, or is not TOML.
    """
    return read_toml(path, str(path), "policy")
