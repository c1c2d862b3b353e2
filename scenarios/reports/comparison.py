"""The report of a comparison: what was asked, assumed, found and not known, as a document."""

from shlex import quote
from typing import TYPE_CHECKING

from scenarios.comparison import decision_funnel
from scenarios.comparison.compare import version
from scenarios.comparison.stopping_rule import COVERAGE
from scenarios.files.model import BASELINE
from scenarios.metrics.definitions import Unit, dollars, metric, shown
from scenarios.reports.acquisition import acquisition_blocks, customers_text
from scenarios.reports.assumptions import assumptions
from scenarios.reports.document import Block, Code, Grid, Heading, Items, Paragraph
from scenarios.reports.experiment import division, experiment_blocks, interval_text
from scenarios.reports.review_queue import gate_blocks, unhelped_blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from journey.money.ledger import LedgerLine
    from journey.statistics.means import Estimate
    from scenarios.comparison.compare import Comparison
    from scenarios.comparison.money import Return
    from scenarios.metrics.effects import Effect


def report_on(found: "Comparison") -> list[Block]:
    """The report of a comparison."""
    scenario = found.loaded.scenario
    cut_short = (
        [Paragraph(f"Interrupted: {found.replications} of {found.asked} replications were complete and are used here.")]
        if found.interrupted
        else []
    )
    return [
        Heading(1, scenario.title),
        *cut_short,
        *([] if found.precision is None else [Paragraph(found.precision.sentence)]),
        *([Paragraph(scenario.question)] if scenario.question else []),
        Heading(2, "Verdict"),
        *(Paragraph(text) for text in found.verdict.text.splitlines()),
        *([Paragraph(f"What it teaches: {scenario.teaches}")] if scenario.teaches else []),
        *_arms(found),
        *acquisition_blocks(found),
        *_metrics(found),
        *_money(found),
        *_funnel(found),
        *unhelped_blocks(found, funnel_scale(found)),
        *gate_blocks(found),
        *_uncertainty(found),
        *assumptions(found.loaded),
        *_repeat(found),
    ]


def _arms(found: "Comparison") -> list[Block]:
    rows = []
    for setup in found.loaded.setups:
        arm = found.loaded.scenario.arms[setup.name]
        actions = "the policy's" if setup.actions is None else ", ".join(setup.actions) or "none"
        reviewers = str(setup.reviewers.count_for(setup.population.size)) if setup.active else "no orchestrator"
        rows.append((setup.name, arm.label, actions if setup.active else "none", reviewers))
    return [
        Heading(2, "Arms"),
        Paragraph(
            f"{customers_text(found)} over {found.days:g} days, in {counted(found.replications)}. In each, "
            f"{how_lived(found)}."
        ),
        Grid(("arm", "what it is", "actions", "reviewers"), tuple(rows), numbers_from=3),
    ]


def how_lived(found: "Comparison") -> str:
    """Who lives in which arm, as the end of a sentence."""
    if found.experiment is not None:
        return division(found.experiment)
    if found.acquisition:
        return "every arm has the customers that its own budget brings, and a prospect has the same luck in each"
    return "every arm is lived by the same customers on the same luck"


def _metrics(found: "Comparison") -> list[Block]:
    arms = list(found.arms)
    rows = [(found.about(name).label, *(_mean_text(found, arm, name) for arm in arms)) for name in found.arms[BASELINE]]
    blocks: list[Block] = [
        Heading(2, "Metrics"),
        Paragraph("Mean over replications, with its 95 % interval (simulation error)."),
        Grid(("metric", *arms), tuple(rows)),
    ]
    if found.experiment is not None:
        return [*blocks, *experiment_blocks(found, found.experiment)]
    for arm, effects in found.effects.items():
        blocks += [Heading(2, f"Differences: {arm} minus baseline"), Paragraph(_how_tested(found)), _effects(effects)]
    return blocks


def _mean_text(found: "Comparison", arm: str, name: str) -> str:
    return estimate_text(found.arms[arm][name], found.about(name).unit, interval=True)


def _how_tested(found: "Comparison") -> str:
    return (
        f"Paired over replications. The verdict rests on {metric(found.loaded.scenario.primary_metric).label}. "
        '"Shown" means that the null "no difference in this metric" is refuted at 95 %: the primary metric over all '
        "arms, the other metrics of an arm as one family, each with Holm's correction; the intervals themselves are "
        "not widened. Variance removed is (Var A + Var B) / Var(B - A): how many times more replications unpaired "
        "arms would have needed."
    )


def _effects(effects: "Mapping[str, Effect]") -> Grid:
    rows = []
    for name, effect in effects.items():
        unit = metric(name).unit
        rows.append(
            (
                metric(name).label,
                shown(effect.difference.mean, unit, difference=True),
                interval_text(effect.difference, unit),
                "yes" if effect.shown else "no",
                "n/a" if effect.difference.sd is None else shown(effect.difference.sd, unit),
                "n/a" if effect.variance_reduction is None else f"{effect.variance_reduction:.1f}",
                effect.note,
            )
        )
    columns = ("metric", "difference", "95 % interval", "shown", "cohort sd", "variance removed", "note")
    return Grid(columns, tuple(rows), numbers_to=6)


def _money(found: "Comparison") -> list[Block]:
    perspective = found.loaded.scenario.money.perspective
    blocks: list[Block] = [
        Heading(2, "Money"),
        Paragraph(
            f"From the perspective of {perspective}. {money_scale(found)} over the horizon, against the baseline; "
            "every dollar is counted once. Revenue is discounted; other lines are not."
        ),
    ]
    for arm, returned in found.roi.items():
        blocks += [Heading(3, f"{arm} against baseline"), _ledger(returned), Items(tuple(_bottom_line(returned)))]
    return blocks


def money_scale(found: "Comparison") -> str:
    """What the money is the money of."""
    if found.experiment is None:
        return "Mean per cohort"
    return f"As if all {found.experiment.everybody:,.0f} customers in the experiment were in the arm, mean per cohort"


def _ledger(found: "Return") -> Grid:
    rows = [
        (
            line.kind,
            line.name,
            quantity_text(line),
            dollars(line.unit_price),
            dollars(line.amount or 0.0),
            line.provenance,
        )
        for line in found.ledger.lines
    ]
    return Grid(
        ("kind", "line", "quantity", "unit price", "amount", "provenance"), tuple(rows), numbers_from=2, numbers_to=5
    )


def _bottom_line(found: "Return") -> list[str]:
    net = found.net
    interval = "" if net.low is None or net.high is None else f" (95 % interval {interval_text(net, 'dollars')})"
    lines = [
        f"Incremental value {dollars(found.ledger.value)}, incremental cost {dollars(found.ledger.cost)}.",
        f"Net {dollars(found.ledger.net)}{interval}.",
        f"ROI (net over cost): {100 * found.roi:,.0f} %." if found.roi is not None else f"No ROI: {found.roi_reason}.",
    ]
    if found.probability_positive is not None:
        lines.append(f"The net was positive in {100 * found.probability_positive:.0f} % of the replications.")
    if found.note:
        lines.append(found.note)
    if net.sd is not None:
        lines.append(f"From one cohort of this size to the next it varies by {dollars(net.sd)} (standard deviation).")
    return lines


def pairing(found: "Comparison", arm: str) -> str:
    """One sentence on the variance that the same luck removed from the primary metric's difference."""
    primary = found.loaded.scenario.primary_metric
    effect = found.effects[arm].get(primary)
    label = metric(primary).label
    if effect is None or effect.variance_reduction is None:
        return f"Variance removed by the same luck from the difference in {label}: unknown ({_why(effect)})."
    return (
        f"The same luck divided the variance of the difference in {label} by {effect.variance_reduction:.1f}: "
        "(Var A + Var B) / Var(B - A)."
    )


def _why(effect: "Effect | None") -> str:
    return "it was not measured" if effect is None else effect.note


def counted(replications: int) -> str:
    """``1 replication``, ``20 replications``."""
    return f"{replications:,} replication{'' if replications == 1 else 's'}"


def uncertainty(found: "Comparison") -> str:
    """One sentence that says what the intervals are, and what they are not."""
    return (
        f"Intervals are simulation error over {counted(found.replications)}: how well the model's mean is known. "
        "They say nothing about how far the world differs from its assumptions."
    )


def funnel_scale(found: "Comparison") -> str:
    """What the funnel counts are counts of."""
    return "mean per cohort" if found.experiment is None else "mean over experiments, each arm's own customers"


def _funnel(found: "Comparison") -> list[Block]:
    rows = []
    for label, counts, total in decision_funnel.rows(found.funnels):
        name = label if total else f"of them: {label}"
        rows.append((name, *(shown(count, "count") for count in counts)))
    return [
        Heading(2, "The decision funnel"),
        Paragraph(
            f"What became of every evaluation of a customer, {funnel_scale(found)}: which rule took it out, what the "
            "reviewers decided, what was done and what came of it. Lines that are 0 in every arm are left out."
        ),
        Grid(("step", *found.funnels), tuple(rows)),
    ]


def _uncertainty(found: "Comparison") -> list[Block]:
    stopping = () if found.precision is None else (COVERAGE,)
    return [
        Heading(2, "What the uncertainty is, and is not"),
        Items(
            (
                *stopping,
                (
                    "Simulation error: the intervals. It shrinks to nothing with more replications, and says only "
                    "how well the model's mean is known."
                ),
                _cohort_variation(found),
                (
                    "Parameter uncertainty: in neither. Effects, hazards and prices below are assumptions; change "
                    "them with --set and look how far the verdict holds."
                ),
            )
        ),
    ]


def _cohort_variation(found: "Comparison") -> str:
    if found.experiment is not None:
        return (
            "Cohort variation: how far one experiment of this size falls from the mean. It is what the column power "
            "rests on, and stands in the JSON as cohort_sd; more replications do not shrink it, more customers do."
        )
    if found.acquisition:
        return (
            "Cohort variation: the column cohort sd. It is how the difference would vary from one year's prospects to "
            "the next, if the same prospects could meet every arm's budget; more replications do not shrink it."
        )
    return (
        "Cohort variation: the column cohort sd. It is how the difference would vary between one company "
        f"of {found.customers:,} such customers and the next, if each could live every arm on the same "
        "luck; more replications do not shrink it. Two companies, or one before and after, differ by more: "
        "their luck is not the same."
    )


def _repeat(found: "Comparison") -> list[Block]:
    return [
        Heading(2, "How to repeat it"),
        Code(repeat_command(found)),
        Items(
            (
                f"scenario {found.loaded.name}, hash {found.loaded.hash}",
                f"seed {found.seed}, {found.replications} replications, mode {found.mode}",
                f"journeylab {version()}, engine {found.engine}",
            )
        ),
    ]


def repeat_command(found: "Comparison") -> str:
    """The command that gives the same result again."""
    replications, more = found.replications, ""
    if found.precision is not None and not found.interrupted:
        asked, replications = found.precision.asked, found.precision.minimum
        more = "".join(f" --precision {quote(f'{name}={target:g}')}" for name, target in asked.targets.items())
        more += f" --max-replications {asked.maximum}"
    if found.experiment is not None:
        more += f" --mode {found.mode}{' --truth' if found.experiment.split.truth else ''}"
    more += "".join(f" --set {quote(given)}" for given in found.loaded.overridden)
    return f"journey compare {quote(found.loaded.name)} --seed {found.seed} --replications {replications}{more}"


def estimate_text(found: "Estimate", unit: Unit, *, interval: bool = False) -> str:
    """A mean for people, with its interval if asked for and known."""
    text = shown(found.mean, unit)
    if not interval or found.low is None or found.high is None:
        return text
    return f"{text} [{shown(found.low, unit)}, {shown(found.high, unit)}]"


def quantity_text(line: "LedgerLine") -> str:
    """A line's quantity with its unit."""
    quantity = line.quantity or 0.0
    amount = f"{quantity:,.0f}" if abs(quantity) >= 100 else f"{quantity:,.1f}"
    return f"{amount} {line.unit}"
