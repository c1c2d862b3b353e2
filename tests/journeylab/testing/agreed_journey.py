"""A sound journey with every kind of condition, and twenty faults planted in it."""

from typing import NamedTuple

AGREED = """\
[journey]
name = "agreed"
stages = ["trial", "active", "at_risk", "support", "cancelled"]
initial = ["trial", "active"]
terminal = "cancelled"

[journey.stage.trial]
pays = 0
typical_days = 14

[journey.stage.support]
roles = ["support"]

[[journey.moves]]
name = "convert"
source = "trial"
destination = "active"
guard = { min_days_in_stage = 14, segment = ["team", "solo"] }

[[journey.moves]]
name = "slip"
source = "active"
destination = "at_risk"

[[journey.moves]]
name = "recover"
source = "at_risk"
destination = "active"

[[journey.moves]]
name = "open_ticket"
sources = ["active", "at_risk"]
destination = "support"

[[journey.moves]]
name = "resolve"
source = "support"
destination = "active"
guard = { came_from = "active" }

[[journey.moves]]
name = "calm"
source = "support"
destination = "at_risk"
guard = { risk_tier = ["low", "medium"] }

[[journey.moves]]
name = "renew"
source = "active"
destination = "active"
restarts_clocks = false

[[journey.moves]]
name = "cancel"
source = "every_live_stage"
destination = "cancelled"

[[rules]]
name = "risk before support or none"
template = "precedence"
a = "active"
b = "support"
"""


class Fault(NamedTuple):
    """A change of the agreed journey, and the cases that must find it.

    Attributes:
        name: What is wrong.
        old: The text that is replaced.
        new: The new text.
        found_by: Cases of which each must fail.
        alone: Whether they fail without the agreed journey, too.
        more: Further texts that are replaced.
    """

    name: str
    old: str
    new: str
    found_by: tuple[str, ...]
    alone: bool = False
    more: tuple[tuple[str, str], ...] = ()


_RECOVER = '[[journey.moves]]\nname = "recover"\nsource = "at_risk"\ndestination = "active"\n'
_CONVERT = 'guard = { min_days_in_stage = 14, segment = ["team", "solo"] }'
_MOVE = '\n[[journey.moves]]\nname = "{}"\nsource = "{}"\ndestination = "{}"\n'

FAULTS = (
    Fault("a move is missing", _RECOVER, "", ("legal[at_risk -recover-> active]",)),
    Fault(
        "a move leads elsewhere",
        'destination = "at_risk"\n\n[[journey.moves]]\nname = "recover"',
        'destination = "support"\n\n[[journey.moves]]\nname = "recover"',
        ("legal[active -slip-> at_risk]",),
    ),
    Fault("a move is reversed", 'name = "slip"\nsource = "active"\ndestination = "at_risk"',
          'name = "slip"\nsource = "at_risk"\ndestination = "active"',
          ("legal[active -slip-> at_risk]", "illegal[at_risk, slip]")),
    Fault("a move has another name", 'name = "slip"', 'name = "slide"',
          ("legal[active -slip-> at_risk]", "illegal[active, slide]")),
    Fault("a guard needs a day too many", "min_days_in_stage = 14", "min_days_in_stage = 15",
          ("guard[trial -convert-> active: min_days_in_stage=14 at]",)),
    Fault("a guard needs a day too few", "min_days_in_stage = 14", "min_days_in_stage = 13",
          ("guard[trial -convert-> active: min_days_in_stage=14 below]",)),
    Fault("a guard is lost", _CONVERT, "", ("guard[trial -convert-> active: min_days_in_stage unknown]",)),
    Fault("a guard is added", 'name = "slip"', 'name = "slip"\nguard = { segment = "team" }',
          ("legal[active -slip-> at_risk]",)),
    Fault("a segment is mistaken", '["team", "solo"]', '["team", "sole"]',
          ("guard[trial -convert-> active: segment=solo]",)),
    Fault("a segment is missing", '["team", "solo"]', '"team"', ("guard[trial -convert-> active: segment=solo]",)),
    Fault("a tier is added", '["low", "medium"]', '["low", "medium", "high"]',
          ("guard[support -calm-> at_risk: risk_tier=high refused]",)),
    Fault("a guard names another previous stage", 'came_from = "active"', 'came_from = "at_risk"',
          ("guard[support -resolve-> active: came_from=active]",
           "guard[support -resolve-> active: came_from=at_risk refused]")),
    Fault("the terminal stage can be left", 'terminal = "cancelled"\n', "terminal = []\n"
          + _MOVE.format("win_back", "cancelled", "active"), ("journey[terminal]", "illegal[cancelled, win_back]")),
    Fault("the initial stage is another one", '["trial", "active"]', '["active", "trial"]', ("journey[initial]",)),
    Fault("an initial stage is missing", '["trial", "active"]', '["active"]', ("reachable[trial]",), alone=True),
    Fault("a stage cannot be reached", '"support", "cancelled"]', '"support", "limbo", "cancelled"]',
          ("journey[stages]", "reachable[limbo]"), alone=True),
    Fault("a stage is a dead end", '"support", "cancelled"]', '"support", "parked", "cancelled"]',
          ("finishes[parked]",), alone=True,
          more=(('source = "every_live_stage"', 'sources = ["trial", "active", "at_risk", "support"]'),
                ("[[rules]]", _MOVE.format("park", "active", "parked") + "\n[[rules]]"))),
    Fault("a source of a move is missing", 'source = "every_live_stage"', 'sources = ["trial", "active", "at_risk"]',
          ("legal[support -cancel-> cancelled]",)),
    Fault("a role is lost", 'roles = ["support"]', "", ("stage[support]",)),
    Fault("customers pay in the trial", "pays = 0", "pays = 1", ("stage[trial]",)),
    Fault("a usual stay has another length", "typical_days = 14", "typical_days = 41", ("stage[trial]",)),
    Fault("a renewal begins a new stay", "restarts_clocks = false", "restarts_clocks = true",
          ("legal[active -renew-> active]",)),
    Fault("a rule is broken by a new move", '[[journey.moves]]\nname = "slip"',
          _MOVE.format("complain", "trial", "support") + '\n[[journey.moves]]\nname = "slip"',
          ("illegal[trial, complain]", "rule[risk before support or none]"), alone=True),
    Fault("a move is there twice", _RECOVER, _RECOVER + "\n" + _RECOVER, (), alone=True),
)  # fmt: skip
"""The last one is refused before any case runs."""


def plant(fault: Fault) -> str:
    """The agreed journey with a fault."""
    text = AGREED
    for old, new in ((fault.old, fault.new), *fault.more):
        assert old in text, fault.name
        text = text.replace(old, new, 1)
    return text
