"""The result of simulating one arm once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from journey.core.version import version
from journey.tables.column_table import ColumnTable
from journey.tables.export import FrameExport
from scenarios.metrics.definitions import format_metric

if TYPE_CHECKING:
    import duckdb

    from scenarios.files.loader import LoadedScenario
    from simulation.metrics.run_results import Run
    from simulation.trace.events import Trace

METRIC_COLUMNS = {"metric": "VARCHAR", "unit": "VARCHAR", "value": "DOUBLE"}
"""The columns of the table of metrics, with their SQL types."""

CSAT_COLUMNS = {"day": "DOUBLE", "mean": "DOUBLE", "customers": "BIGINT"}
"""The columns of the table of CSAT over time, with their SQL types."""


@dataclass(frozen=True, repr=False)
class SimulationResult(FrameExport):
    """One cohort, simulated once in one arm.

    As a data frame it has one row per metric, with the columns ``metric``, ``unit`` and ``value``. `occupancy`, `csat`
    and `trace` are tables of their own. A single run does not measure random variation; a comparison gives intervals.

    Attributes:
        loaded: The scenario.
        run: All numbers of the run.
    """

    loaded: "LoadedScenario"
    run: "Run"

    @property
    def arm(self) -> str:
        """Name of the arm."""
        return self.run.arm

    @property
    def seed(self) -> int:
        """Random seed."""
        return self.loaded.scenario.seed

    @property
    def metrics(self) -> dict[str, float | None]:
        """The metrics by name; None where a metric is undefined. `to_pandas` adds their units."""
        return self.run.metrics

    @property
    def occupancy(self) -> ColumnTable:
        """Share of customers by stage, from 0 to 1: one row per day of a grid, one column per stage after ``day``."""
        rows = self.run.occupancy
        return ColumnTable(dict.fromkeys(rows[0], "DOUBLE"), (tuple(row.values()) for row in rows))

    @property
    def csat(self) -> ColumnTable:
        """CSAT over time: one row per day of a grid, with ``day``, ``mean`` (from 1 to 5) and ``customers``.

        The mean is over the customers in a live stage on that day, ``customers`` of them; it is null if there is none.
        """
        return ColumnTable(CSAT_COLUMNS, (tuple(row.values()) for row in self.run.csat))

    @property
    def trace(self) -> "Trace | None":
        """All events, one row each, ordered by time; None if the trace was not kept."""
        return self.run.trace

    def __repr__(self) -> str:
        """The metrics with their units, and what was simulated."""
        run = self.run
        about = (
            f"{self.loaded.name}, {run.arm}: {run.customers:,} customers, {run.days:g} days, {run.events:,} events, "
            f"seed {self.seed}, engine {run.engine}"
        )
        known = [(self.loaded.metrics.get(name), value) for name, value in run.metrics.items()]
        return "\n".join([about, *(f"{metric.label}: {format_metric(value, metric.unit)}" for metric, value in known)])

    def to_relation(self) -> "duckdb.DuckDBPyRelation":
        """Return the metrics as a DuckDB relation, one row per metric."""
        rows = ((name, self.loaded.metrics.get(name).unit, value) for name, value in self.metrics.items())
        return ColumnTable(METRIC_COLUMNS, rows).to_relation()

    def to_dict(self) -> dict[str, Any]:
        """Return the result as a JSON-ready mapping, the document of `journey simulate --json`."""
        run = self.run
        return {
            "scenario": self.loaded.name,
            "scenario_hash": self.loaded.hash,
            "version": version(),
            "arm": run.arm,
            "seed": self.seed,
            "replication": 0,
            "engine": run.engine,
            "customers": run.customers,
            "days": run.days,
            "events": run.events,
            "events_by_kind": run.events_by_kind,
            "decisions_by_reason": run.decisions_by_reason,
            "reviews_by_verdict": run.reviews_by_verdict,
            "outcomes": run.outcomes,
            "unhelped": run.unhelped,
            "gate": run.gate,
            "wall_seconds": run.wall_seconds,
            "occupancy": run.occupancy,
            "csat": run.csat,
            "metrics": run.metrics,
            **({"acquisition": run.acquisition} if run.acquisition else {}),
        }
