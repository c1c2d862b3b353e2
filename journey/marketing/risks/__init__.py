"""Campaign risks: triggers on the data, and an inbox of recorded and computed risks."""
