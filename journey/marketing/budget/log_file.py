"""The file of the marketing log: where it is, who may write it now, and what may be appended to it.

The folders of the records are locked as one set, in whatever order and under whatever names they are given, from
reading the log until writing it. What is appended is first read back: an entry that would be read differently, or not
at all, is not written.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from journey.core.errors import InputError
from journey.marketing.budget.log import LOG_DATASET, append_events
from journey.marketing.records.folders import BUNDLED, MarketingRecords, bundled_folder, read_folders
from journey.marketing.records.model import MARKETING_FAMILY, LogEvent
from journey.records.sources import find_sources
from journey.runtime.locks import lock_folders


@contextmanager
def locked_log(folders: Sequence[Path]) -> Iterator[Path]:
    """Lock the folders, and return the path of their log, which may not exist yet.

    The log is in the folder that already has one, otherwise in the folder of the budget actions. If it is a link, the
    folder of its target is locked too.

    Raises:
        InputError: No folder is given, one is the bundled folder, several contain a log, the log is not JSON Lines,
            a folder cannot be written to, or another step is being written.
    """
    path = _find_log_file(folders)
    with lock_folders((*folders, path.resolve().parent), required=path.resolve().parent) as is_locked:
        # Without the lock, a log may have appeared in another folder meanwhile.
        if not is_locked or _find_log_file(folders) != path:
            raise InputError(f"{path}: another step is being written; try again when it is done")
        yield path


def append_to_log(path: Path, events: Sequence[LogEvent]) -> None:
    """Append events to a log that is locked.

    Raises:
        InputError: An event would not be read back as it is written, or the file cannot be written.
    """
    _refuse_unreadable(events)
    append_events(path, events)


def refuse_broken_log(records: MarketingRecords, path: Path) -> None:
    """Refuse a log with rows that cannot be read.

    Raises:
        InputError: The log has such rows.
    """
    broken = records.connection.execute("SELECT count(*) FROM set_aside WHERE dataset = ?", [LOG_DATASET]).fetchall()
    if broken[0][0]:
        raise InputError(f"{path}: {broken[0][0]} of its rows cannot be read; correct them before adding to the log")


def _refuse_unreadable(events: Sequence[LogEvent]) -> None:
    with TemporaryDirectory() as folder:
        append_events(Path(folder) / f"{LOG_DATASET}.jsonl", events)
        records = read_folders([folder])
        read = {event.event_id: event for event in records.objects(LOG_DATASET) if isinstance(event, LogEvent)}
        reasons = [row.reason for row in records.set_aside]
    for event in events:
        found = read.get(event.event_id)
        if found == event:
            continue
        if found is None:
            raise InputError(f"{event.entity_id}: cannot be written to the log: {'; '.join(reasons)}")
        name, value = next((name, value) for name, value in event if getattr(found, name) != value)
        raise InputError(
            f"{event.entity_id}: {name} {value!r} cannot be written to the log, because it would be read as "
            f"{getattr(found, name)!r}; use another spelling"
        )


def _find_log_file(folders: Sequence[Path]) -> Path:
    if not folders:
        raise InputError("no folder of records given; give the folder whose log is to be written")
    for folder in folders:
        if folder.resolve() == bundled_folder(BUNDLED).resolve():
            raise InputError(f"{folder}: contains the bundled campaigns, which are read-only; copy the folder first")
    folder_sources = [(folder, find_sources(folder, MARKETING_FAMILY)[0]) for folder in folders]
    logs = [sources[LOG_DATASET].path for _, sources in folder_sources if LOG_DATASET in sources]
    if len(logs) > 1:
        raise InputError(f"{' and '.join(map(str, logs))}: several logs, so the order of events is unknown; keep one")
    if logs:
        if logs[0].suffix.lower() not in (".jsonl", ".ndjson"):
            raise InputError(f"{logs[0]}: the log must be a JSON Lines file; convert it to {LOG_DATASET}.jsonl first")
        return logs[0]
    folder_of_actions = next((folder for folder, sources in folder_sources if "budget_actions" in sources), folders[0])
    return folder_of_actions / f"{LOG_DATASET}.jsonl"
