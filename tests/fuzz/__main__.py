"""`python -m tests.fuzz`: try inputs of every kind and count how the commands ended.

A case is determined by the seed, its kind and its number. The input of a case that fails is kept in out/fuzz.
"""

import argparse
import contextlib
import faulthandler
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import Random

from tests.fuzz.commands import SECONDS
from tests.fuzz.kinds import KINDS

KEPT = Path("out/fuzz")


def _try_case(kind: str, number: int, seed: int) -> bool:
    """Whether one case ended well; prints the problem, and keeps its input, if not."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    try:
        KINDS[kind](Random(f"{seed} {kind} {number}"), folder)
    except Exception as error:  # noqa: BLE001 - a traceback is what is looked for
        print(f"\n{kind} {number}: {type(error).__name__}: {error}", flush=True)
        if not isinstance(error, AssertionError) or error.__cause__:
            traceback.print_exc(file=sys.stdout)
        shutil.copytree(folder, KEPT / f"{kind.replace(' ', '_')}_{number}", dirs_exist_ok=True)
        return False
    else:
        return True
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Try cases until the time or their number is reached; 1 if one of them failed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.replace("`", ""))
    parser.add_argument("--kind", choices=KINDS, action="append", help="try this kind only; repeatable")
    parser.add_argument("--case", type=int, help="try this case only")
    parser.add_argument("--cases", type=int, default=10**9, help="end after so many cases of every kind")
    parser.add_argument("--seconds", type=float, default=3600.0, help="end after this time (default: 3600)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    kinds = options.kind or list(KINDS)
    counts = dict.fromkeys(kinds, 0)
    failed = dict.fromkeys(kinds, 0)
    seconds = dict.fromkeys(kinds, 0.0)
    numbers = range(options.cases) if options.case is None else [options.case]
    end = time.monotonic() + options.seconds
    with contextlib.suppress(KeyboardInterrupt):
        for number in numbers:
            for kind in kinds:
                started = time.monotonic()
                if started >= end:
                    break
                # The last resort: a loop in compiled code that no signal interrupts.
                faulthandler.dump_traceback_later(4 * SECONDS, exit=True)
                failed[kind] += not _try_case(kind, number, options.seed)
                counts[kind] += 1
                seconds[kind] += time.monotonic() - started
            if time.monotonic() >= end:
                break
    faulthandler.cancel_dump_traceback_later()
    print(f"\n{'kind':20} {'cases':>8} {'failed':>8} {'s a case':>9}")
    for kind, count in counts.items():
        print(f"{kind:20} {count:8,} {failed[kind]:8,} {seconds[kind] / max(1, count):9.2f}")
    print(f"{'all':20} {sum(counts.values()):8,} {sum(failed.values()):8,}")
    return int(any(failed.values()))


if __name__ == "__main__":
    sys.exit(main())
