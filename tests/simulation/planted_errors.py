"""Planted errors: a function of the simulation is replaced wherever it is called."""

import sys


def replace_function(monkeypatch, function, wrong):
    """Replace a function in every module of the simulation that has it under its name."""
    modules = [module for name, module in list(sys.modules.items()) if name.startswith("simulation.")]
    found = [module for module in modules if vars(module).get(function.__name__) is function]
    assert found, f"no module has the function {function.__name__}"
    for module in found:
        monkeypatch.setattr(module, function.__name__, wrong)
