"""The judge's conversation with a copy of the student's process: requests, replies, deadlines."""

import contextlib
import io
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from judge import foreign, kinds
from judge.channel import Channel, ChannelGone, Message, pair
from judge.codec import CodecError, decode, encode
from judge.codec.core import Spec
from judge.proxies import ErrorTypes, Remote, RemoteIterator, make_proxy, mark_named_classes, name_of

MAX_CALLBACKS = 100_000
MAX_SESSION_BYTES = 1 << 30


class StudentGone(Exception):
    """The student's copy died, was too slow or broke the protocol: this test is over."""


@dataclass
class Session:
    """One worker, asked by one test after another as long as it lives. It's the codec's Opaque on the judge's side."""

    template: Channel
    call_s: float
    deadline: float = float("inf")
    errors: ErrorTypes = field(default_factory=ErrorTypes)
    remote_verdicts: int = 0
    _worker: Channel | None = None
    _sent: int = 0
    _received_bytes: int = 0
    _callbacks: dict[int, Callable[..., Any]] = field(default_factory=dict)
    _inplace: bool = False

    # -- what tests and proxies ask ------------------------------------------------------------------------------

    def get(self, names: list[str]) -> dict[str, Any]:
        """The student's values of these names, proxies for what doesn't travel; missing names are missing."""
        found = self._request({"do": "get", "names": names}, None)
        if type(found) is not dict:
            raise self._break("a reply without names")
        mark_named_classes(found)
        return found

    def call(self, target: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        value = self._request({"do": "call", "inplace": self._inplace}, [target, list(args), kwargs])
        if type(value) is not list or not value:
            raise self._break("a reply without a value")
        if self._inplace and len(value) == 2:
            write_back(args, value[1][0])
        return value[0]

    def attribute(self, target: object, name: str) -> Any:
        return self._request({"do": "attribute"}, [target, name])

    def set_attribute(self, target: object, name: str, value: object) -> None:
        self._request({"do": "set attribute"}, [target, name, value])

    def op(self, name: str, *operands: object) -> Any:
        return self._request({"do": "op", "name": name}, list(operands))

    @property
    def requests(self) -> int:
        return self._sent

    def look(self, target: object, *wanted: str) -> Any:
        """What can be told of an object in plain data, without a proxy anywhere in it."""
        return self._request({"do": "look"}, [target, *wanted], is_plain=True)

    def http(self, target: object, request: list[Any]) -> Any:
        """Status, headers and body of a request that a student's web application answers."""
        return self._request({"do": "http"}, [target, *request], is_plain=True)

    def tell(self, what: str, value: object) -> Any:
        """push, seed, input, file, figure: helpers of the kit."""
        return self._request({"do": what}, value)

    @contextlib.contextmanager
    def changes_come_back(self) -> Iterator[None]:
        """Meanwhile what a call changes in its arguments is written into the judge's own objects."""
        self._inplace = True
        try:
            yield
        finally:
            self._inplace = False

    def end_worker(self) -> None:
        """The next request gets a fresh copy."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    # -- the codec's Opaque --------------------------------------------------------------------------------------

    def export(self, value: object) -> Spec:
        if isinstance(value, RemoteIterator):
            value = value._remote
        if isinstance(value, Remote):
            return {"id": value._spec.get("id")}
        if packed := foreign.export(value) or foreign.export_to_student(value):
            return packed
        if isinstance(value, Iterator):
            return {"iterator": self._keep(lambda: list(itertools.islice(value, 1)))}
        if callable(value):
            return {"callback": self._keep(value), "name": getattr(value, "__name__", "function")}
        raise CodecError(f"a {type(value).__name__} can't be given to a student's function")

    def _keep(self, callback: Callable[..., Any]) -> int:
        if len(self._callbacks) >= MAX_CALLBACKS:
            raise CodecError(f"more than {MAX_CALLBACKS} functions of a test")
        self._callbacks[len(self._callbacks)] = callback
        return len(self._callbacks) - 1

    def resolve(self, spec: Spec) -> object:
        if "packed" in spec:
            return foreign.resolve(spec)
        if type(spec.get("id")) is not int:
            raise CodecError("a handle without a number")
        special = kinds.proxy(self, spec)
        return make_proxy(self, spec, self.errors) if special is None else special

    # -- the wire ------------------------------------------------------------------------------------------------

    def _request(self, head: dict[str, Any], body: object, *, is_plain: bool = False) -> Any:
        frame = b"" if body is None else encode(body, self)
        self._sent += 1
        number = self._sent
        until = min(time.monotonic() + self.call_s, self.deadline)
        try:
            worker = self._open_worker()
            worker.send(head | {"n": number}, frame)
            message = self._await_reply(worker, number, until)
        except ChannelGone as error:
            raise self._break(str(error)) from error
        return self._read_reply(message, None if is_plain else self)

    def _await_reply(self, worker: Channel, number: int, until: float) -> Message:
        while True:
            message = worker.receive(until)
            self._received_bytes += len(message.frame)
            if message.fds or self._received_bytes > MAX_SESSION_BYTES:
                raise ChannelGone("more than a test may be answered")
            if "ask" in message.head:
                self._answer(worker, message)
            elif message.head.get("n") == number:
                return message
            else:
                raise ChannelGone("a reply that nobody asked for")

    def _read_reply(self, message: Message, opaque: "Session | None") -> Any:
        status = message.head.get("status")
        try:
            value, printed = decode(message.frame, opaque)
        except (CodecError, ValueError, TypeError) as error:
            raise self._break(f"a reply that can't be read: {error}") from error
        if type(printed) is str and printed:
            sys.stdout.write(printed)
        if status == "raised":
            raise self.errors.raised(message.head)
        if status == "codec":
            raise CodecError(str(message.head.get("message", ""))[:300])
        if status != "value":
            raise self._break("a reply without a status")
        return value

    def _answer(self, worker: Channel, message: Message) -> None:
        """A student's function calls one of the test's."""
        try:
            args, kwargs = decode(message.frame, self)
            value = self._callbacks[message.head["ask"]](*args, **kwargs)
            worker.send({"status": "value"}, encode(value, self))
        except (ChannelGone, StudentGone):
            raise
        except Exception as error:  # noqa: BLE001 - a student's code may be there to catch it
            worker.send({"status": "raised", "name": name_of(error), "message": str(error)[:2000]})

    def _open_worker(self) -> Channel:
        if self._worker is None:
            mine, theirs = pair()
            with theirs:
                self.template.send({"do": "worker"}, fds=[theirs.fileno()])
            self._worker = mine
        return self._worker

    def _break(self, reason: str) -> StudentGone:
        self.end_worker()
        return StudentGone(reason)


def write_back(mine: Any, theirs: Any) -> None:
    """Makes the judge's mutable arguments what the call left of them, one by one; only inside `inplace`."""
    if type(theirs) is not list or len(mine) != len(theirs):
        return
    for before, after in zip(mine, theirs, strict=True):
        if type(before) is type(after):
            _overwrite(before, after)


def _overwrite(before: Any, after: Any) -> None:
    kind = type(before)
    if kind is list or kind is bytearray:
        before[:] = after
    elif kind is dict or kind is set:
        before.clear()
        before.update(after)
    elif kind is io.StringIO or kind is io.BytesIO:
        before.seek(0)
        before.truncate()
        before.write(after.getvalue())
        before.seek(after.tell())
    elif kind.__module__.partition(".")[0] == "numpy" and kind.__name__ == "ndarray":
        if before.shape == after.shape and before.dtype == after.dtype:
            before[...] = after
    elif kind.__module__.partition(".")[0] == "pandas" and kind.__name__ in ("DataFrame", "Series"):
        before._update_inplace(after)
