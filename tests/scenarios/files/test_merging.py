"""Laying one scenario over another."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scenarios.files.merging import Layer, find_layer, merge_keys, merge_layers, normalise

values = st.integers(0, 9) | st.lists(st.integers(0, 3), max_size=2)
# A key is either always a table or always a value, as in a scenario: that is what makes laying over associative.
reviewers = st.one_of(
    st.fixed_dictionaries({}, optional={"count": st.integers(0, 9), "service_minutes": values}),
    st.fixed_dictionaries({}, optional={"per_1000": st.integers(0, 9), "service_minutes": values}),
)
inner = st.fixed_dictionaries({}, optional={"x": values, "y": values, "reviewers": reviewers})
layers = st.fixed_dictionaries({}, optional={"a": values, "b": values, "table": inner, "reviewers": reviewers})


@given(layers, layers, layers)
def test_laying_over_is_associative(one, two, three):
    assert merge_keys(merge_keys(one, two), three) == merge_keys(one, merge_keys(two, three))


@given(layers)
def test_nothing_laid_over_changes_nothing(one):
    assert merge_keys(one, {}) == one == merge_keys({}, one)
    assert merge_keys(one, one) == one


@given(layers, layers)
def test_the_later_layer_wins_and_the_earlier_is_left_as_it_was(one, two):
    before = repr(one)
    found = merge_keys(one, two)
    assert repr(one) == before
    assert all(found[key] == two[key] for key in two if key in ("a", "b"))


@given(layers, layers)
def test_number_and_rate_of_reviewers_never_meet(one, two):
    found = merge_keys(one, two).get("reviewers", {})
    assert not {"count", "per_1000"} <= set(found)


def test_lists_are_replaced_whole():
    assert merge_keys({"a": [1, 2, 3]}, {"a": [4]}) == {"a": [4]}


def test_records_replace_segments_and_the_reverse():
    synthetic = {"population": {"size": 5, "segments": {"SMB": {}}, "start": {"onboarding": 1}}}
    recorded = {"population": {"records": "bundled", "as_of": "2025-01-16"}}
    assert merge_keys(synthetic, recorded) == {"population": {"size": 5, **recorded["population"]}}
    assert merge_keys(recorded, synthetic) == synthetic


def test_an_amount_without_provenance_is_assumed_and_inherits_none():
    base = {"money": {"rate": {"amount": 0.1, "provenance": "measured"}}}
    over = normalise({"money": {"rate": {"amount": 0.2}}})
    assert merge_keys(base, over) == {"money": {"rate": {"amount": 0.2, "provenance": "assumed"}}}


def test_the_source_of_a_key_is_the_last_layer_that_says_it():
    stack = [
        Layer("base.toml", {"a": {"x": 1, "y": 2}}, Path("base.toml")),
        Layer("top.toml", {"a": {"y": 3}}, Path("top.toml")),
        Layer("b=1", {"b": 1}),
    ]
    assert find_layer(stack, ("a", "x")).source == "base.toml"
    assert find_layer(stack, ("a", "y")).source == "top.toml"
    assert find_layer(stack, ("b",)).source == "b=1"
    assert find_layer(stack, ("missing",)).source == "top.toml"
    assert merge_layers(stack) == {"a": {"x": 1, "y": 3}, "b": 1}


def test_a_key_in_a_list_is_from_the_last_layer_that_has_the_list():
    file = Layer("file.toml", {"rules": [{"name": "one", "template": "init", "a": "trial"}]})
    override = Layer('rules=[{name="two"}]', {"rules": [{"name": "two"}]})
    assert find_layer([file, override], ("rules", 0, "template")) is override
    assert find_layer([override, file], ("rules", 0, "template")) is file
    assert find_layer([override, Layer("other.toml", {"title": "x"})], ("rules", 3)) is override
