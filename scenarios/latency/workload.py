"""What is measured: the customers of a set of records, evaluated with one orchestrator at one time."""

from collections.abc import Iterable, Iterator
from itertools import islice

from journey.decision.as_of import AsOf
from journey.orchestrator.case_reader import CaseReader, CustomerCase
from journey.orchestrator.orchestrator import Orchestrator
from journey.records.folder import Records

BLOCK_CUSTOMERS = 1_000
"""Customers that are read before they are timed, so that reading is not part of their times."""

KEPT_CUSTOMERS = 20_000
"""Up to this number of customers are kept in memory from round to round; more are read again in each round."""


class Workload:
    """The customers of a set of records, and how to evaluate them.

    Attributes:
        records: The records.
        orchestrator: The orchestrator.
        as_of: The time of the evaluation.
        customers: Number of customers in the records.
    """

    def __init__(self, records: Records, orchestrator: Orchestrator, as_of: AsOf) -> None:
        self.records = records
        self.orchestrator = orchestrator
        self.as_of = as_of
        self.customers = records.counts()["customers"]
        self._kept: list[list[CustomerCase]] | None = None

    def read_blocks(self) -> Iterable[list[CustomerCase]]:
        """Read the customers in blocks, in order of ID."""
        if self.customers > KEPT_CUSTOMERS:
            return self._read()
        if self._kept is None:
            self._kept = list(self._read())
        return self._kept

    def run_batch(self) -> None:
        """Evaluate all customers in one batch."""
        from journey.batch.decisions import decide_in_batch

        decide_in_batch(self.records, self.orchestrator, self.as_of)

    def _read(self) -> Iterator[list[CustomerCase]]:
        cases = CaseReader(self.records).read_all()
        while block := list(islice(cases, BLOCK_CUSTOMERS)):
            yield block
