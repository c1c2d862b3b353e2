"""Choosing an engine: small runs never wait for the compiler, and the choice has a reason."""

import pytest

from journey.machine import default_journey
from simulation.compiled import cache_status, engine
from simulation.runs.engine_choice import COMPILE_THRESHOLD, LOAD_THRESHOLD, choose_engine
from tests.simulation.worlds import arm, win_back_journey

MEDIUM = 0.5 * (LOAD_THRESHOLD + COMPILE_THRESHOLD)


@pytest.fixture
def on_disk(monkeypatch):
    """Sets whether compiled code is on disk."""

    def there(cached):
        monkeypatch.setattr(cache_status, "is_cached", lambda: cached)

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
    on_disk(True)
    assert str(choose_engine("auto", [arm()], MEDIUM)) == "engine: compiled, because an earlier run has compiled it"
    on_disk(False)
    found = choose_engine("auto", [arm()], MEDIUM)
    assert found.engine == "reference"
    assert "pays off from 20,000,000 customer-days, and this run has 10,500,000" in found.reason


def test_large_work_is_worth_compiling(on_disk):
    on_disk(False)
    found = choose_engine("auto", [arm()], COMPILE_THRESHOLD)
    assert str(found) == "engine: compiled, because compiling it pays off for 20,000,000 customer-days"


def test_a_guard_of_a_users_own_is_left_to_the_reference_engine(monkeypatch):
    monkeypatch.setattr("simulation.compiled.guards.supports_guards", lambda journey: journey == default_journey())
    own = arm(journey=win_back_journey())
    assert choose_engine("auto", [arm()], 1e12).engine == "compiled"
    found = choose_engine("auto", [own], 1e12)
    assert found.engine == "reference"
    assert "a user-defined guard" in found.reason


def test_what_was_compiled_is_known_and_forgotten_when_a_source_changes(monkeypatch, tmp_path):
    """A run of no size, with stand-ins for the kernels: compiling the real ones takes long."""
    source = tmp_path / "kernels.py"
    source.write_text("")
    kernel = fake_kernel(source, tmp_path)
    monkeypatch.setattr(engine, "kernels", lambda: kernel)
    assert not cache_status.is_cached()
    cache_status.mark_cached()
    assert cache_status.is_cached()
    source.write_text("# another size")
    assert not cache_status.is_cached()


def test_where_nothing_is_kept_nothing_is_ready(monkeypatch, tmp_path):
    monkeypatch.setattr(engine, "kernels", lambda: fake_kernel(tmp_path, None))
    cache_status.mark_cached()
    assert not cache_status.is_cached()


def fake_kernel(source, cache):
    from types import SimpleNamespace as Space

    code = Space(__qualname__="run_kernel", __code__=Space(co_filename=str(source)))
    return Space(run_kernel=Space(stats=Space(cache_path=cache), py_func=code))


@pytest.mark.compiled
def test_a_compiled_run_leaves_word_that_its_code_is_there():
    """The real kernels; slow only where they are not on disk yet."""
    from simulation.runs.run import run_arm

    run_arm(arm(), seed=1, replication=0, days=30.0, engine="compiled")
    assert cache_status.is_cached()
