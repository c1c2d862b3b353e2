"""`import journeylab` is quick, complete, and typed."""

import subprocess
import sys
from pathlib import Path

import pytest

import journeylab as jl

ROOT = Path(__file__).parent.parent.parent


def test_every_public_name_exists_and_is_listed():
    assert set(jl.__all__) <= set(dir(jl))
    for name in jl.__all__:
        assert getattr(jl, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'comparre'"):
        _ = jl.comparre


@pytest.mark.medium
def test_the_import_loads_no_heavy_package():
    code = (
        "import sys, journeylab; "
        "heavy = {'numpy', 'scipy', 'numba', 'duckdb', 'simpy', 'pydantic', 'transitions', 'pandas', 'rich', 'typer'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_a_type_checker_sees_the_types_of_a_script(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import journeylab as jl\n"
        "result = jl.compare('default', replications=2)\n"
        "reveal_type(result.effects['treated']['churn_rate'].difference.mean)\n"
        "reveal_type(jl.load_scenario('default').scenario.title)\n"
        "jl.compare('default', mode='random')\n"
        "jl.comparre\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--follow-imports=silent", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith(str(script))]
    assert 'Revealed type is "float | None"' in lines[0].replace("Union[float, None]", "float | None")
    assert 'Revealed type is "str"' in lines[1].replace("builtins.", "")
    assert '"mode"' in lines[2]
    assert 'has no attribute "comparre"' in lines[3]
