"""nbgrader's eight exchange classes, over HTTP. JupyterLab's Assignment List and `nbgrader` on the command line use
them by configuration alone (c.ExchangeFactory.list and so on).

Who somebody is, what time it is and what is late is the service's to say: --student, --timezone and the clock of the
student's server have no effect on a submission.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from nbgrader.exchange import abc
from traitlets import Bool

from classroom.archive import pack, pack_folder, unpack
from classroom.config import load_connection
from classroom.errors import ClassroomError
from classroom.exchange import nbgrader_lists, workfolder
from classroom.exchange.client import ExchangeClient
from classroom.exchange.protocol import AssignmentInfo, AttemptInfo
from classroom.exchange.workfolder import DOWNLOAD_LIMITS, Fetched, Selection, is_not_hidden, replace_folder


class Exchange(abc.Exchange):
    """What the eight have in common."""

    path_includes_course = Bool(
        False, help="Whether an assignment's folder is ./course/assignment instead of ./assignment."
    ).tag(config=True)

    def start(self) -> Any:
        """Called by nbgrader. Every error becomes nbgrader's own, with the message of ours."""
        try:
            return super().start()
        except ClassroomError as error:
            self.fail(str(error))
        except OSError as error:
            self.fail(f"{error.filename or 'a file'}: {error.strerror or error}")

    def init_src(self) -> None:
        """Nothing to look for before the service was asked."""

    def init_dest(self) -> None:
        """Nothing to make before there is something to put there."""

    @contextmanager
    def client(self) -> Iterator[ExchangeClient]:
        """The service, as whoever runs this process, for the length of one command."""
        with ExchangeClient(*load_connection()) as client:
            yield client

    @property
    def course(self) -> str:
        return str(self.coursedir.course_id) or self.fail("no course is named; add --course NAME")

    @property
    def assignment(self) -> str:
        # Students type `nbgrader submit name/` as the shell completes it.
        return Path(self.coursedir.assignment_id).name or self.fail("no assignment is named")

    def folder_of(self, course: str, assignment: str) -> Path:
        """The student's folder of an assignment."""
        root = Path(self.assignment_dir).resolve()
        return root / course / assignment if self.path_includes_course else root / assignment

    def step_folder(self, step: str, student: str) -> Path:
        """The instructor's folder of a step: release, submitted, feedback."""
        return Path(self.coursedir.format_path(step, student, self.assignment)).resolve()

    def is_chosen(self, student: str) -> bool:
        """Whether --student, a shell pattern, and the excluded students mean this one."""
        excluded = self.coursedir.student_id_exclude.split(",")
        return fnmatchcase(student, self.coursedir.student_id or "*") and student not in excluded

    def find_assignment(self, client: ExchangeClient) -> AssignmentInfo:
        for one in client.assignments(self.course).assignments:
            if one.id == self.assignment:
                return one
        return self.fail(f"the course {self.course} has no assignment {self.assignment!r}")


class ExchangeList(Exchange, abc.ExchangeList):
    """What is released; with `cached` one's own submissions; with `inbound` those that one may see."""

    def copy_files(self) -> None:
        """Nothing is copied."""

    def list_files(self) -> list[dict[str, Any]]:
        """Also called by JupyterLab and the formgrader, which read the result; the log is for the command line."""
        with self.client() as client:
            found = [entry for course in self._courses(client) for entry in self._entries(client, course)]
        self.log.info("Submitted assignments:" if self.cached or self.inbound else "Released assignments:")
        for line in nbgrader_lists.lines(found):
            self.log.info(line)
        return found

    def remove_files(self) -> None:
        """Not offered: a student relies on every attempt being kept."""
        self.fail("nothing is removed from the classroom's exchange: every release and every attempt is kept")

    def _courses(self, client: ExchangeClient) -> list[str]:
        if self.coursedir.course_id:
            return [self.coursedir.course_id]
        return [course.id for course in client.courses().courses]

    def _entries(self, client: ExchangeClient, course: str) -> list[dict[str, Any]]:
        wanted = self.assignment_or_all()
        folder_of = partial(self.folder_of, course)
        assignments = [one for one in client.assignments(course).assignments if wanted in (None, one.id)]
        if not self.cached and not self.inbound:
            return [nbgrader_lists.released(course, one, folder_of(one.id)) for one in assignments if one.version]
        attempts = [one for one in self._attempts(client, course) if wanted in (None, one.assignment)]
        return nbgrader_lists.submitted(attempts, {one.id: one for one in assignments}, folder_of)

    def assignment_or_all(self) -> str | None:
        """The assignment that was named, None for all."""
        return Path(self.coursedir.assignment_id).name if self.coursedir.assignment_id else None

    def _attempts(self, client: ExchangeClient, course: str) -> list[AttemptInfo]:
        """Everybody's for --inbound of an instructor, one's own otherwise."""
        roles = {one.id: one.roles for one in client.courses().courses} if self.inbound else {}
        if "instructor" not in roles.get(course, ()):
            return list(client.own_attempts(course).attempts)
        return [one for one in client.submissions(course).attempts if self.is_chosen(one.student)]


class ExchangeFetchAssignment(Exchange, abc.ExchangeFetchAssignment):
    """Fetches a release. Fetching again restores what is missing and never overwrites an edit, --replace or not."""

    def copy_files(self) -> None:
        folder = self.folder_of(self.course, self.assignment)
        with self.client() as client, client.open_release(self.course, self.assignment) as (version, tar):
            fetched = workfolder.fetch_into(folder, version, tar)
        self._tell(folder, fetched)

    def _tell(self, folder: Path, fetched: Fetched) -> None:
        for name in fetched.restored:
            self.log.warning("Restored the missing file %s", name)
        for name in fetched.updated:
            self.log.info("Updated %s, which you had not changed", name)
        for name in fetched.kept:
            self.log.info("Kept your own %s", name)
        for name in fetched.beside:
            self.log.warning("The new version lies beside yours as %s; only your own file is submitted", name)
        self.log.info("Fetched as: %s %s, version %d, in %s", self.course, self.assignment, fetched.version, folder)


class ExchangeSubmit(Exchange, abc.ExchangeSubmit):
    """Hands the student's folder in, and keeps the receipt in it."""

    def copy_files(self) -> None:
        folder = self.folder_of(self.course, self.assignment)
        if not folder.is_dir():
            self.fail(f"there is no folder {folder}; fetch the assignment, or go to the folder that holds it")
        with self.client() as client:
            assignment = self.find_assignment(client)
            # Before anything is sent: what it will cost, and what is left.
            self.log.info(assignment.policy)
            chosen = workfolder.select_files(folder, assignment.expected, self.coursedir.ignore)
            self._check(chosen)
            attempt = client.submit(self.course, self.assignment, pack(chosen.entries))
        self._tell(folder, attempt)

    def _check(self, chosen: Selection) -> None:
        for name in chosen.passed_over:
            self.log.warning("Not submitted, since the assignment doesn't ask for it: %s", name)
        if chosen.missing and self.strict:
            self.fail(f"not submitted: these notebooks are missing: {', '.join(chosen.missing)}")
        for name in chosen.missing:
            self.log.warning("The notebook %s is missing in your submission", name)

    def _tell(self, folder: Path, attempt: AttemptInfo) -> None:
        self.log.info(
            "Submitted as: %s %s %s, attempt %d, %s",
            attempt.course,
            attempt.assignment,
            attempt.timestamp,
            attempt.number,
            attempt.arrival.replace("_", " "),
        )
        self.log.info("Receipt: %d files, sha256 %s", attempt.files, attempt.receipt["sha256"])
        try:
            self.log.info("The receipt is in %s", workfolder.write_receipt(folder, attempt))
        except OSError as error:
            # The submission is safe all the same: the receipt can be read again from the service.
            self.log.warning("The receipt could not be written (%s); it is on the page of your work", error.strerror)


class ExchangeFetchFeedback(Exchange, abc.ExchangeFetchFeedback):
    """Fetches the feedback for every attempt that has some."""

    def copy_files(self) -> None:
        folder = self.folder_of(self.course, self.assignment)
        with self.client() as client:
            attempts = client.own_attempts(self.course, self.assignment).attempts
            with_feedback = [one for one in attempts if one.feedback]
            if not with_feedback:
                self.log.warning("There is no feedback for %s %s yet", self.course, self.assignment)
            for attempt in with_feedback:
                with client.open_feedback(attempt) as tar:
                    placed = workfolder.place_feedback(folder, attempt.timestamp, tar)
                self.log.info("Fetched feedback for attempt %d: %s", attempt.number, placed)


class ExchangeReleaseAssignment(Exchange, abc.ExchangeReleaseAssignment):
    """Publishes the release folder. A fixed assignment goes out with --force; students' edits survive it."""

    def copy_files(self) -> None:
        folder = self.step_folder(self.coursedir.release_directory, ".")
        if not folder.is_dir():
            self.fail(f"there is no folder {folder}; run: nbgrader generate_assignment {self.assignment}")
        with self.client() as client:
            version = self.find_assignment(client).version
            if version and not self.force:
                self.fail(f"{self.assignment} is released already, as version {version}; add --force for a new version")
            made = client.release(self.course, self.assignment, pack_folder(folder, keep=is_not_hidden))
        news = "" if made.is_new else ", unchanged"
        self.log.info("Released as: %s %s, version %d%s", self.course, made.assignment, made.version, news)


class ExchangeReleaseFeedback(Exchange, abc.ExchangeReleaseFeedback):
    """Gives students the HTML files of feedback/<student>/<assignment>/, each for the attempt that was graded."""

    def copy_files(self) -> None:
        with self.client() as client:
            attempts = client.submissions(self.course, self.assignment).attempts
            for student in sorted({one.student for one in attempts}):
                if self.is_chosen(student):
                    self._release(client, student, [one for one in attempts if one.student == student])

    def _release(self, client: ExchangeClient, student: str, attempts: list[AttemptInfo]) -> None:
        folder = self.step_folder(self.coursedir.feedback_directory, student)
        if not folder.is_dir():
            return
        timestamp = self._timestamp(student)
        for attempt in attempts:
            if attempt.timestamp == timestamp:
                client.publish_feedback(attempt, pack_folder(folder, keep=lambda path: path.suffix == ".html"))
                self.log.info("Released feedback for %s, attempt %d", student, attempt.number)
                return
        self.log.error("No attempt of %s was received at %r: collect and autograde again", student, timestamp)

    def _timestamp(self, student: str) -> str:
        """When the graded attempt was received, as it travels along from submitted/."""
        steps = (self.coursedir.feedback_directory, self.coursedir.autograded_directory)
        for step in (*steps, self.coursedir.submitted_directory):
            path = self.step_folder(step, student) / "timestamp.txt"
            if path.is_file():
                return path.read_text().strip()
        return ""


class ExchangeCollect(Exchange, abc.ExchangeCollect):
    """Brings submitted/ to the attempts that count, each folder whole or not at all."""

    def copy_files(self) -> None:
        with self.client() as client:
            chosen = [one for one in self._choose(client) if self.is_chosen(one.student)]
            if not chosen:
                self.log.warning("No submissions of %s in %s to collect", self.assignment, self.course)
            for attempt in chosen:
                self._collect(client, attempt)

    def _choose(self, client: ExchangeClient) -> list[AttemptInfo]:
        """The service's policy says which counts; with --before-duedate the last in time, or the last of all."""
        if not self.before_duedate:
            return list(client.counting(self.course, self.assignment).attempts)
        chosen: dict[str, AttemptInfo] = {}
        for one in client.submissions(self.course, self.assignment).attempts:
            before = chosen.get(one.student)
            if before is None or before.late_s or not one.late_s:
                chosen[one.student] = one
        return list(chosen.values())

    def _collect(self, client: ExchangeClient, attempt: AttemptInfo) -> None:
        folder = self.step_folder(self.coursedir.submitted_directory, attempt.student)
        there = folder / "timestamp.txt"
        collected = there.read_text().strip() if there.is_file() else None
        if collected == attempt.timestamp:
            self.log.info("No newer submission to collect: %s %s", attempt.student, self.assignment)
            return
        if folder.exists() and not (self.update or self.before_duedate):
            self.log.info("%s %s is collected already; --update takes the newer one", attempt.student, self.assignment)
            return
        with client.open_attempt(attempt, purpose="collect") as tar, replace_folder(folder) as new:
            unpack(tar, new, DOWNLOAD_LIMITS)
            (new / "timestamp.txt").write_text(attempt.timestamp)
        self.log.info("Collected: %s %s, attempt %d", attempt.student, self.assignment, attempt.number)
