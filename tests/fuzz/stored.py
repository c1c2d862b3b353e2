"""Files that the program wrote and reads again: the marketing log and kept replications, with damaged bytes."""

import shutil
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from journey.marketing.records.folders import BUNDLED, bundled_folder
from tests.fuzz import hostile
from tests.fuzz.commands import UnsoundEndError, read_json, run
from tests.fuzz.mutation import mutate_bytes

LOG = "marketing_log.jsonl"
PROPOSED = "PROP_CAMP_002_CH_03_CH_02_20260319"
STEPS = ("propose", "approve", "reject", "execute", "roll-back")
COMPARE = (
    "compare", "default", "--set", "population.size=12", "--set", "horizon_days=30", "--replications", 3,
    "--workers", 1, "--engine", "reference", "--json",
)  # fmt: skip


def fuzz_logs(random: Random, folder: Path) -> None:
    """A damaged log is read or refused; a refused step leaves it as it was, an accepted one appends to it."""
    company = shutil.copytree(_company(), folder / "company")
    log = company / LOG
    if random.random() < 0.7:
        log.write_bytes(mutate_bytes(random, log.read_bytes(), 2))
    before = log.read_bytes()
    run("campaigns", company, "--json", inputs=folder)
    options = [random.choice(STEPS), random.choice((PROPOSED, PROPOSED + " ", "T1", *hostile.TEXTS)), company]
    if random.random() < 0.8:
        options += ["--by", random.choice(("ANNA", "BERT", "Anna", *hostile.TEXTS))]
    if random.random() < 0.7:
        options += ["--on", random.choice(("2026-03-25", "2026-03-26T10:00:00", *hostile.TEXTS))]
    if random.random() < 0.4:
        options += ["--campaign", "CAMP_002", "--from", "CH_03", "--to", random.choice(("CH_02", "CH_02 ", "CH_99"))]
        options += ["--amount", random.choice((100, *hostile.NUMBERS)), "--code", "rebalance"]
    done = run("budget", *options, "--json", inputs=folder, written=(f"company/{LOG}",))
    after = log.read_bytes()
    if done.exit_code != 0 and after != before:
        raise UnsoundEndError("a refused step changed the log")
    if done.exit_code == 0 and not after.startswith(before.rstrip(b"\n")):
        raise UnsoundEndError("an accepted step changed what was in the log")
    if done.exit_code == 0:
        again = run("campaigns", company, "--json", inputs=folder)
        if again.exit_code != 0:
            raise UnsoundEndError(f"an accepted step made the folder unreadable: {again.stderr}")


_TEMPORARY = TemporaryDirectory(prefix="fuzz-stored-")
"""Removed when the process ends."""


def _workspace() -> Path:
    return Path(_TEMPORARY.name)


@cache
def _company() -> Path:
    """The bundled campaigns with a log of three steps."""
    company = shutil.copytree(bundled_folder(BUNDLED), _workspace() / "company")
    for day, *arguments in (
        (20, "propose", PROPOSED),
        (21, "approve", PROPOSED, "--by", "ANNA"),
        (22, "execute", PROPOSED, "--by", "BERT"),
    ):
        options = (*arguments[:2], company, "--on", f"2026-03-{day}", *arguments[2:])
        done = run("budget", *options, inputs=company, written=(LOG,))
        assert done.exit_code == 0, done.stderr
    return company


def fuzz_resume_files(random: Random, folder: Path) -> None:
    """A damaged file of kept replications is refused, or gives the answer of an undamaged one."""
    whole, answer = _kept()
    path = folder / "kept.jsonl"
    damaged = mutate_bytes(random, whole, random.choice((1, 1, 3)))
    path.write_bytes(damaged)
    done = run(*COMPARE, "--resume", path, inputs=folder, written=("kept.jsonl",))
    if done.exit_code == 2:
        if path.read_bytes() != damaged:
            raise UnsoundEndError("a refused file was changed")
    elif _figures(done.stdout) != answer:
        raise UnsoundEndError("a damaged file gives another answer")
    else:
        again = run(*COMPARE, "--resume", path, inputs=folder)
        if "using 3 complete replications" not in again.stderr or _figures(again.stdout) != answer:
            raise UnsoundEndError(f"the file was not completed: {again.stderr}")


@cache
def _kept() -> tuple[bytes, dict]:
    path = _workspace() / "kept.jsonl"
    done = run(*COMPARE, "--resume", path, inputs=path.parent, written=("kept.jsonl",))
    return path.read_bytes(), _figures(done.stdout)


def _figures(text: str) -> dict:
    """The result without the time that it took."""
    return {key: value for key, value in read_json(text).items() if key not in ("seconds", "elapsed_seconds")}
