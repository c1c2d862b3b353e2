"""`python -m tests.golden [--write] [NAME ...]`: print the first difference from the stored results, or store them."""

import argparse
import json
import sys

from tests.golden.results import ENGINES, results
from tests.golden.stored import first_difference, read, write


def main() -> int:
    """Compare, or store, the results whose name holds one of the given words; all without any."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a file's name, such as traces or campaigns")
    parser.add_argument("--write", action="store_true", help="store the results instead of comparing")
    parser.add_argument("--engine", choices=ENGINES, help="traces of this engine only")
    asked = parser.parse_args()
    for engine in [asked.engine] if asked.engine else [*ENGINES, None]:
        for name, compute in results(engine):
            if asked.names and not any(part in name for part in asked.names):
                continue
            found = json.loads(json.dumps(compute()))
            if asked.write and engine != "compiled":
                write(name, found)
            difference = first_difference(read(name), found)
            if difference is not None:
                print(f"{name}{f' ({engine} engine)' if engine else ''}: {difference}")
                return 1
            print(f"{name}{f' ({engine} engine)' if engine else ''}: equal", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
