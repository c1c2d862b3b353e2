"""Files of saved benchmarks that cannot be used are refused with the reason."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.errors import InputError
from scenarios.latency.benchmark import Requests
from scenarios.latency.saved_run import read_run
from tests.scenarios.latency.test_benchmark import TWO, build


@pytest.fixture(scope="module")
def document():
    return build(TWO).to_dict()


def changed(document, path, value):
    """The document with one value changed, or removed where the value is None."""
    copy = json.loads(json.dumps(document))
    *outer, last = path.split(".")
    part = copy
    for key in outer:
        part = part[int(key) if isinstance(part, list) else key]
    last = int(last) if isinstance(part, list) else last
    if value is None:
        del part[last]
    else:
        part[last] = value
    return json.dumps(copy)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("format", "other", "is not a saved benchmark"),
        (
            "format_version",
            2,
            "was saved by journeylab .* in version 2 of the format, and this program reads version 1",
        ),
        ("format_version", None, "in version None of the format"),
        ("by_process", None, "damaged saved benchmark: by_process: Field required"),
        ("by_process", [], "damaged saved benchmark: by_process: List should have at least 1 item"),
        ("by_process.0.pace_us", -1.0, r"by_process.0.pace_us: Input should be greater than or equal to"),
        ("by_process.0.pace_us", 1e308, r"by_process.0.pace_us: Input should be less than or equal to"),
        ("by_process.1.pace_us", None, r"by_process.1.pace_us: Field required"),
        ("by_process.1.single.p99_us", "fast", "by_process.1.single.p99_us: Input should be a valid number"),
        ("customers", "many", "damaged saved benchmark: customers"),
    ],
)
def test_a_damaged_file_or_one_of_another_version_is_refused(document, path, value, message, tmp_path):
    file = tmp_path / "run.json"
    file.write_text(changed(document, path, value))
    with pytest.raises(InputError, match=message) as refused:
        read_run(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert "journey benchmark --save FILE" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not valid JSON"),
        (b"[1", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[]", "is not a saved benchmark"),
        (b"\xff\xfe", "not UTF-8 text"),
        (b'{"format": "journeylab-benchmark"}', "in version None"),
    ],
)
def test_a_file_of_another_kind_is_refused(content, message, tmp_path):
    file = tmp_path / "run.json"
    file.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_run(file)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist; write a new one"):
        read_run(tmp_path / "none.json")
    with pytest.raises(InputError, match="is a folder; name the file of a saved benchmark"):
        read_run(tmp_path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PATHS = ("customers", "rows", "machine", "machine.python", "by_process", "by_process.0", "by_process.1.single",
         "by_process.0.pace_us", "by_process.1.with_reasons.max_us", "by_process.0.batch_us_per_customer")  # fmt: skip


@given(path=st.sampled_from(PATHS), value=json_values)
def test_any_damage_is_refused_or_gives_finite_ratios(document, path, value):
    with TemporaryDirectory() as folder:
        file = Path(folder) / "run.json"
        file.write_text(changed(document, path, value))
        try:
            saved = read_run(file)
        except InputError:
            return
    against = build(TWO, Requests((), (saved, "run.json"))).against
    assert all(0.0 < ratio.ratio < float("inf") for ratio in against.ratios)
