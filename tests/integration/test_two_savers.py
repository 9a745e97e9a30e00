"""Two graders who save one piece in the same moment, each on a connection and a thread of the own."""

import datetime as dt
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import select

from classroom.config import SERVICE_PREFIX
from classroom.db.tables import Grading
from classroom.ids import AssignmentId, CourseId, StudentId
from classroom.rubric.store import Task
from classroom.scores import ManualScore
from classroom.service.pages.pseudonyms import load_key, piece_id
from classroom.service.sessions import SESSION_COOKIE, Session, load_seals
from tests.integration.test_pages import CRITERIA, Page
from tests.pages_class import COURSE, GRADED, NOTEBOOK, NOW, PATIENCE_S, TASK, Hand, PagesClass, listening, pages_class
from tests.postgres import Postgres

ROUNDS = 10
LEVELS = {"gil": 4, "gus": 2}
PLACE = Task(CourseId(COURSE), AssignmentId(GRADED), NOTEBOOK, TASK)


class Desk:
    """One grader's own connection to the served class."""

    def __init__(self, room: PagesClass, url: str, grader: str) -> None:
        seals = load_seals(room.settings.secrets)
        cookies = {SESSION_COOKIE: seals.seal_session(Session(f"{grader}-token", f"id-of-{grader}"))}
        self.grader = grader
        self._key = load_key(room.settings.secrets)
        self._client = httpx.Client(base_url=url, cookies=cookies, timeout=PATIENCE_S)

    def open(self, student: StudentId) -> Page:
        """The student's piece, under the address that it has for this grader."""
        address = piece_id(self._key, PLACE, self.grader, student)
        answer = self._client.get(f"{SERVICE_PREFIX}/{COURSE}/grading/{TASK}/{address}")
        assert answer.status_code == 200
        return Page(answer.text)

    def save(self, page: Page, words: str) -> httpx.Response:
        form = page.marking()
        levels = {f"level-{name}": str(LEVELS[self.grader]) for name in CRITERIA}
        return self._client.post(form["action"], data={**form["fields"], **levels, "comment-reader": words})

    def close(self) -> None:
        self._client.close()


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, database_server: Postgres | None
) -> Iterator[tuple[PagesClass, str]]:
    at = NOW - dt.timedelta(days=12)
    hands = [Hand(f"student{number}", at) for number in range(ROUNDS)]
    folder = tmp_path_factory.mktemp("savers")
    database_url = database_server.new_database() if database_server else ""
    with pages_class(folder, hands=hands, database_url=database_url) as room, listening(room) as url:
        yield room, url


@pytest.fixture
def desks(served: tuple[PagesClass, str]) -> Iterator[tuple[Desk, Desk]]:
    made = Desk(*served, "gil"), Desk(*served, "gus")
    yield made
    for desk in made:
        desk.close()


def gradings_of(room: PagesClass, student: StudentId) -> list[Grading]:
    with room.transfers.database.reading() as session:
        return list(session.scalars(select(Grading).where(Grading.student == student).order_by(Grading.id)))


def in_the_gradebook(room: PagesClass, student: StudentId) -> ManualScore:
    return room.gradebook.manual_scores(PLACE.assignment, NOTEBOOK, TASK)[student]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_of_two_who_save_at_once_one_is_stored_the_other_told_and_nothing_is_lost(
    served: tuple[PagesClass, str], desks: tuple[Desk, Desk], number: int
) -> None:
    room, _ = served
    student = StudentId(f"student{number}")
    pages = {desks[0].grader: desks[0].open(student)}
    room.clock.now += dt.timedelta(minutes=31)  # the first one's claim ran out; both have the piece on their screens
    pages[desks[1].grader] = desks[1].open(student)
    together = threading.Barrier(len(desks), timeout=PATIENCE_S)

    def save(desk: Desk) -> httpx.Response:
        together.wait()
        return desk.save(pages[desk.grader], f"Words of {desk.grader}")

    with ThreadPoolExecutor(len(desks)) as threads:
        answers = {desk.grader: answer for desk, answer in zip(desks, threads.map(save, desks), strict=True)}

    assert sorted(answer.status_code for answer in answers.values()) == [303, 409]
    first = next(name for name, answer in answers.items() if answer.status_code == 303)
    second = next(desk for desk in desks if desk.grader != first)
    (stored,) = gradings_of(room, student)
    assert (stored.grader, stored.comments) == (first, {"reader": f"Words of {first}"})
    assert in_the_gradebook(room, student).points == 6 * LEVELS[first] / 4
    told = answers[second.grader].text
    assert "Somebody saved another marking" in told
    assert f"Words of {second.grader}" in told

    again = second.save(Page(told), f"Words of {second.grader}")

    assert again.status_code == 303
    assert [row.grader for row in gradings_of(room, student)] == [first, second.grader]
    assert in_the_gradebook(room, student).points == 6 * LEVELS[second.grader] / 4
