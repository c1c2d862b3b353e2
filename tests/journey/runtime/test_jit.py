"""Compiled functions are the interpreted ones: one source, the same bits."""

import subprocess
import sys
import types

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.decision import rules
from journey.runtime import jit
from journey.runtime.code_cache import CACHE_VARIABLE
from tests.levels import examples

finite = st.floats(-1e6, 1e6)
numbers = {
    "fade": st.tuples(st.floats(-10, 1e5), st.floats(1e-4, 2.0)),
    "overstay": st.tuples(st.floats(0, 1e4), st.floats(-1, 400), st.floats(0, 5)),
    "severity": st.tuples(finite, st.floats(0, 1e6), st.floats(0, 5)),
    "confidence": st.tuples(st.floats(0, 50), st.floats(0, 50), st.integers(0, 4), st.floats(0.1, 9), st.floats(0, 1),
                            st.floats(0, 1)),
    "churn_probability": st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 9), st.floats(0, 1e3)),
}  # fmt: skip


@pytest.fixture(scope="module")
def compiled():
    return jit.compile_kernels(rules)


@pytest.mark.medium
@pytest.mark.parametrize("name", sorted(numbers))
def test_compiled_rules_give_the_same_bits(compiled, name):
    @settings(max_examples=examples(200, otherwise=40))
    @given(numbers[name])
    def same(arguments):
        # Ints where floats are expected would compile again for each mixture of types.
        arguments = tuple(a if isinstance(a, int) and name == "confidence" else float(a) for a in arguments)
        assert getattr(compiled, name)(*arguments) == getattr(rules, name)(*arguments)

    same()


def module(source, name="kernels_under_test", folder=None):
    path = folder / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    made = types.ModuleType(name)
    made.__file__ = str(path)
    exec(compile(source, str(path), "exec"), made.__dict__)
    sys.modules[name] = made
    return made


SOURCE = """
FACTOR = {factor}


def inner(x):
    return x * FACTOR


def outer(x):
    return inner(x) + 1.0


KERNELS = (inner, outer)
"""


def test_functions_find_each_other_compiled_and_constants_can_be_replaced(tmp_path):
    made = module(SOURCE.format(factor=2.0), folder=tmp_path)
    assert jit.compile_kernels(made).outer(3.0) == 7.0
    assert jit.compile_kernels(made, constants={"FACTOR": 10.0}).outer(3.0) == 31.0
    assert made.outer(3.0) == 7.0


def test_only_known_functions_can_be_entries_or_called(tmp_path):
    made = module(SOURCE.format(factor=2.0), "kernels_g", tmp_path)
    with pytest.raises(ValueError, match=r"rules\.fade is an entry but in KERNELS of no module"):
        jit.compile_kernels(made, entries=(rules.fade,))
    with pytest.raises(AttributeError, match="no compiled function is named fade"):
        jit.compile_kernels(made).fade(1.0, 0.1)


@pytest.mark.parametrize("change", [("2.0", "3.0"), ("x * FACTOR", "x / FACTOR"), ("+ 1.0", "+ 2.0")])
def test_a_change_of_code_or_constant_is_another_cache(tmp_path, monkeypatch, change):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    source = SOURCE.format(factor=2.0)
    first = jit.cache_folder([module(source, "kernels_a", tmp_path)])
    second = jit.cache_folder([module(source.replace(*change), "kernels_b", tmp_path)])
    assert first != second
    assert str(first).startswith(str(tmp_path / "cache"))


def test_a_constant_of_another_module_counts_too(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    source = (
        "import kernels_layout as layout\n\n\ndef first(row):\n    return row[layout.PLACE]\n\n\nKERNELS = (first,)\n"
    )
    folders = set()
    for place in (0, 1):
        module(f"PLACE = {place}\n", "kernels_layout", tmp_path)
        folders.add(jit.cache_folder([module(source, "kernels_d", tmp_path)]))
    assert len(folders) == 2


def test_a_file_edited_after_it_was_loaded_gives_loaded_code_no_other_name(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    source = SOURCE.format(factor=2.0)
    loaded = module(source, "kernels_e", tmp_path)
    before = jit.cache_folder([loaded])
    (tmp_path / "kernels_e.py").write_text(source.replace("2.0", "3.0"), encoding="utf-8")
    assert jit.cache_folder([loaded]) == before
    # Comments are no code.
    assert jit.cache_folder([module("# A comment.\n" + source, "kernels_e", tmp_path)]) == before


def test_without_a_writable_cache_code_is_compiled_again(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv(CACHE_VARIABLE, str(blocked))
    made = module(SOURCE.format(factor=2.0), "kernels_c", tmp_path)
    assert jit.cache_folder([made]) is None
    assert jit.compile_kernels(made, entries=(made.outer,)).outer(1.0) == 3.0


def test_compiled_code_is_kept_in_the_cache_and_numbas_own_setting_is_left_alone(tmp_path, monkeypatch):
    from numba import config

    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    before = config.CACHE_DIR
    made = jit.compile_kernels(rules, entries=(rules.fade,))
    assert made.fade(14.0, 0.1) == rules.fade(14.0, 0.1)
    assert made.overstay(14.0, 7.0, 1.0) == rules.overstay(14.0, 7.0, 1.0)
    assert before == config.CACHE_DIR
    assert [file.name.partition("-")[0] for file in tmp_path.rglob("*.nbc")] == ["rules.fade"]


PORTS = """
def scale(x):
    return x


def shift(x):
    return x
"""

SHARED = """
from kernels_ports import scale, shift as moved


def total(x):
    return scale(x) + moved(x)


KERNELS = (total,)
"""

PRIMITIVES = """
def double(x):
    return 2.0 * x


def scale(x):
    return 3.0 * double(x)


def unlisted(x):
    return x


KERNELS = (double, scale)
"""


@pytest.fixture
def ported(tmp_path):
    return tuple(
        module(source, name, tmp_path)
        for name, source in {"kernels_ports": PORTS, "kernels_shared": SHARED, "kernels_primitives": PRIMITIVES}.items()
    )


def test_functions_are_replaced_wherever_compiled_code_calls_them_under_any_name(ported):
    ports, shared, primitives = ported
    replacements = {ports.scale: primitives.scale, ports.shift: primitives.double}
    kernels = jit.compile_kernels(primitives, shared, replacements=replacements)
    assert kernels.total(5.0) == 3.0 * 2.0 * 5.0 + 2.0 * 5.0
    assert shared.total(5.0) == 5.0 + 5.0


def test_other_replacements_are_another_cache(ported, tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    ports, shared, primitives = ported
    for new in (primitives.scale, primitives.double):
        jit.compile_kernels(
            primitives, shared, entries=(shared.total,), replacements={ports.scale: new, ports.shift: new}
        )
    assert len(list((tmp_path / "cache" / "compiled").iterdir())) == 2


def test_a_replacement_that_cannot_be_made_is_an_error(ported):
    ports, shared, primitives = ported
    replaced = {ports.scale: primitives.scale, ports.shift: primitives.double}
    for modules, replacements, message in (
        ((shared, primitives), replaced, "kernels_shared.total calls .*List the module of the replacement first"),
        ((primitives, shared), {ports.scale: primitives.unlisted}, "unlisted replaces .* in KERNELS of no module"),
        ((primitives, shared), {primitives.double: primitives.scale}, "double is replaced and .*not be in KERNELS"),
        ((primitives, shared), {primitives.unlisted: primitives.scale}, "unlisted is replaced, but no function"),
    ):
        with pytest.raises(ValueError, match=message):
            jit.compile_kernels(*modules, replacements=replacements)


def test_two_kernels_of_one_name_are_refused(tmp_path):
    """The later one would take the place of the earlier one when Python calls it."""
    made = [module(SOURCE.format(factor=2.0), name, tmp_path) for name in ("kernels_one", "kernels_two")]
    with pytest.raises(ValueError, match="are two kernels of one name"):
        jit.compile_kernels(*made)


def test_inlining_changes_the_cache_but_no_result_and_only_kernels_can_be_inlined(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    made = module(SOURCE.format(factor=2.0), "kernels_inlined", tmp_path)
    assert jit.compile_kernels(made, entries=(made.outer,)).outer(1.0) == 3.0
    made.INLINED = (made.inner,)
    assert jit.compile_kernels(made, entries=(made.outer,)).outer(1.0) == 3.0
    assert len(list((tmp_path / "cache" / "compiled").iterdir())) == 2
    made.KERNELS = (made.outer,)
    with pytest.raises(ValueError, match=r"inner is in INLINED of kernels_inlined but in KERNELS of no"):
        jit.compile_kernels(made)


EXTENSION = """
import functools
from numba import types
from numba.extending import intrinsic


@intrinsic
def twice(_context, number):
    return number(number), _twice


def _twice(_context, builder, _signature, arguments):
    return builder.fadd(arguments[0], arguments[0])


class Layout:
    def size(self):
        return 8


@functools.cache
def rounded(size):
    return size + 1
"""

USER = """
from kernels_extension import twice


def first(x):
    return twice(x)


KERNELS = (first,)
"""


def test_the_code_of_intrinsics_counts_too(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    folders = set()
    for source, result in ((EXTENSION, 6.0), (EXTENSION.replace("fadd", "fmul"), 9.0)):
        module(source, "kernels_extension", tmp_path)
        kernels = module(USER, "kernels_user", tmp_path)
        folders.add(jit.cache_folder([kernels]))
        assert jit.compile_kernels(kernels).first(3.0) == result
    assert len(folders) == 2


@pytest.mark.parametrize("change", [("return 8", "return 16"), ("size + 1", "size + 2"), ("fadd", "fmul")])
def test_the_code_of_extensions_counts_too(tmp_path, monkeypatch, change):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    kernels = module(SOURCE.format(factor=2.0), "kernels_f", tmp_path)
    before, after = (
        jit.cache_folder([kernels], extensions=[module(source, "kernels_extension", tmp_path)])
        for source in (EXTENSION, EXTENSION.replace(*change))
    )
    assert before != after


@pytest.mark.medium
def test_importing_the_orchestrator_does_not_import_numba():
    code = "import sys, journey.evaluation.evaluate; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_compiling_loads_no_linear_algebra_and_leaves_numbas_to_others():
    code = """
import sys
from journey.decision import rules
from journey.runtime import jit
from journey.runtime.code_cache import CACHE_VARIABLE

jit.compile_kernels(rules).fade(1.0, 0.1)
print("scipy.linalg" in sys.modules)

import numba
import numpy

print(numba.njit(lambda a: numpy.dot(a, a))(numpy.eye(2)).tolist())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["False", "[[1.0, 0.0], [0.0, 1.0]]", ""]
