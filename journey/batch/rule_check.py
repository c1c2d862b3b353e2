"""Respect rules in a batch: cases with an action are checked like one customer (`journey.orchestrator.rule_check`)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from journey.batch.case_columns import Cases, Ints
from journey.decision.as_of import AsOf
from journey.decision.rules import ACT, BREAKS_RULE, NO_ACTION
from journey.orchestrator.case_reader import CaseReader, CustomerCase
from journey.orchestrator.escalation import Route
from journey.orchestrator.rule_check import RuleCheck
from journey.records.folder import Records

CHUNK_CASES = 20_000
"""Cases whose records are in memory at a time."""

FindCase = Callable[[int, CustomerCase], tuple[CustomerCase, AsOf]]
"""Gives the records and the time of the decision of a row, from the records of its customer."""


def respect_rules(
    columns: Any, cases: Cases, records: Records, rule_check: RuleCheck, monitor: int, find_case: FindCase
) -> None:
    """Hold back the actions that would break a rule, and demand the approvals that keep it.

    Args:
        columns: The decisions (`DecisionColumns`), which are changed.
        cases: Their cases.
        records: The records of the cases.
        rule_check: The rules.
        monitor: Code of the action that only monitors.
        find_case: See `FindCase`.
    """
    rows = np.flatnonzero((columns.reason == ACT) & (columns.action != NO_ACTION) & (columns.action != monitor))
    for start in range(0, len(rows), CHUNK_CASES):
        _respect_in_rows(columns, rows[start : start + CHUNK_CASES], cases, records, rule_check, find_case)


def _respect_in_rows(
    columns: Any, rows: Ints, cases: Cases, records: Records, rule_check: RuleCheck, find_case: FindCase
) -> None:
    keys = cases.get_customer_ids(rows.tolist())
    customers = {case.customer.customer_id: case for case in CaseReader(records).read_many(sorted(set(keys)))}
    for row, key in zip(rows.tolist(), keys, strict=True):
        case, as_of = find_case(row, customers[key])
        route = Route(int(columns.action[row]), NO_ACTION, ACT, bool(columns.approval[row]), ())
        route = rule_check.apply(route, *case, as_of)
        columns.approval[row] = route.requires_approval
        if route.reason == BREAKS_RULE:
            columns.action[row], columns.held_back[row] = NO_ACTION, route.held_action
            columns.reason[row], columns.priority[row] = BREAKS_RULE, 0.0
