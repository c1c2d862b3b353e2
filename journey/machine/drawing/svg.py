"""A journey as SVG: self-contained, readable on light and dark pages, drawn without external programs."""

from __future__ import annotations

import itertools
import textwrap
import unicodedata
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from journey.core.printable import escape_unprintable
from journey.machine.drawing.coordinates import Band, assign_coordinates, compute_ports
from journey.machine.drawing.layers import Chain, Node, arrange_rows
from journey.machine.drawing.links import Link, build_links

if TYPE_CHECKING:
    from collections.abc import Iterable

    from journey.machine.definition import Journey

_BEGIN = "*begin*"  # not a valid stage name
_FONT = "system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
_STAGE_SIZE, _LABEL_SIZE, _LINE = 15.0, 12.5, 16.0
_BOX_HEIGHT, _BOX_PADDING, _DOT = 38.0, 18.0, 7.0
_LOOP = 30.0
_MARGIN = 24.0
_ARROW = 8.0
_GUARD_CHARACTERS = 30

# Colours for light pages are attributes, so that every viewer shows them; dark pages override them by class.
_STYLE = """
@media (prefers-color-scheme: dark) {
  .page { fill: #14181f }
  .live { fill: #1e2a3a; stroke: #6ea8fe }
  .terminal { fill: #262b33; stroke: #aab4c2 }
  .inner { stroke: #aab4c2 }
  .arrow { stroke: #8b98a9 }
  .head, .dot { fill: #8b98a9 }
  .label-back { fill: #14181f }
  .label { fill: #cfd8e3 }
  .stage { fill: #f1f5f9 }
}
"""


def to_svg(journey: Journey) -> str:
    """The journey as an SVG picture: a dot marks initial stages, a double border terminal stages."""
    arrows = [*(Link(_BEGIN, stage) for stage in journey.initial), *build_links(journey)]
    nodes = {_BEGIN: Node(_BEGIN, _DOT, _DOT, 2 * _DOT)}
    nodes |= {stage: _stage_node(stage, arrows) for stage in journey.stages}
    sizes = {link: _label_size(link) for link in arrows if link.moves}
    rows, chains = arrange_rows(nodes, arrows, sizes)
    bands = assign_coordinates(rows)
    touching = compute_ports(chains)
    width = max(node.x + node.right for row in rows for node in row) + 2 * _MARGIN
    height = bands[-1].bottom + 2 * _MARGIN
    body = [
        *(_arrow(number, chain, bands, touching) for number, chain in enumerate(chains)),
        *(_chain_label(chain, bands) for chain in chains),
        *(_stage(nodes[stage], bands, terminal=stage in journey.terminal) for stage in journey.stages),
        _begin_dot(nodes[_BEGIN], bands),
    ]
    return _page(journey.name, width, height, body)


def _page(title: str, width: float, height: float, body: Iterable[str]) -> str:
    inside = "\n".join(part for part in body if part)
    title = escape_unprintable(title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-label={quoteattr(title)} font-family={quoteattr(_FONT)}>\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f'<rect class="page" width="100%" height="100%" rx="10" fill="#ffffff"/>\n'
        f'<g transform="translate({_MARGIN:.0f} {_MARGIN:.0f})">\n{inside}\n</g>\n</svg>\n'
    )


def _stage_node(stage: str, arrows: Iterable[Link]) -> Node:
    half = _text_width(stage, _STAGE_SIZE) / 2 + _BOX_PADDING
    loop = next((link for link in arrows if link.source == link.destination == stage), None)
    right = half + (_LOOP + 8 + _label_size(loop)[0] if loop else 0.0)
    height = max(_BOX_HEIGHT, _label_size(loop)[1] if loop else 0.0)
    return Node(stage, half, right, height)


def _stage(node: Node, bands: list[Band], *, terminal: bool) -> str:
    x, y = node.x - node.left, bands[node.row].middle - _BOX_HEIGHT / 2
    width = 2 * node.left
    css_class = ('terminal" fill="#f2f3f5" stroke="#4b5563', 'live" fill="#eef4ff" stroke="#2f5fb3')[not terminal]
    box = (
        f'<rect class="{css_class}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_BOX_HEIGHT}" '
        f'rx="10" stroke-width="1.6"/>'
    )
    if terminal:
        box += (
            f'<rect class="inner" x="{x + 4:.1f}" y="{y + 4:.1f}" width="{width - 8:.1f}" '
            f'height="{_BOX_HEIGHT - 8}" rx="7" fill="none" stroke="#4b5563" stroke-width="1"/>'
        )
    return box + _text("stage", "#16202e", node.x, bands[node.row].middle, node.name or "", _STAGE_SIZE, weight="600")


def _begin_dot(node: Node, bands: list[Band]) -> str:
    return (
        f'<circle class="dot" cx="{node.x:.1f}" cy="{bands[node.row].middle:.1f}" r="{_DOT}" fill="#5b6676">'
        "<title>customers begin here</title></circle>"
    )


def _arrow(number: int, chain: Chain, bands: list[Band], touching: dict[tuple[int, int], float]) -> str:
    if chain.nodes[0] is chain.nodes[-1]:
        return _loop(chain, bands)
    down = chain.nodes[-1].row > chain.nodes[0].row
    stops = [_waypoints(touching[number, 0], chain.nodes[0], bands, down=down)[1:]]
    stops += [_waypoints(node.x, node, bands, down=down) for node in chain.nodes[1:-1]]
    tip = _waypoints(touching[number, 1], chain.nodes[-1], bands, down=down)[0]
    before_tip = (tip[0], tip[1] - _ARROW if down else tip[1] + _ARROW)
    stops.append([before_tip])
    path = f"M{_format_point(stops[0][0])}"
    for last, current in itertools.pairwise(stops):
        path += _curve(last[-1], current[0]) + "".join(f" L{_format_point(point)}" for point in current[1:])
    return _arrow_line(path) + _arrow_head(tip, before_tip)


def _waypoints(x: float, node: Node, bands: list[Band], *, down: bool) -> list[tuple[float, float]]:
    """Where an arrow enters and leaves a row: vertically, so that it passes its neighbours."""
    top, bottom = bands[node.row].top, bands[node.row].bottom
    if node.name is not None:
        middle = bands[node.row].middle
        half = min(node.height, _BOX_HEIGHT) / 2
        top, bottom = middle - half, middle + half
    return [(x, top), (x, bottom)] if down else [(x, bottom), (x, top)]


def _loop(chain: Chain, bands: list[Band]) -> str:
    node = chain.nodes[0]
    x, y = node.x + node.left, bands[node.row].middle
    tip, before_tip = (x, y + 9), (x + _ARROW, y + 9)
    path = (
        f"M{_format_point((x, y - 9))} C{x + _LOOP:.1f},{y - 16:.1f} {x + _LOOP:.1f},{y + 12:.1f} "
        f"{_format_point(before_tip)}"
    )
    return _arrow_line(path) + _arrow_head(tip, before_tip)


def _arrow_line(path: str) -> str:
    return f'<path class="arrow" d="{path}" fill="none" stroke="#7a8699" stroke-width="1.4"/>'


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    half = (start[1] + end[1]) / 2
    return f" C{start[0]:.1f},{half:.1f} {end[0]:.1f},{half:.1f} {_format_point(end)}"


def _arrow_head(tip: tuple[float, float], back: tuple[float, float]) -> str:
    across = ((tip[1] - back[1]) * 0.5, (back[0] - tip[0]) * 0.5)
    corners = [tip, (back[0] + across[0], back[1] + across[1]), (back[0] - across[0], back[1] - across[1])]
    points = " ".join(_format_point(corner) for corner in corners)
    return f'<polygon class="head" points="{points}" fill="#7a8699"/>'


def _chain_label(chain: Chain, bands: list[Band]) -> str:
    node = chain.nodes[0]
    if chain.label is not None:
        return _label(chain.link, chain.label.x, bands[chain.label.row].middle)
    if chain.nodes[-1] is node:
        width = _label_size(chain.link)[0]
        return _label(chain.link, node.x + node.left + _LOOP + width / 2, bands[node.row].middle)
    return ""


def _label(link: Link, x: float, y: float) -> str:
    lines, (width, height) = _label_lines(link), _label_size(link)
    back = (
        f'<rect class="label-back" x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="4" fill="#ffffff"/>'
    )
    first = y - _LINE * (len(lines) - 1) / 2
    return back + "".join(_text("label", "#33404f", x, first + _LINE * at, text) for at, text in enumerate(lines))


def _text(
    css_class: str, colour: str, x: float, y: float, text: str, size: float = _LABEL_SIZE, weight: str = "400"
) -> str:
    # A third of the size below the middle: `dominant-baseline` is not understood everywhere.
    return (
        f'<text class="{css_class}" x="{x:.1f}" y="{y + size * 0.34:.1f}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="middle" fill="{colour}">{escape(escape_unprintable(text))}</text>'
    )


def _label_size(link: Link) -> tuple[float, float]:
    lines = _label_lines(link)
    return max(_text_width(line, _LABEL_SIZE) for line in lines) + 8.0, _LINE * len(lines) + 2.0


def _label_lines(link: Link) -> list[str]:
    """The lines of an arrow's label: each move's name, and its guard below it."""
    lines = []
    for move in link.moves:
        lines.append(move.name)
        if move.guard:
            lines += textwrap.wrap(f"[{move.guard}]", _GUARD_CHARACTERS)
    return lines


def _text_width(text: str, size: float) -> float:
    """Maximum width of a line of text in common sans-serif fonts."""
    return size * sum(_character_width(char) for char in text)


def _character_width(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if char in "mwMW@%":
        return 0.98
    if char in "iIjlt.,:;'|()[]! ":
        return 0.4
    return 0.75 if char.isupper() else 0.64


def _format_point(point: tuple[float, float]) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"
