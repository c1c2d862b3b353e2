"""Runs written as folders of records, read back as plain rows, and decided again."""

import json

from journey.decision.as_of import AsOf
from journey.decision.policy import read_policy
from journey.orchestrator import Orchestrator
from journey.orchestrator.case_reader import CaseReader
from journey.orchestrator.replay import replay
from journey.records.folder import read_folder
from simulation.exports.histories import RunHistory
from simulation.exports.records import POLICY_FILE, write_records
from simulation.runs.run import run_arm
from simulation.trace.dates import Dates

DAYS = 200.0
DATES = Dates.starting_on(None, DAYS)
SETS = ("customers", "journey_state_log", "signals", "interventions", "outcomes")
MID_JOURNEY = {"start": {"onboarding": 0.4, "engagement": 0.3, "retention": 0.2, "support": 0.1}, "in_mid_stay": True}


def export(setup, folder, *, seed=2, days=DAYS):
    run = run_arm(setup, seed=seed, replication=0, days=days, trace=True)
    told = RunHistory(setup, run, seed, 0)
    write_records(told, folder, DATES)
    return told


def read(folder):
    return {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in SETS}


def records_of(setup, folder):
    return read_folder(folder, journey=setup.journey, policy=read_policy(folder / POLICY_FILE))


def replayed(setup, folder):
    """The agreement with the recorded interventions, by the policy that lies beside them."""
    reader = CaseReader(records_of(setup, folder))
    orchestrator = Orchestrator(read_policy(folder / POLICY_FILE), setup.journey)
    return replay(orchestrator, reader.read_all(), AsOf.of(DATES.to_datetime(DAYS)))
