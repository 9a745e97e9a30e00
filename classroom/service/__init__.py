"""The HTTP service: exchange API and pages. It never runs a student's code."""

from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
