"""Measures the grading engine. Run from a checkout: `python -m bench.grading`."""
