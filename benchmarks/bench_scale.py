"""The compiled engine with many customers, reviewers and no trace, compared with the reference engine.

The world is ``scale.toml`` with its arm with the full catalogue: exponential and Weibull dwells, and an evaluation of
every customer once a week. Every cohort is simulated in a new process after a warm-up run with the compiled code.
Seconds are those of the whole call, from the scenario's arm to the totals. An event is a row of a trace.

A cohort does identical work in every round, so differences between rounds come from other load on the machine. The best
of several rounds counts for both engines; the median is reported as well.
"""

from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.machine import between, pace
from benchmarks.measuring import journey, load_engine, measured_apart, peak_bytes, settled_bytes
from benchmarks.tables import Beside, Figure, Reported, at_least, at_most
from benchmarks.worlds import LAWS, SCENARIO, whole, whole_by_law

DAYS = 365
ROUNDS = 7
COMMANDS = 5
"""Repetitions of the command with two arms."""
MANY = 1_000_000
REFERENCE_CUSTOMERS = 2_000
BY_LAW = 100_000
FEWER = 100_000
"""The smaller of the two sizes for the growth of memory."""
GROWING = {10_000: 15, 100_000: 5, 1_000_000: 3, 10_000_000: 1}
"""Sizes, and the number of runs of each in one process."""
GROWING_DAYS = 120
FEW = 100
"""Customers of the warm-up run."""
README_CUSTOMERS = 1_000_000
"""Customers of the README's comparison at scale, with twenty replications."""


def run() -> list[Reported]:
    """All figures, the two engines in turn."""
    load_engine()
    return [*_speed(), *_commands(), *_memory(), *_growth(), _laws()]


def simulate_cohort(customers: int, days: float, engine: str, law: str | None = None) -> dict[str, Any]:
    """One cohort; runs in a process of its own.

    Args:
        customers: Its size.
        days: The horizon.
        engine: The engine.
        law: The law of all dwells; None leaves them as they are.
    """
    from simulation.runs.run import run_arm

    asked: dict[str, Any] = {"replication": 0, "engine": engine, "days": float(days)}
    run_arm(whole(FEW), seed=0, **asked)
    setup = whole(customers) if law is None else whole_by_law(customers, law)
    before, started = settled_bytes(), perf_counter()
    run = run_arm(setup, seed=1, **asked)
    return {
        "seconds": perf_counter() - started,
        "events": run.events,
        "grown": peak_bytes() - before,
        "busy": run.metrics["gate_utilisation"],
        "requests": run.events_by_kind.get("review_requested", 0),
    }


def time_events(customers: int, days: float, times: int) -> float:
    """Nanoseconds per event of the compiled engine, minimum of several runs; runs in a process of its own."""
    from simulation.runs.run import run_arm

    few, setup = whole(FEW), whole(customers)
    run_arm(few, seed=0, replication=0, engine="compiled", days=float(days))
    runs = [run_arm(setup, seed=1, replication=n, engine="compiled", days=float(days)) for n in range(times)]
    return min(1e9 * run.wall_seconds / run.events for run in runs)


def _apart(customers: int, days: float, engine: str = "compiled", law: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = measured_apart("benchmarks.bench_scale:simulate_cohort", customers, days, engine, law)
    return found


def _rate(run: dict[str, Any]) -> float:
    return float(run["events"] / run["seconds"])


def _speed() -> list[Reported]:
    ours, theirs, paces = [], [], [pace()]
    for _ in range(ROUNDS):
        theirs.append(_apart(REFERENCE_CUSTOMERS, DAYS, "reference"))
        paces.append(pace())
        ours.append(_apart(MANY, DAYS))
        paces.append(pace())
    rates, reference = [_rate(run) for run in ours], max(map(_rate, theirs))
    share, busy = 100 * ours[0]["requests"] / ours[0]["events"], 100 * ours[0]["busy"]
    spread = f"best of {ROUNDS}, median {median(rates):,.0f}, least {min(rates):,.0f}; pace {between(paces)}"
    return [
        Figure("compiled engine, one core", max(rates), "events/s", at_least(10e6),
               f"{MANY:,} customers, {DAYS} days, reviewers on (busy for {busy:.0f} % of their time; {share:.1f} % "
               "of events "
               f"request a review), no trace; {spread}"),
        Figure("reference engine, one core", reference, "events/s", None,
               f"{REFERENCE_CUSTOMERS:,} customers, the same world; in turn with the above, best of {ROUNDS}"),
        Figure("compiled engine beside the reference engine", max(rates) / reference, "times", at_least(50),
               "the two above"),
    ]  # fmt: skip


def _commands() -> list[Reported]:
    size = f"population.size={MANY}"
    once = ("compare", str(SCENARIO), "--set", size, "--replications", "1", "--workers", "2", "--json")
    seconds = [journey(*once).seconds for _ in range(COMMANDS)]
    size = f"population.size={README_CUSTOMERS}"
    twenty = journey("compare", "onboarding_outreach", "--set", size, "--json")
    return [
        Figure(f"{MANY:,} customers in two arms over a year", min(seconds), "s", at_most(10),
               f"journey compare scale.toml --set population.size={MANY} --replications 1 --workers 2; as a whole "
               f"command, best of {COMMANDS}, median {median(seconds):.3g}"),
        Figure(f"the README's comparison with {README_CUSTOMERS:,} customers", twenty.seconds, "s", None,
               f"journey compare onboarding_outreach --set {size}: half a year, two arms, 20 replications, a process "
               "for every core; as a whole command"),
    ]  # fmt: skip


def _memory() -> list[Reported]:
    small, large = (_apart(customers, DAYS) for customers in (FEWER, MANY))
    return [
        Figure("memory of a customer, no trace", (large["grown"] - small["grown"]) / (MANY - FEWER), "bytes",
               at_most(150), f"growth of peak resident memory between {FEWER:,} and {MANY:,} customers, {DAYS} days"),
    ]  # fmt: skip


def _growth() -> list[Reported]:
    nanoseconds = {
        customers: measured_apart("benchmarks.bench_scale:time_events", customers, GROWING_DAYS, times)
        for customers, times in GROWING.items()
    }
    sizes = f"from {min(GROWING):,} to {max(GROWING):,} customers"
    each = [
        Figure(
            f"an event with {customers:,} customers",
            took,
            "ns",
            None,
            f"best of {GROWING[customers]}",
        )
        for customers, took in nanoseconds.items()
    ]
    return [
        *each,
        Figure("cost of an event, dearest over cheapest size", max(nanoseconds.values()) / min(nanoseconds.values()),
               "times", at_most(1.5), f"{sizes}, {GROWING_DAYS} days at every size, gate on; the engine alone"),
    ]  # fmt: skip


def _laws() -> Beside:
    rows = []
    for law in LAWS:
        found = _apart(BY_LAW, DAYS, law=law)
        shape = LAWS[law].get("shape")
        busy = f"{100 * found['busy']:.0f} %"
        rows.append((law, "" if shape is None else f"{shape:g}", f"{_rate(found):,.0f}", f"{found['events']:,}", busy))
    return Beside(
        title="By dwell law: every dwell of the whole world of this law, compiled engine, one core",
        columns=("law", "shape", "events/s", "events", "gate busy"),
        rows=rows,
        right=("shape", "events/s", "events", "gate busy"),
        notes=(f"{BY_LAW:,} customers, {DAYS} days, gate on, no trace; one run each.",),
    )
