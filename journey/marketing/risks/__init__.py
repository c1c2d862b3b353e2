"""Campaign risks: what triggers them, and what to do about the recorded ones."""
