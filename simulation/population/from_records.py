"""A population from a folder of records: the simulation continues from the end of the records.

Customers are taken in the order of their IDs, repeatedly until the population has its size. So a folder of ten
customers can represent a company of ten thousand; each copy has its own random numbers. The first copy keeps the ID of
the records; later copies have their number after it, such as ``C001-2``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from journey.core.errors import InputError
from journey.core.time_units import DAYS_PER_MONTH
from journey.decision.as_of import AsOf
from journey.decision.policy import MONITOR_ONLY, TIERS
from journey.records.entry_order import sort_entries
from journey.records.folder import bundled_folder, read_folder
from simulation.model.population_spec import BUNDLED, TIER_MARK, Population, Segment
from simulation.population.draw import Cohort, InitialCustomer, PriorSignal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from journey.machine import CompiledJourney
    from journey.records.store import Records


def read_cohort(population: Population, machine: CompiledJourney) -> Cohort:
    """The customers of `population.records` on day 0, which is `population.as_of` or the records' latest date.

    Raises:
        InputError: The folder cannot be read, none of its customers is in a live stage of the journey, or a segment has
            a name like that of a risk tier.
    """
    folder = bundled_folder() if population.records == BUNDLED else Path(str(population.records))
    records = _read_records(folder, _folder_state(folder))
    as_of = _day_zero(population, records)
    customer_ids = sorted(records.customer_ids())
    segments = tuple(sorted({customer.segment for id_ in customer_ids if (customer := records.customer(id_))}))
    _refuse_segments_like_tiers(segments, folder)
    templates = [initial for id_ in customer_ids if (initial := _read_customer(records, id_, machine, segments, as_of))]
    if not templates:
        raise InputError(f"population.records: no customer of {folder} is in a live stage of the journey")
    listed = tuple(replace(initial, number=number) for number, initial in enumerate(templates))
    return Cohort(segments, population.size, partial(_copy, listed, _find_separator(listed)), listed)


def _refuse_segments_like_tiers(segments: Sequence[str], folder: Path) -> None:
    """The metrics of such a segment would have the names of those of a risk tier."""
    if name := next((name for name in segments if name.startswith(TIER_MARK)), None):
        raise InputError(
            f"population.records: {folder}: the segment {name!r} has the name of a risk tier, "
            "as in churn_rate[tier=high]; rename it in the records"
        )


def _copy(listed: Sequence[InitialCustomer], separator: str, number: int) -> InitialCustomer:
    copy, position = divmod(number, len(listed))
    template = listed[position]
    suffix = f"{separator}{copy + 1}" if copy else ""
    return replace(template, number=number, recorded_id=template.recorded_id + suffix)


def _find_separator(listed: Sequence[InitialCustomer]) -> str:
    """Hyphens between the ID and the number of a copy: more than any ID contains in a row, so that IDs are unique."""
    separator = "-"
    while any(separator in template.recorded_id for template in listed):
        separator += "-"
    return separator


@lru_cache(maxsize=4)
def _read_records(folder: Path, _state: object) -> Records:
    """The records of a folder, read once per process for all arms and replications."""
    return read_folder(folder)


def _folder_state(folder: Path) -> object:
    """A value that changes when a file in the folder changes."""
    if not folder.is_dir():
        return None
    return tuple(sorted((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in folder.iterdir()))


def _day_zero(population: Population, records: Records) -> AsOf:
    if population.as_of is not None:
        return AsOf.of(population.as_of)
    latest = records.latest_date()
    if latest is None:
        raise InputError(
            f"population.records: {records.source} contains no date; set the date of day 0 with population.as_of"
        )
    return AsOf.of(latest)


def _read_customer(
    records: Records, id_: str, machine: CompiledJourney, segments: Sequence[str], as_of: AsOf
) -> InitialCustomer | None:
    """One recorded customer on day 0, or None if the stage is unknown, terminal or not entered yet."""
    customer = records.customer(id_)
    known = (entry for entry in records.stage_entries(id_) if entry.state_entered_at <= as_of.cutoff)
    entries = sort_entries(known, tuple(machine.stage_index))
    stage = machine.stage_index.get(entries[-1].journey_stage, -1) if entries else -1
    if customer is None or stage < 0 or machine.terminal[stage]:
        return None
    contacts = [
        _age(as_of, intervention.generated_at)
        for intervention in records.interventions_for(id_)
        if intervention.generated_at <= as_of.cutoff and intervention.recommended_action != MONITOR_ONLY
    ]
    return InitialCustomer(
        number=0,
        recorded_id=id_,
        segment=segments.index(customer.segment),
        tier=TIERS.index(customer.risk_tier),
        account_value=customer.account_value,
        stage=stage,
        days_in_stage=_age(as_of, entries[-1].state_entered_at),
        prior_signals=tuple(
            PriorSignal(
                signal.signal_type, signal.signal_strength, signal.source or "", _age(as_of, signal.detected_at)
            )
            for signal in records.signals_for(id_)
            if signal.known_at <= as_of.cutoff
        ),
        days_since_contact=min(contacts, default=-1.0),
        recorded_tenure_days=customer.tenure_months * DAYS_PER_MONTH if customer.tenure_months else 0.0,
    )


def _age(as_of: AsOf, moment: datetime) -> float:
    return max(0.0, as_of.age(moment))


def derive_synthetic(population: Population, machine: CompiledJourney, *, size: int) -> Population:
    """A synthetic population with the segments, tiers and stages of a recorded one.

    Args:
        population: The population, from records.
        machine: The compiled journey.
        size: Number of customers of the result.

    Raises:
        InputError: See `read_cohort`.
    """
    cohort = read_cohort(population, machine)
    customers = list(cohort.customers)
    segments = {}
    for code, name in enumerate(cohort.segments):
        members = [customer for customer in customers if customer.segment == code]
        if members:
            segments[name] = Segment(
                share=float(len(members)),
                account_value=median(customer.account_value for customer in members),
                tiers={TIERS[tier]: float(count) for tier, count in Counter(c.tier for c in members).items()},
            )
    start = Counter(machine.stages[customer.stage] for customer in customers)
    return Population(size=size, segments=segments, start={stage: float(n) for stage, n in start.items()})
