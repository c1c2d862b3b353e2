"""What a run counts and measures: counters, totals, queue statistics, quantiles."""
