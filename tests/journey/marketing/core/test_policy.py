"""Marketing policy files: validation, overriding of defaults, and writing in a form that reads back unchanged."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.marketing.core.policy import (
    MarketingPolicy,
    PhraseRule,
    RiskPolicy,
    build_marketing_policy,
    read_marketing_policy,
)
from journey.marketing.records.model import RiskSignal, Severity
from simulation.model.arm_policy import format_toml
from tests.scenarios.cli.invocation import invoke, json_of


def _file(tmp_path, text):
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[budget]\naproval_from = 5", ("budget.aproval_from", "did you mean 'approval_from'")),
        ("[budgt]\napproval_from = 5", ("budgt", "did you mean 'budget'")),
        ("[budget]\napproval_from = -5", ("budget.approval_from", "greater than or equal to 0", "-5")),
        ("[trust.sources]\ncrm = 2.0", ("trust.sources.crm", "less than or equal to 1", "2.0")),
        ('[risk.base]\nlow_conversion = "bad"', ("risk.base.low_conversion", "'low'", "'bad'")),
        ('[metrics.demo_request_rate]\nnumerator = "signups"', ("metrics.demo_request_rate.numerator", "'signups'")),
        ("[budget]\nprior_conversions = 0.5", ("prior_conversions must be more than value_variation squared",)),
        (
            '[[risk.phrases]]\ncode = "X"\nrisk_type = "brand_safety"\nseverity = "low"\npattern = "(free"',
            ("risk.phrases[0].pattern", "is not a valid regular expression"),
        ),
        ("[budget", ("not valid TOML",)),
    ],
)
def test_an_error_names_file_key_and_expected_value(tmp_path, text, parts):
    path = _file(tmp_path, text)
    with pytest.raises(InputError) as refused:
        read_marketing_policy(path)
    for part in (str(path), *parts):
        assert part in str(refused.value)
    result = invoke("campaigns", "--policy", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr


def test_omitted_keys_keep_their_defaults(tmp_path):
    policy = read_marketing_policy(_file(tmp_path, "[trust.sources]\ncrm = 0.7\n"))
    assert policy.trust.sources == MarketingPolicy().trust.sources | {"crm": 0.7}
    assert policy.budget == MarketingPolicy().budget
    assert read_marketing_policy(_file(tmp_path, "")) == MarketingPolicy()
    with pytest.raises(InputError, match="the policy file does not exist"):
        read_marketing_policy(tmp_path / "nothing.toml")


def test_the_printed_policy_reads_back_unchanged(tmp_path):
    result = invoke("campaigns", "--show-policy")
    assert result.exit_code == 0
    assert read_marketing_policy(_file(tmp_path, result.stdout)) == MarketingPolicy()
    path = _file(tmp_path, "[budget]\nsaturation = 0.5\n")
    again = json_of("campaigns", "--show-policy", "--policy", path, "--window", "14")
    assert (again["budget"]["saturation"], again["rollups"]["window_days"]) == (0.5, 14)


@given(st.floats(0.0, 1e9), st.floats(0.01, 0.99), st.text(max_size=8), st.dictionaries(st.text(), st.floats(0, 1)))
def test_any_written_policy_reads_back_unchanged(amount, saturation, status, sources):
    policy = build_marketing_policy(
        {"budget": {"approval_from": amount, "saturation": saturation, "active": [status]},
         "trust": {"sources": sources}}, "test"
    )  # fmt: skip
    import tomllib

    assert build_marketing_policy(tomllib.loads(format_toml(policy)), "test") == policy


@pytest.mark.slow
def test_a_policy_changes_proposals_and_required_approvals(tmp_path):
    path = _file(tmp_path, "[budget]\nmost_share = 0.1\napproval_from = 200\n[rollups]\nwindow_days = 3\n")
    (proposal,) = json_of("campaigns", "--policy", path)["proposals"]
    # A tenth of 2,572.50, rounded down to a multiple of 10.
    assert (proposal["amount"], proposal["requires_human_approval"]) == (250.0, True)
    assert json.loads(invoke("campaigns", "--json").stdout)["proposals"][0]["amount"] == 1280.0


def test_the_policy_and_the_records_share_the_severities():
    assert RiskSignal.model_fields["severity"].annotation is PhraseRule.model_fields["severity"].annotation
    risk = RiskPolicy()
    assert tuple(risk.weights) == tuple(risk.review_days) == tuple(risk.close_days) == get_args(Severity)
