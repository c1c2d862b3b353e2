"""Customers from a folder of records."""

import pytest

from journey.core.errors import InputError
from scenarios.files.loader import load
from simulation.runs.run import run_arm


@pytest.mark.parametrize(("segment", "refused"), [("tier=low", True), ("SMB", False)])
def test_a_segment_in_records_with_the_name_of_a_tier_is_refused(segment, refused, tmp_path):
    (tmp_path / "customers.csv").write_text(
        f"customer_id,segment,account_value,risk_tier,tenure_months\nC1,{segment},100,low,0\n"
    )
    (tmp_path / "journey_state_log.csv").write_text(
        "customer_id,journey_stage,previous_stage,state_entered_at\nC1,onboarding,,2025-01-02\n"
    )
    arm = load("default", [f'population.records="{tmp_path}"', "population.size=2"]).arms[0]
    if refused:
        with pytest.raises(InputError, match=r"the segment 'tier=low' has the name of a risk tier"):
            run_arm(arm, seed=1, replication=0, days=1.0)
    else:
        assert "churn_rate[SMB]" in run_arm(arm, seed=1, replication=0, days=1.0).metrics
