"""Units of time that numbers are converted between; the simulation itself counts in days."""

DAYS_PER_YEAR = 365.0
DAYS_PER_MONTH = DAYS_PER_YEAR / 12.0
MINUTES_PER_DAY = 1440.0
