"""The classroom: exchange, grading, rubric pages, feedback."""
