"""How does pytest test a journey file? Collection, coverage of moves, and the summary."""
