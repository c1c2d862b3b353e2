"""The verdict: what a comparison shows, in words that name the metric, the null and the interval.

"No difference shown" is a valid answer; then the verdict says how many replications, and how many customers in a real
test, would show a difference of the size that was seen.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal, NamedTuple

from journey.statistics.means import CONFIDENCE, POWER, replications_needed
from journey.statistics.proportions import customers_needed
from scenarios.metrics.definitions import Metric, dollars, metric, per_customer, shown

if TYPE_CHECKING:
    from scenarios.comparison.money import Return
    from scenarios.experiment.analysis import Experiment
    from scenarios.metrics.effects import Effect

Outcome = Literal["better", "worse", "different", "no_difference_shown", "identical", "unknown"]

_TOO_MANY_CUSTOMERS = 100_000_000
_TOO_MANY = 1_000_000
_CONFIDENCE = f"{100 * CONFIDENCE:.0f} %"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is found about one arm.

    Attributes:
        outcome: On the primary metric.
        effect: The sentence about it.
        money: The sentence about money.
    """

    outcome: Outcome
    effect: str
    money: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is found about every arm but the baseline, and all of it in words.

    Attributes:
        findings: By arm.
        warnings: What has to be known before any of them is believed.
    """

    findings: dict[str, Finding]
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The verdict: warnings first, then one paragraph an arm."""
        findings = (" ".join(filter(None, (f.effect, f.money))) for f in self.findings.values())
        return "\n".join((*self.warnings, *findings))


class _Case(NamedTuple):
    """What is judged: one arm's effect on the primary metric, and the experiment it was found in, if any."""

    arm: str
    primary: str
    about: Metric
    effect: "Effect"
    money: "Return"
    replications: int
    experiment: "Experiment | None"


def judge(
    primary: str,
    effects: Mapping[str, Mapping[str, "Effect"]],
    money: Mapping[str, "Return"],
    *,
    replications: int,
    identical: Collection[str] = (),
    experiment: "Experiment | None" = None,
) -> Verdict:
    """The verdict on every arm.

    Args:
        primary: The metric that it rests on.
        effects: Per arm and metric.
        money: Per arm.
        replications: How many are complete.
        identical: Arms that differ from the baseline in nothing but their name.
        experiment: In randomised mode, what is known of it.
    """
    about = metric(primary) if experiment is None else per_customer(primary)
    findings = {}
    for arm, metrics in effects.items():
        effect = metrics.get(primary)
        if arm in identical:
            findings[arm] = _identical(arm, randomised=experiment is not None)
        elif effect is None or effect.difference.mean is None:
            text = f"{arm}: {about.label} was never measured in both arms, so nothing is shown."
            findings[arm] = Finding("unknown", text, "")
        else:
            findings[arm] = _judged(_Case(arm, primary, about, effect, money[arm], replications, experiment))
    return Verdict(findings, () if experiment is None else experiment.warnings)


def _identical(arm: str, *, randomised: bool) -> Finding:
    chance = " An experiment between them (an A/A test) finds differences by chance alone." if randomised else ""
    return Finding("identical", f"{arm}: no difference: the arms are identical.{chance}", "")


def _judged(case: _Case) -> Finding:
    arm, about, effect, money = case.arm, case.about, case.effect, _money(case)
    found = effect.difference
    if found.low is None or found.high is None:
        change = shown(found.mean, about.unit, difference=True)
        text = (
            f"{arm}: {about.label} differs by {change} in one replication, which gives no interval and shows nothing; "
            "run at least 2 replications."
        )
        return Finding("unknown", text, money)
    if found.sd == 0.0 and found.mean == 0.0:
        return Finding(
            "no_difference_shown",
            f"{arm}: no difference shown in {about.label}: it was the same in every one of {case.replications} "
            "replications.",
            money,
        )
    if not effect.shown:
        return Finding("no_difference_shown", _not_shown(case), money)
    return Finding(_outcome(found.mean or 0.0, about.better), _shown(case), money)


def _outcome(difference: float, better: str | None) -> Outcome:
    if better is None:
        return "different"
    return "better" if (difference < 0.0) == (better == "lower") else "worse"


def _interval(case: _Case) -> str:
    unit, found = case.about.unit, case.effect.difference
    low, high = (shown(bound, unit, difference=True) for bound in (found.low, found.high))
    return f"simulation error: {_CONFIDENCE} interval {low} to {high} over {found.n} replications"


def _shown(case: _Case) -> str:
    about, difference = case.about, case.effect.difference.mean or 0.0
    way = "lower" if difference < 0.0 else "higher"
    judged = {"better": ", which is better", "worse": ", which is worse"}.get(_outcome(difference, about.better), "")
    size = shown(abs(difference), about.unit, difference=True).lstrip("+")
    return (
        f"{case.arm}: {about.label} is {size} {way} than in the baseline{judged} ({_interval(case)}; "
        f"null: no difference in {about.label}, refuted in this model)."
        + _after(_one_experiment(case))
        + _after(_real_test(case))
    )


def _after(sentence: str) -> str:
    return f" {sentence}" if sentence else ""


def _not_shown(case: _Case) -> str:
    about, found = case.about, case.effect.difference
    change = shown(found.mean, about.unit, difference=True)
    leaves_out_zero = found.low is not None and found.high is not None and not found.low <= 0.0 <= found.high
    together = " once all arms are tested together, by Holm's correction" if leaves_out_zero else ""
    text = (
        f"{case.arm}: no difference shown in {about.label}: {change} ({_interval(case)}; null: no difference in "
        f"{about.label}, not refuted{together})."
    )
    return f"{text}{_after(_one_experiment(case))} {_needed(case)}"


def _one_experiment(case: _Case) -> str:
    """What one experiment of this size would have found."""
    if case.experiment is None:
        return ""
    seen, customers = case.experiment.seen[case.arm][case.primary], case.experiment.customers
    here, there = customers[case.arm], next(iter(customers.values()))
    size = f"One experiment of this size ({here:,.0f} customers against {there:,.0f})"
    tests = seen.proportions
    if tests is not None and tests.refuting is not None:
        return (
            f"{size} refuted the null in {100 * tests.refuting:.0f} % of {tests.experiments:,} replications "
            f"({tests.of_one} test at 5 %)."
        )
    return "" if seen.power is None else f"{size} would refute the null with a probability of {100 * seen.power:.0f} %."


def _needed(case: _Case) -> str:
    """What it would take to show a difference of the size that was seen."""
    found = case.effect.difference
    if not found.mean or not found.sd:
        return "There is no difference whose size could be shown."
    if abs(found.mean) / found.sd < 1e-3:
        runs: float = inf
    else:
        runs = replications_needed(found.mean, found.sd)
    if runs > _TOO_MANY:
        text = f"To show a difference of this size would take more than {_TOO_MANY:,} replications."
    else:
        text = (
            f"To show a difference of this size would take about {runs:,.0f} replications ({100 * POWER:.0f} % power)."
        )
    return text + _after(_real_test(case))


def _real_test(case: _Case) -> str:
    """For a share of customers: the size of a real, randomised test."""
    if case.about.unit != "share" or not case.primary.startswith("churn_rate"):
        return ""
    before, difference = case.effect.baseline, case.effect.difference.mean
    if before is None or difference is None or not 0.0 <= before + difference <= 1.0:
        return ""
    customers = customers_needed(before, before + difference)
    if customers is None:
        return ""
    size = f"about {customers:,}" if customers <= _TOO_MANY_CUSTOMERS else f"more than {_TOO_MANY_CUSTOMERS:,}"
    return f"A real randomised test of an effect of this size would need {size} customers per arm, followed as long."


def _money(case: _Case) -> str:
    money, net = case.money, case.money.net
    if net.mean is None:
        return ""
    text = f"Net value {dollars(net.mean, plus=True)}"
    if case.experiment is not None:
        text += f" if all {case.experiment.everybody:,.0f} customers were in this arm and not in the baseline"
    if net.low is not None and net.high is not None:
        text += f" ({_CONFIDENCE} interval {dollars(net.low, plus=True)} to {dollars(net.high, plus=True)})"
        if net.low <= 0.0 <= net.high and net.low != net.high:
            text += ", so neither a gain nor a loss is shown"
    if money.beyond_horizon:
        # A verdict that rests on years nobody simulated has to say so.
        within = net.mean - money.beyond_horizon
        text += f"; {dollars(within, plus=True)} of it within the horizon, the rest beyond"
    roi = f"no ROI: {money.roi_reason}" if money.roi is None else f"ROI {100 * money.roi:,.0f} % (net over cost)"
    return f"{text}; {roi}." + _after(money.note)
