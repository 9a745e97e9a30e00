"""What a student gets back: one sanitised HTML document a notebook, without hidden tests and without student HTML."""

from classroom.feedback.give import give_feedback
from classroom.feedback.make import make_feedback, write_feedback

__all__ = ["give_feedback", "make_feedback", "write_feedback"]
