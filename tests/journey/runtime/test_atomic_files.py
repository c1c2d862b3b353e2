"""Files and folders appear whole or not at all, and nothing is overwritten unasked."""

import os
from pathlib import Path

import pytest

from journey.core.errors import InputError
from journey.runtime.atomic_files import atomic_file, atomic_folder, refuse_unwritable, write_text


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with atomic_file(path, "the text") as part:
        part.write_text("whole")
        assert not path.exists()
    assert [file.name for file in path.parent.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("target", [atomic_file, atomic_folder])
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
    with atomic_folder(folder, "the records") as part:
        (part / "file").write_text("whole")
    assert [file.name for file in folder.iterdir()] == ["file"]
    assert [file.name for file in folder.parent.iterdir()] == ["folder"]


def test_what_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(InputError, match="is not empty, and nothing is overwritten; name a new folder"):
        atomic_folder(tmp_path, "it").__enter__()
    with pytest.raises(InputError, match="is a file; name a new folder"):
        atomic_folder(tmp_path / "mine", "it").__enter__()
    assert (tmp_path / "mine").read_text() == "precious"


@pytest.mark.parametrize("target", [atomic_file, atomic_folder])
def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path, target):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="the thing cannot be written: "):
        target(tmp_path / "file" / "below", "the thing").__enter__()


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_permissions_that_the_umask_gives(tmp_path, umask):
    before = os.umask(umask)
    try:
        write_text(tmp_path / "file.txt", "new")
    finally:
        os.umask(before)
    assert (tmp_path / "file.txt").stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_a_replaced_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "file.txt"
    path.write_text("old")
    path.chmod(mode)
    write_text(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == mode


def test_a_link_still_points_to_the_file_that_is_written(tmp_path):
    (tmp_path / "folder").mkdir()
    link, target = tmp_path / "link.txt", tmp_path / "folder" / "file.txt"
    target.write_text("old")
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_what_is_written_is_on_disk_before_it_replaces_the_old_file(tmp_path, monkeypatch):
    """The order that survives a power cut: the content first, then the name, then the folder."""
    path, calls = tmp_path / "file.txt", []
    sync, replace = os.fsync, Path.replace

    def note_sync(handle):
        calls.append(("sync", str(Path(f"/proc/self/fd/{handle}").readlink())))
        sync(handle)

    def note_replace(part, target):
        calls.append(("replace", str(target)))
        return replace(part, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    write_text(path, "new")
    kinds = [kind for kind, _ in calls]
    assert kinds == ["sync", "replace", "sync"]
    assert calls[0][1].endswith("/file.txt")
    assert calls[2][1] == str(tmp_path)


def test_a_replaced_file_keeps_its_attributes(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    try:
        os.setxattr(path, "user.origin", b"here")
    except (OSError, AttributeError):
        pytest.skip("no extended attributes on this file system")
    write_text(path, "new")
    assert os.getxattr(path, "user.origin") == b"here"


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser may give files away")
def test_a_replaced_file_keeps_its_owner(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    os.chown(path, 1234, 2345)
    path.chmod(0o640)
    write_text(path, "new")
    status = path.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (1234, 2345, 0o640)


def test_another_hard_link_keeps_the_old_content(tmp_path):
    """As with any editor that saves atomically; a backup made of hard links is not changed."""
    path, backup = tmp_path / "file.txt", tmp_path / "backup.txt"
    path.write_text("old")
    os.link(path, backup)
    write_text(path, "new")
    assert (path.read_text(), backup.read_text()) == ("new", "old")


def test_a_planted_link_under_a_guessed_temporary_name_is_not_followed(tmp_path):
    """No temporary name can be guessed, so none can be prepared by another user."""
    path, victim = tmp_path / "log.jsonl", tmp_path / "victim"
    victim.write_text("precious")
    for name in (".log.jsonl.part", ".log.jsonl.tmp", "log.jsonl.tmp", ".journey-"):
        (tmp_path / name).symlink_to(victim)
    write_text(path, "new")
    assert victim.read_text() == "precious"
    assert not path.is_symlink()
    names = set()
    for _ in range(3):
        with atomic_file(path) as part:
            part.write_text("x")
            assert part.parent.stat().st_mode & 0o777 == 0o700
            names.add(part.parent.name)
    assert len(names) == 3


@pytest.mark.parametrize("check", [refuse_unwritable, lambda path: atomic_file(path).__enter__()])
def test_a_device_is_not_replaced_by_a_file(check, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (fifo, Path("/dev/null")):
        with pytest.raises(InputError, match="is not a regular file; name a new file"):
            check(path)
    assert fifo.is_fifo()


def test_a_read_only_file_is_not_replaced(tmp_path, monkeypatch):
    path = tmp_path / "log.jsonl"
    path.write_text("old")
    path.chmod(0o444)
    # The superuser may write to any file.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="is read-only; make it writable, or name another file"):
        write_text(path, "new")
    assert path.read_text() == "old"
