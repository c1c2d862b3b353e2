"""Money: value and cost of an arm compared with the baseline, with every dollar counted once.

A line is quantity x unit price, with the provenance of its weakest factor. Quantities are differences, treated minus
baseline, so anything equal in both arms contributes 0. The engine discounts revenue. Counts within the horizon
(escalations, support days, actions, reviews) are not discounted; at yearly rates below 10 % this changes a line by less
than the simulation error of a small cohort.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, fsum, log1p
from typing import TYPE_CHECKING, NamedTuple

from journey.core.nested_tables import find_value
from journey.core.time_units import DAYS_PER_MONTH, DAYS_PER_YEAR
from journey.decision.economics import Provenance
from journey.machine.stages import ESCALATION, SUPPORT
from journey.money.ledger import Ledger, LedgerLine, LineKind
from journey.statistics.means import Estimate, compute_mean, estimate_mean
from journey.statistics.ratios import mean_ratio_interval
from scenarios.files.model import Money, Scenario
from simulation.acquisition.spec import find_acquisition

if TYPE_CHECKING:
    from journey.decision.policy import Policy
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec

_WEAKEST_LAST: tuple[Provenance, ...] = ("measured", "calibrated", "assumed", "default")

LABEL = "compared with the baseline with common random numbers, mean over replications"


@dataclass(frozen=True, slots=True)
class Return:
    """The return of an arm compared with the baseline, averaged over replications.

    Attributes:
        ledger: The lines, averaged over replications and rounded to cents, and their totals. A negative amount is a
            loss of value, or a saved cost.
        net: Value minus cost of one cohort, with its interval over replications.
        parts: What the net consists of, each with its interval over replications.
        roi: Net divided by cost; None where the cost is not above 0.
        roi_reason: Why there is no ROI; empty where there is one.
        roi_interval: Fieller's interval of the ROI over replications; None where there is no ROI, with one replication,
            or where the cost does not differ significantly from 0, so that the ROI could be anything.
        probability_positive: Share of the replications (cohorts of this size) in which the net was above 0.
        customers: Customers of the smaller arm, over all replications.
    """

    ledger: Ledger
    net: Estimate
    parts: "NetParts"
    roi: float | None
    roi_reason: str
    roi_interval: tuple[float, float] | None
    probability_positive: float | None
    customers: int

    @property
    def note(self) -> str:
        """Why the interval of the net is unreliable; empty where it is reliable, or where there is none."""
        if self.net.low is None or self.customers >= FEW_CUSTOMERS:
            return ""
        return (
            f"Only {self.customers:,} customers were simulated in an arm, over all replications. With so few, a "
            "few large "
            f"accounts determine the net, and its interval is too narrow; use at least {MIN_CUSTOMERS:,} customers."
        )

    @property
    def is_net_significant(self) -> bool:
        """Whether the interval of the net excludes 0, so that a gain or a loss is significant."""
        low, high = self.net.low, self.net.high
        return low is not None and high is not None and not low <= 0.0 <= high

    @property
    def beyond_horizon(self) -> float:
        """The part of the net that is credited for the time after the horizon, in dollars."""
        return fsum(line.amount or 0.0 for line in self.ledger.lines if _is_beyond(line))


class NetParts(NamedTuple):
    """What a net consists of; the net is value within plus value beyond minus cost.

    Attributes:
        value_within: Value within the horizon, which was simulated.
        value_beyond: Value credited for the time after the horizon, which was not simulated.
        cost: Cost, all of it within the horizon.
        net_within: Value within the horizon minus cost.
    """

    value_within: Estimate
    value_beyond: Estimate
    cost: Estimate
    net_within: Estimate


_BEYOND = "value_beyond_horizon"


MIN_CUSTOMERS = 5000
"""Number of simulated customers per arm to recommend for a reliable interval of the net; see `FEW_CUSTOMERS`."""

FEW_CUSTOMERS = 4000
"""Number of simulated customers per arm below which the interval of the net covers it in less than 90 % of all cases.

It is smaller than the number to recommend, so that a run with almost as many customers has no warning. A cohort's net
is skewed: most customers have the same history in both arms, and a few large accounts determine the net.
Coverage of the 95 % interval depended on customers times replications: 63 % at 240, 75 % at 500, 83 % at 1,200, 89 % at
3,000, 92 % at 6,000, 94 % at 15,000 (scenario onboarding_outreach, 1,500 cohorts of 30 resampled).
"""


class _PricedItem(NamedTuple):
    """An item of the ledger: its price in the arm's policy, and the name of its quantity."""

    name: str
    kind: LineKind
    unit: str
    quantity: str
    sign: float
    price: float
    provenance: Provenance


def weakest_provenance(*provenances: Provenance) -> Provenance:
    """The provenance of a product, which is that of its weakest factor."""
    return max(provenances, key=_WEAKEST_LAST.index)


def beyond_horizon_factor(money: Money, horizon_days: float) -> float:
    """Present value of one dollar per year, earned after the horizon for the credited years.

    ``integral of exp(-r t)`` from the horizon to the horizon plus the credited years, r = log(1 + yearly rate).
    """
    rate, years = log1p(money.discount_per_year.amount), money.beyond_horizon_years.amount
    start = horizon_days / DAYS_PER_YEAR
    if rate == 0.0:
        return years
    return (exp(-rate * start) - exp(-rate * (start + years))) / rate


def compute_returns(
    scenario: Scenario,
    arms: Sequence["ArmSpec"],
    runs: Sequence[Sequence["Run"]],
    days: float,
    label: str = LABEL,
) -> dict[str, Return]:
    """The return of every arm compared with the baseline.

    Args:
        scenario: The scenario, for its assumptions about money.
        arms: The arms, the baseline first.
        runs: By replication, then by arm.
        days: Length of the runs, in days.
        label: Describes the amounts of the ledgers.
    """
    baseline = arms[0]
    returns = {}
    for index, arm_spec in enumerate(arms[1:], start=1):
        pairs = [(run[0], run[index]) for run in runs]
        ledgers = [_build_lines(scenario, (baseline, arm_spec), pair, days) for pair in pairs]
        customers = min(sum(run.customers for run in arm) for arm in zip(*pairs, strict=True))
        returns[arm_spec.name] = _average_return(ledgers, label, customers)
    return returns


def _average_return(ledgers: Sequence[Sequence[LedgerLine]], label: str, customers: int) -> Return:
    unknown = {line.name for lines in ledgers for line in lines if line.quantity is None}
    replications = [[line for line in lines if line.name not in unknown] for lines in ledgers]
    values, costs = ([_sum_lines(lines, kind) for lines in replications] for kind in ("value", "cost"))
    beyond = [_sum_lines([line for line in lines if _is_beyond(line)], "value") for lines in replications]
    nets = _subtract(values, costs)
    within = _subtract(values, beyond)
    parts = NetParts(*map(estimate_mean, (within, beyond, costs, _subtract(within, costs))))
    ledger = Ledger(tuple(_average_lines(ledgers)), label=label)
    if ledger.cost is not None and ledger.cost > 0.0:
        roi, reason, roi_interval = ledger.roi, "", mean_ratio_interval(nets, costs)
    else:
        roi, roi_interval = None, None
        reason = "the arm costs no more than the baseline, so there is no cost to divide by"
    positive = sum(amount > 0.0 for amount in nets) / len(nets) if len(nets) > 1 else None
    return Return(ledger, estimate_mean(nets), parts, roi, reason, roi_interval, positive, customers)


def _is_beyond(line: LedgerLine) -> bool:
    # Arms with different prices have a line each, with the arm's name after the line's.
    return line.name.startswith(_BEYOND)


def _subtract(amounts: Sequence[float], others: Sequence[float]) -> list[float]:
    return [amount - other for amount, other in zip(amounts, others, strict=True)]


def _sum_lines(lines: Sequence[LedgerLine], kind: LineKind) -> float:
    """Sum of one cohort's lines of a kind with a known amount, not rounded."""
    return fsum(
        line.quantity * line.unit_price
        for line in lines
        if line.kind == kind and line.quantity is not None and line.unit_price is not None
    )


def _average_lines(replications: Sequence[Sequence[LedgerLine]]) -> list[LedgerLine]:
    """The ledger averaged over replications, in order, without costs that are 0 in every replication.

    An action that was taken in some replications only has no line in the others; its quantity there is 0. A quantity
    that is unknown in a replication is unknown.
    """
    by_name: dict[str, list[LedgerLine]] = {}
    for lines in replications:
        for line in lines:
            by_name.setdefault(line.name, []).append(line)
    averaged = []
    for lines_of_name in by_name.values():
        quantities = [line.quantity for line in lines_of_name if line.quantity is not None]
        missing = len(replications) - len(lines_of_name)
        if len(quantities) < len(lines_of_name):
            averaged.append(next(line for line in lines_of_name if line.quantity is None))
        elif lines_of_name[0].kind == "value" or any(quantities):
            averaged.append(replace(lines_of_name[0], quantity=compute_mean([*quantities, *[0.0] * missing])))
    return sorted(averaged, key=lambda line: _ORDER.index(line.name.partition(".")[0].partition(" ")[0]))


_ORDER = (
    "margin_retained",
    _BEYOND,
    "escalations_avoided",
    "support_days_avoided",
    "media_spend",
    "funnel_step",
    "actions",
    "discounts",
    "review_time",
    "evaluations",
    "infrastructure",
)


def _build_lines(
    scenario: Scenario, arms: tuple["ArmSpec", "ArmSpec"], runs: tuple["Run", "Run"], days: float
) -> list[LedgerLine]:
    """The ledger of one replication."""
    items = [_build_items(scenario, arm, run, days) for arm, run in zip(arms, runs, strict=True)]
    quantities = [_build_quantities(arm, run, days) for arm, run in zip(arms, runs, strict=True)]
    lines: list[LedgerLine] = []
    for name in dict.fromkeys([*items[0], *items[1]]):
        before, after = items[0].get(name), items[1].get(name)
        item = after or before
        assert item is not None
        baseline, treated = (_find_quantity(q, item.quantity) for q in quantities)
        if before is None or after is None or before.price == after.price:
            difference = None if treated is None or baseline is None else treated - baseline
            lines.append(_build_line(item, item.name, item.sign, difference))
        else:
            # The arms have different prices, so each has a line of its own.
            lines.append(_build_line(after, f"{name} ({arms[1].name})", after.sign, treated))
            lines.append(_build_line(before, f"{name} ({arms[0].name})", -before.sign, baseline))
    return lines


_NEEDED_ROLES = {"escalations": ESCALATION, "support_days": SUPPORT}
"""Quantities that are unknown where no stage has the role."""


def _build_line(item: _PricedItem, name: str, sign: float, quantity: float | None) -> LedgerLine:
    if quantity is None:
        note = f"no stage of the journey has the role `{_NEEDED_ROLES[item.quantity]}`"
        return LedgerLine(name, item.kind, None, item.unit, item.price, item.provenance, note)
    # -0.0 would print with a minus sign.
    return LedgerLine(name, item.kind, sign * quantity or 0.0, item.unit, item.price, item.provenance)


def _find_quantity(quantities: Mapping[str, float | None], name: str) -> float | None:
    """A quantity of one run; None where it is unknown. What is listed by name (`actions.NAME`) and absent is 0."""
    return quantities.get(name, 0.0 if "." in name else None)


def _build_quantities(arm: "ArmSpec", run: "Run", days: float) -> Mapping[str, float | None]:
    months = days / DAYS_PER_MONTH if arm.active else 0.0
    return {
        **run.quantities,
        # Serving a customer costs the same at a lower price, so a discount lowers the margin by its full amount.
        "list_revenue": run.quantities["revenue"] + run.quantities.get("discounts", 0.0),
        "review_hours": run.quantities["review_minutes"] / 60.0,
        "months": months,
    }


def _build_items(scenario: Scenario, arm: "ArmSpec", run: "Run", days: float) -> dict[str, _PricedItem]:
    """All items of one arm, in the order of the ledger."""
    items = [
        *_value_items(scenario, arm, days),
        *_acquisition_items(arm),
        *_action_items(scenario, arm, run),
        *_discount_items(run),
        *_overhead_items(arm),
    ]
    return {item.name: item for item in items}


def _value_items(scenario: Scenario, arm: "ArmSpec", days: float) -> list[_PricedItem]:
    economics, money = arm.policy.economics, scenario.money
    margin = _find_provenance(scenario, arm.name, "economics", "margin_rate")
    beyond = weakest_provenance(margin, money.beyond_horizon_years.provenance, money.discount_per_year.provenance)
    hours = _find_provenance(scenario, arm.name, "economics", "hours_per_escalation")
    escalation = economics.agent_hour.amount * economics.hours_per_escalation
    day = economics.support_day
    return [
        _PricedItem("margin_retained", "value", "revenue $", "list_revenue", 1.0, economics.margin_rate, margin),
        _PricedItem(
            _BEYOND, "value", "yearly $ live", "live_value_end", 1.0,
            economics.margin_rate * beyond_horizon_factor(money, days), beyond,
        ),
        _PricedItem(
            "escalations_avoided", "value", "escalations", "escalations", -1.0, escalation,
            weakest_provenance(hours, economics.agent_hour.provenance),
        ),
        _PricedItem("support_days_avoided", "value", "days", "support_days", -1.0, day.amount, day.provenance),
    ]  # fmt: skip


def _acquisition_items(arm: "ArmSpec") -> Iterator[_PricedItem]:
    """Acquisition costs: media by channel, and the cost of funnel steps."""
    acquisition = find_acquisition(arm.population)
    if acquisition is None:
        return
    for campaign, channel in acquisition.lines:
        name, price = f"media_spend.{campaign}/{channel}", acquisition.campaigns[campaign].channels[channel]
        cost = price.cost_per_1000
        yield _PricedItem(name, "cost", "1,000 impressions", name, 1.0, cost.amount, cost.provenance)
    for step, cost in acquisition.step_costs.items():
        yield _PricedItem(
            f"funnel_step.{step}", "cost", "times", f"funnel_step.{step}", 1.0, cost.amount, cost.provenance
        )


def _action_items(scenario: Scenario, arm: "ArmSpec", run: "Run") -> list[_PricedItem]:
    policy: Policy = arm.policy
    taken = sorted(key.removeprefix("actions.") for key in run.quantities if key.startswith("actions."))
    return [
        _PricedItem(
            f"actions.{name}", "cost", "times", f"actions.{name}", 1.0, policy.actions[name].cost,
            _find_provenance(scenario, arm.name, "actions", name, "cost"),
        )
        for name in taken
    ]  # fmt: skip


def _discount_items(run: "Run") -> Iterator[_PricedItem]:
    """Discounts: revenue at full price that customers did not pay."""
    if "discounts" in run.quantities:
        yield _PricedItem("discounts", "cost", "revenue $", "discounts", 1.0, 1.0, "assumed")


def _overhead_items(arm: "ArmSpec") -> list[_PricedItem]:
    economics = arm.policy.economics
    hour, month = economics.reviewer_hour, economics.infrastructure_month
    llm = economics.llm_calls_per_evaluation
    evaluation = economics.evaluation.amount + llm * economics.llm_call.amount
    provenances = [economics.evaluation.provenance, *([economics.llm_call.provenance] if llm else [])]
    return [
        _PricedItem("review_time", "cost", "hours", "review_hours", 1.0, hour.amount, hour.provenance),
        _PricedItem(
            "evaluations", "cost", "evaluations", "evaluations", 1.0, evaluation, weakest_provenance(*provenances)
        ),
        _PricedItem("infrastructure", "cost", "months", "months", 1.0, month.amount, month.provenance),
    ]


def _find_provenance(scenario: Scenario, arm: str, *path: str) -> Provenance:
    """The provenance of a policy number: ``assumed`` where the scenario sets it, else ``default``."""
    overrides = (scenario.policy, scenario.arms[arm].policy)
    return "default" if all(find_value(each, path) is None for each in overrides) else "assumed"
