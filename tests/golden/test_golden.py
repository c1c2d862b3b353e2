"""What the program computes is what is stored: every trace, every number, every key and code."""

import json

import pytest

from tests.golden.results import ENGINES, results
from tests.golden.stored import FOLDER, first_difference, read, write

CASES = [(engine, name, compute) for engine in (*ENGINES, None) for name, compute in results(engine)]


def level(engine):
    """The reference engine takes time."""
    return pytest.mark.slow if engine == "reference" else pytest.mark.compiled


@pytest.mark.parametrize(
    ("engine", "name", "compute"),
    [pytest.param(*case, id=f"{case[1]}-{case[0]}", marks=level(case[0])) for case in CASES],
)
def test_what_is_computed_is_what_is_stored(engine, name, compute):
    assert first_difference(read(name), json.loads(json.dumps(compute()))) is None


def test_every_stored_file_is_compared():
    stored = {str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.json")}
    assert stored == {name for _, name, _ in CASES}


@pytest.mark.parametrize(
    ("stored", "found", "message"),
    [
        ({"a": 1}, {"a": 1}, None),
        ({"a": [1, {"b": "x"}]}, {"a": [1, {"b": "y"}]}, 'a[1].b: stored "x", found "y"'),
        ({"a": 1}, {"b": 1}, 'a: stored 1, found "nothing"'),
        ([1], [1, 2], '[1]: stored "nothing", found 2'),
        ({"a": 1}, {"a": 1.0}, "a: stored 1, found 1.0"),
        ({"a": True}, {"a": 1}, "a: stored true, found 1"),
        ({"a": 0.0982961497384}, {"a": 0.0982961497385}, None),
        ({"a": 0.098296149738}, {"a": 0.098296149748}, "a: stored 0.098296149738, found 0.098296149748"),
        (None, {"a": 1}, 'whole file: stored null, found {"a": 1}'),
    ],
)
def test_the_first_difference_names_its_place_and_both_values(stored, found, message):
    assert first_difference(stored, found) == message


def test_a_changed_file_is_noticed(monkeypatch, tmp_path):
    monkeypatch.setattr("tests.golden.stored.FOLDER", tmp_path)
    write("traces/default", {"baseline, seed 1": {"time": "0123"}})
    assert first_difference(read("traces/default"), {"baseline, seed 1": {"time": "4567"}}) == (
        'baseline, seed 1.time: stored "0123", found "4567"'
    )
