"""What Prometheus gets, who gets it, and that rules and dashboard ask for what there is; one request id throughout."""

import datetime as dt
import json
import logging
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from classroom.config import SERVICE_PREFIX
from classroom.db.tables import Run
from classroom.grading import jobs
from classroom.ids import AssignmentId, CourseId, StudentId
from classroom.logs import JsonLines, request_id, working_for
from classroom.metrics import STALE, TOKEN_FILE, RunnerMetrics, ensure_token, is_allowed
from tests.small_class import COURSE, RELEASE, RELEASED, Classroom, classroom, tar

ROOT = Path(__file__).resolve().parents[2]
MONITORING, COMPOSE = ROOT / "deploy" / "monitoring", ROOT / "hub" / "compose"
ID = "0123456789abcdef"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Classroom]:
    with classroom(tmp_path) as opened:
        opened.clock.now = dt.datetime.now(dt.UTC).replace(year=2026, month=11, day=10)
        opened.release()
        with opened.client("ada") as ada:
            ada.submit(COURSE, RELEASED, tar(RELEASE))
        yield opened


def scrape(room: Classroom) -> dict[str, float]:
    """Every sample by its name and labels, as one Prometheus with the token gets them."""
    token = ensure_token(room.settings.secrets)
    with room.http() as client:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return {
        "/".join([sample.name, *(sample.labels[key] for key in sorted(sample.labels) if key != "runner")]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_submissions_jobs_and_pages_are_counted(room: Classroom) -> None:
    with room.app.state.context.database.session() as session:
        students: dict[StudentId, int | None] = {StudentId("ada"): 1, StudentId("bob"): None}
        run = jobs.create_run(
            session, CourseId(COURSE), AssignmentId(RELEASED), students, actor="ivy", now=room.clock.now
        )
        held = jobs.lease(session, "h/1/1", room.clock.now, run_id=run)
        assert held
        jobs.finish(session, held, jobs.Outcome("ok", None, 1.0, 1.0, b"{}", "d"), room.clock.now)
    room.clock.now += dt.timedelta(seconds=90)

    got = scrape(room)

    assert got["classroom_submissions_total/on_time/ps1"] == 1
    assert (got["classroom_jobs/queued"], got["classroom_jobs/running"], got["classroom_gradings_total/ok"]) == (
        1,
        0,
        1,
    )
    assert (got["classroom_queue_age_seconds"], got["classroom_database_up"]) == (90, 1)
    submitting = f"/POST/{SERVICE_PREFIX}/api/v1/courses/{{course}}/assignments/{{assignment}}/submissions/2xx"
    counts = {name: value for name, value in got.items() if name.startswith("classroom_request_seconds_count/POST")}
    assert list(counts.values()) == [1], (submitting, counts)


def test_a_runner_s_numbers_show_while_it_lives(room: Classroom) -> None:
    now = dt.datetime.now(dt.UTC)
    room.clock.now = now
    runner = RunnerMetrics(room.settings.state, "host/12/3.00")
    runner.observe("ok", 1.5)
    runner.write(now)
    while_alive = scrape(room)
    room.clock.now = now + 2 * STALE
    when_stale = scrape(room)
    room.clock.now = now
    runner.remove()

    assert while_alive["classroom_runner_graded_total/ok"] == 1
    assert while_alive["classroom_runner_seen_timestamp_seconds"] == pytest.approx(now.timestamp())
    for after in (when_stale, scrape(room)):
        assert not [name for name in after if name.startswith("classroom_runner")]


@pytest.mark.parametrize("who", ["ada", "gil", "ivy", None])
def test_nobody_reads_them_without_their_token(room: Classroom, who: str | None) -> None:
    with room.http(who) as client:
        assert client.get("/metrics").status_code == 404


def test_the_token_is_its_owner_s_alone_and_without_one_nobody_comes_in(room: Classroom) -> None:
    assert (room.settings.secrets / TOKEN_FILE).stat().st_mode & 0o777 == 0o600
    (room.settings.secrets / TOKEN_FILE).unlink()
    with room.http() as client:
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_a_token_that_was_given_takes_the_place_of_the_one_made_before(tmp_path: Path) -> None:
    made = ensure_token(tmp_path)

    assert ensure_token(tmp_path) == made
    assert ensure_token(tmp_path, "b" * 64) == "b" * 64
    assert not is_allowed(tmp_path, f"Bearer {made}")
    assert is_allowed(tmp_path, f"Bearer {'b' * 64}")


def queries() -> list[str]:
    """Every query of the dashboard and of the rules."""
    dashboard = json.loads((MONITORING / "grafana" / "dashboard.json").read_text())
    rules = yaml.safe_load((MONITORING / "rules.yml").read_text())
    return [
        *(target["expr"] for panel in dashboard["panels"] for target in panel["targets"]),
        *(rule["expr"] for group in rules["groups"] for rule in group["rules"]),
    ]


def test_dashboard_and_rules_ask_for_metrics_that_exist(room: Classroom) -> None:
    runner = RunnerMetrics(room.settings.state, "host/12/3.00")
    runner.observe("ok", 1.5)
    room.clock.now = dt.datetime.now(dt.UTC)
    runner.write(room.clock.now)
    with room.app.state.context.database.session() as session:
        jobs.create_run(
            session, CourseId(COURSE), AssignmentId(RELEASED), {StudentId("ada"): 1}, actor="i", now=room.clock.now
        )
        held = jobs.lease(session, "h/1/1", room.clock.now)
        assert held
        jobs.finish(session, held, jobs.Outcome("ok", None, 1.0, 1.0, b"{}", "d"), room.clock.now)
    known = {name.partition("/")[0] for name in scrape(room)}

    asked = {name for query in queries() for name in re.findall(r"\bclassroom_\w+", query)}

    assert len(asked) >= 8
    assert asked - known == set()


@pytest.mark.needs("promtool")
def test_prometheus_takes_the_configuration_the_rules_and_every_query(tmp_path: Path) -> None:
    shutil.copytree(MONITORING, tmp_path / "monitoring")
    every = [{"record": f"query_{number}", "expr": query} for number, query in enumerate(queries())]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": every}]}))

    for command in (
        ["check", "config", "--syntax-only", "monitoring/prometheus.yml"],
        ["check", "config", "--syntax-only", str(COMPOSE / "prometheus.yml")],
        ["check", "rules", "monitoring/rules.yml", "queries.yml"],
    ):
        done = subprocess.run(["promtool", *command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_request_s_id_comes_from_the_client_and_goes_on_into_the_run_and_its_log_lines(
    room: Classroom, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), working_for(ID), room.client("ada") as ada:
        ada.own_attempts(COURSE)
    told = [record for record in caplog.records if record.getMessage() == "request"]
    assert [getattr(record, "request_id", None) for record in told] == [ID]

    with working_for(ID), room.app.state.context.database.session() as session:
        run = jobs.create_run(
            session, CourseId(COURSE), AssignmentId(RELEASED), {StudentId("ada"): 1}, actor="ivy", now=room.clock.now
        )
        held = jobs.lease(session, "h/1/1", room.clock.now, run_id=run)
        assert session.get_one(Run, run).request == ID
    assert held
    with working_for(held.request):
        line = json.loads(JsonLines().format(logging.makeLogRecord({"msg": "graded"})))
    assert (line["request_id"], request_id()) == (ID, "")


@pytest.mark.parametrize("given", ["", "short", "0123456789ABCDEF", '"}\n{"', "0" * 17])
def test_an_id_of_another_form_is_replaced(room: Classroom, given: str) -> None:
    with room.http("ada") as client:
        answer = client.get("/health", headers={"X-Request-Id": given.encode().replace(b"\n", b"")})

    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-Id"])


def test_logs_hold_no_token(room: Classroom, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), room.client("ada") as ada:
        ada.submit(COURSE, RELEASED, tar(RELEASE))
    lines = [JsonLines().format(record) for record in caplog.records if record.name.startswith("classroom")]

    assert lines
    assert not [line for line in lines if "ada-token" in line]
