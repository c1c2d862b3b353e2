"""A small world without orchestrator in which customers follow a Markov chain, with every feature that allows it."""

from scenarios.files.loader import load

MARKOV = """
title = "A Markov chain"
question = "What happens?"
horizon_days = 120
seed = 3
replications = 10

[population]
size = 500
in_mid_stay = true
in_distress = true
start = { trial = 0.5, paying = 0.4, help = 0.1 }
arrivals = { share = 0.2, over_days = 30 }

[population.segments.small]
share = 3
account_value = 300
tiers = { low = 1, high = 1 }

[population.segments.large]
share = 1
account_value = 4000
tiers = { medium = 1 }

[journey]
stages = ["trial", "paying", "help", "lapsed", "gone"]
initial = "trial"
terminal = "gone"
moves = [
    { name = "convert", source = "trial", destination = "paying" },
    { name = "invite", source = "trial", destination = "paying", guard = { segment = "large" } },
    { name = "ask", source = "paying", destination = "help" },
    { name = "reopen", source = "help", destination = "help" },
    { name = "solve", source = "help", destination = "paying" },
    { name = "leave", sources = ["trial", "paying", "help"], destination = "lapsed" },
    { name = "return", source = "lapsed", destination = "paying" },
    { name = "forget", source = "lapsed", destination = "gone" },
]

[journey.stage]
lapsed = { roles = ["lost"] }

[world]
frailty_spread = 0.6

[world.moves]
convert = { dwell = { mean_days = 20 }, by_segment = { large = 1.5 }, in_distress = 0.4 }
invite = { dwell = { law = "weibull", mean_days = 25, shape = 1 } }
ask = { dwell = { mean_days = 15 }, by_tier = { high = 1.4 } }
reopen = { dwell = { mean_days = 9 } }
solve = { dwell = { law = "empirical", points = [[4, 0.5]] } }
leave = { dwell = { mean_days = 40 }, frailty = true, in_distress = 1.5 }
return = { dwell = { mean_days = 30 } }
forget = { dwell = { mean_days = 12 } }

[world.distress]
by_tier = { high = 1.5 }

[world.distress.causes.stuck]
onset_per_day = { trial = 0.05, paying = 0.01 }
mean_days = 12
churn_ratio = 2.0
symptoms = {}

[world.distress.causes.annoyed]
onset_per_day = { paying = 0.01, help = 0.04 }
mean_days = 8
churn_ratio = 3.0
symptoms = {}

[arms.baseline]
active = false
actions = []

[arms.treated]
"""


def load_markov(tmp_path, *overrides):
    """The world as a loaded scenario."""
    path = tmp_path / "markov.toml"
    path.write_text(MARKOV)
    return load(str(path), overrides)
