"""The verdict: the result of a comparison in words that name the metric, the null hypothesis and the interval.

"No significant difference" is a valid result. The verdict then states how many replications, and how many customers in
a real test, would show a difference of the observed size.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from journey.money.format import format_dollars
from journey.statistics.means import CONFIDENCE, POWER
from scenarios.comparison.sample_sizes import RequiredReplications, compute_required_replications, describe_real_test
from scenarios.metrics.definitions import Metric, format_metric
from scenarios.metrics.effects import format_tested_bounds
from scenarios.metrics.practical_effects import describe_practical_effect
from scenarios.text.phrases import format_confidence, pluralise

if TYPE_CHECKING:
    from scenarios.comparison.guardrails import GuardrailResult
    from scenarios.comparison.money import Return
    from scenarios.experiment.analysis import Experiment
    from scenarios.metrics.effects import Effect

Outcome = Literal["better", "worse", "different", "no_difference_shown", "identical", "unknown", "guardrail_broken"]

_CONFIDENCE = format_confidence(CONFIDENCE)


@dataclass(frozen=True, slots=True)
class Finding:
    """The finding on one arm.

    Attributes:
        outcome: The outcome on the primary metric; ``guardrail_broken`` whatever it is, if a guardrail is broken.
        effect: The sentences about the primary metric and the guardrails.
        money: The sentence about money.
        headline: The result in one or two sentences, for a first screen.
        required_replications: Replications that would show a difference of the observed size; None where the difference
            is significant, or 0, or has no interval.
    """

    outcome: Outcome
    effect: str
    money: str
    headline: str
    required_replications: RequiredReplications | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings on every arm except the baseline.

    Attributes:
        findings: The findings by arm.
        warnings: Warnings that put all findings in doubt.
        breaches: The broken guardrails, one sentence each.
    """

    findings: dict[str, Finding]
    warnings: tuple[str, ...] = ()
    breaches: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The verdict as text: the broken guardrails, the warnings, then one paragraph per arm."""
        return "\n".join((*self.breaches, *self.warnings, *self.paragraphs))

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The findings in full, one paragraph per arm."""
        return tuple(" ".join(filter(None, (f.effect, f.money))) for f in self.findings.values())

    @property
    def headlines(self) -> tuple[str, ...]:
        """The findings in short, one or two sentences per arm."""
        return tuple(finding.headline for finding in self.findings.values())


class _Case(NamedTuple):
    """One arm's effect on the primary metric, and the experiment, if any."""

    arm: str
    primary: str
    metric: Metric
    effect: "Effect"
    money: "Return"
    replications: int
    experiment: "Experiment | None"


def build_verdict(
    primary: str,
    metric: Metric,
    effects: Mapping[str, Mapping[str, "Effect"]],
    money: Mapping[str, "Return"],
    *,
    replications: int,
    identical: Collection[str] = (),
    experiment: "Experiment | None" = None,
    guardrails: Sequence["GuardrailResult"] = (),
) -> Verdict:
    """The verdict on every arm.

    Args:
        primary: Name of the primary metric.
        metric: Its definition.
        effects: The effects by arm and metric.
        money: The returns by arm.
        replications: Number of complete replications.
        identical: Arms that differ from the baseline only in their name.
        experiment: The experiment, in randomised mode.
        guardrails: The results for the guardrails of all arms.
    """
    findings = {}
    for arm, arm_effects in effects.items():
        effect = arm_effects.get(primary)
        if arm in identical:
            findings[arm] = _identical_finding(arm, randomised=experiment is not None)
        elif effect is None or effect.difference.mean is None:
            text = f"{arm}: {metric.label} was never measured in both arms, so there is no result."
            findings[arm] = Finding("unknown", text, "", text)
        else:
            findings[arm] = _judge_arm(_Case(arm, primary, metric, effect, money[arm], replications, experiment))
    judged = {
        arm: _add_guardrails(finding, [result for result in guardrails if result.arm == arm])
        for arm, finding in findings.items()
    }
    breaches = tuple(f"{result.arm}: {result.sentence}." for result in guardrails if result.outcome == "broken")
    return Verdict(judged, () if experiment is None else experiment.warnings, breaches)


def _add_guardrails(finding: Finding, results: Sequence["GuardrailResult"]) -> Finding:
    """The finding with the guardrails of its arm; one that breaks a guardrail is not called better."""
    if not results:
        return finding
    sentences, outcome = [], finding.outcome
    broken = [result.metric.label for result in results if result.outcome == "broken"]
    holding = [result.metric.label for result in results if result.outcome == "holds"]
    if broken:
        outcome = "guardrail_broken"
        sentences.append(f"The arm is not acceptable, because a guardrail is broken: {', '.join(broken)}.")
    sentences += [
        f"{result.sentence[:1].upper()}{result.sentence[1:]}." for result in results if result.outcome == "not_shown"
    ]
    if holding:
        sentences.append(f"Guardrails that hold: {', '.join(holding)}.")
    text = " ".join(sentences)
    return replace(finding, outcome=outcome, effect=f"{finding.effect} {text}", headline=f"{finding.headline} {text}")


def _identical_finding(arm: str, *, randomised: bool) -> Finding:
    chance = " An experiment between them (an A/A test) finds differences by chance alone." if randomised else ""
    text = f"{arm}: no difference: the arms are identical.{chance}"
    return Finding("identical", text, "", text)


def _judge_arm(case: _Case) -> Finding:
    arm, about, effect, money = case.arm, case.metric, case.effect, _money_text(case)
    found, net = effect.difference, _prefix_space(_net_headline(case))
    if found.low is None or found.high is None:
        change = format_metric(found.mean, about.unit, difference=True)
        text = (
            f"{arm}: {about.label} differs by {change} in one replication, which gives no interval and no result; "
            "run at least 2 replications."
        )
        return Finding("unknown", text, money, text + net)
    if found.sd == 0.0 and found.mean == 0.0:
        text = f"{arm}: no significant difference in {about.label}: it is identical in {_all_text(case)}."
        return Finding("no_difference_shown", text, money, text + net)
    matters = _prefix_space(describe_practical_effect(effect, about))
    if not effect.is_significant:
        headline = f"{_not_significant_claim(case)} ({_short_interval_text(case)}).{matters}{net}"
        required = compute_required_replications(case.effect)
        return Finding("no_difference_shown", _not_significant_text(case), money, headline, required)
    headline = f"{_significant_claim(case)} ({_short_interval_text(case)}).{matters}{net}"
    return Finding(_classify_difference(found.mean or 0.0, about.better), _significant_text(case), money, headline)


def _classify_difference(difference: float, better: str | None) -> Outcome:
    if better is None:
        return "different"
    return "better" if (difference < 0.0) == (better == "lower") else "worse"


def _short_interval_text(case: _Case) -> str:
    """The interval on which the verdict rests."""
    interval = format_tested_bounds(case.effect, case.metric.unit)
    if not interval:
        return "no interval: it is the same in every replication"
    return f"{format_confidence(case.effect.tested.confidence)} interval {interval}"


def _interval_text(case: _Case) -> str:
    return f"simulation error: {_short_interval_text(case)} over {_count_text(case)}"


def _all_text(case: _Case) -> str:
    measured, used = case.effect.difference.n, case.replications
    all_measured = f"all {pluralise(measured, 'replication')}"
    return all_measured if measured == used else f"{all_measured} that measured both arms, of {used:,}"


def _count_text(case: _Case) -> str:
    """The replications that measured both arms: ``7 of 8 replications``, or ``8 replications`` if all did."""
    measured, used = case.effect.difference.n, case.replications
    return pluralise(used, "replication") if measured == used else f"{measured:,} of {used:,} replications"


def _significant_claim(case: _Case) -> str:
    """The difference in words: ``treated: churn rate is 0.48 pp lower than in the baseline, which is better``."""
    about, difference = case.metric, case.effect.difference.mean or 0.0
    direction = "lower" if difference < 0.0 else "higher"
    judgement = {"better": ", which is better", "worse": ", which is worse"}.get(
        _classify_difference(difference, about.better), ""
    )
    size = format_metric(abs(difference), about.unit, difference=True).lstrip("+")
    return f"{case.arm}: {about.label} is {size} {direction} than in the baseline{judgement}"


def _significant_text(case: _Case) -> str:
    return (
        f"{_significant_claim(case)} ({_interval_text(case)}; "
        f"null hypothesis: no difference in {case.metric.label}, rejected in this model)."
        + _prefix_space(describe_practical_effect(case.effect, case.metric))
        + _prefix_space(_single_experiment_text(case))
        + _prefix_space(describe_real_test(case.metric, case.effect))
    )


def _prefix_space(sentence: str) -> str:
    return f" {sentence}" if sentence else ""


def _not_significant_claim(case: _Case) -> str:
    change = format_metric(case.effect.difference.mean, case.metric.unit, difference=True)
    return f"{case.arm}: no significant difference in {case.metric.label}: {change}"


def _not_significant_text(case: _Case) -> str:
    about, found = case.metric, case.effect.difference
    excludes_zero = found.low is not None and found.high is not None and not found.low <= 0.0 <= found.high
    correction = " after Holm's correction for the number of arms" if excludes_zero else ""
    text = (
        f"{_not_significant_claim(case)} ({_interval_text(case)}; null "
        "hypothesis: no "
        f"difference in {about.label}, not rejected{correction})."
    )
    text += _prefix_space(describe_practical_effect(case.effect, case.metric))
    return f"{text}{_prefix_space(_single_experiment_text(case))} {_required_replications_text(case)}"


def _single_experiment_text(case: _Case) -> str:
    """The power of one experiment of this size."""
    if case.experiment is None:
        return ""
    estimates, customers = case.experiment.estimates[case.arm][case.primary], case.experiment.customers
    treated_customers, baseline_customers = customers[case.arm], next(iter(customers.values()))
    size = (
        f"One experiment of this size ({treated_customers:,.0f} customers, {baseline_customers:,.0f} in the baseline)"
    )
    tests, power = estimates.proportions, estimates.power
    if tests is not None and tests.refuted_share is not None:
        return (
            f"{size} rejected the null hypothesis in {tests.refuted} of {pluralise(tests.experiments, 'replication')} "
            f"({tests.single_test} test at 5 %)."
        )
    if power is None:
        return ""
    return (
        f"{size} would reject the null hypothesis with a probability of about {100 * power.value:.0f} % "
        f"({_CONFIDENCE} interval {100 * power.low:.0f} % to {100 * power.high:.0f} %)."
    )


def _required_replications_text(case: _Case) -> str:
    """The number of replications that would show a difference of the observed size, and the size of a real test."""
    runs = compute_required_replications(case.effect)
    if runs is None:
        return _no_required_replications_text(case)
    text = f"Replications that would show a difference of this size ({100 * POWER:.0f} % power): {runs}."
    return text + _prefix_space(describe_real_test(case.metric, case.effect))


def _no_required_replications_text(case: _Case) -> str:
    if not case.effect.difference.mean:
        return "The observed difference is 0, so no number of replications can be given."
    return "It does not vary, so its sign alone is tested, and too few replications have it."


def _net_text(case: _Case) -> str:
    """The net with its interval, without a full stop; empty where there is no net."""
    net = case.money.net
    if net.mean is None:
        return ""
    text = f"Net value {format_dollars(net.mean, show_plus=True)}"
    if case.experiment is not None:
        text += f" if all {case.experiment.total_customers:,.0f} customers were in this arm instead of the baseline"
    if net.low is not None and net.high is not None:
        text += (
            f" ({_CONFIDENCE} interval {format_dollars(net.low, show_plus=True)} to "
            f"{format_dollars(net.high, show_plus=True)})"
        )
        if not case.money.is_net_significant and net.low != net.high:
            text += ", so neither a gain nor a loss is significant"
    return text


def _net_headline(case: _Case) -> str:
    text = _net_text(case)
    no_interval = " (no interval)" if case.money.net.low is None else ""
    return f"{text}{no_interval}." if text else ""


def _money_text(case: _Case) -> str:
    money, net = case.money, case.money.net
    if net.mean is None:
        return ""
    text = _net_text(case)
    if money.beyond_horizon:
        # Value beyond the horizon was not simulated, so the verdict states it separately.
        within = net.mean - money.beyond_horizon
        text += f"; {format_dollars(within, show_plus=True)} of it within the horizon, the rest beyond"
    if money.is_net_significant:
        text += f"; {describe_roi(money)}"
    return f"{text}." + _prefix_space(money.note)


def describe_roi(money: "Return") -> str:
    """The ROI (net divided by cost) with its interval as a phrase, or why there is none."""
    if money.roi is None:
        return f"no ROI: {money.roi_reason}"
    if money.roi_interval is None:
        few = "one replication gives no interval"
        return f"no ROI: {few if money.net.n < 2 else 'the cost does not differ significantly from 0'}"
    low, high = money.roi_interval
    return f"ROI (net divided by cost) {money.roi:,.2f} ({_CONFIDENCE} interval {low:,.2f} to {high:,.2f})"
