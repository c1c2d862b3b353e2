"""What a scenario takes for granted is listed, the parts of a full world included, and nothing that is switched off."""

from scenarios.files.loader import load
from scenarios.reports.assumptions import build_assumptions

FULL = """
extends = "default"
[world]
frailty_spread = 0.25
notice_days = 14
calendar.june = { from_day = 0, until_day = 9, every_days = 365, moves.churn = 2, onsets.price = 3 }
renewal = { every_days = 180, churn = { SMB = 0.1 } }
payments = { failure = { SMB = 0.02 }, recovered = 0.6 }
value_changes.growth = { per_day.retention = 0.01, factor = 1.2, in_distress = 0.1 }
fatigue = { response_lost = 0.2 }
imperfections = { signals_missing = 0.1, signals_late = 0.1, late_mean_days = 3 }
effects.proactive_outreach.by_segment.SMB = 0.5
"""


def listed(text, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return {where: (value, provenance) for where, value, provenance in build_assumptions(load(path))[-1].rows}


def test_every_part_of_a_full_world_is_listed_in_words(tmp_path):
    found = listed(FULL, tmp_path)
    june = "days 0 to 9, every 365 days: churn x 2, onset of price x 3"
    assert found["world.calendar.june"] == (june, "assumed")
    assert found["world.renewal"][0].startswith("every 180 days; ")
    assert "SMB 10 %" in found["world.renewal"][0]
    assert "SMB 2 %" in found["world.payments"][0]
    assert found["world.payments"][0].endswith("60 % of them are recovered")
    assert found["world.value_changes.growth"][0] == "value x 1.2: 0.01 a day in retention; in distress x 0.1"
    assert "lowers the response to the next by 20 %" in found["world.fatigue"][0]
    assert found["world.imperfections"][0] == "signals missing 10 %, signals late 10 %; late by 3 days"
    assert found["world.frailty_spread"] == ("0.25", "assumed")
    assert found["world.notice_days"] == ("14", "assumed")
    assert "respond (SMB x 0.5);" in found["world.effects.proactive_outreach"][0]


def test_what_is_switched_off_is_not(tmp_path):
    renewal = "renewal = { churn = { SMB = 0, Mid-Market = 0, Enterprise = 0 } }"
    text = f'extends = "default"\n[world]\nfrailty_spread = 0\n{renewal}\n'
    found = listed(text, tmp_path)
    assert not {"world.frailty_spread", "world.notice_days", "world.renewal", "world.imperfections"} & set(found)
