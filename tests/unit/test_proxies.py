"""What a proxy refuses, and what arrives packed: asked without a second process, by a session that answers itself."""

import base64
import copy
import operator
import pickle
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from judge import estimators, figures, foreign, kit
from judge.asgi import AppHost, Client, Response, client_of
from judge.channel import Channel, Message, pair
from judge.codec import CodecError, decode, encode
from judge.objects import Server
from judge.proxies import CannotJudge, Remote
from judge.session import Session


class NearSession(Session):
    """A session whose student lives in this process; frames travel all the same."""

    def __init__(self, template: Channel, names: dict[str, Any]) -> None:
        super().__init__(template, call_s=5)
        self._server = Server(names, self._ask_test)

    def _ask_test(self, number: int, frame: bytes) -> tuple[dict[str, Any], memoryview]:
        mine, theirs = pair()
        with mine, theirs:
            self._answer(mine, Message({"ask": number}, memoryview(frame), ()))
            answer = theirs.receive(time.monotonic() + 5)
        return answer.head, answer.frame

    def _request(self, head: dict[str, Any], body: object, *, is_plain: bool = False) -> Any:
        self._sent += 1
        reply, frame = self._server.answer(head, memoryview(b"" if body is None else encode(body, self)))
        return self._read_reply(Message(reply, memoryview(frame), ()), None if is_plain else self)


@pytest.fixture
def channel() -> Iterator[Channel]:
    mine, theirs = pair()
    with mine, theirs:
        yield mine


def fetch(channel: Channel, source: str, *names: str) -> Any:
    student: dict[str, Any] = {"__name__": "__main__"}
    exec(source, student)
    found = NearSession(channel, student).get(list(names))
    return found[names[0]] if len(names) == 1 else [found[name] for name in names]


YES = """
class Yes:
    __eq__ = __lt__ = __contains__ = lambda s, o: True
    __bool__ = lambda s: True
    score = lambda s, *a: 1
"""


@pytest.mark.parametrize(
    "judge",
    [
        pytest.param(bool, id="truth"),
        pytest.param(float, id="number"),
        pytest.param(int, id="whole number"),
        pytest.param(str, id="text"),
        pytest.param(np.asarray, id="array"),
        pytest.param(pickle.dumps, id="pickle"),
        pytest.param(lambda x: x == 3, id="equality"),
        pytest.param(lambda x: operator.eq([3], x), id="equality from the left"),
        pytest.param(lambda x: x < 3, id="order"),
        pytest.param(lambda x: 3 in x, id="membership"),
        pytest.param(lambda x: x in [3], id="membership in plain data"),
        pytest.param(lambda x: x.score, id="score"),
        pytest.param(lambda x: np.testing.assert_allclose(x, [1]), id="numpy's assertion"),
        pytest.param(hash, id="hash"),
    ],
)
def test_an_object_of_the_student_gives_no_verdict(channel: Channel, judge: Any) -> None:
    lying = fetch(channel, YES + "x = Yes()", "x")

    with pytest.raises(TypeError):
        judge(lying)


def test_only_a_class_fetched_by_a_class_name_makes_objects_of_the_test(channel: Channel) -> None:
    Good, bad = fetch(channel, YES + "Good = bad = Yes", "Good", "bad")  # noqa: N806 - a class

    assert (Good() == 3) is True
    with pytest.raises(CannotJudge):
        bad() == 3  # noqa: B015 - it raises


def test_a_copy_of_the_test_s_object_is_the_test_s(channel: Channel) -> None:
    Good = fetch(channel, YES + "Good = Yes", "Good")  # noqa: N806 - a class

    assert (copy.deepcopy(Good()) == 3) is True


def test_a_proxy_has_the_student_s_docstring_and_not_its_own(channel: Channel) -> None:
    plain, told = fetch(channel, "def f(): pass\ndef g(): 'Says.'", "f", "g")

    assert plain.__doc__ is None
    assert told.__doc__ == "Says."


def test_an_error_of_the_test_s_function_reaches_the_student_and_comes_back(channel: Channel) -> None:
    call = fetch(channel, "def call(f):\n    try: return f()\n    except KeyError as error: return repr(error)", "call")

    assert call(lambda: {}["k"]) == repr(KeyError("'k'"))
    with pytest.raises(ZeroDivisionError):
        call(lambda: 1 / 0)


def test_no_more_of_an_iterator_is_taken_than_asked_for(channel: Channel) -> None:
    first = fetch(channel, "def first(items): return next(items)", "first")
    items = iter([1, 2, 3])

    assert first(items) == 1
    assert list(items) == [2, 3]


# -- packed values


@pytest.mark.parametrize(
    "value",
    [Path("a/b"), int, np.float32, dict],
    ids=["path", "int", "numpy class", "dict"],
)
def test_a_packed_value_is_the_same_on_the_other_side(value: Any) -> None:
    spec = foreign.export(value)

    assert spec is not None
    assert foreign.resolve(spec) == value


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"packed": "path"}, id="nothing in it"),
        pytest.param({"packed": "path", "frame": "%%"}, id="no base64"),
        pytest.param({"packed": "os", "frame": foreign.pack("x")}, id="unknown kind"),
        pytest.param({"packed": ["path"], "frame": foreign.pack("x")}, id="kind that is no text"),
        pytest.param({"packed": "class", "frame": foreign.pack(["builtins", "eval"])}, id="class outside the list"),
        pytest.param({"packed": "class", "frame": foreign.pack(["os", "system"])}, id="module outside the list"),
        pytest.param({"packed": "pattern", "frame": foreign.pack(["(" * 5000, 0])}, id="pattern that is none"),
        pytest.param({"packed": "generator", "frame": foreign.pack({"bit_generator": "PCG64"})}, id="state of theirs"),
        pytest.param({"packed": "estimator", "frame": foreign.pack(b"")}, id="only from a test"),
        pytest.param(
            {
                "packed": "sparse",
                "frame": foreign.pack(
                    [True, "csr", [2, 2], np.ones(1), np.array([9], dtype="i4"), np.array([0, 1, 1], dtype="i4")]
                ),
            },
            id="index outside the matrix",
        ),
        pytest.param(
            {"packed": "polars", "frame": foreign.pack(["DataFrame", [["a", ["Object"], [1], None]]])}, id="dtype"
        ),
    ],
)
def test_a_packed_value_that_lies_is_a_codec_error(spec: dict[str, Any]) -> None:
    with pytest.raises(CodecError):
        foreign.resolve(spec)


# -- estimators


def specification(name: object, parameters: object) -> bytes:
    """A frame as a student would forge it."""

    class Forged:
        def export(self, value: object) -> dict[str, Any]:
            return {"class": name, "frame": base64.b64encode(encode(parameters)).decode()}

        def resolve(self, spec: dict[str, Any]) -> object:
            raise CodecError

    return encode(object(), Forged())


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        pytest.param("FunctionTransformer", {}, id="code"),
        pytest.param("system", {}, id="no estimator"),
        pytest.param(["Ridge"], {}, id="name that is no text"),
        pytest.param("Pipeline", {"steps": [], "memory": "/tmp/cache"}, id="cache on the disk"),
        pytest.param("RandomForestClassifier", {"n_jobs": 64}, id="processes"),
        pytest.param("RandomForestClassifier", {"verbose": 9}, id="prints"),
        pytest.param("CountVectorizer", {"input": "filename"}, id="reads files"),
        pytest.param("Ridge", {"own": 1}, id="unknown parameter"),
        pytest.param("Ridge", [1], id="no parameters"),
        pytest.param("RandomForestClassifier", {"n_estimators": 10**9}, id="for ever"),
        pytest.param("MLPClassifier", {"hidden_layer_sizes": (10**9,)}, id="huge"),
    ],
)
def test_a_specification_outside_the_rules_is_refused(name: object, parameters: object) -> None:
    with pytest.raises(CodecError):
        estimators.build(specification(name, parameters))


def test_a_specification_nested_without_end_is_refused() -> None:
    frame = encode({"steps": []})
    for _ in range(30):
        text = base64.b64encode(frame).decode()

        class Nested:
            def export(self, value: object, text: str = text) -> dict[str, Any]:
                return {"class": "Pipeline", "frame": text}

            def resolve(self, spec: dict[str, Any]) -> object:
                raise CodecError

        frame = encode({"steps": [("a", object())]}, Nested())

    with pytest.raises(CodecError, match="too deep"):
        estimators.build(frame)


def test_an_estimator_travels_as_its_own_parameters_alone() -> None:
    from sklearn.linear_model import LogisticRegression

    frame = estimators.pack(LogisticRegression(C=2.5, n_jobs=4, verbose=1))
    built = estimators.build(frame)

    assert type(built) is LogisticRegression
    assert (built.C, built.n_jobs, built.verbose) == (2.5, None, 0)


def test_a_fitted_estimator_of_the_test_is_not_given_away() -> None:
    from sklearn.dummy import DummyClassifier

    with pytest.raises(CodecError, match="fitted"):
        estimators.pack_unfitted(DummyClassifier().fit([[0]], [0]))


# -- figures and applications


@pytest.mark.parametrize("told", [None, [], {"class": 1}, {"class": "Axes", "get": []}, "Axes"])
def test_a_summary_that_is_none_is_refused(told: Any) -> None:
    with pytest.raises(CannotJudge):
        figures._look(told)


def test_a_getter_with_options_that_the_summary_lacks_raises() -> None:
    line = figures._look({"class": "Line2D", "get": {"xdata": [1]}})

    assert line.get_xdata(orig=True) == [1]
    with pytest.raises(TypeError):
        line.get_xdata(minor=True)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [True, [], b""],
        [200, {}, b""],
        [200, [], "text"],
        [200, [["a", "b"]] * 500, b""],
        [200, [], b"x" * (9 << 20)],
    ],
)
def test_an_answer_of_false_types_is_no_response(answer: Any) -> None:
    with pytest.raises((CannotJudge, TypeError)):
        Response(answer)


@pytest.mark.parametrize(
    ("options", "query", "body", "kind"),
    [
        ({"params": {"a": [1, 2], "b": True, "c": None}}, "a=1&a=2&b=true&c=", b"", None),
        ({"json": {"é": [1]}}, "", '{"é":[1]}'.encode(), "application/json"),
        ({"data": {"a": "b c"}}, "", b"a=b+c", "application/x-www-form-urlencoded"),
        ({"content": "raw"}, "", b"raw", None),
    ],
    ids=["params", "json", "form", "content"],
)
def test_a_request_is_written_as_httpx_writes_it(
    options: dict[str, Any], query: str, body: bytes, kind: str | None
) -> None:
    import httpx

    sent: list[Any] = []
    Client(lambda request: sent.append(request) or [200, [], b""]).post("/a b/é", **options)  # type: ignore[func-returns-value]  # append gives None
    theirs = httpx.Request("POST", "http://testserver/a b/é", **options)

    method, path, asked, headers, given = sent[0]
    assert (method, path, asked, given) == ("POST", theirs.url.raw_path.decode().partition("?")[0], query, body)
    assert theirs.url.query.decode() == query
    assert theirs.content == given
    assert dict(headers).get("content-type") == kind == theirs.headers.get("content-type")


def test_a_plain_kernel_asks_the_application_itself(channel: Channel) -> None:
    """The same test text gives the same under plain nbgrader, where a loop is running already."""
    import asyncio

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": scope["query_string"]})

    async def in_a_kernel() -> Response:
        return kit.http(app).get("/", params={"a": 1})

    assert client_of(None, app).get("/").status_code == 201
    assert asyncio.run(in_a_kernel()).content == b"a=1"


def test_an_application_that_does_not_start_says_so() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    host = AppHost()
    with pytest.raises(RuntimeError, match="no database"):
        host.request(app, "GET", "/", "", [], b"")
    host.close()


def test_the_source_of_a_name_is_its_last_cell_without_magics() -> None:
    sources = ["def f(): return 1", "%time\nf = 2\n!ls", "%%bash\nf=3", "def g(:"]

    with kit.asking({}, sources):
        assert kit.student_source("f") == "\nf = 2\n"
        with pytest.raises(NameError):
            kit.student_source("h")


def test_a_frame_of_handles_is_refused_where_plain_data_is_due() -> None:
    class Handles:
        def export(self, value: object) -> dict[str, Any]:
            return {"id": 1}

        def resolve(self, spec: dict[str, Any]) -> object:
            return Remote

    with pytest.raises(CodecError):
        decode(encode([object()], Handles()))
