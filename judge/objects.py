"""A student's objects as the student's process serves them: named by handles, asked one request at a time."""

import asyncio
import builtins
import copy
import enum
import inspect
import io
import itertools
import operator
import random
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from judge import foreign, kinds
from judge.asgi import AppHost
from judge.codec import CodecError, decode, encode
from judge.codec.core import Spec

MAX_PRINTED = 1 << 20
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)

# What `op` may ask; a closed list, so that a request is never a name looked up in a module.
OPERATIONS: dict[str, Callable[..., Any]] = {
    name: getattr(operator, name)
    for name in (
        "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor", "lshift", "rshift",
        "neg", "pos", "abs", "invert", "getitem", "setitem", "delitem", "contains", "eq", "ne", "lt", "le", "gt", "ge",
        "iadd", "isub", "imul",
    )
} | {
    "len": len, "iter": iter, "next": next, "str": str, "repr": repr, "hash": hash, "round": round, "divmod": divmod,
    "reversed": reversed, "format": format, "dir": dir,
    "copy": copy.copy, "deepcopy": copy.deepcopy, "delattr": delattr,
    "enter": lambda value: type(value).__enter__(value),
    "exit": lambda value, *told: type(value).__exit__(value, *_error(*told)) and None,
    "aiter": lambda value: type(value).__aiter__(value),
    "anext": lambda value: _run(type(value).__anext__(value)),
    "aenter": lambda value: _run(type(value).__aenter__(value)),
    "aexit": lambda value, *told: _run(type(value).__aexit__(value, *_error(*told))) and None,
    "await": lambda value: _run(value),
    "signature": lambda value: _signature(value),
    "radd": lambda value, other: other + value, "rsub": lambda value, other: other - value,
    "rmul": lambda value, other: other * value, "rtruediv": lambda value, other: other / value,
}  # fmt: skip


Ask = Callable[[int, Any, Any], Any]


class Callback:
    """A function of the test, as the student's code sees it: a call asks the judge."""

    def __init__(self, ask: Ask, number: int, name: object) -> None:
        self._ask = ask
        self._number = number
        self.__name__ = self.__qualname__ = str(name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask(self._number, args, kwargs)


def _items(ask: Ask, number: int) -> Iterator[Any]:
    """An iterator of the test: each answer is a list of one item, or an empty list at the end."""
    while item := ask(number, (), {}):
        yield item[0]


class Table:
    """The handles given out in one worker. It's the codec's Opaque on the student's side."""

    def __init__(self, ask: Ask) -> None:
        self._objects: dict[int, object] = {}
        self._numbers: dict[int, int] = {}  # id(object) -> handle; the objects are kept alive above
        self._next = itertools.count(1)
        self._ask = ask

    def export(self, value: object) -> Spec:
        if packed := foreign.export(value):
            return packed
        number = self._numbers.get(id(value))
        if number is None:
            number = next(self._next)
            self._objects[number] = value
            self._numbers[id(value)] = number
        return {"id": number} | describe(value)

    def resolve(self, spec: Spec) -> object:
        if "callback" in spec:
            return Callback(self._ask, spec["callback"], spec["name"])
        if "iterator" in spec:
            return _items(self._ask, spec["iterator"])
        return self._objects[spec["id"]] if "id" in spec else foreign.resolve(spec, is_from_test=True)


def describe(value: object) -> Spec:
    """What the judge is told of an object. All of it is the student's word."""
    if isinstance(value, type):
        kind = "exception" if issubclass(value, BaseException) else "class"
        return {"kind": kind, "name": value.__name__, "bases": [base.__name__ for base in value.__mro__[1:]]}
    own = type(value)
    names = {"name": own.__name__, "bases": [base.__name__ for base in own.__mro__[1:-1]]}
    if known := kinds.describe(value):
        return names | known
    if isinstance(value, BaseException):
        return names | {"kind": "error"}
    if isinstance(value, enum.Enum):
        return names | {"kind": "member", "member": value.name, "is_plain": isinstance(value, int | str)}
    if isinstance(value, types.CoroutineType):
        return names | {"kind": "coroutine"}
    if isinstance(value, _FUNCTIONS):
        return {"kind": "function", "name": getattr(value, "__name__", "function")}
    is_function = callable(value) and not hasattr(own, "__iter__") and not hasattr(own, "__getitem__")
    return names | {"kind": "callable" if is_function else "object"}


class Server:
    """Answers the judge's requests about the names of one namespace."""

    def __init__(self, names: dict[str, Any], ask: Callable[[int, bytes], tuple[dict[str, Any], memoryview]]) -> None:
        """ask: sends the number and the arguments of a test's function; its answer, head and frame."""
        self._names = names
        self._table = Table(self._ask)
        self._send_question = ask
        self._apps = AppHost()

    def _ask(self, number: int, args: Any, kwargs: Any) -> Any:
        head, frame = self._send_question(number, encode([list(args), kwargs], self._table))
        if head.get("status") == "value":
            return decode(frame, self._table)
        raise _error(head.get("name"), head.get("message", ""))[1] or RuntimeError("a function of the test failed")

    def answer(self, head: dict[str, Any], frame: memoryview) -> tuple[dict[str, Any], bytes]:
        """The reply to one request; whatever student code raises is part of it."""
        with _printed() as printed:
            try:
                value: Any = self._do(head, frame)
                reply: dict[str, Any] = {"status": "value"}
            except CodecError as error:
                reply, value = {"status": "codec", "message": str(error)[:300]}, None
            except BaseException as error:  # noqa: BLE001 - a student's SystemExit is an answer too
                reply, value = {"status": "raised"} | _describe_error(error), None
        try:
            body = encode([value, printed.getvalue()[:MAX_PRINTED]], self._table)
        except CodecError as error:
            reply, body = {"status": "codec", "message": str(error)[:300]}, encode([None, ""])
        return reply, body

    def _do(self, head: dict[str, Any], frame: memoryview) -> Any:
        asked = head["do"]
        if asked == "get":
            return {name: self._names[name] for name in head["names"] if name in self._names}
        arguments = decode(frame, self._table)
        if asked == "call":
            target, args, kwargs = arguments
            value = target(*args, **kwargs)
            return [value, [args, kwargs]] if head.get("inplace") else [value]
        if asked == "attribute":
            return kinds.simplify(getattr(*arguments))
        if asked == "set attribute":
            return setattr(*arguments)
        if asked == "op":
            return OPERATIONS[head["name"]](*arguments)
        if asked == "look":
            return kinds.look(*arguments)
        if asked == "http":
            return self._apps.request(*arguments)
        if asked == "push":
            return self._names.update(arguments)
        if asked == "seed":
            return _seed(arguments)
        if asked == "input":
            return _answer_input(arguments)
        if asked == "figure":
            return kinds.current_figure()
        if asked == "file":
            return _read_file(arguments)
        raise CodecError(f"an unknown request: {asked}")


def values_of(names: dict[str, Any], wanted: list[str]) -> bytes | None:
    """The frame of these names' values; None when one of them isn't plain data."""
    try:
        return encode({name: names[name] for name in wanted if name in names})
    except CodecError:
        return None


def _error(name: str | None, message: str) -> tuple[Any, BaseException | None, None]:
    """An error of the test, by the name of a well-known class; class, error and trail as `__exit__` takes them."""
    kind = getattr(builtins, name, Exception) if name else None
    return kind, kind(message) if kind else None, None


def _run(awaitable: Any) -> Any:
    async def wait() -> Any:
        return await awaitable

    return asyncio.run(wait())


def _signature(function: Callable[..., Any]) -> list[list[Any]]:
    parameters = inspect.signature(function).parameters.values()
    return [
        [one.name, int(one.kind), *([] if one.default is one.empty else [one.default])]  # "no default" isn't None
        for one in parameters
    ]


def _describe_error(error: BaseException) -> dict[str, Any]:
    try:
        message = str(error)[:2000]
    except Exception:  # noqa: BLE001 - a student's __str__ may do anything
        message = ""
    names = [base.__name__ for base in type(error).__mro__]
    return {"names": names[:20], "message": message}


@contextmanager
def _printed() -> Iterator[io.StringIO]:
    """What is printed meanwhile goes to the test, not to anything that is shown."""
    printed, before = io.StringIO(), (sys.stdout, sys.stderr)
    sys.stdout, sys.stderr = printed, io.StringIO()
    try:
        yield printed
    finally:
        sys.stdout, sys.stderr = before


def _seed(number: int) -> None:
    random.seed(number)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(number % 2**32)


def _answer_input(lines: list[str]) -> None:
    waiting = iter(lines)

    def answer(prompt: object = "") -> str:
        sys.stdout.write(str(prompt))
        try:
            return next(waiting)
        except StopIteration:
            raise EOFError("the test gave no further line") from None

    builtins.input = answer


def _read_file(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(16 << 20)
