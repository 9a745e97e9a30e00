"""Names under which graders know submissions: a tree and a number, new for each task; and addresses that tell nothing.

Both come from a secret key, so neither a student nor a neighbour follows from one. Pure but for the key's file; a
page needs hundreds at once, so what follows from the same key and students is kept.
"""

import hmac
import os
import secrets
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from classroom.ids import StudentId
from classroom.rubric.store import Task

KEY_FILE = "pseudonyms.key"
TREES = (
    "Acacia", "Alder", "Almond", "Apple", "Ash", "Aspen", "Bamboo", "Baobab", "Beech", "Birch", "Box", "Cedar",
    "Cherry", "Chestnut", "Cypress", "Elder", "Elm", "Fig", "Fir", "Ginkgo", "Hawthorn", "Hazel", "Holly", "Hornbeam",
    "Juniper", "Larch", "Laurel", "Lemon", "Lime", "Linden", "Magnolia", "Maple", "Medlar", "Mulberry", "Myrtle",
    "Oak", "Olive", "Palm", "Pear", "Pine", "Plane", "Plum", "Poplar", "Quince", "Rowan", "Spruce", "Walnut",
    "Willow", "Yew",
)  # fmt: skip
_NUMBERS = 99
_PIECE_DIGITS = 16


def load_key(folder: Path) -> bytes:
    """The key in the secrets folder, made on first use; of several processes that make one, the first wins."""
    path = folder / KEY_FILE
    if not path.is_file():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = folder / f".{KEY_FILE}.{os.getpid()}"
        beside.touch(mode=0o600)
        beside.write_bytes(secrets.token_bytes(32))
        try:
            path.hardlink_to(beside)
        except FileExistsError:
            pass
        finally:
            beside.unlink()
    return path.read_bytes()


@lru_cache(maxsize=64)
def name_all(key: bytes, task: Task, students: tuple[StudentId, ...]) -> Mapping[StudentId, str]:
    """A pseudonym for each, all different. `students` in the order of their arrival: who comes later changes none."""
    taken: dict[str, StudentId] = {}
    for student in students:
        attempt = 0
        while (name := _candidate(key, task, student, attempt)) in taken:
            attempt += 1
        taken[name] = student
    return {student: name for name, student in taken.items()}


def piece_id(key: bytes, task: Task, grader: str, student: StudentId) -> str:
    """The address of a piece for one grader; another grader's differs."""
    return _digest(key, "piece", task, grader, student)[:_PIECE_DIGITS]


@lru_cache(maxsize=256)
def piece_ids(key: bytes, task: Task, grader: str, students: tuple[StudentId, ...]) -> Mapping[StudentId, str]:
    """The same for each of these students."""
    return {student: piece_id(key, task, grader, student) for student in students}


def seed_of(key: bytes, task: Task) -> int:
    """What decides which pieces of a task are marked twice; no student can guess it."""
    return int(_digest(key, "double", task)[:8], 16)


def _candidate(key: bytes, task: Task, student: StudentId, attempt: int) -> str:
    number = int(_digest(key, "name", task, student, str(attempt)), 16)
    tree, rest = number % len(TREES), number // len(TREES)
    return f"{TREES[tree]} {rest % _NUMBERS + 1:02}"


def _digest(key: bytes, use: str, task: Task, *parts: str) -> str:
    message = "\0".join([use, task.course, task.assignment, task.task, *parts])
    return hmac.digest(key, message.encode(), "sha256").hex()
