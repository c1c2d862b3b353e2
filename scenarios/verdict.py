"""The verdict: what a comparison shows, in words that name the metric, the null and the interval.

"No difference shown" is a valid answer; then the verdict says how many replications, and how many customers in a real
test, would show a difference of the size that was seen.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal

from scenarios.metrics import dollars, metric, shown
from scenarios.statistics import CONFIDENCE, POWER, customers_needed, replications_needed

if TYPE_CHECKING:
    from scenarios.effects import Effect
    from scenarios.money import Return

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
    """What is found about every arm but the baseline, and all of it in words."""

    findings: dict[str, Finding]

    @property
    def text(self) -> str:
        """The verdict as one paragraph an arm."""
        return "\n".join(" ".join(filter(None, (f.effect, f.money))) for f in self.findings.values())


def judge(
    primary: str,
    effects: Mapping[str, Mapping[str, "Effect"]],
    money: Mapping[str, "Return"],
    *,
    replications: int,
    identical: Collection[str] = (),
) -> Verdict:
    """The verdict on every arm.

    Args:
        primary: The metric that it rests on.
        effects: Per arm and metric.
        money: Per arm.
        replications: How many are complete.
        identical: Arms that differ from the baseline in nothing but their name.
    """
    return Verdict(
        {
            arm: _identical(arm)
            if arm in identical
            else _judged(arm, primary, metrics.get(primary), money[arm], replications)
            for arm, metrics in effects.items()
        }
    )


def _identical(arm: str) -> Finding:
    return Finding("identical", f"{arm}: no difference: the arms are identical.", "")


def _judged(arm: str, primary: str, effect: "Effect | None", money: "Return", replications: int) -> Finding:
    about = metric(primary)
    if effect is None or effect.difference.mean is None:
        return Finding("unknown", f"{arm}: {about.label} was never measured in both arms, so nothing is shown.", "")
    found = effect.difference
    if found.low is None or found.high is None:
        change = shown(found.mean, about.unit, difference=True)
        text = (
            f"{arm}: {about.label} differs by {change} in one replication, which gives no interval and shows nothing; "
            "run at least 2 replications."
        )
        return Finding("unknown", text, _money(money))
    if found.sd == 0.0 and found.mean == 0.0:
        return Finding(
            "no_difference_shown",
            f"{arm}: no difference shown in {about.label}: it was the same in every one of {replications} "
            "replications.",
            _money(money),
        )
    if not effect.shown:
        return Finding("no_difference_shown", _not_shown(arm, primary, effect), _money(money))
    return Finding(_outcome(found.mean or 0.0, about.better), _shown(arm, primary, effect), _money(money))


def _outcome(difference: float, better: str | None) -> Outcome:
    if better is None:
        return "different"
    return "better" if (difference < 0.0) == (better == "lower") else "worse"


def _interval(primary: str, effect: "Effect") -> str:
    unit, found = metric(primary).unit, effect.difference
    low, high = (shown(bound, unit, difference=True) for bound in (found.low, found.high))
    return f"simulation error: {_CONFIDENCE} interval {low} to {high} over {found.n} replications"


def _shown(arm: str, primary: str, effect: "Effect") -> str:
    about, difference = metric(primary), effect.difference.mean or 0.0
    way = "lower" if difference < 0.0 else "higher"
    judged = {"better": ", which is better", "worse": ", which is worse"}.get(_outcome(difference, about.better), "")
    size = shown(abs(difference), about.unit, difference=True).lstrip("+")
    return (
        f"{arm}: {about.label} is {size} {way} than in the baseline{judged} ({_interval(primary, effect)}; "
        f"null: no difference in {about.label}, refuted in this model)." + _after(_real_test(primary, effect))
    )


def _after(sentence: str) -> str:
    return f" {sentence}" if sentence else ""


def _not_shown(arm: str, primary: str, effect: "Effect") -> str:
    about, found = metric(primary), effect.difference
    change = shown(found.mean, about.unit, difference=True)
    leaves_out_zero = found.low is not None and found.high is not None and not found.low <= 0.0 <= found.high
    together = " once all arms are tested together, by Holm's correction" if leaves_out_zero else ""
    text = (
        f"{arm}: no difference shown in {about.label}: {change} ({_interval(primary, effect)}; null: no difference in "
        f"{about.label}, not refuted{together})."
    )
    return f"{text} {_needed(primary, effect)}"


def _needed(primary: str, effect: "Effect") -> str:
    """What it would take to show a difference of the size that was seen."""
    found = effect.difference
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
    return text + _after(_real_test(primary, effect))


def _real_test(primary: str, effect: "Effect") -> str:
    """For a share of customers: the size of a real, randomised test."""
    if metric(primary).unit != "share" or not primary.startswith("churn_rate"):
        return ""
    before, difference = effect.baseline, effect.difference.mean
    if before is None or difference is None or not 0.0 <= before + difference <= 1.0:
        return ""
    customers = customers_needed(before, before + difference)
    if customers is None:
        return ""
    size = f"about {customers:,}" if customers <= _TOO_MANY_CUSTOMERS else f"more than {_TOO_MANY_CUSTOMERS:,}"
    return f"A real randomised test of an effect of this size would need {size} customers per arm, followed as long."


def _money(money: "Return") -> str:
    net = money.net
    if net.mean is None:
        return ""
    text = f"Net value {dollars(net.mean, plus=True)}"
    if net.low is not None and net.high is not None:
        text += f" ({_CONFIDENCE} interval {dollars(net.low, plus=True)} to {dollars(net.high, plus=True)})"
        if net.low <= 0.0 <= net.high and net.low != net.high:
            text += ", so neither a gain nor a loss is shown"
    if money.beyond_horizon:
        # A verdict that rests on years nobody simulated has to say so.
        within = net.mean - money.beyond_horizon
        text += f"; {dollars(within, plus=True)} of it within the horizon, the rest beyond"
    if money.roi is not None:
        return f"{text}; ROI {100 * money.roi:,.0f} % (net over cost)."
    return f"{text}; no ROI: {money.roi_reason}."
