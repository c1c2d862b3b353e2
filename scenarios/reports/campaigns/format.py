"""How the parts of a campaign evaluation are written, in tables on the terminal and in reports alike."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from journey.money.format import format_dollars, format_exact_dollars
from scenarios.reports.evaluation_summary import format_kpi
from scenarios.text.phrases import format_interval, format_name

if TYPE_CHECKING:
    from journey.kpis import Kpi
    from journey.marketing.core.findings import MarketingFinding
    from journey.marketing.evaluation import CampaignEvaluation
    from journey.marketing.views.funnel import FunnelRow

Row = Mapping[str, Any]
"""A row of a section of the evaluation."""

FLAG_LABELS = {
    "not_recorded": "not recorded: unknown, not 0",
    "counted_twice": "counted twice: unknown",
    "over_one": "more than the preceding step: not nested",
    "not_trusted": "low data trust",
    "drop_off": "significant drop-off",
    "mixed_sources": "two sources: interval assumes nested counts",
}
"""The meaning of each flag of a funnel row."""

FUNNEL_COLUMNS = (
    "campaign",
    "segment",
    "channel",
    "day",
    "step",
    "count",
    "of preceding step",
    "95 % interval",
    "note",
)
FINDING_COLUMNS = ("severity", "code", "record", "campaign", "amount", "finding")


def format_as_of(evaluation: "CampaignEvaluation", *, latest: bool) -> str:
    """The date of the evaluation as text."""
    from journey.decision.as_of import format_moment

    if evaluation.as_of is None:
        return "no date in the records"
    return format_moment(evaluation.as_of) + (" (the latest date in the records)" if latest else "")


def funnel_cells(row: "FunnelRow") -> tuple[str, ...]:
    """One step of the funnel, by `FUNNEL_COLUMNS`."""
    return (
        row.campaign_id,
        row.segment_id,
        row.channel_id,
        row.date.isoformat(),
        row.stage,
        "unknown" if row.count is None else f"{row.count:,}",
        "" if row.conversion is None else f"{row.conversion:.1%}",
        format_interval(row.ci_low, row.ci_high, "{:.1%}".format),
        FLAG_LABELS.get(row.flag or "", ""),
    )


def finding_cells(finding: "MarketingFinding") -> tuple[str, ...]:
    """One finding, by `FINDING_COLUMNS`."""
    return (
        str(finding.severity),
        finding.code,
        finding.record or finding.dataset,
        finding.campaign_id or "",
        "" if finding.amount is None else format_exact_dollars(finding.amount),
        finding.message,
    )


ROLLUP_COLUMNS = (
    "campaign",
    "segment",
    "impressions",
    "conversions",
    "spend",
    "KPI",
    "95 % interval",
    "trend",
    "recommendation",
    "recorded",
    "reason",
)
EXPERIMENT_COLUMNS = ("experiment", "metric", "control", "variant", "lift", "interval", "p (Holm)", "result", "reason")
CREDIT_COLUMNS = ("campaign", "from", "method", "channel", "conversions", "share", "value", "removal effect")
KPI_COLUMNS = ("KPI", "value", "n", "status", "definition")
TARGET_COLUMNS = ("campaign", "metric", "actual", "target", "95 % interval", "verdict", "note")
JOURNEY_COLUMNS = (
    "campaign",
    "step",
    "segment",
    "entered",
    "continued",
    "conversion",
    "95 % interval",
    "compared with other segments",
)
CAPITAL_COLUMNS = ("action", "campaign", "from", "to", "amount", "reason", "status", "trail", "findings")


def format_percent(value: float | None, digits: int = 2) -> str:
    """A share as a percentage; ``unknown`` where it is None."""
    return "unknown" if value is None else f"{value:.{digits}%}"


def format_count(value: float | None) -> str:
    """A count; ``unknown`` where it is None."""
    return "unknown" if value is None else f"{value:,.0f}"


def rollup_cells(row: Row) -> tuple[str, ...]:
    """One rollup, by `ROLLUP_COLUMNS`."""
    trend = row["trend_vs_prior_window"]
    recorded = row["recorded"]
    return (
        row["campaign_id"],
        row["segment_id"],
        format_count(row["impressions"]),
        format_count(row["conversions"]),
        format_exact_dollars(row["spend"]),
        format_percent(row["kpi_value"]),
        format_interval(row["ci_low"], row["ci_high"], "{:.2%}".format),
        "unknown" if trend is None else f"{trend:+.0%}",
        row["recommendation"],
        "" if recorded is None else recorded["recommendation"] or "",
        "; ".join([row["reason"], *row["notes"]]),
    )


def difference_lines(rows: list[Row]) -> list[str]:
    """One sentence for each recorded rollup that differs from performance."""
    lines = []
    for row in rows:
        if not row["differences"]:
            continue
        differences = ", ".join(
            f"{each['field']} {_format_value(each['recorded'])} ({_format_value(each['computed'])})"
            for each in row["differences"]
        )
        lines.append(
            f"{row['recorded']['rollup_id']} ({row['campaign_id']}, {row['segment_id']}) records {differences}"
        )
    return lines


def _format_value(value: object) -> str:
    if value is None:
        return "unknown"
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def experiment_cells(row: Row) -> tuple[str, ...]:
    """One experiment, by `EXPERIMENT_COLUMNS`; p-value and interval are those that the result rests on."""
    call = f"{row['winner']} wins" if row["winner"] else row["call"]
    return (
        row["experiment_id"],
        f"{row['metric']} ({row['definition']})" if row["definition"] else row["metric"] or "none",
        _format_arm(row["control"]),
        _format_arm(row["variant"]),
        "unknown" if row["lift"] is None else f"{row['lift']:+.1%}",
        format_interval(row["tested_ci_low"], row["tested_ci_high"], "{:+.1%}".format),
        "" if row["p_adjusted"] is None else f"{row['p_adjusted']:.3g}",
        call,
        "; ".join(part for part in (row["reason"], row["lift_reason"], *row["notes"]) if part),
    )


def _format_arm(arm: Row) -> str:
    if arm["rate"] is None:
        return arm["asset_id"] or "none"
    return f"{arm['asset_id']} {arm['rate']:.2%} ({arm['count']:,} of {arm['n']:,})"


def credit_cells(row: Row) -> tuple[str, ...]:
    """One credit, by `CREDIT_COLUMNS`."""
    effect = row["removal_effect"]
    return (
        row["campaign_id"] or "not recorded",
        row["basis"],
        format_name(row["method"]) + (f", order {row['order']}" if (row["order"] or 1) > 1 else ""),
        row["channel_id"],
        "unknown" if row["conversions"] is None else f"{row['conversions']:,.1f}",
        "" if row["share"] is None else f"{row['share']:.0%}",
        "" if row["value"] is None else format_exact_dollars(row["value"]),
        "" if effect is None else f"{effect:.1%}",
    )


def credit_reasons(rows: list[Row]) -> list[str]:
    """The reasons for missing credit, without duplicates."""
    return list(
        dict.fromkeys(f"{row['campaign_id'] or 'From paths'}: {row['reason']}." for row in rows if row["reason"])
    )


def target_cells(row: Row, name: str) -> tuple[str, ...]:
    """One target, by `TARGET_COLUMNS`."""
    format_value = format_exact_dollars if row["unit"] == "dollars" else format_percent
    return (
        row["campaign_id"],
        name.removeprefix(f"{row['campaign_id']} "),
        format_value(row["value"]),
        "none" if row["target"] is None else format_value(row["target"]),
        format_interval(row["ci_low"], row["ci_high"], "{:.2%}".format),
        row["verdict"],
        row["reason"] or "",
    )


def kpi_cells(name: str, kpi: "Kpi") -> tuple[str, ...]:
    """One KPI, by `KPI_COLUMNS`; shares have two decimals, because rates of campaigns are small."""
    value = format_percent(kpi.value) if kpi.unit == "share" else format_kpi(kpi)
    return name, value, f"{kpi.n:,}", kpi.status, kpi.definition


def journey_cells(row: Row) -> tuple[str, ...]:
    """One step of a journey, by `JOURNEY_COLUMNS`."""
    against = row["verdict"] or ""
    if row["p_value"] is not None:
        against += f" (others {row['elsewhere']:.1%}, p = {row['p_value']:.2g})"
    return (
        row["campaign_id"],
        f"{row['from_stage']} to {row['stage']}",
        row["segment_id"] or "all",
        format_count(row["came"]),
        format_count(row["went_on"]),
        format_percent(row["conversion"], 1),
        format_interval(row["ci_low"], row["ci_high"], "{:.1%}".format),
        against,
    )


def format_amount(row: Row) -> str:
    """The amount of a budget action; in another currency than dollars with its code."""
    return (
        format_exact_dollars(row["amount"]) if row["currency"] == "USD" else f"{row['amount']:,.2f} {row['currency']}"
    )


def capital_cells(row: Row, noticed: str) -> tuple[str, ...]:
    """One recorded budget action, by `CAPITAL_COLUMNS`."""
    trail = "; ".join(_format_step(step) for step in row["trail"] if step["who"] or step["at"])
    return (
        row["budget_action_id"],
        row["campaign_id"],
        row["from_channel_id"],
        row["to_channel_id"],
        format_amount(row),
        format_name(row["reason_code"] or "not recorded"),
        format_name(row["status"]),
        trail + (" (log)" if row["trail_from"] == "log" else ""),
        noticed,
    )


def _format_step(step: Row) -> str:
    who = f"by {step['who']}" if step["who"] else "by an unnamed person"
    return f"{step['what']} {who}" + (f" {step['at'].replace('T', ' ')[:16]}" if step["at"] else "")


PROPOSAL_COLUMNS = (
    "campaign",
    "from",
    "to",
    "amount",
    "reason",
    "approval",
    "expected gain",
    "95 % interval",
    "details",
)
CHANNEL_COLUMNS = ("campaign", "channel", "to give", "based on", "return per dollar", "95 % interval", "note")
RISK_COLUMNS = (
    "risk",
    "campaign",
    "type",
    "severity",
    "status",
    "days",
    "exposure",
    "review",
    "recommended action",
    "evidence",
)

BASIS_LABELS = {"opening": "opening balance", "spend": "spend so far", "unknown": "nothing recorded"}
"""What a balance is computed from."""


def proposal_cells(row: Row) -> tuple[str, ...]:
    """One proposal, by `PROPOSAL_COLUMNS`."""
    return (
        row["campaign_id"],
        row["from_channel_id"],
        row["to_channel_id"],
        format_exact_dollars(row["amount"]),
        format_name(row["reason_code"]),
        "human" if row["requires_human_approval"] else "automatic",
        format_dollars(row["expected_gain"]),
        format_interval(row["gain_low"], row["gain_high"], format_dollars),
        " ".join(row["reasons"]),
    )


def channel_cells(row: Row) -> tuple[str, ...]:
    """One channel, by `CHANNEL_COLUMNS`."""
    known = row["return_per_dollar"] is not None
    barred = (
        f"receives no budget while {', '.join(row['risks'])} {'is' if len(row['risks']) == 1 else 'are'} open"
        if row["risks"]
        else ""
    )
    return (
        row["campaign_id"],
        row["channel_id"],
        format_exact_dollars(row["available"]),
        BASIS_LABELS[row["basis"]],
        f"{row['return_per_dollar']:.2f}" if known else "unknown",
        format_interval(row["return_low"], row["return_high"], "{:.2f}".format) if known else "",
        "; ".join(note for note in (row["available_note"], row["left_out"], barred) if note),
    )


def risk_cells(row: Row) -> tuple[str, ...]:
    """One risk, by `RISK_COLUMNS`."""
    computed = row["computed_severity"]
    differs = f" (computed: {computed})" if computed not in (None, row["severity"]) else ""
    return (
        row["risk_id"],
        row["campaign_id"],
        format_name(row["risk_type"]),
        row["severity"] + differs,
        format_name(row["status"]),
        "" if row["age_days"] is None else f"{row['age_days']}{' (overdue)' if row['overdue'] else ''}",
        format_dollars(row["exposure"]),
        "human review" if row["requires_human_review"] else "",
        format_name(row["recommended_action"] or ""),
        row["message"],
    )


def budget_lines(budget: Row) -> list[str]:
    """One sentence each on the decisions, pending transfers, effects of transfers, and proof of approvals."""
    return [
        *(f"{row['campaign_id']}: {row['message']}" for row in budget["decisions"]),
        *(
            f"{row['transfer_id']} ({format_amount(row)} from {row['from_channel_id']} to "
            f"{row['to_channel_id']}) "
            f"is {row['status']}: {row['message']}"
            for row in budget["waiting"]
        ),
        *(f"After {row['budget_action_id']}: {row['message']}" for row in budget["before_after"]),
        f"Approval before spend ({format_name(budget['governance']['verdict'])}): {budget['governance']['message']}",
    ]


def proposal_lines(evaluation: "CampaignEvaluation") -> list[str]:
    """The command that enters each proposal in the log; proposals are not logged automatically."""
    return [
        f"{row['budget_action_id']} can be entered in the log with: journey budget propose "
        f"{row['budget_action_id']} FOLDER"
        for row in evaluation.sections["proposals"]
    ]
