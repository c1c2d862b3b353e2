"""The marketing log: each status change of a budget action or risk signal, with its time and actor.

Every move is checked against the state machine before it is written, and the log is append-only. An unapproved
execution therefore cannot enter the log, and compliance can be proved from the log alone. Written as JSON Lines, the
log is the dataset ``marketing_log`` that `journey.marketing.records` reads and the checks validate.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from journey.core.errors import InputError
from journey.core.identifiers import looks_like, normalise_identifier, require_identifier
from journey.marketing.budget.unattended import UnattendedTransfers
from journey.marketing.core.lifecycles import lifecycles
from journey.marketing.core.policy import MarketingPolicy
from journey.marketing.records.model import Entity, LogEvent, Proposer, ReasonCode
from journey.runtime.atomic_files import write_bytes

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

LOG_DATASET = LogEvent.dataset


class MarketingLog:
    """An append-only log in memory.

    Attributes:
        policy: Sets the amount from which a person must approve.
        unattended: The transfers that no person approved.
    """

    def __init__(self, events: Iterable[LogEvent] = (), policy: MarketingPolicy | None = None) -> None:
        self.policy = policy or MarketingPolicy()
        self.unattended = UnattendedTransfers(self.policy.budget)
        self._events = list(events)
        self._last: dict[tuple[Entity, str], LogEvent] = {}
        self._first: dict[tuple[Entity, str], LogEvent] = {}
        self._ids: set[str] = set()
        for event in self._events:
            self._index_event(event)

    @property
    def events(self) -> tuple[LogEvent, ...]:
        """All events, in the order in which they were written."""
        return tuple(self._events)

    def status(self, entity: Entity, entity_id: str) -> str | None:
        """Current status of an entity; None if it is not in the log."""
        last = self._last.get((entity, normalise_identifier(entity_id)))
        return None if last is None else last.to_status

    def enter(
        self,
        entity: Entity,
        entity_id: str,
        *,
        at: datetime,
        by: Proposer,
        actor: str | None = None,
        campaign_id: str | None = None,
        amount: float | None = None,
        reason: str | None = None,
        channels: tuple[str, str] | None = None,
        reason_code: ReasonCode | None = None,
    ) -> LogEvent:
        """Enter a new entity in the initial state of its state machine.

        Args:
            entity: Kind of the entity.
            entity_id: Its ID.
            at: Moment of the event.
            by: Whether a person or the orchestrator proposes it.
            actor: Name of the proposer; required for a person.
            campaign_id: Its campaign.
            amount: Amount of a budget action in dollars.
            reason: Reason as text.
            channels: Channels that a budget action takes money from and brings it to; with them the log describes the
                whole transfer without any other record.
            reason_code: Reason as a code of the records.

        Raises:
            InputError: The entity is already in the log, a person is not named, or a budget action has no amount.
        """
        entity_id = require_identifier(entity_id, "entity_id")
        if (entity, entity_id) in self._last:
            raise InputError(
                f"{entity_id}: is already in the log ({self.status(entity, entity_id)}); use `move` instead"
            )
        if by == "human" and actor is None:
            raise InputError(f"{entity_id}: the person who proposes it is not named; give `actor`")
        if entity == "budget_action" and amount is None:
            raise InputError(f"{entity_id}: a budget action needs an amount; give `amount`")
        source, target = channels or (None, None)
        return self._append(
            LogEvent(
                event_id=self._next_id(),
                timestamp=at,
                entity=entity,
                entity_id=entity_id,
                campaign_id=campaign_id,
                from_status=None,
                to_status=lifecycles()[entity].initial[0],
                actor_kind=by,
                actor_id=actor,
                amount=amount,
                reason=reason,
                from_channel_id=source,
                to_channel_id=target,
                reason_code=reason_code,
            )
        )

    def move(
        self,
        entity: Entity,
        entity_id: str,
        move: str,
        *,
        at: datetime,
        by: Proposer,
        actor: str | None = None,
        reason: str | None = None,
    ) -> LogEvent:
        """Move an entity to another state of its state machine.

        Args:
            entity: Kind of the entity.
            entity_id: Its ID.
            move: Name of the move, for instance ``approve``.
            at: Moment of the move; not before the entity's last event.
            by: Whether a person or the orchestrator moves it.
            actor: Name of the actor.
            reason: Reason as text.

        Raises:
            IllegalMoveError: The state machine has no such move from the current state; the message names the legal
                moves.
            InputError: The entity is unknown, the moment is before its last event, or the approval is not valid.
        """
        entity_id = normalise_identifier(entity_id)
        last = self._last.get((entity, entity_id))
        if last is None:
            raise InputError(f"{entity_id}: is not in the log; enter it first")
        if at < last.timestamp:
            raise InputError(
                f"{entity_id}: its last event is on {last.timestamp.isoformat()}; {at.isoformat()} is before that"
            )
        destination = lifecycles()[entity].move(last.to_status, move)
        first = self._first[entity, entity_id]
        if entity == "budget_action" and destination == "approved":
            self._refuse_invalid_approval(first, by, actor, at)
        return self._append(
            LogEvent(
                event_id=self._next_id(),
                timestamp=at,
                entity=entity,
                entity_id=entity_id,
                campaign_id=first.campaign_id,
                from_status=last.to_status,
                to_status=destination,
                actor_kind=by,
                actor_id=actor,
                amount=first.amount,
                reason=reason,
            )
        )

    def needs_person(self, transfer_id: str, amount: float, proposer: Proposer, at: datetime) -> bool:
        """Whether a person must approve a transfer, together with the proposer's other transfers.

        Args:
            transfer_id: ID of the budget action.
            amount: Dollars.
            proposer: Whether a person or the orchestrator proposed it, if it is not in the log, which names the person.
            at: Moment of the approval.
        """
        first = self._first.get(("budget_action", transfer_id))
        kind, name = (proposer, None) if first is None else (first.actor_kind, first.actor_id)
        return self.unattended.needs_person(
            amount, self.unattended.sum_of_proposer(kind, name, at, without=transfer_id)
        )

    def write(self, path: Path) -> None:
        """Write the log as JSON Lines, atomically.

        Raises:
            InputError: The file cannot be written.
        """
        write_bytes(path, to_json_lines(self._events))

    def _refuse_invalid_approval(self, first: LogEvent, by: Proposer, actor: str | None, at: datetime) -> None:
        """Refuse an approval by the proposer, or from the policy's threshold one without a named person."""
        if by == "human":
            if actor is None:
                raise InputError(f"{first.entity_id}: the person who approves it is not named; give `actor`")
            if first.actor_kind == "human" and (first.actor_id is None or looks_like(first.actor_id, actor)):
                raise InputError(
                    f"{first.entity_id}: {actor} proposed it; another person must approve it (rule: own_approval)"
                )
            return
        need = self.unattended.explain_need(first, first.amount, at)
        if need is not None:
            amount = "unknown" if first.amount is None else f"{first.amount:.2f}"
            raise InputError(f"{first.entity_id}: {need}; its amount is {amount} (rule: no_person)")

    def _next_id(self) -> str:
        number = len(self._events) + 1
        # A log that was started elsewhere may number its events differently.
        while f"LOG_{number:06d}" in self._ids:
            number += 1
        return f"LOG_{number:06d}"

    def _append(self, event: LogEvent) -> LogEvent:
        self._events.append(event)
        self._index_event(event)
        return event

    def _index_event(self, event: LogEvent) -> None:
        self._ids.add(event.event_id)
        self.unattended.add(event)
        key = (event.entity, event.entity_id)
        self._first.setdefault(key, event)
        self._last[key] = event


def read_log_events(context: "MarketingContext") -> list[LogEvent]:
    """The events of the recorded log up to `as_of`, in the order in which they were written."""
    names = tuple(LogEvent.model_fields)
    columns = ", ".join(names)
    rows = context.cursor.execute(f"SELECT {columns} FROM seen_marketing_log ORDER BY row_number").fetchall()
    return [LogEvent.model_validate(dict(zip(names, row, strict=True))) for row in rows]


def to_json_lines(events: Iterable[LogEvent]) -> bytes:
    """Encode events as JSON Lines."""
    lines = [json.dumps(event.model_dump(mode="json"), ensure_ascii=False) for event in events]
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def append_events(path: Path, events: Iterable[LogEvent]) -> None:
    """Append events to a JSON Lines log, or create it; the file is replaced atomically.

    Existing content is kept byte for byte.

    Raises:
        InputError: The file cannot be read or written.
    """
    try:
        existing = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    separator = b"" if not existing or existing.endswith(b"\n") else b"\n"
    write_bytes(path, existing + separator + to_json_lines(events))
