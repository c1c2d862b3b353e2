"""A declared rule, and the customers to whom it applies."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError
from journey.core.findings import FindingSeverity
from journey.core.messages import KeyProblem
from journey.core.suggestions import did_you_mean
from journey.rules.event_names import EVENT_KINDS, Vocabulary, split_event_name
from journey.rules.templates import TEMPLATES, Days, Template

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_COUNT = 1_000
MAX_NAME_LENGTH = 80
MAX_MESSAGE_LENGTH = 400
MAX_DAYS = 1_000_000


class RuleError(InputError):
    """The declaration of rules is invalid.

    Attributes:
        problems: What is wrong with each key, and how to correct it. A path begins with the position of the rule in its
            list, if the rule is from a list.
    """

    def __init__(self, *problems: KeyProblem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return self.problems[0].message
        listed = "".join(f"\n  - {each.message}" for each in self.problems)
        return f"the rules have {len(self.problems)} mistakes:{listed}"


@dataclass(frozen=True, slots=True)
class Where:
    """The customers to whom a rule applies. Every condition that is set must be met; without any, all customers.

    Attributes:
        segment: Segments, one of which the customer has.
        tier: Risk tiers, one of which the customer has.
        min_value: Least account value in dollars per year.
        max_value: Largest account value in dollars per year.
        consent: Whether the customer may be contacted (is not on the policy's do-not-contact list).
    """

    segment: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    min_value: float | None = None
    max_value: float | None = None
    consent: bool | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it states no condition."""
        return self == Where()

    def admits(self, segment: str, tier: str, account_value: float, *, consent: bool = True) -> bool:
        """Whether the rule applies to a customer.

        Args:
            segment: The customer's segment.
            tier: The customer's risk tier.
            account_value: Dollars per year.
            consent: Whether the customer may be contacted.
        """
        return (
            (not self.segment or segment in self.segment)
            and (not self.tier or tier in self.tier)
            and (self.min_value is None or account_value >= self.min_value)
            and (self.max_value is None or account_value <= self.max_value)
            and (self.consent is None or consent == self.consent)
        )

    def to_dict(self) -> dict[str, Any]:
        """The conditions as plain data for a file."""
        given: dict[str, Any] = {}
        for name in ("segment", "tier"):
            names = getattr(self, name)
            if names:
                given[name] = names[0] if len(names) == 1 else list(names)
        for name in ("min_value", "max_value", "consent"):
            if getattr(self, name) is not None:
                given[name] = getattr(self, name)
        return given

    def __str__(self) -> str:
        parts = []
        if self.segment:
            parts.append("segment " + " or ".join(self.segment))
        if self.tier:
            parts.append("tier " + " or ".join(self.tier))
        if self.min_value is not None:
            parts.append(f"account value of at least ${self.min_value:,.0f}")
        if self.max_value is not None:
            parts.append(f"account value of at most ${self.max_value:,.0f}")
        if self.consent is not None:
            parts.append("consent to contact" if self.consent else "no consent to contact")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule about the histories of customers.

    Attributes:
        name: Unique name.
        template: Name of the template, one of `TEMPLATES`.
        a: The events of which each counts as the template's first event; see `journey.rules.event_names`.
        b: The same for its second event; empty if it has none.
        within_days: Limit in days; what it means depends on the template (`Template.days`). None: no limit.
        count: Number of times, for existence, absence and exactly.
        where: The customers to whom it applies.
        severity: Error: decisions respect it, and `prove` fails. Warning and notice: it is only reported.
        message: The user's own sentence for reports; may be empty.

    Raises:
        RuleError: A value is invalid; the error lists every mistake.
    """

    name: str
    template: str
    a: tuple[str, ...]
    b: tuple[str, ...] = ()
    within_days: float | None = None
    count: int = 1
    where: Where = field(default_factory=Where)
    severity: FindingSeverity = FindingSeverity.ERROR
    message: str = ""

    def __post_init__(self) -> None:
        if self.within_days is not None and type(self.within_days) is int and abs(self.within_days) <= MAX_DAYS:
            object.__setattr__(self, "within_days", float(self.within_days))
        problems = list(_list_mistakes(self))
        if problems:
            raise RuleError(*problems)

    @property
    def definition(self) -> Template:
        """The template."""
        return TEMPLATES[self.template]

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of the events that the rule is about. Events of other kinds do not count as first, last or next."""
        return frozenset(split_event_name(name)[0] for name in (*self.a, *self.b))

    def find_unknown_names(self, vocabulary: Vocabulary) -> Iterator[KeyProblem]:
        """What is wrong with each event that cannot happen because its label is unknown."""
        for key, names in (("a", self.a), ("b", self.b)):
            for problem in vocabulary.find_unknown(names):
                yield KeyProblem((key,), f"rule {self.name!r}: {problem}")

    def describe(self) -> str:
        """What the rule demands, in one sentence without a full stop."""
        definition = self.definition
        text = definition.text.format(a=_join(self.a), b=_join(self.b), count=_times(self.count))
        if self.template == "absence" and self.count == 1:
            text = f"{_join(self.a)} never happens"
        if self.within_days is not None:
            text += _WITHIN[definition.days].format(days=f"{self.within_days:g} day{'s' * (self.within_days != 1)}")
        return text if self.where.is_empty else f"{text} (for {self.where})"

    def to_dict(self) -> dict[str, Any]:
        """The rule as plain data for a file; the inverse of `journey.rules.parse_rules`."""
        given: dict[str, Any] = {"name": self.name, "template": self.template}
        for key, names in (("a", self.a), ("b", self.b)):
            if names:
                given[key] = names[0] if len(names) == 1 else list(names)
        if self.within_days is not None:
            given["within_days"] = self.within_days
        if self.definition.has_count and self.count != 1:
            given["count"] = self.count
        if not self.where.is_empty:
            given["where"] = self.where.to_dict()
        if self.severity is not FindingSeverity.ERROR:
            given["severity"] = str(self.severity)
        if self.message:
            given["message"] = self.message
        return given


_WITHIN = {
    Days.FROM_START: " within {days} of the beginning",
    Days.BETWEEN: ", within {days}",
    Days.WINDOW: " within any {days}",
    Days.UNUSED: "",
}


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _join(names: tuple[str, ...]) -> str:
    return " or ".join(map(repr, names))


def _list_mistakes(rule: Rule) -> Iterator[KeyProblem]:
    found = [*_list_bad_texts(rule)]
    if rule.template in TEMPLATES:
        found += [*_list_bad_events(rule), *_list_bad_limits(rule)]
    low, high = rule.where.min_value, rule.where.max_value
    if low is not None and high is not None and low > high:
        found.append(("where", f"no customer has a value of at least {low:g} and at most {high:g}; swap the two"))
    for key, problem in found:
        yield KeyProblem((key,), f"rule {rule.name!r}: {problem}")


def _list_bad_texts(rule: Rule) -> Iterator[tuple[str, str]]:
    if not rule.name.strip() or len(rule.name) > MAX_NAME_LENGTH or not rule.name.isprintable():
        yield "name", f"the name must be printable text of 1 to {MAX_NAME_LENGTH} characters"
    if "[" in rule.name or "]" in rule.name:
        yield "name", "the name must not contain '[' or ']', which name a segment in the metrics of a rule"
    if len(rule.message) > MAX_MESSAGE_LENGTH or not rule.message.isprintable():
        yield "message", f"`message` must be one printable line of at most {MAX_MESSAGE_LENGTH} characters"
    if rule.template not in TEMPLATES:
        yield "template", f"unknown template {rule.template!r}{did_you_mean(rule.template, tuple(TEMPLATES))}"


def _list_bad_events(rule: Rule) -> Iterator[tuple[str, str]]:
    has_b = rule.definition.has_b
    if not rule.a:
        yield "a", "the key `a` is missing; name the event"
    if has_b and not rule.b:
        yield "b", f"the key `b` is missing; {rule.template} is about two events"
    if rule.b and not has_b:
        yield "b", f"`b` is not used by {rule.template}; remove it"
    for key, names in (("a", rule.a), ("b", rule.b)):
        for name in names:
            kind, label = split_event_name(name)
            if kind not in EVENT_KINDS:
                yield key, f"{name!r} has an unknown prefix{did_you_mean(kind, EVENT_KINDS)}"
            elif not label.strip():
                yield key, f"{name!r} names no event"
        if len(set(map(split_event_name, names))) < len(names):
            yield key, f"`{key}` names an event twice"
    # A stage may be written with its prefix, too.
    of_b = set(map(split_event_name, rule.b))
    common = [name for name in rule.a if split_event_name(name) in of_b]
    if common:
        yield "b", f"{common[0]!r} is in both `a` and `b`; name different events"


def _list_bad_limits(rule: Rule) -> Iterator[tuple[str, str]]:
    days, definition = rule.within_days, rule.definition
    if days is not None:
        if definition.days is Days.UNUSED:
            yield "within_days", f"`within_days` is not used by {rule.template}; remove it"
        elif not (math.isfinite(days) and 0.0 < days <= MAX_DAYS):
            yield "within_days", f"`within_days` must be above 0 and at most {MAX_DAYS:,}, got {days!r}"
    if rule.count != 1 and not definition.has_count:
        yield "count", f"`count` is not used by {rule.template}; remove it"
    elif not 1 <= rule.count <= MAX_COUNT:
        yield "count", f"`count` must be a whole number from 1 to {MAX_COUNT:,}, got {rule.count!r}"
    if definition.days is Days.WINDOW and days is not None and rule.count == 1:
        yield (
            "within_days",
            ("with `count = 1` the event never happens, so `within_days` has no meaning; remove it, or raise `count`"),
        )
