"""How results of campaigns (rollups, experiments, attribution, targets, journeys) are written, on every page alike."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from journey.money.format import format_exact_dollars
from scenarios.reports.evaluation import format_kpi
from scenarios.text.phrases import format_interval, format_name

if TYPE_CHECKING:
    from journey.kpis import Kpi

Row = Mapping[str, Any]

ROLLUP_COLUMNS = (
    "campaign", "segment", "impressions", "conversions", "spend", "KPI", "95 % interval", "trend", "do", "recorded",
    "why",
)  # fmt: skip
EXPERIMENT_COLUMNS = ("experiment", "metric", "control", "variant", "lift", "95 % interval", "p", "call", "why")
CREDIT_COLUMNS = ("campaign", "from", "method", "channel", "conversions", "share", "value", "removal effect")
KPI_COLUMNS = ("KPI", "value", "n", "status", "what it is")
TARGET_COLUMNS = ("campaign", "what", "actual", "target", "95 % interval", "verdict", "note")
JOURNEY_COLUMNS = (
    "campaign",
    "step",
    "segment",
    "came",
    "went on",
    "conversion",
    "95 % interval",
    "against the others",
)
CAPITAL_COLUMNS = ("action", "campaign", "from", "to", "amount", "why", "status", "trail", "noticed")


def format_percent(value: float | None, digits: int = 2) -> str:
    """A share; unknown where there is none."""
    return "unknown" if value is None else f"{value:.{digits}%}"


def format_count(value: float | None) -> str:
    """A count; unknown where there is none."""
    return "unknown" if value is None else f"{value:,.0f}"


def rollup_cells(row: Row) -> tuple[str, ...]:
    """One rollup, as `ROLLUP_COLUMNS` asks."""
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
    """Where recorded rollups say something else than performance, a sentence each."""
    lines = []
    for row in rows:
        if not row["differences"]:
            continue
        differences = ", ".join(
            f"{each['field']} {_format_value(each['recorded'])} ({_format_value(each['computed'])})"
            for each in row["differences"]
        )
        lines.append(f"{row['recorded']['rollup_id']} ({row['campaign_id']}, {row['segment_id']}) says {differences}")
    return lines


def _format_value(value: object) -> str:
    if value is None:
        return "unknown"
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def experiment_cells(row: Row) -> tuple[str, ...]:
    """One experiment, as `EXPERIMENT_COLUMNS` asks."""
    call = f"{row['winner']} wins" if row["winner"] else row["call"]
    return (
        row["experiment_id"],
        f"{row['metric']} ({row['definition']})" if row["definition"] else row["metric"] or "none",
        _format_arm(row["control"]),
        _format_arm(row["variant"]),
        "unknown" if row["lift"] is None else f"{row['lift']:+.1%}",
        format_interval(row["ci_low"], row["ci_high"], "{:+.1%}".format),
        "" if row["p_value"] is None else f"{row['p_value']:.3g}",
        call,
        "; ".join(part for part in (row["reason"], row["lift_reason"], *row["notes"]) if part),
    )


def _format_arm(arm: Row) -> str:
    if arm["rate"] is None:
        return arm["asset_id"] or "none"
    return f"{arm['asset_id']} {arm['rate']:.2%} ({arm['count']:,} of {arm['n']:,})"


def credit_cells(row: Row) -> tuple[str, ...]:
    """One credit, as `CREDIT_COLUMNS` asks."""
    effect = row["removal_effect"]
    return (
        row["campaign_id"] or "none named",
        row["basis"],
        format_name(row["method"]) + (f", order {row['order']}" if (row["order"] or 1) > 1 else ""),
        row["channel_id"],
        "unknown" if row["conversions"] is None else f"{row['conversions']:,.1f}",
        "" if row["share"] is None else f"{row['share']:.0%}",
        "" if row["value"] is None else format_exact_dollars(row["value"]),
        "" if effect is None else f"{effect:.1%}",
    )


def credit_reasons(rows: list[Row]) -> list[str]:
    """Why credit is missing, each reason once."""
    return list(
        dict.fromkeys(f"{row['campaign_id'] or 'From paths'}: {row['reason']}." for row in rows if row["reason"])
    )


def target_cells(row: Row, name: str) -> tuple[str, ...]:
    """One target, as `TARGET_COLUMNS` asks."""
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
    """One KPI, as `KPI_COLUMNS` asks; rates of campaigns are small, so shares have two decimals."""
    value = format_percent(kpi.value) if kpi.unit == "share" else format_kpi(kpi)
    return name, value, f"{kpi.n:,}", kpi.status, kpi.definition


def journey_cells(row: Row) -> tuple[str, ...]:
    """One step of a journey, as `JOURNEY_COLUMNS` asks."""
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


def capital_cells(row: Row, noticed: str) -> tuple[str, ...]:
    """One recorded budget action, as `CAPITAL_COLUMNS` asks."""
    trail = "; ".join(_format_step(step) for step in row["trail"] if step["who"] or step["at"])
    return (
        row["budget_action_id"],
        row["campaign_id"],
        row["from_channel_id"],
        row["to_channel_id"],
        format_exact_dollars(row["amount"]),
        format_name(row["reason_code"] or "not recorded"),
        format_name(row["status"]),
        trail + (" (log)" if row["trail_from"] == "log" else ""),
        noticed,
    )


def _format_step(step: Row) -> str:
    who = f"by {step['who']}" if step["who"] else "by nobody named"
    return f"{step['what']} {who}" + (f" {step['at'].replace('T', ' ')[:16]}" if step["at"] else "")
