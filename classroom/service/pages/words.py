"""The vocabulary of states: one word each, with the shape that repeats it and the tone that comes last."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """icon: a name of templates/_icons.html; tone: ok, warn, bad, info, or none."""

    icon: str
    tone: str = ""


PILLS: Mapping[str, Look] = {
    "not open": Look("lock"),
    "open": Look("clock", "info"),
    "in": Look("tick", "ok"),
    "extended": Look("clock", "info"),
    "late": Look("clock", "warn"),
    "missing": Look("dash", "bad"),
    "closed": Look("lock"),
    "collected": Look("box"),
    "waiting": Look("ring"),
    "being graded": Look("turn", "info"),
    "to grade": Look("clock", "warn"),
    "graded": Look("tick", "ok"),
    "feedback out": Look("letter", "ok"),
    "ok": Look("tick", "ok"),
    "wrong": Look("dash", "warn"),
    "error": Look("cross", "warn"),
    "timeout": Look("clock", "warn"),
    "out of memory": Look("cross", "bad"),
    "crashed": Look("cross", "bad"),
    "corrected": Look("tick", "info"),
    "our fault": Look("alert", "info"),
    "refused": Look("cross", "bad"),
    "held": Look("lock", "warn"),
    "running": Look("turn", "info"),
    "ready": Look("ring", "info"),
    "done": Look("tick", "ok"),
    "draft": Look("ring"),
    "counts": Look("tick", "ok"),
    "on time": Look("tick", "ok"),
    "grace": Look("tick", "ok"),
}
