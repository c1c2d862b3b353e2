"""Rows of the trace: from the codes that compiled code writes to columns of readable values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from journey.decision.rules import REASONS
from simulation.compiled import customer as customer_module
from simulation.compiled import orchestration, primitives, state, transitions
from simulation.compiled.state import OUTCOMES, VERDICTS, EngineState
from simulation.distributions import dwell_times
from simulation.trace import events

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.model.arm import CompiledArm
    from simulation.trace.columns import Columns

_LOWEST_CODE = -3
"""The lowest code of a label or a reason. Negative codes stand for values that are not in a list."""


def build_columns(compiled_arms: Sequence[CompiledArm], engine: EngineState) -> Columns:
    """The trace rows of a state by column, ordered by time, then customer, then occurrence.

    Args:
        compiled_arms: The arms.
        engine: The state; it is not modified.
    """
    size = int(engine.counters[state.TRACE_ROWS])
    # The sort is stable, and a customer's rows are already in order of occurrence.
    order = np.lexsort((engine.row_ints[:size, 0], engine.row_floats[:size, 0]))
    time, value, dated = engine.row_floats[order].T
    customer, kind, stage, to_stage, label, reason, reviewer, arm = engine.row_ints[order].T
    stages = np.array([*compiled_arms[0].machine.stages, None], dtype=object)
    sources = _padded_table([table.policy.sources for table in compiled_arms])
    is_signal = kind == primitives.KIND_SIGNAL
    return {
        "time": time,
        "customer": customer,
        "arm": np.array([table.name for table in compiled_arms], dtype=object)[arm],
        "kind": np.array(events.KINDS, dtype=object)[kind],
        "stage": stages[stage],
        # A missing stage has the code -1, which selects the None at the end.
        "to_stage": stages[to_stage],
        "label": _text_table([_labels(table) for table in compiled_arms])[arm, kind, label - _LOWEST_CODE],
        "reason": _text_table([_reasons(table) for table in compiled_arms])[arm, kind, reason - _LOWEST_CODE],
        "reviewer": np.where(kind == primitives.KIND_DECIDED, reviewer, -1),
        "value": np.where(value < dwell_times.NEVER, value, np.nan),
        "source": np.where(is_signal, sources[arm, np.where(is_signal, reviewer, 0)], None),
        "dated": np.where(dated < dwell_times.NEVER, dated, np.nan),
    }


def _text_table(by_arm: Sequence[Mapping[int, Mapping[int, str]]]) -> Any:
    """Texts by arm, kind and code as one table, with None for missing texts."""
    codes = [code for kinds in by_arm for texts in kinds.values() for code in texts]
    table = np.full((len(by_arm), len(events.KINDS), max(codes) - _LOWEST_CODE + 1), None, dtype=object)
    for arm, kinds in enumerate(by_arm):
        for kind, texts in kinds.items():
            for code, text in texts.items():
                table[arm, kind, code - _LOWEST_CODE] = text
    return table


def _padded_table(rows: Sequence[Sequence[str]]) -> Any:
    table = np.full((len(rows), max(len(row) for row in rows)), None, dtype=object)
    for index, row in enumerate(rows):
        table[index, : len(row)] = row
    return table


def _names_by_code(names: Sequence[str]) -> dict[int, str]:
    return dict(enumerate(names))


def _labels(compiled_arm: CompiledArm) -> dict[int, dict[int, str]]:
    actions, causes = (
        _names_by_code(compiled_arm.policy.actions),
        _names_by_code([cause.name for cause in compiled_arm.causes]),
    )
    return {
        primitives.KIND_MOVE: _names_by_code(compiled_arm.machine.moves),
        primitives.KIND_SIGNAL: _names_by_code(compiled_arm.policy.signal_types),
        primitives.KIND_DECISION: {
            **actions,
            orchestration.LABEL_MONITOR_ONLY: "monitor_only",
            orchestration.LABEL_NONE: "none",
        },
        primitives.KIND_REQUESTED: actions,
        primitives.KIND_DECIDED: _names_by_code(VERDICTS),
        primitives.KIND_ACTION: actions,
        primitives.KIND_OUTCOME: _names_by_code(OUTCOMES),
        primitives.KIND_DISTRESS_ON: causes,
        primitives.KIND_DISTRESS_OFF: causes,
        primitives.KIND_ARRIVAL: {-1: events.ARRIVAL},
        primitives.KIND_VALUE: _names_by_code(compiled_arm.value_changes),
    }


def _reasons(compiled_arm: CompiledArm) -> dict[int, dict[int, str]]:
    return {
        primitives.KIND_DECISION: _names_by_code(REASONS),
        primitives.KIND_SIGNAL: {
            **_names_by_code([cause.name for cause in compiled_arm.causes]),
            customer_module.NOISE_CAUSE: events.NOISE,
            customer_module.REASON_ORPHANED: events.ORPHANED,
            customer_module.REASON_DUPLICATE: events.DUPLICATE,
        },
        primitives.KIND_MOVE: {transitions.REASON_RENEWAL: events.RENEWAL, transitions.REASON_PAYMENT: events.PAYMENT},
    }
