"""Names of metrics by segment and tier: what is written is what is read."""

from hypothesis import given
from hypothesis import strategies as st

from simulation.metrics.metric_names import (
    format_segment,
    format_tier,
    parse_base_name,
    parse_part,
    parse_segment,
    parse_tier,
    split_by_part,
)

bases = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
parts = st.text(min_size=1).filter(lambda name: not name.startswith("tier="))


@given(bases, parts)
def test_a_segment_is_read_from_the_name_of_its_metric(base, segment):
    name = f"{base}{format_segment(segment)}"
    assert (parse_base_name(name), parse_segment(name), parse_tier(name)) == (base, segment, None)


@given(bases, parts)
def test_a_tier_is_read_from_the_name_of_its_metric(base, tier):
    name = f"{base}{format_tier(tier)}"
    assert (parse_base_name(name), parse_segment(name), parse_tier(name)) == (base, None, tier)


def test_a_metric_of_the_whole_population_has_no_part():
    assert parse_part("churn_rate") is parse_segment("churn_rate") is parse_tier("churn_rate") is None
    names = ["a", "a[SMB]", "b", "b[tier=low]"]
    assert split_by_part(names) == (["a", "b"], ["a[SMB]", "b[tier=low]"])
