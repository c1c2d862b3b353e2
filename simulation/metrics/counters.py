"""Counters of a simulation, and the metrics and quantities computed from them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, fields
from math import expm1
from typing import TYPE_CHECKING

from simulation.metrics.contacts import compute_contact_metrics
from simulation.metrics.mean import Mean
from simulation.metrics.metric_names import format_segment, parse_base_name
from simulation.metrics.own_totals import OwnTotals
from simulation.metrics.quantile_sketch import quantile
from simulation.metrics.queue_statistics import without_rounding_excess
from simulation.metrics.recurring_revenue import compute_recurring_revenue
from simulation.metrics.rule_totals import RuleTotals
from simulation.model.working_hours import working_time_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.model.arm import CompiledArm


def discounted_days(start: float, stop: float, rate: float) -> float:
    """Days between two times, each discounted to day 0 at a continuous `rate` per day."""
    if rate == 0.0:
        return stop - start
    before = expm1(-rate * start) if start > 0.0 else 0.0
    return (before - expm1(-rate * stop)) / rate


def build_time_grid(days: float) -> list[float]:
    """The 13 equally spaced days at which stages are counted, from day 0 to the end of the run."""
    return [*(days * point / 12 for point in range(12)), days]


P90 = 0.9
"""Share of the 90th percentile."""


@dataclass
class Counters:
    """Running totals over one cohort in one arm; times in days, money in dollars."""

    segments: Sequence[str]
    customers: Counter[int] = field(default_factory=Counter)
    churned: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    actions: Counter[int] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    distressed: Counter[tuple[int, int]] = field(default_factory=Counter)
    unhelped: Counter[tuple[int, int]] = field(default_factory=Counter)
    stage_days: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    escalations: int = 0
    evaluations: int = 0
    episodes: int = 0
    episodes_seen: int = 0
    misclassified: int = 0
    won_back: int = 0
    alarms_true: int = 0
    alarms_false: int = 0
    contacts_needed: int = 0
    waited: float = 0.0
    waited_expired: float = 0.0
    waited_withdrawn: float = 0.0
    waits: Counter[int] = field(default_factory=Counter)
    distress_days: float = 0.0
    satisfaction: float = 0.0
    revenue: float = 0.0
    discounts: float = 0.0
    live_value: float = 0.0
    recurring: defaultdict[tuple[int, int], float] = field(default_factory=lambda: defaultdict(float))
    contacts: defaultdict[tuple[int, int], float] = field(default_factory=lambda: defaultdict(float))
    own: OwnTotals | None = None
    rules: RuleTotals | None = None

    @classmethod
    def merge(cls, counters: Sequence[Counters]) -> Counters:
        """Add up several counters; amounts are added in this order, so the sums are reproducible."""
        merged = cls(counters[0].segments)
        for name in (each.name for each in fields(cls) if each.name != "segments"):
            parts = [getattr(each, name) for each in counters]
            if name == "own":
                merged.own = OwnTotals.merge(parts)
            elif name == "rules":
                merged.rules = RuleTotals.merge(parts)
            elif isinstance(parts[0], dict):
                total = getattr(merged, name)
                for part in parts:
                    for key, amount in part.items():
                        total[key] += amount
            else:
                setattr(merged, name, sum(parts))
        return merged

    def compute_metrics(self, table: CompiledArm, busy: float, days: float) -> dict[str, float | None]:
        """The metrics: shares, counts and means over the cohort. None if a denominator is 0."""
        metrics = self._compute(table, busy, days)
        return {name: metric.value if isinstance(metric, Mean) else metric for name, metric in metrics.items()}

    def compute_denominators(self, table: CompiledArm, busy: float, days: float) -> dict[str, float]:
        """The denominators of the means and shares, so that metrics of several runs can be pooled."""
        metrics = self._compute(table, busy, days)
        return {name: float(metric.denominator) for name, metric in metrics.items() if isinstance(metric, Mean)}

    def _compute(self, table: CompiledArm, busy: float, days: float) -> dict[str, float | Mean | None]:
        customers = sum(self.customers.values())
        alarms = self.alarms_true + self.alarms_false
        contacts = sum(self.actions.values())
        available = table.parameters.review.reviewers * working_time_until(days, *table.reviewers.working_hours)
        return {
            "churn_rate": Mean(sum(self.churned.values()), customers),
            "retained_value": self.live_value,
            "escalations": float(self.escalations) if table.has_escalations else None,
            "interventions": float(contacts),
            "reviews": float(self._reviews()),
            "csat": Mean(self.satisfaction, customers),
            "review_wait_days_mean": Mean(self.waited, self._reviews()),
            "review_wait_days_p90": quantile(self.waits, P90),
            "reviews_expired": float(self.verdicts["expired"]),
            "expired_wait_days_mean": Mean(self.waited_expired, self.verdicts["expired"]),
            "reviews_withdrawn": float(self.verdicts["withdrawn"]),
            "withdrawn_wait_days_mean": Mean(self.waited_withdrawn, self.verdicts["withdrawn"]),
            "gate_utilisation": Mean(without_rounding_excess(busy, available), available),
            "signal_precision": Mean(self.alarms_true, alarms),
            "signal_recall": Mean(self.episodes_seen, self.episodes),
            "contact_precision": Mean(self.contacts_needed, contacts),
            "contact_recall": Mean(self.distressed.total() - self.unhelped.total(), self.distressed.total()),
            "contacts_per_customer": Mean(contacts, customers),
            "distress_days_per_customer": Mean(self.distress_days, customers),
            **(
                {"state_classification_accuracy": Mean(self.evaluations - self.misclassified, self.evaluations)}
                if table.parameters.record_errors.stages_missing + table.parameters.record_errors.stages_wrong > 0.0
                else {}
            ),
            **({"won_back": float(self.won_back)} if _has_win_back(table) else {}),
            **{
                f"churn_rate{format_segment(name)}": Mean(self.churned[segment], self.customers[segment])
                for segment, name in enumerate(self.segments)
            },
            **self._compute_on_demand(table),
        }

    def _compute_on_demand(self, table: CompiledArm) -> dict[str, float | Mean | None]:
        if not table.reported:
            return {}
        metrics = {
            **compute_recurring_revenue(self.recurring, self.segments),
            **compute_contact_metrics(self.contacts, self.segments, has_support=any(table.parameters.in_support)),
        }
        return {name: metric for name, metric in metrics.items() if parse_base_name(name) in table.reported}

    def compute_quantities(self, table: CompiledArm) -> dict[str, float]:
        """The quantities that costs and revenue are computed from, over the whole cohort; unknown ones are missing."""
        reviews, support = self._reviews(), [self.stage_days[stage] for stage in table.support_stages]
        return {
            "revenue": self.revenue,
            **({"discounts": self.discounts} if table.parameters.has_discounts else {}),
            "live_value_end": self.live_value,
            **({"escalations": float(self.escalations)} if table.has_escalations else {}),
            **({"support_days": sum(support)} if support else {}),
            "reviews": float(reviews),
            "review_minutes": reviews * table.reviewers.service_minutes,
            "evaluations": float(self.evaluations),
            **{f"actions.{table.policy.actions[action]}": float(n) for action, n in sorted(self.actions.items())},
            **{
                f"action_cost.{table.policy.actions[action]}": n * table.policy.costs[action]
                for action, n in sorted(self.actions.items())
            },
        }

    def untreated_rows(self, stages: Sequence[str]) -> list[dict[str, str | int]]:
        """Episodes of distress by initial stage and segment, and the number of untreated ones (`got_nothing`)."""
        return [
            {
                "stage": stages[stage],
                "segment": self.segments[segment],
                "episodes": episodes,
                "got_nothing": self.unhelped[stage, segment],
            }
            for (stage, segment), episodes in sorted(self.distressed.items())
        ]

    def _reviews(self) -> int:
        return self.verdicts["approved"] + self.verdicts["rejected"] + self.verdicts["overridden"]


def _has_win_back(table: CompiledArm) -> bool:
    return any(
        not live and not terminal
        for live, terminal in zip(table.parameters.live, table.parameters.terminal, strict=True)
    )


KERNELS = (discounted_days,)
"""Functions to compile."""
