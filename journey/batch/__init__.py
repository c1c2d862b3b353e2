"""The orchestrator for a million customers in one batch, with bit-identical decisions.

`case_columns` converts tables of records to columns of codes and ages, `kernel` is the loop over cases, and `decisions`
contains the table of results.
"""

from journey.batch.case_columns import Cases
from journey.batch.decisions import DecisionTable, evaluate_batch, evaluate_folder, redecide_batch

__all__ = ["Cases", "DecisionTable", "evaluate_batch", "evaluate_folder", "redecide_batch"]
