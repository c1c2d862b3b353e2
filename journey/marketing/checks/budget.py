"""Checks of budget transfers: governance rules and sufficient balances. Each finding has an amount."""

from journey.core.findings import FindingSeverity
from journey.marketing.views.balances import balance_before_sql
from journey.marketing.views.context import MarketingContext
from journey.marketing.views.registry import rule
from journey.records.database import literal

_IS_APPROVED = "status IN ('approved', 'executed')"
_SEVERITY = f"CASE WHEN {_IS_APPROVED} THEN 'error' ELSE 'warning' END"
_IS_ACTIVE = "status IN ('proposed', 'approved', 'executed')"


@rule("transfer-to-itself", FindingSeverity.ERROR)
def transfer_to_itself(context: MarketingContext) -> str:
    """A transfer from a channel to the same channel.

    Remedy: correct one of the two channels, or reject the transfer.
    """
    del context
    return f"""
        SELECT 'budget_actions' AS dataset, label AS record, campaign_id, amount AS amount, {_SEVERITY} AS severity,
            dollars(amount) || ' goes from ' || from_channel_id || ' to itself, which has no effect.' AS message
        FROM seen_budget_actions WHERE from_channel_id = to_channel_id
    """


@rule("moves-nothing", FindingSeverity.WARNING)
def moves_nothing(context: MarketingContext) -> str:
    """A transfer with an amount of 0.

    Remedy: correct the amount, or reject the transfer.
    """
    del context
    return """
        SELECT 'budget_actions' AS dataset, label AS record, campaign_id, amount AS amount,
            'Its amount is 0.' AS message
        FROM seen_budget_actions WHERE amount = 0
    """


@rule("executed-unapproved", FindingSeverity.ERROR)
def executed_unapproved(context: MarketingContext) -> str:
    """An executed transfer without the approval that its amount needs, alone or with others of the orchestrator.

    Remedy: record the approval, or roll the transfer back.
    """
    budget = context.policy.budget
    requirement = literal(f"; amounts of {budget.approval_from:.2f} or more need a person's approval.")
    # Records do not name the person who proposed a transfer, so only the orchestrator's transfers can be added up.
    return f"""
        WITH unapproved AS (
            SELECT *, CASE WHEN proposed_by = 'orchestrator' AND {budget.approval_window_days} > 0
                THEN coalesce(sum(CASE WHEN status = 'executed' AND NOT is_foreign THEN amount END) OVER (
                    PARTITION BY proposed_by ORDER BY timestamp
                    RANGE BETWEEN INTERVAL {budget.approval_window_days} DAYS PRECEDING AND CURRENT ROW
                    EXCLUDE CURRENT ROW
                ), 0) ELSE 0 END AS others
            FROM seen_budget_actions
            WHERE status IN ('executed', 'rolled_back') AND approved_by_human IS DISTINCT FROM TRUE
        )
        SELECT 'budget_actions' AS dataset, label AS record, campaign_id, amount AS amount,
            CASE WHEN approved_by_human IS NULL THEN 'warning' ELSE 'error' END AS severity,
            dollars(amount) || CASE WHEN approved_by_human IS NULL
                THEN ' was transferred, but its approval is not recorded'
                ELSE ' was transferred without approval' END
            || CASE WHEN others > 0 THEN ', like ' || dollars(others) || ' of the orchestrator''s other transfers '
                || 'within ' || n_days({budget.approval_window_days}) ELSE '' END || {requirement} AS message
        -- The value of an amount in another currency is unknown, so it needs an approval.
        FROM unapproved WHERE amount + others >= {budget.approval_from!r} OR is_foreign
    """


@rule("approval-contradicts", FindingSeverity.WARNING)
def approval_contradicts(context: MarketingContext) -> str:
    """An approval that contradicts other fields of the same record.

    Remedy: correct the fields that the message names.
    """
    del context
    return """
        SELECT 'budget_actions' AS dataset, label AS record, campaign_id, amount AS amount, why AS message FROM (
            SELECT *, CASE
                WHEN approved_by_human AND approver_id IS NULL THEN 'It is approved, but names no approver.'
                WHEN NOT approved_by_human AND approver_id IS NOT NULL
                    THEN 'It names an approver (' || approver_id || ') but is not approved.'
                WHEN approved_by_human AND status IN ('proposed', 'rejected')
                    THEN 'It is approved, but its status is ' || status || '.'
                WHEN NOT approved_by_human AND status = 'approved'
                    THEN 'Its status is approved, but approved_by_human is false.'
            END AS why FROM seen_budget_actions
        ) WHERE why IS NOT NULL
    """


@rule("proposer-unknown", FindingSeverity.NOTICE)
def proposer_unknown(context: MarketingContext) -> str:
    """An action that a person proposed and a person approved, without a record of who proposed it.

    Remedy: record who proposed it; `journey budget` does so.
    """
    del context
    return """
        SELECT 'budget_actions' AS dataset, label AS record, campaign_id, amount AS amount,
            'A person proposed it and ' || coalesce(approver_id, 'a person') || ' approved it. The proposer is not '
            || 'recorded, so they may be the same person.' AS message
        FROM seen_budget_actions AS b
        WHERE proposed_by = 'human' AND approved_by_human AND NOT EXISTS (
            FROM seen_marketing_log AS l WHERE l.entity = 'budget_action' AND l.entity_id = b.budget_action_id
                AND l.from_status IS NULL AND l.actor_id IS NOT NULL
        )
    """


@rule("gives-what-it-has-not", FindingSeverity.ERROR)
def gives_what_it_has_not(context: MarketingContext) -> str:
    """A transfer of more than the source channel's balance. The finding's amount is the shortfall.

    Remedy: reduce the amount, or correct the channel's balance.
    """
    del context
    return f"""
        WITH moves AS (
            SELECT b.*, basis, {balance_before_sql("b")} AS balance
            FROM seen_budget_actions AS b JOIN channel_bases AS c
                ON b.campaign_id = c.campaign_id AND b.from_channel_id = c.channel_id
            WHERE {_IS_ACTIVE} AND from_channel_id <> to_channel_id AND NOT is_foreign
        )
        SELECT 'budget_actions' AS dataset, label AS record, campaign_id, amount - greatest(balance, 0) AS amount,
            CASE WHEN {_IS_APPROVED} AND basis = 'opening' THEN 'error' ELSE 'warning' END AS severity,
            dollars(amount) || ' is taken from ' || from_channel_id || CASE
                WHEN basis = 'opening' THEN ', which has ' || dollars(balance) || ' left'
                ELSE ', which has no recorded opening balance; its spend and earlier transfers account for only '
                    || dollars(greatest(balance, 0)) END || ': ' || dollars(amount - greatest(balance, 0))
            || ' is missing.' AS message
        FROM moves WHERE balance < amount
    """


@rule("balance-unknown", FindingSeverity.NOTICE)
def balance_unknown(context: MarketingContext) -> str:
    """A transfer from a channel without a recorded opening balance or spend.

    Remedy: add the channel to channel_budgets of the campaign.
    """
    del context
    return f"""
        SELECT 'budget_actions' AS dataset, label AS record, b.campaign_id, amount AS amount,
            'Neither an opening balance nor any spend of ' || b.campaign_id || ' on ' || from_channel_id
            || ' is recorded, so whether it had ' || dollars(amount) || ' is unknown.' AS message
        FROM seen_budget_actions AS b JOIN channel_bases AS c
            ON b.campaign_id = c.campaign_id AND b.from_channel_id = c.channel_id
        WHERE basis = 'unknown' AND from_channel_id <> to_channel_id AND {_IS_ACTIVE}
    """


@rule("negative-balance", FindingSeverity.ERROR)
def negative_balance(context: MarketingContext) -> str:
    """A channel that spent and transferred more than it had.

    Remedy: correct the balance or the spend, or roll a transfer back.
    """
    del context
    return """
        SELECT 'campaigns' AS dataset, campaign_id AS record, campaign_id, -balance AS amount,
            channel_id || ' had ' || dollars(opening + brought) || ', spent ' || dollars(spent) || ' and transferred '
            || dollars(taken) || ': its balance is ' || dollars(balance) || '.' AS message
        FROM balances WHERE basis = 'opening' AND balance < 0
    """


@rule("into-open-risk", FindingSeverity.ERROR)
def into_open_risk(context: MarketingContext) -> str:
    """A transfer into a channel with an open high or critical risk of the campaign.

    Remedy: review the risk first, or roll the transfer back.
    """
    forced = ", ".join(literal(name) for name in context.policy.risk.force_review)
    return f"""
        WITH risky AS (
            SELECT DISTINCT r.risk_id, r.campaign_id, r.severity, r.risk_type, r.timestamp, a.channel_id
            FROM (SELECT *, unnest(asset_ids) AS asset_id FROM seen_campaign_risk_signals) AS r
                JOIN creative_assets AS a USING (asset_id)
            WHERE r.status = 'open' AND r.severity IN ({forced})
        )
        SELECT 'budget_actions' AS dataset, label AS record, b.campaign_id, amount AS amount, {_SEVERITY} AS severity,
            dollars(amount) || ' goes to ' || to_channel_id || ', where '
            || string_agg(r.risk_id || ' (' || r.severity || ', ' || r.risk_type || ')', ', ' ORDER BY r.risk_id)
            || ' has been open since ' || min(r.timestamp)::DATE || '.' AS message
        FROM seen_budget_actions AS b JOIN risky AS r
            ON b.campaign_id = r.campaign_id AND b.to_channel_id = r.channel_id AND r.timestamp <= b.timestamp
        WHERE {_IS_ACTIVE} AND from_channel_id <> to_channel_id
        GROUP BY label, b.campaign_id, amount, b.status, to_channel_id
    """


@rule("moved-back", FindingSeverity.NOTICE)
def moved_back(context: MarketingContext) -> str:
    """A transfer that reverses an earlier transfer of the same campaign.

    Remedy: nothing, if the reversal was intended.
    """
    del context
    return """
        SELECT 'budget_actions' AS dataset, b.budget_action_id AS record, b.campaign_id,
            least(b.amount, e.amount) AS amount,
            dollars(least(b.amount, e.amount)) || ' that ' || e.budget_action_id || ' transferred to '
            || e.to_channel_id || ' goes back to ' || e.from_channel_id || ' after '
            || n_days(days_between(e.moment, b.moment)) || '.' AS message
        FROM moves AS b JOIN moves AS e ON b.campaign_id = e.campaign_id AND b.moment > e.moment
            AND b.from_channel_id = e.to_channel_id AND b.to_channel_id = e.from_channel_id
            AND b.currency = e.currency
    """


@rule("pending-budget-action", FindingSeverity.NOTICE)
def pending_budget_action(context: MarketingContext) -> str:
    """A transfer that waits for approval or execution.

    Remedy: approve, reject or execute it with `journey budget`.
    """
    return f"""
        SELECT 'budget_actions' AS dataset, label AS record, campaign_id, amount AS amount,
            dollars(amount) || CASE status WHEN 'proposed' THEN ' has waited for approval'
                ELSE ' is approved and has waited for execution' END
            || ' for ' || n_days(days_between(timestamp, greatest({context.as_of_sql}, log_time()))) || '.' AS message
        FROM seen_budget_actions WHERE status IN ('proposed', 'approved')
    """


@rule("foreign-currency", FindingSeverity.WARNING)
def foreign_currency(context: MarketingContext) -> str:
    """A transfer in a currency other than the policy's; amounts are never converted.

    Remedy: convert the amount, or change `budget.currency` of the policy.
    """
    policy_currency = context.policy.budget.currency
    return f"""
        SELECT 'budget_actions' AS dataset, label AS record, campaign_id, amount AS amount,
            'Its currency is ' || currency || ', but the policy''s currency is ' || {literal(policy_currency)}
            || '; the amount is not converted and enters no sum'
            || CASE WHEN status = 'executed' AND from_channel_id <> to_channel_id THEN ', so the balances of '
                || from_channel_id || ' and ' || to_channel_id || ' are unknown.' ELSE '.' END AS message
        FROM seen_budget_actions WHERE is_foreign
    """


@rule("budget-overspent", FindingSeverity.ERROR)
def budget_overspent(context: MarketingContext) -> str:
    """A campaign that spent more than its budget, according to performance or the ROI ledger.

    Remedy: stop spending, or correct the budget.
    """
    del context
    return """
        WITH spent AS (
            SELECT campaign_id, sum(cost) AS amount, 'performance' AS what FROM totals GROUP BY campaign_id
            UNION ALL SELECT campaign_id, media_spend, 'the ROI ledger' FROM seen_roi_ledger
        )
        SELECT 'campaigns' AS dataset, campaign_id AS record, campaign_id, s.amount - budget AS amount,
            'According to ' || what || ', it has spent ' || dollars(s.amount) || ' of a budget of '
            || dollars(budget) || '.' AS message
        FROM spent AS s JOIN seen_campaigns USING (campaign_id) WHERE s.amount > budget
    """
