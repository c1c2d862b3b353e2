"""Guardrails of a comparison as sentences and a table, for the terminal and for reports."""

from functools import partial
from typing import TYPE_CHECKING

from journey.statistics.means import CONFIDENCE
from journey.statistics.non_inferiority import SIGN_TEST_REPLICATIONS
from scenarios.metrics.definitions import format_metric
from scenarios.reports.document import Block, Grid, Heading, Paragraph
from scenarios.text.phrases import format_confidence, format_interval

if TYPE_CHECKING:
    from scenarios.comparison.compare import Comparison
    from scenarios.comparison.guardrails import GuardrailResult

_COLUMNS = ("arm", "metric", "margin", "difference", f"{format_confidence(CONFIDENCE)} interval", "guardrail")

_TESTED = (
    "The margin is the worst accepted change. A guardrail holds if the whole interval is better than the margin "
    "(non-inferiority, one-sided at 2.5 %). It is broken if the whole interval is worse, and not shown otherwise. All "
    "guardrails of an arm must hold, so their number needs no correction (Berger 1982)."
)


def guardrail_blocks(comparison: "Comparison") -> list[Block]:
    """The guardrails with their results; empty for a scenario without any."""
    if not comparison.guardrails:
        return []
    source = (
        "The intervals are simulation error: more replications shrink them."
        if comparison.experiment is None
        else "The intervals are over replications, each one experiment. Totals and their margins are per customer."
    )
    if any(result.has_too_few_equal_differences for result in comparison.guardrails):
        source += (
            " A difference that is the same in every replication is tested by its sign, which takes "
            f"{SIGN_TEST_REPLICATIONS} replications."
        )
    rows = tuple(_build_row(result) for result in comparison.guardrails)
    return [
        Heading(2, "Guardrails"),
        Grid(_COLUMNS, rows, numbers_from=2, numbers_to=5),
        Paragraph(f"{_TESTED} {source}"),
    ]


def _build_row(result: "GuardrailResult") -> tuple[str, ...]:
    format_change = partial(format_metric, unit=result.metric.unit, difference=True, is_nonzero=True)
    return (
        result.arm,
        result.metric.label,
        format_change(result.guardrail.margin),
        format_change(result.difference.mean),
        format_interval(result.difference.low, result.difference.high, format_change, missing="none"),
        result.outcome.replace("_", " "),
    )
