"""References that fail by spelling only: one finding with both spellings, in place of one for every record."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.checks import check
from journey.core.identifiers import normalise_identifier, spelling_key
from journey.records.folder import Records
from tests.journey.companies import CUSTOMER, ENTRY, INTERVENTION, OUTCOME, SIGNAL, company
from tests.levels import examples

PAIRS = [
    ("K001", "k001", "in capitals"),
    ("105", "105.0", "in the zeros of a number"),
    ("042", "42", "in the zeros of a number"),
    ("K 1", "K1", "in white space"),
    ("K1", "K\u200b1", "in white space or invisible characters ('K\\u200b1' and 'K1')"),
    ("Zo\u00eb", "Zoe\u0308", "in the Unicode form"),
]


def _codes(records):
    return {finding.code for finding in check(records).findings}


def _select(findings):
    return [finding for finding in findings if finding.code == "similar-id"]


def _similar(records):
    return _select(check(records).findings)


@pytest.mark.parametrize(("known", "unknown", "difference"), PAIRS)
def test_one_finding_shows_both_spellings_and_how_they_differ(known, unknown, difference):
    records = company(
        customers=[{**CUSTOMER, "customer_id": known}],
        journey_state_log=[{**ENTRY, "customer_id": unknown}],
        signals=[{**SIGNAL, "customer_id": unknown}, {**SIGNAL, "customer_id": unknown, "signal_id": "S2"}],
        interventions=[],
        outcomes=[],
    )
    findings = check(records).findings
    (finding,) = _select(findings)
    assert (finding.severity, finding.dataset, finding.record, finding.customer_id) == (
        "error", "customers", known, known
    )  # fmt: skip
    assert f"'{unknown}' in journey_state_log (1 row), signals (2 rows) is not among the customers" in finding.message
    assert f"'{known}' is" in finding.message
    assert difference in finding.message
    assert "unknown-customer" not in {each.code for each in findings}


def test_an_id_that_is_known_itself_is_no_near_match():
    both = [{**CUSTOMER, "customer_id": name} for name in ("K1", "k1")]
    assert "similar-id" not in _codes(company(customers=both))


def test_all_known_ids_that_nearly_match_are_named():
    known = [{**CUSTOMER, "customer_id": name} for name in ("K1", "k1", "K2")]
    records = company(
        customers=known, journey_state_log=[{**ENTRY, "customer_id": "K 1"}], signals=[], interventions=[]
    )
    (finding,) = _similar(records)
    assert "but 'K1' and 'k1' are" in finding.message


def test_an_id_without_a_near_match_is_an_unknown_customer():
    records = company(journey_state_log=[ENTRY, {**ENTRY, "customer_id": "X9"}])
    codes = _codes(records)
    assert "similar-id" not in codes
    assert "unknown-customer" in codes


def test_cited_signals_and_interventions_of_outcomes_are_compared_as_well():
    records = company(
        interventions=[{**INTERVENTION, "triggered_by_signals": ["s1"]}],
        outcomes=[{**OUTCOME, "intervention_id": "i1"}],
    )
    assert {finding.dataset: finding.record for finding in _similar(records)} == {
        "interventions": "I1",
        "signals": "S1",
    }
    assert not _codes(records) & {"outcome-without-intervention", "unknown-signal-cited"}


SPELLINGS = st.text("Kk0 1.\u00eb\u0308e\u0410A\u200b", min_size=1, max_size=4).filter(normalise_identifier)


@pytest.mark.slow
@settings(max_examples=examples(25, otherwise=6), deadline=None)
@given(
    known=st.lists(SPELLINGS, min_size=1, max_size=12, unique_by=normalise_identifier),
    named=st.lists(SPELLINGS, min_size=1, max_size=12),
)
def test_every_unknown_id_is_either_a_near_match_or_unknown(known, named):
    records = Records.from_tables(
        {
            "customers": [{**CUSTOMER, "customer_id": name} for name in known],
            "journey_state_log": [
                {**ENTRY, "customer_id": name, "state_entered_at": f"2031-03-{day:02}"}
                for day, name in enumerate(named, start=1)
            ],
        }
    )
    findings = check(records).findings
    exact = {normalise_identifier(name) for name in known}
    keys = {spelling_key(name) for name in exact}
    missing = {normalise_identifier(name) for name in named} - exact
    near = {name for name in missing if spelling_key(name) in keys}
    assert sum(finding.code == "similar-id" for finding in findings) == len(near)
    assert {f.customer_id for f in findings if f.code == "unknown-customer"} == missing - near
