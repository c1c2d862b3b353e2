"""The metrics of a run: what each means, its unit and which way is better. Tables and verdicts read them from here."""

from dataclasses import dataclass, replace
from typing import Literal

from journey.money.format import format_dollars
from scenarios.text.phrases import format_name

Unit = Literal["share", "dollars", "dollars each", "count", "days", "points", "ratio", "per customer"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        label: Short name for tables.
        unit: What it is counted in.
        better: Which way is better for the company; None where neither is.
        meaning: One sentence, for reports.
    """

    label: str
    unit: Unit
    better: Literal["lower", "higher"] | None
    meaning: str


METRICS: dict[str, Metric] = {
    "churn_rate": Metric("churn rate", "share", "lower", "Share of the customers who are gone at the end."),
    "retained_value": Metric(
        "retained value", "dollars", "higher", "Yearly account value of the customers still live at the end."
    ),
    "escalations": Metric("escalations", "count", "lower", "Moves into escalation."),
    "interventions": Metric("interventions", "count", None, "Actions carried out."),
    "reviews": Metric("reviews", "count", None, "Requests for approval that a reviewer decided."),
    "csat": Metric("CSAT", "points", "higher", "Mean satisfaction at the end, on a scale of 1 to 5."),
    "contacts_per_customer": Metric("contacts per customer", "ratio", None, "Actions carried out per customer."),
    "contact_precision": Metric(
        "contact precision", "share", "higher", "Share of the contacts that reached a customer in distress."
    ),
    "contact_recall": Metric(
        "contact recall", "share", "higher", "Share of the episodes of distress in which anything was done."
    ),
    "distress_days_per_customer": Metric(
        "distress per customer", "days", "lower", "Days in distress per customer, seen by no one but the simulation."
    ),
    "review_wait_days_mean": Metric(
        "wait for review", "days", "lower", "Mean wait for a reviewer, over all requests, expired ones included."
    ),
    "review_wait_days_p90": Metric(
        "wait for review, 9 of 10", "days", "lower", "Nine of ten requests waited no longer, to within 1 %."
    ),
    "reviews_expired": Metric("reviews expired", "count", "lower", "Requests that nobody took up in time."),
    "gate_utilisation": Metric("gate utilisation", "share", None, "Share of the reviewers' time that was used."),
    "signal_precision": Metric(
        "signal precision", "share", "higher", "Share of the negative signals that distress had caused."
    ),
    "signal_recall": Metric(
        "signal recall", "share", "higher", "Share of the episodes of distress that any signal showed."
    ),
    "state_classification_accuracy": Metric(
        "stage on record right", "share", "higher", "Share of the evaluations that knew the stage rightly."
    ),
    "won_back": Metric("won back", "count", "higher", "Customers who had gone and came back."),
    "media_spend": Metric("media spend", "dollars", None, "Dollars spent on impressions."),
    "impressions": Metric("impressions", "count", None, "Impressions bought."),
    "clicks": Metric("clicks", "count", None, "Impressions that were clicked."),
    "visits": Metric("visits", "count", None, "Clicks that came to the site."),
    "signups": Metric("signups", "count", None, "Visitors who signed up."),
    "demo_requests": Metric("demo requests", "count", None, "Prospects who asked for a demo."),
    "purchases": Metric("purchases", "count", None, "Prospects who bought by the end: customers, gone or not."),
    "click_rate": Metric("click rate", "share", None, "Clicks per impression."),
    "visit_rate": Metric("visit rate", "share", None, "Visits per step before."),
    "signup_rate": Metric("signup rate", "share", None, "Signups per step before."),
    "demo_request_rate": Metric("demo rate", "share", None, "Demo requests per step before."),
    "purchase_rate": Metric("purchase rate", "share", None, "Purchases per step before."),
    "cost_per_acquisition": Metric(
        "cost per acquisition", "dollars each", "lower", "Media spend per buyer, whatever became of the buyer."
    ),
    "retained_buyers": Metric("retained buyers", "count", "higher", "Buyers who are still customers at the end."),
    "retained_margin": Metric(
        "retained margin", "dollars", "higher", "Margin of all that the buyers have paid by the end, discounted."
    ),
    "margin_per_media_dollar": Metric(
        "margin per media dollar", "dollars each", "higher", "Retained margin per dollar of media."
    ),
    "budget_moved": Metric("budget moved", "dollars", None, "Dollars moved between channels."),
}
"""The metrics of every run, those that the contract promises first; the verdict may rest on any of them."""


def parse_base_name(name: str) -> str:
    """The metric that a name such as ``churn_rate[SMB]`` is a part of."""
    return name.partition("[")[0]


def parse_segment(name: str) -> str | None:
    """The segment that a name such as ``churn_rate[SMB]`` is about; None for the whole population."""
    _, bracket, rest = name.partition("[")
    return rest.removesuffix("]") if bracket else None


def get_metric(name: str) -> Metric:
    """What is known about a metric; one that is not listed is shown as a plain number under its own name."""
    known = METRICS.get(parse_base_name(name))
    if known is None:
        return Metric(format_name(name), "ratio", None, "")
    segment = parse_segment(name)
    return known if segment is None else replace(known, label=f"{known.label} [{segment}]")


def is_total(name: str) -> bool:
    """Whether a metric is a sum over the cohort, and not a mean or a share."""
    return get_metric(name).unit in ("dollars", "count")


def get_metric_per_customer(name: str) -> Metric:
    """What is known about a metric whose totals are given per customer, as arms of different sizes ask for."""
    known = get_metric(name)
    if not is_total(name):
        return known
    unit: Unit = "dollars" if known.unit == "dollars" else "per customer"
    return replace(known, label=f"{known.label} per customer", unit=unit)


def format_metric(value: float | None, unit: Unit, *, difference: bool = False) -> str:
    """A value for people: ``12.3 %``, ``-1.9 pp``, ``$1.24M``, ``n/a``."""
    if value is None:
        return "n/a"
    if unit in ("dollars", "dollars each"):
        return format_dollars(value, show_plus=difference)
    if unit == "share":
        return _format_number(100 * value, 2, show_plus=difference) + (" pp" if difference else " %")
    if unit == "days":
        return _format_number(value, 2, show_plus=difference) + " d"
    if unit in ("points", "ratio"):
        return _format_number(value, 2, show_plus=difference)
    if unit == "per customer":
        return _format_number(value, 4, show_plus=difference)
    return _format_number(value, 0 if abs(value) >= 100 else 1, show_plus=difference)


def _format_number(value: float, decimals: int, *, show_plus: bool) -> str:
    """A number with so many decimals; what rounds to zero has no sign."""
    rounded = round(value, decimals) or 0.0
    return f"{rounded:{'+' if show_plus and rounded else ''},.{decimals}f}"
