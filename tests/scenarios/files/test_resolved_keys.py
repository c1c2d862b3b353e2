"""`journey show`: what it prints loads back to the same scenario, and every value names where it comes from."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.core.toml_text import format_path, format_value
from scenarios.files.key_docs import describe_key
from scenarios.files.loader import builtin_names, load
from scenarios.files.merging import merge_layers
from scenarios.files.resolved_keys import Provenance, list_keys
from scenarios.files.resolved_toml import format_keys
from tests.levels import examples

NAMES = st.text(st.characters(exclude_characters="[]"), min_size=1, max_size=8).filter(
    lambda name: name != "amount" and name.strip() and name.isprintable()
)
"""Names of segments, which have no brackets and are not blank."""

OVERRIDES = st.fixed_dictionaries(
    {},
    optional={
        "seed": st.integers(0, 2**62),
        "title": st.text(min_size=1, max_size=30).map(format_value),
        "horizon_days": st.floats(1.0, 1e4),
        "world.frailty_spread": st.floats(0.0, 3.0),
        "money.discount_per_year": st.sampled_from([0.1, "{ amount = 0.1, provenance = 'measured' }"]),
        "policy.approve": st.sampled_from(["never", "always", "{ value = 1e3 }"]),
        "policy.thresholds.approve_human_severity": st.just(0.25),
        "reviewers.count": st.integers(0, 9),
        "arms.treated.reviewers.per_1000": st.floats(0.0, 9.0),
        "arms.treated.active": st.sampled_from(["true", "false"]),
        "policy.contact.do_not_contact": st.lists(st.sampled_from(["A", "b c", "'"]), max_size=20).map(
            lambda ids: "[" + ", ".join(f'"{each}"' for each in ids) + "]"
        ),
        "population.arrivals": st.just("{ per_day = 0.5 }"),
    },
)


def reload(loaded, tmp_path_factory, **options):
    path = tmp_path_factory.mktemp("shown") / "shown.toml"
    path.write_text(format_keys(list_keys(loaded), **options), encoding="utf-8")
    return load(path)


def assert_same(first, second):
    assert second.hash == first.hash
    assert second.arms == first.arms
    assert second.scenario.model_dump(exclude={"question", "teaches"}) == first.scenario.model_dump(
        exclude={"question", "teaches"}
    )


@pytest.mark.parametrize("docs", [False, True])
@pytest.mark.parametrize("name", builtin_names())
def test_a_shown_built_in_scenario_is_the_same_scenario(name, docs, tmp_path_factory):
    loaded = load(name)
    assert_same(loaded, reload(loaded, tmp_path_factory, docs=docs))


@settings(max_examples=examples(25, otherwise=6))
@given(st.sampled_from(["default", "auto_approve", "win_back", "seed_ten"]), OVERRIDES)
def test_a_shown_scenario_with_overrides_is_the_same_scenario(tmp_path_factory, name, overrides):
    given_overrides = [f"{key}={value}" for key, value in overrides.items()]
    try:
        loaded = load(name, given_overrides)
    except InputError:
        return  # overrides that contradict each other or the scenario
    assert_same(loaded, reload(loaded, tmp_path_factory))


@settings(max_examples=examples(15, otherwise=4))
@given(st.lists(NAMES, min_size=1, max_size=4, unique_by=str.casefold))
def test_names_of_any_characters_are_shown(tmp_path_factory, names):
    tables = [f"[population.segments.{format_path((name,))}]\nshare = 1\naccount_value = 1\n" for name in names]
    path = tmp_path_factory.mktemp("names") / "mine.toml"
    path.write_text('extends = "default"\nreplications = 3\n' + "\n".join(tables), encoding="utf-8")
    loaded = load(path)
    shown = reload(loaded, tmp_path_factory)
    assert_same(loaded, shown)
    assert list(shown.scenario.population.segments) == list(loaded.scenario.population.segments)


MINE = """\
extends = "default"
title = "Mine"
policy = "rules.toml"

[arms]
treated = false

[arms.third]
actions = []

[arms.third.policy]

[money]
beyond_horizon_years = 0
"""


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "rules.toml").write_text("# rules\n[thresholds]\nact_severity = 0.3\napprove_value = 7\n")
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    return path


def test_every_value_names_its_source(mine):
    found = {each.key: each for each in list_keys(load(mine, ["seed=4", "reviewers.count=2"]))}
    rules = str(mine.parent / "rules.toml")
    expected = {
        "title": (Provenance.FILE, str(mine), 2, "title"),
        "seed": (Provenance.OVERRIDE, "seed=4", None, "seed"),
        "policy.thresholds.act_severity": (Provenance.FILE, rules, 3, "thresholds.act_severity"),
        "policy.approve.value": (Provenance.FILE, rules, 4, "thresholds.approve_value"),
        "arms.third.actions": (Provenance.FILE, str(mine), 9, "arms.third.actions"),
        "money.beyond_horizon_years": (Provenance.FILE, str(mine), 14, "money.beyond_horizon_years"),
        "population.size": (Provenance.BUILTIN, "default", 18, "population.size"),
        "reviewers.pods": (Provenance.DEFAULT, None, None, None),
    }
    assert {key: (found[key][2:]) for key in expected} == expected
    assert not any(key.startswith("arms.treated") for key in found)
    assert found["arms.third.policy"].value == {}


def test_a_scenario_of_several_files_is_shown_as_one(mine, tmp_path_factory):
    loaded = load(mine, ["seed=4"])
    text = format_keys(list_keys(loaded))
    assert "act_severity = 0.3" in text
    assert f"# {mine.parent / 'rules.toml'}:4 thresholds.approve_value" in text
    assert_same(loaded, reload(loaded, tmp_path_factory))


def test_records_beside_the_file_are_shown_with_their_folder(tmp_path, tmp_path_factory):
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "customers.csv").write_text("customer_id\nA\n")
    path = tmp_path / "mine.toml"
    path.write_text('extends = "default"\n[population]\nrecords = "records"\n')
    loaded = load(path)
    assert_same(loaded, reload(loaded, tmp_path_factory))


@pytest.mark.parametrize("name", builtin_names())
def test_every_key_of_the_layers_is_shown_once(name):
    loaded = load(name)
    text = format_keys(list_keys(loaded))
    merged = merge_layers(loaded.layers)
    merged["arms"] = {name: arm for name, arm in merged["arms"].items() if arm is not False}
    assert tomllib.loads(text) == merged


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (
            "world.moves.churn.dwell",
            {"world": {"moves": {"churn": {"dwell": {"law": "exponential", "mean_days": 1600}}}}},
        ),
        ("world.frailty_spread", {"world": {"frailty_spread": 0.5}}),
        ('population.segments."Mid-Market".share', {"population": {"segments": {"Mid-Market": {"share": 0.25}}}}),
        ("policy.thresholds", {}),
    ],
)
def test_a_key_chooses_a_table_or_a_value(key, shown):
    assert tomllib.loads(format_keys(list_keys(load("default"), key))) == shown


def test_the_defaults_of_the_policy_are_shown_for_a_key_in_it():
    (found,) = list_keys(load("default"), "policy.thresholds.act_severity")
    assert (found.value, found.provenance) == (0.2, Provenance.DEFAULT)
    assert not any(each.path[0] == "policy" for each in list_keys(load("default")))


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("world.moves.chrn", "world.moves.chrn: unknown key of world.moves; did you mean 'churn'?"),
        ("frailty_spread", "frailty_spread: unknown key; did you mean 'world.frailty_spread'?"),
        ("wrld", "wrld: unknown key; did you mean 'world'?"),
        ("metrics", "metrics: the scenario does not set metrics"),
        ("guardrails.churn_rate", "guardrails.churn_rate: the scenario does not set guardrails"),
        ("guardrals", "guardrals: unknown key; did you mean 'guardrails'?"),
        (
            "arms.treated.policy.thresholds",
            "arms.treated.policy.thresholds: the arm does not set it; the scenario's value is policy.thresholds",
        ),
        ("arms.treted.policy.name", "arms.treted: unknown key of arms; did you mean 'treated'?"),
        ("seed.x", "seed.x: seed is a value, which has no keys"),
        ("a..b", "a..b: 'a..b' is not a dotted key such as world.frailty_spread"),
    ],
)
def test_an_unknown_key_is_refused_with_a_close_one(key, message):
    with pytest.raises(InputError) as caught:
        list_keys(load("default"), key)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("horizon_days", ("Length of a run, in days.", "days", "0.001 to 36,525")),
        ("policy.approve.value", ("Smallest value of a high-value account", "US dollars", "from 0")),
        ("arms.treated.policy.thresholds.act_severity", ("Smallest severity at which to act.", "share", "0 to 1")),
        ("world.moves.churn.by_segment.SMB", ("", "ratio", "")),
        ("journey.stages", ("Stages, in order.", "", "")),
    ],
)
def test_keys_are_documented_as_in_the_reference(key, expected):
    found = describe_key(tuple(key.split(".")))
    assert expected[0] in found.description
    assert (found.unit, found.range)[: 1 if not expected[2] else 2] == expected[1 : 2 if not expected[2] else 3]


@pytest.mark.parametrize("name", builtin_names())
def test_every_key_has_a_meaning(name):
    missing = [each.key for each in list_keys(load(name)) if not describe_key(each.path).description]
    assert missing == []


def test_the_policy_is_listed_where_averts_is_computed_from_an_effect():
    keys = list_keys(load("trial_to_paid", ['policy.actions.nudge_email.averts="simulated"']), "policy.actions")
    shown = {each.key: each.value for each in keys}
    assert shown["policy.actions.nudge_email.averts"] == "simulated"
    assert shown["policy.actions.checkin_call.cost"] > 0
