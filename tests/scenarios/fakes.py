"""Fake engines with a known truth: common random numbers, noise per arm, and a planted effect of the arm `treated`."""

from random import Random

from simulation.metrics.run_results import Run

PLANTED = -0.02
SHARED_SD = 0.02
PRIVATE_SD = 0.005


def planted(arm, *, seed, replication, days, trace=False, engine="reference", effect=PLANTED):
    """Churn falls by `PLANTED` in the arm `treated`; the arms share most of their random variation."""
    shared = Random(f"{seed} {replication}").gauss(0.0, SHARED_SD)
    private = Random(f"{seed} {replication} {arm.name}").gauss(0.0, PRIVATE_SD)
    churn = 0.2 + shared + private + (effect if arm.name == "treated" else 0.0)
    return run(arm.name, days, churn)


def nothing_planted(arm, **options):
    return planted(arm, effect=0.0, **options)


def all_alike(arm, *, seed, replication, days, trace=False, engine="reference"):
    return run(arm.name, days, 0.2 + 0.01 * replication)


def never_measured(arm, **options):
    run_ = planted(arm, **options)
    return run(arm.name, options["days"], None, quantities=run_.quantities)


def interrupted_in_the_third(arm, **options):
    if options["replication"] == 2:
        raise KeyboardInterrupt
    return planted(arm, **options)


def killed(arm, **options):
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
