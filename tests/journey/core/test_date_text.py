"""Dates are spelt the same way in records and options."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.date_text import parse_date
from journey.core.errors import InputError
from journey.decision.as_of import AsOf
from tests.journey.companies import SIGNAL, company

MOMENT = datetime(2031, 3, 8, 14, 30)
SPELLINGS = {
    "2031-03-08": datetime(2031, 3, 8),
    "20310308": datetime(2031, 3, 8),
    "2031-03-08 14:30": MOMENT,
    "2031-03-08T14:30:00.000": MOMENT,
    "2031-03-08T24:00": datetime(2031, 3, 9),
    "2031-03-08T14:30Z": MOMENT,
    "2031-03-08 14:30:00 UTC": MOMENT,
    "2031-03-08 14:30:00.000 UTC": MOMENT,
    "2031-03-08 14:30:00 GMT": MOMENT,
    "2031-03-08 14:30:00+00": MOMENT,
    "2031-03-08 14:30:00 +0000 UTC": MOMENT,
    "2031-03-08T16:30:00+02:00": MOMENT,
    "2031-03-08 09:00:00 -0530": MOMENT,
    "2031-03-09T04:30:00+14:00": MOMENT,
}
REFUSED = ["2031-02-30", "20310230", "2031-W10-6", "2031067", "2031-03-08 UTC", "2031-03-08T14:30+99:00",
           "2031-03-08T14:30+05:99", "2031-03-08T14:30-14:01", "2031-03-08T14", "2031-03-08T25:00", "08.03.2031",
           "2031-03-08T14:30 Europe/Paris", "soon"]  # fmt: skip


def _recorded(text: str) -> datetime | None:
    records = company(signals=[{**SIGNAL, "detected_at": text}])
    signals = records.signals_for("K1")
    assert len(signals) + len(records.set_aside) == 1
    return signals[0].detected_at if signals else None


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_spelling_is_read_in_records_and_in_options(text: str) -> None:
    assert _recorded(text) == SPELLINGS[text]
    assert AsOf.of(text).anchor == SPELLINGS[text]


@pytest.mark.parametrize("text", REFUSED)
def test_an_invalid_date_is_refused_in_records_and_in_options(text: str) -> None:
    assert _recorded(text) is None
    with pytest.raises(InputError, match="is not a date"):
        AsOf.of(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31", "1899-12-31"])
def test_a_date_at_the_end_of_the_calendar_is_refused(text: str) -> None:
    assert _recorded(text) is None
    with pytest.raises(InputError, match="range of dates; give one from 1900-01-01 to 2199-12-31"):
        AsOf.of(text)


@given(st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30)), st.integers(-14 * 60, 14 * 60))
def test_a_zone_shifts_the_time_by_its_offset(moment: datetime, minutes: int) -> None:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    parsed = parse_date(f"{moment.isoformat(sep=' ')} {sign}{hours:02}{rest:02}")
    assert isinstance(parsed, datetime)
    assert parsed.replace(tzinfo=None) == moment
    assert parsed.utcoffset() == timedelta(minutes=minutes)


@given(st.dates())
def test_a_date_needs_no_hyphens(day: date) -> None:
    assert parse_date(day.strftime("%Y").zfill(4) + day.strftime("%m%d")) == day
