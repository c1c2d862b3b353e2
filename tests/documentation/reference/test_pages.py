"""The reference says what the code says; `python -m tests.documentation --write docs/reference` refreshes it."""

import pytest

from scenarios.files.key_units import find_unit
from tests.documentation.reference import findings, json_output
from tests.documentation.reference.keys import find_tables
from tests.documentation.reference.pages import PAGES, get_path
from tests.documentation.reference.result_types import find_stated_types, read_annotation
from tests.documentation.sandbox import ROOT
from tests.scenarios.cli.invocation import json_of


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) for name in PAGES])
def test_a_page_is_what_the_code_gives(name):
    assert get_path(name).read_text(encoding="utf-8") == PAGES[name]()


def test_every_finding_has_a_meaning_and_a_remedy():
    checks = [*findings.CHECKS, *findings.MARKETING_CHECKS]
    listed = [*findings.READING, *findings.APPROVALS, *findings.JOURNEYS]
    listed += [(check.code, str(check.severity), check.description, check.remedy) for check in checks]
    assert [row[0] for row in listed if not (row[2].endswith(".") and row[3].endswith("."))] == []


def test_the_json_of_every_command_is_described():
    commands = get_path("commands").read_text(encoding="utf-8").split("## journey ")[1:]
    with_json = {section.split()[0] for section in commands if "| `--json` |" in section}
    assert with_json <= set(json_output.COMMANDS)


@pytest.mark.medium
@pytest.mark.parametrize("command", [("check", "data/imperfect"), ("campaigns",)])
def test_every_finding_of_the_bundled_records_is_listed(command, monkeypatch):
    monkeypatch.chdir(ROOT)
    page = get_path("findings").read_text(encoding="utf-8")
    found = {finding["code"] for finding in json_of(*command)["findings"]}
    assert [name for name in sorted(found) if f"| `{name}` |" not in page] == []


@pytest.mark.parametrize(
    "name", ["scenario-keys", "policy-keys", "marketing-policy-keys", "records", "marketing-records", "trace"]
)
def test_every_row_of_a_table_has_a_meaning(name):
    rows = [
        line.split(" | ") for line in get_path(name).read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    assert rows
    assert [row[0] for row in rows if not row[1].strip()] == []


@pytest.mark.parametrize(
    ("name", "description", "unit"),
    [
        ("mean_days", "Mean.", "days"),
        ("onset_per_day", "Onset rate by stage.", "per day"),
        ("response", "Probability that the customer responds.", "share"),
        ("cost", "Cost of one execution, in dollars.", "US dollars"),
        ("by_segment", "Hazard ratio by segment.", "ratio"),
        ("shape", "Shape of the distribution.", ""),
    ],
)
def test_the_unit_is_in_the_name_or_the_description(name, description, unit):
    assert find_unit(name, description, None, None) == unit


def test_tables_inside_tables_have_dotted_names():
    definitions = {"Inner": {"type": "object", "properties": {"days": {"type": "number", "default": 1}}}}
    schema = {
        "properties": {
            "one": {"$ref": "#/$defs/Inner"},
            "many": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Inner"}},
            "list": {"type": "array", "items": {"$ref": "#/$defs/Inner"}},
        }
    }
    names = [table.name for table in find_tables(schema, definitions)]
    assert names == ["one", "many.NAME", "list[]"]


def test_a_key_that_a_table_gives_a_default_is_not_required():
    keys = {"weight": {"type": "number"}, "cause": {"type": "string"}}
    definitions = {"Kind": {"type": "object", "properties": keys}}
    schema = {
        "properties": {
            "unknown": {"$ref": "#/$defs/Kind", "default": {"weight": 0.5}},
            "known": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Kind"}},
        }
    }
    unknown, known = find_tables(schema, definitions)
    assert [row[-1] for row in unknown.rows] == ["`0.5`", "required"]
    assert [row[-1] for row in known.rows] == ["required", "required"]


def test_a_default_that_the_description_states_is_in_the_column_of_defaults():
    stated = {"type": "integer", "default": None, "description": "Number of reviewers. Default: 1."}
    plain = {"type": "integer", "default": 7, "description": "Number of days."}
    (table,) = find_tables({"properties": {"count": stated, "days": plain}}, {})
    assert [(row[1], row[-1]) for row in table.rows] == [("Number of reviewers.", "1"), ("Number of days.", "`7`")]


@pytest.mark.parametrize(
    ("annotation", "types"),
    [
        ("float | None", {"number", "null"}),
        (str, {"text"}),
        (int | None, {"number", "null"}),
        ("list[str] | None", set()),
    ],
)
def test_an_annotation_gives_the_types_of_the_json(annotation, types):
    assert read_annotation(annotation) == types


def test_an_event_has_the_types_that_its_class_states():
    names = {"time", "kind", "stage", "to_stage", "label", "reason", "reviewer", "value", "source", "dated", "segment",
             "account_value"}  # fmt: skip
    stated = find_stated_types(frozenset(names))
    assert stated["reviewer"] == {"number", "null"}
    assert stated["time"] == {"number"}
    assert find_stated_types(frozenset({"no", "such", "fields"})) == {}
