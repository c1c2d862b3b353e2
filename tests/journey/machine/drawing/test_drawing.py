"""A journey draws itself: everything is in the picture, and nothing lies on anything else."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from journey.core.printable import escape_unprintable
from journey.machine import Guard, Journey, Move, default_journey
from journey.machine.drawing import to_dot, to_mermaid, to_svg
from journey.machine.lifecycles import (
    budget_action_lifecycle,
    funnel_lifecycle,
    intervention_lifecycle,
    risk_signal_lifecycle,
)
from journeylab.testing import journeys
from tests.levels import examples

SVG = "{http://www.w3.org/2000/svg}"
EVERY_MACHINE = [
    default_journey(),
    intervention_lifecycle(),
    budget_action_lifecycle(),
    risk_signal_lifecycle(),
    funnel_lifecycle(),
]
Box = tuple[float, float, float, float]


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def boxes(svg: str, *classes: str) -> list[Box]:
    found = []
    for element in ET.fromstring(svg).iter(f"{SVG}rect"):
        if element.get("class") in classes:
            x, y, width, height = (float(element.get(key, "nan")) for key in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height))
    return found


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.medium
@given(journeys())
@settings(max_examples=examples(60, otherwise=15), deadline=None)
def test_every_stage_and_every_move_is_in_the_picture(journey: Journey):
    svg, mermaid, dot = to_svg(journey), to_mermaid(journey), to_dot(journey)
    shown = texts(svg)
    for stage in journey.stages:
        assert stage in shown
        assert re.search(rf"\b{re.escape(stage)}\b", mermaid)
        assert f'"{stage}"' in dot
    steps = {(move.source, move.destination) for move in journey.moves}
    for name in journey.move_names:
        assert shown.count(name) >= sum(move.name == name for move in journey.moves)
        assert re.search(rf"[:/] {name}\b", mermaid)
    assert dot.count(" -> ") == len(steps) + len(journey.initial)
    assert mermaid.count(" --> ") == len(steps) + len(journey.initial) + len(journey.terminal)
    assert len(ET.fromstring(svg).findall(f".//{SVG}polygon")) == len(steps) + len(journey.initial)


@pytest.mark.slow
@given(journeys(max_moves=20))
@settings(max_examples=examples(60, otherwise=15), deadline=None)
def test_no_stage_and_no_label_lies_on_another_or_off_the_page(journey: Journey):
    svg = to_svg(journey)
    shown = boxes(svg, "live", "terminal", "label-back")
    assert len(shown) == len(journey.stages) + len({(m.source, m.destination) for m in journey.moves})
    for one, other in combinations(shown, 2):
        assert not overlap(one, other)
    _, _, width, height = map(float, (ET.fromstring(svg).get("viewBox") or "").split())
    for left, top, right, bottom in shown:
        assert left >= 0
        assert top >= 0
        assert right <= width - 24  # the drawing is shifted by the margin
        assert bottom <= height - 24


@pytest.mark.parametrize("journey", EVERY_MACHINE, ids=lambda journey: journey.name)
def test_arrows_of_the_bundled_machines_pass_no_stage_and_no_label(journey: Journey):
    """Each corner and each point half-way of an arrow lies outside of all stages and of all labels but its own."""
    svg = to_svg(journey)
    stages = boxes(svg, "live", "terminal")
    labels = boxes(svg, "label-back")
    for path in ET.fromstring(svg).iter(f"{SVG}path"):
        numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", path.get("d") or "")]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        dots = [(x, y, x, y) for x, y in points]
        assert not any(overlap(dot, (a + 1, b + 1, c - 1, d - 1)) for dot in dots for a, b, c, d in stages)
        through = [box for box in labels if any(box[0] < x < box[2] and box[1] <= y <= box[3] for x, y in points)]
        assert len(through) <= 1


@pytest.mark.parametrize("journey", EVERY_MACHINE, ids=lambda journey: journey.name)
def test_a_picture_needs_nothing_from_outside(journey: Journey):
    svg = to_svg(journey)
    assert re.findall(r"(?:href|src|url\(|@import|@font-face)", svg) == []
    assert "prefers-color-scheme: dark" in svg
    assert svg.count("<title>") == 2


def test_beginnings_and_ends_are_marked():
    svg = to_svg(default_journey())
    assert len(ET.fromstring(svg).findall(f".//{SVG}circle")) == 1
    assert len(boxes(svg, "inner")) == 1
    mermaid = to_mermaid(default_journey()).splitlines()
    assert mermaid[0] == "stateDiagram-v2"
    assert "    [*] --> onboarding" in mermaid
    assert "    churned --> [*]" in mermaid
    assert "    support --> retention: resolve" in mermaid
    assert '"churned" [peripheries=2];' in to_dot(default_journey())


def test_names_that_other_notations_would_misread_are_quoted():
    journey = Journey.build(
        name='a <"journey"> & more',
        stages=("end", "on hold", "note"),
        initial="end",
        moves=(
            Move("go on", "end", "on hold", Guard.of(segment=['"big"; <one>', "a:b\\c"])),
            Move("back", "on hold", "end"),
            Move("stop", "end", "note"),
        ),
    )
    mermaid = to_mermaid(journey)
    assert '    state "end" as stage_0__' in mermaid
    assert "stage_0__ --> stage_1__: go on [segment #34;big#34;#59; #60;one#62; or a#58;b#92;c]" in mermaid
    dot = to_dot(journey)
    assert 'digraph "a <\\"journey\\"> & more" {' in dot
    assert '[label="go on [segment \\"big\\"; <one> or a:b\\\\c]"]' in dot
    assert 'segment "big"; <one> or' in " ".join(texts(to_svg(journey)))


@given(st.text(max_size=6), st.text(min_size=1, max_size=6))
@example("a\x01\x9b\ufffe\ud800", "\x1b[2J\x07")
def test_no_text_breaks_a_picture_or_acts_on_a_terminal(name: str, segment: str):
    """Stages and moves have plain names; the journey and the values of a guard may have any."""
    move = Move("go", "first", "last", Guard.of(segment=[segment]))
    journey = Journey.build(name=name, stages=("first", "last"), initial="first", moves=(move,))
    svg = to_svg(journey)
    ET.fromstring(svg)
    for picture in (svg, to_dot(journey), to_mermaid(journey)):
        assert escape_unprintable(picture) == picture
        picture.encode("utf-8")


def test_a_journey_of_one_stage_can_be_drawn():
    journey = Journey.build(stages=["only"], initial="only", moves=[])
    assert texts(to_svg(journey)) == ["only"]
    assert "    only" in to_mermaid(journey).splitlines()


def test_the_same_journey_is_drawn_the_same_every_time():
    assert to_svg(default_journey()) == to_svg(Journey.from_dict(default_journey().to_dict())).replace(
        ">journey<", ">customer journey<"
    )
