"""The imperfect company: the findings on its data equal the list in its README."""

import pytest

from journey.checks import check
from journey.detectors import detect
from journey.records.folder import bundled_folder, read_folder


def _listed() -> list[tuple[str, str, str, str]]:
    lines = (bundled_folder("imperfect") / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [(row[0], row[1], row[2], row[3]) for row in rows[1:]]


@pytest.mark.medium
def test_every_finding_is_listed_and_every_listed_one_is_found() -> None:
    report = check(read_folder(bundled_folder("imperfect")))
    found = [(str(f.severity), f.code, f.dataset, f.record or "-") for f in report.findings]
    assert sorted(found) == sorted(_listed())


def test_it_contains_every_required_imperfection() -> None:
    listed = {(code, dataset) for _, code, dataset, _ in _listed()}
    assert listed >= {
        ("conflicting-duplicate", "signals"), ("missing-previous-stage", "journey_state_log"),
        ("unknown-customer", "journey_state_log"), ("unknown-customer", "signals"),
        ("unknown-customer", "interventions"), ("unknown-customer", "outcomes"), ("unknown-customer", "events"),
        ("outcome-without-intervention", "outcomes"),
    }  # fmt: skip
    assert sum(code == "illegal-move" for _, code, _, _ in _listed()) >= 3


def test_it_has_baseline_customers_and_raw_events() -> None:
    records = read_folder(bundled_folder("imperfect"))
    quiet = [
        name for name in records.customer_ids() if not records.signals_for(name) and not records.interventions_for(name)
    ]
    assert quiet >= ["A-11", "A-12"]
    types = {signal.signal_type for signal in detect(records)}
    assert types == {
        "failed_onboarding_step", "usage_drop", "support_ticket_spike", "inactivity_warning", "price_complaint"
    }  # fmt: skip


@pytest.mark.medium
def test_it_shares_nothing_with_the_other_company() -> None:
    ten, imperfect = read_folder(bundled_folder()), read_folder(bundled_folder("imperfect"))
    assert not set(ten.customer_ids()) & set(imperfect.customer_ids())
    segments = "SELECT DISTINCT segment FROM customers"
    assert not set(ten.connection.execute(segments).fetchall()) & set(imperfect.connection.execute(segments).fetchall())
