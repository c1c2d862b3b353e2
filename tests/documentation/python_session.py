"""A Python process that executes the Python blocks of one page in one namespace; `sandbox` starts it.

It is a module with a guarded main, so that processes started by the examples can import it.
"""

import contextlib
import io
import json
import sys
import traceback


def main() -> None:
    """Execute the code of each line of stdin (JSON), and answer with one line: what it printed, and its error."""
    namespace: dict[str, object] = {"__name__": "__example__"}
    answers = sys.stdout
    for line in sys.stdin:
        printed, error = io.StringIO(), None
        with contextlib.redirect_stdout(printed):
            try:
                exec(compile(json.loads(line), "<example>", "exec"), namespace)
            except BaseException:  # noqa: BLE001 - the page that has the example reports it
                error = traceback.format_exc()
        answers.write(json.dumps({"printed": printed.getvalue(), "error": error}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
