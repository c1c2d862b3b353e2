"""Hypothesis strategies for the metrics of a scenario, on the default journey and its actions and signals."""

from hypothesis import strategies as st

from journey.decision.policy import Policy
from simulation.model.metric_spec import MetricSpec
from simulation.trace.codes import VERDICTS

STAGES = st.sampled_from(["onboarding", "onboarding", "engagement", "retention", "support", "escalation", "churned"])
MOVES = ("activate", "mature", "open_ticket", "resolve", "escalate", "de_escalate", "recover", "churn")
EVENTS = st.sampled_from(
    [
        *(f"move:{name}" for name in MOVES),
        *(f"action:{name}" for name in Policy().actions),
        *(f"signal:{name}" for name in Policy().signals),
        *(f"review:{name}" for name in VERDICTS),
    ]
)


@st.composite
def observations(draw):
    """A metric on the time until a stage is reached or an event happens."""
    target = draw(STAGES | EVENTS)
    origin = draw(st.none() | STAGES.filter(lambda stage: stage not in (target, "churned")))
    window = draw(st.none() | st.floats(1.0, 120.0))
    common = {"within_days": window, "from": origin}
    if draw(st.booleans()):
        return MetricSpec(reached=target, **common)
    statistic = draw(st.sampled_from(["mean", "median", "lower_quartile", "upper_quartile"]))
    return MetricSpec(time_to=target, statistic=statistic, **common)


METRICS = st.one_of(
    # Observations have the most cases, so they are drawn more often.
    observations(),
    observations(),
    observations(),
    st.builds(lambda stage: MetricSpec(time_in=stage), STAGES),
    st.builds(lambda event: MetricSpec(count_of=event), STAGES | EVENTS),
    st.builds(lambda event: MetricSpec(share_of=event), STAGES | EVENTS),
    st.builds(lambda stage: MetricSpec(share_of={"stage_at_end": stage}), STAGES),
    st.builds(lambda stage: MetricSpec(revenue=stage), STAGES | st.just("all")),
    st.builds(lambda stage: MetricSpec(value_of=stage), STAGES),
    st.builds(lambda parts: MetricSpec(ratio=parts), st.tuples(*[st.sampled_from(["m0", "m1", "churn_rate"])] * 2)),
)


@st.composite
def metric_sets(draw):
    """Up to eight metrics by name; the first two are not ratios, and ratios are of these two or of a built-in one."""
    first = draw(st.lists(METRICS.filter(lambda spec: spec.ratio is None), min_size=2, max_size=2))
    return {f"m{index}": spec for index, spec in enumerate([*first, *draw(st.lists(METRICS, max_size=6))])}
