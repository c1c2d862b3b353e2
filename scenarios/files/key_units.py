"""The unit of a number, from its name or its description, which should state a unit where the name does not."""

import re

_BY_NAME = {
    r"^minutes_per_day$": "minutes",
    r"(^|_)per_day$": "per day",
    r"(^|_)per_year$": "per year",
    r"^per_1000$": "per 1,000",
    r"(^|_)yearly_hazard$": "per year",
    r"(^|_)hours_per_": "hours",
    r"(^|_)minutes(_|$)": "minutes",
    r"(^|_)at_hour$": "hours",
    r"(^|_)months$": "months",
    r"(^|_)years$": "years",
    r"_ms$": "milliseconds",
    r"^days_per_week$": "days",
    r"(^|_)(from_|until_)?days?(_|$)": "days",
}
_BY_DESCRIPTION = {
    r"^(relative|target|exponent|how fast|standard deviation|coefficient)\b": "number",
    r"\b(US )?dollars?\b|\baccount value in\b": "US dollars",
    r"\bper day\b": "per day",
    r"\bper year\b|\byearly\b": "per year",
    r"\bin days\b|^days\b": "days",
    r"\bin minutes\b": "minutes",
    r"\bin months\b|^months\b": "months",
    r"\bin years\b|^years\b": "years",
    r"\bin points\b|^points\b": "points",
    r"\bin clicks\b|\bclicks before\b": "clicks",
    r"\bin conversions\b": "conversions",
    r"\bratios?\b|\bfactor\b": "ratio",
    r"\b(share|probability|chance|confidence|severity|trust|weight|rate|strength|upper bound|level|power)\b": "share",
    r"\bnumber of\b|\bcount\b|\bhow many\b|\bmaximum contacts\b|\bminimum denominator\b": "count",
}


def find_unit(name: str, description: str, low: float | None, high: float | None) -> str:
    """The unit of a number: its name first, then its description; a bound of 1 means a share."""
    for patterns, text in ((_BY_NAME, name), (_BY_DESCRIPTION, description)):
        for pattern, unit in patterns.items():
            if re.search(pattern, text, re.IGNORECASE):
                return "" if unit == "number" else unit
    return "share" if (low, high) == (0.0, 1.0) else ""
