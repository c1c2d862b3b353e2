"""The JSON Schema describes what the loader accepts."""

import tomllib

import pytest

from scenarios.files.loader import builtin_names
from scenarios.files.merging import BUILTIN
from scenarios.files.schema import build_scenario_schema


@pytest.fixture(scope="module")
def schema():
    return build_scenario_schema()


def resolved(schema, node):
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return node


def check(schema, node, value, where):
    """As much of JSON Schema as it takes to see that every key of a file is described."""
    if "anyOf" in node or "oneOf" in node:
        problems = []
        for option in node.get("anyOf", node.get("oneOf")):
            try:
                return check(schema, option, value, where)
            except AssertionError as error:
                problems.append(str(error))
        raise AssertionError(problems)
    node = resolved(schema, node)
    if "const" in node:
        assert value == node["const"], where
    elif isinstance(value, dict):
        assert node.get("type") == "object", where
        for key, item in value.items():
            below = node.get("properties", {}).get(key, node.get("additionalProperties"))
            assert below not in (None, False), f"{where}.{key}"
            if isinstance(below, dict):
                check(schema, below, item, f"{where}.{key}")
    elif isinstance(value, list):
        assert node.get("type") == "array", where
        each = node["prefixItems"] if "prefixItems" in node else [node["items"]] * len(value)
        for item_node, item in zip(each, value, strict=True):
            check(schema, item_node, item, where)
    elif isinstance(value, bool):
        assert node.get("type") == "boolean", where
    elif isinstance(value, str):
        assert "enum" in node or node.get("type") == "string", where
    else:
        assert node.get("type") in ("number", "integer"), where
    return None


@pytest.mark.parametrize("name", builtin_names())
def test_every_built_in_scenario_fits_the_schema(schema, name):
    check(schema, schema, tomllib.loads((BUILTIN / f"{name}.toml").read_text()), name)


@pytest.mark.parametrize(
    "text",
    [
        "horizn_days = 3",
        "[population]\nsise = 3",
        "[policy.thresholds]\nact_severty = 1",
        "[arms.x.reviewers]\ncuont = 1",
        "[[journey.moves]]\nnam = 'x'",
        "world.calendar.june.till_day = 9",
        "world.renewal.chrun.SMB = 0.1",
        "population.arrivals.shares = 0.2",
    ],
)
def test_a_misspelt_key_does_not(schema, text):
    with pytest.raises(AssertionError):
        check(schema, schema, tomllib.loads(text), "file")


@pytest.mark.parametrize(
    "text",
    [
        "extends = 'default'",
        "money.discount_per_year = 0.1",
        "money.discount_per_year = { amount = 0.1, provenance = 'measured' }",
        "arms.treated = false",
        "[[journey.moves]]\nname = 'x'\nsource = 'a'\ndestination = 'b'",
        "world.calendar.june = { from_day = 0, until_day = 9, every_days = 365, moves.churn = 2, onsets.price = 2 }",
        "world.renewal = { every_days = 365, churn.SMB = 0.1, move = 'churn' }",
        "world.payments = { every_days = 30, failure.SMB = 0.1, recovered = 0.5, grace_days = 7, move = 'churn' }",
        "world.value_changes.growth = { per_day.retention = 0.1, factor = 1.2, in_distress = 0.1 }",
        "world.fatigue = { half_life_days = 30, response_lost = 0.2, churn_ratio = 1.1 }",
        "world.lost = ['churned']",
        "world.notice_days = 30",
        "world.imperfections = { signals_missing = 0.1, signals_late = 0.1, late_mean_days = 3, stages_wrong = 0.1 }",
        "world.moves.churn.by_tenure = [[90, 0.8], [365, 0.5]]",
        "world.effects.call.by_segment.SMB = 1.2",
        "population.arrivals = { share = 0.2, over_days = 365, stage = 'onboarding' }",
        "population.correlations = { value_tier = 0.2, tenure_frailty = -0.3 }",
        "population.segments.SMB = { tenure_mean_days = 300, do_not_contact = 0.1 }",
    ],
)
def test_every_form_that_the_loader_takes_does(schema, text):
    check(schema, schema, tomllib.loads(text), "file")


def test_nothing_is_required_because_extends_may_supply_it(schema):
    assert "required" not in schema
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "extends" in schema["properties"]


def test_every_reference_leads_somewhere(schema):
    def references(node):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for item in node.values():
                yield from references(item)
        elif isinstance(node, list):
            for item in node:
                yield from references(item)

    assert {reference.removeprefix("#/$defs/") for reference in references(schema)} <= set(schema["$defs"])
