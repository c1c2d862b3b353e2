"""Context of marketing checks and analyses: records up to `as_of`, the policy, and tables and macros for SQL."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import duckdb

from journey.checks.context import SQL_MACROS
from journey.decision.as_of import resolve_moment
from journey.machine.lifecycles import FUNNEL_STEPS
from journey.marketing.core.policy import MarketingPolicy
from journey.marketing.records.model import MARKETING_FAMILY, LogEvent
from journey.marketing.records.store import MarketingRecords
from journey.marketing.views.balances import BALANCE_TABLES, OPENING_CHANNELS
from journey.marketing.views.effective_actions import effective_actions_query
from journey.marketing.views.funnel import USED_EVENTS
from journey.marketing.views.performance import INCREMENTS, TOTALS, UNAMBIGUOUS_SNAPSHOTS
from journey.records.columns import build_label_sql, get_date_columns
from journey.records.database import literal, quoted
from journey.records.model import get_model

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class MarketingContext:
    """The context of one run of the checks or analyses.

    Besides the clean tables, queries can read these tables, which only contain rows dated up to `as_of`:

    * ``seen_<set>``: each record set, with ``label`` (name of the row in messages);
    * ``used_funnel_events``: the funnel counts that are used, with ``day``; see `journey.marketing.views.funnel`;
    * ``increments``: performance between two snapshots of an asset, with the asset's ``campaign_id``, ``segment_id``
      and ``channel_id``, and with ``since`` (time of the previous snapshot, null for the first);
    * ``totals``: performance up to the last snapshot of each asset and experiment, with the same columns;
    * ``steps``: ``campaign_id, stage, step_number, declared``, the path of each campaign; ``step_number`` starts at 1;
    * ``opening_channels``: ``campaign_id, channel_id, amount`` of each channel with an opening balance; ``amount`` is
      null if it is not a number;
    * ``campaign_channels``: ``campaign_id, channel_id`` of each channel with an asset or an opening balance in the
      campaign;
    * ``statement`` and ``balances``: see `journey.marketing.views.balances`.

    Statuses are current ones: the record sets do not contain the status at an earlier `as_of`; only the log does.
    Budget actions have the last status in the log; see `journey.marketing.views.effective_actions`.

    Attributes:
        cursor: A separate connection to the records' database. Its temporary tables exist as long as the connection.
        as_of: Time up to which records are used; None if no record has a date.
        policy: The policy.
        log_until: Time up to which the log is used: `as_of`, or the log's last entry if `as_of` is the default. The log
            has the time of the clock at each step, which may be long after the records end.
    """

    cursor: duckdb.DuckDBPyConnection
    as_of: datetime | None
    policy: MarketingPolicy
    log_until: datetime | None = None
    _cache: dict[Callable[..., Any], Any] = field(default_factory=dict, repr=False, compare=False)

    def get_or_compute(self, compute: "Callable[[MarketingContext], Result]") -> Result:
        """The result of `compute`, computed once per context, because several parts of an evaluation use it.

        Args:
            compute: A function of only the context. Its result is shared; do not modify it.
        """
        if compute not in self._cache:
            self._cache[compute] = compute(self)
        result: Result = self._cache[compute]
        return result

    @property
    def as_of_sql(self) -> str:
        """`as_of` as an SQL literal."""
        return _moment_sql(self.as_of)


def _moment_sql(moment: datetime | None) -> str:
    return "NULL::TIMESTAMP" if moment is None else f"TIMESTAMP '{moment.isoformat(sep=' ')}'"


def build_context(
    records: MarketingRecords, as_of: date | datetime | None = None, policy: MarketingPolicy | None = None
) -> MarketingContext:
    """Build a context with a cursor of its own and all tables.

    Args:
        records: The records.
        as_of: Rows dated later are ignored; a bare date includes its whole day. Default: the latest date in the
            records without the log, and all of the log.
        policy: The policy. Default: `MarketingPolicy()`.
    """
    moment = resolve_moment(as_of, records)
    last_entry = records.latest_log_date() if as_of is None else None
    log_until = max((each for each in (moment, last_entry) if each is not None), default=None)
    context = MarketingContext(records.connection.cursor(), moment, policy or MarketingPolicy(), log_until)
    create_tables(context, records.latest_date())
    return context


def create_tables(context: MarketingContext, latest: datetime | None) -> None:
    """Create the tables and macros that queries use.

    Args:
        context: Where to create them.
        latest: The latest date of all records, those after `as_of` included; None if no record has a date.
    """
    execute = context.cursor.execute
    macros = (
        "dollars(amount) AS printf('%.2f', amount)",
        f"as_of_time() AS {context.as_of_sql}",
        f"latest_time() AS {_moment_sql(latest)}",
        f"log_time() AS {_moment_sql(context.log_until)}",
    )
    for macro in (*SQL_MACROS, *macros):
        execute(f"CREATE OR REPLACE TEMP MACRO {macro}")
    for dataset in MARKETING_FAMILY.datasets:
        date_column = observation_column(dataset)
        until = "log_time()" if dataset == LogEvent.dataset else context.as_of_sql
        where = f"WHERE {quoted(date_column)} IS NULL OR {quoted(date_column)} <= {until}" if date_column else ""
        rows = f"SELECT *, {build_label_sql(dataset)} AS label FROM {dataset} {where}"
        execute(f"CREATE OR REPLACE TEMP TABLE seen_{dataset} AS {rows}")
    execute(
        f"CREATE OR REPLACE TEMP TABLE seen_budget_actions AS {effective_actions_query(context.policy.budget.currency)}"
    )
    execute(f"CREATE OR REPLACE TEMP TABLE used_funnel_events AS {USED_EVENTS}")
    execute(f"CREATE OR REPLACE TEMP TABLE seen_performance_metrics AS {UNAMBIGUOUS_SNAPSHOTS}")
    execute(f"CREATE OR REPLACE TEMP TABLE increments AS {INCREMENTS}")
    execute(f"CREATE OR REPLACE TEMP TABLE totals AS {TOTALS}")
    execute(f"CREATE OR REPLACE TEMP TABLE steps AS {_STEPS}")
    execute(f"CREATE OR REPLACE TEMP TABLE opening_channels AS {OPENING_CHANNELS}")
    execute(f"CREATE OR REPLACE TEMP TABLE campaign_channels AS {_CAMPAIGN_CHANNELS}")
    for name, sql in BALANCE_TABLES:
        execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")


def observation_column(dataset: str) -> str | None:
    """The date column with the time at which rows of a record set were observed; None if the set has none."""
    planned = get_model(dataset).planned
    dates = [name for name in get_date_columns(dataset) if name not in planned]
    # A rollup is known only at the end of its window.
    return dates[-1] if dataset == "segment_rollups" else next(iter(dates), None)


_STAGE_ORDER = ", ".join(f"({literal(stage)}, {rank})" for rank, stage in enumerate(FUNNEL_STEPS, start=1))

_STEPS = f"""
    WITH known(stage, rank) AS (VALUES {_STAGE_ORDER}),
    named AS (
        SELECT campaign_id, unnest(path) AS stage, TRUE AS declared FROM campaigns
        UNION
        SELECT campaign_id, stage, FALSE FROM seen_funnel_events
        WHERE campaign_id NOT IN (SELECT campaign_id FROM campaigns WHERE len(path) > 0)
    )
    SELECT campaign_id, stage, row_number() OVER (PARTITION BY campaign_id ORDER BY rank) AS step_number, declared
    FROM named JOIN known USING (stage)
"""
"""SQL for the path of each campaign: the declared steps, or else its recorded steps, in the funnel's order."""

_CAMPAIGN_CHANNELS = """
    SELECT DISTINCT campaign_id, channel_id FROM creative_assets WHERE channel_id IS NOT NULL
    UNION SELECT campaign_id, channel_id FROM opening_channels
"""
