"""An output that would replace or spoil an input or another output is refused, and no other is."""

import os

import pytest

from journey.core.errors import InputError
from journey.machine import default_journey
from scenarios.files.loader import load
from scenarios.operations.evaluation_rules import open_journey
from scenarios.operations.output_paths import Inputs, Output, refuse_outputs


@pytest.fixture
def records(tmp_path):
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "customers.csv").write_text("customer_id\nA\n")
    return folder


def refusal(outputs, inputs=None):
    with pytest.raises(InputError) as error:
        refuse_outputs(outputs, inputs or Inputs())
    return str(error.value)


@pytest.mark.parametrize("name", ["customers.csv", "customers.parquet", "decisions.csv", "Signals.JSON", "x.jsonl.gz"])
def test_no_table_is_written_into_the_folder_of_records(records, name):
    message = refusal([Output("--decisions", records / name)], Inputs(folders=[records]))
    assert message.startswith(f"--decisions {records / name}: is ")
    assert [file.name for file in records.iterdir()] == ["customers.csv"]


def test_a_report_may_be_in_the_folder_of_records(records):
    refuse_outputs([Output("--report", records / "report.md")], Inputs(folders=[records]))


def test_no_folder_is_written_over_the_folder_of_records(records):
    quarantine = Output("--quarantine", records / ".." / "records", is_folder=True)
    assert "is the folder of the records; name another folder" in refusal([quarantine], Inputs(folders=[records]))
    named_as_set = Output("--quarantine", records / "signals.json", is_folder=True)
    assert "would be read as one of their files" in refusal([named_as_set], Inputs(folders=[records]))
    refuse_outputs([Output("--quarantine", records / "aside", is_folder=True)], Inputs(folders=[records]))


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_another_name_of_an_input_is_that_input(tmp_path, records, link):
    link(records / "customers.csv", tmp_path / "report.md")
    message = refusal([Output("--report", tmp_path / "report.md")], Inputs(folders=[records]))
    assert "is one of the files of the records" in message
    policy = tmp_path / "policy.toml"
    policy.write_text("")
    link(policy, tmp_path / "policy.md")
    message = refusal([Output("--report", tmp_path / "policy.md")], Inputs(files=[policy]))
    assert f"this command reads {policy}; name another file" in message


def test_a_link_into_the_folder_of_records_is_in_it(tmp_path, records):
    (tmp_path / "decisions.csv").symlink_to(records / "signals.csv")
    message = refusal([Output("--decisions", tmp_path / "decisions.csv")], Inputs(folders=[records]))
    assert "would be read as one of their files" in message
    (tmp_path / "here").symlink_to(records)
    message = refusal([Output("--decisions", tmp_path / "here" / "signals.csv")], Inputs(folders=[records]))
    assert "would be read as one of their files" in message


def test_two_outputs_are_two_files(tmp_path):
    one, same = tmp_path / "one.md", tmp_path / "." / "one.md"
    assert "--resume and --report: both write to" in refusal([Output("--resume", one), Output("--report", same)])
    folder = Output("--records", tmp_path / "out", is_folder=True)
    inside = Output("--trace", tmp_path / "out" / "sub" / "trace.csv")
    for outputs in ([folder, inside], [inside, folder]):
        assert "is in the folder of --records; name a path outside" in refusal(outputs)
    refuse_outputs([Output("--resume", one), Output("--report", tmp_path / "two.md"), folder], Inputs())


def test_an_option_that_is_not_set_is_no_output(records):
    refuse_outputs([Output("--report", None), Output("--decisions", None)], Inputs([None], [None, records]))


def test_every_file_of_a_scenario_is_an_input(tmp_path, records):
    parent, child = tmp_path / "parent.toml", tmp_path / "child.toml"
    parent.write_text('extends = "default"\npopulation.records = "records"\n')
    child.write_text('extends = "parent.toml"\n')
    inputs = Inputs.of_scenario(load(child))
    for file in (parent, child, records / "customers.csv"):
        assert str(file) in refusal([Output("--trace", file)], inputs)
    assert open_journey(str(child))[1] == inputs
    assert open_journey(None) == (default_journey(), Inputs())


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
@pytest.mark.parametrize("is_folder", [False, True])
def test_a_path_that_cannot_be_written_is_refused_and_nothing_is_created(tmp_path, is_folder):
    tmp_path.chmod(0o500)
    output = Output("--records", tmp_path / "a" / "b", is_folder)
    assert "cannot be written" in refusal([output])
    assert list(tmp_path.iterdir()) == []


def test_checking_creates_nothing(tmp_path):
    refuse_outputs([Output("--trace", tmp_path / "a" / "t.csv"), Output("--records", tmp_path / "b", True)], Inputs())
    assert list(tmp_path.iterdir()) == []
