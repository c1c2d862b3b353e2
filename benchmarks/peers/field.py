"""The peers, and their numbers of customers."""

from typing import NamedTuple

from benchmarks.peers.exact import Clock

FAST = 10_000
"""Customers of most peers."""
SLOW = 500
"""Customers of the peers with high costs per event; events per second are compared."""
MANY = 1_000_000
"""Customers of the peers that are built for many."""
WHOLE = 200_000
"""Customers of the compiled engine in the whole world."""


class Peer(NamedTuple):
    """One peer.

    Attributes:
        name: As a reader knows it.
        module: In `benchmarks.peers`.
        customers: Size of its cohort.
        clock: Whose exact answer it is held to; None for a world that has none.
        function: In the module.
        package: The package it needs, if it is one of the extra ``peers``.
        about: What a reader should know.
    """

    name: str
    module: str
    customers: int
    clock: Clock | None
    function: str = "run"
    package: str | None = None
    about: str = ""


BASE = "SimPy"
OURS = "compiled engine"
OURS_AT_SCALE = "compiled engine, many"
CIW = "Ciw"
LIMIT = "keyed walk"
"""The practical limit: nothing but this journey."""

FIELD = (
    Peer(BASE, "plain_simpy", FAST, "continuous", package="simpy", about="one process a customer"),
    Peer(
        "SimPy + transitions",
        "simpy_transitions",
        1_000,
        "continuous",
        package="transitions",
        about="a trigger of one shared machine for each move",
    ),
    Peer(
        CIW,
        "ciw_network",
        SLOW,
        "continuous",
        package="ciw",
        about="a network of queues with a server for every customer",
    ),
    Peer(
        "salabim",
        "salabim_components",
        SLOW,
        "continuous",
        package="salabim",
        about="one component a customer, processes with yield",
    ),
    Peer("Mesa", "mesa_steps", 1_000, "daily", package="mesa", about="a step a day, in shuffled order"),
    Peer("Mesa, events", "mesa_events", FAST // 2, "continuous", package="mesa", about="scheduled events"),
    Peer("starsim", "starsim_module", FAST, "daily", package="starsim", about="a module with a step a day"),
    Peer("NumPy by days", "numpy_daily", FAST, "daily", package="numpy", about="array operations, once a day"),
    Peer(
        "NumPy sweep",
        "numpy_sweep",
        FAST,
        "continuous",
        package="numpy",
        about="event k of all customers in one pass; for exponential dwells only",
    ),
    Peer(
        "NumPy sweep, many",
        "numpy_sweep",
        MANY // 10,
        "continuous",
        package="numpy",
        about="the same with more customers",
    ),
    Peer(
        LIMIT,
        "keyed_walk",
        MANY,
        "continuous",
        about="the practical limit: Numba, our random streams, and nothing but this journey",
    ),
    Peer("reference engine", "ours", 1_000, "continuous", "run_reference", about="ours, the same bare journey"),
    Peer(OURS, "ours", FAST, "continuous", "run_compiled", about="ours, the same bare journey, one core"),
    Peer(OURS_AT_SCALE, "ours", MANY, "continuous", "run_compiled", about="the same with a million customers"),
    Peer(
        "reference engine, whole world",
        "ours",
        500,
        None,
        "run_whole_reference",
        about="ours, everything on: distress, orchestrator, reviewers",
    ),
    Peer(
        "compiled engine, whole world",
        "ours",
        WHOLE,
        None,
        "run_whole_compiled",
        about="ours, everything on: distress, orchestrator, reviewers",
    ),
)
