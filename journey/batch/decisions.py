"""Judging many cases at once, and the table of decisions that comes out."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

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
from journey.decision.as_of import AsOf
from journey.decision.parameters import build_array_parameters
from journey.decision.policy import MONITOR_ONLY, Policy
from journey.decision.rules import ACT, NO_ACTION, NOT_LIVE, REASONS
from journey.machine import Journey
from journey.orchestrator.case_reader import CaseReader, resolve_as_of
from journey.orchestrator.decision import Decision
from journey.orchestrator.orchestrator import NO_RECOMMENDATION_REASONS, Orchestrator
from journey.orchestrator.results import DecisionTotals
from journey.orchestrator.signals import repeat_unknown_type
from journey.records.folder import Records, read_folder

CHUNK_CASES = 65_536
"""Cases that a thread judges at a time."""


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
    leading_negative: Ints
    leading_positive: Ints
    negative: Floats
    positive: Floats
    stall: Floats
    negative_mass: Floats
    positive_mass: Floats
    waiting: Ints
    since: Floats
    recent: Ints


class DecisionGroup(NamedTuple):
    """The decisions of one kind about customers of one stage and tier.

    Attributes:
        stage: The recorded stage, or None.
        tier: The customers' risk tier.
        action: The action, ``monitor_only``, or None where nothing is recommended.
        customers: How many decisions.
        needing_approval: How many of them need a person's approval.
        priority: Money at stake that they can avert, in dollars.
    """

    stage: str | None
    tier: str
    action: str | None
    customers: int
    needing_approval: int
    priority: float


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
        return len(self.cases)

    def decision(self, row: int) -> Decision:
        """The full decision about one row's customer, with reasons, judged alone."""
        return self.decisions([row])[0]

    def top_priority(self, limit: int) -> Ints:
        """The rows that deserve attention first, at most so many: the order of `ListedDecisions.foremost`."""
        columns, rows = self.columns, np.arange(len(self))
        if 0 < limit < len(self):
            # Only what has as much money at stake as the last of them needs to be put in order.
            min_priority = np.partition(columns.priority, len(self) - limit)[len(self) - limit]
            rows = rows[columns.priority >= min_priority]
        without_recommendation = np.isin(columns.reason[rows], list(NO_RECOMMENDATION_REASONS))
        # Rows are in order of the customer's id, and the sort keeps that where all else is equal.
        order = np.lexsort((-columns.severity[rows], without_recommendation, -columns.priority[rows]))
        first: Ints = rows[order[:limit]]
        return first

    def decisions(self, rows: Iterable[int]) -> list[Decision]:
        """The full decisions about these rows' customers, with reasons, each judged alone."""
        keys = self.cases.get_customer_ids([int(row) for row in rows])
        found = {case.customer.customer_id: case for case in CaseReader(self.records).read_many(keys)}
        return [self.orchestrator.evaluate_customer(*found[key], as_of=self.as_of) for key in keys]

    def count_totals(self) -> DecisionTotals:
        """How many decisions act, ask for approval and are held back."""
        columns = self.columns
        with_action = (columns.action != NO_ACTION) & (columns.reason == ACT)
        needing_approval = with_action & columns.approval
        return DecisionTotals(
            int(with_action.sum()), int(needing_approval.sum()), int((columns.held_back != NO_ACTION).sum())
        )

    def breakdown(self) -> list[DecisionGroup]:
        """How many decisions of each kind there are for each stage and tier, in their order; kinds that occur."""
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
        """Per case the action, ``monitor_only``, or None."""
        return np.array(self.action_names(), dtype=object)[self.action_codes()]

    def action_names(self) -> tuple[str | None, ...]:
        """The actions, watching, and nothing: the places that `action_codes` gives."""
        return (*self.orchestrator.policy_table.actions, MONITOR_ONLY, None)

    def action_codes(self) -> Ints:
        """Per case what is recommended, as a place in `action_names`; -1, the last, for nothing."""
        without_recommendation = np.isin(self.columns.reason, list(NO_RECOMMENDATION_REASONS))
        monitor_code = len(self.orchestrator.policy_table.actions)
        codes: Ints = np.where(
            self.columns.action != NO_ACTION, self.columns.action, np.where(without_recommendation, -1, monitor_code)
        )
        return codes

    def to_dict(self) -> dict[str, npt.NDArray[Any]]:
        """The columns by name, with names in place of codes and NaN where a number is not known."""
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
            "recommended_action": self.recommended_actions(),
            "requires_human_approval": columns.approval,
            "reason": np.array(REASONS, dtype=object)[columns.reason],
            "held_back_action": names[columns.held_back],
        }

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        from journey.batch.output import build_relation

        return build_relation(self).__arrow_c_stream__(requested_schema)


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
    when = resolve_as_of(records, as_of)
    cases = build_customer_cases(records, orchestrator, when)
    return DecisionTable(when, cases, evaluate_cases(cases, orchestrator), orchestrator, records)


def evaluate_folder(
    folder: Path | str,
    as_of: AsOf | date | str | None = None,
    policy: Policy | None = None,
    journey: Journey | None = None,
) -> DecisionTable:
    """Read a folder of records and judge every customer: a million in seconds.

    Reading, with every row validated and duplicates resolved, is most of the time; the decisions take less than a
    microsecond each. What is odd about the records is not looked for here (`journey.checks.check` does that), and no
    KPIs are computed (`journey.evaluation.evaluate.evaluate`).

    Args:
        folder: Holds one file for each set, best as Parquet.
        as_of: As in `evaluate_batch`.
        policy: As in `evaluate_batch`.
        journey: As in `evaluate_batch`.

    Raises:
        InputError: The folder cannot be read, or `as_of` is not a date, or no record has one.
    """
    with ThreadPoolExecutor(1) as executor:
        # The compiler's library takes half a second to load; the database reads outside of Python meanwhile.
        loading = executor.submit(lambda: (_get_kernel(), get_kernels()))
        records = read_folder(folder, journey=journey, policy=policy)
        loading.result()
    return evaluate_batch(records, as_of, policy, journey)


def redecide_batch(
    records: Records, orchestrator: Orchestrator, as_of: AsOf, *, approved: bool = True
) -> tuple[DecisionTable, dict[str, Any]]:
    """Re-decide recorded interventions each at its own moment, and what the record says of each, by column.

    Args:
        records: The records.
        orchestrator: By whom.
        as_of: Those generated later are left out.
        approved: Whether to include those that are recorded as needing a person's approval.
    """
    cases, recorded = build_intervention_cases(records, orchestrator, as_of, approved=approved)
    return DecisionTable(as_of, cases, evaluate_cases(cases, orchestrator), orchestrator, records), recorded


def evaluate_cases(cases: Cases, orchestrator: Orchestrator) -> DecisionColumns:
    """Run the compiled kernel over all cases, on every core; a case is judged alone, so the shares do not matter."""
    parameters = build_array_parameters(orchestrator.parameters)
    unknown = len(cases.unknown_types)
    positive = find_positive_types(cases, orchestrator)
    weights = np.array(repeat_unknown_type(orchestrator.parameters.weights, unknown), dtype=np.float64)
    out = _allocate_columns(len(cases))
    kernel = _get_kernel()

    def judge(share: slice) -> None:
        rows = slice(share.start, share.stop + 1)
        signals = cases.signals._replace(starts=cases.signals.starts[rows])
        past = cases.past._replace(starts=cases.past.starts[rows])
        columns = CaseColumns._make(column[share] for column in cases.columns)
        answers = DecisionColumns._make(column[share] for column in out)
        kernel(parameters, positive, weights, columns, signals, past, answers)

    chunks = list(_chunk_slices(len(cases)))
    # The first one alone: it compiles, or fetches what was compiled before.
    for chunk in chunks[:1]:
        judge(chunk)
    with ThreadPoolExecutor() as threads:
        list(threads.map(judge, chunks[1:]))
    return out


def find_positive_types(cases: Cases, orchestrator: Orchestrator) -> Flags:
    """Per signal type, the unknown ones each on their own: whether it speaks for the customer."""
    return np.array(repeat_unknown_type(orchestrator.parameters.positive, len(cases.unknown_types)), dtype=np.bool_)


def _chunk_slices(count: int) -> Iterator[slice]:
    """Slices of cases, large enough that handing one out costs nothing."""
    for start in range(0, count, CHUNK_CASES):
        yield slice(start, min(start + CHUNK_CASES, count))


@cache
def _get_kernel() -> Any:
    from journey.batch import kernel
    from journey.decision import rules, steps
    from journey.runtime.jit import NO_REFCOUNT_OPTIONS, compile_kernels

    return compile_kernels(rules, steps, kernel, options=NO_REFCOUNT_OPTIONS).judge


def _allocate_columns(count: int) -> DecisionColumns:
    kinds = {Floats: np.float64, Ints: np.int64, Flags: np.bool_}
    return DecisionColumns(*(np.zeros(count, dtype=kinds[kind]) for kind in DecisionColumns.__annotations__.values()))
