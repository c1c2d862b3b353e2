"""Diagrams of a journey: Mermaid and DOT text, and SVG drawn without external programs."""

from journey.machine.drawing.svg import to_svg
from journey.machine.drawing.text_formats import to_dot, to_mermaid

__all__ = ["to_dot", "to_mermaid", "to_svg"]
