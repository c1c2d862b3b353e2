"""Files and folders appear whole or not at all, and nothing is overwritten unasked."""

import pytest

from journey.core.errors import InputError
from journey.runtime.atomic_files import whole_file, whole_folder


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with whole_file(path, "the text") as part:
        part.write_text("whole")
        assert not path.exists()
    assert [file.name for file in path.parent.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("target", [whole_file, whole_folder])
def test_a_failure_leaves_nothing_behind(tmp_path, target):
    def fail_halfway():
        with target(tmp_path / "target", "it") as part:
            (part / "half" if part.is_dir() else part).write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("exists", [False, True])
def test_a_folder_may_be_new_or_empty(tmp_path, exists):
    folder = tmp_path / "a" / "folder"
    if exists:
        folder.mkdir(parents=True)
    with whole_folder(folder, "the records") as part:
        (part / "file").write_text("whole")
    assert [file.name for file in folder.iterdir()] == ["file"]
    assert [file.name for file in folder.parent.iterdir()] == ["folder"]


def test_what_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(InputError, match="is not empty, and nothing is overwritten; name a new folder"):
        whole_folder(tmp_path, "it").__enter__()
    with pytest.raises(InputError, match="is a file; name a new folder"):
        whole_folder(tmp_path / "mine", "it").__enter__()
    assert (tmp_path / "mine").read_text() == "precious"


@pytest.mark.parametrize("target", [whole_file, whole_folder])
def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path, target):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="the thing cannot be written: "):
        target(tmp_path / "file" / "below", "the thing").__enter__()
