"""A table of examples states what must happen, independent of the journey file."""

import pytest

from journey.core.errors import InputError
from journeylab.testing.cases.case import CaseError
from journeylab.testing.cases.files import list_cases
from tests.journeylab.testing.agreed_journey import AGREED

TABLE = """\
stage,move,to_stage,days_in_stage,segment,previous_stage
trial,convert,active,14,team,
trial,convert,,13.9,team,
trial,convert,,14,,
active,slip,at_risk,,,
support,resolve,active,,,active
cancelled,recover,,,,
"""


def failures(tmp_path, journey, table):
    (tmp_path / "journey.toml").write_text(journey)
    (tmp_path / "examples.csv").write_text(table)
    found = {}
    for case in list_cases(tmp_path / "journey.toml", "journey.toml", tmp_path / "examples.csv"):
        try:
            case.check()
        except CaseError as error:
            found[case.name] = str(error)
    return found


def test_examples_of_a_sound_journey_hold(tmp_path):
    assert failures(tmp_path, AGREED, TABLE) == {}


def test_spaces_after_commas_do_not_empty_a_column(tmp_path):
    table = "stage, move, to_stage\nactive, slip, trial\nactive, slip, at_risk\n"
    assert list(failures(tmp_path, AGREED, table)) == ["example[line 2: active -slip-> trial]"]


def test_empty_rows_and_cells_of_a_spreadsheet_are_no_examples(tmp_path):
    assert failures(tmp_path, AGREED, "stage,move,to_stage\nactive,slip,at_risk,,\n,,,,\n\n") == {}


def test_an_example_that_does_not_hold_names_its_line(tmp_path):
    found = failures(tmp_path, AGREED.replace("min_days_in_stage = 14", "min_days_in_stage = 15"), TABLE)
    assert found == {
        "example[line 2: trial -convert-> active]": (
            "examples.csv line 2: convert from trial must lead to active; in the state machine it is BLOCKED"
        )
    }
    found = failures(tmp_path, AGREED.replace("min_days_in_stage = 14", "min_days_in_stage = 13"), TABLE)
    assert found == {
        "example[line 3: trial -convert-> refused]": (
            "examples.csv line 3: convert from trial must be refused; in the state machine it leads to active"
        )
    }


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("stage,move\na,b\n", "examples.csv: has no column to_stage; the first line must name stage,move,to_stage"),
        ("", "examples.csv: has no column stage, move, to_stage"),
        ("stage,move,to_stage,segmnt\n", "unknown column 'segmnt'; did you mean 'segment'"),
        ("stage,move,to_stage,days_in_stage\na,b,c,soon\n", "examples.csv line 2: days_in_stage must be a number"),
        ("stage,move,to_stage,days_in_stage\na,b,c,nan\n", "days_in_stage must be a finite number from 0, got 'nan'"),
        ("stage,move,to_stage,days_in_stage\na,b,c,-1\n", "days_in_stage must be a finite number from 0, got '-1'"),
        ("stage,move,to_stage,days_in_stage\na,b,c,1e400\n", "days_in_stage must be a finite number from 0"),
        ("stage,move,to_stage\na,,\n", "examples.csv line 2: has no move; every example needs one"),
        ("stage,move,to_stage\n,b,\n", "examples.csv line 2: has no stage; every example needs one"),
        ("stage,move,to_stage\na,b,c,14\n", "examples.csv line 2: has more cells than the first line has columns"),
        ("stage,move,to_stage,stage\n", "examples.csv: has a column twice"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, table, message):
    with pytest.raises(InputError, match=message):
        failures(tmp_path, AGREED, table)
