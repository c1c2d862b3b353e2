"""Credit from customer paths: by hand, compared with a published package, and properties for any paths."""

import csv
from fractions import Fraction
from pathlib import Path as File

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.marketing.analysis.attribution_models import Path, first_touch, last_touch, linear, markov

REFERENCE = File(__file__).parents[5] / "shared" / "data" / "channel_paths"

SMALL = [Path(("a",), 1, 10.0, 1), Path(("a", "b"), 1, 30.0, 1), Path(("b",), 0, 0.0, 2)]
"""Of 6 prospects 2 convert. From a: 1/4 convert, 1/2 go on to b; from b: 1/4 convert. 2/3 begin at a, 1/3 at b."""

paths = st.lists(
    st.builds(
        Path,
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=5).map(tuple),
        st.integers(0, 20),
        st.floats(0.0, 1e4),
        st.integers(0, 20),
    ),
    min_size=1,
    max_size=12,
)


def test_a_small_set_by_hand():
    """Without a: 1/3 x 1/4 = 1/12 of 1/3, so 3/4 are lost; without b: 2/3 x 1/4 = 1/6, so 1/2 are lost."""
    found = markov(SMALL)
    assert found["a"].removal_effect == pytest.approx(float(Fraction(3, 4)), rel=1e-12)
    assert found["b"].removal_effect == pytest.approx(float(Fraction(1, 2)), rel=1e-12)
    # Two conversions, shared 3/4 to 1/2.
    assert found["a"].conversions == pytest.approx(1.2, rel=1e-12)
    assert found["b"].conversions == pytest.approx(0.8, rel=1e-12)
    # A prospect at a brings 10 / 4 there and half of 30 / 4 later: 6.25; one at b 7.5. In all 2/3 x 6.25 + 1/3 x 7.5
    # = 20/3; without a 2.5, without b 5/3: 5/8 and 3/4 are lost of 40 dollars.
    assert found["a"].value == pytest.approx(40 * (5 / 8) / (5 / 8 + 3 / 4), rel=1e-12)
    assert {name: credit.conversions for name, credit in first_touch(SMALL).items()} == {"a": 2.0, "b": 0.0}
    assert {name: credit.conversions for name, credit in last_touch(SMALL).items()} == {"a": 1.0, "b": 1.0}
    assert {name: credit.value for name, credit in linear(SMALL).items()} == {"a": 25.0, "b": 15.0}


def test_a_higher_order_remembers_what_came_before():
    """A conversion follows a only if x came before it; a chain of order 1 cannot represent that."""
    dependent_paths = [Path(("x", "a", "c"), 10, None, 0), Path(("y", "a", "c"), 0, None, 10)]
    assert markov(dependent_paths)["y"].removal_effect == pytest.approx(0.5)
    assert markov(dependent_paths, order=3)["y"].removal_effect == pytest.approx(0.0, abs=1e-12)
    assert markov(dependent_paths, order=3)["x"].removal_effect == pytest.approx(1.0)


def test_a_repeated_touch_gets_two_parts():
    assert linear([Path(("a", "a", "b"), 3)])["a"].conversions == pytest.approx(2.0)


def test_no_conversion_gives_no_credit_and_an_unknown_value_no_value():
    assert markov([Path(("a",), 0, None, 5)])["a"].conversions is None
    assert markov([Path(("a",), 0, None, 0)])["a"].conversions is None
    assert markov([Path(("a",), 2, None, 5)])["a"].value is None
    assert first_touch([Path(("a",), 2, None, 5), Path(("a",), 2, 3.0, 5)])["a"].value is None


@given(paths, st.integers(1, 3))
def test_every_method_distributes_each_conversion_once(recorded, order):
    total = sum(path.conversions for path in recorded)
    for credit_by_channel in (first_touch(recorded), last_touch(recorded), linear(recorded), markov(recorded, order)):
        if total or credit_by_channel[next(iter(credit_by_channel))].conversions is not None:
            assert sum(credit.conversions for credit in credit_by_channel.values()) == pytest.approx(total, rel=1e-9)


@given(paths, st.integers(1, 3))
def test_a_removal_effect_is_a_share(recorded, order):
    for credit in markov(recorded, order).values():
        # A few rounding errors of a solved linear system.
        assert credit.removal_effect is None or -1e-9 <= credit.removal_effect <= 1.0 + 1e-9


@given(paths)
def test_the_order_of_the_paths_does_not_matter(recorded):
    forward, backward = markov(recorded), markov(recorded[::-1])
    assert all(backward[name].conversions == pytest.approx(credit.conversions, rel=1e-9, abs=1e-9)
               for name, credit in forward.items() if credit.conversions is not None)  # fmt: skip


def _reference(name):
    with (REFERENCE / name).open(encoding="utf-8") as file:
        return {line["channel_name"]: line for line in csv.DictReader(file)}


@pytest.fixture(scope="module")
def ten_thousand():
    if not REFERENCE.is_dir():
        pytest.skip("the package's example paths are not part of the project")
    with (REFERENCE / "paths.csv").open(encoding="utf-8") as file:
        return [
            Path(tuple(name.strip() for name in line["path"].split(">")), int(line["total_conversions"]),
                 float(line["total_conversion_value"]), int(float(line["total_null"])))
            for line in csv.DictReader(file)
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "name"), [(first_touch, "first_touch"), (last_touch, "last_touch"), (linear, "linear_touch")]
)
def test_the_heuristics_are_the_packages(ten_thousand, method, name):
    """ChannelAttribution 2.2.5, heuristic_models; sums of thousands of doubles."""
    expected = _reference("expected_heuristics.csv")
    for channel, credit in method(ten_thousand).items():
        assert credit.conversions == pytest.approx(float(expected[channel][f"{name}_conversions"]), rel=1e-9)
        assert credit.value == pytest.approx(float(expected[channel][f"{name}_value"]), rel=1e-9)


def test_removal_effects_are_the_packages_within_its_simulation_error(ten_thousand):
    """ChannelAttribution 2.2.5, markov_model of order 1: it simulates 1,000,000 prospects; we solve the chain.

    A fifth of them convert; a simulated effect is off by about 0.0005, and by 0.002 with a probability below 1e-4.
    Credit of more than 500 conversions is then right to 1 %.
    """
    expected = _reference("expected_markov_order1.csv")
    for channel, credit in markov(ten_thousand).items():
        line = expected[channel]
        assert credit.removal_effect == pytest.approx(float(line["removal_effects_conversion"]), abs=0.002)
        assert credit.removal_effect_value == pytest.approx(float(line["removal_effects_conversion_value"]), abs=0.003)
        if credit.conversions > 500:
            assert credit.conversions == pytest.approx(float(line["total_conversions"]), rel=0.01)
