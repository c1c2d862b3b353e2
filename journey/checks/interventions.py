"""Checks of interventions and their outcomes."""

from journey.checks.context import Context, build_hint_sql, build_in_list
from journey.checks.registry import rule
from journey.checks.signals import build_monitoring_actions_list
from journey.core.findings import FindingSeverity
from journey.machine.lifecycles import intervention_lifecycle
from journey.records.database import literal
from journey.records.outcome_labels import KNOWN_OUTCOMES, normalise_outcome

_MAX_HINTS = 1000
"""For how many distinct values a finding names the value that was probably meant."""

_CLOSED_STATUSES = ("rejected", "overridden", "expired", "measured")

_LISTED_RECORDS = 3
"""A finding about many records names this number of them."""


@rule("unknown-action", FindingSeverity.WARNING)
def unknown_action(context: Context) -> str:
    """An action that is not in the policy's catalogue.

    Remedy: correct the spelling, or add the action to the policy.
    """
    known = list(context.policy.actions)
    unknown = f"recommended_action NOT IN {build_in_list(known)}"
    values = context.values(
        f"SELECT DISTINCT recommended_action FROM interventions WHERE {unknown} ORDER BY 1 LIMIT 1000"
    )
    return f"""
        SELECT 'interventions' AS dataset, intervention_id AS record, customer_id,
            'Action ''' || recommended_action || ''' is not in the policy''s catalogue'
            || {build_hint_sql("recommended_action", values, known)} AS message
        FROM seen_interventions WHERE {unknown}
    """


@rule("unknown-status", FindingSeverity.WARNING)
def unknown_status(context: Context) -> str:
    """A status that is not a state of the intervention lifecycle.

    Remedy: use one of the statuses that the message lists.
    """
    known = intervention_lifecycle().stages
    unknown = f"status NOT IN {build_in_list(known)}"
    values = context.values(f"SELECT DISTINCT status FROM interventions WHERE {unknown} ORDER BY 1 LIMIT 1000")
    return f"""
        SELECT 'interventions' AS dataset, intervention_id AS record, customer_id,
            'Status ''' || status || ''' is not a state of an intervention, so the state is inferred'
            || {build_hint_sql("status", values, known)} AS message
        FROM seen_interventions WHERE {unknown}
    """


@rule("unknown-outcome", FindingSeverity.WARNING)
def unknown_outcome(context: Context) -> str | None:
    """An outcome label without a known meaning, so the outcome counts in no rate.

    Remedy: use one of the known labels; capitals and separators do not matter.
    """
    labels = context.values("SELECT DISTINCT outcome FROM outcomes ORDER BY 1")
    unknown = [label for label in labels if normalise_outcome(label) not in KNOWN_OUTCOMES]
    if not unknown:
        return None
    return f"""
        SELECT 'outcomes' AS dataset, o.label AS record, coalesce(o.customer_id, i.customer_id) AS customer_id,
            'Outcome ''' || o.outcome || ''' has no known meaning, so it counts in no rate'
            || {build_hint_sql("o.outcome", unknown[:_MAX_HINTS], sorted(KNOWN_OUTCOMES))} AS message
        FROM seen_outcomes AS o LEFT JOIN interventions AS i USING (intervention_id)
        WHERE o.outcome IN {build_in_list(unknown)}
    """


@rule("precedes-its-signals", FindingSeverity.WARNING)
def precedes_its_signals(context: Context) -> str:
    """An intervention that was generated before a signal that it cites was detected.

    Remedy: correct one of the dates, or remove the cited signal.
    """
    del context
    return f"""
        {_CITED_SIGNALS}
        SELECT 'interventions' AS dataset, intervention_id AS record, customer_id,
            'It was generated on ' || day_of(any_value(generated_at)) || ', before '
            || string_agg(signal_id || ' (' || day_of(detected_at) || ')', ', ' ORDER BY signal_id)
            || ', which it cites.' AS message
        FROM causes WHERE detected_at > generated_at AND NOT (same_day AND order_unknown)
        GROUP BY intervention_id, customer_id
    """


@rule("same-day-as-signal", FindingSeverity.NOTICE)
def same_day_as_signal(context: Context) -> str:
    """An intervention dated the same day as a signal that it cites, so their order is unknown.

    Remedy: add times of day.
    """
    del context
    return f"""
        {_CITED_SIGNALS}
        SELECT 'interventions' AS dataset, intervention_id AS record, customer_id,
            'It is dated the same day as ' || string_agg(signal_id, ', ' ORDER BY signal_id)
            || ', which it cites; without a time of day their order is unknown.' AS message
        FROM causes WHERE same_day AND order_unknown GROUP BY intervention_id, customer_id
    """


_CITED_SIGNALS = """
    WITH cited AS (
        SELECT DISTINCT intervention_id, customer_id, generated_at, unnest(triggered_by_signals) AS signal_id
        FROM seen_interventions
    ),
    causes AS (
        SELECT cited.*, s.detected_at, s.detected_at::DATE = generated_at::DATE AS same_day,
            is_bare(s.detected_at) OR is_bare(generated_at) AS order_unknown
        FROM cited JOIN signals AS s ON cited.signal_id = s.signal_id
    )
"""


@rule("no-trigger", FindingSeverity.NOTICE)
def no_trigger(context: Context) -> str:
    """An intervention that cites no signal, so its cause cannot be traced.

    Remedy: add the IDs of the signals to triggered_by_signals.
    """
    del context
    return """
        SELECT 'interventions' AS dataset, intervention_id AS record, customer_id,
            recommended_action || ' cites no signal, so its cause cannot be traced.' AS message
        FROM seen_interventions WHERE len(triggered_by_signals) = 0
    """


@rule("low-confidence-acted-on", FindingSeverity.WARNING)
def low_confidence_acted_on(context: Context) -> str:
    """An action recommended with less confidence than the policy requires.

    Remedy: review the decision; to allow it, lower `thresholds.act_confidence` of the policy.
    """
    min_confidence = context.policy.thresholds.act_confidence
    return f"""
        SELECT 'interventions' AS dataset, intervention_id AS record, customer_id,
            recommended_action || ' was recommended with confidence ' || confidence
            || {literal(f"; below {min_confidence:g} the policy only monitors.")} AS message
        FROM seen_interventions
        WHERE confidence < {min_confidence!r} AND recommended_action NOT IN {build_monitoring_actions_list(context)}
    """


_OPEN_INTERVENTIONS = f"""
    WITH open AS (
        SELECT * FROM seen_interventions
        WHERE intervention_id NOT IN (SELECT intervention_id FROM seen_outcomes)
            AND (status IS NULL OR status NOT IN {build_in_list(_CLOSED_STATUSES)})
    )
"""


@rule("pending-intervention", FindingSeverity.WARNING)
def pending_intervention(context: Context) -> str:
    """An intervention that needs a person's approval and has no outcome yet.

    Remedy: approve or reject it, and record its status.
    """
    expiry = context.policy.contact.approval_expiry_days
    return f"""
        {_OPEN_INTERVENTIONS}
        SELECT 'interventions' AS dataset, intervention_id AS record, customer_id,
            recommended_action || ' has waited for approval for ' || n_days(days_between(generated_at, {context.now}))
            || CASE WHEN days_between(generated_at, {context.now}) > {expiry!r}
                THEN {literal(f"; approvals expire after {expiry:g} days.")}
                ELSE '; it is not carried out before someone approves it.' END AS message
        FROM open WHERE requires_human_approval AND coalesce(status, 'pending_approval') NOT IN ('approved', 'executed')
            AND recommended_action NOT IN {build_monitoring_actions_list(context)}
    """


@rule("awaiting-outcome", FindingSeverity.NOTICE)
def awaiting_outcome(context: Context) -> str:
    """An action that needs no approval, or is approved, and has no recorded outcome yet.

    Remedy: record the outcome when it is known.
    """
    wait = context.policy.contact.outcome_wait_days
    return f"""
        {_OPEN_INTERVENTIONS}
        SELECT 'interventions' AS dataset, intervention_id AS record, customer_id,
            CASE WHEN days_between(generated_at, {context.now}) > {wait!r} THEN 'warning' ELSE 'notice' END AS severity,
            recommended_action || ' has no outcome after ' || n_days(days_between(generated_at, {context.now}))
            || CASE WHEN days_between(generated_at, {context.now}) > {wait!r}
                THEN {literal(f"; one is expected within {wait:g} days.")} ELSE ' so far.' END AS message
        FROM open WHERE (NOT requires_human_approval OR status IN ('approved', 'executed'))
            AND recommended_action NOT IN {build_monitoring_actions_list(context)}
    """


@rule("no-outcome-expected", FindingSeverity.NOTICE)
def no_outcome_expected(context: Context) -> str:
    """Decisions to monitor only: nothing was done, so they have no outcome to expect. One finding for each action.

    Remedy: nothing; rates over outcomes do not count them.
    """
    return f"""
        {_OPEN_INTERVENTIONS}
        SELECT 'interventions' AS dataset, min(intervention_id) AS record,
            CASE WHEN count(*) = 1 THEN any_value(customer_id) END AS customer_id,
            'No outcome is to be expected of ' || array_to_string(min(intervention_id, {_LISTED_RECORDS}), ', ')
            || CASE WHEN count(*) > {_LISTED_RECORDS} THEN ' and ' || (count(*) - {_LISTED_RECORDS}) || ' more'
                ELSE '' END
            || ' (' || recommended_action || '): nothing was done.' AS message
        FROM open WHERE recommended_action IN {build_monitoring_actions_list(context)} GROUP BY recommended_action
    """


@rule("outcome-of-watching", FindingSeverity.WARNING)
def outcome_of_watching(context: Context) -> str:
    """An outcome of a decision to monitor only.

    Remedy: remove the outcome, or correct the recommended action.
    """
    return f"""
        SELECT 'outcomes' AS dataset, o.label AS record, i.customer_id,
            'It is the outcome ''' || o.outcome || ''' of ' || i.intervention_id || ', which was '
            || i.recommended_action || ': nothing was done that could have an outcome.' AS message
        FROM seen_outcomes AS o JOIN interventions AS i USING (intervention_id)
        WHERE i.recommended_action IN {build_monitoring_actions_list(context)}
    """


@rule("outcome-before-intervention", FindingSeverity.ERROR)
def outcome_before_intervention(context: Context) -> str:
    """An outcome measured before its intervention was generated.

    Remedy: correct one of the two dates.
    """
    del context
    return """
        SELECT 'outcomes' AS dataset, o.label AS record, i.customer_id,
            'It was measured on ' || day_of(measured_at) || ', before ' || i.intervention_id || ' was generated ('
            || day_of(generated_at) || ').' AS message
        FROM seen_outcomes AS o JOIN interventions AS i USING (intervention_id)
        WHERE CASE WHEN is_bare(measured_at) OR is_bare(generated_at)
            THEN measured_at::DATE < generated_at::DATE ELSE measured_at < generated_at END
    """


@rule("resolution-too-long", FindingSeverity.WARNING)
def resolution_too_long(context: Context) -> str:
    """An outcome that took longer to resolve than the time between intervention and measurement.

    Remedy: correct resolution_time_days or measured_at.
    """
    del context
    return """
        SELECT 'outcomes' AS dataset, o.label AS record, i.customer_id,
            'resolution_time_days is ' || printf('%g', resolution_time_days) || ', but the outcome was measured '
            || n_days(days_between(generated_at, measured_at)) || ' after ' || i.intervention_id || '.' AS message
        FROM seen_outcomes AS o JOIN interventions AS i USING (intervention_id)
        WHERE measured_at >= generated_at AND resolution_time_days > days_between(generated_at, measured_at) + 1
    """


@rule("human-override", FindingSeverity.NOTICE)
def human_override(context: Context) -> str:
    """A decision that a person overrode.

    Remedy: nothing; many overrides of one action are a reason to change the policy.
    """
    del context
    return """
        SELECT 'outcomes' AS dataset, o.label AS record, coalesce(o.customer_id, i.customer_id) AS customer_id,
            'A person overrode ' || o.intervention_id || coalesce(' (' || i.recommended_action || ')', '') || '.'
            AS message
        FROM seen_outcomes AS o LEFT JOIN interventions AS i USING (intervention_id) WHERE o.human_override
    """
