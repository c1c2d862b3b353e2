"""The orchestrator for a million customers at once: the same decisions as one at a time, bit for bit.

`columns` turns tables of records into columns of codes and ages, `kernel` is the loop over cases, and `table` holds
the answers.
"""

from journey.batch.case_columns import Cases
from journey.batch.decisions import DecisionTable, evaluate_batch, evaluate_folder, redecide_batch

__all__ = ["Cases", "DecisionTable", "evaluate_batch", "evaluate_folder", "redecide_batch"]
