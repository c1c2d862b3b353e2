"""Judging many cases at once, and the table of decisions that comes out."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from journey.asof import AsOf
from journey.batch.columns import Cases, Flags, Floats, Ints, cases_of_customers, cases_of_interventions
from journey.machine import Journey
from journey.orchestrator.cases import CaseReader, as_of_for
from journey.orchestrator.decision import Decision
from journey.orchestrator.orchestrator import SILENT_REASONS, Orchestrator
from journey.orchestrator.signals import extended
from journey.policy import MONITOR_ONLY, Policy
from journey.records.reading import Records
from journey.rules import NO_ACTION, NOT_LIVE, REASONS
from journey.steps import PolicySheet


class DecisionColumns(NamedTuple):
    """What the kernel fills, one row per case. Codes are indices into the policy's actions and `rules.REASONS`."""

    severity: Floats
    confidence: Floats
    churn_probability: Floats
    priority: Floats
    action: Ints
    held_back: Ints
    reason: Ints
    approval: Flags
    lead: Ints
    bright: Ints
    negative: Floats
    positive: Floats
    stall: Floats


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """The decisions about many cases, by column.

    It offers the Arrow stream interface, so pandas, polars, pyarrow and DuckDB take it as it is.

    Attributes:
        as_of: The moment of the judgement (for replayed interventions, the last one looked at).
        cases: What was judged.
        columns: The answers, in codes and numbers.
        orchestrator: By whom.
        records: Out of which records.
    """

    as_of: AsOf
    cases: Cases
    columns: DecisionColumns
    orchestrator: Orchestrator
    records: Records

    def __len__(self) -> int:
        return len(self.cases.customer_ids)

    def decision(self, row: int) -> Decision:
        """The full decision about one row's customer, with reasons, judged alone.

        Raises:
            LookupError: The customer is not in the records any more.
        """
        case = CaseReader(self.records).one(self.cases.customer_ids[row])
        if case is None:
            raise LookupError(f"{self.cases.customer_ids[row]!r} is no longer among the customers")
        return self.orchestrator.evaluate_customer(*case, as_of=self.as_of)

    def recommended_actions(self) -> npt.NDArray[np.object_]:
        """Per case the action, ``monitor_only``, or None."""
        names = np.array([*self.orchestrator.table.actions, MONITOR_ONLY, None], dtype=object)
        watch = len(names) - 2
        silent = np.isin(self.columns.reason, list(SILENT_REASONS))
        codes = np.where(self.columns.action != NO_ACTION, self.columns.action, np.where(silent, -1, watch))
        actions: npt.NDArray[np.object_] = names[codes]
        return actions

    def to_dict(self) -> dict[str, npt.NDArray[Any]]:
        """The columns by name, with names in place of codes and NaN where a number is not known."""
        columns, names = self.columns, np.array([*self.orchestrator.table.actions, None], dtype=object)
        ended = columns.reason == NOT_LIVE
        return {
            "customer_id": self.cases.customer_ids,
            "stage": self.cases.stage_names,
            "days_in_stage": np.where(self.cases.has_stage, self.cases.columns.days, np.nan),
            "severity": columns.severity,
            "confidence": columns.confidence,
            "churn_probability": np.where(ended, np.nan, columns.churn_probability),
            "priority": columns.priority,
            "recommended_action": self.recommended_actions(),
            "requires_human_approval": columns.approval,
            "reason": np.array(REASONS, dtype=object)[columns.reason],
            "held_back_action": names[columns.held_back],
        }

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        import duckdb

        # DuckDB finds the dictionary by its name here, and needs no further package to speak Arrow.
        decisions = self.to_dict()
        connection = duckdb.connect(":memory:")
        relation = connection.sql("SELECT * FROM decisions")
        del decisions
        return relation.__arrow_c_stream__(requested_schema)


def evaluate_batch(
    records: Records,
    as_of: AsOf | date | str | None = None,
    policy: Policy | None = None,
    journey: Journey | None = None,
) -> DecisionTable:
    """Judge every known customer at once: the decisions of `Orchestrator.evaluate_customer`, bit for bit.

    Args:
        records: The records.
        as_of: The moment; left out, the whole day of the latest date in the records.
        policy: Left out, the default policy. Consent is its `do_not_contact` list; other governance checks are for
            single customers.
        journey: Left out, the default journey.

    Raises:
        InputError: `as_of` is not a date, or is left out and no record has one.
    """
    orchestrator = Orchestrator(policy, journey)
    when = as_of_for(records, as_of)
    cases = cases_of_customers(records, orchestrator, when)
    return DecisionTable(when, cases, judged(cases, orchestrator), orchestrator, records)


def redecide_batch(records: Records, orchestrator: Orchestrator, as_of: AsOf) -> tuple[DecisionTable, dict[str, Any]]:
    """Re-decide every recorded intervention at its own moment, and what the record says of each, by column."""
    cases, recorded = cases_of_interventions(records, orchestrator, as_of)
    return DecisionTable(as_of, cases, judged(cases, orchestrator), orchestrator, records), recorded


def judged(cases: Cases, orchestrator: Orchestrator) -> DecisionColumns:
    """Run the compiled kernel over all cases."""
    sheet = array_sheet(orchestrator.sheet)
    unknown = len(cases.unknown_types)
    positive = np.array(extended(orchestrator.sheet.positive, unknown), dtype=np.bool_)
    weights = np.array(extended(orchestrator.sheet.weights, unknown), dtype=np.float64)
    out = _empty(len(cases.customer_ids))
    _kernel()(sheet, positive, weights, cases.columns, cases.signals, cases.past, out)
    return out


@cache
def _kernel() -> Any:
    from journey import rules, steps
    from journey.batch import kernel
    from journey.jit import compiled

    return compiled(rules, steps, kernel).judge


def array_sheet(sheet: PolicySheet) -> PolicySheet:
    """The same sheet with arrays in place of tuples, every number a float where the annotation says so."""
    kinds = PolicySheet.__annotations__
    return PolicySheet(*(_as_array(value, str(kinds[name])) for name, value in sheet._asdict().items()))


def _as_array(value: Any, kind: str) -> Any:
    dtype = np.bool_ if "bool" in kind else np.float64 if "float" in kind else np.int64
    return np.array(value, dtype=dtype) if isinstance(value, tuple) else dtype(value).item()


def _empty(count: int) -> DecisionColumns:
    kinds = {Floats: np.float64, Ints: np.int64, Flags: np.bool_}
    return DecisionColumns(*(np.zeros(count, dtype=kinds[kind]) for kind in DecisionColumns.__annotations__.values()))
