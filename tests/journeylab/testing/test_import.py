"""The kit is imported on demand, and says what to install."""

import subprocess
import sys

import pytest

import journeylab.testing
from journey.core.errors import MissingPackageError


def test_everything_that_is_listed_can_be_imported():
    for name in journeylab.testing.__all__:
        assert getattr(journeylab.testing, name).__doc__
    assert set(journeylab.testing.__all__) <= set(dir(journeylab.testing))


@pytest.mark.medium
def test_journeylab_does_not_import_hypothesis_or_pytest():
    heavy = "{'hypothesis', 'pytest', 'numpy'}"
    code = f"import sys, journeylab, journeylab.testing; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


def test_without_hypothesis_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(vars(journeylab.testing), "journeys", raising=False)
    with pytest.raises(MissingPackageError, match=r"needs hypothesis, .*: pip install 'journeylab\[testing\]'"):
        _ = journeylab.testing.journeys


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'journies'"):
        _ = journeylab.testing.journies
