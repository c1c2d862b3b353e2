"""The order of stage entries does not depend on the order of the rows, nor do the findings about them."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.checks import check
from journey.decision.as_of import AsOf
from journey.machine import default_journey
from journey.orchestrator.state import JourneyStateEvaluator
from journey.records.entry_order import sort_entries
from journey.records.model import StageEntry
from tests.journey.companies import ENTRY, company
from tests.levels import examples

STAGES = default_journey().stages


def _entry(stage, previous=None, day=1, days=None):
    return StageEntry(
        customer_id="K1", journey_stage=stage, previous_stage=previous, state_entered_at=datetime(2031, 3, day),
        days_in_state=days,
    )  # fmt: skip


ENTRIES = st.lists(
    st.builds(
        _entry, st.sampled_from((*STAGES, "odd")), st.sampled_from((None, *STAGES, "odd")), st.integers(1, 2),
        st.sampled_from((None, 1.0, 2.0)),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def test_a_chain_at_one_moment_is_followed_backwards_through_the_journey_too():
    chain = [_entry("retention", "support"), _entry("support", "engagement"), _entry("engagement", "onboarding")]
    back = [_entry("support", "retention"), _entry("engagement", "support"), _entry("retention", "support", day=2)]
    assert [entry.journey_stage for entry in sort_entries(chain, STAGES)] == ["engagement", "support", "retention"]
    assert [entry.journey_stage for entry in sort_entries(back, STAGES)] == ["support", "engagement", "retention"]


@given(data=st.data(), entries=ENTRIES)
def test_every_order_of_the_rows_gives_the_same_order_of_entries(data, entries):
    shuffled = data.draw(st.permutations(entries))
    assert sort_entries(shuffled, STAGES) == sort_entries(entries, STAGES)


@given(ENTRIES)
def test_the_last_entry_is_the_state_of_the_customer(entries):
    state = JourneyStateEvaluator(default_journey()).evaluate(entries, AsOf.of("2031-03-09"))
    assert sort_entries(entries, STAGES)[-1].journey_stage == state.stage


@pytest.mark.slow
@settings(max_examples=examples(15, otherwise=4), deadline=None)
@given(data=st.data(), entries=ENTRIES)
def test_every_order_of_the_rows_gives_the_same_findings(data, entries):
    rows = [ENTRY | entry.model_dump(mode="json") for entry in entries]
    same = [check(company(journey_state_log=log)).findings for log in (rows, data.draw(st.permutations(rows)))]
    without_numbers = [[f for f in found if f.code != "duplicate-record"] for found in same]
    assert without_numbers[0] == without_numbers[1]


@pytest.mark.parametrize("turned", [False, True])
def test_two_stages_at_one_moment_are_a_finding_in_either_order(turned):
    rows = [{**ENTRY, "journey_stage": stage, "previous_stage": None} for stage in ("support", "retention")]
    found = check(company(journey_state_log=rows[::-1] if turned else rows)).findings
    (finding,) = (each for each in found if each.code == "same-time-entries")
    assert "their order is unknown" in finding.message
    assert "illegal-move" not in {each.code for each in found}
