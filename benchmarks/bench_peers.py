"""Journeylab compared with other simulation libraries, on the same journey, in one run."""

from importlib import metadata
from math import nan

from benchmarks.measuring import load_engine
from benchmarks.peers.contest import LONGEST_RUN, ROUNDS, Score, contest
from benchmarks.peers.field import BASE, CIW, LIMIT, OURS, OURS_AT_SCALE
from benchmarks.peers.model import DAYS
from benchmarks.tables import Beside, Figure, Reported, at_least, at_most, shown

LARGEST_Z = 4.0
"""With a dozen peers and seven z values each, one run in two hundred exceeds 4 by chance."""

COLUMNS = (
    "peer", "version", "customers", "events/s", "spread", f"times {BASE}",
    f"{OURS}, times it", f"{OURS_AT_SCALE}, times it", "bytes/customer", "largest |z|", "what it is",
)  # fmt: skip
NOTES = tuple(
    " ".join(note.split())
    for note in (
        f"""Five live stages, churn and one stream of signals; median of {ROUNDS} rounds. In each round every peer runs
        once, in a process of its own after a warm-up run; spread is the slowest and the fastest round.""",
        """The time includes creating the cohort, simulating it and counting. An event is a move or a signal; in the
        whole world also a decision, review, action, outcome or distress episode.""",
        """Memory is the growth of peak resident memory per customer in the first of these runs; it is 0 if the cohort
        fits into memory that the process already had.""",
        """|z| is taken over all rounds together, against the matrix exponential. Mesa by steps, starsim and NumPy by
        days look once a day, which is an approximation: they are held to the exact answer of that daily chain. The
        whole world has no exact answer: `journey verify` checks it in worlds that have.""",
        f"A run that takes longer than {LONGEST_RUN:.0f} s is stopped.",
    )
)


def run() -> list[Reported]:
    """The table, and the figures with an aim."""
    load_engine()
    scores = {score.peer.name: score for score in contest()}
    return [*_figures(scores), _table(scores)]


def _figures(scores: dict[str, Score]) -> list[Reported]:
    ours, largest, ciw, base, limit = (scores[name].rate for name in (OURS, OURS_AT_SCALE, CIW, BASE, LIMIT))
    checked = [score.worst_z for score in scores.values() if score.worst_z is not None]
    bare = "the same bare journey, one core each"
    return [
        Figure("compiled engine beside Ciw", ours / ciw, "times", at_least(100), f"{bare}; the table has the sizes"),
        Figure("compiled engine beside Ciw, many customers", largest / ciw, "times", None, bare),
        Figure("compiled engine beside plain SimPy", ours / base, "times", None, bare),
        Figure("compiled engine beside plain SimPy, many customers", largest / base, "times", None, bare),
        Figure("practical limit beside compiled engine, many customers", limit / largest, "times", None,
               f"the {LIMIT}, which can do this journey only; {bare}"),
        Figure("largest |z| of any peer", max(checked, default=nan), "standard errors", at_most(LARGEST_Z),
               "against the exact answer: customers by stage on the last day, and signals"),
    ]  # fmt: skip


def _table(scores: dict[str, Score]) -> Beside:
    return Beside(
        title=f"One journey, {DAYS} days, all peers",
        columns=COLUMNS,
        rows=[_cells(score, scores) for score in scores.values()],
        right=COLUMNS[2:-1],
        notes=NOTES,
    )


def _cells(score: Score, scores: dict[str, Score]) -> list[str]:
    peer = score.peer
    version = metadata.version(peer.package) if peer.package and not score.out.startswith("skipped") else ""
    if score.out:
        return [peer.name, version, f"{peer.customers:,}", *[""] * 7, score.out]
    z = score.worst_z
    return [
        peer.name,
        version,
        f"{peer.customers:,}",
        f"{score.rate:,.0f}",
        f"{min(score.rates):,.0f} to {max(score.rates):,.0f}",
        shown(score.rate / scores[BASE].rate),
        shown(scores[OURS].rate / score.rate),
        shown(scores[OURS_AT_SCALE].rate / score.rate),
        f"{score.bytes_each:,.0f}",
        "" if z is None else f"{z:.1f}" if z < LARGEST_Z else f"{z:.1f}, NOT PASSED",
        peer.about,
    ]
