"""An engine whose truth is known: a shared luck, a private noise, and a planted effect of the arm named treated."""

from random import Random

from simulation.metrics.run_results import Run

PLANTED = -0.02
SHARED_SD = 0.02
PRIVATE_SD = 0.005


def planted(setup, *, seed, replication, days, trace=False, engine="reference", effect=PLANTED):
    """Churn falls by `PLANTED` in the arm `treated`; every arm shares most of its luck."""
    shared = Random(f"{seed} {replication}").gauss(0.0, SHARED_SD)
    private = Random(f"{seed} {replication} {setup.name}").gauss(0.0, PRIVATE_SD)
    churn = 0.2 + shared + private + (effect if setup.name == "treated" else 0.0)
    return run(setup.name, days, churn)


def nothing_planted(setup, **how):
    return planted(setup, effect=0.0, **how)


def all_alike(setup, *, seed, replication, days, trace=False, engine="reference"):
    return run(setup.name, days, 0.2 + 0.01 * replication)


def never_measured(setup, **how):
    made = planted(setup, **how)
    return run(setup.name, how["days"], None, quantities=made.quantities)


def interrupted_in_the_third(setup, **how):
    if how["replication"] == 2:
        raise KeyboardInterrupt
    return planted(setup, **how)


def killed(setup, **how):
    import os

    os._exit(9)


def run(name, days, churn, *, wait=None, quantities=None, customers=1000):
    live = 0.0 if churn is None else 1e6 * (1.0 - churn)
    return Run(
        arm=name,
        engine="fake",
        customers=customers,
        days=days,
        metrics={
            "churn_rate": churn,
            "retained_value": live,
            "escalations": 10.0,
            "interventions": 50.0,
            "reviews": 20.0,
            "csat": 4.0,
            "review_wait_days_mean": wait,
            "churn_rate[SMB]": churn,
        },
        quantities=quantities
        or {
            "revenue": live,
            "live_value_end": live,
            "escalations": 10.0,
            "support_days": 100.0,
            "reviews": 20.0,
            "review_minutes": 600.0,
            "evaluations": 1000.0,
        },
        occupancy=[{"day": 0.0, "onboarding": 1.0}],
        events=1,
        events_by_kind={"move": 1},
        decisions_by_reason={},
        wall_seconds=0.0,
    )
