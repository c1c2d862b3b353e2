"""The watch list of a batch: the same criteria as one by one, on the columns of the batch."""

import numpy as np

from journey.batch.decisions import DecisionTable
from journey.decision.rules import NO_ACTION
from journey.orchestrator.watch_list import WatchColumns, WatchList


def build_batch_watch_list(table: DecisionTable) -> WatchList:
    """Build the watch list of a table of decisions; the customers on it are evaluated again when they are read."""
    columns, cases, orchestrator = table.columns, table.cases, table.orchestrator
    # A customer without a stage has index -1, for which an extra last entry is added; so has one without a signal.
    typical = np.append(np.array(orchestrator.policy_table.typical_days), 0.0)
    is_live = np.append(cases.signals.ages, np.inf) <= orchestrator.max_listed_age_days
    is_live[-1] = False
    return WatchList(
        WatchColumns(
            reason=columns.reason,
            is_held_back=columns.held_back != NO_ACTION,
            days=np.where(cases.has_stage, np.maximum(cases.columns.days, 0.0), np.nan),
            typical_days=typical[cases.columns.stage],
            has_live_negative=is_live[columns.leading_negative],
            has_live_positive=is_live[columns.leading_positive],
            gaps=cases.columns.gaps,
            is_high_tier=cases.columns.tier == orchestrator.parameters.high_tier,
            account_value=cases.columns.account_value,
            expected_loss=table.expected_losses,
        ),
        orchestrator.policy,
        table.decisions,
    )
