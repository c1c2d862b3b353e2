"""The report on campaigns."""

from journey.marketing.evaluation import evaluate_campaigns
from scenarios.reports.campaigns.sections import health_blocks
from scenarios.reports.document import Grid
from tests.journey.marketing.companies import records, rows


def test_campaign_health_names_the_steps_with_a_drop_off():
    grid = next(block for block in health_blocks(evaluate_campaigns(records(rows()))) if isinstance(block, Grid))
    steps = {row[0]: row[grid.columns.index("drop-off steps")] for row in grid.rows}
    assert steps == {
        "CAMP_001": "none",
        "CAMP_002": "visit to demo request (SEG_003 on CH_03)",
        "CAMP_003": "visit to feature adopt (SEG_005 on CH_04)",
    }
