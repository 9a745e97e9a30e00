"""Grading by rubric: what a rubric is, how levels become points, and where gradings are kept."""
