"""Experiments whose truth is known: customers are split by chance and churn independently, at rates that are given."""

import numpy as np

from scenarios.experiment.analysis import build_scenario_split
from scenarios.files.loader import load
from simulation.metrics.run_results import Run

SIZES = {"SMB": 600, "Mid-Market": 300, "Enterprise": 100}
CHURN = {"SMB": 0.30, "Mid-Market": 0.12, "Enterprise": 0.05}
PLANTED = -0.04
"""What the arm `treated` takes off the churn rate of every segment."""

VALUE = 1000.0
"""Yearly value of a customer, in dollars."""


def experiment(*overrides, seed=1, replications=8):
    """A scenario and its split; its world is not simulated, its segments are those of `SIZES`."""
    loaded = load("default", [f"seed={seed}", f"replications={replications}", *overrides])
    return loaded, build_scenario_split(loaded)


def planted(setups, *, seed, replication, days, trace=False, engine="reference", effect=PLANTED, skew=1.0):
    """One experiment: each stratum's customers by a multinomial draw, their churn by a binomial one.

    `skew` multiplies the share of the arm `treated` without the knowledge of the experimenter.
    """
    rng = np.random.default_rng([seed, replication])
    runs = {}
    for segment, size in SIZES.items():
        strata = [setup for setup in setups if segment in setup.share_by_segment]
        shares = np.array([s.share_by_segment[segment] * (skew if treated(s) else 1.0) for s in strata])
        for setup, customers in zip(strata, rng.multinomial(size, shares / shares.sum()), strict=True):
            churned = rng.binomial(customers, CHURN[segment] + (effect if treated(setup) else 0.0))
            runs[setup.name] = stratum(setup.name, segment, int(customers), int(churned), days)
    return tuple(runs[setup.name] for setup in setups)


def without_effect(setups, **how):
    return planted(setups, effect=0.0, **how)


def wrongly_split(setups, **how):
    return planted(setups, skew=0.85, **how)


def with_interference(setups, **how):
    """Where both arms are in one run, the treated one costs the other a hundredth of its customers."""
    together = any(treated(setup) for setup in setups) and not all(treated(setup) for setup in setups)
    runs = planted(setups, **how)
    if not together:
        return runs
    return tuple(run if treated(setup) else worse(run, setup) for setup, run in zip(setups, runs, strict=True))


def worse(run, setup):
    (segment,) = setup.share_by_segment
    churned = round(run.metrics["churn_rate"] * run.customers + 0.01 * run.customers)
    return stratum(run.arm, segment, run.customers, churned, run.days)


def interrupted_in_the_third(setups, **how):
    if how["replication"] == 2:
        raise KeyboardInterrupt
    return planted(setups, **how)


def treated(setup):
    return setup.name.startswith("treated")


def stratum(name, segment, customers, churned, days):
    live = VALUE * (customers - churned)
    share = churned / customers if customers else None
    return Run(
        arm=name,
        engine="fake",
        customers=customers,
        days=days,
        metrics={
            "churn_rate": share,
            "retained_value": live,
            "escalations": 0.0,
            "interventions": 2.0 * customers,
            "reviews": 0.0,
            "csat": 4.0 if customers else None,
            "contacts_per_customer": 2.0 if customers else None,
            "gate_utilisation": 0.5,
            **{f"churn_rate[{each}]": share if each == segment else None for each in SIZES},
        },
        quantities={
            "revenue": live,
            "live_value_end": live,
            "escalations": 0.0,
            "support_days": 0.0,
            "reviews": 0.0,
            "review_minutes": 0.0,
            "evaluations": float(customers),
        },
        occupancy=[],
        events=customers,
        events_by_kind={"move": customers},
        decisions_by_reason={},
        wall_seconds=0.0,
        denominators={
            **dict.fromkeys(("churn_rate", "csat", "contacts_per_customer"), float(customers)),
            "gate_utilisation": 1.0,
            **{f"churn_rate[{each}]": float(customers) if each == segment else 0.0 for each in SIZES},
        },
    )
