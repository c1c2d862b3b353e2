"""Reading and checking small folders of records, for customers and campaigns.

The time is that of planning statements, which grows with the SQL of each field and not with the rows. The first reading
of a process also loads the database. Processor time, because two sets are read at a time.
"""

import time
from collections.abc import Callable
from statistics import median

from benchmarks.measuring import journey, measured_apart
from benchmarks.tables import Figure
from journey.checks import check
from journey.marketing.checks import check as check_campaigns
from journey.marketing.records.folders import BUNDLED, read_folders
from journey.records.folder import bundled_folder, read_folder

TIMES = 9


def run() -> list[Figure]:
    """Medians of several readings in one process, the first reading of a process, and whole commands."""
    customers, campaigns = bundled_folder(), bundled_folder(BUNDLED)
    records, campaign_records = read_folder(customers), read_folders([campaigns])
    return [
        _repeated("read the bundled customers", lambda: read_folder(customers)),
        _repeated("check them", lambda: check(records)),
        _repeated("read the bundled campaigns", lambda: read_folders([campaigns])),
        _repeated("check them", lambda: check_campaigns(campaign_records)),
        _first("read the bundled customers, first reading", "read_customers_once"),
        _first("read the bundled campaigns, first reading", "read_campaigns_once"),
        *(_command(name) for name in ("check", "evaluate", "campaigns")),
    ]


def read_customers_once() -> float:
    """Seconds of processor time to read the bundled customers."""
    return _processor_seconds(lambda: read_folder(bundled_folder()))


def read_campaigns_once() -> float:
    """Seconds of processor time to read the bundled campaigns."""
    return _processor_seconds(lambda: read_folders([bundled_folder(BUNDLED)]))


def _repeated(name: str, work: Callable[[], object]) -> Figure:
    return Figure(name, median(_processor_seconds(work) for _ in range(TIMES)), "s", None, f"median of {TIMES}")


def _first(name: str, function: str) -> Figure:
    seconds = median(measured_apart(f"benchmarks.bench_small_folders:{function}") for _ in range(3))
    return Figure(name, seconds, "s", None, "in a new process, median of 3")


def _command(name: str) -> Figure:
    seconds = median(journey(name, "--json").seconds for _ in range(3))
    return Figure(f"journey {name}", seconds, "s", None, "the whole command, bundled records, median of 3")


def _processor_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
