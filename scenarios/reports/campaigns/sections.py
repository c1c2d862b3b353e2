"""Sections of the report on campaigns: summary, health, journeys, capital, rollups, experiments, attribution, money."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from journey.money.format import format_exact_dollars
from scenarios.reports.campaigns.format import (
    CAPITAL_COLUMNS,
    CHANNEL_COLUMNS,
    CREDIT_COLUMNS,
    EXPERIMENT_COLUMNS,
    JOURNEY_COLUMNS,
    KPI_COLUMNS,
    PROPOSAL_COLUMNS,
    RISK_COLUMNS,
    ROLLUP_COLUMNS,
    TARGET_COLUMNS,
    Row,
    budget_lines,
    capital_cells,
    channel_cells,
    credit_cells,
    credit_reasons,
    difference_lines,
    experiment_cells,
    journey_cells,
    kpi_cells,
    proposal_cells,
    proposal_lines,
    risk_cells,
    rollup_cells,
    target_cells,
)
from scenarios.reports.document import MAX_ROWS, Block, Grid, Heading, Items, Paragraph
from scenarios.reports.evaluation import KPI_GROUPS, format_quantity
from scenarios.text.phrases import format_name, pluralise

if TYPE_CHECKING:
    from journey.marketing.evaluation import CampaignEvaluation

OPEN_STATUSES = ("open", "in_review")


def summary_blocks(evaluation: "CampaignEvaluation") -> list[Block]:
    """The summary: one line each on targets, drop-off, segments, risks, money, experiments and records."""
    parts, roi = evaluation.sections, evaluation.sections["roi"]
    latest = _latest_window(parts["rollups"])
    advice = _summarise_recommendations(latest)
    live = [risk for risk in parts["risks"] if risk["status"] in OPEN_STATUSES]
    severe = sum(risk["severity"] in ("high", "critical") for risk in live)
    winners = [row for row in parts["experiments"] if row["call"] == "winner"]
    goals = [goal for name, goal in parts["kpis"]["targets"].items() if not name.endswith(" budget")]
    verdicts = ", ".join(f"{goal['campaign_id']} {_format_verdict(goal)}" for goal in goals)
    stuck = sum(row.flag == "drop_off" for row in evaluation.funnel)
    earned = (
        "revenue and cost are unknown: no performance is recorded"
        if roi["value"] is None and roi["cost"] is None
        else f"revenue {format_exact_dollars(roi['value'])} for a cost of {format_exact_dollars(roi['cost'])} "
        f"({roi['label']})"
    )
    lines = (
        f"Targets: {verdicts or 'no campaign is recorded'}.",
        f"Funnel: {pluralise(stuck, 'step')} with a significant drop-off.",
        f"Segments: {advice}.",
        f"Risks: {pluralise(len(live), 'open risk')}, {severe} of high or critical severity.",
        f"Money: {pluralise(len(parts['proposals']), 'proposed transfer')}; {earned}.",
        *_ledger_disagreement(roi),
        f"Experiments: {len(winners)} of {len(parts['experiments'])} have a winner.",
        f"Records: {', '.join(pluralise(n, severity) for severity, n in evaluation.report.counts.items())}.",
    )
    return [Heading(2, "Summary"), Items(lines)]


def _format_verdict(goal: Row) -> str:
    return "has no target" if goal["target"] is None else str(goal["verdict"])


def _ledger_disagreement(roi: Row) -> list[str]:
    """One line if the net of the recorded ledger differs from the net computed from performance."""
    differ = [row for row in roi["reconciliation"] if row["agrees"] is False and row["net_difference"]]
    if not differ:
        return []
    gap = sum(row["net_difference"] for row in differ)
    direction = "less" if gap < 0 else "more"
    where = ", ".join(row["campaign_id"] for row in differ)
    amount = format_exact_dollars(abs(gap))
    return [f"Ledger: the recorded net is {amount} {direction} than the net from performance, in {where}."]


def _summarise_recommendations(rows: list[Row]) -> str:
    """The segments with a recommended change, by action."""
    named = []
    for action in ("scale", "revise", "stop"):
        cells = [f"{row['campaign_id']} {row['segment_id']}" for row in rows if row["recommendation"] == action]
        if cells:
            named.append(f"{action} {', '.join(cells)}")
    return "; ".join(named) or "hold all"


def _latest_window(rows: Iterable[Row]) -> list[Row]:
    every = list(rows)
    last = max(((row["window_end"], row["window_start"]) for row in every), default=None)
    return [row for row in every if (row["window_end"], row["window_start"]) == last]


def health_blocks(evaluation: "CampaignEvaluation") -> list[Block]:
    """One line for each campaign, and its targets and actuals."""
    business = evaluation.sections["kpis"]["business"]
    goals = evaluation.sections["kpis"]["targets"]
    campaigns = evaluation.context.cursor.execute(
        "SELECT campaign_id, coalesce(name, ''), coalesce(status, 'unknown') FROM campaigns ORDER BY campaign_id"
    ).fetchall()
    rows = tuple(
        (
            campaign,
            name,
            status,
            next(goal["verdict"] for goal in goals.values() if goal["campaign_id"] == campaign),
            format_exact_dollars(_kpi_of_campaign(business["media_spend"], campaign)),
            format_exact_dollars(_kpi_of_campaign(business["revenue_proxy"], campaign)),
            _format_dollars(_kpi_of_campaign(business["return_on_ad_spend"], campaign)),
            _format_dollars(_kpi_of_campaign(business["cost_per_conversion"], campaign)),
            _describe_drop_offs(evaluation, campaign),
            str(
                sum(
                    risk["campaign_id"] == campaign and risk["status"] in OPEN_STATUSES
                    for risk in evaluation.sections["risks"]
                )
            ),
        )
        for campaign, name, status in campaigns
    )
    columns = (
        "campaign",
        "name",
        "status",
        "KPI",
        "spend",
        "revenue",
        "revenue per dollar",
        "per conversion",
        "drop-off steps",
        "risks",
    )
    targets = tuple(target_cells(goal, name) for name, goal in goals.items())
    return [
        Heading(2, "Campaign health"),
        *([Grid(columns, rows, numbers_from=4, numbers_to=8)] if rows else [Paragraph("No campaign is recorded.")]),
        Heading(3, "Targets and actuals"),
        Paragraph(
            "A target is met or missed if the whole interval of the KPI is on one side of it. It is open if the "
            "interval "
            "includes the target."
        ),
        *([Grid(TARGET_COLUMNS, targets, numbers_from=2, numbers_to=5)] if targets else []),
    ]


def _describe_drop_offs(evaluation: "CampaignEvaluation", campaign: str) -> str:
    """The steps of a campaign with a significant drop-off, each with its segments and channels."""
    cells: dict[str, list[str]] = {}
    for row in evaluation.funnel:
        if row.flag == "drop_off" and row.campaign_id == campaign:
            step = f"{row.denominator} to {row.stage}".replace("_", " ")
            cells.setdefault(step, []).append(f"{row.segment_id} on {row.channel_id}")
    return "; ".join(f"{step} ({', '.join(dict.fromkeys(each))})" for step, each in cells.items()) or "none"


def _kpi_of_campaign(kpi: Mapping[str, Any], campaign: str) -> float | None:
    value: float | None = kpi.get("by", {}).get(campaign, {}).get("value")
    return value


def _format_dollars(value: float | None) -> str:
    return "not defined" if value is None else format_exact_dollars(value)


def journey_blocks(evaluation: "CampaignEvaluation") -> list[Block]:
    """Conversion by stage, and differences between segments."""
    rows = tuple(journey_cells(row) for row in evaluation.sections["journeys"][:MAX_ROWS])
    return [
        Heading(3, "By stage and segment"),
        Paragraph(
            "Totals over days and channels, trusted counts only. A segment converts more or less than the other "
            "segments "
            "of its campaign if the difference is significant (pooled z-test with Holm's correction)."
        ),
        *(
            [Grid(JOURNEY_COLUMNS, rows, numbers_from=3, numbers_to=7)]
            if rows
            else [Paragraph("No funnel counts are recorded.")]
        ),
    ]


def capital_blocks(evaluation: "CampaignEvaluation") -> list[Block]:
    """The recorded budget actions with their trails and findings."""
    noticed: dict[str, list[str]] = {}
    for finding in evaluation.report.findings:
        if finding.dataset == "budget_actions" and finding.record:
            noticed.setdefault(finding.record, []).append(f"{finding.severity} {finding.code}")
    every = evaluation.sections["capital"]
    rows = tuple(capital_cells(row, ", ".join(noticed.get(row["budget_action_id"], []))) for row in every[:MAX_ROWS])
    return [
        Heading(2, "Capital allocation decisions"),
        Paragraph(
            f"{pluralise(len(every), 'decision')} on record. The trail of an action comes from the marketing log "
            "if the "
            "log contains it, otherwise from the record's fields, which are no proof. Rule violations are under "
            "findings."
        ),
        *([Grid(CAPITAL_COLUMNS, rows, numbers_from=4, numbers_to=5)] if rows else []),
    ]


def rollup_blocks(evaluation: "CampaignEvaluation") -> list[Block]:
    """The rollups of each window, latest first, and differences from recorded rollups."""
    every = evaluation.sections["rollups"]
    blocks: list[Block] = [
        Heading(2, "Segment rollups"),
        Paragraph(
            "Computed from performance; if none is recorded, from the recorded rollups, which a note states. The "
            "recommendation is hold if the interval includes the threshold. "
            "'Recorded' is "
            "the recommendation of the recorded rollup."
        ),
    ]
    windows = sorted({(row["window_end"], row["window_start"]) for row in every}, reverse=True)
    for end, start in windows:
        rows = tuple(rollup_cells(r) for r in every if (r["window_end"], r["window_start"]) == (end, start))
        blocks += [
            Heading(3, f"{start} to {end}"),
            Grid(ROLLUP_COLUMNS, rows[:MAX_ROWS], numbers_from=2, numbers_to=8),
        ]
    differences = difference_lines(every)
    if differences:
        blocks += [Paragraph("Recorded rollups that differ from performance (computed value in brackets):"),
                   Items(tuple(differences[:MAX_ROWS]))]  # fmt: skip
    return blocks


def experiment_blocks(evaluation: "CampaignEvaluation") -> list[Block]:
    """The experiments, each with its own metric."""
    rows = tuple(experiment_cells(row) for row in evaluation.sections["experiments"][:MAX_ROWS])
    return [
        Heading(2, "Experiments"),
        Paragraph(
            "Each experiment has its own metric, per impression, tested with the pooled two-proportion z-test "
            "unless noted. P-values are corrected for the number of analysed experiments (Holm). The interval is the "
            "score interval of the lift, at the confidence that matches the corrected p-value. Impressions are assumed "
            "to be independent."
        ),
        *([Grid(EXPERIMENT_COLUMNS, rows, numbers_from=4, numbers_to=7)] if rows else [Paragraph("None.")]),
    ]


def attribution_blocks(evaluation: "CampaignEvaluation") -> list[Block]:
    """Attributed conversions by method."""
    every = evaluation.sections["attribution"]
    rows = tuple(credit_cells(row) for row in every if row["channel_id"])
    reasons = credit_reasons(every)
    return [
        Heading(2, "Attribution"),
        Paragraph(
            "Each method attributes the same conversions, so methods must not be added up. No method estimates "
            "what would "
            "have happened without a channel."
        ),
        *([Grid(CREDIT_COLUMNS, rows[:MAX_ROWS], numbers_from=4)] if rows else []),
        *([Items(tuple(reasons))] if reasons else []),
    ]


def roi_blocks(evaluation: "CampaignEvaluation") -> list[Block]:
    """The ledger, compared with the recorded ledger."""
    roi = evaluation.sections["roi"]
    lines = [
        (
            line["name"],
            line["kind"],
            format_quantity(line["quantity"], line["unit"]),
            format_exact_dollars(line["amount"]),
            line["provenance"],
            line["note"],
        )
        for line in roi["lines"]
    ]
    sums = (("total value", "value"), ("total cost", "cost"), ("net", "net"))
    totals = [(title, "", "", format_exact_dollars(roi[name]), "", "") for title, name in sums]
    reconciled = tuple(
        (
            row["campaign_id"],
            format_exact_dollars(row["media_spend"]),
            format_exact_dollars(row["recorded_media_spend"]),
            format_exact_dollars(row["value"]),
            format_exact_dollars(row["recorded_value"]),
            format_exact_dollars(row["net"]),
            format_exact_dollars(row["recorded_net"]),
            AGREEMENT_LABELS[row["agrees"]],
        )
        for row in roi["reconciliation"]
    )
    columns = ("campaign", "media", "on record", "value", "on record", "net", "on record", "agrees")
    return [
        Heading(2, "Return on investment"),
        Paragraph(f"{roi['label'][:1].upper()}{roi['label'][1:]}."),
        Grid(("line", "kind", "quantity", "amount", "provenance", "note"), (*lines, *totals), 2, 4),
        Heading(3, "Performance compared with the recorded ledger"),
        *([Grid(columns, reconciled, 1, 7)] if reconciled else []),
        *[
            Paragraph(f"{memo['name']}: {format_exact_dollars(memo['amount'])}; {memo['note']}.")
            for memo in roi["memos"]
        ],
    ]


AGREEMENT_LABELS = {True: "yes", False: "no", None: "unknown"}
"""Whether two ledgers agree, as text."""


def kpi_blocks(evaluation: "CampaignEvaluation") -> list[Block]:
    """The three groups of KPIs."""
    from journey.kpis import Kpi

    blocks: list[Block] = [Heading(2, "KPIs")]
    for group, title in KPI_GROUPS.items():
        rows = tuple(kpi_cells(name, Kpi(**kpi)) for name, kpi in evaluation.sections["kpis"][group].items())
        blocks += [Heading(3, title), Grid(KPI_COLUMNS, rows, 1, 3)]
    return blocks


def budget_blocks(evaluation: "CampaignEvaluation") -> list[Block]:
    """The section on budget transfers: proposals, channels, and the audit trail."""
    made, budget = evaluation.sections["proposals"], evaluation.sections["budget"]
    rows = tuple(proposal_cells(row) for row in made[:MAX_ROWS])
    channels = tuple(channel_cells(row) for row in budget["channels"][:MAX_ROWS])
    blocks: list[Block] = [
        Heading(2, "Proposed budget transfers"),
        Paragraph(
            f"{pluralise(len(made), 'transfer')} proposed; no budget moves before approval. Returns are revenue per "
            "dollar, not margin. Intervals cover the uncertainty of the returns, not the assumption of diminishing "
            "returns."
        ),
    ]
    if rows:
        blocks.append(Grid(PROPOSAL_COLUMNS, rows, numbers_from=3, numbers_to=4))
    blocks.append(Grid(CHANNEL_COLUMNS, channels, numbers_from=2, numbers_to=3))
    blocks.append(Items(tuple(budget_lines(budget))))
    blocks += [Items(tuple(proposal_lines(evaluation)))] if made else []
    entered = {row["budget_action_id"] for row in made}
    audit = tuple(
        f"{event['timestamp'].replace('T', ' ')}: {event['entity_id']} {format_name(event['to_status'])} by "
        f"{event['actor_id'] or event['actor_kind']}"
        + ("" if event["amount"] is None else f", {format_exact_dollars(event['amount'])}")
        for event in budget["audit"][-MAX_ROWS:]
        if event["entity_id"] not in entered
    )
    trail: Block = Items(audit) if audit else Paragraph("The marketing log is empty.")
    return [*blocks, Heading(3, "Audit trail"), trail]


def risk_blocks(evaluation: "CampaignEvaluation") -> list[Block]:
    """The section on open risks, the most serious first."""
    risks = evaluation.sections["risks"]
    open_risks = [row for row in risks if row["status"] in ("open", "in_review")]
    needs_review = sum(row["requires_human_review"] for row in open_risks)
    blocks: list[Block] = [
        Heading(2, "Open risks"),
        Paragraph(
            f"{len(open_risks):,} of {pluralise(len(risks), 'risk')} open; {needs_review:,} need human review. The "
            "exposure is a share of the spend by severity, multiplied by the confidence."
        ),
    ]
    rows = tuple(risk_cells(row) for row in open_risks[:MAX_ROWS])
    return [*blocks, Grid(RISK_COLUMNS, rows, numbers_from=6, numbers_to=7)] if rows else blocks
