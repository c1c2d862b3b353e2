"""What does hostile input do to a command? It gives a message, never a traceback, a hang or a loss."""
