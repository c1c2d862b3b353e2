"""A run as an event log for process mining: XES, IEEE Std 1849-2016.

One trace is one customer, including customers without events. Events are written one by one, so that the log is never
all in memory. A move has its name as the activity; other activities include the kind of event (``signal usage_drop``).
A filter on ``kind`` gives the plain journey. Names, times, reviewers and transitions use the standard's extensions; the
other attributes are the trace's columns.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from journey.runtime.atomic_files import atomic_file
from simulation.exports.histories import customer_id
from simulation.trace import events

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from simulation.exports.histories import CustomerHistory, RunHistory
    from simulation.trace.dates import Dates

_SITE = "http://www.xes-standard.org/"
_EXTENSIONS = {"Concept": "concept", "Time": "time", "Organizational": "org", "Lifecycle": "lifecycle"}

_HEAD = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="{_SITE}">
"""
_GLOBALS = """\
<global scope="trace">
<string key="concept:name" value="unknown"/>
<boolean key="unfinished" value="false"/>
<string key="end_stage" value="unknown"/>
</global>
<global scope="event">
<string key="concept:name" value="unknown"/>
<date key="time:timestamp" value="1970-01-01T00:00:00.000000+00:00"/>
<string key="lifecycle:transition" value="complete"/>
<string key="kind" value="unknown"/>
<string key="stage" value="unknown"/>
<string key="label" value="unknown"/>
<float key="day" value="0.0"/>
</global>
<classifier name="Activity" keys="concept:name"/>
<classifier name="Activity and transition" keys="concept:name lifecycle:transition"/>
"""

_ILLEGAL = dict.fromkeys((*range(32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd")
"""Characters that XML 1.0 does not allow, even escaped."""
_ESCAPES = _ILLEGAL | {
    ord(character): entity
    for character, entity in {
        "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;",
    }.items()
}  # fmt: skip


class _EventName(NamedTuple):
    """Activity name and transition of a kind of event; ``{}`` is replaced by the label (of a funnel: the step)."""

    activity: str
    transition: str = "complete"


_EVENT_NAMES = {
    events.MOVE: _EventName("{}"),
    events.REVIEW_REQUESTED: _EventName("review", "schedule"),
    events.REVIEW_DECIDED: _EventName("review"),
    events.DISTRESS_ON: _EventName("distress {}", "start"),
    events.DISTRESS_OFF: _EventName("distress {}"),
    events.ARRIVAL: _EventName("arrival"),
    events.FUNNEL: _EventName("{}"),
    events.VALUE_CHANGE: _EventName("value {}"),
    events.EFFECT_ON: _EventName("effect of {}", "start"),
    events.EFFECT_OFF: _EventName("effect of {}"),
}
_UNDECIDED = ("expired", "withdrawn")
"""Verdicts of requests without a reviewer's decision."""


def write_xes(run_history: RunHistory, path: Path, dates: Dates) -> None:
    """Write a run as an XES log. The write is atomic.

    Args:
        run_history: The run.
        path: The file.
        dates: The calendar of the run.

    Raises:
        InputError: The file cannot be written.
    """
    terminal = frozenset(run_history.arm_spec.journey.terminal)
    with atomic_file(path, "the trace") as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_header(run_history, dates))
        for history in run_history.histories():
            file.writelines(_case(history, dates, terminal))
        file.write("</log>\n")


def _header(run_history: RunHistory, dates: Dates) -> Iterator[str]:
    yield _HEAD
    for name, prefix in _EXTENSIONS.items():
        yield f'<extension name="{name}" prefix="{prefix}" uri="{_SITE}{prefix}.xesext"/>\n'
    yield _GLOBALS
    yield _text("concept:name", f"arm {run_history.arm_spec.name}")
    yield _text("arm", run_history.arm_spec.name)
    yield f'<int key="seed" value="{run_history.seed}"/>\n'
    yield f'<int key="replication" value="{run_history.replication}"/>\n'
    yield _date("start", dates.start)
    yield f'<float key="days" value="{run_history.days!r}"/>\n'


def _case(history: CustomerHistory, dates: Dates, terminal: frozenset[str]) -> Iterator[str]:
    """One customer; `unfinished` is true if the customer is not in a terminal stage at the end of the run."""
    initial, end = history.initial, history.end_stage
    yield "<trace>\n"
    yield _text("concept:name", customer_id(initial))
    yield f'<int key="customer" value="{initial.number}"/>\n'
    yield _text("segment", history.segment)
    yield f'<float key="account_value" value="{initial.account_value!r}"/>\n'
    yield _text("first_stage", history.first_stage)
    yield _text("end_stage", end)
    yield f'<boolean key="unfinished" value="{"false" if end in terminal else "true"}"/>\n'
    for row in history.rows:
        yield _event(row, dates.to_datetime(row.time))
    yield "</trace>\n"


def _event(row: events.Row, moment: datetime) -> str:
    activity, transition = _EVENT_NAMES.get(row.kind, _EventName(row.kind + " {}"))
    if row.kind == events.REVIEW_DECIDED and row.label in _UNDECIDED:
        transition = "withdraw"
    parts = [
        "<event>\n",
        _text("concept:name", activity.format(row.to_stage if row.kind == events.FUNNEL else row.label)),
        _date("time:timestamp", moment),
        _text("lifecycle:transition", transition),
        _text("kind", row.kind),
        _text("stage", row.stage),
        _text("label", row.label),
        f'<float key="day" value="{row.time!r}"/>\n',
    ]
    parts += [_text(key, text) for key in ("to_stage", "reason", "source") if (text := getattr(row, key)) is not None]
    if row.reviewer is not None:
        parts.append(_text("org:resource", f"reviewer {row.reviewer}"))
    parts += [
        f'<float key="{key}" value="{number!r}"/>\n'
        for key in ("value", "dated", "account_value")
        if (number := getattr(row, key)) is not None
    ]
    parts.append("</event>\n")
    return "".join(parts)


def _date(key: str, moment: datetime) -> str:
    return f'<date key="{key}" value="{moment.isoformat(timespec="microseconds")}+00:00"/>\n'


# Cached, because a log of millions of events contains only a few hundred different texts besides customer IDs.
@lru_cache(maxsize=4096)
def _text(key: str, value: str) -> str:
    return f'<string key="{key}" value="{value.translate(_ESCAPES)}"/>\n'
