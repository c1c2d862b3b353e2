"""Choosing an engine: small runs never wait for the compiler, and the choice has a reason."""

from dataclasses import replace

import pytest

from journey.machine import default_journey
from simulation.compiled import cache_status, engine
from simulation.runs.engine_choice import COMPILE_THRESHOLD, LOAD_THRESHOLD, choose_engine
from tests.simulation.worlds import arm

MEDIUM = 0.5 * (LOAD_THRESHOLD + COMPILE_THRESHOLD)


@pytest.fixture
def on_disk(monkeypatch):
    """Sets what is on disk: the numbers of arms whose code is there."""

    def there(*arms):
        monkeypatch.setattr(cache_status, "is_cached", lambda number: number in arms)

    return there


@pytest.mark.parametrize("asked", ["reference", "compiled"])
@pytest.mark.parametrize("work", [1.0, 1e12])
def test_a_requested_engine_is_chosen_without_a_reason(asked, work):
    assert str(choose_engine(asked, [arm()], work)) == f"engine: {asked}"


def test_small_work_does_not_even_look_for_compiled_code(monkeypatch):
    monkeypatch.setattr(cache_status, "is_cached", None)
    found = choose_engine("auto", [arm()], 2000 * 365.0)
    assert str(found) == (
        "engine: reference, because it simulates 730,000 customer-days faster than the compiled engine loads"
    )


def test_work_of_some_size_takes_compiled_code_that_is_there_and_never_waits_for_the_compiler(on_disk):
    on_disk(1)
    assert str(choose_engine("auto", [arm()], MEDIUM)) == "engine: compiled, because an earlier run has compiled it"
    assert choose_engine("auto", [arm()], MEDIUM, arms_per_run=2).engine == "reference"
    on_disk()
    found = choose_engine("auto", [arm()], MEDIUM)
    assert found.engine == "reference"
    assert "pays off from 100,000,000 customer-days, and this run has 50,500,000" in found.reason


def test_large_work_is_worth_compiling(on_disk):
    on_disk()
    found = choose_engine("auto", [arm()], COMPILE_THRESHOLD)
    assert str(found) == "engine: compiled, because compiling it pays off for 100,000,000 customer-days"


def test_a_guard_of_a_users_own_is_left_to_the_reference_engine(monkeypatch):
    monkeypatch.setattr("simulation.compiled.guards.supports_guards", lambda journey: journey == default_journey())
    own = replace(arm(), journey=None)
    assert choose_engine("auto", [arm()], 1e12).engine == "compiled"
    found = choose_engine("auto", [own], 1e12)
    assert found.engine == "reference"
    assert "a user-defined guard" in found.reason


def test_what_was_compiled_is_known_by_kind_of_run_and_forgotten_when_a_source_changes(monkeypatch, tmp_path):
    """A run of no size, with stand-ins for the kernels: compiling the real ones takes a minute."""
    source = tmp_path / "kernels.py"
    source.write_text("")
    kernel = fake_kernel(source, tmp_path)
    monkeypatch.setattr(engine, "kernels", lambda: kernel)
    assert not cache_status.is_cached(1)
    cache_status.mark_cached(1)
    assert cache_status.is_cached(1)
    assert not cache_status.is_cached(2)
    source.write_text("# another size")
    assert not cache_status.is_cached(1)


def test_where_nothing_is_kept_nothing_is_ready(monkeypatch, tmp_path):
    monkeypatch.setattr(engine, "kernels", lambda: fake_kernel(tmp_path, None))
    cache_status.mark_cached(1)
    assert not cache_status.is_cached(1)


def fake_kernel(source, cache):
    from types import SimpleNamespace as Space

    code = Space(__qualname__="run_kernel", __code__=Space(co_filename=str(source)))
    return Space(run_kernel=Space(stats=Space(cache_path=cache), py_func=code))


@pytest.mark.compiled
def test_a_compiled_run_leaves_word_that_its_code_is_there():
    """The real kernels; slow only where they are not on disk yet."""
    from simulation.runs.run import run_arm

    run_arm(arm(), seed=1, replication=0, days=30.0, engine="compiled")
    assert cache_status.is_cached(1)
