"""Histories that break declared rules are found in records, with the customer, the events and their dates."""

import json

import pytest

from journey.core.findings import FindingSeverity, sort_findings
from journey.evaluation.broken_rules import FINDING_CODE, find_broken_rules
from journey.evaluation.check import check_records
from journey.evaluation.evaluate import evaluate
from journey.records.folder import Records
from journey.rules import Rule, Where, parse_rules
from tests.journey.companies import CUSTOMER, ENTRY, INTERVENTION, OUTCOME, SIGNAL, bundled_rows, company

ANSWER = Rule("answer", "response", ("signal:usage_drop",), ("action:usage_review_checkin",), within_days=7)
APPROVED = Rule("approved", "precedence", ("review:approved",), ("action:proactive_outreach",))
CALM = Rule("calm", "absence", ("action:proactive_outreach", "action:usage_review_checkin"), within_days=14, count=2)
SUPPORTED = Rule("supported", "precedence", ("support",), ("escalation",))


def _planted():
    """The ten bundled customers, in whose records rules are broken."""
    rows = bundled_rows()
    signal, action, entry = rows["signals"][0], rows["interventions"][0], rows["journey_state_log"][0]
    rows["signals"] += [
        {**signal, "signal_id": "P1", "customer_id": "C003", "signal_type": "usage_drop", "detected_at": "2025-01-02"},
        {**signal, "signal_id": "P2", "customer_id": "C008", "signal_type": "usage_drop", "detected_at": "2025-01-16"},
    ]
    free = {**action, "requires_human_approval": False}
    rows["interventions"] += [
        {**free, "intervention_id": "P3", "customer_id": "C009", "generated_at": "2025-01-05"},
        {**free, "intervention_id": "P4", "customer_id": "C009", "generated_at": "2025-01-14"},
    ]
    rows["journey_state_log"].append(
        {**entry, "customer_id": "C001", "journey_stage": "escalation", "state_entered_at": "2025-01-10"}
    )
    return Records.from_tables(rows)


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (ANSWER, [("signals", "P1", "C003", ("signal:usage_drop of 2025-01-02 (P1) was not followed by "
                   "action:usage_review_checkin by 2025-01-09"))]),
        (APPROVED, [("interventions", "P3", "C009", ("action:proactive_outreach of 2025-01-05 (P3) came without "
                     "review:approved before it"))]),
        (CALM, [("interventions", "P4", "C009", ("action:proactive_outreach of 2025-01-14 (P4) came 9 days after "
                 "action:proactive_outreach of 2025-01-05 (P3)"))]),
        (SUPPORTED, [("journey_state_log", "C001@2025-01-10", "C001", ("escalation of 2025-01-10 (C001@2025-01-10) "
                      "came without support before it"))]),
    ],
    ids=lambda given: given.name if isinstance(given, Rule) else "",
)  # fmt: skip
def test_planted_violations_are_found_with_both_events(rule, found):
    report = find_broken_rules(_planted(), [rule])
    assert [(f.dataset, f.record, f.customer_id) for f in report.findings] == [row[:3] for row in found]
    for finding, (*_, what) in zip(report.findings, found, strict=True):
        assert finding.code == FINDING_CODE
        assert finding.severity is FindingSeverity.ERROR
        assert finding.message.startswith(f"Rule '{rule.name}': {what}. ")
    assert report.totals[0].broken == len(found)


def test_the_bundled_customers_break_none_of_these_rules():
    report = find_broken_rules(Records.from_tables(bundled_rows()), [ANSWER, APPROVED, CALM, SUPPORTED])
    assert report.findings == []
    assert [totals.customers for totals in report.totals] == [10] * 4


def test_an_open_demand_is_counted_as_pending_and_not_found():
    totals = find_broken_rules(_planted(), [ANSWER]).totals[0]
    assert (totals.broken, totals.pending, totals.unknown) == (1, 1, 0)


def test_nothing_dated_after_as_of_counts():
    report = find_broken_rules(_planted(), [ANSWER, APPROVED, CALM, SUPPORTED], "2025-01-05")
    assert [finding.record for finding in report.findings] == ["P3"]


def test_the_message_is_the_rules_own_and_the_severity_too():
    rule = Rule("calm", "absence", ("action:usage_review_checkin",), severity=FindingSeverity.NOTICE, message="Calm!")
    finding = find_broken_rules(company(), [rule], "2031-04-01").findings[0]
    assert finding.severity is FindingSeverity.NOTICE
    assert finding.message == "Rule 'calm': action:usage_review_checkin of 2031-03-09 (I1) happened. Calm!"


@pytest.mark.parametrize(
    ("where", "applies"),
    [
        (Where(), True), (Where(segment=("SMB",)), True), (Where(segment=("Enterprise",)), False),
        (Where(tier=("low",)), True), (Where(tier=("high",)), False), (Where(min_value=901), False),
        (Where(max_value=900), True), (Where(consent=True), True), (Where(consent=False), False),
    ],
)  # fmt: skip
def test_a_rule_judges_only_the_customers_to_whom_it_applies(where, applies):
    rule = Rule("never", "absence", ("action:usage_review_checkin",), where=where)
    report = find_broken_rules(company(), [rule], "2031-04-01")
    assert (len(report.findings), report.totals[0].customers) == (applies, applies)


@pytest.mark.parametrize("template", ["existence", "init", "end", "choice", "exactly"])
def test_a_customer_without_any_record_is_judged(template):
    b = ("churned",) if template == "choice" else ()
    rule = Rule("r", template, ("engagement",), b)
    records = Records.from_tables({"customers": [CUSTOMER], "signals": [{**SIGNAL, "customer_id": "other"}]})
    assert find_broken_rules(records, [rule]).findings == []


def test_records_without_a_date_break_nothing():
    report = find_broken_rules(Records.from_tables({"customers": [CUSTOMER]}), [ANSWER])
    assert report.findings == []
    assert report.totals[0].customers == 0


@pytest.mark.medium
def test_a_check_has_the_findings_and_the_numbers_of_the_rules():
    result = check_records(_planted(), declared_rules=[CALM, APPROVED])
    assert [f.record for f in result.findings if f.code == FINDING_CODE] == ["P3", "P4"]
    assert [row["name"] for row in result.to_dict()["rules"]] == ["calm", "approved"]
    assert "rules" not in check_records(_planted()).to_dict()
    assert json.dumps(result.to_dict())


SQL = {
    # A usage drop that no check-in answers within seven days, and whose seven days have passed.
    "answer": """
        SELECT DISTINCT s.customer_id FROM signals s WHERE signal_type = 'usage_drop'
            AND DATE '2031-04-01' - detected_at::DATE > 7 AND NOT EXISTS (
                FROM interventions i WHERE i.customer_id = s.customer_id AND i.status = 'executed'
                AND recommended_action = 'usage_review_checkin'
                AND i.generated_at::DATE - s.detected_at::DATE BETWEEN 0 AND 7)
    """,
    # Two contacts within fourteen days.
    "calm": """
        SELECT DISTINCT a.customer_id FROM interventions a JOIN interventions b USING (customer_id)
        WHERE a.intervention_id < b.intervention_id AND a.status = 'executed' AND b.status = 'executed'
            AND a.recommended_action <> 'monitor_only' AND b.recommended_action <> 'monitor_only'
            AND abs(a.generated_at::DATE - b.generated_at::DATE) <= 14
    """,
    # An outreach without an approval on its day or before.
    "approved": """
        SELECT DISTINCT a.customer_id FROM interventions a WHERE recommended_action = 'proactive_outreach'
            AND status = 'executed' AND NOT EXISTS (
                FROM interventions b WHERE b.customer_id = a.customer_id AND b.requires_human_approval
                AND b.recommended_action <> 'monitor_only' AND (b.generated_at < a.generated_at
                    OR b.generated_at = a.generated_at AND b.intervention_id <= a.intervention_id))
    """,
    # An escalation without support before.
    "supported": """
        SELECT DISTINCT e.customer_id FROM journey_state_log e WHERE journey_stage = 'escalation' AND NOT EXISTS (
            FROM journey_state_log s WHERE s.customer_id = e.customer_id AND s.journey_stage = 'support'
            AND s.state_entered_at < e.state_entered_at)
    """,
}


def _random_company(number, random):
    """Customers whose histories all begin in onboarding, with signals, contacts and stages on random days."""

    def day(least):
        return f"2031-03-{random.randint(least, 28):02}"

    customers, log, signals, actions = [], [], [], []
    for customer in range(number):
        who = {"customer_id": f"K{customer:04}"}
        customers.append({**CUSTOMER, **who})
        days = sorted(random.sample(range(1, 29), random.randint(1, 4)))
        stages = ["onboarding", *random.choices(["engagement", "support", "escalation"], k=len(days) - 1)]
        log += [
            {**ENTRY, **who, "journey_stage": stage, "state_entered_at": f"2031-03-{at:02}", "previous_stage": None}
            for stage, at in zip(stages, days, strict=True)
        ]
        signals += [
            {**SIGNAL, **who, "signal_id": f"S{customer}-{place}", "detected_at": day(1)}
            for place in range(random.randint(0, 2))
        ]
        actions += [
            {
                **INTERVENTION, **who, "intervention_id": f"I{customer:04}-{place}", "status": "executed",
                "generated_at": day(1), "requires_human_approval": random.random() < 0.5,
                "recommended_action": random.choice(["proactive_outreach", "usage_review_checkin", "monitor_only"]),
            }
            for place in range(random.randint(0, 3))
        ]  # fmt: skip
    return company(
        customers=customers, journey_state_log=log, signals=signals, interventions=actions,
        outcomes=[{**OUTCOME, "intervention_id": "none"}],
    )  # fmt: skip


@pytest.mark.parametrize("rule", [ANSWER, APPROVED, CALM, SUPPORTED], ids=lambda rule: rule.name)
def test_the_customers_found_are_those_of_a_query(rule, random_company):
    expected = sorted(row[0] for row in random_company.connection.execute(SQL[rule.name]).fetchall())
    found = find_broken_rules(random_company, [rule], "2031-04-01").findings
    assert sorted(finding.customer_id for finding in found) == expected
    assert 10 < len(expected) < 290


@pytest.fixture(scope="module")
def random_company():
    from random import Random

    return _random_company(300, Random(5))


def test_rules_of_data_are_judged():
    given = [{"name": "n", "template": "absence", "a": "action:usage_review_checkin", "where": {"tier": "low"}}]
    assert len(find_broken_rules(company(), parse_rules(given), "2031-04-01").findings) == 1


@pytest.mark.compiled
def test_a_batch_finds_the_same(random_company):
    some_rules = [ANSWER, APPROVED, CALM, SUPPORTED, Rule("few", "absence", ("support",), where=Where(tier=("high",)))]
    alone, together = (
        find_broken_rules(random_company, some_rules, "2031-04-01", batch=batch) for batch in (False, True)
    )
    assert together.totals == alone.totals
    assert sort_findings(together.findings) == sort_findings(alone.findings)
    assert len(alone.findings) > 100


@pytest.mark.medium
def test_an_evaluation_has_the_same_findings_and_those_of_one_customer_alone():
    records, some_rules = _planted(), [CALM, APPROVED, SUPPORTED]
    found = [f for f in evaluate(records, declared_rules=some_rules).findings if f.code == FINDING_CODE]
    assert found == sort_findings(find_broken_rules(records, some_rules).findings)
    alone = evaluate(records, declared_rules=some_rules, customer_id="C001").findings
    assert [f.record for f in alone if f.code == FINDING_CODE] == ["C001@2025-01-10"]


@pytest.mark.compiled
def test_an_evaluation_in_a_batch_has_the_same_findings():
    records, some_rules = _planted(), [CALM, APPROVED, SUPPORTED]
    alone, together = (evaluate(records, declared_rules=some_rules, batch=batch).findings for batch in (False, True))
    assert list(together) == list(alone)
