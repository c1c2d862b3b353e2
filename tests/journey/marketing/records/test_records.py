"""Reading marketing records: the seed text's fields and enums, bad rows, several folders."""

import hashlib
import json
import re
from typing import get_args

import pytest

from journey.core.errors import InputError
from journey.marketing.records import model
from journey.marketing.records.folders import BUNDLED, bundled_folder, read_folders
from journey.marketing.records.model import MARKETING_FAMILY
from journey.marketing.records.store import MarketingRecords
from journey.records.model import get_model
from tests.journey.marketing.companies import rows

PUBLISHED = {
    # SHA-256 of the record files of the second seed text.
    "attribution_hints": "c9e722115b35747be6db5d3fa72ec9705d2520a233dfe847a82db971cec56032",
    "budget_actions": "dfc9c9e9037a47d87993396af4e64418910ea7688a057532287730b2ab244692",
    "campaign_risk_signals": "37731ada9b9f3a5eb7b207c705a54e76f68058b7f526145d7b742f426483506e",
    "funnel_events": "5b79e82fbb7e771668c188345a9605633b4617e9a62acd0440a5e07182f88c7b",
    "segment_rollups": "6296b07244a2686cb1973b18fade5e45cb914756e680309ac6d8eb7ed49875c3",
}


def test_the_enums_match_the_seed_text():
    as_written = {
        model.Stage: "impression | click | visit | signup | demo_request | purchase | feature_adopt",
        model.FunnelSource: "ads_platform | crm | web_analytics | product_analytics",
        model.ReasonCode: "roi_optimization | risk_mitigation | scale_winner | stop_loss | capacity_constraint",
        model.Proposer: "orchestrator | human",
        model.BudgetStatus: "proposed | approved | rejected | executed | rolled_back",
        model.RiskType: "brand_safety | policy_violation | low_conversion | high_clicks_zero_conversions | spend_spike"
        " | data_quality | segment_mismatch",
        model.Severity: "low | medium | high | critical",
        model.RiskAction: "pause | reduce_budget | scale_down | human_review | revise_copy | investigate_tracking",
        model.RiskStatus: "open | in_review | mitigated | dismissed",
        model.Recommendation: "scale | hold | revise | stop",
    }
    for enum, text in as_written.items():
        assert " | ".join(get_args(enum)) == text


@pytest.mark.parametrize("dataset", sorted(PUBLISHED))
def test_the_published_sets_are_bundled_byte_for_byte(dataset):
    content = (bundled_folder(BUNDLED) / f"{dataset}.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() == PUBLISHED[dataset]


@pytest.mark.parametrize("dataset", sorted(PUBLISHED))
def test_the_published_keys_are_the_fields(dataset):
    content = json.loads((bundled_folder(BUNDLED) / f"{dataset}.json").read_text(encoding="utf-8"))
    assert {key for row in content for key in row} == set(get_model(dataset).model_fields)


@pytest.mark.medium
def test_all_bundled_rows_are_read_with_unchanged_values():
    records = read_folders([bundled_folder(BUNDLED)])
    assert not records.set_aside
    for dataset, written in rows().items():
        key = get_model(dataset).key
        objects = [each.model_dump(mode="json", exclude_none=True) for each in records.objects(dataset)]
        assert records.counts()[dataset] == len(written)
        if key is None:
            continue
        by_key = {each[key]: each for each in objects}
        for row in written:
            for name, value in row.items():
                if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value):
                    assert by_key[row[key]][name].startswith(value)
                elif value is not None:
                    assert by_key[row[key]][name] == value


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dataset", "change", "code", "words"),
    [
        ("funnel_events", {"stage": "checkout"}, "unknown-value", "expected one of impression, click, visit"),
        ("funnel_events", {"count": 12.5}, "wrong-type", "expected a whole number"),
        ("funnel_events", {"count": -1}, "out-of-range", "0 to"),
        ("budget_actions", {"status": "done"}, "unknown-value", "proposed, approved, rejected, executed, rolled_back"),
        ("budget_actions", {"amount": "plenty"}, "wrong-type", "expected a finite number"),
        ("campaign_risk_signals", {"severity": "dire"}, "unknown-value", "low, medium, high, critical"),
        ("campaign_risk_signals", {"evidence": "none"}, "wrong-type", "an object with fields"),
        ("campaign_risk_signals", {"timestamp": "yesterday"}, "not-a-date", "2025-01-31"),
        ("segment_rollups", {"recommendation": "shrug"}, "unknown-value", "scale, hold, revise, stop"),
        ("attribution_hints", {"attributed_conversions": None}, "missing-value", "missing"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason_and_the_others_are_used(dataset, change, code, words):
    tables = rows()
    tables[dataset][0].update(change)
    records = MarketingRecords.from_tables(tables)
    (aside,) = records.set_aside
    assert (aside.dataset, aside.row_number, aside.code) == (dataset, 1, code)
    assert words in aside.reason
    assert records.counts()[dataset] == len(tables[dataset]) - 1


@pytest.mark.medium
def test_capital_letters_in_known_values_are_normalised():
    tables = rows()
    tables["budget_actions"][0]["status"] = "Executed"
    records = MarketingRecords.from_tables(tables)
    assert records.objects("budget_actions")[0].status == "executed"
    assert "spelling-tidied" in {finding.code for finding in records.findings}


@pytest.mark.medium
def test_whole_numbers_may_have_a_decimal_point():
    tables = rows()
    tables["funnel_events"][0]["count"] = "1200.0"
    assert MarketingRecords.from_tables(tables).objects("funnel_events")[0].count == 1200


@pytest.mark.medium
def test_planned_dates_do_not_count_as_the_latest_date():
    """A campaign that ends in April gives no latest date in April."""
    assert read_folders([bundled_folder(BUNDLED)]).latest_date().isoformat() == "2026-03-19T15:05:00"


def _write(folder, **sets):
    folder.mkdir()
    for name, content in sets.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.mark.slow
def test_two_folders_are_read_together(tmp_path):
    tables = rows()
    first = {name: tables[name] for name in ("campaigns", "channels", "budget_actions")}
    second = {name: tables[name] for name in tables if name not in first}
    together = read_folders([_write(tmp_path / "a", **first), _write(tmp_path / "b", **second)])
    assert together.counts() == read_folders([bundled_folder(BUNDLED)]).counts()
    assert not together.findings


def test_a_set_in_two_folders_is_read_from_both_with_consecutive_row_numbers(tmp_path):
    actions = rows()["budget_actions"]
    clash = actions[1] | {"amount": 7.0}
    records = read_folders(
        [
            _write(tmp_path / "a", budget_actions=actions[:3]),
            _write(tmp_path / "b", budget_actions=[actions[0], clash, actions[3]]),
        ]
    )
    assert [each.budget_action_id for each in records.objects("budget_actions")] == [
        f"BUD_000{n}" for n in (1, 2, 3, 4)
    ]
    assert [(row.row_number, row.code) for row in records.set_aside] == [(4, "duplicate-record"), (5, "duplicate-key")]
    assert records.objects("budget_actions")[1].amount == 2000.0
    (notice,) = (finding for finding in records.findings if finding.code == "set-in-several-files")
    assert "up to 3" in notice.message
    assert "up to 6" in notice.message


@pytest.mark.parametrize("zones", [("", "Z"), ("Z", "")])
def test_times_with_a_zone_in_one_file_and_without_in_another_are_mixed(zones, tmp_path):
    actions = rows()["budget_actions"][:3]
    folders = [
        _write(tmp_path / name, budget_actions=[row | {"timestamp": f"2026-03-10T10:00{zone}"} for row in part])
        for name, part, zone in zip("ab", (actions[:2], actions[2:]), zones, strict=True)
    ]
    (warning,) = (each for each in read_folders(folders).findings if each.code == "mixed-time-zones")
    zoned = 1 if zones[1] else 2
    assert f"timestamp of budget_actions has a time zone in {zoned} rows and none in {3 - zoned}." in warning.message
    assert not [each for each in read_folders(folders[:1]).findings if each.code == "mixed-time-zones"]


def test_row_numbers_of_the_second_folder_continue_those_of_the_first(tmp_path):
    events = rows()["funnel_events"]
    bad = events[2] | {"stage": "checkout"}
    records = read_folders(
        [_write(tmp_path / "a", funnel_events=events[:2]), _write(tmp_path / "b", funnel_events=[bad])]
    )
    assert [(row.row_number, row.code) for row in records.set_aside] == [(3, "unknown-value")]


def test_invalid_folders_and_set_names_are_refused(tmp_path):
    folder = bundled_folder(BUNDLED)
    with pytest.raises(InputError, match="is the same folder as"):
        read_folders([folder, folder / "."])
    with pytest.raises(InputError, match="give one or more"):
        read_folders([])
    with pytest.raises(InputError, match="no records found; expected a file for each of campaigns"):
        read_folders([tmp_path])
    with pytest.raises(InputError, match="'campaigs' is not a record set; did you mean 'campaigns'"):
        MarketingRecords.from_tables({"campaigs": []})


def test_missing_sets_are_reported_once_and_cause_no_unknown_references(tmp_path):
    from journey.marketing.checks import check

    folder = _write(tmp_path / "a", funnel_events=rows()["funnel_events"])
    findings = check(read_folders([folder])).findings
    missing = {finding.dataset: str(finding.severity) for finding in findings if finding.code == "missing-set"}
    assert set(missing) == set(MARKETING_FAMILY.datasets) - MARKETING_FAMILY.optional - {"funnel_events"}
    assert missing["campaigns"] == "warning"
    assert not [finding for finding in findings if finding.code == "unknown-reference"]
