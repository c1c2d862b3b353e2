"""How many units of time are in a longer one."""

DAYS_PER_YEAR = 365.0
DAYS_PER_MONTH = DAYS_PER_YEAR / 12.0
MINUTES_PER_DAY = 1440.0
MINUTES_PER_HOUR = 60.0
