"""The trace: one row per event, in memory or streamed to a file by column."""
