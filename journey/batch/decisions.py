"""Evaluate many cases in one batch, and the resulting table of decisions."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from journey.batch.case_columns import (
    CaseColumns,
    Cases,
    Flags,
    Floats,
    Ints,
    build_customer_cases,
    build_intervention_cases,
)
from journey.batch.grouping import get_kernels
from journey.batch.rule_check import respect_rules
from journey.decision.as_of import AsOf
from journey.decision.policy import MONITOR_ONLY, Policy
from journey.decision.rules import ACT, NO_ACTION, NOT_LIVE, REASONS
from journey.machine import Journey
from journey.orchestrator.case_reader import CaseReader, CustomerCase, resolve_as_of
from journey.orchestrator.decision import Decision
from journey.orchestrator.orchestrator import NO_RECOMMENDATION_REASONS, Orchestrator
from journey.orchestrator.results import DecisionTotals
from journey.orchestrator.signals import repeat_unknown_type
from journey.records.folder import Records, read_folder
from journey.rules import Rule
from journey.runtime.nested_arrays import to_arrays
from journey.tables.export import FrameExport

if TYPE_CHECKING:
    import duckdb

CHUNK_CASES = 65_536
"""Cases that a thread evaluates at a time."""


class DecisionColumns(NamedTuple):
    """The results of the kernel, one row per case. Codes are indices into the policy's actions and `rules.REASONS`."""

    severity: Floats
    confidence: Floats
    churn_probability: Floats
    priority: Floats
    action: Ints
    held_back: Ints
    reason: Ints
    approval: Flags
    leading_negative: Ints
    leading_positive: Ints
    negative: Floats
    positive: Floats
    stall: Floats
    negative_mass: Floats
    positive_mass: Floats
    open_interventions: Ints
    days_since_contact: Floats
    contacts_in_window: Ints


class DecisionGroup(NamedTuple):
    """The decisions with one action for customers of one stage and tier.

    Attributes:
        stage: The recorded stage, or None.
        tier: The customers' risk tier.
        action: The action, ``monitor_only``, or None where nothing is recommended.
        customers: Number of customers.
        needing_approval: Number of decisions that need a person's approval.
        priority: Expected loss that the actions can avert, in dollars.
    """

    stage: str | None
    tier: str
    action: str | None
    customers: int
    needing_approval: int
    priority: float


@dataclass(frozen=True, slots=True, repr=False)
class DecisionTable(FrameExport):
    """The decisions about many cases, by column.

    `to_pandas`, `to_polars` and `to_arrow` give a data frame with one row per case (`journey.batch.output`). The table
    also implements the Arrow stream interface, so polars, pyarrow and DuckDB read it directly.

    Attributes:
        as_of: The time of the evaluation (for replayed interventions, the latest time).
        cases: The evaluated cases.
        columns: The results, as codes and numbers.
        orchestrator: The orchestrator whose policy and journey were used.
        records: The records of the cases.
    """

    as_of: AsOf
    cases: Cases
    columns: DecisionColumns
    orchestrator: Orchestrator
    records: Records

    def __len__(self) -> int:
        return len(self.cases)

    def __repr__(self) -> str:
        """The number of decisions, and what was evaluated."""
        return f"{len(self):,} decisions ({self.records.source}) as of {self.as_of}"

    def decision(self, row: int) -> Decision:
        """Return the full decision about one row's customer, with reasons; the customer is evaluated again."""
        return self.decisions([row])[0]

    def top_priority(self, limit: int) -> Ints:
        """Return the first `limit` rows by priority, in the order of `ListedDecisions.top_priority`."""
        columns, rows = self.columns, np.arange(len(self))
        if 0 < limit < len(self):
            # Only rows with at least the priority of the last selected row need sorting.
            min_priority = np.partition(columns.priority, len(self) - limit)[len(self) - limit]
            rows = rows[columns.priority >= min_priority]
        losses = np.nan_to_num(self.expected_losses[rows])
        # Rows are in order of customer ID, and the sort is stable.
        order = np.lexsort((-columns.severity[rows], -losses, -columns.priority[rows]))
        first: Ints = rows[order[:limit]]
        return first

    @property
    def expected_losses(self) -> Floats:
        """Churn probability x account value of each case, in dollars; NaN where the journey has ended."""
        losses = self.columns.churn_probability * self.cases.columns.account_value
        return np.where(self.columns.reason == NOT_LIVE, np.nan, losses)

    def decisions(self, rows: Iterable[int]) -> list[Decision]:
        """Return the full decisions about these rows' customers, with reasons; each customer is evaluated again."""
        keys = self.cases.get_customer_ids([int(row) for row in rows])
        cases = {case.customer.customer_id: case for case in CaseReader(self.records).read_many(keys)}
        return [self.orchestrator.evaluate_customer(*cases[key], as_of=self.as_of) for key in keys]

    def count_totals(self) -> DecisionTotals:
        """Count the decisions that act, need approval and are held back."""
        columns = self.columns
        with_action = (columns.action != NO_ACTION) & (columns.reason == ACT)
        needing_approval = with_action & columns.approval
        return DecisionTotals(
            int(with_action.sum()), int(needing_approval.sum()), int((columns.held_back != NO_ACTION).sum())
        )

    def breakdown(self) -> list[DecisionGroup]:
        """Count the decisions by stage, tier and action; combinations without decisions are omitted."""
        stages = [*self.cases.recorded_stage_names, None]
        tiers = self.orchestrator.policy_table.tiers
        actions = self.action_names()
        shape = (len(stages), len(tiers), len(actions))
        indices = (self.cases.stages % shape[0], self.cases.columns.tier, self.action_codes() % shape[2])
        group_ids = np.ravel_multi_index(indices, shape)
        size = int(np.prod(shape))
        counts = np.bincount(group_ids, minlength=size)
        needing_approval = np.bincount(group_ids, weights=self.columns.approval, minlength=size)
        priorities = np.bincount(group_ids, weights=self.columns.priority, minlength=size)
        return [
            DecisionGroup(
                stages[index[0]],
                tiers[index[1]],
                actions[index[2]],
                int(counts[group_id]),
                int(needing_approval[group_id]),
                float(priorities[group_id]),
            )
            for group_id in np.flatnonzero(counts)
            for index in [np.unravel_index(group_id, shape)]
        ]

    def recommended_actions(self) -> npt.NDArray[np.object_]:
        """Return the action of each case: a name, ``monitor_only``, or None."""
        return np.array(self.action_names(), dtype=object)[self.action_codes()]

    def action_names(self) -> tuple[str | None, ...]:
        """Return the names for `action_codes`: the actions, ``monitor_only``, and None."""
        return (*self.orchestrator.policy_table.actions, MONITOR_ONLY, None)

    def action_codes(self) -> Ints:
        """Return the recommendation of each case as an index into `action_names`; -1, the last, for none."""
        without_recommendation = np.isin(self.columns.reason, list(NO_RECOMMENDATION_REASONS))
        monitor_code = len(self.orchestrator.policy_table.actions)
        codes: Ints = np.where(
            self.columns.action != NO_ACTION, self.columns.action, np.where(without_recommendation, -1, monitor_code)
        )
        return codes

    def to_dict(self) -> dict[str, npt.NDArray[Any]]:
        """Return the columns by name, with names instead of codes and NaN for unknown numbers."""
        columns, names = self.columns, np.array([*self.orchestrator.policy_table.actions, None], dtype=object)
        ended = columns.reason == NOT_LIVE
        return {
            "customer_id": self.cases.customer_ids,
            "stage": self.cases.stage_names,
            "days_in_stage": np.where(self.cases.has_stage, self.cases.columns.days, np.nan),
            "severity": columns.severity,
            "confidence": columns.confidence,
            "churn_probability": np.where(ended, np.nan, columns.churn_probability),
            "priority": columns.priority,
            "expected_loss": self.expected_losses,
            "recommended_action": self.recommended_actions(),
            "requires_human_approval": columns.approval,
            "reason": np.array(REASONS, dtype=object)[columns.reason],
            "held_back_action": names[columns.held_back],
        }

    def to_relation(self) -> "duckdb.DuckDBPyRelation":
        """Return every decision as a row of a DuckDB relation, with the numbers of its components."""
        from journey.batch.output import build_relation

        return build_relation(self)


def evaluate_batch(
    records: Records,
    as_of: AsOf | date | str | None = None,
    policy: Policy | None = None,
    journey: Journey | None = None,
    declared_rules: Sequence[Rule] = (),
) -> DecisionTable:
    """Evaluate all known customers in one batch. Decisions are identical to `Orchestrator.evaluate_customer`.

    Args:
        records: The records.
        as_of: The evaluation time. Default: the whole day of the latest date in the records.
        policy: Default: the default policy. Consent is its `do_not_contact` list; other governance checks work only for
            single customers.
        journey: Default: the default journey.
        declared_rules: Declared rules; no action is recommended that would break one of severity error.

    Raises:
        InputError: `as_of` is not a valid date, or is omitted and no record has a date.
    """
    return decide_in_batch(
        records, Orchestrator(policy, journey, declared_rules=declared_rules), resolve_as_of(records, as_of)
    )


def decide_in_batch(records: Records, orchestrator: Orchestrator, as_of: AsOf) -> DecisionTable:
    """Evaluate all known customers in one batch with the policy, the journey and the rules of an orchestrator."""
    cases = build_customer_cases(records, orchestrator, as_of)
    columns = evaluate_cases(cases, orchestrator)
    if orchestrator.rule_check is not None:
        monitor = orchestrator.parameters.monitor
        respect_rules(columns, cases, records, orchestrator.rule_check, monitor, lambda _, case: (case, as_of))
    return DecisionTable(as_of, cases, columns, orchestrator, records)


def evaluate_folder(
    folder: Path | str,
    as_of: AsOf | date | str | None = None,
    policy: Policy | None = None,
    journey: Journey | None = None,
    declared_rules: Sequence[Rule] = (),
) -> DecisionTable:
    """Read a folder of records and evaluate all customers; a million customers take seconds.

    Most of the time is spent on reading, validating and deduplicating rows; a decision takes less than a microsecond.
    This function does not check the records (see `journey.checks.check`) and computes no KPIs (see
    `journey.evaluation.evaluate.evaluate`).

    Args:
        folder: The folder, with one file for each set; Parquet is the fastest format.
        as_of: As in `evaluate_batch`.
        policy: As in `evaluate_batch`.
        journey: As in `evaluate_batch`.
        declared_rules: As in `evaluate_batch`.

    Raises:
        InputError: The folder cannot be read, `as_of` is not a valid date, or no record has a date.
    """
    with ThreadPoolExecutor(1) as executor:
        # Loading the compiler library takes half a second; the database reads files in the meantime.
        loading = executor.submit(lambda: (_get_kernel(), get_kernels()))
        records = read_folder(folder, journey=journey, policy=policy)
        loading.result()
    return evaluate_batch(records, as_of, policy, journey, declared_rules)


def redecide_batch(
    records: Records, orchestrator: Orchestrator, as_of: AsOf, *, approved: bool = True
) -> tuple[DecisionTable, dict[str, Any]]:
    """Re-decide recorded interventions, each at its own time.

    Args:
        records: The records.
        orchestrator: The orchestrator whose policy and journey are used.
        as_of: Later interventions are omitted.
        approved: Whether to include interventions that are recorded as needing a person's approval.

    Returns:
        The current decisions, and the recorded values by column (see `build_intervention_cases`).
    """
    cases, recorded = build_intervention_cases(records, orchestrator, as_of, approved=approved)
    columns = evaluate_cases(cases, orchestrator)
    if orchestrator.rule_check is not None:
        times = recorded["generated_at"].astype("datetime64[us]").tolist()

        def find_case(row: int, case: CustomerCase) -> tuple[CustomerCase, AsOf]:
            account_value = float(cases.columns.account_value[row])
            customer = case.customer.model_copy(update={"account_value": account_value})
            return case._replace(customer=customer), AsOf.for_recorded_decision(times[row])

        respect_rules(columns, cases, records, orchestrator.rule_check, orchestrator.parameters.monitor, find_case)
    return DecisionTable(as_of, cases, columns, orchestrator, records), recorded


def evaluate_cases(cases: Cases, orchestrator: Orchestrator) -> DecisionColumns:
    """Run the compiled kernel over all cases on all cores; cases are independent of each other."""
    parameters = to_arrays(orchestrator.parameters)
    unknown = len(cases.unknown_types)
    positive = find_positive_types(cases, orchestrator)
    weights = np.array(repeat_unknown_type(orchestrator.parameters.weights, unknown), dtype=np.float64)
    out = _allocate_columns(len(cases))
    kernel = _get_kernel()

    def evaluate_chunk(chunk: slice) -> None:
        rows = slice(chunk.start, chunk.stop + 1)
        signals = cases.signals._replace(starts=cases.signals.starts[rows])
        past = cases.past._replace(starts=cases.past.starts[rows])
        columns = CaseColumns._make(column[chunk] for column in cases.columns)
        results = DecisionColumns._make(column[chunk] for column in out)
        kernel(parameters, positive, weights, columns, signals, past, results)

    chunks = list(_chunk_slices(len(cases)))
    # The first chunk runs alone, because it compiles the kernel or loads it from the cache.
    for chunk in chunks[:1]:
        evaluate_chunk(chunk)
    with ThreadPoolExecutor() as threads:
        list(threads.map(evaluate_chunk, chunks[1:]))
    return out


def find_positive_types(cases: Cases, orchestrator: Orchestrator) -> Flags:
    """Return for each signal type, including each unknown type, whether it is positive."""
    return np.array(repeat_unknown_type(orchestrator.parameters.positive, len(cases.unknown_types)), dtype=np.bool_)


def _chunk_slices(count: int) -> Iterator[slice]:
    """Slices of cases, large enough that the overhead of a task is negligible."""
    for start in range(0, count, CHUNK_CASES):
        yield slice(start, min(start + CHUNK_CASES, count))


@cache
def _get_kernel() -> Any:
    from journey.batch import kernel
    from journey.decision import rules, steps
    from journey.runtime.jit import NO_REFCOUNT_OPTIONS, compile_kernels

    return compile_kernels(rules, steps, kernel, entries=kernel.KERNELS, options=NO_REFCOUNT_OPTIONS).decide_cases


def _allocate_columns(count: int) -> DecisionColumns:
    kinds = {Floats: np.float64, Ints: np.int64, Flags: np.bool_}
    return DecisionColumns(*(np.zeros(count, dtype=kinds[kind]) for kind in DecisionColumns.__annotations__.values()))
