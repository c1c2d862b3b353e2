"""Reading, checking and evaluating any records gives a result and never an exception."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.marketing.evaluation import evaluate_campaigns
from journey.marketing.views.campaign_paths import read_campaign_paths
from journey.marketing.views.context import build_context
from tests.journey.marketing.companies import records, row, rows
from tests.levels import examples

words = st.sampled_from(["", "CAMP_001", "CH_01", "Zeichen", "O'Neill", '"', "$.a", "a.b", "\\\\", "%s", "{}", "visit"])
values = st.none() | st.booleans() | st.integers(-3, 10**13) | st.floats() | words | st.just([]) | st.just({})
changes = st.lists(st.tuples(st.integers(0, 13), st.integers(0, 20), st.integers(0, 20), values), max_size=12)


@pytest.mark.slow
@settings(max_examples=examples(25, otherwise=6))  # each example reads tables and runs all checks
@given(changes, st.dictionaries(words, values, max_size=3), st.lists(words, max_size=3))
def test_invalid_values_in_any_field_cause_findings_and_never_an_exception(edits, mapping, texts):
    tables = rows()
    for dataset, index, field, value in edits:
        content = tables[sorted(tables)[dataset]]
        if content:
            changed = content[index % len(content)]
            changed[sorted(changed)[field % len(changed)]] = value
    row_of = tables["campaigns"][0]
    row_of["channel_budgets"], row_of["path"] = mapping, texts
    tables["campaign_risk_signals"][0]["evidence"] = mapping
    tables["campaign_risk_signals"][1]["asset_ids"] = texts
    found = evaluate_campaigns(records(tables))
    assert json.dumps(found.as_dict(), allow_nan=False)


def test_each_campaign_has_its_own_machine():
    paths = {path.campaign_id: path for path in read_campaign_paths(build_context(records(rows())))}
    assert paths["CAMP_002"].steps == ("visit", "demo_request")
    assert paths["CAMP_002"].declared
    assert paths["CAMP_002"].machine.move("visit", "request_demo") == "demo_request"


def test_an_invalid_path_has_no_machine():
    tables = rows()
    row(tables, "campaigns", "CAMP_001")["path"] = ["visit"]
    assert read_campaign_paths(build_context(records(tables)))[0].machine is None
