"""Rows of the trace: from the codes that compiled code writes to columns of readable values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.distributions import dwell_times
from simulation.model.event_names import label_names, reason_names
from simulation.trace import events
from simulation.trace.codes import KIND_DECIDED, KIND_SIGNAL, LOWEST_CODE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from simulation.compiled.state import EngineState
    from simulation.model.arm import CompiledArm
    from simulation.trace.columns import Columns


def build_columns(compiled_arms: Sequence[CompiledArm], segments: Sequence[str], engine: EngineState) -> Columns:
    """The trace rows of a state by column, ordered by time, then customer, then occurrence.

    Args:
        compiled_arms: The arms.
        segments: The population's segments.
        engine: The state; it is not modified.
    """
    size = int(engine.run["trace_rows"][0])
    rows = engine.trace_rows[:size]
    # The sort is stable, and a customer's rows are already in order of occurrence.
    rows = rows[np.lexsort((rows["customer"], rows["time"]))]
    arm, kind, value, dated = rows["arm"], rows["kind"], rows["value"], rows["dated"]
    stages = np.array([*compiled_arms[0].machine.stages, None], dtype=object)
    sources = _padded_table([each.policy.sources for each in compiled_arms])
    labels, reasons = _text_table(map(label_names, compiled_arms)), _text_table(map(reason_names, compiled_arms))
    is_signal = kind == KIND_SIGNAL
    return {
        "time": rows["time"],
        "customer": rows["customer"],
        "arm": np.array([table.name for table in compiled_arms], dtype=object)[arm],
        "kind": np.array(events.KINDS, dtype=object)[kind],
        "stage": stages[rows["stage"]],
        # A missing stage has the code -1, which selects the None at the end.
        "to_stage": stages[rows["to_stage"]],
        "label": labels[arm, kind, rows["label"] - LOWEST_CODE],
        "reason": reasons[arm, kind, rows["reason"] - LOWEST_CODE],
        "reviewer": np.where(kind == KIND_DECIDED, rows["detail"], -1),
        "value": np.where(value < dwell_times.NEVER, value, np.nan),
        "source": np.where(is_signal, sources[arm, np.where(is_signal, rows["detail"], 0)], None),
        "dated": np.where(dated < dwell_times.NEVER, dated, np.nan),
        "segment": np.array(segments, dtype=object)[rows["segment"]],
        "account_value": rows["account_value"],
    }


def _text_table(texts_by_arm: Iterable[Mapping[int, Mapping[int, str]]]) -> Any:
    """Texts by arm, kind and code as one table, with None for missing texts."""
    by_arm = list(texts_by_arm)
    codes = [code for kinds in by_arm for texts in kinds.values() for code in texts]
    table = np.full((len(by_arm), len(events.KINDS), max(codes) - LOWEST_CODE + 1), None, dtype=object)
    for arm, kinds in enumerate(by_arm):
        for kind, texts in kinds.items():
            for code, text in texts.items():
                table[arm, kind, code - LOWEST_CODE] = text
    return table


def _padded_table(rows: Sequence[Sequence[str]]) -> Any:
    table = np.full((len(rows), max(len(row) for row in rows)), None, dtype=object)
    for index, row in enumerate(rows):
        table[index, : len(row)] = row
    return table
