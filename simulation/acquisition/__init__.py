"""Customer acquisition: prospects pass through a campaign's funnel under a budget, and buyers become customers.

* `spec`: the keys of a scenario file; `parameters`: the same, resolved to numbers;
* `prospects`: the scalar functions of one prospect, which both engines call;
* `reference_engine`: the funnel in SimPy; `compiled_engine`: the same prospects with Numba, for large budgets;
* `budget_control`: balances, purchases of media, and budget transfers with approval; `observations`: what is known by
  a given day; `value_prediction`: a buyer's predicted value;
* `results`: the result of a funnel; `customers`: its buyers as customers; `metrics`: what it adds to a run.

A funnel does not depend on what its buyers do later. It is therefore simulated first, and the customers' journeys
afterwards, by either engine without changes.
"""
