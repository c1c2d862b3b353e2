"""Where the time of the compiled engine goes on the peers' bare journey, beside the practical limit.

The ladder begins with the keyed walk of the peers, which can do nothing else, and adds one thing that the engine does
at each rung (`benchmarks.ladder`). The engine itself is the last rung: what it takes beyond the rung before is for
what this journey does not have and the engine provides for. All rungs run in turn in one process, one core, after a
warm-up run, and each is checked against the exact answer. Times are CPU times.
"""

from collections.abc import Callable
from functools import partial
from statistics import median
from time import process_time

from benchmarks import ladder
from benchmarks.measuring import load_engine
from benchmarks.peers import keyed_walk, ours
from benchmarks.peers.exact import worst
from benchmarks.peers.model import DAYS, Result
from benchmarks.tables import Beside, Figure, Reported, at_most, shown

CUSTOMERS = 1_000_000
ROUNDS = 7
FEW = 50
"""Customers of the warm-up run."""
LARGEST_Z = 4.0
"""With eight rungs of seven z values each, one run in three hundred exceeds 4 by chance."""

WALK, ENGINE = "the keyed walk: the practical limit", "the compiled engine"
COLUMNS = ("rung", "ns/customer", "added", "ns/event", "events/s", "share of the difference", "largest |z|")


def run() -> list[Reported]:
    """The table, and the ratio of its ends."""
    load_engine()
    rungs = _rungs()
    for simulate in rungs.values():
        simulate(FEW, 0)
    seconds: dict[str, list[float]] = {name: [] for name in rungs}
    found: dict[str, Result] = {}
    for seed in range(1, ROUNDS + 1):
        for name, simulate in rungs.items():
            started = process_time()
            found[name] = simulate(CUSTOMERS, seed)
            seconds[name].append(process_time() - started)
    ratios = [engine / walk for engine, walk in zip(seconds[ENGINE], seconds[WALK], strict=True)]
    z = {name: worst(each, customers=CUSTOMERS, days=DAYS, clock="continuous") for name, each in found.items()}
    return [
        Figure("time of the compiled engine beside the practical limit", median(ratios), "times", None,
               f"{CUSTOMERS:,} customers, {DAYS} days, one core; median of {ROUNDS} rounds, "
               f"{min(ratios):.1f} to {max(ratios):.1f}"),
        Figure("largest |z| of any rung", max(z.values()), "standard errors", at_most(LARGEST_Z),
               "against the exact answer, in the last round"),
        _table({name: median(each) for name, each in seconds.items()}, found, z),
    ]  # fmt: skip


def _rungs() -> dict[str, Callable[[int, int], Result]]:
    return {
        WALK: lambda customers, seed: keyed_walk.run(customers, DAYS, seed),
        **{f"+ {name}": partial(ladder.run, rung) for rung, name in ladder.RUNGS.items()},
        ENGINE: lambda customers, seed: ours.run_compiled(customers, DAYS, seed),
    }


def _table(seconds: dict[str, float], found: dict[str, Result], z: dict[str, float]) -> Beside:
    rows, before, whole = [], seconds[WALK], seconds[ENGINE] - seconds[WALK]
    for name, took in seconds.items():
        added = took - before
        first = name == WALK
        rows.append(
            (
                name,
                shown(1e9 * took / CUSTOMERS),
                "" if first else shown(1e9 * added / CUSTOMERS),
                f"{1e9 * took / found[name].events:.1f}",
                f"{found[name].events / took:,.0f}",
                "" if first else f"{100 * added / whole:.0f} %",
                f"{z[name]:.1f}",
            )
        )
        before = took
    return Beside(
        title="From the practical limit to the compiled engine",
        columns=COLUMNS,
        rows=rows,
        right=COLUMNS[1:],
        notes=(f"Median of {ROUNDS} rounds. Every rung contains those above it.",),
    )
