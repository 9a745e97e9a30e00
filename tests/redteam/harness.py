"""Runs attacks on an engine and decides by evidence whether each succeeded.

Whatever an attack aims at, all evidence counts: points above the lazy notebook's, a canary in what a student can see,
harm in the lab, a grader that died or didn't end in time, and an honest submission right after it that isn't paid in
full.
"""

import base64
import codecs
import contextlib
import io
import json
import os
import re
import resource
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil
from PIL import Image, UnidentifiedImageError

from tests.redteam.corpus.base import Attack, Entry, lazy_files
from tests.redteam.engines import DIED, Graded, Stock
from tests.redteam.lab import Lab, open_lab
from tests.redteam.reference import CANARIES, POINTS, honest_notebook, lazy_notebook
from tests.redteam.worker import pack

Result = Literal["stopped", "succeeded", "broke", "unseen"]
MAX_DOCUMENT_BYTES = 8 << 20
MAX_GRADER_MB = 1000  # without attacks it stays below 300
MAX_KEPT_FDS = 10
START_S, OVERRUN_S = 60.0, 30.0
_REPOSITORY = Path(__file__).resolve().parents[2]
_PICTURE = re.compile(r'(?:base64,|"image/(?:png|jpeg)": ")([A-Za-z0-9+/=\\n]{40,})')


class WorkerLost(Exception):
    """The process that grades is no more, or didn't answer in time."""


@dataclass(frozen=True)
class Outcome:
    """What became of an attack.

    stopped: no effect. broke: no effect, but nobody got a grade either. unseen: it would show on the
    feedback page, and there is none.
    """

    attack: Attack
    result: Result
    evidence: tuple[str, ...]
    graded: Graded


class Worker:
    """One grading process; attacks meet it one after another, as students' submissions do."""

    def __init__(self, engine: str, lab: Lab) -> None:
        self._process = subprocess.Popen(
            [str(lab.python), "-P", "-m", "tests.redteam.worker", engine, str(lab.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if not os.environ.get("REDTEAM_LOUD") else None,
            cwd=_REPOSITORY,
            env=lab.environment,
            start_new_session=True,
            preexec_fn=_usual_limits,
        )
        self.pid = self._process.pid
        self.budget_s = float(json.loads(self._read_line(START_S))["budget_s"])

    def grade(self, submission: Mapping[str, Entry], **how: Any) -> Graded:
        """The verdict on a submission; raises WorkerLost. how: as the engine's `grade` takes it."""
        order = {"files": pack(dict(submission)), "how": how}
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            return Graded(**json.loads(self._read_line(self.budget_s + OVERRUN_S)))
        except (OSError, ValueError) as error:
            raise WorkerLost(f"{DIED}: {error}") from error

    def take_peak_mb(self) -> int:
        """The most memory the process has held since this was asked last, in MB; 0 when it's gone."""
        place = Path(f"/proc/{self.pid}")
        with contextlib.suppress(OSError):
            found = re.search(r"VmHWM:\s+(\d+) kB", (place / "status").read_text())
            (place / "clear_refs").write_text("5")
            return int(found.group(1)) >> 10 if found else 0
        return 0

    def open_fds(self) -> int:
        """How many descriptors the process holds; 0 when it's gone."""
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self.pid).num_fds()
        return 0

    def close(self) -> None:
        """Ends the process and all below it, by their ids."""
        family = _family(self._process.pid)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=8)
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process.stdout.close()

    def _read_line(self, timeout_s: float) -> bytes:
        assert self._process.stdout is not None
        descriptor, data, end = self._process.stdout.fileno(), b"", time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while not data.endswith(b"\n"):
                if not selector.select(max(end - time.monotonic(), 0)):
                    raise WorkerLost(f"{DIED}: no answer within {timeout_s:.0f} s")
                chunk = os.read(descriptor, 1 << 20)
                if not chunk:
                    raise WorkerLost(f"{DIED}: its process ended")
                data += chunk
        return data


class Harness:
    """An engine under attack. `lazy` and `honest` are its verdicts on those two, before any attack."""

    def __init__(self, engine: str, lab: Lab) -> None:
        self._engine, self._lab = engine, lab
        if engine == "stock":
            lab.template = _stock_gradebook(lab)
            lab.reset()
        self._worker = Worker(engine, lab)
        self.honest = self._worker.grade(lazy_files(honest_notebook()), patient=True)
        self.lazy = self._worker.grade(lazy_files(lazy_notebook()), patient=True)

    def run(self, attack: Attack, *, honest_after: bool = True, without: Sequence[str] = ()) -> Outcome:
        """Tries one attack, and puts the lab right afterwards. without: layers of the engine that are switched off."""
        self._lab.reset()
        fds_before = self._worker.open_fds()
        ground = self._lab.ground(self._worker.pid)
        try:
            is_read = attack.kind in "bc" or self._engine != "stock"
            graded = self._worker.grade(attack.make(ground), feedback=is_read, without=list(without))
        except WorkerLost as lost:
            graded = Graded(status=str(lost), has_grade=False)
        evidence = list(self._evidence(attack, graded))
        if (kept := self._worker.open_fds() - fds_before) > MAX_KEPT_FDS:
            evidence.append(f"the grader keeps {kept} descriptors")
        if graded.status.startswith(DIED):
            self._replace_worker()
        if honest_after:
            evidence += self._honest_after()
        return Outcome(attack, _result(attack, evidence, graded), tuple(evidence), graded)

    def grade_honest(self) -> float:
        """The points of an honest submission now."""
        return self._worker.grade(lazy_files(honest_notebook()), feedback=False, patient=True).total

    def close(self) -> None:
        self._worker.close()

    def _evidence(self, attack: Attack, graded: Graded) -> Iterator[str]:
        if graded.total > self.lazy.total + attack.plain_worth + 1e-9:
            won = ", ".join(name for name, points in graded.points.items() if points > self.lazy.points.get(name, 0.0))
            yield f"{graded.total:g} of {POINTS:g} points ({won}), lazy gets {self.lazy.total:g}"
        before = self.lazy.documents if attack.beyond_lazy else {}
        for name, text in graded.documents.items():
            if leaked := canaries_in(text) - canaries_in(before.get(name, "")):
                yield f"{len(leaked)} canaries in {name}"
            if f"HARM-{self._lab.mark}-" in text:
                done = re.findall(rf"HARM-{self._lab.mark}-([\w-]+)", text)
                yield f"it says so: {', '.join(sorted(set(done)))}"
            if len(text) > MAX_DOCUMENT_BYTES:
                yield f"{name} has {len(text) >> 20} MB"
        if raw := live_markup(graded.documents.get("feedback", ""), self._lab.mark):
            yield f"live markup in the feedback: {raw[:60]}"
        yield from self._lab.harm()
        if (peak_mb := self._worker.take_peak_mb()) > MAX_GRADER_MB:
            yield f"the grader itself took {peak_mb} MB"
        if graded.status.startswith((DIED, "feedback failed")):
            yield graded.status[:160]
        if graded.wall_s > self._worker.budget_s:
            yield f"it took {graded.wall_s:.0f} s"

    def _honest_after(self) -> list[str]:
        try:
            graded = self._worker.grade(lazy_files(honest_notebook()), feedback=False, patient=True)
        except WorkerLost as lost:
            self._replace_worker()
            return [f"the honest submission after it met a dead grader: {lost}"]
        if graded.total < POINTS:
            self._replace_worker()
            return [f"the honest submission after it got {graded.total:g}: {graded.status[:120]}"]
        return []

    def _replace_worker(self) -> None:
        self._worker.close()
        self._lab.clear_temporary()
        self._lab.reset()
        self._worker = Worker(self._engine, self._lab)


def _result(attack: Attack, evidence: list[str], graded: Graded) -> Result:
    if evidence:
        return "succeeded"
    if attack.on_page and "feedback" not in graded.documents:
        return "unseen"
    return "stopped" if graded.has_grade else "broke"


@contextlib.contextmanager
def open_harness(engine: str) -> Iterator[Harness]:
    """A lab and an engine in it, with both reference submissions graded."""
    with open_lab() as lab:
        harness = Harness(engine, lab)
        try:
            yield harness
        finally:
            harness.close()


def canaries_in(text: str) -> frozenset[str]:
    """The canaries that a reader can get out of a text: as they are, turned round, encoded, or in a picture."""
    forms = [text, text[::-1], codecs.encode(text, "rot13"), re.sub(r"\\u200b|\u200b", "", text)]
    forms += [_unhex(text), _unbase64(text), *_pictures(text)]
    return frozenset(word for word in CANARIES if any(word in form for form in forms))


def live_markup(html: str, mark: str) -> str:
    """The first tag, style or address in a page that carries the attack's mark as markup, not as text; "" if none."""
    tag = rf"<[a-zA-Z/!][^<>]*{mark}[^<>]*>"
    content = rf"<(?:script|style)[^>]*>[^<]*{mark}"
    address = rf"(?:href|src|action|formaction)\s*=\s*[\"']?\s*(?:javascript|data:text)[^\"'<>]*{mark}"
    found = re.search(f"{tag}|{content}|{address}", html, re.IGNORECASE)
    return found.group(0) if found else ""


def _unhex(text: str) -> str:
    words = re.findall(r"(?:[0-9a-f]{2}){12,}", text)
    return " ".join(bytes.fromhex(word).decode("latin-1") for word in words)


def _unbase64(text: str) -> str:
    found = []
    for word in re.findall(r"[A-Za-z0-9+/]{24,}={0,2}", text):
        with contextlib.suppress(ValueError):
            found.append(base64.b64decode(word + "=" * (-len(word) % 4)).decode("latin-1"))
    return " ".join(found)


def _pictures(text: str) -> Iterator[str]:
    """Pixels and comments of the pictures in a document, as text."""
    for word in _PICTURE.findall(text):
        with contextlib.suppress(ValueError, OSError, UnidentifiedImageError):
            picture = Image.open(io.BytesIO(base64.b64decode(word.replace("\\n", ""))))
            yield repr(picture.info)
            if picture.width * picture.height < 1_000_000:
                yield picture.convert("L").tobytes().decode("latin-1")


def _usual_limits() -> None:
    """1,024 descriptors, as most systems give a process; a root's shell here may have a million."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _stock_gradebook(lab: Lab) -> Path:
    """A gradebook that knows the assignment; made once and copied for each attack."""
    place = lab.root / "gradebook-template.db"
    (lab.course / "gradebook.db").unlink(missing_ok=True)
    words = [str(lab.python), "-c", "from tests.redteam.harness import make_gradebook as m; m()", str(lab.root)]
    subprocess.run(words, check=True, env=lab.environment, cwd=_REPOSITORY, capture_output=True)
    (lab.course / "gradebook.db").rename(place)
    return place


def make_gradebook() -> None:
    """Runs `nbgrader generate_assignment` in the lab named on the command line."""
    import sys

    code, said = Stock(Path(sys.argv[1])).run("generate_assignment")
    if code:
        raise SystemExit(said)
