"""The places of stage entries at the same moment, in a table of the database."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from journey.records.database import find_repeated
from journey.records.entry_order import sort_entries
from journey.records.model import StageEntry

if TYPE_CHECKING:
    import duckdb

_NAMES = ("customer_id", "journey_stage", "state_entered_at", "previous_stage", "days_in_state", "row_number")


def create_entry_places(cursor: "duckdb.DuckDBPyConnection", stages: Sequence[str]) -> bool:
    """Create the temporary table ``entry_places`` with the place of each entry among those of its customer and moment.

    Args:
        cursor: A connection to the records' database.
        stages: The stages of the journey, in its order.

    Returns:
        Whether there are entries at the same moment; without any, there is no table.
    """
    run = cursor.execute
    repeated = find_repeated(cursor, "SELECT hash(customer_id, state_entered_at) FROM journey_state_log")
    if not len(repeated):
        return False
    cursor.register("repeated_moments", {"moment": repeated})
    rows = run(f"""
        SELECT {", ".join(_NAMES)} FROM journey_state_log
        WHERE hash(customer_id, state_entered_at) IN (SELECT moment FROM repeated_moments) ORDER BY customer_id
    """).fetchall()
    cursor.unregister("repeated_moments")
    places: list[tuple[int, int]] = []
    for _, own in groupby(rows, key=itemgetter(0)):
        entries = {StageEntry.model_construct(**dict(zip(_NAMES, row, strict=True))): row[-1] for row in own}
        ordered = sort_entries(entries, stages)
        places.extend((entries[entry], place) for place, entry in enumerate(ordered))
    run("CREATE OR REPLACE TEMP TABLE entry_places AS SELECT unnest(?) AS row_number, unnest(?) AS place", [
        [row for row, _ in places], [place for _, place in places],
    ])  # fmt: skip
    return True
