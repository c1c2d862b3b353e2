"""`journey draw`: the machine as a picture, without any outside program."""

import xml.etree.ElementTree as ET

import pytest

from tests.scenarios.cli.invocation import invoke


def test_mermaid_is_the_default_and_names_every_stage():
    shown = invoke("draw").stdout
    assert shown.startswith("stateDiagram")
    for stage in ("onboarding", "engagement", "retention", "support", "escalation", "churned"):
        assert stage in shown


@pytest.mark.parametrize(("format_", "start"), [("mermaid", "stateDiagram"), ("dot", "digraph"), ("svg", "<svg")])
def test_a_picture_is_written_to_a_file(tmp_path, format_, start):
    path = tmp_path / "pictures" / f"journey.{format_}"
    result = invoke("draw", "--format", format_, "--out", path)
    assert result.exit_code == 0
    assert result.stdout == ""
    text = path.read_text(encoding="utf-8")
    assert start in text
    if format_ == "svg":
        ET.fromstring(text)


def test_a_scenarios_journey_is_drawn():
    assert invoke("draw", "onboarding_outreach").stdout == invoke("draw").stdout
