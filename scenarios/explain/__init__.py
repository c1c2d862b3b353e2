"""One customer in every arm: the history side by side, and where the arms diverge."""
