"""The built-in metrics of a run: label, unit, preferred direction and meaning, and how values are written."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from journey.machine.stages import ESCALATION
from journey.money.format import format_dollars

if TYPE_CHECKING:
    from journey.machine import Journey

Unit = Literal["share", "dollars", "dollars each", "count", "days", "points", "ratio", "per customer"]
Direction = Literal["lower", "higher"] | None

CAMPAIGNS = "campaigns"
BUILT_IN_SOURCE = "built in"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        label: Short name for tables.
        unit: Unit of the value.
        better: The direction that is better for the company; None where neither is.
        meaning: One sentence for reports.
        unknown_if: When the value is unknown.
        group: What it is about, for lists.
        by: What it can be split by: ``NAME[SEGMENT]`` is that of a segment, ``NAME[tier=TIER]`` that of a risk tier.
        source: Where it is declared: ``built in``, or a file and a key.
        is_proportion: Whether it is a share of customers.
        is_censored: Whether it is estimated from customers of whom some are observed for a part of the time only.
        smallest_effect: The smallest change that matters in practice, in its unit; None where none is stated.
        needs_role: Role that a stage of the journey must have for the metric to be known; empty if none.
    """

    label: str
    unit: Unit
    better: Direction
    meaning: str
    unknown_if: str = "not measured"
    group: str = "customers"
    by: tuple[Literal["segment", "tier"], ...] = ()
    source: str = BUILT_IN_SOURCE
    is_proportion: bool = False
    is_censored: bool = False
    smallest_effect: float | None = None
    needs_role: str = ""

    def describe_missing_role(self, journey: "Journey") -> str:
        """Why the metric is unknown in this journey: no stage has the role that it needs. Empty if one has it."""
        return self.unknown_if if self.needs_role and not journey.stages_with(self.needs_role) else ""

    @property
    def is_total(self) -> bool:
        """Whether it is a total over the cohort, as opposed to a mean or a share."""
        return self.unit in ("dollars", "count")

    @property
    def is_built_in(self) -> bool:
        """Whether it exists without being declared."""
        return self.source == BUILT_IN_SOURCE

    @property
    def is_of_campaigns(self) -> bool:
        """Whether it exists only in scenarios with campaigns."""
        return self.group == CAMPAIGNS


_RECURRING = "recurring revenue"
_AT_START = "no customer pays at the start"


def _recurring(label: str, unit: Unit, better: Direction, meaning: str, unknown_if: str = "not measured") -> Metric:
    return Metric(label, unit, better, meaning, unknown_if, group=_RECURRING, by=("segment",))


RECURRING_REVENUE: dict[str, Metric] = {
    "mrr_start": _recurring(
        "MRR at the start",
        "dollars",
        None,
        "Monthly recurring revenue on day 0: a twelfth of what customers pay per year, without discounts.",
    ),
    "mrr": _recurring(
        "MRR",
        "dollars",
        "higher",
        "Monthly recurring revenue at the end: a twelfth of what active customers pay per year, without discounts.",
    ),
    "arr": _recurring("ARR", "dollars", "higher", "Annual recurring revenue at the end: twelve times the MRR."),
    "new_mrr": _recurring("new MRR", "dollars", "higher", "MRR of customers that pay at the end and not at the start."),
    "expansion_mrr": _recurring(
        "expansion MRR", "dollars", "higher", "Rise of MRR from start to end, of customers that pay more at the end."
    ),
    "contraction_mrr": _recurring(
        "contraction MRR", "dollars", "lower", "Fall of MRR from start to end, of customers that pay less at the end."
    ),
    "churned_mrr": _recurring(
        "churned MRR", "dollars", "lower", "MRR at the start of customers that pay nothing at the end."
    ),
    "gross_revenue_retention": _recurring(
        "gross revenue retention",
        "ratio",
        "higher",
        "GRR: share of the MRR at the start that remains after churn and contraction; at most 1.",
        _AT_START,
    ),
    "net_revenue_retention": _recurring(
        "net revenue retention",
        "ratio",
        "higher",
        "NRR: MRR at the end over MRR at the start, of the customers that pay at the start.",
        _AT_START,
    ),
    "logo_churn": _recurring(
        "logo churn",
        "share",
        "lower",
        "Share of the customers paying at the start that pay nothing at the end. The churn rate has later ones too.",
        _AT_START,
    ),
}
"""The metrics of recurring revenue, which compare the two ends of a run. A scenario reports those that it names."""

BUILT_IN: dict[str, Metric] = {
    "churn_rate": Metric(
        "churn rate",
        "share",
        "lower",
        "Share of customers that have churned by the end.",
        "no customer",
        by=("segment",),
        is_proportion=True,
    ),
    "retained_value": Metric(
        "retained value", "dollars", "higher", "What the customers active at the end pay per year."
    ),
    "escalations": Metric(
        "escalations",
        "count",
        "lower",
        "Moves into a stage with the role `escalation`, from a stage without it.",
        "no stage of the journey has the role `escalation`",
        needs_role=ESCALATION,
    ),
    "interventions": Metric("interventions", "count", None, "Executed actions.", group="actions"),
    "reviews": Metric("reviews", "count", None, "Approval requests decided by a reviewer.", group="reviews"),
    "csat": Metric("CSAT", "points", "higher", "Mean satisfaction at the end, on a scale of 1 to 5.", "no customer"),
    "contacts_per_customer": Metric(
        "contacts per customer", "ratio", None, "Executed actions per customer.", "no customer", group="actions"
    ),
    "contact_precision": Metric(
        "contact precision",
        "share",
        "higher",
        "Share of contacts that reached a customer in distress.",
        "no action was executed",
        group="actions",
    ),
    "contact_recall": Metric(
        "contact recall",
        "share",
        "higher",
        "Share of distress episodes with at least one action.",
        "no distress episode",
        group="actions",
    ),
    "proactive_share": Metric(
        "proactive contacts",
        "share",
        "higher",
        "Share of executed actions outside of stages with the role `support` or `escalation`.",
        "no action was executed, or no stage has one of these roles",
        group="actions",
        by=("segment",),
    ),
    "resolution_days": Metric(
        "resolution time",
        "days",
        "lower",
        "Mean time from an executed action to its outcome `resolved`.",
        "no action was resolved",
        group="actions",
        by=("segment",),
    ),
    "distress_days_per_customer": Metric(
        "distress per customer",
        "days",
        "lower",
        "Days in distress per customer. Only the simulation knows this.",
        "no customer",
    ),
    "review_wait_days_mean": Metric(
        "review wait, mean",
        "days",
        "lower",
        "Mean wait of the decided requests for their reviewer.",
        "no reviewer decided a request",
        group="reviews",
    ),
    "review_wait_days_p90": Metric(
        "review wait, 90th percentile",
        "days",
        "lower",
        "90th percentile of that wait, accurate to 1 %.",
        "no reviewer decided a request",
        group="reviews",
    ),
    "reviews_expired": Metric(
        "reviews expired", "count", "lower", "Approval requests that expired before a review.", group="reviews"
    ),
    "expired_wait_days_mean": Metric(
        "wait of expired reviews",
        "days",
        None,
        "Mean wait of the requests that expired before a review.",
        "no request expired",
        group="reviews",
    ),
    "reviews_withdrawn": Metric(
        "reviews withdrawn", "count", None, "Approval requests withdrawn because the customer left.", group="reviews"
    ),
    "withdrawn_wait_days_mean": Metric(
        "wait of withdrawn reviews",
        "days",
        None,
        "Mean wait of the withdrawn requests, until a review or withdrawal.",
        "no request was withdrawn",
        group="reviews",
    ),
    "gate_utilisation": Metric(
        "reviewer utilisation",
        "share",
        None,
        "Share of the reviewers' working time spent on reviews.",
        "the reviewers have no working time",
        group="reviews",
    ),
    "signal_precision": Metric(
        "signal precision",
        "share",
        "higher",
        "Share of negative signals caused by distress.",
        "no negative signal",
        group="signals and records",
    ),
    "signal_recall": Metric(
        "signal recall",
        "share",
        "higher",
        "Share of distress episodes with at least one signal.",
        "no distress episode",
        group="signals and records",
    ),
    "state_classification_accuracy": Metric(
        "stage accuracy of records",
        "share",
        "higher",
        "Share of evaluations whose recorded stage was correct.",
        "no evaluation",
        group="signals and records",
    ),
    "won_back": Metric("won back", "count", "higher", "Customers that returned after churning."),
    "media_spend": Metric("media spend", "dollars", None, "Dollars spent on impressions.", group=CAMPAIGNS),
    "impressions": Metric("impressions", "count", None, "Impressions bought.", group=CAMPAIGNS),
    "clicks": Metric("clicks", "count", None, "Impressions that were clicked.", group=CAMPAIGNS),
    "visits": Metric("visits", "count", None, "Clicks that reached the site.", group=CAMPAIGNS),
    "signups": Metric("signups", "count", None, "Visitors that signed up.", group=CAMPAIGNS),
    "demo_requests": Metric("demo requests", "count", None, "Prospects that requested a demo.", group=CAMPAIGNS),
    "purchases": Metric(
        "purchases", "count", None, "Prospects that bought by the end, including later churned ones.", group=CAMPAIGNS
    ),
    "click_rate": Metric("click rate", "share", None, "Clicks per impression.", "no impression", group=CAMPAIGNS),
    "visit_rate": Metric(
        "visit rate",
        "share",
        None,
        "Visits per preceding funnel step.",
        "no prospect reached the step before",
        group=CAMPAIGNS,
    ),
    "signup_rate": Metric(
        "signup rate",
        "share",
        None,
        "Signups per preceding funnel step.",
        "no prospect reached the step before",
        group=CAMPAIGNS,
    ),
    "demo_request_rate": Metric(
        "demo rate",
        "share",
        None,
        "Demo requests per preceding funnel step.",
        "no prospect reached the step before",
        group=CAMPAIGNS,
    ),
    "purchase_rate": Metric(
        "purchase rate",
        "share",
        None,
        "Purchases per preceding funnel step.",
        "no prospect reached the step before",
        group=CAMPAIGNS,
    ),
    **RECURRING_REVENUE,
    "cost_per_acquisition": Metric(
        "cost per acquisition",
        "dollars each",
        "lower",
        "Media spend per buyer, including churned buyers.",
        "no buyer",
        group=CAMPAIGNS,
    ),
    "retained_buyers": Metric(
        "retained buyers", "count", "higher", "Buyers that are still customers at the end.", group=CAMPAIGNS
    ),
    "retained_margin": Metric(
        "retained margin",
        "dollars",
        "higher",
        "Discounted margin on all payments of buyers by the end.",
        group=CAMPAIGNS,
    ),
    "margin_per_media_dollar": Metric(
        "margin per media dollar",
        "dollars each",
        "higher",
        "Retained margin per dollar of media.",
        "nothing was spent on media",
        group=CAMPAIGNS,
    ),
    "budget_moved": Metric("budget moved", "dollars", None, "Dollars moved between channels.", group=CAMPAIGNS),
}
"""The metrics of every scenario by name; `scenarios.metrics.catalogue` adds those that a scenario declares."""


def format_metric(value: float | None, unit: Unit, *, difference: bool = False, is_nonzero: bool = False) -> str:
    """A value as text: ``12.3 %``, ``-1.9 pp``, ``$1.24M``, ``n/a``.

    Args:
        value: The value.
        unit: Its unit.
        difference: Whether it is a difference, with a sign and in percentage points.
        is_nonzero: Whether to add decimals to a value that would be rounded to 0 otherwise.
    """
    if value is None:
        return "n/a"
    if unit in ("dollars", "dollars each"):
        return format_dollars(value, show_plus=difference)
    if unit == "share":
        value *= 100
    decimals = _count_decimals(value, unit)
    while is_nonzero and value and not round(value, decimals) and decimals < _MAX_DECIMALS:
        decimals += 1
    return _format_number(value, decimals, show_plus=difference) + _unit_suffix(unit, difference=difference)


_MAX_DECIMALS = 12


def _count_decimals(value: float, unit: Unit) -> int:
    if unit == "per customer":
        return 4
    if unit in ("share", "days", "points", "ratio"):
        return 2
    return 0 if abs(value) >= 100 else 1


def _unit_suffix(unit: Unit, *, difference: bool) -> str:
    if unit == "share":
        return " pp" if difference else " %"
    return " d" if unit == "days" else ""


def _format_number(value: float, decimals: int, *, show_plus: bool) -> str:
    """A number with the given decimals; a number that rounds to zero has no sign."""
    rounded = round(value, decimals) or 0.0
    return f"{rounded:{'+' if show_plus and rounded else ''},.{decimals}f}"
