"""What a student gets back: one sanitised HTML document a notebook, without hidden tests and without student HTML."""

from classroom.feedback.make import make_feedback, write_feedback

__all__ = ["make_feedback", "write_feedback"]
