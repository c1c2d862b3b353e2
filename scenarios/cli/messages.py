"""Messages on stderr. A reader of stderr that has gone does not stop the work: messages are no result."""

import sys
from contextlib import suppress

from scenarios.text.escaping import escape_terminal


def print_message(message: str) -> None:
    """Print a message that is not part of the result to stderr; control characters are escaped."""
    # A closed stderr is None, and a file that is already closed is a ValueError.
    with suppress(OSError, ValueError):
        print(escape_terminal(message), file=sys.stderr, flush=True)
