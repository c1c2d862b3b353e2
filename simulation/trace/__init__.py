"""The trace: every event as a row, by column, in memory or streamed to a file."""
