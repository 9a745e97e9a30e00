"""The exchange's REST API, in this process: what each role gets, what is refused, and that refusals leave nothing."""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from classroom.archive import Limits, read_members
from classroom.db.tables import Attempt, Feedback, Release
from classroom.errors import (
    Forbidden,
    NotFound,
    NotSignedIn,
    Refused,
    RequestError,
    TooLarge,
    Unavailable,
)
from classroom.exchange.receipts import ReceiptKey, is_genuine
from classroom.policy import closing_time
from tests.small_class import (
    COURSE,
    FUTURE,
    MODELS,
    NOON,
    RELEASE,
    RELEASED,
    Classroom,
    classroom,
    notebook,
    tar,
)

API = f"/api/v1/courses/{COURSE}"
ANY = Limits(total_bytes=10_000_000, file_bytes=10_000_000, files=100)
ANSWER = {"ps1.ipynb": notebook("answer = 42")}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Classroom]:
    with classroom(tmp_path) as room:
        room.release()
        yield room


def state_of(room: Classroom) -> dict[str, object]:
    """What a refused request must not change: the store and every table but the ledger."""
    with room.app.state.context.database.reading() as session:
        rows = {
            table.__tablename__: session.scalar(select(func.count(table.id))) for table in (Release, Attempt, Feedback)
        }
    return {**rows, "store": room.blobs()}


def submit(room: Classroom, name: str, files: dict[str, bytes] = ANSWER) -> int:
    with room.client(name) as client:
        return client.submit(COURSE, RELEASED, tar(files)).number


def read(stream: object) -> dict[str, bytes]:
    return {str(member.path): member.content.read() for member in read_members(stream, ANY)}  # type: ignore[arg-type]  # a Readable


def test_a_student_fetches_what_the_instructor_released(room: Classroom) -> None:
    with room.client("ada") as ada, ada.open_release(COURSE, RELEASED) as (version, stream):
        files = read(stream)

    assert (version, files) == (1, RELEASE)


def test_releasing_the_same_files_again_makes_no_new_version(room: Classroom) -> None:
    with room.client("ivy") as ivy:
        same = ivy.release(COURSE, RELEASED, tar(RELEASE))
        fixed = ivy.release(COURSE, RELEASED, tar(RELEASE | {"helpers.py": b"x = 2\n"}))

    assert (same.version, same.is_new) == (1, False)
    assert (fixed.version, fixed.is_new) == (2, True)


def test_the_operator_may_release(room: Classroom) -> None:
    with room.client("operator") as operator:
        assert operator.release(COURSE, FUTURE, tar({"ps2.ipynb": notebook("1")})).is_new


def test_a_student_reads_what_a_submission_would_cost_before_it_is_made(room: Classroom) -> None:
    with room.client("ada") as ada:
        in_time = ada.assignments(COURSE).assignments[0]
        room.clock.now = closing_time(room.app.state.context.course.assignment(RELEASED))
        late = ada.assignments(COURSE).assignments[0]

    assert (in_time.status, late.status) == ("on_time", "late")
    assert in_time.policy.startswith("If you submit now: in time, attempt 1 of 3")
    assert "are taken" in late.policy


def test_a_submission_gets_a_receipt_that_anybody_can_check(room: Classroom) -> None:
    with room.client("ada") as ada:
        attempt = ada.submit(COURSE, RELEASED, tar(ANSWER))

    key = ReceiptKey.load(room.settings.secrets)
    assert is_genuine(attempt.receipt, key.public_pem)
    assert not is_genuine(attempt.receipt | {"time": "2026-11-01T00:00:00+00:00"}, key.public_pem)
    assert (attempt.student, attempt.number, attempt.received_at) == ("ada", 1, NOON)


def test_a_student_downloads_every_attempt_and_its_receipt(room: Classroom) -> None:
    submit(room, "ada", {"ps1.ipynb": notebook("first")})
    submit(room, "ada", {"ps1.ipynb": notebook("second"), "extra.py": b""})

    with room.client("ada") as ada, room.http("ada") as http:
        listed = ada.own_attempts(COURSE).attempts
        with ada.open_attempt(listed[0]) as first, ada.open_attempt(listed[1]) as second:
            contents = [read(first), read(second)]
        receipt = http.get(f"{API}/assignments/{RELEASED}/submissions/ada/1/receipt").json()

    assert [one.number for one in listed] == [1, 2]
    assert contents[0] == {"ps1.ipynb": notebook("first")}
    assert contents[1] == {"ps1.ipynb": notebook("second"), "extra.py": b""}
    assert receipt == listed[0].receipt


def test_an_instructor_lists_and_collects_everybodys_work(room: Classroom) -> None:
    for name in ("ada", "ada", "bob"):
        submit(room, name)

    with room.client("ivy") as ivy:
        everything = [(one.student, one.number) for one in ivy.submissions(COURSE).attempts]
        of_bob = [one.student for one in ivy.submissions(COURSE, RELEASED, "bob").attempts]
        counting = ivy.counting(COURSE, RELEASED).attempts
        for one in counting:
            with ivy.open_attempt(one, purpose="collect") as stream:
                assert read(stream) == ANSWER

    assert everything == [("ada", 1), ("ada", 2), ("bob", 1)]
    assert of_bob == ["bob"]
    assert [(one.student, one.number) for one in counting] == [("ada", 2), ("bob", 1)]
    assert room.app.state.context.transfers.collected(RELEASED) == {"ada": 2, "bob": 1}


def test_feedback_goes_to_its_student_alone(room: Classroom) -> None:
    for name in ("ada", "bob"):
        submit(room, name)
    room.app.state.context.transfers.publish_feedback(
        RELEASED, "ada", 1, {"ps1.html": b"<p>well done</p>"}, 8.0, 10.0, actor="ivy"
    )

    with room.client("ada") as ada, room.client("bob") as bob:
        own = ada.own_attempts(COURSE).attempts[0]
        with ada.open_feedback(own) as stream:
            files = read(stream)
        with pytest.raises(NotFound), bob.open_feedback(own):
            pass
        of_bob = bob.own_attempts(COURSE).attempts[0]

    assert files == {"ps1.html": b"<p>well done</p>"}
    assert own.feedback is not None
    assert (own.feedback.score, own.feedback.max_score) == (8.0, 10.0)
    assert of_bob.feedback is None


# --- who may not ----------------------------------------------------------------------------------------------------

ATTEMPT = f"{API}/assignments/{RELEASED}/submissions"


@pytest.mark.parametrize("path", ["", "/receipt", "/feedback", "?purpose=collect"])
def test_anothers_submission_looks_like_one_that_is_not_there(room: Classroom, path: str) -> None:
    submit(room, "bob")

    with room.http("ada") as http:
        others = http.get(f"{ATTEMPT}/bob/1{path}")
        missing = http.get(f"{ATTEMPT}/nobody/7{path}")

    bodies = [answer.json()["error"] for answer in (others, missing)]
    assert [answer.status_code for answer in (others, missing)] == [404, 404]
    assert all(body.pop("request_id") for body in bodies)
    assert bodies[0] == bodies[1]
    assert others.headers.keys() == missing.headers.keys()


INSTRUCTORS_ONLY = [
    ("PUT", f"{API}/assignments/{RELEASED}/release"),
    ("GET", f"{API}/submissions"),
    ("GET", f"{API}/assignments/{RELEASED}/counting"),
    ("PUT", f"{ATTEMPT}/ada/1/feedback"),
]


@pytest.mark.parametrize("name", ["ada", "gil", "eve"])
@pytest.mark.parametrize(("method", "path"), INSTRUCTORS_ONLY)
def test_what_instructors_do_is_forbidden_to_others(room: Classroom, name: str, method: str, path: str) -> None:
    submit(room, "ada")
    before = state_of(room)

    with room.http(name) as http:
        answer = http.request(method, path, content=b"".join(tar(RELEASE)) if method == "PUT" else None)

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert state_of(room) == before


@pytest.mark.parametrize("name", ["ivy", "gil", "eve", "operator"])
def test_only_students_submit(room: Classroom, name: str) -> None:
    with room.client(name) as client, pytest.raises(Forbidden):
        client.submit(COURSE, RELEASED, tar(ANSWER))


@pytest.mark.parametrize("name", ["ada", "ivy"])
def test_another_course_is_forbidden(room: Classroom, name: str) -> None:
    with room.client(name) as client:
        with pytest.raises(Forbidden):
            client.assignments("other")
        with pytest.raises(Forbidden):
            client.submit("other", RELEASED, tar(ANSWER))
        with pytest.raises(Forbidden):
            client.release("other", RELEASED, tar(RELEASE))


def every_route(room: Classroom) -> list[tuple[str, str]]:
    paths = room.app.openapi()["paths"]
    filled = {"course": COURSE, "assignment": RELEASED, "student": "ada", "number": "1"}
    prefix = "/services/classroom"
    api = [(path, methods) for path, methods in paths.items() if path.startswith(f"{prefix}/api/")]
    return [(method.upper(), path.removeprefix(prefix).format(**filled)) for path, methods in api for method in methods]


@pytest.mark.parametrize(
    "header",
    [None, "token made-up", "token narrow-token", "Basic YWRhOmFkYQ==", "token ", "bearer", "token ä"],
)
def test_without_a_good_token_every_route_of_the_api_is_closed(room: Classroom, header: str | None) -> None:
    routes = every_route(room)
    headers = {"Authorization": header.encode()} if header is not None else {}

    with room.http() as http:
        answers = [http.request(method, path, headers=headers) for method, path in routes]  # type: ignore[arg-type]  # bytes

    assert len(routes) >= 11
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.json()["error"]["code"] for answer in answers} == {"not_signed_in"}
    assert all("WWW-Authenticate" in answer.headers for answer in answers)


def test_what_is_not_open_yet_is_hidden_from_students_but_not_from_staff(room: Classroom) -> None:
    with room.client("ivy") as ivy:
        ivy.release(COURSE, FUTURE, tar({"ps2.ipynb": notebook("secret of next month")}))
        with ivy.open_release(COURSE, FUTURE) as (_, stream):
            assert "ps2.ipynb" in read(stream)

    with room.client("ada") as ada:
        with pytest.raises(NotFound), ada.open_release(COURSE, FUTURE):
            pass
        later = ada.assignments(COURSE).assignments[1]
        with pytest.raises(Refused, match="opens"):
            ada.submit(COURSE, FUTURE, tar({"ps2.ipynb": notebook("1")}))

    assert (later.status, later.version, later.expected.names) == ("not_open", None, ())


def test_a_closed_assignment_takes_nothing(room: Classroom) -> None:
    room.clock.now = NOON.replace(year=2027)
    before = state_of(room)

    with room.client("ada") as ada, pytest.raises(Refused, match="closed"):
        ada.submit(COURSE, RELEASED, tar(ANSWER))

    assert state_of(room) == before


def test_the_attempts_end(room: Classroom) -> None:
    numbers = [submit(room, "ada") for _ in range(3)]

    with room.client("ada") as ada, pytest.raises(Refused, match="all 3 attempts are used"):
        ada.submit(COURSE, RELEASED, tar(ANSWER))

    assert numbers == [1, 2, 3]


# --- hostile uploads ------------------------------------------------------------------------------------------------


def raw_tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


GOOD = (member("ps1.ipynb"), ANSWER["ps1.ipynb"])
HOSTILE = {
    "symbolic link": raw_tar(GOOD, (member("extra.py", tarfile.SYMTYPE, "/etc/passwd"), b"")),
    "hard link": raw_tar(GOOD, (member("extra.py", tarfile.LNKTYPE, "ps1.ipynb"), b"")),
    "fifo": raw_tar(GOOD, (member("extra.py", tarfile.FIFOTYPE), b"")),
    "parent folder": raw_tar(GOOD, (member("../extra.py"), b"x")),
    "absolute": raw_tar(GOOD, (member("/tmp/extra.py"), b"x")),
    "newline": raw_tar(GOOD, (member("ex\ntra.py"), b"x")),
    "escape sequence": raw_tar(GOOD, (member("\x1b[2Jextra.py"), b"x")),
    "twice": raw_tar(GOOD, GOOD),
    "differs by case": raw_tar(GOOD, (member("PS1.ipynb"), b"x")),
    "other kind": raw_tar(GOOD, (member("malware.exe"), b"x")),
    "hidden": raw_tar(GOOD, (member(".ipython/startup.py"), b"x")),
    "no notebook": raw_tar((member("extra.py"), b"x")),
    "not json": raw_tar((member("ps1.ipynb"), b"{")),
    "compressed": b"\x1f\x8b" + bytes(600),
    "no tar": b"PUT me",
    "cut off": b"".join(tar(ANSWER))[:700],
    "no end mark": b"".join(tar(ANSWER))[:-1024],
    "empty": b"",
}
LARGE = {
    "one file": b"".join(tar(ANSWER | {"big.csv": bytes(600_000)})),
    "together": b"".join(tar(ANSWER | {f"{number}.csv": bytes(400_000) for number in range(3)})),
    "too many files": b"".join(tar(ANSWER | {f"{number}.csv": b"" for number in range(6)})),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_upload_is_refused_and_leaves_nothing(room: Classroom, body: bytes) -> None:
    before = state_of(room)

    with room.http("ada") as http:
        answer = http.post(f"{API}/assignments/{RELEASED}/attempts", content=body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "refused")
    assert state_of(room) == before


@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE)
def test_too_much_is_refused_and_leaves_nothing(room: Classroom, body: bytes) -> None:
    before = state_of(room)

    with room.http("ada") as http:
        answer = http.post(f"{API}/assignments/{RELEASED}/attempts", content=body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert state_of(room) == before


@pytest.mark.parametrize("name", ["symbolic link", "parent folder", "newline"])
def test_a_hostile_release_is_refused_and_leaves_nothing(room: Classroom, name: str) -> None:
    before = state_of(room)

    with room.http("ivy") as http:
        answer = http.put(f"{API}/assignments/{RELEASED}/release", content=HOSTILE[name])

    assert answer.status_code == 422
    assert state_of(room) == before


class Endless:
    """Counts what is taken of a body that doesn't end by itself."""

    def __init__(self, total_bytes: int) -> None:
        self.total_bytes = total_bytes
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        while self.taken < self.total_bytes:
            self.taken += 65_536
            yield bytes(65_536)


THREE_HUNDRED_MB = 300 * 1024 * 1024


@pytest.mark.parametrize("announced", [None, "1000", str(THREE_HUNDRED_MB)], ids=["not at all", "falsely", "truly"])
def test_an_upload_of_300_mb_is_refused_however_it_is_announced(room: Classroom, announced: str | None) -> None:
    before = state_of(room)
    headers = {"Content-Length": announced} if announced else {}

    with room.http("ada") as http:
        answer = http.post(f"{API}/assignments/{RELEASED}/attempts", content=Endless(THREE_HUNDRED_MB), headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert state_of(room) == before


@pytest.mark.parametrize("assignment", ["nothing", "ps1%0A", "ps1%00", "%2e%2e%2fps1", "a" * 500])
def test_an_assignment_that_is_not_there_is_not_found(room: Classroom, assignment: str) -> None:
    with room.http("ada") as http:
        answer = http.post(f"{API}/assignments/{assignment}/attempts", content=b"".join(tar(ANSWER)))

    assert answer.status_code == 404
    assert set(answer.json()["error"]) == {"code", "message", "request_id"}


# --- every answer ---------------------------------------------------------------------------------------------------


def test_every_answer_carries_its_id_and_the_security_headers(room: Classroom) -> None:
    with room.http("ada") as http:
        answers = [http.get(path) for path in ("/health", f"{API}/assignments", f"{API}/nothing", "/nothing")]

    for answer in answers:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == len(answers)
    assert answers[2].json()["error"]["request_id"] == answers[2].headers["X-Request-Id"]


def test_an_unexpected_error_tells_its_id_and_nothing_else(room: Classroom, caplog: pytest.LogCaptureFixture) -> None:
    def explode(**_: object) -> None:
        raise RuntimeError("the secret path /srv/x")

    room.app.state.context.__dict__["transfers"] = type("Broken", (), {"released": explode})()
    with room.http("ada") as http:
        answer = http.get(f"{API}/assignments")

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    told = [record for record in caplog.records if record.exc_info]
    assert [getattr(record, "request_id", None) for record in told] == [error["request_id"]]


def test_the_openapi_document_names_the_error_shape(room: Classroom) -> None:
    with room.http() as http:
        document = http.get("/api/v1/openapi.json").json()

    submit = document["paths"]["/services/classroom/api/v1/courses/{course}/assignments/{assignment}/attempts"]
    assert "application/x-tar" in submit["post"]["requestBody"]["content"]
    assert submit["post"]["responses"]["413"]["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorBody")


def test_ready_says_what_fails(room: Classroom) -> None:
    with room.http() as http:
        before = http.get("/ready")
        room.settings.store.rename(room.settings.store.with_name("gone"))
        after = http.get("/ready")

    assert (before.status_code, before.json()["status"]) == (200, "ready")
    assert (after.status_code, after.json()["parts"]) == (503, {"database": "ok", "store": "failing"})


def test_the_hub_being_away_is_no_refusal(tmp_path: Path) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with classroom(tmp_path, hub=refuse) as room, room.client("ada") as ada, pytest.raises(Unavailable):
        ada.courses()


def test_a_caller_without_a_role_has_no_course(room: Classroom) -> None:
    with room.client("eve") as eve:
        assert eve.courses().courses == ()
        with pytest.raises(Forbidden):
            eve.assignments(COURSE)


def test_a_token_without_the_scope_is_not_signed_in(room: Classroom) -> None:
    assert MODELS["narrow-token"]["name"] == "ada"
    with room.client("narrow") as narrow, pytest.raises(NotSignedIn):
        narrow.courses()


def test_errors_have_one_shape(room: Classroom) -> None:
    with room.http("ada") as http:
        answers = [
            http.get(f"{API}/nothing"),
            http.delete(f"{API}/assignments"),
            http.get(f"{ATTEMPT}/ada/not-a-number"),
            http.get("/api/v1/courses/other/assignments"),
        ]

    assert [answer.status_code for answer in answers] == [404, 405, 422, 403]
    for answer in answers:
        assert set(json.loads(answer.text)["error"]) == {"code", "message", "request_id"}


def test_large_refusals_reach_the_client_as_such(room: Classroom) -> None:
    with room.client("ada") as ada:
        with pytest.raises(TooLarge):
            ada.submit(COURSE, RELEASED, Endless(THREE_HUNDRED_MB))
        with pytest.raises(RequestError):
            ada.submit(COURSE, RELEASED, [b"nonsense"])
